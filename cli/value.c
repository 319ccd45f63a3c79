/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value.h"

#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"

void value_append(const char *json, struct buf *out)
{
	_cleanup_(json_freep) struct json *v = NULL;
	const char *text;

	if (!json) {
		buf_puts(out, "(not told)");
		return;
	}
	if (json_parse(json, strlen(json), LIMIT_JSON_DEPTH, &v) != 0) {
		buf_puts(out, json);
		return;
	}
	text = json_string(v);
	if (text)
		buf_puts(out, *text ? text : "\"\"");
	else
		buf_puts(out, json_is_null(v) ? "(null)" : json);
}
