/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: what was issued to whom, and the endpoint that issues them. */
#pragma once

#include "tests/graphsim/sim_core.h"

/* What names of permissions may begin with. */
#define SIM_GRAPH_RESOURCE "https://graph.microsoft.com/"
/* No AADSTS number: the poll of a device code came too early. */
#define SIM_SLOW_DOWN (-1)

/* What an access token lets its holder do. */
enum sim_scope {
	SIM_SCOPE_READ = 1,	/* EntraBackup.Read.All */
	SIM_SCOPE_PREVIEW = 2,	/* EntraBackup.ReadWrite.Preview, delegated only */
	SIM_SCOPE_RECOVERY = 4, /* EntraBackup.ReadWrite.Recovery: no client should ever want it */
	SIM_SCOPE_AUDIT = 8,	/* AuditLog.Read.All */
	SIM_SCOPE_DIRECTORY = 16, /* Directory.Read.All */
	SIM_SCOPE_DIRECTORY_WRITE = 32,
	SIM_SCOPE_USER = 64, /* User.Read, which the portal gives to every new application */
};

struct sim_user;

/* How the user of a token signed in; refreshing passes it on. */
struct sim_session {
	const struct sim_user *user; /* borrowed; NULL: none, the token is an application's */
	enum sim_client_kind {
		SIM_CLIENT_BY_CERTIFICATE, /* confidential where the tenant has one */
		SIM_CLIENT_PUBLIC,
		SIM_CLIENT_CONFIDENTIAL,
	} client;
	bool device; /* began with a device code */
	int64_t signed_in_us;
};

struct sim_token {
	char *text;
	struct sim_tenant *tenant; /* borrowed */
	bool access;		   /* else a refresh token */
	bool delegated;		   /* acts for a user, not for the application alone */
	unsigned scopes;
	struct sim_session session;
	int64_t expires_us;
	bool used; /* refresh token that was redeemed */
	bool revoked;
};

/* The name of one scope bit; NULL for an unknown bit. */
const char *sim_scope_name(unsigned scope);
/* Scopes by name, blanks or commas between them; unknown names make it -EINVAL. */
int sim_scopes_parse(const char *text, unsigned *ret);

/* What the scope parameter of a request asks for. */
struct sim_asked {
	unsigned scopes; /* of Graph, any resource prefix cut off */
	bool offline, openid;
};
struct sim_ctx;
/* 0 or an AADSTS number; *ret is written on 65001 (not consented to) as well. */
int sim_scopes_asked(
	struct sim_ctx *c, const char *text, unsigned consented, struct sim_asked *ret);
/* As a token answer lists them. */
void sim_scopes_write(const struct sim_ctx *c, unsigned scopes, bool openid, struct buf *out);

/* Opaque text of that length with a mark in front, so that a test can look for leaked ones. */
char *sim_token_text(struct sim *s, const char *mark, size_t length);
struct sim_token *sim_token_find(const struct sim *s, const char *text);
/* Issues a token; text NULL makes one up. Of a delegated one the first user has signed in just now.
 */
struct sim_token *sim_token_new(struct sim *s, struct sim_tenant *t, bool access, bool delegated,
	unsigned scopes, int64_t lifetime_us, const char *text);
void sim_token_free(struct sim_token *token);
/* Whether the client that holds it has to prove itself. */
bool sim_token_confidential(const struct sim_token *token);
/* All tokens of a tenant: as when an administrator revokes every session. */
void sim_tokens_revoke(struct sim *s, const struct sim_tenant *t);
/* The refresh tokens of a user: all of them, or those of a password that public clients hold. */
void sim_tokens_revoke_user(struct sim *s, const struct sim_user *u, bool all);
/* All access tokens of a tenant are over as of now. */
void sim_tokens_expire(struct sim *s, const struct sim_tenant *t);

/* POST /{tenant}/oauth2/v2.0/token */
void sim_token_endpoint(struct sim_ctx *c);

/* Answers with the error body of an AADSTS number. */
void sim_token_refuse(struct sim_ctx *c, int number);

/*
 * Verifies a client assertion for real. 0, or the AADSTS number that the platform would answer
 * with; why is one line for people.
 */
int sim_assertion_verify(struct sim_ctx *c, const char *assertion, struct buf *why);
/* Adds a certificate (PEM) that assertions of this tenant may be signed with. 0 or -errno. */
int sim_certificate_add(struct sim_tenant *t, const char *path);
