/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/style.h"

#include <string.h>
#include <sys/ioctl.h>

#include "common/base/text.h"

#define WIDTH_UNKNOWN 80u

struct style style_of(int fd)
{
	const char *term = getenv("TERM");
	struct winsize size = {0};

	if (!isatty(fd))
		return (struct style){0};
	(void)ioctl(fd, TIOCGWINSZ, &size);
	return (struct style){
		.colour = text_empty(getenv("NO_COLOR")) && term && strcmp(term, "dumb") != 0,
		.width = size.ws_col ? size.ws_col : WIDTH_UNKNOWN,
	};
}

void style_append(const struct style *s, enum tone tone, const char *text, struct buf *out)
{
	static const char *const codes[_TONE_MAX] = {
		[TONE_BOLD] = "1",
		[TONE_DIM] = "2",
		[TONE_GOOD] = "32",
		[TONE_WARN] = "33",
		[TONE_BAD] = "1;31",
	};

	if (s->colour && codes[tone] && *text)
		buf_printf(out, "\033[%sm%s\033[0m", codes[tone], text);
	else
		buf_puts(out, text);
}

enum tone tone_of_severity(const char *severity)
{
	if (strcmp(severity, "critical") == 0)
		return TONE_BAD;
	return strcmp(severity, "warning") == 0 ? TONE_WARN : TONE_PLAIN;
}

enum tone tone_of_change(const char *change)
{
	if (strcmp(change, "deleted") == 0 || strcmp(change, "link removed") == 0)
		return TONE_BAD;
	return strcmp(change, "modified") == 0 ? TONE_PLAIN : TONE_WARN;
}
