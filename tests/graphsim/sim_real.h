/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of objects that keep every state they ever had, each with the instant it began. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/graphsim/sim_dir.h"

enum sim_life { SIM_LIFE_NONE, SIM_LIFE_ALIVE, SIM_LIFE_DELETED, SIM_LIFE_GONE };

struct sim_real;
struct sim_object;

struct sim_real *sim_real_new(uint64_t seed, const char *domain);
struct sim_dir *sim_real_dir(struct sim_real *r);

/* How many objects of a type were ever there; their indexes run from 1 to that. */
size_t sim_real_n(const struct sim_real *r, enum sim_type type);
struct sim_object *sim_real_by_index(const struct sim_real *r, enum sim_type type, size_t index);
/* By the word that a scenario gave it with `as`; NULL when there is none. */
struct sim_object *sim_real_by_label(const struct sim_real *r, const char *label);
const char *sim_object_id(const struct sim_object *o);
enum sim_type sim_object_type(const struct sim_object *o);
enum sim_life sim_object_life(const struct sim_object *o, int64_t at_us);
uint64_t sim_object_pos(const struct sim_object *o);
/* The truth, for whoever judges what a client made of it. */
/* When its i-th state began, from 0; TIME_NONE past the last. Equal instants: the last counts. */
int64_t sim_object_began_us(const struct sim_object *o, size_t i);
/* JSON text; NULL before there was such an object. */
const char *sim_object_prop(const struct sim_object *o, int64_t at_us, int prop);
int64_t sim_object_deleted_us(const struct sim_object *o, int64_t at_us);
bool sim_object_has_member(
	const struct sim_object *group, const struct sim_object *member, int64_t at_us);
struct sim_object *sim_real_by_id(const struct sim_real *r, enum sim_type type, const char *id);

/*
 * Changes, from at_us on. An object's own changes happen in order: one that is dated before the
 * last takes the last one's instant. Results: 0, or -EINVAL when the object is not in a state that
 * allows it (deleting what is deleted).
 */
struct sim_object *sim_real_create(
	struct sim_real *r, int64_t at_us, enum sim_type type, const char *name);
int sim_real_label(struct sim_real *r, struct sim_object *o, const char *label); /* -EEXIST */
int sim_real_set(
	struct sim_real *r, struct sim_object *o, int64_t at_us, int prop, const char *json);
int sim_real_delete(struct sim_real *r, struct sim_object *o, int64_t at_us);
int sim_real_restore(struct sim_real *r, struct sim_object *o, int64_t at_us);
int sim_real_hard_delete(struct sim_real *r, struct sim_object *o, int64_t at_us);
int sim_real_add_member(
	struct sim_real *r, struct sim_object *group, struct sim_object *member, int64_t at_us);
int sim_real_remove_member(
	struct sim_real *r, struct sim_object *group, struct sim_object *member, int64_t at_us);
/* What a recovery does: gives the object back the state it had at then_us. 1 when that changed it.
 */
int sim_real_revert(struct sim_real *r, struct sim_object *o, int64_t at_us, int64_t then_us);
