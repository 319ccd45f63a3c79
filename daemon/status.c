/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon is doing now: the status document of the control socket and one line for systemd.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/timefmt.h"
#include "daemon/internal.h"
#include "version.h"

static void write_job(struct jsonw *out, const struct active *a)
{
	_cleanup_(buf_done) struct buf doing = BUF_INIT_SURE(512);

	job_describe(a->job, &doing);
	jsonw_object(out);
	jsonw_kv_int(out, "job", a->run->id);
	jsonw_kv_string(out, "watch", a->run->watch);
	jsonw_kv_string(out, "state", run_state_name(a->run->state));
	jsonw_kv_time(out, "snapshot", a->run->snapshot_created_us);
	jsonw_kv_time(out, "started", a->run->started_us);
	jsonw_kv_string(out, "doing", buf_text(&doing));
	jsonw_object_end(out);
}

/* Who signed in, and how it goes; nothing of the token. */
static void write_sign_in(struct jsonw *out, const struct tenant *t)
{
	const struct sign_in *s = t->auth ? auth_sign_in(t->auth) : NULL;
	int64_t now_us = clock_wall_us();
	struct auth_fault fault;

	jsonw_key(out, "sign_in");
	jsonw_object(out);
	jsonw_kv_string(out, "state", sign_in_state_name(sign_in_state(s, now_us)));
	if (s) {
		jsonw_kv_string(out, "method", sign_in_how_name(s->how));
		jsonw_kv_string(out, "account", s->account);
		jsonw_kv_time(out, "since", s->enrolled_us);
		jsonw_kv_time(out, "last_refresh", s->refreshed_us);
		jsonw_kv_time(out, "ends", sign_in_ends_us(s));
		jsonw_kv_int(out, "days_left", sign_in_days_left(s, now_us));
		jsonw_kv_time(out, "refused", s->refused_us);
	}
	if (t->auth && (auth_fault(t->auth, AUTH_DELEGATED, &fault) ||
			       auth_fault(t->auth, AUTH_APP, &fault))) {
		jsonw_kv_string(out, "trouble", fault.text);
		jsonw_kv_string(out, "hint", fault.hint);
	}
	jsonw_kv_bool(out, "previews_suspended", previews_suspended(t));
	jsonw_kv_time(
		out, "certificate_ends", t->auth ? auth_certificate_ends_us(t->auth) : TIME_NONE);
	jsonw_object_end(out);
}

static void write_tenant(struct jsonw *out, struct daemon *d, const struct entry *e)
{
	const struct tenant *t = &e->t;
	int64_t next_us = TIME_NONE;
	size_t waiting = queue_waiting(d->queue, t, &next_us);

	jsonw_object(out);
	jsonw_kv_string(out, "tenant", t->conf->name);
	jsonw_kv_string(out, "tenant_id", t->conf->tenant_id);
	jsonw_kv_bool(out, "looking", t->looking);
	jsonw_kv_time(out, "last_look", t->last_look_us);
	jsonw_kv_time(out, "next_look", t->next_look_us);
	jsonw_kv_time(out, "newest_snapshot", t->newest_snapshot_us);
	jsonw_kv_time(out, "hold_until", t->hold_until_us);
	jsonw_kv_string(out, "look_trouble", t->look_trouble);
	jsonw_kv_string(out, "sign_in_trouble", t->auth ? auth_trouble(t->auth) : NULL);
	write_sign_in(out, t);
	jsonw_kv_bool(out, "slot_taken_by_others", t->slot_foreign);
	jsonw_kv_int(out, "waiting", (int64_t)waiting);
	jsonw_kv_time(out, "next_start", next_us);
	jsonw_key(out, "jobs");
	jsonw_array(out);
	for (const struct active *a = e->active; a; a = a->next)
		if (a->job)
			write_job(out, a);
	jsonw_array_end(out);
	jsonw_object_end(out);
}

void status_write(struct daemon *d, struct jsonw *out)
{
	jsonw_object(out);
	jsonw_kv_string(out, "schema", "snapwatch/1");
	jsonw_kv_string(out, "version", SNAPWATCH_VERSION);
	jsonw_kv_int(out, "pid", getpid());
	jsonw_kv_time(out, "now", clock_wall_us());
	jsonw_kv_bool(out, "store_paused", d->store_failing);
	jsonw_key(out, "tenants");
	jsonw_array(out);
	for (const struct entry *e = d->entries; e; e = e->next)
		write_tenant(out, d, e);
	jsonw_array_end(out);
	jsonw_object_end(out);
}

/* "; sign-in needed for contoso and 3 more"; "" when everybody is signed in. */
static void append_signed_out(const struct daemon *d, struct buf *out)
{
	const struct tenant *first = NULL;
	size_t n = 0;

	for (const struct entry *e = d->entries; e; e = e->next) {
		if (!e->t.auth || !auth_trouble(e->t.auth))
			continue;
		first = first ? first : &e->t;
		n++;
	}
	if (!first)
		return;
	buf_printf(out, "; sign-in needed for %s", first->conf->name);
	if (n > 1)
		buf_printf(out, " and %zu more", n - 1);
	else if (previews_suspended(first))
		buf_puts(out, ", its previews are suspended");
}

void status_line(struct daemon *d)
{
	_cleanup_(buf_done) struct buf trouble = BUF_INIT_SURE(512);
	size_t n_tenants = 0, n_jobs = 0;

	for (const struct entry *e = d->entries; e; e = e->next) {
		n_tenants++;
		for (const struct active *a = e->active; a; a = a->next)
			n_jobs++;
	}
	append_signed_out(d, &trouble);
	if (d->store_failing)
		service_status(d->service, "paused: the store cannot be written");
	else if (n_jobs)
		service_status(d->service, "watching %zu tenant%s; %zu preview%s at work%s",
			n_tenants, n_tenants == 1 ? "" : "s", n_jobs, n_jobs == 1 ? "" : "s",
			buf_text(&trouble));
	else
		service_status(d->service, "watching %zu tenant%s; idle%s", n_tenants,
			n_tenants == 1 ? "" : "s", buf_text(&trouble));
}
