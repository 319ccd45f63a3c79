/* SPDX-License-Identifier: Apache-2.0 */
/* The reserve. It is state of the process: there is one heap. */
#include "common/base/mem.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"

/* Small enough for malloc() to cut new blocks from a freed piece instead of returning it to the
 * kernel, as it does from 128 KiB on. */
#define PIECE_BYTES ((size_t)64 * 1024)
enum { N_PIECES = 8 };
/* A spent piece is not asked for again before that: it would be taken from whoever needed it. */
#define REFILL_AFTER_US (10 * USEC_PER_SEC)

static struct {
	pthread_mutex_t lock;
	void *pieces[N_PIECES];
	size_t n;
	bool wanted; /* mem_reserve() was called */
	int64_t spent_us;
} reserve = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Touched, because memory that was only promised is not there when it is needed. */
static int fill(void)
{
	for (; reserve.n < N_PIECES; reserve.n++) {
		void *piece = malloc(PIECE_BYTES);

		if (!piece)
			return -ENOMEM;
		memset(piece, 0x5a, PIECE_BYTES);
		reserve.pieces[reserve.n] = piece;
	}
	return 0;
}

int mem_reserve(void)
{
	(void)pthread_mutex_lock(&reserve.lock);
	reserve.wanted = true;
	int r = fill();
	(void)pthread_mutex_unlock(&reserve.lock);
	return r;
}

void mem_spend(void)
{
	(void)pthread_mutex_lock(&reserve.lock);
	size_t left = reserve.n;
	if (left > 0)
		free(reserve.pieces[--reserve.n]);
	reserve.spent_us = clock_boot_us();
	(void)pthread_mutex_unlock(&reserve.lock);
	if (left > 0) {
		log_event(LOG_WARNING, LOG_ID_MEMORY_SHORT, NULL,
			"out of memory: working on the reserve, %zu of %d parts are left", left - 1,
			N_PIECES);
		return;
	}
	log_event(LOG_CRIT, LOG_ID_MEMORY_OUT, NULL,
		"out of memory: the reserve is spent too, so this process ends; what it was doing "
		"is in the store and goes on when it is started again");
	mem_end();
}

/* Memory is there again: what was spent is set apart anew. */
static void recover(void)
{
	(void)pthread_mutex_lock(&reserve.lock);
	bool due = reserve.wanted && reserve.n < N_PIECES &&
		   clock_boot_us() - reserve.spent_us >= REFILL_AFTER_US;
	if (due && fill() < 0)
		reserve.spent_us = clock_boot_us();
	(void)pthread_mutex_unlock(&reserve.lock);
}

void *mem_grow(void *old, size_t n, size_t size)
{
	void *p;

	while (!(p = reallocarray(old, n, size)))
		mem_spend();
	recover();
	return p;
}

void *mem_alloc(size_t size)
{
	void *p;

	while (!(p = calloc(1, size)))
		mem_spend();
	recover();
	return p;
}

char *mem_text(const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;

	return text ? memcpy(mem_alloc(size), text, size) : NULL;
}
