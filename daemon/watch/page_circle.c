/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of links followed and of pages read, in one table: 64 bits of either do not meet. */
#include "daemon/watch/page_circle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/model/change.h"

static uint64_t link_hash(const char *link)
{
	uint8_t digest[SHA256_SIZE];
	uint64_t h = 0;

	(void)mem_insist(sha256(link, strlen(link), digest));
	memcpy(&h, digest, sizeof(h));
	return h ? h : 1;
}

/* Where it is, or the empty slot where it belongs. */
static size_t slot(const uint64_t *seen, size_t cap, uint64_t h)
{
	size_t at = h & (cap - 1);

	while (seen[at] && seen[at] != h)
		at = (at + 1) & (cap - 1);
	return at;
}

static int grow(struct page_circle *c)
{
	size_t cap = c->cap ? 2 * c->cap : 64;
	uint64_t *seen = calloc(cap, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (size_t i = 0; i < c->cap; i++)
		if (c->seen[i])
			seen[slot(seen, cap, c->seen[i])] = c->seen[i];
	free(c->seen);
	c->seen = seen;
	c->cap = cap;
	return 0;
}

/* True when it was there already. */
static bool remember(struct page_circle *c, uint64_t h)
{
	if (2 * (c->n + 1) > c->cap && grow(c) < 0)
		return false;
	size_t at = slot(c->seen, c->cap, h);
	if (c->seen[at])
		return true;
	c->seen[at] = h;
	c->n++;
	return false;
}

void page_circle_done(struct page_circle *c)
{
	free(c->seen);
	*c = (struct page_circle){0};
}

bool page_circle_follow(struct page_circle *c, const char *link)
{
	return remember(c, link_hash(link));
}

bool page_circle_followed(const struct page_circle *c, const char *link)
{
	return c->cap && c->seen[slot(c->seen, c->cap, link_hash(link))] != 0;
}

/* FNV-1a: whoever makes two pages alike to it deceives nobody but himself. */
static uint64_t print_add(uint64_t h, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Its first and its last change. */
uint64_t page_circle_print(const char *text, const struct change_page *page)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ page->n;

	if (page->n == 0)
		return 0;
	const struct change_row *first = &page->rows[0], *last = &page->rows[page->n - 1];
	h = print_add(h, text + first->off, first->len);
	h = print_add(h, text + last->off, last->len);
	return h ? h : 1;
}

unsigned page_circle_read(struct page_circle *c, uint64_t print)
{
	c->idle = print && !remember(c, print) ? 0 : c->idle + 1;
	return c->idle;
}
