/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay FILE...: plays incident reports (tests/replay/ *.scn; README.md has the language) against
 * the real stages on fake engines. Each runs in a process of its own, so that a leak or a crash
 * belongs to one of them. The last line is "N passed, N failed".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "tests/replay/play.h"

#define MAX_SHOWN 10 /* violations of one scenario */

/* What was allowed must have happened. */
static int tell_violations(struct world *w, const char *path)
{
	size_t n_allowed = 0, n_shown = 0;

	for (size_t i = 0; i < sim_violations(w->sim); i++) {
		const char *violation = sim_violation(w->sim, i);
		if (*w->allowed && strstr(violation, w->allowed))
			n_allowed++;
		else if (n_shown++ < MAX_SHOWN)
			(void)printf("%s: violation: %s\n", path, violation);
	}
	if (*w->allowed && n_allowed == 0)
		(void)printf("%s: it never came to '%s'\n", path, w->allowed);
	return n_shown > 0 || (*w->allowed && n_allowed == 0);
}

static int play_file(const char *path, bool verbose)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct world w;
	int failed = 1;

	int r = file_read(path, &text);
	if (r == 0)
		r = world_open(&w);
	if (r < 0) {
		(void)printf("%s: %s\n", path, strerror(-r));
		return 1;
	}
	w.verbose = verbose;
	failed = play_text(&w, path, text.data);
	failed |= tell_violations(&w, path);
	world_close(&w);
	return failed;
}

int main(int argc, char **argv)
{
	int n_passed = 0, n_failed = 0;
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;

	log_setup("replay", verbose ? LOG_DEBUG : LOG_CRIT);
	for (int i = 1 + verbose; i < argc; i++) {
		int status = 0;
		(void)fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			int failed = play_file(argv[i], verbose);
			exit(failed);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			(void)printf("FAIL %s\n", argv[i]);
			n_failed++;
		} else {
			(void)printf("ok   %s\n", argv[i]);
			n_passed++;
		}
	}
	(void)printf("%d passed, %d failed\n", n_passed, n_failed);
	return n_failed != 0;
}
