/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/compress.c */
#include "common/base/compress.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define SIZE 100000

/* Half of it repeats, half does not. */
static void fill(uint8_t data[static SIZE])
{
	uint32_t x = 12345;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = i % 2048 < 1024 ? (uint8_t) "snapwatch"[i % 9] : (uint8_t)(x >> 24);
	}
}

static void round_trip(const uint8_t *data, size_t len)
{
	struct buf frame = BUF_INIT(SIZE * 2), back = BUF_INIT(SIZE + 3);

	buf_puts(&frame, "abc");
	buf_puts(&back, "xyz");
	ck_assert_int_eq(compress_append(&frame, data, len), 0);
	ck_assert_int_eq(decompress_append(&back, frame.data + 3, frame.len - 3), 0);
	ck_assert_mem_eq(frame.data, "abc", 3);
	ck_assert_mem_eq(back.data, "xyz", 3);
	ck_assert_uint_eq(back.len, len + 3);
	ck_assert_mem_eq(back.data + 3, data, len);
	ck_assert_int_eq(back.data[back.len], 0);
	buf_done(&frame);
	buf_done(&back);
}

START_TEST(round_trips)
{
	static const size_t lengths[] = {0, 1, 2, 100, 1023, 65536, SIZE};
	uint8_t data[SIZE];

	fill(data);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		round_trip(data, lengths[i]);
}
END_TEST

static void *round_trip_thread(void *data)
{
	round_trip(data, SIZE);
	return NULL;
}

START_TEST(each_thread_has_its_context)
{
	uint8_t data[SIZE];
	pthread_t threads[4];

	fill(data);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, round_trip_thread, data), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

START_TEST(damage_is_found)
{
	uint8_t data[600];
	struct buf frame = BUF_INIT(SIZE), back = BUF_INIT(SIZE);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t) "the quick brown fox"[i * i % 19];
	ck_assert_int_eq(compress_append(&frame, data, sizeof(data)), 0);
	buf_puts(&back, "kept");
	for (size_t i = 0; i < frame.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			frame.data[i] = (char)(frame.data[i] ^ 1 << bit);
			int r = decompress_append(&back, frame.data, frame.len);
			/* Bits 4 of the descriptor and the like mean nothing to a reader. */
			if (r == 0) {
				ck_assert_uint_eq(back.len, 4 + sizeof(data));
				ck_assert_mem_eq(back.data + 4, data, sizeof(data));
			} else {
				ck_assert(r == -EBADMSG || r == -EFBIG);
			}
			frame.data[i] = (char)(frame.data[i] ^ 1 << bit);
			buf_reset(&back);
			buf_puts(&back, "kept");
		}
	}
	for (size_t len = 0; len < frame.len; len++) {
		ck_assert_int_eq(decompress_append(&back, frame.data, len), -EBADMSG);
		ck_assert_str_eq(buf_text(&back), "kept");
	}
	buf_done(&frame);
	buf_done(&back);
}
END_TEST

START_TEST(one_frame_exactly)
{
	struct buf frame = BUF_INIT(SIZE), back = BUF_INIT(SIZE);
	static const char skippable[] = "\x50\x2a\x4d\x18\x04\x00\x00\x00pads";

	ck_assert_int_eq(compress_append(&frame, "one", 3), 0);
	size_t first = frame.len;
	ck_assert_int_eq(compress_append(&frame, "two", 3), 0);
	ck_assert_int_eq(decompress_append(&back, frame.data, frame.len), -EBADMSG);
	ck_assert_int_eq(decompress_append(&back, frame.data, first + 1), -EBADMSG);
	ck_assert_int_eq(decompress_append(&back, frame.data + first, frame.len - first), 0);
	ck_assert_str_eq(buf_text(&back), "two");
	ck_assert_int_eq(decompress_append(&back, skippable, sizeof(skippable) - 1), -EBADMSG);
	ck_assert_int_eq(decompress_append(&back, "plain text", 10), -EBADMSG);
	buf_done(&frame);
	buf_done(&back);
}
END_TEST

START_TEST(maximum_holds)
{
	static const char zeroes[SIZE];
	struct buf frame = BUF_INIT(SIZE), back = BUF_INIT(SIZE - 1);

	ck_assert_int_eq(compress_append(&frame, zeroes, SIZE), 0);
	ck_assert_uint_lt(frame.len, 100);
	ck_assert_int_eq(decompress_append(&back, frame.data, frame.len), -EFBIG);
	ck_assert_uint_eq(back.cap, 0);
	buf_done(&back);

	/* A result that just fits is taken although its bound does not fit. */
	struct buf exact = BUF_INIT(frame.len);
	ck_assert_int_eq(compress_append(&exact, zeroes, SIZE), 0);
	ck_assert_uint_eq(exact.len, frame.len);
	buf_done(&exact);
	struct buf small = BUF_INIT(frame.len - 1);
	ck_assert_int_eq(compress_append(&small, zeroes, SIZE), -EFBIG);
	ck_assert_str_eq(buf_text(&small), "");
	buf_done(&small);
	buf_done(&frame);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("compress");
	TCase *tc = tcase_create("compress");

	tcase_add_test(tc, round_trips);
	tcase_add_test(tc, each_thread_has_its_context);
	tcase_add_test(tc, damage_is_found);
	tcase_add_test(tc, one_frame_exactly);
	tcase_add_test(tc, maximum_holds);
	suite_add_tcase(s, tc);
	return s;
}
