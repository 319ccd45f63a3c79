/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tenant_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/when.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl.h"

/* --- gathering ----------------------------------------------------------------------------------
 */

/* The daemon's word on a tenant. */
static const struct json *live_of(const struct house *h, const char *name)
{
	const struct json *list = h->daemon ? json_member(h->daemon, "tenants") : NULL;

	JSON_EACH (t, list)
		if (strcmp(json_string_or(t, "tenant", ""), name) == 0)
			return t;
	return NULL;
}

static int load_one(
	struct cli *c, struct house *h, const char *name, const struct conf_tenant *conf)
{
	struct tenant_state *t = &h->tenants[h->n++];
	int r;

	*t = (struct tenant_state){.name = name, .configured = conf != NULL};
	for (size_t i = 0; i < h->stored.n; i++)
		if (strcmp(h->stored.items[i].name, name) == 0)
			t->stored = &h->stored.items[i];
	t->tenant_id = conf ? conf->tenant_id : t->stored->tenant_id;
	t->live = live_of(h, name);
	r = store_view_jobs(c->store, name, VIEW_JOBS_ENDED, VIEW_FIRST, 1, &t->last);
	if (r == 0)
		r = store_view_jobs(c->store, name, VIEW_JOBS_UNFINISHED, VIEW_FIRST,
			LIMIT_WATCHES_PER_TENANT, &t->unfinished);
	if (r == 0)
		r = store_view_open(c->store, name, t->open);
	return r;
}

static int load_tenants(struct cli *c, const char *name, struct house *h)
{
	const struct conf *conf = c->conf;
	int r = store_tenant_load_all(c->store, &h->stored);

	if (r == 0)
		r = store_condition_load(c->store, &h->conditions);
	if (r < 0)
		return cli_store_failed(c, r);
	h->tenants = calloc(conf->n_tenants + h->stored.n + 1, sizeof(*h->tenants));
	if (!h->tenants)
		return cli_error(EXIT_CODE_STORE, "out of memory");
	for (size_t i = 0; r == 0 && i < conf->n_tenants; i++)
		if (!name || strcmp(conf->tenants[i]->name, name) == 0)
			r = load_one(c, h, conf->tenants[i]->name, conf->tenants[i]);
	for (size_t i = 0; r == 0 && i < h->stored.n; i++) {
		const char *stored = h->stored.items[i].name;

		if (!conf_tenant_find(conf, stored) && (!name || strcmp(stored, name) == 0))
			r = load_one(c, h, stored, NULL);
	}
	return r < 0 ? cli_store_failed(c, r) : EXIT_CODE_OK;
}

static void ask_daemon(struct cli *c, struct house *h)
{
	h->reply = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	if (ctl_status(c->conf->control_socket, &h->reply, &h->daemon_text) != EXIT_CODE_OK)
		return;
	free(h->daemon_text);
	h->daemon_text = NULL;
	/* ctl has seen that it is an object */
	(void)json_parse(buf_text(&h->reply), h->reply.len, LIMIT_JSON_DEPTH, &h->daemon);
}

int house_load(struct cli *c, const char *name, struct house *ret)
{
	_cleanup_(house_done) struct house h = {0};
	int code = cli_store(c);

	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, name);
	if (code != EXIT_CODE_OK)
		return code;
	ask_daemon(c, &h);
	code = load_tenants(c, name, &h);
	if (code != EXIT_CODE_OK)
		return code;
	*ret = h;
	h = (struct house){0};
	return EXIT_CODE_OK;
}

void house_done(struct house *h)
{
	for (size_t i = 0; i < h->n; i++) {
		view_jobs_done(&h->tenants[i].last);
		view_jobs_done(&h->tenants[i].unfinished);
	}
	free(h->tenants);
	store_tenant_list_done(&h->stored);
	store_conditions_done(&h->conditions);
	free(h->daemon_text);
	(void)json_free(h->daemon);
	buf_done(&h->reply);
	*h = (struct house){0};
}

const struct store_condition *house_condition(const struct house *h, int64_t tenant, size_t *at)
{
	while (*at < h->conditions.n) {
		const struct store_condition *condition = &h->conditions.items[(*at)++];

		if (condition->tenant == tenant)
			return condition;
	}
	return NULL;
}

/* --- in words -----------------------------------------------------------------------------------
 */

static int64_t live_time(const struct json *live, const char *key)
{
	const char *text = json_string_or(live, key, NULL);
	int64_t us = TIME_NONE;

	return text && time_parse(text, &us) == 0 ? us : TIME_NONE;
}

static bool live_flag(const struct json *live, const char *key)
{
	bool set = false;

	(void)json_get_bool(live, key, &set);
	return set;
}

static void separate(struct buf *out, size_t from)
{
	if (out->len > from)
		buf_puts(out, "; ");
}

static void append_live_jobs(const struct json *live, struct buf *out)
{
	size_t from = out->len;

	JSON_EACH (job, json_member(live, "jobs")) {
		int64_t id = 0;

		(void)json_get_int(job, "job", &id);
		separate(out, from);
		buf_printf(out, "job %" PRId64 ": %s", id,
			json_string_or(job, "doing", json_string_or(job, "state", "")));
	}
}

static void append_hold(const struct tenant_state *t, struct buf *out)
{
	buf_puts(out, "no preview is started before ");
	when_append_exact(out, t->stored->hold_until_us);
	if (t->stored->hold_by)
		buf_printf(out, " (asked for by %s)", t->stored->hold_by);
}

static void append_next(const struct cli *c, const struct json *live, struct buf *out)
{
	int64_t next_us = live_time(live, "next_start"), waiting = 0;
	int64_t look_us = live_time(live, "next_look");

	(void)json_get_int(live, "waiting", &waiting);
	if (live_flag(live, "slot_taken_by_others"))
		buf_puts(out, "somebody else's job holds the slot");
	else if (live_flag(live, "looking"))
		buf_puts(out, "looking");
	else if (waiting)
		buf_puts(out, "a preview waits");
	else
		buf_puts(out, "idle");
	if (waiting && next_us > c->now_us) {
		buf_puts(out, "; it starts ");
		when_append(out, next_us, c->now_us);
	}
	if (look_us > c->now_us) {
		buf_puts(out, "; next look ");
		when_append(out, look_us, c->now_us);
	}
}

void tenant_append_now(const struct cli *c, const struct tenant_state *t, struct buf *out)
{
	size_t from = out->len;

	if (t->stored && t->stored->hold_until_us != TIME_NONE &&
		t->stored->hold_until_us > c->now_us)
		append_hold(t, out);
	if (t->live && json_first(json_member(t->live, "jobs"))) {
		separate(out, from);
		append_live_jobs(t->live, out);
	} else if (t->live) {
		separate(out, from);
		append_next(c, t->live, out);
	} else if (t->unfinished.n) {
		separate(out, from);
		buf_printf(out, "job %" PRId64 " is ", t->unfinished.items[0].id);
		job_append_outcome(&t->unfinished.items[0], out);
		buf_puts(out, ", and goes on when snapwatchd runs");
	}
	if (!t->configured) {
		separate(out, from);
		buf_puts(out, "no longer in the configuration");
	}
}

void tenant_append_open(const struct tenant_state *t, struct buf *out)
{
	static const char *const words[_VIEW_SEVERITY_MAX][2] = {
		[VIEW_CRITICAL] = {"critical", "critical"},
		[VIEW_WARNING] = {"warning", "warnings"},
		[VIEW_NOTICE] = {"notice", "notices"},
		[VIEW_LESSER] = {"other", "others"},
	};
	size_t from = out->len;

	for (size_t i = 0; i < _VIEW_SEVERITY_MAX; i++)
		if (t->open[i])
			buf_printf(out, "%s%" PRId64 " %s", out->len > from ? ", " : "", t->open[i],
				words[i][t->open[i] != 1]);
	if (out->len == from)
		buf_puts(out, "none");
}

enum tone tenant_open_tone(const struct tenant_state *t)
{
	if (t->open[VIEW_CRITICAL])
		return TONE_BAD;
	return t->open[VIEW_WARNING] ? TONE_WARN : TONE_PLAIN;
}
