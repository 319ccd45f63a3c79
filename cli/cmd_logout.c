/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch logout: asks the daemon, or one that is started for it, to forget a sign-in. */
#include "cli/assist.h"
#include "cli/cli.h"
#include "common/base/err.h"
#include "common/ctl/ctl_login.h"

int cmd_logout(struct cli *c)
{
	_cleanup_(assist_done) struct assist assist = ASSIST_NONE;
	_cleanup_(freep) char *text = NULL;
	const char *tenant = c->args->words[0];
	int code = cli_conf(c);

	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, tenant);
	if (code == EXIT_CODE_OK)
		code = assist_begin(c, &assist);
	if (code != EXIT_CODE_OK)
		return code;
	code = ctl_logout(assist.socket, tenant, &text);
	code = assist_end(&assist, code, &text);
	return cli_outcome(c, code, text);
}
