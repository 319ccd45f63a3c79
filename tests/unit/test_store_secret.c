/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens at rest. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fsx.h"
#include "common/store/store_secret.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define TENANT "aaaaaaaa-1111-4111-8111-111111111111"
#define OTHER "bbbbbbbb-1111-4111-8111-111111111111"
#define TOKEN STORE_SECRET_REFRESH_TOKEN
#define CANARY "canary-5b0c6f0e"

static const char key_a[] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
static const char key_b[] = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

static struct store *s;
static char url[256];

static struct secret *secret(const char *text)
{
	struct secret *x = NULL;

	ck_assert_int_eq(secret_new(text, strlen(text), &x), 0);
	return x;
}

static void use_key(const char *key)
{
	_cleanup_(secret_freep) struct secret *x = secret(key);

	ck_assert_int_eq(store_use_key(s, x), 0);
}

static void reopen(const char *key)
{
	s = store_close(s);
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	if (key)
		use_key(key);
}

static void setup(void)
{
	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("snapwatch.db"));
	reopen(key_a);
}

static void teardown(void)
{
	s = store_close(s);
	tmpdir_remove();
}

static int put(const char *tenant, const char *text)
{
	_cleanup_(secret_freep) struct secret *x = secret(text);

	return store_secret_put(s, tenant, TOKEN, x);
}

static int offer(const char *text, bool *taken)
{
	_cleanup_(secret_freep) struct secret *x = secret(text);

	return store_secret_offer(s, TENANT, TOKEN, x, taken);
}

static void assert_kept(const char *tenant, const char *want)
{
	_cleanup_(secret_freep) struct secret *x = NULL;
	int r = store_secret_get(s, tenant, TOKEN, &x);

	ck_assert_int_eq(r, want ? 0 : STORE_SECRET_E_NONE);
	if (want)
		ck_assert_str_eq(x->data, want);
}

START_TEST(kept_per_tenant)
{
	assert_kept(TENANT, NULL);
	ck_assert_int_eq(put(TENANT, "one"), 0);
	ck_assert_int_eq(put("BBBBBBBB-1111-4111-8111-111111111111", "two"), 0);
	assert_kept("AAAAAAAA-1111-4111-8111-111111111111", "one");
	assert_kept(OTHER, "two");
	ck_assert_int_eq(put(TENANT, "three"), 0);
	reopen(key_a);
	assert_kept(TENANT, "three");
	ck_assert_int_eq(store_secret_forget(s, TENANT, TOKEN), 0);
	ck_assert_int_eq(store_secret_forget(s, TENANT, TOKEN), 0);
	assert_kept(TENANT, NULL);
	assert_kept(OTHER, "two");
}
END_TEST

/* The caller's transaction is another database's: what was put stays. */
START_TEST(kept_although_the_caller_rolls_back)
{
	ck_assert_int_eq(db_begin(s->db), 0);
	ck_assert_int_eq(put(TENANT, "one"), 0);
	db_rollback(s->db);
	reopen(key_a);
	assert_kept(TENANT, "one");
}
END_TEST

START_TEST(credential_files_are_taken_once)
{
	bool taken = false;

	ck_assert_int_eq(offer("file 1", &taken), 0);
	ck_assert(taken);
	assert_kept(TENANT, "file 1");
	ck_assert_int_eq(put(TENANT, "rotated"), 0);
	reopen(key_a);
	ck_assert_int_eq(offer("file 1", &taken), 0);
	ck_assert(!taken);
	assert_kept(TENANT, "rotated");

	ck_assert_int_eq(offer("file 2", &taken), 0);
	ck_assert(taken);
	assert_kept(TENANT, "file 2");
	/* an older file does not come back either */
	ck_assert_int_eq(offer("file 1", &taken), 0);
	ck_assert(!taken);
	/* nor after the service refused it */
	ck_assert_int_eq(store_secret_forget(s, TENANT, TOKEN), 0);
	ck_assert_int_eq(offer("file 2", &taken), 0);
	ck_assert(!taken);
	assert_kept(TENANT, NULL);
}
END_TEST

START_TEST(without_a_key_nothing_is_kept)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(1024);
	struct secret *x = NULL;
	bool taken = false;

	reopen(NULL);
	ck_assert_int_eq(put(TENANT, "one"), STORE_SECRET_E_NO_KEY);
	ck_assert_int_eq(offer("file", &taken), STORE_SECRET_E_NO_KEY);
	ck_assert_int_eq(store_secret_get(s, TENANT, TOKEN, &x), STORE_SECRET_E_NO_KEY);
	ck_assert_ptr_null(x);
	store_secret_error_text(STORE_SECRET_E_NO_KEY, "contoso", &text);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "openssl rand -base64 32"));
}
END_TEST

START_TEST(another_key)
{
	struct secret *x = NULL;
	bool taken = false;

	ck_assert_int_eq(offer("file", &taken), 0);
	reopen(key_b);
	ck_assert_int_eq(store_secret_get(s, TENANT, TOKEN, &x), STORE_SECRET_E_KEY);
	/* the file is the way out: under this key it was never taken */
	ck_assert_int_eq(offer("file", &taken), 0);
	ck_assert(taken);
	assert_kept(TENANT, "file");
}
END_TEST

START_TEST(altered_or_moved)
{
	static const char *const damages[] = {
		"UPDATE secret SET envelope = substr(envelope, 1, 20)",
		"UPDATE secret SET tenant_id = '" OTHER "'",
		"UPDATE secret SET envelope = x''",
	};
	struct secret *x = NULL;

	ck_assert_int_eq(put(TENANT, "one"), 0);
	ck_assert_int_eq(db_script(s->secrets, damages[_i]), 0);
	ck_assert_int_eq(
		store_secret_get(s, _i == 1 ? OTHER : TENANT, TOKEN, &x), STORE_SECRET_E_BROKEN);
	ck_assert_ptr_null(x);
}
END_TEST

START_TEST(nothing_is_readable)
{
	static const char *const files[] = {
		"snapwatch.db", "snapwatch.db-wal", "secrets.db", "secrets.db-journal"};
	bool taken = false;
	struct stat st;

	ck_assert_int_eq(offer(CANARY " from a file", &taken), 0);
	ck_assert_int_eq(put(TENANT, CANARY " rotated"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(buf_done) struct buf content = BUF_INIT(1u << 24);
		if (stat(tmpdir_path(files[i]), &st) < 0)
			continue;
		ck_assert_int_eq(file_read(tmpdir_path(files[i]), &content), 0);
		ck_assert_ptr_null(memmem(buf_text(&content), content.len, CANARY, strlen(CANARY)));
	}
	ck_assert_int_eq(stat(tmpdir_path("secrets.db"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(errors_have_words)
{
	static const int results[] = {STORE_SECRET_E_NO_KEY, STORE_SECRET_E_NONE,
		STORE_SECRET_E_KEY, STORE_SECRET_E_BROKEN, -ENOSPC};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT(1024);
		store_secret_error_text(results[i], "contoso", &text);
		ck_assert_int_eq(buf_error(&text), 0);
		ck_assert_uint_gt(text.len, 20);
		ck_assert_ptr_null(strchr(buf_text(&text), '\n'));
	}
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_secret");
	TCase *t = tcase_create("store_secret");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, kept_per_tenant);
	tcase_add_test(t, kept_although_the_caller_rolls_back);
	tcase_add_test(t, credential_files_are_taken_once);
	tcase_add_test(t, without_a_key_nothing_is_kept);
	tcase_add_test(t, another_key);
	tcase_add_loop_test(t, altered_or_moved, 0, 3);
	tcase_add_test(t, nothing_is_readable);
	tcase_add_test(t, errors_have_words);
	suite_add_tcase(su, t);
	return su;
}
