/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's token endpoint: rotation, revocation, consent, and assertions verified for real.
 */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"
#include "tests/graphsim/sim_client.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/tmpdir.h"

#define TENANT_ID "11111111-1111-4111-8111-111111111111"
#define CLIENT_ID "22222222-2222-4222-8222-222222222222"
#define SNAPSHOTS "/v1.0/directory/recovery/snapshots"

static struct sim_client c;

static void set_up(void)
{
	sim_client_open(&c,
		"tenant contoso users=5 refresh_token=first id=" TENANT_ID " client=" CLIENT_ID "\n"
		"tenant fabrikam users=5 refresh_token=other\n");
}

static void tear_down(void)
{
	sim_client_close(&c);
}

START_TEST(rotation_keeps_the_old_token_valid)
{
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_str_eq(json_string_or(c.json, "scope", ""),
		"EntraBackup.Read.All EntraBackup.ReadWrite.Preview");
	ck_assert_str_eq(json_string_or(c.json, "token_type", ""), "Bearer");
	ck_assert_ptr_nonnull(c.refresh);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(reuse_detection_revokes_the_family)
{
	char second[4096];

	sim_client_line(&c, "switch reuse_detection on");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	(void)snprintf(second, sizeof(second), "%s", c.refresh);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 50173");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", second), 400);
	ck_assert_int_eq(sim_client_sign_in(&c, "fabrikam", "other"), 200);
}
END_TEST

START_TEST(without_rotation_no_refresh_token_comes)
{
	sim_client_line(&c, "switch contoso rotation off");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_ptr_null(c.refresh);
}
END_TEST

START_TEST(access_tokens_end)
{
	sim_client_line(&c, "switch token_lifetime 60m");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	clock_virtual_advance(59 * USEC_PER_MIN);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	clock_virtual_advance(USEC_PER_MIN);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 401);
	ck_assert_ptr_nonnull(sim_client_header(&c, "WWW-Authenticate"));
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	sim_client_line(&c, "do contoso expire-tokens");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 401);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	sim_client_line(&c, "do contoso revoke-tokens");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 401);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 50173");
	sim_client_line(&c, "do contoso sign-in refresh_token=again");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "again"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(refresh_tokens_end_after_ninety_days)
{
	clock_virtual_advance(90 * USEC_PER_DAY);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 700082");
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *form, *expect;
		int status;
		size_t violations;
	} rows[] = {
		{"grant_type=refresh_token&refresh_token=first&scope=https://vault.example/"
		 ".default",
			"invalid_scope 70011", 400, 0},
		{"grant_type=refresh_token&refresh_token=nonsense", "invalid_grant 70000", 400, 0},
		{"grant_type=refresh_token&refresh_token=other", "invalid_grant 70000", 400, 1},
		{"grant_type=refresh_token", "invalid_request 900144", 400, 0},
		{"grant_type=password&username=a", "unsupported_grant_type 70003", 400, 0},
		{"refresh_token=first", "invalid_request 900144", 400, 0},
		{"grant_type=refresh_token&refresh_token=first&scope=AuditLog.Read.All",
			"invalid_grant 65001", 400, 0},
		{"grant_type=refresh_token&refresh_token=first&scope=Mail.Read",
			"invalid_scope 70011", 400, 0},
		{"grant_type=refresh_token&refresh_token=first&scope=EntraBackup.ReadWrite."
		 "Recovery",
			"invalid_grant 65001", 400, 1},
		{"grant_type=refresh_token&refresh_token=first&client_assertion=a.b.c",
			"invalid_client 700025", 401, 1},
		{"grant_type=client_credentials&scope=https://graph.microsoft.com/.default",
			"invalid_client 7000218", 401, 0},
	};

	ck_assert_int_eq(sim_client_form(&c, "contoso", rows[_i].form), rows[_i].status);
	ck_assert_str_eq(sim_client_refusal(&c), rows[_i].expect);
	ck_assert_uint_eq(sim_violations(c.sim), rows[_i].violations);
	ck_assert_ptr_null(c.token);
}
END_TEST

START_TEST(unknown_tenant_and_token)
{
	ck_assert_int_eq(sim_client_send(&c, "POST", "/common/oauth2/v2.0/token", "a=b"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_request 90002");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 401);
	ck_assert_uint_eq(sim_violations(c.sim), 2); /* no token at all */
	c.token = strdup("made up");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 401);
	ck_assert_uint_eq(sim_violations(c.sim), 3);
}
END_TEST

START_TEST(scopes_are_needed)
{
	ck_assert_int_eq(
		sim_client_form(&c, "contoso",
			"grant_type=refresh_token&refresh_token=first&scope=EntraBackup.Read.All"),
		200);
	ck_assert_str_eq(sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL), "");
	ck_assert_int_eq(c.answer.status, 403);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_int_eq(
		sim_client_form(&c, "contoso",
			"grant_type=refresh_token&refresh_token=first&scope=EntraBackup.ReadWrite."
			"Preview"),
		200);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 403);
	sim_client_line(&c, "consent contoso delegated=EntraBackup.Read.All");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 65001");
}
END_TEST

/* --- assertions ----------------------------------------------------------------------------------
 */

static EVP_PKEY *key;
static X509 *certificate;

static void make_certificate(void)
{
	const char *dir = tmpdir_make();
	FILE *f = fopen(tmpdir_path("app.pem"), "we");
	char line[512];

	ck_assert_ptr_nonnull(f);
	key = EVP_RSA_gen(2048);
	certificate = X509_new();
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	(void)X509_set_pubkey(certificate, key);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_X509(f, certificate), 1);
	(void)fclose(f);
	(void)snprintf(line, sizeof(line), "certificate contoso %s/app.pem", dir);
	sim_client_line(&c, line);
}

static void set_up_certificate(void)
{
	set_up();
	make_certificate();
}

static void tear_down_certificate(void)
{
	EVP_PKEY_free(key);
	X509_free(certificate);
	tmpdir_remove();
	tear_down();
}

struct assertion {
	const char *alg, *aud, *iss, *sub, *jti;
	int64_t nbf, exp; /* seconds from now */
	int salt;
	bool other_thumbprint, spoiled;
};

static const struct assertion good = {"PS256",
	"https://localhost:8443/" TENANT_ID "/oauth2/v2.0/token", CLIENT_ID, CLIENT_ID,
	"6e1f3b0a-8c2d-4f57-9a60-1d2c3b4a5968", 0, 600, RSA_PSS_SALTLEN_DIGEST, false, false};

static void sign(struct buf *token, int salt)
{
	unsigned char signature[512];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx;

	ck_assert_int_eq(EVP_DigestSignInit(ctx, &key_ctx, EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, salt), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)token->data,
				 token->len),
		1);
	EVP_MD_CTX_free(ctx);
	buf_putc(token, '.');
	base64url_append(token, signature, len);
}

static int request_app_token(const struct assertion *a)
{
	struct buf header = BUF_INIT(4096), claims = BUF_INIT(4096), token = BUF_INIT(8192);
	struct buf form = BUF_INIT(16384);
	unsigned char digest[32] = {0};
	int64_t now = clock_wall_us() / USEC_PER_SEC;

	if (!a->other_thumbprint)
		(void)X509_digest(certificate, EVP_sha256(), digest, &(unsigned){0});
	buf_printf(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"x5t#S256\":\"", a->alg);
	base64url_append(&header, digest, sizeof(digest));
	buf_puts(&header, "\"}");
	buf_printf(&claims,
		"{\"aud\":\"%s\",\"iss\":\"%s\",\"sub\":\"%s\",\"jti\":\"%s\",\"nbf\":%lld,\"iat\":"
		"%lld,"
		"\"exp\":%lld}",
		a->aud, a->iss, a->sub, a->jti, (long long)(now + a->nbf), (long long)now,
		(long long)(now + a->exp));
	base64url_append(&token, header.data, header.len);
	buf_putc(&token, '.');
	base64url_append(&token, claims.data, claims.len);
	sign(&token, a->salt);
	if (a->spoiled)
		token.data[token.len - 5] = token.data[token.len - 5] == 'A' ? 'B' : 'A';
	buf_printf(&form,
		"grant_type=client_credentials&scope=https%%3A%%2F%%2Fgraph.microsoft.com%%2F."
		"default"
		"&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%"
		"3Ajwt-bearer"
		"&client_assertion=%s",
		buf_text(&token));
	int status = sim_client_form(&c, "contoso", buf_text(&form));
	buf_done(&header);
	buf_done(&claims);
	buf_done(&token);
	buf_done(&form);
	return status;
}

START_TEST(app_token_by_assertion)
{
	ck_assert_int_eq(request_app_token(&good), 200);
	ck_assert_ptr_null(json_member(c.json, "refresh_token"));
	ck_assert_ptr_null(json_member(c.json, "scope"));
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	/* previews need a user */
	ck_assert_str_eq(sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL), "");
	ck_assert_int_eq(c.answer.status, 403);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	/* an assertion is for once */
	ck_assert_int_eq(request_app_token(&good), 401);
	ck_assert_ptr_nonnull(strstr(sim_violation(c.sim, 1), "used before"));
	/* and now the client is confidential */
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 401);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_client 7000218");
}
END_TEST

START_TEST(bad_assertions)
{
	struct assertion a = good;
	static const char *const expect[] = {"invalid_client 50013", "invalid_client 50013",
		"invalid_client 50013", "invalid_client 50013", "invalid_client 50013",
		"invalid_client 700024", "invalid_client 700024", "invalid_client 700024",
		"invalid_client 700027", "invalid_client 700027", "invalid_client 700027"};

	switch (_i) {
	case 0:
		a.alg = "RS256";
		break;
	case 1:
		a.aud = "https://localhost:8443/common/oauth2/v2.0/token";
		break;
	case 2:
		a.iss = TENANT_ID;
		break;
	case 3:
		a.sub = TENANT_ID;
		break;
	case 4:
		a.jti = "1";
		break;
	case 5:
		a.nbf = -900, a.exp = -300;
		break;
	case 6:
		a.exp = 86400;
		break;
	case 7:
		a.nbf = 3600, a.exp = 4200;
		break;
	case 8:
		a.other_thumbprint = true;
		break;
	case 9:
		a.spoiled = true;
		break;
	case 10:
		a.salt = 20;
		break;
	default:
		ck_abort();
	}
	ck_assert_int_eq(request_app_token(&a), 401);
	ck_assert_str_eq(sim_client_refusal(&c), expect[_i]);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_int_eq(request_app_token(&good), 200);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_token");
	TCase *t = tcase_create("refresh"), *a = tcase_create("assertion");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, rotation_keeps_the_old_token_valid);
	tcase_add_test(t, reuse_detection_revokes_the_family);
	tcase_add_test(t, without_rotation_no_refresh_token_comes);
	tcase_add_test(t, access_tokens_end);
	tcase_add_test(t, refresh_tokens_end_after_ninety_days);
	tcase_add_loop_test(t, refusals, 0, 11);
	tcase_add_test(t, unknown_tenant_and_token);
	tcase_add_test(t, scopes_are_needed);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(a, set_up_certificate, tear_down_certificate);
	tcase_add_test(a, app_token_by_assertion);
	tcase_add_loop_test(a, bad_assertions, 0, 11);
	suite_add_tcase(s, a);
	return s;
}
