/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between auth.c (who gets a token and when), auth_exchange.c (one request to the token endpoint)
 * and the providers (auth_user.c, auth_app.c: what to send). Nobody else includes it.
 *
 * A slot is one kind of token of one tenant. Its exchange goes:
 * provider->start -> auth_slot_send -> provider->granted -> auth_slot_won, and may end at any point
 * in auth_slot_lost. A new kind of sign-in is one more provider:
 *
 * - Workload identity federation (a token file of Kubernetes or SPIFFE): the app's provider as it
 *   is, with add_assertion() of auth_exchange.c taking the assertion from the file, read anew each
 *   time, instead of signing one.
 * - Managed identity of an Azure VM: a provider whose start() sends a GET with "Metadata: true" to
 *   the metadata address (no proxy, no redirect) instead of calling auth_slot_send(); what comes
 * back is read by auth_reply_read() (its numbers are strings there) and goes to auth_slot_won().
 * 404, 410, 429 and 5xx are AUTH_THROTTLED there. It has no refresh token, so granted() is the
 * app's.
 * - Azure Arc: the same with two requests; the first is answered with 401 and the path of a key
 *   file, which must lie in /var/opt/azcmagent/tokens/, end in .key and be short.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/base/buf.h"
#include "daemon/graph/auth.h"
#include "daemon/engine/http.h"
#include "daemon/graph/auth_reply.h"

struct auth_slot;
struct conf_tenant;
struct http_call;
struct loop_timer;

struct auth_provider {
	const char *name; /* for messages */
	const char *(*scope)(const struct conf_tenant *tenant);
	bool confidential; /* cannot do without a certificate */
	/* NULL: nothing to do. 0 or -ENOMEM. */
	int (*init)(struct auth_slot *slot);
	/* Gathers the grant and sends it, now or later. probe: also one that was refused. */
	void (*start)(struct auth_slot *slot, bool probe);
	/* Keeps what must outlive the exchange, then auth_slot_won(). Takes the reply over. */
	void (*granted)(struct auth_slot *slot, struct auth_reply *reply);
	/* May change the reply before it is remembered. NULL: nothing to do. */
	void (*refused)(struct auth_slot *slot, struct auth_reply *reply);
	/* An exchange has ended, either way, and nobody has been told yet. NULL: nothing to do. */
	void (*ended)(struct auth_slot *slot);
	/* Frees slot->state; a request at the store must not come back to it. */
	void (*stop)(struct auth_slot *slot);
};
extern const struct auth_provider auth_user_provider;
extern const struct auth_provider auth_app_provider;

struct auth_wait {
	TAILQ_ENTRY(auth_wait) entry;
	struct auth_slot *slot;
	auth_done_fn done;
	void *arg;
	uint64_t number;
	bool probe; /* wants to know how the exchange went, not whether there is a token */
};

struct auth_slot {
	struct auth *auth;
	const struct auth_provider *provider;
	void *state; /* the provider's */

	TAILQ_HEAD(, auth_wait) waits;
	uint64_t next_number;
	struct loop_timer *pump;
	bool busy;   /* an exchange is under way */
	bool wanted; /* one is to be made although nobody waits for a token */
	struct http_call *http;

	struct secret *token;	  /* NULL: none */
	int64_t renew_us, end_us; /* boot time */
	char *claims;		  /* to be sent with the next exchange; NULL */

	/* the last exchange, when it failed */
	bool failed;
	enum auth_outcome outcome;
	struct buf text, hint; /* hint empty: none */
	int64_t hold_until_us; /* boot time */
	unsigned misses;       /* exchanges in a row that met trouble on the way */
};

struct auth {
	struct auth_env env;
	char *credentials_dir;
	struct conf_tenant *tenant;
	struct auth_slot slots[2]; /* by enum auth_kind */
	int64_t certificate_ends_us;
	char *token_tenant; /* of the last identity token; NULL: none came */
};

/* Sends form (already holding the grant; consumed) with what every exchange has. */
void auth_slot_send(struct auth_slot *slot, struct buf *form);
/* The exchange is over. Both tell whoever waits. won takes the reply over. */
void auth_slot_won(struct auth_slot *slot, struct auth_reply *reply);
/* In hint (may be NULL) "TENANT" stands for the tenant's name. */
void auth_slot_lost(struct auth_slot *slot, enum auth_outcome outcome, const char *text,
	const char *hint, int64_t hold_us);
/* What a former process was told, until somebody asks again. */
void auth_slot_recall(struct auth_slot *slot, const char *text, const char *hint);
/* Gives the exchange up without telling anybody; the slot stays busy for whoever did it. */
void auth_slot_take(struct auth_slot *slot);
/* Lets it go again. */
void auth_slot_release(struct auth_slot *slot);
/* Something that auth.h shows is different now. */
void auth_changed(struct auth *a);
/* Appends hint with the tenant's name in it. */
void auth_hint(const struct auth *a, const char *hint, struct buf *out);

/*
 * One request to the service's OAuth endpoints by the client of a, which signs it when it is
 * confidential; what is answered is the caller's to read (auth_reply.h). form already has the grant
 * and is the caller's. confidential: it must be signed. 0 and *ret_call until done is called; 1
 * with what is wrong with the certificate appended to why; or -errno.
 */
enum auth_endpoint {
	AUTH_ENDPOINT_TOKEN,
	AUTH_ENDPOINT_DEVICE,
	AUTH_ENDPOINT_AUTHORIZE, /* for browsers: never requested from here */
};
int auth_exchange(struct auth *a, enum auth_endpoint endpoint, bool confidential, struct buf *form,
	http_done_fn done, void *arg, struct http_call **ret_call, struct buf *why);
/* Appends its address. */
void auth_endpoint_append(const struct auth *a, enum auth_endpoint endpoint, struct buf *out);
extern const char auth_hint_certificate[]; /* what to do after such a 1 */

/* Appends "&name=value", encoded for application/x-www-form-urlencoded. */
void auth_form_add(struct buf *form, const char *name, const char *value);
