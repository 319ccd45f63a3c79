/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and sinks, and what names must exist or must not exist twice. */
#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf_build.h"
#include "common/conf/conf_scan.h"
#include "common/conf/conf_text.h"

#define MESSAGE_BYTES 4096

/* --- rules ------------------------------------------------------------------------------------ */

/* An empty list would be either everything or nothing: not to be guessed. */
static size_t count_conditions(struct conf_build *b, const struct conf_section *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct conf_entry *e = &s->entries[i];

		if (!(e->key->flags & CONF_LIST))
			continue;
		n++;
		if (e->texts.n == 0)
			conf_build_error(b, s, e->key->name,
				"is empty; leave it out when it shall not matter");
	}
	return n;
}

static bool title_is_plain(const char *title)
{
	size_t len = strlen(title);

	for (const char *p = title; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return len > 0 && len <= LIMIT_ENUM_BYTES;
}

int conf_build_rule(struct conf_build *b, struct conf_section *s, struct conf_rule *rule)
{
	int r = conf_build_keys(b, CONF_RULE, rule, s, NULL);

	if (r < 0)
		return r;
	rule->name = strdup(s->title);
	rule->file = strdup(s->file);
	rule->line = s->line;
	if (!rule->name || !rule->file)
		return -ENOMEM;
	if (!title_is_plain(s->title))
		conf_build_error(b, s, NULL, "the title is empty, too long or not plain text");
	if (count_conditions(b, s) == 0)
		conf_build_error(b, s, NULL, "has no condition and would meet every change");
	if (rule->verdict <= VERDICT_EXPECTED && rule->display_name.n && !rule->object_ids.n)
		conf_build_warning(b, s, "name",
			"this calms by name, and whoever makes an object chooses its name; add "
			"object_ids");
	return 0;
}

/* --- sinks ------------------------------------------------------------------------------------ */

static bool has_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static bool is_set(const struct conf_section *s, const struct conf_key *k)
{
	const struct conf_entry *e = conf_section_entry(s, k);

	return e && e->texts.n && *e->texts.items[0];
}

static void check_sink(
	struct conf_build *b, const struct conf_section *s, const struct conf_sink *sink)
{
	const struct conf_sink_type *type = conf_sink_types;

	if (!conf_name_valid(s->title))
		conf_build_error(b, s, NULL,
			"is not a name: at most 64 of a-z 0-9 . _ -, a letter or digit first");
	while (type->name && strcmp(type->name, sink->type) != 0)
		type++;
	if (!type->name)
		return; /* was reported */
	if (strcmp(s->title, "journal") == 0 && strcmp(sink->type, "journal") != 0)
		conf_build_error(b, s, "type", "the name journal belongs to the journal");
	CONF_EACH_KEY (k, CONF_SINK) {
		if (strcmp(k->name, "type") == 0)
			continue;
		if (has_word(type->required, k->name) && !is_set(s, k))
			conf_build_error(b, s, k->name, "is missing; a %s needs it", type->name);
		if (is_set(s, k) && !has_word(type->known, k->name))
			conf_build_error(b, s, k->name, "a %s has no such thing", type->name);
	}
}

int conf_build_sink(struct conf_build *b, struct conf_section *s, struct conf_sink *sink)
{
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	int r = conf_build_keys(b, CONF_SINK, sink, s, NULL);

	if (r < 0)
		return r;
	sink->name = strdup(s->title);
	if (!sink->name)
		return -ENOMEM;
	buf_printf(&text, "%s%c", b->conf->credentials_dir, 0);
	conf_build_digest_text(CONF_SINK, s, NULL, &text);
	r = conf_build_digest(&text, sink->digest);
	buf_done(&text);
	check_sink(b, s, sink);
	return r;
}

/* --- references ------------------------------------------------------------------------------- */

static int compare_sections(const void *a, const void *b)
{
	const struct conf_section *x = *(const struct conf_section *const *)a;
	const struct conf_section *y = *(const struct conf_section *const *)b;
	int by_title = strcmp(x->title, y->title);

	/* Both are elements of one array: the order in which they were read. */
	return by_title ? by_title : (x > y) - (x < y);
}

/* Titles that come again in another file; libconfuse refuses those within one. */
static int check_titles(struct conf_build *b, enum conf_scope scope)
{
	const struct conf_section **sorted = calloc(b->source->n_sections + 1, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < b->source->n_sections; i++)
		if (b->source->sections[i].scope == scope && b->source->sections[i].title)
			sorted[n++] = &b->source->sections[i];
	qsort(sorted, n, sizeof(*sorted), compare_sections);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i]->title, sorted[i - 1]->title) == 0)
			conf_build_error(b, sorted[i], NULL, "is given twice, first at %s:%u",
				sorted[i - 1]->file, sorted[i - 1]->line);
	free(sorted);
	return 0;
}

static const struct conf_section *tenant_section(const struct conf_build *b, const char *name)
{
	for (size_t i = 0; i < b->source->n_sections; i++) {
		const struct conf_section *s = &b->source->sections[i];

		if (s->scope == CONF_TENANT && s->title && strcmp(s->title, name) == 0)
			return s;
	}
	return NULL;
}

static int compare_ids(const void *a, const void *b)
{
	const struct conf_tenant *x = *(struct conf_tenant *const *)a;
	const struct conf_tenant *y = *(struct conf_tenant *const *)b;
	int by_id = strcmp(x->tenant_id, y->tenant_id);

	return by_id ? by_id : strcmp(x->name, y->name);
}

/* The service has one job slot per directory: two tenants for one would fight for it. */
static int check_tenant_ids(struct conf_build *b)
{
	size_t n = b->conf->n_tenants;
	struct conf_tenant **sorted = calloc(n + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	if (n)
		memcpy(sorted, b->conf->tenants, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_ids);
	for (size_t i = 1; i < n; i++) {
		const char *id = sorted[i]->tenant_id;

		/* An empty one was missing or refused; the same name was reported. */
		if (*id && strcmp(id, sorted[i - 1]->tenant_id) == 0 &&
			strcmp(sorted[i]->name, sorted[i - 1]->name) != 0)
			conf_build_error(b, tenant_section(b, sorted[i]->name), "tenant_id",
				"%s is already that of tenant \"%s\"", id, sorted[i - 1]->name);
	}
	free(sorted);
	return 0;
}

static int check_names(struct conf_build *b, const struct conf_section *s, const char *key,
	const struct strv *names, const struct strv *known, const char *what)
{
	for (size_t i = 0; i < names->n; i++) {
		struct buf text = BUF_INIT(MESSAGE_BYTES);

		if (strv_has(known, names->items[i]))
			continue;
		buf_printf(&text, "there is no %s ", what);
		conf_quote(&text, names->items[i]);
		if (known->n)
			conf_suggest(&text, names->items[i], (const char *const *)known->items);
		conf_build_error(b, s, key, "%s", buf_text(&text));
		buf_done(&text);
	}
	return 0;
}

/* "sinks" is looked at where it was written: once in defaults, whatever the number of tenants. */
static int check_sinks_of(struct conf_build *b, const struct strv *known)
{
	const struct conf_key *k = conf_key_find(CONF_TENANT, "sinks");

	for (size_t i = 0; i < b->source->n_sections; i++) {
		const struct conf_section *s = &b->source->sections[i];
		const struct conf_entry *e =
			s->scope == CONF_TENANT ? conf_section_entry(s, k) : NULL;

		if (e && !e->refused)
			(void)check_names(b, s, k->name, &e->texts, known, "sink");
	}
	return 0;
}

static int check_rules(struct conf_build *b, const struct strv *tenants)
{
	size_t n = 0;

	for (size_t i = 0; i < b->source->n_sections; i++)
		if (b->source->sections[i].scope == CONF_RULE)
			(void)check_names(b, &b->source->sections[i], "tenant",
				&b->conf->rules[n++].tenant, tenants, "tenant");
	return 0;
}

int conf_build_references(struct conf_build *b)
{
	struct strv tenants = {0}, sinks = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->conf->n_tenants; i++)
		r = strv_add(&tenants, b->conf->tenants[i]->name);
	for (size_t i = 0; r == 0 && i < b->conf->n_sinks; i++)
		r = strv_add(&sinks, b->conf->sinks[i].name);
	if (r == 0)
		r = check_sinks_of(b, &sinks);
	if (r == 0)
		r = check_rules(b, &tenants);
	if (r == 0)
		r = check_titles(b, CONF_TENANT);
	if (r == 0)
		r = check_titles(b, CONF_RULE);
	if (r == 0)
		r = check_titles(b, CONF_SINK);
	if (r == 0)
		r = check_tenant_ids(b);
	if (r == 0 && b->conf->n_tenants == 0)
		conf_complain(b->warnings, b->conf->path, 0,
			"no tenant is configured, so there is nothing to watch");
	strv_done(&tenants);
	strv_done(&sinks);
	return r;
}
