/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivers what is in the outbox: for each sink one message at a time, the longest due first, at
 * least once, with the alert's stable id. What cannot be delivered waits for growing times and is
 * given up loudly. It knows nothing of what alerts mean or how sinks write them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "daemon/alert/sink.h"

struct conf;
struct outbox;
struct store_thread;

struct outbox_ops {
	/* The sink cannot be made from its configuration and credentials; text NULL: it can. */
	void (*broken)(void *arg, const char *sink, const char *text);
	/* A message was given up, or some fail for long; text NULL: one got through. */
	void (*failing)(void *arg, const char *sink, const char *text);
	/* The one try of outbox_direct() has ended; id: of the message. */
	void (*direct_done)(void *arg, const char *sink, const char *id, bool sent);
	/* Nothing is at work any more: what still waits is not due. */
	void (*idle)(void *arg);
};

int outbox_new(struct store_thread *st, const struct sink_env *env, const struct outbox_ops *ops,
	void *arg, struct outbox **ret);
/* A message in flight is sent again later, by whoever runs next. */
struct outbox *outbox_free(struct outbox *o);
DEFINE_CLEANUP(struct outbox, outbox_free);

/*
 * The sinks of this configuration from now on; credentials are read anew, except that a sink that
 * has not changed and is sending stays as it is. 0 or -ENOMEM.
 */
int outbox_configure(struct outbox *o, const struct conf *conf);

/* Delivers nothing from now on: what is written waits for whoever runs next. */
void outbox_rest(struct outbox *o);

/* There is something new. */
void outbox_poke(struct outbox *o);

/* One try of each sink, past the store. message is borrowed for the call. */
void outbox_direct(struct outbox *o, const struct sink_message *message);

/*
 * One try of one sink past the store, when it is free: nothing of it is kept, and how it ends
 * changes nothing. message is copied; NULL: only whether the receiver is there, which hears of
 * nothing. done is called later, exactly once. 0, -ENOENT (no such sink), -EINVAL (it cannot be
 * made; outbox_problem() has the reason), -EBUSY (another try waits), -ENOMEM.
 */
int outbox_try(struct outbox *o, const char *sink, const struct sink_message *message,
	sink_done_fn done, void *arg);
/* The try gets no callback. */
void outbox_try_cancel(struct outbox *o, const char *sink);
/* Why a sink cannot be made from its configuration and credentials; NULL: it can. */
const char *outbox_problem(const struct outbox *o, const char *sink);

/* Sinks that look for, send or record something now. */
unsigned outbox_in_flight(const struct outbox *o);
/* False: a message to this sink did not get through, or none can. Says so once it is at rest. */
bool outbox_gets_through(const struct outbox *o, const char *sink);

/*
 * How long after the n-th failed attempt (1, 2, ...) the next one follows, before jitter; 0: it was
 * the last. Pure.
 */
int64_t outbox_delay_us(unsigned attempts);
