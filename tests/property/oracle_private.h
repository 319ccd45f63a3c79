/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the oracle share. */
#pragma once

#include "common/conf/conf.h"
#include "tests/graphsim/sim_job.h"
#include "tests/property/oracle.h"
#include "tests/property/truth.h"

#define MAX_SIGNS 512
#define MAX_EPISODES 512
#define MAX_SOFT 8

/* A preview as it was, with the instants that nobody but the simulator knows. */
struct preview {
	const struct audit_job *job;
	const struct sim_job *sim;
	int64_t b_us, p_us, q_us; /* by the service's words */
	int64_t content_us, capture_us;
	struct sign signs[MAX_SIGNS]; /* of the rows that are stored */
	size_t n;
	const struct audit_step *steps; /* that it led to */
	size_t n_steps;
};

/* One episode of a finding, and what is true of it. */
struct episode {
	int64_t id, number, parent;
	struct sign sign;
	int64_t event_us;
	int64_t soft[MAX_SOFT]; /* events that nothing could tell from it */
	size_t n_soft;
	const char *attention, *fact;
	bool initial, brought_back;
	enum { BORN_OPEN, BORN_EXPECTED, BORN_CLOSED } born;
	int64_t first_job;
	int64_t first_b_us, last_b_us; /* baselines of the first and the last that showed it */
	int64_t last_p_us, min_q_us;
	int64_t fact_p_us; /* of the preview that said last what fact says */
	unsigned reopened;
};

/* An object or a link was seen in the opposite state. */
struct sighting {
	struct sign sign;
	int64_t p_us;
	bool ignored;
};

/* What a judgement has to tell besides new episodes. */
struct notices {
	int64_t job;
	unsigned closed, vanished; /* while open */
};

struct oracle {
	struct sim *sim;
	struct sim_tenant *tenant;
	struct sim_real *real;
	const struct conf *conf;
	int64_t margin_us;
	const struct audit *audit;
	struct oracle_stats *stats;
	struct oracle_verdict *verdict;
	struct episode episodes[MAX_EPISODES];
	size_t n;
	struct sighting *sightings;
	size_t n_sightings;
	struct notices *notices;
	size_t n_notices;
	int64_t latest_p_us; /* of what was judged so far */
	struct preview now;  /* the one that is looked at */
};

/* Notes the first failure. wanted: how many findings of the sign (and fact, may be NULL) there
 * should be more than there are. Always false, so that checks can end with it. */
bool oracle_fail(struct oracle *o, const struct sign *s, const char *fact, int wanted,
	const char *fmt, ...) _printf_(5, 6);
/* Whether a step of the audit speaks of the sign. */
bool oracle_step_is(const struct audit_step *step, const struct sign *s);
enum verdict oracle_ask_rules(const struct oracle *o, const struct sign *s);
/* The newest episode of the sign's key, or NULL. */
struct episode *oracle_newest(struct oracle *o, const struct sign *s);
struct episode *oracle_by_id(struct oracle *o, int64_t id);
bool preview_shows(const struct preview *p, const struct sign *s);
bool preview_lists(const struct preview *p, const struct sim_object *object);
bool preview_includes(const struct preview *p, const struct sim_object *object);

/* oracle_sight.c: what the preview shows has its finding, and each finding its event. */
bool oracle_sights(struct oracle *o);
/* oracle_silence.c: what is said of findings that it does not show is true, and is said. */
bool oracle_moves(struct oracle *o);
/* oracle_alerts.c: told once. */
bool oracle_told(struct oracle *o, bool quiet_end);
