/* SPDX-License-Identifier: Apache-2.0 */
/* `snapwatch doctor`: which tenants are asked about, and who gets the answer. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "daemon/doctor/doctor.h"
#include "daemon/internal.h"

struct examination {
	struct examination *next;
	struct daemon *d;
	struct doctor *doctor;
	struct control_reply *reply;
};

static void examination_free(struct examination *x)
{
	for (struct examination **at = &x->d->examinations; *at; at = &(*at)->next) {
		if (*at == x) {
			*at = x->next;
			break;
		}
	}
	x->doctor = doctor_free(x->doctor);
	free(x);
}

static void write_report(const void *arg, struct jsonw *out)
{
	doctor_write(arg, out);
}

/* What only this process knows of the host. */
static void add_host(const struct daemon *d, struct doctor_report *out)
{
	doctor_ok(out, NULL, DOCTOR_STORE_KEY, "there, and of the right length");
	if (d->store_failing)
		doctor_fail(out, NULL, DOCTOR_STORE, EXIT_CODE_STORE,
			"make room, or whatever journalctl -u snapwatchd asks for; it goes on by "
			"itself",
			"snapwatchd cannot write it, and pauses");
}

static void examined(void *arg, const struct doctor_report *report)
{
	_cleanup_(doctor_report_done) struct doctor_report all = {0};
	struct examination *x = arg;

	add_host(x->d, &all);
	doctor_report_add(&all, report);
	doctor_sort(&all);
	int code = doctor_exit_code(&all);
	control_reply_document(TAKE_PTR(x->reply), code,
		code == EXIT_CODE_OK ? "nothing is broken" : "something is broken", NULL,
		write_report, &all);
	examination_free(x);
}

static int begin(struct examination *x, const char *tenant, bool sinks)
{
	struct daemon *d = x->d;
	const struct doctor_env env = {
		.loop = d->loop,
		.http = d->http,
		.store = d->store,
		.alerts = d->alerts,
		.conf = d->conf,
	};
	struct doctor_wish wish = {.test_sinks = sinks};
	struct tenant **tenants = NULL;

	/* in the order of the configuration */
	for (size_t i = 0; i < d->conf->n_tenants; i++) {
		struct entry *e = entry_find(d, d->conf->tenants[i]->name);

		if (!e || (tenant && strcmp(e->t.conf->name, tenant) != 0))
			continue;
		tenants = mem_grow(tenants, wish.n + 1, sizeof(struct tenant *));
		tenants[wish.n++] = &e->t;
	}
	wish.tenants = tenants;
	wish.only = tenant && wish.n ? tenants[0]->conf : NULL;
	int r = doctor_start(&env, &wish, examined, x, &x->doctor);
	free(tenants);
	return r;
}

void examine(struct daemon *d, const struct control_peer *who, const char *tenant, bool sinks,
	struct control_reply *reply)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(LIMIT_CONTROL_BODY_BYTES);

	if (d->stopping) {
		control_reply_send(reply, EXIT_CODE_REFUSED, "the daemon is stopping");
		return;
	}
	if (tenant && !entry_find(d, tenant)) {
		buf_printf(&text, "there is no tenant '%s'", tenant);
		control_reply_send(reply, EXIT_CODE_REFUSED, buf_text(&text));
		return;
	}
	log_event(LOG_NOTICE, LOG_ID_CONTROL, &((struct log_ctx){.tenant = tenant}),
		"doctor asked for%s by %s", sinks ? ", with test alerts," : "", who->text);
	struct examination *x = mem_alloc(sizeof(*x));
	*x = (struct examination){.next = d->examinations, .d = d, .reply = reply};
	d->examinations = x;
	if (begin(x, tenant, sinks) < 0) {
		control_reply_send(TAKE_PTR(x->reply), EXIT_CODE_REFUSED, "out of memory");
		examination_free(x);
	}
}

void examine_leave(struct entry *e)
{
	for (struct examination *x = e->d->examinations; x; x = x->next)
		doctor_leave(x->doctor, &e->t);
}

void examine_cancel(struct daemon *d)
{
	while (d->examinations) {
		control_reply_send(TAKE_PTR(d->examinations->reply), EXIT_CODE_NO_DAEMON,
			"the daemon is stopping");
		examination_free(d->examinations);
	}
}
