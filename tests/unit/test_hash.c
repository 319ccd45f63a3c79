/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/hash.c, base64.c */
#include "common/base/hash.h"

#include <check.h>
#include <errno.h>
#include <string.h>

/* FIPS 180-2, appendix B. */
START_TEST(sha256_vectors)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint8_t digest[SHA256_SIZE];
		char hex[SHA256_HEX_SIZE];
		ck_assert_int_eq(sha256(table[i].text, strlen(table[i].text), digest), 0);
		ck_assert_str_eq(hex_format(digest, sizeof(digest), hex), table[i].want);
	}
}
END_TEST

/* RFC 4231. */
START_TEST(hmac_vectors)
{
	static const struct {
		const char *key_hex;
		const char *text;
		const char *want;
	} table[] = {
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"4a656665", "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"0102030405060708090a0b0c0d0e0f10111213141516171819",
			"\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
			"\xcd"
			"\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
			"\xcd"
			"\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd",
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
		/* no key, no text: as Python's hmac */
		{"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint8_t key[64], digest[SHA256_SIZE];
		char hex[SHA256_HEX_SIZE];
		size_t key_len = strlen(table[i].key_hex) / 2;
		ck_assert_int_eq(hex_parse(table[i].key_hex, key, key_len), 0);
		ck_assert_int_eq(
			hmac_sha256(key, key_len, table[i].text, strlen(table[i].text), digest), 0);
		ck_assert_str_eq(hex_format(digest, sizeof(digest), hex), table[i].want);
	}
}
END_TEST

START_TEST(hex_is_strict)
{
	uint8_t out[4] = {1, 2, 3, 4};
	static const char *const bad[] = {
		"", "0", "0123456", "012345678", "0123456g", " 1234567", "-1234567"};
	char text[9];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(hex_parse(bad[i], out, 4), -EINVAL);
	ck_assert_mem_eq(out, "\1\2\3\4", 4);
	ck_assert_int_eq(hex_parse("00fFA9e1", out, 4), 0);
	ck_assert_mem_eq(out, "\x00\xff\xa9\xe1", 4);
	ck_assert_str_eq(hex_format(out, 4, text), "00ffa9e1");
	ck_assert_int_eq(hex_parse("", out, 0), 0);
}
END_TEST

/* RFC 4648, section 10, and the two characters in which the alphabets differ. */
static const struct {
	const char *bytes;
	size_t len;
	const char *base64, *base64url;
} codes[] = {
	{"", 0, "", ""},
	{"f", 1, "Zg==", "Zg"},
	{"fo", 2, "Zm8=", "Zm8"},
	{"foo", 3, "Zm9v", "Zm9v"},
	{"foob", 4, "Zm9vYg==", "Zm9vYg"},
	{"fooba", 5, "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", 6, "Zm9vYmFy", "Zm9vYmFy"},
	{"\xfb\xff\xfe", 3, "+//+", "-__-"},
	{"\0\0\0\0", 4, "AAAAAA==", "AAAAAA"},
};

START_TEST(base64_vectors)
{
	struct buf out = BUF_INIT(100);

	base64_append(&out, codes[_i].bytes, codes[_i].len);
	ck_assert_str_eq(buf_text(&out), codes[_i].base64);
	buf_reset(&out);
	base64url_append(&out, codes[_i].bytes, codes[_i].len);
	ck_assert_str_eq(buf_text(&out), codes[_i].base64url);

	const char *const both[] = {codes[_i].base64, codes[_i].base64url};
	for (size_t i = 0; i < 2; i++) {
		buf_reset(&out);
		ck_assert_int_eq(base64_decode(both[i], strlen(both[i]), &out), 0);
		ck_assert_uint_eq(out.len, codes[_i].len);
		ck_assert_mem_eq(buf_text(&out), codes[_i].bytes, codes[_i].len);
	}
	buf_done(&out);
}
END_TEST

START_TEST(base64_refuses)
{
	static const char *const bad[] = {"A", "AAAAA", "=", "==", "====", "A=", "A==", "A===",
		"AA=", "AAA==", "AAAA=", "AAAA==", "AAAA====", "AA==AA==", "AA=A", "A A=", "AAA\n",
		" AAA", "AAA*", "A\xc3\xa9=", "AB==", "AB", "AAB=", "AAB", "//==", "AAAAAR"};
	struct buf out = BUF_INIT(100);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(base64_decode(bad[i], strlen(bad[i]), &out) == -EINVAL, "%s", bad[i]);
		ck_assert_uint_eq(out.len, 0);
	}
	ck_assert_int_eq(base64_decode("AA\0=", 4, &out), -EINVAL);
	buf_done(&out);
}
END_TEST

START_TEST(base64_every_length)
{
	uint8_t bytes[300];
	struct buf text = BUF_INIT(1000), back = BUF_INIT(300);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		buf_reset(&text);
		buf_reset(&back);
		base64_append(&text, bytes, len);
		ck_assert_uint_eq(text.len, (len + 2) / 3 * 4);
		ck_assert_int_eq(base64_decode(buf_text(&text), text.len, &back), 0);
		ck_assert_uint_eq(back.len, len);
		ck_assert_mem_eq(buf_text(&back), bytes, len);
	}
	buf_done(&text);
	buf_done(&back);
}
END_TEST

START_TEST(base64_obeys_the_maximum)
{
	struct buf out = BUF_INIT(3);

	base64_append(&out, "a", 1);
	ck_assert_int_eq(buf_error(&out), -EFBIG);
	buf_reset(&out);
	ck_assert_int_eq(base64_decode("AAAAAAAA", 8, &out), -EFBIG);
	buf_reset(&out);
	ck_assert_int_eq(base64_decode("AAAA", 4, &out), 0);
	buf_done(&out);
}
END_TEST

START_TEST(guid_has_its_form)
{
	char a[37], b[37];

	ck_assert_int_eq(random_guid(a), 0);
	ck_assert_int_eq(random_guid(b), 0);
	ck_assert_str_ne(a, b);
	ck_assert_uint_eq(strlen(a), 36);
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		ck_assert(dash ? a[i] == '-' : a[i] && strchr("0123456789abcdef", a[i]));
	}
	ck_assert_int_eq(a[14], '4');
	ck_assert(strchr("89ab", a[19]));
}
END_TEST

START_TEST(random_below_keeps_its_bound)
{
	static const uint64_t bounds[] = {
		1, 2, 3, 10, 1000, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX};
	unsigned seen[10] = {0};

	ck_assert_uint_eq(random_below(0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		for (int n = 0; n < 200; n++)
			ck_assert(random_below(bounds[i]) < bounds[i]);
	}
	for (int n = 0; n < 2000; n++)
		seen[random_below(10)]++;
	/* 200 expected; a digit that comes less than 100 times is seven deviations away. */
	for (int i = 0; i < 10; i++)
		ck_assert_uint_ge(seen[i], 100);
}
END_TEST

START_TEST(equal_bytes)
{
	ck_assert(bytes_equal_secret("abc", "abc", 3));
	ck_assert(!bytes_equal_secret("abc", "abd", 3));
	ck_assert(!bytes_equal_secret("abc", "bbc", 3));
	ck_assert(bytes_equal_secret("abc", "xyz", 0));
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("hash");
	TCase *tc = tcase_create("hash");

	tcase_add_test(tc, sha256_vectors);
	tcase_add_test(tc, hmac_vectors);
	tcase_add_test(tc, hex_is_strict);
	tcase_add_loop_test(tc, base64_vectors, 0, ARRAY_SIZE(codes));
	tcase_add_test(tc, base64_refuses);
	tcase_add_test(tc, base64_every_length);
	tcase_add_test(tc, base64_obeys_the_maximum);
	tcase_add_test(tc, guid_has_its_form);
	tcase_add_test(tc, random_below_keeps_its_bound);
	tcase_add_test(tc, equal_bytes);
	suite_add_tcase(s, tc);
	return s;
}
