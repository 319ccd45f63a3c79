/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of values that are kept as text: names, ids, paths, addresses. Pure. They answer with
 * the value in the one form that the program works with.
 */
#pragma once

#include "common/conf/conf_keys.h"

/*
 * 0 with *ret_text to free(); -ENOMEM; or 1 with what is wrong appended to error. "" is a value
 * of its own (nothing, none) where the key's default is "".
 */
int conf_text_check(const struct conf_key *k, const char *text, char **ret_text, struct buf *error);

/* Appends the text in double quotes, cut and made visible: what somebody typed, for messages. */
void conf_quote(struct buf *out, const char *text);
/* Appends "; did you mean "x"?" when there is a likely one among names. */
void conf_suggest(struct buf *out, const char *text, const char *const *names);

/* True for a lower-case name of at most 64 bytes that may also stand in a file name. */
bool conf_name_valid(const char *name);

/* True when the host of this https URL is one of the service. */
bool conf_url_is_service(const char *url);
/* The same, or one of this host (tests). */
bool conf_url_trusted(const char *url);
