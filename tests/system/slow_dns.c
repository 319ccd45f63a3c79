/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded: getaddrinfo() does not answer before the file $SLOW_DNS_RELEASE exists, and leaves
 * $SLOW_DNS_RELEASE.asked behind when it is called. Every name is this host.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		(int (*)(const char *, const char *, const struct addrinfo *,
			struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
	const char *release = getenv("SLOW_DNS_RELEASE");
	char asked[4096];

	if (release) {
		(void)snprintf(asked, sizeof(asked), "%s.asked", release);
		int fd = open(asked, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd >= 0)
			(void)close(fd);
		while (access(release, F_OK) != 0)
			(void)usleep(20000);
	}
	return real(node ? "127.0.0.1" : NULL, service, hints, res);
}
