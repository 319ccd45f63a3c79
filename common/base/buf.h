/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer that was told its maximum when it was made. An append that fails (too
 * large, out of memory) leaves a sticky error and turns every later append into nothing, so that
 * a chain of appends needs one check at its end. data is always followed by a NUL byte that is
 * not counted in len.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/cleanup.h"

struct buf {
	char *data; /* NULL until the first append; buf_text() never is */
	size_t len;
	size_t cap;
	size_t max;  /* largest len; an append past it is -EFBIG */
	int error;   /* 0, -EFBIG or -ENOMEM; sticky until buf_reset() */
	bool secret; /* memory is wiped whenever it is left: when growing, in buf_done() */
	bool sure;   /* memory is not refused (mem.h) */
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})
/* For content that must not stay behind in freed memory. */
#define BUF_INIT_SECRET(maximum) ((struct buf){.max = (maximum), .secret = true})

/*
 * For short texts whose readers have nobody to refuse to: words for people, keys, addresses. The
 * only error is -EFBIG.
 */
#define BUF_INIT_SURE(maximum) ((struct buf){.max = (maximum), .sure = true})

/* The source of an append must not lie inside the buffer. */
void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) _printf_(2, 0);

/*
 * For writers that fill memory themselves: room for extra bytes behind the content, or NULL and the
 * sticky error. buf_commit() then takes over the first len of them: 0 when the writer gave up.
 */
char *buf_reserve(struct buf *b, size_t extra);
void buf_commit(struct buf *b, size_t len);

/* 0 or the sticky error. */
static inline int buf_error(const struct buf *b)
{
	return b->error;
}

/* The content as a string; "" when nothing was appended. Valid until the next append. */
const char *buf_text(const struct buf *b);

/* Cuts to len bytes (no-op when shorter). */
void buf_truncate(struct buf *b, size_t len);

/* Empties it, clears the error, keeps memory and maximum (a secret's memory is wiped). */
void buf_reset(struct buf *b);

/*
 * Overwrites the memory with zeroes, then frees it. For anything that held a secret; only with
 * BUF_INIT_SECRET are the blocks it outgrew wiped too.
 */
void buf_wipe(struct buf *b);

/* Frees the memory; the struct may be used again. Accepts a zeroed struct. */
void buf_done(struct buf *b);

/*
 * Hands the memory over (free() it) and leaves the buffer empty. NULL when there is a sticky
 * error (the one byte of an empty text may fail with -ENOMEM here); never NULL otherwise.
 */
char *buf_take(struct buf *b);
