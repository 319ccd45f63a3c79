/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: what is understood, and what is said about the rest. */
#include "cli/args.h"

#include <check.h>
#include <string.h>

#include "common/base/cleanup.h"

Suite *suite(void);

static const struct command commands[] = {
	{.name = "changes",
		.words = "",
		.options = ARG_TENANT | ARG_JOB | ARG_CHANGE | ARG_JSON | ARG_JSONL,
		.help = "what happened",
		.examples = "  snapwatch changes\n"},
	{.name = "show",
		.words = "JOB OBJECT",
		.min_words = 2,
		.max_words = 2,
		.options = ARG_JSON,
		.help = "one object",
		.examples = ""},
	{.name = NULL},
};

static const struct {
	const char *line;
	const char *result;
} cases[] = {
	{"changes", "changes tenant=- job=- json=0 config=- words="},
	{"changes --tenant contoso --json", "changes tenant=contoso job=- json=1 config=- words="},
	{"changes --tenant=contoso", "changes tenant=contoso job=- json=0 config=- words="},
	{"--config x.conf changes", "changes tenant=- job=- json=0 config=x.conf words="},
	{"changes --config=x.conf --job 7", "changes tenant=- job=7 json=0 config=x.conf words="},
	{"show 12 4f2a --json", "show tenant=- job=- json=1 config=- words=12 4f2a"},
	{"show --json 12 -- --json", "show tenant=- job=- json=1 config=- words=12 --json"},
	{"show 12 -", "show tenant=- job=- json=0 config=- words=12 -"},
	{"changes --tenant --json", "changes tenant=--json job=- json=0 config=- words="},

	{"chnages", "there is no command 'chnages'; did you mean 'changes'?"},
	{"xyzzy", "there is no command 'xyzzy'"},
	{"\033[2J", "there is no command '\\x1B[2J'"},
	{"changes --tennant contoso", "unknown option '--tennant'; did you mean '--tenant'?"},
	{"changes --xyzzy", "unknown option '--xyzzy'"},
	{"changes -j 7", "unknown option '-j'"},
	{"changes --tenant", "option '--tenant' needs TENANT"},
	{"changes --tenant=", "option '--tenant' needs TENANT"},
	{"changes --json=yes", "option '--json' takes no value"},
	{"changes --tenant a --tenant b", "option '--tenant' is given twice"},
	{"changes --wait", "'changes' takes no option '--wait'"},
	{"changes contoso", "'changes' does not expect 'contoso'"},
	{"changes --json --jsonl", "--json or --jsonl, not both"},
	{"changes --job 7 --tenant a", "--job or --tenant, not both"},
	{"show 12", "'show' needs JOB OBJECT"},
	{"show 1 2 3", "'show' does not expect '3'"},
	{"show 1 2 3 4 5 6 7 8 9", "too many words"},
};

static void describe(const struct args *a, struct buf *out)
{
	buf_printf(out, "%s tenant=%s job=%s json=%d config=%s words=", a->command,
		a->tenant ? a->tenant : "-", a->job ? a->job : "-", a->json,
		a->config ? a->config : "-");
	for (size_t i = 0; i < a->n_words; i++)
		buf_printf(out, "%s%s", i ? " " : "", a->words[i]);
}

START_TEST(lines)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1024);
	_cleanup_(freep) char *line = strdup(cases[_i].line);
	const struct command *cmd = NULL;
	char *argv[16], *rest = line, *word;
	struct args a;
	int argc = 0;

	while ((word = strsep(&rest, " ")))
		argv[argc++] = word;
	if (args_parse(argc, argv, &a, &out) == 0)
		cmd = command_find(commands, a.command, &out);
	if (cmd && args_check(&a, cmd, &out) == 0)
		describe(&a, &out);
	ck_assert_str_eq(buf_text(&out), cases[_i].result);
}
END_TEST

START_TEST(no_words)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1024);
	char version[] = "--version", help[] = "-h";
	char *argv[] = {version, help};
	struct args a;

	ck_assert_int_eq(args_parse(0, argv, &a, &out), 0);
	ck_assert_ptr_null(a.command);
	ck_assert(!a.help && !a.version);
	ck_assert_int_eq(args_parse(2, argv, &a, &out), 0);
	ck_assert(a.help && a.version);
}
END_TEST

START_TEST(helps)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(8192);

	command_help(&commands[0], &out);
	ck_assert_str_eq(buf_text(&out),
		"Usage: snapwatch changes [OPTION]...\n"
		"\n"
		"  snapwatch changes\n"
		"\n"
		"what happened\n"
		"\n"
		"  --tenant TENANT       only this tenant\n"
		"  --job JOB             this job (see snapwatch jobs)\n"
		"  --change CHANGE       only deleted, appeared or modified\n"
		"  --json                one JSON document\n"
		"  --jsonl               a JSON object a line\n"
		"  --config FILE         default /etc/snapwatch/snapwatch.conf\n"
		"  --help                this text\n");
	buf_reset(&out);
	command_list(commands, &out);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "\n  changes       what happened\n"
						     "  show          one object\n"));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("args");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, lines, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(t, no_words);
	tcase_add_test(t, helps);
	suite_add_tcase(s, t);
	return s;
}
