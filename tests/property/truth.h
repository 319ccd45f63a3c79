/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What really happened, asked of the simulator. A *sign* is what a preview can show of an object:
 * that it was deleted, that it appeared, one property with its value of today, one member that came
 * or went. A sign *holds* while the directory is in the state that it speaks of; the instant that
 * this began is the event behind it. Knows previews only as pairs of instants, and no findings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/graphsim/sim_real.h"

struct sim;

enum sign_kind {
	SIGN_DELETED,
	SIGN_APPEARED,
	SIGN_PROPERTY,
	SIGN_LINK_ADDED,
	SIGN_LINK_REMOVED,
	_SIGN_KIND_MAX,
};
extern const char *const sign_changes[_SIGN_KIND_MAX]; /* the words of findings */

struct sign {
	enum sign_kind kind;
	const struct sim_object *object;
	int property;			 /* of the type */
	const char *value;		 /* JSON that it has now; lives as long as the directory */
	const struct sim_object *member; /* of links */
};
bool sign_equal(const struct sign *a, const struct sign *b);

/* Whether what the sign speaks of is so at that instant. */
bool sign_holds(const struct sign *s, int64_t at_us);
/* When that began which holds at at_us: the event. INT64_MIN when it was never otherwise. */
int64_t sign_event_us(const struct sign *s, int64_t at_us);
/* Whether a comparison of the two instants shows it. */
bool sign_shown(const struct sign *s, int64_t from_us, int64_t to_us);

/* Every sign of one object that the comparison shows, at most max. */
size_t truth_signs(const struct sim_real *r, const struct sim_object *o, int64_t from_us,
	int64_t to_us, struct sign *out, size_t max);
