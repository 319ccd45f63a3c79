/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fakes of tests/support, with two additions for a whole daemon: the world learns of the http and store
 * engines that the daemon made, and a service manager that is not there.
 */
#include <stdlib.h>

#include "daemon/engine/service.h"

#define http_new fake_http_new
#define store_thread_new fake_store_thread_new
#include "tests/support/fake_http.c"
#include "tests/support/fake_store_thread.c"
#undef http_new
#undef store_thread_new

struct store_thread *world_store_thread;
struct http *world_http;

int http_new(struct loop *l, struct http **ret)
{
	int r = fake_http_new(l, ret);

	world_http = r == 0 ? *ret : NULL;
	return r;
}

int store_thread_new(struct loop *l, struct store *s, struct store_thread **ret)
{
	int r = fake_store_thread_new(l, s, ret);

	world_store_thread = r == 0 ? *ret : NULL;
	return r;
}

int service_new(struct loop *l, int (*alive)(void *arg), void *arg, struct service **ret)
{
	(void)l;
	(void)alive;
	(void)arg;
	*ret = NULL;
	return 0;
}

struct service *service_free(struct service *s)
{
	(void)s;
	return NULL;
}

void service_ready(struct service *s)
{
	(void)s;
}

void service_reloading(struct service *s)
{
	(void)s;
}

void service_stopping(struct service *s)
{
	(void)s;
}

void service_status(struct service *s, const char *fmt, ...)
{
	(void)s;
	(void)fmt;
}

void service_extend_timeout(struct service *s, int64_t us)
{
	(void)s;
	(void)us;
}
