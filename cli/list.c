/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/list.h"

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/table.h"
#include "common/base/err.h"

int list_run(struct cli *c, const struct list *list)
{
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(emit_done) struct emit e = {0};
	size_t n = 0;
	int code = cli_store(c);

	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, c->args->tenant);
	if (code != EXIT_CODE_OK)
		return code;
	int r = table_new(list->columns, list->n_columns, &c->style, &t);
	if (cli_json(c))
		emit_begin(&e, c->out, c->args->jsonl, list->plural);
	if (r == 0)
		r = list->show(c, t, &e, &n);
	if (r == 0)
		r = cli_print(c, t, true);
	if (r < 0)
		return cli_store_failed(c, r);
	if (cli_json(c))
		emit_end(&e);
	else if (n == 0)
		(void)fprintf(c->out, "%s\n", list->none(c));
	return EXIT_CODE_OK;
}
