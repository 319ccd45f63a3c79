/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person must know of the sign-in: that it is refused (every day, until it is not), that it
 * or the certificate ends soon, that it may do less or more than it should. What is so is read from
 * the sign-in each time, so it does not matter who noticed, nor how often; what was told is in the
 * store, with the conditions.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "common/model/sign_in.h"
#include "common/model/sign_in_scope.h"
#include "daemon/internal.h"

#define TITLE_BYTES 200u

static bool has_app(const struct tenant *t)
{
	return t->conf->sign_in == SIGN_IN_USER_APP;
}

bool previews_suspended(const struct tenant *t)
{
	struct auth_fault fault;

	return t->auth && has_app(t) && auth_fault(t->auth, AUTH_DELEGATED, &fault) &&
	       !auth_fault(t->auth, AUTH_APP, &fault);
}

/* --- refused ------------------------------------------------------------------------------------
 */

static void describe(const struct tenant *t, const struct auth_fault *fault, struct buf *out)
{
	const struct sign_in *s = auth_sign_in(t->auth);
	char since[TIME_TEXT_SIZE];

	buf_puts(out, fault->text);
	if (fault->outcome == AUTH_SIGN_IN && s && s->refused_us != TIME_NONE)
		buf_printf(out, ", since %s", time_format(s->refused_us, since));
	if (previews_suspended(t))
		buf_puts(out, "; previews are suspended, snapshots and the jobs of others are "
			      "still watched");
	if (fault->hint)
		buf_printf(out, "; %s", fault->hint);
}

static void tell_fault(struct daemon *d, const struct tenant *t, const char *subject,
	const struct auth_fault *fault, const char *what)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	char title[TITLE_BYTES];

	describe(t, fault, &summary);
	(void)snprintf(title, sizeof(title), "%s: %s", t->conf->name, what);
	alerts_condition_remind(d->alerts, t, ALERT_SIGN_IN_REQUIRED, subject, USEC_PER_DAY,
		VERDICT_CRITICAL, title, buf_text(&summary));
}

static const char *title_of(const struct tenant *t, const struct auth_fault *fault)
{
	bool suspended = previews_suspended(t);

	if (fault->outcome == AUTH_SIGN_IN)
		return suspended ? "sign-in is required; previews are suspended"
				 : "sign-in is required";
	return suspended ? "the sign-in is not configured right; previews are suspended"
			 : "the sign-in is not configured right";
}

/* One thing wrong with both is told once. */
static void note_faults(struct daemon *d, const struct tenant *t)
{
	struct auth_fault user = {0}, app = {0};
	bool no_user = auth_fault(t->auth, AUTH_DELEGATED, &user);
	bool no_app = has_app(t) && auth_fault(t->auth, AUTH_APP, &app);

	if (no_user)
		tell_fault(d, t, "", &user, title_of(t, &user));
	else
		alerts_condition_clear(d->alerts, t, ALERT_SIGN_IN_REQUIRED, "");
	if (no_app && !no_user)
		tell_fault(d, t, "app", &app, "the app's own sign-in does not work");
	else if (!no_app)
		alerts_condition_clear(d->alerts, t, ALERT_SIGN_IN_REQUIRED, "app");
}

/* --- ends ---------------------------------------------------------------------------------------
 */

static enum verdict severity_of(unsigned days)
{
	if (days > 7)
		return VERDICT_NOTICE;
	return days > 1 ? VERDICT_WARNING : VERDICT_CRITICAL;
}

static const char *subject_of(unsigned days, char *out, size_t size)
{
	(void)snprintf(out, size, "%u days", days);
	return out;
}

/* Each warning is a condition of its own: told once, and over when the end has moved. */
static void warn(struct daemon *d, const struct tenant *t, enum alert_kind kind, unsigned days,
	const char *title, const char *summary)
{
	char subject[32];

	alerts_condition_set(d->alerts, t, kind, subject_of(days, subject, sizeof(subject)),
		severity_of(days), title, summary);
}

static void stop_warning(
	struct daemon *d, const struct tenant *t, enum alert_kind kind, const unsigned *days)
{
	char subject[32];

	for (; *days; days++)
		alerts_condition_clear(
			d->alerts, t, kind, subject_of(*days, subject, sizeof(subject)));
}

static void tell_expiring(struct daemon *d, const struct tenant *t, const struct sign_in *s,
	unsigned days, int64_t now_us)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	char title[TITLE_BYTES], end[TIME_TEXT_SIZE], when[TIME_TEXT_SIZE];
	int64_t ends_us = sign_in_ends_us(s);
	char left[DURATION_TEXT_SIZE];

	(void)time_format(ends_us, end);
	if (ends_us > now_us)
		(void)snprintf(title, sizeof(title), "%s: the sign-in ends in %s", t->conf->name,
			duration_format(ends_us - now_us, left));
	else
		(void)snprintf(
			title, sizeof(title), "%s: the sign-in has probably ended", t->conf->name);
	if (sign_in_ends_by_age(s))
		buf_printf(&summary,
			"it ends at %s, as one before it did at that age: a policy wants people to "
			"sign in every so often; sign in again with 'snapwatch login %s', and "
			"exclude the account from that policy",
			end, t->conf->name);
	else
		buf_printf(&summary,
			"it was used last at %s, and ends at %s if it cannot be used before; "
			"'snapwatch doctor %s' tells what keeps it from that",
			time_format(s->refreshed_us != TIME_NONE ? s->refreshed_us : s->enrolled_us,
				when),
			end, t->conf->name);
	warn(d, t, ALERT_SIGN_IN_EXPIRING, days, title, buf_text(&summary));
}

static void note_expiring(struct daemon *d, const struct tenant *t, int64_t now_us)
{
	const struct sign_in *s = auth_sign_in(t->auth);
	int64_t ends_us = s ? sign_in_ends_us(s) : TIME_NONE;
	unsigned days = 0;

	if (s && s->refused_us != TIME_NONE)
		return; /* worse is told of it */
	if (ends_us != TIME_NONE)
		days = sign_in_warning(ends_us - now_us, sign_in_warn_days, 0);
	if (days > 0)
		tell_expiring(d, t, s, days, now_us);
	else
		stop_warning(d, t, ALERT_SIGN_IN_EXPIRING, sign_in_warn_days);
}

static void note_certificate(struct daemon *d, const struct tenant *t, int64_t now_us)
{
	int64_t ends_us = auth_certificate_ends_us(t->auth);
	char title[TITLE_BYTES], summary[600], end[TIME_TEXT_SIZE], left[DURATION_TEXT_SIZE];
	unsigned days;

	if (ends_us == TIME_NONE && *t->conf->certificate)
		return; /* not read yet */
	days = ends_us == TIME_NONE ? 0
				    : sign_in_warning(ends_us - now_us, certificate_warn_days, 0);
	if (days == 0) {
		stop_warning(d, t, ALERT_CERTIFICATE_EXPIRING, certificate_warn_days);
		return;
	}
	if (ends_us > now_us)
		(void)snprintf(title, sizeof(title), "%s: the app's certificate ends in %s",
			t->conf->name, duration_format(ends_us - now_us, left));
	else
		(void)snprintf(
			title, sizeof(title), "%s: the app's certificate has ended", t->conf->name);
	(void)snprintf(summary, sizeof(summary),
		"the certificate in credential '%.100s' ends at %s: make a new one, upload it at "
		"the app registration beside the old one, put key and certificate into the "
		"credential, and try it with 'snapwatch doctor %.64s'",
		t->conf->certificate, time_format(ends_us, end), t->conf->name);
	warn(d, t, ALERT_CERTIFICATE_EXPIRING, days, title, summary);
}

/* --- permissions --------------------------------------------------------------------------------
 */

static void tell_scopes(struct daemon *d, const struct tenant *t, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *what, const char *names,
	const char *hint)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	char title[TITLE_BYTES];

	(void)snprintf(title, sizeof(title), "%s: %s", t->conf->name, what);
	text_append_visible(&summary, names, strlen(names));
	buf_printf(&summary, ": %s", hint);
	alerts_condition_set(d->alerts, t, kind, subject, severity, title, buf_text(&summary));
}

static bool any_writes(const char *names)
{
	for (size_t len; *names; names += len + strspn(names + len, " ")) {
		len = strcspn(names, " ");
		if (sign_in_scope_writes(names, len))
			return true;
	}
	return false;
}

/* One subject for each, so that a permission to change something is news beside one to read. */
static void note_extra(struct daemon *d, const struct tenant *t, const char *extra)
{
	bool writes = any_writes(extra);

	if (writes)
		tell_scopes(d, t, ALERT_OVER_PRIVILEGED, "sign-in may write", VERDICT_WARNING,
			"the sign-in may change more than snapwatch needs", extra,
			"remove the consent to these permissions from the app; whoever takes the "
			"token could use them");
	else
		alerts_condition_clear(d->alerts, t, ALERT_OVER_PRIVILEGED, "sign-in may write");
	if (*extra && !writes)
		tell_scopes(d, t, ALERT_OVER_PRIVILEGED, "sign-in", VERDICT_NOTICE,
			"the sign-in may read more than snapwatch needs", extra,
			"remove the consent to these permissions from the app");
	else if (!*extra)
		alerts_condition_clear(d->alerts, t, ALERT_OVER_PRIVILEGED, "sign-in");
}

static void note_scopes(struct daemon *d, const struct tenant *t)
{
	_cleanup_(buf_done) struct buf missing = BUF_INIT_SURE(LIMIT_SCOPE_TEXT_BYTES);
	_cleanup_(buf_done) struct buf extra = BUF_INIT_SURE(LIMIT_SCOPE_TEXT_BYTES);
	const struct sign_in *s = auth_sign_in(t->auth);

	if (!s || !s->scopes)
		return;
	(void)sign_in_scope_compare(s->scopes, t->conf->attribution, &missing, &extra);
	if (missing.len)
		tell_scopes(d, t, ALERT_PERMISSION_MISSING, "sign-in", VERDICT_WARNING,
			"the sign-in lacks permissions", buf_text(&missing),
			"an administrator must consent to them for the app; they count from the "
			"next renewal on");
	else
		alerts_condition_clear(d->alerts, t, ALERT_PERMISSION_MISSING, "sign-in");
	note_extra(d, t, buf_text(&extra));
}

void trouble_sign_in(struct daemon *d, struct tenant *t)
{
	int64_t now_us = clock_wall_us();

	if (!t->auth || !d->alerts || t->id == 0)
		return;
	note_faults(d, t);
	note_expiring(d, t, now_us);
	note_certificate(d, t, now_us);
	note_scopes(d, t);
}
