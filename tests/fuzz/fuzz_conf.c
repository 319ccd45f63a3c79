/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main configuration file. One that is taken is within every limit of its keys' table, names
 * everything once, makes filters that are JSON, and means the same when it is read again; one that
 * is refused is refused with lines that name the file and can be shown.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "common/conf/conf_keys.h"
#include "tests/fuzz/fuzz.h"

static struct buf errors = {.max = 1u << 20}, warnings = {.max = 1u << 20};
static char path[64];
static int fd = -1;

static void put_file(const uint8_t *data, size_t size)
{
	if (fd < 0) {
		fd = memfd_create("conf", MFD_CLOEXEC);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	FUZZ_CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
}

/* Lines "PATH..." that a terminal can show. */
static void check_lines(struct buf *lines)
{
	char *save = NULL;

	FUZZ_CHECK(buf_error(lines) == 0);
	if (!lines->len)
		return;
	FUZZ_CHECK(lines->data[lines->len - 1] == '\n' && strlen(lines->data) == lines->len);
	for (char *l = strtok_r(lines->data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		FUZZ_CHECK(strncmp(l, path, strlen(path)) == 0 && l[strlen(path)] == ':');
		fuzz_check_visible(l);
	}
}

static void check_keys(enum conf_scope scope, const void *base)
{
	CONF_EACH_KEY (k, scope) {
		const void *field = (const char *)base + k->offset;

		if (k->flags & CONF_LIST)
			continue;
		if (k->type == CONF_DURATION) {
			int64_t us = *(const int64_t *)field;

			FUZZ_CHECK(us >= k->min && us <= k->max);
		} else if (k->type == CONF_COUNT) {
			unsigned n = *(const unsigned *)field;

			FUZZ_CHECK(n >= k->min && n <= k->max);
		}
	}
}

static void check_tenant(const struct conf_tenant *t)
{
	check_keys(CONF_TENANT, t);
	FUZZ_CHECK(t->refs == 1 && t->n_schedule > 0 && t->n_watches > 0);
	FUZZ_CHECK(t->n_watches <= LIMIT_WATCHES_PER_TENANT && strlen(t->digest) == 64);
	FUZZ_CHECK(strncmp(t->graph_url, "https://", 8) == 0);
	for (size_t i = 0; i < t->n_watches; i++) {
		const struct conf_watch *w = &t->watches[i];
		struct json *filter = NULL;

		FUZZ_CHECK(conf_watch_find(t, w->name) == w && strlen(w->filter_hash) == 64);
		FUZZ_CHECK(!*w->filter_json == (w->entity_types.n + w->object_ids.n == 0));
		if (*w->filter_json)
			FUZZ_CHECK(!json_parse(
				w->filter_json, strlen(w->filter_json), LIMIT_JSON_DEPTH, &filter));
		json_free(filter);
	}
}

static void check_conf(const struct conf *c)
{
	check_keys(CONF_ROOT, c);
	for (size_t i = 0; i < c->n_tenants; i++) {
		check_tenant(c->tenants[i]);
		FUZZ_CHECK(i == 0 || strcmp(c->tenants[i - 1]->name, c->tenants[i]->name) < 0);
		FUZZ_CHECK(conf_tenant_find(c, c->tenants[i]->name) == c->tenants[i]);
	}
	for (size_t i = 0; i < c->n_rules; i++)
		FUZZ_CHECK(c->rules[i].verdict < _VERDICT_MAX && *c->rules[i].name);
	for (size_t i = 0; i < c->n_sinks; i++)
		FUZZ_CHECK(conf_sink_find(c, c->sinks[i].name) == &c->sinks[i]);
}

static void check_again(const struct conf *first)
{
	_cleanup_(conf_freep) struct conf *second = NULL;

	buf_reset(&errors);
	FUZZ_CHECK(conf_load(path, &second, &errors, &warnings) == 0);
	FUZZ_CHECK(first->n_tenants == second->n_tenants && first->n_rules == second->n_rules);
	for (size_t i = 0; i < first->n_tenants; i++)
		FUZZ_CHECK(!strcmp(first->tenants[i]->digest, second->tenants[i]->digest));
	conf_restart_keys(first, second, &errors);
	FUZZ_CHECK(errors.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(conf_freep) struct conf *c = NULL;

	put_file(data, size);
	buf_reset(&errors);
	buf_reset(&warnings);
	int r = conf_load(path, &c, &errors, &warnings);
	FUZZ_CHECK(r == 0 || r == 1);
	FUZZ_CHECK((r == 0) == (c != NULL) && (r == 0) == (errors.len == 0));
	check_lines(&errors);
	check_lines(&warnings);
	if (c) {
		check_conf(c);
		check_again(c);
	}
	return 0;
}
