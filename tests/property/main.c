/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property: random incident histories through the real stages, judged by an oracle that knows the
 * truth. README.md says what must hold. SEED is the first history, N how many; VERBOSE=1 prints the
 * scenario of each. Stops at the first that fails, shrinks it and prints it as a scenario; STOP=0
 * goes on and only names those that fail.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "tests/property/shrink.h"

static uint64_t number_of(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);
	uint64_t n;

	return text && parse_u64(text, 0, UINT32_MAX, &n) == 0 ? n : fallback;
}

static void print_failure(struct trial *t, struct history *h)
{
	struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct oracle_verdict verdict = t->verdict;

	history_render(h, &text);
	(void)printf("\nSEED=%" PRIu64 " %s\n\n# %s\n", h->seed, verdict.message, verdict.message);
	if (*verdict.expect) {
		buf_printf(&text, "%s\n", verdict.expect);
		if (!trial_fails_as_scenario(t, buf_text(&text)))
			buf_puts(&text, "# as a scenario this line does not fail\n");
	}
	(void)printf("%s", buf_text(&text));
	buf_done(&text);
}

static void print_stats(const struct oracle_stats *s)
{
	(void)printf("%" PRIu64 " histories, %" PRIu64 " previews (%" PRIu64
		     " not verified, %" PRIu64 " judged after a later one), %" PRIu64 " alerts\n",
		s->histories, s->jobs, s->unverified, s->late, s->alerts);
	(void)printf("%" PRIu64 " sights of %" PRIu64 " episodes, %" PRIu64 " ambiguous (%.2f%%)\n",
		s->sights, s->episodes, s->ambiguous,
		s->sights ? 100.0 * (double)s->ambiguous / (double)s->sights : 0.0);
	(void)printf("%" PRIu64 " absorbed, %" PRIu64 " undone, %" PRIu64 " vanished, %" PRIu64
		     " brought back, %" PRIu64 " closed by an undo\n",
		s->absorbed, s->undone, s->vanished, s->brought_back, s->closed);
}

int main(void)
{
	uint64_t seed = number_of("SEED", 1), n = number_of("N", 400);
	bool verbose = number_of("VERBOSE", 0), stop = number_of("STOP", 1);
	struct history *h = malloc(sizeof(*h));
	struct trial *t = trial_new();
	int failed = 0;

	log_setup("property", LOG_EMERG);
	if (!h || !t)
		return 2;
	for (uint64_t i = 0; i < n && !(failed && stop); i++) {
		history_generate(seed + i, h);
		if (verbose) {
			struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);

			history_render(h, &text);
			(void)printf("# SEED=%" PRIu64 "\n%s\n", h->seed, buf_text(&text));
			buf_done(&text);
		}
		if (trial_run(t, h))
			continue;
		failed = 1;
		(void)printf("SEED=%" PRIu64 " fails: %s\n", h->seed, t->verdict.message);
		(void)fflush(stdout);
		if (!stop)
			continue;
		if (number_of("SHRINK", 1)) {
			struct oracle_stats stats = t->stats;

			shrink(t, t->verdict.check, h);
			t->stats = stats;
		}
		print_failure(t, h);
	}
	print_stats(&t->stats);
	free(h);
	return failed;
}
