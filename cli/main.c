/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch: one table of commands. What they share is in cli.c. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include "version.h"

static const struct command commands[] = {
	{"status", "[TENANT]", 0, 1, ARG_TENANT | ARG_JSON,
		"how things are: looks, snapshots, previews, open findings",
		"  snapwatch status                      all tenants\n"
		"  snapwatch status contoso              one of them\n"
		"  snapwatch status --json | jq .tenants\n",
		"Reads the store, so it works when snapwatchd does not run.\n", cmd_status},
	{"findings", "", 0, 0, ARG_TENANT | ARG_ALL | ARG_JSON | ARG_JSONL,
		"what should be looked at, worst first",
		"  snapwatch findings                    what is open, of all tenants\n"
		"  snapwatch findings --tenant contoso   of one tenant\n"
		"  snapwatch findings --all --jsonl      everything that was ever found\n",
		NULL, cmd_findings},
	{"changes", "", 0, 0, ARG_TENANT | ARG_JOB | ARG_CHANGE | ARG_ENTITY | ARG_JSON | ARG_JSONL,
		"what happened since the snapshot, as a job found it",
		"  snapwatch changes                                     latest job of each "
		"tenant\n"
		"  snapwatch changes --tenant contoso --change deleted   what was deleted\n"
		"  snapwatch changes --job 12 --entity user --jsonl      users of one job\n",
		"deleted: was deleted since, and is in the recycle bin. appeared: was created, or\n"
		"brought back. modified: properties or links changed. It is the net difference\n"
		"between the snapshot and the job's start: what came and went in between does not\n"
		"show.\n",
		cmd_changes},
	{"show", "JOB OBJECT", 2, 2, ARG_JSON | ARG_JSONL,
		"everything a job says of one object, before and after",
		"  snapwatch show 12 4f2a                          the beginning of its id\n"
		"  snapwatch show 12 'Require MFA for admins'      its name\n",
		NULL, cmd_show},
	{"jobs", "", 0, 0, ARG_TENANT | ARG_JSON | ARG_JSONL, "every preview job, newest first",
		"  snapwatch jobs                        of all tenants\n"
		"  snapwatch jobs --tenant contoso       of one tenant\n",
		NULL, cmd_jobs},
	{"alerts", "", 0, 0, ARG_TENANT | ARG_JSON | ARG_JSONL,
		"alerts that were raised, and whether they arrived",
		"  snapwatch alerts                      newest first\n"
		"  snapwatch alerts --jsonl | head -n 1  the last one, as it was sent\n",
		NULL, cmd_alerts},
	{"run", "TENANT", 1, 1, ARG_WATCH | ARG_WAIT | ARG_JSON,
		"look now, and start a preview if there is something to compare",
		"  snapwatch run contoso                 asks, and returns\n"
		"  snapwatch run contoso --wait          until it is judged and alerts are sent\n",
		"Interrupting --wait does not stop the run. With --wait the exit status says how "
		"it\n"
		"ended: 0 well, 4 sign-in, 5 network, 6 throttled, 7 slot busy, 8 incomplete.\n",
		cmd_run},
	{"yield", "TENANT", 1, 1, ARG_FOR | ARG_JSON,
		"give the tenant's job slot to somebody else for a while",
		"  snapwatch yield contoso               before a recovery in the portal\n"
		"  snapwatch yield contoso --for 8h\n",
		"Cancels a preview of ours that runs, and starts none before the time is over.\n",
		cmd_yield},
	{"resume", "TENANT", 1, 1, ARG_JSON, "end what yield began", "  snapwatch resume contoso\n",
		NULL, cmd_resume},
	{"login", "[TENANT]", 0, 1,
		ARG_PORT | ARG_PASTE | ARG_DEVICE_CODE | ARG_ALLOW_EXTRA | ARG_JSON,
		"sign in for a tenant; without a name: who is missing",
		"  snapwatch login                       which tenants nobody has signed in for\n"
		"  snapwatch login contoso               in a browser, here or through ssh\n"
		"  snapwatch login contoso --paste       in a browser anywhere\n",
		"Previews are made in the name of an account of the tenant, which signs in here.\n"
		"It is the daemon that asks the service and keeps the token, sealed; where none\n"
		"runs, one is started for as long as this takes. Exit status 4 when it was "
		"refused,\n"
		"and without a name when somebody is missing.\n",
		cmd_login},
	{"logout", "TENANT", 1, 1, ARG_JSON, "forget a tenant's sign-in",
		"  snapwatch logout contoso\n"
		"  snapwatch logout 11111111-2222-3333-4444-555555555555   by its tenant_id\n",
		"Wipes the token from the store, and says how to revoke it at the service. Also "
		"for\n"
		"a tenant that is not configured any more.\n",
		cmd_logout},
	{"tenants", "", 0, 0, ARG_JSON | ARG_JSONL, "who is signed in, how, and for how long",
		"  snapwatch tenants                     one line a tenant\n"
		"  snapwatch tenants --json | jq .tenants\n",
		"Reads the store, so it works when snapwatchd does not run. LEFT is what remains\n"
		"of the sign-in when it is not used any more; each use begins its 90 days anew.\n",
		cmd_tenants},
	{"store", "verify|rekey", 1, 1, ARG_QUICK | ARG_OLD_KEY | ARG_JSON | ARG_JSONL,
		"is what is stored still what was stored? and: a new key for sign-ins",
		"  snapwatch store verify                everything, with the hash of every page\n"
		"  snapwatch store verify --quick        the database and its counters only\n"
		"  snapwatch store rekey                 seal what store-key.old seals with "
		"store-key\n"
		"  snapwatch store rekey --old-key FILE  the former key is in FILE\n",
		"verify: needs no daemon, and does not disturb one. Every damaged job and page is "
		"named;\n"
		"what is not named is sound and stays readable. Exit status 9 when anything is "
		"damaged.\n"
		"\n"
		"rekey: after a new key was put into the credential store-key. All of it or "
		"nothing; may\n"
		"be repeated. snapwatchd must not run (10): it does the same when it starts and "
		"finds the\n"
		"credential store-key.old. Exit status 9 when something is sealed with neither "
		"key.\n",
		cmd_store},
	{"doctor", "[TENANT]", 0, 1, ARG_SINKS | ARG_JSON, "what is wrong, and what to do about it",
		"  snapwatch doctor                      this host and all tenants\n"
		"  snapwatch doctor contoso              one of them\n"
		"  snapwatch doctor --sinks              and send a test alert to each sink\n",
		"Asks snapwatchd, or starts one for the questions only. Changes nothing, and signs "
		"in\n"
		"once. Exit status: what the first failure means (2 configuration, 4 sign-in,\n"
		"5 network, 6 throttled, 9 store); 0 when there are only warnings.\n",
		cmd_doctor},
	{"check-config", "", 0, 0, ARG_JSON, "is the configuration right?",
		"  snapwatch check-config\n"
		"  snapwatch check-config --config ./snapwatch.conf\n",
		"Needs neither daemon nor network.\n", cmd_check_config},
	{.name = NULL},
};

static int usage_error(const char *text, const char *command)
{
	(void)fprintf(stderr, "snapwatch: %s\nTry 'snapwatch%s%s --help'.\n", text,
		command ? " " : "", command ? command : "");
	return EXIT_CODE_USAGE;
}

static int print_help(const struct command *cmd, FILE *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);

	if (cmd)
		command_help(cmd, &text);
	else
		command_list(commands, &text);
	(void)fputs(buf_text(&text), out);
	return out == stdout ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

/* A full disk or a closed pipe behind stdout is no success. */
static int finish(int code)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_CODE_OK)
		return cli_error(EXIT_CODE_INCOMPLETE, "cannot write the output");
	return code;
}

static int run(const struct args *a, const struct command *cmd)
{
	struct cli c = {
		.args = a,
		.command = cmd,
		.style = style_of(STDOUT_FILENO),
		.now_us = clock_wall_us(),
		.out = stdout,
	};
	int code = cmd->run(&c);

	cli_done(&c);
	return finish(code);
}

int main(int argc, char **argv)
{
	_cleanup_(buf_done) struct buf error = BUF_INIT(LIMIT_CONFIG_BYTES);
	const struct command *cmd;
	struct args a;

	secret_protect_process();
	log_set_level(LOG_ERR); /* what is wrong is said in the words of the command line */
	if (args_parse(argc > 0 ? argc - 1 : 0, argv + 1, &a, &error) < 0)
		return usage_error(buf_text(&error), NULL);
	if (a.version) {
		(void)printf("snapwatch %s\n", SNAPWATCH_VERSION);
		return finish(EXIT_CODE_OK);
	}
	if (!a.command)
		return finish(print_help(NULL, a.help ? stdout : stderr));
	if (strcmp(a.command, "help") == 0) {
		a.help = true;
		a.command = a.n_words ? a.words[0] : NULL;
		a.n_words = 0;
		if (!a.command)
			return finish(print_help(NULL, stdout));
	}
	cmd = command_find(commands, a.command, &error);
	if (!cmd)
		return usage_error(buf_text(&error), NULL);
	if (a.help)
		return finish(print_help(cmd, stdout));
	if (args_check(&a, cmd, &error) < 0)
		return usage_error(buf_text(&error), cmd->name);
	return run(&a, cmd);
}
