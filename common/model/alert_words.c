/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of changes in words. */
#include <inttypes.h>
#include <string.h>

#include "common/model/alert.h"

/* Types named one by one per kind of change; the rest is summed up. */
#define TYPES_NAMED 3u

static const struct {
	const char *type, *one, *many;
} entity_words[] = {
	{"user", "user", "users"},
	{"group", "group", "groups"},
	{"application", "application", "applications"},
	{"servicePrincipal", "service principal", "service principals"},
	{"oAuth2PermissionGrant", "delegated permission grant", "delegated permission grants"},
	{"appRoleAssignment", "app role assignment", "app role assignments"},
	{"conditionalAccessPolicy", "Conditional Access policy", "Conditional Access policies"},
	{"namedLocationPolicy", "named location", "named locations"},
	{"authenticationMethodPolicy", "authentication method policy",
		"authentication method policies"},
	{"authenticationStrengthPolicy", "authentication strength policy",
		"authentication strength policies"},
	{"authorizationPolicy", "authorization policy", "authorization policies"},
	{"organization", "organization", "organizations"},
};

const char *entity_type_words(const char *entity_type, bool plural)
{
	for (size_t i = 0; i < ARRAY_SIZE(entity_words); i++)
		if (strcmp(entity_words[i].type, entity_type) == 0)
			return plural ? entity_words[i].many : entity_words[i].one;
	return entity_type;
}

/* What is said before and behind the objects of a change. */
struct phrase {
	const char *change, *before, *one, *many;
};

/* In the order in which people are told of them. */
static const struct phrase happened[] = {
	{"deleted", "", " was deleted", " were deleted"},
	{"brought back", "", " was brought back", " were brought back"},
	{"appeared", "", " appeared", " appeared"},
	{"modified", "", " was modified", " were modified"},
};
static const struct phrase undone[] = {
	{"deleted", "the deletion of ", "", ""},
	{"appeared", "the appearance of ", "", ""},
	{"deleted since", "the appearance of ", " (deleted since)", " (deleted since)"},
	{"deleted again", "an earlier deletion of ", " (deleted again since)",
		" (deleted again since)"},
	{"modified", "changes of ", "", ""},
};
static const struct phrase vanished[] = {
	{"deleted", "the deletion of ", " is listed no more: restored or gone for ever",
		" is listed no more: restored or gone for ever"},
};
static const struct phrase touched[] = {{"changed", "", "", ""}};

static void put_item(struct buf *out, size_t i, size_t n, int64_t count, const char *what)
{
	if (i > 0)
		buf_puts(out, i + 1 == n ? " and " : ", ");
	buf_printf(out, "%" PRId64 " %s", count, what);
}

/* Of one change, the type that comes after the one before (by count, then by place); -1: none. */
static int next_type(const struct alert_count *counts, size_t n, const char *change, int before)
{
	int best = -1;

	for (size_t i = 0; i < n; i++) {
		if (counts[i].n <= 0 || strcmp(counts[i].change, change) != 0)
			continue;
		if (before >= 0 && (counts[i].n > counts[before].n ||
					   (counts[i].n == counts[before].n && (int)i <= before)))
			continue;
		if (best < 0 || counts[i].n > counts[best].n)
			best = (int)i;
	}
	return best;
}

static void put_change(
	struct buf *out, const struct alert_count *counts, size_t n, const struct phrase *phrase)
{
	int64_t total = 0, named = 0;
	size_t types = 0, shown, items;
	int at = -1;

	for (size_t i = 0; i < n; i++) {
		if (counts[i].n > 0 && strcmp(counts[i].change, phrase->change) == 0) {
			total += counts[i].n;
			types++;
		}
	}
	/* "and 1 more type" would be no shorter than the type */
	shown = types > TYPES_NAMED + 1 ? TYPES_NAMED : types;
	items = shown + (types > shown);
	buf_puts(out, phrase->before);
	for (size_t i = 0; i < shown; i++) {
		at = next_type(counts, n, phrase->change, at);
		put_item(out, i, items, counts[at].n,
			entity_type_words(counts[at].entity_type, counts[at].n != 1));
		named += counts[at].n;
	}
	if (types > shown)
		put_item(out, shown, items, total - named, "other objects");
	buf_puts(out, total == 1 ? phrase->one : phrase->many);
}

static bool put_phrases(struct buf *out, const struct alert_count *counts, size_t n,
	const struct phrase *phrases, size_t n_phrases)
{
	bool any = false;

	for (size_t i = 0; i < n_phrases; i++) {
		if (next_type(counts, n, phrases[i].change, -1) < 0)
			continue;
		if (any)
			buf_puts(out, ", ");
		put_change(out, counts, n, &phrases[i]);
		any = true;
	}
	return any;
}

void alert_words_changes(const struct alert_count *counts, size_t n, struct buf *out)
{
	if (!put_phrases(out, counts, n, happened, ARRAY_SIZE(happened)))
		buf_puts(out, "nothing was deleted or appeared");
}

void alert_words_undone(const struct alert_count *counts, size_t n, struct buf *out)
{
	buf_puts(out, "undone: ");
	(void)put_phrases(out, counts, n, undone, ARRAY_SIZE(undone));
}

void alert_words_vanished(const struct alert_count *counts, size_t n, struct buf *out)
{
	(void)put_phrases(out, counts, n, vanished, ARRAY_SIZE(vanished));
}

void alert_words_objects(const struct alert_count *counts, size_t n, struct buf *out)
{
	(void)put_phrases(out, counts, n, touched, ARRAY_SIZE(touched));
}

void alert_words_children(const int64_t counts[static _ALERT_CHILD_MAX], struct buf *out)
{
	static const char *const words[_ALERT_CHILD_MAX][2] = {
		[ALERT_CHILD_GRANT] = {"grant", "grants"},
		[ALERT_CHILD_ASSIGNMENT] = {"app role assignment", "app role assignments"},
		[ALERT_CHILD_MEMBERSHIP] = {"membership", "memberships"},
	};
	bool any = false;

	for (size_t i = 0; i < _ALERT_CHILD_MAX; i++) {
		if (counts[i] == 0)
			continue;
		buf_printf(out, "%s%" PRId64 " %s", any ? ", " : "", counts[i],
			words[i][counts[i] != 1]);
		any = true;
	}
}

void alert_title_changes(
	const char *tenant, const struct alert_count *counts, size_t n, struct buf *out)
{
	buf_printf(out, "%s: ", tenant);
	alert_words_changes(counts, n, out);
}
