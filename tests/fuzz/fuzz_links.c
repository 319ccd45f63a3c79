/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that the service hands out and addresses made of its ids. Whatever it sends: what passes
 * the check leads to the host and port of the base, by a reading of the text that owes nothing to
 * the parser under test; and an id never leaves its path segment.
 *
 * Two bytes choose base and operation. Lines: a link or Location, an id of a snapshot, an id of a
 * job.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/conf/conf_text.h"
#include "daemon/engine/http.h"
#include "daemon/graph/graph_op.h"
#include "tests/fuzz/fuzz.h"

static const struct {
	const char *url, *host, *port;
} bases[] = {
	{"https://graph.microsoft.com/v1.0", "graph.microsoft.com", "443"},
	{"https://graph.microsoft.com:443/beta/", "graph.microsoft.com", "443"},
	{"https://127.0.0.1:8443/v1.0", "127.0.0.1", "8443"},
	{"https://[::1]:8443", "[::1]", "8443"},
};

static struct buf out = {.max = LIMIT_URL_BYTES};

static int hex(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Escapes in a host name are decoded by whoever connects. */
static size_t unescape(const char *text, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0 &&
			hex(text[i + 2]) >= 0) {
			to[n++] = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			i += 2;
		} else {
			to[n++] = text[i];
		}
	}
	to[n] = '\0';
	return n;
}

/* "[::01]" is "[::1]", and "127.1" is "127.0.0.1": the same address in other words. */
static bool same_host(const char *a, const char *b)
{
	struct in6_addr a6, b6;
	struct in_addr a4, b4;
	char inner[2][64];

	if (strcasecmp(a, b) == 0)
		return true;
	if (*a != '[')
		return inet_aton(a, &a4) && inet_aton(b, &b4) && a4.s_addr == b4.s_addr;
	return sscanf(a, "[%63[^]]]", inner[0]) == 1 && sscanf(b, "[%63[^]]]", inner[1]) == 1 &&
	       inet_pton(AF_INET6, inner[0], &a6) == 1 && inet_pton(AF_INET6, inner[1], &b6) == 1 &&
	       memcmp(&a6, &b6, sizeof(a6)) == 0;
}

/* "https:", slashes, host, perhaps a port; then the end or one of "/?#". */
static void check_leads_to(const char *url, const char *host, const char *port)
{
	char authority[LIMIT_URL_BYTES + 1];
	const char *p = url + strlen("https:");

	FUZZ_CHECK(strlen(url) <= LIMIT_URL_BYTES && strncasecmp(url, "https:", 6) == 0);
	for (const char *c = url; *c; c++)
		FUZZ_CHECK((unsigned char)*c > ' ' && (unsigned char)*c < 0x7f && *c != '\\');
	FUZZ_CHECK(*p == '/');
	p += strspn(p, "/");
	(void)unescape(p, strcspn(p, "/?#"), authority);
	FUZZ_CHECK(!strchr(authority, '@'));
	char *colon = strrchr(authority, ':');
	if (colon && strchr(colon, ']'))
		colon = NULL;
	if (colon)
		*colon++ = '\0';
	FUZZ_CHECK(same_host(authority, host));
	if (!colon || !*colon) {
		FUZZ_CHECK(strcmp(port, "443") == 0);
		return;
	}
	FUZZ_CHECK(strcmp(colon + strspn(colon, "0"), port) == 0);
}

static void check_link(size_t base, const char *link)
{
	const char *host = bases[base].host, *port = bases[base].port;

	if (http_same_origin(link, bases[base].url)) {
		check_leads_to(link, host, port);
		FUZZ_CHECK(http_same_origin(bases[base].url, link));
	}
	buf_reset(&out);
	if (http_resolve(bases[base].url, link, &out) < 0)
		return;
	if (!http_same_origin(buf_text(&out), bases[base].url))
		return;
	check_leads_to(buf_text(&out), host, port);
}

static size_t count(const char *text, const char *of)
{
	size_t n = 0;

	for (; *text; text++)
		n += strchr(of, *text) != NULL;
	return n;
}

static void check_address(
	size_t base, enum graph_op op, size_t form, const char *snapshot, const char *job)
{
	const char *url = bases[base].url;
	size_t slash = url[strlen(url) - 1] == '/';

	buf_reset(&out);
	int r = graph_op_url(op, form, url, snapshot, job, &out);
	FUZZ_CHECK(r == 0 || r == -EINVAL);
	if (r < 0)
		return;
	url = buf_text(&out);
	FUZZ_CHECK(http_same_origin(url, bases[base].url));
	FUZZ_CHECK(count(url, "/?#") == count(bases[base].url, "/?#") - slash +
						count(graph_op_row(op)->forms[form], "/?#"));
	FUZZ_CHECK(!strstr(url, "/../") && !strstr(url, "/./") && !strchr(url, '{'));
}

/* What the configuration takes is an address that the engine takes, and a trusted one is ours. */
static void check_configured(const char *url)
{
	const struct conf_key *key = conf_key_find(CONF_TENANT, "graph_url");
	struct buf error = BUF_INIT(4096);
	char *kept = NULL;

	if (conf_text_check(key, url, &kept, &error) == 0 && *kept) {
		FUZZ_CHECK(strncmp(kept, "https://", 8) == 0 && !strpbrk(kept, "@?#\\"));
		FUZZ_CHECK(http_same_origin(kept, kept));
		if (http_same_origin(kept, "https://graph.microsoft.com"))
			FUZZ_CHECK(conf_url_trusted(kept));
	} else if (error.len) {
		fuzz_check_line(&error, 4096);
	}
	free(kept);
	buf_done(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t base = fuzz_byte(&in) % ARRAY_SIZE(bases);
	uint8_t choice = fuzz_byte(&in);
	enum graph_op op = choice % _GRAPH_OP_MAX;
	char link[LIMIT_URL_BYTES], snapshot[1024], job[1024];

	(void)fuzz_line(&in, link, sizeof(link));
	(void)fuzz_line(&in, snapshot, sizeof(snapshot));
	(void)fuzz_line(&in, job, sizeof(job));
	check_link(base, link);
	check_configured(link);
	check_address(base, op, choice / _GRAPH_OP_MAX % graph_op_forms(op), snapshot, job);
	return 0;
}
