/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a chain of pages goes round: what was followed and what was read, as hashes. Says nothing
 * about what comes of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct change_page;

/* Zero it; page_circle_done() at the end. */
struct page_circle {
	uint64_t *seen; /* open addressing, 0 is empty */
	size_t n, cap;
	unsigned idle; /* pages in a row that brought nothing new */
};

void page_circle_done(struct page_circle *c);

/*
 * Remembers a link that is about to be followed; true when it was followed before. What is not
 * remembered for want of memory only means that a circle is noticed later.
 */
bool page_circle_follow(struct page_circle *c, const char *link);
/* The same question without remembering. */
bool page_circle_followed(const struct page_circle *c, const char *link);

/* What tells one page from another under whatever link, of its text and rows; 0 when it has no
 * change. Never sees a circle, so that it may run on another thread. */
uint64_t page_circle_print(const char *text, const struct change_page *page);
/* Remembers a page that was read. Pages in a row until now, this one too, without a change or with
 * the changes of a page before: 0 after one that brought something. */
unsigned page_circle_read(struct page_circle *c, uint64_t print);
