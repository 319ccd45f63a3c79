/* SPDX-License-Identifier: Apache-2.0 */
/* A correct client without a socket, for the tests of the simulator itself. Aborts where only a bug
 * can fail. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "common/base/json.h"
#include "tests/graphsim/sim.h"

#define SIM_CLIENT_URL "https://localhost:8443"

struct sim_client {
	struct sim *sim;   /* owned */
	const char *host;  /* "localhost:8443" until a test changes it */
	const char *agent; /* NULL: none is sent; so for the others */
	const char *request_id;
	const char *prefer;
	char *token;		    /* access token; owned */
	char *refresh;		    /* refresh token that came last; owned */
	struct sim_response answer; /* the last one */
	struct json *json;	    /* its body, NULL when it is not JSON */
};

/* A simulator with these scenario lines (one text, newline between them); aborts when one is
 * refused. */
void sim_client_open(struct sim_client *c, const char *lines);
void sim_client_close(struct sim_client *c);
/* More lines, at once. */
void sim_client_line(struct sim_client *c, const char *line);

/* One request; returns the status (0: hung up on). body may be NULL. */
int sim_client_send(struct sim_client *c, const char *method, const char *target, const char *body);
int sim_client_get(struct sim_client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A form to the token endpoint of a tenant (by name), client_id added. Keeps the tokens it gets. */
int sim_client_form(struct sim_client *c, const char *tenant, const char *form);
/* The refresh grant with both permissions. */
int sim_client_sign_in(struct sim_client *c, const char *tenant, const char *refresh_token);

/* How the token endpoint refused: "invalid_grant 50173"; static storage. */
const char *sim_client_refusal(const struct sim_client *c);
/* A header of the last answer, or NULL; static storage. */
const char *sim_client_header(const struct sim_client *c, const char *name);
/* The id of the i-th snapshot listed; "" when there is none; static storage. */
const char *sim_client_snapshot(struct sim_client *c, size_t i);
/* Creates a preview; the id of the job, static storage, "" when the answer was not 202. */
const char *sim_client_preview(struct sim_client *c, const char *snapshot, const char *body);
/*
 * The whole of getChanges, page by page, as one array; free it with json_free(). *ret_pages (may be
 * NULL) is how many pages it took.
 */
struct json *sim_client_changes(struct sim_client *c, const char *snapshot, const char *job,
	unsigned top, size_t *ret_pages);
/* Elements of an array. */
size_t sim_client_count(const struct json *array);
