/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job machine in any weather. A run is driven at a service that answers as it likes, is told
 * lies, loses answers, is taken by others; the store is full, the process dies before or after any
 * transaction, people cancel, clocks are set. Whatever the order of these events:
 *
 * - no move but those of the table, and the slot is held exactly from the intent to the end at the
 *   service;
 * - a POST only after an intent of its own was stored and the list was read;
 * - only our own job is ever cancelled, and the wish is stored before;
 * - no POST while a preview of ours is there, unless the list that was read last hid it;
 * - what was found in a list without the service's word that it is ours is marked as adopted;
 * - who waits for a cancellation is answered once;
 * - and it ends: judged with every page, or failed with an outcome.
 *
 * A failing history is cut down to the events that it takes and printed. PROPERTY_SEED=N plays one
 * again, PROPERTY_RUNS=N plays more of them.
 */
#include "tests/support/job_world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/store/store_job.h"
#include "tests/support/dice.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define RUNS 300
#define MAX_EVENTS 24
/* Longer than job_max, the keeping of results and every wait together. */
#define PATIENCE_US (30 * USEC_PER_DAY)

/* Processes die here, not machines, and syncs would be nearly all of the time. */
int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

/* --- events -------------------------------------------------------------------------------------
 */

enum what {
	TIME_PASSES,   /* a: microseconds */
	ANSWER_FORCED, /* a: op, b: outcome, c: it has its effect all the same */
	STATUS,	       /* a: which job, b: which word */
	FOREIGN_JOB,   /* a: preview, recovery, or a preview just like ours */
	FOREIGN_ENDS,
	CANCEL,
	CRASH,
	DIE,	/* a: at which transaction from now, b: before or after it is durable */
	FULL,	/* the store takes nothing */
	ROOM,	/* it does again */
	CLOCK,	/* a: by so much */
	LIST,	/* a: how it comes */
	LOST,	/* a: lists do not show jobs */
	DEAF,	/* a: one job cannot be read */
	LINGER, /* a: cancelling is agreed to and takes for ever */
	SLOW,	/* a: how long answers take */
	JUDGE,	/* the next judgement fails */
	_WHAT_MAX,
};

static const char *const names[_WHAT_MAX] = {"time passes", "forced answer", "status of a job",
	"foreign job", "foreign job ends", "cancel", "crash", "die at transaction", "store full",
	"room again", "clock set", "list", "list lost", "job not readable", "cancel lingers",
	"slow answers", "judging fails"};

struct event {
	enum what what;
	int64_t a, b, c;
};

struct history {
	uint64_t seed;
	int64_t takes_us; /* a preview, at the service */
	struct event events[MAX_EVENTS];
	size_t n;
};

static int64_t some_time(uint64_t *state)
{
	static const int64_t units[] = {USEC_PER_MSEC, USEC_PER_SEC, USEC_PER_SEC, USEC_PER_MIN,
		USEC_PER_MIN, USEC_PER_HOUR};

	return (1 + dice_below(state, 9)) * units[dice_below(state, 6)];
}

/* Half of all events let time pass, else everything would happen before the first answer. */
static struct event make_event(uint64_t *state)
{
	struct event e = {.what = (enum what)dice_below(state, 2 * _WHAT_MAX)};

	if (e.what >= _WHAT_MAX)
		e.what = TIME_PASSES;
	switch (e.what) {
	case TIME_PASSES:
		e.a = some_time(state);
		break;
	case ANSWER_FORCED:
		e.a = OP_JOBS + dice_below(state, _OP_MAX - OP_JOBS);
		e.b = 1 + dice_below(state, GRAPH_BAD_REPLY);
		e.c = dice_below(state, 2);
		break;
	case STATUS:
		e.a = dice_below(state, MAX_JOBS);
		e.b = dice_below(state, 5);
		break;
	case DIE:
		e.a = 1 + dice_below(state, 6);
		e.b = dice_below(state, 2);
		break;
	case CLOCK:
		e.a = (dice_below(state, 2) ? 1 : -1) * some_time(state);
		break;
	case LIST:
		e.a = dice_below(state, 4);
		break;
	case SLOW:
		e.a = dice_below(state, 2) ? USEC_PER_MSEC : some_time(state) / 100 + 1;
		break;
	case FOREIGN_JOB:
		e.a = dice_below(state, 3);
		break;
	case LOST:
	case DEAF:
	case LINGER:
		e.a = dice_below(state, 2);
		break;
	case FOREIGN_ENDS:
	case CANCEL:
	case CRASH:
	case FULL:
	case ROOM:
	case JUDGE:
	case _WHAT_MAX:
		break;
	}
	return e;
}

static void make_history(struct history *h, uint64_t seed)
{
	uint64_t state = seed;

	h->seed = seed;
	h->takes_us = USEC_PER_MIN + dice_below(&state, USEC_PER_HOUR);
	h->n = 4 + (size_t)dice_below(&state, MAX_EVENTS - 3);
	for (size_t i = 0; i < MAX_EVENTS; i++)
		h->events[i] = make_event(&state);
	/* the answer to a POST is lost, and lists are behind: chance alone would seldom have both
	 */
	if (dice_below(&state, 4) == 0) {
		h->events[0] = (struct event){.what = LOST, .a = 1};
		h->events[1] = (struct event){ANSWER_FORCED, OP_CREATE, GRAPH_NETWORK, 1};
	}
	/* a POST comes to nothing, and somebody starts the same preview */
	if (dice_below(&state, 8) == 0) {
		h->n = h->n < 5 ? 5 : h->n;
		h->events[0] = (struct event){ANSWER_FORCED, OP_CREATE, GRAPH_NETWORK, 0};
		h->events[1] = (struct event){.what = TIME_PASSES, .a = 2 * USEC_PER_SEC};
		h->events[2] = (struct event){.what = FOREIGN_JOB, .a = 2};
		h->events[3] = (struct event){.what = TIME_PASSES, .a = USEC_PER_MIN};
		h->events[4] = (struct event){.what = CANCEL};
	}
}

/* --- what must hold -----------------------------------------------------------------------------
 */

static struct {
	int64_t id;
	enum run_state seen;
	int64_t create_attempts; /* of the intent that the last POST belonged to */
	size_t lists_at_create;
	bool posted;	/* by the process that lives now */
	bool list_lost; /* the last list did not show what there is */
	bool clock_set;
	unsigned n_waiters, n_answers;
	bool full;
} w;

/* The history is over: says why, to whoever plays it. */
__attribute__((format(printf, 1, 2), noreturn)) static void wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)fflush(stdout);
	_exit(1);
}

#define HOLDS(condition) \
	do { \
		if (!(condition)) \
			wrong("%s (line %d)", #condition, __LINE__); \
	} while (0)

static struct run *row(void)
{
	static struct run *r;

	r = run_free(r);
	if (store_job_load(store, w.id, &r) != 0)
		wrong("the run cannot be loaded");
	return r;
}

static bool reachable(enum run_state from, enum run_state to)
{
	bool seen[_RUN_STATE_MAX] = {false};

	seen[from] = true;
	for (int again = 0; again < _RUN_STATE_MAX; again++)
		for (int i = 0; i < _RUN_STATE_MAX; i++)
			for (int k = 0; seen[i] && k < _RUN_STATE_MAX; k++)
				seen[k] |= run_move_allowed((enum run_state)i, (enum run_state)k);
	return seen[to];
}

static void check_row(void)
{
	const struct run *r = row();

	HOLDS(reachable(w.seen, r->state));
	if (w.seen < RUN_WAITING && r->state == RUN_WAITING)
		HOLDS(r->adopted || w.posted);
	w.seen = r->state;
	HOLDS(r->holds_slot == (r->state == RUN_CREATING || r->state == RUN_WAITING));
	HOLDS(r->state != RUN_CREATING || r->intent_us != TIME_NONE);
	if (r->state > RUN_CREATING && r->state != RUN_FAILED)
		HOLDS(r->service_id && r->started_us != TIME_NONE);
	HOLDS(r->changes == r->pages && r->pages <= 3);
	if (r->state == RUN_SETTLING || r->state == RUN_DONE)
		HOLDS(r->pages == 3 && r->next_link && !*r->next_link);
	if (run_state_ended(r->state))
		HOLDS(r->ended_us != TIME_NONE);
}

/* A preview of ours that runs or was successful: a second one would be one too many. */
static bool has_created(void)
{
	for (size_t i = 0; i < sv.n_jobs; i++) {
		const char *word = sv.jobs[i].word;

		if (sv.jobs[i].created &&
			(!word || (strcmp(word, "failed") != 0 && strcmp(word, "abandoned") != 0)))
			return true;
	}
	return false;
}

static const struct service_job *job_of_id(const char *id)
{
	for (size_t i = 0; id && i < sv.n_jobs; i++)
		if (strcmp(sv.jobs[i].id, id) == 0)
			return &sv.jobs[i];
	return NULL;
}

/* The service is asked: the store must already say what that may lead to. */
static void on_call(const struct graph_asked *asked)
{
	const struct run *r = row();
	const struct service_job *j;

	switch (asked->op) {
	case OP_CREATE:
		HOLDS(r->state == RUN_CREATING && r->attempts > w.create_attempts);
		HOLDS(sv.calls[OP_JOBS] > w.lists_at_create);
		HOLDS(w.list_lost || w.clock_set || !has_created());
		w.posted = true;
		w.create_attempts = r->attempts;
		w.lists_at_create = sv.calls[OP_JOBS];
		break;
	case OP_CANCEL:
		j = job_of_id(asked->job);
		HOLDS(r->state == RUN_WAITING && r->cancel_by && !r->adopted);
		HOLDS(!j || j->created);
		break;
	case OP_CHANGES:
		HOLDS(r->state == RUN_COLLECTING);
		break;
	case OP_JOB:
		HOLDS(r->state == RUN_WAITING);
		break;
	case OP_JOBS:
		w.list_lost = sv.lost;
		break;
	case OP_SNAPSHOTS:
	case _OP_MAX:
		break;
	}
}

static void check_end(void)
{
	check_row();
	HOLDS(run_state_ended(row()->state));
	HOLDS(w.n_answers == w.n_waiters);
	HOLDS(sv.violations == 0);
}

/* --- the daemon ---------------------------------------------------------------------------------
 */

/* Dies, and is started by the service manager. */
static void crash(void)
{
	daemon_down();
	tenant.slot_foreign = false;
	w.full = false;
	back_at_us = TIME_NONE;
	daemon_up();
	load(w.id);
	check_row();
	w.posted = false;
}

/* Time passes; the queue starts what was given back when its time has come. */
static void pass(int64_t us, int64_t step_us)
{
	while (us > 0 && !run_state_ended(run->state)) {
		int64_t now_us = clock_wall_us(), part_us = us < step_us ? us : step_us;

		if (!job && (back_at_us == TIME_NONE || back_at_us <= now_us ||
				    back_at_us > now_us + 2 * LIMIT_RETRY_AFTER_US))
			start();
		fake_loop_run_for(l, part_us);
		us -= part_us;
		if (fake_store_thread_dead(st)) {
			crash();
			continue;
		}
		check_row();
		HOLDS(job || run->state == row()->state);
		HOLDS(job || run->state == RUN_QUEUED || run_state_ended(run->state));
	}
}

static void answered(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	w.n_answers++;
}

/* The service lets nobody start while another runs. */
static void add_foreign(int64_t kind)
{
	struct service_job *j;

	for (size_t i = 0; i < sv.n_jobs; i++)
		if (!service_job_over(&sv.jobs[i]))
			return;
	if (sv.n_jobs >= MAX_JOBS - 4)
		return;
	j = add_job(kind == 1 ? "recoveryJob" : "recoveryPreviewJob", clock_wall_us(), "running");
	if (kind != 2)
		j->target_us -= USEC_PER_DAY;
}

static void foreign_ends(void)
{
	for (size_t i = 0; i < sv.n_jobs; i++)
		if (!sv.jobs[i].created)
			sv.jobs[i].word = "successful";
}

static void set_status(const struct event *e)
{
	static const char *const words[] = {
		NULL, "failed", "abandoned", "unknownFutureValue", "pondering"};
	struct service_job *j = sv.n_jobs ? &sv.jobs[(size_t)e->a % sv.n_jobs] : NULL;

	/* what has ended stays so */
	if (j && j->created && clock_wall_us() < j->started_us + j->takes_us &&
		(!j->word || strcmp(j->word, "pondering") == 0 ||
			strcmp(j->word, "unknownFutureValue") == 0))
		j->word = words[e->b];
}

static void set_full(bool full)
{
	if (full && !w.full)
		fake_store_thread_fail(st, 1, -ENOSPC);
	else if (!full && w.full)
		fake_store_thread_heal(st);
	w.full = full;
}

static void happen(const struct event *e)
{
	switch (e->what) {
	case TIME_PASSES:
		pass(e->a, USEC_PER_MIN);
		break;
	case ANSWER_FORCED:
		if (sv.n_forced[e->a] < MAX_FORCED)
			force((enum graph_op)e->a, (enum graph_outcome)e->b, e->c);
		break;
	case STATUS:
		set_status(e);
		break;
	case FOREIGN_JOB:
		add_foreign(e->a);
		break;
	case FOREIGN_ENDS:
		foreign_ends();
		break;
	case CANCEL:
		if (!job)
			break;
		w.n_waiters++;
		job_cancel(job, "uid 0 (root)", answered, NULL);
		break;
	case CRASH:
		crash();
		break;
	case DIE:
		fake_store_thread_die(st, (size_t)e->a,
			e->b ? FAKE_STORE_DIE_AFTER_COMMIT : FAKE_STORE_DIE_BEFORE_COMMIT, NULL,
			NULL);
		break;
	case FULL:
	case ROOM:
		set_full(e->what == FULL);
		break;
	case CLOCK:
		w.clock_set = true;
		fake_loop_set_clock(l, clock_wall_us() + e->a);
		break;
	case LIST:
		sv.list = (unsigned)e->a;
		break;
	case LOST:
		sv.lost = e->a;
		break;
	case DEAF:
		sv.deaf = e->a;
		break;
	case LINGER:
		sv.cancel_lingers = e->a;
		break;
	case SLOW:
		graph_scripted_delay(tenant.graph, e->a);
		break;
	case JUDGE:
		judge_result = -EPROTO;
		break;
	case _WHAT_MAX:
		break;
	}
}

/* Fair weather at last. */
static void clear_up(void)
{
	foreign_ends();
	for (size_t i = 0; i < sv.n_jobs; i++)
		if (sv.jobs[i].word && (strcmp(sv.jobs[i].word, "pondering") == 0 ||
					       strcmp(sv.jobs[i].word, "unknownFutureValue") == 0))
			sv.jobs[i].word = NULL;
	memset(sv.n_forced, 0, sizeof(sv.n_forced));
	memset(sv.at_forced, 0, sizeof(sv.at_forced));
	sv.lost = sv.deaf = sv.cancel_lingers = false;
	sv.list = LIST_WHOLE;
	set_full(false);
	graph_scripted_delay(tenant.graph, USEC_PER_MSEC);
}

static void play(const struct history *h)
{
	setup();
	memset(&w, 0, sizeof(w));
	w.id = run->id;
	sv.takes_us = h->takes_us;
	sv.on_call = on_call;
	back_at_us = TIME_NONE;
	start();
	for (size_t i = 0; i < h->n && !run_state_ended(run->state); i++)
		happen(&h->events[i]);
	clear_up();
	pass(PATIENCE_US, 10 * USEC_PER_MIN);
	if (fake_store_thread_dead(st))
		crash();
	HOLDS(run_state_ended(run->state));
	fake_loop_settle(l);
	check_end();
	teardown();
}

/* --- playing and cutting down -------------------------------------------------------------------
 */

/* Plays it in a process of its own. True: all is well; else text has what is not. */
static bool plays_well(const struct history *h, char *text, size_t size)
{
	int fds[2], status = 0;
	size_t n = 0;

	ck_assert_int_eq(pipe(fds), 0);
	(void)fflush(stdout);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		if (!getenv("PROPERTY_VERBOSE"))
			log_setup("test", LOG_CRIT);
		play(h);
		_exit(0);
	}
	(void)close(fds[1]);
	for (ssize_t got = 1; got > 0 && n<size - 1; n += got> 0 ? (size_t)got : 0)
		got = read(fds[0], text + n, size - 1 - n);
	text[n] = '\0';
	(void)close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (status != 0 && n == 0)
		(void)snprintf(text, size, "it died with status %d", status);
	return status == 0;
}

struct trial {
	struct history *h;
	char *text; /* what is not well with it */
	size_t size;
};

static bool fails(void *arg, size_t n)
{
	struct trial *t = arg;
	char text[512];

	t->h->n = n;
	if (plays_well(t->h, text, sizeof(text)))
		return false;
	(void)snprintf(t->text, t->size, "%s", text);
	return true;
}

static void report(struct history *h, char *text, size_t size)
{
	struct trial t = {h, text, size};

	h->n = dice_cut(h->events, h->n, sizeof(h->events[0]), fails, &t);
	(void)printf("PROPERTY_SEED=%llu: %s\n", (unsigned long long)h->seed, text);
	for (size_t i = 0; i < h->n; i++)
		(void)printf("\t%-20s %lld %lld %lld\n", names[h->events[i].what],
			(long long)h->events[i].a, (long long)h->events[i].b,
			(long long)h->events[i].c);
	(void)fflush(stdout);
	ck_abort_msg("PROPERTY_SEED=%llu: %s", (unsigned long long)h->seed, text);
}

static void try_one(uint64_t seed)
{
	struct history h;
	char text[512];

	make_history(&h, seed);
	if (!plays_well(&h, text, sizeof(text)))
		report(&h, text, sizeof(text));
}

START_TEST(any_order_of_events)
{
	dice_each(RUNS, try_one);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("job_property");
	TCase *tc = tcase_create("histories");

	tcase_set_timeout(tc, 3600); /* PROPERTY_RUNS may want that */
	tcase_add_test(tc, any_order_of_events);
	suite_add_tcase(s, tc);
	return s;
}
