/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the simulator share: the owner struct, memory, deterministic ids, counters and
 * violations. Test equipment: it aborts when memory runs out instead of carrying that error about.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "tests/graphsim/sim.h"
#include "tests/graphsim/sim_switch.h"

#define SIM_GUID_SIZE 37
#define SIM_MAX_HOSTS 8
/* A page of 999 rows is about 1.3 MB; a scripted oversized one may be larger than any client takes.
 */
#define SIM_BODY_MAX (64u * 1024 * 1024)
#define SIM_LINE_MAX (64u * 1024)

struct sim_cached;
struct sim_dir;
struct sim_fault;
struct sim_grant;
struct sim_job;
struct sim_sign_in;
struct sim_token;

enum sim_counter {
	SIM_COUNT_REQUESTS,
	SIM_COUNT_TOKEN,
	SIM_COUNT_AUTHORIZE,
	SIM_COUNT_DEVICE,
	SIM_COUNT_SNAPSHOTS,
	SIM_COUNT_JOBS,
	SIM_COUNT_JOB,
	SIM_COUNT_CREATE,
	SIM_COUNT_CHANGES,
	SIM_COUNT_CANCEL,
	SIM_COUNT_WEBHOOK,
	SIM_COUNT_FAULTS,
	_SIM_COUNT_MAX,
};

/* When snapshots of a tenant are taken; sim_snap.c. */
struct sim_snap_rule {
	int64_t at_us; /* the label of the snapshot that is different */
	enum sim_snap_kind {
		SIM_SNAP_MISSING,
		SIM_SNAP_LATE,	/* labelled at_us + late_us */
		SIM_SNAP_TWICE, /* listed twice */
		SIM_SNAP_EXTRA, /* one more beside the daily ones */
	} kind;
	int64_t late_us;
};

struct sim_snap_plan {
	bool on;
	int64_t time_of_day_us;
	unsigned keep;	    /* how many the service lists */
	int64_t visible_us; /* from the label to the first list that shows it */
	int64_t lag_us;	    /* the content is older than the label by that much */
	int64_t since_us;   /* none before; TIME_NONE: always */
	int64_t until_us;   /* none from here on; TIME_NONE: for ever */
	struct sim_snap_rule *rules;
	size_t n_rules;
};

/* How preview jobs of a tenant go; copied into each job when it is created. */
struct sim_preview_plan {
	int64_t initial_us, load_us, calculate_us;
	enum sim_outcome {
		SIM_OUTCOME_SUCCESSFUL,
		SIM_OUTCOME_FAILED,
		SIM_OUTCOME_ABANDONED,
		SIM_OUTCOME_STUCK, /* never leaves the last working state */
	} outcome;
	int64_t jobs_keep_us; /* a job is forgotten that long after its end */
};

/* The token request that was refused last; sim_repeat.c. */
struct sim_repeat {
	uint64_t request;
	int status;
	int64_t at_us, until_us; /* not again before */
	unsigned n;		 /* how often it came all the same */
};

#define SIM_MAX_CERTIFICATES 4
struct sim_tenant {
	struct sim *sim; /* borrowed */
	char *name;
	char id[SIM_GUID_SIZE];
	char client_id[SIM_GUID_SIZE];
	uint64_t seed;
	struct sim_dir *dir; /* owned */
	bool real;	     /* dir is a struct sim_real, which scenario steps may change */
	struct sim_switches switches; /* unset ones come from the simulator's */
	struct sim_snap_plan snaps;
	struct sim_preview_plan preview;
	struct sim_job **jobs; /* owned, in order of creation */
	size_t n_jobs;
	int64_t *loaded; /* labels of snapshots that a job loaded once */
	size_t n_loaded;
	unsigned delegated, roles; /* enum sim_scope bits that an administrator consented to */
	void *certificates[SIM_MAX_CERTIFICATES]; /* X509, owned; one or more make the client
						     confidential */
	size_t n_certificates;
	struct sim_sign_in *sign_in; /* owned */
	unsigned granted;	     /* what tokens carry whatever was asked for; 0: that */
	bool split; /* reads are to come with the application's token, changes with the user's */
	struct sim_repeat repeat;
	uint64_t counts[_SIM_COUNT_MAX];
};

struct sim_step {
	int64_t at_us;
	uint64_t order; /* among steps of the same instant: as written */
	char *line;	/* what follows the time */
	char *dir;	/* directory that relative file names mean; may be NULL */
};

struct sim_hook {
	char *name;
	struct buf key;
};

struct sim_delivery {
	char *hook, *id, *body;
	bool repeated; /* that webhook-id had arrived before */
};

/* How many came in the second of the last one, and in the busiest. */
struct sim_peak {
	int64_t second;
	uint64_t n, most;
};

struct sim {
	char *base_url;
	char *hosts[SIM_MAX_HOSTS]; /* names that are ours, with port */
	size_t n_hosts;
	bool control;
	char *dir;	     /* of the scenario file being read; NULL otherwise */
	int64_t start_us;    /* what relative times count from */
	int64_t advanced_us; /* every step up to here was applied */
	uint64_t serial;     /* of the ids made so far */
	struct sim_switches switches;
	sim_squeeze_fn squeeze;
	struct sim_cached **cache; /* NULL: pages are made anew each time */
	struct sim_tenant **tenants;
	size_t n_tenants;
	struct sim_step *steps; /* sorted by (at_us, order); the applied ones are gone */
	size_t n_steps;
	uint64_t step_order;
	struct sim_fault **faults;
	size_t n_faults;
	struct sim_token **tokens;
	size_t n_tokens;
	struct sim_grant **grants;
	size_t n_grants;
	char **assertion_ids;
	size_t n_assertion_ids;
	char **secrets; /* that passed through here and are no tokens */
	size_t n_secrets;
	struct sim_hook *hooks;
	size_t n_hooks;
	struct sim_delivery *deliveries;
	size_t n_deliveries;
	char **violations;
	size_t n_violations;
	uint64_t counts[_SIM_COUNT_MAX];
	struct sim_peak peaks[_SIM_COUNT_MAX];
};

/* Memory that is there, or abort. */
void *sim_alloc(size_t n);
char *sim_strdup(const char *text);
char *sim_strndup(const char *text, size_t len);
char *sim_printf(const char *fmt, ...) _printf_(1, 2);
/* Room for one more element of size bytes; returns the zeroed element. Doubles as it grows. */
void *sim_grow(void *array_ptr, size_t *n, size_t size);

/* Well mixed; the source of every "random" value, so that a scenario always plays the same. */
uint64_t sim_mix(uint64_t a, uint64_t b);
uint64_t sim_hash_text(const char *text);
/* A version 4 GUID made of a number. Returns out. */
const char *sim_guid(uint64_t key, char out[static SIM_GUID_SIZE]);
/* The next number of this simulator that was not used before. */
uint64_t sim_serial(struct sim *s);

/* Records what a correct client never does, and scripted steps that could not be done. */
void sim_violate(struct sim *s, const char *fmt, ...) _printf_(2, 3);
/* Remembers what nobody else should ever find: verifiers, assertions, identity tokens. */
void sim_secret(struct sim *s, const char *text);
/* Counts for the simulator and, when not NULL, for the tenant. */
void sim_tally(struct sim *s, struct sim_tenant *t, enum sim_counter which);

struct sim_tenant *sim_tenant_by_name(const struct sim *s, const char *name);
/* By GUID, ASCII case ignored. */
struct sim_tenant *sim_tenant_by_id(const struct sim *s, const char *id);
struct sim_tenant *sim_tenant_new(struct sim *s, const char *name);
struct sim_tenant *sim_tenant_free(struct sim_tenant *t);

/* The value of a switch for a tenant (may be NULL). */
int64_t sim_switch(const struct sim *s, const struct sim_tenant *t, enum sim_switch_id id);

/* "2026-11-16T00:00:00Z", "+2d03:00", "+1d", "+90m", "-3d22:00", "now". 0 or -EINVAL. */
int sim_time(const struct sim *s, const char *text, int64_t *ret_us);

/* True when host is one of ours. */
bool sim_own_host(const struct sim *s, const char *host);
