/* SPDX-License-Identifier: Apache-2.0 */
/* The recovery API: which path is answered by what. */
#pragma once

#include "tests/graphsim/sim_http.h"

/* Answers a request to /v1.0 or /beta. segments: the path split at slashes, version included. */
void sim_graph(struct sim_ctx *c, char *const *segments, size_t n);

/* --- sim_me.c --- */
/* Answers /me and its roles; segments without the version. False: something else is asked for. */
bool sim_me(struct sim_ctx *c, char *const *segments, size_t n);

/* --- sim_list.c: collections, a page at a time --- */

struct sim_page {
	size_t top;	  /* rows a page at most */
	uint64_t at;	  /* where the page begins */
	uint64_t skipped; /* rows before it */
};
/* Reads $top, $skip and $skiptoken. False: answered with an error. what: of which list. */
bool sim_page_open(struct sim_ctx *c, const char *what, struct sim_page *page);
/* Begins the document: context and what comes before "value". context: what follows $metadata#. */
void sim_page_begin(struct sim_ctx *c, const char *context);
/* Ends "value" and the document; a nextLink to the row at next when more is set. count: rows in
 * all. */
void sim_page_end(struct sim_ctx *c, const char *what, const struct sim_page *page, uint64_t next,
	size_t rows, bool more, uint64_t count);

void sim_list_snapshots(struct sim_ctx *c);
void sim_get_snapshot(struct sim_ctx *c);
void sim_list_all_jobs(struct sim_ctx *c);
void sim_list_preview_jobs(struct sim_ctx *c);
void sim_list_recovery_jobs(struct sim_ctx *c);

/* --- sim_change.c --- */
void sim_get_changes(struct sim_ctx *c);
void sim_get_failed_changes(struct sim_ctx *c);

/* --- sim_create.c --- */
void sim_create_preview(struct sim_ctx *c);
void sim_refuse_recovery(struct sim_ctx *c);
void sim_cancel_job(struct sim_ctx *c);

/* --- sim_graph.c --- */
void sim_get_job(struct sim_ctx *c);
/* The job that the path names, of this tenant and kind; NULL: answered with 404. */
struct sim_job *sim_path_job(struct sim_ctx *c);
