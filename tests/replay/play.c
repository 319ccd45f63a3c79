/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a scenario, and a scenario line by line. README.md has the language. */
#include "tests/replay/play.h"
#include "tests/support/pem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/conf/conf.h"
#include "daemon/control/control.h"
#include "daemon/internal.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"

/* --- words --------------------------------------------------------------------------------------
 */

/* The value of key=value in a line, copied into out; "" when it is not there. */
static const char *word_value(const char *line, const char *key, char *out, size_t size)
{
	const char *at = line;
	size_t len = strlen(key);

	*out = '\0';
	while ((at = strstr(at, key))) {
		if (at != line && at[-1] == ' ' && at[len] == '=') {
			(void)snprintf(
				out, size, "%.*s", (int)strcspn(at + len + 1, " \t"), at + len + 1);
			break;
		}
		at += len;
	}
	return out;
}

static int write_credential(
	const struct world *w, const char *name, const char *suffix, const char *value)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s%s", w->dir, name, suffix);
	return file_write_atomic(path, value, strlen(value), 0600);
}

static int do_credential(const struct world *w, const char *line)
{
	char name[65], value[128];

	if (sscanf(line, "credential %64s %127s", name, value) != 2)
		return -EINVAL;
	return write_credential(w, name, "", value);
}

/* `key-pair TENANT TIME`: key and certificate, good until then, as credential TENANT-app; the
 * service knows it beside those before it. */
static int do_key_pair(struct world *w, const char *line, struct buf *error)
{
	_cleanup_(buf_done) struct buf pem = BUF_INIT(LIMIT_SECRET_BYTES);
	char name[65], until[40], text[300];
	int64_t until_us;

	if (sscanf(line, "key-pair %64s %39s", name, until) != 2 ||
		world_time(w, until, &until_us) != 0)
		return -EINVAL;
	pem_make(2048, until_us, &pem);
	int r = write_credential(w, name, "-app", buf_text(&pem));
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "certificate %s %s/%s-app", name, w->dir, name);
	world_at_service(w);
	r = sim_line(w->sim, text, error);
	world_at_host(w);
	return r;
}

/* A tenant of the simulator is a tenant of the daemon; `tenant-conf NAME TEXT` adds keys to it. */
static int do_tenant(struct world *w, const char *line)
{
	char name[65], id[64], client[64], token[128];

	if (sscanf(line, "tenant %64s", name) != 1)
		return -EINVAL;
	buf_printf(&w->tenants,
		"tenant \"%s\" {\n  tenant_id = \"%s\"\n  client_id = \"%s\"\n  graph_url = "
		"\"" WORLD_GRAPH "/v1.0\"\n  authority = \"" WORLD_GRAPH "\"\n  #%s\n}\n",
		name, word_value(line, "id", id, sizeof(id)),
		word_value(line, "client", client, sizeof(client)), name);
	return write_credential(
		w, name, ".refresh_token", word_value(line, "refresh_token", token, sizeof(token)));
}

/* Puts keys where the tenant's marker is, in front of it. */
static int do_tenant_conf(struct world *w, const char *line)
{
	char name[65], marker[80];
	int used = 0;

	if (sscanf(line, "tenant-conf %64s %n", name, &used) != 1)
		return -EINVAL;
	(void)snprintf(marker, sizeof(marker), "  #%s\n", name);
	const char *at = strstr(buf_text(&w->tenants), marker);
	if (!at)
		return -ENOENT;
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	buf_append(&text, w->tenants.data, (size_t)(at - w->tenants.data));
	buf_printf(&text, "  %s\n", line + used);
	buf_puts(&text, at);
	buf_done(&w->tenants);
	w->tenants = text;
	return buf_error(&text);
}

/* `tenant-conf-drop NAME TEXT`: the tenant's lines that begin with TEXT go. */
static int do_tenant_conf_drop(struct world *w, const char *line)
{
	char name[65], begin[80];
	int used = 0;
	bool inside = false, dropped = false;
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);

	if (sscanf(line, "tenant-conf-drop %64s %n", name, &used) != 1 || !line[used])
		return -EINVAL;
	(void)snprintf(begin, sizeof(begin), "tenant \"%s\" ", name);
	for (const char *at = buf_text(&w->tenants); *at;) {
		size_t len = strcspn(at, "\n") + 1, blanks = strspn(at, " ");

		inside = strncmp(at, begin, strlen(begin)) == 0 || (inside && *at != '}');
		bool drop = inside && strncmp(at + blanks, line + used, strlen(line + used)) == 0;
		if (!drop)
			buf_append(&text, at, len);
		dropped = dropped || drop;
		at += len;
	}
	buf_done(&w->tenants);
	w->tenants = text;
	return buf_error(&text) ? buf_error(&text) : dropped ? 0 : -ENOENT;
}

static int do_hook(struct world *w, const char *line)
{
	char name[65], secret[200], url[200], file[80];

	if (sscanf(line, "hook %64s", name) != 1)
		return -EINVAL;
	buf_printf(&w->sinks,
		"sink \"%s\" {\n  type = \"webhook\"\n  url = \"%s-url\"\n  secret = "
		"\"%s-secret\"\n}\n",
		name, name, name);
	(void)snprintf(url, sizeof(url), WORLD_GRAPH "/hook/%s", name);
	(void)snprintf(file, sizeof(file), "%s-url", name);
	int r = write_credential(w, file, "", url);
	(void)snprintf(file, sizeof(file), "%s-secret", name);
	return r ? r
		 : write_credential(
			   w, file, "", word_value(line, "secret", secret, sizeof(secret)));
}

static int do_start(struct world *w, const char *line)
{
	int64_t at_us;
	int r = world_time(w, line + strlen("start "), &at_us);

	if (r == 0) {
		clock_virtual_set_wall(at_us);
		w->start_us = at_us;
	}
	return r;
}

static bool starts(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && (line[len] == ' ' || line[len] == '\0');
}

static int do_daemon(struct world *w, const char *line, struct buf *error)
{
	const char *verb = line + strlen("daemon ");

	if (strcmp(verb, "start") == 0)
		return world_daemon_start(w, error);
	if (strcmp(verb, "stop") == 0)
		world_daemon_stop(w);
	else if (strcmp(verb, "kill") == 0)
		world_daemon_kill(w);
	else if (strcmp(verb, "second") == 0)
		return world_second_daemon(w, error);
	else if (starts(verb, "reload-refused")) {
		int r = world_write_conf(w);
		if (r < 0 || daemon_reload(w->daemon, error) == 0)
			return -EINVAL;
		/* what is wrong has to be named */
		if (!strstr(buf_text(error), verb + strcspn(verb, " ") + 1))
			return 1;
	} else if (strcmp(verb, "reload") == 0) {
		int r = world_write_conf(w);
		return r ? r : daemon_reload(w->daemon, error);
	} else
		return -EINVAL;
	return 0;
}

static int do_crash(struct world *w, const char *line)
{
	const char *at = line + strlen("crash ");

	w->pages_seen = 0;
	if (strcmp(at, "intent") == 0)
		w->crash = CRASH_INTENT;
	else if (strcmp(at, "created") == 0)
		w->crash = CRASH_CREATED;
	else if (strcmp(at, "verdict") == 0)
		w->crash = CRASH_VERDICT;
	else if (strcmp(at, "judged") == 0)
		w->crash = CRASH_JUDGED;
	else if (strcmp(at, "alert") == 0)
		w->crash = CRASH_ALERT;
	else if (strcmp(at, "hold") == 0)
		w->crash = CRASH_HOLD;
	else if (strcmp(at, "cancel") == 0)
		w->crash = CRASH_CANCEL;
	else if (sscanf(at, "page %u", &w->crash_page) == 1)
		w->crash = CRASH_PAGE;
	else
		return -EINVAL;
	return 0;
}

/* As doctor begins: a token is won whatever was answered before. Dies with the daemon. */
static void probed(void *arg, const struct auth_result *result)
{
	struct world_reply *reply = arg;

	reply->answered = true;
	reply->code = result->outcome == AUTH_OK ? EXIT_CODE_OK : EXIT_CODE_SIGN_IN;
	(void)snprintf(reply->text, sizeof(reply->text), "%s", result->text ? result->text : "");
}

static int probe(struct world *w, const char *tenant)
{
	const struct entry *e = entry_find(w->daemon, tenant);

	if (!e || !e->t.auth || w->n_replies == WORLD_REPLIES)
		return -EINVAL;
	return auth_probe(e->t.auth, AUTH_DELEGATED, probed, &w->replies[w->n_replies++], NULL);
}

static int ask(struct world *w, const char *verb, const char *tenant, const char *extra)
{
	static const struct control_peer operator= {.text = "uid 0 (operator)"};
	const struct control_ops *ops = &daemon_control_ops;
	bool wait = strcmp(verb, "wait") == 0;
	int64_t for_us = wait ? 10 * USEC_PER_MIN : 4 * USEC_PER_HOUR;
	struct control_reply *reply;

	if (strcmp(verb, "probe") == 0)
		return probe(w, tenant);
	if ((wait || strcmp(verb, "yield") == 0) && extra &&
		parse_duration(extra, 0, LIMIT_HOLD_MAX_US, &for_us) < 0)
		return -EINVAL;
	reply = world_ask(w);
	if (!reply)
		return -E2BIG;
	if (strcmp(verb, "run") == 0)
		ops->run(w->daemon, &operator, tenant, extra, false, TIME_NONE, reply);
	else if (wait)
		ops->run(w->daemon, &operator, tenant, NULL, true, for_us, reply);
	else if (strcmp(verb, "resume") == 0)
		ops->resume(w->daemon, &operator, tenant, reply);
	else if (strcmp(verb, "yield") == 0)
		ops->yield(w->daemon, &operator, tenant, for_us, reply);
	else {
		control_reply_send(reply, EXIT_CODE_USAGE, verb);
		return -EINVAL;
	}
	return 0;
}

static int do_act(struct world *w, const char *line)
{
	char verb[16], tenant[65], extra[65] = "";
	int n = sscanf(line, "act %15s %64s %64s", verb, tenant, extra);

	if (n < 2 || !w->daemon)
		return -EINVAL;
	/* the hold is what a yield stores first */
	if (w->crash == CRASH_HOLD && strcmp(verb, "yield") == 0)
		world_die_after_store(w);
	int r = ask(w, verb, tenant, n == 3 ? extra : NULL);
	fake_loop_settle(w->loop);
	return r;
}

static int do_run(struct world *w, const char *line, struct buf *error)
{
	int64_t until_us;
	int r = world_time(w, line + strlen("run "), &until_us);

	return r ? r : world_run_until(w, until_us, error);
}

/* A full disk: nothing can be written until `disk ok`. */
static int do_disk(struct world *w, const char *line)
{
	struct store_thread *st = fake_store_thread_newest();

	if (!w->daemon || !st)
		return -EINVAL;
	if (sscanf(line, "disk full-at page %u", &w->full_page) == 1)
		w->pages_seen = 0;
	else if (strcmp(line, "disk full-whole") == 0)
		fake_store_thread_fail_whole(st, 1, -ENOSPC);
	else if (strcmp(line, "disk full") == 0)
		fake_store_thread_fail(st, 1, -ENOSPC);
	else if (strcmp(line, "disk ok") == 0)
		fake_store_thread_heal(st);
	else
		return -EINVAL;
	return 0;
}

/* A tenant leaves the configuration, or comes back: its block is commented out, or in. */
static int do_forget(struct world *w, const char *line)
{
	char name[65];

	if (sscanf(line, "forget %64s", name) != 1)
		return -EINVAL;
	(void)snprintf(
		w->forgotten, sizeof(w->forgotten), "%s", strcmp(name, "nobody") ? name : "");
	return 0;
}

/* The host's clock is set, or is right again. */
static int do_clock(struct world *w, const char *line)
{
	int64_t at_us = world_now(w);
	int r = strcmp(line, "clock right") ? world_time(w, line + strlen("clock "), &at_us) : 0;

	if (r == 0)
		world_set_clock(w, at_us);
	return r;
}

int play_line(struct world *w, const char *line, struct buf *error)
{
	int r = 0;

	if (starts(line, "expect"))
		return expect_line(w, line + strlen("expect "), error);
	if (starts(line, "acknowledge"))
		return acknowledge_line(w, line + strlen("acknowledge "), error);
	if (starts(line, "daemon"))
		return do_daemon(w, line, error);
	if (starts(line, "run"))
		return do_run(w, line, error);
	if (starts(line, "crash"))
		return do_crash(w, line);
	if (starts(line, "act"))
		return do_act(w, line);
	if (starts(line, "disk"))
		return do_disk(w, line);
	if (starts(line, "forget"))
		return do_forget(w, line);
	if (starts(line, "clock"))
		return do_clock(w, line);
	if (starts(line, "tenant-conf-drop"))
		return do_tenant_conf_drop(w, line);
	if (starts(line, "tenant-conf"))
		return do_tenant_conf(w, line);
	if (starts(line, "rule")) {
		buf_printf(&w->rules, "%s\n", line);
		return 0;
	}
	if (starts(line, "global")) {
		buf_printf(&w->rules, "%s\n", line + strlen("global "));
		return 0;
	}
	if (starts(line, "allow")) {
		(void)snprintf(w->allowed, sizeof(w->allowed), "%s",
			line + strlen(line[5] ? "allow " : "allow"));
		return 0;
	}
	if (starts(line, "key-pair"))
		return do_key_pair(w, line, error);
	if (starts(line, "credential"))
		return do_credential(w, line);
	if (starts(line, "defaults")) {
		buf_printf(&w->defaults, "%s\n", line + strlen("defaults "));
		return 0;
	}
	if (starts(line, "start"))
		r = do_start(w, line);
	else if (starts(line, "tenant"))
		r = do_tenant(w, line);
	else if (starts(line, "hook"))
		r = do_hook(w, line);
	if (r == 0) {
		world_at_service(w);
		r = sim_line(w->sim, line, error);
		world_at_host(w);
	}
	if (r > 0)
		buf_puts(error, "unknown word");
	return r;
}

/* --- files --------------------------------------------------------------------------------------
 */

int play_text(struct world *w, const char *path, char *text)
{
	_cleanup_(buf_done) struct buf error = BUF_INIT(LIMIT_CONFIG_BYTES);
	unsigned number = 0;
	int failed = 0;

	for (char *line = text; line;) {
		char *end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		number++;
		line += strspn(line, " \t");
		size_t len = strlen(line);
		while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
			line[--len] = '\0';
		if (len && *line != '#') {
			buf_reset(&error);
			int r = play_line(w, line, &error);
			if (r != 0) {
				(void)printf("%s:%u: %s\n\t%s\n", path, number, line,
					error.len ? buf_text(&error) : strerror(r < 0 ? -r : 0));
				failed = 1;
				if (!starts(line, "expect"))
					break;
			}
		}
		line = end;
	}
	return failed;
}
