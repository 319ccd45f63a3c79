/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where secrets live in memory. Each has pages of its own, because locks and dump flags are kept
 * per page: a page shared with something else would lose them when that is freed.
 */
#include "common/base/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret_private.h"

static atomic_uint n_unlocked;

/* The struct stands in front of its bytes in the same pages. */
static size_t mapped_size(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t needed = sizeof(struct secret) + len + 1;

	return (needed + page - 1) / page * page;
}

int secret_alloc(size_t len, struct secret **ret)
{
	if (len > LIMIT_SECRET_BYTES)
		return -EMSGSIZE;

	size_t size = mapped_size(len);
	struct secret *s =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return -ENOMEM;
	(void)madvise(s, size, MADV_DONTDUMP);
	if (mlock(s, size) < 0 && atomic_fetch_add(&n_unlocked, 1) == 0)
		log_notice(NULL,
			"secrets cannot be locked into memory (%s) and may get into swap space; "
			"LimitMEMLOCK= of the unit is too small",
			err_text(-errno));
	s->len = len;
	s->data = (char *)(s + 1);
	*ret = s;
	return 0;
}

int secret_new(const void *data, size_t len, struct secret **ret)
{
	struct secret *s;
	int r = secret_alloc(len, &s);

	if (r < 0)
		return r;
	if (len)
		memcpy(s->data, data, len);
	*ret = s;
	return 0;
}

struct secret *secret_free(struct secret *s)
{
	if (s) {
		size_t size = mapped_size(s->len);
		explicit_bzero(s, size);
		(void)munmap(s, size); /* unlocks */
	}
	return NULL;
}

int secret_equal(const struct secret *a, const struct secret *b)
{
	if (!a || !b)
		return a == b;
	return a->len == b->len && CRYPTO_memcmp(a->data, b->data, a->len) == 0;
}

unsigned secret_unlocked_count(void)
{
	return atomic_load(&n_unlocked);
}

void secret_protect_process(void)
{
	/* OpenSSL's users, libcurl among them, write the keys of every connection there. */
	(void)unsetenv("SSLKEYLOGFILE");
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}
