/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/pages.c on a real store; each reader has a chain of pages at the service. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/json.h"
#include "common/conf/conf.h"
#include "common/model/change_link.h"
#include "common/store/store.h"
#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "common/store/store_page.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/pages.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/graph_scripted.h"
#include "tests/support/tmpdir.h"

#define NOW (INT64_C(1790000000) * USEC_PER_SEC)
#define READERS 8
#define LINK "https://graph.test/v1.0/next/"

Suite *suite(void);

static struct loop *l;
static struct store_thread *st;
static struct store *store; /* owned by st */
static struct pages *pages;
static struct conf_tenant conf = {
	.name = (char *)"contoso", .graph_url = (char *)"https://graph.test/v1.0"};
static struct tenant tenant;
static struct run *runs[READERS];
static struct reading *reads[READERS];
static char told[500];
static char last_text[200];

/* What the service sends, by page; the rest of a chain is made up. */
static struct {
	const char *body[8]; /* of page 1, 2, ...; NULL: one change and a link, the last without */
	int last;	     /* number of the last page */
	size_t padding;	     /* blanks in each page */
	bool empty;	     /* pages have no changes */
	bool same;	     /* every page has the change of the first */
	enum graph_outcome fail; /* of page fail_at, as often as fail_times */
	int fail_at, fail_times;
	const char *broken; /* instead of page fail_at, as often as fail_times */
	bool peek_lies;	    /* of page 2 */
	size_t calls, most_in_flight;
	char order[200]; /* job id and page of each call */
} sv;

bool __real_change_link_peek(const char *text, size_t len, struct json_span *ret);
bool __wrap_change_link_peek(const char *text, size_t len, struct json_span *ret);
bool __wrap_change_link_peek(const char *text, size_t len, struct json_span *ret)
{
	const char *lie = sv.peek_lies ? strstr(text, LINK "9") : NULL;

	if (!lie)
		return __real_change_link_peek(text, len, ret);
	*ret = (struct json_span){(size_t)(lie - text), strlen(LINK "9")};
	return true;
}

static int page_of(const struct graph_asked *asked)
{
	return asked->link ? (int)strtol(asked->link + strlen(LINK), NULL, 10) : 1;
}

static void serve(void *arg, const struct graph_asked *asked, struct graph_reply *reply)
{
	int page = page_of(asked);
	size_t n = strlen(sv.order), in_flight = graph_scripted_in_flight(tenant.graph);

	(void)arg;
	sv.calls++;
	sv.most_in_flight = in_flight > sv.most_in_flight ? in_flight : sv.most_in_flight;
	if (n + 8 < sizeof(sv.order))
		(void)snprintf(sv.order + n, sizeof(sv.order) - n, "%s%d ", asked->job, page);
	if (page == sv.fail_at && sv.fail_times > 0) {
		sv.fail_times--;
		if (sv.broken) {
			buf_puts(&reply->body, sv.broken);
		} else {
			reply->outcome = sv.fail;
			reply->text = "the service's words";
		}
		return;
	}
	if (page < 8 && sv.body[page]) {
		buf_puts(&reply->body, sv.body[page]);
		return;
	}
	buf_puts(&reply->body, "{\"value\":[");
	if (!sv.empty)
		buf_printf(&reply->body,
			"{\"id\":\"o%d\",\"entityTypeName\":\"user\",\"recoveryAction\":"
			"\"restore\"}",
			sv.same ? 1 : page);
	buf_puts(&reply->body, "]");
	for (size_t i = 0; i < sv.padding; i++)
		buf_putc(&reply->body, ' ');
	if (page < sv.last)
		buf_printf(&reply->body, ",\"@odata.nextLink\":\"" LINK "%d\"", page + 1);
	buf_puts(&reply->body, "}");
}

static void on_done(void *arg, enum reading_outcome outcome, enum graph_outcome why,
	const char *text, const char *hint, int64_t retry_after_us)
{
	static const char *const names[] = {
		[READING_COMPLETE] = "complete",
		[READING_GONE] = "gone",
		[READING_BAD] = "bad",
		[READING_LATER] = "later",
		[READING_LINK_REFUSED] = "link refused",
	};
	struct reading **read = arg;
	size_t n = strlen(told);

	(void)hint, (void)retry_after_us;
	(void)snprintf(told + n, sizeof(told) - n, "%s%s%s%s", n ? ", " : "", names[outcome],
		outcome == READING_LATER ? ":" : "",
		outcome == READING_LATER ? graph_outcome_name(why) : "");
	(void)snprintf(last_text, sizeof(last_text), "%s", text ? text : "");
	*read = NULL;
}

static void on_reset(void *arg, int r)
{
	struct reading **read = arg;

	ck_assert_int_eq(r, 0);
	(void)snprintf(told, sizeof(told), "reset");
	*read = NULL;
}

static void setup(void)
{
	char url[256], name[8];

	clock_virtual_set_wall(NOW);
	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(store_open(url, &store, NULL), 0);
	ck_assert_int_eq(store_thread_new(l, store, &st), 0);
	ck_assert_int_eq(pages_new(l, st, &pages), 0);
	tenant = (struct tenant){
		.id = 1, .conf = &conf, .graph = graph_scripted_new(l, serve, NULL)};
	memset(&sv, 0, sizeof(sv));
	sv.last = 3;
	*told = *last_text = '\0';
	ck_assert_int_eq(db_script(store->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					      " VALUES (1, 'contoso', 'x', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(store, 1), 0);
	for (int i = 0; i < READERS; i++) {
		struct run *r = runs[i] = run_new();

		(void)snprintf(name, sizeof(name), "%c", 'a' + i);
		r->tenant = 1;
		r->due_us = r->queued_us = r->snapshot_created_us = r->covered_from_us = NOW;
		ck_assert(run_set_text(&r->watch, name) == 0 && run_set_text(&r->filter, "") == 0 &&
			  run_set_text(&r->filter_hash, "h") == 0 &&
			  run_set_text(&r->baseline, "covered") == 0 &&
			  run_set_text(&r->service_id, name) == 0 &&
			  run_set_text(&r->snapshot, "snap") == 0);
		ck_assert_int_eq(store_job_insert(store, r), 0);
	}
}

static void teardown(void)
{
	for (int i = 0; i < READERS; i++) {
		pages_reading.cancel(reads[i]);
		reads[i] = NULL;
		runs[i] = run_free(runs[i]);
	}
	tenant.graph = graph_free(tenant.graph);
	pages = pages_free(pages);
	st = store_thread_free(st);
	l = loop_free(l);
	tmpdir_remove();
}

static void start(int i)
{
	ck_assert_int_eq(
		pages_reading.start(pages, &tenant, runs[i], on_done, &reads[i], &reads[i]), 0);
}

static void start_and_run(int i)
{
	*told = '\0';
	start(i);
	fake_loop_run_for(l, USEC_PER_HOUR);
}

/* What memory says is what the store has. */
static void check_stored(int i)
{
	struct run *row = NULL;

	ck_assert_int_eq(store_job_load(store, runs[i]->id, &row), 0);
	ck_assert_int_eq(row->pages, runs[i]->pages);
	ck_assert_int_eq(row->changes, runs[i]->changes);
	ck_assert_int_eq(row->unknown, runs[i]->unknown);
	ck_assert_int_eq(!row->next_link, !runs[i]->next_link);
	if (row->next_link)
		ck_assert_str_eq(row->next_link, runs[i]->next_link);
	(void)run_free(row);
}

START_TEST(reads_to_the_end)
{
	start_and_run(0);
	ck_assert_str_eq(told, "complete");
	ck_assert_str_eq(sv.order, "a1 a2 a3 ");
	ck_assert_int_eq(runs[0]->pages, 3);
	ck_assert_int_eq(runs[0]->changes, 3);
	ck_assert_str_eq(runs[0]->next_link, "");
	check_stored(0);
	/* what has ended is not asked for again */
	start_and_run(0);
	ck_assert_str_eq(told, "complete");
	ck_assert_uint_eq(sv.calls, 3);
}
END_TEST

START_TEST(a_quiet_day)
{
	sv.last = 1;
	sv.empty = true;
	start_and_run(0);
	ck_assert_str_eq(told, "complete");
	ck_assert_int_eq(runs[0]->changes, 0);
	ck_assert_int_eq(runs[0]->pages, 1);
	check_stored(0);
}
END_TEST

START_TEST(goes_on_where_it_was)
{
	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	start(0);
	while (runs[0]->pages < 2)
		fake_loop_run_for(l, USEC_PER_SEC);
	pages_reading.cancel(reads[0]);
	reads[0] = NULL;
	check_stored(0);
	start_and_run(0);
	ck_assert_str_eq(told, "complete");
	ck_assert_str_eq(strrchr(sv.order, 'a'), "a3 ");
	ck_assert_int_eq(runs[0]->changes, 3);
}
END_TEST

static const struct {
	const char *what;
	const char *page2; /* instead of the usual one */
	int last;
	bool empty;
	const char *want;
	int64_t pages; /* stored */
	bool same;     /* all pages have the same change */
} chains[] = {
	{"a link to itself", "{\"value\":[],\"@odata.nextLink\":\"" LINK "2\"}", 9, false, "bad", 1,
		false},
	{"a circle", "{\"value\":[],\"@odata.nextLink\":\"" LINK "1\"}", 9, false, "bad", 3, false},
	{"another host", "{\"value\":[],\"@odata.nextLink\":\"https://evil.test/v1.0/next/3\"}", 9,
		false, "bad", 2, false},
	{"another port",
		"{\"value\":[],\"@odata.nextLink\":\"https://graph.test:444/v1.0/next/3\"}", 9,
		false, "bad", 2, false},
	{"no https", "{\"value\":[],\"@odata.nextLink\":\"http://graph.test/v1.0/next/3\"}", 9,
		false, "bad", 2, false},
	{"page after page of nothing", NULL, 1000, true, "bad", LIMIT_PAGES_IDLE, false},
	{"a few pages of nothing", NULL, LIMIT_PAGES_IDLE - 1, true, "complete",
		LIMIT_PAGES_IDLE - 1, false},
	{"the same page under fresh links", NULL, 1000, false, "bad", LIMIT_PAGES_IDLE + 1, true},
	{"some pages that repeat", NULL, LIMIT_PAGES_IDLE, false, "complete", LIMIT_PAGES_IDLE,
		true},
	{"no page at all", "{\"error\":{\"code\":\"x\"}}", 9, false, "bad", 1, false},
	{"no JSON", "<html>", 9, false, "bad", 1, false},
	{"cut off", "{\"value\":[{\"id\":\"o2\"", 9, false, "bad", 1, false},
	{"a link that is none", "{\"value\":[],\"@odata.nextLink\":7}", 9, false, "bad", 1, false},
	{"a deltaLink ends it", "{\"value\":[],\"@odata.deltaLink\":\"" LINK "9\"}", 9, false,
		"complete", 2, false},
};

START_TEST(chains_that_are_none)
{
	sv.body[2] = chains[_i].page2;
	sv.last = chains[_i].last;
	sv.empty = chains[_i].empty;
	sv.same = chains[_i].same;
	start_and_run(0);
	ck_assert_msg(strcmp(told, chains[_i].want) == 0, "%s: %s", chains[_i].what, told);
	ck_assert_msg(
		runs[0]->pages == chains[_i].pages, "%s: %d", chains[_i].what, (int)runs[0]->pages);
	ck_assert_msg((strcmp(told, "bad") == 0) == (*last_text != '\0'), "%s", chains[_i].what);
	check_stored(0);
	ck_assert_uint_le(sv.calls, LIMIT_PAGES_IDLE + LIMIT_PAGE_TRIES);
}
END_TEST

START_TEST(too_many_pages)
{
	sv.last = INT32_MAX;
	ck_assert_int_eq(run_set_text(&runs[0]->next_link, LINK "20000"), 0);
	runs[0]->pages = LIMIT_PAGES_PER_JOB;
	start_and_run(0);
	ck_assert_str_eq(told, "bad");
	ck_assert_uint_eq(sv.calls, 0);
}
END_TEST

/* Which call fails, how often, and what comes of it. */
static const struct {
	int at, times;
	enum graph_outcome outcome;
	const char *broken, *want;
} failures[] = {
	{1, 1, GRAPH_NOT_FOUND, NULL, "gone"},
	{2, 1, GRAPH_NOT_FOUND, NULL, "link refused"},
	{1, 1, GRAPH_REFUSED, NULL, "later:refused"},
	{2, 1, GRAPH_REFUSED, NULL, "link refused"},
	{1, 1, GRAPH_SIGN_IN, NULL, "later:sign_in"},
	{2, 1, GRAPH_CONFIG, NULL, "later:config"},
	{2, 1, GRAPH_FORBIDDEN, NULL, "later:forbidden"},
	{2, 1, GRAPH_BUSY, NULL, "later:busy"},
	{2, 1, GRAPH_THROTTLED, NULL, "later:throttled"},
	{2, 1, GRAPH_NETWORK, NULL, "later:network"},
	{2, LIMIT_PAGE_TRIES - 1, GRAPH_BAD_REPLY, NULL, "complete"},
	{2, LIMIT_PAGE_TRIES, GRAPH_BAD_REPLY, NULL, "bad"},
	{2, LIMIT_PAGE_TRIES - 1, GRAPH_OK, "{\"value\":[{\"id\":", "complete"},
	{3, LIMIT_PAGE_TRIES, GRAPH_OK, "", "bad"},
};

/* Every second time the page before is still being stored when the answer comes. */
START_TEST(failing_calls)
{
	bool early = _i % 2;

	_i /= 2;
	sv.fail_at = failures[_i].at;
	sv.fail_times = failures[_i].times;
	sv.fail = failures[_i].outcome;
	sv.broken = failures[_i].broken;
	if (early && sv.fail_at > 1)
		fake_store_thread_fail(st, (size_t)(sv.fail_at - 1), -ENOSPC);
	start_and_run(0);
	if (early && sv.fail_at > 1) {
		ck_assert_str_eq(told, "");
		ck_assert_uint_eq(sv.calls, (size_t)sv.fail_at);
		fake_store_thread_heal(st);
		fake_loop_run_for(l, USEC_PER_HOUR);
	}
	ck_assert_str_eq(told, failures[_i].want);
	check_stored(0);
	if (strncmp(told, "later", 5) == 0) {
		ck_assert_str_eq(last_text, "the service's words");
		start_and_run(0);
		ck_assert_str_eq(told, "complete");
		ck_assert_int_eq(runs[0]->changes, 3);
	}
}
END_TEST

/* Four shares of assumed size fit into the budget; whoever asked first is served first. */
START_TEST(a_budget_over_all)
{
	sv.last = 2;
	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	for (int i = 0; i < READERS; i++)
		start(i);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_uint_eq(sv.most_in_flight, LIMIT_PAGE_BYTES_IN_FLIGHT / LIMIT_PAGE_BYTES_ASSUMED);
	ck_assert_str_eq(sv.order, "a1 b1 c1 d1 e1 f1 g1 h1 a2 b2 c2 d2 e2 f2 g2 h2 ");
	for (int i = 0; i < READERS; i++)
		ck_assert_int_eq(runs[i]->pages, 2);
}
END_TEST

/* Pages larger than the budget's rest hold the others up until they are stored, and no longer. */
START_TEST(large_pages_take_turns)
{
	sv.last = 2;
	sv.padding = 7 * 1024 * 1024;
	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	fake_store_thread_delay(st, 10 * USEC_PER_SEC);
	for (int i = 0; i < 3; i++)
		start(i);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(told, "complete, complete, complete");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(runs[i]->pages, 2);
}
END_TEST

/* Cancelled at any turn, its share is the others' again. */
START_TEST(cancelling_gives_the_share_back)
{
	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	for (int i = 0; i < READERS; i++)
		start(i);
	for (int i = 0; i < _i; i++)
		if (!fake_loop_turn(l) && fake_loop_next_us(l) != TIME_NONE)
			clock_virtual_advance(fake_loop_next_us(l) - clock_boot_us());
	for (int i = 0; i < READERS - 1; i++) {
		pages_reading.cancel(reads[i]);
		reads[i] = NULL;
	}
	sv.most_in_flight = 0;
	for (int i = 0; i < READERS - 1; i++)
		if (!runs[i]->next_link || *runs[i]->next_link)
			start(i);
	fake_loop_run_for(l, USEC_PER_HOUR);
	/* requests of a cancelled reading that were under way may have stored a page that memory
	 * does not know: then the chain is read anew, which the job decides */
	ck_assert_int_eq(runs[READERS - 1]->pages, 3);
	ck_assert_uint_le(sv.most_in_flight, LIMIT_PAGE_BYTES_IN_FLIGHT / LIMIT_PAGE_BYTES_ASSUMED);
}
END_TEST

START_TEST(read_anew)
{
	_cleanup_(buf_done) struct buf page = BUF_INIT(LIMIT_PAGE_BYTES);

	start_and_run(0);
	*told = '\0';
	ck_assert_int_eq(pages_reading.reset(pages, runs[0], on_reset, &reads[0], &reads[0]), 0);
	fake_loop_settle(l);
	ck_assert_str_eq(told, "reset");
	ck_assert_int_eq(runs[0]->pages, 0);
	ck_assert_int_eq(runs[0]->changes, 0);
	ck_assert_ptr_null(runs[0]->next_link);
	check_stored(0);
	ck_assert_int_eq(store_page_read(store, runs[0]->id, 1, &page, NULL), STORE_PAGE_E_MISSING);
	start_and_run(0);
	ck_assert_str_eq(told, "complete");
	ck_assert_int_eq(runs[0]->changes, 3);
	ck_assert_int_eq(store_page_read(store, runs[0]->id, 3, &page, NULL), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&page), "\"o3\""));
}
END_TEST

/* The store has a page that memory does not know of: nothing is stored twice or left out. */
START_TEST(memory_behind_the_store)
{
	start_and_run(0);
	runs[0]->pages--;
	ck_assert_int_eq(run_set_text(&runs[0]->next_link, LINK "3"), 0);
	start_and_run(0);
	ck_assert_str_eq(told, "link refused");
}
END_TEST

START_TEST(a_full_disk_only_takes_time)
{
	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	fake_store_thread_fail(st, 2, -ENOSPC);
	start(0);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(told, "");
	ck_assert_int_eq(runs[0]->pages, 1);
	ck_assert_uint_eq(sv.calls, 3); /* the next page is here, and waits */
	fake_store_thread_heal(st);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(told, "complete");
	ck_assert_uint_eq(sv.calls, 3);
	check_stored(0);
}
END_TEST

#define ROW2 "{\"id\":\"o2\",\"entityTypeName\":\"user\",\"recoveryAction\":\"restore\""
#define NEXT(n) "\"@odata.nextLink\":\"" LINK #n "\""
#define FALSE_NEXT "\"displayName\":\",\\\"@odata.nextLink\\\":\\\"" LINK "9\\\"}\""

/* What page 2 says of the next, and what is asked for because of it. */
static const struct {
	const char *page2;
	bool once;  /* then as usual */
	bool ahead; /* page 3 is asked for while page 2 is stored */
	bool peek_lies;
	const char *order;
} hints[] = {
	{"{" NEXT(3) ",\"value\":[" ROW2 "}]}", false, true, false, "a1 a2 a3 "},
	{"{\"value\":[" ROW2 "}],\"@nextLink\":\"" LINK "3\"}", false, true, false, "a1 a2 a3 "},
	/* it is there, but not to be seen without reading the page */
	{"{\"value\":[" ROW2 "}],\"@odata.nextLink\":\"https:\\/\\/graph.test/v1.0/next/3\"}",
		false, false, false, "a1 a2 a3 "},
	{"{\"a\":[]," NEXT(3) ",\"value\":[" ROW2 "}],\"b\":{}}", false, false, false, "a1 a2 a3 "},
	/* a name wants to be one */
	{"{\"value\":[" ROW2 "," FALSE_NEXT "}]," NEXT(3) "}", false, true, false, "a1 a2 a3 "},
	{"{" NEXT(3) ",\"value\":[" ROW2 "," FALSE_NEXT "}]}", false, true, false, "a1 a2 a3 "},
	/* a page that is none leads anywhere: one request, whose answer is not used */
	{"{\"value\":[oops]," NEXT(9) "}", true, true, false, "a1 a2 a9 a2 a3 "},
	{"{\"value\":[oops]," NEXT(3) "}", true, true, false, "a1 a2 a3 a2 a3 "},
	{"{" NEXT(9) ",\"error\":\"" LINK "3\"}", true, true, false, "a1 a2 a9 a2 a3 "},
	/* no request to where none may go */
	{"{\"value\":[oops],\"@odata.nextLink\":\"https://evil.test/v1.0/next/3\"}", true, false,
		false, "a1 a2 a2 a3 "},
	{"{\"value\":[oops]," NEXT(2) "}", true, false, false, "a1 a2 a2 a3 "},
	/* if ever what was seen were not what is read */
	{"{\"value\":[" ROW2 "," FALSE_NEXT "}]," NEXT(3) "}", false, true, true, "a1 a2 a9 a3 "},
};

/* The store takes a minute; the answer comes while the page before it is stored, or after that. */
START_TEST(a_link_seen_early)
{
	bool late = _i % 2;

	_i /= 2;
	const char *page2 = hints[_i].page2, *order = hints[_i].order;
	if (hints[_i].once) {
		sv.broken = page2;
		sv.fail_at = 2;
		sv.fail_times = 1;
	} else {
		sv.body[2] = page2;
	}
	sv.peek_lies = hints[_i].peek_lies;
	fake_store_thread_delay(st, USEC_PER_MIN);
	if (late)
		graph_scripted_delay(tenant.graph, 2 * USEC_PER_MIN);
	start(0);
	while (runs[0]->pages == 0 || !strstr(sv.order, "a2 "))
		fake_loop_run_for(l, USEC_PER_SEC);
	fake_loop_run_for(l, USEC_PER_MIN / 2);
	ck_assert_int_eq(runs[0]->pages, 1);
	ck_assert_msg(
		(sv.calls == 3 || graph_scripted_in_flight(tenant.graph) == 1) == hints[_i].ahead,
		"%s", page2);
	fake_loop_run_for(l, USEC_PER_HOUR);
	/* a call that is dropped before its answer has not reached the service of this test */
	if (late)
		order = hints[_i].once ? "a1 a2 a2 a3 " : "a1 a2 a3 ";
	ck_assert_msg(strcmp(told, "complete") == 0, "%s: %s", page2, told);
	ck_assert_msg(strcmp(sv.order, order) == 0, "%s: %s", page2, sv.order);
	ck_assert_int_eq(runs[0]->pages, 3);
	ck_assert_int_eq(runs[0]->changes, 3);
	check_stored(0);
}
END_TEST

/* Dropped while some of them wait for a share of the bytes in flight: nobody starves. */
START_TEST(dropped_in_the_queue)
{
	sv.broken = "{\"value\":[oops]," NEXT(3) "}";
	sv.fail_at = 2;
	sv.fail_times = READERS;
	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	fake_store_thread_delay(st, USEC_PER_SEC / 10);
	for (int i = 0; i < READERS; i++)
		start(i);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_uint_eq(sv.most_in_flight, LIMIT_PAGE_BYTES_IN_FLIGHT / LIMIT_PAGE_BYTES_ASSUMED);
	for (int i = 0; i < READERS; i++) {
		ck_assert_int_eq(runs[i]->pages, 3);
		check_stored(i);
	}
}
END_TEST

/* What is under way about the next page ends with the reading, and gives its share back. */
START_TEST(cancelled_while_the_next_page)
{
	static const struct {
		int64_t answer_us; /* of the service */
	} when[] = {{0}, {2 * USEC_PER_HOUR}};

	fake_store_thread_fail(st, 1, -ENOSPC);
	start(0);
	fake_loop_turn(l);
	graph_scripted_delay(tenant.graph, when[_i].answer_us);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(told, "");
	pages_reading.cancel(reads[0]);
	reads[0] = NULL;
	fake_store_thread_heal(st);
	fake_loop_run_for(l, 3 * USEC_PER_HOUR);
	ck_assert_str_eq(told, "");
	ck_assert_uint_le(sv.calls, 2);
	graph_scripted_delay(tenant.graph, 0);
	for (int i = 1; i < READERS; i++)
		start(i);
	fake_loop_run_for(l, USEC_PER_HOUR);
	for (int i = 1; i < READERS; i++)
		check_stored(i);
	ck_assert_int_eq(runs[READERS - 1]->pages, 3);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("pages");
	TCase *tc = tcase_create("pages");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_to_the_end);
	tcase_add_test(tc, a_quiet_day);
	tcase_add_test(tc, goes_on_where_it_was);
	tcase_add_loop_test(tc, chains_that_are_none, 0, sizeof(chains) / sizeof(chains[0]));
	tcase_add_test(tc, too_many_pages);
	tcase_add_loop_test(tc, failing_calls, 0, 2 * sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(tc, a_budget_over_all);
	tcase_add_test(tc, large_pages_take_turns);
	tcase_add_loop_test(tc, cancelling_gives_the_share_back, 0, 24);
	tcase_add_test(tc, read_anew);
	tcase_add_test(tc, memory_behind_the_store);
	tcase_add_test(tc, a_full_disk_only_takes_time);
	tcase_add_loop_test(tc, a_link_seen_early, 0, 2 * sizeof(hints) / sizeof(hints[0]));
	tcase_add_test(tc, dropped_in_the_queue);
	tcase_add_loop_test(tc, cancelled_while_the_next_page, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
