/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/conf_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"

#define NAME_BYTES 64
#define QUOTE_BYTES 80
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

void conf_quote(struct buf *out, const char *text)
{
	size_t len = strlen(text);

	buf_putc(out, '"');
	text_append_visible(out, text, len > QUOTE_BYTES ? QUOTE_BYTES : len);
	buf_puts(out, len > QUOTE_BYTES ? "...\"" : "\"");
}

void conf_suggest(struct buf *out, const char *text, const char *const *names)
{
	const char *near = nearest_name(text, names);

	if (near)
		buf_printf(out, "; did you mean \"%s\"?", near);
}

static int refuse(struct buf *error, const char *text, const char *why)
{
	conf_quote(error, text);
	buf_printf(error, " %s", why);
	return 1;
}

static int keep(const char *text, char **ret_text)
{
	return text_copy(text, ret_text);
}

/* --- names, words and ids --------------------------------------------------------------------- */

bool conf_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES && strspn(name, LOWER DIGITS "._-") == len &&
	       strspn(name, LOWER DIGITS) > 0;
}

static int check_name(const char *text, char **ret_text, struct buf *error)
{
	if (!conf_name_valid(text))
		return refuse(error, text,
			"is not a name: at most 64 of a-z 0-9 . _ -, a letter or digit first");
	return keep(text, ret_text);
}

static int check_word(
	const struct conf_key *k, const char *text, char **ret_text, struct buf *error)
{
	for (const char *const *n = k->names; *n; n++) {
		if (strcmp(*n, text) == 0)
			return keep(text, ret_text);
	}
	(void)refuse(error, text, "is not known");
	conf_suggest(error, text, k->names);
	return 1;
}

static int check_guid(const char *text, char **ret_text, struct buf *error)
{
	uint8_t guid[16];
	char canonical[GUID_TEXT_SIZE];

	if (parse_guid(text, guid) < 0)
		return refuse(
			error, text, "is not a GUID (\"11111111-2222-3333-4444-555555555555\")");
	return keep(guid_format(guid, canonical), ret_text);
}

static int check_object_id(const char *text, char **ret_text, struct buf *error)
{
	uint8_t guid[16];
	char canonical[GUID_TEXT_SIZE];
	size_t len = strlen(text);

	if (parse_guid(text, guid) == 0)
		return keep(guid_format(guid, canonical), ret_text);
	/* appRoleAssignment and oAuth2PermissionGrant have base64url ids, where case matters. */
	if (len == 0 || len > LIMIT_ID_BYTES ||
		strspn(text, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "_-") != len)
		return refuse(error, text, "is not an object id");
	return keep(text, ret_text);
}

static int check_typed_id(const char *text, char **ret_text, struct buf *error)
{
	_cleanup_(freep) char *type = NULL;
	_cleanup_(freep) char *id = NULL;
	const char *colon = strchr(text, ':');
	bool known = false;
	int r;

	if (!colon)
		return refuse(error, text, "is not of the form \"user:GUID\"");
	type = strndup(text, (size_t)(colon - text));
	if (!type)
		return -ENOMEM;
	for (const char *const *n = conf_entity_types; *n && !known; n++)
		known = strcmp(*n, type) == 0;
	if (!known) {
		(void)refuse(error, type, "is not a known type of objects");
		conf_suggest(error, type, conf_entity_types);
		return 1;
	}
	r = check_object_id(colon + 1, &id, error);
	if (r != 0)
		return r;
	return asprintf(ret_text, "%s:%s", type, id) < 0 ? -ENOMEM : 0;
}

static int check_plain(const char *text, char **ret_text, struct buf *error)
{
	size_t len = strlen(text);

	if (len == 0)
		return refuse(error, text, "is empty");
	if (len > LIMIT_NAME_BYTES)
		return refuse(error, text, "is too long");
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return refuse(error, text, "has a control character");
	return keep(text, ret_text);
}

/* A user principal name has one @; that of a guest has #EXT# in front of it. */
static int check_account(const char *text, char **ret_text, struct buf *error)
{
	const char *at = strchr(text, '@');
	uint8_t guid[16];
	char canonical[GUID_TEXT_SIZE];

	if (parse_guid(text, guid) == 0)
		return keep(guid_format(guid, canonical), ret_text);
	if (!at || at == text || !at[1] || strchr(at + 1, '@') || strchr(text, ' '))
		return refuse(error, text,
			"is neither a user principal name (\"svc-snapwatch@contoso.com\") nor an "
			"object id (GUID)");
	return check_plain(text, ret_text, error);
}

static int check_credential(const char *text, char **ret_text, struct buf *error)
{
	size_t len = strlen(text);

	/* Never shown, whatever is wrong with it: it may be the secret itself. */
	if (strncasecmp(text, "whsec_", 6) == 0 || strncasecmp(text, "http", 4) == 0 ||
		strncmp(text, "-----", 5) == 0 || len > 255) {
		buf_puts(error, "this is the secret itself, or looks like it; put it into a file "
				"that others cannot read, and give the name of that credential");
		return 1;
	}
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == '/' || *p == 0x7f)
			len = 0;
	}
	if (len == 0 || *text == '.') {
		buf_puts(error, "is not the name of a credential, which is that of a file");
		return 1;
	}
	return keep(text, ret_text);
}

/* --- places ----------------------------------------------------------------------------------- */

static int check_path(const char *text, char **ret_text, struct buf *error)
{
	if (*text != '/')
		return refuse(error, text, "is not an absolute path");
	return check_plain(text, ret_text, error);
}

static int check_store(const char *text, char **ret_text, struct buf *error)
{
	static const char scheme[] = "sqlite:";

	if (strncmp(text, scheme, strlen(scheme)) != 0 || text[strlen(scheme)] != '/')
		return refuse(error, text, "is not a store; write \"sqlite:/absolute/path\"");
	return check_plain(text, ret_text, error);
}

static bool is_ipv6(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

/* host[:port] up to end; the brackets of an IPv6 address belong to the host. */
static bool split_host(const char *text, const char *end, size_t *ret_host, const char **ret_port)
{
	const char *host_end = memchr(text, ':', (size_t)(end - text));
	uint64_t port;
	char digits[8] = "";

	if (*text == '[') {
		host_end = memchr(text, ']', (size_t)(end - text));
		if (!host_end || !is_ipv6(text + 1, (size_t)(host_end - text - 1)))
			return false;
		host_end++;
	}
	if (!host_end)
		host_end = end;
	*ret_host = (size_t)(host_end - text);
	*ret_port = NULL;
	if (*text != '[' &&
		strspn(text, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS ".-") < *ret_host)
		return false;
	if (*ret_host == 0 || host_end == end)
		return *ret_host > 0;
	if (*host_end != ':' || (size_t)(end - host_end) > sizeof(digits))
		return false;
	memcpy(digits, host_end + 1, (size_t)(end - host_end - 1));
	*ret_port = host_end + 1;
	return parse_u64(digits, 1, 65535, &port) == 0;
}

static int check_listen(const char *text, char **ret_text, struct buf *error)
{
	size_t host;
	const char *port;

	if (!split_host(text, text + strlen(text), &host, &port) || !port)
		return refuse(error, text, "is not an address and port (\"127.0.0.1:9798\")");
	return keep(text, ret_text);
}

static int check_proxy(const char *text, char **ret_text, struct buf *error)
{
	const char *rest = strstr(text, "://");
	size_t host;
	const char *port;

	if (strchr(text, '@')) {
		buf_puts(error, "a user or password in a proxy address is not possible here");
		return 1;
	}
	if (!rest || (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) ||
		!split_host(rest + 3, rest + 3 + strcspn(rest + 3, "/"), &host, &port) ||
		strlen(rest + 3) > strcspn(rest + 3, "/") + 1)
		return refuse(error, text, "is not a proxy (\"http://proxy.example.com:3128\")");
	return keep(text, ret_text);
}

/* --- https addresses -------------------------------------------------------------------------- */

/*
 * The recovery API exists only in the global cloud: none of these has it in its metadata. Domains,
 * and single hosts for a better word; the first that fits.
 */
static const struct {
	const char *domain;
	const char *cloud;
} national_clouds[] = {
	{"graph.microsoft.us", "US Government (L4, GCC High)"},
	{"dod-graph.microsoft.us", "US Government (L5, DoD)"},
	{"microsoft.us", "US Government"},
	{"microsoftonline.us", "US Government"},
	{"partner.microsoftonline.cn", "China (21Vianet)"},
	{"chinacloudapi.cn", "China (21Vianet)"},
	{"microsoftonline.de", "Germany"},
	{"microsoft.de", "Germany"},
};

static bool host_is(const char *host, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(host, name, len) == 0;
}

static bool host_in(const char *host, size_t len, const char *domain)
{
	size_t n = strlen(domain);

	if (len > n && host[len - n - 1] == '.')
		return host_is(host + len - n, n, domain);
	return host_is(host, len, domain);
}

static int check_cloud(const char *host, size_t len, struct buf *error)
{
	if (len > 0 && host[len - 1] == '.') /* the root of the DNS */
		len--;
	for (size_t i = 0; i < ARRAY_SIZE(national_clouds); i++) {
		if (!host_in(host, len, national_clouds[i].domain))
			continue;
		buf_printf(error,
			"%.*s is the national cloud %s, which has no Entra Backup: its API exists "
			"only in the global cloud",
			(int)len, host, national_clouds[i].cloud);
		return 1;
	}
	return 0;
}

/* What may stand in an address on the wire. */
static bool plain_ascii(const char *text)
{
	while (*text > ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

static int check_url(const char *text, char **ret_text, struct buf *error)
{
	static const char scheme[] = "https://";
	const char *host = text + strlen(scheme);
	size_t len = strlen(text);
	size_t host_len;
	const char *port;

	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return refuse(error, text, "does not begin with https://");
	if (len > LIMIT_URL_BYTES)
		return refuse(error, text, "is too long");
	/* Not shown: what stands before an @ is a password. */
	if (strchr(text, '@')) {
		buf_puts(error, "a user or password in an address is not possible here");
		return 1;
	}
	if (strpbrk(text, "?#\\") || !plain_ascii(text))
		return refuse(error, text, "has more than host, port and path");
	if (!split_host(host, host + strcspn(host, "/"), &host_len, &port))
		return refuse(error, text, "has no valid host and port");
	if (check_cloud(host, host_len, error) != 0)
		return 1;
	while (text[len - 1] == '/')
		len--;
	*ret_text = strndup(text, len);
	return *ret_text ? 0 : -ENOMEM;
}

static bool host_among(const char *url, const char *const *names)
{
	const char *host = url + strlen("https://");
	size_t len;
	const char *port;

	if (!split_host(host, host + strcspn(host, "/"), &len, &port))
		return false;
	while (*names && !host_is(host, len, *names))
		names++;
	return *names != NULL;
}

bool conf_url_is_service(const char *url)
{
	static const char *const hosts[] = {
		"login.microsoftonline.com", "graph.microsoft.com", NULL};

	return host_among(url, hosts);
}

bool conf_url_trusted(const char *url)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]", NULL};

	return conf_url_is_service(url) || host_among(url, hosts);
}

/* ---------------------------------------------------------------------------------------------- */

int conf_text_check(const struct conf_key *k, const char *text, char **ret_text, struct buf *error)
{
	if (!*text && k->fallback && !*k->fallback)
		return keep(text, ret_text);
	if (!utf8_valid(text, strlen(text)))
		return refuse(error, text, "is not UTF-8");
	switch ((int)k->type) {
	case CONF_TEXT:
		return check_plain(text, ret_text, error);
	case CONF_NAME:
		return check_name(text, ret_text, error);
	case CONF_WORD:
		return check_word(k, text, ret_text, error);
	case CONF_GUID:
		return check_guid(text, ret_text, error);
	case CONF_OBJECT_ID:
		return check_object_id(text, ret_text, error);
	case CONF_TYPED_ID:
		return check_typed_id(text, ret_text, error);
	case CONF_ACCOUNT:
		return check_account(text, ret_text, error);
	case CONF_CREDENTIAL:
		return check_credential(text, ret_text, error);
	case CONF_PATH:
		return check_path(text, ret_text, error);
	case CONF_URL:
		return check_url(text, ret_text, error);
	case CONF_PROXY:
		return check_proxy(text, ret_text, error);
	case CONF_LISTEN:
		return check_listen(text, ret_text, error);
	case CONF_STORE:
		return check_store(text, ret_text, error);
	default:
		return -EINVAL;
	}
}
