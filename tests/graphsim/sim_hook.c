/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_hook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/parse.h"

/*
 * Standard Webhooks: a receiver refuses what is older or newer than that. Of real time: under a
 * clock that runs 3,600 times as fast five of its minutes are over before a busy machine has
 * carried a request from one program to the other.
 */
#define TOLERANCE_US (5 * USEC_PER_MIN)
#define PREFIX "whsec_"

int sim_hook_add(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);
	const char *secret = sim_word_option(c->w, c->i, "secret", NULL);
	size_t prefix = strlen(PREFIX);
	struct buf key = BUF_INIT(128);

	if (!name || !secret || strncmp(secret, PREFIX, prefix) != 0)
		return sim_cmd_error(c, "hook NAME secret=" PREFIX "...");
	if (base64_decode(secret + prefix, strlen(secret + prefix), &key) < 0 || key.len < 24 ||
		key.len > 64) {
		buf_done(&key);
		return sim_cmd_error(c, "a secret is " PREFIX " and the base64 of 24 to 64 bytes");
	}
	struct sim_hook *h = sim_grow(&c->s->hooks, &c->s->n_hooks, sizeof(*h));
	h->name = sim_strdup(name);
	h->key = key;
	return 0;
}

static const struct sim_hook *find_hook(const struct sim *s, const char *name)
{
	for (size_t i = 0; i < s->n_hooks; i++)
		if (strcmp(s->hooks[i].name, name) == 0)
			return &s->hooks[i];
	return NULL;
}

/* True when one of the blank-separated signatures is the one expected. */
static bool signed_by(const struct sim_ctx *c, const struct sim_hook *h, const char *id,
	const char *stamp, const char *signatures)
{
	struct buf text = BUF_INIT(SIM_BODY_MAX), expected = BUF_INIT(128);
	uint8_t mac[SHA256_SIZE];
	bool found = false;

	buf_printf(&text, "%s.%s.", id, stamp);
	buf_append(&text, c->req->body, c->req->body_len);
	if (hmac_sha256(buf_text(&h->key), h->key.len, buf_text(&text), text.len, mac) == 0) {
		buf_puts(&expected, "v1,");
		base64_append(&expected, mac, sizeof(mac));
		for (size_t len; *signatures; signatures += len) {
			signatures += strspn(signatures, " ");
			len = strcspn(signatures, " ");
			found |= len == expected.len && memcmp(signatures, expected.data, len) == 0;
		}
	}
	buf_done(&text);
	buf_done(&expected);
	return found;
}

/* NULL, or what is wrong with the delivery. */
static const char *check(const struct sim_ctx *c, const struct sim_hook *h)
{
	const char *id = sim_header_get(c->req, "webhook-id");
	const char *stamp = sim_header_get(c->req, "webhook-timestamp");
	const char *signatures = sim_header_get(c->req, "webhook-signature");
	const char *type = sim_header_get(c->req, "Content-Type");
	uint64_t seconds;

	if (!id || !*id || strchr(id, '.'))
		return "webhook-id is missing or has a dot";
	if (!stamp || parse_u64(stamp, 0, UINT32_MAX, &seconds) < 0)
		return "webhook-timestamp is missing or no number";
	if (clock_kernel_delay_us(llabs((int64_t)seconds * USEC_PER_SEC - c->now_us)) >
		TOLERANCE_US)
		return "webhook-timestamp is more than five minutes away";
	if (!type || strncmp(type, "application/json", 16) != 0)
		return "Content-Type is not application/json";
	if (!signatures || !signed_by(c, h, id, stamp, signatures))
		return "webhook-signature is missing or wrong";
	return NULL;
}

static void keep(struct sim_ctx *c, const char *name)
{
	const char *id = sim_header_get(c->req, "webhook-id");
	bool repeated = false;

	for (size_t i = 0; i < c->s->n_deliveries; i++)
		repeated |= strcmp(c->s->deliveries[i].id, id) == 0 &&
			    strcmp(c->s->deliveries[i].hook, name) == 0;
	struct sim_delivery *d = sim_grow(&c->s->deliveries, &c->s->n_deliveries, sizeof(*d));
	*d = (struct sim_delivery){.hook = sim_strdup(name),
		.id = sim_strdup(id),
		.body = sim_strndup(c->req->body, c->req->body_len),
		.repeated = repeated};
}

void sim_hook_receive(struct sim_ctx *c, const char *name)
{
	const struct sim_hook *h = find_hook(c->s, name);
	const char *wrong = NULL;
	int status = 204;

	sim_tally(c->s, NULL, SIM_COUNT_WEBHOOK);
	if (!h)
		wrong = "there is no such receiver";
	else if (strcmp(c->req->method, "POST") != 0)
		wrong = "a receiver is posted to";
	else
		wrong = check(c, h);
	if (wrong) {
		sim_violate(c->s, "%s %s: %s", c->req->method, c->path, wrong);
		status = h ? 400 : 404;
	} else {
		keep(c, name);
	}
	sim_reply(c, status, NULL);
}

size_t sim_hooks(const struct sim *s)
{
	return s->n_deliveries;
}

const char *sim_hook_body(const struct sim *s, size_t i)
{
	return i < s->n_deliveries ? s->deliveries[i].body : NULL;
}

const char *sim_hook_id(const struct sim *s, size_t i)
{
	return i < s->n_deliveries ? s->deliveries[i].id : NULL;
}

const char *sim_hook_name(const struct sim *s, size_t i)
{
	return i < s->n_deliveries ? s->deliveries[i].hook : NULL;
}

bool sim_hook_repeated(const struct sim *s, size_t i)
{
	return i < s->n_deliveries && s->deliveries[i].repeated;
}

void sim_hooks_done(struct sim *s)
{
	for (size_t i = 0; i < s->n_hooks; i++) {
		free(s->hooks[i].name);
		buf_done(&s->hooks[i].key);
	}
	for (size_t i = 0; i < s->n_deliveries; i++) {
		free(s->deliveries[i].hook);
		free(s->deliveries[i].id);
		free(s->deliveries[i].body);
	}
	free(s->hooks);
	free(s->deliveries);
}
