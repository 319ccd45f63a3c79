/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record per event, with fields. Records go to journald, with MESSAGE_ID and the SNAPWATCH_*
 * fields, when stderr is the journal's stream (JOURNAL_STREAM names it), or when stderr is closed
 *or /dev/null and the journal's socket is there. Otherwise, and when journald cannot be reached, to
 * stderr, so that a daemon run by hand or with its output redirected shows them, a line each:
 *
 *	warning: slot of 'contoso' is taken; trying again in 10m  SNAPWATCH_TENANT=contoso
 *SNAPWATCH_JOB=7
 *
 * Messages are lower case without a full stop and name the object; a hint of what to do follows
 * after "; ". Names from the service are made visible here, in message and fields: callers pass
 *them raw. What is longer than LIMIT_LOG_MESSAGE_BYTES (or _FIELD_BYTES) is cut and ends in "...".
 * Thread safe; errno is kept.
 */
#pragma once

#include <stdint.h>
#include <syslog.h>

#include "common/base/cleanup.h"
#include "common/base/log_ids.h"

/* What a record is about; NULL and 0 are left out. Borrowed for the call. */
struct log_ctx {
	const char *tenant;
	int64_t job;
	const char *snapshot;
	const char *kind;
	const char *severity;
	const char *entity;
	const char *object_id;
	const char *change;
	const char *rule;
	const char *alert;
};

/*
 * ident: SYSLOG_IDENTIFIER, a literal. max_level: LOG_ERR ... LOG_DEBUG. Decides where records go;
 * call once before threads. Before it, notice and worse go to stderr.
 */
void log_setup(const char *ident, int max_level);
/* From now on to journald, if it is there, whatever stderr is. */
void log_use_journal(void);
void log_set_level(int max_level);
int log_level(void);
/* "error" "warning" "notice" "info" "debug" to a level, or -EINVAL. */
int log_level_parse(const char *text);

/* message_id: a LOG_ID_* text or NULL; ctx: may be NULL. */
void log_event(int level, const char *message_id, const struct log_ctx *ctx, const char *fmt, ...)
	_printf_(4, 5);

#define log_error(ctx, ...) log_event(LOG_ERR, NULL, (ctx), __VA_ARGS__)
#define log_warning(ctx, ...) log_event(LOG_WARNING, NULL, (ctx), __VA_ARGS__)
#define log_notice(ctx, ...) log_event(LOG_NOTICE, NULL, (ctx), __VA_ARGS__)
#define log_info(ctx, ...) log_event(LOG_INFO, NULL, (ctx), __VA_ARGS__)
#define log_debug(ctx, ...) log_event(LOG_DEBUG, NULL, (ctx), __VA_ARGS__)

/* Logs, then aborts: for broken invariants only. The queue makes a restart safe. */
void log_fatal_at(const char *file, int line, const char *what) __attribute__((noreturn));
#define assert_fatal(cond) \
	do { \
		if (!(cond)) \
			log_fatal_at(__FILE__, __LINE__, #cond); \
	} while (0)
