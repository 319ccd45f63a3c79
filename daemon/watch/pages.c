/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetch a page, have it stored, go on at its link. The loop never reads a page: the raw bytes go to
 * the store thread, which says link and counters when they are stored. Meanwhile the page that they
 * seem to lead to (change_link.h) is asked for, one ahead and no more; it waits here until the one
 * before it is committed, and is dropped when that one leads elsewhere, so what is stored never
 * depends on it. Readings wait for their share of the bytes in flight in the order of asking, so
 * that none starves.
 */
#include "daemon/watch/pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/model/change.h"
#include "common/model/change_link.h"
#include "common/model/run.h"
#include "common/store/store_page.h"
#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/page_circle.h"
#include "daemon/watch/tenant.h"

/* After a page that could not be read, doubled each time. */
#define TRY_AGAIN_US (5 * USEC_PER_SEC)
/* When the store or memory refuses what it should not. */
#define LATER_US (USEC_PER_MIN)

#define LOOP_TEXT "the service's links to the next page run in a circle"

struct pages {
	struct loop *loop;
	struct store_thread *store;
	size_t in_flight; /* bytes reserved by calls and by pages on their way into the store */
	struct reading *first, **last; /* wait for their share */
	struct page_request *requests;
};

/* The answer about a page that came while the one before it was being stored. */
struct early {
	bool here;
	enum graph_outcome outcome;
	struct buf body;
	char *text, *hint;
	int64_t retry_after_us;
};

struct reading {
	struct pages *p;
	struct tenant *t; /* NULL for a reset */
	struct run *run;
	reading_done_fn done;
	void (*reset_done)(void *arg, int r);
	void *arg;

	/* what is under way */
	struct reading *next; /* in the queue for a share */
	bool queued;
	size_t reserved; /* for the call or the early answer */
	struct graph_call *call;
	char *ahead; /* the link that the page at the store seems to have, followed already */
	struct early early;
	struct page_request *request;
	struct loop_timer *timer;

	unsigned tries; /* of this page that came to nothing */
	struct page_circle circle;
};

/* On its way through the store. It outlives the reading if it must, and then changes nothing. */
struct page_request {
	struct page_request *next, **prev;
	struct pages *p;      /* NULL: gone */
	struct reading *read; /* NULL: cancelled */
	size_t reserved;
	int64_t job, number;
	struct buf body;
	/* what came of it */
	int64_t rows, unknown;
	uint64_t print;	 /* of what it begins and ends with; 0: there is no change in it */
	const char *why; /* it cannot be read; static */
	char unknown_first[128];
	char *next_link;
};

/* Not something that can be stored as a page; beside enum store_page_error. */
#define PUT_E_UNREADABLE 1000

/* --- shares of the bytes in flight --------------------------------------------------------------
 */

static void fetch(struct reading *rd);

/* One page is always allowed, however large it is. */
static void grant(struct pages *p)
{
	while (p->first && (p->in_flight == 0 || p->in_flight + LIMIT_PAGE_BYTES_ASSUMED <=
							 LIMIT_PAGE_BYTES_IN_FLIGHT)) {
		struct reading *rd = p->first;

		p->first = rd->next;
		if (!p->first)
			p->last = &p->first;
		rd->queued = false;
		rd->reserved = LIMIT_PAGE_BYTES_ASSUMED;
		p->in_flight += rd->reserved;
		fetch(rd);
	}
}

static void unreserve(struct pages *p, size_t *reserved)
{
	p->in_flight -= *reserved;
	*reserved = 0;
}

static void enqueue(struct reading *rd)
{
	rd->next = NULL;
	rd->queued = true;
	*rd->p->last = rd;
	rd->p->last = &rd->next;
	grant(rd->p);
}

static void dequeue(struct reading *rd)
{
	struct pages *p = rd->p;

	for (struct reading **at = &p->first; *at; at = &(*at)->next) {
		if (*at != rd)
			continue;
		*at = rd->next;
		if (p->last == &rd->next)
			p->last = at;
		break;
	}
	rd->queued = false;
}

/* --- ways out -----------------------------------------------------------------------------------
 */

static void early_done(struct early *e)
{
	buf_done(&e->body);
	free(e->text);
	free(e->hint);
	*e = (struct early){0};
}

/* What is under way at the service ends without coming back here; who waits for a share is to be
 * asked next. */
static void drop(struct reading *rd)
{
	graph_call_cancel(TAKE_PTR(rd->call));
	if (rd->queued)
		dequeue(rd);
	unreserve(rd->p, &rd->reserved);
	early_done(&rd->early);
	free(TAKE_PTR(rd->ahead));
}

static void read_free(struct reading *rd)
{
	drop(rd);
	if (rd->request)
		rd->request->read = NULL;
	(void)loop_timer_free(rd->timer);
	page_circle_done(&rd->circle);
	free(rd);
}

static void finish(struct reading *rd, enum reading_outcome outcome, enum graph_outcome why,
	const char *text, const char *hint, int64_t retry_after_us)
{
	reading_done_fn done = rd->done;
	void *arg = rd->arg;

	read_free(rd);
	done(arg, outcome, why, text, hint, retry_after_us);
}

static void bad(struct reading *rd, const char *text)
{
	finish(rd, READING_BAD, GRAPH_BAD_REPLY, text, NULL, 0);
}

static void again(struct reading *rd, const char *text)
{
	if (++rd->tries >= LIMIT_PAGE_TRIES) {
		bad(rd, text);
		return;
	}
	log_info(&((struct log_ctx){.tenant = rd->t->conf->name, .job = rd->run->id}),
		"%s; asking for it again", text);
	loop_timer_arm(rd->timer, TRY_AGAIN_US << rd->tries);
}

/* --- the store ----------------------------------------------------------------------------------
 */

static struct page_request *request_new(struct reading *rd)
{
	struct page_request *q = mem_alloc(sizeof(*q));
	struct pages *p = rd->p;

	q->p = p;
	q->read = rd;
	q->job = rd->run->id;
	q->number = rd->run->pages + 1;
	q->next = p->requests;
	q->prev = &p->requests;
	if (q->next)
		q->next->prev = &q->next;
	p->requests = q;
	rd->request = q;
	return q;
}

static void request_free(struct page_request *q)
{
	if (q->p) {
		*q->prev = q->next;
		if (q->next)
			q->next->prev = q->prev;
	}
	buf_done(&q->body);
	free(q->next_link);
	free(q);
}

static int parse(struct page_request *q, struct change_page *page)
{
	const char *text = buf_text(&q->body);
	int r = change_page_parse(text, q->body.len, page);

	if (r == -EBADMSG || (r == 0 && !page->saw_value)) {
		q->why = change_page_problem(text, q->body.len);
		return PUT_E_UNREADABLE;
	}
	return r;
}

/* On the store's thread, because the loop must not stand still for parsing. */
static int put_work(struct store *s, void *arg)
{
	_cleanup_(change_page_done) struct change_page page = {0};
	struct page_request *q = arg;
	int r = parse(q, &page);

	free(TAKE_PTR(q->next_link));
	if (r == 0)
		r = store_page_put(s, q->job, q->number, q->body.data, q->body.len, &page);
	if (r == 0) {
		q->rows = (int64_t)page.n;
		q->unknown = (int64_t)page.unknown.n;
		q->print = page_circle_print(q->body.data, &page);
		(void)snprintf(
			q->unknown_first, sizeof(q->unknown_first), "%s", page.unknown.first);
		q->next_link = TAKE_PTR(page.next_link);
	}
	return r;
}

static void note_unknown(const struct reading *rd, const struct page_request *q)
{
	const struct log_ctx ctx = {.tenant = rd->t->conf->name, .job = q->job};

	log_event(LOG_WARNING, LOG_ID_API_UNEXPECTED, &ctx,
		"page %lld has %lld words or fields that are not documented, the first: %s",
		(long long)q->number, (long long)q->unknown, q->unknown_first);
}

static void answered(struct reading *rd, struct graph_reply *reply);

/* The next page is here, on its way, or to be asked for: what is not at its link is not it. */
static void go_on(struct reading *rd)
{
	if (rd->ahead && strcmp(rd->ahead, rd->run->next_link) != 0)
		drop(rd);
	free(TAKE_PTR(rd->ahead));
	_cleanup_(early_done) struct early e = rd->early;
	struct graph_reply reply = {
		.outcome = e.outcome,
		.body = e.body,
		.text = e.text,
		.hint = e.hint,
		.retry_after_us = e.retry_after_us,
	};

	rd->early = (struct early){0};
	e.body = (struct buf){0};
	if (e.here)
		answered(rd, &reply);
	else if (!rd->queued && !rd->call)
		loop_timer_arm(rd->timer, 0);
	buf_done(&reply.body);
}

/* The page is committed; takes its link over. */
static void stored(struct reading *rd, struct page_request *q)
{
	struct run *run = rd->run;

	rd->tries = 0;
	unsigned idle = page_circle_read(&rd->circle, q->print);
	free(run->next_link);
	run->next_link = TAKE_PTR(q->next_link);
	run->pages++;
	run->changes += q->rows;
	run->unknown += q->unknown;
	if (q->unknown > 0)
		note_unknown(rd, q);
	if (*run->next_link == '\0')
		finish(rd, READING_COMPLETE, GRAPH_OK, NULL, NULL, 0);
	else if (page_circle_follow(&rd->circle, run->next_link))
		bad(rd, LOOP_TEXT);
	else if (idle >= LIMIT_PAGES_IDLE)
		bad(rd, "the service sends page after page without a new change");
	else
		go_on(rd);
}

static void unreadable(struct reading *rd, const struct page_request *q)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "page %lld of the changes cannot be read: %s",
		(long long)q->number, q->why ? q->why : "it is not what it was");
	drop(rd);
	again(rd, text);
}

static void put_result(struct reading *rd, struct page_request *q, int r)
{
	switch (r) {
	case 0:
		stored(rd, q);
		break;
	case PUT_E_UNREADABLE:
		unreadable(rd, q);
		break;
	case STORE_PAGE_E_LOOP:
		bad(rd, LOOP_TEXT);
		break;
	case STORE_PAGE_E_ORDER: /* what is stored is not what we believe */
		finish(rd, READING_LINK_REFUSED, GRAPH_OK, NULL, NULL, 0);
		break;
	case STORE_PAGE_E_MISSING:
		bad(rd, "the store no longer has this run");
		break;
	default:
		finish(rd, READING_LATER, GRAPH_BAD_REPLY, err_text(r), NULL, LATER_US);
		break;
	}
}

static void put_done(void *arg, int r)
{
	struct page_request *q = arg;
	struct reading *rd = q->read;
	struct pages *p = q->p;

	if (p)
		unreserve(p, &q->reserved);
	if (rd) {
		rd->request = NULL;
		put_result(rd, q, r);
	}
	request_free(q);
	if (p)
		grant(p);
}

/* Why a page is not to be asked for after so many, or NULL. */
static const char *refused(const struct reading *rd, const char *link, int64_t pages)
{
	if (pages >= (int64_t)LIMIT_PAGES_PER_JOB)
		return "the changes have more pages than a preview can have";
	if (link && !http_same_origin(link, rd->t->conf->graph_url))
		return "the link to the next page leads to another host";
	return NULL;
}

/* --- the service --------------------------------------------------------------------------------
 */

static void failed(struct reading *rd, const struct graph_reply *reply)
{
	bool first = rd->run->pages == 0;

	switch (reply->outcome) {
	case GRAPH_NOT_FOUND:
		finish(rd, first ? READING_GONE : READING_LINK_REFUSED, reply->outcome, reply->text,
			reply->hint, 0);
		break;
	case GRAPH_REFUSED:
		finish(rd, first ? READING_LATER : READING_LINK_REFUSED, reply->outcome,
			reply->text, reply->hint, LATER_US);
		break;
	case GRAPH_OK:
	case GRAPH_BAD_REPLY:
		again(rd, reply->text ? reply->text : "a page of changes cannot be read");
		break;
	case GRAPH_SIGN_IN:
	case GRAPH_CONFIG:
	case GRAPH_FORBIDDEN:
	case GRAPH_BUSY:
	case GRAPH_THROTTLED:
	case GRAPH_NETWORK:
		finish(rd, READING_LATER, reply->outcome, reply->text, reply->hint,
			reply->retry_after_us);
		break;
	}
}

static void reserve(struct pages *p, size_t *reserved, size_t bytes)
{
	unreserve(p, reserved);
	*reserved = bytes;
	p->in_flight += bytes;
}

/* While a page is at the store. What is wrong with its link is said when it is stored. */
static void look_ahead(struct reading *rd, const struct page_request *q)
{
	_cleanup_(freep) char *link = NULL;
	struct json_span at;

	if (change_link_peek(buf_text(&q->body), q->body.len, &at))
		link = strndup(q->body.data + at.off, at.len);
	if (!link || refused(rd, link, q->number) || page_circle_followed(&rd->circle, link))
		return;
	rd->ahead = TAKE_PTR(link);
	enqueue(rd);
}

static void answered(struct reading *rd, struct graph_reply *reply)
{
	struct pages *p = rd->p;

	unreserve(p, &rd->reserved);
	if (reply->outcome == GRAPH_OK) {
		struct page_request *q = request_new(rd);

		q->body = reply->body;
		reply->body = BUF_INIT(0);
		reserve(p, &q->reserved, q->body.cap);
		look_ahead(rd, q);
		store_thread_post(p->store, put_work, put_done, q);
	} else {
		failed(rd, reply);
	}
}

static char *copy_or_null(const char *text)
{
	char *copy = NULL;

	if (text)
		(void)text_copy(text, &copy);
	return copy;
}

static void hold(struct reading *rd, struct graph_reply *reply)
{
	rd->early = (struct early){
		.here = true,
		.outcome = reply->outcome,
		.body = reply->body,
		.text = copy_or_null(reply->text),
		.hint = copy_or_null(reply->hint),
		.retry_after_us = reply->retry_after_us,
	};
	reply->body = BUF_INIT(0);
	reserve(rd->p, &rd->reserved, rd->early.body.cap);
}

static void on_page(void *arg, struct graph_reply *reply)
{
	struct reading *rd = arg;
	struct pages *p = rd->p;

	rd->call = NULL;
	if (rd->request)
		hold(rd, reply);
	else
		answered(rd, reply);
	grant(p);
}

/* What cannot be asked for ahead is asked for when the page before it is stored. */
static void fetch(struct reading *rd)
{
	const struct run *run = rd->run;

	if (graph_get_changes(rd->t->graph, run->snapshot, run->service_id,
		    rd->ahead ? rd->ahead : run->next_link, on_page, rd, &rd->call) == 0)
		return;
	unreserve(rd->p, &rd->reserved);
	if (!rd->request)
		loop_timer_arm(rd->timer, LATER_US);
}

/* Where reading begins, goes on, or is tried again. */
static void on_timer(void *arg)
{
	struct reading *rd = arg;
	const struct run *run = rd->run;
	const char *why = refused(rd, run->next_link, run->pages);

	if (run->next_link && *run->next_link == '\0')
		finish(rd, READING_COMPLETE, GRAPH_OK, NULL, NULL, 0);
	else if (why)
		bad(rd, why);
	else
		enqueue(rd);
}

/* --- reading anew -------------------------------------------------------------------------------
 */

static int reset_work(struct store *s, void *arg)
{
	const struct page_request *q = arg;

	return store_page_forget(s, q->job);
}

static void reset_done(void *arg, int r)
{
	struct page_request *q = arg;
	struct reading *rd = q->read;

	if (rd)
		rd->request = NULL;
	request_free(q);
	if (!rd)
		return;
	void (*done)(void *, int) = rd->reset_done;
	void *done_arg = rd->arg;
	if (r == 0) {
		free(rd->run->next_link);
		rd->run->next_link = NULL;
		rd->run->pages = rd->run->changes = rd->run->unknown = 0;
	}
	read_free(rd);
	done(done_arg, r == 0 ? 0 : -EIO);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static int read_new(struct pages *p, struct run *run, void *arg, struct reading **ret)
{
	struct reading *rd = calloc(1, sizeof(*rd));
	int r;

	if (!rd)
		return -ENOMEM;
	*rd = (struct reading){.p = p, .run = run, .arg = arg};
	r = loop_timer_new(p->loop, "page", on_timer, rd, &rd->timer);
	if (r < 0) {
		free(rd);
		return r;
	}
	*ret = rd;
	return 0;
}

static int reading_start(struct pages *p, struct tenant *t, struct run *run, reading_done_fn done,
	void *arg, struct reading **ret)
{
	struct reading *rd;
	int r = read_new(p, run, arg, &rd);

	if (r < 0)
		return r;
	rd->t = t;
	rd->done = done;
	*ret = rd;
	loop_timer_arm(rd->timer, 0);
	return 0;
}

static int reading_reset(struct pages *p, struct run *run, void (*done)(void *arg, int r),
	void *arg, struct reading **ret)
{
	struct reading *rd;
	int r = read_new(p, run, arg, &rd);

	if (r < 0)
		return r;
	rd->reset_done = done;
	*ret = rd;
	store_thread_post(p->store, reset_work, reset_done, request_new(rd));
	return 0;
}

static void reading_cancel(struct reading *rd)
{
	struct pages *p;

	if (!rd)
		return;
	p = rd->p;
	read_free(rd);
	grant(p);
}

const struct reading_ops pages_reading = {
	.start = reading_start,
	.reset = reading_reset,
	.cancel = reading_cancel,
};

int pages_new(struct loop *l, struct store_thread *st, struct pages **ret)
{
	struct pages *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->store = st;
	p->last = &p->first;
	*ret = p;
	return 0;
}

struct pages *pages_free(struct pages *p)
{
	if (!p)
		return NULL;
	for (struct page_request *q = p->requests; q; q = q->next)
		q->p = NULL;
	free(p);
	return NULL;
}
