/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a scenario cut into words. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

#define SIM_MAX_WORDS 64

struct sim_word {
	char *text;  /* the word, or the key of key=value */
	char *value; /* NULL when it is not key=value */
	bool quoted; /* the word, or the value, was in double quotes */
};

struct sim_words {
	struct sim_word word[SIM_MAX_WORDS];
	size_t n;
};

/*
 * Blanks separate; "double quotes" keep a word together (with \" and \\ inside); a value that
 * begins with { or [ runs to the bracket that closes it. # begins a comment at the start of a word.
 * 0, or -EINVAL with one line in error.
 */
int sim_words_parse(const char *line, struct sim_words *ret, struct buf *error);
void sim_words_done(struct sim_words *w);

/* The value of key=value at or after word from; fallback when there is none. */
const char *sim_word_option(
	const struct sim_words *w, size_t from, const char *key, const char *fallback);
/* NULL, or the first key at or after word from that is not in known (NULL at its end). */
const char *sim_word_unknown(const struct sim_words *w, size_t from, const char *const *known);
