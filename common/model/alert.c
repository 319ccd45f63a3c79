/* SPDX-License-Identifier: Apache-2.0 */
/* What an alert is called, what makes it the same one, and its "data" object. */
#include "common/model/alert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"

/* Room for the envelope around "data": type, timestamp, braces. */
#define ENVELOPE_BYTES 128u
#define DATA_BYTES (LIMIT_ALERT_BODY_BYTES - ENVELOPE_BYTES)

static const struct {
	const char *name, *text;
} kinds[] = {
#define X(id, name, text) {name, text},
	ALERT_KINDS(X)
#undef X
};

const char *alert_kind_name(enum alert_kind k)
{
	return (unsigned)k < _ALERT_KIND_MAX ? kinds[k].name : NULL;
}

const char *alert_kind_text(enum alert_kind k)
{
	return (unsigned)k < _ALERT_KIND_MAX ? kinds[k].text : NULL;
}

int alert_kind_from_name(const char *name, enum alert_kind *ret)
{
	for (unsigned i = 0; name && i < _ALERT_KIND_MAX; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*ret = (enum alert_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* --- identity -----------------------------------------------------------------------------------
 */

/* A NUL ends each part, so that no two keys run into the same bytes. */
static void key_part(struct buf *key, const char *text)
{
	if (text)
		buf_puts(key, text);
	buf_append(key, "", 1);
}

static int natural_key_digest(const struct alert *a, uint8_t ret[static SHA256_SIZE])
{
	_cleanup_(buf_done) struct buf key = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	int64_t job = a->subject ? 0 : a->job;
	int64_t when = a->job == 0 && !a->subject ? a->created_us : 0;

	key_part(&key, alert_kind_name(a->kind));
	key_part(&key, a->tenant_id);
	key_part(&key, verdict_name(a->severity));
	buf_printf(&key, "%" PRId64 ":%" PRId64, job, when);
	buf_append(&key, "", 1);
	key_part(&key, a->subject);
	return buf_error(&key) ? buf_error(&key) : sha256(key.data, key.len, ret);
}

struct alert alert_about(enum alert_kind kind, enum verdict severity,
	const struct conf_tenant *tenant, int64_t created_us)
{
	return (struct alert){
		.kind = kind,
		.severity = severity,
		.tenant = tenant ? tenant->name : NULL,
		.tenant_id = tenant ? tenant->tenant_id : NULL,
		.created_us = created_us,
		.baseline_us = TIME_NONE,
		.covered_from_us = TIME_NONE,
		.covered_to_us = TIME_NONE,
		.verified = -1,
	};
}

/* Never refused: with another id the same alert would come twice. */
void alert_outside_id(const struct alert *a, char out[static 33])
{
	uint8_t digest[SHA256_SIZE];
	int r = mem_insist(natural_key_digest(a, digest));

	assert_fatal(r == 0);
	(void)hex_format(digest, 16, out);
}

/* --- rendering ----------------------------------------------------------------------------------
 */

/* Length of text, cut to at most max bytes at the border of a character. */
static size_t cut_length(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void kv_cut(struct jsonw *w, const char *key, const char *text, size_t max)
{
	if (!text)
		return;
	size_t len = cut_length(text, max);
	jsonw_key(w, key);
	if (text[len] == '\0') {
		jsonw_string(w, text);
		return;
	}
	_cleanup_(buf_done) struct buf cut = BUF_INIT_SURE(max + 8);
	buf_append(&cut, text, len);
	buf_puts(&cut, "\xe2\x80\xa6");
	jsonw_string_n(w, buf_text(&cut), cut.len);
}

/*
 * JSON that the service sent is valid, but a string in it may hold what a terminal obeys. Outside
 * of strings valid JSON is plain ASCII, so whatever is not can be escaped where it stands.
 */
static void append_safe_json(struct buf *out, const char *json)
{
	_cleanup_(buf_done) struct buf quoted = BUF_INIT_SURE(LIMIT_ALERT_VALUE_BYTES * 8);
	const char *p = json;

	while (*p) {
		const char *from = p;

		while (*p >= 0x20 && *p < 0x7f)
			p++;
		buf_append(out, from, (size_t)(p - from));
		from = p;
		while ((unsigned char)*p >= 0x7f)
			p++;
		if (p > from) {
			buf_reset(&quoted);
			json_append_string(&quoted, from, (size_t)(p - from));
			if (quoted.len >= 2)
				buf_append(out, quoted.data + 1, quoted.len - 2);
		}
		if (*p && (unsigned char)*p < 0x20) /* white space between tokens */
			p++;
	}
}

static void kv_value(struct jsonw *w, const char *key, const char *json)
{
	if (!json)
		return;
	_cleanup_(buf_done) struct buf safe = BUF_INIT_SURE(LIMIT_ALERT_VALUE_BYTES * 8);
	if (strnlen(json, LIMIT_ALERT_VALUE_BYTES + 1) <= LIMIT_ALERT_VALUE_BYTES)
		append_safe_json(&safe, json);
	if (safe.len == 0 || buf_error(&safe)) {
		jsonw_kv_bool(w, strcmp(key, "after") == 0 ? "after_cut" : "before_cut", true);
		return;
	}
	jsonw_key(w, key);
	jsonw_raw(w, safe.data, safe.len);
}

static void write_children(struct jsonw *w, const struct alert_object *o)
{
	static const char *const keys[_ALERT_CHILD_MAX] = {
		[ALERT_CHILD_GRANT] = "grants",
		[ALERT_CHILD_ASSIGNMENT] = "assignments",
		[ALERT_CHILD_MEMBERSHIP] = "memberships",
	};

	for (size_t i = 0; i < _ALERT_CHILD_MAX; i++)
		if (o->n_children[i])
			jsonw_kv_int(w, keys[i], o->n_children[i]);
}

static void write_object(struct jsonw *w, const struct alert_object *o)
{
	jsonw_object(w);
	kv_cut(w, "entity_type", o->entity_type, LIMIT_ENUM_BYTES);
	kv_cut(w, "object_id", o->object_id, LIMIT_ID_BYTES);
	kv_cut(w, "display_name", o->display_name, LIMIT_NAME_BYTES);
	kv_cut(w, "change", o->change, LIMIT_ENUM_BYTES);
	kv_cut(w, "property", o->property, LIMIT_NAME_BYTES);
	kv_cut(w, "link_id", o->link_id, LIMIT_ID_BYTES);
	kv_cut(w, "link_name", o->link_name, LIMIT_NAME_BYTES);
	kv_value(w, "before", o->before);
	kv_value(w, "after", o->after);
	jsonw_kv_string(w, "severity", verdict_name(o->severity));
	jsonw_kv_string(w, "rule", o->rule);
	jsonw_kv_time(w, "deleted_at", o->deleted_at_us);
	jsonw_kv_string(w, "fact", o->fact);
	if (o->brought_back)
		jsonw_kv_bool(w, "brought_back", true);
	write_children(w, o);
	if (o->finding)
		jsonw_kv_int(w, "finding", o->finding);
	jsonw_object_end(w);
}

static void write_counts(struct jsonw *w, const struct alert *a)
{
	jsonw_key(w, "counts");
	jsonw_object(w);
	jsonw_kv_int(w, "deleted", a->n_deleted);
	jsonw_kv_int(w, "appeared", a->n_appeared);
	jsonw_kv_int(w, "modified", a->n_modified);
	if (a->n_undone)
		jsonw_kv_int(w, "undone", a->n_undone);
	if (a->n_vanished)
		jsonw_kv_int(w, "vanished", a->n_vanished);
	jsonw_object_end(w);
}

static void write_data(struct jsonw *w, const struct alert *a, size_t n_shown)
{
	char id[33];

	alert_outside_id(a, id);
	jsonw_object(w);
	jsonw_kv_string(w, "schema", "snapwatch/1");
	jsonw_kv_string(w, "id", id);
	jsonw_kv_string(w, "kind", alert_kind_name(a->kind));
	jsonw_kv_string(w, "severity", verdict_name(a->severity));
	jsonw_kv_string(w, "tenant", a->tenant);
	jsonw_kv_string(w, "tenant_id", a->tenant_id);
	kv_cut(w, "title", a->title, LIMIT_ALERT_TITLE_BYTES);
	kv_cut(w, "summary", a->summary, LIMIT_ALERT_VALUE_BYTES);
	jsonw_kv_time(w, "created", a->created_us);
	if (a->initial)
		jsonw_kv_bool(w, "initial", true);
	if (a->n_deleted || a->n_appeared || a->n_modified || a->n_undone || a->n_vanished)
		write_counts(w, a);
	if (a->n_objects) {
		jsonw_key(w, "objects");
		jsonw_array(w);
		for (size_t i = 0; i < n_shown; i++)
			write_object(w, &a->objects[i]);
		jsonw_array_end(w);
		jsonw_kv_int(w, "omitted", (int64_t)(a->n_omitted + a->n_objects - n_shown));
	}
	if (a->job)
		jsonw_kv_int(w, "job", a->job);
	jsonw_kv_string(w, "recovery", a->recovery);
	jsonw_kv_time(w, "baseline", a->baseline_us);
	jsonw_kv_time(w, "covered_from", a->covered_from_us);
	jsonw_kv_time(w, "covered_to", a->covered_to_us);
	if (a->verified >= 0)
		jsonw_kv_bool(w, "verified", a->verified);
	jsonw_object_end(w);
}

void alert_render(const struct alert *a, struct buf *out)
{
	size_t n = a->n_objects < LIMIT_ALERT_OBJECTS ? a->n_objects : LIMIT_ALERT_OBJECTS;
	_cleanup_(buf_done) struct buf data = BUF_INIT_SURE(DATA_BYTES);

	for (;;) {
		struct jsonw w = JSONW_INIT(&data);

		write_data(&w, a, n);
		if (buf_error(&data) != -EFBIG || n == 0)
			break;
		buf_reset(&data);
		n--;
	}
	if (buf_error(&data))
		out->error = out->error ? out->error : buf_error(&data);
	else
		buf_append(out, data.data, data.len);
}

/* --- routing ------------------------------------------------------------------------------------
 */

size_t alert_route(const struct conf *conf, const struct conf_tenant *tenant, const char *except,
	const char **names)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_sinks; i++) {
		const char *name = conf->sinks[i].name;

		if (tenant && tenant->sinks.n && !strv_has(&tenant->sinks, name))
			continue;
		if (except && strcmp(except, name) == 0)
			continue;
		names[n++] = name;
	}
	return n;
}
