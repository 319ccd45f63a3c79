/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/enrol_answer.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/query.h"
#include "common/base/text.h"

static int check_state(const char *query, size_t len, const struct secret *state)
{
	_cleanup_(buf_done) struct buf got = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES);
	int r = query_get(query, len, "state", &got);

	if (r == -ENOMEM)
		return r;
	return r == 0 && got.len == state->len &&
			       bytes_equal_secret(got.data, state->data, state->len)
		       ? 0
		       : ENROL_ANSWER_E_STATE;
}

static int read_code(const char *query, size_t len, struct secret **ret)
{
	_cleanup_(buf_done) struct buf code = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES);
	int r = query_get(query, len, "code", &code);

	if (r == 0 && code.len == 0)
		return QUERY_E_BAD;
	return r == 0 ? secret_new(code.data, code.len, ret) : r;
}

static int read_text(const char *query, size_t len, const char *name, char **ret)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_LOGIN_ANSWER_BYTES);
	int r = query_get(query, len, name, &text);

	return r == 0 ? text_copy(buf_text(&text), ret) : r;
}

void enrol_answer_done(struct enrol_answer *a)
{
	(void)secret_free(a->code);
	free(a->error);
	free(a->description);
	*a = (struct enrol_answer){0};
}

int enrol_answer_read(
	const char *query, size_t len, const struct secret *state, struct enrol_answer *ret)
{
	_cleanup_(enrol_answer_done) struct enrol_answer a = {0};
	int r = check_state(query, len, state);

	if (r != 0)
		return r;
	int code = read_code(query, len, &a.code);
	int error = read_text(query, len, "error", &a.error);
	if (code == -ENOMEM || error == -ENOMEM)
		return -ENOMEM;
	bool granted = code == 0 && error == QUERY_E_ABSENT;
	bool refused = error == 0 && *a.error && code == QUERY_E_ABSENT;
	if (!granted && !refused)
		return ENROL_ANSWER_E_FORM;
	if (a.error) {
		r = read_text(query, len, "error_description", &a.description);
		if (r != 0 && r != -ENOMEM)
			r = text_copy("", &a.description);
		if (r < 0)
			return r;
	}
	*ret = a;
	a = (struct enrol_answer){0};
	return 0;
}
