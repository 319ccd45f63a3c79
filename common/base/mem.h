/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that cannot be refused. Most allocations can: the function returns -ENOMEM, its owner says
 * so and tries again later, as with a service that is away. A few small ones have nobody to report
 * to (a step of a run, a callback to be called, a request to the store, an alert): for them a
 * reserve is set apart at the start and given back to the heap piece by piece when it is needed.
 * When even that is spent the process says so and ends with MEM_EXIT_STATUS: the store is intact as
 * after any sudden end, and the service manager starts it again.
 *
 * Never for sizes that come from outside. Thread safe.
 */
#pragma once

#include <errno.h>
#include <stddef.h>

/* EX_OSERR of sysexits.h: beside the exit codes of err.h, which are about the work. */
#define MEM_EXIT_STATUS 71

/* Sets the reserve apart, or what is missing of it; 0, or -ENOMEM with less than all of it. Without
 * it everything here works, with nothing to fall back on. */
int mem_reserve(void);

/* Zeroed; never NULL. free() it. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
/* As reallocarray(); never NULL. */
void *mem_grow(void *old, size_t n, size_t size) __attribute__((returns_nonnull));
/* A copy; NULL only for NULL. */
char *mem_text(const char *text);

/* Gives a piece of the reserve to the heap, or ends the process when there is none. */
void mem_spend(void);

/*
 * Evaluates a call of several allocations until it is not -ENOMEM, and is its result. The call must
 * leave nothing behind when it fails, and must not take sizes from outside.
 */
#define mem_insist(call) \
	({ \
		int mem_r_; \
		while ((mem_r_ = (call)) == -ENOMEM) \
			mem_spend(); \
		mem_r_; \
	})

/* Ends the process; in a file of its own, so that tests of faults can survive it. */
void mem_end(void) __attribute__((noreturn));
