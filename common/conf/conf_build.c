/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/conf_build.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/conf/conf_filter.h"
#include "common/conf/conf_scan.h"
#include "common/conf/conf_text.h"

/* All values of a tenant with its watches; the file that they came from had LIMIT_CONFIG_BYTES. */
#define DIGEST_BYTES (2 * LIMIT_CONFIG_BYTES)
#define MESSAGE_BYTES 8192

/* --- complaints ------------------------------------------------------------------------------- */

static void _printf_(4, 0) complain(
	struct buf *out, const struct conf_section *s, const char *key, const char *fmt, va_list ap)
{
	struct buf message = BUF_INIT(MESSAGE_BYTES);
	const struct conf_key *k = key ? conf_key_find(s->scope, key) : NULL;
	const struct conf_entry *e = k ? conf_section_entry(s, k) : NULL;

	if (s->title) {
		buf_printf(&message, "%s ", conf_scope_name(s->scope));
		conf_quote(&message, s->title);
		buf_puts(&message, ": ");
	}
	if (key)
		buf_printf(&message, "%s: ", key);
	buf_vprintf(&message, fmt, ap);
	conf_complain(out, e ? e->file : s->file, e ? e->line : s->line, "%s", buf_text(&message));
	buf_done(&message);
}

void conf_build_error(
	struct conf_build *b, const struct conf_section *s, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(b->errors, s, key, fmt, ap);
	va_end(ap);
}

void conf_build_warning(
	struct conf_build *b, const struct conf_section *s, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(b->warnings, s, key, fmt, ap);
	va_end(ap);
}

/* --- keys ------------------------------------------------------------------------------------- */

static bool same_value(const struct conf_key *k, const char *a, const char *b)
{
	bool is = false, other = false;

	if (k->type == CONF_BOOL)
		return parse_bool(a, &is) == 0 && parse_bool(b, &other) == 0 && is == other;
	return strcmp(a, b) == 0;
}

/* Asks for something else than the default, of a key that has no (full) effect yet. */
static bool is_premature(const struct conf_entry *e)
{
	return e->key->flags & CONF_LATER &&
	       (e->texts.n != 1 || !same_value(e->key, e->texts.items[0], e->key->fallback));
}

/* owner: the section whose text it is, for the message. */
static int set_entry(
	struct conf_build *b, struct conf_entry *e, void *base, const struct conf_section *owner)
{
	struct buf why = BUF_INIT(MESSAGE_BYTES);
	int r = 0;

	if (!e->refused)
		r = conf_key_set(e->key, base, &e->texts, &why);
	if (r > 0) {
		e->refused = true;
		conf_build_error(b, owner, e->key->name, "%s", buf_text(&why));
	} else if (r == 0 && !e->refused && !e->warned && is_premature(e)) {
		e->warned = true;
		conf_build_warning(
			b, owner, e->key->name, "this version %s", conf_key_later(e->key));
	}
	buf_done(&why);
	return r < 0 ? r : 0;
}

int conf_build_keys(struct conf_build *b, enum conf_scope scope, void *base, struct conf_section *s,
	struct conf_section *defaults)
{
	int r = 0;

	CONF_EACH_KEY (k, scope) {
		struct conf_entry *own = conf_section_entry(s, k);
		struct conf_entry *e = own ? own : conf_section_entry(defaults, k);

		/* First the default, so that a refused value leaves a sane struct to check further.
		 */
		r = conf_key_set_fallback(k, base);
		if (r == 0 && e)
			r = set_entry(b, e, base, own ? s : defaults);
		else if (r == 0 && (k->flags & CONF_REQUIRED) && !s->defaults)
			conf_build_error(b, s, k->name, "is missing");
		if (r < 0)
			break;
	}
	return r;
}

void conf_build_digest_text(enum conf_scope scope, const struct conf_section *s,
	const struct conf_section *defaults, struct buf *out)
{
	buf_printf(out, "%s%c%s%c", conf_scope_name(scope), 0, s->title ? s->title : "", 0);
	CONF_EACH_KEY (k, scope) {
		const struct conf_entry *e = conf_section_entry(s, k);

		if (!e)
			e = conf_section_entry(defaults, k);
		buf_printf(out, "%s%c", k->name, 0);
		for (size_t i = 0; e && i < e->texts.n; i++)
			buf_printf(out, "%s%c", e->texts.items[i], 0);
		if (!e && k->fallback)
			buf_printf(out, "%s%c", k->fallback, 0);
		buf_putc(out, '\n');
	}
}

int conf_build_digest(const struct buf *text, char ret[static 65])
{
	uint8_t hash[SHA256_SIZE];
	int r = buf_error(text);

	if (r == 0)
		r = sha256(buf_text(text), text->len, hash);
	if (r == 0)
		(void)hex_format(hash, sizeof(hash), ret);
	return r;
}

/* --- tenants ---------------------------------------------------------------------------------- */

static void check_watch(
	struct conf_build *b, const struct conf_section *s, const struct conf_watch *w)
{
	if (!conf_name_valid(s->title))
		conf_build_error(b, s, NULL,
			"is not a name: at most 64 of a-z 0-9 . _ -, a letter or digit first");
	if (w->entity_types.n && w->object_ids.n)
		conf_build_error(b, s, "object_ids", "cannot stand together with entity_types");
	if (w->object_ids.n > LIMIT_FILTER_OBJECT_IDS)
		conf_build_error(b, s, "object_ids",
			"the service takes at most %u objects in one filter, these are %zu; make "
			"several watches",
			LIMIT_FILTER_OBJECT_IDS, w->object_ids.n);
}

static int build_watch(struct conf_build *b, struct conf_section *s, struct conf_watch *w)
{
	int r = conf_build_keys(b, CONF_WATCH, w, s, NULL);

	if (r < 0)
		return r;
	w->name = strdup(s->title);
	if (!w->name)
		return -ENOMEM;
	return w->object_ids.n > LIMIT_FILTER_OBJECT_IDS ? 0 : conf_filter_make(w);
}

static int add_watch_all(struct conf_tenant *t)
{
	struct conf_watch *w = &t->watches[0];
	int r = 0;

	CONF_EACH_KEY (k, CONF_WATCH) {
		r = conf_key_set_fallback(k, w);
		if (r < 0)
			return r;
	}
	t->n_watches = 1;
	w->name = strdup("all");
	return w->name ? conf_filter_make(w) : -ENOMEM;
}

/* Those of the tenant, else of defaults (about which check_defaults() complains), else "all". */
static int build_watches(struct conf_build *b, struct conf_section *s,
	struct conf_section *defaults, struct conf_tenant *t)
{
	struct conf_section *from = s->n_watches || !defaults ? s : defaults;
	bool covered = false;

	if (from->n_watches > LIMIT_WATCHES_PER_TENANT) {
		if (from == s)
			conf_build_error(b, s, NULL, "has %zu watches, more than %u",
				from->n_watches, LIMIT_WATCHES_PER_TENANT);
		return 0;
	}
	t->watches = calloc(from->n_watches + 1, sizeof(*t->watches));
	if (!t->watches)
		return -ENOMEM;
	if (from->n_watches == 0)
		return add_watch_all(t);
	for (size_t i = 0; i < from->n_watches; i++) {
		int r = build_watch(b, &from->watches[i], &t->watches[t->n_watches++]);

		if (r < 0)
			return r;
		if (from == s)
			check_watch(b, &from->watches[i], &t->watches[i]);
		covered |= t->watches[i].baseline == WATCH_COVERED;
	}
	if (!covered && from == s)
		conf_build_warning(b, s, NULL,
			"no watch with baseline \"covered\": nothing is judged and nobody is "
			"alerted");
	return 0;
}

/* Complaints stand where the key was written, not at every tenant that inherits it. */
static bool says(const struct conf_section *s, const char *key)
{
	return conf_section_entry(s, conf_key_find(s->scope, key)) != NULL;
}

/*
 * Elsewhere an authority is often written with the tenant, so its own id is taken away again. Any
 * other path means another directory, or all of them.
 */
static void check_authority(
	struct conf_build *b, const struct conf_section *s, struct conf_tenant *t)
{
	char *path = strchr(t->authority + strlen("https://"), '/');

	if (path && strcasecmp(path + 1, t->tenant_id) == 0)
		*path = '\0';
	else if (path && says(s, "authority") && conf_url_is_service(t->authority))
		conf_build_error(b, s, "authority",
			"\"%s\" is put in front of tenant_id; write the host alone", t->authority);
}

/* The service's own host answers to nothing but versions. */
static void check_graph_url(
	struct conf_build *b, const struct conf_section *s, const struct conf_tenant *t)
{
	const char *path = t->graph_url + strlen("https://");

	path += strcspn(path, "/");
	if (conf_url_is_service(t->graph_url) && strcmp(path, "/v1.0") != 0 &&
		strcmp(path, "/beta") != 0)
		conf_build_error(b, s, "graph_url",
			"\"%s\" does not end in a version; write \"/v1.0\" behind the host",
			t->graph_url);
}

static void check_tenant(struct conf_build *b, struct conf_section *s, struct conf_tenant *t)
{
	if (s->title && !conf_name_valid(s->title))
		conf_build_error(b, s, NULL,
			"is not a name: at most 64 of a-z 0-9 . _ -, a letter or digit first");
	/* each tenant may have its own: defaults alone are not wrong */
	if (t->sign_in == SIGN_IN_USER_APP && !*t->certificate && !s->defaults)
		conf_build_error(b, s, "sign_in", "\"user+app\" needs a certificate");
	check_authority(b, s, t);
	if (says(s, "graph_url"))
		check_graph_url(b, s, t);
	if (says(s, "authority") && !conf_url_trusted(t->authority))
		conf_build_warning(b, s, "authority",
			"sign-in goes to %s, not to login.microsoftonline.com", t->authority);
	if (says(s, "graph_url") && !conf_url_trusted(t->graph_url))
		conf_build_warning(b, s, "graph_url",
			"tokens are sent to %s, not to graph.microsoft.com", t->graph_url);
}

static int digest_tenant(const struct conf_build *b, const struct conf_section *s,
	const struct conf_section *defaults, struct conf_tenant *t)
{
	const struct conf_section *watches = s->n_watches || !defaults ? s : defaults;
	struct buf text = BUF_INIT(DIGEST_BYTES);
	int r;

	buf_printf(&text, "%s%c", b->conf->credentials_dir, 0);
	conf_build_digest_text(CONF_TENANT, s, defaults, &text);
	for (size_t i = 0; i < watches->n_watches; i++)
		conf_build_digest_text(CONF_WATCH, &watches->watches[i], NULL, &text);
	r = conf_build_digest(&text, t->digest);
	buf_done(&text);
	return r;
}

static int build_tenant(struct conf_build *b, struct conf_section *s, struct conf_section *defaults,
	struct conf_tenant **ret)
{
	_cleanup_(conf_tenant_unrefp) struct conf_tenant *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->refs = 1;
	t->name = strdup(s->title ? s->title : "");
	r = t->name ? conf_build_keys(b, CONF_TENANT, t, s, defaults) : -ENOMEM;
	if (r == 0)
		r = build_watches(b, s, defaults, t);
	if (r == 0)
		r = digest_tenant(b, s, defaults, t);
	if (r < 0)
		return r;
	check_tenant(b, s, t);
	*ret = TAKE_PTR(t);
	return 0;
}

/* Reports what is wrong in them once, also when no tenant uses it. */
static int check_defaults(struct conf_build *b, struct conf_section *defaults)
{
	struct conf_tenant *t = NULL;
	int r;

	CONF_EACH_KEY (k, CONF_TENANT) {
		if ((k->flags & CONF_OWN) && conf_section_entry(defaults, k))
			conf_build_error(
				b, defaults, k->name, "belongs to a tenant, not to defaults");
	}
	r = build_tenant(b, defaults, NULL, &t);
	(void)conf_tenant_unref(t);
	return r;
}

static int compare_tenants(const void *a, const void *b)
{
	return strcmp(
		(*(struct conf_tenant *const *)a)->name, (*(struct conf_tenant *const *)b)->name);
}

static size_t count_sections(const struct conf_build *b, enum conf_scope scope)
{
	size_t n = 0;

	for (size_t i = 0; i < b->source->n_sections; i++)
		n += b->source->sections[i].scope == scope && b->source->sections[i].title;
	return n;
}

static struct conf_section *find_defaults(const struct conf_build *b)
{
	for (size_t i = 0; i < b->source->n_sections; i++)
		if (b->source->sections[i].defaults)
			return &b->source->sections[i];
	return NULL;
}

static int build_tenants(struct conf_build *b)
{
	struct conf_section *defaults = find_defaults(b);
	size_t n = count_sections(b, CONF_TENANT);
	int r = defaults ? check_defaults(b, defaults) : 0;

	if (r == 0 && !(b->conf->tenants = calloc(n + 1, sizeof(*b->conf->tenants))))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < b->source->n_sections; i++) {
		struct conf_section *s = &b->source->sections[i];

		if (s->scope == CONF_TENANT && s->title)
			r = build_tenant(b, s, defaults, &b->conf->tenants[b->conf->n_tenants]);
		if (r == 0 && b->conf->tenants[b->conf->n_tenants])
			b->conf->n_tenants++;
	}
	if (r < 0)
		return r;
	if (n > LIMIT_TENANTS)
		conf_complain(
			b->errors, b->conf->path, 0, "%zu tenants, more than %u", n, LIMIT_TENANTS);
	qsort(b->conf->tenants, b->conf->n_tenants, sizeof(*b->conf->tenants), compare_tenants);
	return 0;
}

/* --- the rest --------------------------------------------------------------------------------- */

static int build_rules(struct conf_build *b)
{
	size_t n = count_sections(b, CONF_RULE);
	int r = 0;

	b->conf->rules = calloc(n + 1, sizeof(*b->conf->rules));
	if (!b->conf->rules)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < b->source->n_sections; i++) {
		struct conf_section *s = &b->source->sections[i];

		if (s->scope == CONF_RULE)
			r = conf_build_rule(b, s, &b->conf->rules[b->conf->n_rules++]);
	}
	if (n > LIMIT_RULES)
		conf_complain(
			b->errors, b->conf->path, 0, "%zu rules, more than %u", n, LIMIT_RULES);
	return r;
}

/* The journal is always there, under its own name. */
static int add_journal(struct conf_build *b)
{
	struct conf_section builtin = {
		.scope = CONF_SINK, .title = (char *)"journal", .file = b->conf->path};
	char *word[] = {(char *)"journal", NULL};
	struct conf_entry type = {
		.key = conf_key_find(CONF_SINK, "type"), .texts = {.items = word, .n = 1}};

	if (conf_sink_find(b->conf, "journal"))
		return 0;
	builtin.entries = &type;
	builtin.n_entries = 1;
	return conf_build_sink(b, &builtin, &b->conf->sinks[b->conf->n_sinks++]);
}

static int build_sinks(struct conf_build *b)
{
	size_t n = count_sections(b, CONF_SINK);
	int r = 0;

	b->conf->sinks = calloc(n + 2, sizeof(*b->conf->sinks));
	if (!b->conf->sinks)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < b->source->n_sections; i++) {
		struct conf_section *s = &b->source->sections[i];

		if (s->scope == CONF_SINK)
			r = conf_build_sink(b, s, &b->conf->sinks[b->conf->n_sinks++]);
	}
	if (r == 0)
		r = add_journal(b);
	if (n > LIMIT_SINKS)
		conf_complain(
			b->errors, b->conf->path, 0, "%zu sinks, more than %u", n, LIMIT_SINKS);
	return r;
}

static int build_root(struct conf_build *b)
{
	struct conf_section none = {.scope = CONF_ROOT, .file = b->conf->path};
	struct conf_section *root = &none;

	/* Missing only when the main file could not be read. */
	for (size_t i = 0; i < b->source->n_sections; i++)
		if (b->source->sections[i].scope == CONF_ROOT)
			root = &b->source->sections[i];
	return conf_build_keys(b, CONF_ROOT, b->conf, root, NULL);
}

int conf_build(struct conf_build *b)
{
	int r = build_root(b);

	if (r == 0)
		r = build_sinks(b);
	if (r == 0)
		r = build_tenants(b);
	if (r == 0)
		r = build_rules(b);
	if (r == 0 && b->complete)
		r = conf_build_references(b);
	return r;
}
