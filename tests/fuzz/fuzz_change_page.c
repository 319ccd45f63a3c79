/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of getChanges: page, rows, and the atoms of each element. Rows lie in the page in order and
 * none is dropped; texts are within their limits; atoms say the same as the row; the link that is
 * seen without reading is the link.
 */
#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/atom.h"
#include "common/model/change.h"
#include "common/model/change_link.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, size_t max)
{
	size_t len = strlen(text);

	FUZZ_CHECK(len <= max && utf8_valid(text, len));
}

/* One that was made for an element without an id may be longer than its page. */
static void check_id(const char *id, size_t size)
{
	size_t made = strlen(CHANGE_NO_ID) + 32;

	check_text(id, size > made ? size : made);
}

static void check_row(const struct change_row *row, size_t size)
{
	FUZZ_CHECK(row->kind < _CHANGE_KIND_MAX);
	FUZZ_CHECK(change_kind_name(row->kind) ? !strcmp(change_kind_name(row->kind), row->change)
					       : *row->change != '\0');
	check_text(row->change, LIMIT_ENUM_BYTES);
	check_text(row->entity_type, LIMIT_ENUM_BYTES);
	check_id(row->object_id, size);
	check_text(row->changed, LIMIT_CHANGED_BYTES);
	if (row->name)
		check_text(row->name, LIMIT_NAME_BYTES);
	FUZZ_CHECK(row->deleted_at_us == TIME_NONE ||
		   (row->deleted_at_us >= 0 && row->kind == CHANGE_DELETED));
	FUZZ_CHECK(row->would_delete_us == TIME_NONE || row->would_delete_us >= 0);
	FUZZ_CHECK(row->created_at_us == TIME_NONE || row->created_at_us >= 0);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_value(const char *json)
{
	if (json)
		FUZZ_CHECK(*json && utf8_valid(json, strlen(json)));
}

static void check_atom(const struct atoms *all, const struct atom *a)
{
	FUZZ_CHECK(a->change && *a->change && a->key && a->name);
	FUZZ_CHECK((a->kind == ATOM_OBJECT) == (a->after_hash_len == 0));
	FUZZ_CHECK(a->kind == ATOM_OBJECT || a->detail == (all->row.kind != CHANGE_MODIFIED));
	FUZZ_CHECK(a->kind != ATOM_OBJECT || (!*a->key && same(a->change, all->row.change)));
	check_value(a->before);
	check_value(a->after);
	if (a->kind != ATOM_LINK)
		return;
	FUZZ_CHECK(strncmp(a->key, a->name, strlen(a->name)) == 0);
	FUZZ_CHECK(a->key[strlen(a->name)] == '/' && a->member_id);
}

static void check_atoms(const char *text, const struct change_row *row)
{
	struct atoms all;

	FUZZ_CHECK(atoms_parse(text, row->len, &all) == 0);
	FUZZ_CHECK(all.row.kind == row->kind && same(all.row.change, row->change));
	FUZZ_CHECK(same(all.row.object_id, row->object_id) && same(all.row.name, row->name));
	FUZZ_CHECK(same(all.row.changed, row->changed));
	FUZZ_CHECK(all.row.deleted_at_us == row->deleted_at_us);
	FUZZ_CHECK(all.n > 0 && all.n <= LIMIT_ATOMS_PER_CHANGE && all.omitted == 0);
	for (size_t i = 0; i < all.n; i++) {
		check_atom(&all, &all.items[i]);
		FUZZ_CHECK(i == 0 || all.items[i].kind != ATOM_OBJECT);
	}
	FUZZ_CHECK((row->kind == CHANGE_MODIFIED) || all.items[0].kind == ATOM_OBJECT);
	FUZZ_CHECK((all.unknown.n == 0) == (all.unknown.first[0] == '\0'));
	atoms_done(&all);
}

static void check_page(const char *text, size_t size, const struct change_page *page)
{
	size_t end = 0;

	FUZZ_CHECK(page->next_link && strlen(page->next_link) <= LIMIT_URL_BYTES);
	FUZZ_CHECK(page->saw_value || page->n == 0);
	FUZZ_CHECK((page->unknown.n == 0) == (page->unknown.first[0] == '\0'));
	for (size_t i = 0; i < page->n; i++) {
		const struct change_row *row = &page->rows[i];

		FUZZ_CHECK(row->off > end && row->off + row->len < size && row->len > 0);
		end = row->off + row->len - 1;
		check_row(row, size);
		check_atoms(text + row->off, row);
	}
}

/* What is seen without reading is what is read. */
static void check_link(const char *text, size_t size, const char *link)
{
	struct json_span at;

	if (change_link_peek(text, size, &at))
		FUZZ_CHECK(at.off + at.len < size && strlen(link) == at.len &&
			   memcmp(link, text + at.off, at.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct change_page page;
	struct json_span at;

	if (change_page_parse(text, size, &page) < 0) {
		FUZZ_CHECK(!change_link_peek(text, size, &at) || at.off + at.len < size);
		return 0;
	}
	check_page(text, size, &page);
	check_link(text, size, page.next_link);
	change_page_done(&page);
	return 0;
}
