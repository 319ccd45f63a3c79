/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tenants are watched: the configuration's list turned into running entries. A changed tenant
 * is stopped and started anew; as every step of a run is in the store, that is the same as a
 * restart for it alone, and nothing is lost.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "common/store/store_tenant.h"
#include "daemon/internal.h"

/* Asks the store for the tenant's row and lease; afterwards the tenant may work. */
struct admission {
	struct daemon *d;
	char *name, *tenant_id; /* key of the entry: it may be gone when the answer comes */
	int64_t row;
	struct run_list latest;
	char *job_read;
};

/* How its watches stand is told after a start, if it is not older: the daemon may have been down
 * for some days, and may have died between the end of a run and its alert. */
#define LATEST_US (7 * USEC_PER_DAY)

struct entry *entry_of(struct tenant *t)
{
	return (struct entry *)((char *)t - offsetof(struct entry, t));
}

struct entry *entry_find(struct daemon *d, const char *name)
{
	for (struct entry *e = d->entries; e; e = e->next)
		if (strcmp(e->t.conf->name, name) == 0)
			return e;
	return NULL;
}

struct entry *entry_of_id(struct daemon *d, const char *tenant_id)
{
	for (struct entry *e = d->entries; e; e = e->next)
		if (strcasecmp(e->t.conf->tenant_id, tenant_id) == 0)
			return e;
	return NULL;
}

/*
 * Stops the work; the runs themselves stay until the store thread has answered everything that may
 * still read them (entry_bury).
 */
void entry_stop_jobs(struct entry *e)
{
	for (struct active *a = e->active; a; a = a->next)
		a->job = job_free(a->job);
}

static void entry_free(struct entry *e)
{
	while (e->active) {
		struct active *a = e->active;

		e->active = a->next;
		(void)run_free(a->run);
		free(a);
	}
	(void)conf_tenant_unref(e->t.conf);
	free(e->t.look_trouble);
	free(e);
}

static void entry_release(struct entry *e)
{
	struct daemon *d = e->d;

	e->t.leaving = true;
	cycle_cancel(e);
	ticker_remove(d->ticker, &e->t);
	look_cancel(d->look, &e->t);
	entry_stop_jobs(e);
	yield_cancel(e);
	login_cancel(e);
	examine_leave(e);
	queue_remove(d->queue, &e->t);
	e->t.graph = graph_free(e->t.graph);
	e->t.auth = auth_free(e->t.auth);
}

static int bury_work(struct store *s, void *arg)
{
	(void)s;
	(void)arg;
	return 0;
}

static void bury_done(void *arg, int r)
{
	struct entry *e = arg;

	(void)r;
	for (struct entry **at = &e->d->leaving; *at; at = &(*at)->next) {
		if (*at == e) {
			*at = e->next;
			entry_free(e);
			return;
		}
	}
}

/*
 * Store requests in flight may point at the entry and at its runs. Answers come in the order of
 * posting, so once an empty request is answered, nobody does any more.
 */
static void entry_bury(struct entry *e)
{
	entry_release(e);
	e->next = e->d->leaving;
	e->d->leaving = e;
	store_thread_post(e->d->store, bury_work, bury_done, e);
}

static void admission_free(struct admission *a)
{
	if (!a)
		return;
	run_list_done(&a->latest);
	free(a->name);
	free(a->tenant_id);
	free(a->job_read);
	free(a);
}

static int admit_work(struct store *s, void *arg)
{
	struct admission *a = arg;
	int64_t now_us = clock_wall_us();
	int r = store_tenant_admit(s, a->name, a->tenant_id, now_us, &a->row);

	run_list_done(&a->latest);
	free(a->job_read);
	a->job_read = NULL;
	if (r == 0)
		r = store_lease_take(s, a->row);
	if (r == 0)
		r = store_job_load_latest(s, a->row, now_us - LATEST_US, &a->latest);
	if (r != 0)
		return r;
	r = store_tenant_get_job_read(s, a->tenant_id, &a->job_read);
	return r < 0 ? r : 0;
}

/* What was found to read a job, on its way into the store. */
struct job_read_note {
	char *tenant_id;
	struct graph_job_read how;
};

static int job_read_work(struct store *s, void *arg)
{
	const struct job_read_note *n = arg;

	return store_tenant_set_job_read(s, n->tenant_id, graph_job_read_name(n->how));
}

static void job_read_done(void *arg, int r)
{
	struct job_read_note *n = arg;

	(void)r; /* found out again after the next start */
	free(n->tenant_id);
	free(n);
}

static void on_job_read(void *arg, struct graph_job_read how)
{
	struct entry *e = arg;
	struct job_read_note *n = mem_alloc(sizeof(*n));

	n->tenant_id = mem_text(e->t.conf->tenant_id);
	n->how = how;
	store_thread_post(e->d->store, job_read_work, job_read_done, n);
}

static void on_sign_in(void *arg)
{
	struct entry *e = arg;

	if (e->t.leaving)
		return;
	trouble_sign_in(e->d, &e->t);
	status_line(e->d);
}

static int entry_open(struct entry *e)
{
	struct daemon *d = e->d;
	const struct auth_env env = {
		.loop = d->loop,
		.http = d->http,
		.store = d->store,
		.credentials_dir = d->conf->credentials_dir,
		.passive = d->options.assist,
		.changed = on_sign_in,
		.arg = e,
	};
	int r = auth_new(&env, e->t.conf, &e->t.auth);

	if (r == 0)
		r = graph_new(d->loop, d->http, e->t.auth, e->t.conf, &e->t.graph);
	if (r < 0)
		e->t.auth = auth_free(e->t.auth);
	return err_trace(r);
}

static const char *admit_error(int r)
{
	switch (r) {
	case -ENOTUNIQ:
		return "the store has another tenant_id under this name; give it another name";
	case STORE_LEASE_E_HELD:
		return "another process works on it";
	default:
		return err_text(r);
	}
}

/* It stays an entry without a row: nothing is done for it, and status says why. */
static void entry_refuse(struct entry *e, int r)
{
	const char *text = admit_error(r);

	e->t.graph = graph_free(e->t.graph);
	e->t.auth = auth_free(e->t.auth);
	e->t.id = 0;
	(void)text_copy(text, &e->t.look_trouble);
	log_error(&((struct log_ctx){.tenant = e->t.conf->name}), "tenant cannot be watched: %s",
		text);
	trouble_refused(e->d, &e->t, text);
	cycle_note(e, EXIT_CODE_STORE, "the tenant cannot be opened");
	cycle_begun(e);
}

static void begin_watching(struct entry *e, const struct run_list *latest)
{
	struct daemon *d = e->d;

	trouble_admitted(d, &e->t);
	queue_load(d->queue, &e->t);
	ticker_add(d->ticker, &e->t);
	trouble_latest(d, &e->t, latest);
}

static void admit_done(void *arg, int r)
{
	struct admission *a = arg;
	struct daemon *d = a->d;
	struct entry *e = entry_find(d, a->name);

	/* a reload may have dropped or replaced it; a replaced one has its own admission */
	if (e && e->t.id == 0 && !e->t.look_trouble && !d->stopping &&
		strcmp(a->tenant_id, e->t.conf->tenant_id) == 0) {
		if (r == -ENOMEM) {
			/* nobody else would admit it */
			store_thread_post(d->store, admit_work, admit_done, a);
			return;
		}
		e->t.id = a->row;
		if (r == 0)
			r = mem_insist(entry_open(e));
		if (r == 0) {
			graph_recall_job_read(e->t.graph, graph_job_read_parse(a->job_read));
			graph_on_job_read(e->t.graph, on_job_read, e);
			if (!d->options.assist)
				begin_watching(e, &a->latest);
		} else {
			entry_refuse(e, r);
		}
	}
	admission_free(a);
}

static int entry_add(struct daemon *d, struct conf_tenant *conf)
{
	struct entry *e = calloc(1, sizeof(*e));
	struct admission *a = calloc(1, sizeof(*a));

	if (a) {
		a->d = d;
		a->name = strdup(conf->name);
		a->tenant_id = strdup(conf->tenant_id);
	}
	if (!e || !a || !a->name || !a->tenant_id) {
		admission_free(a);
		free(e);
		return -ENOMEM;
	}
	e->d = d;
	e->since_us = clock_wall_us();
	e->t = (struct tenant){
		.conf = conf_tenant_ref(conf),
		.last_look_us = TIME_NONE,
		.next_look_us = TIME_NONE,
		.newest_snapshot_us = TIME_NONE,
		.hold_until_us = TIME_NONE,
		.slot_foreign_since_us = TIME_NONE,
	};
	e->next = d->entries;
	d->entries = e;
	store_thread_post(d->store, admit_work, admit_done, a);
	return 0;
}

/* Removes entries that the configuration no longer has in this form. */
static void drop_stale(struct daemon *d, struct conf *conf)
{
	for (struct entry **at = &d->entries; *at;) {
		struct entry *e = *at;
		const struct conf_tenant *now = conf_tenant_find(conf, e->t.conf->name);

		if (now && strcmp(now->digest, e->t.conf->digest) == 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		entry_bury(e);
	}
}

int tenants_sync(struct daemon *d, struct conf *conf)
{
	drop_stale(d, conf);
	for (size_t i = 0; i < conf->n_tenants; i++) {
		struct conf_tenant *t = conf->tenants[i];

		if (entry_find(d, t->name) || (d->options.once && !once_wants(d, t->name)))
			continue;
		int r = entry_add(d, t);
		if (r < 0)
			return r;
	}
	return 0;
}

void tenants_stop(struct daemon *d)
{
	while (d->entries) {
		struct entry *e = d->entries;

		d->entries = e->next;
		entry_bury(e);
	}
}

void tenants_free(struct daemon *d)
{
	while (d->leaving) {
		struct entry *e = d->leaving;

		d->leaving = e->next;
		entry_free(e);
	}
}
