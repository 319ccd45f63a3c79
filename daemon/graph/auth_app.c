/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of the app itself: client credentials with a certificate. There is nothing to keep. */
#include "common/base/limits.h"
#include "daemon/graph/auth_private.h"

static void start(struct auth_slot *slot, bool probe)
{
	struct buf form = BUF_INIT_SECRET(LIMIT_SECRET_BYTES);

	(void)probe; /* each is one */
	auth_form_add(&form, "grant_type", "client_credentials");
	auth_slot_send(slot, &form);
}

static void granted(struct auth_slot *slot, struct auth_reply *reply)
{
	auth_slot_won(slot, reply);
}

/* Nobody can sign in for an app: what a person would have to do is the administrator's here. */
static void refused(struct auth_slot *slot, struct auth_reply *reply)
{
	(void)slot;
	if (reply->outcome == AUTH_SIGN_IN)
		reply->outcome = AUTH_CONFIG;
}

static void stop(struct auth_slot *slot)
{
	(void)slot;
}

static const char *scope(const struct conf_tenant *tenant)
{
	(void)tenant;
	return "https://graph.microsoft.com/.default";
}

const struct auth_provider auth_app_provider = {
	.name = "app-only token",
	.scope = scope,
	.confidential = true,
	.start = start,
	.granted = granted,
	.refused = refused,
	.stop = stop,
};
