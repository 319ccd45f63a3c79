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

/* The changes of objects, in the order in which people are told of them. */
static const struct {
	const char *change, *one, *many;
} verbs[] = {
	{"deleted", "was deleted", "were deleted"},
	{"appeared", "appeared", "appeared"},
	{"modified", "was modified", "were modified"},
};

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

static void put_change(struct buf *out, const struct alert_count *counts, size_t n, size_t verb)
{
	int64_t total = 0, named = 0;
	size_t types = 0, shown, items;
	int at = -1;

	for (size_t i = 0; i < n; i++) {
		if (counts[i].n > 0 && strcmp(counts[i].change, verbs[verb].change) == 0) {
			total += counts[i].n;
			types++;
		}
	}
	/* "and 1 more type" would be no shorter than the type */
	shown = types > TYPES_NAMED + 1 ? TYPES_NAMED : types;
	items = shown + (types > shown);
	for (size_t i = 0; i < shown; i++) {
		at = next_type(counts, n, verbs[verb].change, at);
		put_item(out, i, items, counts[at].n,
			entity_type_words(counts[at].entity_type, counts[at].n != 1));
		named += counts[at].n;
	}
	if (types > shown)
		put_item(out, shown, items, total - named, "other objects");
	buf_printf(out, " %s", total == 1 ? verbs[verb].one : verbs[verb].many);
}

void alert_words_changes(const struct alert_count *counts, size_t n, struct buf *out)
{
	bool any = false;

	for (size_t verb = 0; verb < ARRAY_SIZE(verbs); verb++) {
		if (next_type(counts, n, verbs[verb].change, -1) < 0)
			continue;
		if (any)
			buf_puts(out, ", ");
		put_change(out, counts, n, verb);
		any = true;
	}
	if (!any)
		buf_puts(out, "nothing was deleted or appeared");
}

void alert_title_changes(
	const char *tenant, const struct alert_count *counts, size_t n, struct buf *out)
{
	buf_printf(out, "%s: ", tenant);
	alert_words_changes(counts, n, out);
}
