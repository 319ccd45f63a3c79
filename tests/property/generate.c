/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histories at random. Most of what happens is put where it is hard: on few objects, and minutes
 * around snapshots and the phases of jobs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "tests/graphsim/sim_core.h"
#include "tests/property/history.h"

#define DAY 86400
#define HOUR 3600
#define MIN 60
#define SNAPSHOT_AT (22 * HOUR)
#define QUIET_END (30 * HOUR)

struct generator {
	struct history *h;
	uint64_t random;
	int days;
	int lag_s, load_s, calculate_s;
	int focus[4]; /* objects that most happens to */
	bool yielded;
	char watches[3][16];
	int n_watches;
};

uint64_t dice_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int dice_below(uint64_t *state, int n)
{
	return (int)(dice_next(state) % (uint64_t)n);
}

bool dice_percent(uint64_t *state, int percent)
{
	return dice_below(state, 100) < percent;
}

static int below(struct generator *g, int n)
{
	return dice_below(&g->random, n);
}

static bool percent(struct generator *g, int p)
{
	return dice_percent(&g->random, p);
}

static struct op *add(struct generator *g, enum op_kind kind, int64_t at_s)
{
	static struct op spare;
	struct history *h = g->h;

	if (h->n == HISTORY_MAX_OPS)
		return &spare;
	h->ops[h->n] = (struct op){.kind = kind, .at_s = at_s, .other = -1};
	return &h->ops[h->n++];
}

static void _printf_(2, 3) setup(struct generator *g, const char *fmt, ...)
{
	struct op *op = add(g, OP_SETUP, INT64_MIN);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(op->text, sizeof(op->text), fmt, args);
	va_end(args);
}

static void _printf_(3, 4) line(struct generator *g, int64_t at_s, const char *fmt, ...)
{
	struct op *op = add(g, OP_LINE, at_s);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(op->text, sizeof(op->text), fmt, args);
	va_end(args);
}

/* --- what is set up -----------------------------------------------------------------------------
 */

/* What happens to be looked at decides what becomes a finding. */
static void setup_rules(struct generator *g)
{
	static const struct {
		int percent;
		const char *text;
	} rules[] = {
		{15, "change = {\"deleted\"} entity = {\"user\"} verdict = \"expected\""},
		{15, "change = {\"appeared\"} entity = {\"user\"} verdict = \"expected\""},
		{10, "change = {\"deleted\"} entity = {\"application\"} verdict = \"ignore\""},
		{10, "change = {\"appeared\"} entity = {\"namedLocationPolicy\"} verdict = "
		     "\"ignore\""},
		{30, "change = {\"deleted\"} entity = {\"group\"} verdict = \"critical\""},
		{20, "change = {\"appeared\"} entity = {\"oAuth2PermissionGrant\"} verdict = "
		     "\"expected\""},
		{80, "change = {\"modified\"} property = {\"state\"} verdict = \"critical\""},
		{80, "change = {\"modified\"} property = {\"accountEnabled\"} verdict = "
		     "\"warning\""},
		{30, "change = {\"modified\"} property = {\"department\"} verdict = \"expected\""},
		{50, "change = {\"modified\"} property = {\"department\"} verdict = \"notice\""},
		{30, "change = {\"modified\"} property = {\"visibility\"} verdict = \"notice\""},
		{40, "change = {\"modified\"} property = {\"isTrusted\"} verdict = \"critical\""},
		{30, "change = {\"modified\"} property = {\"scope\"} verdict = \"critical\""},
		{15, "change = {\"link added\"} verdict = \"expected\""},
		{80, "change = {\"link added\"} verdict = \"warning\""},
		{70, "change = {\"link removed\"} verdict = \"notice\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (percent(g, rules[i].percent))
			setup(g, "rule \"r%zu\" { %s }", i, rules[i].text);
}

static const char *object_guid(enum sim_type type, int index, char out[static SIM_ID_SIZE])
{
	const struct sim_seed seed = {.tenant = model_seed(), .index = (uint64_t)index};

	sim_make_id(&seed, type, 0, out);
	return out;
}

static void watch_text(struct generator *g, int i, char *out, size_t size)
{
	char id[SIM_ID_SIZE], other[SIM_ID_SIZE];

	switch (below(g, 6)) {
	case 0:
		(void)snprintf(out, size, "watch \"w%d\" { entity_types = {\"user\"} }", i);
		break;
	case 1:
		(void)snprintf(
			out, size, "watch \"w%d\" { entity_types = {\"user\", \"group\"} }", i);
		break;
	case 2:
		(void)snprintf(out, size,
			"watch \"w%d\" { entity_types = {\"application\", "
			"\"conditionalAccessPolicy\"} }",
			i);
		break;
	case 3:
		(void)snprintf(out, size,
			"watch \"w%d\" { object_ids = {\"user:%s\", \"group:%s\"} }", i,
			object_guid(SIM_TYPE_USER, 1 + below(g, 2), id),
			object_guid(SIM_TYPE_GROUP, 1, other));
		break;
	case 4:
		(void)snprintf(out, size, "watch \"w%d\" { baseline = \"%s\" }", i,
			percent(g, 50) ? "oldest" : "newest");
		break;
	default:
		(void)snprintf(out, size, "watch \"w%d\" {}", i);
	}
}

static void setup_watches(struct generator *g)
{
	char text[200];

	if (percent(g, 50))
		return;
	setup(g, "tenant-conf " HISTORY_TENANT " watch \"all\" {}");
	(void)snprintf(g->watches[g->n_watches++], sizeof(g->watches[0]), "all");
	for (int i = 1; i < 2 + below(g, 2); i++) {
		watch_text(g, i, text, sizeof(text));
		(void)snprintf(g->watches[g->n_watches++], sizeof(g->watches[0]), "w%d", i);
		if (percent(g, 65)) {
			setup(g, "tenant-conf " HISTORY_TENANT " %s", text);
			continue;
		}
		int64_t at_s = below(g, (g->days - 1) * DAY);

		line(g, at_s, "tenant-conf " HISTORY_TENANT " %.150s", text);
		line(g, at_s, "daemon reload");
	}
}

static void setup_service(struct generator *g)
{
	static const char *const captures[] = {"post", "loaded", "end"};
	static const int loads[] = {10, 40, 40, 40, 90, 150};
	static const int calculations[] = {0, 10, 10, 60, 150};
	static const int margins[] = {60, 60, 60, 30, 120};
	int margin = margins[below(g, ARRAY_SIZE(margins))];

	g->lag_s = percent(g, 40) ? 0 : below(g, margin + 1) * MIN;
	g->load_s = loads[below(g, ARRAY_SIZE(loads))] * MIN;
	g->calculate_s = calculations[below(g, ARRAY_SIZE(calculations))] * MIN;
	setup(g, "snapshots " HISTORY_TENANT " daily 22:00 keep=%d lag=%ds", 5 + below(g, 4),
		g->lag_s);
	setup(g, "preview " HISTORY_TENANT " load=%ds calculate=%ds", g->load_s, g->calculate_s);
	setup(g, "switch capture %s", captures[below(g, ARRAY_SIZE(captures))]);
	setup(g, "switch page %d", 2 + below(g, 3));
	if (percent(g, 20))
		setup(g, "switch current_state full");
	if (margin != 60)
		setup(g, "tenant-conf " HISTORY_TENANT " coverage_margin = \"%dm\"", margin);
}

static void setup_schedule(struct generator *g)
{
	static const char *const schedules[] = {"every 6h", "daily 20:30 UTC",
		"daily 21:15 UTC\", \"daily 09:00 UTC", "daily 04:00 UTC"};

	if (percent(g, 40))
		setup(g, "tenant-conf " HISTORY_TENANT " schedule = {\"%s\"}",
			schedules[below(g, ARRAY_SIZE(schedules))]);
	if (percent(g, 90)) /* fewer requests, so more histories */
		setup(g, "tenant-conf " HISTORY_TENANT " job_poll = \"10m\"");
	if (percent(g, 50))
		setup(g, "tenant-conf " HISTORY_TENANT " first_run = \"alert\"");
	if (percent(g, 10))
		setup(g, "tenant-conf " HISTORY_TENANT " quiet_hours = {\"00:30-05:00 UTC\"}");
}

static void setup_snapshots(struct generator *g)
{
	static const char *const kinds[] = {"missing", "late=9h", "late=2h", "twice"};

	for (int n = below(g, 3); n > 0; n--)
		setup(g, "snapshot " HISTORY_TENANT " +%dd22:00 %s", below(g, g->days),
			kinds[below(g, ARRAY_SIZE(kinds))]);
	for (int n = below(g, 3); n > 0; n--) {
		int at = below(g, percent(g, 60) ? 6 : 24);

		setup(g, "snapshot " HISTORY_TENANT " +%dd%02d:%02d extra", below(g, g->days),
			(20 + at) % 24, below(g, 12) * 5);
	}
}

/* --- when ---------------------------------------------------------------------------------------
 */

/* Minutes around where something is decided, or any time. */
static int64_t some_time(struct generator *g)
{
	static const int offsets[] = {0, 0, -1, 1, -2, 2, -10, 10, -30, 30, -59, 59, -60, 60, -61,
		61, -120, 120, 150, 180};
	int64_t day_s = (int64_t)below(g, g->days) * DAY;
	const int anchors[] = {SNAPSHOT_AT, SNAPSHOT_AT - g->lag_s, SNAPSHOT_AT + 75 * MIN,
		SNAPSHOT_AT + 75 * MIN + g->load_s,
		SNAPSHOT_AT + 75 * MIN + g->load_s + g->calculate_s};

	if (percent(g, 40))
		return day_s + below(g, DAY / MIN) * MIN;
	int64_t at_s = day_s + anchors[below(g, ARRAY_SIZE(anchors))] +
		       offsets[below(g, ARRAY_SIZE(offsets))] * MIN;
	if (percent(g, 10))
		at_s += below(g, 60);
	return at_s < 0 ? 0 : at_s;
}

/* --- what happens -------------------------------------------------------------------------------
 */

static void choose_focus(struct generator *g)
{
	struct model m;

	model_init(&m);
	for (size_t i = 0; i < ARRAY_SIZE(g->focus); i++)
		g->focus[i] = below(g, m.n);
}

static void create_something(struct generator *g, const struct model *m, struct op *op)
{
	static const enum sim_type types[] = {SIM_TYPE_USER, SIM_TYPE_USER, SIM_TYPE_GROUP,
		SIM_TYPE_APPLICATION, SIM_TYPE_SERVICE_PRINCIPAL, SIM_TYPE_GRANT,
		SIM_TYPE_ASSIGNMENT, SIM_TYPE_LOCATION, SIM_TYPE_POLICY};

	op->kind = OP_CREATE;
	op->object = m->n;
	op->type = types[below(g, ARRAY_SIZE(types))];
	if (op->type != SIM_TYPE_GRANT && op->type != SIM_TYPE_ASSIGNMENT)
		return;
	for (int i = m->n - 1; i >= 0 && op->other < 0; i--)
		if (m->objects[i].type == SIM_TYPE_SERVICE_PRINCIPAL && m->objects[i].index == 0)
			op->other = i;
}

static void link_something(struct generator *g, const struct model *m, struct op *op)
{
	op->other = below(g, m->n);
	if (m->objects[op->other].type != SIM_TYPE_USER)
		op->other = below(g, 3);
	op->kind = m->objects[op->object].member[op->other] ? OP_REMOVE_MEMBER : OP_ADD_MEMBER;
}

static void happen_to(struct generator *g, const struct model *m, struct op *op)
{
	const struct model_object *o = &m->objects[op->object];
	const char *name = model_property(o->type, 0);

	if (o->life == MODEL_DELETED) {
		op->kind = percent(g, 85) ? OP_RESTORE : OP_HARD_DELETE;
		return;
	}
	if (o->type == SIM_TYPE_GROUP && percent(g, 60)) {
		link_something(g, m, op);
		return;
	}
	if (name && percent(g, 60)) {
		op->kind = OP_SET;
		op->value = model_property(o->type, 1) ? below(g, 2) : 0;
		op->other = below(g, model_n_values(o->type, op->value));
		return;
	}
	op->kind = percent(g, 95) ? OP_DELETE : OP_HARD_DELETE;
}

static int pick_object(struct generator *g, const struct model *m)
{
	if (percent(g, 65))
		return g->focus[below(g, ARRAY_SIZE(g->focus))];
	if (percent(g, 40))
		return m->n - 1;
	return below(g, m->n);
}

static int compare_times(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void directory_events(struct generator *g)
{
	int64_t times[40];
	int n = 4 + below(g, 28);
	struct model m;

	for (int i = 0; i < n; i++)
		times[i] = some_time(g);
	qsort(times, (size_t)n, sizeof(times[0]), compare_times);
	model_init(&m);
	for (int i = 0; i < n; i++) {
		struct op op = {.at_s = times[i], .other = -1};

		op.object = pick_object(g, &m);
		if (m.n < HISTORY_MAX_OBJECTS && percent(g, 18)) {
			create_something(g, &m, &op);
		} else if (percent(g, 4)) {
			op.kind = OP_RECOVERY;
			op.value = (10 + below(g, 170)) * MIN;
		} else {
			happen_to(g, &m, &op);
		}
		if (model_apply(&m, &op))
			*add(g, op.kind, op.at_s) = op;
	}
}

static const char *some_watch(struct generator *g)
{
	static char text[24];

	if (!g->n_watches || percent(g, 50))
		return "";
	(void)snprintf(text, sizeof(text), " %s", g->watches[below(g, g->n_watches)]);
	return text;
}

static void extra_runs(struct generator *g)
{
	for (int n = below(g, 6); n > 0; n--) {
		int64_t at_s = some_time(g) + 20 * MIN;

		line(g, at_s, "act run " HISTORY_TENANT "%s", some_watch(g));
	}
}

static void people(struct generator *g)
{
	static const char *const what[] = {"change=deleted", "change=appeared", "change=modified",
		"entity_type=user", "fact=absorbed", "change~link", "fact=visible"};

	for (int n = percent(g, 60) ? 0 : below(g, 4); n > 0; n--)
		line(g, some_time(g) + 3 * HOUR, "acknowledge %s",
			what[below(g, ARRAY_SIZE(what))]);
}

static void host_events(struct generator *g)
{
	static const char *const crashes[] = {"intent", "created", "page 1", "page 2", "verdict"};

	for (int n = percent(g, 50) ? 0 : below(g, 4); n > 0; n--) {
		int64_t at_s = some_time(g);

		switch (below(g, 4)) {
		case 0: {
			struct op *op = add(g, OP_DOWN, at_s);
			op->value = percent(g, 60) ? (1 + below(g, 600)) * MIN
						   : (1 + below(g, 40)) * HOUR;
			(void)snprintf(
				op->text, sizeof(op->text), "%s", percent(g, 50) ? "stop" : "kill");
			break;
		}
		case 1:
			line(g, at_s, "crash %s", crashes[below(g, ARRAY_SIZE(crashes))]);
			break;
		case 2:
			line(g, at_s, "act yield " HISTORY_TENANT " %dm", 10 + below(g, 300));
			g->yielded = true;
			break;
		default: {
			struct op *op = add(g, OP_DOWN, at_s);
			op->value = (1 + below(g, 90)) * MIN;
			(void)snprintf(op->text, sizeof(op->text), "full");
		}
		}
	}
}

static void service_events(struct generator *g)
{
	static const char *const faults[] = {
		"fault contoso GET *getChanges* status=503 nth=2 count=2",
		"fault contoso GET *getChanges* status=503 count=14",
		"fault contoso GET *getChanges* status=429 retry_after=7200",
		"fault contoso GET *getChanges* drop=after",
		"fault contoso GET *getChanges* text={\"value\":[]}",
		"fault contoso GET *getChanges* nth=2 text={\"value\":[]}",
		"fault contoso GET *getChanges* nth=2 text={\"value\":[]}",
		"fault contoso GET *getChanges* malformed",
		"fault contoso POST */recoveryPreviewJobs status=503 count=3",
		"fault contoso POST */recoveryPreviewJobs late_status=504",
		"fault contoso POST */recoveryPreviewJobs drop=after",
		"fault contoso GET */jobs* status=500 count=2",
		"fault contoso GET */snapshots* status=503 count=2",
		"fault contoso GET *obs/* status=503 count=3",
		"fault contoso POST *token* status=503 count=2",
		"fault contoso GET *getChanges* token=expired",
		"fault * POST /hook/ops status=503 count=3",
		"switch totals null",
		"contoso foreign-preview duration=2h",
	};

	for (int n = percent(g, 45) ? 0 : below(g, 4); n > 0; n--)
		line(g, some_time(g), "%s", faults[below(g, ARRAY_SIZE(faults))]);
	/* one preview is read after the next one was judged */
	for (int n = g->n_watches < 2 || percent(g, 40) ? 0 : 1 + below(g, 4); n > 0; n--)
		line(g,
			below(g, g->days) * DAY + SNAPSHOT_AT + 75 * MIN + g->load_s +
				g->calculate_s,
			"fault contoso GET *getChanges* status=503 count=%d", 40 + below(g, 70));
	/* fewer rows than promised */
	for (int n = percent(g, 75) ? 0 : 1 + below(g, 3); n > 0; n--)
		line(g, some_time(g), "fault contoso GET *getChanges* nth=%d text={\"value\":[]}",
			1 + below(g, 2));
	if (percent(g, 10)) {
		int64_t at_s = some_time(g);

		line(g, at_s, "preview contoso load=%ds calculate=%ds outcome=failed", g->load_s,
			g->calculate_s);
		line(g, at_s + 20 * HOUR, "preview contoso load=%ds calculate=%ds", g->load_s,
			g->calculate_s);
	}
}

static int compare_ops(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

/* Stable: what was written first stays first. */
static void sort_ops(struct history *h)
{
	for (size_t i = 1; i < h->n; i++)
		for (size_t j = i; j > 0 && compare_ops(&h->ops[j - 1], &h->ops[j]) > 0; j--) {
			struct op other = h->ops[j];

			h->ops[j] = h->ops[j - 1];
			h->ops[j - 1] = other;
		}
}

void history_generate(uint64_t seed, struct history *ret)
{
	struct generator g = {.h = ret, .random = seed * 0x9e3779b97f4a7c15u + 1};

	*ret = (struct history){.seed = seed, .quiet_end = true};
	g.days = 3 + below(&g, 5);
	setup_service(&g);
	setup_schedule(&g);
	setup_rules(&g);
	setup_snapshots(&g);
	setup_watches(&g);
	choose_focus(&g);
	directory_events(&g);
	extra_runs(&g);
	people(&g);
	host_events(&g);
	service_events(&g);
	sort_ops(ret);
	(void)history_normalise(ret);
	ret->end_s = (int64_t)g.days * DAY + 46 * HOUR + QUIET_END;
}
