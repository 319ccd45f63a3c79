/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/redirect_page.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"

#define STYLE \
	"body{font:1.1em/1.5 system-ui,sans-serif;margin:4em auto;max-width:38em;padding:0 1em;" \
	"color:#222;background:#fff}" \
	"h1{font-size:1.5em;border-left:.4em solid #b3261e;padding-left:.6em}" \
	"h1.good{border-color:#1e7b34}" \
	"pre{background:#eee;padding:.8em;white-space:pre-wrap}" \
	"footer{color:#666;font-size:.85em;margin-top:3em}" \
	"@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#" \
	"333}" \
	"footer{color:#999}}"
/* SHA-256 of the style, base64; the unit test computes it. */
#define STYLE_HASH "iwY6mbtiACNQRSVQFkd+rTpU5htDxKHiYa2/dwvD3Uk="

static const char *reason(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed\r\nAllow: GET";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return "Bad Request";
	}
}

static void put_escaped(const char *text, size_t len, struct buf *out)
{
	_cleanup_(buf_done) struct buf visible = BUF_INIT(LIMIT_VIEW_BYTES);

	text_append_visible(&visible, text, len);
	for (const char *p = buf_text(&visible); *p; p++) {
		if (*p == '&')
			buf_puts(out, "&amp;");
		else if (*p == '<')
			buf_puts(out, "&lt;");
		else if (*p == '>')
			buf_puts(out, "&gt;");
		else if (*p == '"')
			buf_puts(out, "&quot;");
		else if (*p == '\'')
			buf_puts(out, "&#39;");
		else
			buf_putc(out, *p);
	}
}

static void put_element(const char *tag, const char *text, struct buf *out)
{
	buf_printf(out, "<%s>", tag);
	put_escaped(text, strlen(text), out);
	buf_printf(out, "</%s>\n", tag);
}

static void put_paragraphs(const char *text, struct buf *out)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		if (n) {
			buf_puts(out, "<p>");
			put_escaped(text, n, out);
			buf_puts(out, "</p>\n");
		}
		text += n + (text[n] == '\n');
	}
}

static void put_html(const struct redirect_page *page, struct buf *out)
{
	buf_puts(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>snapwatch: ");
	put_escaped(page->title, strlen(page->title), out);
	buf_puts(out, "</title>\n<style>" STYLE "</style></head>\n<body>\n");
	buf_printf(out, "<h1%s>", page->good ? " class=\"good\"" : "");
	put_escaped(page->title, strlen(page->title), out);
	buf_puts(out, "</h1>\n");
	put_paragraphs(page->text, out);
	put_paragraphs(page->hint, out);
	if (page->command)
		put_element("pre", page->command, out);
	put_element("footer",
		"This page comes from snapwatch, on the machine where it was started.", out);
	buf_puts(out, "</body></html>\n");
}

void redirect_page_append(const struct redirect_page *page, struct buf *out)
{
	_cleanup_(buf_done) struct buf html = BUF_INIT(LIMIT_VIEW_BYTES);

	put_html(page, &html);
	buf_printf(out, "HTTP/1.1 %u %s\r\n", page->status, reason(page->status));
	buf_printf(out,
		"Content-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
		"Connection: close\r\nCache-Control: no-store\r\n"
		"Content-Security-Policy: default-src 'none'; style-src 'sha256-" STYLE_HASH
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
		"Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\r\n",
		html.len);
	buf_append(out, buf_text(&html), html.len);
	if (buf_error(&html) < 0 && buf_error(out) == 0)
		out->error = buf_error(&html);
}
