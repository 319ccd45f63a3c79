/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id tokens and names of granted permissions. What is for us says so by a second look; a sign-in
 * without a fault is that of the account, with what is needed and nothing else; every word about it
 * is visible.
 *
 * The first byte: whether the token comes as it is or as the JSON within, and whether more
 * permissions are allowed; a line of permissions ("-": none were named); the rest is the token.
 */
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "daemon/graph/enrol_check.h"
#include "daemon/graph/id_token.h"
#include "tests/fuzz/fuzz.h"

#define TENANT "11111111-1111-4111-8111-111111111111"
#define CLIENT "22222222-2222-4222-8222-222222222222"
#define ACCOUNT "anna@contoso.com"
#define NOW_US (1763920800 * USEC_PER_SEC)
#define SKEW_US (5 * USEC_PER_MIN)

static const struct id_token_wanted wanted = {
	.authority = "https://login.example",
	.tenant_id = TENANT,
	.client_id = CLIENT,
	.nonce = "n",
	.now_us = NOW_US,
};
static const struct conf_tenant tenant = {
	.name = (char *)"contoso", .tenant_id = (char *)TENANT, .account = (char *)ACCOUNT};

static struct buf token = {.max = LIMIT_TOKEN_REPLY_BYTES}, why = {.max = 8 * LIMIT_URL_BYTES};

static void check_lines(const struct buf *lines)
{
	struct buf line = BUF_INIT(lines->len + 1);

	for (const char *at = buf_text(lines); *at;) {
		size_t n = strcspn(at, "\n");

		FUZZ_CHECK(n > 0 && at[n] == '\n');
		buf_reset(&line);
		buf_append(&line, at, n);
		fuzz_check_visible(buf_text(&line));
		at += n + 1;
	}
	buf_done(&line);
}

static bool word_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strcasestr(at, word)); at++) {
		bool begins = at == list || at[-1] == ' ' || at[-1] == '/';

		if (begins && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void check_granted(const struct id_token *t, const char *scopes, bool allow)
{
	const struct enrol_granted granted = {.who = t, .scopes = scopes, .allow_extra = allow};
	struct enrol_verdict v;

	FUZZ_CHECK(enrol_check(&tenant, &granted, &v) == 0);
	check_lines(&v.faults);
	check_lines(&v.warnings);
	fuzz_check_visible(buf_text(&v.hint));
	FUZZ_CHECK(!v.faults.len == !v.hint.len);
	if (v.faults.len == 0) {
		FUZZ_CHECK(t->username && strcasecmp(t->username, ACCOUNT) == 0);
		FUZZ_CHECK(!scopes || (word_in(scopes, "EntraBackup.Read.All") &&
					      word_in(scopes, "EntraBackup.ReadWrite.Preview")));
		FUZZ_CHECK(!scopes || allow || !word_in(scopes, "EntraBackup.ReadWrite.Recovery"));
	}
	enrol_verdict_done(&v);
}

static void check_token(const struct id_token *t)
{
	buf_reset(&why);
	if (id_token_check(t, &wanted, &why) != 0) {
		FUZZ_CHECK(why.len > 0);
		fuzz_check_visible(buf_text(&why));
		return;
	}
	FUZZ_CHECK(why.len == 0);
	FUZZ_CHECK(strcasecmp(t->tenant_id, TENANT) == 0 && strcasecmp(t->audience, CLIENT) == 0);
	FUZZ_CHECK(strcasecmp(t->issuer, "https://login.example/" TENANT "/v2.0") == 0);
	FUZZ_CHECK(strcmp(t->nonce, "n") == 0);
	FUZZ_CHECK(t->expires_us >= NOW_US - SKEW_US);
	FUZZ_CHECK(t->starts_us == TIME_NONE || t->starts_us <= NOW_US + SKEW_US);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t how = fuzz_byte(&in);
	char scopes[1024];
	struct id_token t = {0};

	(void)fuzz_line(&in, scopes, sizeof(scopes));
	buf_reset(&token);
	if (how & 1) {
		buf_append(&token, in.data, in.len);
	} else {
		buf_puts(&token, "e30.");
		base64url_append(&token, in.data, in.len);
		buf_puts(&token, ".");
	}
	int r = id_token_read(buf_text(&token), token.len, &t);
	FUZZ_CHECK(r == 0 || r == ID_TOKEN_E_FORM || r == ID_TOKEN_E_CLAIM);
	if (r == 0) {
		FUZZ_CHECK(t.n_roles <= LIMIT_ID_TOKEN_ROLES && t.guest >= -1 && t.guest <= 1);
		check_token(&t);
	}
	check_granted(&t, strcmp(scopes, "-") == 0 ? NULL : scopes, how & 2);
	id_token_done(&t);
	return 0;
}
