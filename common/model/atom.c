/* SPDX-License-Identifier: Apache-2.0 */
/* From one element of a preview to atoms. */
#include "common/model/atom.h"

#include <errno.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/model/odata.h"

static const char link_added[] = "link added", link_removed[] = "link removed";

/* Canonical text may be longer than what was sent: \u escapes for controls. */
#define VALUE_MAX (6u * LIMIT_PAGE_BYTES)

struct split {
	struct atoms *atoms;
	size_t cap;
	bool detail;
	const struct json *current; /* NULL when not told */
};

/* Texts of an atom while they are put one behind the other. SIZE_MAX is "absent". */
struct texts {
	struct buf b;
	size_t change, key, name, member_id, member_name, member_type, before, after;
};

static size_t put(struct buf *b, const char *text, size_t len)
{
	size_t at = b->len;

	buf_append(b, text, len);
	buf_putc(b, '\0');
	return at;
}

static size_t put_text(struct buf *b, const char *text)
{
	return text ? put(b, text, strlen(text)) : SIZE_MAX;
}

static size_t put_json(struct buf *b, const struct json *v)
{
	size_t at = b->len;

	if (!v)
		return SIZE_MAX;
	json_append_canonical(b, v);
	buf_putc(b, '\0');
	return at;
}

static const char *at(const char *text, size_t offset)
{
	return offset == SIZE_MAX ? NULL : text + offset;
}

static int hash_after(struct atom *a)
{
	uint8_t digest[SHA256_SIZE];
	const char *after = a->after ? a->after : "";
	int r = sha256(after, strlen(after), digest);

	if (r < 0)
		return r;
	memcpy(a->after_hash, digest, ATOM_HASH_SIZE);
	a->after_hash_len = ATOM_HASH_SIZE;
	return 0;
}

/* Takes the texts over, also when it fails. */
static int add_atom(struct split *s, enum atom_kind kind, struct texts *t)
{
	struct atoms *all = s->atoms;
	_cleanup_(freep) char *text = buf_take(&t->b);

	if (!text)
		return -ENOMEM;
	if (all->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 8;
		struct atom *items = reallocarray(all->items, cap, sizeof(*items));
		if (!items)
			return -ENOMEM;
		all->items = items;
		s->cap = cap;
	}
	struct atom a = {
		.kind = kind,
		.detail = s->detail && kind != ATOM_OBJECT,
		.change = at(text, t->change),
		.key = at(text, t->key),
		.name = at(text, t->name),
		.member_id = at(text, t->member_id),
		.member_name = at(text, t->member_name),
		.member_type = at(text, t->member_type),
		.before = at(text, t->before),
		.after = at(text, t->after),
	};
	int r = kind == ATOM_OBJECT ? 0 : hash_after(&a);
	if (r < 0)
		return r;
	a.text = TAKE_PTR(text);
	all->items[all->n++] = a;
	return 0;
}

static struct texts texts_new(const char *change)
{
	struct texts t = {
		.b = BUF_INIT(3 * VALUE_MAX),
		.member_id = SIZE_MAX,
		.member_name = SIZE_MAX,
		.member_type = SIZE_MAX,
		.before = SIZE_MAX,
		.after = SIZE_MAX,
	};

	t.change = put_text(&t.b, change);
	return t;
}

static bool full(struct split *s)
{
	if (s->atoms->n < LIMIT_ATOMS_PER_CHANGE)
		return false;
	s->atoms->omitted++;
	return true;
}

static int add_object(struct split *s)
{
	struct texts t = texts_new(s->atoms->row.change);

	t.key = put_text(&t.b, "");
	t.name = t.key;
	return add_atom(s, ATOM_OBJECT, &t);
}

static int add_property(struct split *s, const struct json *v)
{
	struct texts t = texts_new("modified");

	t.key = put_text(&t.b, json_key(v));
	t.name = t.key;
	t.before = put_json(&t.b, v);
	t.after = put_json(&t.b, s->current ? json_member(s->current, json_key(v)) : NULL);
	return add_atom(s, ATOM_PROPERTY, &t);
}

/* "#microsoft.graph.user" and "user" alike. */
static const char *member_type(const struct json *member)
{
	const struct json *v = odata_annotation(member, "type");
	const char *type = v ? json_string(v) : NULL;
	const char *dot = type ? strrchr(type, '.') : NULL;

	return dot ? dot + 1 : type;
}

static size_t put_key(struct buf *b, const char *name, size_t name_len, const char *id)
{
	size_t start = b->len;
	uint8_t guid[16];
	char text[GUID_TEXT_SIZE];

	if (parse_guid(id, guid) == 0)
		id = guid_format(guid, text);
	buf_append(b, name, name_len);
	buf_putc(b, '/');
	(void)put_text(b, id);
	return start;
}

/* A member is an object with an id, or just the id. */
static int add_link(struct split *s, const char *name, size_t name_len, const struct json *member)
{
	const char *id = json_string(member);
	bool object = json_type(member) == JSON_TYPE_OBJECT;
	bool added = object && json_member(member, "@removed");

	if (object)
		id = json_string_or(member, "id", NULL);
	if (!id) {
		if (s->atoms->unknown.n++ == 0)
			memcpy(s->atoms->unknown.first, "link without an id",
				sizeof("link without an id"));
		id = "";
	}
	struct texts t = texts_new(added ? link_added : link_removed);
	t.key = put_key(&t.b, name, name_len, id);
	t.name = put(&t.b, name, name_len);
	t.member_id = put_text(&t.b, id);
	if (object) {
		t.member_name = put_text(&t.b, json_string_or(member, "displayName", NULL));
		t.member_type = put_text(&t.b, member_type(member));
	}
	*(added ? &t.after : &t.before) =
		put_json(&t.b, object ? json_member(member, "id") : member);
	return add_atom(s, ATOM_LINK, &t);
}

static int add_links(struct split *s, const struct json *v, size_t name_len)
{
	int r = 0;

	JSON_EACH (member, v) {
		if (full(s))
			continue;
		r = add_link(s, json_key(v), name_len, member);
		if (r < 0)
			return r;
	}
	return r;
}

static int add_difference(struct split *s, const struct json *v)
{
	size_t len = 0;

	switch (change_member(json_key(v), &len)) {
	case CHANGE_MEMBER_NONE:
		return 0;
	case CHANGE_MEMBER_LINK:
		if (json_type(v) == JSON_TYPE_ARRAY)
			return add_links(s, v, len);
		break; /* whatever it is, it is a difference */
	case CHANGE_MEMBER_PROPERTY:
		break;
	}
	return full(s) ? 0 : add_property(s, v);
}

static const struct json *object_or_null(const struct json *element, const char *key)
{
	const struct json *v = json_member(element, key);

	return v && json_type(v) == JSON_TYPE_OBJECT ? v : NULL;
}

static int split(struct split *s, const struct json *element, const char *text, size_t len)
{
	const struct json *delta = object_or_null(element, "deltaFromCurrent");
	struct atoms *all = s->atoms;
	int r = change_row_parse(text, len, &all->row, &all->unknown);

	s->current = object_or_null(element, "currentState");
	s->detail = all->row.kind != CHANGE_MODIFIED;
	if (r >= 0 && s->detail)
		r = add_object(s);
	JSON_EACH (it, delta) {
		if (r < 0)
			return r;
		r = add_difference(s, it);
	}
	if (r >= 0 && all->n == 0)
		r = add_object(s);
	return r;
}

int atoms_parse(const char *text, size_t len, struct atoms *ret)
{
	_cleanup_(json_freep) struct json *element = NULL;
	struct atoms all = {0};
	struct split s = {.atoms = &all};
	int r = change_element_parse(text, len, &element);

	if (r >= 0)
		r = split(&s, element, text, len);
	if (r < 0) {
		atoms_done(&all);
		return r;
	}
	*ret = all;
	return 0;
}

void atoms_done(struct atoms *atoms)
{
	for (size_t i = 0; i < atoms->n; i++)
		free(atoms->items[i].text);
	free(atoms->items);
	change_row_done(&atoms->row);
	*atoms = (struct atoms){0};
}
