/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault [--kind NAME] [--runs N] [--at N] SCENARIO: plays a scenario of
 * tests/replay once undisturbed, then again for every n with a fault at the n-th call of a kind
 * (inject.h), each in a process of its own. Whatever struck, the process must live, the store must
 * say the same in the end (digest.h), and somebody must have been told.
 *
 * With --runs every k-th n is taken so that there are no more than so many, from the first on;
 * --stride and --offset take others.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/secret.h"
#include "daemon/engine/store_thread.h"
#include "tests/fault/digest.h"
#include "tests/fault/inject.h"
#include "tests/replay/play.h"

#define DIGEST_BYTES (256u * 1024)
#define MAX_WORKERS 64
#define MAX_SHOWN 10
/* Of kinds that last; less than the pause between what happens and the next run. */
#define LASTS_US (10 * USEC_PER_MIN)

/* What a process leaves behind, in shared memory. */
struct played {
	uint64_t seen;
	bool struck, whole;
	char digest[DIGEST_BYTES];
};

struct worker {
	pid_t pid;
	uint64_t n;
	struct played *played;
	int log_fd; /* its stderr */
};

struct options {
	const char *scenario;
	int kind; /* -1: all */
	uint64_t at, stride, offset, runs;
	bool verbose;
};

static const char *scenario_text;

/* --- one process --------------------------------------------------------------------------------
 */

static void keep_digest(const struct world *w, struct played *out)
{
	_cleanup_(buf_done) struct buf digest = BUF_INIT(DIGEST_BYTES - 1);
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/snapwatch.db", w->dir);
	(void)digest_store(path, &digest);
	for (size_t i = 0; i < sim_violations(w->sim); i++)
		buf_printf(&digest, "violation|%s\n", sim_violation(w->sim, i));
	memcpy(out->digest, buf_text(&digest), digest.len + 1);
}

/* Whatever a library makes only once is made before. */
static void warm_up(void)
{
	uint8_t digest[SHA256_SIZE];
	char guid[37];

	(void)sha256("", 0, digest);
	(void)hmac_sha256("k", 1, "", 0, digest);
	(void)random_guid(guid);
	(void)secret_self_test();
}

static int play(const struct options *o, enum fault_kind kind, uint64_t n, struct played *out)
{
	_cleanup_(freep) char *text = strdup(scenario_text);
	struct world w;

	warm_up();
	if (!text || world_open(&w) < 0)
		return 1;
	w.gate = fault_gate;
	w.answer = fault_answer;
	w.store_retry_us = STORE_RETRY_US;
	fault_arm(kind, n, LASTS_US);
	int failed = play_text(&w, o->scenario, text);
	out->seen = fault_seen();
	out->struck = fault_struck();
	world_daemon_stop(&w);
	keep_digest(&w, out);
	world_close(&w);
	out->whole = failed == 0;
	return failed;
}

static void begin(const struct options *o, enum fault_kind kind, uint64_t n, struct worker *w)
{
	*w->played = (struct played){0};
	w->n = n;
	if (ftruncate(w->log_fd, 0) < 0 || lseek(w->log_fd, 0, SEEK_SET) < 0)
		exit(1);
	(void)fflush(stdout);
	w->pid = fork();
	if (w->pid < 0)
		exit(1);
	if (w->pid > 0)
		return;
	(void)dup2(w->log_fd, STDERR_FILENO);
	(void)dup2(w->log_fd, STDOUT_FILENO);
	int failed = play(o, kind, n, w->played);
	_exit(failed);
}

static void read_log(const struct worker *w, struct buf *out)
{
	char part[4096];
	ssize_t len;

	buf_reset(out);
	for (off_t at = 0; (len = pread(w->log_fd, part, sizeof(part), at)) > 0; at += len)
		buf_append(out, part, (size_t)len);
}

/* --- judging ------------------------------------------------------------------------------------
 */

/* Prints lines of text that are not in other, at most some; the number of them. */
static unsigned print_missing(const char *text, const char *other, const char *mark, bool print)
{
	unsigned n = 0;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		_cleanup_(freep) char *copy = strndup(line, len + (line[len] == '\n'));

		if (len && copy && !strstr(other, copy) && n++ < MAX_SHOWN && print)
			(void)printf("    %s %s%s", mark, copy, line[len] ? "" : "\n");
		line += len + (line[len] == '\n');
	}
	return n;
}

/* Somebody reads in the log that something went wrong which does not without the fault. */
static bool says_trouble(const char *log, const char *calm_log)
{
	static const char *const words[] = {"again", "cannot", "fail", "memory", "closed", "error",
		"not delivered", "could not", "pauses"};

	for (const char *line = log; *line;) {
		size_t len = strcspn(line, "\n");
		_cleanup_(freep) char *copy = strndup(line, len);

		for (size_t i = 0; copy && i < ARRAY_SIZE(words); i++)
			if (strstr(copy, words[i]) && !strstr(calm_log, copy))
				return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

/* Not: an allocation that SQLite or a message can do without, a log that is not moved right now. */
static bool must_be_said(enum fault_kind kind)
{
	return kind != FAULT_MEMORY && kind != FAULT_MEMORY_SHORT && kind != FAULT_WRITE;
}

struct tally {
	uint64_t tried, failed, silent;
};

static void judge(const struct options *o, enum fault_kind kind, const struct worker *w, int status,
	const struct played *calm, const char *calm_log, struct tally *tally)
{
	_cleanup_(buf_done) struct buf log = BUF_INIT(LIMIT_CONFIG_BYTES);
	const struct played *p = w->played;
	bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool same = ended && strcmp(p->digest, calm->digest) == 0;

	read_log(w, &log);
	tally->tried++;
	bool silent = p->struck && !says_trouble(buf_text(&log), calm_log);
	tally->silent += silent;
	if (o->verbose)
		(void)printf("%s", buf_text(&log));
	if (silent && same && o->verbose)
		(void)printf(
			"silent %s --at %llu\n", fault_kind_name(kind), (unsigned long long)w->n);
	if (same && !(silent && must_be_said(kind)))
		return;
	tally->failed++;
	if (tally->failed > MAX_SHOWN)
		return;
	(void)printf("FAIL --kind %s --at %llu: ", fault_kind_name(kind), (unsigned long long)w->n);
	if (WIFSIGNALED(status))
		(void)printf("the process died of signal %d\n", WTERMSIG(status));
	else if (!ended)
		(void)printf("the process ended with status %d\n", WEXITSTATUS(status));
	else
		(void)printf(same ? "nobody was told\n" : "the store says something else\n");
	(void)print_missing(calm->digest, p->digest, "-", ended);
	(void)print_missing(p->digest, calm->digest, "+", ended);
	(void)print_missing(buf_text(&log), calm_log, "log", true);
}

/* --- all of a kind ------------------------------------------------------------------------------
 */

static int wait_for(struct worker *workers, size_t n, struct worker **ret)
{
	int status = 0;
	pid_t pid = wait(&status);

	for (size_t i = 0; i < n; i++)
		if (workers[i].pid == pid)
			*ret = &workers[i];
	return status;
}

static double now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int play_kind(
	const struct options *o, enum fault_kind kind, struct worker *workers, size_t n_workers)
{
	_cleanup_(buf_done) struct buf calm_log = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(freep) struct played *calm = malloc(sizeof(*calm));
	struct tally tally = {0};
	struct worker *w = NULL;
	double began_s = now_s();

	begin(o, kind, 0, &workers[0]);
	int status = wait_for(workers, 1, &w);
	read_log(&workers[0], &calm_log);
	if (!calm || status != 0 || !workers[0].played->whole) {
		(void)printf("%s: the undisturbed run fails (%d)\n%s", fault_kind_name(kind),
			status, buf_text(&calm_log));
		return 1;
	}
	*calm = *workers[0].played;
	uint64_t stride = o->stride ? o->stride : 1;
	if (o->runs)
		stride = (calm->seen + o->runs - 1) / o->runs;
	uint64_t offset = o->stride ? o->offset : 0;
	if (o->verbose)
		(void)printf("%s%s", calm->digest, buf_text(&calm_log));

	uint64_t n = o->at ? o->at : 1 + offset, last = o->at ? o->at : calm->seen;
	size_t busy = 0;
	for (size_t i = 0; i < n_workers && n <= last; i++, n += stride, busy++)
		begin(o, kind, n, &workers[i]);
	while (busy > 0) {
		status = wait_for(workers, n_workers, &w);
		judge(o, kind, w, status, calm, buf_text(&calm_log), &tally);
		if (n <= last) {
			begin(o, kind, n, w);
			n += stride;
		} else {
			busy--;
			w->pid = 0;
		}
	}
	(void)printf("%-14s %6llu of %6llu, every %llu. from %llu: %llu failed, %llu unsaid, "
		     "%.1f s\n",
		fault_kind_name(kind), (unsigned long long)tally.tried,
		(unsigned long long)calm->seen, (unsigned long long)stride,
		(unsigned long long)offset + 1, (unsigned long long)tally.failed,
		(unsigned long long)tally.silent, now_s() - began_s);
	return tally.failed > 0;
}

/* --- program ------------------------------------------------------------------------------------
 */

static int parse_kind(const char *name)
{
	for (int i = 0; i < _FAULT_KIND_MAX; i++)
		if (strcmp(name, fault_kind_name((enum fault_kind)i)) == 0)
			return i;
	return -1;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"kind", required_argument, NULL, 'k'},
		{"at", required_argument, NULL, 'n'},
		{"stride", required_argument, NULL, 's'},
		{"offset", required_argument, NULL, 'o'},
		{"runs", required_argument, NULL, 'r'},
		{"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.kind = -1};
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'k':
			if ((o->kind = parse_kind(optarg)) < 0)
				return -1;
			break;
		case 'n':
			o->at = strtoull(optarg, NULL, 10);
			break;
		case 's':
			o->stride = strtoull(optarg, NULL, 10);
			break;
		case 'o':
			o->offset = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			o->runs = strtoull(optarg, NULL, 10);
			break;
		case 'v':
			o->verbose = true;
			break;
		default:
			return -1;
		}
	}
	o->scenario = argv[optind];
	return o->scenario && argc == optind + 1 ? 0 : -1;
}

static int make_workers(struct worker *workers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		workers[i].played = mmap(NULL, sizeof(struct played), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		workers[i].log_fd = memfd_create("log", MFD_CLOEXEC);
		if (workers[i].played == MAP_FAILED || workers[i].log_fd < 0)
			return -errno;
	}
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct worker workers[MAX_WORKERS];
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n_workers = n < 1 ? 1 : n > MAX_WORKERS ? MAX_WORKERS : (size_t)n;
	struct options o;
	int failed = 0;

	fault_init();
	if (parse(argc, argv, &o) < 0 || file_read(o.scenario, &text) < 0 ||
		make_workers(workers, n_workers) < 0) {
		(void)fprintf(stderr, "usage: fault [--kind NAME] [--runs N] [--at N] "
				      "[--stride N --offset N] [--verbose] SCENARIO\n");
		return 1;
	}
	scenario_text = buf_text(&text);
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	log_setup("fault", o.verbose ? LOG_DEBUG : LOG_INFO);
	(void)mem_reserve();
	for (int k = 0; k < _FAULT_KIND_MAX; k++)
		if (o.kind < 0 || o.kind == k)
			failed |= play_kind(&o, (enum fault_kind)k, workers, n_workers);
	return failed;
}
