/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the sign-in, and what a tenant starts with. */
#include "tests/graphsim/sim_sign_in.h"

#include <string.h>

static void token(struct sim_ctx *c)
{
	sim_token_endpoint(c);
}

/* Browsers ask for it by themselves; nobody else has a reason to. */
static void favicon(struct sim_ctx *c)
{
	const char *agent = sim_header_get(c->req, "User-Agent");

	if (agent && strncmp(agent, "snapwatch/", 10) == 0)
		sim_violate(c->s, "GET %s: nothing there", c->path);
	sim_reply(c, 404, NULL);
}

static const struct sim_sign_in_route routes[] = {
	{"POST", 4, "v2.0", "token", false, SIM_COUNT_TOKEN, token},
	{"POST", 4, "v2.0", "devicecode", false, SIM_COUNT_DEVICE, sim_device_start},
	{"GET", 4, "v2.0", "authorize", true, SIM_COUNT_AUTHORIZE, sim_authorize},
	{"GET", 3, "v2.0", "adminconsent", true, SIM_COUNT_AUTHORIZE, sim_admin_consent},
	{"GET", 2, NULL, "adminconsent", true, SIM_COUNT_AUTHORIZE, sim_admin_consent},
	{"POST", 2, NULL, "login", true, SIM_COUNT_AUTHORIZE, sim_login},
	{"GET", 1, NULL, "devicelogin", true, SIM_COUNT_DEVICE, sim_device_page},
	{"GET", 1, NULL, "favicon.ico", true, _SIM_COUNT_MAX, favicon},
	{"POST", 1, NULL, "devicelogin", true, SIM_COUNT_DEVICE, sim_device_page},
};

const struct sim_sign_in_route *sim_sign_in_route(
	const char *method, char *const *segments, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		const struct sim_sign_in_route *r = &routes[i];

		if (r->n == n && strcmp(r->method, method) == 0 &&
			strcmp(r->last, segments[n - 1]) == 0 &&
			(!r->before || strcmp(r->before, segments[n - 2]) == 0) &&
			(n < 4 || strcmp(segments[1], "oauth2") == 0))
			return r;
	}
	return NULL;
}

struct sim_sign_in *sim_sign_in_new(void)
{
	struct sim_sign_in *in = sim_alloc(sizeof(*in));

	in->device.interval_us = 5 * USEC_PER_SEC;
	in->device.expires_us = 15 * USEC_PER_MIN;
	in->refresh_us = 90 * USEC_PER_DAY;
	return in;
}

struct sim_sign_in *sim_sign_in_free(struct sim_sign_in *in)
{
	for (size_t i = 0; i < in->n_users; i++)
		sim_user_free(in->users[i]);
	for (size_t i = 0; i < in->n_redirects; i++)
		free(in->redirects[i].uri);
	for (size_t i = 0; i < in->n_refused; i++)
		free(in->refused[i].retry_after);
	for (size_t i = 0; i < in->n_claims; i++) {
		free(in->claims[i].key);
		free(in->claims[i].json);
	}
	free(in->users);
	free(in->refused);
	free(in);
	return NULL;
}
