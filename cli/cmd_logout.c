/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch logout: asks the daemon, or one that is started for it, to forget a sign-in. */
#include "cli/assist.h"
#include "cli/cli.h"
#include "cli/enrolled.h"
#include "common/base/err.h"
#include "common/base/parse.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl_login.h"

/* A sign-in may have outlived its tenant in the configuration; the daemon knows it by its id. */
static int find(struct cli *c, struct enrolled *list, const char **tenant)
{
	uint8_t guid[16];

	if (conf_tenant_find(c->conf, *tenant) || parse_guid(*tenant, guid) == 0)
		return EXIT_CODE_OK;
	int code = enrolled_load(c, list);
	if (code != EXIT_CODE_OK)
		return code;
	const char *id = enrolled_id(list, *tenant);
	if (!id)
		return cli_tenant(c, *tenant);
	*tenant = id;
	return EXIT_CODE_OK;
}

int cmd_logout(struct cli *c)
{
	_cleanup_(assist_done) struct assist assist = ASSIST_NONE;
	_cleanup_(enrolled_done) struct enrolled list = {0};
	_cleanup_(freep) char *text = NULL;
	const char *tenant = c->args->words[0];
	int code = cli_conf(c);

	if (code == EXIT_CODE_OK)
		code = find(c, &list, &tenant);
	if (code == EXIT_CODE_OK)
		code = assist_begin(c, &assist);
	if (code != EXIT_CODE_OK)
		return code;
	code = ctl_logout(assist.socket, tenant, &text);
	code = assist_end(&assist, code, &text);
	return cli_outcome(c, code, text);
}
