/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as the service lists them: previews and recoveries, ours and everybody's. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

enum remote_status {
	REMOTE_INITIALIZED,
	REMOTE_LOADING,
	REMOTE_CALCULATING,
	REMOTE_RUNNING,
	REMOTE_SUCCESSFUL,
	REMOTE_FAILED,
	REMOTE_ABANDONED,
	REMOTE_UNKNOWN, /* also unknownFutureValue: never terminal */
};
enum remote_status remote_status_parse(const char *word);
bool remote_status_terminal(enum remote_status s);

enum remote_kind {
	REMOTE_PREVIEW,
	REMOTE_RECOVERY,
	REMOTE_OTHER,
};

struct remote_job {
	char *service_id;
	enum remote_kind kind;
	char *kind_text; /* "preview", "recovery", or the type name as it came */
	enum remote_status status;
	char *status_text;
	int64_t target_us, started_us, completed_us; /* TIME_NONE: null or absent */
	char *filter; /* filteringCriteria as canonical JSON; "" for none */
	/* -1: null or absent. Only trusted when successful. */
	int64_t objects, links, objects_modified, links_modified, failed_changes;
};
struct remote_job_list {
	struct remote_job *items;
	size_t n;
};

/*
 * Over, whoever started it: a terminal status, or a word we do not know together with a completion
 * time (a later version of the service may have further terminal ones; without this they would hold
 * the slot for ever). Our own job is over only by a status that we know.
 */
bool remote_job_ended(const struct remote_job *j);
/* The job that holds the tenant's slot: the first that is not over. NULL: the slot is free. */
const struct remote_job *remote_job_holder(const struct remote_job_list *list);

/*
 * As snapshot_list_parse(), with LIMIT_REMOTE_JOBS. kind comes from @odata.type; without one it is
 * a preview, unless it has totals that only a recovery has.
 */
int remote_job_list_parse(struct remote_job_list *list, const char *text, size_t len,
	char **ret_next, unsigned *ret_unknown);
/* A single job. 0, -ENOMEM, -EBADMSG. */
int remote_job_parse(const char *text, size_t len, struct remote_job *ret);
void remote_job_done(struct remote_job *j);
void remote_job_list_done(struct remote_job_list *list);

/*
 * True when both describe the same set of types or of objects, whatever the order, repetitions and
 * case ("" and null are no filter). Criteria of an unknown form are equal only when their text is.
 */
bool remote_filter_equal(const char *a, const char *b);

/* Criteria that were read once, to be asked often. */
struct remote_filter;
enum remote_filter_word {
	REMOTE_FILTER_EXCLUDES,
	REMOTE_FILTER_INCLUDES,
	/* Criteria of an unknown form; a grant or assignment of a filter that has only service
	 * principals (whether it includes what hangs on them is not documented). */
	REMOTE_FILTER_UNCLEAR,
};
/* text: "" and NULL for none, which includes everything. 0 or -ENOMEM. */
int remote_filter_new(const char *text, struct remote_filter **ret);
struct remote_filter *remote_filter_free(struct remote_filter *f);
DEFINE_CLEANUP(struct remote_filter, remote_filter_free);
enum remote_filter_word remote_filter_asked(
	const struct remote_filter *f, const char *entity_type, const char *object_id);
