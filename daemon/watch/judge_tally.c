/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch/judge_tally.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/text.h"

/* --- counting -----------------------------------------------------------------------------------
 */

static struct alert_count *find_count(struct tally *t, const char *entity_type, const char *change)
{
	for (size_t i = 0; i < t->n_counts; i++)
		if (strcmp(t->counts[i].entity_type, entity_type) == 0 &&
			strcmp(t->counts[i].change, change) == 0)
			return &t->counts[i];
	return NULL;
}

static int add_count(struct tally *t, const char *entity_type, const char *word)
{
	struct alert_count *counts = realloc(t->counts, (t->n_counts + 1) * sizeof(*counts));

	if (!counts)
		return -ENOMEM;
	t->counts = counts;
	char *copy = strdup(entity_type);
	if (!copy)
		return -ENOMEM;
	counts[t->n_counts++] = (struct alert_count){copy, word, 1};
	return 0;
}

int tally_count(struct tally *t, enum tally_what what, const char *entity_type, const char *word)
{
	struct alert_count *c = find_count(t, entity_type, word);

	t->n[what]++;
	if (!c)
		return add_count(t, entity_type, word);
	c->n++;
	return 0;
}

int64_t tally_total(const struct tally *t)
{
	int64_t total = 0;

	for (size_t i = 0; i < ARRAY_SIZE(t->n); i++)
		total += t->n[i];
	return total;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

int tally_is_first(struct tally *t, const char *entity_type, const char *object_id)
{
	struct buf b = BUF_INIT(2 * (LIMIT_ENUM_BYTES + LIMIT_ID_BYTES));

	buf_printf(&b, "%s %s", entity_type, object_id);
	char *now = buf_take(&b);
	if (!now)
		return -ENOMEM;
	char *const *found = tsearch(now, &t->gone, compare_texts);
	if (!found || *found != now) {
		free(now);
		return found ? 0 : -ENOMEM;
	}
	return 1;
}

void tally_hide(struct tally *t, int64_t finding, enum alert_child child)
{
	t->n_hidden[child]++;
	for (size_t i = 0; i < t->n_shown; i++)
		if (t->shown[i]->finding == finding)
			t->shown[i]->n_children[child]++;
}

/* --- the best -----------------------------------------------------------------------------------
 */

static bool hangs_on_another(const char *entity_type)
{
	return strcmp(entity_type, "oAuth2PermissionGrant") == 0 ||
	       strcmp(entity_type, "appRoleAssignment") == 0;
}

static int change_rank(const char *change)
{
	return strcmp(change, "deleted") == 0 ? 0 : strcmp(change, "appeared") == 0 ? 1 : 2;
}

static bool goes_before(const struct alert_object *a, const struct alert_object *b)
{
	bool child = hangs_on_another(a->entity_type), other = hangs_on_another(b->entity_type);

	if (a->severity != b->severity)
		return a->severity > b->severity;
	if (child != other)
		return other;
	return change_rank(a->change) < change_rank(b->change);
}

static struct alert_object *object_free(struct alert_object *o)
{
	if (!o)
		return NULL;
	free((char *)o->entity_type);
	free((char *)o->object_id);
	free((char *)o->display_name);
	free((char *)o->change);
	free((char *)o->property);
	free((char *)o->before);
	free((char *)o->after);
	free((char *)o->rule);
	free((char *)o->link_id);
	free((char *)o->link_name);
	free(o);
	return NULL;
}
DEFINE_CLEANUP(struct alert_object, object_free);

static int object_copy(const struct alert_object *from, struct alert_object **ret)
{
	_cleanup_(object_freep) struct alert_object *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	const struct {
		const char *from, **to;
	} texts[] = {
		{from->entity_type, &o->entity_type},
		{from->object_id, &o->object_id},
		{from->display_name, &o->display_name},
		{from->change, &o->change},
		{from->property, &o->property},
		{from->before, &o->before},
		{from->after, &o->after},
		{from->rule, &o->rule},
		{from->link_id, &o->link_id},
		{from->link_name, &o->link_name},
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].from && !(*texts[i].to = strdup(texts[i].from)))
			return -ENOMEM;
	}
	o->severity = from->severity;
	o->finding = from->finding;
	o->deleted_at_us = from->deleted_at_us;
	o->fact = from->fact;
	o->brought_back = from->brought_back;
	*ret = TAKE_PTR(o);
	return 0;
}

int tally_offer(struct tally *t, const struct alert_object *o)
{
	struct alert_object *copy = NULL;
	size_t at = t->n_shown;

	t->n_offered++;
	if (o->severity > t->worst)
		t->worst = o->severity;
	while (at > 0 && goes_before(o, t->shown[at - 1]))
		at--;
	if (at == ARRAY_SIZE(t->shown))
		return 0;
	int r = object_copy(o, &copy);
	if (r < 0)
		return r;
	if (t->n_shown == ARRAY_SIZE(t->shown))
		(void)object_free(t->shown[--t->n_shown]);
	memmove(&t->shown[at + 1], &t->shown[at], (t->n_shown - at) * sizeof(t->shown[0]));
	t->shown[at] = copy;
	t->n_shown++;
	return 0;
}

void tally_done(struct tally *t)
{
	for (size_t i = 0; i < t->n_counts; i++)
		free((char *)t->counts[i].entity_type);
	free(t->counts);
	for (size_t i = 0; i < t->n_shown; i++)
		(void)object_free(t->shown[i]);
	tdestroy(t->gone, free);
	*t = (struct tally){0};
}
