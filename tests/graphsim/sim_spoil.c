/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_spoil.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/hash.h"

/* --- members of a text that was well formed ------------------------------------------------------
 */

struct member {
	const char *key;   /* its opening quote */
	const char *value; /* the first byte */
	const char *end;   /* behind the value */
};

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

static const char *skip_value(const char *p)
{
	unsigned depth = 0;

	while (*p) {
		if (*p == '"') {
			p = skip_string(p);
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			depth--;
			p++;
		} else if (*p == ',' && depth == 0) {
			return p;
		} else {
			p++;
			continue;
		}
		if (depth == 0)
			return p;
	}
	return p;
}

/* The first member of that name at or after from. */
static bool find(const char *from, const char *key, struct member *ret)
{
	size_t len = strlen(key);

	for (const char *p = from; *p;) {
		if (*p != '"') {
			p++;
			continue;
		}
		const char *end = skip_string(p);
		if ((size_t)(end - p) == len + 2 && memcmp(p + 1, key, len) == 0 && *end == ':') {
			*ret = (struct member){p, end + 1, skip_value(end + 1)};
			return true;
		}
		p = end;
	}
	return false;
}

static void take_over(struct sim_ctx *c, struct buf *text)
{
	buf_done(&c->res->body);
	c->res->body = *text;
}

/* Writes the body anew with `put` instead of the members of that name: of all, or of the first. */
static void rewrite(struct sim_ctx *c, const char *key, bool all,
	void (*put)(struct buf *out, const struct member *m))
{
	const char *from = buf_text(&c->res->body);
	struct buf out = BUF_INIT(SIM_BODY_MAX);
	struct member m;

	do {
		if (!find(from, key, &m))
			break;
		buf_append(&out, from, (size_t)(m.key - from));
		put(&out, &m);
		from = m.end;
		/* a member that is gone takes one comma with it */
		if (out.len && out.data[out.len - 1] == ',' && (*from == ',' || *from == '}'))
			buf_truncate(&out, out.len - 1);
		else if (out.len && out.data[out.len - 1] == '{' && *from == ',')
			from++;
	} while (all);
	buf_puts(&out, from);
	take_over(c, &out);
}

static void put_nothing(struct buf *out, const struct member *m)
{
	(void)out;
	(void)m;
}

static void put_null(struct buf *out, const struct member *m)
{
	buf_append(out, m->key, (size_t)(m->value - m->key));
	buf_puts(out, "null");
}

static void put_twice(struct buf *out, const struct member *m)
{
	size_t len = (size_t)(m->end - m->key);

	buf_append(out, m->key, len);
	buf_putc(out, ',');
	buf_append(out, m->key, len);
}

void sim_spoil_remove(struct sim_ctx *c, const struct sim_argument *a)
{
	rewrite(c, a->text, true, put_nothing);
}

void sim_spoil_null(struct sim_ctx *c, const struct sim_argument *a)
{
	rewrite(c, a->text, true, put_null);
}

void sim_spoil_duplicate(struct sim_ctx *c, const struct sim_argument *a)
{
	rewrite(c, a->text, false, put_twice);
}

/* Cuts nothing that is no GUID: grants and the policies of which there is one have other ids. */
static void put_cut(struct buf *out, const struct member *m)
{
	size_t len = (size_t)(m->end - m->value);

	buf_append(out, m->key, (size_t)(m->value - m->key));
	if (len == SIM_GUID_SIZE + 1) {
		buf_append(out, m->value, len - 2);
		buf_putc(out, '"');
	} else {
		buf_append(out, m->value, len);
	}
}

void sim_spoil_ids(struct sim_ctx *c, const struct sim_argument *a)
{
	(void)a;
	rewrite(c, "id", true, put_cut);
}

/* --- more of it ----------------------------------------------------------------------------------
 */

static void insert(struct sim_ctx *c, const char *at, const struct buf *text)
{
	const char *body = buf_text(&c->res->body);
	struct buf out = BUF_INIT(SIM_BODY_MAX);

	buf_append(&out, body, (size_t)(at - body));
	buf_append(&out, text->data, text->len);
	buf_puts(&out, at);
	take_over(c, &out);
}

/* Behind the bracket of the first row's state, or of the document; NULL when it is no object. */
static const char *first_state(const struct sim_ctx *c)
{
	const char *body = buf_text(&c->res->body);
	struct member m;

	if (find(body, "currentState", &m) && *m.value == '{')
		return m.value + 1;
	return *body == '{' ? body + 1 : NULL;
}

void sim_spoil_deep(struct sim_ctx *c, const struct sim_argument *a)
{
	const char *at = first_state(c);
	struct buf text = BUF_INIT(SIM_BODY_MAX);

	if (!at)
		return;
	buf_puts(&text, "\"nested\":");
	for (uint64_t i = 0; i < a->number; i++)
		buf_putc(&text, '[');
	for (uint64_t i = 0; i < a->number; i++)
		buf_putc(&text, ']');
	if (*at != '}')
		buf_putc(&text, ',');
	insert(c, at, &text);
	buf_done(&text);
}

void sim_spoil_size(struct sim_ctx *c, const struct sim_argument *a)
{
	static const char key[] = "\"notes\":\"", end[] = "\",";
	const char *at = first_state(c);
	size_t with = c->res->body.len + strlen(key) + strlen(end);
	struct buf text = BUF_INIT(SIM_BODY_MAX);

	if (!at || a->number < with)
		return;
	buf_puts(&text, key);
	for (size_t n = a->number - with; n > 0; n--)
		buf_putc(&text, (char)('a' + n % 26));
	buf_puts(&text, end);
	insert(c, at, &text);
	buf_done(&text);
}

void sim_spoil_name(struct sim_ctx *c, const struct sim_argument *a)
{
	static const struct {
		const char *what, *bytes;
	} all[] = {
		{"nul", "\\u0000"},
		{"utf8", "\xff\xfe"},
		{"overlong", "\xc0\xaf"},
		{"surrogate", "\\ud83d"},
		{"control", "\x01"},
	};
	const char *from = buf_text(&c->res->body);
	struct buf text = BUF_INIT(SIM_LINE_MAX);
	struct member m;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i].what, a->text) == 0)
			buf_puts(&text, all[i].bytes);
	for (; find(from, "displayName", &m); from = m.end) {
		if (*m.value != '"')
			continue;
		insert(c, m.value + 1, &text);
		break;
	}
	buf_done(&text);
}

/* --- the end -------------------------------------------------------------------------------------
 */

void sim_spoil_end(struct sim_ctx *c, const struct sim_argument *a)
{
	struct buf *b = &c->res->body;

	(void)a;
	if (b->len)
		buf_truncate(b, b->len - 1);
	buf_puts(b, ",\"cut\":");
}

/* The first page again, under a token that was never there before. */
static void put_fresh_link(struct sim_ctx *c)
{
	struct buf *b = &c->res->body;
	_cleanup_(freep) char *top = sim_form_get(c->query, strlen(c->query), "$top");
	_cleanup_(freep) char *token =
		sim_printf(SIM_PAGE_AGAIN "%" PRIx64, sim_mix(sim_serial(c->s), 3));

	buf_printf(b, "%s%.*s?$skiptoken=", c->s->base_url, (int)strcspn(c->req->target, "?"),
		c->req->target);
	base64url_append(b, token, strlen(token));
	if (top)
		buf_printf(b, "&$top=%s", top);
}

void sim_spoil_link(struct sim_ctx *c, const struct sim_argument *a)
{
	static const char key[] = "\"@odata.nextLink\":\"";
	struct buf *b = &c->res->body;
	char *at = b->len ? strstr(b->data, key) : NULL;

	if (at)
		buf_truncate(b, (size_t)(at - b->data));
	else if (b->len)
		b->data[b->len - 1] = ','; /* the last page gets a link as well */
	buf_puts(b, key);
	if (strcmp(a->text, "foreign") == 0)
		buf_printf(b, "https://graph.foreign.example%s", c->req->target);
	else if (strcmp(a->text, "loop") == 0)
		buf_printf(b, "%s%s", c->s->base_url, c->req->target);
	else if (strcmp(a->text, "endless") == 0)
		put_fresh_link(c);
	else
		buf_puts(b, a->text);
	buf_puts(b, "\"}");
}
