/* SPDX-License-Identifier: Apache-2.0 */
#include "common/model/sign_in_scope.h"

#include <string.h>
#include <strings.h>

#define NEEDED "EntraBackup.Read.All EntraBackup.ReadWrite.Preview"
#define AUDIT "AuditLog.Read.All"
#define ALWAYS "offline_access openid"

static const char graph[] = "https://graph.microsoft.com/";

const char *sign_in_scope_request(bool attribution)
{
	return attribution ? NEEDED " " AUDIT " " ALWAYS : NEEDED " " ALWAYS;
}

struct name {
	const char *at;
	size_t len;
};

/* False at the end. */
static bool next(const char **text, struct name *ret)
{
	const char *at = *text + strspn(*text, " ");
	size_t len = strcspn(at, " ");

	*text = at + len;
	if (len > strlen(graph) && strncasecmp(at, graph, strlen(graph)) == 0) {
		at += strlen(graph);
		len -= strlen(graph);
	}
	*ret = (struct name){at, len};
	return len > 0;
}

static bool has(const char *list, const struct name *wanted)
{
	struct name n;

	while (next(&list, &n))
		if (n.len == wanted->len && strncasecmp(n.at, wanted->at, n.len) == 0)
			return true;
	return false;
}

/* What list has and other has not, except what is never said. */
static void append_rest(const char *list, const char *other, struct buf *out)
{
	struct name n;

	while (next(&list, &n)) {
		if (has(other, &n) || has(ALWAYS " profile email", &n))
			continue;
		buf_printf(out, "%s%.*s", out->len ? " " : "", (int)n.len, n.at);
	}
}

bool sign_in_scope_compare(
	const char *granted, bool attribution, struct buf *missing, struct buf *extra)
{
	const char *wanted = sign_in_scope_request(attribution);

	if (granted) {
		append_rest(wanted, granted, missing);
		append_rest(granted, wanted, extra);
	}
	return missing->len == 0 && extra->len == 0;
}

static bool contains(const char *name, size_t len, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(name + i, part, n) == 0)
			return true;
	return false;
}

bool sign_in_scope_writes(const char *name, size_t len)
{
	static const char *const parts[] = {
		"Write", "Manage", "FullControl", "AccessAsUser", "Recovery", "Send", "Invite"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (contains(name, len, parts[i]))
			return true;
	return false;
}
