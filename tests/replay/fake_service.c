/* SPDX-License-Identifier: Apache-2.0 */
/* A service manager that is not there; it remembers what it was told last. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "daemon/engine/service.h"
#include "tests/replay/world.h"

static char said[512];

const char *world_status(void)
{
	return said;
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
	va_list ap;

	(void)s;
	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

void service_extend_timeout(struct service *s, int64_t us)
{
	(void)s;
	(void)us;
}
