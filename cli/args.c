/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <errno.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/conf/conf.h"

static const struct {
	const char *name;
	const char *value; /* NULL: a flag */
	enum arg_option bit;
	size_t offset;
	const char *help;
} options[] = {
	{"tenant", "TENANT", ARG_TENANT, offsetof(struct args, tenant), "only this tenant"},
	{"job", "JOB", ARG_JOB, offsetof(struct args, job), "this job (see snapwatch jobs)"},
	{"change", "CHANGE", ARG_CHANGE, offsetof(struct args, change),
		"only deleted, appeared or modified"},
	{"entity", "TYPE", ARG_ENTITY, offsetof(struct args, entity),
		"only this type, as the service spells it: user, group, application, ..."},
	{"all", NULL, ARG_ALL, offsetof(struct args, all), "also those that are not open"},
	{"watch", "WATCH", ARG_WATCH, offsetof(struct args, watch), "only this watch"},
	{"wait", NULL, ARG_WAIT, offsetof(struct args, wait),
		"until everything has ended; the exit status says how"},
	{"quick", NULL, ARG_QUICK, offsetof(struct args, quick), "without the hash of every page"},
	{"old-key", "FILE", ARG_OLD_KEY, offsetof(struct args, old_key),
		"the former store key (default: credential store-key.old)"},
	{"port", "PORT", ARG_PORT, offsetof(struct args, port),
		"of http://localhost, where the browser ends (a free one)"},
	{"paste", NULL, ARG_PASTE, offsetof(struct args, paste),
		"the address that the browser ends on is pasted here"},
	{"device-code", NULL, ARG_DEVICE_CODE, offsetof(struct args, device_code),
		"enter a code in a browser; policies may block this"},
	{"allow-extra-scopes", NULL, ARG_ALLOW_EXTRA, offsetof(struct args, allow_extra),
		"although the sign-in may do more than is needed"},
	{"sinks", NULL, ARG_SINKS, offsetof(struct args, sinks), "send a test alert to each sink"},
	{"for", "DURATION", ARG_FOR, offsetof(struct args, for_text), "how long (4h)"},
	{"json", NULL, ARG_JSON, offsetof(struct args, json), "one JSON document"},
	{"jsonl", NULL, ARG_JSONL, offsetof(struct args, jsonl), "a JSON object a line"},
	{"config", "FILE", ARG_CONFIG, offsetof(struct args, config), "default " CONF_DEFAULT_PATH},
	{"help", NULL, ARG_HELP, offsetof(struct args, help), "this text"},
	{"version", NULL, ARG_VERSION, offsetof(struct args, version), ""},
};

static int complain(struct buf *error, const char *fmt, ...) _printf_(2, 3);
static int complain(struct buf *error, const char *fmt, ...)
{
	_cleanup_(buf_done) struct buf raw = BUF_INIT(LIMIT_NAME_BYTES);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&raw, fmt, ap);
	va_end(ap);
	text_append_visible(error, buf_text(&raw), raw.len);
	return -EINVAL;
}

/* --- parsing ------------------------------------------------------------------------------------
 */

static int unknown_option(const char *name, struct buf *error)
{
	const char *names[ARRAY_SIZE(options) + 1] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		names[i] = options[i].name;
	const char *nearest = nearest_name(name, names);
	if (nearest)
		return complain(
			error, "unknown option '--%.64s'; did you mean '--%s'?", name, nearest);
	return complain(error, "unknown option '--%.64s'", name);
}

/* "name" or "name=value"; next: the word behind it. 1: next was taken, 0, -EINVAL. */
static int parse_option(const char *text, const char *next, struct args *a, struct buf *error)
{
	_cleanup_(freep) char *name = strndup(text, strcspn(text, "="));
	const char *value = strchr(text, '=');
	size_t i = 0;

	if (!name)
		return complain(error, "out of memory");
	while (i < ARRAY_SIZE(options) && strcmp(options[i].name, name) != 0)
		i++;
	if (i == ARRAY_SIZE(options))
		return unknown_option(name, error);
	if (a->given & options[i].bit && options[i].value)
		return complain(error, "option '--%s' is given twice", name);
	a->given |= options[i].bit;
	if (!options[i].value) {
		if (value)
			return complain(error, "option '--%s' takes no value", name);
		*(bool *)((char *)a + options[i].offset) = true;
		return 0;
	}
	const char *taken = value ? value + 1 : next;
	if (text_empty(taken))
		return complain(error, "option '--%s' needs %s", name, options[i].value);
	*(const char **)((char *)a + options[i].offset) = taken;
	return !value;
}

static int add_word(struct args *a, const char *word, struct buf *error)
{
	if (!a->command) {
		a->command = word;
		return 0;
	}
	if (a->n_words == ARGS_WORDS_MAX)
		return complain(error, "too many words");
	a->words[a->n_words++] = word;
	return 0;
}

int args_parse(int argc, char *const *argv, struct args *ret, struct buf *error)
{
	struct args a = {.config = NULL};
	bool options_end = false;

	for (int i = 0; i < argc; i++) {
		const char *text = argv[i];
		int r;

		if (!options_end && strcmp(text, "--") == 0) {
			options_end = true;
			continue;
		}
		if (!options_end && strcmp(text, "-h") == 0)
			text = "--help";
		if (!options_end && strncmp(text, "--", 2) == 0)
			r = parse_option(text + 2, i + 1 < argc ? argv[i + 1] : NULL, &a, error);
		else if (!options_end && text[0] == '-' && text[1])
			r = complain(error, "unknown option '%.64s'", text);
		else
			r = add_word(&a, text, error);
		if (r < 0)
			return r;
		i += r;
	}
	*ret = a;
	return 0;
}

int args_check(const struct args *a, const struct command *cmd, struct buf *error)
{
	unsigned extra = a->given & ~(cmd->options | ARG_EVERYWHERE);

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (extra & options[i].bit)
			return complain(
				error, "'%s' takes no option '--%s'", cmd->name, options[i].name);
	if (a->n_words < cmd->min_words)
		return complain(error, "'%s' needs %s", cmd->name, cmd->words);
	if (a->n_words > cmd->max_words)
		return complain(
			error, "'%s' does not expect '%.64s'", cmd->name, a->words[cmd->max_words]);
	if (a->json && a->jsonl)
		return complain(error, "--json or --jsonl, not both");
	if (a->job && a->tenant)
		return complain(error, "--job or --tenant, not both");
	return 0;
}

/* --- commands -----------------------------------------------------------------------------------
 */

const struct command *command_find(
	const struct command *commands, const char *name, struct buf *error)
{
	const char *names[64] = {0};
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
		if (n + 1 < ARRAY_SIZE(names))
			names[n++] = c->name;
	}
	const char *nearest = nearest_name(name, names);
	if (nearest)
		(void)complain(
			error, "there is no command '%.64s'; did you mean '%s'?", name, nearest);
	else
		(void)complain(error, "there is no command '%.64s'", name);
	return NULL;
}

static void put_option_help(struct buf *out, size_t i)
{
	_cleanup_(buf_done) struct buf left = BUF_INIT(128);

	buf_printf(&left, "--%s%s%s", options[i].name, options[i].value ? " " : "",
		options[i].value ? options[i].value : "");
	buf_printf(out, "  %-20s  %s\n", buf_text(&left), options[i].help);
}

void command_help(const struct command *cmd, struct buf *out)
{
	buf_printf(out, "Usage: snapwatch %s%s%s [OPTION]...\n\n%s\n%s\n", cmd->name,
		*cmd->words ? " " : "", cmd->words, cmd->examples, cmd->help);
	if (cmd->about)
		buf_printf(out, "\n%s", cmd->about);
	buf_putc(out, '\n');
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((cmd->options | ARG_EVERYWHERE) & options[i].bit)
			put_option_help(out, i);
}

void command_list(const struct command *commands, struct buf *out)
{
	buf_puts(out,
		"Usage: snapwatch COMMAND [OPTION]...\n"
		"\n"
		"  snapwatch status                                 how are things?\n"
		"  snapwatch findings                               what should be looked at?\n"
		"  snapwatch changes --tenant contoso               what happened since the "
		"snapshot\n"
		"\n"
		"Commands:\n");
	for (const struct command *c = commands; c->name; c++)
		buf_printf(out, "  %-13s %s\n", c->name, c->help);
	buf_puts(out, "\n'snapwatch COMMAND --help' tells more; --config FILE names another"
		      " configuration than\n" CONF_DEFAULT_PATH ".\n");
}
