/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to an answer: who asks, what is wrong with it, which fault meets it, who serves
 * it. */
#include "tests/graphsim/sim.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tests/graphsim/sim_cache.h"
#include "tests/graphsim/sim_check.h"
#include "tests/graphsim/sim_control.h"
#include "tests/graphsim/sim_fault.h"
#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_hook.h"
#include "tests/graphsim/sim_repeat.h"
#include "tests/graphsim/sim_sign_in.h"

int sim_new(const struct sim_options *options, struct sim **ret)
{
	static const char scheme[] = "https://";
	const char *host;

	if (strncmp(options->base_url, scheme, sizeof(scheme) - 1) != 0)
		return -EINVAL;
	struct sim *s = sim_alloc(sizeof(*s));
	s->base_url = sim_strdup(options->base_url);
	s->control = options->control;
	if (options->squeeze)
		sim_cache_new(s, options->squeeze);
	host = s->base_url + sizeof(scheme) - 1;
	s->hosts[s->n_hosts++] = sim_strdup(host);
	if (strncmp(host, "localhost", 9) == 0)
		s->hosts[s->n_hosts++] = sim_printf("127.0.0.1%s", host + 9);
	s->start_us = clock_wall_us();
	s->advanced_us = TIME_NONE;
	*ret = s;
	return 0;
}

static void free_texts(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

struct sim *sim_free(struct sim *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_tenants; i++)
		(void)sim_tenant_free(s->tenants[i]);
	for (size_t i = 0; i < s->n_steps; i++) {
		free(s->steps[i].line);
		free(s->steps[i].dir);
	}
	for (size_t i = 0; i < s->n_faults; i++)
		sim_fault_free(s->faults[i]);
	for (size_t i = 0; i < s->n_tokens; i++)
		sim_token_free(s->tokens[i]);
	for (size_t i = 0; i < s->n_grants; i++)
		sim_grant_free(s->grants[i]);
	for (size_t i = 0; i < s->n_hosts; i++)
		free(s->hosts[i]);
	free_texts(s->assertion_ids, s->n_assertion_ids);
	free_texts(s->secrets, s->n_secrets);
	free_texts(s->violations, s->n_violations);
	sim_hooks_done(s);
	sim_cache_free(s);
	free(s->tenants);
	free(s->steps);
	free(s->faults);
	free(s->tokens);
	free(s->grants);
	free(s->base_url);
	free(s);
	return NULL;
}

/* Cuts a copy of the path at its slashes; the leading one is left out. */
static size_t split(char *path, char **segments)
{
	size_t n = 0;

	for (char *p = path; n < SIM_MAX_SEGMENTS;) {
		segments[n++] = p;
		p = strchr(p, '/');
		if (!p)
			break;
		*p++ = '\0';
	}
	return n;
}

static bool is_graph_path(char *const *segments, size_t n)
{
	return n > 1 && (strcmp(segments[0], "v1.0") == 0 || strcmp(segments[0], "beta") == 0);
}

/* Whoever only asks whether somebody is there. */
static bool is_head(const struct sim_ctx *c)
{
	return strcmp(c->req->method, "HEAD") == 0;
}

static void serve(
	struct sim_ctx *c, const struct sim_sign_in_route *route, char *const *segments, size_t n)
{
	if (is_head(c)) {
		sim_reply(c, 200, NULL);
	} else if (is_graph_path(segments, n)) {
		sim_graph(c, segments, n);
	} else if (route) {
		route->handle(c);
	} else if (n == 2 && strcmp(segments[0], "hook") == 0) {
		sim_hook_receive(c, segments[1]);
	} else {
		sim_violate(c->s, "%s %s: nothing there", c->req->method, c->path);
		sim_reply(c, 404, NULL);
	}
}

/* A request that reached a host which is not ours: nobody may send a token there. */
static void misdirected(struct sim_ctx *c)
{
	sim_violate(c->s, "%s %s: sent to %s%s", c->req->method, c->path, c->req->host,
		sim_header_get(c->req, "Authorization") ? " with a token" : "");
	sim_reply(c, 421, NULL);
}

static void handle(struct sim_ctx *c, char *const *segments, size_t n)
{
	const struct sim_sign_in_route *route = sim_sign_in_route(c->req->method, segments, n);
	bool graph = is_graph_path(segments, n);

	if (!sim_own_host(c->s, c->req->host ? c->req->host : "")) {
		misdirected(c);
		return;
	}
	if (graph && !is_head(c))
		sim_identify(c);
	else if (!graph)
		c->tenant = sim_tenant_by_id(c->s, segments[0]);
	sim_tally(c->s, c->tenant, SIM_COUNT_REQUESTS);
	if (route && route->counter != _SIM_COUNT_MAX)
		sim_tally(c->s, c->tenant, route->counter);
	if (!route || !route->browser)
		sim_check_headers(c, graph && !is_head(c));
	struct sim_fault *f = sim_fault_match(c);
	if (!f || !sim_fault_before(c, f))
		serve(c, route, segments, n);
	if (f)
		sim_fault_after(c, f);
	if (route && route->counter == SIM_COUNT_TOKEN && c->tenant)
		sim_repeat_note(c);
}

void sim_handle(struct sim *s, const struct sim_request *request, struct sim_response *response)
{
	const char *query = strchrnul(request->target, '?');
	char *segments[SIM_MAX_SEGMENTS];
	struct sim_ctx c = {.s = s, .req = request, .res = response};

	*response = (struct sim_response){
		.headers = BUF_INIT(SIM_LINE_MAX), .body = BUF_INIT(SIM_BODY_MAX), .cut_at = -1};
	sim_advance(s);
	c.now_us = clock_wall_us();
	c.path = sim_percent_decode(request->target, (size_t)(query - request->target), false);
	c.query = sim_strdup(*query ? query + 1 : "");
	(void)sim_guid(sim_mix(0x726571, sim_serial(s)), c.request_id);
	_cleanup_(freep) char *parts = sim_strdup(c.path[0] == '/' ? c.path + 1 : c.path);
	size_t n = split(parts, segments);
	if (s->control && strcmp(segments[0], "sim") == 0)
		sim_control(&c, n > 1 ? segments[1] : "");
	else
		handle(&c, segments, n);
	free(c.path);
	free(c.query);
}
