/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch yield and resume: give the tenant's job slot to somebody else for a while. */
#include "cli/cli.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl.h"

int cmd_yield(struct cli *c)
{
	_cleanup_(freep) char *text = NULL;
	int64_t for_us;
	int code;

	if (c->args->for_text && parse_duration(c->args->for_text, LIMIT_HOLD_MIN_US,
					 LIMIT_HOLD_MAX_US, &for_us) < 0)
		return cli_error(
			EXIT_CODE_USAGE, "--for takes a duration from 1m to 30d, such as 4h");
	code = cli_conf(c);
	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, c->args->words[0]);
	if (code != EXIT_CODE_OK)
		return code;
	code = ctl_yield(c->conf->control_socket, c->args->words[0], c->args->for_text, &text);
	return cli_outcome(c, code, text);
}

int cmd_resume(struct cli *c)
{
	_cleanup_(freep) char *text = NULL;
	int code = cli_conf(c);

	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, c->args->words[0]);
	if (code != EXIT_CODE_OK)
		return code;
	code = ctl_resume(c->conf->control_socket, c->args->words[0], &text);
	return cli_outcome(c, code, text);
}
