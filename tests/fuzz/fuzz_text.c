/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of strangers on its way to people: what is shown is visible and fits, JSON that is written
 * can be read, patterns mean what a naive reading says, encodings come back.
 */
#include <string.h>
#include <strings.h>

#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/jsonw.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "tests/fuzz/fuzz.h"

static struct buf shown = {.max = 1u << 16}, out = {.max = 1u << 16}, back = {.max = 1u << 16};

static void check_shown(const char *text, size_t len)
{
	buf_reset(&shown);
	text_append_visible(&shown, text, len);
	fuzz_check_line(&shown, 1u << 16);
	size_t width = text_columns(buf_text(&shown));
	for (size_t columns = 0; columns < 40; columns += 13) {
		buf_reset(&out);
		text_append_fitted(&out, buf_text(&shown), columns, true);
		fuzz_check_line(&out, 1u << 16);
		FUZZ_CHECK(text_columns(buf_text(&out)) == columns);
		if (width <= columns)
			FUZZ_CHECK(strncmp(buf_text(&out), buf_text(&shown), shown.len) == 0);
	}
}

static void check_json(const char *text, size_t len)
{
	struct json *v = NULL;

	buf_reset(&out);
	buf_reset(&back);
	json_append_string(&out, text, len);
	utf8_append_valid(&back, text, len);
	FUZZ_CHECK(utf8_valid(back.len ? back.data : "", back.len));
	FUZZ_CHECK(!utf8_valid(text, len) || back.len == len);
	for (size_t i = 0; i < out.len; i++)
		FUZZ_CHECK((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f);
	FUZZ_CHECK(json_parse(out.data, out.len, 1, &v) == 0);
	FUZZ_CHECK(strcmp(json_string(v), buf_text(&back)) == 0);
	json_free(v);
}

static void check_encodings(const char *text, size_t len)
{
	buf_reset(&out);
	buf_reset(&back);
	base64url_append(&out, text, len);
	FUZZ_CHECK(base64_decode(buf_text(&out), out.len, &back) == 0);
	FUZZ_CHECK(back.len == len && (len == 0 || memcmp(back.data, text, len) == 0));
	buf_reset(&back);
	if (base64_decode(text, len, &back) == 0)
		FUZZ_CHECK(back.len * 4 <= len * 3);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Exponential at worst: for short patterns. */
static bool naive_match(const char *p, const char *t)
{
	if (!*p)
		return !*t;
	if (*p == '*')
		return naive_match(p + 1, t) || (*t && naive_match(p, t + 1));
	if (!*t)
		return false;
	if (*p == '?') {
		do
			t++;
		while (((unsigned char)*t & 0xc0) == 0x80);
		return naive_match(p + 1, t);
	}
	return lower(*p) == lower(*t) && naive_match(p + 1, t + 1);
}

static void check_patterns(struct fuzz_input in)
{
	char pattern[9], text[25];
	static const char *const names[] = {"tenant", "watch", "wait", "wait_for", "for", NULL};

	(void)fuzz_line(&in, pattern, sizeof(pattern));
	(void)fuzz_line(&in, text, sizeof(text));
	/* A * takes whole characters; in broken text there are none. */
	if (utf8_valid(text, strlen(text)) && utf8_valid(pattern, strlen(pattern)))
		FUZZ_CHECK(glob_match(pattern, text) == naive_match(pattern, text));
	FUZZ_CHECK(glob_match("*", text));
	const char *near = nearest_name(text, names);
	FUZZ_CHECK(!near || *text);
	for (size_t i = 0; names[i]; i++)
		FUZZ_CHECK(strcasecmp(text, names[i]) != 0 || near == names[i]);
}

static void check_numbers(struct fuzz_input in)
{
	char text[64], guid_text[GUID_TEXT_SIZE];
	uint8_t guid[16];
	uint64_t n;
	bool b;

	(void)fuzz_line(&in, text, sizeof(text));
	if (parse_u64(text, 1, 1000, &n) == 0)
		FUZZ_CHECK(n >= 1 && n <= 1000 && strspn(text, "0123456789") == strlen(text));
	if (parse_guid(text, guid) == 0)
		FUZZ_CHECK(strcasecmp(guid_format(guid, guid_text), text) == 0);
	(void)parse_bool(text, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";

	check_shown(text, size);
	check_json(text, size);
	check_encodings(text, size);
	check_patterns((struct fuzz_input){data, size});
	check_numbers((struct fuzz_input){data, size});
	return 0;
}
