/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one tenant, from the configuration, the store and the running daemon. */
#pragma once

#include "common/base/json.h"
#include "common/store/store_condition.h"
#include "common/store/store_tenant.h"
#include "common/store/store_view.h"

struct cli;

struct tenant_state {
	const char *name, *tenant_id;
	bool configured;
	const struct store_tenant *stored; /* NULL: not in the store yet */
	struct view_jobs last;		   /* the latest that ended; at most one */
	struct view_jobs unfinished;
	int64_t open[_VIEW_SEVERITY_MAX];
	const struct json *live; /* the daemon's object for it; NULL: not known */
};

struct house {
	struct tenant_state *tenants;
	size_t n;
	struct store_tenant_list stored;
	struct store_conditions conditions;
	char *daemon_text;   /* why there is no answer of the daemon; NULL: there is one */
	struct buf reply;    /* of the daemon */
	struct json *daemon; /* NULL: no answer */
};

/* name: only this tenant, NULL for all. An enum exit_code; what is wrong was said. */
int house_load(struct cli *c, const char *name, struct house *ret);
void house_done(struct house *h);

/* Conditions that hold for a tenant (0 as id: for none in particular), one after the other from
 * *at; NULL at the end. */
const struct store_condition *house_condition(const struct house *h, int64_t tenant, size_t *at);

/* What is being done for it now: "job 13: waiting for the service", "idle". Raw, not visible yet.
 */
void tenant_append_now(const struct cli *c, const struct tenant_state *t, struct buf *out);
/* "2 critical, 1 warning", "none". */
void tenant_append_open(const struct tenant_state *t, struct buf *out);
enum tone tenant_open_tone(const struct tenant_state *t);
