/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an alert is delivered by. A new sink is one file sink_X.c with a struct sink_type, a row of
 * sink_types in sink.c, and a row of the type table in conf_keys. The outbox knows nothing of
 * formats.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_sink;
struct http;
struct loop;
struct secret;

/* What is delivered: all borrowed. */
struct sink_message {
	const char *id; /* stable over retries: the idempotency key */
	const char *kind, *severity, *tenant;
	const char *title;
	const char *data; /* JSON of the "data" object */
	int64_t created_us;
	unsigned attempt;
};

enum sink_outcome {
	SINK_SENT,
	SINK_LATER, /* transient: retry_after_us (TIME_NONE: our own schedule) */
	SINK_NEVER, /* refused for good; this message will not get through */
};
struct sink_result {
	enum sink_outcome outcome;
	int64_t retry_after_us;
	const char *text; /* what went wrong, without secrets; "" when sent */
};
typedef void (*sink_done_fn)(void *arg, const struct sink_result *result);

struct sink_env {
	struct loop *loop;
	struct http *http;
	const char *credentials_dir;
};

struct sink_type {
	const char *name; /* "webhook" */
	/* credentials are read here; -EINVAL with a line for people in error */
	int (*create)(const struct sink_env *env, const struct conf_sink *conf, void **ret_sink,
		char **ret_error);
	/* done is called later, never from inside; at most one message at a time per sink */
	int (*send)(void *sink, const struct sink_message *message, sink_done_fn done, void *arg);
	/* The same without a message: SINK_SENT when the receiver can be talked to; it hears of
	 * nothing. */
	int (*reach)(void *sink, sink_done_fn done, void *arg);
	void (*destroy)(void *sink); /* a message in flight gets no callback */
};
extern const struct sink_type sink_journal, sink_webhook;
extern const struct sink_type *const sink_types[];
extern const size_t sink_n_types;
const struct sink_type *sink_type_find(const char *name);
