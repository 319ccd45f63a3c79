/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/property/audit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/store/store.h"
#include "tests/graphsim/sim_core.h"

/* clang-format off */
#define COLUMNS "finding, entity_type, object_id, change, atom, after, episode, attention, " \
	"was_attention, fact, was_fact, severity, initial, brought_back, parent, last_job"
#define VALUES(was_attention, was_fact) "NEW.id, NEW.entity_type, NEW.object_id, NEW.change, " \
	"NEW.atom, NEW.after, NEW.episode, NEW.attention, " was_attention ", NEW.fact, " was_fact \
	", NEW.severity, NEW.initial, NEW.brought_back, NEW.parent, NEW.last_job"

static const char begin_sql[] =
	"CREATE TABLE audit (seq INTEGER PRIMARY KEY, kind INTEGER, job INTEGER, " COLUMNS ");"
	"CREATE TRIGGER audit_new AFTER INSERT ON finding BEGIN"
	"  INSERT INTO audit (kind, " COLUMNS ") VALUES (0, " VALUES("NULL", "NULL") ");"
	"END;"
	"CREATE TRIGGER audit_moved AFTER UPDATE ON finding BEGIN"
	"  INSERT INTO audit (kind, " COLUMNS ") VALUES (1, " VALUES("OLD.attention", "OLD.fact") ");"
	"END;"
	"CREATE TRIGGER audit_judged AFTER UPDATE OF state ON job"
	"  WHEN NEW.state = 'done' AND OLD.state <> 'done' BEGIN"
	"  INSERT INTO audit (kind, job) VALUES (2, NEW.id);"
	"END;";
/* clang-format on */

static int open_store(const char *dir, sqlite3 **ret, struct buf *error)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/snapwatch.db", dir);
	if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		return 0;
	buf_printf(error, "%s: %s", path, sqlite3_errmsg(*ret));
	(void)sqlite3_close(*ret);
	return -EIO;
}

int audit_begin(const char *dir, struct buf *error)
{
	sqlite3 *db;
	int r = open_store(dir, &db, error);

	if (r < 0)
		return r;
	if (sqlite3_exec(db, begin_sql, NULL, NULL, NULL) != SQLITE_OK) {
		buf_printf(error, "audit: %s", sqlite3_errmsg(db));
		r = -EIO;
	}
	(void)sqlite3_close(db);
	return r;
}

/* --- reading ------------------------------------------------------------------------------------
 */

static char *text_at(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text ? sim_strdup(text) : NULL;
}

static char *object_at(sqlite3_stmt *st, int column)
{
	char text[LIMIT_ID_BYTES + 1];
	const void *blob = sqlite3_column_blob(st, column);

	if (!blob)
		return NULL;
	return sim_strdup(object_id_decode(blob, (size_t)sqlite3_column_bytes(st, column), text));
}

static int64_t time_at(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? TIME_NONE
							      : sqlite3_column_int64(st, column);
}

static void read_step(struct audit *a, sqlite3_stmt *st)
{
	struct audit_step *s = sim_grow(&a->steps, &a->n_steps, sizeof(*s));
	int c = 0;

	s->kind = (enum audit_kind)sqlite3_column_int(st, c++);
	s->job = sqlite3_column_int64(st, c++);
	s->finding = sqlite3_column_int64(st, c++);
	s->entity_type = text_at(st, c++);
	s->object_id = object_at(st, c++);
	s->change = text_at(st, c++);
	s->atom = text_at(st, c++);
	s->after = text_at(st, c++);
	s->episode = sqlite3_column_int64(st, c++);
	s->attention = text_at(st, c++);
	s->was_attention = text_at(st, c++);
	s->fact = text_at(st, c++);
	s->was_fact = text_at(st, c++);
	s->severity = text_at(st, c++);
	s->initial = sqlite3_column_int(st, c++);
	s->brought_back = sqlite3_column_int(st, c++);
	s->parent = sqlite3_column_int64(st, c++);
	s->last_job = sqlite3_column_int64(st, c++);
}

static void read_job(struct audit *a, sqlite3_stmt *st)
{
	struct audit_job *j = sim_grow(&a->jobs, &a->n_jobs, sizeof(*j));
	int c = 0;

	j->id = sqlite3_column_int64(st, c++);
	j->baseline_us = sqlite3_column_int64(st, c++);
	j->started_us = time_at(st, c++);
	j->completed_us = time_at(st, c++);
	j->service_id = text_at(st, c++);
	j->watch = text_at(st, c++);
	j->filter_hash = text_at(st, c++);
	j->policy = text_at(st, c++);
	j->outcome = text_at(st, c++);
	j->verified = sqlite3_column_type(st, c) == SQLITE_NULL ? -1 : sqlite3_column_int(st, c);
	j->initial = sqlite3_column_int(st, c + 1);
}

static void read_change(struct audit *a, sqlite3_stmt *st)
{
	struct audit_change *c = sim_grow(&a->changes, &a->n_changes, sizeof(*c));

	c->job = sqlite3_column_int64(st, 0);
	c->entity_type = text_at(st, 1);
	c->object_id = object_at(st, 2);
	c->change = text_at(st, 3);
}

static void read_alert(struct audit *a, sqlite3_stmt *st)
{
	struct audit_alert *alert = sim_grow(&a->alerts, &a->n_alerts, sizeof(*alert));

	alert->job = sqlite3_column_int64(st, 0);
	alert->kind = text_at(st, 1);
	alert->body = text_at(st, 2);
}

static void read_outbox(struct audit *a, sqlite3_stmt *st)
{
	a->undelivered = sqlite3_column_int64(st, 0);
}

int audit_read(const char *dir, struct audit *ret, struct buf *error)
{
	static const struct {
		const char *sql;
		void (*read)(struct audit *a, sqlite3_stmt *st);
	} tables[] = {
		{"SELECT kind, job, " COLUMNS " FROM audit ORDER BY seq", read_step},
		{"SELECT id, snapshot_created, started, completed, service_id, watch, filter_hash, "
		 "baseline, outcome, verified, initial FROM job WHERE state = 'done' ORDER BY id",
			read_job},
		{"SELECT job, entity_type, object_id, change FROM change ORDER BY job, ordinal",
			read_change},
		{"SELECT job, kind, body FROM alert ORDER BY id", read_alert},
		{"SELECT count(*) FROM outbox WHERE state <> 'sent'", read_outbox},
	};
	sqlite3 *db;
	int r = open_store(dir, &db, error);

	*ret = (struct audit){0};
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tables); i++) {
		sqlite3_stmt *st = NULL;

		if (sqlite3_prepare_v2(db, tables[i].sql, -1, &st, NULL) != SQLITE_OK) {
			buf_printf(error, "%s: %s", tables[i].sql, sqlite3_errmsg(db));
			r = -EIO;
		}
		while (r == 0 && sqlite3_step(st) == SQLITE_ROW)
			tables[i].read(ret, st);
		(void)sqlite3_finalize(st);
	}
	(void)sqlite3_close(db);
	return r;
}

void audit_done(struct audit *a)
{
	for (size_t i = 0; i < a->n_steps; i++) {
		struct audit_step *s = &a->steps[i];
		char *texts[] = {s->entity_type, s->object_id, s->change, s->atom, s->after,
			s->attention, s->was_attention, s->fact, s->was_fact, s->severity};

		for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
			free(texts[t]);
	}
	for (size_t i = 0; i < a->n_jobs; i++) {
		struct audit_job *j = &a->jobs[i];
		char *texts[] = {j->service_id, j->watch, j->filter_hash, j->policy, j->outcome};

		for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
			free(texts[t]);
	}
	for (size_t i = 0; i < a->n_changes; i++) {
		free(a->changes[i].entity_type);
		free(a->changes[i].object_id);
		free(a->changes[i].change);
	}
	for (size_t i = 0; i < a->n_alerts; i++) {
		free(a->alerts[i].kind);
		free(a->alerts[i].body);
	}
	free(a->steps);
	free(a->jobs);
	free(a->changes);
	free(a->alerts);
	*a = (struct audit){0};
}
