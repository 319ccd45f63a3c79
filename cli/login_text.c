/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/login_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"

#define COLUMNS 79u

void login_text_duration(int64_t us, struct buf *out)
{
	int64_t seconds = (us + USEC_PER_SEC / 2) / USEC_PER_SEC;

	if (seconds < 120)
		buf_printf(out, "%" PRId64 " seconds", seconds);
	else
		buf_printf(out, "%" PRId64 " minutes", (seconds + 30) / 60);
}

static void put_visible(const char *text, struct buf *out)
{
	text_append_visible(out, text, strlen(text));
}

/* Words that fit go on the line, the others on the next. Words are visible already. */
static void put_wrapped(const char *first, const char *next, const char *words, struct buf *out)
{
	size_t columns = text_columns(first);
	bool begins = true;

	buf_puts(out, first);
	while (*words) {
		size_t n = strcspn(words, " ");
		_cleanup_(buf_done) struct buf word = BUF_INIT_SURE(SIZE_MAX / 2);

		buf_append(&word, words, n);
		words += n + (words[n] == ' ');
		size_t width = text_columns(buf_text(&word));
		if (!begins && columns + 1 + width > COLUMNS) {
			buf_printf(out, "\n%s", next);
			columns = text_columns(next);
			begins = true;
		}
		buf_printf(out, "%s%s", begins ? "" : " ", buf_text(&word));
		columns += width + !begins;
		begins = false;
	}
	buf_putc(out, '\n');
}

/* A word that goes into a command line as it is. */
static bool plain(const char *text)
{
	if (text_empty(text) || *text == '-')
		return false;
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._@-", *p))
			return false;
	return true;
}

static void put_who(const struct login_words *w, const struct ctl_login *login, const char *how,
	struct buf *out)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT_SURE(SIZE_MAX / 2);

	login_text_warnings(login->warnings, out);
	buf_printf(&line, "Sign in to %s", w->tenant);
	if (*w->account) {
		buf_puts(&line, " as ");
		put_visible(w->account, &line);
	} else {
		buf_puts(&line, " with the account that snapwatch is to use");
	}
	buf_printf(&line, "%s", how);
	put_wrapped("", "", buf_text(&line), out);
}

void login_text_listen(const struct login_words *w, const struct ctl_login *login, struct buf *out)
{
	put_who(w, login, ": open this address in a browser.", out);
	buf_printf(out, "\n%s\n\n", login->url);
	buf_printf(out,
		"The browser ends at http://localhost:%u, on its own machine. When that is not\n"
		"this one, run this there first, and leave it open until the end:\n\n",
		w->port);
	buf_printf(out, "  ssh -L %u:127.0.0.1:%u %s@%s\n\n", w->port, w->port,
		plain(w->user) ? w->user : "USER", plain(w->host) ? w->host : "HOST");
	buf_puts(out, "Waiting for ");
	login_text_duration(login->expires_us, out);
	buf_puts(out, " (Ctrl-C gives up; with --paste no ssh is needed).\n");
}

void login_text_paste(const struct login_words *w, const struct ctl_login *login, struct buf *out)
{
	put_who(w, login, ": open this address in a browser, on any machine.", out);
	buf_printf(out, "\n%s\n\n", login->url);
	buf_printf(out,
		"At the end the browser shows an error, because nobody listens at the address\n"
		"that it was sent to, http://localhost:%u/?code=... That address is the\n"
		"answer: copy all of it from the address bar, and paste it here. It is not\n"
		"shown while you do; end it with Enter. Waiting for ",
		w->port);
	login_text_duration(login->expires_us, out);
	buf_puts(out, ".\n");
}

void login_text_device(const struct login_words *w, const struct ctl_login *login, struct buf *out)
{
	put_who(w, login, ": open this address in a browser, on any machine,", out);
	buf_printf(out, "\n%s\n\nand enter the code\n\n%s\n\n", login->verification_uri,
		login->user_code);
	buf_puts(out,
		"A policy of the tenant (Conditional Access, \"block device code flow\") may "
		"refuse\n"
		"this now, or at any later time: sign-ins that began with a device code stay\n"
		"marked as such. Without --device-code they are not.\n\n"
		"Waiting for ");
	login_text_duration(login->expires_us, out);
	buf_puts(out, " (Ctrl-C gives up).\n");
}

void login_text_warnings(const char *lines, struct buf *out)
{
	while (!text_empty(lines)) {
		_cleanup_(buf_done) struct buf line = BUF_INIT_SURE(SIZE_MAX / 2);
		size_t n = strcspn(lines, "\n");

		buf_append(&line, lines, n);
		if (n)
			put_wrapped("warning: ", "  ", buf_text(&line), out);
		lines += n + (lines[n] == '\n');
	}
}

void login_text_done(const struct ctl_sign_in *s, struct buf *out)
{
	buf_printf(out, "%s: signed in as %s\n", s->tenant ? s->tenant : "",
		s->account	? s->account
		: s->account_id ? s->account_id
				: "an account that the service did not name");
	if (!text_empty(s->scopes))
		put_wrapped("  may  ", "       ", s->scopes, out);
	login_text_warnings(s->warnings, out);
}
