/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/assist.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl.h"
#include "version.h"

#define PROGRAM "snapwatchd"
/* The first descriptor that is handed over, as sd_listen_fds() expects it. */
#define LISTEN_FD 3
/* The last lines of what it said are enough. */
#define MESSAGE_BYTES 8192u

/* --- the socket ---------------------------------------------------------------------------------
 */

/* In a directory of its own, so that nobody was there before. */
static int bind_in(const char *dir, int fd, int *ret_name_fd)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int r = snprintf(at.sun_path, sizeof(at.sun_path), "%s/control.sock", dir);

	if (r < 0 || (size_t)r >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	*ret_name_fd = open(at.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	r = *ret_name_fd < 0 ? -errno : 0;
	(void)unlink(at.sun_path);
	return r;
}

/*
 * Listens. Its name is gone at once: who has the descriptor of the name can still connect through
 * /proc, and whatever ends this process leaves nothing behind.
 */
static int open_socket(int *ret_fd, int *ret_name_fd)
{
	char dir[] = "/tmp/snapwatch.XXXXXX";
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_(closep) int name_fd = -1;

	if (fd < 0 || !mkdtemp(dir))
		return -errno;
	int r = bind_in(dir, fd, &name_fd);
	(void)rmdir(dir);
	if (r == 0 && listen(fd, 4) < 0)
		r = -errno;
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	*ret_name_fd = TAKE_FD(name_fd);
	return 0;
}

/* --- the program --------------------------------------------------------------------------------
 */

/* Beside this program, where both stand in a build tree; else where it was installed. NULL: look in
 * PATH. */
static const char *find_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size);
	char *slash;

	if (n > 0 && (size_t)n < size) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (slash &&
			text_into(slash + 1, size - (size_t)(slash + 1 - path), PROGRAM) == 0 &&
			access(path, X_OK) == 0)
			return path;
	}
	return access(SNAPWATCH_SBINDIR "/" PROGRAM, X_OK) == 0 ? SNAPWATCH_SBINDIR "/" PROGRAM
								: NULL;
}

struct handed {
	int listen_fd, stdin_fd, message_fd, failed_fd;
};

/* A descriptor that is none of those that the new program gets. */
static int out_of_the_way(int fd)
{
	return fcntl(fd, F_DUPFD, LISTEN_FD + 1);
}

static int hand_over(const struct handed *h)
{
	char pid[24];
	int listen_fd = out_of_the_way(h->listen_fd), stdin_fd = out_of_the_way(h->stdin_fd);
	int message_fd = out_of_the_way(h->message_fd);

	if (listen_fd < 0 || stdin_fd < 0 || message_fd < 0 || dup2(stdin_fd, STDIN_FILENO) < 0 ||
		dup2(message_fd, STDOUT_FILENO) < 0 || dup2(message_fd, STDERR_FILENO) < 0 ||
		dup2(listen_fd, LISTEN_FD) < 0)
		return -errno;
	(void)close(listen_fd);
	(void)close(stdin_fd);
	(void)close(message_fd);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "1", 1) < 0 ||
		unsetenv("LISTEN_FDNAMES") < 0 || unsetenv("NOTIFY_SOCKET") < 0 ||
		unsetenv("WATCHDOG_USEC") < 0)
		return -errno;
	return 0;
}

/* In the child. Returns only what went wrong. */
static int become(const char *program, const char *config, const struct handed *h)
{
	const char *const argv[] = {PROGRAM, "--assist", "--config", config, NULL};
	int failed_fd = fcntl(h->failed_fd, F_DUPFD_CLOEXEC, LISTEN_FD + 1);
	int r = failed_fd < 0 ? -errno : hand_over(h);

	if (r == 0) {
		if (program)
			(void)execv(program, (char *const *)argv);
		else
			(void)execvp(PROGRAM, (char *const *)argv);
		r = -errno;
	}
	if (failed_fd >= 0)
		(void)!write(failed_fd, &r, sizeof(r));
	return r;
}

/* 0 once the program runs, else why it does not. */
static int spawn(const char *program, const char *config, struct handed *h, pid_t *ret_pid)
{
	int failed[2], r = 0;

	if (pipe2(failed, O_CLOEXEC) < 0)
		return -errno;
	h->failed_fd = failed[1];
	*ret_pid = fork();
	if (*ret_pid == 0) {
		(void)become(program, config, h);
		_exit(127);
	}
	if (*ret_pid < 0)
		r = -errno;
	(void)close(failed[1]);
	if (r == 0 && read(failed[0], &r, sizeof(r)) > 0 && r < 0)
		(void)waitpid(*ret_pid, NULL, 0);
	(void)close(failed[0]);
	if (r < 0)
		*ret_pid = 0;
	return r;
}

/* --- both ---------------------------------------------------------------------------------------
 */

static int start(struct assist *a, const char *config)
{
	_cleanup_(closep) int listen_fd = -1, read_fd = -1;
	char program[4096];
	int ends[2], r = open_socket(&listen_fd, &a->socket_fd);

	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	read_fd = ends[0];
	a->stdin_fd = ends[1];
	a->message_fd = memfd_create("snapwatchd-messages", MFD_CLOEXEC);
	if (a->message_fd < 0)
		return -errno;
	struct handed h = {
		.listen_fd = listen_fd, .stdin_fd = read_fd, .message_fd = a->message_fd};
	r = spawn(find_program(program, sizeof(program)), config, &h, &a->pid);
	if (r < 0)
		return r;
	(void)snprintf(a->path, sizeof(a->path), "/proc/self/fd/%d", a->socket_fd);
	a->socket = a->path;
	return 0;
}

int assist_begin(const struct cli *c, struct assist *ret)
{
	struct assist *a = ret;

	*a = ASSIST_NONE;
	int r = ctl_probe(c->conf->control_socket);
	if (r != -ENOENT && r != -ECONNREFUSED && r != -ENOTDIR) {
		a->socket = c->conf->control_socket; /* who may not ask is told so by ctl */
		return EXIT_CODE_OK;
	}
	r = start(a, c->conf->path);
	if (r == 0)
		return EXIT_CODE_OK;
	assist_done(a);
	if (r == -ENOENT)
		return cli_error(EXIT_CODE_NO_DAEMON,
			PROGRAM " does not run, and is not installed where it could be started");
	return cli_error(EXIT_CODE_NO_DAEMON, PROGRAM " does not run, and cannot be started: %s",
		err_text(r));
}

/* The exit status; 128 and more: ended by a signal. */
static int wait_for_end(struct assist *a)
{
	int status = 0;

	closep(&a->stdin_fd);
	a->stdin_fd = -1;
	while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
		;
	a->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A record without the word for how bad it is: it stands behind "snapwatch: ". */
static void append_record(const char *line, size_t len, struct buf *text)
{
	static const char label[] = "error: ";
	size_t skip =
		len > strlen(label) && memcmp(line, label, strlen(label)) == 0 ? strlen(label) : 0;

	buf_puts(text, text->len ? "\n" : "");
	text_append_visible(text, line + skip, len - skip);
}

/* What it said last, in whole lines. */
static void append_messages(const struct assist *a, struct buf *text)
{
	char raw[MESSAGE_BYTES];
	off_t end = lseek(a->message_fd, 0, SEEK_END);
	off_t from = end > (off_t)sizeof(raw) ? end - (off_t)sizeof(raw) : 0;
	ssize_t n = end > 0 ? pread(a->message_fd, raw, sizeof(raw), from) : 0;

	for (size_t at = 0; n > 0 && at < (size_t)n;) {
		const char *line_end = memchr(raw + at, '\n', (size_t)n - at);
		size_t len = line_end ? (size_t)(line_end - raw) - at : (size_t)n - at;

		if (len && (at > 0 || from == 0))
			append_record(raw + at, len, text);
		at += len + 1;
	}
}

int assist_end(struct assist *a, int code, char **text)
{
	if (a->pid == 0)
		return code;
	int status = wait_for_end(a);
	if (code != EXIT_CODE_NO_DAEMON)
		return code;
	/* It ended before it could answer, and has said why. */
	_cleanup_(buf_done) struct buf said = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	append_messages(a, &said);
	if (said.len == 0)
		buf_printf(&said, PROGRAM " ended with status %d instead of answering", status);
	if (geteuid() != 0)
		buf_puts(&said, "\nwhere no " PROGRAM
				" runs, this has to be done as root, or as the user of "
				"the service");
	free(*text);
	*text = buf_take(&said);
	return status > 0 && status < _EXIT_CODE_MAX ? status : EXIT_CODE_NO_DAEMON;
}

void assist_done(struct assist *a)
{
	if (a->pid != 0)
		(void)wait_for_end(a);
	closep(&a->stdin_fd);
	closep(&a->socket_fd);
	closep(&a->message_fd);
	*a = ASSIST_NONE;
}
