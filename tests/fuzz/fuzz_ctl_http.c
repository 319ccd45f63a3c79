/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answers that the command line reads from the control socket: the body is never longer than
 * what came, a cut answer is never taken for a whole one, and whatever body there is arrives
 * unchanged when it is framed by length or by chunks.
 */
#include <string.h>

#include "common/ctl/ctl_http.h"
#include "tests/fuzz/fuzz.h"

static struct buf body = {.max = 1u << 20}, message = {.max = 1u << 20}, back = {.max = 1u << 20};

static void check_read(unsigned status, const char *text, size_t len)
{
	unsigned got = 0;

	buf_reset(&back);
	FUZZ_CHECK(ctl_http_response(message.data, message.len, &got, &back) == 0);
	FUZZ_CHECK(got == status && back.len == len);
	FUZZ_CHECK(len == 0 || memcmp(back.data, text, len) == 0);
	buf_reset(&back);
	size_t cut = 1 + len * 7 % message.len; /* anywhere */
	FUZZ_CHECK(ctl_http_response(message.data, message.len - cut, &got, &back) != 0);
}

static void check_lengths(const char *text, size_t len)
{
	buf_reset(&message);
	buf_printf(&message, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	buf_append(&message, text, len);
	check_read(200, text, len);
}

static void check_chunks(const char *text, size_t len, size_t chunk)
{
	buf_reset(&message);
	buf_puts(&message, "HTTP/1.1 409 Busy\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < len; at += chunk) {
		size_t n = len - at < chunk ? len - at : chunk;

		buf_printf(&message, "%zx\r\n", n);
		buf_append(&message, text + at, n);
		buf_puts(&message, "\r\n");
	}
	buf_puts(&message, "0\r\n\r\n");
	check_read(409, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	unsigned status = 1000;

	buf_reset(&body);
	int r = ctl_http_response(text, size, &status, &body);
	FUZZ_CHECK(r == 0 || r == CTL_HTTP_E_CUT || r == CTL_HTTP_E_BAD);
	if (r == 0) {
		FUZZ_CHECK(status <= 999 && !(status >= 100 && status < 200));
		FUZZ_CHECK(body.len <= size);
	} else {
		FUZZ_CHECK(status == 1000);
	}
	check_lengths(text, size);
	check_chunks(text, size, size ? 1 + (uint8_t)text[0] : 1);
	return 0;
}
