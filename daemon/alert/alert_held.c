/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/alert/alert_held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct held_item {
	struct held_item *next;
	int64_t tenant;
	char *kind, *subject;
	int64_t since_us, reminded;
};

static void item_free(struct held_item *i)
{
	free(i->kind);
	free(i->subject);
	free(i);
}

static bool is_it(const struct held_item *i, int64_t tenant, const char *kind, const char *subject)
{
	return i->tenant == tenant && strcmp(i->kind, kind) == 0 &&
	       strcmp(i->subject, subject) == 0;
}

static struct held_item *find(
	const struct held *h, int64_t tenant, const char *kind, const char *subject)
{
	for (struct held_item *i = h->first; i; i = i->next)
		if (is_it(i, tenant, kind, subject))
			return i;
	return NULL;
}

bool held_has(const struct held *h, int64_t tenant, const char *kind, const char *subject)
{
	return find(h, tenant, kind, subject);
}

int64_t held_remind(struct held *h, int64_t tenant, const char *kind, const char *subject,
	int64_t every_us, int64_t now_us, int64_t *ret_since_us)
{
	struct held_item *i = find(h, tenant, kind, subject);
	int64_t n = i && i->since_us <= now_us ? (now_us - i->since_us) / every_us : 0;

	if (n == 0 || n == i->reminded || !h->loaded)
		return 0;
	i->reminded = n;
	*ret_since_us = i->since_us;
	return n;
}

int held_add(
	struct held *h, int64_t tenant, const char *kind, const char *subject, int64_t since_us)
{
	struct held_item *i = find(h, tenant, kind, subject);

	if (i) {
		i->since_us = since_us;
		return 0;
	}
	i = calloc(1, sizeof(*i));
	if (!i)
		return -ENOMEM;
	i->tenant = tenant;
	i->since_us = since_us;
	i->kind = strdup(kind);
	i->subject = strdup(subject);
	if (!i->kind || !i->subject) {
		item_free(i);
		return -ENOMEM;
	}
	i->next = h->first;
	h->first = i;
	return 0;
}

void held_remove(struct held *h, int64_t tenant, const char *kind, const char *subject)
{
	for (struct held_item **at = &h->first; *at; at = &(*at)->next) {
		struct held_item *i = *at;

		if (!is_it(i, tenant, kind, subject))
			continue;
		*at = i->next;
		item_free(i);
		return;
	}
}

bool held_end(struct held *h, int64_t tenant, const char *kind, const char *subject)
{
	bool had = held_has(h, tenant, kind, subject);

	held_remove(h, tenant, kind, subject);
	if (h->loaded)
		return had;
	h->ended_early = true;
	return true;
}

bool held_load(struct held *h, const struct store_conditions *list)
{
	if (h->ended_early) {
		h->ended_early = false;
		return false;
	}
	for (size_t i = 0; i < list->n; i++)
		(void)held_add(h, list->items[i].tenant, list->items[i].kind,
			list->items[i].subject, list->items[i].since_us);
	h->loaded = true;
	return true;
}

void held_done(struct held *h)
{
	while (h->first) {
		struct held_item *i = h->first;

		h->first = i->next;
		item_free(i);
	}
}
