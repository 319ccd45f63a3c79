/* SPDX-License-Identifier: Apache-2.0 */
/* Growable buffers with a maximum. */
#include "common/base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/mem.h"

#define FIRST_CAP 64u

/* cap for needed bytes (NUL included): doubled, but never more than the maximum asks for. */
static size_t grown_cap(const struct buf *b, size_t needed)
{
	size_t cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;

	while (cap < needed)
		cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
	if (b->max < SIZE_MAX && cap > b->max + 1)
		cap = b->max + 1;
	return cap;
}

static char *grown_memory(const struct buf *b, size_t cap)
{
	if (!b->secret)
		return realloc(b->data, cap);

	/* realloc() would leave the old block as it is in free memory. */
	char *data = malloc(cap);
	if (data && b->data) {
		memcpy(data, b->data, b->len + 1);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	return data;
}

char *buf_reserve(struct buf *b, size_t extra)
{
	if (b->error)
		return NULL;
	if (extra > b->max || b->len > b->max - extra || b->len + extra == SIZE_MAX) {
		b->error = -EFBIG;
		return NULL;
	}

	size_t needed = b->len + extra + 1;
	if (needed > b->cap) {
		size_t cap = grown_cap(b, needed);
		char *data = grown_memory(b, cap);
		while (!data && b->sure) {
			mem_spend();
			data = grown_memory(b, cap);
		}
		if (!data) {
			b->error = -ENOMEM;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
	if (!b->data)
		return;
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_append(struct buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	char *to = buf_reserve(b, len);
	if (!to)
		return;
	memcpy(to, data, len);
	buf_commit(b, len);
}

void buf_puts(struct buf *b, const char *text)
{
	buf_append(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->data ? b->cap - b->len : 0;
	va_list again;

	if (b->error)
		return;
	va_copy(again, ap);
	int n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
	if (n < 0) {
		/* What printf cannot produce is longer than INT_MAX. */
		b->error = -EFBIG;
	} else if ((size_t)n < room && b->len + (size_t)n <= b->max) {
		b->len += (size_t)n;
	} else {
		if (room)
			b->data[b->len] = '\0';
		char *to = buf_reserve(b, (size_t)n);
		if (to) {
			(void)vsnprintf(to, (size_t)n + 1, fmt, again);
			b->len += (size_t)n;
		}
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	if (b->secret)
		explicit_bzero(b->data + len, b->len - len);
	b->len = len;
	b->data[len] = '\0';
}

void buf_reset(struct buf *b)
{
	buf_truncate(b, 0);
	b->error = 0;
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	*b = (struct buf){.max = b->max, .secret = b->secret};
}

void buf_done(struct buf *b)
{
	if (b->secret) {
		buf_wipe(b);
		return;
	}
	free(b->data);
	*b = (struct buf){.max = b->max};
}

char *buf_take(struct buf *b)
{
	if (!b->data)
		(void)buf_reserve(b, 0);
	if (b->error)
		return NULL;

	char *data = TAKE_PTR(b->data);
	*b = (struct buf){.max = b->max, .secret = b->secret};
	return data;
}
