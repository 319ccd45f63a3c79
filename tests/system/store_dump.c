/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store says, in a form that two stores can be compared by: no row ids, times, leases,
 * attempts or ports, everything in an order of its own. A job is TENANT#N, its tenant's N-th; a
 * snapshot is its number in time. Pages are checked against their digests.
 *
 *	store_dump STORE			prints it
 *	store_dump STORE --wait JOBS PID	until so many jobs have ended, none goes on and no
 *alert waits; exit 3 when process PID ended first
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/store/store.h"
#include "common/store/store_page.h"

#define EXIT_ENDED 3
#define POLL_US 20000

/* --- what depends on chance ---------------------------------------------------------------------
 */

/* Length of a time as RFC 3339 has it at text, or 0. */
static size_t time_length(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t n = 0;

	for (; form[n]; n++)
		if (form[n] == '0' ? !isdigit((unsigned char)text[n]) : text[n] != form[n])
			return 0;
	n += text[n] == '.' ? 1 + strspn(text + n + 1, "0123456789") : 0;
	return text[n] == 'Z' ? n + 1 : 0;
}

static void append_masked(struct buf *out, const char *text)
{
	static const char host[] = "localhost:";

	while (*text) {
		size_t n = time_length(text);

		if (n > 0) {
			buf_puts(out, "<time>");
			text += n;
		} else if (strncmp(text, host, strlen(host)) == 0) {
			buf_puts(out, "<host>");
			text += strlen(host);
			text += strspn(text, "0123456789");
		} else {
			buf_putc(out, *text == '\n' ? ' ' : *text);
			text++;
		}
	}
}

/* --- rows ---------------------------------------------------------------------------------------
 */

#define OR_NULL(column) "coalesce(" column ", '-')"
/* The natural name of a job whose row is j. */
#define JOB(j) \
	"(SELECT name FROM tenant WHERE id = " j ".tenant) || '#' || (SELECT count(*) FROM job k" \
	" WHERE k.tenant = " j ".tenant AND k.id <= " j ".id)"
#define JOB_OF(id) "coalesce((SELECT " JOB("x") " FROM job x WHERE x.id = " id "), '-')"
/* Which snapshot of its tenant, by time. */
#define SNAPSHOT(created, tenant) \
	"(SELECT count(*) FROM snapshot s WHERE s.tenant = " tenant " AND s.created <= " created ")"
#define FINDING(f) \
	"t.name || ' ' || " f ".entity_type || ' ' || hex(" f ".object_id) || ' ' || " f \
	".change || ' ' || " f ".atom || ' ' || hex(" f ".after_hash) || ' ' || " f ".episode"

static const struct {
	const char *name;
	struct db_sql sql; /* one column of text */
} parts[] = {
	{"tenant", {"", "SELECT name || ' ' || tenant_id || ' ' || " OR_NULL(
				"last_look_error") " || ' newest ' || " SNAPSHOT("tenant.newest_"
										 "snapshot",
				"tenant.id") " || ' ' || " OR_NULL("hold_by") " FROM tenant ORDER "
									      "BY name"}},
	{"snapshot", {"", "SELECT t.name || ' ' || " SNAPSHOT("p.created",
				  "p.tenant") " FROM snapshot p JOIN tenant t ON t.id = p.tenant"
					      " ORDER BY t.name, p.created, p.service_id"}},
	{"remote job",
		{"", "SELECT t.name || ' ' || r.service_id || ' ' || r.kind || ' ' || r.status"
		     " || ' ' || " SNAPSHOT("r.target",
			     "r.tenant") " || ' ours ' || r.ours || ' told ' || r.told_start || "
					 "r.told_end"
					 " FROM remote_job r JOIN tenant t ON t.id = r.tenant"
					 " ORDER BY t.name, r.service_id"}},
	{"coverage", {"", "SELECT t.name || ' ' || c.watch || ' ' || c.filter_hash || ' from ' "
			  "|| " SNAPSHOT("c.covered_from", "c.tenant") " || ' by ' || " JOB_OF(
				  "c.job") " || CASE WHEN c.covered_to = j.started THEN '' ELSE ' "
					   "WRONG END' END"
					   " FROM coverage c JOIN tenant t ON t.id = c.tenant"
					   " JOIN job j ON j.id = c.job ORDER BY t.name, c.watch, "
					   "c.filter_hash"}},
	{"job", {"",
			"SELECT " JOB(
				"j") " || ' ' || j.watch || ' ' || j.filter_hash || ' ' || "
				     "j.baseline"
				     " || ' initial ' || j.initial || ' ' || j.state || ' holds ' "
				     "|| j.holds_slot"
				     " || ' ' || " OR_NULL("j.outcome") " || ' ' || " OR_NULL(
					     "j.detail") " || ' of ' || " SNAPSHOT("j.snapshot_"
										   "created",
					     "j.tenant") " || ' from ' || " SNAPSHOT("j.covered_"
										     "from",
					     "j.tenant") " || ' newest ' || " SNAPSHOT("j.newest_"
										       "snapshot",
					     "j.tenant") " || ' id ' || " OR_NULL("j.service_id") " || ' ' || " OR_NULL("j.service_status") " || ' totals ' || " OR_NULL("j.objects") " || ' ' || " OR_NULL("j.links") " || ' next ' || " OR_NULL("j.next_link") " || ' pages ' || j.pages"
																																 " || ' changes ' || j.changes || ' distinct ' || " OR_NULL(
																																	 "j.distinct_objects") " || ' verified ' || " OR_NULL("j.verified") " || ' unknown ' || j.unknown"
																																									    " || ' cancel ' || " OR_NULL(
																																										    "j.cancel_by") " FROM job j ORDER BY 1"}},
	{"change", {"", "SELECT " JOB(
				"j") " || ' ' || c.ordinal || ' page ' || c.page || ' ' || c.change"
				     " || ' ' || c.entity_type || ' ' || hex(c.object_id) || ' ' "
				     "|| " OR_NULL(
					     "c.name") " || ' ' || c.changed"
						       " FROM change c JOIN job j ON j.id = c.job"
						       " ORDER BY " JOB("j") ", c.ordinal"}},
	{"finding", {"",
			    "SELECT " FINDING(
				    "f") " || ' ' || f.watch || ' ' || f.attention || ' ' || "
					 "f.fact"
					 " || ' ' || f.severity || ' ' || " OR_NULL(
						 "f.rule") " || ' initial '"
							   " || f.initial || ' ' || " OR_NULL("f"
											      "."
											      "n"
											      "a"
											      "m"
											      "e") " || ' ' || " OR_NULL("f.before") " || ' ' || " OR_NULL("f.after") " || ' back ' || "
																				      "f.brought_back"
																				      " || ' jobs ' "
																				      "|| " JOB_OF(
																					      "f."
																					      "firs"
																					      "t_"
																					      "job") " || ' ' || " JOB_OF("f.last_"
																									  "job") " |"
																										 "| "
																										 "' "
																										 "ro"
																										 "w "
																										 "' "
																										 "||"
																										 " f"
																										 ".f"
																										 "ir"
																										 "st"
																										 "_o"
																										 "rd"
																										 "in"
																										 "al"
																										 " |"
																										 "| "
																										 "CA"
																										 "SE"
																										 " W"
																										 "HE"
																										 "N "
																										 "f."
																										 "pa"
																										 "re"
																										 "nt"
																										 " I"
																										 "S "
																										 "NU"
																										 "LL"
																										 " T"
																										 "HE"
																										 "N "
																										 "''"
																										 " E"
																										 "LS"
																										 "E "
																										 "' "
																										 "un"
																										 "de"
																										 "r "
																										 "' "
																										 "||"
																										 " c"
																										 "oa"
																										 "le"
																										 "sc"
																										 "e("
																										 "(S"
																										 "EL"
																										 "EC"
																										 "T"
																										 " " FINDING(
																											 "p") " FROM finding p WHERE p.id = f.parent), 'NOTHING') END"
																											      " FROM finding f JOIN tenant t ON t.id = f.tenant ORDER BY 1"}},
	{"history",
		{"", "SELECT " FINDING("f") " || ' ' || h.what || ' ' || " OR_NULL(
			     "h.was") " || ' -> ' || h.becomes || ' by ' || "
				      "coalesce((SELECT " JOB("j") " FROM job j WHERE 'job ' || "
								   "j.id = h.who), h.who) || ' "
								   "' || " OR_NULL("h.why") " FR"
											    "OM "
											    "fin"
											    "din"
											    "g_"
											    "his"
											    "tor"
											    "y h"
											    " JO"
											    "IN "
											    "fin"
											    "din"
											    "g "
											    "f "
											    "ON "
											    "f."
											    "id "
											    "= "
											    "h."
											    "fin"
											    "din"
											    "g "
											    "JOI"
											    "N "
											    "ten"
											    "ant"
											    " t "
											    "ON "
											    "t."
											    "id "
											    "= "
											    "f."
											    "ten"
											    "ant"
											    " OR"
											    "DER"
											    " BY"
											    " "
											    "1"}},
	{"alert", {"", "SELECT a.outside_id || ' ' || coalesce(t.name, '-') || ' ' || a.kind || ' '"
		       " || a.severity || ' ' || " JOB_OF(
			       "a.job") " || ' ' || a.title"
					" FROM alert a LEFT JOIN tenant t ON t.id = a.tenant ORDER "
					"BY a.outside_id"}},
	{"outbox", {"", "SELECT a.outside_id || ' ' || o.sink || ' ' || o.state"
			" FROM outbox o JOIN alert a ON a.id = o.alert ORDER BY 1"}},
	{"condition",
		{"", "SELECT coalesce(t.name, '-') || ' ' || c.kind || ' ' || c.subject || ' '"
		     " || CASE WHEN c.cleared IS NULL THEN 'holds' ELSE 'cleared' END"
		     " FROM condition c LEFT JOIN tenant t ON t.id = c.tenant ORDER BY 1"}},
};

static int dump_part(struct store *s, const char *name, const struct db_sql *sql)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, sql, DB_NO_ARGS, &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0) {
		_cleanup_(buf_done) struct buf line = BUF_INIT(LIMIT_PAGE_BYTES);
		const char *text = db_text(&rows, 0);

		append_masked(&line, text ? text : "NULL");
		(void)printf("%s: %s\n", name, buf_text(&line));
	}
	if (r < 0)
		(void)fprintf(stderr, "store_dump: %s: %s\n", name, db_error_text(s->db));
	return r;
}

/* The digest of a page without what depends on chance; read with the check of its own digest. */
static int dump_page(struct store *s, int64_t job, int64_t number, const char *name)
{
	_cleanup_(buf_done) struct buf page = BUF_INIT(LIMIT_PAGE_BYTES);
	_cleanup_(buf_done) struct buf masked = BUF_INIT(2 * LIMIT_PAGE_BYTES);
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	int r = store_page_read(s, job, number, &page, NULL);

	if (r == 0) {
		append_masked(&masked, buf_text(&page));
		r = buf_error(&masked);
	}
	if (r == 0)
		r = sha256(masked.data, masked.len, digest);
	if (r != 0) {
		(void)fprintf(
			stderr, "store_dump: page %lld of %s: %d\n", (long long)number, name, r);
		return -EUCLEAN;
	}
	(void)hex_format(digest, sizeof(digest), hex);
	(void)printf("page: %s %lld %s\n", name, (long long)number, hex);
	return 0;
}

static const struct db_sql all_pages = {
	"", "SELECT p.job, p.number, " JOB(
		    "j") " FROM page p JOIN job j ON j.id = p.job ORDER BY 3, 2"};

static int dump_pages(struct store *s)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &all_pages, DB_NO_ARGS, &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0) {
		r = dump_page(s, db_int(&rows, 0), db_int(&rows, 1), db_text(&rows, 2));
		if (r < 0)
			break;
	}
	return r;
}

static int dump(const char *url)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_(freep) char *detail = NULL;
	int r = store_open_reader(url, &s, &detail);

	if (r != 0)
		(void)fprintf(stderr, "store_dump: %s\n", detail ? detail : err_text(r));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = dump_part(s, parts[i].name, &parts[i].sql);
	if (r == 0)
		r = dump_pages(s);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- waiting ------------------------------------------------------------------------------------
 */

static const struct db_sql at_rest = {"i",
	"SELECT (SELECT count(*) FROM job WHERE state IN ('done', 'failed')) >= $1"
	" AND NOT EXISTS (SELECT 1 FROM job WHERE state NOT IN ('done', 'failed'))"
	" AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending')"
	/* the list that was last asked for may be of before or during a job */
	" AND NOT EXISTS (SELECT 1 FROM job WHERE service_id IS NOT NULL AND NOT EXISTS"
	" (SELECT 1 FROM remote_job AS r WHERE r.tenant = job.tenant"
	" AND r.service_id = job.service_id AND r.completed IS NOT NULL))"};

/* A store that is not there yet, or not whole, is not at rest. */
static bool is_at_rest(const char *url, int64_t jobs)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_(freep) char *detail = NULL;
	int64_t rest = 0;

	return store_open_reader(url, &s, &detail) == 0 &&
	       db_query_int(s->db, &at_rest, DB_ARGS(DB_I(jobs)), &rest) > 0 && rest;
}

/* Ended, whether somebody has asked for its exit status or not. */
static bool has_ended(const char *pid)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(4096);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (file_read(path, &text) < 0)
		return true;
	const char *name_end = strrchr(buf_text(&text), ')');
	return !name_end || strchr("ZXx", name_end[2]) != NULL;
}

static int wait_for(const char *url, int64_t jobs, const char *pid)
{
	while (!is_at_rest(url, jobs)) {
		if (has_ended(pid))
			return EXIT_ENDED;
		(void)usleep(POLL_US);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	log_setup("store_dump", LOG_CRIT);
	if (argc == 2)
		return dump(argv[1]);
	if (argc == 5 && strcmp(argv[2], "--wait") == 0)
		return wait_for(argv[1], strtoll(argv[3], NULL, 10), argv[4]);
	(void)fputs("usage: store_dump sqlite:FILE [--wait JOBS PID]\n", stderr);
	return EXIT_FAILURE;
}
