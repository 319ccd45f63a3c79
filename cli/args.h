/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one table of options, one of commands; parsing, checking and help come from
 * them. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

/* Options that a command takes, as bits; --config and --help go with every one. */
enum arg_option {
	ARG_CONFIG = 1 << 0,
	ARG_HELP = 1 << 1,
	ARG_VERSION = 1 << 2,
	ARG_JSON = 1 << 3,
	ARG_JSONL = 1 << 4,
	ARG_TENANT = 1 << 5,
	ARG_JOB = 1 << 6,
	ARG_CHANGE = 1 << 7,
	ARG_ENTITY = 1 << 8,
	ARG_ALL = 1 << 9,
	ARG_WATCH = 1 << 10,
	ARG_WAIT = 1 << 11,
	ARG_FOR = 1 << 12,
	ARG_QUICK = 1 << 13,
	ARG_OLD_KEY = 1 << 14,
	ARG_PORT = 1 << 15,
	ARG_PASTE = 1 << 16,
	ARG_DEVICE_CODE = 1 << 17,
	ARG_ALLOW_EXTRA = 1 << 18,
	ARG_SINKS = 1 << 19,
};
#define ARG_EVERYWHERE (ARG_CONFIG | ARG_HELP)

struct cli;

struct command {
	const char *name;
	const char *words; /* "JOB OBJECT" for the usage line, "" for none */
	size_t min_words, max_words;
	unsigned options;
	const char *help;	   /* one line */
	const char *examples;	   /* lines, each with its line feed */
	const char *about;	   /* lines; or NULL */
	int (*run)(struct cli *c); /* an enum exit_code */
};

#define ARGS_WORDS_MAX 8u

/* Everything borrowed from argv. */
struct args {
	const char *command; /* the first word; NULL: none */
	const char *words[ARGS_WORDS_MAX];
	size_t n_words;
	unsigned given; /* enum arg_option */
	const char *config, *tenant, *job, *change, *entity, *watch, *for_text, *old_key, *port;
	bool help, version, json, jsonl, all, wait, quick, paste, device_code, allow_extra, sinks;
};

/* argv without the program. 0, or -EINVAL with a line for people in error. */
int args_parse(int argc, char *const *argv, struct args *ret, struct buf *error);
/* Whether the command takes what was given. 0 or -EINVAL as above. */
int args_check(const struct args *a, const struct command *cmd, struct buf *error);

/* commands ends with a NULL name. */
const struct command *command_find(
	const struct command *commands, const char *name, struct buf *error);
void command_help(const struct command *cmd, struct buf *out);
void command_list(const struct command *commands, struct buf *out);
