/* SPDX-License-Identifier: Apache-2.0 */
/* A new store key: what is sealed anew, what is left, and what an interruption leaves behind. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fsx.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/store/store_rekey.h"
#include "common/store/store_secret.h"
#include "tests/support/tmpdir.h"
#include "tests/support/vfs_dying.h"

Suite *suite(void);

#define TOKEN STORE_SECRET_REFRESH_TOKEN
#define TENANTS 40 /* several pages of them, so that a commit has several writes */

static const char key_a[] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
static const char key_b[] = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
static const char key_c[] = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=";

static struct store *s;
static char url[256];

static struct secret *secret(const char *text)
{
	struct secret *x = NULL;

	ck_assert_int_eq(secret_new(text, strlen(text), &x), 0);
	return x;
}

static struct secret *decoded(const char *key)
{
	_cleanup_(secret_freep) struct secret *text = secret(key);
	struct secret *x = NULL;

	ck_assert_int_eq(store_key_decode(text, &x), 0);
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
	ck_assert_int_eq(store_open_secrets(url, &s, NULL), 0);
	use_key(key);
}

static void setup(void)
{
	vfs_dying_install();
	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("snapwatch.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	use_key(key_a);
}

static void teardown(void)
{
	s = store_close(s);
	tmpdir_remove();
}

static const char *tenant(unsigned i)
{
	static char id[GUID_TEXT_SIZE];

	(void)snprintf(id, sizeof(id), "%08x-1111-4111-8111-111111111111", i);
	return id;
}

static const char *token(unsigned i)
{
	static char text[600];

	(void)snprintf(text, sizeof(text), "token-%u-%0500u", i, i);
	return text;
}

static void put(unsigned i)
{
	_cleanup_(secret_freep) struct secret *x = secret(token(i));

	ck_assert_int_eq(store_secret_put(s, tenant(i), TOKEN, x), 0);
}

static bool offered(const char *text)
{
	_cleanup_(secret_freep) struct secret *x = secret(text);
	bool taken = false;

	ck_assert_int_eq(store_secret_offer(s, tenant(0), TOKEN, x, &taken), 0);
	return taken;
}

static int get(unsigned i)
{
	_cleanup_(secret_freep) struct secret *x = NULL;
	int r = store_secret_get(s, tenant(i), TOKEN, &x);

	if (r == 0)
		ck_assert_str_eq(x->data, token(i));
	return r;
}

static struct store_rekeyed rekey(const char *former)
{
	_cleanup_(secret_freep) struct secret *key = decoded(former);
	struct store_rekeyed n;

	ck_assert_int_eq(store_rekey(s, key, NULL, NULL, &n), 0);
	return n;
}

static void assert_counts(struct store_rekeyed n, unsigned sealed, unsigned already,
	unsigned foreign, unsigned broken)
{
	ck_assert_uint_eq(n.n[STORE_REKEY_SEALED], sealed);
	ck_assert_uint_eq(n.n[STORE_REKEY_ALREADY], already);
	ck_assert_uint_eq(n.n[STORE_REKEY_FOREIGN], foreign);
	ck_assert_uint_eq(n.n[STORE_REKEY_BROKEN], broken);
}

START_TEST(all_is_sealed_anew)
{
	put(0);
	put(1);
	reopen(key_b);
	ck_assert_int_eq(get(0), STORE_SECRET_E_KEY);
	assert_counts(rekey(key_a), 2, 0, 0, 0);
	ck_assert_int_eq(get(0), 0);
	ck_assert_int_eq(get(1), 0);
	/* again, and after a restart: nothing to do */
	assert_counts(rekey(key_a), 0, 2, 0, 0);
	reopen(key_b);
	assert_counts(rekey(key_a), 0, 2, 0, 0);
	ck_assert_int_eq(get(1), 0);
	/* the former key is worth nothing now */
	reopen(key_a);
	ck_assert_int_eq(get(0), STORE_SECRET_E_KEY);
}
END_TEST

START_TEST(nothing_to_seal)
{
	assert_counts(rekey(key_b), 0, 0, 0, 0);
}
END_TEST

START_TEST(without_a_key)
{
	_cleanup_(secret_freep) struct secret *key = decoded(key_a);
	struct store_rekeyed n;

	s = store_close(s);
	ck_assert_int_eq(store_open_secrets(url, &s, NULL), 0);
	ck_assert_int_eq(store_rekey(s, key, NULL, NULL, &n), STORE_SECRET_E_NO_KEY);
}
END_TEST

/* A file that was taken once stays taken; what was rotated since is not replaced by it. */
START_TEST(files_stay_taken)
{
	ck_assert(offered("file 1"));
	put(0);
	reopen(key_b);
	assert_counts(rekey(key_a), 2, 0, 0, 0); /* the token, and the key of fingerprints */
	ck_assert(!offered("file 1"));
	ck_assert_int_eq(get(0), 0);
	ck_assert(offered("file 2"));
}
END_TEST

struct seen {
	char tenant[TENANTS][GUID_TEXT_SIZE];
	enum store_rekey_what what[TENANTS];
	unsigned n;
};

static void see(void *arg, const char *tenant_id, enum store_rekey_what what)
{
	struct seen *seen = arg;

	(void)snprintf(seen->tenant[seen->n], GUID_TEXT_SIZE, "%s", tenant_id);
	seen->what[seen->n++] = what;
}

/* Somebody signed in under the new key before; one is of a key that is lost; one is damaged. */
START_TEST(each_by_its_own_key)
{
	_cleanup_(secret_freep) struct secret *former = decoded(key_a);
	_cleanup_(buf_done) struct buf text = BUF_INIT(1024);
	struct seen seen = {.n = 0};
	struct store_rekeyed n;

	put(0);
	put(3);
	use_key(key_c);
	put(1);
	use_key(key_b);
	put(2);
	ck_assert_int_eq(
		db_script(s->secrets, "UPDATE secret SET envelope = substr(envelope, 1, 40)"
				      " WHERE tenant_id LIKE '00000003%'"),
		0);
	ck_assert_int_eq(store_rekey(s, former, see, &seen, &n), 0);
	assert_counts(n, 1, 1, 1, 1);
	ck_assert_uint_eq(seen.n, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_str_eq(seen.tenant[i], tenant(i));
	ck_assert_int_eq(seen.what[0], STORE_REKEY_SEALED);
	ck_assert_int_eq(seen.what[1], STORE_REKEY_FOREIGN);
	ck_assert_int_eq(seen.what[2], STORE_REKEY_ALREADY);
	ck_assert_int_eq(seen.what[3], STORE_REKEY_BROKEN);
	ck_assert_int_eq(get(0), 0);
	ck_assert_int_eq(get(1), STORE_SECRET_E_KEY);
	ck_assert_int_eq(get(2), 0);
	store_rekey_text(&n, &text);
	ck_assert_str_eq(buf_text(&text),
		"1 secret was sealed anew, 1 was sealed with this key before, 1 is sealed with "
		"another key, 1 is damaged");
	/* what was left alone is as it was: with its key it opens */
	use_key(key_c);
	ck_assert_int_eq(get(1), 0);
}
END_TEST

START_TEST(words)
{
	static const struct {
		struct store_rekeyed n;
		const char *text;
	} cases[] = {
		{{{0}}, "no secret is kept"},
		{{{2, 0, 0, 0}}, "2 secrets were sealed anew"},
		{{{0, 3, 0, 0}}, "3 secrets were sealed with this key before"},
		{{{1, 2, 0, 4}}, "1 secret was sealed anew, 2 were sealed with this key before, 4 "
				 "are damaged"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT(1024);
		store_rekey_text(&cases[i].n, &text);
		ck_assert_str_eq(buf_text(&text), cases[i].text);
	}
}
END_TEST

/* --- interruptions ------------------------------------------------------------------------------
 */

/* How many of the tokens the key opens; none is lost or altered. */
static unsigned opened(const char *key)
{
	unsigned n = 0;

	reopen(key);
	for (unsigned i = 0; i < TENANTS; i++) {
		int r = get(i);

		ck_assert(r == 0 || r == STORE_SECRET_E_KEY);
		n += r == 0;
	}
	return n;
}

static void save(const char *from, const char *to)
{
	_cleanup_(buf_done) struct buf content = BUF_INIT(1u << 24);

	ck_assert_int_eq(file_read(tmpdir_path(from), &content), 0);
	ck_assert_int_eq(
		file_write_atomic(tmpdir_path(to), buf_text(&content), content.len, 0600), 0);
}

/* At every write, sync and removal: all is under the one key or all under the other, and once more
 * finishes it. */
START_TEST(all_or_nothing)
{
	_cleanup_(secret_freep) struct secret *former = decoded(key_a);
	unsigned points = 0, undone = 0;

	for (unsigned i = 0; i < TENANTS; i++)
		put(i);
	s = store_close(s);
	save("secrets.db", "saved");
	for (unsigned n = 1;; n++) {
		struct store_rekeyed counts = {{77}};

		save("saved", "secrets.db");
		reopen(key_b);
		vfs_dying_at(n);
		int r = store_rekey(s, former, NULL, NULL, &counts);
		points = vfs_dying_count();
		s = store_close(s);
		vfs_dying_at(0);
		if (r == 0 && points < n)
			break;
		/* it died after the commit counts, or else nothing is told */
		if (r < 0)
			ck_assert_uint_eq(counts.n[STORE_REKEY_SEALED], 77);
		unsigned anew = opened(key_b), old = opened(key_a);
		ck_assert_msg((anew == 0 && old == TENANTS) || (anew == TENANTS && old == 0),
			"dead at %u: %u under the new key, %u under the former", n, anew, old);
		undone += anew == 0;
		reopen(key_b);
		(void)rekey(key_a);
		ck_assert_uint_eq(opened(key_b), TENANTS);
	}
	ck_assert_uint_gt(points, 10);
	ck_assert_uint_gt(undone, 10);
	ck_assert_uint_eq(opened(key_b), TENANTS);
}
END_TEST

/* --- opening secrets.db alone --------------------------------------------------------------------
 */

START_TEST(secrets_alone)
{
	struct store *other = NULL;
	_cleanup_(freep) char *held = NULL;
	_cleanup_(freep) char *missing = NULL;
	char elsewhere[300];

	/* one writer */
	ck_assert_int_eq(store_open_secrets(url, &other, &held), STORE_E_LOCKED);
	ck_assert_ptr_nonnull(strstr(held, "is in use by"));
	/* a damaged database beside it does not matter */
	put(0);
	s = store_close(s);
	ck_assert_int_eq(truncate(tmpdir_path("snapwatch.db"), 100), 0);
	reopen(key_a);
	ck_assert_int_eq(get(0), 0);
	/* nothing is made where nothing is */
	(void)snprintf(elsewhere, sizeof(elsewhere), "sqlite:%s/snapwatch.db", tmpdir_path("none"));
	ck_assert_int_eq(mkdir(tmpdir_path("none"), 0700), 0);
	ck_assert_int_eq(store_open_secrets(elsewhere, &other, &missing), STORE_E_MISSING);
	ck_assert_ptr_nonnull(strstr(missing, "no secret is kept"));
	ck_assert_int_eq(rmdir(tmpdir_path("none")), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_rekey");
	TCase *t = tcase_create("store_rekey");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_is_sealed_anew);
	tcase_add_test(t, nothing_to_seal);
	tcase_add_test(t, without_a_key);
	tcase_add_test(t, files_stay_taken);
	tcase_add_test(t, each_by_its_own_key);
	tcase_add_test(t, words);
	tcase_add_test(t, all_or_nothing);
	tcase_add_test(t, secrets_alone);
	suite_add_tcase(su, t);
	return su;
}
