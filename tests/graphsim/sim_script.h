/* SPDX-License-Identifier: Apache-2.0 */
/* The scenario language; tests/graphsim/README.md is its reference. */
#pragma once

#include "tests/graphsim/sim_core.h"
#include "tests/graphsim/sim_word.h"

/* One line on its way: what it says, when it takes effect, and where complaints go. */
struct sim_cmd {
	struct sim *s;
	struct sim_tenant *tenant; /* of verbs */
	int64_t at_us;
	const struct sim_words *w;
	size_t i; /* the next word to read */
	struct buf *error;
};

/* Appends one line to error; returns -EINVAL. */
int sim_cmd_error(const struct sim_cmd *c, const char *fmt, ...) _printf_(2, 3);
/* The next word (no key=value), or NULL. */
const char *sim_cmd_word(struct sim_cmd *c);
/* The tenant named by the next word, or NULL with an error. */
struct sim_tenant *sim_cmd_tenant(struct sim_cmd *c);
/* key=value at or after the next word as a number or duration; *ret keeps its value when absent. */
int sim_cmd_number(const struct sim_cmd *c, const char *key, uint64_t max, uint64_t *ret);
int sim_cmd_duration(const struct sim_cmd *c, const char *key, int64_t *ret_us);
/* -EINVAL when a key is none of known. */
int sim_cmd_keys(const struct sim_cmd *c, const char *const *known);

/* --- sim_verb.c: what happens in a tenant --- */
/* Runs the verb at word i. */
int sim_verb_run(struct sim_cmd *c);
bool sim_verb_known(const char *name);

/* --- sim_setup.c: who and what there is --- */
int sim_setup_tenant(struct sim_cmd *c);
int sim_setup_snapshots(struct sim_cmd *c);
int sim_setup_snapshot(struct sim_cmd *c);
int sim_setup_preview(struct sim_cmd *c);
int sim_setup_consent(struct sim_cmd *c);
int sim_setup_certificate(struct sim_cmd *c);

/* --- sim_ref.c --- */
struct sim_refs {
	struct sim_object **object;
	size_t n;
};
/* Reads one reference ("user 17", "users 20..39", "users 1,5", or a label) at word i. */
int sim_refs_read(struct sim_cmd *c, struct sim_refs *ret);
/* Reads a text that is nothing but references. */
int sim_refs_parse(struct sim_cmd *c, const char *text, struct sim_refs *ret);
void sim_refs_done(struct sim_refs *r);
/* A value of a scenario as JSON: JSON stays, @label becomes an id, anything else a string. */
int sim_ref_value(struct sim_cmd *c, const struct sim_word *word, struct buf *ret_json);

/* Queues a line that is to be run at at_us. */
void sim_step_add(struct sim *s, int64_t at_us, const char *line);
