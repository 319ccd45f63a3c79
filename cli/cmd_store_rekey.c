/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapwatch store rekey: what a former store key has sealed is sealed with the present one. Needs
 * the lock of the store, so no daemon may run; one that starts does the same by itself.
 */
#include <string.h>

#include "cli/cli.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/secret.h"
#include "common/conf/conf.h"
#include "common/store/store_rekey.h"
#include "common/store/store_secret.h"

struct rekey {
	struct cli *c;
	struct store *store;
	struct secret *key; /* as in its file */
	struct secret *former;
	struct buf left; /* who has to sign in again */
};

static void rekey_done(struct rekey *k)
{
	(void)store_close(k->store);
	(void)secret_free(k->key);
	(void)secret_free(k->former);
	buf_done(&k->left);
}

static int refuse_credential(int r, const char *name, const char *path)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_URL_BYTES);

	credential_error_text(r, name, path, &text);
	return cli_error(EXIT_CODE_CONFIG, "%s", buf_text(&text));
}

/* An exit code; *ret stays NULL when there is no file and none was named. */
static int read_former(struct rekey *k, struct secret **ret)
{
	_cleanup_(freep) char *path = NULL;
	const char *named = k->c->args->old_key;
	int r = named ? credential_read_file(named, ret)
		      : credential_read(k->c->conf->credentials_dir, STORE_FORMER_KEY_CREDENTIAL,
				ret, &path);

	if (r == 0 || (r == CREDENTIAL_E_MISSING && !named))
		return EXIT_CODE_OK;
	return refuse_credential(r, STORE_FORMER_KEY_CREDENTIAL, named ? named : path);
}

static int read_keys(struct rekey *k)
{
	_cleanup_(secret_freep) struct secret *former = NULL;
	_cleanup_(freep) char *path = NULL;
	int r = credential_read(k->c->conf->credentials_dir, STORE_KEY_CREDENTIAL, &k->key, &path);

	if (r != 0)
		return refuse_credential(r, STORE_KEY_CREDENTIAL, path);
	int code = read_former(k, &former);
	if (code != EXIT_CODE_OK || !former)
		return code;
	if (store_key_decode(former, &k->former) < 0)
		return cli_error(EXIT_CODE_CONFIG,
			"the former key must be 32 bytes in base64, as it was before");
	if (secret_equal(former, k->key))
		return cli_error(EXIT_CODE_CONFIG,
			"both files hold the same key: put the new one into '%s' first",
			STORE_KEY_CREDENTIAL);
	return EXIT_CODE_OK;
}

static int open_secrets(struct rekey *k)
{
	_cleanup_(freep) char *detail = NULL;
	int r = store_open_secrets(k->c->conf->store, &k->store, &detail);

	if (r == STORE_E_LOCKED)
		return cli_error(EXIT_CODE_REFUSED,
			"%s: restart it with the credential '%s' beside '%s', and it does this"
			" itself; or stop it first",
			detail ? detail : "", STORE_FORMER_KEY_CREDENTIAL, STORE_KEY_CREDENTIAL);
	if (r != 0)
		return cli_error(EXIT_CODE_STORE, "%s", detail ? detail : err_text(r));
	if (store_use_key(k->store, k->key) < 0)
		return cli_error(EXIT_CODE_CONFIG,
			"credential '%s' must be 32 bytes in base64; make one with: openssl rand"
			" -base64 32",
			STORE_KEY_CREDENTIAL);
	return EXIT_CODE_OK;
}

static const char *name_of(const struct conf *conf, const char *tenant_id)
{
	for (size_t i = 0; i < conf->n_tenants; i++)
		if (strcmp(conf->tenants[i]->tenant_id, tenant_id) == 0)
			return conf->tenants[i]->name;
	return tenant_id;
}

static void note_left(void *arg, const char *tenant_id, enum store_rekey_what what)
{
	struct rekey *k = arg;
	const char *name = name_of(k->c->conf, tenant_id);

	if (*tenant_id && (what == STORE_REKEY_FOREIGN || what == STORE_REKEY_BROKEN))
		buf_printf(&k->left, "; that of '%s' %s: snapwatch login %s", name,
			what == STORE_REKEY_BROKEN ? "is damaged" : "is sealed with another key",
			name);
}

/* Words and exit code of what was done. */
static int conclude(struct rekey *k, const struct store_rekeyed *n)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	bool left = n->n[STORE_REKEY_FOREIGN] || n->n[STORE_REKEY_BROKEN];

	store_rekey_text(n, &text);
	buf_puts(&text, buf_text(&k->left));
	if (n->n[STORE_REKEY_FOREIGN] && !k->former)
		buf_printf(&text,
			"; or put the former key into the credential '%s', or name its file with"
			" --old-key, and try again",
			STORE_FORMER_KEY_CREDENTIAL);
	else if (n->n[STORE_REKEY_SEALED] && !left)
		buf_puts(&text, "; the former key can go");
	return cli_outcome(k->c, left ? EXIT_CODE_STORE : EXIT_CODE_OK, buf_text(&text));
}

static int rekey(struct rekey *k)
{
	struct store_rekeyed n = {{0}};
	int code = cli_conf(k->c);

	if (code == EXIT_CODE_OK)
		code = read_keys(k);
	if (code == EXIT_CODE_OK)
		code = open_secrets(k);
	if (code != EXIT_CODE_OK)
		return code;
	int r = store_rekey(k->store, k->former, note_left, k, &n);
	if (r != 0)
		return cli_error(EXIT_CODE_STORE,
			"secrets.db: %s; nothing was changed, so try again", db_error_meaning(r));
	return conclude(k, &n);
}

int cmd_store_rekey(struct cli *c)
{
	_cleanup_(rekey_done) struct rekey k = {.c = c, .left = BUF_INIT(LIMIT_VIEW_BYTES)};

	secret_protect_process();
	return rekey(&k);
}
