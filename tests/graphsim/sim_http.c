/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_http.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/base/hex.h"
#include "common/base/jsonw.h"
#include "common/base/timefmt.h"

void sim_response_done(struct sim_response *r)
{
	buf_done(&r->headers);
	buf_done(&r->body);
	*r = (struct sim_response){.cut_at = -1};
}

const char *sim_header_get(const struct sim_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (strcasecmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	return NULL;
}

char *sim_percent_decode(const char *text, size_t len, bool plus_is_blank)
{
	char *out = sim_alloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;

		if (text[i] == '%' && len - i > 2) {
			high = hex_digit(text[i + 1]);
			low = hex_digit(text[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			out[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[n++] = plus_is_blank && text[i] == '+' ? ' ' : text[i];
		}
	}
	return out;
}

void sim_percent_encode(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_putc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

char *sim_form_get(const char *form, size_t len, const char *key)
{
	const char *end = form + len;

	for (const char *p = form; p < end;) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		const char *stop = amp ? amp : end;
		const char *eq = memchr(p, '=', (size_t)(stop - p));
		const char *name_end = eq ? eq : stop;
		_cleanup_(freep) char *name = sim_percent_decode(p, (size_t)(name_end - p), true);

		if (strcmp(name, key) == 0)
			return eq ? sim_percent_decode(eq + 1, (size_t)(stop - eq - 1), true)
				  : sim_strdup("");
		p = stop + 1;
	}
	return NULL;
}

void sim_reply_header(struct sim_ctx *c, const char *name, const char *value)
{
	buf_printf(&c->res->headers, "%s: %s\r\n", name, value);
}

void sim_header_remove(struct sim_ctx *c, const char *name)
{
	struct buf *h = &c->res->headers;
	size_t len = strlen(name);

	for (char *line = h->len ? h->data : NULL; line && *line;) {
		char *next = strstr(line, "\r\n") + 2;
		size_t rest = h->len - (size_t)(next - h->data);

		if (strncasecmp(line, name, len) != 0 || line[len] != ':') {
			line = next;
			continue;
		}
		memmove(line, next, rest);
		buf_truncate(h, (size_t)(line - h->data) + rest);
	}
}

void sim_reply_date(struct sim_ctx *c, int64_t at_us)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil d = civil_from_us(at_us);

	buf_printf(&c->res->headers, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
		days[d.weekday], d.day, months[d.month - 1], d.year, d.hour, d.minute, d.second);
}

void sim_reply(struct sim_ctx *c, int status, const char *content_type)
{
	buf_reset(&c->res->headers);
	buf_reset(&c->res->body);
	c->res->status = status;
	sim_reply_date(c, c->now_us);
	sim_reply_header(c, "Cache-Control", "no-store");
	sim_reply_header(c, "request-id", c->request_id);
	if (c->client_request_id)
		sim_reply_header(c, "client-request-id", c->client_request_id);
	sim_reply_header(c, "x-ms-ags-diagnostic",
		"{\"ServerInfo\":{\"DataCenter\":\"graphsim\",\"Slice\":\"E\",\"Ring\":\"5\"}}");
	if (content_type)
		sim_reply_header(c, "Content-Type", content_type);
}

void sim_reply_error(struct sim_ctx *c, int status, const char *code, const char *fmt, ...)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	struct buf message = BUF_INIT(SIM_LINE_MAX);
	char date[TIME_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&message, fmt, ap);
	va_end(ap);
	(void)time_format(c->now_us - c->now_us % USEC_PER_SEC, date);
	date[strcspn(date, "Z")] = '\0'; /* Graph leaves the zone out here */
	sim_reply(c, status, SIM_JSON);
	jsonw_object(&w);
	jsonw_key(&w, "error");
	jsonw_object(&w);
	jsonw_kv_string(&w, "code", code);
	jsonw_kv_string(&w, "message", buf_text(&message));
	jsonw_key(&w, "innerError");
	jsonw_object(&w);
	jsonw_kv_string(&w, "date", date);
	jsonw_kv_string(&w, "request-id", c->request_id);
	jsonw_kv_string(&w, "client-request-id",
		c->client_request_id ? c->client_request_id : c->request_id);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	buf_done(&message);
}

const char *sim_root(const struct sim_ctx *c, struct buf *out)
{
	buf_printf(out, "%s/%s", c->s->base_url, c->beta ? "beta" : "v1.0");
	return buf_text(out);
}
