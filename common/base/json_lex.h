/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks JSON text against the grammar of RFC 8259 without building anything: what json_parse()
 * and json_scan() have in common. Private to common/base. No allocation, no recursion.
 */
#pragma once

#include <stdbool.h>

/* Depths above this are cut to it; cJSON, which comes behind, recurses and gives up at 1000. */
#define JSON_LEX_MAX_DEPTH 512u

struct json_lex {
	const char *at; /* next byte */
	const char *end;
	unsigned max_depth; /* containers that may be open at once */
	bool escaped;	    /* a string had an escape; whoever wants to know resets it */
	/* an escape names half of a surrogate pair: grammatical, but no UTF-8 can hold it */
	bool lone_surrogate;
};

/* Past blanks. */
void json_lex_space(struct json_lex *lex);

/* Past blanks and then c; false (and the place is undefined) when something else is there. */
bool json_lex_char(struct json_lex *lex, char c);

/* Past one string with its quotes, at its opening quote. 0 or an enum json_error. */
int json_lex_string(struct json_lex *lex);

/* Past blanks and one value inside of depth open containers. 0 or an enum json_error. */
int json_lex_value(struct json_lex *lex, unsigned depth);
