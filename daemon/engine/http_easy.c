/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of one request, all in one place and all checked: what is not set here keeps a
 * default of libcurl that somebody else may change (environment, build, version). And the trace,
 * which is an allow-list: libcurl's own VERBOSE output prints bearers, also as text lines
 * ("h2h3 [authorization: ...]").
 */
#include "daemon/engine/http_private.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "version.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error libcurl 7.87 or newer is needed: without CURLOPT_QUICK_EXIT slow DNS blocks the event loop
#endif

/* HTTP/2 driven by socket events was broken in several 7.8x releases (curl #10146, #11426). */
#define HTTP2_SINCE 0x080200

/* libcurl takes a hundred of these, and inflates them, before it lets the loop turn: with its own
 * 16 KB that is 50 ms of a large page, with 4 KB it is 7. */
#define RECEIVE_BYTES 4096L

/* --- callbacks: they may only copy ---------------------------------------------------------------
 */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	c->http->moved = true;
	buf_append(&c->reply, data, size * n);
	return buf_error(&c->reply) ? 0 : size * n;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	(void)data;
	c->http->moved = true;
	c->header_bytes += size * n;
	return c->header_bytes > LIMIT_HEADERS_BYTES ? 0 : size * n;
}

/* --- trace ---------------------------------------------------------------------------------------
 */

static bool begins_with_one_of(const char *text, size_t len, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		size_t n = strlen(*prefixes);

		if (len >= n && strncasecmp(text, *prefixes, n) == 0)
			return true;
	}
	return false;
}

/* Lines of libcurl about connections. None of these holds an address with its path or a header. */
static void trace_text(const char *text, size_t len)
{
	static const char *const harmless[] = {"Trying", "  Trying", "Connected to", "connect to",
		"Failed to connect", "SSL connection using", "SSL certificate",
		"Server certificate",
		" subject:", " issuer:", " expire date:", "OpenSSL SSL_connect", "ALPN", "Re-using",
		"Reusing", "Connection #", "Closing", "Could not resolve", "Connection timed out",
		"Resolving timed out", "Operation timed out", "Connection too old", "Recv failure",
		"Send failure", "Host ", NULL};

	if (begins_with_one_of(text, len, harmless))
		log_debug(NULL, "http: %.*s", (int)len, text);
}

static void trace_header_line(
	const struct http_call *c, char direction, const char *line, size_t len)
{
	static const char *const harmless[] = {"HTTP/",
		"accept:", "client-request-id:", "content-encoding:", "content-length:",
		"content-type:", "date:", "host:", "prefer:", "request-id:", "retry-after:",
		"transfer-encoding:", "user-agent:", "x-ms-ags-diagnostic:", NULL};
	const char *colon = memchr(line, ':', len);
	const char *blank = memchr(line, ' ', len);

	if (len == 0)
		return;
	if (begins_with_one_of(line, len, harmless))
		log_debug(NULL, "http %c %.*s", direction, (int)len, line);
	else if (direction == '>' && blank && (!colon || blank < colon))
		/* the request line */
		log_debug(NULL, "http %c %.*s", direction,
			(int)(c->trace_path ? len : (size_t)(blank - line)), line);
	else
		log_debug(NULL, "http %c %.*s: (hidden)", direction,
			colon ? (int)(colon - line) : 0, line);
}

static void trace_headers(const struct http_call *c, char direction, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		trace_header_line(c, direction, text, n > 0 && text[n - 1] == '\r' ? n - 1 : n);
		if (!end)
			return;
		len -= n + 1;
		text += n + 1;
	}
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *arg)
{
	struct http_call *c = arg;

	(void)easy;
	switch (type) {
	case CURLINFO_TEXT:
		trace_text(data, len > 0 && data[len - 1] == '\n' ? len - 1 : len);
		break;
	case CURLINFO_HEADER_IN:
		trace_headers(c, '<', data, len);
		break;
	case CURLINFO_HEADER_OUT:
		trace_headers(c, '>', data, len);
		break;
	case CURLINFO_DATA_IN:
	case CURLINFO_DATA_OUT:
	case CURLINFO_SSL_DATA_IN:
	case CURLINFO_SSL_DATA_OUT:
	case CURLINFO_END:
		break;
	}
	return 0;
}

/* --- options -------------------------------------------------------------------------------------
 */

#define SET(r, easy, option, value) \
	((r) = (r) == CURLE_OK ? curl_easy_setopt((easy), (option), (value)) : (r))

static bool is_post(const struct http_request *q)
{
	return strcmp(q->method, "POST") == 0;
}

/*
 * ca_file stands alone: with it nothing of the system is trusted. Without it the system's bundle is
 * used and its directory is not, because only then libcurl keeps the parsed bundle (CA_CACHE);
 * reading 140 certificates for each connection would hold the loop for tens of milliseconds. A
 * proxy that speaks TLS is trusted in the same way.
 */
static CURLcode set_trust(CURL *easy, const char *ca_file)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	const char *bundle = v->age >= CURLVERSION_SEVENTH ? v->cainfo : NULL;
	CURLcode r = CURLE_OK;

	if (ca_file && *ca_file)
		bundle = ca_file;
	else if (bundle && access(bundle, R_OK) != 0)
		bundle = NULL;
	if (bundle) {
		SET(r, easy, CURLOPT_CAINFO, bundle);
		SET(r, easy, CURLOPT_CAPATH, NULL);
		SET(r, easy, CURLOPT_PROXY_CAINFO, bundle);
		SET(r, easy, CURLOPT_PROXY_CAPATH, NULL);
	}
	/* a file of ours is small, and whoever corrects it does not want to wait */
	SET(r, easy, CURLOPT_CA_CACHE_TIMEOUT,
		ca_file && *ca_file ? 0L : (long)(LIMIT_CONNECTION_LIFE_US / USEC_PER_SEC));
	SET(r, easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(r, easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(r, easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(r, easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(r, easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	SET(r, easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	return r;
}

static CURLcode set_transport(CURL *easy, const struct http_request *q)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	int64_t timeout_us = q->timeout_us > 0 ? q->timeout_us : LIMIT_REQUEST_US;
	bool proxy = q->proxy && *q->proxy;
	CURLcode r = CURLE_OK;

	SET(r, easy, CURLOPT_PROTOCOLS_STR, "https");
	SET(r, easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(r, easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(r, easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
	SET(r, easy, CURLOPT_HTTP_VERSION,
		!q->http1 && v->version_num >= HTTP2_SINCE ? (long)CURL_HTTP_VERSION_2TLS
							   : (long)CURL_HTTP_VERSION_1_1);
	SET(r, easy, CURLOPT_PIPEWAIT, 1L);
	SET(r, easy, CURLOPT_NOSIGNAL, 1L);
	SET(r, easy, CURLOPT_QUICK_EXIT, 1L);
	SET(r, easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(LIMIT_CONNECT_US / USEC_PER_MSEC));
	SET(r, easy, CURLOPT_TIMEOUT_MS, (long)((timeout_us + 999) / USEC_PER_MSEC));
	SET(r, easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(r, easy, CURLOPT_LOW_SPEED_TIME, (long)(LIMIT_SILENCE_US / USEC_PER_SEC));
	SET(r, easy, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(r, easy, CURLOPT_MAXAGE_CONN, (long)(LIMIT_CONNECTION_IDLE_US / USEC_PER_SEC));
	SET(r, easy, CURLOPT_MAXLIFETIME_CONN, (long)(LIMIT_CONNECTION_LIFE_US / USEC_PER_SEC));
	/*
	 * When a kept connection closes without a byte of an answer, libcurl sends the request once
	 * more by itself, POST too: the service may have served the first one. A new connection is
	 * the only way to keep it from doing so.
	 */
	SET(r, easy, CURLOPT_FRESH_CONNECT,
		q->fresh || q->peer || q->greet || is_post(q) ? 1L : 0L);
	/* an empty proxy keeps libcurl from asking the environment; so does a set NOPROXY */
	SET(r, easy, CURLOPT_PROXY, proxy ? q->proxy : "");
	SET(r, easy, CURLOPT_NOPROXY, proxy ? "" : "*");
	SET(r, easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* ours, with the bearer, are not for the proxy */
	SET(r, easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	/* a link is followed as the service wrote it, "/../" included */
	SET(r, easy, CURLOPT_PATH_AS_IS, 1L);
	SET(r, easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(r, easy, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
	SET(r, easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(r, easy, CURLOPT_USERAGENT, "snapwatch/" SNAPWATCH_VERSION);
	return r;
}

static CURLcode set_callbacks(struct http_call *c)
{
	CURL *easy = c->easy;
	CURLcode r = CURLE_OK;

	SET(r, easy, CURLOPT_PRIVATE, c);
	SET(r, easy, CURLOPT_ERRORBUFFER, c->error_text);
	SET(r, easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(r, easy, CURLOPT_WRITEDATA, c);
	SET(r, easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(r, easy, CURLOPT_HEADERDATA, c);
	if (log_level() >= LOG_DEBUG) {
		SET(r, easy, CURLOPT_DEBUGFUNCTION, on_debug);
		SET(r, easy, CURLOPT_DEBUGDATA, c);
		SET(r, easy, CURLOPT_VERBOSE, 1L);
	}
	return r;
}

static CURLcode set_method(struct http_call *c, const struct http_request *q)
{
	CURLcode r = CURLE_OK;

	if (strcmp(q->method, "HEAD") == 0) {
		SET(r, c->easy, CURLOPT_NOBODY, 1L);
		return r;
	}
	if (!is_post(q)) {
		SET(r, c->easy, CURLOPT_HTTPGET, 1L);
		return r;
	}
	SET(r, c->easy, CURLOPT_POST, 1L);
	SET(r, c->easy, CURLOPT_POSTFIELDS, buf_text(&c->body));
	SET(r, c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.len);
	return r;
}

/* libcurl sends a line as it is: a line end in a value would begin another header. */
static int add_header(struct http_call *c, const char *line)
{
	struct curl_slist *list;

	if (strpbrk(line, "\r\n"))
		return -EINVAL;
	list = curl_slist_append(c->headers, line);
	if (!list)
		return -ENOMEM;
	c->headers = list;
	return 0;
}

static int add_headers(struct http_call *c, const struct http_request *q)
{
	int r = 0;

	for (size_t i = 0; r == 0 && q->headers && q->headers[i]; i++)
		r = add_header(c, q->headers[i]);
	/* no value: taken out, or libcurl would call the empty body a form */
	if (r == 0 && is_post(q) && q->body_len == 0)
		r = add_header(c, "Content-Type:");
	if (r < 0 || !q->bearer)
		return r;

	struct buf line = BUF_INIT_SECRET(LIMIT_SECRET_BYTES + 64);

	buf_printf(&line, "Authorization: Bearer %s", q->bearer);
	r = buf_error(&line) ? buf_error(&line) : add_header(c, buf_text(&line));
	buf_done(&line);
	return r;
}

static int copy_body(struct http_call *c, const struct http_request *q)
{
	c->body = BUF_INIT(q->body_len);
	c->body.secret = q->body_secret;
	buf_append(&c->body, q->body, q->body_len);
	return buf_error(&c->body);
}

int http_easy_setup(struct http_call *c, const struct http_request *q)
{
	CURLcode curl = CURLE_OK;
	int r;

	if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0 && !is_post(q))
		return -EINVAL;
	c->easy = curl_easy_init();
	if (!c->easy)
		return -ENOMEM;
	c->trace_path = q->bearer != NULL;
	c->tell_peer = q->peer || q->greet;
	c->reply = BUF_INIT(q->max_bytes);
	c->reply.secret = q->reply_secret;
	if ((r = copy_body(c, q)) < 0 || (r = add_headers(c, q)) < 0)
		return r;

	SET(curl, c->easy, CURLOPT_URL, q->url);
	SET(curl, c->easy, CURLOPT_HTTPHEADER, c->headers);
	if (curl == CURLE_OK)
		curl = set_transport(c->easy, q);
	if (curl == CURLE_OK)
		curl = set_trust(c->easy, q->ca_file);
	if (curl == CURLE_OK && (q->peer || q->greet))
		curl = http_peer_setup(c->easy, q);
	if (curl == CURLE_OK)
		curl = set_callbacks(c);
	if (curl == CURLE_OK)
		curl = set_method(c, q);
	if (curl == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	return curl == CURLE_OK ? 0 : -EIO;
}

/* libcurl's own copies (request buffer, receive buffer) are out of reach; ours are wiped. */
static void wipe_headers(struct curl_slist *list)
{
	for (struct curl_slist *i = list; i; i = i->next)
		explicit_bzero(i->data, strlen(i->data));
	curl_slist_free_all(list);
}

void http_easy_done(struct http_call *c)
{
	if (c->easy)
		curl_easy_cleanup(c->easy);
	c->easy = NULL;
	wipe_headers(c->headers);
	c->headers = NULL;
	buf_done(&c->body);
	buf_done(&c->reply);
}

/* --- results -------------------------------------------------------------------------------------
 */

/* A reset in the middle of the handshake comes under the same code as a handshake that failed. */
static enum http_error handshake_error(struct http_call *c)
{
	long os_error = 0;

	(void)curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_error);
	if (os_error == ECONNRESET || os_error == EPIPE || os_error == ETIMEDOUT ||
		strstr(c->error_text, "SYSCALL") || strstr(c->error_text, "unexpected eof"))
		return HTTP_E_NETWORK;
	return HTTP_E_TLS;
}

static enum http_error classify(struct http_call *c, CURLcode result)
{
	if (result == CURLE_OK)
		return HTTP_OK;
	if (buf_error(&c->reply) == -EFBIG || c->header_bytes > LIMIT_HEADERS_BYTES)
		return HTTP_E_TOO_LARGE;
	/* the enum has close to a hundred members; those named here are the ones that differ */
	switch ((int)result) {
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_E_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
		return handshake_error(c);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		return HTTP_E_TLS;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_WRITE_ERROR:
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_NOT_BUILT_IN:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTP_E_INTERNAL;
	default:
		return HTTP_E_NETWORK;
	}
}

/* Of these codes libcurl's own words name at most a host; others may quote a proxy's password. */
static bool words_are_harmless(CURLcode result)
{
	static const CURLcode codes[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
		CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE,
		CURLE_GOT_NOTHING};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i] == result)
			return true;
	}
	return false;
}

enum http_error http_easy_error(struct http_call *c, CURLcode result)
{
	enum http_error error = classify(c, result);

	c->stage = http_peer_stage(c->easy, result, error);
	if (error == HTTP_OK)
		c->error_text[0] = '\0';
	else if (c->header_bytes > LIMIT_HEADERS_BYTES)
		(void)snprintf(c->error_text, sizeof(c->error_text),
			"the reply has more than %u bytes of headers", LIMIT_HEADERS_BYTES);
	else if (error == HTTP_E_TOO_LARGE)
		(void)snprintf(c->error_text, sizeof(c->error_text),
			"the reply is larger than %zu bytes", c->reply.max);
	else if (!c->error_text[0] || !words_are_harmless(result))
		(void)snprintf(
			c->error_text, sizeof(c->error_text), "%s", curl_easy_strerror(result));
	return error;
}

const char *http_easy_header(struct http_call *c, const char *name, struct buf *out)
{
	struct curl_header *header = NULL;
	size_t n = 0;

	do {
		if (curl_easy_header(c->easy, name, n, CURLH_HEADER, -1, &header) != CURLHE_OK)
			break;
		if (n)
			buf_puts(out, ", ");
		buf_puts(out, header->value);
	} while (++n < header->amount);
	/* too long to be kept counts as absent */
	return n && !buf_error(out) ? buf_text(out) : NULL;
}
