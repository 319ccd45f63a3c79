/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entity types of the recovery API, the properties that it tracks of each, and made-up values
 * for them. Pure: a value is a function of a seed, an index and a version.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

/* In the order of resourceTypeName, without the sentinel. */
enum sim_type {
	SIM_TYPE_USER,
	SIM_TYPE_GROUP,
	SIM_TYPE_POLICY,
	SIM_TYPE_LOCATION,
	SIM_TYPE_METHOD_POLICY,
	SIM_TYPE_AUTHORIZATION_POLICY,
	SIM_TYPE_STRENGTH_POLICY,
	SIM_TYPE_APPLICATION,
	SIM_TYPE_SERVICE_PRINCIPAL,
	SIM_TYPE_GRANT,
	SIM_TYPE_ASSIGNMENT,
	SIM_TYPE_ORGANIZATION,
	_SIM_TYPE_MAX,
};

#define SIM_ID_SIZE 48
#define SIM_MAX_PROPS 40

/* Where made-up values come from. */
struct sim_seed {
	uint64_t tenant;  /* seed of the tenant */
	uint64_t index;	  /* of the object among its type, from 1 */
	uint64_t version; /* another one gives other values to what changes now and then */
	const char *domain;
	const char *name; /* display name; NULL: make one up */
};

struct sim_prop {
	const char *name; /* as Graph spells it */
	void (*make)(struct buf *out, const struct sim_seed *seed, enum sim_type type);
	const char *const *pick; /* instead of make: JSON texts, NULL at the end */
};

struct sim_type_info {
	const char *name;     /* as resourceTypeName spells it */
	const char *odata;    /* "#microsoft.graph.user" */
	const char *words[4]; /* what else scenarios may call it, NULL at the end */
	bool starred; /* unknownFutureValue to a client that does not ask for newer members */
	bool named;   /* has a displayName */
	const struct sim_prop *props;
	unsigned n_props;
};

const struct sim_type_info *sim_type_info(enum sim_type type);
/* By resourceTypeName, exact case; -1 when there is none. */
int sim_type_by_name(const char *name);
/* By any word of a scenario, singular or plural; -1 when there is none. */
int sim_type_by_word(const char *word);
/* Index of a property; -1 when the type has none of that name. */
int sim_prop_by_name(enum sim_type type, const char *name);

/* Appends the JSON text of a made-up value. */
void sim_make_value(
	struct buf *out, const struct sim_seed *seed, enum sim_type type, unsigned prop);
/* The id of an object: a GUID for most, 43 characters for grants and assignments, a word for the
 * policies of which a tenant has one. generation tells apart objects that followed each other. */
void sim_make_id(const struct sim_seed *seed, enum sim_type type, uint64_t generation,
	char out[static SIM_ID_SIZE]);
