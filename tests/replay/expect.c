/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `expect` lines: what must be true at that moment.
 *
 *	expect alerts 1 kind=changes_unexpected severity=critical tenant=contoso title~rogue
 *	expect findings 0 attention=open
 *	expect requests create 2		what the service counted
 *	expect delivered 3			alerts at the receiver, each id once
 *	expect crashes 1
 *	expect reply 0 "the job slot is free"	what the last `act` was answered
 *	expect census alerts kind,severity first_run/notice=1 job_failed/warning=2
 *						all rows, in these classes and no other
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
#define MAX_WORDS 24

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
	{"holding", "(SELECT * FROM condition WHERE cleared IS NULL) x"
		    " LEFT JOIN tenant t ON t.id = x.tenant"},
	{"sign_ins", "sign_in x LEFT JOIN tenant t ON t.tenant_id = x.tenant_id"},
	{"tenants", "tenant x JOIN tenant t ON t.id = x.id"},
	{"coverage", "coverage x JOIN tenant t ON t.id = x.tenant"},
};

static const char *from_of(const char *noun)
{
	for (size_t i = 0; i < ARRAY_SIZE(nouns); i++)
		if (strcmp(noun, nouns[i].noun) == 0)
			return nouns[i].from;
	return NULL;
}

/* A number, "some", "N+" or "N-". */
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
	bool at_most = len > 1 && text[len - 1] == '-';
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)(len - open_end - at_most), text);
	if (parse_u64(digits, 0, UINT32_MAX, &n) < 0)
		return -EINVAL;
	*ret_min = at_most ? 0 : (int64_t)n;
	*ret_max = open_end ? INT64_MAX : (int64_t)n;
	return 0;
}

static int judge_count(const char *what, int64_t n, const char *wanted, struct buf *error)
{
	int64_t min, max;

	if (parse_wanted(wanted, &min, &max) < 0) {
		buf_printf(error, "'%s' is no number, N+, N- or some", wanted);
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

static int run_sql(struct world *w, const char *sql, const char *const *values, size_t n,
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
	if (r == SQLITE_OK)
		r = sqlite3_step(st);
	if (r == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	else if (r != SQLITE_DONE) /* nothing was there to be updated */
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
	int r = run_sql(w, buf_text(&sql), values, n_words - 1, &n, error);
	return r ? r : judge_count(what, n, words[0], error);
}

/* --- a person -----------------------------------------------------------------------------------
 */

int acknowledge_line(struct world *w, const char *line, struct buf *error)
{
	_cleanup_(buf_done) struct buf sql = BUF_INIT(LIMIT_URL_BYTES);
	_cleanup_(freep) char *copy = strdup(line);
	const char *values[MAX_CONDITIONS];
	char *save = NULL;
	int64_t ignored;
	size_t n = 0;

	buf_puts(&sql, "UPDATE finding SET attention = 'acknowledged' WHERE attention = 'open' AND "
		       "id IN (SELECT x.id FROM finding x JOIN tenant t ON t.id = x.tenant WHERE "
		       "1 = 1");
	for (char *word = copy ? strtok_r(copy, " ", &save) : NULL; word;
		word = strtok_r(NULL, " ", &save)) {
		if (n == MAX_CONDITIONS || add_condition(&sql, word, &values[n++]) < 0) {
			buf_printf(error, "'%s' is no column=value", word);
			return 1;
		}
	}
	buf_puts(&sql, ") RETURNING id");
	return run_sql(w, buf_text(&sql), values, n, &ignored, error);
}

/* --- census -------------------------------------------------------------------------------------
 */

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "kind,severity": rows by "KIND/SEVERITY=N", blanks as "_", sorted. */
static int read_census(struct world *w, const char *from, const char *columns, struct buf *found,
	struct buf *error)
{
	_cleanup_(buf_done) struct buf sql = BUF_INIT(LIMIT_URL_BYTES);
	_cleanup_(freep) char *copy = strdup(columns);
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char path[128], *save = NULL;

	(void)snprintf(path, sizeof(path), "%s/snapwatch.db", w->dir);
	buf_puts(&sql, "SELECT c || '=' || count(*) FROM (SELECT replace(''");
	const char *between = "";
	for (char *column = copy ? strtok_r(copy, ",", &save) : NULL; column;
		column = strtok_r(NULL, ",", &save)) {
		bool tenant = strcmp(column, "tenant") == 0;
		buf_printf(&sql, " || '%s' || coalesce(CAST(%s%s AS TEXT), '-')", between,
			tenant ? "" : "x.", tenant ? "t.name" : column);
		between = "/";
	}
	buf_printf(&sql, ", ' ', '_') AS c FROM %s) GROUP BY c ORDER BY c || '='", from);
	int r = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(db, buf_text(&sql), -1, &st, NULL);
	while (r == SQLITE_OK && (r = sqlite3_step(st)) == SQLITE_ROW) {
		buf_printf(found, "%s%s", found->len ? " " : "", sqlite3_column_text(st, 0));
		r = SQLITE_OK;
	}
	if (r != SQLITE_DONE)
		buf_printf(
			error, "%s (%s)", db ? sqlite3_errmsg(db) : "cannot open", buf_text(&sql));
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return r != SQLITE_DONE;
}

static int expect_census(struct world *w, char **words, size_t n, struct buf *error)
{
	_cleanup_(buf_done) struct buf found = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf wanted = BUF_INIT(LIMIT_CONFIG_BYTES);
	const char *from = n >= 2 ? from_of(words[0]) : NULL;

	if (!from) {
		buf_puts(error, "census NOUN COLUMN[,COLUMN] [VALUE=N]...");
		return 1;
	}
	if (read_census(w, from, words[1], &found, error))
		return 1;
	qsort(words + 2, n - 2, sizeof(*words), compare_words);
	for (size_t i = 2; i < n; i++)
		buf_printf(&wanted, "%s%s", i > 2 ? " " : "", words[i]);
	if (strcmp(buf_text(&wanted), buf_text(&found)) == 0)
		return 0;
	buf_printf(error, "wanted: %s\n\tfound:  %s", buf_text(&wanted), buf_text(&found));
	return 1;
}

/* --- what left the host -------------------------------------------------------------------------
 */

static int expect_reply(struct world *w, char **words, size_t n, struct buf *error)
{
	const struct world_reply *reply;
	uint64_t code;

	if (n == 0 || w->n_replies == 0) {
		buf_puts(error, "nobody has asked");
		return 1;
	}
	reply = &w->replies[w->n_replies - 1];
	if (strcmp(words[0], "none") == 0 && !reply->answered)
		return 0;
	if (!reply->answered) {
		buf_puts(error, "not answered yet");
		return 1;
	}
	bool met = parse_u64(words[0], 0, 255, &code) == 0 && (int)code == reply->code;
	for (size_t i = 1; i < n; i++)
		met = met && strstr(reply->text, words[i]);
	if (!met)
		buf_printf(error, "the answer was %d: %s", reply->code, reply->text);
	return !met;
}

/* Alerts at the receiver that have these words; a repetition of an id is the same alert. */
static int64_t count_delivered(struct world *w, char **words, size_t n_words)
{
	int64_t n = 0;

	for (size_t i = 0; i < sim_hooks(w->sim); i++) {
		bool counts = !sim_hook_repeated(w->sim, i);

		for (size_t k = 0; k < n_words; k++)
			counts = counts && strstr(sim_hook_body(w->sim, i), words[k]);
		n += counts;
	}
	return n;
}

/* --- lines --------------------------------------------------------------------------------------
 */

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

/* What systemd shows: it has this text. */
static int expect_status(const char *part, struct buf *error)
{
	part += strspn(part, " ");
	if (*part && strstr(world_status(), part))
		return 0;
	buf_printf(error, "status: \"%s\"", world_status());
	return 1;
}

int expect_line(struct world *w, const char *line, struct buf *error)
{
	_cleanup_(freep) char *copy = strdup(line);
	char *words[MAX_WORDS];
	size_t n = copy ? split(copy, words, ARRAY_SIZE(words)) : 0;
	const char *from = n ? from_of(words[0]) : NULL;

	if (n >= 1 && strcmp(words[0], "census") == 0)
		return expect_census(w, words + 1, n - 1, error);
	if (n >= 1 && strcmp(words[0], "reply") == 0)
		return expect_reply(w, words + 1, n - 1, error);
	if (n >= 3 && strcmp(words[0], "requests") == 0)
		return judge_count(words[1], (int64_t)sim_count(w->sim, words[1]), words[2], error);
	if (n >= 1 && strcmp(words[0], "status") == 0)
		return expect_status(line + strcspn(line, " "), error);
	if (n >= 3 && strcmp(words[0], "peak") == 0)
		return judge_count(words[1], (int64_t)sim_peak(w->sim, words[1]), words[2], error);
	if (n >= 2 && strcmp(words[0], "delivered") == 0)
		return judge_count(
			"delivered", count_delivered(w, words + 2, n - 2), words[1], error);
	if (n == 2 && strcmp(words[0], "deliveries") == 0)
		return judge_count("deliveries", (int64_t)sim_hooks(w->sim), words[1], error);
	if (n == 2 && strcmp(words[0], "crashes") == 0)
		return judge_count("crashes", w->n_crashes, words[1], error);
	if (n >= 2 && from)
		return expect_rows(w, from, words + 1, n - 1, line, error);
	buf_printf(error, "cannot expect '%s'", n ? words[0] : "");
	return 1;
}
