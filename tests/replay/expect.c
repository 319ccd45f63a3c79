/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `expect` lines: what must be true at that moment.
 *
 *	expect alerts 1 kind=changes_unexpected severity=critical tenant=contoso title~rogue
 *	expect findings 0 attention=open
 *	expect requests create 2		what the service counted
 *	expect delivered 3			alerts at the receiver, each id once
 *	expect crashes 1
 *
 * The number may be "some" (at least one) or "N+" (at least N). Columns are the store's; "~" means
 * contains.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "tests/replay/world.h"

#define MAX_CONDITIONS 8

static const struct {
	const char *noun, *from;
} nouns[] = {
	{"alerts", "alert x LEFT JOIN tenant t ON t.id = x.tenant"},
	{"findings", "finding x JOIN tenant t ON t.id = x.tenant"},
	{"jobs", "job x JOIN tenant t ON t.id = x.tenant"},
	{"changes", "change x JOIN job j ON j.id = x.job JOIN tenant t ON t.id = j.tenant"},
	{"pages", "page x JOIN job j ON j.id = x.job JOIN tenant t ON t.id = j.tenant"},
	{"snapshots", "snapshot x JOIN tenant t ON t.id = x.tenant"},
	{"remote_jobs", "remote_job x JOIN tenant t ON t.id = x.tenant"},
	{"outbox", "outbox x JOIN alert a ON a.id = x.alert LEFT JOIN tenant t ON t.id = a.tenant"},
	{"conditions", "condition x LEFT JOIN tenant t ON t.id = x.tenant"},
};

/* A number, "some", or "N+". */
static int parse_wanted(const char *text, int64_t *ret_min, int64_t *ret_max)
{
	char digits[24];
	uint64_t n;
	size_t len = strlen(text);

	if (strcmp(text, "some") == 0) {
		*ret_min = 1;
		*ret_max = INT64_MAX;
		return 0;
	}
	bool open_end = len > 1 && text[len - 1] == '+';
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)(len - open_end), text);
	if (parse_u64(digits, 0, UINT32_MAX, &n) < 0)
		return -EINVAL;
	*ret_min = (int64_t)n;
	*ret_max = open_end ? INT64_MAX : (int64_t)n;
	return 0;
}

static int judge_count(const char *what, int64_t n, const char *wanted, struct buf *error)
{
	int64_t min, max;

	if (parse_wanted(wanted, &min, &max) < 0) {
		buf_printf(error, "'%s' is no number, N+ or some", wanted);
		return 1;
	}
	if (n >= min && n <= max)
		return 0;
	buf_printf(error, "%s: wanted %s, found %lld", what, wanted, (long long)n);
	return 1;
}

/* Appends " AND x.column = ?" and remembers the value; words are key=value or key~value. */
static int add_condition(struct buf *sql, char *word, const char **value)
{
	char *sign = strpbrk(word, "=~");

	if (!sign)
		return -EINVAL;
	bool contains = *sign == '~';
	*sign = '\0';
	*value = sign + 1;
	const char *column = strcmp(word, "tenant") == 0 ? "t.name" : word;
	buf_printf(sql,
		contains ? " AND instr(CAST(%s%s AS TEXT), ?) > 0" : " AND CAST(%s%s AS TEXT) = ?",
		column == word ? "x." : "", column);
	return 0;
}

static int run_count(struct world *w, const char *sql, const char *const *values, size_t n,
	int64_t *ret, struct buf *error)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/snapwatch.db", w->dir);
	int r = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	for (size_t i = 0; r == SQLITE_OK && i < n; i++)
		r = sqlite3_bind_text(st, (int)i + 1, values[i], -1, SQLITE_STATIC);
	if (r == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	else
		buf_printf(error, "%s (%s)", db ? sqlite3_errmsg(db) : "cannot open", sql);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return buf_text(error)[0] ? 1 : 0;
}

static int expect_rows(struct world *w, const char *from, char **words, size_t n_words,
	const char *what, struct buf *error)
{
	_cleanup_(buf_done) struct buf sql = BUF_INIT(LIMIT_URL_BYTES);
	const char *values[MAX_CONDITIONS];
	int64_t n = 0;

	buf_printf(&sql, "SELECT count(*) FROM %s WHERE 1 = 1", from);
	for (size_t i = 1; i < n_words; i++) {
		if (i > MAX_CONDITIONS || add_condition(&sql, words[i], &values[i - 1]) < 0) {
			buf_printf(error, "'%s' is no column=value", words[i]);
			return 1;
		}
	}
	int r = run_count(w, buf_text(&sql), values, n_words - 1, &n, error);
	return r ? r : judge_count(what, n, words[0], error);
}

/* Alerts at the receiver; a repetition of an id is one delivery of the same alert. */
static int64_t count_delivered(struct world *w)
{
	int64_t n = 0;

	for (size_t i = 0; i < sim_hooks(w->sim); i++) {
		bool again = false;
		for (size_t k = 0; k < i && !again; k++)
			again = strcmp(sim_hook_body(w->sim, i), sim_hook_body(w->sim, k)) == 0;
		n += !again;
	}
	return n;
}

static size_t split(char *line, char **words, size_t max)
{
	size_t n = 0;
	char *save = NULL;

	for (char *word = strtok_r(line, " \t", &save); word && n < max;
		word = strtok_r(NULL, " \t", &save)) {
		/* a value in double quotes may have blanks */
		char *quote = strchr(word, '"');
		if (quote && !strchr(quote + 1, '"') && save) {
			char *end = strchr(save, '"');
			word[strlen(word)] = ' ';
			if (end)
				save = end + 1;
		}
		words[n++] = word;
		if (quote) {
			memmove(quote, quote + 1, strlen(quote));
			char *end = strchr(quote, '"');
			if (end)
				*end = '\0';
		}
	}
	return n;
}

int expect_line(struct world *w, const char *line, struct buf *error)
{
	_cleanup_(freep) char *copy = strdup(line);
	char *words[MAX_CONDITIONS + 3];
	size_t n = copy ? split(copy, words, ARRAY_SIZE(words)) : 0;

	if (n >= 3 && strcmp(words[0], "requests") == 0)
		return judge_count(words[1], (int64_t)sim_count(w->sim, words[1]), words[2], error);
	if (n == 2 && strcmp(words[0], "delivered") == 0)
		return judge_count("delivered", count_delivered(w), words[1], error);
	if (n == 2 && strcmp(words[0], "crashes") == 0)
		return judge_count("crashes", w->n_crashes, words[1], error);
	for (size_t i = 0; n >= 2 && i < ARRAY_SIZE(nouns); i++)
		if (strcmp(words[0], nouns[i].noun) == 0)
			return expect_rows(w, nouns[i].from, words + 1, n - 1, line, error);
	buf_printf(error, "cannot expect '%s'", n ? words[0] : "");
	return 1;
}
