/* SPDX-License-Identifier: Apache-2.0 */
/* A history as a scenario, and without what cannot happen. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/timefmt.h"
#include "tests/property/history.h"

bool history_normalise(struct history *h)
{
	struct model m;
	size_t n = 0;

	model_init(&m);
	for (size_t i = 0; i < h->n; i++)
		if (model_apply(&m, &h->ops[i]))
			h->ops[n++] = h->ops[i];
	bool changed = n < h->n;
	h->n = n;
	return changed;
}

/* "+2d03:04", or to the second. */
static const char *time_text(int64_t at_s, char out[static TIME_TEXT_SIZE])
{
	int64_t start_us;

	if (at_s >= 0 && at_s % 60 == 0) {
		(void)snprintf(out, TIME_TEXT_SIZE, "+%" PRId64 "d%02d:%02d", at_s / 86400,
			(int)(at_s % 86400 / 3600), (int)(at_s % 3600 / 60));
		return out;
	}
	(void)time_parse(HISTORY_START, &start_us);
	return time_format(start_us + at_s * USEC_PER_SEC, out);
}

static void put_object(struct buf *out, const struct model *m, int object)
{
	const struct model_object *o = &m->objects[object];

	if (o->index)
		buf_printf(out, "%s %d", sim_type_info(o->type)->name, o->index);
	else
		buf_printf(out, "n%d", object);
}

static void put_create(struct buf *out, const struct model *m, const struct op *op)
{
	const struct model_object *other = op->other >= 0 ? &m->objects[op->other] : NULL;

	buf_printf(out, "create %s", sim_type_info(op->type)->name);
	if (sim_type_info(op->type)->named)
		buf_printf(out, " \"New %d\"", op->object);
	buf_printf(out, " as n%d", op->object);
	if (other && other->index == 0)
		buf_printf(out, " %s=@n%d", op->type == SIM_TYPE_GRANT ? "clientId" : "principalId",
			op->other);
}

static void put_event(struct buf *out, const struct model *m, const struct op *op)
{
	static const char *const verbs[_OP_KIND_MAX] = {
		[OP_DELETE] = "delete",
		[OP_RESTORE] = "restore",
		[OP_HARD_DELETE] = "hard-delete",
		[OP_SET] = "set",
		[OP_ADD_MEMBER] = "add-member",
		[OP_REMOVE_MEMBER] = "remove-member",
	};
	char at[TIME_TEXT_SIZE];

	buf_printf(out, "at %s " HISTORY_TENANT " ", time_text(op->at_s, at));
	if (op->kind == OP_CREATE) {
		put_create(out, m, op);
	} else if (op->kind == OP_RECOVERY) {
		buf_printf(out, "foreign-recovery duration=%ds restores \"", op->value);
		put_object(out, m, op->object);
		buf_putc(out, '"');
	} else {
		buf_printf(out, "%s ", verbs[op->kind]);
		put_object(out, m, op->object);
	}
	if (op->kind == OP_SET) {
		enum sim_type type = m->objects[op->object].type;
		const char *value = model_value(type, op->value, op->other);

		/* bare words are texts; true and false are not to be */
		buf_printf(out, " %s=%s", model_property(type, op->value), value);
	}
	if (op->kind == OP_ADD_MEMBER || op->kind == OP_REMOVE_MEMBER) {
		buf_putc(out, ' ');
		put_object(out, m, op->other);
	}
	buf_putc(out, '\n');
}

static bool is_event(const struct op *op)
{
	return op->kind >= OP_CREATE;
}

static void put_host(struct buf *out, const struct op *op)
{
	char at[TIME_TEXT_SIZE];

	buf_printf(out, "run %s\n", time_text(op->at_s, at));
	if (op->kind == OP_DOWN && strcmp(op->text, "full") == 0)
		buf_printf(
			out, "disk full\nrun %s\ndisk ok\n", time_text(op->at_s + op->value, at));
	else if (op->kind == OP_DOWN)
		buf_printf(out, "daemon %s\nrun %s\ndaemon start\n", op->text,
			time_text(op->at_s + op->value, at));
	else
		buf_printf(out, "%s\n", op->text);
}

void history_render(const struct history *h, struct buf *out)
{
	struct model m;
	char at[TIME_TEXT_SIZE];

	model_init(&m);
	buf_printf(out,
		"start " HISTORY_START "\n"
		"hook ops secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
		"tenant " HISTORY_TENANT " id=11111111-1111-4111-8111-111111111111 "
		"client=22222222-2222-4222-8222-222222222222 kind=real users=6 groups=3 "
		"policies=2 locations=1 strengths=0 applications=2 principals=2 grants=1 "
		"assignments=1 refresh_token=rt-contoso seed=%d\n",
		HISTORY_SEED);
	for (size_t i = 0; i < h->n; i++)
		if (h->ops[i].kind == OP_SETUP)
			buf_printf(out, "%s\n", h->ops[i].text);
	for (size_t i = 0; i < h->n; i++) {
		if (is_event(&h->ops[i])) {
			(void)model_apply(&m, &h->ops[i]);
			put_event(out, &m, &h->ops[i]);
		}
	}
	buf_puts(out, "daemon start\n");
	for (size_t i = 0; i < h->n; i++)
		if (!is_event(&h->ops[i]) && h->ops[i].kind != OP_SETUP)
			put_host(out, &h->ops[i]);
	buf_printf(out, "run %s\n", time_text(h->end_s, at));
}
