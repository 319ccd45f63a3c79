/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

void fuzz_broken(const char *expression, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: not true: %s\n", file, line, expression);
	abort();
}

void fuzz_check_visible(const char *text)
{
	FUZZ_CHECK(utf8_valid(text, strlen(text)));
	for (const char *p = text; *p; p++)
		FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
}

void fuzz_check_line(const struct buf *text, size_t max)
{
	FUZZ_CHECK(buf_error(text) == 0);
	FUZZ_CHECK(text->len <= max && strlen(buf_text(text)) == text->len);
	fuzz_check_visible(buf_text(text));
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->data++;
}

const char *fuzz_line(struct fuzz_input *in, char *out, size_t size)
{
	size_t n = 0;

	while (in->len > 0) {
		char c = (char)fuzz_byte(in);

		if (c == '\n')
			break;
		if (n < size - 1)
			out[n++] = c;
	}
	out[n] = '\0';
	return out;
}
