/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `snapwatch yield`: nothing is started for a while, our running preview is cancelled, and whoever
 * asked hears whether the slot is free: what the service's list of jobs shows, not what we hope.
 * Cancelling is the job's, holding is the queue's.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/timefmt.h"
#include "daemon/internal.h"
#include "daemon/watch/listing.h"

/* Of us: one that was created, others that were read when the yield came. */
#define OURS_MAX 4

struct yield {
	struct yield *next;
	struct entry *e; /* NULL: the tenant has gone; what is pending still comes back */
	struct control_reply *reply; /* NULL once answered */
	unsigned pending; /* one for the hold being stored, one per job being cancelled */
	char *trouble;	  /* first thing that did not work */
	char until[TIME_TEXT_SIZE];

	/* waiting for the list */
	struct listing *listing;
	struct loop_timer *timer;
	int64_t asked_since_us; /* boot clock; 0: not yet */
	char *ours[OURS_MAX];	/* jobs that may still be listed as running for a moment */
	size_t n_ours;
};

static void yield_free(struct yield *y)
{
	if (y->e) {
		for (struct yield **at = &y->e->yields; *at; at = &(*at)->next) {
			if (*at == y) {
				*at = y->next;
				break;
			}
		}
	}
	(void)listing_cancel(y->listing);
	(void)loop_timer_free(y->timer);
	for (size_t i = 0; i < y->n_ours; i++)
		free(y->ours[i]);
	free(y->trouble);
	free(y);
}

/* "WHAT; nothing is started before TIME" */
static void answer(struct yield *y, int code, const char *what)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);

	buf_printf(&text, "%s; nothing is started before %s", what, y->until);
	control_reply_send(y->reply, code, buf_text(&text));
	y->reply = NULL;
	yield_free(y);
}

/* --- what the list shows ------------------------------------------------------------------------
 */

static void ask(void *arg);

static bool is_ours(const struct yield *y, const struct remote_job *job)
{
	for (size_t i = 0; i < y->n_ours; i++)
		if (job->service_id && strcmp(y->ours[i], job->service_id) == 0)
			return true;
	return false;
}

static const char *kind_words(const struct remote_job *job)
{
	switch (job->kind) {
	case REMOTE_PREVIEW:
		return "a preview";
	case REMOTE_RECOVERY:
		return "a recovery";
	case REMOTE_OTHER:
		break;
	}
	return "a job";
}

static void held(struct yield *y, const struct remote_job *job)
{
	char since[TIME_TEXT_SIZE], text[200];

	(void)snprintf(text, sizeof(text), "the job slot is not free: %s of somebody else runs%s%s",
		kind_words(job), job->started_us == TIME_NONE ? "" : " since ",
		job->started_us == TIME_NONE ? "" : time_format(job->started_us, since));
	answer(y, EXIT_CODE_SLOT_BUSY, text);
}

static void on_list(
	void *arg, const struct graph_reply *failed, struct remote_job_list *jobs, int64_t date_us)
{
	const struct remote_job *holder = remote_job_holder(jobs);
	struct yield *y = arg;
	char words[400];

	(void)date_us;
	y->listing = NULL;
	if (failed) {
		(void)snprintf(words, sizeof(words),
			"no preview of ours runs, but whether the job slot is free is not known: "
			"%.250s",
			failed->text);
		answer(y, graph_outcome_exit_code(failed->outcome), words);
	} else if (!holder) {
		answer(y, EXIT_CODE_OK, "the job slot is free");
	} else if (!is_ours(y, holder)) {
		held(y, holder);
	} else if (clock_boot_us() - y->asked_since_us < LIMIT_JOB_CANCEL_US) {
		loop_timer_arm(y->timer, LIMIT_JOB_POLL_CANCEL_US);
	} else {
		answer(y, EXIT_CODE_SLOT_BUSY,
			"our preview has ended, but the service still lists it as running");
	}
}

static void ask(void *arg)
{
	struct yield *y = arg;

	if (y->asked_since_us == 0)
		y->asked_since_us = clock_boot_us();
	if (listing_start(&y->e->t, on_list, y, &y->listing) < 0)
		answer(y, EXIT_CODE_INCOMPLETE, "out of memory");
}

/* --- what has to happen first -------------------------------------------------------------------
 */

static void step(struct yield *y)
{
	if (--y->pending)
		return;
	if (!y->e)
		yield_free(y);
	else if (y->trouble)
		answer(y, EXIT_CODE_SLOT_BUSY, y->trouble);
	else if (loop_timer_new(y->e->d->loop, "yield", ask, y, &y->timer) < 0)
		answer(y, EXIT_CODE_INCOMPLETE, "out of memory");
	else
		ask(y);
}

static void hold_stored(void *arg)
{
	step(arg);
}

static void note_ours(struct yield *y)
{
	for (struct active *a = y->e ? y->e->active : NULL; a && y->n_ours < OURS_MAX;
		a = a->next) {
		if (!a->run->service_id)
			continue;
		y->ours[y->n_ours] = strdup(a->run->service_id);
		assert_fatal(y->ours[y->n_ours]);
		y->n_ours++;
	}
}

static void job_cancelled(void *arg, const char *text)
{
	struct yield *y = arg;

	if (text && !y->trouble)
		assert_fatal(text_copy(text, &y->trouble) >= 0);
	note_ours(y);
	step(y);
}

void yield_start(struct entry *e, const char *by, int64_t for_us, struct control_reply *reply)
{
	struct yield *y = calloc(1, sizeof(*y));
	/* people type it again: whole seconds */
	int64_t until_us = (clock_wall_us() + for_us) / USEC_PER_SEC * USEC_PER_SEC + USEC_PER_SEC;

	if (!y) {
		control_reply_send(reply, EXIT_CODE_REFUSED, "out of memory");
		return;
	}
	*y = (struct yield){.next = e->yields, .e = e, .reply = reply, .pending = 2};
	e->yields = y;
	(void)time_format(until_us, y->until);
	log_event(LOG_NOTICE, LOG_ID_YIELDED, &((struct log_ctx){.tenant = e->t.conf->name}),
		"slot given up until %s by %s", y->until, by);
	queue_hold(e->d->queue, &e->t, until_us, by, hold_stored, y);
	for (struct active *a = e->active; a; a = a->next) {
		/* also one that is about to be created: its intent may be on the way to the store
		 */
		if (!a->job)
			continue;
		y->pending++;
		job_cancel(a->job, by, job_cancelled, y);
	}
	step(y);
}

/* The tenant goes: whoever waits is answered, what is pending finds nobody. */
void yield_cancel(struct entry *e)
{
	while (e->yields) {
		struct yield *y = e->yields;

		e->yields = y->next;
		y->e = NULL;
		control_reply_send(y->reply, EXIT_CODE_REFUSED,
			"the daemon stopped working on this tenant; the hold is kept");
		y->reply = NULL;
		y->listing = listing_cancel(y->listing);
		if (y->pending == 0)
			yield_free(y);
	}
}
