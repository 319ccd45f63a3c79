/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a configuration: load, find, free. What it means is in conf_build. */
#include "common/conf/conf.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/conf/conf_build.h"
#include "common/conf/conf_keys.h"

const char *watch_baseline_name(enum watch_baseline b)
{
	return conf_baselines[b];
}

const char *verdict_name(enum verdict v)
{
	return conf_verdicts[v];
}

int verdict_from_name(const char *name, enum verdict *ret)
{
	for (int v = 0; v < _VERDICT_MAX; v++) {
		if (strcmp(conf_verdicts[v], name) != 0)
			continue;
		*ret = (enum verdict)v;
		return 0;
	}
	return -EINVAL;
}

/* --- tenants ---------------------------------------------------------------------------------- */

struct conf_tenant *conf_tenant_ref(struct conf_tenant *t)
{
	t->refs++;
	return t;
}

struct conf_tenant *conf_tenant_unref(struct conf_tenant *t)
{
	if (!t || --t->refs > 0)
		return NULL;
	for (size_t i = 0; i < t->n_watches; i++) {
		conf_keys_clear(CONF_WATCH, &t->watches[i]);
		free(t->watches[i].name);
		free(t->watches[i].filter_json);
	}
	free(t->watches);
	conf_keys_clear(CONF_TENANT, t);
	free(t->name);
	free(t);
	return NULL;
}

const struct conf_watch *conf_watch_find(const struct conf_tenant *t, const char *name)
{
	for (size_t i = 0; i < t->n_watches; i++)
		if (strcmp(t->watches[i].name, name) == 0)
			return &t->watches[i];
	return NULL;
}

/* --- the whole -------------------------------------------------------------------------------- */

struct conf_tenant *conf_tenant_find(const struct conf *c, const char *name)
{
	size_t low = 0, high = c->n_tenants;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, c->tenants[middle]->name);

		if (order == 0)
			return c->tenants[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct conf_sink *conf_sink_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_sinks; i++)
		if (strcmp(c->sinks[i].name, name) == 0)
			return &c->sinks[i];
	return NULL;
}

struct conf *conf_free(struct conf *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->n_tenants; i++)
		(void)conf_tenant_unref(c->tenants[i]);
	free(c->tenants);
	for (size_t i = 0; i < c->n_rules; i++) {
		conf_keys_clear(CONF_RULE, &c->rules[i]);
		free(c->rules[i].name);
		free(c->rules[i].file);
	}
	free(c->rules);
	for (size_t i = 0; i < c->n_sinks; i++) {
		conf_keys_clear(CONF_SINK, &c->sinks[i]);
		free(c->sinks[i].name);
	}
	free(c->sinks);
	conf_keys_clear(CONF_ROOT, c);
	free(c->path);
	free(c);
	return NULL;
}

static int load(struct conf *c, const char *path, struct buf *errors, struct buf *warnings)
{
	struct conf_source source = {0};
	struct conf_build build = {
		.conf = c, .source = &source, .errors = errors, .warnings = warnings};
	size_t before = errors->len;
	int r;

	c->path = strdup(path);
	if (!c->path)
		return -ENOMEM;
	r = conf_read(path, &source, errors, warnings);
	if (r < 0)
		return r;
	build.complete = r == 0;
	r = conf_build(&build);
	conf_source_done(&source);
	if (r < 0)
		return r;
	return errors->len > before || buf_error(errors) ? 1 : 0;
}

int conf_load(const char *path, struct conf **ret, struct buf *errors, struct buf *warnings)
{
	_cleanup_(conf_freep) struct conf *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	r = load(c, path, errors, warnings);
	/* libconfuse's trees of a thousand tenants were 10 MB that malloc would keep. */
	(void)malloc_trim(0);
	if (r != 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}
