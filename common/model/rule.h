/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule decides about an atom. Pure. The first rule whose conditions all hold decides; when
 * none does, the built-in default: deleted and appeared are unexpected (warning for users and
 * groups, critical for everything else), modified is recorded and is no finding.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf/conf.h"

struct rule_subject {
	const char *tenant; /* configured name */
	const char *change; /* "deleted" "appeared" "modified" "link added" "link removed" */
	const char *entity_type;
	const char *object_id;	  /* text, lower case when a GUID */
	const char *display_name; /* NULL when not known */
	const char *property;	  /* property or link name; NULL for the object atom */
};

/* ret_rule: the rule that decided, NULL for the default. now_us: for `until`. */
enum verdict rule_decide(const struct conf_rule *rules, size_t n_rules,
	const struct rule_subject *subject, int64_t now_us, const struct conf_rule **ret_rule);

/*
 * False when no rule can make a finding of any property or link of this modified object, whatever
 * its atoms are: then it need not be taken apart. change and property of the subject are ignored;
 * changed: names of its changed properties and links, separated by blanks; NULL when not known.
 */
bool rule_could_match_atoms(const struct conf_rule *rules, size_t n_rules,
	const struct rule_subject *subject, const char *changed, int64_t now_us);
