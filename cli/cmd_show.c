/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch show: everything a job says of one object, before and after, and what became of it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/table.h"
#include "cli/value.h"
#include "cli/when.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/alert.h"
#include "common/model/atom.h"
#include "common/store/store.h"
#include "common/store/store_element.h"
#include "common/store/store_view.h"

/* Findings of the object that are told, the newest ones. */
#define FINDINGS 20u
/* Candidates that are listed when what was typed fits several objects. */
#define CANDIDATES 10u

static const struct table_column columns[] = {
	{.title = "PROPERTY", .min = 14, .wrap = true},
	{.title = "BEFORE", .min = 20, .wrap = true},
	{.title = "AFTER", .min = 20, .wrap = true},
};
static const struct table_column finding_columns[] = {
	{.title = "FINDING", .right = true},
	{.title = "SEVERITY"},
	{.title = "CHANGE"},
	{.title = "WHAT IS KNOWN", .min = 30, .wrap = true},
};

/* --- which object -------------------------------------------------------------------------------
 */

static int say_candidates(const struct view_objects *list, const char *typed)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);

	for (size_t i = 0; i < list->n && i < CANDIDATES; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", list->ids[i]);
	return cli_error(EXIT_CODE_USAGE, "'%.256s' may be several objects: %s%s", typed,
		buf_text(&text), list->n > CANDIDATES ? ", ..." : "");
}

/* An id, a name, the beginning of an id: *ret_id is a copy. */
static int find_object(const struct cli *c, int64_t job, const char *typed, char **ret_id)
{
	_cleanup_(view_objects_done) struct view_objects named = {0}, begun = {0};
	_cleanup_(store_changes_done) struct store_changes exact = {0};
	const struct view_objects *found = &named;
	int r = store_change_of_object(c->store, job, typed, 0, 1, &exact);

	if (r == 0 && exact.n)
		r = text_copy(exact.items[0].object_id, ret_id);
	else if (r == 0)
		r = store_view_objects_by_name(c->store, job, typed, CANDIDATES + 1, &named);
	if (r == 0 && !*ret_id && named.n == 0) {
		found = &begun;
		r = store_view_objects_by_id(c->store, job, typed, CANDIDATES + 1, &begun);
	}
	if (r == 0 && !*ret_id && found->n == 1)
		r = text_copy(found->ids[0], ret_id);
	if (r < 0)
		return cli_store_failed(c, r);
	if (*ret_id)
		return EXIT_CODE_OK;
	if (found->n > 1)
		return say_candidates(found, typed);
	return cli_error(EXIT_CODE_USAGE,
		"job %" PRId64 " says nothing of '%.256s'; see: snapwatch changes --job %" PRId64,
		job, typed, job);
}

/* --- for people ---------------------------------------------------------------------------------
 */

/* "Ann (4f2a...)" of a member. */
static void append_member(const struct atom *a, struct buf *out)
{
	if (a->member_name)
		buf_printf(out, "%s (%s)", a->member_name, a->member_id);
	else
		buf_puts(out, text_empty(a->member_id) ? "(not told)" : a->member_id);
}

static void add_atom(const struct atom *a, struct table *t)
{
	_cleanup_(buf_done) struct buf before = BUF_INIT(LIMIT_VIEW_BYTES);
	_cleanup_(buf_done) struct buf after = BUF_INIT(LIMIT_VIEW_BYTES);
	_cleanup_(buf_done) struct buf name = BUF_INIT(LIMIT_CONFIG_BYTES);

	buf_puts(&name, a->name);
	if (a->kind == ATOM_LINK) {
		buf_puts(&name, a->after ? ": added" : ": removed");
		append_member(a, a->after ? &after : &before);
	} else {
		value_append(a->before, &before);
		value_append(a->after, &after);
	}
	table_cell(t, TONE_BOLD, buf_text(&name));
	table_cell(t, TONE_PLAIN, buf_text(&before));
	table_cell(t, TONE_PLAIN, buf_text(&after));
}

static void put_fact(const char *name, const char *value, struct buf *out)
{
	_cleanup_(buf_done) struct buf visible = BUF_INIT(LIMIT_VIEW_BYTES);

	text_append_visible(&visible, value, strlen(value));
	buf_printf(out, "  %-9s %s\n", name, buf_text(&visible));
}

static void put_heading(
	const struct cli *c, const struct view_job *j, const struct atoms *atoms, struct buf *out)
{
	const struct change_row *row = &atoms->row;
	_cleanup_(buf_done) struct buf raw = BUF_INIT(LIMIT_VIEW_BYTES);
	_cleanup_(buf_done) struct buf line = BUF_INIT(LIMIT_VIEW_BYTES);

	buf_printf(&raw, "%s %s", entity_type_words(row->entity_type, false),
		row->name ? row->name : row->object_id);
	text_append_visible(&line, buf_text(&raw), raw.len);
	style_append(&c->style, TONE_BOLD, buf_text(&line), out);
	buf_puts(out, ": ");
	buf_reset(&line);
	text_append_visible(&line, row->change, strlen(row->change));
	style_append(&c->style, tone_of_change(row->change), buf_text(&line), out);
	buf_putc(out, '\n');
	put_fact("object", row->object_id, out);
	buf_reset(&line);
	buf_printf(&line, "%" PRId64 " of %s", j->id, j->tenant);
	put_fact("job", buf_text(&line), out);
	buf_reset(&line);
	when_append_exact(&line, j->snapshot_us);
	put_fact("before", buf_text(&line), out);
	buf_reset(&line);
	when_append_exact(&line, j->started_us);
	put_fact("after", buf_text(&line), out);
	buf_reset(&line);
	if (row->deleted_at_us != TIME_NONE) {
		when_append_both(&line, row->deleted_at_us, c->now_us);
		put_fact("deleted", buf_text(&line), out);
	}
	put_fact("recovery", change_recovery_action(row->change), out);
}

static int print_atoms(const struct cli *c, const struct view_job *j, const struct atoms *atoms)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	_cleanup_(table_freep) struct table *t = NULL;
	int r = table_new(columns, ARRAY_SIZE(columns), &c->style, &t);

	if (r < 0)
		return r;
	put_heading(c, j, atoms, &text);
	for (size_t i = 0; i < atoms->n; i++)
		if (atoms->items[i].kind != ATOM_OBJECT)
			add_atom(&atoms->items[i], t);
	r = table_print(t, &text);
	if (atoms->omitted)
		buf_printf(&text, "and %zu more\n", atoms->omitted);
	cli_write(c, &text);
	return r;
}

/* Of the object, by whatever job: what happened to it is more than one job says. */
static int print_findings(const struct cli *c, const struct view_findings *list)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	_cleanup_(table_freep) struct table *t = NULL;
	int r = list->n ? table_new(finding_columns, ARRAY_SIZE(finding_columns), &c->style, &t)
			: 0;

	if (r < 0 || list->n == 0)
		return r;
	for (size_t i = 0; i < list->n; i++) {
		const struct view_finding *f = &list->items[i];
		_cleanup_(buf_done) struct buf what = BUF_INIT(LIMIT_VIEW_BYTES);

		buf_printf(&what, "%" PRId64, f->id);
		table_cell(t, TONE_PLAIN, buf_text(&what));
		table_cell(t, tone_of_severity(f->severity), f->severity);
		table_cell(t, tone_of_change(f->change), f->change);
		buf_reset(&what);
		finding_append_what(f, true, &what);
		buf_printf(&what, "; found by job %" PRId64, f->first_job);
		table_cell(t, TONE_PLAIN, buf_text(&what));
	}
	buf_putc(&text, '\n');
	r = table_print(t, &text);
	cli_write(c, &text);
	return r;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void kv_raw(struct jsonw *w, const char *key, const char *json)
{
	if (!json)
		return;
	jsonw_key(w, key);
	jsonw_raw(w, json, strlen(json));
}

static void write_atoms(const struct atoms *atoms, enum atom_kind kind, struct jsonw *w)
{
	jsonw_key(w, kind == ATOM_LINK ? "links" : "properties");
	jsonw_array(w);
	for (size_t i = 0; i < atoms->n; i++) {
		const struct atom *a = &atoms->items[i];

		if (a->kind != kind)
			continue;
		jsonw_object(w);
		jsonw_kv_string(w, "name", a->name);
		if (kind == ATOM_LINK) {
			jsonw_kv_string(w, "id", a->member_id);
			jsonw_kv_string(w, "display_name", a->member_name);
			jsonw_kv_string(w, "entity_type", a->member_type);
			jsonw_kv_string(w, "change", a->change);
		} else {
			kv_raw(w, "before", a->before);
			kv_raw(w, "after", a->after);
		}
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static int write_change(const struct view_job *j, const struct atoms *atoms,
	const struct view_findings *findings, struct emit *e)
{
	const struct change_row *row = &atoms->row;
	struct jsonw *w = emit_row(e);

	jsonw_object(w);
	jsonw_kv_int(w, "job", j->id);
	jsonw_kv_string(w, "tenant", j->tenant);
	jsonw_kv_string(w, "tenant_id", j->tenant_id);
	jsonw_kv_time(w, "snapshot", j->snapshot_us);
	jsonw_kv_time(w, "covered_to", j->started_us);
	jsonw_kv_string(w, "entity_type", row->entity_type);
	jsonw_kv_string(w, "object_id", row->object_id);
	jsonw_kv_string(w, "display_name", row->name);
	jsonw_kv_string(w, "change", row->change);
	jsonw_kv_string(w, "recovery_action", change_recovery_action(row->change));
	jsonw_kv_time(w, "deleted_at", row->deleted_at_us);
	write_atoms(atoms, ATOM_PROPERTY, w);
	write_atoms(atoms, ATOM_LINK, w);
	if (atoms->omitted)
		jsonw_kv_int(w, "omitted", (int64_t)atoms->omitted);
	jsonw_key(w, "findings");
	jsonw_array(w);
	for (size_t i = 0; i < findings->n; i++)
		finding_write(&findings->items[i], w);
	jsonw_array_end(w);
	jsonw_object_end(w);
	return emit_row_end(e);
}

/* --- all rows of the object ---------------------------------------------------------------------
 */

static int unreadable(const struct store_change *row, const char *why)
{
	return cli_error(EXIT_CODE_STORE,
		"change %" PRId64 " of job %" PRId64 " cannot be read back from page %" PRId64
		": %s",
		row->ordinal, row->job, row->page, why);
}

static int show_row(const struct cli *c, const struct view_job *j, const struct store_change *row,
	const struct view_findings *findings, struct store_elements *elements, struct emit *e)
{
	_cleanup_(atoms_done) struct atoms atoms = {0};
	const char *element;
	size_t len;
	int r = store_element(elements, row, &element, &len);

	if (r < 0)
		return cli_store_failed(c, r);
	if (r > 0)
		return unreadable(row,
			r == STORE_PAGE_E_DAMAGED ? "the page is damaged" : "the page is missing");
	r = atoms_parse(element, len, &atoms);
	if (r < 0)
		return unreadable(row, err_text(r));
	r = cli_json(c) ? write_change(j, &atoms, findings, e) : print_atoms(c, j, &atoms);
	return r < 0 ? cli_error(EXIT_CODE_STORE, "%s", err_text(r)) : EXIT_CODE_OK;
}

static int show_rows(
	const struct cli *c, const struct view_job *j, const char *object_id, struct emit *e)
{
	_cleanup_(store_elements_done) struct store_elements elements = {.store = c->store};
	_cleanup_(view_findings_done) struct view_findings findings = {0};
	size_t n = CLI_BATCH, total = 0;
	int64_t after = 0;
	int code = EXIT_CODE_OK;
	int q = store_view_findings_of(c->store, j->tenant, object_id, FINDINGS, &findings);

	if (q < 0)
		return cli_store_failed(c, q);

	while (code == EXIT_CODE_OK && n == CLI_BATCH) {
		_cleanup_(store_changes_done) struct store_changes list = {0};
		int r = store_change_of_object(c->store, j->id, object_id, after, CLI_BATCH, &list);

		if (r < 0)
			return cli_store_failed(c, r);
		for (size_t i = 0; code == EXIT_CODE_OK && i < list.n; i++) {
			if (total++ && !cli_json(c))
				(void)fputc('\n', c->out);
			code = show_row(c, j, &list.items[i], &findings, &elements, e);
		}
		n = list.n;
		after = n ? list.items[n - 1].ordinal : after;
	}
	if (code == EXIT_CODE_OK && !cli_json(c) && print_findings(c, &findings) < 0)
		return cli_error(EXIT_CODE_STORE, "%s", err_text(-ENOMEM));
	return code;
}

int cmd_show(struct cli *c)
{
	_cleanup_(view_jobs_done) struct view_jobs jobs = {0};
	_cleanup_(emit_done) struct emit e = {0};
	_cleanup_(freep) char *object_id = NULL;
	int64_t job = 0;
	int code = cli_id(c->args->words[0], "job", &job);

	if (code == EXIT_CODE_OK)
		code = cli_store(c);
	if (code != EXIT_CODE_OK)
		return code;
	int r = store_view_job(c->store, job, &jobs);
	if (r < 0)
		return cli_store_failed(c, r);
	if (jobs.n == 0)
		return cli_error(
			EXIT_CODE_USAGE, "there is no job %" PRId64 "; see: snapwatch jobs", job);
	code = find_object(c, job, c->args->words[1], &object_id);
	if (code != EXIT_CODE_OK)
		return code;
	if (cli_json(c))
		emit_begin(&e, c->out, c->args->jsonl, "changes");
	code = show_rows(c, &jobs.items[0], object_id, &e);
	if (code == EXIT_CODE_OK && cli_json(c))
		emit_end(&e);
	return code;
}
