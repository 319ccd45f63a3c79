/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `snapwatchd --assist`: for one command of the CLI, where no daemon runs. It holds the store's
 * lock as any daemon, so signing in is one and the same way of doing it, and serves the socket that
 * it was started with. It ends with its standard input, so whatever ends the command ends it, too.
 */
#include <errno.h>
#include <unistd.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/store/store.h"
#include "daemon/internal.h"

static void on_lifeline(void *arg, int fd, int events)
{
	struct daemon *d = arg;
	char ignored[512];
	ssize_t n = read(fd, ignored, sizeof(ignored));

	(void)events;
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	d->lifeline = loop_io_free(d->lifeline);
	daemon_stop(d);
}

static int nothing_work(struct store *s, void *arg)
{
	(void)s;
	(void)arg;
	return 0;
}

/* Whoever started it reads stderr only when it could not begin. */
static void serve(void *arg, int r)
{
	struct daemon *d = arg;

	if (d->stopping)
		return;
	if (r == 0)
		r = daemon_listen(d);
	if (r == 0) {
		log_use_journal();
		return;
	}
	d->exit_code = EXIT_CODE_STORE;
	daemon_stop(d);
}

static void admitted(void *arg, int r)
{
	struct daemon *d = arg;

	if (r == 0)
		store_thread_post(d->store, nothing_work, serve, d);
	else
		serve(d, r);
}

/*
 * Questions are answered when every tenant is open, and what is known of its sign-in was read:
 * answers of the store come in the order of asking, and the second is asked for after the first.
 */
int assist_start(struct daemon *d)
{
	int r = loop_io_new(d->loop, STDIN_FILENO, LOOP_READ, on_lifeline, d, &d->lifeline);

	if (r < 0) {
		log_error(NULL, "--assist ends with its standard input, which must be a pipe");
		return r;
	}
	store_thread_post(d->store, nothing_work, admitted, d);
	return 0;
}
