/* SPDX-License-Identifier: Apache-2.0 */
/* Who is signed in for which tenant, as the store has it: works without the daemon. */
#pragma once

#include <stdbool.h>

#include "cli/style.h"
#include "common/base/jsonw.h"
#include "common/model/sign_in.h"
#include "common/store/store_tenant.h"

struct cli;

struct enrolled_tenant {
	const char *name, *tenant_id;
	bool configured;
	const struct sign_in *sign_in; /* NULL: nobody */
	enum sign_in_state state;
};

struct enrolled {
	struct enrolled_tenant *items; /* those of the configuration, then what is left of others */
	size_t n;
	struct sign_in_list stored;
	struct store_tenant_list names;
};

/* Reads the configuration and the store; where there is no store yet nobody is signed in. An enum
 * exit_code; what is wrong was said. */
int enrolled_load(struct cli *c, struct enrolled *ret);
void enrolled_done(struct enrolled *e);

/* Of a tenant that is configured, or that somebody is still signed in for; NULL. Borrowed. */
const char *enrolled_id(const struct enrolled *e, const char *name);

/* True when somebody has to sign in before the next preview. */
bool enrolled_is_missing(const struct enrolled_tenant *t);
/* "good", "refused: the password was changed"; not visible yet. */
void enrolled_append_state(const struct enrolled_tenant *t, struct buf *out);
enum tone enrolled_tone(const struct enrolled_tenant *t);
/* The members, inside an object that is open. */
void enrolled_write(const struct enrolled_tenant *t, int64_t now_us, struct jsonw *w);

/* `snapwatch login` without a name: EXIT_CODE_SIGN_IN when somebody is missing. */
int enrolled_missing(struct cli *c);
