/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way through the simulator, and how its answer is put together. */
#pragma once

#include "tests/graphsim/sim_core.h"
#include "tests/graphsim/sim_token.h"

#define SIM_MAX_SEGMENTS 10
/* What the skip token of a faulty link begins with: the first page again, whatever follows. */
#define SIM_PAGE_AGAIN "again."
/* The content type that Graph sends. */
#define SIM_JSON \
	"application/json;odata.metadata=minimal;odata.streaming=true;" \
	"IEEE754Compatible=false;charset=utf-8"

struct sim_ctx {
	struct sim *s;
	const struct sim_request *req;
	struct sim_response *res;
	int64_t now_us;
	char *path;		       /* percent-decoded; owned, like every pointer into it */
	char *query;		       /* as sent, without the question mark; never NULL */
	const char *retry_after;       /* for the refusal that is on its way; NULL: none */
	const char *client_request_id; /* NULL when the client sent none */
	char request_id[SIM_GUID_SIZE];
	struct sim_tenant *tenant; /* whose request this is, NULL while not known */
	struct sim_token *token;   /* what it was authorised by */
	bool newer_enums;	   /* Prefer: include-unknown-enum-members */
	bool beta;
	/* segments below /v1.0/directory/recovery that stand for something; point into path */
	const char *snapshot, *job, *function;
};

/* The value of a request header, NULL when absent; name in any case. */
const char *sim_header_get(const struct sim_request *req, const char *name);
/* A decoded value of a form or query; NULL when absent; free() it. */
char *sim_form_get(const char *form, size_t len, const char *key);
char *sim_percent_decode(const char *text, size_t len, bool plus_is_blank);
/* Appends text with everything but unreserved characters percent-encoded. */
void sim_percent_encode(struct buf *out, const char *text);

/* Sets the status, the headers every Graph answer has, and the body's type. */
void sim_reply(struct sim_ctx *c, int status, const char *content_type);
void sim_reply_header(struct sim_ctx *c, const char *name, const char *value);
/* Takes out what there is of a header. */
void sim_header_remove(struct sim_ctx *c, const char *name);
/* Adds the Date header, as of at_us. */
void sim_reply_date(struct sim_ctx *c, int64_t at_us);
/* {"error":{"code","message","innerError"}} */
void sim_reply_error(struct sim_ctx *c, int status, const char *code, const char *fmt, ...)
	_printf_(4, 5);

/* "https://host/v1.0" or ".../beta", as the client asked for. Returns out. */
const char *sim_root(const struct sim_ctx *c, struct buf *out);
