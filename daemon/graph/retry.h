/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do after an attempt. Pure: outcome and counters in, decision out; randomness and time
 * come as arguments. Waits are exponential with full jitter and capped; a Retry-After that is
 * larger wins, up to LIMIT_RETRY_AFTER_US.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/http.h"

enum retry_action {
	RETRY_DONE,    /* a usable answer */
	RETRY_WAIT,    /* try again after wait_us */
	RETRY_TOKEN,   /* win a new token, then try again at once */
	RETRY_GIVE_UP, /* final; see reason */
};

/* Why there is no answer; the names of struct graph_reply's outcomes. */
enum graph_outcome {
	GRAPH_OK,
	GRAPH_SIGN_IN, /* no usable token: a person must act */
	GRAPH_CONFIG, /* client, certificate, host or TLS trust is wrong: the administrator must act
		       */
	GRAPH_FORBIDDEN, /* 403: consent, role or licence is missing */
	GRAPH_NOT_FOUND, /* 404 or 410 */
	GRAPH_BUSY,	 /* 409: the job slot is taken */
	GRAPH_REFUSED,	 /* another 4xx: we asked for something wrong */
	GRAPH_THROTTLED, /* 429 or 503 until the budget was used up */
	GRAPH_NETWORK,	 /* no answer, or 5xx, until the budget was used up */
	GRAPH_BAD_REPLY, /* answers that are none: HTML, cut or foreign JSON, a link to elsewhere */
};
const char *graph_outcome_name(enum graph_outcome o);
/* What a command ends with that could not do more for it: an EXIT_CODE of base/err.h. */
int graph_outcome_exit_code(enum graph_outcome o);

struct retry_policy {
	unsigned attempts;	 /* at most, the first included */
	int64_t base_us, cap_us; /* of the exponential wait */
	int64_t budget_us;	 /* waits may add up to this */
	bool not_found_is_young; /* 404 on an object just created: worth a few tries */
};

struct retry_input {
	enum http_error error;
	long status;
	bool body_usable; /* the body is what was asked for (JSON of the right shape), or none is
			     needed */
	bool bearer_challenge;	 /* WWW-Authenticate with claims */
	const char *retry_after; /* header as it came, or NULL */
	int64_t now_us; /* the service's clock (its Date) for Retry-After dates; ours if unknown */
	unsigned attempt;   /* 1 for the first */
	bool token_renewed; /* already done once for this request */
	int64_t waited_us;  /* so far */
	uint64_t random;    /* uniform 64 bits */
};

struct retry_decision {
	enum retry_action action;
	int64_t wait_us;	   /* RETRY_WAIT */
	enum graph_outcome reason; /* for RETRY_GIVE_UP and as the current trouble of RETRY_WAIT */
	bool fresh;		   /* open a new connection */
};

struct retry_decision retry_decide(const struct retry_policy *policy, const struct retry_input *in);

/*
 * How long to stay away after so many failures in a row (0: not at all): doubled each time from
 * base_us to at most cap_us, and between half of that and all of it, by random (uniform 64 bits).
 */
int64_t retry_backoff_us(int64_t base_us, int64_t cap_us, unsigned failures, uint64_t random);

/* Retry-After in seconds or as an HTTP date: microseconds from now_us, clamped to [0,
 * LIMIT_RETRY_AFTER_US]; TIME_NONE when absent, negative or garbage. */
int64_t retry_after_parse(const char *value, int64_t now_us);
