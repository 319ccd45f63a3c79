/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collections, page by page. A skip token says where the next page begins and is worthless for
 * any other list; nobody but this file can read it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/hash.h"
#include "common/base/jsonw.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_job.h"
#include "tests/graphsim/sim_sign_in.h"

#define DEFAULT_TOP 100u
#define MAX_TOP 999u

static char *option(const struct sim_ctx *c, const char *name)
{
	return sim_form_get(c->query, strlen(c->query), name);
}

/* $top, $skip and $skiptoken are all that a client of ours needs to know. */
static const char *unknown_option(const struct sim_ctx *c)
{
	static const char *const known[] = {
		"$top=", "$skip=", "$skiptoken=", "%24top=", "%24skip=", "%24skiptoken="};

	for (const char *p = c->query; *p;) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			found |= strncasecmp(p, known[i], strlen(known[i])) == 0;
		if (!found)
			return p;
		p = strchrnul(p, '&');
		p += *p == '&';
	}
	return NULL;
}

static uint64_t token_check(
	const struct sim_ctx *c, const char *what, uint64_t at, uint64_t skipped)
{
	return sim_mix(sim_mix(c->tenant->seed, sim_hash_text(what)), sim_mix(at, skipped));
}

static bool read_token(
	const struct sim_ctx *c, const char *what, const char *token, struct sim_page *page)
{
	struct buf plain = BUF_INIT(256);
	uint64_t at, skipped, check, top;
	bool decoded = base64_decode(token, strlen(token), &plain) == 0;
	bool again =
		decoded && strncmp(buf_text(&plain), SIM_PAGE_AGAIN, strlen(SIM_PAGE_AGAIN)) == 0;
	bool good = decoded && !again &&
		    sscanf(buf_text(&plain), "%" SCNx64 ".%" SCNx64 ".%" SCNx64 ".%" SCNx64, &at,
			    &skipped, &top, &check) == 4 &&
		    check == token_check(c, what, at, skipped);

	buf_done(&plain);
	if (good) {
		page->at = at;
		page->skipped = skipped;
		page->top = top;
	}
	return good || again;
}

static bool bad_option(struct sim_ctx *c, const char *text)
{
	sim_violate(c->s, "%s %s?%s: %s", c->req->method, c->path, c->query, text);
	sim_reply_error(c, 400, "Request_BadRequest", "%s", text);
	return false;
}

bool sim_page_open(struct sim_ctx *c, const char *what, struct sim_page *page)
{
	_cleanup_(freep) char *top = option(c, "$top");
	_cleanup_(freep) char *skip = option(c, "$skip");
	_cleanup_(freep) char *token = option(c, "$skiptoken");
	int64_t cap = sim_switch(c->s, c->tenant, SIM_SW_PAGE);
	uint64_t n = DEFAULT_TOP;

	*page = (struct sim_page){.top = DEFAULT_TOP};
	if (unknown_option(c))
		return bad_option(c, "an option that is not simulated");
	if (token && !read_token(c, what, token, page)) {
		sim_reply_error(c, 400, "Directory_ExpiredPageToken",
			"The specified page token value has expired and cannot be included in your "
			"request.");
		return false;
	}
	if (skip && parse_u64(skip, 0, UINT32_MAX, &page->skipped) < 0)
		return bad_option(c, "$skip is no number");
	if (top && parse_u64(top, 1, MAX_TOP, &n) < 0)
		return bad_option(c, "$top is not 1 to 999");
	if (top || !token)
		page->top = n;
	if (cap > 0 && page->top > (size_t)cap)
		page->top = (size_t)cap;
	return true;
}

void sim_page_begin(struct sim_ctx *c, const char *context)
{
	bool bare = sim_switch(c->s, c->tenant, SIM_SW_CONTEXT) == SIM_CONTEXT_BARE;

	sim_reply(c, 200, SIM_JSON);
	buf_printf(&c->res->body, "{\"%s\":\"", bare ? "@context" : "@odata.context");
	(void)sim_root(c, &c->res->body);
	buf_printf(&c->res->body, "/$metadata#%s\",\"value\":[", context);
}

static void put_next_link(struct sim_ctx *c, const char *what, const struct sim_page *page,
	uint64_t next, size_t rows)
{
	struct buf *out = &c->res->body;
	const char *query = strchr(c->req->target, '?');
	size_t path_len = query ? (size_t)(query - c->req->target) : strlen(c->req->target);
	uint64_t skipped = page->skipped + rows;

	buf_printf(out, ",\"@odata.nextLink\":\"%s%.*s?", c->s->base_url, (int)path_len,
		c->req->target);
	if (sim_switch(c->s, c->tenant, SIM_SW_NEXTLINK) == SIM_NEXTLINK_SKIP) {
		buf_printf(out, "$skip=%" PRIu64 "&$top=%zu\"", skipped, page->top);
		return;
	}
	_cleanup_(freep) char *plain = sim_printf("%" PRIx64 ".%" PRIx64 ".%zx.%" PRIx64, next,
		skipped, page->top, token_check(c, what, next, skipped));
	buf_puts(out, "$skiptoken=");
	base64url_append(out, plain, strlen(plain));
	buf_putc(out, '"');
}

void sim_page_end(struct sim_ctx *c, const char *what, const struct sim_page *page, uint64_t next,
	size_t rows, bool more, uint64_t count)
{
	buf_putc(&c->res->body, ']');
	if (sim_switch(c->s, c->tenant, SIM_SW_COUNT) == SIM_OFF_ON)
		buf_printf(&c->res->body, ",\"@odata.count\":%" PRIu64, count);
	if (more)
		put_next_link(c, what, page, next, rows);
	buf_putc(&c->res->body, '}');
}

/* Position i of n under the switch `order` (rows come newest first). Shuffled: the same at every
 * call. */
static size_t ordered(const struct sim_ctx *c, size_t i, size_t n)
{
	switch (sim_switch(c->s, c->tenant, SIM_SW_ORDER)) {
	case SIM_ORDER_OLDEST:
		return n - 1 - i;
	case SIM_ORDER_SHUFFLED: /* odd positions first, then the even ones backwards */
		return i < n / 2 ? 2 * i + 1 : (n - 1 - i) * 2;
	default:
		return i;
	}
}

static void put_snapshot(struct sim_ctx *c, const struct sim_snapshot *s)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	bool documented =
		sim_switch(c->s, c->tenant, SIM_SW_SNAPSHOT_ROWS) == SIM_SNAPSHOT_ROWS_DOCUMENTED;
	char id[SIM_SNAP_ID_SIZE];

	jsonw_object(&w);
	if (documented)
		jsonw_kv_string(
			&w, "@odata.type", "#microsoft.graph.entraRecoveryServices.snapshot");
	jsonw_kv_string(&w, "id", sim_snapshot_id(c->tenant, s->created_us, id));
	jsonw_kv_time(&w, "createdDateTime", s->created_us);
	if (documented)
		jsonw_kv_int(&w, "totalChangedObjects",
			(int64_t)(sim_mix(c->tenant->seed, 77) % 2000000));
	jsonw_object_end(&w);
}

/* Where to begin in a list that is held in memory. */
static size_t first_row(const struct sim_page *page, size_t n)
{
	return page->skipped < n ? (size_t)page->skipped : n;
}

void sim_list_snapshots(struct sim_ctx *c)
{
	struct sim_snapshot list[SIM_MAX_SNAPSHOTS];
	bool empty = c->tenant->sign_in->licence == SIM_LICENCE_EMPTY;
	size_t n = empty ? 0 : sim_snapshots(c->tenant, c->now_us, list);
	struct sim_page page;

	if (!sim_page_open(c, "snapshots", &page))
		return;
	size_t first = first_row(&page, n), rows = n - first < page.top ? n - first : page.top;
	sim_page_begin(c, "directory/recovery/snapshots");
	for (size_t i = 0; i < rows; i++) {
		if (i)
			buf_putc(&c->res->body, ',');
		put_snapshot(c, &list[ordered(c, first + i, n)]);
	}
	sim_page_end(c, "snapshots", &page, first + rows, rows, first + rows < n, n);
}

void sim_get_snapshot(struct sim_ctx *c)
{
	struct sim_snapshot snapshot;

	if (sim_switch(c->s, c->tenant, SIM_SW_SNAPSHOT_GET) == SIM_SNAPSHOT_GET_MISSING ||
		!sim_snapshot_find(c->tenant, c->now_us, c->snapshot, &snapshot)) {
		sim_reply_error(c, 404, "Request_ResourceNotFound",
			"Snapshot with identifier %s not found", c->snapshot);
		return;
	}
	sim_reply(c, 200, SIM_JSON);
	put_snapshot(c, &snapshot);
}

enum kinds { KINDS_ALL, KINDS_PREVIEW, KINDS_RECOVERY };

static size_t collect_jobs(struct sim_ctx *c, enum kinds kinds, struct sim_job **out)
{
	size_t n = 0;
	int64_t us = TIME_NONE;

	if (c->snapshot && sim_snapshot_decode(c->snapshot, &us) < 0)
		return 0;
	for (size_t i = c->tenant->n_jobs; i > 0; i--) {
		struct sim_job *j = c->tenant->jobs[i - 1];

		if (sim_job_listed(j, c->now_us) &&
			(us == TIME_NONE || j->snapshot.created_us == us) &&
			(kinds == KINDS_ALL || j->recovery == (kinds == KINDS_RECOVERY)))
			out[n++] = j;
	}
	return n;
}

static void list_jobs(struct sim_ctx *c, enum kinds kinds, const char *context)
{
	_cleanup_(freep) struct sim_job **list = sim_alloc((c->tenant->n_jobs + 1) * sizeof(*list));
	size_t n = collect_jobs(c, kinds, list);
	struct sim_page page;

	if (!sim_page_open(c, context, &page))
		return;
	size_t first = first_row(&page, n), rows = n - first < page.top ? n - first : page.top;
	sim_page_begin(c, context);
	for (size_t i = 0; i < rows; i++) {
		if (i)
			buf_putc(&c->res->body, ',');
		sim_job_write(&c->res->body, list[ordered(c, first + i, n)], c->now_us,
			kinds == KINDS_ALL, !c->newer_enums);
	}
	sim_page_end(c, context, &page, first + rows, rows, first + rows < n, n);
}

static void list_jobs_of_snapshot(struct sim_ctx *c, enum kinds kinds, const char *name)
{
	_cleanup_(freep) char *context =
		sim_printf("directory/recovery/snapshots('%s')/%s", c->snapshot, name);

	list_jobs(c, kinds, context);
}

void sim_list_all_jobs(struct sim_ctx *c)
{
	list_jobs(c, KINDS_ALL, "directory/recovery/jobs");
}

void sim_list_preview_jobs(struct sim_ctx *c)
{
	list_jobs_of_snapshot(c, KINDS_PREVIEW, "recoveryPreviewJobs");
}

void sim_list_recovery_jobs(struct sim_ctx *c)
{
	list_jobs_of_snapshot(c, KINDS_RECOVERY, "recoveryJobs");
}
