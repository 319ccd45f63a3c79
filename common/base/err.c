/* SPDX-License-Identifier: Apache-2.0 */
/* Error texts and the table of exit codes. */
#include "common/base/err.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/log.h"

int err_trace_at(int r, const char *file, int line, const char *func)
{
	if (r < 0)
		log_debug(NULL, "%s:%d: %s: %s", file, line, func, err_text(r));
	return r;
}

const char *err_text(int r)
{
	/* -INT_MIN does not exist; it is no errno either. */
	const char *text = r == INT_MIN ? NULL : strerrordesc_np(abs(r));

	return text ? text : "unknown error";
}

static const struct {
	const char *name;
	const char *text;
} exit_codes[_EXIT_CODE_MAX] = {
	[EXIT_CODE_OK] = {"ok", "all went well"},
	[EXIT_CODE_USAGE] = {"usage", "wrong command line"},
	[EXIT_CODE_CONFIG] = {"config", "the configuration is not valid"},
	[EXIT_CODE_NO_DAEMON] = {"no_daemon", "the daemon cannot be reached"},
	[EXIT_CODE_SIGN_IN] = {"sign_in", "signing in is needed or was refused"},
	[EXIT_CODE_NETWORK] = {"network", "the service could not be reached"},
	[EXIT_CODE_THROTTLED] = {"throttled", "the service asks to come back later"},
	[EXIT_CODE_SLOT_BUSY] = {"slot_busy", "somebody else's job holds the tenant's job slot"},
	[EXIT_CODE_INCOMPLETE] = {"incomplete", "the result is not complete"},
	[EXIT_CODE_STORE] = {"store", "the store cannot be used"},
	[EXIT_CODE_REFUSED] = {"refused", "the daemon refused"},
};

const char *exit_code_name(int code)
{
	return code >= 0 && code < _EXIT_CODE_MAX ? exit_codes[code].name : NULL;
}

const char *exit_code_text(int code)
{
	return code >= 0 && code < _EXIT_CODE_MAX ? exit_codes[code].text : NULL;
}
