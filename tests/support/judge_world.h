/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A judge on a real database behind the fake store thread, previews that are made by hand, and a
 * look at what came of them. For tests of daemon/watch/judge*.c.
 */
#pragma once

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "common/store/store.h"
#include "daemon/watch/judge.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"

/* A preview says what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define T(h) (INT64_C(1790000000000000) + (h)*USEC_PER_HOUR)
#define ID(n) "aaaaaaaa-0000-0000-0000-00000000000" #n

struct judge_world {
	struct store *st;
	struct loop *loop;
	struct store_thread *thread;
	struct judge *judge;
	struct conf conf;
	struct conf_tenant tenant_conf;
	struct tenant tenant;
	struct judge_result last; /* of the last judgement; what it points at is gone */
	char first_object[256];	  /* "TYPE ID CHANGE SEVERITY" of the first for the journal */
	unsigned n_answers;
};
extern struct judge_world w;

/* Fixtures. Two sinks, one tenant, no rule. */
void judge_world_new(void);
void judge_world_done(void);

struct preview {
	int64_t baseline_us, p_us; /* hours */
	const char *rows;	   /* elements of "value" */
	int64_t promised;	   /* -1: as many as there are */
	bool initial;
	int64_t takes_us;
	const char *baseline, *watch, *filter, *filter_hash, *service_id;
};
#define PREVIEW(...) \
	(struct preview) \
	{ \
		.promised = -1, .baseline = "covered", .watch = "all", .filter = "", \
		.filter_hash = "h", .service_id = "j", __VA_ARGS__ \
	}

#define DELETED(type, id, name, at) \
	"{\"recoveryAction\":\"restore\",\"entityTypeName\":\"" type "\",\"id\":\"" id "\"," \
	"\"displayName\":\"" name "\",\"deltaFromCurrent\":{\"deletedDateTime\":null}," \
	"\"currentState\":{\"deletedDateTime\":" at ",\"displayName\":\"" name "\"}}"
#define APPEARED(type, id, name) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"" type "\",\"id\":\"" id "\"," \
	"\"displayName\":\"" name \
	"\",\"deltaFromCurrent\":{\"@removed\":{\"reason\":\"changed\"}," \
	"\"deletedDateTime\":\"2026-09-21T00:00:00Z\"}," \
	"\"currentState\":{\"displayName\":\"" name "\"}}"
#define MODIFIED(type, id, name, delta, current) \
	"{\"recoveryAction\":\"update\",\"entityTypeName\":\"" type "\",\"id\":\"" id "\"," \
	"\"displayName\":\"" name "\",\"deltaFromCurrent\":{" delta "}," \
	"\"currentState\":{\"displayName\":\"" name "\"," current "}}"

/* Stores a complete preview that waits for its verdict. */
struct run *judge_world_preview(const struct preview *p);
/* The same, and judges it. Returns its id. */
int64_t judge_world_judge(const struct preview *p);

/* First column of all rows, with | between them, NULL as "-"; valid until the next call. */
const char *judge_world_ask(const char *query);
#define FINDINGS \
	"SELECT change || ' ' || episode || ' ' || attention || ' ' || fact || ' ' || severity" \
	" FROM finding ORDER BY id"
#define ALERTS "SELECT kind || ' ' || severity || ' ' || title FROM alert ORDER BY id"
