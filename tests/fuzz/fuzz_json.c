/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON text: the parser, the flat reader and the page scanner agree about what is JSON and what
 * is in it, canonical form is a fixed point, ranges lie inside of the text.
 */
#include <errno.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/json_flat.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "tests/fuzz/fuzz.h"

static struct json_flat flat;
static struct buf canonical = {.max = 1u << 20}, again = {.max = 1u << 20};

struct spans {
	size_t len, end;
};

static int on_element(void *arg, struct json_span e)
{
	struct spans *s = arg;

	FUZZ_CHECK(e.len > 0 && e.off > s->end && e.off + e.len <= s->len);
	s->end = e.off + e.len - 1;
	return 0;
}

static int on_member(void *arg, struct json_span key, struct json_span value)
{
	struct spans *s = arg;

	FUZZ_CHECK(key.off > s->end && key.off + key.len < value.off);
	FUZZ_CHECK(value.len > 0 && value.off + value.len <= s->len);
	s->end = value.off + value.len - 1;
	return 0;
}

/* What can be read back is the same, whoever writes it. */
static void check_canonical(const struct json *root)
{
	struct json *second = NULL;

	buf_reset(&canonical);
	buf_reset(&again);
	json_append_canonical(&canonical, root);
	FUZZ_CHECK(buf_error(&canonical) == 0);
	FUZZ_CHECK(utf8_valid(canonical.data, canonical.len));
	FUZZ_CHECK(json_parse(canonical.data, canonical.len, 512, &second) == 0);
	json_append_canonical(&again, second);
	FUZZ_CHECK(again.len == canonical.len && !memcmp(again.data, canonical.data, again.len));
	json_free(second);
}

static void check_getters(const struct json *root)
{
	JSON_EACH (v, root) {
		const char *key = json_key(v), *text;
		int64_t n;
		bool b;

		if (!key)
			continue;
		const struct json *first = json_member(root, key);
		FUZZ_CHECK(first && strcmp(json_key(first), key) == 0);
		if (json_get_int(root, key, &n) == JSON_GET_OK)
			FUZZ_CHECK(n <= 9007199254740991 && n >= -9007199254740991);
		if (json_get_string(root, key, &text) == JSON_GET_OK)
			FUZZ_CHECK(utf8_valid(text, strlen(text)));
		(void)json_get_bool(root, key, &b);
	}
}

/* The members of an object read flat are those of the tree. */
static void check_flat(const char *text, size_t size, int parsed, const struct json *root)
{
	int r = json_flat_read(&flat, text, size, LIMIT_JSON_DEPTH);
	size_t i = 0;

	if (parsed == JSON_E_UTF8 && r == 0)
		FUZZ_CHECK(utf8_valid(text, size)); /* half a surrogate pair, mended */
	else
		FUZZ_CHECK(r == parsed);
	for (size_t m = 0; r == 0 && m < flat.n; m++) {
		const char *string = json_flat_string(&flat, m);
		const struct json_span value = flat.members[m].value;

		FUZZ_CHECK(utf8_valid(json_flat_key(&flat, m), strlen(json_flat_key(&flat, m))));
		FUZZ_CHECK(!string == (flat.members[m].type != JSON_TYPE_STRING));
		FUZZ_CHECK(!string || utf8_valid(string, strlen(string)));
		FUZZ_CHECK(value.len > 0 && value.off + value.len < size);
	}
	if (parsed != 0)
		return;
	FUZZ_CHECK(flat.is_object == (json_type(root) == JSON_TYPE_OBJECT));
	if (!flat.is_object)
		return;
	JSON_EACH (v, root) {
		const char *string = json_string(v), *key = json_key(v);

		FUZZ_CHECK(i < flat.n && strcmp(json_flat_key(&flat, i), key) == 0);
		FUZZ_CHECK(flat.members[i].type == json_type(v));
		FUZZ_CHECK(!string || strcmp(json_flat_string(&flat, i), string) == 0);
		FUZZ_CHECK(json_flat_find(&flat, key)->key_at <= flat.members[i].key_at);
		i++;
	}
	FUZZ_CHECK(i == flat.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_scan_ops ops = {.element = on_element, .member = on_member};
	struct spans spans = {.len = size};
	struct json *root = NULL;
	int parsed = json_parse(text, size, LIMIT_JSON_DEPTH, &root);
	int scanned = json_scan(text, size, LIMIT_JSON_DEPTH, &ops, &spans);

	FUZZ_CHECK(parsed >= 0);
	check_flat(text, size, parsed, root);
	/* An object without a lone surrogate is a page, unless it has two arrays "value". */
	if (scanned == 0)
		FUZZ_CHECK(parsed == 0 || parsed == JSON_E_UTF8);
	if (parsed == 0) {
		FUZZ_CHECK(scanned == 0 || scanned == JSON_E_SYNTAX);
		FUZZ_CHECK((scanned == 0) <= (json_type(root) == JSON_TYPE_OBJECT));
		FUZZ_CHECK(utf8_valid(text, size));
		check_getters(root);
		check_canonical(root);
		json_free(root);
	}
	return 0;
}
