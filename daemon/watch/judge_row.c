/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a preview: its atoms, what the rules say of them, which finding is meant. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/model/rule.h"
#include "daemon/watch/judge_work.h"

int judge_atoms(struct judging *j, const struct store_change *row, struct atoms *ret)
{
	const char *text;
	size_t len;
	int r = store_element(&j->elements, row, &text, &len);

	/* a page that is damaged is nothing to judge by: better late than wrong */
	if (r != 0)
		return r > 0 ? -EBADMSG : r;
	return atoms_parse(text, len, ret);
}

/* --- which finding ------------------------------------------------------------------------------
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

static struct rule_subject subject_of(const struct judging *j, const struct store_change *row)
{
	return (struct rule_subject){
		.tenant = j->tenant->name,
		.change = row->change,
		.entity_type = row->entity_type,
		.object_id = row->object_id,
		.display_name = row->name,
	};
}

static enum verdict ask_rules(const struct judging *j, const struct store_change *row,
	const struct atom *atom, const struct conf_rule **ret_rule)
{
	struct rule_subject subject = subject_of(j, row);

	subject.change = atom->change;
	subject.property = atom->kind == ATOM_OBJECT ? NULL : atom->name;
	return rule_decide(j->conf->rules, j->conf->n_rules, &subject, j->now_us, ret_rule);
}

/* The newest episode, or an older one if that is the one with this time of deletion. *ret_next: the
 * number of the next one. 1 and *ret, 0: never found, < 0. */
static int find_known(struct judging *j, const struct finding_key *key,
	const struct observation *seen, struct known_finding *ret, int64_t *ret_next)
{
	struct known_finding same;
	int r = store_finding_newest(j->store, key, ret);

	*ret_next = r > 0 ? ret->episode + 1 : 1;
	if (r <= 0 || ret->episode == 1 || seen->deleted_at_us == TIME_NONE ||
		ret->deleted_at_us == seen->deleted_at_us)
		return r;
	r = store_finding_of_deletion(j->store, key, seen->deleted_at_us, &same);
	if (r > 0)
		*ret = same;
	return r < 0 ? r : 1;
}

/* --- atoms --------------------------------------------------------------------------------------
 */

static int begin(struct judging *j, const struct store_change *row, const struct atom *atom,
	const struct finding_key *key, const struct observation *seen, int64_t episode,
	const struct evidence *evidence, struct judge_outcome *o)
{
	int r = judge_begin(j, row, atom, key, seen, episode, evidence, o);

	if (r < 0 || !o->id)
		return r;
	r = judge_parent(j, row, atom, o);
	if (r < 0 || !o->parent)
		return r;
	return store_finding_set_parent(j->store, o->id, o->parent);
}

static int judge_sight(struct judging *j, const struct store_change *row, const struct atom *atom,
	const struct finding_key *key, const struct observation *seen,
	const struct known_finding *before, enum finding_move move, int64_t next,
	const struct evidence *evidence, struct judge_outcome *o)
{
	bool same = move == FINDING_SEEN_AGAIN || move == FINDING_REOPENED;
	struct tally *told = NULL;
	int r = same ? judge_see_again(j, row, before, seen, move, o)
		     : begin(j, row, atom, key, seen, next, evidence, o);

	if (r < 0 || seen->deleted_at_us == TIME_NONE || next - same <= 1)
		return r;
	if (o->id)
		told = o->parent ? o->under : judge_tally(j, row, o->initial, o->verdict);
	return judge_repeated(j, key, row->name, seen, told);
}

/* all: of the row, when there are more. */
static int judge_atom(struct judging *j, const struct store_change *row, const struct atom *atom,
	const struct atoms *all, struct judge_outcome *o)
{
	const struct finding_key key = key_of(j, row, atom);
	struct observation seen = j->seen;
	struct known_finding known;
	struct evidence evidence;
	int64_t next;

	seen.deleted_at_us = atom->kind == ATOM_OBJECT ? row->deleted_at_us : TIME_NONE;
	int r = find_known(j, &key, &seen, &known, &next);
	if (r < 0)
		return r;
	const struct known_finding *before = r > 0 ? &known : NULL;
	/* listed twice, or judged before what hangs on it */
	if (before && before->last_job == j->run->id)
		return 0;
	enum finding_move move = finding_observe(before, &seen);
	if (move == FINDING_OLDER_SIGHT)
		return judge_tighten(j, before, &seen);
	r = judge_evidence(j, &key, row->name, &seen, before, all, &evidence);
	if (r < 0)
		return r;
	o->verdict = ask_rules(j, row, atom, &o->rule);
	return judge_sight(j, row, atom, &key, &seen, before, move, next, &evidence, o);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static int judge_object(struct judging *j, const struct store_change *row)
{
	const struct atom atom = {
		.kind = ATOM_OBJECT, .change = row->change, .key = "", .name = ""};
	struct judge_outcome o = {0};
	int r = judge_atom(j, row, &atom, NULL, &o);

	return r < 0 ? r : judge_tell_new(j, row, &atom, &o, 1);
}

/* Taking a modified object apart costs more than all the rest, so a rule must want it. */
static int judge_modified(struct judging *j, const struct store_change *row)
{
	_cleanup_(atoms_done) struct atoms atoms = {0};
	_cleanup_(freep) struct judge_outcome *outcomes = NULL;
	const struct rule_subject subject = subject_of(j, row);

	if (!rule_could_match_atoms(
		    j->conf->rules, j->conf->n_rules, &subject, row->changed, j->now_us))
		return 0;
	int r = judge_atoms(j, row, &atoms);
	if (r < 0)
		return r;
	outcomes = calloc(atoms.n ? atoms.n : 1, sizeof(*outcomes));
	if (!outcomes)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < atoms.n; i++)
		if (!atoms.items[i].detail)
			r = judge_atom(j, row, &atoms.items[i], &atoms, &outcomes[i]);
	return r < 0 ? r : judge_tell_new(j, row, atoms.items, outcomes, atoms.n);
}

int judge_row(struct judging *j, const struct store_change *row)
{
	return change_kind_from_name(row->change) == CHANGE_MODIFIED ? judge_modified(j, row)
								     : judge_object(j, row);
}
