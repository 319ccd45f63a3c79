/* SPDX-License-Identifier: Apache-2.0 */
#include "common/model/doctor_host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/text.h"

#define REMEDY_BYTES 512u
#define KIB 1024
static const char make_key[] = "make one: openssl rand -base64 32";

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* The first line of several, without its line feed. */
static int first_line(const char *lines)
{
	return (int)strcspn(lines, "\n");
}

static size_t count_lines(const char *lines)
{
	size_t n = 0;

	for (; *lines; lines += first_line(lines) + (lines[first_line(lines)] == '\n'))
		n++;
	return n;
}

void doctor_judge_configuration(const struct doctor_configuration *c, struct doctor_report *out)
{
	size_t n = count_lines(c->r == 0 ? c->warnings : c->errors);
	char more[64] = "";

	if (n > 1)
		(void)snprintf(more, sizeof(more), " (and %zu more)", n - 1);
	if (c->r < 0)
		doctor_fail(out, NULL, DOCTOR_CONFIGURATION, EXIT_CODE_CONFIG,
			"name the right file with --config, or let this user read it", "%s: %s",
			c->path, err_text(c->r));
	else if (c->r > 0)
		doctor_fail(out, NULL, DOCTOR_CONFIGURATION, EXIT_CODE_CONFIG,
			"correct it, then: snapwatch check-config", "%.*s%s", first_line(c->errors),
			c->errors, more);
	else if (c->n_tenants == 0)
		doctor_fail(out, NULL, DOCTOR_CONFIGURATION, EXIT_CODE_CONFIG,
			"describe one in tenants.d/NAME.conf beside that file; README.md has an "
			"example",
			"%s: there is no tenant", c->path);
	else if (n)
		doctor_warn(out, NULL, DOCTOR_CONFIGURATION, "snapwatch check-config shows all",
			"%.*s%s", first_line(c->warnings), c->warnings, more);
	else
		doctor_ok(out, NULL, DOCTOR_CONFIGURATION, "%s: %zu tenant%s, %zu sink%s", c->path,
			c->n_tenants, plural(c->n_tenants), c->n_sinks, plural(c->n_sinks));
}

void doctor_judge_service(const struct doctor_service *s, struct doctor_report *out)
{
	static const enum doctor_check others[] = {DOCTOR_STORE_KEY, DOCTOR_STORE};
	static const char start[] = "systemctl start snapwatchd";

	if (s->who == DOCTOR_SERVICE_RUNS) {
		doctor_ok(out, NULL, DOCTOR_SERVICE, "snapwatchd runs");
		return;
	}
	if (s->who == DOCTOR_SERVICE_BORROWED) {
		doctor_warn(out, NULL, DOCTOR_SERVICE, start,
			"snapwatchd does not run; one was started for these questions only");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct doctor_item *item = doctor_find(out, NULL, others[i]);

		if (!item || item->result != DOCTOR_FAIL)
			continue;
		doctor_warn(out, NULL, DOCTOR_SERVICE, NULL,
			"snapwatchd does not run, and could not, because of %s",
			doctor_check_name(others[i]));
		return;
	}
	doctor_fail(out, NULL, DOCTOR_SERVICE,
		s->code > EXIT_CODE_USAGE && s->code < _EXIT_CODE_MAX ? s->code
								      : EXIT_CODE_NO_DAEMON,
		"as root: systemctl start snapwatchd; then journalctl -u snapwatchd has its words",
		"%s", text_empty(s->text) ? "snapwatchd does not run" : s->text);
}

void doctor_judge_store_key(const struct doctor_store_key *k, struct doctor_report *out)
{
	const char *path = k->path ? k->path : CREDENTIAL_FALLBACK_DIR;
	char remedy[REMEDY_BYTES];

	if (k->r == 0 && k->good) {
		doctor_ok(out, NULL, DOCTOR_STORE_KEY, "%s", path);
		return;
	}
	if (k->r == -EACCES) {
		doctor_none(out, NULL, DOCTOR_STORE_KEY, "this user may not look at %s; root may",
			path);
		return;
	}
	if (k->r == 0)
		(void)snprintf(remedy, sizeof(remedy),
			"put back the right one: what it sealed cannot be opened with another. If "
			"there is none, %s >%s, and sign in again",
			make_key, path);
	else if (k->r == CREDENTIAL_E_READABLE)
		(void)snprintf(remedy, sizeof(remedy), "chmod 0400 %s", path);
	else
		(void)snprintf(remedy, sizeof(remedy),
			"%s >%s; chmod 0400 it, and give it to the daemon's user", make_key, path);
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(LIMIT_DOCTOR_TEXT_BYTES);
	if (k->r == 0)
		buf_printf(&text, "%s is not 32 bytes in base64", path);
	else
		credential_error_text(k->r, "store-key", k->path, &text);
	doctor_fail(out, NULL, DOCTOR_STORE_KEY, EXIT_CODE_CONFIG, remedy, "%s", buf_text(&text));
}

static void append_size(int64_t bytes, char *out, size_t size)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	int64_t n = bytes / KIB;
	size_t i = 0;

	for (; n >= 10 * KIB && i + 1 < ARRAY_SIZE(units); i++)
		n /= KIB;
	(void)snprintf(out, size, "%" PRId64 " %s", n, units[i]);
}

void doctor_judge_store(const struct doctor_store *s, struct doctor_report *out)
{
	static const char damaged[] =
		"stop snapwatchd and copy the files away; snapwatch store verify names what is "
		"damaged; then docs/damage.md";
	const char *detail = text_empty(s->detail) ? err_text(s->r) : s->detail;
	char size[32] = "size not known";

	if (s->bytes >= 0)
		append_size(s->bytes, size, sizeof(size));
	if (s->state == DOCTOR_STORE_MISSING)
		doctor_none(out, NULL, DOCTOR_STORE, "there is none yet; snapwatchd makes it");
	else if (s->r == -EUCLEAN)
		doctor_fail(out, NULL, DOCTOR_STORE, EXIT_CODE_STORE, damaged, "%s is damaged: %s",
			s->path, detail);
	else if (s->state == DOCTOR_STORE_CLOSED && (s->r == -EACCES || s->r == -EROFS))
		doctor_none(out, NULL, DOCTOR_STORE, "%s", detail);
	else if (s->state == DOCTOR_STORE_CLOSED || s->r < 0)
		doctor_fail(out, NULL, DOCTOR_STORE, EXIT_CODE_STORE,
			"journalctl -u snapwatchd; docs/damage.md", "%s", detail);
	else if (s->r > 0)
		doctor_ok(out, NULL, DOCTOR_STORE,
			"schema %d, %s; no damage in what could be read in two seconds, snapwatch "
			"store verify reads all",
			s->schema, size);
	else
		doctor_ok(out, NULL, DOCTOR_STORE, "sound; schema %d, %s", s->schema, size);
}

void doctor_judge_disk(const char *path, int64_t bytes, struct doctor_report *out)
{
	static const char remedy[] = "make room there: work pauses when it is full, and goes on by "
				     "itself";
	char size[32];

	if (bytes < 0) {
		doctor_none(out, NULL, DOCTOR_DISK, "%s: %s", path, err_text((int)bytes));
		return;
	}
	append_size(bytes, size, sizeof(size));
	if (bytes < LIMIT_DISK_FAIL_BYTES)
		doctor_fail(out, NULL, DOCTOR_DISK, EXIT_CODE_STORE, remedy, "%s left in %s", size,
			path);
	else if (bytes < LIMIT_DISK_WARN_BYTES)
		doctor_warn(out, NULL, DOCTOR_DISK, remedy, "%s left in %s", size, path);
	else
		doctor_ok(out, NULL, DOCTOR_DISK, "%s left in %s", size, path);
}
