/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One world of a replay: a simulated directory service, a host with a store on disk and a daemon
 * made of the real stages on fake engines, all on one virtual clock. The daemon can be stopped,
 * killed and started again while the rest goes on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "daemon/daemon.h"
#include "tests/graphsim/sim.h"

#define WORLD_GRAPH "https://graph.sim"

/* Where the host is to die; the arming is used up by it. */
enum crash_point {
	CRASH_NONE,
	CRASH_INTENT,  /* the intent is stored, the request to create never leaves */
	CRASH_CREATED, /* the service created the job, its answer is lost with us */
	CRASH_PAGE,    /* in the middle of storing page n */
	CRASH_VERDICT, /* every page is stored, judging never commits */
	CRASH_JUDGED,  /* the verdict is stored, nothing that follows it is */
	CRASH_ALERT,   /* the run's failure is stored, its alert is not */
	CRASH_HOLD,    /* `yield`: the hold is stored, the wish to cancel is not */
	CRASH_CANCEL,  /* the wish to cancel is stored, the request never leaves */
};

/* What `act` was answered. */
struct world_reply {
	bool answered;
	int code; /* enum exit_code */
	char text[512];
};
#define WORLD_REPLIES 16

struct world {
	char dir[64]; /* temporary: configuration, credentials, store */
	struct sim *sim;
	struct loop *loop;
	struct daemon *daemon;			    /* NULL while it is down */
	int64_t start_us;			    /* wall time of `start` */
	struct buf tenants, rules, sinks, defaults; /* configuration text */
	char forgotten[65]; /* tenant that is left out of the configuration; "" for none */
	enum crash_point crash;
	unsigned crash_page, pages_seen;
	unsigned full_page; /* the disk is full when this page is to be stored; 0: it is not */
	bool crashed;
	unsigned n_crashes;
	struct world_reply replies[WORLD_REPLIES];
	size_t n_replies;
	char allowed[120];    /* a violation that belongs to the story; "" for none */
	int64_t clock_off_us; /* how far somebody has set the host's clock ahead */
	bool verbose;

	/* For other harnesses; none after world_open(). */
	bool (*gate)(bool open); /* the daemon's own code runs from here on, or no longer; returns
				    what it was */
	/* Bytes of an answer that arrive, of len; *ret_told: it is an error of the connection. */
	uint64_t (*answer)(uint64_t len, bool *ret_told);
	int64_t store_retry_us; /* what the store refuses is tried again by itself; 0: by a word */
};

int world_open(struct world *w);
void world_close(struct world *w);

/* Writes the configuration and credentials as they are now. */
int world_write_conf(struct world *w);
/* 0 or -errno; errors has what the configuration lacks. */
int world_daemon_start(struct world *w, struct buf *errors);
/* An orderly stop. */
void world_daemon_stop(struct world *w);
/* Everything in memory is gone at once; what was committed stays. */
void world_daemon_kill(struct world *w);
/* Time passes until then, by the right clock. A crash point that is reached kills the daemon and
 * starts it again a minute later. */
int world_run_until(struct world *w, int64_t until_us, struct buf *errors);

/* The host dies as soon as what is asked of the store next is committed. */
void world_die_after_store(struct world *w);
/* Another daemon on the same store, beside the one that runs: 0 when it is kept out. */
int world_second_daemon(struct world *w, struct buf *errors);
/* fake_service.c: what the service manager was told last. */
const char *world_status(void);
/* fake_control.c: for one question to the daemon; NULL when there were too many. */
struct control_reply;
struct control_reply *world_ask(struct world *w);

/*
 * The service's clock is always right; the host's is the one behind common/base/clock.h. What the
 * simulator does belongs between the two calls.
 */
int64_t world_now(const struct world *w);
void world_set_clock(struct world *w, int64_t wall_us);
void world_at_service(struct world *w);
void world_at_host(struct world *w);

/* "2026-11-16T00:00:00Z", "+2d03:00" from start. */
int world_time(const struct world *w, const char *text, int64_t *ret_us);

/* expect.c: one `expect` line; 0 met, 1 not met or wrong, with a line in error. */
int expect_line(struct world *w, const char *line, struct buf *error);
/* Somebody acknowledges the open findings that the conditions of an `acknowledge` line meet. */
int acknowledge_line(struct world *w, const char *line, struct buf *error);
