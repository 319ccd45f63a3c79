/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as the program uses it: read whole, checked whole, then never changed. A reload
 * makes a second one and swaps; a tenant's own part is reference counted and outlives the
 * configuration that it came from. Every key is one row of the table in conf_keys, from which
 * parser, defaults, --check, the sample file and the documentation come.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/calendar.h"
#include "common/base/cleanup.h"

#define CONF_DEFAULT_PATH "/etc/snapwatch/snapwatch.conf"

struct strv {
	char **items; /* n strings, and a NULL behind them */
	size_t n;
};
bool strv_has(const struct strv *v, const char *text);

/* --- watches: one filter with one baseline policy --------------------------------------------- */

enum watch_baseline {
	WATCH_COVERED, /* newest snapshot that leaves no gap: the one that findings come from */
	WATCH_OLDEST,  /* report only */
	WATCH_NEWEST,  /* report only */
};
const char *watch_baseline_name(enum watch_baseline b);

struct conf_watch {
	char *name;
	enum watch_baseline baseline;
	struct strv entity_types; /* as the service spells them, "user" */
	struct strv object_ids;	  /* "user:GUID"; not together with entity_types */
	/*
	 * The filter as the JSON of "filteringCriteria" ("" for none) with members and ids in a
	 * fixed order, and the hexadecimal SHA-256 of that text: coverage belongs to
	 * (watch, filter_hash).
	 */
	char *filter_json;
	char filter_hash[65];
};

/* --- tenants ---------------------------------------------------------------------------------- */

enum sign_in_mode {
	SIGN_IN_USER,	  /* delegated for everything */
	SIGN_IN_USER_APP, /* app-only where the service allows it */
};
enum quiet_running {
	QUIET_FINISH,
	QUIET_CANCEL,
};
enum first_run {
	FIRST_RUN_NOTICE,
	FIRST_RUN_ALERT,
};

struct conf_tenant {
	unsigned refs;		     /* loop thread only */
	char *name;		     /* unique; [a-z0-9._-] */
	char *tenant_id, *client_id; /* GUIDs, lower case */
	char *account;	  /* user principal name, or object id in lower case; "": anybody */
	bool attribution; /* the sign-in asks for the audit log, too */
	enum sign_in_mode sign_in;
	char *certificate; /* credential name, "" for none */
	char *authority;   /* without the tenant: tenant_id is put behind it */
	char *graph_url, *ca_file, *proxy;
	bool http1; /* HTTP/1.1 only */

	struct schedule **schedule; /* n_schedule of them; at least one */
	size_t n_schedule;
	struct window **quiet_hours;
	size_t n_quiet_hours;
	enum quiet_running quiet_running;
	enum first_run first_run;
	int64_t look_every_us, stale_after_us, coverage_margin_us;
	int64_t job_poll_us, job_max_us, slot_patience_us;

	struct strv sinks; /* names of sinks; empty: all */
	struct conf_watch *watches;
	size_t n_watches;
	/* Hexadecimal SHA-256 over every value and where credentials are: equal means that a reload
	 * leaves it alone. */
	char digest[65];
};

struct conf_tenant *conf_tenant_ref(struct conf_tenant *t);
struct conf_tenant *conf_tenant_unref(struct conf_tenant *t); /* NULL in, NULL out */
DEFINE_CLEANUP(struct conf_tenant, conf_tenant_unref);

const struct conf_watch *conf_watch_find(const struct conf_tenant *t, const char *name);

/* --- rules and sinks -------------------------------------------------------------------------- */

enum verdict {
	VERDICT_IGNORE,	  /* stored, never a finding */
	VERDICT_EXPECTED, /* a finding that nobody has to look at */
	VERDICT_NOTICE,
	VERDICT_WARNING,
	VERDICT_CRITICAL,
	_VERDICT_MAX,
};
const char *verdict_name(enum verdict v);
int verdict_from_name(const char *name, enum verdict *ret); /* 0 or -EINVAL */

/* All conditions that are set must hold; within one, any of its alternatives. */
struct conf_rule {
	char *name;		  /* unique */
	struct strv tenant;	  /* names */
	struct strv change;	  /* "deleted" "appeared" "modified" "link added" "link removed" */
	struct strv entity;	  /* as the service spells them */
	struct strv display_name; /* key "name": globs */
	struct strv object_ids;	  /* GUIDs in lower case */
	struct strv property;	  /* property or link names */
	int64_t until_us;	  /* holds before this instant; TIME_NONE: for ever */
	enum verdict verdict;
	char *file; /* where it stands, for messages */
	unsigned line;
};

struct conf_sink {
	char *name;
	char *type;	    /* "journal", "webhook"; a row of the sink table */
	char *url, *secret; /* names of credentials */
	char *ca_file, *proxy;
	char digest[65];
};

struct conf {
	char *path;  /* the main file */
	char *store; /* "sqlite:/path" */
	char *control_socket;
	char *metrics_listen;
	char *credentials_dir; /* where credentials are when there is no $CREDENTIALS_DIRECTORY */
	int log_level;
	int64_t retain_us, retain_findings_us;
	unsigned parallel_tenants;

	struct conf_tenant **tenants; /* by name; one reference each */
	size_t n_tenants;
	struct conf_rule *rules; /* in the order of evaluation */
	size_t n_rules;
	struct conf_sink *sinks;
	size_t n_sinks;
};

/*
 * Reads path, then tenants.d/ and rules.d/ (*.conf, byte order) beside it. Offline; blocks on
 * local files. 0; -ENOMEM; or 1 when anything is wrong, with every problem as a line
 * "FILE:LINE: ..." in errors. Warnings (a rule that calms by name alone, a tenant without a covered
 * watch, ...) go into warnings in the same form.
 */
int conf_load(const char *path, struct conf **ret, struct buf *errors, struct buf *warnings);
struct conf *conf_free(struct conf *c);
DEFINE_CLEANUP(struct conf, conf_free);

/* NULL when there is none of that name. */
struct conf_tenant *conf_tenant_find(const struct conf *c, const char *name);
const struct conf_sink *conf_sink_find(const struct conf *c, const char *name);
