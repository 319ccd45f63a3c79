/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapwatchd: reads arguments and configuration, opens the store, runs the loop. What it then does
 * is daemon.c's business.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/conf/conf.h"
#include "common/conf/conf_check.h"
#include "common/ctl/ctl.h"
#include "common/store/store.h"
#include "daemon/daemon.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/service.h"
#include "daemon/engine/store_thread.h"
#include "daemon/file_owner.h"
#include "daemon/store_key.h"
#include "version.h"

#define ONCE_WAIT_US (10 * USEC_PER_MIN)

struct arguments {
	const char *config;
	bool check;
	struct daemon_options daemon;
};

static const char help[] =
	"Usage: snapwatchd [OPTION]...\n"
	"\n"
	"  snapwatchd --check                 is the configuration right?\n"
	"  snapwatchd --once contoso          one whole cycle for one tenant, now\n"
	"\n"
	"Watches the snapshots of Microsoft Entra tenants and alerts about what was deleted\n"
	"or appeared since.\n"
	"\n"
	"  --config FILE        default " CONF_DEFAULT_PATH "\n"
	"  --check              validate the configuration and exit; needs no network\n"
	"  --once [TENANT...]   look, compare, judge and deliver once, then exit\n"
	"  --assist             serve one command of snapwatch, which starts it where no daemon\n"
	"                       runs; watches nothing\n"
	"  --wait DURATION      with --once: how long to wait for a taken job slot (10m)\n"
	"  --version, --help\n";

enum {
	OPT_CONFIG = 1000,
	OPT_CHECK,
	OPT_ONCE,
	OPT_ASSIST,
	OPT_WAIT,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"check", no_argument, NULL, OPT_CHECK},
	{"once", no_argument, NULL, OPT_ONCE},
	{"assist", no_argument, NULL, OPT_ASSIST},
	{"wait", required_argument, NULL, OPT_WAIT},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int usage_error(const char *text)
{
	(void)fprintf(stderr, "snapwatchd: %s\nTry 'snapwatchd --help'.\n", text);
	return EXIT_CODE_USAGE;
}

/* -1: go on; otherwise the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *a)
{
	bool wait = false;
	int c;

	*a = (struct arguments){
		.config = CONF_DEFAULT_PATH,
		.daemon = {.wait_us = ONCE_WAIT_US, .control = true},
	};
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			a->config = optarg;
			break;
		case OPT_CHECK:
			a->check = true;
			break;
		case OPT_ONCE:
			a->daemon.once = true;
			break;
		case OPT_ASSIST:
			a->daemon.assist = true;
			break;
		case OPT_WAIT:
			wait = true;
			if (parse_duration(optarg, 0, LIMIT_SLOT_WAIT_US, &a->daemon.wait_us) < 0)
				return usage_error(
					"--wait takes a duration of at most a day, such as 10m");
			break;
		case OPT_VERSION:
			(void)printf("snapwatchd %s\n", SNAPWATCH_VERSION);
			return EXIT_CODE_OK;
		case OPT_HELP:
			(void)fputs(help, stdout);
			return EXIT_CODE_OK;
		default: /* getopt_long() has said what is wrong */
			(void)fputs("Try 'snapwatchd --help'.\n", stderr);
			return EXIT_CODE_USAGE;
		}
	}
	if (optind < argc && !a->daemon.once)
		return usage_error("tenants are named with --once only");
	if (a->daemon.assist && (a->check || a->daemon.once))
		return usage_error("--assist goes with --config only");
	if (wait && !a->daemon.once)
		return usage_error("--wait goes with --once only");
	a->daemon.once_tenants = (const char *const *)argv + optind;
	return -1;
}

static int load_configuration(const char *path, struct conf **ret)
{
	_cleanup_(buf_done) struct buf errors = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf warnings = BUF_INIT(LIMIT_CONFIG_BYTES);
	int r = conf_load(path, ret, &errors, &warnings);

	if (r != 0) {
		(void)fputs(buf_text(&errors), stderr);
		if (r < 0)
			(void)fprintf(stderr, "%s: %s\n", path, err_text(r));
		return EXIT_CODE_CONFIG;
	}
	(void)fputs(buf_text(&warnings), stderr);
	return EXIT_CODE_OK;
}

static int check_names(const struct conf *conf, const struct daemon_options *o)
{
	if (o->once && conf->n_tenants == 0) {
		(void)fprintf(stderr, "snapwatchd: there is no tenant in %s\n", conf->path);
		return EXIT_CODE_CONFIG;
	}
	for (const char *const *name = o->once_tenants; o->once && *name; name++) {
		if (!conf_tenant_find(conf, *name)) {
			(void)fprintf(stderr, "snapwatchd: there is no tenant '%s' in %s\n", *name,
				conf->path);
			return EXIT_CODE_CONFIG;
		}
	}
	return EXIT_CODE_OK;
}

/* Another daemon has the store: it does the work, we report. */
static int hand_over(const struct conf *conf, const struct daemon_options *o)
{
	int code = EXIT_CODE_OK;

	for (size_t i = 0; i < conf->n_tenants; i++) {
		const char *name = conf->tenants[i]->name;
		_cleanup_(freep) char *text = NULL;
		bool wanted = !*o->once_tenants;

		for (const char *const *n = o->once_tenants; *n; n++)
			wanted = wanted || strcmp(*n, name) == 0;
		if (!wanted)
			continue;
		int r = ctl_run(conf->control_socket, name, NULL, true, o->wait_us, &text);
		(void)fprintf(stderr, "%s: %s\n", name, text ? text : exit_code_text(r));
		if (code == EXIT_CODE_OK)
			code = r;
	}
	return code;
}

/*
 * The disk may be full at the start already, after a reboot for instance: then it is waited for, as
 * it would be later. SIGTERM still ends the process by its default.
 */
static int open_store_patiently(
	const struct conf *conf, bool patient, struct store **ret, char **ret_detail)
{
	bool told = false;

	for (;;) {
		int r = store_open(conf->store, ret, ret_detail);
		if (r != -ENOSPC || !patient) {
			if (r == 0 && told)
				log_event(LOG_NOTICE, LOG_ID_STORE_OK, NULL, "the store works now");
			return r;
		}
		if (!told)
			log_event(LOG_CRIT, LOG_ID_STORE_FULL, NULL,
				"the store is full, waiting for room: %s",
				*ret_detail ? *ret_detail : err_text(r));
		told = true;
		free(TAKE_PTR(*ret_detail));
		service_extend_timeout(NULL, 4 * STORE_RETRY_US);
		(void)poll(NULL, 0, (int)(clock_kernel_delay_us(STORE_RETRY_US) / USEC_PER_MSEC));
	}
}

static int open_store(const struct conf *conf, const struct daemon_options *o, struct store **ret)
{
	_cleanup_(freep) char *detail = NULL;
	int r = open_store_patiently(conf, !o->once && !o->assist, ret, &detail);

	if (r == STORE_E_LOCKED && o->once)
		return hand_over(conf, o);
	if (r != 0) {
		log_error(NULL, "cannot open the store %s: %s", conf->store,
			detail ? detail : err_text(r));
		return EXIT_CODE_STORE;
	}
	return EXIT_CODE_OK;
}

/* As whom the store's files are made, which is another user only when root assists. */
static int become_owner(
	const struct conf *conf, const struct daemon_options *o, struct file_owner *ret)
{
	const char *path = strchr(conf->store, ':') + 1; /* "sqlite:/path", checked with the rest */
	int r = 0;

	*ret = (struct file_owner){0};
	if (o->assist)
		r = file_owner_of(path, ret);
	if (r == 0)
		r = file_owner_enter(ret);
	if (r < 0)
		log_error(NULL, "cannot open the store %s: %s", conf->store, err_text(r));
	return r;
}

/* Its thread is started by whom the files are to belong to. */
static int make_daemon(struct loop *l, struct conf *conf, struct store *store,
	const struct daemon_options *o, const struct file_owner *owner, struct daemon **ret)
{
	(void)file_owner_enter(owner); /* it worked once */
	int r = daemon_new(l, conf, store, o, ret);
	file_owner_leave(owner);
	return r;
}

static int run(struct conf *conf_taken, const struct daemon_options *o)
{
	_cleanup_(conf_freep) struct conf *conf = conf_taken;
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(daemon_freep) struct daemon *daemon = NULL;
	struct file_owner owner;
	int code;

	if (mem_reserve() < 0)
		log_warning(NULL, "there is hardly any memory; starting without a full reserve");
	int r = secret_self_test();
	if (r < 0) {
		log_error(NULL, "cannot encrypt and decrypt: %s; is libcrypto complete?",
			err_text(r));
		return EXIT_CODE_STORE;
	}
	if (become_owner(conf, o, &owner) < 0)
		return EXIT_CODE_STORE;
	code = open_store(conf, o, &store);
	file_owner_leave(&owner);
	if (!store)
		return code;
	code = store_key_load(conf, store);
	if (code != EXIT_CODE_OK)
		return code;
	r = loop_new(&loop);
	if (r == 0)
		r = make_daemon(loop, TAKE_PTR(conf), TAKE_PTR(store), o, &owner, &daemon);
	if (r == 0)
		r = daemon_start(daemon);
	if (r == 0)
		r = loop_run(loop);
	if (r < 0) {
		log_error(NULL, "cannot go on: %s", err_text(r));
		return EXIT_CODE_STORE;
	}
	return daemon_exit_code(daemon);
}

static int take_socket(struct daemon_options *o)
{
	int r = service_listen_fd(&o->listen_fd);

	if (r == 0 || (r == -ENOENT && !o->assist))
		return EXIT_CODE_OK;
	return usage_error(r == -ENOENT
				   ? "--assist serves a socket that it is started with; "
				     "run a command of snapwatch instead"
				   : "the descriptors that were handed over are not one listening "
				     "Unix socket");
}

int main(int argc, char **argv)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct arguments a;

	/* only characters: translated messages of libraries would get into logs and comparisons */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(0027);
	secret_protect_process();
	int code = parse_arguments(argc, argv, &a);
	if (code >= 0)
		return code;
	if (a.check)
		return conf_check_print(a.config, stdout, stderr);
	code = load_configuration(a.config, &conf);
	if (code == EXIT_CODE_OK)
		code = check_names(conf, &a.daemon);
	if (code != EXIT_CODE_OK)
		return code;
	code = take_socket(&a.daemon);
	if (code != EXIT_CODE_OK)
		return code;
	(void)malloc_trim(0);
	log_setup("snapwatchd", conf->log_level);
	return run(TAKE_PTR(conf), &a.daemon);
}
