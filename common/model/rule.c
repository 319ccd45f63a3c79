/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule decides about an atom. */
#include "common/model/rule.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/parse.h"

/* A condition that is not set holds; a set one needs a value that is known. */
static bool allows(const struct strv *wanted, const char *value)
{
	return wanted->n == 0 || (value && strv_has(wanted, value));
}

static bool any_glob(const struct strv *globs, const char *text)
{
	if (globs->n == 0)
		return true;
	for (size_t i = 0; text && i < globs->n; i++)
		if (glob_match(globs->items[i], text))
			return true;
	return false;
}

/* The conditions on the object, whatever happened to it. */
static bool object_matches(
	const struct conf_rule *rule, const struct rule_subject *subject, int64_t now_us)
{
	return (rule->until_us == TIME_NONE || now_us < rule->until_us) &&
	       allows(&rule->tenant, subject->tenant) &&
	       allows(&rule->entity, subject->entity_type) &&
	       allows(&rule->object_ids, subject->object_id) &&
	       any_glob(&rule->display_name, subject->display_name);
}

/*
 * A new kind of object is watched rather than overlooked. What the service calls by a word that we
 * do not know is reported as such elsewhere; it is no deletion.
 */
static enum verdict default_verdict(const struct rule_subject *subject)
{
	if (strcmp(subject->change, "deleted") != 0 && strcmp(subject->change, "appeared") != 0)
		return VERDICT_IGNORE;
	if (strcmp(subject->entity_type, "user") == 0 || strcmp(subject->entity_type, "group") == 0)
		return VERDICT_WARNING;
	return VERDICT_CRITICAL;
}

enum verdict rule_decide(const struct conf_rule *rules, size_t n_rules,
	const struct rule_subject *subject, int64_t now_us, const struct conf_rule **ret_rule)
{
	for (size_t i = 0; i < n_rules; i++) {
		if (!allows(&rules[i].change, subject->change) ||
			!allows(&rules[i].property, subject->property) ||
			!object_matches(&rules[i], subject, now_us))
			continue;
		*ret_rule = &rules[i];
		return rules[i].verdict;
	}
	*ret_rule = NULL;
	return default_verdict(subject);
}

static bool names_atoms(const struct conf_rule *rule)
{
	return rule->change.n == 0 || strv_has(&rule->change, "modified") ||
	       strv_has(&rule->change, "link added") || strv_has(&rule->change, "link removed");
}

/* One of the words of names, which blanks separate, is among wanted. */
static bool any_word(const struct strv *wanted, const char *names)
{
	for (size_t i = 0; i < wanted->n; i++) {
		size_t len = strlen(wanted->items[i]);

		for (const char *p = names; *p;) {
			size_t n = strcspn(p, " ");

			if (n == len && memcmp(p, wanted->items[i], n) == 0)
				return true;
			p += n + strspn(p + n, " ");
		}
	}
	return false;
}

bool rule_could_match_atoms(const struct conf_rule *rules, size_t n_rules,
	const struct rule_subject *subject, const char *changed, int64_t now_us)
{
	for (size_t i = 0; i < n_rules; i++) {
		const struct conf_rule *rule = &rules[i];

		if (rule->verdict != VERDICT_IGNORE && names_atoms(rule) &&
			(rule->property.n == 0 || !changed || any_word(&rule->property, changed)) &&
			object_matches(rule, subject, now_us))
			return true;
	}
	return false;
}
