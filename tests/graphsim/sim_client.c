/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/graphsim/sim_core.h"

#define MAX_DEPTH 32
#define MAX_PAGES 100000u

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "sim_client: %s\n", what);
	abort();
}

void sim_client_line(struct sim_client *c, const char *line)
{
	struct buf error = BUF_INIT(SIM_LINE_MAX);
	int r = sim_line(c->sim, line, &error);

	must(r == 0, r > 0 ? line : buf_text(&error));
	buf_done(&error);
}

void sim_client_open(struct sim_client *c, const char *lines)
{
	const struct sim_options options = {.base_url = SIM_CLIENT_URL};

	*c = (struct sim_client){.host = "localhost:8443",
		.agent = "snapwatch/test",
		.request_id = "5f0c9a52-7d1e-4a0f-9c3b-2e8d6f417b90",
		.prefer = "include-unknown-enum-members"};
	must(sim_new(&options, &c->sim) == 0, "sim_new");
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		_cleanup_(freep) char *line = sim_strndup(lines, len);

		sim_client_line(c, line);
		lines += len + (lines[len] == '\n');
	}
}

void sim_client_close(struct sim_client *c)
{
	sim_response_done(&c->answer);
	(void)json_free(c->json);
	(void)sim_free(c->sim);
	free(c->token);
	free(c->refresh);
}

static void add(struct sim_header *headers, size_t *n, const char *name, const char *value)
{
	if (value)
		headers[(*n)++] = (struct sim_header){name, value};
}

int sim_client_send(struct sim_client *c, const char *method, const char *target, const char *body)
{
	_cleanup_(freep) char *bearer = c->token ? sim_printf("Bearer %s", c->token) : NULL;
	bool form = strstr(target, "/oauth2/") != NULL;
	struct sim_header headers[8];
	struct sim_request r = {.method = method,
		.host = c->host,
		.target = target,
		.headers = headers,
		.body = body ? body : "",
		.body_len = body ? strlen(body) : 0};

	add(headers, &r.n_headers, "User-Agent", c->agent);
	add(headers, &r.n_headers, "client-request-id", c->request_id);
	add(headers, &r.n_headers, "Prefer", c->prefer);
	add(headers, &r.n_headers, "Authorization", form ? NULL : bearer);
	add(headers, &r.n_headers, "Content-Type",
		form   ? "application/x-www-form-urlencoded"
		: body ? "application/json"
		       : NULL);
	sim_response_done(&c->answer);
	c->json = json_free(c->json);
	sim_handle(c->sim, &r, &c->answer);
	(void)json_parse(buf_text(&c->answer.body), c->answer.body.len, MAX_DEPTH, &c->json);
	return c->answer.drop ? 0 : c->answer.status;
}

int sim_client_get(struct sim_client *c, const char *fmt, ...)
{
	struct buf target = BUF_INIT(SIM_LINE_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&target, fmt, ap);
	va_end(ap);
	int status = sim_client_send(c, "GET", buf_text(&target), NULL);
	buf_done(&target);
	return status;
}

static void replace(char **slot, const char *text)
{
	if (!text)
		return;
	free(*slot);
	*slot = sim_strdup(text);
}

int sim_client_form(struct sim_client *c, const char *tenant, const char *form)
{
	const struct sim_tenant *t = sim_tenant_by_name(c->sim, tenant);

	must(t, tenant);
	_cleanup_(freep) char *target = sim_printf("/%s/oauth2/v2.0/token", t->id);
	_cleanup_(freep) char *body = sim_printf("client_id=%s&%s", t->client_id, form);
	int status = sim_client_send(c, "POST", target, body);

	replace(&c->token, c->json ? json_string_or(c->json, "access_token", NULL) : NULL);
	replace(&c->refresh, c->json ? json_string_or(c->json, "refresh_token", NULL) : NULL);
	return status;
}

int sim_client_sign_in(struct sim_client *c, const char *tenant, const char *refresh_token)
{
	_cleanup_(freep) char *form = sim_printf(
		"grant_type=refresh_token&refresh_token=%s&scope=https%%3A%%2F%%2F"
		"graph.microsoft.com%%2FEntraBackup.Read.All+EntraBackup.ReadWrite.Preview+"
		"offline_access",
		refresh_token);

	return sim_client_form(c, tenant, form);
}

const char *sim_client_refusal(const struct sim_client *c)
{
	static char text[128];
	const struct json *first = json_first(json_member(c->json, "error_codes"));
	struct buf b = BUF_INIT(64);

	if (first)
		json_append_canonical(&b, first);
	(void)snprintf(
		text, sizeof(text), "%s %s", json_string_or(c->json, "error", ""), buf_text(&b));
	buf_done(&b);
	return text;
}

const char *sim_client_header(const struct sim_client *c, const char *name)
{
	static char value[1024];
	size_t len = strlen(name);

	for (const char *p = buf_text(&c->answer.headers); *p; p = strstr(p, "\r\n") + 2) {
		if (strncasecmp(p, name, len) != 0 || p[len] != ':')
			continue;
		(void)snprintf(
			value, sizeof(value), "%.*s", (int)strcspn(p + len + 2, "\r"), p + len + 2);
		return value;
	}
	return NULL;
}

const char *sim_client_snapshot(struct sim_client *c, size_t i)
{
	static char id[128];
	const struct json *row = NULL;

	if (sim_client_get(c, "/v1.0/directory/recovery/snapshots?$top=999") == 200)
		row = json_first(json_member(c->json, "value"));
	while (row && i--)
		row = json_next(row);
	(void)snprintf(id, sizeof(id), "%s", row ? json_string_or(row, "id", "") : "");
	return id;
}

const char *sim_client_preview(struct sim_client *c, const char *snapshot, const char *body)
{
	static char id[64];
	_cleanup_(freep) char *target =
		sim_printf("/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs", snapshot);
	int status = sim_client_send(c, "POST", target, body);
	const char *location = status == 202 ? sim_client_header(c, "Location") : NULL;

	(void)snprintf(id, sizeof(id), "%s", location ? strrchr(location, '/') + 1 : "");
	return id;
}

struct json *sim_client_changes(struct sim_client *c, const char *snapshot, const char *job,
	unsigned top, size_t *ret_pages)
{
	struct buf all = BUF_INIT(SIM_BODY_MAX);
	struct json *array = NULL;
	size_t pages = 0;
	char *target = sim_printf("/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs/%s/"
				  "microsoft.graph.entraRecoveryServices.getChanges?$top=%u",
		snapshot, job, top);

	buf_putc(&all, '[');
	while (target) {
		must(sim_client_send(c, "GET", target, NULL) == 200 && ++pages < MAX_PAGES, target);
		JSON_EACH (it, json_member(c->json, "value")) {
			if (all.len > 1)
				buf_putc(&all, ',');
			json_append_canonical(&all, it);
		}
		const char *link = json_string_or(c->json, "@odata.nextLink", NULL);
		free(target);
		target = link ? sim_strdup(link + strlen(SIM_CLIENT_URL)) : NULL;
	}
	buf_putc(&all, ']');
	must(json_parse(buf_text(&all), all.len, MAX_DEPTH, &array) == 0, "changes are not JSON");
	buf_done(&all);
	if (ret_pages)
		*ret_pages = pages;
	return array;
}

size_t sim_client_count(const struct json *array)
{
	size_t n = 0;

	JSON_EACH (it, array)
		n++;
	return n;
}
