/* SPDX-License-Identifier: Apache-2.0 */
/* Files of this host, and the way to the service: name, connection, TLS, clock. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_private.h"

#define REMEDY_BYTES 512u
/* Worth a word before the daemon itself warns of it, at LIMIT_CLOCK_SKEW_US. */
#define SKEW_WARN_US USEC_PER_MIN
/* Somebody forgot to renew it. */
#define PEER_WARN_US (7 * USEC_PER_DAY)

static long long days_of(int64_t left_us)
{
	return left_us / USEC_PER_DAY;
}

static const char *plural(int64_t left_us)
{
	return days_of(left_us) == 1 ? "" : "s";
}

/* --- files --------------------------------------------------------------------------------------
 */

/* What to do about a credential file that cannot be read. */
static void credential_remedy(const struct doctor_credential *c, char out[static REMEDY_BYTES])
{
	const char *path = c->path ? c->path : CREDENTIAL_FALLBACK_DIR;

	switch (c->r) {
	case CREDENTIAL_E_MISSING:
		(void)snprintf(out, REMEDY_BYTES,
			"put it into %s (mode 0400, owned by the daemon's user), or name it in "
			"LoadCredential= of the unit",
			path);
		break;
	case CREDENTIAL_E_READABLE:
		(void)snprintf(out, REMEDY_BYTES, "chmod 0400 %s", path);
		break;
	case CREDENTIAL_E_NAME:
		(void)snprintf(
			out, REMEDY_BYTES, "give it a name without a slash or a dot in front");
		break;
	case CREDENTIAL_E_EMPTY:
		(void)snprintf(out, REMEDY_BYTES, "write it anew: %s", path);
		break;
	default:
		(void)snprintf(out, REMEDY_BYTES,
			"make %s a file that the daemon's user may read: chown snapwatch, chmod "
			"0400",
			path);
		break;
	}
}

static void fail_credential(
	const struct doctor_facts *f, const struct doctor_credential *c, struct doctor_report *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(LIMIT_DOCTOR_TEXT_BYTES);
	char remedy[REMEDY_BYTES];

	credential_error_text(c->r, c->name, c->path, &text);
	credential_remedy(c, remedy);
	doctor_fail(out, f->conf->name, DOCTOR_CREDENTIALS, EXIT_CODE_CONFIG, remedy, "%s",
		buf_text(&text));
}

void doctor_judge_credentials(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_credential *token = &f->credentials[DOCTOR_CREDENTIAL_TOKEN],
				       *pem = &f->credentials[DOCTOR_CREDENTIAL_CERTIFICATE];

	if (token->r != 0 && token->r != CREDENTIAL_E_MISSING && token->r != CREDENTIAL_E_EMPTY) {
		fail_credential(f, token, out);
	} else if (*f->conf->certificate && pem->r != 0) {
		fail_credential(f, pem, out);
	} else if (pem->problem) {
		doctor_fail(out, f->conf->name, DOCTOR_CREDENTIALS, EXIT_CODE_CONFIG,
			"put private key and certificate, one behind the other, in PEM into that "
			"file",
			"credential '%s' %s: %s", pem->name, pem->problem, pem->path);
	} else if (*f->conf->certificate) {
		doctor_ok(out, f->conf->name, DOCTOR_CREDENTIALS,
			"certificate '%s': a confidential client, its redirect is registered under "
			"Web",
			f->conf->certificate);
	} else {
		doctor_ok(out, f->conf->name, DOCTOR_CREDENTIALS,
			"no certificate: a public client, its redirect is registered under Mobile "
			"and desktop");
	}
}

void doctor_judge_watched(const struct doctor_facts *f, struct doctor_report *out)
{
	if (f->refused)
		doctor_fail(out, f->conf->name, DOCTOR_WATCHED, EXIT_CODE_STORE,
			"give it another name in the configuration, or end the other process; "
			"journalctl -u snapwatchd",
			"it is not watched: %s", f->refused);
	else
		doctor_ok(out, f->conf->name, DOCTOR_WATCHED, "the store has it");
}

void doctor_judge_certificate(const struct doctor_facts *f, struct doctor_report *out)
{
	static const char remedy[] =
		"make a new one, register it with the application, and replace "
		"the credential; docs/sign-in.md, section 5";
	int64_t left_us = f->certificate_us - f->now_us;
	char when[TIME_TEXT_SIZE];

	if (!*f->conf->certificate) {
		doctor_none(out, f->conf->name, DOCTOR_CERTIFICATE, "none is configured");
		return;
	}
	if (f->certificate_us == TIME_NONE) {
		doctor_warn(out, f->conf->name, DOCTOR_CERTIFICATE, remedy,
			"it cannot be told when it ends");
		return;
	}
	(void)time_format(f->certificate_us, when);
	if (left_us <= 0)
		doctor_fail(out, f->conf->name, DOCTOR_CERTIFICATE, EXIT_CODE_SIGN_IN, remedy,
			"'%s' expired at %s", f->conf->certificate, when);
	else if (left_us < CERTIFICATE_WARN_DAYS * USEC_PER_DAY)
		doctor_warn(out, f->conf->name, DOCTOR_CERTIFICATE, remedy,
			"'%s' ends in %lld day%s, at %s", f->conf->certificate, days_of(left_us),
			plural(left_us), when);
	else
		doctor_ok(out, f->conf->name, DOCTOR_CERTIFICATE, "%lld day%s left",
			days_of(left_us), plural(left_us));
}

/* --- the way ------------------------------------------------------------------------------------
 */

/* The first host that a request to came no further than stage; NULL: none. */
static const struct doctor_host *ended_at(const struct doctor_facts *f, enum http_stage stage)
{
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++)
		if (f->hosts[i].asked && f->hosts[i].error != HTTP_OK && f->hosts[i].stage == stage)
			return &f->hosts[i];
	return NULL;
}

static bool asked(const struct doctor_facts *f)
{
	return f->hosts[DOCTOR_AUTHORITY].asked && f->hosts[DOCTOR_GRAPH].asked;
}

static bool same_host(const struct doctor_facts *f)
{
	return strcmp(f->hosts[DOCTOR_AUTHORITY].name, f->hosts[DOCTOR_GRAPH].name) == 0;
}

void doctor_judge_dns(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_host *bad = ended_at(f, HTTP_AT_NAME);
	const struct doctor_host *a = &f->hosts[DOCTOR_AUTHORITY], *g = &f->hosts[DOCTOR_GRAPH];
	char remedy[REMEDY_BYTES];

	if (!asked(f))
		return;
	if (bad) {
		(void)snprintf(remedy, sizeof(remedy),
			"ask yourself: getent hosts %s; check /etc/resolv.conf, the spelling of "
			"authority and graph_url, and whether a proxy is needed (key proxy)",
			bad->name);
		doctor_fail(out, f->conf->name, DOCTOR_DNS, EXIT_CODE_NETWORK, remedy, "%s: %s",
			bad->name, bad->text);
	} else if (*f->conf->proxy) {
		doctor_ok(out, f->conf->name, DOCTOR_DNS, "the proxy has an address");
	} else if (same_host(f)) {
		doctor_ok(out, f->conf->name, DOCTOR_DNS, "%s has an address", a->name);
	} else {
		doctor_ok(out, f->conf->name, DOCTOR_DNS, "%s and %s have addresses", a->name,
			g->name);
	}
}

void doctor_judge_connection(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_host *bad = ended_at(f, HTTP_AT_CONNECT);
	char remedy[REMEDY_BYTES];

	if (!asked(f))
		return;
	if (bad) {
		(void)snprintf(remedy, sizeof(remedy),
			"let this host reach %s on its https port: firewall, route, %s", bad->name,
			*f->conf->proxy ? "what the proxy allows" : "or the key proxy");
		doctor_fail(out, f->conf->name, DOCTOR_CONNECTION, EXIT_CODE_NETWORK, remedy,
			"%s: %s", bad->name, bad->text);
	} else if (f->hosts[DOCTOR_AUTHORITY].met && f->hosts[DOCTOR_AUTHORITY].peer.address[0]) {
		doctor_ok(out, f->conf->name, DOCTOR_CONNECTION, "to %s",
			f->hosts[DOCTOR_AUTHORITY].peer.address);
	} else {
		doctor_ok(out, f->conf->name, DOCTOR_CONNECTION, "it stands");
	}
}

/* What is wrong with it can be told from the certificate, more surely than from libcurl's words. */
static void fail_tls(
	const struct doctor_facts *f, const struct doctor_host *h, struct doctor_report *out)
{
	const struct http_peer *p = &h->peer;
	char remedy[REMEDY_BYTES], when[TIME_TEXT_SIZE], issuer[HTTP_PEER_NAME_BYTES + 40] = "";

	if (!h->met)
		(void)snprintf(remedy, sizeof(remedy),
			"it shows no certificate: is that an https port, and does nothing stand in "
			"the way?");
	else if (p->not_after_us != TIME_NONE && p->not_after_us <= f->now_us)
		(void)snprintf(remedy, sizeof(remedy),
			"its certificate expired at %s: whoever runs %s must renew it; is the "
			"clock "
			"of this host right (timedatectl)?",
			time_format(p->not_after_us, when), h->name);
	else if (p->not_before_us != TIME_NONE && p->not_before_us > f->now_us)
		(void)snprintf(remedy, sizeof(remedy),
			"its certificate begins at %s: set the clock of this host (timedatectl)",
			time_format(p->not_before_us, when));
	else
		(void)snprintf(remedy, sizeof(remedy),
			"if a firewall or proxy of yours signs anew what passes it, put the "
			"certificate of its authority into a file and name that in ca_file; else "
			"somebody is in between");
	if (h->met && *p->issuer)
		(void)snprintf(issuer, sizeof(issuer), " (signed by %s)", p->issuer);
	doctor_fail(out, f->conf->name, DOCTOR_TLS, EXIT_CODE_NETWORK, remedy, "%s: %s%s", h->name,
		h->text, issuer);
}

/* The name that people know an authority by. */
static const char *short_issuer(const struct http_peer *p)
{
	const char *at = strstr(p->issuer, "CN = ");

	return at ? at + strlen("CN = ") : p->issuer;
}

static void pass_tls(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_host *soonest = NULL;

	for (size_t i = 0; i < _DOCTOR_HOSTS; i++) {
		const struct doctor_host *h = &f->hosts[i];

		if (h->met && h->peer.not_after_us != TIME_NONE &&
			(!soonest || h->peer.not_after_us < soonest->peer.not_after_us))
			soonest = h;
	}
	if (!soonest) {
		doctor_ok(out, f->conf->name, DOCTOR_TLS, "trusted");
		return;
	}
	int64_t left_us = soonest->peer.not_after_us - f->now_us;
	if (left_us < PEER_WARN_US)
		doctor_warn(out, f->conf->name, DOCTOR_TLS, "tell whoever runs it to renew it",
			"the certificate of %s ends in %lld day%s; signed by %s", soonest->name,
			days_of(left_us), plural(left_us), short_issuer(&soonest->peer));
	else
		doctor_ok(out, f->conf->name, DOCTOR_TLS, "trusted, signed by %s; %lld day%s left",
			short_issuer(&soonest->peer), days_of(left_us), plural(left_us));
}

void doctor_judge_tls(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_host *bad = ended_at(f, HTTP_AT_TLS);

	if (!asked(f))
		return;
	if (bad)
		fail_tls(f, bad, out);
	else
		pass_tls(f, out);
}

/* An answer that broke off later is the business of those that ask for something. */
void doctor_judge_clock(const struct doctor_facts *f, struct doctor_report *out)
{
	static const char remedy[] = "set the clock of this host: timedatectl set-ntp true";
	char by[DURATION_TEXT_SIZE];
	int64_t off_us = f->hosts[DOCTOR_AUTHORITY].off_us;

	if (!asked(f))
		return;
	if (off_us == TIME_NONE)
		off_us = f->hosts[DOCTOR_GRAPH].off_us;
	if (off_us == TIME_NONE) {
		doctor_none(out, f->conf->name, DOCTOR_CLOCK, "the service did not say its time");
		return;
	}
	int64_t by_us = off_us < 0 ? -off_us : off_us;
	const char *side = off_us > 0 ? "behind" : "ahead of";
	(void)duration_format(by_us, by);
	if (by_us > LIMIT_CLOCK_SKEW_US)
		doctor_fail(out, f->conf->name, DOCTOR_CLOCK, EXIT_CODE_CONFIG, remedy,
			"our clock is %s %s the service's: sign-ins with a certificate and signed "
			"alerts are refused",
			by, side);
	else if (by_us > SKEW_WARN_US)
		doctor_warn(out, f->conf->name, DOCTOR_CLOCK, remedy,
			"our clock is %s %s the service's", by, side);
	else
		doctor_ok(out, f->conf->name, DOCTOR_CLOCK, "within %s of the service's", by);
}
