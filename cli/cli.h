/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share: configuration, store, output. Messages for people go to stderr. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/style.h"
#include "common/base/cleanup.h"
#include "common/base/jsonw.h"

/* Rows that are read, and aligned, at a time. */
#define CLI_BATCH 200u

struct conf;
struct store;
struct table;
struct view_finding;
struct view_job;

struct cli {
	const struct args *args;
	const struct command *command;
	struct style style; /* of out */
	int64_t now_us;
	FILE *out;
	struct conf *conf;   /* NULL before cli_conf() */
	struct store *store; /* NULL before cli_store() */
};
void cli_done(struct cli *c);

static inline bool cli_json(const struct cli *c)
{
	return c->args->json || c->args->jsonl;
}

/* Each returns an enum exit_code and has said on stderr what is wrong. */
int cli_conf(struct cli *c);
/* Opens the store for reading, the configuration before. */
int cli_store(struct cli *c);
/* The same, but the store stays NULL, without a word, when there is none yet. */
int cli_store_if_any(struct cli *c);
/* A tenant that is named must be in the configuration or in the store; NULL is fine. */
int cli_tenant(struct cli *c, const char *name);
/* A row id as people type it. */
int cli_id(const char *text, const char *what, int64_t *ret);
/* What a function of the store returned. */
int cli_store_failed(const struct cli *c, int r);
int cli_error(int code, const char *fmt, ...) _printf_(2, 3);

/* Writes out what is in text, and empties it. */
void cli_write(const struct cli *c, struct buf *text);
/* Prints the rows of a table once there are CLI_BATCH of them; all: whatever there is. 0 or
 * -ENOMEM. */
int cli_print(const struct cli *c, struct table *t, bool all);
/* How an action ended: text (may be NULL) to stdout or stderr, or as JSON. Returns code. */
int cli_outcome(const struct cli *c, int code, const char *text);

/* True where lines may be long: on a wide terminal, and without one. */
bool cli_wide(const struct cli *c);
/* "5m ago"; where there is room with the exact time. */
void cli_when(const struct cli *c, int64_t us, struct buf *out);

/* One job, everywhere the same. */
void job_append_outcome(const struct view_job *j, struct buf *out);
void job_append_duration(const struct view_job *j, struct buf *out);
enum tone job_tone(const struct view_job *j);
/* The members, inside an object that is open. */
void job_write(const struct view_job *j, struct jsonw *w);

/* One finding, everywhere the same: "state: enabled -> disabled", "members: 4f2a..."; what is known
 * of it where that is news, or always (all). */
void finding_append_what(const struct view_finding *f, bool all, struct buf *out);
/* The whole object. */
void finding_write(const struct view_finding *f, struct jsonw *w);

int cmd_status(struct cli *c);
int cmd_run(struct cli *c);
int cmd_yield(struct cli *c);
int cmd_resume(struct cli *c);
int cmd_check_config(struct cli *c);
int cmd_jobs(struct cli *c);
int cmd_changes(struct cli *c);
int cmd_show(struct cli *c);
int cmd_findings(struct cli *c);
int cmd_alerts(struct cli *c);
int cmd_store(struct cli *c);
int cmd_store_rekey(struct cli *c);
int cmd_login(struct cli *c);
int cmd_logout(struct cli *c);
int cmd_tenants(struct cli *c);
int cmd_doctor(struct cli *c);
