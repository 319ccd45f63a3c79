/* SPDX-License-Identifier: Apache-2.0 */
/* A service manager that is not there. */
#include <stddef.h>

#include "daemon/engine/service.h"

#include <stddef.h>

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
