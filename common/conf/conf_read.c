/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/conf_read.h"

#include <confuse.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf_scan.h"
#include "common/conf/conf_text.h"

/* Appended to every file and asked for at its root: it is there only if the whole file was read. */
#define SENTINEL "end-of-file"
#define SENTINEL_TEXT "\n" SENTINEL " = yes\n"

/* What may stand in a file, by where it lies. */
enum place {
	PLACE_MAIN,
	PLACE_TENANTS,
	PLACE_RULES,
};

struct reader {
	struct conf_source *source;
	struct buf *errors, *warnings;
	const char *file; /* the one that is being read; owned by source->files */
	enum place place;
	struct conf_marks marks;
};

/* libconfuse's error callback has no argument for its user. */
static struct reader *reading;

/* --- the options that libconfuse wants, made from the table ----------------------------------- */

#define OPTIONS_MAX 64

struct options {
	cfg_opt_t root[OPTIONS_MAX], tenant[OPTIONS_MAX], watch[OPTIONS_MAX];
	cfg_opt_t rule[OPTIONS_MAX], sink[OPTIONS_MAX];
};

static cfg_opt_t *add_keys(cfg_opt_t *o, enum conf_scope scope)
{
	CONF_EACH_KEY (k, scope) {
		cfg_opt_t scalar = CFG_STR(k->name, 0, CFGF_NODEFAULT);
		cfg_opt_t list = CFG_STR_LIST(k->name, 0, CFGF_NODEFAULT);

		*o++ = k->flags & CONF_LIST ? list : scalar;
	}
	return o;
}

static cfg_opt_t *add_titled(cfg_opt_t *o, const char *name, cfg_opt_t *keys)
{
	cfg_opt_t section =
		CFG_SEC(name, keys, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES | CFGF_NODEFAULT);

	*o++ = section;
	return o;
}

/* Every array was zeroed, and a zeroed option ends it. */
static void make_options(struct options *all)
{
	cfg_opt_t defaults = CFG_SEC("defaults", all->tenant, CFGF_NODEFAULT);
	cfg_opt_t sentinel = CFG_STR(SENTINEL, 0, CFGF_NODEFAULT);
	cfg_opt_t *o;

	(void)add_keys(all->watch, CONF_WATCH);
	(void)add_keys(all->rule, CONF_RULE);
	(void)add_keys(all->sink, CONF_SINK);
	o = add_keys(all->tenant, CONF_TENANT);
	(void)add_titled(o, "watch", all->watch);
	o = add_keys(all->root, CONF_ROOT);
	o = add_titled(o, "tenant", all->tenant);
	o = add_titled(o, "rule", all->rule);
	o = add_titled(o, "sink", all->sink);
	*o++ = defaults;
	*o++ = sentinel;
}

/* --- what libconfuse complains about ---------------------------------------------------------- */

static void unknown_key(cfg_t *cfg, const char *name, struct buf *out)
{
	const char *names[OPTIONS_MAX] = {NULL};
	size_t n = 0;

	for (unsigned i = 0; i < cfg_num(cfg) && n < OPTIONS_MAX - 1; i++) {
		const char *known = cfg_opt_name(cfg_getnopt(cfg, i));

		if (strcmp(known, SENTINEL) != 0)
			names[n++] = known;
	}
	buf_puts(out, "unknown key ");
	conf_quote(out, name);
	if (strcmp(cfg->name, "root") != 0)
		buf_printf(out, " in %s", cfg->name);
	if (cfg->title) {
		buf_putc(out, ' ');
		conf_quote(out, cfg->title);
	}
	for (int scope = 0; scope < _CONF_SCOPE_MAX; scope++) {
		if (!conf_key_find((enum conf_scope)scope, name))
			continue;
		buf_printf(out, "; it is a key of %s",
			scope == CONF_ROOT ? "the main file"
					   : conf_scope_name((enum conf_scope)scope));
		return;
	}
	conf_suggest(out, name, names);
}

static void _printf_(2, 0) on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct buf what = BUF_INIT(4096);
	struct buf visible = BUF_INIT(8192);

	/* Texts of libconfuse 3.3; they are not translated, as only LC_CTYPE is ever set. */
	if (strcmp(fmt, "no such option '%s'") == 0) {
		unknown_key(cfg, va_arg(ap, const char *), &visible);
	} else if (strcmp(fmt, "found duplicate title '%s'") == 0) {
		buf_puts(&visible, "the title ");
		conf_quote(&visible, va_arg(ap, const char *));
		buf_puts(&visible, " is given twice");
	} else {
		buf_vprintf(&what, fmt, ap);
		text_append_visible(&visible, buf_text(&what), what.len);
	}
	conf_complain(
		reading->errors, reading->file, (unsigned)cfg->line, "%s", buf_text(&visible));
	buf_done(&what);
	buf_done(&visible);
}

/* --- the tree to sections --------------------------------------------------------------------- */

static void section_done(struct conf_section *s)
{
	for (size_t i = 0; i < s->n_entries; i++)
		strv_done(&s->entries[i].texts);
	free(s->entries);
	for (size_t i = 0; i < s->n_watches; i++)
		section_done(&s->watches[i]);
	free(s->watches);
	free(s->title);
}

static int take_entry(struct conf_section *s, const struct conf_key *k, cfg_opt_t *opt)
{
	struct conf_entry *more = reallocarray(s->entries, s->n_entries + 1, sizeof(*more));
	struct conf_entry *e;
	int r = 0;

	if (!more)
		return -ENOMEM;
	s->entries = more;
	e = &more[s->n_entries++];
	*e = (struct conf_entry){.key = k, .file = s->file};
	for (unsigned i = 0; r == 0 && i < cfg_opt_size(opt); i++)
		r = strv_add(&e->texts, cfg_opt_getnstr(opt, i));
	return r;
}

/* A key that was never written has no CFGF_MODIFIED; an empty list has it. */
static int take_entries(const struct reader *rd, struct conf_section *s, cfg_t *cfg, size_t mark)
{
	int r = 0;

	CONF_EACH_KEY (k, s->scope) {
		cfg_opt_t *opt = cfg_getopt(cfg, k->name);

		if (!(opt->flags & CFGF_MODIFIED))
			continue;
		r = take_entry(s, k, opt);
		if (r < 0)
			return r;
		s->entries[s->n_entries - 1].line = conf_marks_key_line(&rd->marks, mark, k->name);
	}
	return 0;
}

static int take_section(const struct reader *rd, struct conf_section *s, enum conf_scope scope,
	cfg_t *cfg, const struct conf_mark *mark)
{
	const char *title = cfg_title(cfg);

	*s = (struct conf_section){.scope = scope, .file = rd->file, .line = mark->line};
	if (title && text_copy(title, &s->title) < 0)
		return -ENOMEM;
	return take_entries(rd, s, cfg, (size_t)(mark - rd->marks.items));
}

static int take_watches(
	const struct reader *rd, struct conf_section *s, cfg_t *cfg, const struct conf_mark *tenant)
{
	size_t parent = (size_t)(tenant - rd->marks.items);
	size_t from = 0;
	unsigned n = cfg_size(cfg, "watch");

	s->watches = calloc(n + 1, sizeof(*s->watches));
	if (!s->watches)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		cfg_t *watch = cfg_getnsec(cfg, "watch", i);
		const struct conf_mark *mark =
			conf_marks_section(&rd->marks, parent, "watch", cfg_title(watch), &from);
		int r = take_section(
			rd, &s->watches[s->n_watches++], CONF_WATCH, watch, mark ? mark : tenant);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_section(
	struct reader *rd, enum conf_scope scope, cfg_t *cfg, const struct conf_mark *mark)
{
	struct conf_source *src = rd->source;
	struct conf_section *s;
	int r;

	/* Doubled at powers of two. */
	if ((src->n_sections & (src->n_sections - 1)) == 0) {
		size_t n = src->n_sections ? 2 * src->n_sections : 1;
		struct conf_section *more = reallocarray(src->sections, n, sizeof(*more));

		if (!more)
			return -ENOMEM;
		src->sections = more;
	}
	s = &src->sections[src->n_sections++];
	r = take_section(rd, s, scope, cfg, mark);
	if (r == 0 && scope == CONF_TENANT) {
		s->defaults = !s->title;
		r = take_watches(rd, s, cfg, mark);
	}
	return r;
}

static const char *allowed_sections(enum place place)
{
	switch (place) {
	case PLACE_MAIN:
		return NULL;
	case PLACE_TENANTS:
		return "tenant and sink";
	case PLACE_RULES:
		return "rule";
	}
	return NULL;
}

static bool may_stand(enum place place, const char *section)
{
	switch (place) {
	case PLACE_MAIN:
		return true;
	case PLACE_TENANTS:
		return strcmp(section, "tenant") == 0 || strcmp(section, "sink") == 0;
	case PLACE_RULES:
		return strcmp(section, "rule") == 0;
	}
	return false;
}

static int add_sections(struct reader *rd, cfg_t *cfg, enum conf_scope scope, const char *name)
{
	size_t from = 0;

	for (unsigned i = 0; i < cfg_size(cfg, name); i++) {
		cfg_t *section = cfg_getnsec(cfg, name, i);
		const struct conf_mark *mark =
			conf_marks_section(&rd->marks, 0, name, cfg_title(section), &from);
		int r;

		if (!mark)
			mark = &rd->marks.items[0];
		if (!may_stand(rd->place, name)) {
			conf_complain(rd->errors, rd->file, mark->line,
				"a section %s has no place here, only %s", name,
				allowed_sections(rd->place));
			continue;
		}
		r = add_section(rd, scope, section, mark);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_root(struct reader *rd, cfg_t *cfg)
{
	if (rd->place == PLACE_MAIN)
		return add_section(rd, CONF_ROOT, cfg, &rd->marks.items[0]);
	for (size_t i = 1; i < rd->marks.n; i++) {
		const struct conf_mark *m = &rd->marks.items[i];

		if (m->parent == 0 && !m->section)
			conf_complain(rd->errors, rd->file, m->line,
				"%s has no place here, only in the main file", m->name);
	}
	return 0;
}

static int add_tree(struct reader *rd, cfg_t *cfg)
{
	int r = add_root(rd, cfg);

	if (r == 0)
		r = add_sections(rd, cfg, CONF_TENANT, "defaults");
	if (r == 0)
		r = add_sections(rd, cfg, CONF_SINK, "sink");
	if (r == 0)
		r = add_sections(rd, cfg, CONF_TENANT, "tenant");
	if (r == 0)
		r = add_sections(rd, cfg, CONF_RULE, "rule");
	return r;
}

/* --- one file --------------------------------------------------------------------------------- */

/* The sentinel is no key that anybody may write. */
static int refuse_sentinel(const struct reader *rd)
{
	for (size_t i = 1; i < rd->marks.n; i++) {
		if (strcmp(rd->marks.items[i].name, SENTINEL) != 0)
			continue;
		conf_complain(rd->errors, rd->file, rd->marks.items[i].line,
			"unknown key \"" SENTINEL "\"");
		return 1;
	}
	return 0;
}

static int parse_tree(struct reader *rd, struct buf *text, cfg_t *cfg)
{
	FILE *f;
	int r;

	buf_puts(text, SENTINEL_TEXT);
	if (buf_error(text))
		return buf_error(text);
	cfg->filename = strdup(rd->file);
	f = fmemopen(text->data, text->len, "r");
	if (!f || !cfg->filename) {
		if (f)
			(void)fclose(f);
		return -ENOMEM;
	}
	cfg_set_error_function(cfg, on_error);
	reading = rd;
	r = cfg_parse_fp(cfg, f);
	reading = NULL;
	(void)fclose(f);
	if (r != CFG_SUCCESS)
		return 1;
	if (cfg_size(cfg, SENTINEL) != 1) {
		conf_complain(rd->errors, rd->file, 0, "the file is not complete");
		return 1;
	}
	return add_tree(rd, cfg);
}

static int parse_text(struct reader *rd, struct buf *text)
{
	struct options options = {0};
	cfg_t *cfg;
	int r = conf_scan(buf_text(text), text->len, rd->file, &rd->marks, rd->errors);

	if (r == 0)
		r = refuse_sentinel(rd);
	if (r == 0 && text->len > 0 && text->data[text->len - 1] != '\n')
		conf_complain(
			rd->warnings, rd->file, 0, "the last line does not end; was the file cut?");
	if (r == 0) {
		make_options(&options);
		cfg = cfg_init(options.root, CFGF_NONE);
		r = cfg ? parse_tree(rd, text, cfg) : -ENOMEM;
		/* Per file: a cut one leaves libconfuse's lexer inside of a text or comment. */
		if (cfg)
			(void)cfg_free(cfg);
	}
	conf_marks_done(&rd->marks);
	return r;
}

static int read_file(struct reader *rd, const char *path)
{
	/* Room for the sentinel; the file itself has a byte less than that at most. */
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	int r = strv_add(&rd->source->files, path);

	if (r < 0)
		return r;
	rd->file = rd->source->files.items[rd->source->files.n - 1];
	r = file_read(path, &text);
	if (r == -EFBIG)
		conf_complain(rd->errors, path, 0, "is larger than 4 MiB");
	else if (r == -EINVAL)
		conf_complain(rd->errors, path, 0, "is not a regular file");
	else if (r < 0 && r != -ENOMEM)
		conf_complain(rd->errors, path, 0, "cannot be read: %s", err_text(r));
	if (r == 0) {
		text.max += strlen(SENTINEL_TEXT);
		r = parse_text(rd, &text);
	} else if (r != -ENOMEM) {
		r = 1;
	}
	buf_done(&text);
	return r;
}

/* --- all files -------------------------------------------------------------------------------- */

static int is_conf(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 && strcmp(d->d_name + len - 5, ".conf") == 0;
}

/* Not alphasort(): that would depend on the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The names in byte order; none when there is no such directory. */
static int list_dir(struct reader *rd, const char *dir, struct strv *ret)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_conf, compare_entries);
	int r = 0;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		conf_complain(rd->errors, dir, 0, "cannot be read: %s", err_text(errno));
		return errno == ENOMEM ? -ENOMEM : 1;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = strv_add(ret, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int read_dir(struct reader *rd, const char *main_path, const char *name, enum place place)
{
	const char *slash = strrchr(main_path, '/');
	_cleanup_(freep) char *dir = NULL;
	struct strv names = {0};
	int worst, r;

	rd->place = place;
	if (asprintf(&dir, "%.*s%s", slash ? (int)(slash - main_path + 1) : 0, main_path, name) < 0)
		return -ENOMEM;
	worst = list_dir(rd, dir, &names);
	for (size_t i = 0; worst >= 0 && i < names.n; i++) {
		_cleanup_(freep) char *path = NULL;

		r = asprintf(&path, "%s/%s", dir, names.items[i]) < 0 ? -ENOMEM
								      : read_file(rd, path);
		if (r != 0)
			worst = r;
	}
	strv_done(&names);
	return worst;
}

int conf_read(const char *path, struct conf_source *ret, struct buf *errors, struct buf *warnings)
{
	struct reader rd = {.source = ret, .errors = errors, .warnings = warnings};
	size_t before = errors->len;
	int r;

	*ret = (struct conf_source){0};
	r = read_file(&rd, path);
	if (r >= 0)
		r = read_dir(&rd, path, "tenants.d", PLACE_TENANTS);
	if (r >= 0)
		r = read_dir(&rd, path, "rules.d", PLACE_RULES);
	if (r < 0) {
		conf_source_done(ret);
		return r;
	}
	return errors->len > before ? 1 : 0;
}

void conf_source_done(struct conf_source *s)
{
	for (size_t i = 0; i < s->n_sections; i++)
		section_done(&s->sections[i]);
	free(s->sections);
	strv_done(&s->files);
	*s = (struct conf_source){0};
}

struct conf_entry *conf_section_entry(const struct conf_section *s, const struct conf_key *k)
{
	for (size_t i = 0; s && i < s->n_entries; i++)
		if (s->entries[i].key == k)
			return &s->entries[i];
	return NULL;
}
