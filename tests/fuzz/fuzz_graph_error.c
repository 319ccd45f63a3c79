/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error bodies of Graph: whatever comes, one visible line within its columns that begins with the
 * status.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/text.h"
#include "daemon/graph/graph_error.h"
#include "tests/fuzz/fuzz.h"

static struct buf line = {.max = 2048};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	long status = 400 + fuzz_byte(&in);
	const char *body = in.len ? (const char *)in.data : "";
	struct json *root = NULL;
	char begin[32];

	buf_reset(&line);
	graph_error_text(status, body, in.len, &line);
	fuzz_check_line(&line, 2047);
	(void)snprintf(begin, sizeof(begin), "HTTP %ld", status);
	FUZZ_CHECK(strncmp(buf_text(&line), begin, strlen(begin)) == 0);
	FUZZ_CHECK(text_columns(buf_text(&line)) <= 300);

	bool object =
		json_parse(body, in.len, 64, &root) == 0 && json_type(root) == JSON_TYPE_OBJECT;
	FUZZ_CHECK(!object || graph_body_usable(body, in.len));
	FUZZ_CHECK(
		!graph_error_not_finished(body, in.len) || (object && json_member(root, "error")));
	json_free(root);
	return 0;
}
