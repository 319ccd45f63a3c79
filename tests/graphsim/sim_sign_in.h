/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may sign in to a tenant, and what the service makes of it: users, registered redirects, what
 * happens in the browser, codes and device codes that are under way, refusals that hold for a
 * while.
 */
#pragma once

#include "tests/graphsim/sim_http.h"
#include "tests/graphsim/sim_script.h"

#define SIM_MAX_REDIRECTS 8
#define SIM_MAX_CLAIMS 16

/* Directory roles that matter to somebody, as bits; sim_user.c has their names. */
enum sim_role {
	SIM_ROLE_BACKUP_READER = 1,
	SIM_ROLE_BACKUP_ADMINISTRATOR = 2,
	SIM_ROLE_GLOBAL_ADMINISTRATOR = 4,
};

struct sim_user {
	char *name; /* in scenarios */
	char *upn, *display;
	char id[SIM_GUID_SIZE];
	char home[SIM_GUID_SIZE]; /* the tenant that a guest comes from; "" otherwise */
	unsigned roles;
	bool disabled;
	bool passwordless; /* signs in with a key: a new password changes nothing */
};

/* What of the sign-in is refused by one line of a scenario. */
enum sim_part {
	SIM_PART_AUTHORIZE = 1,
	SIM_PART_CODE = 2,
	SIM_PART_DEVICE = 4, /* also refreshes of what began with a device code */
	SIM_PART_REFRESH = 8,
	SIM_PART_APP = 16,
};

struct sim_refused {
	int number; /* AADSTS */
	unsigned parts;
	int64_t until_us;	     /* TIME_NONE: until accepted */
	const struct sim_user *user; /* NULL: whoever it is */
	char *retry_after;	     /* NULL: no such header */
};

enum sim_platform { SIM_PLATFORM_WEB, SIM_PLATFORM_PUBLIC, SIM_PLATFORM_SPA };

struct sim_redirect {
	char *uri;
	enum sim_platform platform;
};

enum sim_grant_state { SIM_GRANT_PENDING, SIM_GRANT_APPROVED, SIM_GRANT_DECLINED };

/* A code or a device code, from the request for it to its redemption. */
struct sim_grant {
	struct sim_tenant *tenant; /* borrowed, as the user */
	const struct sim_user *user;
	bool device;
	enum sim_grant_state state;
	bool used;
	char *page; /* what the form carries; of a device: the code that a person types */
	char *text; /* the code, or the device code; NULL while nobody has decided */
	char *redirect, *answer_to, *client_state, *nonce, *challenge, *hint;
	enum sim_platform platform;
	unsigned scopes;
	bool offline, openid;
	int64_t expires_us;
	/* of a device */
	int64_t interval_us, polled_us, decide_us;
	enum sim_grant_state decision;
	uint64_t slow; /* polls left that are answered with slow_down */
};

struct sim_sign_in {
	struct sim_user **users;
	size_t n_users;
	struct sim_redirect redirects[SIM_MAX_REDIRECTS];
	size_t n_redirects; /* 0: http://localhost, on the platform that fits the client */
	enum { SIM_BROWSER_FORM, SIM_BROWSER_AUTO, SIM_BROWSER_SSO } browser;
	const struct sim_user *browser_as; /* NULL: whom the client hints at */
	struct {
		enum sim_grant_state decision;
		int64_t after_us, interval_us, expires_us;
		const struct sim_user *as;
		uint64_t slow;
		bool forbidden; /* "allow public client flows" is off */
	} device;
	struct sim_refused *refused;
	size_t n_refused;
	struct {
		char *key, *json; /* json NULL: the claim is left out */
	} claims[SIM_MAX_CLAIMS];
	size_t n_claims;
	enum { SIM_ID_TOKEN_GOOD, SIM_ID_TOKEN_MISSING, SIM_ID_TOKEN_GARBAGE } id_token;
	int64_t refresh_us;   /* how long an unused refresh token lives */
	int64_t frequency_us; /* after so long a person must sign in again; 0: never */
	enum { SIM_LICENCE_PRESENT, SIM_LICENCE_DENIED, SIM_LICENCE_EMPTY } licence;
};

struct sim_sign_in *sim_sign_in_new(void);
struct sim_sign_in *sim_sign_in_free(struct sim_sign_in *in);

/* --- sim_user.c --- */
/* NULL: there is none of that name, principal name or id. The first one is there from the
 * beginning. */
struct sim_user *sim_user_find(const struct sim_tenant *t, const char *who);
struct sim_user *sim_user_new(struct sim_tenant *t, const char *name, const char *domain);
void sim_user_free(struct sim_user *u);
/* The i-th role of a user; false past the last. */
bool sim_user_role(
	const struct sim_user *u, size_t i, const char **ret_name, const char **ret_template);
int sim_setup_user(struct sim_cmd *c);
int sim_verb_sign_in(struct sim_cmd *c);
int sim_verb_change_password(struct sim_cmd *c);
int sim_verb_reset_password(struct sim_cmd *c);
int sim_verb_disable(struct sim_cmd *c);
int sim_verb_enable(struct sim_cmd *c);
/* key=USER at or after the next word; *ret keeps its value when absent. 0 or -EINVAL. */
int sim_cmd_user(struct sim_cmd *c, const struct sim_tenant *t, const char *key,
	const struct sim_user **ret);

/* --- sim_plan.c: commands --- */
int sim_setup_browser(struct sim_cmd *c);
int sim_setup_redirect(struct sim_cmd *c);
int sim_setup_device(struct sim_cmd *c);
int sim_setup_claims(struct sim_cmd *c);
int sim_setup_lives(struct sim_cmd *c);
int sim_setup_licence(struct sim_cmd *c);
int sim_setup_credentials(struct sim_cmd *c);

/* --- sim_refuse.c --- */
/* The AADSTS number of what is refused now, 0 if nothing. parts are those that a request is of. */
int sim_refused(struct sim_ctx *c, unsigned parts, const struct sim_user *user);
int sim_verb_refuse(struct sim_cmd *c);
int sim_verb_accept(struct sim_cmd *c);
/* What is known of a number: the name of the error and a sentence. */
const char *sim_refusal_error(int number);
const char *sim_refusal_text(int number);
/* Whether a browser stays with a page of the service, so that the client hears nothing. */
bool sim_refusal_stays(int number);

/* --- sim_grant.c --- */
struct sim_grant *sim_grant_new(struct sim_tenant *t, bool device);
void sim_grant_free(struct sim_grant *g);
struct sim_grant *sim_grant_by_text(const struct sim *s, const char *text);
struct sim_grant *sim_grant_by_page(const struct sim *s, const char *page);
/* Somebody has decided; user is who signed in (may be NULL where declined). */
void sim_grant_decide(struct sim *s, struct sim_grant *g, enum sim_grant_state state,
	const struct sim_user *user);
/* Redeem what the body of the request names. 0 or an AADSTS number. */
int sim_grant_redeem_code(struct sim_ctx *c, struct sim_grant **ret);
int sim_grant_redeem_device(struct sim_ctx *c, struct sim_grant **ret);
int sim_verb_approve_device(struct sim_cmd *c);
int sim_verb_decline_device(struct sim_cmd *c);

/* --- sim_id_token.c --- */
/* Appends the token; audience is the client. */
void sim_id_token_write(
	struct sim_ctx *c, const struct sim_user *u, const char *nonce, struct buf *out);

/* --- what a browser sees --- */
void sim_authorize(struct sim_ctx *c);	   /* GET /{tenant}/oauth2/v2.0/authorize */
void sim_login(struct sim_ctx *c);	   /* POST /{tenant}/login: the form that it shows */
void sim_admin_consent(struct sim_ctx *c); /* GET /{tenant}/v2.0/adminconsent */
void sim_device_start(struct sim_ctx *c);  /* POST /{tenant}/oauth2/v2.0/devicecode */
void sim_device_page(struct sim_ctx *c);   /* GET and POST /devicelogin */

/* --- sim_html.c --- */
void sim_html_begin(struct sim_ctx *c, int status, const char *title);
void sim_html_end(struct sim_ctx *c);
void sim_html_text(struct buf *out, const char *text);
/* "Sorry, but we're having trouble signing you in." */
void sim_html_refusal(struct sim_ctx *c, int number);
/* A form with a choice of users, posted to action. */
void sim_html_sign_in(struct sim_ctx *c, const struct sim_tenant *t, const char *action,
	const char *page, const char *hint, const char *complaint);

/* --- sim_sign_in.c: which path is whose --- */
struct sim_sign_in_route {
	const char *method;
	size_t n;	    /* segments */
	const char *before; /* the last but one; NULL: any */
	const char *last;
	bool browser;		  /* called by a browser, not by the client */
	enum sim_counter counter; /* _SIM_COUNT_MAX: none */
	void (*handle)(struct sim_ctx *c);
};
const struct sim_sign_in_route *sim_sign_in_route(
	const char *method, char *const *segments, size_t n);
