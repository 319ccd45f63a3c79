/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told while signing in, at 80 columns. Pure. */
#pragma once

#include <stdint.h>

#include "common/base/buf.h"
#include "common/ctl/ctl_login.h"

struct login_words {
	const char *tenant;
	const char *account; /* that has to sign in; "" when the configuration does not say */
	unsigned port;
	const char *user, *host; /* of this machine, for ssh; NULL or odd: a placeholder */
};

/* Each appends lines. The address to open stands unbroken on a line of its own. */
void login_text_listen(const struct login_words *w, const struct ctl_login *login, struct buf *out);
void login_text_paste(const struct login_words *w, const struct ctl_login *login, struct buf *out);
void login_text_device(const struct login_words *w, const struct ctl_login *login, struct buf *out);

/* Who is signed in now; what to think of, with "warning: " before each. */
void login_text_done(const struct ctl_sign_in *s, struct buf *out);
void login_text_warnings(const char *lines, struct buf *out);

/* "15 minutes", for what is left of the time to sign in. */
void login_text_duration(int64_t us, struct buf *out);
