/* SPDX-License-Identifier: Apache-2.0 */
/* Counting and striking. The seams themselves are in seam_*.c. */
#include "tests/fault/inject.h"

#include "common/base/clock.h"
#include "tests/fault/seams.h"

static struct {
	enum fault_kind kind;
	uint64_t n, seen;
	int64_t duration_us, until_us;
	bool open, struck;
} fault;

const char *fault_kind_name(enum fault_kind kind)
{
	static const char *const names[_FAULT_KIND_MAX] = {
		[FAULT_MEMORY] = "memory",
		[FAULT_MEMORY_SHORT] = "memory-short",
		[FAULT_DATABASE] = "database",
		[FAULT_DATABASE_LONG] = "database-long",
		[FAULT_WRITE] = "write",
		[FAULT_WRITE_LONG] = "write-long",
		[FAULT_HTTP_CUT] = "http-cut",
		[FAULT_HTTP_AWAY] = "http-away",
		[FAULT_HTTP_BYTE] = "http-byte",
	};

	return names[kind];
}

void fault_arm(enum fault_kind kind, uint64_t n, int64_t duration_us)
{
	fault.kind = kind;
	fault.n = n;
	fault.duration_us = duration_us;
	fault.seen = 0;
	fault.struck = false;
	fault.until_us = TIME_NONE;
}

bool fault_gate(bool open)
{
	bool was = fault.open;

	fault.open = open;
	return was;
}

uint64_t fault_seen(void)
{
	return fault.seen;
}

bool fault_struck(void)
{
	return fault.struck;
}

bool seam_watches(enum fault_kind once, enum fault_kind lasting)
{
	return fault.open && (fault.kind == once || fault.kind == lasting);
}

enum strike seam_strike(enum fault_kind once)
{
	fault.seen++;
	if (fault.n && fault.seen == fault.n) {
		fault.struck = true;
		fault.until_us = clock_boot_us() + fault.duration_us;
		return STRIKE_FIRST;
	}
	if (fault.struck && fault.kind != once && clock_boot_us() < fault.until_us)
		return STRIKE_LASTS;
	return STRIKE_NOT;
}

uint64_t fault_answer(uint64_t len, bool *ret_told)
{
	*ret_told = false;
	if (fault.open || !fault.kind)
		return len;
	if (fault.kind == FAULT_HTTP_BYTE) {
		uint64_t before = fault.seen;

		fault.seen += len;
		if (!fault.n || fault.n <= before || fault.n > fault.seen)
			return len;
		fault.struck = true;
		return fault.n - before - 1;
	}
	if (fault.kind != FAULT_HTTP_CUT && fault.kind != FAULT_HTTP_AWAY)
		return len;
	if (seam_strike(FAULT_HTTP_CUT) == STRIKE_NOT)
		return len;
	*ret_told = true;
	return 0;
}
