/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between auth_user.c (the provider of an enrolled person's tokens) and auth_keep.c (what the store
 * keeps of a sign-in). Nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "common/model/sign_in.h"
#include "common/store/store_secret.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/auth_private.h"

struct user_job;

/* slot->state of the user's slot, from its making to its end. */
struct user {
	struct auth_slot *slot;
	struct secret *token;	/* the newest; NULL: not read yet, or there is none */
	struct sign_in sign_in; /* when enrolled */
	bool enrolled;
	bool probe; /* the exchange under way was asked for by a person, or its day has come */
	struct loop_timer *daily;
	LIST_HEAD(, user_job) jobs; /* at the store */
};

/*
 * A request to the store. It belongs to the store until it comes back, so it outlives the slot.
 */
struct user_job {
	LIST_ENTRY(user_job) entry;
	struct user *user; /* NULL when it is gone */
	bool stale;	   /* somebody else has taken the slot: it waits for this no more */
	char tenant_id[GUID_TEXT_SIZE];
	/* of the file, NULL when there is none: loading may take it; who signs in or out has the
	 * last word, so it then counts as taken and never comes back */
	struct secret *credential;
	struct secret *token;	 /* load: the result; save: what is to be kept; NULL: none */
	struct sign_in sign_in;	 /* load: the result; save: what is to be kept */
	bool enrolled;		 /* there is a row, or is to be one */
	bool taken;		 /* load: the credential replaced what was there */
	bool other_key;		 /* load: which another store key had sealed */
	struct auth_reply reply; /* save: delivered afterwards; adopt: the access token */
	auth_kept_fn kept;	 /* adopt, forget */
	void *kept_arg;
};

struct user_job *user_job_free(struct user_job *job);
DEFINE_CLEANUP(struct user_job, user_job_free);
int user_job_new(struct user *u, struct user_job **ret);
void user_job_post(struct user *u, struct user_job *job, store_work_fn work, store_done_fn done);
/* Back from the store: whose it is, if he still waits for it; NULL otherwise. */
struct user *user_job_back(struct user_job *job);
/* Nobody waits for what is at the store any more; it is done all the same. */
void user_jobs_forsake(struct user *u);

/* auth_user.c: job->credential from the file, if there is one. 0, or a result of credential_read()
 * that the administrator must hear of, in why. */
int user_read_credential(struct auth_slot *slot, struct user_job *job, struct buf *why);

/* auth_keep.c: writes the row as it is now; nobody waits for it. */
void user_keep_row(struct user *u);
/* Reads who signed in, for those who ask before the first exchange. */
int user_recall(struct user *u);
/* Work: the token (unless NULL) and the row of the job. */
int user_save_work(struct store *s, void *arg);
/* Arms the daily timer anew. */
void user_daily(struct user *u);
