/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_cache.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 4096u

struct sim_cached {
	struct sim_cached *next;
	const struct sim_tenant *tenant;
	uint64_t at;
	size_t top;
	unsigned how;
	struct sim_walk walk;
	struct sim_piece piece;
};

/* Whatever else the text of an element depends on. */
static unsigned how_of(const struct sim_ctx *c)
{
	return (c->newer_enums ? 1u : 0) | (c->beta ? 2u : 0) |
	       (unsigned)sim_switch(c->s, c->tenant, SIM_SW_CURRENT_STATE) << 2;
}

static struct sim_cached **slot_of(struct sim *s, uint64_t at)
{
	return &s->cache[sim_mix(at, 0) % SLOTS];
}

static bool usable(const struct sim_ctx *c, const struct sim_job *j, const struct sim_page *page)
{
	const char *accepts = sim_header_get(c->req, "Accept-Encoding");
	int64_t event_us = c->tenant->dir->event_us;

	return c->s->squeeze && event_us && j->snapshot.content_us < event_us &&
	       j->capture_us >= event_us && !j->filter.by_type && !j->filter.by_id &&
	       (page->at || !page->skipped) && accepts && strstr(accepts, "gzip");
}

bool sim_cache_find(struct sim_ctx *c, const struct sim_job *j, const struct sim_page *page,
	struct sim_walk *ret)
{
	if (!usable(c, j, page))
		return false;
	for (const struct sim_cached *k = *slot_of(c->s, page->at); k; k = k->next) {
		if (k->tenant != c->tenant || k->at != page->at || k->top != page->top ||
			k->how != how_of(c))
			continue;
		c->res->piece = &k->piece;
		c->res->piece_at = c->res->body.len;
		*ret = k->walk;
		return true;
	}
	return false;
}

void sim_cache_put(struct sim_ctx *c, const struct sim_job *j, const struct sim_page *page,
	size_t from, const struct sim_walk *walk)
{
	const struct buf *body = &c->res->body;
	struct sim_piece piece;

	if (!usable(c, j, page) || !c->s->squeeze(body->data + from, body->len - from, &piece))
		return;
	struct sim_cached *k = sim_alloc(sizeof(*k));
	struct sim_cached **slot = slot_of(c->s, page->at);
	*k = (struct sim_cached){.next = *slot,
		.tenant = c->tenant,
		.at = page->at,
		.top = page->top,
		.how = how_of(c),
		.walk = *walk,
		.piece = piece};
	char *exact = realloc(k->piece.data, k->piece.len);
	if (exact)
		k->piece.data = exact;
	*slot = k;
}

void sim_cache_new(struct sim *s, sim_squeeze_fn squeeze)
{
	s->squeeze = squeeze;
	s->cache = sim_alloc(SLOTS * sizeof(struct sim_cached *));
}

void sim_cache_free(struct sim *s)
{
	for (size_t i = 0; s->cache && i < SLOTS; i++) {
		for (struct sim_cached *k = s->cache[i], *next; k; k = next) {
			next = k->next;
			free(k->piece.data);
			free(k);
		}
	}
	free((void *)s->cache);
}
