/* SPDX-License-Identifier: Apache-2.0 */
/* In a text that is JSON a quote inside of a string has a backslash before it: who meets neither
 * knows from either end what is a string and what is not. */
#include "common/model/change_link.h"

#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"

/* How far is looked from each end: for a link, and as much of annotations. */
#define REACH ((size_t)2 * LIMIT_URL_BYTES)

bool change_link_is(const char *key, size_t len)
{
	/* annotations come as "@odata.nextLink" or, by OData 4.01, as "@nextLink" */
	static const char *const spellings[] = {"@odata.nextLink", "@nextLink"};

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
		if (len == strlen(spellings[i]) && memcmp(key, spellings[i], len) == 0)
			return true;
	return false;
}

/* No more than what the page's reader takes as it is. */
static bool is_plain(const char *link, size_t len)
{
	if (len == 0 || len > LIMIT_URL_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)link[i] < ' ' || (unsigned char)link[i] > '~')
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Of a number, true, false or null. */
static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' ||
	       c == '-' || c == '.';
}

static bool is_link(const char *text, struct json_span key, struct json_span value)
{
	return change_link_is(text + key.off, key.len) && is_plain(text + value.off, value.len);
}

/* --- from the front -----------------------------------------------------------------------------
 */

struct walk {
	const char *text;
	size_t at, end; /* what is left: [at, end) of the front, [end, at) of the back */
};

/* Of one that is to be taken, over blanks; 0 at the end. */
static char next(struct walk *w)
{
	while (w->at < w->end && is_blank(w->text[w->at]))
		w->at++;
	return w->at < w->end ? w->text[w->at] : '\0';
}

static bool take(struct walk *w, char c)
{
	bool there = next(w) == c;

	w->at += there;
	return there;
}

static bool take_string(struct walk *w, struct json_span *ret)
{
	if (!take(w, '"'))
		return false;
	ret->off = w->at;
	while (w->at < w->end && w->text[w->at] != '"' && w->text[w->at] != '\\')
		w->at++;
	ret->len = w->at - ret->off;
	return take(w, '"');
}

/* Any value but a list or an object; without a length if it is no string. */
static bool take_scalar(struct walk *w, struct json_span *ret)
{
	if (next(w) == '"')
		return take_string(w, ret);
	size_t begin = w->at;
	while (w->at < w->end && is_word(w->text[w->at]))
		w->at++;
	*ret = (struct json_span){w->at, 0};
	return w->at > begin;
}

static bool find_forward(const char *text, size_t len, struct json_span *ret)
{
	struct walk w = {.text = text, .end = len < REACH ? len : REACH};
	struct json_span key, value;

	for (char before = '{'; take(&w, before); before = ',') {
		if (!take_string(&w, &key) || !take(&w, ':') || !take_scalar(&w, &value))
			return false;
		if (is_link(text, key, value)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* --- from the back ------------------------------------------------------------------------------
 */

static char last(struct walk *w)
{
	while (w->at > w->end && is_blank(w->text[w->at - 1]))
		w->at--;
	return w->at > w->end ? w->text[w->at - 1] : '\0';
}

static bool take_back(struct walk *w, char c)
{
	bool there = last(w) == c;

	w->at -= there;
	return there;
}

static bool take_string_back(struct walk *w, struct json_span *ret)
{
	if (!take_back(w, '"'))
		return false;
	size_t end = w->at;
	while (w->at > w->end && w->text[w->at - 1] != '"' && w->text[w->at - 1] != '\\')
		w->at--;
	*ret = (struct json_span){w->at, end - w->at};
	/* a quote with a backslash before it is inside of the string */
	return w->at > w->end + 1 && w->text[w->at - 1] == '"' && w->text[--w->at - 1] != '\\';
}

static bool take_scalar_back(struct walk *w, struct json_span *ret)
{
	if (last(w) == '"')
		return take_string_back(w, ret);
	size_t end = w->at;
	while (w->at > w->end && is_word(w->text[w->at - 1]))
		w->at--;
	*ret = (struct json_span){w->at, 0};
	return w->at < end;
}

static bool find_backward(const char *text, size_t len, struct json_span *ret)
{
	struct walk w = {.text = text, .at = len, .end = len < REACH ? 0 : len - REACH};
	struct json_span key, value;

	for (char behind = '}'; take_back(&w, behind); behind = ',') {
		if (!take_scalar_back(&w, &value) || !take_back(&w, ':') ||
			!take_string_back(&w, &key))
			return false;
		if (is_link(text, key, value)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

bool change_link_peek(const char *text, size_t len, struct json_span *ret)
{
	return find_forward(text, len, ret) || find_backward(text, len, ret);
}
