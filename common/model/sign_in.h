/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sign-in of one tenant: who gave it, how long it lives, what is due. Holds no token. Pure: no
 * clock, no store.
 *
 * A refresh token dies when it was not used for 90 days, and each use begins them anew; it also
 * dies at a fixed age where a policy wants people to sign in every so often. The service never
 * tells which policy applies, so an end that was seen once is what the next sign-in is warned of.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/parse.h"

enum sign_in_how {
	SIGN_IN_BY_UNKNOWN,    /* a way that another version knows */
	SIGN_IN_BY_CREDENTIAL, /* a refresh token in a credential file */
	SIGN_IN_BY_CODE,       /* browser, authorization code and PKCE */
	SIGN_IN_BY_DEVICE,     /* device code */
};
/* Stable words, also in the store: "unknown", "credential", "code", "device". */
const char *sign_in_how_name(enum sign_in_how how);
enum sign_in_how sign_in_how_parse(const char *name);

/* What is remembered of it. Texts are owned, NULL is "not known"; times are wall time, TIME_NONE is
 * "never" or "not known". */
struct sign_in {
	char tenant_id[GUID_TEXT_SIZE]; /* lower case */
	enum sign_in_how how;
	char *account;	  /* user principal name, as the service gave it: hostile */
	char *account_id; /* object id */
	char *scopes;	  /* granted by the last answer that named any, separated by blanks */
	int guest;	  /* 1, 0; -1 not known */
	int64_t enrolled_us;
	int64_t refreshed_us; /* last redemption that worked */

	/* as long as the service refuses; the token is kept */
	int64_t refused_us; /* since then; TIME_NONE: it does not */
	char *refused_text; /* its reason in words, visible */
	char *refused_hint; /* what to do, with the command */
	int64_t probed_us;  /* last time it was asked all the same */

	/* shortest lives that were observed, of this sign-in and those before it */
	int64_t age_us;	 /* from signing in until a policy ended it */
	int64_t idle_us; /* from the last use until it had expired unused */
};

/* TIME_NONE everywhere, guest not known. */
#define SIGN_IN_INIT \
	((struct sign_in){.guest = -1, \
		.enrolled_us = TIME_NONE, \
		.refreshed_us = TIME_NONE, \
		.refused_us = TIME_NONE, \
		.probed_us = TIME_NONE, \
		.age_us = TIME_NONE, \
		.idle_us = TIME_NONE})
/* Frees the texts and leaves SIGN_IN_INIT. */
void sign_in_done(struct sign_in *s);
/* A copy of its own. 0 or -ENOMEM (then *ret is as it was). */
int sign_in_copy(const struct sign_in *s, struct sign_in *ret);

struct sign_in_list {
	struct sign_in *items;
	size_t n;
};
void sign_in_list_done(struct sign_in_list *list);

enum sign_in_state {
	SIGN_IN_NOBODY,	  /* nobody has signed in */
	SIGN_IN_GOOD,	  /* more than SIGN_IN_WARN_DAYS are left */
	SIGN_IN_EXPIRING, /* it works and ends soon */
	SIGN_IN_OVER,	  /* its time is up; the service has not been asked since */
	SIGN_IN_REFUSED,  /* the service refuses it; it is tried daily */
};
/* "nobody", "good", "expiring", "over", "refused". */
const char *sign_in_state_name(enum sign_in_state state);
/* s may be NULL: nobody. */
enum sign_in_state sign_in_state(const struct sign_in *s, int64_t now_us);

/* When it ends if it is not used any more, or at its fixed age; TIME_NONE when nothing is known. */
int64_t sign_in_ends_us(const struct sign_in *s);
/* True when that is because of its age, and using it does not help. */
bool sign_in_ends_by_age(const struct sign_in *s);
/* Whole days until then, at least 0; -1 when the end is not known. */
int sign_in_days_left(const struct sign_in *s, int64_t now_us);

/*
 * The warning that is due left_us before an end: the smallest of days (falling, 0 ends the list)
 * that is not yet passed; 0 when it is too early for any, or when one as small as told (0: none
 * yet) was told. So who was away for all of two weeks hears of the last one only.
 */
unsigned sign_in_warning(int64_t left_us, const unsigned *days, unsigned told);
#define SIGN_IN_WARN_DAYS 14
extern const unsigned sign_in_warn_days[];     /* 14, 7, 3, 1, 0 */
extern const unsigned certificate_warn_days[]; /* 30, 14, 7, 1, 0 */
#define CERTIFICATE_WARN_DAYS 30

/*
 * When the token is to be used next although nobody asks for one: a day after it was used last, and
 * that much later (at most an hour) as the tenant's id says, so that those who came together part.
 * One that is refused is tried within a day, so that this is known before people are told again.
 * now_us when nothing is known; never more than a day and an hour from now, whatever
 * the clock was when a time was noted.
 */
int64_t sign_in_next_us(const struct sign_in *s, int64_t now_us);

/* Facts that change it. Times are not trusted to rise. */
enum sign_in_end {
	SIGN_IN_END_OTHER, /* revoked, a policy, consent: says nothing about its life */
	SIGN_IN_END_AGE,   /* it was too old */
	SIGN_IN_END_IDLE,  /* it was not used for too long */
};
/* The service refused it. The first refusal counts as its begin; each replaces the reason. Texts
 * are copied; short of memory they are not known. */
void sign_in_refused(struct sign_in *s, int64_t now_us, enum sign_in_end end, const char *text,
	const char *hint);
/* It was redeemed. True when it was refused before. */
bool sign_in_refreshed(struct sign_in *s, int64_t now_us);
