/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sample file from the key table. Everything in it is commented; taking away the first "#" of
 * each line where no blank follows it makes a configuration that loads.
 */
#include <string.h>

#include "common/base/timefmt.h"
#include "common/conf/conf_keys.h"

#define COLUMNS 98

static const char header[] =
	"# snapwatch.conf: what snapwatch watches, and whom it tells.\n"
	"#\n"
	"# Every key stands here, commented, with its default; where an example stands instead, "
	"the\n"
	"# text says so. After this file come tenants.d/*.conf (tenants, sinks) and "
	"rules.d/*.conf\n"
	"# (rules) beside it, in the order of their names.\n"
	"#\n"
	"# Text stands in quotes and a list in braces. A list replaces the one that it overrides.\n"
	"# `snapwatch check-config` tells what is wrong, `systemctl reload snapwatchd` applies "
	"changes.\n";

struct writer {
	struct buf *out;
	const char *lead;    /* of lines that belong to the configuration: "#", "#\t", "#\t\t" */
	bool doc_lead_plain; /* documentation at the outermost level begins with "# " alone */
};

/* One paragraph, broken between words. */
static void write_doc(const struct writer *w, const char *text)
{
	size_t indent = strlen(w->lead) > 1 ? 8 * (strlen(w->lead) - 1) : 0;
	const char *lead = w->doc_lead_plain ? "" : w->lead;

	while (*text) {
		size_t room = COLUMNS - indent - 2;
		size_t len = strlen(text);

		if (len > room)
			for (len = room; len > 0 && text[len] != ' '; len--)
				;
		buf_printf(w->out, "%s# %.*s\n", lead, (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

static void write_names(struct buf *out, const struct conf_key *k)
{
	buf_puts(out, k->flags & CONF_LIST ? " Any of " : " One of ");
	for (size_t i = 0; k->names[i]; i++)
		buf_printf(out, "%s\"%s\"", i ? ", " : "", k->names[i]);
	buf_putc(out, '.');
}

static void write_range(struct buf *out, const struct conf_key *k)
{
	char low[DURATION_TEXT_SIZE], high[DURATION_TEXT_SIZE];

	if (k->type == CONF_COUNT)
		buf_printf(out, " From %lld to %lld.", (long long)k->min, (long long)k->max);
	else
		buf_printf(out, " From %s to %s.", duration_format(k->min, low),
			duration_format(k->max, high));
}

static void write_key(const struct writer *w, const struct conf_key *k)
{
	struct buf doc = BUF_INIT(4096);

	buf_puts(&doc, k->doc);
	/* Where the text already names them all it does not need them twice. */
	if (k->names && !strstr(k->doc, k->names[0]))
		write_names(&doc, k);
	if (k->type == CONF_DURATION || k->type == CONF_COUNT)
		write_range(&doc, k);
	if (k->flags & CONF_REQUIRED)
		buf_puts(&doc, " Required.");
	if (k->flags & CONF_RESTART)
		buf_puts(&doc, " Changed only by a restart.");
	if (k->flags & CONF_LATER)
		buf_printf(&doc, " This version %s.", conf_key_later(k));
	if (k->example && !(k->flags & CONF_REQUIRED))
		buf_printf(&doc, "%s Example:",
			k->scope == CONF_RULE  ? ""
			: k->flags & CONF_LIST ? " Default: {}."
					       : " Default: \"\".");
	buf_putc(w->out, '\n');
	write_doc(w, buf_text(&doc));
	buf_printf(w->out, "%s%s%s = ", w->lead, k->flags & CONF_ALTERNATIVE ? "#" : "", k->name);
	if (k->example)
		buf_puts(w->out, k->example);
	else
		buf_printf(w->out, k->flags & CONF_LIST ? "{\"%s\"}" : "\"%s\"", k->fallback);
	buf_putc(w->out, '\n');
	buf_done(&doc);
}

/* Those with all of the flags in with and none of those in without. */
static void write_keys(
	const struct writer *w, enum conf_scope scope, unsigned with, unsigned without)
{
	CONF_EACH_KEY (k, scope) {
		if ((k->flags & with) == with && !(k->flags & without))
			write_key(w, k);
	}
}

static void write_section(struct buf *out, enum conf_scope scope, const char *title)
{
	struct writer w = {.out = out, .lead = "#\t"};

	buf_printf(out, "#%s \"%s\" {", conf_scope_name(scope), title);
	write_keys(&w, scope, 0, 0);
	buf_puts(out, "#}\n");
}

static void write_tenants(struct buf *out)
{
	struct writer w = {.out = out, .lead = "#\t"};
	struct writer inner = {.out = out, .lead = "#\t\t"};

	buf_puts(out, "\n# --- Tenants ---\n"
		      "#\n"
		      "# What every tenant has unless it says otherwise.\n"
		      "#defaults {");
	write_keys(&w, CONF_TENANT, 0, CONF_REQUIRED);
	buf_puts(out,
		"#}\n\n"
		"# One section for each directory; every key of defaults may stand here too.\n"
		"# `snapwatch login contoso` signs in as its account; docs/sign-in.md has every "
		"step.\n"
		"#tenant \"contoso\" {");
	write_keys(&w, CONF_TENANT, CONF_REQUIRED, 0);
	buf_puts(out, "\n"
		      "#\t# What is compared with what: a filter and a baseline. Without any watch "
		      "there is\n"
		      "#\t# one, \"all\", with what stands here as defaults. Watches of a tenant "
		      "replace those\n"
		      "#\t# of defaults.\n"
		      "#\twatch \"people\" {");
	write_keys(&inner, CONF_WATCH, 0, 0);
	buf_puts(out, "#\t}\n#}\n");
}

void conf_sample(struct buf *out)
{
	struct writer root = {.out = out, .lead = "#", .doc_lead_plain = true};

	buf_puts(out, header);
	write_keys(&root, CONF_ROOT, 0, 0);
	write_tenants(out);
	buf_puts(out, "\n# --- Sinks: where alerts go ---\n#\n");
	write_section(out, CONF_SINK, "ops");
	buf_puts(out,
		"\n# --- Rules ---\n"
		"#\n"
		"# The first rule whose conditions all hold gives the verdict; within a list one\n"
		"# suffices. Without a rule deleted and appeared objects are unexpected: critical "
		"for\n"
		"# policies, applications, service principals, grants and the organization, "
		"warning\n"
		"# for users and groups; modified ones are recorded.\n");
	write_section(out, CONF_RULE, "onboarding");
}
