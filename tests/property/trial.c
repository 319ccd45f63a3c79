/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/property/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "tests/replay/play.h"

#define HANGS_AFTER 120 /* seconds; a history takes a fraction of one */

static const char check_line[] = "a line cannot be played";
static const char check_violation[] = "the service was used wrongly";
static const char check_died[] = "the program died";

struct trial *trial_new(void)
{
	void *p = mmap(NULL, sizeof(struct trial), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void fail(struct trial *t, const char *check, const char *what, const char *why)
{
	if (t->verdict.failed)
		return;
	t->verdict.failed = true;
	t->verdict.check = check;
	(void)snprintf(
		t->verdict.message, sizeof(t->verdict.message), "%s: %s: %s", check, what, why);
}

/* False when a line fails, which is then *ret_line. */
static bool play(struct world *w, char *text, bool audited, char **ret_line, struct buf *error)
{
	bool begun = !audited;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#')
			continue;
		*ret_line = line;
		buf_reset(error);
		if (play_line(w, line, error) != 0)
			return false;
		if (!begun && strcmp(line, "daemon start") == 0) {
			begun = true;
			if (audit_begin(w->dir, error) < 0)
				return false;
		}
	}
	return true;
}

static void judge(struct trial *t, struct world *w, bool quiet_end, struct buf *error)
{
	_cleanup_(buf_done) struct buf warnings = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct audit audit;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/snapwatch.conf", w->dir);
	if (conf_load(path, &conf, error, &warnings) != 0 ||
		audit_read(w->dir, &audit, error) < 0) {
		fail(t, check_line, path, buf_text(error));
		return;
	}
	oracle_judge(w->sim, conf, &audit, quiet_end, &t->stats, &t->verdict);
	audit_done(&audit);
	if (sim_violations(w->sim))
		fail(t, check_violation, "violation", sim_violation(w->sim, 0));
}

static void child(struct trial *t, const struct history *h)
{
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES), error = BUF_INIT(LIMIT_CONFIG_BYTES);
	char *line = NULL;
	struct world w;

	history_render(h, &text);
	if (world_open(&w) < 0) {
		fail(t, check_line, "world", "cannot be opened");
		return;
	}
	if (play(&w, text.data, true, &line, &error))
		judge(t, &w, h->quiet_end, &error);
	else
		fail(t, check_line, line, buf_text(&error));
	world_close(&w);
}

/* The end of what a child said before it died: a sanitizer's report. */
static void print_last_words(int fd)
{
	char text[16384];
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(text) ? size - (off_t)sizeof(text) : 0;
	ssize_t n = pread(fd, text, sizeof(text), from);

	if (n > 0)
		(void)fwrite(text, 1, (size_t)n, stdout);
}

/* What children leave to the parent is in t; leaks are the replay's business. */
static bool in_child(
	struct trial *t, void (*run)(struct trial *t, const void *arg), const void *arg)
{
	int status = 0;

	(void)fflush(stdout);
	t->verdict = (struct oracle_verdict){0};
	int words = memfd_create("stderr", MFD_CLOEXEC);
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(words, STDERR_FILENO);
		(void)alarm(HANGS_AFTER);
		run(t, arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		print_last_words(words);
		fail(t, check_died, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit",
			"see above");
	}
	if (words >= 0)
		(void)close(words);
	return !t->verdict.failed;
}

static void run_history(struct trial *t, const void *arg)
{
	child(t, arg);
}

bool trial_run(struct trial *t, const struct history *h)
{
	return in_child(t, run_history, h);
}

static void run_text(struct trial *t, const void *arg)
{
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES), error = BUF_INIT(LIMIT_CONFIG_BYTES);
	char *line = NULL;
	struct world w;

	buf_puts(&text, arg);
	if (world_open(&w) < 0)
		return;
	if (!play(&w, text.data, false, &line, &error) && strncmp(line, "expect", 6) == 0)
		fail(t, check_line, line, buf_text(&error));
	world_close(&w);
}

bool trial_fails_as_scenario(struct trial *t, const char *text)
{
	return !in_child(t, run_text, text);
}
