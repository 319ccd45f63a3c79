/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One change split into atoms: one per property, one per link and member. Rules and findings work
 * on atoms. before is the snapshot's value, after is today's; the service calls them delta and
 * current state, and says what recovery would do: a member that it would remove was added. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/change.h"

#define ATOM_HASH_SIZE 8

enum atom_kind {
	ATOM_OBJECT, /* the object was deleted, appeared, or had done to it what we do not know */
	ATOM_PROPERTY,
	ATOM_LINK,
};

struct atom {
	enum atom_kind kind;
	/* inside of a deleted or appeared row: shown with it, no finding of its own */
	bool detail;
	const char *change; /* "deleted" "appeared" "modified" "link added" "link removed", or the
			       word as it came */
	const char
		*key; /* within the object: "", property, or "members/ID" (a GUID in lower case) */
	const char *name; /* of the property or link; "" for the object */
	const char *member_id, *member_name, *member_type; /* of a link; NULL when not told */
	/* Canonical JSON. NULL: absent (not told), which is not the same as "null". */
	const char *before, *after;
	uint8_t after_hash[ATOM_HASH_SIZE]; /* start of the SHA-256 of after, of "" when absent */
	size_t after_hash_len;		    /* 0 for the object, else ATOM_HASH_SIZE */
	char *text;			    /* owns the texts */
};

struct atoms {
	struct change_row row; /* of the element; off and len are 0 */
	struct atom *items;
	size_t n;
	size_t omitted; /* past LIMIT_ATOMS_PER_CHANGE */
	struct change_unknown unknown;
};

/*
 * Splits the text of one element. Deleted, appeared and unknown changes begin with the object's
 * atom, their differences follow as details; a modified one without any difference is one object's
 * atom, so that no row is without an atom. 0, -ENOMEM, -EIO, -EBADMSG. ret: atoms_done() on
 * success.
 */
int atoms_parse(const char *element, size_t len, struct atoms *ret);
void atoms_done(struct atoms *atoms);
