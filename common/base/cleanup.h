/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership in the type system: a local that owns something says so where it is declared, and
 * handing it over is visible at the call.
 *
 *	_cleanup_(freep) char *text = NULL;
 *	...
 *	*ret_text = TAKE_PTR(text);
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _must_check_ __attribute__((warn_unused_result))

/* Evaluates to the pointer and leaves NULL behind. */
#define TAKE_PTR(p) \
	({ \
		__typeof__(p) *take_ptr_ = &(p); \
		__typeof__(p) take_val_ = *take_ptr_; \
		*take_ptr_ = NULL; \
		take_val_; \
	})

/* Evaluates to the descriptor and leaves -1 behind. */
#define TAKE_FD(fd) \
	({ \
		int *take_fd_ = &(fd); \
		int take_val_ = *take_fd_; \
		*take_fd_ = -1; \
		take_val_; \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* For _cleanup_(freep) on any pointer variable. */
static inline void freep(void *p)
{
	free(*(void **)p);
}

/* For _cleanup_(closep) on a descriptor; -1 is "none". */
static inline void closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* Defines foo_freep() for _cleanup_ from `struct foo *foo_free(struct foo *)`. */
#define DEFINE_CLEANUP(type, fn) \
	static inline void fn##p(type **p) \
	{ \
		if (*p) \
			(void)fn(*p); \
	} \
	_Static_assert(1, "")
