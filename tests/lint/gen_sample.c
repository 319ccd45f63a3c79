/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what config/snapwatch.conf must be to stdout. */
#include <stdio.h>

#include "common/conf/conf_keys.h"

int main(void)
{
	struct buf sample = BUF_INIT(1024 * 1024);
	size_t written;

	conf_sample(&sample);
	if (buf_error(&sample))
		return 1;
	written = fwrite(sample.data, 1, sample.len, stdout);
	if (written != sample.len || fflush(stdout) != 0)
		return 1;
	buf_done(&sample);
	return 0;
}
