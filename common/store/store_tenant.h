/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tenants in the store: who they are and when they were looked at. Hold is in store_hold.h. Inside
 * the transaction of the caller. -ESTALE: the tenant's lease is somebody else's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/store/db.h"

struct store;

/*
 * The row of a configured tenant, made when it is new. -ENOTUNIQ: the name stands for another
 * tenant of the service in this store; its snapshots, findings and coverage must not be mixed with
 * the old one's, so it needs another name. Needs no lease: it comes before one.
 */
int store_tenant_admit(
	struct store *s, const char *name, const char *tenant_id, int64_t now_us, int64_t *ret_row);

/* A complete look has ended well; newest_us: newest snapshot listed, or TIME_NONE. 0, -ENOENT, < 0.
 */
int store_tenant_looked(struct store *s, int64_t tenant, int64_t at_us, int64_t newest_us);
/* The last look has failed; text is for people. 0, -ENOENT, or < 0. */
int store_tenant_look_failed(struct store *s, int64_t tenant, const char *text);

/*
 * What was found to read a job of this tenant; a word of daemon/graph. For the GUID, because who
 * finds it out knows no row. 0 also when the tenant has no row yet; < 0.
 */
int store_tenant_set_job_read(struct store *s, const char *tenant_id, const char *what);
/* 1 and a copy (free() it), 0 when it is not known, or < 0. */
int store_tenant_get_job_read(struct store *s, const char *tenant_id, char **ret);

struct store_tenant {
	int64_t id;
	char *name, *tenant_id;
	int64_t first_seen_us;
	int64_t last_look_us;	    /* last complete one; TIME_NONE */
	char *last_look_error;	    /* NULL: the last look was good, or there was none */
	int64_t newest_snapshot_us; /* newest ever listed; TIME_NONE */
	int64_t hold_until_us;	    /* TIME_NONE */
	char *hold_by;		    /* or NULL */
	char *job_read;		    /* or NULL */
};
struct store_tenant_list {
	struct store_tenant *items;
	size_t n;
};
/* Every tenant that was ever admitted, by name. */
int store_tenant_load_all(struct store *s, struct store_tenant_list *ret);
void store_tenant_list_done(struct store_tenant_list *list);
