/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's side: sd_notify and the watchdog. All calls do nothing without a manager.
 */
#pragma once

#include <stdint.h>

struct loop;
struct service;

/* alive: asked before each watchdog ping; no ping unless it returns non-zero. */
int service_new(struct loop *l, int (*alive)(void *arg), void *arg, struct service **ret);
struct service *service_free(struct service *s);
void service_ready(struct service *s);
void service_reloading(struct service *s); /* RELOADING=1 and MONOTONIC_USEC in one datagram */
void service_stopping(struct service *s);
void service_status(struct service *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * The listening Unix socket that this process was started with (sd_listen_fds(3)), which is the
 * caller's now. -ENOENT: none; -EINVAL: something else. Once, before there are threads.
 */
int service_listen_fd(int *ret_fd);
/* The start or the end takes that much longer. s may be NULL: before there is one. */
void service_extend_timeout(struct service *s, int64_t us);
