/* SPDX-License-Identifier: Apache-2.0 */
#include "common/model/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/mem.h"

#define NEEDS_MAX 4

/*
 * needs: all of them must not have failed. one_of: at least one of them must be good. Ended by 0,
 * which no check needs by itself: without a configuration nothing is asked at all.
 */
static const struct {
	const char *name;
	enum { BEFORE, TENANT, BEHIND } group;
	enum doctor_check needs[NEEDS_MAX + 1], one_of[NEEDS_MAX + 1];
} rows[_DOCTOR_CHECK_MAX] = {
	[DOCTOR_CONFIGURATION] = {"configuration", BEFORE, {0}, {0}},
	[DOCTOR_SERVICE] = {"service", BEFORE, {0}, {0}},
	[DOCTOR_STORE_KEY] = {"store_key", BEFORE, {0}, {0}},
	[DOCTOR_CREDENTIALS] = {"credentials", TENANT,
		{DOCTOR_SERVICE, DOCTOR_STORE_KEY, DOCTOR_STORE}, {0}},
	[DOCTOR_WATCHED] = {"watched", TENANT, {DOCTOR_SERVICE, DOCTOR_STORE_KEY, DOCTOR_STORE},
		{0}},
	[DOCTOR_CERTIFICATE] = {"certificate", TENANT, {DOCTOR_CREDENTIALS}, {0}},
	[DOCTOR_DNS] = {"dns", TENANT, {DOCTOR_SERVICE, DOCTOR_STORE_KEY, DOCTOR_STORE}, {0}},
	[DOCTOR_CONNECTION] = {"connection", TENANT, {DOCTOR_DNS}, {0}},
	[DOCTOR_TLS] = {"tls", TENANT, {DOCTOR_CONNECTION}, {0}},
	[DOCTOR_CLOCK] = {"clock", TENANT, {DOCTOR_TLS}, {0}},
	[DOCTOR_TOKEN] = {"token", TENANT,
		{DOCTOR_TLS, DOCTOR_CREDENTIALS, DOCTOR_CERTIFICATE, DOCTOR_WATCHED}, {0}},
	[DOCTOR_APP_TOKEN] = {"app_token", TENANT,
		{DOCTOR_TLS, DOCTOR_CREDENTIALS, DOCTOR_CERTIFICATE, DOCTOR_WATCHED}, {0}},
	[DOCTOR_TENANT] = {"tenant", TENANT, {DOCTOR_TOKEN}, {0}},
	[DOCTOR_SCOPES] = {"scopes", TENANT, {DOCTOR_TOKEN}, {0}},
	[DOCTOR_SIGN_IN] = {"sign_in", TENANT, {DOCTOR_TOKEN}, {0}},
	[DOCTOR_ROLES] = {"roles", TENANT, {0}, {DOCTOR_TOKEN, DOCTOR_APP_TOKEN}},
	[DOCTOR_SNAPSHOTS] = {"snapshots", TENANT, {DOCTOR_ROLES},
		{DOCTOR_TOKEN, DOCTOR_APP_TOKEN}},
	[DOCTOR_JOBS] = {"jobs", TENANT, {DOCTOR_ROLES, DOCTOR_SNAPSHOTS}, {0}},
	[DOCTOR_SLOT] = {"slot", TENANT, {DOCTOR_JOBS}, {0}},
	[DOCTOR_POLLING] = {"polling", TENANT, {DOCTOR_JOBS}, {0}},
	[DOCTOR_STORE] = {"store", BEHIND, {0}, {0}},
	[DOCTOR_DISK] = {"disk", BEHIND, {0}, {0}},
	[DOCTOR_SINK] = {"sink", BEHIND, {DOCTOR_SERVICE, DOCTOR_STORE_KEY, DOCTOR_STORE}, {0}},
};

static const char *const result_names[_DOCTOR_RESULT_MAX] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_FAIL] = "fail",
	[DOCTOR_SKIPPED] = "skipped",
};

const char *doctor_check_name(enum doctor_check c)
{
	return rows[c].name;
}

bool doctor_check_of_tenant(enum doctor_check c)
{
	return rows[c].group == TENANT;
}

const char *doctor_result_name(enum doctor_result r)
{
	return result_names[r];
}

static int find_name(const char *name, const char *(*name_of)(int), int max)
{
	for (int i = 0; name && i < max; i++)
		if (strcmp(name, name_of(i)) == 0)
			return i;
	return -1;
}

static const char *check_name_of(int i)
{
	return rows[i].name;
}

static const char *result_name_of(int i)
{
	return result_names[i];
}

/* --- making one ---------------------------------------------------------------------------------
 */

void doctor_report_done(struct doctor_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].tenant);
		free(r->items[i].sink);
		free(r->items[i].evidence);
		free(r->items[i].remedy);
	}
	free(r->items);
	*r = (struct doctor_report){0};
}

static struct doctor_item *add(struct doctor_report *r, const char *tenant, enum doctor_check check,
	enum doctor_result result, const char *remedy)
{
	r->items = mem_grow(r->items, r->n + 1, sizeof(*r->items));
	struct doctor_item *item = &r->items[r->n++];

	*item = (struct doctor_item){
		.tenant = mem_text(tenant),
		.check = check,
		.result = result,
		.because = DOCTOR_NOTHING,
		.remedy = mem_text(remedy),
	};
	return item;
}

/* What does not fit is cut: an explanation, not a record. */
static void set_evidence(struct doctor_item *item, const char *fmt, va_list ap) _printf_(2, 0);
static void set_evidence(struct doctor_item *item, const char *fmt, va_list ap)
{
	char text[LIMIT_DOCTOR_TEXT_BYTES];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	item->evidence = mem_text(text);
}

void doctor_ok(
	struct doctor_report *r, const char *tenant, enum doctor_check check, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_evidence(add(r, tenant, check, DOCTOR_OK, NULL), fmt, ap);
	va_end(ap);
}

void doctor_warn(struct doctor_report *r, const char *tenant, enum doctor_check check,
	const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_evidence(add(r, tenant, check, DOCTOR_WARN, remedy), fmt, ap);
	va_end(ap);
}

void doctor_fail(struct doctor_report *r, const char *tenant, enum doctor_check check, int code,
	const char *remedy, const char *fmt, ...)
{
	struct doctor_item *item = add(r, tenant, check, DOCTOR_FAIL, remedy);
	va_list ap;

	item->code = code;
	va_start(ap, fmt);
	set_evidence(item, fmt, ap);
	va_end(ap);
}

void doctor_none(
	struct doctor_report *r, const char *tenant, enum doctor_check check, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_evidence(add(r, tenant, check, DOCTOR_SKIPPED, NULL), fmt, ap);
	va_end(ap);
}

void doctor_skip(struct doctor_report *r, const char *tenant, enum doctor_check check,
	enum doctor_check because)
{
	doctor_none(r, tenant, check, "because of %s", rows[because].name);
	r->items[r->n - 1].because = (int)because;
}

void doctor_of_sink(struct doctor_report *r, const char *sink)
{
	free(r->items[r->n - 1].sink);
	r->items[r->n - 1].sink = mem_text(sink);
}

void doctor_report_add(struct doctor_report *r, const struct doctor_report *other)
{
	for (size_t i = 0; i < other->n; i++) {
		const struct doctor_item *from = &other->items[i];
		struct doctor_item *item =
			add(r, from->tenant, from->check, from->result, from->remedy);

		item->sink = mem_text(from->sink);
		item->evidence = mem_text(from->evidence);
		item->code = from->code;
		item->because = from->because;
	}
}

/* --- what needs what ----------------------------------------------------------------------------
 */

const struct doctor_item *doctor_find(
	const struct doctor_report *r, const char *tenant, enum doctor_check check)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_item *item = &r->items[i];

		if (item->check == check &&
			(!item->tenant || !tenant || strcmp(item->tenant, tenant) == 0))
			return item;
	}
	return NULL;
}

/* True when this one keeps others from being made. */
static bool blocks(const struct doctor_item *item, enum doctor_check *ret_because)
{
	if (item->result == DOCTOR_FAIL)
		*ret_because = item->check;
	else if (item->result == DOCTOR_SKIPPED && item->because != DOCTOR_NOTHING)
		*ret_because = (enum doctor_check)item->because;
	else
		return false;
	return true;
}

bool doctor_blocked(const struct doctor_report *r, const char *tenant, enum doctor_check check,
	enum doctor_check *ret_because)
{
	bool found = false;

	for (const enum doctor_check *need = rows[check].needs; *need; need++) {
		const struct doctor_item *item = doctor_find(r, tenant, *need);

		if (item && blocks(item, ret_because))
			return true;
	}
	for (const enum doctor_check *need = rows[check].one_of; *need; need++) {
		const struct doctor_item *item = doctor_find(r, tenant, *need);
		enum doctor_check because;

		if (item && (item->result == DOCTOR_OK || item->result == DOCTOR_WARN))
			return false;
		if (item && !found && blocks(item, &because)) {
			found = true;
			*ret_because = because;
		}
	}
	return found;
}

bool doctor_skips(struct doctor_report *r, const char *tenant, enum doctor_check check)
{
	enum doctor_check because;

	if (!doctor_blocked(r, tenant, check, &because))
		return false;
	doctor_skip(r, tenant, check, because);
	return true;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

struct place {
	size_t index;
	int group;
	size_t tenant; /* where its first item was */
};

static size_t first_of(const struct doctor_report *r, const char *tenant)
{
	size_t i = 0;

	while (tenant && i < r->n &&
		(!r->items[i].tenant || strcmp(r->items[i].tenant, tenant) != 0))
		i++;
	return i;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct place *x = a, *y = b;
	const struct doctor_item *items = arg;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->tenant != y->tenant)
		return x->tenant < y->tenant ? -1 : 1;
	if (items[x->index].check != items[y->index].check)
		return items[x->index].check < items[y->index].check ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void doctor_sort(struct doctor_report *r)
{
	struct place *places = mem_grow(NULL, r->n + 1, sizeof(*places));
	struct doctor_item *sorted = mem_grow(NULL, r->n + 1, sizeof(*sorted));

	for (size_t i = 0; i < r->n; i++)
		places[i] = (struct place){
			.index = i,
			.group = (int)rows[r->items[i].check].group,
			.tenant = first_of(r, r->items[i].tenant),
		};
	qsort_r(places, r->n, sizeof(*places), compare, r->items);
	for (size_t i = 0; i < r->n; i++)
		sorted[i] = r->items[places[i].index];
	free(places);
	free(r->items);
	r->items = sorted;
}

int doctor_exit_code(const struct doctor_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].result == DOCTOR_FAIL)
			return r->items[i].code;
	return EXIT_CODE_OK;
}

/* --- through the control socket -----------------------------------------------------------------
 */

static void write_item(const struct doctor_item *item, struct jsonw *w)
{
	jsonw_object(w);
	jsonw_kv_string(w, "tenant", item->tenant);
	jsonw_kv_string(w, "check", rows[item->check].name);
	jsonw_kv_string(w, "sink", item->sink);
	jsonw_kv_string(w, "result", result_names[item->result]);
	jsonw_kv_string(w, "evidence", item->evidence);
	jsonw_kv_string(w, "remedy", item->remedy);
	if (item->result == DOCTOR_FAIL)
		jsonw_kv_int(w, "code", item->code);
	if (item->because != DOCTOR_NOTHING)
		jsonw_kv_string(w, "because", rows[item->because].name);
	jsonw_object_end(w);
}

void doctor_write(const struct doctor_report *r, struct jsonw *w)
{
	jsonw_key(w, "doctor");
	jsonw_array(w);
	for (size_t i = 0; i < r->n; i++)
		write_item(&r->items[i], w);
	jsonw_array_end(w);
}

static int read_item(struct doctor_report *r, const struct json *v)
{
	int check = find_name(json_string_or(v, "check", NULL), check_name_of, _DOCTOR_CHECK_MAX);
	int result =
		find_name(json_string_or(v, "result", NULL), result_name_of, _DOCTOR_RESULT_MAX);
	int because =
		find_name(json_string_or(v, "because", NULL), check_name_of, _DOCTOR_CHECK_MAX);
	int64_t code = EXIT_CODE_OK;

	if (check < 0 || result < 0)
		return -EINVAL;
	(void)json_get_int(v, "code", &code);
	if (result == DOCTOR_FAIL && (code <= EXIT_CODE_OK || code >= _EXIT_CODE_MAX))
		return -EINVAL;
	struct doctor_item *item =
		add(r, json_string_or(v, "tenant", NULL), (enum doctor_check)check,
			(enum doctor_result)result, json_string_or(v, "remedy", NULL));
	item->sink = mem_text(json_string_or(v, "sink", NULL));
	item->evidence = mem_text(json_string_or(v, "evidence", ""));
	item->code = (int)code;
	item->because = because;
	return 0;
}

int doctor_read(struct doctor_report *r, const struct json *document)
{
	const struct json *list = json_member(document, "doctor");
	struct doctor_report read = {0};

	if (!list || json_type(list) != JSON_TYPE_ARRAY)
		return -EINVAL;
	JSON_EACH (v, list) {
		if (read_item(&read, v) < 0) {
			doctor_report_done(&read);
			return -EINVAL;
		}
	}
	r->items = mem_grow(r->items, r->n + read.n + 1, sizeof(*r->items));
	for (size_t i = 0; i < read.n; i++)
		r->items[r->n++] = read.items[i];
	free(read.items);
	return 0;
}
