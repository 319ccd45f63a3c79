/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a program in C would do with the same job: download over TLS with gzip, parse each
 * page with cJSON as a whole, insert one row per change into a table with the same indexes, one
 * transaction a page. No page is kept, nothing is judged, nothing survives a fault.
 *
 *	floor URL CA TENANT CLIENT TOKEN DATABASE	the floor
 *	floor URL CA TENANT CLIENT TOKEN -		only downloads (so that the server has its
 *pages)
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <sqlite3.h>

struct text {
	char *data;
	size_t len, cap;
};

static CURL *curl;
static char bearer[8192], location[512];
static struct curl_slist *headers;

static void die(const char *what)
{
	(void)fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct text *t = arg;

	if (t->len + n + 1 > t->cap) {
		t->cap = 2 * (t->len + n + 1);
		t->data = realloc(t->data, t->cap);
		if (!t->data)
			return 0;
	}
	memcpy(t->data + t->len, data, size * n);
	t->len += size * n;
	t->data[t->len] = '\0';
	return size * n;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	(void)arg;
	if (n > 10 && strncasecmp(data, "location: ", 10) == 0)
		(void)snprintf(location, sizeof(location), "%.*s", (int)(n - 12), data + 10);
	return size * n;
}

/* One request; post is the body, NULL for GET. The answer replaces the text. */
static long ask(const char *url, const char *post, bool json, struct text *ret)
{
	struct curl_slist *with = NULL;
	long status = 0;

	ret->len = 0;
	if (*bearer)
		with = curl_slist_append(with, bearer);
	for (struct curl_slist *h = headers; h; h = h->next)
		with = curl_slist_append(with, h->data);
	if (json)
		with = curl_slist_append(with, "Content-Type: application/json");
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, with);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	if (post)
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret);
	CURLcode r = curl_easy_perform(curl);
	if (r != CURLE_OK)
		die(curl_easy_strerror(r));
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(with);
	return status;
}

static const char *string_of(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static void sign_in(char **argv)
{
	struct text t = {0};
	char url[512], body[2048];

	(void)snprintf(url, sizeof(url), "%s/%s/oauth2/v2.0/token", argv[1], argv[3]);
	(void)snprintf(body, sizeof(body),
		"grant_type=refresh_token&client_id=%s&refresh_token=%s&scope="
		"https%%3A%%2F%%2Fgraph.microsoft.com%%2F.default",
		argv[4], argv[5]);
	if (ask(url, body, false, &t) != 200)
		die(t.data);
	cJSON *reply = cJSON_ParseWithLength(t.data, t.len);
	const char *token = string_of(reply, "access_token");
	if (!token)
		die("no access token");
	(void)snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", token);
	cJSON_Delete(reply);
	free(t.data);
}

/* Of the oldest snapshot; *link is where its changes are. */
static void run_preview(const char *base, char link[static 4096])
{
	struct text t = {0};
	char url[2048], snapshot[256] = "";

	(void)snprintf(url, sizeof(url), "%s/v1.0/directory/recovery/snapshots", base);
	if (ask(url, NULL, false, &t) != 200)
		die(t.data);
	cJSON *reply = cJSON_ParseWithLength(t.data, t.len);
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(reply, "value"))(void)
		snprintf(snapshot, sizeof(snapshot), "%s", string_of(item, "id"));
	cJSON_Delete(reply);
	(void)snprintf(url, sizeof(url),
		"%s/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs", base, snapshot);
	if (ask(url, "{}", true, &t) / 100 != 2)
		die(t.data);
	const char *id = strrchr(location, '/');
	if (!id)
		die("no Location");
	(void)snprintf(url, sizeof(url),
		"%s/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs%s", base, snapshot,
		id);
	do {
		(void)usleep(10000);
		if (ask(url, NULL, false, &t) != 200)
			die(t.data);
	} while (!strstr(t.data, "\"successful\""));
	(void)snprintf(
		link, 4096, "%s/microsoft.graph.entraRecoveryServices.getChanges()?$top=999", url);
	free(t.data);
}

/* --- storing -----------------------------------------------------------------------------------
 */

static const char ddl[] =
	"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
	"PRAGMA wal_autocheckpoint = 0;"
	"CREATE TABLE change (job INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
	" page INTEGER NOT NULL, entity_type TEXT NOT NULL, object_id BLOB NOT NULL, name TEXT,"
	" change TEXT NOT NULL, changed TEXT NOT NULL, PRIMARY KEY (job, ordinal))"
	" STRICT, WITHOUT ROWID;"
	"CREATE INDEX change_object ON change (job, object_id)";

static sqlite3 *db;
static sqlite3_stmt *insert;

static void open_store(const char *path)
{
	if (sqlite3_open(path, &db) != SQLITE_OK ||
		sqlite3_exec(db, ddl, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db, "INSERT INTO change VALUES (1, ?, ?, ?, ?, ?, ?, ?)", -1,
			&insert, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

/* The 16 bytes of a GUID; 0 when it is something else. */
static size_t pack(const char *id, unsigned char out[static 16])
{
	size_t n = 0;

	for (; *id; id++) {
		int c = tolower((unsigned char)*id);
		if (c == '-')
			continue;
		if (!isxdigit(c) || n == 32)
			return 0;
		unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
		out[n / 2] = (unsigned char)(n % 2 ? out[n / 2] | digit : digit << 4);
		n++;
	}
	return n == 32 ? 16 : 0;
}

static void names_of(const cJSON *delta, char *out, size_t size)
{
	const cJSON *p;
	size_t len = 0;

	*out = '\0';
	cJSON_ArrayForEach(p, delta) if (*p->string != '@' && len + strlen(p->string) + 2 < size)
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", p->string);
}

static void store_row(int64_t ordinal, int64_t page, const cJSON *e)
{
	const char *id = string_of(e, "id"), *name = string_of(e, "displayName");
	unsigned char key[16];
	char names[4096];
	size_t packed = id ? pack(id, key) : 0;

	names_of(cJSON_GetObjectItemCaseSensitive(e, "deltaFromCurrent"), names, sizeof(names));
	(void)sqlite3_bind_int64(insert, 1, ordinal);
	(void)sqlite3_bind_int64(insert, 2, page);
	(void)sqlite3_bind_text(insert, 3, string_of(e, "entityTypeName"), -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(insert, 4, packed ? (const void *)key : id,
		(int)(packed ? packed
			: id ? strlen(id)
			     : 0),
		SQLITE_STATIC);
	(void)sqlite3_bind_text(insert, 5, name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(insert, 6, string_of(e, "recoveryAction"), -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(insert, 7, names, -1, SQLITE_STATIC);
	if (sqlite3_step(insert) != SQLITE_DONE)
		die(sqlite3_errmsg(db));
	(void)sqlite3_reset(insert);
}

static int64_t store_page(int64_t ordinal, int64_t page, const cJSON *reply)
{
	const cJSON *e;

	(void)sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(reply, "value"))
		store_row(++ordinal, page, e);
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	return ordinal;
}

static void link_of(const struct text *t, char link[static 4096])
{
	static const char key[] = "\"@odata.nextLink\":\"";
	const char *tail = t->len > 4096 ? t->data + t->len - 4096 : t->data;
	const char *at = strstr(tail, key);

	*link = '\0';
	if (at)
		(void)snprintf(link, 4096, "%.*s", (int)strcspn(at + sizeof(key) - 1, "\""),
			at + sizeof(key) - 1);
}

static void read_pages(char link[static 4096])
{
	struct text t = {0};
	int64_t ordinal = 0;

	for (int64_t page = 1; *link; page++) {
		if (ask(link, NULL, false, &t) != 200)
			die(t.data);
		link_of(&t, link);
		if (!db)
			continue;
		cJSON *reply = cJSON_ParseWithLength(t.data, t.len);
		if (!reply)
			die("not JSON");
		ordinal = store_page(ordinal, page, reply);
		cJSON_Delete(reply);
	}
	free(t.data);
	if (db)
		(void)printf("rows %" PRId64 "\n", ordinal);
}

int main(int argc, char **argv)
{
	char link[4096];

	if (argc != 7)
		die("floor URL CA TENANT CLIENT TOKEN DATABASE|-");
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, argv[2]);
	(void)curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "snapwatch/floor");
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	headers = curl_slist_append(headers, "Prefer: include-unknown-enum-members");
	headers = curl_slist_append(
		headers, "client-request-id: 5e0c6d35-4f3a-4c0e-9f7a-0d9a52a1b0aa");
	sign_in(argv);
	run_preview(argv[1], link);
	if (strcmp(argv[6], "-") != 0)
		open_store(argv[6]);
	read_pages(link);
	if (db) {
		(void)sqlite3_finalize(insert);
		(void)sqlite3_close(db);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return 0;
}
