/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store says, without when and how often it was tried: two runs of the same history are the
 * same when their digests are. Alerts about troubles of this host are left out: those a disturbed
 * run may have in addition.
 */
#pragma once

#include "common/base/buf.h"

/* Appends a line per fact, in an order of its own. 0 or -errno with the trouble in out. */
int digest_store(const char *path, struct buf *out);
