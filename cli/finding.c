/* SPDX-License-Identifier: Apache-2.0 */
/* A finding in words and in JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/value.h"
#include "common/base/limits.h"
#include "common/model/finding.h"
#include "common/store/store_view.h"

/* Of a value in a list; the rows of show have all of it. */
#define VALUE_SHOWN 60u

static void append_value(const char *json, struct buf *out)
{
	_cleanup_(buf_done) struct buf value = BUF_INIT(LIMIT_VIEW_BYTES);
	size_t len;

	value_append(json, &value);
	len = value.len;
	if (len > VALUE_SHOWN) {
		for (len = VALUE_SHOWN; len && ((unsigned char)value.data[len] & 0xc0) == 0x80;
			len--)
			;
	}
	buf_append(out, buf_text(&value), len);
	if (len < value.len)
		buf_puts(out, "...");
}

/* What is open and as it was found needs no words; all else says what is known of it. */
static void append_state(const struct view_finding *f, bool all, struct buf *out)
{
	enum attention attention;
	enum fact fact;

	if (attention_from_name(f->attention, &attention) < 0 || fact_from_name(f->fact, &fact) < 0)
		return; /* of a newer program */
	if (!all && fact == FACT_VISIBLE)
		return;
	buf_puts(out, out->len ? "; " : "");
	if (all)
		finding_words(f->change, attention, fact, out);
	else
		buf_puts(out, finding_fact_words(f->change, fact));
}

void finding_append_what(const struct view_finding *f, bool all, struct buf *out)
{
	const char *member = strchr(f->atom, '/');

	if (member && strncmp(f->change, "link ", 5) == 0) {
		buf_printf(out, "%.*s: %s", (int)(member - f->atom), f->atom, member + 1);
	} else if (*f->atom) {
		buf_printf(out, "%s: ", f->atom);
		append_value(f->before, out);
		buf_puts(out, " -> ");
		append_value(f->after, out);
	} else if (f->brought_back) {
		buf_puts(out, "brought back");
	}
	if (f->initial)
		buf_printf(out, "%sfound by the first run", out->len ? "; " : "");
	/* one of its object: not told and not counted for itself */
	if (f->parent)
		buf_printf(out, "%sgoes with %" PRId64, out->len ? "; " : "", f->parent);
	append_state(f, all, out);
	if (all && f->rule)
		buf_printf(out, " (rule %s)", f->rule);
}

static void kv_json(struct jsonw *w, const char *key, const char *json)
{
	if (!json)
		return;
	jsonw_key(w, key);
	jsonw_raw(w, json, strlen(json));
}

static void write_atom(const struct view_finding *f, struct jsonw *w)
{
	const char *member = strchr(f->atom, '/');

	if (!*f->atom)
		return;
	if (member && strncmp(f->change, "link ", 5) == 0) {
		jsonw_key(w, "link");
		jsonw_string_n(w, f->atom, (size_t)(member - f->atom));
		jsonw_kv_string(w, "link_id", member + 1);
	} else {
		jsonw_kv_string(w, "property", f->atom);
	}
	kv_json(w, "before", f->before);
	kv_json(w, "after", f->after);
}

void finding_write(const struct view_finding *f, struct jsonw *w)
{
	jsonw_object(w);
	jsonw_kv_int(w, "finding", f->id);
	jsonw_kv_string(w, "tenant", f->tenant);
	jsonw_kv_string(w, "tenant_id", f->tenant_id);
	jsonw_kv_string(w, "watch", f->watch);
	jsonw_kv_string(w, "entity_type", f->entity_type);
	jsonw_kv_string(w, "object_id", f->object_id);
	jsonw_kv_string(w, "display_name", f->name);
	jsonw_kv_string(w, "change", f->change);
	write_atom(f, w);
	jsonw_kv_string(w, "severity", f->severity);
	jsonw_kv_string(w, "attention", f->attention);
	jsonw_kv_string(w, "fact", f->fact);
	jsonw_kv_int(w, "episode", f->episode);
	jsonw_kv_bool(w, "initial", f->initial);
	jsonw_kv_bool(w, "brought_back", f->brought_back);
	jsonw_kv_string(w, "rule", f->rule);
	jsonw_kv_time(w, "happened_after", f->lo_us);
	jsonw_kv_time(w, "happened_until", f->hi_us);
	jsonw_kv_time(w, "deleted_at", f->deleted_at_us);
	jsonw_kv_time(w, "first_seen", f->first_seen_us);
	jsonw_kv_time(w, "last_seen", f->last_seen_us);
	jsonw_kv_int(w, "first_job", f->first_job);
	jsonw_kv_int(w, "job", f->last_job);
	if (f->parent)
		jsonw_kv_int(w, "parent", f->parent);
	jsonw_object_end(w);
}
