/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heart of the Graph simulator: a directory service, its token endpoint and an alert receiver
 * as one function from request to response. It opens no socket and starts no timer: scripted steps
 * whose time has come (clock.h) are applied at the next request. graphsim puts TLS before it;
 * replay tests call it straight from the fake http engine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"

struct sim;

struct sim_header {
	const char *name, *value;
};

struct sim_request {
	const char *method; /* "GET" */
	const char *host;   /* Host header, with port when there is one */
	const char *target; /* path and query as sent */
	const struct sim_header *headers;
	size_t n_headers;
	const char *body;
	size_t body_len;
};

/* A part of a deflate stream, owned by the simulator. */
struct sim_piece {
	char *data;
	size_t len, plain_len;
	unsigned long crc; /* of the plain text */
};

/* Makes one that needs nothing before it and ends at a byte. False: it cannot be done. */
typedef bool (*sim_squeeze_fn)(const char *text, size_t len, struct sim_piece *ret);

/* What the client is to see, transport faults included. Zero it, then sim_response_done(). */
struct sim_response {
	int status;
	struct buf headers; /* "Name: value\r\n" lines, without Content-Length */
	struct buf body;
	int64_t delay_us; /* to wait (in this clock's time) before the first byte */
	ssize_t cut_at;	  /* >= 0: close the connection after that many bytes of body */
	bool drop;	  /* close without an answer */
	pid_t kill_pid;	  /* > 0: kill this process when the connection is closed */
	/* not NULL: belongs into the body at piece_at; the client takes gzip */
	const struct sim_piece *piece;
	size_t piece_at;
};
void sim_response_done(struct sim_response *r);

struct sim_options {
	const char *base_url;	/* "https://localhost:8443": where links and Location point */
	bool control;		/* serve /sim/line, /sim/violations, /sim/counts and /sim/hooks
				   (sim_control.h) */
	sim_squeeze_fn squeeze; /* not NULL: keep pages, answer with pieces of them (sim_cache.h) */
};

/* 0, or -EINVAL when base_url is not https. */
int sim_new(const struct sim_options *options, struct sim **ret);
struct sim *sim_free(struct sim *s);
DEFINE_CLEANUP(struct sim, sim_free);

/*
 * One line of a scenario (tests/graphsim/README.md is its reference). 0; 1 when the first word is
 * not one of the simulator's, so that a harness can have words of its own; -EINVAL with one line
 * for people in error. Lines with a time wait for it; a line without one takes effect at once.
 */
int sim_line(struct sim *s, const char *line, struct buf *error);
/* A whole file, comments (#) and blank lines allowed; error names file and line. */
int sim_load(struct sim *s, const char *path, struct buf *error);

/* Applies every scripted step that is due by clock_wall_us(). sim_handle() does it by itself. */
void sim_advance(struct sim *s);
/* When the next scripted step is due; TIME_NONE when there is none. */
int64_t sim_next_step_us(const struct sim *s);

/* Answers one request. Never fails: what cannot be served is an HTTP error. */
void sim_handle(struct sim *s, const struct sim_request *request, struct sim_response *response);

/*
 * What a correct client never does: wrong method, path, header, token, scope, a second concurrent
 * job; also scripted steps that could not be done. A test asserts that there are none.
 */
size_t sim_violations(const struct sim *s);
const char *sim_violation(const struct sim *s, size_t i);

/*
 * Counters by name: requests, token, snapshots, jobs (lists), job (one), create, changes, cancel,
 * webhook, faults; "contoso.create" counts for one tenant. 0 for unknown names.
 */
uint64_t sim_count(const struct sim *s, const char *name);
/* The most that came in one second, of all tenants. */
uint64_t sim_peak(const struct sim *s, const char *name);
/* The name of the i-th counter, NULL past the last. */
const char *sim_count_name(size_t i);

/*
 * Alerts that the built-in receiver (/hook/NAME) took: those with a good signature, in order of
 * arrival. A bad one is answered with 400 and is a violation. NULL past the end.
 */
size_t sim_hooks(const struct sim *s);
const char *sim_hook_body(const struct sim *s, size_t i);
const char *sim_hook_name(const struct sim *s, size_t i);
const char *sim_hook_id(const struct sim *s, size_t i); /* webhook-id */
bool sim_hook_repeated(const struct sim *s, size_t i);	/* that id had arrived before */
