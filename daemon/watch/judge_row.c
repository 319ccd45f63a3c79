/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a preview: its atoms, what the rules say of them, what becomes of their findings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/atom.h"
#include "common/model/finding.h"
#include "common/model/rule.h"
#include "common/store/store_finding.h"
#include "daemon/watch/judge_work.h"

/* What came of one atom: id 0 unless it is a new finding that nobody expected. */
struct outcome {
	int64_t id;
	enum verdict verdict;
	const struct conf_rule *rule;
};

/* A row with what its element adds to it. */
struct subject {
	const struct store_change *row;
	int64_t deleted_at_us, created_at_us;
};

/* --- reading ------------------------------------------------------------------------------------
 */

/* A page that is damaged is nothing to judge by: better late than wrong. */
static int element_of(
	struct judging *j, const struct store_change *row, const char **ret, size_t *ret_len)
{
	int r = store_element(&j->elements, row, ret, ret_len);

	return r > 0 ? -EBADMSG : r;
}

/* --- findings -----------------------------------------------------------------------------------
 */

static struct finding_key key_of(
	const struct judging *j, const struct store_change *row, const struct atom *atom)
{
	return (struct finding_key){
		.tenant = j->run->tenant,
		.entity_type = row->entity_type,
		.object_id = row->object_id,
		.change = atom->change,
		.atom = atom->key,
		.after_hash = atom->after_hash,
		.after_hash_len = atom->after_hash_len,
	};
}

static enum verdict ask_rules(const struct judging *j, const struct store_change *row,
	const struct atom *atom, const struct conf_rule **ret_rule)
{
	char id[LIMIT_ID_BYTES + 1];
	uint8_t key[LIMIT_ID_BYTES + 1];
	const struct rule_subject subject = {
		.tenant = j->tenant->name,
		.change = atom->change,
		.entity_type = row->entity_type,
		.object_id = object_id_decode(key, object_id_encode(row->object_id, key), id),
		.display_name = row->name,
		.property = atom->kind == ATOM_OBJECT ? NULL : atom->name,
	};

	return rule_decide(j->conf->rules, j->conf->n_rules, &subject, j->now_us, ret_rule);
}

static const char *short_enough(const char *value)
{
	return value && strnlen(value, LIMIT_FINDING_VALUE_BYTES + 1) <= LIMIT_FINDING_VALUE_BYTES
		       ? value
		       : NULL;
}

/* A deletion was found before, or the snapshot is younger than the object. */
static int was_brought_back(
	struct judging *j, const struct finding_key *key, const struct subject *s)
{
	if (strcmp(key->change, "appeared") != 0)
		return 0;
	if (s->created_at_us != TIME_NONE && s->created_at_us <= j->run->snapshot_created_us)
		return 1;
	return store_finding_ever(j->store, key, "deleted");
}

static int begin_episode(struct judging *j, const struct subject *s, const struct atom *atom,
	const struct finding_key *key, const struct observation *seen, int64_t episode,
	struct outcome *o)
{
	int64_t id = 0;
	int r = was_brought_back(j, key, s);

	if (r < 0)
		return r;
	struct finding_row f = {
		.key = *key,
		.watch = j->run->watch,
		.episode = episode,
		.deleted_at_us = seen->deleted_at_us,
		.attention = o->verdict == VERDICT_EXPECTED ? ATTENTION_EXPECTED : ATTENTION_OPEN,
		.severity = o->verdict,
		.rule = o->rule ? o->rule->name : NULL,
		.initial = j->initial,
		.brought_back = r > 0,
		.name = s->row->name,
		.before = short_enough(atom->before),
		.after = short_enough(atom->after),
		.job = j->run->id,
		.ordinal = s->row->ordinal,
		.seen_us = j->now_us,
	};
	finding_interval(NULL, seen, &f.lo_us, &f.hi_us);
	r = store_finding_insert(j->store, &f, &id);
	if (r < 0)
		return r;
	if (o->verdict == VERDICT_EXPECTED) {
		j->result->n_expected++;
	} else {
		j->result->n_new++;
		o->id = id;
	}
	return 0;
}

/*
 * A rule that came later calms what is still open, or says that it is worse or better than it was
 * thought to be. What a person decided, and what was expected when it happened, stays.
 */
static int decide_again(
	struct judging *j, const struct known_finding *known, const struct outcome *o)
{
	const char *rule = o->rule ? o->rule->name : NULL;
	char who[LIMIT_NAME_BYTES];

	if (known->attention != ATTENTION_OPEN || o->verdict == VERDICT_IGNORE)
		return 0;
	(void)snprintf(who, sizeof(who), "%s%s", rule ? "rule " : "the default", rule ? rule : "");
	const struct finding_why why = {.at_us = j->now_us, .who = who};
	int r = store_finding_set_severity(
		j->store, known->id, known->severity, o->verdict, rule, &why);
	if (r == 0 && o->verdict == VERDICT_EXPECTED)
		r = store_finding_set_attention(
			j->store, known->id, known->attention, ATTENTION_EXPECTED, &why);
	return r;
}

static int see_again(struct judging *j, const struct store_change *row,
	const struct known_finding *known, const struct observation *observed,
	const struct outcome *o)
{
	const struct finding_why why = {.at_us = j->now_us, .who = j->who};
	struct finding_seen seen = {
		.deleted_at_us = observed->deleted_at_us,
		.name = row->name,
		.job = j->run->id,
		.seen_us = j->now_us,
	};

	finding_interval(known, observed, &seen.lo_us, &seen.hi_us);
	int r = store_finding_seen(j->store, known->id, &seen);
	if (r == 0)
		r = store_finding_set_fact(j->store, known->id, known->fact, FACT_VISIBLE, &why);
	if (r == 0)
		r = decide_again(j, known, o);
	j->result->n_again++;
	return r;
}

/* 1 and *ret, 0: never found, < 0. */
static int find_known(struct judging *j, const struct finding_key *key, struct known_finding *ret)
{
	const char *opposite = change_opposite(key->change);
	int r = store_finding_newest(j->store, key, ret);

	if (r > 0 && opposite) {
		int q = store_finding_opposite(
			j->store, key, opposite, ret->id, j->p_us, &ret->opposite_seen_us);
		if (q < 0)
			return q;
	}
	return r;
}

static int judge_atom(
	struct judging *j, const struct subject *s, const struct atom *atom, struct outcome *o)
{
	const struct finding_key key = key_of(j, s->row, atom);
	const struct observation seen = {
		.baseline_us = j->run->snapshot_created_us,
		.job_start_us = j->p_us,
		.deleted_at_us = atom->kind == ATOM_OBJECT ? s->deleted_at_us : TIME_NONE,
	};
	struct known_finding known;
	int r = find_known(j, &key, &known);

	if (r < 0)
		return r;
	o->verdict = ask_rules(j, s->row, atom, &o->rule);
	const struct known_finding *before = r > 0 ? &known : NULL;
	switch (finding_observe(before, &seen)) {
	case FINDING_NEW:
	case FINDING_NEW_EPISODE:
		if (o->verdict == VERDICT_IGNORE)
			return 0;
		return begin_episode(j, s, atom, &key, &seen, before ? before->episode + 1 : 1, o);
	case FINDING_SEEN_AGAIN:
		return see_again(j, s->row, &known, &seen, o);
	case FINDING_ABSORBED:
	case FINDING_KEEP:
	case _FINDING_MOVE_MAX:
		break;
	}
	return 0;
}

/* --- telling ------------------------------------------------------------------------------------
 */

/* For the journal; not of a first run, which is one notice. */
static int tell_journal(struct judging *j, const struct subject *s, const struct outcome *o)
{
	struct judge_result *result = j->result;
	enum change_kind kind = change_kind_from_name(s->row->change);

	if (j->initial || (kind != CHANGE_DELETED && kind != CHANGE_APPEARED))
		return 0;
	if (result->n_objects == LIMIT_JOURNAL_OBJECTS) {
		result->n_omitted++;
		return 0;
	}
	struct judged_object *objects =
		realloc(result->objects, (result->n_objects + 1) * sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	result->objects = objects;
	struct judged_object *new = &objects[result->n_objects++];
	*new = (struct judged_object){.severity = o->verdict, .deleted_at_us = s->deleted_at_us};
	int r = text_copy(s->row->entity_type, &new->entity_type);
	if (r >= 0)
		r = text_copy(s->row->object_id, &new->object_id);
	if (r >= 0)
		r = text_copy(s->row->name, &new->display_name);
	if (r >= 0)
		r = text_copy(s->row->change, &new->change);
	if (r >= 0)
		r = text_copy(o->rule ? o->rule->name : NULL, &new->rule);
	return r < 0 ? r : 0;
}

static int offer(
	struct tally *t, const struct subject *s, const struct atom *atom, const struct outcome *o)
{
	return tally_offer(t, &(struct alert_object){
				      .entity_type = s->row->entity_type,
				      .object_id = s->row->object_id,
				      .display_name = s->row->name,
				      .change = atom->change,
				      .property = atom->kind == ATOM_OBJECT ? NULL : atom->name,
				      .before = atom->before,
				      .after = atom->after,
				      .link_id = atom->member_id,
				      .link_name = atom->member_name,
				      .rule = o->rule ? o->rule->name : NULL,
				      .severity = o->verdict,
				      .finding = o->id,
				      .deleted_at_us = s->deleted_at_us,
			      });
}

/* A row is told of once, with the severity of its worst atom. */
static int tell(struct judging *j, const struct subject *s, const struct atom *atoms,
	const struct outcome *outcomes, size_t n)
{
	const struct outcome *worst = NULL;

	for (size_t i = 0; i < n; i++)
		if (outcomes[i].id && (!worst || outcomes[i].verdict > worst->verdict))
			worst = &outcomes[i];
	if (!worst)
		return 0;
	struct tally *t = &j->tallies[j->initial ? VERDICT_NOTICE : worst->verdict];
	int r = tally_count(t, s->row->entity_type, s->row->change);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (outcomes[i].id && (!j->initial || outcomes[i].verdict == VERDICT_CRITICAL))
			r = offer(t, s, &atoms[i], &outcomes[i]);
	return r < 0 ? r : tell_journal(j, s, worst);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static int judge_object(struct judging *j, struct subject *s)
{
	const struct atom atom = {
		.kind = ATOM_OBJECT, .change = s->row->change, .key = "", .name = ""};
	struct outcome o = {0};
	int r = judge_atom(j, s, &atom, &o);

	return r < 0 ? r : tell(j, s, &atom, &o, 1);
}

/* Taking a modified object apart costs more than all the rest, so a rule must want it. */
static bool wanted(const struct judging *j, const struct store_change *row)
{
	char id[LIMIT_ID_BYTES + 1];
	uint8_t key[LIMIT_ID_BYTES + 1];
	const struct rule_subject subject = {
		.tenant = j->tenant->name,
		.change = row->change,
		.entity_type = row->entity_type,
		.object_id = object_id_decode(key, object_id_encode(row->object_id, key), id),
		.display_name = row->name,
	};

	return rule_could_match_atoms(
		j->conf->rules, j->conf->n_rules, &subject, row->changed, j->now_us);
}

static int judge_modified(struct judging *j, struct subject *s)
{
	_cleanup_(atoms_done) struct atoms atoms = {0};
	_cleanup_(freep) struct outcome *outcomes = NULL;
	const char *text;
	size_t len;

	if (!wanted(j, s->row))
		return 0;
	int r = element_of(j, s->row, &text, &len);
	if (r == 0)
		r = atoms_parse(text, len, &atoms);
	if (r < 0)
		return r;
	outcomes = calloc(atoms.n ? atoms.n : 1, sizeof(*outcomes));
	if (!outcomes)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < atoms.n; i++)
		if (!atoms.items[i].detail)
			r = judge_atom(j, s, &atoms.items[i], &outcomes[i]);
	return r < 0 ? r : tell(j, s, atoms.items, outcomes, atoms.n);
}

int judge_row(struct judging *j, const struct store_change *row)
{
	struct subject s = {.row = row,
		.deleted_at_us = row->deleted_at_us,
		.created_at_us = row->created_at_us};

	switch (change_kind_from_name(row->change)) {
	case CHANGE_MODIFIED:
		return judge_modified(j, &s);
	case CHANGE_DELETED:
	case CHANGE_APPEARED:
	case CHANGE_OTHER:
	case _CHANGE_KIND_MAX:
		break;
	}
	return judge_object(j, &s);
}
