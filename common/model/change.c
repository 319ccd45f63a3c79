/* SPDX-License-Identifier: Apache-2.0 */
/* From a page of getChanges to rows. Nothing here knows about storing or judging. */
#include "common/model/change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/hex.h"
#include "common/base/json.h"
#include "common/base/json_flat.h"
#include "common/base/json_mend.h"
#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/model/change_link.h"

static const struct {
	const char *name, *action;
} kinds[] = {
	[CHANGE_DELETED] = {"deleted", "restore"},
	[CHANGE_APPEARED] = {"appeared", "softDelete"},
	[CHANGE_MODIFIED] = {"modified", "update"},
};
_Static_assert(ARRAY_SIZE(kinds) == CHANGE_OTHER, "a word for each known kind");

/* resourceTypeName; unknownFutureValue is what a service says for one that we should not know. */
static const char *const entity_types[] = {
	"user",
	"group",
	"conditionalAccessPolicy",
	"namedLocationPolicy",
	"authenticationMethodPolicy",
	"authorizationPolicy",
	"authenticationStrengthPolicy",
	"application",
	"servicePrincipal",
	"oAuth2PermissionGrant",
	"appRoleAssignment",
	"organization",
};

static const char *const element_fields[] = {
	"id",
	"displayName",
	"entityTypeName",
	"recoveryAction",
	"failureMessage",
	"deltaFromCurrent",
	"currentState",
};

static bool listed(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

const char *change_kind_name(enum change_kind k)
{
	return (size_t)k < ARRAY_SIZE(kinds) ? kinds[k].name : NULL;
}

enum change_kind change_kind_from_name(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, word) == 0)
			return (enum change_kind)i;
	return CHANGE_OTHER;
}

const char *change_recovery_action(const char *word)
{
	enum change_kind k = change_kind_from_name(word);

	return k == CHANGE_OTHER ? word : kinds[k].action;
}

static enum change_kind kind_from_action(const char *action)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].action, action) == 0)
			return (enum change_kind)i;
	return CHANGE_OTHER;
}

static void unknown_add(struct change_unknown *u, const char *what, const char *word)
{
	if (u->n++ == 0)
		(void)snprintf(u->first, sizeof(u->first), "%s '%.80s'", what, word);
}

void change_row_done(struct change_row *row)
{
	free(row->text);
	*row = (struct change_row){0};
}

/* --- one element -------------------------------------------------------------------------------
 */

enum change_member change_member(const char *key, size_t *ret_name_len)
{
	static const char delta[] = "@delta";
	const char *at = strchr(key, '@');

	if (at && at != key && strcmp(at, delta) == 0) {
		*ret_name_len = (size_t)(at - key);
		return CHANGE_MEMBER_LINK;
	}
	if (at || strcmp(key, "id") == 0 || strcmp(key, "deletedDateTime") == 0)
		return CHANGE_MEMBER_NONE;
	*ret_name_len = strlen(key);
	return CHANGE_MEMBER_PROPERTY;
}

/* What is below a member is an object, or nothing is known of it. */
static void check_object(const struct json_flat *element, const char *key, struct change_unknown *u)
{
	const struct json_flat_member *m = json_flat_find(element, key);

	if (m && m->type != JSON_TYPE_OBJECT && m->type != JSON_TYPE_NULL)
		unknown_add(u, "type of field", key);
}

/* NULL when absent or null. */
static const char *string_member(
	const struct json_flat *obj, const char *key, struct change_unknown *u)
{
	const char *text = NULL;

	if (json_flat_get_string(obj, key, &text) == JSON_GET_WRONG)
		unknown_add(u, "type of field", key);
	return text;
}

static int64_t time_member(const struct json_flat *obj, const char *key, struct change_unknown *u)
{
	const char *text = string_member(obj, key, u);
	int64_t us = TIME_NONE;

	if (text && time_parse(text, &us) < 0)
		unknown_add(u, key, text);
	return us < 0 ? TIME_NONE : us; /* "no time" is also written as 0001-01-01T00:00:00Z */
}

/* Appends text and its NUL, cut to max bytes between characters; the offset in *ret. */
static void add_text(struct buf *b, const char *text, size_t max, size_t *ret)
{
	size_t len = strlen(text);

	if (len > max)
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	*ret = b->len;
	buf_append(b, text, len);
	buf_putc(b, '\0');
}

/* Blanks separate names, so none has one. */
static void add_name(struct buf *b, const char *name, size_t len)
{
	char *to = buf_reserve(b, len);

	if (!to)
		return;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)name[i] <= ' ' ? '_' : name[i];
	buf_commit(b, len);
}

static void add_changed(struct buf *b, const struct json_flat *delta, size_t *ret)
{
	size_t start = b->len;

	*ret = start;
	for (size_t k = 0; k < delta->n; k++) {
		const char *key = json_flat_key(delta, k);
		size_t len = 0;
		if (change_member(key, &len) == CHANGE_MEMBER_NONE ||
			b->len - start + 1 + len > LIMIT_CHANGED_BYTES)
			continue;
		if (b->len > start)
			buf_putc(b, ' ');
		add_name(b, key, len);
	}
	buf_putc(b, '\0');
}

static bool same_name(const char *word, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (word[i] != ((unsigned char)name[i] <= ' ' ? '_' : name[i]))
			return false;
	return true;
}

bool change_names(const char *changed, const char *name, size_t len)
{
	/* a name that did not fit was left out: short ones behind it may be there */
	if (strlen(changed) + LIMIT_NAME_BYTES > LIMIT_CHANGED_BYTES ||
		len + LIMIT_NAME_BYTES > LIMIT_CHANGED_BYTES)
		return true;
	for (const char *p = changed; *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && same_name(p, name, len))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

/* Of a field that is there twice the first counts; that there is another is told. */
static void count_fields(const struct json_flat *element, struct change_unknown *u)
{
	unsigned seen = 0;

	for (size_t i = 0; i < element->n; i++) {
		const char *key = json_flat_key(element, i);
		size_t field = 0;

		if (strchr(key, '@'))
			continue;
		while (field < ARRAY_SIZE(element_fields) &&
			strcmp(element_fields[field], key) != 0)
			field++;
		if (field == ARRAY_SIZE(element_fields))
			unknown_add(u, "field", key);
		else if (seen & (1u << field))
			unknown_add(u, "second field", key);
		seen |= 1u << field;
	}
}

static const char *change_word(
	const struct json_flat *element, enum change_kind *ret_kind, struct change_unknown *u)
{
	const char *action = string_member(element, "recoveryAction", u);

	*ret_kind = action ? kind_from_action(action) : CHANGE_OTHER;
	if (*ret_kind != CHANGE_OTHER)
		return change_kind_name(*ret_kind);
	unknown_add(u, "recoveryAction", action ? action : "");
	return action && *action ? action : "unknown";
}

static const char *entity_type_of(const struct json_flat *element, struct change_unknown *u)
{
	const char *type = string_member(element, "entityTypeName", u);

	if (!type || !listed(entity_types, ARRAY_SIZE(entity_types), type))
		unknown_add(u, "entityTypeName", type ? type : "");
	return type ? type : "";
}

bool change_has_id(const char *object_id)
{
	return strncmp(object_id, CHANGE_NO_ID, strlen(CHANGE_NO_ID)) != 0;
}

#define MADE_ID_SIZE (sizeof(CHANGE_NO_ID) + SHA256_HEX_SIZE)

/*
 * Of the text as it would be when mended: whether it was depends on the page around it, too. 0 or
 * -ENOMEM.
 */
static int make_id(const char *text, size_t len, char out[static MADE_ID_SIZE])
{
	_cleanup_(freep) char *copy = malloc(len);
	uint8_t digest[SHA256_SIZE];
	char digits[SHA256_HEX_SIZE];

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	(void)json_mend(copy, len);
	(void)mem_insist(sha256(copy, len, digest));
	(void)snprintf(out, MADE_ID_SIZE, CHANGE_NO_ID "%.32s",
		hex_format(digest, sizeof(digest), digits));
	return 0;
}

/* NULL: it has none. */
static const char *id_of(const struct json_flat *element, const struct json_flat *current,
	const struct json_flat *delta, struct change_unknown *u)
{
	const struct json_flat *const places[] = {element, current, delta};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *id = string_member(places[i], "id", u);
		if (id && *id)
			return id;
		if (i == 0)
			unknown_add(u, "id", "");
	}
	return NULL;
}

static const char *name_of(const struct json_flat *element, const struct json_flat *current,
	const struct json_flat *delta, struct change_unknown *u)
{
	const struct json_flat *const places[] = {element, current, delta};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *name = string_member(places[i], "displayName", u);
		if (name)
			return name;
	}
	return NULL;
}

/* A value that is no GUID names nothing that a preview lists. */
static void add_anchors(struct change_row *row, const char *type, const struct json_flat *current,
	const struct json_flat *delta)
{
	static const struct {
		const char *type, *member;
	} anchors[] = {
		{"oAuth2PermissionGrant", "clientId"},
		{"appRoleAssignment", "principalId"},
		{"appRoleAssignment", "resourceId"},
	};

	for (size_t i = 0; row->kind != CHANGE_MODIFIED && i < ARRAY_SIZE(anchors); i++) {
		if (strcmp(anchors[i].type, type) != 0)
			continue;
		const char *id = NULL;
		if (json_flat_get_string(current, anchors[i].member, &id) != JSON_GET_OK)
			(void)json_flat_get_string(delta, anchors[i].member, &id);
		if (id && parse_guid(id, row->anchors[row->n_anchors]) == 0)
			row->n_anchors++;
	}
}

/* What reading a row needs; grows to the largest and serves for all rows of a page. */
struct space {
	struct json_flat element, delta, current;
	struct json_flat_below below[2];
	struct buf text;
};

static void space_init(struct space *s)
{
	*s = (struct space){
		.below = {{.key = "deltaFromCurrent", .flat = &s->delta},
			{.key = "currentState", .flat = &s->current}},
		.text = BUF_INIT(LIMIT_PAGE_BYTES),
	};
	s->element.below = s->below;
	s->element.n_below = ARRAY_SIZE(s->below);
}

static void space_done(struct space *s)
{
	json_flat_done(&s->element);
	json_flat_done(&s->delta);
	json_flat_done(&s->current);
	buf_done(&s->text);
}

static void check_parts(const struct space *s, struct change_unknown *unknown)
{
	if (!s->element.is_object)
		unknown_add(unknown, "type of", "an element");
	for (size_t i = 0; i < ARRAY_SIZE(s->below); i++)
		check_object(&s->element, s->below[i].key, unknown);
}

/* Of the element that was read into s from that text. 0 or -ENOMEM. */
static int make_row(struct space *s, const char *element_text, size_t len, struct change_row *ret,
	struct change_unknown *unknown)
{
	const struct json_flat *element = &s->element, *delta = &s->delta, *current = &s->current;
	struct buf *b = &s->text;
	size_t change, type, id, changed, name = 0;
	char made_id[MADE_ID_SIZE];

	check_parts(s, unknown);
	struct change_row row = {
		.would_delete_us = time_member(delta, "deletedDateTime", unknown),
		.created_at_us = time_member(current, "createdDateTime", unknown),
		.deleted_at_us = time_member(current, "deletedDateTime", unknown),
	};
	count_fields(element, unknown);
	const char *display_name = name_of(element, current, delta, unknown);

	buf_truncate(b, 0);
	add_text(b, change_word(element, &row.kind, unknown), LIMIT_ENUM_BYTES, &change);
	add_text(b, entity_type_of(element, unknown), LIMIT_ENUM_BYTES, &type);
	const char *object_id = id_of(element, current, delta, unknown);
	if (!object_id && make_id(element_text, len, made_id) < 0)
		return -ENOMEM;
	add_text(b, object_id ? object_id : made_id, LIMIT_PAGE_BYTES, &id);
	add_changed(b, delta, &changed);
	if (display_name)
		add_text(b, display_name, LIMIT_NAME_BYTES, &name);
	row.text = buf_error(b) ? NULL : malloc(b->len);
	if (!row.text)
		return -ENOMEM;
	memcpy(row.text, b->data, b->len);
	row.change = row.text + change;
	row.entity_type = row.text + type;
	row.object_id = row.text + id;
	row.changed = row.text + changed;
	row.name = display_name ? row.text + name : NULL;
	if (row.kind != CHANGE_DELETED)
		row.deleted_at_us = TIME_NONE;
	add_anchors(&row, row.entity_type, current, delta);
	*ret = row;
	return 0;
}

/* 0, -ENOMEM, or an enum json_error. */
static int read_row(struct space *s, const char *text, size_t len, struct change_row *ret,
	struct change_unknown *unknown)
{
	int r = json_flat_read(&s->element, text, len, LIMIT_JSON_DEPTH);

	return r == 0 ? make_row(s, text, len, ret, unknown) : r;
}

int change_row_parse(
	const char *text, size_t len, struct change_row *ret, struct change_unknown *unknown)
{
	_cleanup_(space_done) struct space space;
	struct change_unknown met = *unknown;

	space_init(&space);
	int r = read_row(&space, text, len, ret, &met);
	_cleanup_(freep) char *copy = json_mended_copy(text, len, &r);

	if (copy) {
		met = *unknown;
		r = read_row(&space, copy, len, ret, &met);
	}
	if (r == 0)
		*unknown = met;
	return r > 0 ? -EBADMSG : r;
}

int change_element_parse(const char *text, size_t len, struct json **ret)
{
	int r = json_parse(text, len, LIMIT_JSON_DEPTH, ret);
	_cleanup_(freep) char *copy = json_mended_copy(text, len, &r);

	if (copy)
		r = json_parse(copy, len, LIMIT_JSON_DEPTH, ret);
	return r > 0 ? -EBADMSG : r;
}

/* --- the page ----------------------------------------------------------------------------------
 */

struct scan {
	const char *text;
	const char *why; /* the page is refused; static */
	struct change_page page;
	size_t cap;
	struct space space;
};

static int on_element(void *arg, struct json_span span)
{
	struct scan *s = arg;

	if (s->page.n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 1024;
		struct change_row *rows = reallocarray(s->page.rows, cap, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		s->page.rows = rows;
		s->cap = cap;
	}
	s->why = "it has more changes than a page may have";
	if (s->page.n == LIMIT_CHANGES_PER_PAGE)
		return -EBADMSG;
	s->why = "one of its changes cannot be read";
	struct change_row *row = &s->page.rows[s->page.n];
	int r = make_row(&s->space, s->text + span.off, span.len, row, &s->page.unknown);
	if (r != 0)
		return r;
	row->off = (uint32_t)span.off;
	row->len = (uint32_t)span.len;
	s->page.n++;
	return 0;
}

static int take_next_link(struct scan *s, struct json_span value)
{
	_cleanup_(json_freep) struct json *v = NULL;
	int r = json_parse(s->text + value.off, value.len, LIMIT_JSON_DEPTH, &v);

	s->why = "its link to the next page is none, too long, or there twice";
	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	if (json_is_null(v))
		return 0;
	const char *link = json_string(v);
	/* a second one would leave it to chance which half of the page chain is read */
	if (!link || !*link || strlen(link) > LIMIT_URL_BYTES || s->page.next_link)
		return -EBADMSG;
	return text_copy(link, &s->page.next_link);
}

static int on_member(void *arg, struct json_span key, struct json_span value)
{
	struct scan *s = arg;
	const char *name = s->text + key.off;
	char shown[64];

	if (change_link_is(name, key.len))
		return take_next_link(s, value);
	if (memchr(name, '@',
		    key.len)) /* @odata.context, @context, @odata.count, @odata.deltaLink */
		return 0;
	(void)snprintf(shown, sizeof(shown), "%.*s", (int)(key.len < 60 ? key.len : 60), name);
	unknown_add(&s->page.unknown, "field of a page", shown);
	return 0;
}

/* 0, -errno, or an enum json_error; s->why says more of -EBADMSG. */
static int scan_page(struct scan *s, const char *text, size_t len)
{
	struct json_scan_ops ops = {
		.flat = &s->space.element, .element = on_element, .member = on_member};
	int r;

	change_page_done(&s->page);
	s->cap = 0;
	s->text = text;
	if (len > LIMIT_PAGE_BYTES)
		return -EBADMSG;
	r = json_scan(text, len, LIMIT_JSON_DEPTH, &ops, s);
	if (r == 0 && !s->page.next_link)
		r = text_copy("", &s->page.next_link);
	s->page.saw_value = ops.saw_value;
	return r;
}

static int read_page(struct scan *s, const char *text, size_t len)
{
	int r = scan_page(s, text, len);
	_cleanup_(freep) char *copy = json_mended_copy(text, len, &r);

	if (!copy)
		return r;
	r = scan_page(s, copy, len);
	if (r == 0)
		unknown_add(&s->page.unknown, "text with", "bytes that no text can have");
	return r;
}

int change_page_parse(const char *text, size_t len, struct change_page *ret)
{
	struct scan s = {0};

	space_init(&s.space);
	int r = read_page(&s, text, len);
	space_done(&s.space);
	if (r != 0) {
		change_page_done(&s.page);
		return r < 0 ? r : -EBADMSG;
	}
	*ret = s.page;
	return 0;
}

const char *change_page_problem(const char *text, size_t len)
{
	struct scan s = {.why = "it has more bytes than a page may have"};

	space_init(&s.space);
	int r = read_page(&s, text, len);
	bool saw_value = s.page.saw_value;

	space_done(&s.space);
	change_page_done(&s.page);
	if (r > 0)
		return json_error_text(r);
	if (r < 0)
		return r == -ENOMEM ? "out of memory" : s.why;
	return saw_value ? NULL : "it has no list of changes";
}

void change_page_done(struct change_page *page)
{
	for (size_t i = 0; i < page->n; i++)
		change_row_done(&page->rows[i]);
	free(page->rows);
	free(page->next_link);
	*page = (struct change_page){0};
}

/* --- where elements are -------------------------------------------------------------------------
 */

struct spans {
	struct json_span *items;
	size_t n, cap;
};

static int on_span(void *arg, struct json_span element)
{
	struct spans *s = arg;

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 1024;
		struct json_span *items = reallocarray(s->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		s->items = items;
		s->cap = cap;
	}
	s->items[s->n++] = element;
	return 0;
}

int change_page_spans(const char *text, size_t len, struct json_span **ret, size_t *ret_n)
{
	struct json_scan_ops ops = {.element = on_span};
	struct spans s = {0};
	int r = json_scan(text, len, LIMIT_JSON_DEPTH, &ops, &s);
	_cleanup_(freep) char *copy = json_mended_copy(text, len, &r);

	if (copy) {
		s.n = 0;
		r = json_scan(copy, len, LIMIT_JSON_DEPTH, &ops, &s);
	}
	if (r != 0) {
		free(s.items);
		return r < 0 ? r : -EBADMSG;
	}
	*ret = s.items;
	*ret_n = s.n;
	return 0;
}
