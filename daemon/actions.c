/* SPDX-License-Identifier: Apache-2.0 */
/* What people ask the daemon to do, through the control socket or a signal. */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/parse.h"
#include "common/base/timefmt.h"
#include "common/conf/conf_keys.h"
#include "common/store/store.h"
#include "daemon/internal.h"

static void record(const struct control_peer *who, const char *tenant, const char *what)
{
	log_event(LOG_NOTICE, LOG_ID_CONTROL, &((struct log_ctx){.tenant = tenant}), "%s by %s",
		what, who->text);
}

static struct entry *find_or_refuse(
	struct daemon *d, const char *tenant, struct control_reply *reply)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(LIMIT_CONTROL_BODY_BYTES);
	struct entry *e = entry_find(d, tenant);

	if (e && e->t.id != 0)
		return e;
	if (e && e->t.look_trouble)
		buf_printf(&text, "tenant '%s' cannot be watched: %s", tenant, e->t.look_trouble);
	else if (e)
		buf_printf(&text, "tenant '%s' is being opened; try again", tenant);
	else
		buf_printf(&text, "there is no tenant '%s'", tenant);
	control_reply_send(reply, EXIT_CODE_REFUSED, buf_text(&text));
	return NULL;
}

/* The same for what only a daemon that watches can do. */
static struct entry *find_watched(struct daemon *d, const char *tenant, struct control_reply *reply)
{
	if (!d->options.assist)
		return find_or_refuse(d, tenant, reply);
	control_reply_send(reply, EXIT_CODE_REFUSED,
		"no daemon runs: this one only helps a command and watches nothing");
	return NULL;
}

static void act_status(void *arg, struct jsonw *out)
{
	status_write(arg, out);
}

static void act_run(void *arg, const struct control_peer *who, const char *tenant,
	const char *watch, bool wait, int64_t wait_us, struct control_reply *reply)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(LIMIT_CONTROL_BODY_BYTES);
	struct daemon *d = arg;
	struct entry *e = find_watched(d, tenant, reply);

	if (!e)
		return;
	if (watch && !conf_watch_find(e->t.conf, watch)) {
		buf_printf(&text, "tenant '%s' has no watch '%s'", tenant, watch);
		control_reply_send(reply, EXIT_CODE_REFUSED, buf_text(&text));
		return;
	}
	record(who, tenant, "run asked for");
	if (wait)
		cycle_want(e, wait_us == TIME_NONE ? d->options.wait_us : wait_us, reply);
	look_start(d->look, &e->t, true, watch);
	if (!wait)
		control_reply_send(reply, EXIT_CODE_OK,
			"looking; a preview follows if there is something to compare");
}

/* --- the slot -----------------------------------------------------------------------------------
 */

static void act_yield(void *arg, const struct control_peer *who, const char *tenant, int64_t for_us,
	struct control_reply *reply)
{
	struct entry *e = find_watched(arg, tenant, reply);

	if (e)
		yield_start(e, who->text, for_us, reply);
}

static void resume_stored(void *arg)
{
	control_reply_send(arg, EXIT_CODE_OK, "previews may start again");
}

static void act_resume(
	void *arg, const struct control_peer *who, const char *tenant, struct control_reply *reply)
{
	struct daemon *d = arg;
	struct entry *e = find_watched(d, tenant, reply);

	if (!e)
		return;
	log_event(LOG_NOTICE, LOG_ID_RESUMED, &((struct log_ctx){.tenant = tenant}),
		"resumed by %s", who->text);
	queue_hold(d->queue, &e->t, TIME_NONE, NULL, resume_stored, reply);
}

/* --- signing in and out -------------------------------------------------------------------------
 */

static void act_login(void *arg, const struct control_peer *who, const char *tenant,
	const struct control_login *login, struct control_reply *reply)
{
	struct entry *e = find_or_refuse(arg, tenant, reply);

	if (e)
		login_start(e, who, login, reply);
}

static void act_login_finish(void *arg, const struct control_peer *who, const char *login,
	const char *answer, struct control_reply *reply)
{
	(void)who; /* who knows the id is the one who began */
	login_finish(arg, login, answer, reply);
}

static void act_logout(
	void *arg, const struct control_peer *who, const char *tenant, struct control_reply *reply)
{
	struct daemon *d = arg;
	struct entry *e = entry_of_id(d, tenant);
	uint8_t guid[16];

	if (!e && !entry_find(d, tenant) && parse_guid(tenant, guid) == 0) {
		logout_former(d, guid, who, reply);
		return;
	}
	e = find_or_refuse(d, e ? e->t.conf->name : tenant, reply);
	if (e)
		logout_start(e, who, reply);
}

/* --- reload -------------------------------------------------------------------------------------
 */

static int retire_work(struct store *s, void *arg)
{
	(void)s;
	(void)arg;
	return 0;
}

/* Judging may still use the old configuration until everything posted before has been answered. */
static void retire_done(void *arg, int r)
{
	(void)r;
	(void)conf_free(arg);
}

static void swap(struct daemon *d, struct conf *conf)
{
	_cleanup_(buf_done) struct buf keys = BUF_INIT_SURE(LIMIT_URL_BYTES);
	struct conf *old = d->conf;

	conf_restart_keys(old, conf, &keys);
	if (keys.len)
		log_warning(NULL, "these keys change at a restart only: %s", buf_text(&keys));
	d->conf = conf;
	log_set_level(conf->log_level);
	queue_set_parallel(d->queue, conf->parallel_tenants);
	if (alerts_configure(d->alerts, conf) < 0 || tenants_sync(d, conf) < 0)
		log_error(NULL, "out of memory while reloading; restart the daemon");
	store_thread_post(d->store, retire_work, retire_done, old);
}

/* A configuration with more to say is looked at with --check. */
#define LINES_MAX 20

/* A record for each line, so that none is cut and each has its file and line in front. */
static void log_lines(int level, const struct buf *lines)
{
	const char *line = buf_text(lines);
	size_t n = 0;

	for (; *line && n < LINES_MAX; n++) {
		size_t len = strcspn(line, "\n");

		log_event(level, NULL, NULL, "%.*s", (int)len, line);
		line += len + (line[len] != '\0');
	}
	if (*line)
		log_event(level, NULL, NULL, "and more; snapwatchd --check shows all");
}

int daemon_reload(struct daemon *d, struct buf *errors)
{
	_cleanup_(buf_done) struct buf warnings = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(conf_freep) struct conf *conf = NULL;

	if (d->stopping) { /* READY=1 after STOPPING=1 would say the opposite */
		buf_puts(errors, "the daemon is stopping\n");
		return EXIT_CODE_REFUSED;
	}
	service_reloading(d->service);
	int r = conf_load(d->conf->path, &conf, errors, &warnings);
	if (r < 0)
		buf_printf(errors, "%s: %s\n", d->conf->path, err_text(r));
	if (r != 0) {
		log_event(LOG_ERR, LOG_ID_RELOAD_REFUSED, NULL,
			"configuration refused, the old one stays in force");
		log_lines(LOG_ERR, errors);
	} else {
		log_lines(LOG_WARNING, &warnings);
		swap(d, TAKE_PTR(conf));
		log_event(LOG_NOTICE, LOG_ID_RELOADED, NULL, "configuration reloaded: %zu tenant%s",
			d->conf->n_tenants, d->conf->n_tenants == 1 ? "" : "s");
	}
	service_ready(d->service); /* also after a refusal, or the manager waits for ever */
	status_line(d);
	return r == 0 ? 0 : EXIT_CODE_CONFIG;
}

static void act_reload(void *arg, const struct control_peer *who, struct control_reply *reply)
{
	_cleanup_(buf_done) struct buf errors = BUF_INIT(LIMIT_CONFIG_BYTES);

	record(who, NULL, "reload asked for");
	int r = daemon_reload(arg, &errors);
	control_reply_send(reply, r, r ? buf_text(&errors) : "configuration reloaded");
}

static void act_doctor(void *arg, const struct control_peer *who, const char *tenant, bool sinks,
	struct control_reply *reply)
{
	examine(arg, who, tenant, sinks, reply);
}

const struct control_ops daemon_control_ops = {
	.status = act_status,
	.run = act_run,
	.yield = act_yield,
	.resume = act_resume,
	.reload = act_reload,
	.login = act_login,
	.login_finish = act_login_finish,
	.logout = act_logout,
	.doctor = act_doctor,
};
