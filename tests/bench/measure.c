/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure OUT COMMAND...: runs it and appends to OUT what it cost, a name and a number a line. Its
 * exit status is that of the command.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double timeval_s(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	extern char **environ;
	struct rusage used = {0};
	double from = seconds();
	int status = 0;
	pid_t pid;

	if (argc < 3) {
		(void)fputs("usage: measure OUT COMMAND...\n", stderr);
		return 2;
	}
	if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0) {
		perror(argv[2]);
		return 127;
	}
	if (wait4(pid, &status, 0, &used) != pid)
		return 2;

	double wall = seconds() - from;
	FILE *out = fopen(argv[1], "ae");
	if (!out) {
		perror(argv[1]);
		return 2;
	}
	(void)fprintf(out, "wall_s %.3f\nuser_s %.3f\nsys_s %.3f\ncpu_s %.3f\nrss_mib %.1f\n", wall,
		timeval_s(used.ru_utime), timeval_s(used.ru_stime),
		timeval_s(used.ru_utime) + timeval_s(used.ru_stime), (double)used.ru_maxrss / 1024);
	(void)fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
