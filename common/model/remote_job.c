/* SPDX-License-Identifier: Apache-2.0 */
/* Reads jobs and lists of jobs. Whose they are and what follows is decided elsewhere. */
#include "common/model/remote_job.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/odata.h"

static const struct {
	const char *word;
	enum remote_status status;
	bool terminal;
} statuses[] = {
	{"initialized", REMOTE_INITIALIZED, false},
	{"loadingData", REMOTE_LOADING, false},
	{"calculating", REMOTE_CALCULATING, false},
	{"running", REMOTE_RUNNING, false},
	{"successful", REMOTE_SUCCESSFUL, true},
	{"failed", REMOTE_FAILED, true},
	{"abandoned", REMOTE_ABANDONED, true},
};

enum remote_status remote_status_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (word && strcasecmp(statuses[i].word, word) == 0)
			return statuses[i].status;
	return REMOTE_UNKNOWN;
}

bool remote_status_terminal(enum remote_status s)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == s)
			return statuses[i].terminal;
	return false;
}

bool remote_job_ended(const struct remote_job *j)
{
	return remote_status_terminal(j->status) ||
	       (j->status == REMOTE_UNKNOWN && j->completed_us != TIME_NONE);
}

static int64_t total(const struct json *v, const char *key)
{
	int64_t n;

	return json_get_int(v, key, &n) == JSON_GET_OK && n >= 0 ? n : -1;
}

static const char *type_name(const struct json *v)
{
	const char *type = json_string(odata_annotation(v, "type"));

	if (text_empty(type))
		return NULL;
	const char *dot = strrchr(type, '.');
	return dot ? dot + 1 : type + (*type == '#');
}

static bool has_recovery_totals(const struct json *v)
{
	return json_member(v, "totalObjectsModified") || json_member(v, "totalLinksModified") ||
	       json_member(v, "totalFailedChanges");
}

static int set_kind(const struct json *v, struct remote_job *j)
{
	const char *type = type_name(v);

	if (type ? strcmp(type, "recoveryPreviewJob") == 0 : !has_recovery_totals(v))
		j->kind = REMOTE_PREVIEW;
	else if (!type || strcmp(type, "recoveryJob") == 0)
		j->kind = REMOTE_RECOVERY;
	else
		j->kind = REMOTE_OTHER;
	if (j->kind == REMOTE_OTHER)
		return text_copy(type, &j->kind_text);
	return text_copy(j->kind == REMOTE_PREVIEW ? "preview" : "recovery", &j->kind_text);
}

static int set_filter(const struct json *v, struct remote_job *j)
{
	const struct json *criteria = json_member(v, "filteringCriteria");
	struct buf text = BUF_INIT(LIMIT_REPLY_BYTES);

	if (criteria && !json_is_null(criteria))
		json_append_canonical(&text, criteria);
	j->filter = buf_take(&text);
	int r = buf_error(&text);
	buf_done(&text);
	return j->filter ? 0 : r == -EFBIG ? -EBADMSG : -ENOMEM;
}

static int fill(const struct json *v, const char *id, struct remote_job *j)
{
	const char *status = json_string_or(v, "status", "");

	*j = (struct remote_job){
		.status = remote_status_parse(status),
		.target_us = odata_time(v, "targetStateDateTime"),
		.started_us = odata_time(v, "jobStartDateTime"),
		.completed_us = odata_time(v, "jobCompletionDateTime"),
		.objects = total(v, "totalChangedObjectsCalculated"),
		.links = total(v, "totalChangedLinksCalculated"),
		.objects_modified = total(v, "totalObjectsModified"),
		.links_modified = total(v, "totalLinksModified"),
		.failed_changes = total(v, "totalFailedChanges"),
	};
	int r = text_copy(id, &j->service_id);
	if (r >= 0)
		r = text_copy(status, &j->status_text);
	if (r >= 0)
		r = set_kind(v, j);
	if (r >= 0)
		r = set_filter(v, j);
	if (r < 0)
		remote_job_done(j);
	return r;
}

void remote_job_done(struct remote_job *j)
{
	free(j->service_id);
	free(j->kind_text);
	free(j->status_text);
	free(j->filter);
	*j = (struct remote_job){0};
}

int remote_job_parse(const char *text, size_t len, struct remote_job *ret)
{
	_cleanup_(json_freep) struct json *root = NULL;

	int r = json_parse(text, len, LIMIT_JSON_DEPTH, &root);
	if (r)
		return r < 0 ? r : -EBADMSG;
	const char *id = odata_id(root);
	return id ? fill(root, id, ret) : -EBADMSG;
}

static int add_element(void *arg, const char *id, const struct json *e)
{
	struct remote_job_list *list = arg;

	/* The same job on two pages, when one starts while we page: the first listed stays. */
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].service_id, id) == 0)
			return 0;
	if (list->n >= LIMIT_REMOTE_JOBS)
		return -EFBIG;
	struct remote_job *items = reallocarray(list->items, list->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	int r = fill(e, id, &items[list->n]);
	if (r >= 0)
		list->n++;
	return r;
}

int remote_job_list_parse(struct remote_job_list *list, const char *text, size_t len,
	char **ret_next, unsigned *ret_unknown)
{
	return odata_page_read(text, len, add_element, list, ret_next, ret_unknown);
}

const struct remote_job *remote_job_holder(const struct remote_job_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!remote_job_ended(&list->items[i]))
			return &list->items[i];
	return NULL;
}

void remote_job_list_done(struct remote_job_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		remote_job_done(&list->items[i]);
	free(list->items);
	*list = (struct remote_job_list){0};
}
