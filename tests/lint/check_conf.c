/* SPDX-License-Identifier: Apache-2.0 */
/* `snapwatch check-config FILE` for lint, which needs neither the daemon nor the CLI. */
#include <stdio.h>

#include "common/conf/conf_check.h"

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fputs("usage: check_conf FILE\n", stderr);
		return 1;
	}
	return conf_check_print(argv[1], stdout, stderr);
}
