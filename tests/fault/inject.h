/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults for tests only. The shipped objects are linked with their calls of allocators, of SQLite
 * and of zstd renamed to the seams here (seams.txt); writing to files is met where SQLite meets it,
 * in write(), pwrite() and fsync(). Calls are counted while the gate is open; the n-th fails.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_MEMORY,	     /* the n-th allocation is refused */
	FAULT_MEMORY_SHORT,  /* from the n-th on the heap may not grow, for a while */
	FAULT_DATABASE,	     /* the n-th call of the database fails */
	FAULT_DATABASE_LONG, /* ... and all that follow, for a while */
	FAULT_WRITE,	     /* the n-th write to a file fails */
	FAULT_WRITE_LONG,    /* the file system is full from there on, for a while */
	FAULT_HTTP_CUT,	     /* the connection breaks in the n-th answer */
	FAULT_HTTP_AWAY,     /* ... and nobody answers for a while */
	FAULT_HTTP_BYTE,     /* the n-th byte of all answers and those behind it in its answer are
			      * missing, and nobody notices on the way */
	_FAULT_KIND_MAX,
};

const char *fault_kind_name(enum fault_kind kind);

/* Before anything is allocated by the libraries. */
void fault_init(void);
/* n 0: only counts. Of long ones duration_us is counted on the boot clock from the n-th. */
void fault_arm(enum fault_kind kind, uint64_t n, int64_t duration_us);
/* Open while shipped code runs on its own account. Returns what it was. */
bool fault_gate(bool open);
/* Calls that were seen, of the armed kind. */
uint64_t fault_seen(void);
/* True once it has struck. */
bool fault_struck(void);

/* For the answer of the service that is to be sent, of len bytes: how many bytes arrive. *ret_told:
 * that there are fewer is an error of the connection. */
uint64_t fault_answer(uint64_t len, bool *ret_told);
