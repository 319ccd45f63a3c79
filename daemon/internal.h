/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of daemon/ only: the owner struct and who may call whom among them. */
#pragma once

#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/model/run.h"
#include "common/store/store_job.h"
#include "daemon/alert/alert.h"
#include "daemon/control/control.h"
#include "daemon/daemon.h"
#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/service.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/auth.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/job.h"
#include "daemon/watch/judge.h"
#include "daemon/watch/look.h"
#include "daemon/watch/pages.h"
#include "daemon/watch/queue.h"
#include "daemon/watch/tenant.h"
#include "daemon/watch/ticker.h"

/* A job at work. Several per tenant at once are possible: one at the service, others read or
 * judged. */
struct active {
	struct active *next;
	struct job *job;
	struct run *run; /* owned by the queue */
};

/* Somebody who waits for the end of a tenant's cycle (`run --wait`, `--once`). */
struct waiter {
	struct waiter *next;
	struct control_reply *reply;
};

/*
 * One cycle of a tenant: from a look to the end of everything it led to. code and text are the
 * first thing that went wrong. It is over when the look has ended, nothing waits in the queue that
 * could run now, no job is active, and every alert was delivered or waits for another try.
 */
struct cycle {
	bool wanted; /* somebody waits for its end */
	bool begun;  /* the look that was asked for has ended and what it planned is queued */
	int code;
	char *text;
	struct waiter *waiters;
	int64_t wait_us;	       /* for a taken slot: of those who wait, the most patient */
	struct loop_timer *slot_timer; /* gives up on a taken slot */
};

struct entry {
	struct entry *next;
	struct tenant t;
	int64_t since_us; /* wall time: watched by this process, in this form, since then */
	struct daemon *d;
	struct active *active;
	struct cycle cycle;
	struct yield *yields; /* people who wait for the slot */
	struct login *login;  /* a sign-in that is pending; NULL */
	struct logout *logout;
	bool blocked; /* the front of the queue waits for a foreign job */
	int64_t blocked_since_us;
	int64_t blind_since_us; /* looks fail since then; 0: the last one did not */
};

struct daemon {
	struct loop *loop;
	struct conf *conf;
	struct daemon_options options;
	struct http *http;
	struct store_thread *store;
	struct service *service;
	struct control *control;
	struct alerts *alerts;
	struct ticker *ticker;
	struct look *look;
	struct queue *queue;
	struct pages *pages;
	struct judge *judge;
	struct loop_signal *signals[4];
	struct loop_io *lifeline; /* [assist] standard input */
	struct entry *entries;
	struct examination *examinations; /* `snapwatch doctor`, at work */
	struct entry *leaving; /* no longer watched; store requests may still point at them */
	int exit_code;
	bool stopping;
	bool store_failing;
};

/* tenants.c */
struct entry *entry_of(struct tenant *t);
struct entry *entry_find(struct daemon *d, const char *name);
struct entry *entry_of_id(struct daemon *d, const char *tenant_id);
int tenants_sync(
	struct daemon *d, struct conf *conf); /* adds, replaces and removes entries; 0 or -ENOMEM */
void tenants_stop(
	struct daemon *d); /* nothing is started any more; the store has what goes on later */
void tenants_free(struct daemon *d); /* after the store thread has ended */
void entry_stop_jobs(struct entry *e);

/* daemon.c: arrows */
struct active *active_find(struct entry *e, const struct run *run);
void active_drop(struct entry *e, const struct run *run);
extern const struct job_ops daemon_job_ops;

/* cycle.c */
void cycle_want(struct entry *e, int64_t wait_us, struct control_reply *reply);
void cycle_note(struct entry *e, int code, const char *text);
void cycle_begun(struct entry *e);
void cycle_check(struct entry *e);
void cycle_slot_taken(struct entry *e, const char *text);
void cycle_cancel(struct entry *e);
bool once_wants(const struct daemon *d, const char *tenant);

/* yield.c: the slot is given up; answers when the service's list shows that it is free */
void yield_start(struct entry *e, const char *by, int64_t for_us, struct control_reply *reply);
void yield_cancel(struct entry *e);

/* assist.c: `snapwatchd --assist` */
int assist_start(struct daemon *d); /* in place of everything that works by itself; 0 or -errno */
int daemon_listen(struct daemon *d);

/* login.c: signing in and out */
void login_start(struct entry *e, const struct control_peer *who, const struct control_login *asked,
	struct control_reply *reply);
void login_finish(
	struct daemon *d, const char *id, const char *answer, struct control_reply *reply);
void logout_start(struct entry *e, const struct control_peer *who, struct control_reply *reply);
/* Of a tenant that is not configured (any more). */
void logout_former(struct daemon *d, const uint8_t tenant_id[static 16],
	const struct control_peer *who, struct control_reply *reply);
void login_cancel(struct entry *e); /* before its auth goes: whoever waits is answered */
/* examine.c: `snapwatch doctor` */
void examine(struct daemon *d, const struct control_peer *who, const char *tenant, bool sinks,
	struct control_reply *reply);
void examine_leave(struct entry *e); /* before its auth and graph go */
void examine_cancel(struct daemon *d);

/* trouble.c: outcomes to conditions and alerts */
void trouble_look(struct daemon *d, const struct look_result *result);
void trouble_plan(
	struct daemon *d, struct tenant *t, const struct plan_input *in, const struct plan *plan);
void trouble_run(struct daemon *d, struct tenant *t, const struct run *run, const char *text,
	const char *hint);
void trouble_judged(struct daemon *d, struct tenant *t, const struct run *run,
	const struct judge_result *result);
/* At the start, the last run of each watch: its alert, or the end of the condition, may have been
 * lost with the process. */
void trouble_latest(struct daemon *d, struct tenant *t, const struct run_list *runs);
void trouble_outcome(struct daemon *d, struct tenant *t, enum graph_outcome why, const char *text,
	const char *hint);
/* The store does not take the tenant, which therefore has no row (t->id 0); or it does now. */
void trouble_refused(struct daemon *d, struct tenant *t, const char *text);
void trouble_admitted(struct daemon *d, struct tenant *t);
/* The run has to wait for somebody else's job. */
void trouble_slot(struct daemon *d, struct entry *e, const struct run *run, const char *text);

/* trouble_risk.c: after every look, good or failed */
void trouble_risk(struct daemon *d, const struct look_result *result);

/* trouble_sign_in.c: whenever something of it may have changed, and after every look */
void trouble_sign_in(struct daemon *d, struct tenant *t);
/* Nothing that wants a person's token can be done; what the app may do goes on. */
bool previews_suspended(const struct tenant *t);

/* status.c */
void status_write(struct daemon *d, struct jsonw *out);
void status_line(struct daemon *d); /* STATUS= for the service manager */
