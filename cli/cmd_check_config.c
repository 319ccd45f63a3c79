/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch check-config: is the configuration right? Needs neither daemon nor network. */
#include <string.h>

#include "cli/cli.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "common/conf/conf_check.h"

static int print_json(const struct cli *c, int code, const struct buf *report)
{
	_cleanup_(buf_done) struct buf json = BUF_INIT(LIMIT_VIEW_BYTES);
	struct jsonw w = JSONW_INIT(&json);
	const char *line = buf_text(report);

	jsonw_object(&w);
	jsonw_kv_string(&w, "schema", "snapwatch/1");
	jsonw_kv_int(&w, "code", code);
	jsonw_kv_string(&w, "name", exit_code_name(code));
	jsonw_key(&w, "report");
	jsonw_array(&w);
	while (*line) {
		size_t len = strcspn(line, "\n");

		jsonw_string_n(&w, line, len);
		line += len + (line[len] == '\n');
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_putc(&json, '\n');
	cli_write(c, &json);
	return code;
}

int cmd_check_config(struct cli *c)
{
	_cleanup_(buf_done) struct buf report = BUF_INIT(LIMIT_CONFIG_BYTES);
	const char *path = c->args->config ? c->args->config : CONF_DEFAULT_PATH;

	if (!cli_json(c))
		return conf_check_print(path, c->out, stderr);
	int r = conf_check(path, &report);
	if (r < 0)
		return cli_error(EXIT_CODE_CONFIG, "%s: %s", path, err_text(r));
	return print_json(c, r == 0 ? EXIT_CODE_OK : EXIT_CODE_CONFIG, &report);
}
