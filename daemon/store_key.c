/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store_key.h"

#include <errno.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include "common/conf/conf.h"
#include "common/store/store_rekey.h"
#include "common/store/store_secret.h"

#define TEXT_BYTES 4096u
static const char remedy[] = "make one with: openssl rand -base64 32";

/* 0 with the content, or what credential_read() says; that is logged unless it is missing. */
static int read_key(const struct conf *conf, const char *name, struct secret **ret)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_BYTES);
	_cleanup_(freep) char *path = NULL;
	int r = credential_read(conf->credentials_dir, name, ret, &path);

	if (r == 0 || r == CREDENTIAL_E_MISSING)
		return r;
	credential_error_text(r, name, path, &text);
	log_error(NULL, "%s", buf_text(&text));
	return r;
}

static void tell_left(void *arg, const char *tenant_id, enum store_rekey_what what)
{
	const struct conf *conf = arg;

	if (what != STORE_REKEY_FOREIGN && what != STORE_REKEY_BROKEN)
		return;
	for (size_t i = 0; i < conf->n_tenants; i++) {
		const char *name = conf->tenants[i]->name;
		const struct log_ctx ctx = {.tenant = name};

		if (strcmp(conf->tenants[i]->tenant_id, tenant_id) == 0)
			log_warning(&ctx,
				"the sign-in of '%s' %s; sign in again: snapwatch login %s", name,
				what == STORE_REKEY_FOREIGN ? "is sealed with another key"
							    : "is damaged",
				name);
	}
}

/*
 * What the former key seals is sealed anew. Trouble with that is no reason not to start: who
 * cannot sign in is told of, and the rest goes on.
 */
static void rekey(const struct conf *conf, struct store *store, const struct secret *former)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_BYTES);
	struct store_rekeyed n = {{0}};
	int r = store_rekey(store, former, tell_left, (void *)(uintptr_t)conf, &n);

	if (r != 0) {
		store_secret_error_text(r, "", &text);
		log_event(LOG_ERR, LOG_ID_STORE_ERROR, NULL,
			"nothing was sealed with the new '%s': %s; it is tried at the next start",
			STORE_KEY_CREDENTIAL, buf_text(&text));
		return;
	}
	store_rekey_text(&n, &text);
	if (n.n[STORE_REKEY_SEALED])
		log_event(LOG_NOTICE, LOG_ID_STORE_REKEYED, NULL,
			"there is a new '%s': %s; the credential '%s' can go", STORE_KEY_CREDENTIAL,
			buf_text(&text), STORE_FORMER_KEY_CREDENTIAL);
	else
		log_notice(NULL, "the credential '%s' changes nothing (%s) and can go",
			STORE_FORMER_KEY_CREDENTIAL, buf_text(&text));
}

static void load_former(const struct conf *conf, struct store *store)
{
	_cleanup_(secret_freep) struct secret *credential = NULL, *former = NULL;

	if (read_key(conf, STORE_FORMER_KEY_CREDENTIAL, &credential) != 0)
		return;
	int r = store_key_decode(credential, &former);
	if (r < 0)
		log_error(NULL, "credential '%s' must be 32 bytes in base64, as it was before",
			STORE_FORMER_KEY_CREDENTIAL);
	else
		rekey(conf, store, former);
}

int store_key_load(const struct conf *conf, struct store *store)
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_BYTES);
	int r = read_key(conf, STORE_KEY_CREDENTIAL, &key);

	if (r == CREDENTIAL_E_MISSING) {
		credential_error_text(r, STORE_KEY_CREDENTIAL, conf->credentials_dir, &text);
		log_error(NULL, "%s; %s", buf_text(&text), remedy);
	}
	if (r != 0)
		return EXIT_CODE_CONFIG;
	r = store_use_key(store, key);
	if (r < 0) {
		log_error(NULL, "credential '%s' must be 32 bytes in base64; %s",
			STORE_KEY_CREDENTIAL, remedy);
		return EXIT_CODE_CONFIG;
	}
	load_former(conf, store);
	return EXIT_CODE_OK;
}
