/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What browsers ask for and people paste at the end of a sign-in: the query that is found lies
 * inside, has the right state and either a code or an error, and is the same on both ways. A page
 * that shows the text has no tags but its own.
 */
#include <string.h>

#include "cli/redirect.h"
#include "cli/redirect_page.h"
#include "common/base/query.h"
#include "common/base/text.h"
#include "tests/fuzz/fuzz.h"

#define STATE "s7At_e-2"

static struct buf value = {.max = 1u << 20}, message = {.max = 1u << 20};

static void check_query(const char *query, size_t len)
{
	bool code = query_has(query, len, "code"), error = query_has(query, len, "error");

	buf_reset(&value);
	FUZZ_CHECK(query_get(query, len, "state", &value) == 0);
	FUZZ_CHECK(strcmp(buf_text(&value), STATE) == 0);
	buf_reset(&value);
	FUZZ_CHECK(code != error);
	FUZZ_CHECK(query_get(query, len, code ? "code" : "error", &value) == 0);
	FUZZ_CHECK(value.len > 0);
}

static void check_request(const char *text, size_t size)
{
	const char *query = NULL;
	size_t len = 0;
	int r = redirect_request(text, size, STATE, &query, &len);

	FUZZ_CHECK(r >= 0 && strlen(redirect_error_text(r)) > 10);
	if (r != 0) {
		FUZZ_CHECK(!query);
		return;
	}
	FUZZ_CHECK(query > text && query + len < text + size);
	check_query(query, len);
}

static void check_pasted(const char *text, size_t size)
{
	const char *query = NULL, *again = NULL;
	size_t len = 0, again_len = 0;
	int r = redirect_pasted(text, size, STATE, &query, &len);

	FUZZ_CHECK(r >= 0 && strlen(redirect_error_text(r)) > 10);
	if (r != 0) {
		FUZZ_CHECK(!query);
		return;
	}
	FUZZ_CHECK(query >= text && query + len <= text + size);
	check_query(query, len);
	buf_reset(&message);
	buf_puts(&message, "GET /?");
	buf_append(&message, query, len);
	buf_puts(&message, " HTTP/1.1\r\n\r\n");
	FUZZ_CHECK(redirect_request(message.data, message.len, STATE, &again, &again_len) == 0);
	FUZZ_CHECK(again_len == len && memcmp(again, query, len) == 0);
}

static void check_value(const char *text, size_t size)
{
	size_t split = size ? (unsigned char)text[0] % 8 : 0;
	char name[8] = "";

	for (size_t i = 0; i < split && i + 1 < size && text[i + 1]; i++)
		name[i] = text[i + 1];
	buf_reset(&value);
	int r = query_get(text, size, name, &value);
	FUZZ_CHECK(query_has(text, size, name) == (r != QUERY_E_ABSENT));
	FUZZ_CHECK(r == 0 || value.len == 0);
	FUZZ_CHECK(value.len <= size && utf8_valid(buf_text(&value), value.len));
	for (size_t i = 0; i < value.len; i++)
		FUZZ_CHECK((unsigned char)value.data[i] >= ' ' && value.data[i] != 0x7f);
}

static size_t count(const struct buf *b, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == c;
	return n;
}

static void check_page(const char *text, size_t size)
{
	struct redirect_page page = {.status = 400, .title = "", .text = "", .command = ""};

	buf_reset(&message);
	redirect_page_append(&page, &message);
	size_t tags = count(&message, '<');
	buf_reset(&value);
	buf_append(&value, text, size);
	page.title = page.command = buf_text(&value);
	buf_reset(&message);
	redirect_page_append(&page, &message);
	FUZZ_CHECK(count(&message, '<') == tags && count(&message, '\033') == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";

	check_request(text, size);
	check_pasted(text, size);
	check_value(text, size);
	check_page(text, size);
	return 0;
}
