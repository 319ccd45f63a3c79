/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link of a page of changes to the next one, without reading the page: the members before and
 * behind the list are looked through from both ends. Of a page that change_page_parse() accepts it
 * is the same link or none; of anything else it may be whatever somebody wrote there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_span;

/*
 * Where the link is in the text, without quotes, as it stands (there is no escape in it). False:
 * not seen, which does not say that there is none. It takes no longer for a larger page.
 */
bool change_link_peek(const char *text, size_t len, struct json_span *ret);

/* Whether a member with this key (as it stands, without quotes) is the link to the next page. */
bool change_link_is(const char *key, size_t len);
