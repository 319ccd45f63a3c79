/* SPDX-License-Identifier: Apache-2.0 */
/* Creating and cancelling jobs; the request body of a preview, checked to the letter. */
#include <string.h>
#include <strings.h>

#include "common/base/json.h"
#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_job.h"

#define MAX_FILTER_IDS 100u
#define MAX_DEPTH 8
#define FILTER_PREFIX "#microsoft.graph.entraRecoveryServices.recoveryJobEntity"

/* Each reader returns NULL, or what is wrong with the body. */
static const char *read_types(const struct json *filter, struct sim_filter *ret)
{
	const struct json *list = json_member(filter, "entityTypes");

	if (!list || json_type(list) != JSON_TYPE_ARRAY || !json_first(list))
		return "entityTypes must be a list that is not empty";
	ret->by_type = true;
	JSON_EACH (it, list) {
		int type = json_string(it) ? sim_type_by_name(json_string(it)) : -1;

		if (type < 0)
			return "entityTypes has a member that is no resourceTypeName";
		if (ret->types[type])
			return "entityTypes has a type twice";
		ret->types[type] = true;
	}
	return NULL;
}

static const char *read_ids(const struct json *value, int type, struct sim_filter *ret)
{
	const struct json *ids = json_member(value, "entityIds");

	if (!ids || json_type(ids) != JSON_TYPE_ARRAY || !json_first(ids))
		return "entityIds must be a list that is not empty";
	JSON_EACH (it, ids) {
		const char *id = json_string(it);

		if (!id || strlen(id) >= SIM_ID_SIZE)
			return "entityIds has a member that is no id";
		if (ret->n_ids == MAX_FILTER_IDS)
			return "more than 100 ids";
		struct sim_filter_id *slot = sim_grow(&ret->ids, &ret->n_ids, sizeof(*slot));
		slot->type = (enum sim_type)type;
		memcpy(slot->id, id, strlen(id) + 1);
	}
	return NULL;
}

static const char *read_values(const struct json *filter, struct sim_filter *ret)
{
	const struct json *list = json_member(filter, "filterValues");

	if (!list || json_type(list) != JSON_TYPE_ARRAY || !json_first(list))
		return "filterValues must be a list that is not empty";
	ret->by_id = true;
	JSON_EACH (it, list) {
		int type = sim_type_by_name(json_string_or(it, "entityType", ""));

		if (type < 0)
			return "filterValues has an entityType that is no resourceTypeName";
		if (ret->types[type])
			return "filterValues has an entityType twice";
		ret->types[type] = true;
		const char *wrong = read_ids(it, type, ret);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *read_filter(const struct json *root, struct sim_filter *ret)
{
	const struct json *filter = json_member(root, "filteringCriteria");
	const char *type;

	if (json_type(root) != JSON_TYPE_OBJECT)
		return "the body is not an object";
	JSON_EACH (it, root)
		if (strcmp(json_key(it), "filteringCriteria") != 0)
			return "the body has a member that is not filteringCriteria";
	if (!filter || json_is_null(filter))
		return NULL;
	type = json_string_or(filter, "@odata.type", "");
	if (strcmp(type, FILTER_PREFIX "NamesFilter") == 0)
		return read_types(filter, ret);
	if (strcmp(type, FILTER_PREFIX "NameAndIdsFilter") == 0)
		return read_values(filter, ret);
	return "filteringCriteria has no @odata.type that is known";
}

static const char *read_body(const struct sim_ctx *c, struct sim_filter *ret)
{
	const char *type = sim_header_get(c->req, "Content-Type");
	_cleanup_(json_freep) struct json *root = NULL;

	if (c->req->body_len == 0)
		return NULL;
	if (!type || strncasecmp(type, "application/json", 16) != 0)
		return "a body without Content-Type: application/json";
	if (json_parse(c->req->body, c->req->body_len, MAX_DEPTH, &root) != 0)
		return "the body is not JSON";
	return read_filter(root, ret);
}

static void accepted(struct sim_ctx *c, const struct sim_job *j, bool below_snapshot)
{
	struct buf location = BUF_INIT(SIM_LINE_MAX);
	char id[SIM_SNAP_ID_SIZE];

	sim_reply(c, 202, NULL);
	if (sim_switch(c->s, c->tenant, SIM_SW_LOCATION) == SIM_LOCATION_ABSOLUTE)
		(void)sim_root(c, &location);
	else
		buf_puts(&location, c->beta ? "/beta" : "/v1.0");
	if (below_snapshot)
		buf_printf(&location, "/directory/recovery/snapshots/%s/recoveryPreviewJobs/%s",
			sim_snapshot_id(c->tenant, j->snapshot.created_us, id), j->id);
	else
		buf_printf(&location, "/directory/recovery/jobs/%s", j->id);
	sim_reply_header(c, "Location", buf_text(&location));
	buf_done(&location);
}

static void conflict(struct sim_ctx *c, const struct sim_job *holder)
{
	/* losing a race against somebody else is no fault of the client's; racing itself is */
	if (!holder->foreign)
		sim_violate(c->s, "tenant %s: a second job while its own %s runs", c->tenant->name,
			holder->id);
	sim_reply_error(c, 409, "Conflict",
		"A recovery job is currently in progress. Wait for it to complete before "
		"initiating a new job.");
}

void sim_create_preview(struct sim_ctx *c)
{
	struct sim_filter filter = {0};
	struct sim_snapshot snapshot;
	struct sim_job *holder;
	const char *wrong = read_body(c, &filter);

	if (wrong) {
		sim_violate(c->s, "%s %s: %s", c->req->method, c->path, wrong);
		sim_reply_error(c, 400, "Request_BadRequest", "%s", wrong);
	} else if (!sim_snapshot_find(c->tenant, c->now_us, c->snapshot, &snapshot)) {
		sim_reply_error(c, 404, "Request_ResourceNotFound",
			"This isn't a valid timestamp for recovery. The provided timestamp should "
			"be in the "
			"list of available backups.");
	} else {
		struct sim_job *j =
			sim_job_new(c->tenant, c->now_us, &snapshot, false, &filter, &holder);

		if (j)
			accepted(c, j,
				sim_switch(c->s, c->tenant, SIM_SW_LOCATION_PATH) ==
					SIM_LOCATION_PATH_SNAPSHOT);
		else
			conflict(c, holder);
	}
	sim_filter_done(&filter);
}

/* Never reached: no token may do this. The route is there so that trying is counted as what it is.
 */
void sim_refuse_recovery(struct sim_ctx *c)
{
	sim_reply_error(c, 403, "Authorization_RequestDenied",
		"Authorization has been denied for this request. Check your credentials.");
}

void sim_cancel_job(struct sim_ctx *c)
{
	struct sim_job *j = sim_path_job(c);

	if (!j)
		return;
	if (j->foreign)
		sim_violate(c->s, "tenant %s: cancelled job %s, which somebody else started",
			c->tenant->name, j->id);
	if (c->req->body_len)
		sim_violate(c->s, "%s %s: with a body", c->req->method, c->path);
	if (sim_status_ended(sim_job_status(j, c->now_us))) {
		sim_reply_error(c, 400, "Request_BadRequest",
			"Job with identifier %s has already ended.", j->id);
		return;
	}
	sim_job_cancel(j, c->now_us + sim_switch(c->s, c->tenant, SIM_SW_CANCEL_TAKES));
	accepted(c, j, false);
}
