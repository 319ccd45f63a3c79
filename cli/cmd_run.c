/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch run: asks the daemon for a look, and a preview if there is something to compare. */
#include "cli/cli.h"
#include "common/base/err.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl.h"

int cmd_run(struct cli *c)
{
	_cleanup_(freep) char *text = NULL;
	const char *tenant = c->args->words[0];
	int code = cli_conf(c);

	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, tenant);
	if (code != EXIT_CODE_OK)
		return code;
	code = ctl_run(
		c->conf->control_socket, tenant, c->args->watch, c->args->wait, TIME_NONE, &text);
	return cli_outcome(c, code, text);
}
