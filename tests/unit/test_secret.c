/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/secret.c, secret_seal.c */
#include "common/base/secret.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/base/limits.h"

#define TENANT "6f2b0c4e-0000-4000-8000-000000000001"
#define PURPOSE "refresh-token"

static struct secret *make(const char *text)
{
	struct secret *s = NULL;

	ck_assert_int_eq(secret_new(text, strlen(text), &s), 0);
	return s;
}

static struct secret *store_key(uint8_t first)
{
	struct secret *s = NULL;
	uint8_t bytes[STORE_KEY_SIZE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(first + i);
	ck_assert_int_eq(secret_new(bytes, sizeof(bytes), &s), 0);
	return s;
}

START_TEST(holds_bytes)
{
	static const size_t lengths[] = {0, 1, 4000, 4096, LIMIT_SECRET_BYTES};
	static char bytes[LIMIT_SECRET_BYTES + 1];
	struct secret *s = NULL;

	memset(bytes, 'k', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		ck_assert_int_eq(secret_new(bytes, lengths[i], &s), 0);
		ck_assert_uint_eq(s->len, lengths[i]);
		ck_assert_mem_eq(s->data, bytes, lengths[i]);
		ck_assert_int_eq(s->data[s->len], '\0');
		s = secret_free(s);
		ck_assert_ptr_null(s);
	}
	ck_assert_int_eq(secret_new(bytes, sizeof(bytes), &s), -EMSGSIZE);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(secret_new(NULL, 0, &s), 0);
	s = secret_free(s);
	ck_assert_ptr_null(secret_free(NULL));
}
END_TEST

START_TEST(compares)
{
	struct secret *a = make("one"), *same = make("one"), *other = make("two"),
		      *longer = make("one1"), *empty = make("");

	ck_assert(secret_equal(a, a));
	ck_assert(secret_equal(a, same));
	ck_assert(!secret_equal(a, other));
	ck_assert(!secret_equal(a, longer));
	ck_assert(!secret_equal(a, NULL));
	ck_assert(!secret_equal(NULL, a));
	ck_assert(!secret_equal(NULL, empty));
	ck_assert(secret_equal(NULL, NULL));
	secret_free(a);
	secret_free(same);
	secret_free(other);
	secret_free(longer);
	secret_free(empty);
}
END_TEST

/* The flags that the kernel keeps for the mapping in which p lies; true when flag is one of them.
 */
static bool mapping_has_flag(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false, found = false;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (unsigned long)p >= from && (unsigned long)p < to;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	(void)fclose(f);
	return found;
}

/* Sanitizers put an mlock() in place that does nothing. */
static bool mlock_works(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(page, MAP_FAILED);
	bool works = mlock(page, 4096) < 0 || mapping_has_flag(page, " lo");
	ck_assert_int_eq(munmap(page, 4096), 0);
	return works;
}

START_TEST(pages_are_left_out_of_dumps_and_locked)
{
	struct secret *s = make("hidden");

	ck_assert(mapping_has_flag(s->data, " dd"));
	if (mlock_works() && secret_unlocked_count() == 0)
		ck_assert(mapping_has_flag(s->data, " lo"));
	secret_free(s);
}
END_TEST

START_TEST(refused_lock_is_counted)
{
	unsigned before = secret_unlocked_count();

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}), 0);
	struct secret *s = make("still works");
	ck_assert_str_eq(s->data, "still works");
	/* A privileged user may lock whatever the limit says. */
	if (mlock_works()) {
		bool locked = mapping_has_flag(s->data, " lo");
		ck_assert_uint_eq(secret_unlocked_count(), before + (locked ? 0 : 1));
	}
	secret_free(s);
}
END_TEST

START_TEST(opens_what_was_sealed)
{
	static const char *const texts[] = {"", "x", "0.AXoA-refresh-token"};
	struct secret *key = store_key(1);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct secret *plain = make(texts[i]), *back = NULL;
		struct buf first = BUF_INIT(1000), second = BUF_INIT(1000);
		ck_assert_int_eq(secret_seal(key, TENANT, PURPOSE, plain, &first), 0);
		ck_assert_int_eq(secret_seal(key, TENANT, PURPOSE, plain, &second), 0);
		ck_assert_uint_eq(first.len, 1 + 4 + 12 + plain->len + 16);
		ck_assert_int_eq(first.data[0], 1);
		/* Never the same nonce. */
		ck_assert_mem_ne(first.data + 5, second.data + 5, 12);
		if (plain->len > 1)
			ck_assert_ptr_null(memmem(first.data, first.len, plain->data, plain->len));
		ck_assert_int_eq(
			secret_open(key, TENANT, PURPOSE, first.data, first.len, &back), 0);
		ck_assert(secret_equal(plain, back));
		secret_free(plain);
		secret_free(back);
		buf_done(&first);
		buf_done(&second);
	}
	secret_free(key);
}
END_TEST

START_TEST(every_bit_counts)
{
	struct secret *key = store_key(1), *plain = make("token"), *back = NULL;
	struct buf e = BUF_INIT(1000);

	ck_assert_int_eq(secret_seal(key, TENANT, PURPOSE, plain, &e), 0);
	for (size_t i = 0; i < e.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			e.data[i] = (char)(e.data[i] ^ 1 << bit);
			int want = i >= 1 && i <= 4 ? SECRET_E_KEY : SECRET_E_BROKEN;
			ck_assert_int_eq(
				secret_open(key, TENANT, PURPOSE, e.data, e.len, &back), want);
			ck_assert_ptr_null(back);
			e.data[i] = (char)(e.data[i] ^ 1 << bit);
		}
	}
	for (size_t len = 0; len < e.len; len++)
		ck_assert_int_eq(
			secret_open(key, TENANT, PURPOSE, e.data, len, &back), SECRET_E_BROKEN);
	buf_putc(&e, 'x');
	ck_assert_int_eq(secret_open(key, TENANT, PURPOSE, e.data, e.len, &back), SECRET_E_BROKEN);
	ck_assert_ptr_null(back);
	buf_done(&e);
	secret_free(key);
	secret_free(plain);
}
END_TEST

START_TEST(bound_to_key_tenant_and_purpose)
{
	struct secret *key = store_key(1), *other_key = store_key(2), *plain = make("token");
	struct buf e = BUF_INIT(1000);
	const struct {
		struct secret *key;
		const char *tenant, *purpose;
		int want;
	} table[] = {
		{key, "a", "bc", 0},
		{other_key, "a", "bc", SECRET_E_KEY},
		{key, "b", "bc", SECRET_E_BROKEN},
		{key, "a", "bd", SECRET_E_BROKEN},
		{key, "ab", "c", SECRET_E_BROKEN},
		{key, "", "abc", SECRET_E_BROKEN},
		{key, "a", "", SECRET_E_BROKEN},
	};

	ck_assert_int_eq(secret_seal(key, "a", "bc", plain, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct secret *back = NULL;
		ck_assert_int_eq(secret_open(table[i].key, table[i].tenant, table[i].purpose,
					 e.data, e.len, &back),
			table[i].want);
		ck_assert_int_eq(back != NULL, table[i].want == 0);
		secret_free(back);
	}
	buf_done(&e);
	secret_free(key);
	secret_free(other_key);
	secret_free(plain);
}
END_TEST

START_TEST(store_key_has_its_length)
{
	struct secret *key = make("short"), *s = make("x"), *back = NULL;
	struct buf e = BUF_INIT(1000);
	uint8_t print[32];

	ck_assert_int_eq(secret_seal(key, "t", "p", s, &e), -EINVAL);
	ck_assert_uint_eq(e.len, 0);
	ck_assert_int_eq(secret_open(key, "t", "p", "", 0, &back), -EINVAL);
	ck_assert_int_eq(secret_fingerprint(key, s, print), -EINVAL);
	buf_done(&e);
	secret_free(key);
	secret_free(s);
}
END_TEST

/* Made by another implementation (Python's cryptography); what is on disk must stay readable. */
START_TEST(format_is_fixed)
{
	static const char hex[] = "01630dcd29a0a1a2a3a4a5a6a7a8a9aaab03c2006ac6e393df8d13352338bf3d"
				  "833599d64e9bd58b9a82d3f36261d9b7";
	uint8_t envelope[sizeof(hex) / 2];
	struct secret *key = store_key(0), *back = NULL;

	ck_assert_int_eq(hex_parse(hex, envelope, sizeof(envelope)), 0);
	ck_assert_int_eq(secret_open(key, TENANT, PURPOSE, envelope, sizeof(envelope), &back), 0);
	ck_assert_str_eq(back->data, "a refresh token");
	secret_free(back);
	secret_free(key);
}
END_TEST

START_TEST(fingerprints)
{
	struct secret *key = store_key(0), *other = store_key(9), *a = make("a"), *b = make("b");
	uint8_t print[32], again[32];
	char text[65];

	ck_assert_int_eq(secret_fingerprint(key, a, print), 0);
	/* Kept in stores: never changes. Made by another implementation. */
	ck_assert_str_eq(hex_format(print, 32, text),
		"116103839a57da8ad1e2effbca8fc29ef65da616dae5d8b0f22ff59ca73d8075");
	ck_assert_int_eq(secret_fingerprint(key, a, again), 0);
	ck_assert_mem_eq(print, again, 32);
	ck_assert_int_eq(secret_fingerprint(key, b, again), 0);
	ck_assert_mem_ne(print, again, 32);
	ck_assert_int_eq(secret_fingerprint(other, a, again), 0);
	ck_assert_mem_ne(print, again, 32);
	secret_free(key);
	secret_free(other);
	secret_free(a);
	secret_free(b);
}
END_TEST

START_TEST(protects_the_process)
{
	struct rlimit core;

	ck_assert_int_eq(setenv("SSLKEYLOGFILE", "/nowhere", 1), 0);
	secret_protect_process();
	ck_assert_ptr_null(getenv("SSLKEYLOGFILE"));
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &core), 0);
	ck_assert_uint_eq(core.rlim_cur, 0);
	ck_assert_uint_eq(core.rlim_max, 0);
	/* The leak check at the end of a sanitizer build needs ptrace. */
	(void)prctl(PR_SET_DUMPABLE, 1);
}
END_TEST

START_TEST(self_test)
{
	ck_assert_int_eq(secret_self_test(), 0);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("secret");
	TCase *tc = tcase_create("secret");

	tcase_add_test(tc, self_test);
	tcase_add_test(tc, holds_bytes);
	tcase_add_test(tc, compares);
	tcase_add_test(tc, pages_are_left_out_of_dumps_and_locked);
	tcase_add_test(tc, refused_lock_is_counted);
	tcase_add_test(tc, opens_what_was_sealed);
	tcase_add_test(tc, every_bit_counts);
	tcase_add_test(tc, bound_to_key_tenant_and_purpose);
	tcase_add_test(tc, store_key_has_its_length);
	tcase_add_test(tc, format_is_fixed);
	tcase_add_test(tc, fingerprints);
	tcase_add_test(tc, protects_the_process);
	suite_add_tcase(s, tc);
	return s;
}
