/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of jobs, and a single job: ids once, totals not negative, filters canonical and equal to
 * themselves, a job alone reads as it does in a list.
 */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/adopt.h"
#include "common/model/remote_job.h"
#include "tests/fuzz/fuzz.h"

static void check_time(int64_t us)
{
	FUZZ_CHECK(us == TIME_NONE || us >= 0);
}

static void check_filter(const struct remote_job *j)
{
	struct json *filter = NULL;

	FUZZ_CHECK(remote_filter_equal(j->filter, j->filter));
	if (!*j->filter)
		return;
	FUZZ_CHECK(json_parse(j->filter, strlen(j->filter), LIMIT_JSON_DEPTH, &filter) == 0);
	json_free(filter);
}

static void check_job(const struct remote_job *j)
{
	FUZZ_CHECK(*j->service_id && strlen(j->service_id) <= LIMIT_ID_BYTES);
	FUZZ_CHECK(utf8_valid(j->status_text, strlen(j->status_text)) && j->kind_text);
	FUZZ_CHECK(remote_status_parse(j->status_text) == j->status);
	FUZZ_CHECK(!remote_status_terminal(j->status) || remote_job_ended(j));
	check_time(j->target_us);
	check_time(j->started_us);
	check_time(j->completed_us);
	FUZZ_CHECK(j->objects >= -1 && j->links >= -1 && j->objects_modified >= -1);
	FUZZ_CHECK(j->links_modified >= -1 && j->failed_changes >= -1);
	check_filter(j);
}

static void check_equal_filters(const struct remote_job_list *list)
{
	for (size_t i = 1; i < list->n; i++) {
		const char *a = list->items[i - 1].filter, *b = list->items[i].filter;

		FUZZ_CHECK(remote_filter_equal(a, b) == remote_filter_equal(b, a));
		FUZZ_CHECK(strcmp(list->items[i - 1].service_id, list->items[i].service_id) != 0);
	}
}

/* Whatever is listed, ours is a preview that is going on or good, and a holder has not ended. */
static void check_adopt(const struct remote_job_list *list)
{
	struct run run = {.snapshot = (char[]){"s"}, .filter = (char[]){""}, .intent_us = 1};
	const struct remote_job *j = NULL;

	if (list->n) {
		run.snapshot_created_us = list->items[0].target_us;
		run.intent_server_us = list->items[0].started_us;
		run.filter = list->items[0].filter;
	}
	switch (adopt_decide(&run, list, &j)) {
	case ADOPT_FREE:
		FUZZ_CHECK(!j);
		break;
	case ADOPT_OURS:
		FUZZ_CHECK(j && j->kind == REMOTE_PREVIEW);
		FUZZ_CHECK(j->status != REMOTE_FAILED && j->status != REMOTE_ABANDONED);
		break;
	case ADOPT_BUSY:
		FUZZ_CHECK(j && !remote_job_ended(j));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct remote_job_list list = {0};
	struct remote_job one;
	char *next = NULL;
	unsigned unknown = 0;

	if (remote_job_list_parse(&list, (const char *)data, size, &next, &unknown) == 0) {
		FUZZ_CHECK(!next || (*next && strlen(next) <= LIMIT_URL_BYTES));
		for (size_t i = 0; i < list.n; i++)
			check_job(&list.items[i]);
		check_equal_filters(&list);
		check_adopt(&list);
	}
	free(next);
	remote_job_list_done(&list);
	if (remote_job_parse((const char *)data, size, &one) == 0) {
		check_job(&one);
		remote_job_done(&one);
	}
	return 0;
}
