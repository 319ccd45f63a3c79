/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up incident history: what happens in the directory, at the service and on the host, each
 * with its time. Pure: it is made from a seed, checked against a model of what can happen at all,
 * and written as a scenario of tests/replay. Knows nothing of findings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "tests/graphsim/sim_type.h"

#define HISTORY_TENANT "contoso"
#define HISTORY_SEED 7 /* of the tenant */
#define HISTORY_START "2026-11-16T00:00:00Z"
#define HISTORY_MAX_OPS 128
#define HISTORY_MAX_OBJECTS 64

enum op_kind {
	OP_SETUP, /* a line before everything else: configuration, rules, switches */
	OP_LINE,  /* a line of the harness, at its time */
	OP_DOWN,  /* for value seconds the daemon is stopped (text "stop") or killed ("kill"), or
		     nothing can be written ("full") */
	OP_CREATE,
	OP_DELETE,
	OP_RESTORE,
	OP_HARD_DELETE,
	OP_SET, /* property `value` of the object's type becomes its value `other` */
	OP_ADD_MEMBER,
	OP_REMOVE_MEMBER,
	OP_RECOVERY, /* somebody else's recovery of one object, `value` seconds long */
	_OP_KIND_MAX,
};

struct op {
	enum op_kind kind;
	int64_t at_s; /* since the start */
	enum sim_type type;
	int object, other; /* numbers of objects; other: the member */
	int value;
	char text[200];
};

struct history {
	uint64_t seed;
	int64_t end_s;
	struct op ops[HISTORY_MAX_OPS]; /* setup first, then by time */
	size_t n;
	bool quiet_end; /* the last day is undisturbed: everything must be delivered */
};

/* The same seed always gives the same history. */
void history_generate(uint64_t seed, struct history *ret);
/* Takes out what cannot happen any more after other things were taken out. True if any was. */
bool history_normalise(struct history *h);
/* As a scenario. */
void history_render(const struct history *h, struct buf *out);

/* splitmix64 */
uint64_t dice_next(uint64_t *state);
/* 0 .. n - 1 */
int dice_below(uint64_t *state, int n);
bool dice_percent(uint64_t *state, int percent);

/* --- what is known of objects (model.c) ---------------------------------------------------------
 */

struct model_object {
	enum sim_type type;
	int index; /* 1.. of those that are there from the beginning; 0: created */
	enum model_life { MODEL_NONE, MODEL_ALIVE, MODEL_DELETED, MODEL_GONE } life;
	bool recovered;			  /* a recovery may have changed it: not known any more */
	bool member[HISTORY_MAX_OBJECTS]; /* of a group, by the number of the object */
};

struct model {
	struct model_object objects[HISTORY_MAX_OBJECTS];
	int n;
	int64_t down_until_s;
};

void model_init(struct model *m);
/* What ids and members of the tenant are made of. */
uint64_t model_seed(void);
/* Whether it can happen now; if so, it has. */
bool model_apply(struct model *m, const struct op *op);
/* The properties that histories change, of a type: their names, and values as JSON. */
const char *model_property(enum sim_type type, int i);
const char *model_value(enum sim_type type, int property, int i);
int model_n_values(enum sim_type type, int property);
