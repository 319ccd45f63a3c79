/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations of the shipped objects, of SQLite and of OpenSSL. When memory is short the heap is as
 * large as it was at that moment: what is freed can be had again, as under a limit of the system.
 */
#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tests/fault/seams.h"

void *fault_malloc(size_t size);
void *fault_calloc(size_t n, size_t size);
void *fault_realloc(void *old, size_t size);
void *fault_reallocarray(void *old, size_t n, size_t size);
void fault_free(void *p);
char *fault_strdup(const char *text);
char *fault_strndup(const char *text, size_t max);
int fault_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fault_asprintf_chk(char **ret, int flag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
ZSTD_CCtx *fault_zstd_compressor(void);
ZSTD_DCtx *fault_zstd_decompressor(void);

static int64_t room; /* what may still be had when memory is short */

static bool refuses(size_t size)
{
	if (!seam_watches(FAULT_MEMORY, FAULT_MEMORY_SHORT))
		return false;
	enum strike strike = seam_strike(FAULT_MEMORY);
	if (strike == STRIKE_FIRST)
		room = 0;
	if (strike == STRIKE_FIRST || (strike == STRIKE_LASTS && room < (int64_t)size)) {
		errno = ENOMEM;
		return true;
	}
	if (strike == STRIKE_LASTS)
		room -= (int64_t)size;
	return false;
}

static void gives_back(void *p)
{
	if (p && seam_watches(FAULT_MEMORY_SHORT, FAULT_MEMORY_SHORT))
		room += (int64_t)malloc_usable_size(p);
}

void *fault_malloc(size_t size)
{
	return refuses(size) ? NULL : malloc(size);
}

void *fault_calloc(size_t n, size_t size)
{
	return refuses(n * size) ? NULL : calloc(n, size);
}

void *fault_realloc(void *old, size_t size)
{
	if (refuses(size))
		return NULL;
	gives_back(old);
	return realloc(old, size);
}

void *fault_reallocarray(void *old, size_t n, size_t size)
{
	if (refuses(n * size))
		return NULL;
	gives_back(old);
	return reallocarray(old, n, size);
}

void fault_free(void *p)
{
	gives_back(p);
	free(p);
}

char *fault_strdup(const char *text)
{
	return refuses(strlen(text) + 1) ? NULL : strdup(text);
}

char *fault_strndup(const char *text, size_t max)
{
	return refuses(strnlen(text, max) + 1) ? NULL : strndup(text, max);
}

int fault_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;

	if (refuses(64))
		return -1;
	va_start(ap, fmt);
	int r = vasprintf(ret, fmt, ap);
	va_end(ap);
	return r;
}

int fault_asprintf_chk(char **ret, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	if (refuses(64))
		return -1;
	va_start(ap, fmt);
	int r = vasprintf(ret, fmt, ap);
	va_end(ap);
	return r;
}

ZSTD_CCtx *fault_zstd_compressor(void)
{
	return refuses(64 * 1024) ? NULL : ZSTD_createCCtx();
}

ZSTD_DCtx *fault_zstd_decompressor(void)
{
	return refuses(64 * 1024) ? NULL : ZSTD_createDCtx();
}

/* --- libraries ----------------------------------------------------------------------------------
 */

static sqlite3_mem_methods sqlite_memory; /* SQLite's own */

static void *sqlite_malloc(int size)
{
	return refuses((size_t)size) ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
	return refuses((size_t)size) ? NULL : sqlite_memory.xRealloc(old, size);
}

static void *ssl_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fault_malloc(size);
}

static void *ssl_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return fault_realloc(old, size);
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	fault_free(p);
}

void fault_init(void)
{
	(void)CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free);
	(void)sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
	sqlite3_mem_methods ours = sqlite_memory;
	ours.xMalloc = sqlite_malloc;
	ours.xRealloc = sqlite_realloc;
	(void)sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}
