/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to journald or stderr. Nothing in here may log, and a failure to log is nobody's error:
 * the record is written to stderr as far as memory allows.
 */
#include "common/base/log.h"

/* The place that journald would note is this file: the caller's is in the message where it counts.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* The longest escape is "\u{00AD}" for two bytes; a single byte becomes at most "\x1B". */
#define ESCAPED(n) ((n)*4 + 64)

static atomic_int level_max = LOG_NOTICE;
static const char *log_ident = "snapwatch";
static atomic_bool to_journal;

static const struct {
	const char *name;
	int level;
} levels[] = {
	{"critical", LOG_CRIT},
	{"error", LOG_ERR},
	{"warning", LOG_WARNING},
	{"notice", LOG_NOTICE},
	{"info", LOG_INFO},
	{"debug", LOG_DEBUG},
};

static const char *level_name(int level)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (levels[i].level >= level)
			return levels[i].name;
	}
	return "debug";
}

int log_level_parse(const char *text)
{
	for (size_t i = 1; text && i < ARRAY_SIZE(levels); i++) {
		if (strcmp(text, levels[i].name) == 0)
			return levels[i].level;
	}
	return -EINVAL;
}

/* JOURNAL_STREAM is "device:inode" in decimal, of the stream that the service manager gave us. */
static bool is_journal_stream(const struct stat *st, const char *stream)
{
	char ours[64];

	(void)snprintf(ours, sizeof(ours), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st->st_dev,
		(uintmax_t)st->st_ino);
	return stream && strcmp(stream, ours) == 0;
}

static bool journal_wanted(void)
{
	struct stat st;
	bool is_nowhere = fstat(STDERR_FILENO, &st) < 0;

	if (!is_nowhere && is_journal_stream(&st, getenv("JOURNAL_STREAM")))
		return true;
	if (!is_nowhere)
		is_nowhere = S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
	return is_nowhere && access(JOURNAL_SOCKET, W_OK) == 0;
}

void log_setup(const char *ident, int max_level)
{
	log_ident = ident;
	atomic_store(&to_journal, journal_wanted());
	log_set_level(max_level);
}

void log_use_journal(void)
{
	if (access(JOURNAL_SOCKET, W_OK) == 0)
		atomic_store(&to_journal, true);
}

void log_set_level(int max_level)
{
	atomic_store(&level_max, max_level);
}

int log_level(void)
{
	return atomic_load(&level_max);
}

/* Length of the longest prefix of at most max bytes that does not cut a character in two. */
static size_t whole_characters(const char *text, size_t max)
{
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void append_cut(struct buf *out, const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	bool cut = len > max;

	text_append_visible(out, text, cut ? whole_characters(text, max) : len);
	if (cut)
		buf_puts(out, "...");
}

#define N_FIELDS 10

struct field {
	const char *name;  /* with the '=' */
	const char *value; /* NULL: left out */
};

static void collect_fields(
	const struct log_ctx *ctx, char job[static 24], struct field fields[static N_FIELDS])
{
	(void)snprintf(job, 24, "%" PRId64, ctx->job);
	const struct field all[N_FIELDS] = {
		{"SNAPWATCH_TENANT=", ctx->tenant},
		{"SNAPWATCH_JOB=", ctx->job ? job : NULL},
		{"SNAPWATCH_SNAPSHOT=", ctx->snapshot},
		{"SNAPWATCH_KIND=", ctx->kind},
		{"SNAPWATCH_SEVERITY=", ctx->severity},
		{"SNAPWATCH_ENTITY=", ctx->entity},
		{"SNAPWATCH_OBJECT_ID=", ctx->object_id},
		{"SNAPWATCH_CHANGE=", ctx->change},
		{"SNAPWATCH_RULE=", ctx->rule},
		{"SNAPWATCH_ALERT=", ctx->alert},
	};
	memcpy(fields, all, sizeof(all));
}

static void write_stderr(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Values that would be ambiguous on a line are quoted. */
static void append_value(struct buf *line, const char *value)
{
	struct buf visible = BUF_INIT(ESCAPED(LIMIT_LOG_FIELD_BYTES));

	append_cut(&visible, value, LIMIT_LOG_FIELD_BYTES);
	const char *text = buf_text(&visible);
	if (*text && !strpbrk(text, " \"=")) {
		buf_puts(line, text);
	} else {
		buf_putc(line, '"');
		for (; *text; text++) {
			if (*text == '"')
				buf_putc(line, '\\');
			buf_putc(line, *text);
		}
		buf_putc(line, '"');
	}
	buf_done(&visible);
}

static void send_stderr(int level, const struct field fields[static N_FIELDS], const char *message)
{
	struct buf line = BUF_INIT(
		ESCAPED(LIMIT_LOG_MESSAGE_BYTES) + N_FIELDS * 2 * ESCAPED(LIMIT_LOG_FIELD_BYTES));
	const char *before = "  ";

	buf_printf(&line, "%s: %s", level_name(level), message);
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (!fields[i].value)
			continue;
		buf_puts(&line, before);
		buf_puts(&line, fields[i].name);
		append_value(&line, fields[i].value);
		before = " ";
	}
	buf_putc(&line, '\n');
	write_stderr(buf_text(&line), line.len);
	buf_done(&line);
}

/* One "NAME=value" per buffer; sd_journal_sendv() takes them as they are, line feeds included. */
static int send_journal(int level, const char *message_id,
	const struct field fields[static N_FIELDS], const char *message)
{
	struct buf parts[4 + N_FIELDS];
	struct iovec iov[4 + N_FIELDS];
	int n = 0, r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = BUF_INIT(ESCAPED(LIMIT_LOG_MESSAGE_BYTES) + 64);
	buf_printf(&parts[n++], "MESSAGE=%s", message);
	buf_printf(&parts[n++], "PRIORITY=%d", level);
	buf_printf(&parts[n++], "SYSLOG_IDENTIFIER=%s", log_ident);
	if (message_id)
		buf_printf(&parts[n++], "MESSAGE_ID=%s", message_id);
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (!fields[i].value)
			continue;
		buf_puts(&parts[n], fields[i].name);
		append_cut(&parts[n++], fields[i].value, LIMIT_LOG_FIELD_BYTES);
	}
	for (int i = 0; i < n; i++) {
		if (buf_error(&parts[i]))
			r = buf_error(&parts[i]);
		iov[i] = (struct iovec){.iov_base = parts[i].data, .iov_len = parts[i].len};
	}
	if (r == 0)
		r = sd_journal_sendv(iov, n);
	for (int i = 0; i < n; i++)
		buf_done(&parts[i]);
	return r;
}

static void send_record(
	int level, const char *message_id, const struct log_ctx *ctx, const char *message)
{
	static const struct log_ctx about_nothing;
	struct field fields[N_FIELDS];
	char job[24];

	collect_fields(ctx ? ctx : &about_nothing, job, fields);
	if (!atomic_load(&to_journal) || send_journal(level, message_id, fields, message) < 0)
		send_stderr(level, fields, message);
}

void log_event(int level, const char *message_id, const struct log_ctx *ctx, const char *fmt, ...)
{
	char raw[LIMIT_LOG_MESSAGE_BYTES +
		 2]; /* one byte more than is shown tells that it was cut */
	struct buf message = BUF_INIT(ESCAPED(LIMIT_LOG_MESSAGE_BYTES));
	int saved = errno;
	va_list ap;

	if (level > log_level())
		return;
	va_start(ap, fmt);
	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	va_end(ap);
	append_cut(&message, raw, LIMIT_LOG_MESSAGE_BYTES);
	/* Without memory the literal that came from us is what can be said. */
	send_record(level, message_id, ctx, buf_error(&message) ? fmt : buf_text(&message));
	buf_done(&message);
	errno = saved;
}

void log_fatal_at(const char *file, int line, const char *what)
{
	log_event(LOG_CRIT, NULL, NULL, "internal error at %s:%d: %s", file, line, what);
	abort();
}
