/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a finding and what is not, in words: one table. */
#include "common/model/finding.h"

static const char *const facts[][_FACT_MAX] = {
	[ABOUT_DELETION] =
		{
			[FACT_VISIBLE] = "in the recycle bin when last listed",
			[FACT_ABSORBED] =
				"newer snapshots are without it; not seen to come back, may be "
				"gone for ever",
			[FACT_UNDONE] = "it exists again",
			[FACT_VANISHED] = "listed no more: restored or gone for ever, not known",
			[FACT_PAST_RECOVERY] =
				"neither a snapshot nor the recycle bin has it any more",
		},
	[ABOUT_APPEARANCE] =
		{
			[FACT_VISIBLE] = "there when last listed",
			[FACT_ABSORBED] = "newer snapshots contain it; not seen to go since",
			[FACT_UNDONE] =
				"was deleted, or no longer differs from the snapshot; may be gone "
				"for ever",
			[FACT_VANISHED] = "listed no more",
			[FACT_PAST_RECOVERY] = "past recovery",
		},
	[ABOUT_DIFFERENCE] =
		{
			[FACT_VISIBLE] = "so when last listed",
			[FACT_ABSORBED] =
				"newer snapshots contain it; not seen to change back since",
			[FACT_UNDONE] =
				"no longer differs from the snapshot; the object may be gone for "
				"ever",
			[FACT_VANISHED] = "listed no more",
			[FACT_PAST_RECOVERY] = "past recovery",
		},
	[ABOUT_UNKNOWN] =
		{
			[FACT_VISIBLE] = "listed, and what it means is not known",
			[FACT_ABSORBED] =
				"newer snapshots contain it, and what it means is not known",
			[FACT_UNDONE] = "undone",
			[FACT_VANISHED] = "listed no more",
			[FACT_PAST_RECOVERY] = "past recovery",
		},
};

const char *finding_fact_words(const char *change, enum fact fact)
{
	return (unsigned)fact < _FACT_MAX ? facts[finding_about(change)][fact] : NULL;
}

void finding_words(const char *change, enum attention attention, enum fact fact, struct buf *out)
{
	static const char *const attentions[_ATTENTION_MAX] = {
		[ATTENTION_OPEN] = "open",
		[ATTENTION_ACKNOWLEDGED] = "acknowledged",
		[ATTENTION_EXPECTED] = "expected",
		[ATTENTION_CLOSED] = "closed",
	};
	const char *known = finding_fact_words(change, fact);

	if ((unsigned)attention >= _ATTENTION_MAX || !known)
		return;
	buf_puts(out, attentions[attention]);
	/* closed from the start: what happened was that something was taken back */
	if (attention == ATTENTION_CLOSED && fact != FACT_UNDONE)
		buf_puts(out, ", it took back what was open");
	buf_printf(out, "; %s", known);
}
