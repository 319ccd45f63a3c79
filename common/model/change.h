/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes as a preview lists them. The service says what a recovery would do; here it becomes what
 * has happened since the snapshot. Pure. Nothing is dropped: what is not understood becomes a row
 * with the service's own words, and is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

struct json;

enum change_kind {
	CHANGE_DELETED,	 /* recovery would restore */
	CHANGE_APPEARED, /* recovery would softDelete: created, or brought back */
	CHANGE_MODIFIED, /* recovery would update */
	CHANGE_OTHER,	 /* an action that this program does not know */
	_CHANGE_KIND_MAX,
};
/* "deleted", "appeared", "modified"; CHANGE_OTHER has no word of its own: NULL. */
const char *change_kind_name(enum change_kind k);
/* The kind of a stored word; CHANGE_OTHER for any other. */
enum change_kind change_kind_from_name(const char *word);
/* The service's word for a stored one: "deleted" is "restore"; what it did not know comes back as
 * it is. */
const char *change_recovery_action(const char *word);

#define CHANGE_ANCHORS 2

struct change_row {
	enum change_kind kind;
	uint32_t off, len; /* of the element in the decoded page */
	char *text;	   /* owns the texts below */
	const char
		*change; /* our word, or the service's for CHANGE_OTHER ("unknown" without one) */
	const char *entity_type; /* as it came; "" when missing */
	const char *object_id;	 /* as it came; CHANGE_NO_ID and a hash when missing */
	const char *name;    /* displayName now, else in the snapshot; NULL when neither is told */
	const char *changed; /* names of changed properties and links, separated by blanks */
	int64_t deleted_at_us;	 /* of a deleted object; TIME_NONE when not told */
	int64_t would_delete_us; /* deletedDateTime of the delta: what recovery would write, no
				    event */
	int64_t created_at_us;	 /* createdDateTime; TIME_NONE when not told */
	/* Of a grant or an assignment that was deleted or appeared: the GUIDs it hangs on. */
	uint8_t anchors[CHANGE_ANCHORS][16];
	size_t n_anchors;
};
void change_row_done(struct change_row *row);

/*
 * What came without any id is told from others by the hash of its text, so that two of them do not
 * become one. The same object with another text is another: that it is not seen says nothing.
 */
#define CHANGE_NO_ID "without-id:"
bool change_has_id(const char *object_id);

/* What was met and not known: enum members, fields, wrong types. */
struct change_unknown {
	size_t n;
	char first[128]; /* "recoveryAction 'merge'" of the first, cut; "" while n is 0 */
};

/* One page of getChanges. */
struct change_page {
	struct change_row *rows;
	size_t n;
	char *next_link; /* "" on the last page */
	struct change_unknown unknown;
	bool saw_value; /* false: no such page at all (an error body) */
};

/*
 * Reads a page, one element after the other. 0, -ENOMEM, or -EBADMSG: not JSON or cut off, nested
 * deeper than LIMIT_JSON_DEPTH, over LIMIT_CHANGES_PER_PAGE elements, or a nextLink that is no text
 * or longer than LIMIT_URL_BYTES. What no text can have ("\u0000", bytes that are no UTF-8, control
 * characters) is replaced and counted as unknown, so that one name cannot hide a page. ret is to be
 * given to change_page_done() on success.
 */
int change_page_parse(const char *text, size_t len, struct change_page *ret);
void change_page_done(struct change_page *page);
/* Why a page cannot be used, for people (static): reads it anew. NULL when it can. */
const char *change_page_problem(const char *text, size_t len);

/*
 * Parses the text of one element, as it stands in the page. Unlike json_parse() it survives what a
 * display name may bring in: half surrogate pairs and \u0000 become U+FFFD, bytes that are no UTF-8
 * "?", control characters blanks. 0, -ENOMEM, -EBADMSG.
 */
int change_element_parse(const char *text, size_t len, struct json **ret);
/* One row of the text of one element, mended likewise; off and len are left 0. unknown is added to.
 * 0, -ENOMEM, -EBADMSG. */
int change_row_parse(
	const char *text, size_t len, struct change_row *ret, struct change_unknown *unknown);

/* Where the elements of a page are, in their order; free() it. 0, -ENOMEM, -EBADMSG. */
struct json_span;
int change_page_spans(const char *text, size_t len, struct json_span **ret, size_t *ret_n);

/* Whether a name is among the changed ones of a row; true when they are too many to be sure. */
bool change_names(const char *changed, const char *name, size_t len);

/*
 * Whether a member of deltaFromCurrent is a difference of a property or a link (annotations, id and
 * deletedDateTime are not), and the length of its name ("members" of "members@delta").
 */
enum change_member {
	CHANGE_MEMBER_NONE,
	CHANGE_MEMBER_PROPERTY,
	CHANGE_MEMBER_LINK,
};
enum change_member change_member(const char *key, size_t *ret_name_len);
