/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cycles that somebody waits for: `run --wait` and `--once`. A cycle is one look and everything it
 * leads to, up to the last delivery. It gathers the first thing that went wrong and answers once.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/timefmt.h"
#include "daemon/internal.h"

bool once_wants(const struct daemon *d, const char *tenant)
{
	const char *const *names = d->options.once_tenants;

	if (!names || !*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, tenant) == 0)
			return true;
	return false;
}

/* --once ends when no tenant's cycle is wanted any more. */
static void once_check(struct daemon *d)
{
	if (!d->options.once || d->stopping)
		return;
	for (struct entry *e = d->entries; e; e = e->next)
		if (e->cycle.wanted)
			return;
	daemon_stop(d);
}

static void finish(struct entry *e)
{
	struct cycle *c = &e->cycle;
	struct waiter *w = c->waiters;

	c->waiters = NULL;
	c->wanted = false;
	c->slot_timer = loop_timer_free(c->slot_timer);
	if (e->d->exit_code == EXIT_CODE_OK)
		e->d->exit_code = c->code;
	while (w) {
		struct waiter *next = w->next;

		control_reply_send(w->reply, c->code, c->text ? c->text : "done");
		free(w);
		w = next;
	}
	free(c->text);
	c->text = NULL;
	c->code = EXIT_CODE_OK;
	once_check(e->d);
}

void cycle_note(struct entry *e, int code, const char *text)
{
	struct cycle *c = &e->cycle;

	if (!c->wanted || c->code != EXIT_CODE_OK || code == EXIT_CODE_OK)
		return;
	c->code = code;
	free(c->text);
	c->text = text ? strdup(text) : NULL;
	if (e->d->options.once && text)
		log_notice(&((struct log_ctx){.tenant = e->t.conf->name}), "%s", text);
}

void cycle_want(struct entry *e, int64_t wait_us, struct control_reply *reply)
{
	struct cycle *c = &e->cycle;
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w) {
		control_reply_send(reply, EXIT_CODE_REFUSED, "out of memory");
		return;
	}
	w->reply = reply;
	w->next = c->waiters;
	c->waiters = w;
	if (!c->wanted || wait_us > c->wait_us)
		c->wait_us = wait_us;
	if (c->slot_timer)
		loop_timer_arm(c->slot_timer, c->wait_us);
	c->wanted = true;
	c->begun = false;
}

void cycle_begun(struct entry *e)
{
	e->cycle.begun = true;
	cycle_check(e);
}

/* Runs that wait for quiet hours or a hold are not waited for: they may start hours from now. */
static bool held_back(struct entry *e)
{
	const struct cycle *c = &e->cycle;
	int64_t next_us;
	size_t n = queue_waiting(e->d->queue, &e->t, &next_us);
	char when[TIME_TEXT_SIZE], text[160];

	if (n == 0)
		return true;
	if (next_us == TIME_NONE || next_us <= clock_wall_us() + c->wait_us)
		return false;
	(void)snprintf(text, sizeof(text), "the run waits until %s%s", time_format(next_us, when),
		e->blocked ? ": somebody else holds the tenant's job slot" : "");
	cycle_note(e, EXIT_CODE_SLOT_BUSY, text);
	return true;
}

void cycle_check(struct entry *e)
{
	struct cycle *c = &e->cycle;

	if (!c->wanted || !c->begun || e->t.looking || e->active || alerts_in_flight(e->d->alerts))
		return;
	if (!held_back(e))
		return;
	if (!alerts_get_through(e->d->alerts, &e->t))
		cycle_note(e, EXIT_CODE_INCOMPLETE,
			"alerts were not delivered; they wait in the store and are tried again");
	finish(e);
}

static void slot_expired(void *arg)
{
	struct entry *e = arg;

	cycle_note(e, EXIT_CODE_SLOT_BUSY, "somebody else holds the tenant's job slot");
	finish(e);
}

void cycle_slot_taken(struct entry *e, const char *text)
{
	struct cycle *c = &e->cycle;

	if (!c->wanted || c->slot_timer)
		return;
	log_info(&((struct log_ctx){.tenant = e->t.conf->name}), "%s", text);
	if (loop_timer_new(e->d->loop, "slot wait", slot_expired, e, &c->slot_timer) < 0) {
		slot_expired(e);
		return;
	}
	loop_timer_arm(c->slot_timer, c->wait_us);
}

void cycle_cancel(struct entry *e)
{
	if (!e->cycle.wanted)
		return;
	cycle_note(e, EXIT_CODE_REFUSED, "the daemon stopped working on this tenant");
	finish(e);
}
