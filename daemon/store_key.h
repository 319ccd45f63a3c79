/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key of secrets.db at the start: credential "store-key", and with "store-key.old" beside it
 * the change from that one. Credentials of the service manager are the same for the whole life of a
 * process, so a change of keys belongs here.
 */
#pragma once

struct conf;
struct store;

/* An enum exit_code; what is wrong is logged. Blocks on the disk. */
int store_key_load(const struct conf *conf, struct store *store);
