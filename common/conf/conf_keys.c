/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the key table, the lists of names that they use, and look-ups. No parsing here. */
#include "common/conf/conf_keys.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"

const char *const conf_entity_types[] = {"user", "group", "conditionalAccessPolicy",
	"namedLocationPolicy", "authenticationMethodPolicy", "authorizationPolicy",
	"authenticationStrengthPolicy", "application", "servicePrincipal", "oAuth2PermissionGrant",
	"appRoleAssignment", "organization", NULL};
const char *const conf_changes[] = {
	"deleted", "appeared", "modified", "link added", "link removed", NULL};
const char *const conf_verdicts[] = {"ignore", "expected", "notice", "warning", "critical", NULL};
const char *const conf_baselines[] = {"covered", "oldest", "newest", NULL};

static const char *const log_levels[] = {"error", "warning", "notice", "info", "debug", NULL};
static const char *const sign_ins[] = {"user", "user+app", NULL};
static const char *const quiet_runnings[] = {"finish", "cancel", NULL};
static const char *const first_runs[] = {"notice", "alert", NULL};

static const char *const no_keys[] = {NULL};
static const char *const webhook_required[] = {"url", "secret", NULL};
static const char *const webhook_known[] = {"url", "secret", "ca_file", "proxy", NULL};
const struct conf_sink_type conf_sink_types[] = {
	{"journal", no_keys, no_keys},
	{"webhook", webhook_required, webhook_known},
	{NULL, NULL, NULL},
};
const char *const conf_sink_type_names[] = {"journal", "webhook", NULL};

#define LOG_LEVEL_FIRST 3 /* LOG_ERR of syslog.h */
#define YEAR_US (365 * USEC_PER_DAY)

#define ROOT(field) .scope = CONF_ROOT, .name = #field, .offset = offsetof(struct conf, field)
#define TENANT(key, field) \
	.scope = CONF_TENANT, .name = key, .offset = offsetof(struct conf_tenant, field)
#define WATCH(field) \
	.scope = CONF_WATCH, .name = #field, .offset = offsetof(struct conf_watch, field)
#define RULE(key, field) \
	.scope = CONF_RULE, .name = key, .offset = offsetof(struct conf_rule, field)
#define SINK(field) .scope = CONF_SINK, .name = #field, .offset = offsetof(struct conf_sink, field)

/* clang-format off */
const struct conf_key conf_key_table[] = {
	/* --- the program ----------------------------------------------------------------------- */
	{ ROOT(store), .type = CONF_STORE, .flags = CONF_RESTART,
	  .fallback = "sqlite:/var/lib/snapwatch/snapwatch.db",
	  .doc = "Where everything durable lives." },
	{ ROOT(control_socket), .type = CONF_PATH, .flags = CONF_RESTART,
	  .fallback = "/run/snapwatch/control.sock",
	  .doc = "The Unix socket on which the daemon answers the command snapwatch." },
	{ ROOT(metrics_listen), .type = CONF_LISTEN, .flags = CONF_RESTART | CONF_LATER,
	  .fallback = "",
	  .doc = "Address and port of /metrics, /healthz and /readyz; empty: not served.",
	  .example = "\"127.0.0.1:9798\"" },
	{ ROOT(credentials_dir), .type = CONF_PATH, .fallback = CREDENTIAL_FALLBACK_DIR,
	  .doc = "Where a credential is looked for that the service manager did not pass on. Secrets "
		 "are never in configuration files: a key names a credential, which is a file that "
		 "others cannot read." },
	{ ROOT(log_level), .type = CONF_ENUM, .names = log_levels, .min = LOG_LEVEL_FIRST,
	  .fallback = "info", .doc = "The least important level that is logged." },
	{ .scope = CONF_ROOT, .name = "retain", .offset = offsetof(struct conf, retain_us),
	  .type = CONF_DURATION, .flags = CONF_LATER, .fallback = "400d", .min = 7 * USEC_PER_DAY,
	  .max = 100 * YEAR_US,
	  .doc = "How long jobs and the changes that they found are kept." },
	{ .scope = CONF_ROOT, .name = "retain_findings",
	  .offset = offsetof(struct conf, retain_findings_us), .type = CONF_DURATION,
	  .flags = CONF_LATER, .fallback = "3y", .min = 7 * USEC_PER_DAY, .max = 100 * YEAR_US,
	  .doc = "How long findings and alerts are kept." },
	{ ROOT(parallel_tenants), .type = CONF_COUNT, .fallback = "64", .min = 1, .max = 1000,
	  .doc = "How many tenants may have a preview job running at the same time. A tenant has "
		 "never more than one." },

	/* --- tenants --------------------------------------------------------------------------- */
	{ TENANT("tenant_id", tenant_id), .type = CONF_GUID, .flags = CONF_REQUIRED | CONF_OWN,
	  .doc = "The directory (tenant) ID.",
	  .example = "\"11111111-2222-3333-4444-555555555555\"" },
	{ TENANT("client_id", client_id), .type = CONF_GUID, .flags = CONF_REQUIRED,
	  .doc = "The application (client) ID of the app registration that snapwatch signs in as; may "
		 "stand in defaults when tenants share it.",
	  .example = "\"66666666-7777-8888-9999-aaaaaaaaaaaa\"" },
	{ TENANT("account", account), .type = CONF_ACCOUNT, .fallback = "",
	  .doc = "The account that signs in: user principal name or object id. Whoever else signs in "
		 "is refused, because a browser would silently take the account that it knows. Empty: "
		 "anybody in the tenant may.",
	  .example = "\"svc-snapwatch@contoso.com\"" },
	{ TENANT("sign_in", sign_in), .type = CONF_ENUM, .names = sign_ins, .fallback = "user",
	  .doc = "\"user\": everything is done in the name of the account. \"user+app\": the "
		 "application's own permission is used where the service accepts it (lists and "
		 "results); starting a preview always needs the account." },
	{ TENANT("certificate", certificate), .type = CONF_CREDENTIAL, .fallback = "",
	  .doc = "Credential with a private key and its certificate (PEM) by which the application "
		 "proves itself; needed for \"user+app\". With it the redirect http://localhost is "
		 "registered under Web, without under Mobile and desktop.",
	  .example = "\"contoso-app\"" },
	{ TENANT("attribution", attribution), .type = CONF_BOOL, .flags = CONF_LATER,
	  .fallback = "no",
	  .later = "asks for the permission at sign-in, but does not read the audit log yet",
	  .doc = "Say who made a change, from the audit log: the sign-in then asks for "
		 "AuditLog.Read.All, too." },
	{ TENANT("authority", authority), .type = CONF_URL,
	  .fallback = "https://login.microsoftonline.com",
	  .doc = "Where tokens come from; tenant_id is put behind it. Another host is for tests and "
		 "proxies only. National clouds are refused: they have no Entra Backup." },
	{ TENANT("graph_url", graph_url), .type = CONF_URL,
	  .fallback = "https://graph.microsoft.com/v1.0",
	  .doc = "Microsoft Graph. Another host is for tests and proxies only: it gets the tokens." },
	{ TENANT("ca_file", ca_file), .type = CONF_PATH, .fallback = "",
	  .doc = "Certificate authorities (PEM) to trust instead of those of the system.",
	  .example = "\"/etc/snapwatch/proxy-ca.pem\"" },
	{ TENANT("proxy", proxy), .type = CONF_PROXY, .fallback = "",
	  .doc = "HTTP proxy for sign-in and Graph. Proxy variables of the environment are not used.",
	  .example = "\"http://proxy.contoso.com:3128\"" },
	{ TENANT("http1", http1), .type = CONF_BOOL, .fallback = "yes",
	  .doc = "Speak HTTP/1.1 only. HTTP/2 gains nothing with one request at a time." },
	{ TENANT("schedule", schedule), .type = CONF_SCHEDULE, .flags = CONF_LIST,
	  .offset_n = offsetof(struct conf_tenant, n_schedule), .fallback = "after snapshot +75m",
	  .doc = "When previews run: \"after snapshot +75m\", \"every 6h\", \"daily 23:15 UTC\", "
		 "\"Mon..Fri 06:30 Europe/Berlin\", or several of them." },
	{ TENANT("quiet_hours", quiet_hours), .type = CONF_WINDOW, .flags = CONF_LIST,
	  .offset_n = offsetof(struct conf_tenant, n_quiet_hours),
	  .doc = "When no preview may run, because it would keep administrators from starting a "
		 "recovery.",
	  .example = "{\"Mon..Fri 08:00-18:00 Europe/Berlin\"}" },
	{ TENANT("quiet_running", quiet_running), .type = CONF_ENUM, .names = quiet_runnings,
	  .fallback = "finish",
	  .doc = "What happens to a job that is still running when quiet hours begin." },
	{ TENANT("first_run", first_run), .type = CONF_ENUM, .names = first_runs,
	  .fallback = "notice",
	  .doc = "What the first run of a watch finds: \"notice\" sends one notice with counts, "
		 "\"alert\" treats it like any other run." },
	{ TENANT("look_every", look_every_us), .type = CONF_DURATION, .fallback = "1h",
	  .min = USEC_PER_MIN, .max = USEC_PER_DAY,
	  .doc = "How often the lists of snapshots and jobs are read." },
	{ TENANT("stale_after", stale_after_us), .type = CONF_DURATION, .fallback = "26h",
	  .min = USEC_PER_HOUR, .max = 30 * USEC_PER_DAY,
	  .doc = "When the newest snapshot is older than that, snapshot_late is raised." },
	{ TENANT("coverage_margin", coverage_margin_us), .type = CONF_DURATION, .fallback = "1h",
	  .min = 0, .max = USEC_PER_DAY,
	  .doc = "How much older than the last good preview a baseline must be: the instants of "
		 "snapshots are not exact." },
	{ TENANT("job_poll", job_poll_us), .type = CONF_DURATION, .fallback = "60s",
	  .min = 5 * USEC_PER_SEC, .max = USEC_PER_HOUR,
	  .doc = "How often a running job is asked for at first; grows to five minutes." },
	{ TENANT("job_max", job_max_us), .type = CONF_DURATION, .fallback = "24h",
	  .min = USEC_PER_HOUR, .max = 7 * USEC_PER_DAY,
	  .doc = "A job that runs longer is cancelled and planned again." },
	{ TENANT("slot_patience", slot_patience_us), .type = CONF_DURATION, .fallback = "4h",
	  .min = USEC_PER_MIN, .max = 7 * USEC_PER_DAY,
	  .doc = "How long somebody else's job may block ours before slot_blocked is raised." },
	{ TENANT("sinks", sinks), .type = CONF_NAME, .flags = CONF_LIST,
	  .doc = "The sinks that get this tenant's alerts; empty: all of them.",
	  .example = "{\"ops\"}" },

	/* --- watches --------------------------------------------------------------------------- */
	{ WATCH(baseline), .type = CONF_ENUM, .names = conf_baselines, .fallback = "covered",
	  .doc = "The snapshot to compare with. \"covered\": the newest one that leaves no gap since "
		 "the last preview; findings and alerts come from it. \"oldest\" and \"newest\" only "
		 "report." },
	{ WATCH(entity_types), .type = CONF_WORD, .flags = CONF_LIST, .names = conf_entity_types,
	  .doc = "Only objects of these types; empty: all types.",
	  .example = "{\"user\", \"conditionalAccessPolicy\"}" },
	{ WATCH(object_ids), .type = CONF_TYPED_ID, .flags = CONF_LIST | CONF_ALTERNATIVE,
	  .doc = "Only these objects, at most 100; not together with entity_types.",
	  .example = "{\"user:99999999-8888-7777-6666-555555555555\"}" },

	/* --- rules ----------------------------------------------------------------------------- */
	{ RULE("tenant", tenant), .type = CONF_NAME, .flags = CONF_LIST,
	  .doc = "Names of tenants.", .example = "{\"contoso\"}" },
	{ RULE("change", change), .type = CONF_WORD, .flags = CONF_LIST, .names = conf_changes,
	  .doc = "What happened.", .example = "{\"appeared\"}" },
	{ RULE("entity", entity), .type = CONF_WORD, .flags = CONF_LIST, .names = conf_entity_types,
	  .doc = "Types of objects.", .example = "{\"user\"}" },
	{ RULE("name", display_name), .type = CONF_TEXT, .flags = CONF_LIST,
	  .doc = "Display names, with * and ? as wildcards. Whoever makes an object chooses its "
		 "name: a rule that calms by name alone can be met by anyone.",
	  .example = "{\"kiosk-*\"}" },
	{ RULE("object_ids", object_ids), .type = CONF_OBJECT_ID, .flags = CONF_LIST,
	  .doc = "Ids of objects.", .example = "{\"99999999-8888-7777-6666-555555555555\"}" },
	{ RULE("property", property), .type = CONF_TEXT, .flags = CONF_LIST,
	  .doc = "Names of the properties or links that changed.",
	  .example = "{\"usageLocation\", \"members\"}" },
	{ RULE("until", until_us), .type = CONF_UNTIL,
	  .doc = "The last day of the rule (UTC), or the instant at which it ends (RFC 3339).",
	  .example = "\"2026-12-31\"" },
	{ RULE("verdict", verdict), .type = CONF_ENUM, .flags = CONF_REQUIRED,
	  .names = conf_verdicts,
	  .doc = "\"ignore\": stored, never a finding. \"expected\": a finding that nobody has to "
		 "look at. \"notice\", \"warning\", \"critical\": how loud it is.",
	  .example = "\"expected\"" },

	/* --- sinks ----------------------------------------------------------------------------- */
	{ SINK(type), .type = CONF_WORD, .flags = CONF_REQUIRED, .names = conf_sink_type_names,
	  .doc = "\"webhook\": signed HTTPS requests (Standard Webhooks). \"journal\": the system's "
		 "journal; a sink \"journal\" is always there.",
	  .example = "\"webhook\"" },
	{ SINK(url), .type = CONF_CREDENTIAL, .fallback = "",
	  .doc = "Credential that holds the address; a webhook needs it.",
	  .example = "\"ops-webhook-url\"" },
	{ SINK(secret), .type = CONF_CREDENTIAL, .fallback = "",
	  .doc = "Credential that holds the key for signatures; a webhook needs it.",
	  .example = "\"ops-webhook-secret\"" },
	{ SINK(ca_file), .type = CONF_PATH, .fallback = "",
	  .doc = "Certificate authorities (PEM) to trust instead of those of the system.",
	  .example = "\"/etc/snapwatch/hooks-ca.pem\"" },
	{ SINK(proxy), .type = CONF_PROXY, .fallback = "",
	  .doc = "HTTP proxy for this sink.", .example = "\"http://proxy.contoso.com:3128\"" },
};
/* clang-format on */
const size_t conf_key_count = ARRAY_SIZE(conf_key_table);

const char *conf_scope_name(enum conf_scope scope)
{
	static const char *const names[_CONF_SCOPE_MAX] = {
		[CONF_ROOT] = "root",
		[CONF_TENANT] = "tenant",
		[CONF_WATCH] = "watch",
		[CONF_RULE] = "rule",
		[CONF_SINK] = "sink",
	};
	return names[scope];
}

const char *conf_key_later(const struct conf_key *k)
{
	return k->later ? k->later : "does not use it yet";
}

const struct conf_key *conf_key_find(enum conf_scope scope, const char *name)
{
	CONF_EACH_KEY (k, scope) {
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

void conf_keys_clear(enum conf_scope scope, void *base)
{
	CONF_EACH_KEY (k, scope)
		conf_key_clear(k, base);
}

void conf_restart_keys(const struct conf *a, const struct conf *b, struct buf *out)
{
	CONF_EACH_KEY (k, CONF_ROOT) {
		if (!(k->flags & CONF_RESTART))
			continue;
		const char *was = *(char *const *)((const char *)a + k->offset);
		const char *is = *(char *const *)((const char *)b + k->offset);
		if (strcmp(was, is) != 0)
			buf_printf(out, "%s%s", out->len ? ", " : "", k->name);
	}
}
