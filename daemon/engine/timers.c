/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap whose nodes know their place, so that moving and removing one costs log n. */
#include "daemon/engine/timers.h"

#include <errno.h>
#include <stdlib.h>

static bool before(const struct timers_node *a, const struct timers_node *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

static void place(struct timers *t, struct timers_node *node, size_t at)
{
	t->heap[at] = node;
	node->at = at;
}

static void sift_up(struct timers *t, struct timers_node *node)
{
	size_t at = node->at;

	while (at > 0 && before(node, t->heap[(at - 1) / 2])) {
		place(t, t->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	place(t, node, at);
}

static void sift_down(struct timers *t, struct timers_node *node)
{
	size_t at = node->at;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= t->n)
			break;
		if (child + 1 < t->n && before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!before(t->heap[child], node))
			break;
		place(t, t->heap[child], at);
		at = child;
	}
	place(t, node, at);
}

int timers_add(struct timers *t)
{
	if (t->n_added == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 32;
		struct timers_node **heap = reallocarray(t->heap, cap, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		t->heap = heap;
		t->cap = cap;
	}
	t->n_added++;
	return 0;
}

void timers_remove(struct timers *t, struct timers_node *node)
{
	timers_disarm(t, node);
	t->n_added--;
}

void timers_arm(struct timers *t, struct timers_node *node, int64_t due_us)
{
	timers_disarm(t, node);
	node->due_us = due_us;
	node->seq = t->seq++;
	node->at = t->n++;
	sift_up(t, node);
}

void timers_disarm(struct timers *t, struct timers_node *node)
{
	if (!timers_armed(node))
		return;

	size_t at = node->at;
	struct timers_node *last = t->heap[--t->n];

	node->at = TIMERS_IDLE;
	if (last == node)
		return;
	place(t, last, at);
	sift_up(t, last);
	sift_down(t, last);
}

struct timers_node *timers_first(const struct timers *t)
{
	return t->n ? t->heap[0] : NULL;
}

struct timers_node *timers_pop(struct timers *t, int64_t now_us, uint64_t limit)
{
	struct timers_node *node = timers_first(t);

	if (!node || node->due_us > now_us || node->seq >= limit)
		return NULL;
	timers_disarm(t, node);
	return node;
}

void timers_done(struct timers *t)
{
	free(t->heap);
	*t = (struct timers){0};
}
