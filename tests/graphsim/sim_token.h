/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: what was issued to whom, and the endpoint that issues them. */
#pragma once

#include "tests/graphsim/sim_core.h"

/* What an access token lets its holder do. */
enum sim_scope {
	SIM_SCOPE_READ = 1,	/* EntraBackup.Read.All */
	SIM_SCOPE_PREVIEW = 2,	/* EntraBackup.ReadWrite.Preview, delegated only */
	SIM_SCOPE_RECOVERY = 4, /* EntraBackup.ReadWrite.Recovery: no client should ever want it */
	SIM_SCOPE_AUDIT = 8,	/* AuditLog.Read.All */
	SIM_SCOPE_DIRECTORY = 16, /* Directory.Read.All */
};

struct sim_token {
	char *text;
	struct sim_tenant *tenant; /* borrowed */
	bool access;		   /* else a refresh token */
	bool delegated;		   /* acts for a user, not for the application alone */
	unsigned scopes;
	int64_t expires_us;
	bool used; /* refresh token that was redeemed */
	bool revoked;
};

/* The name of one scope bit; NULL for an unknown bit. */
const char *sim_scope_name(unsigned scope);
/* Scopes by name, blanks or commas between them; unknown names make it -EINVAL. */
int sim_scopes_parse(const char *text, unsigned *ret);

struct sim_token *sim_token_find(const struct sim *s, const char *text);
/* Issues a token; text NULL makes one up. */
struct sim_token *sim_token_new(struct sim *s, struct sim_tenant *t, bool access, bool delegated,
	unsigned scopes, int64_t lifetime_us, const char *text);
void sim_token_free(struct sim_token *token);
/* All tokens of a tenant: as when an administrator revokes every session. */
void sim_tokens_revoke(struct sim *s, const struct sim_tenant *t);
/* All access tokens of a tenant are over as of now. */
void sim_tokens_expire(struct sim *s, const struct sim_tenant *t);

struct sim_ctx;
/* POST /{tenant}/oauth2/v2.0/token */
void sim_token_endpoint(struct sim_ctx *c, const char *tenant_segment);

/* Answers with the error body of an AADSTS number. */
void sim_token_refuse(struct sim_ctx *c, int number);

/*
 * Verifies a client assertion for real. 0, or the AADSTS number that the platform would answer
 * with; why is one line for people.
 */
int sim_assertion_verify(struct sim_ctx *c, const char *assertion, struct buf *why);
/* Adds a certificate (PEM) that assertions of this tenant may be signed with. 0 or -errno. */
int sim_certificate_add(struct sim_tenant *t, const char *path);
