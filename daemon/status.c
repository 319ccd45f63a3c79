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

void status_line(struct daemon *d)
{
	size_t n_tenants = 0, n_jobs = 0;

	for (const struct entry *e = d->entries; e; e = e->next) {
		n_tenants++;
		for (const struct active *a = e->active; a; a = a->next)
			n_jobs++;
	}
	if (d->store_failing)
		service_status(d->service, "paused: the store cannot be written");
	else if (n_jobs)
		service_status(d->service, "watching %zu tenant%s; %zu preview%s at work",
			n_tenants, n_tenants == 1 ? "" : "s", n_jobs, n_jobs == 1 ? "" : "s");
	else
		service_status(d->service, "watching %zu tenant%s; idle", n_tenants,
			n_tenants == 1 ? "" : "s");
}
