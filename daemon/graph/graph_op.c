/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where sources disagree there is more than one form of an address. Function segments: the v1.0
 * pages write them qualified and without "()", generated clients append "()", beta writes the plain
 * name. A job: the documented GET is below its snapshot, but the permission tables forbid it to
 * everybody, and Cancel's Location names /jobs/{id}, which no page documents.
 *
 * Which token may list and read jobs is not documented either (app-only was seen to list them), so
 * for what only reads it is found out.
 */
#include "daemon/graph/graph_op.h"

#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/log_ids.h"

#define RECOVERY "/directory/recovery"
#define JOB RECOVERY "/snapshots/{s}/recoveryPreviewJobs/{j}"
#define NAMESPACE "microsoft.graph.entraRecoveryServices."

static const struct graph_op_row rows[_GRAPH_OP_MAX] = {
	[GRAPH_LIST_SNAPSHOTS] =
		{
			.what = "listing snapshots",
			.failed_id = LOG_ID_LOOK_FAILED,
			.method = "GET",
			.app = true,
			.either = true,
			.wants_json = true,
			.max_bytes = LIMIT_REPLY_BYTES,
			.forms = {RECOVERY "/snapshots"},
			.policy = {5, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC, 3 * USEC_PER_MIN, false},
		},
	[GRAPH_LIST_JOBS] =
		{
			.what = "listing jobs",
			.failed_id = LOG_ID_LOOK_FAILED,
			.method = "GET",
			.app = true,
			.either = true,
			.wants_json = true,
			.max_bytes = LIMIT_REPLY_BYTES,
			.forms = {RECOVERY "/jobs"},
			.policy = {5, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC, 3 * USEC_PER_MIN, false},
		},
	/* never repeated: when no answer came the job may exist */
	[GRAPH_CREATE_PREVIEW] =
		{
			.what = "creating a preview job",
			.method = "POST",
			.max_bytes = LIMIT_REPLY_BYTES,
			.forms = {RECOVERY "/snapshots/{s}/recoveryPreviewJobs"},
			.policy = {1, 0, 0, 0, false},
		},
	[GRAPH_GET_JOB] =
		{
			.what = "reading a job",
			.method = "GET",
			.either = true,
			.wants_json = true,
			.max_bytes = LIMIT_REPLY_BYTES,
			.forms = {JOB, RECOVERY "/jobs/{j}"},
			.fallback = {403, 404, 405},
			.policy = {5, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC, 3 * USEC_PER_MIN, false},
		},
	[GRAPH_GET_CHANGES] =
		{
			.what = "reading changes",
			.method = "GET",
			.app = true,
			.either = true,
			.wants_json = true,
			.max_bytes = LIMIT_PAGE_BYTES,
			.forms = {JOB "/" NAMESPACE "getChanges?$top=999",
				JOB "/" NAMESPACE "getChanges()?$top=999",
				JOB "/getChanges?$top=999"},
			.fallback = {400, 404},
			.policy = {8, 2 * USEC_PER_SEC, 60 * USEC_PER_SEC, 10 * USEC_PER_MIN,
				false},
		},
	[GRAPH_CANCEL_JOB] =
		{
			.what = "cancelling a job",
			.method = "POST",
			.max_bytes = LIMIT_REPLY_BYTES,
			.forms = {RECOVERY "/jobs/{j}/" NAMESPACE "cancel",
				RECOVERY "/jobs/{j}/cancel"},
			.fallback = {400, 404},
			.policy = {4, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC, 2 * USEC_PER_MIN, false},
		},
};

const struct graph_op_row *graph_op_row(enum graph_op op)
{
	return &rows[op];
}

size_t graph_op_forms(enum graph_op op)
{
	size_t n = 0;

	while (n < GRAPH_FORMS_MAX && rows[op].forms[n])
		n++;
	return n;
}

bool graph_op_falls_back(enum graph_op op, long status)
{
	for (const int *s = rows[op].fallback; *s; s++) {
		if (*s == status)
			return true;
	}
	return false;
}

/*
 * Encoded only where a path segment needs it: "=" of base64 ids stays, because the service was seen
 * to answer 404 to re-encoded ids. "." and ".." cannot be escaped at all (RFC 3986, 6.2.2.3).
 */
static int append_id(struct buf *out, const char *id)
{
	static const char legal[] = "-._~!$&'()*+,;=:@";

	if (!id || !*id || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
		strlen(id) > LIMIT_ID_BYTES)
		return -EINVAL;
	for (; *id; id++) {
		unsigned char c = (unsigned char)*id;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			strchr(legal, c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	return 0;
}

int graph_op_url(enum graph_op op, size_t form, const char *base, const char *snapshot_id,
	const char *job_id, struct buf *out)
{
	size_t len = strlen(base);
	int r = 0;

	while (len > 0 && base[len - 1] == '/')
		len--;
	buf_append(out, base, len);
	for (const char *p = rows[op].forms[form]; *p && r == 0; p++) {
		if (*p != '{') {
			buf_putc(out, *p);
			continue;
		}
		r = append_id(out, p[1] == 's' ? snapshot_id : job_id);
		p += 2;
	}
	return r < 0 ? r : buf_error(out);
}
