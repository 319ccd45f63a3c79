/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/redirect.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/query.h"

/* A piece of the text. */
struct part {
	const char *p;
	size_t len;
};

static bool part_begins(const struct part *t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t->len >= n && strncasecmp(t->p, prefix, n) == 0;
}

static bool part_is(const struct part *t, const char *word)
{
	return t->len == strlen(word) && memcmp(t->p, word, t->len) == 0;
}

static void part_skip(struct part *t, size_t n)
{
	t->p += n;
	t->len -= n;
}

/* What stands before the character, or all; *t begins with it then, or is empty. */
static struct part part_until(struct part *t, char c)
{
	const char *end = t->len ? memchr(t->p, c, t->len) : NULL;
	struct part before = {t->p, end ? (size_t)(end - t->p) : t->len};

	part_skip(t, before.len);
	return before;
}

/* --- the query ----------------------------------------------------------------------------------
 */

static bool has(const struct part *query, const char *name)
{
	return query_has(query->p, query->len, name);
}

/* The values are not ours, so neither is how they are compared. */
static int check_state(const struct part *query, const char *state)
{
	_cleanup_(buf_done) struct buf got = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES);
	int r = query_get(query->p, query->len, "state", &got);
	size_t len = strlen(state);

	if (r == QUERY_E_ABSENT)
		return has(query, "code") || has(query, "error") ? REDIRECT_E_CUT
								 : REDIRECT_E_NOTHING;
	if (r == QUERY_E_TWICE)
		return REDIRECT_E_TWICE;
	if (r == QUERY_E_BAD)
		return REDIRECT_E_CUT;
	if (r < 0)
		return r;
	if (got.len == len)
		return bytes_equal_secret(got.data, state, len) ? 0 : REDIRECT_E_STATE;
	return got.len < len && bytes_equal_secret(buf_text(&got), state, got.len)
		       ? REDIRECT_E_CUT
		       : REDIRECT_E_STATE;
}

static int check_query(const struct part *query, const char *state)
{
	_cleanup_(buf_done) struct buf value = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES);
	int r = query->len > LIMIT_LOGIN_ANSWER_BYTES ? REDIRECT_E_LONG : check_state(query, state);

	if (r != 0)
		return r;
	bool code = has(query, "code"), error = has(query, "error");
	if (code && error)
		return REDIRECT_E_TWICE;
	if (!code && !error)
		return REDIRECT_E_CUT;
	r = query_get(query->p, query->len, code ? "code" : "error", &value);
	if (r == QUERY_E_TWICE)
		return REDIRECT_E_TWICE;
	if (r == QUERY_E_BAD || (r == 0 && value.len == 0))
		return REDIRECT_E_CUT;
	return r;
}

/* --- requests -----------------------------------------------------------------------------------
 */

/* The header ends with an empty line. */
static bool whole(const char *text, size_t len)
{
	return memmem(text, len, "\r\n\r\n", 4) || memmem(text, len, "\n\n", 2);
}

int redirect_request(
	const char *text, size_t len, const char *state, const char **ret_query, size_t *ret_len)
{
	struct part rest = {text, len};

	if (!whole(text, len))
		return len > LIMIT_REDIRECT_HEADER_BYTES ? REDIRECT_E_LONG : REDIRECT_E_MORE;
	struct part line = part_until(&rest, '\n');
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	struct part method = part_until(&line, ' ');
	if (line.len == 0 || memchr(method.p, '\0', method.len))
		return REDIRECT_E_HTTP;
	part_skip(&line, 1);
	struct part target = part_until(&line, ' ');
	if (target.len == 0 || target.p[0] != '/' || memchr(target.p, '\0', target.len) ||
		!part_begins(&line, " HTTP/1.") || line.len != 9)
		return REDIRECT_E_HTTP;
	if (!part_is(&method, "GET"))
		return REDIRECT_E_METHOD;
	struct part path = part_until(&target, '?');
	if (!part_is(&path, "/"))
		return REDIRECT_E_PATH;
	if (target.len == 0)
		return REDIRECT_E_NOTHING;
	part_skip(&target, 1);
	int r = check_query(&target, state);
	if (r != 0)
		return r;
	*ret_query = target.p;
	*ret_len = target.len;
	return 0;
}

/* --- pasted texts -------------------------------------------------------------------------------
 */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks around it, and the quotes that some programs put around an address. */
static void trim(struct part *t)
{
	for (bool again = true; again;) {
		while (t->len && blank(t->p[0]))
			part_skip(t, 1);
		while (t->len && blank(t->p[t->len - 1]))
			t->len--;
		again = t->len >= 2 &&
			((t->p[0] == t->p[t->len - 1] && strchr("\"'`", t->p[0]) && t->p[0]) ||
				(t->p[0] == '<' && t->p[t->len - 1] == '>'));
		if (again) {
			part_skip(t, 1);
			t->len--;
		}
	}
}

static bool odd_within(const struct part *t)
{
	for (size_t i = 0; i < t->len; i++)
		if ((unsigned char)t->p[i] <= ' ' || t->p[i] == 0x7f)
			return true;
	return false;
}

/* Takes "localhost:4711" from the beginning. Browsers may show it without its "http://". */
static bool take_loopback(struct part *t)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
	struct part rest = *t;

	if (part_begins(&rest, "http://"))
		part_skip(&rest, 7);
	else if (part_begins(&rest, "https://"))
		part_skip(&rest, 8);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct part at = rest;

		if (!part_begins(&at, hosts[i]))
			continue;
		part_skip(&at, strlen(hosts[i]));
		if (at.len && at.p[0] == ':')
			for (part_skip(&at, 1); at.len && at.p[0] >= '0' && at.p[0] <= '9';)
				part_skip(&at, 1);
		if (at.len && !strchr("/?#", at.p[0]))
			continue;
		*t = at;
		return true;
	}
	return false;
}

/* Whether the fragment has what the query should have. */
static bool answers(struct part fragment)
{
	if (fragment.len)
		part_skip(&fragment, 1);
	return has(&fragment, "code") || has(&fragment, "error") || has(&fragment, "id_token");
}

/* A code has no "=" and no "/", and is much longer than a word. */
static bool like_a_code(const struct part *t)
{
	return t->len >= 20 && !memchr(t->p, '=', t->len) && !memchr(t->p, '/', t->len) &&
	       !memchr(t->p, ':', t->len);
}

/* Leaves the query of an address in *t. */
static int find_query(struct part *t)
{
	struct part rest = *t;
	bool loopback = take_loopback(&rest);
	struct part path = part_until(&rest, '?'), before = path;

	if (!loopback && memmem(path.p, path.len, "://", 3)) {
		if (rest.len)
			part_skip(&rest, 1);
		return has(&rest, "client_id") ? REDIRECT_E_SENT : REDIRECT_E_ELSEWHERE;
	}
	part_until(&before, '#');
	if (before.len)
		return answers(before) ? REDIRECT_E_FRAGMENT : REDIRECT_E_NOTHING;
	if (rest.len)
		part_skip(&rest, 1);
	else if (loopback)
		return REDIRECT_E_NOTHING;
	else
		rest = *t;
	*t = part_until(&rest, '#');
	if (!has(t, "code") && !has(t, "error") && answers(rest))
		return REDIRECT_E_FRAGMENT;
	return has(t, "client_id") ? REDIRECT_E_SENT : 0;
}

int redirect_pasted(
	const char *text, size_t len, const char *state, const char **ret_query, size_t *ret_len)
{
	struct part t = {text, len};

	trim(&t);
	if (t.len == 0)
		return REDIRECT_E_EMPTY;
	if (t.len > LIMIT_LOGIN_ANSWER_BYTES)
		return REDIRECT_E_LONG;
	if (odd_within(&t))
		return REDIRECT_E_BLANK;
	if (like_a_code(&t))
		return REDIRECT_E_CODE_ONLY;
	int r = find_query(&t);
	if (r == 0)
		r = check_query(&t, state);
	if (r != 0)
		return r;
	*ret_query = t.p;
	*ret_len = t.len;
	return 0;
}

const char *redirect_error_text(int error)
{
	static const char *const texts[_REDIRECT_E_MAX] = {
		[REDIRECT_E_MORE] = "the request did not come to its end",
		[REDIRECT_E_HTTP] = "this is no request of a browser",
		[REDIRECT_E_METHOD] = "only GET is answered here",
		[REDIRECT_E_PATH] = "there is nothing here but the end of a sign-in",
		[REDIRECT_E_EMPTY] = "nothing was pasted",
		[REDIRECT_E_SENT] = "this is the address to open; paste the one that the browser "
				    "shows when the sign-in has ended, which begins with "
				    "http://localhost",
		[REDIRECT_E_ELSEWHERE] =
			"this is not where a sign-in ends; wait until the browser shows an address "
			"that begins with http://localhost (the page itself cannot be shown)",
		[REDIRECT_E_FRAGMENT] =
			"the answer stands behind a '#': the redirect of the application is "
			"registered as a single-page application; register http://localhost under "
			"'Mobile and desktop' (with a certificate: 'Web') instead",
		[REDIRECT_E_CODE_ONLY] =
			"this is only the code; paste the whole address, from http:// to its end",
		[REDIRECT_E_BLANK] = "there are blanks or line ends within; copy the address from "
				     "the browser's address bar, in one piece",
		[REDIRECT_E_LONG] = "this is too long for the end of a sign-in",
		[REDIRECT_E_NOTHING] = "there is no answer of a sign-in in this address",
		[REDIRECT_E_CUT] =
			"part of the address is missing; copy all of it, to its very end",
		[REDIRECT_E_TWICE] = "something stands twice in it; paste the address once",
		[REDIRECT_E_STATE] =
			"this belongs to another sign-in; open the address that was printed last",
	};

	if (error <= 0 || error >= _REDIRECT_E_MAX)
		return "the address cannot be read";
	return texts[error];
}
