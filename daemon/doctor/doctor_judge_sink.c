/* SPDX-License-Identifier: Apache-2.0 */
/* Where alerts go. */
#include "common/base/err.h"
#include "daemon/doctor/doctor_judge.h"

static void judge(const struct doctor_sink *s, struct doctor_report *out)
{
	if (s->problem)
		doctor_fail(out, NULL, DOCTOR_SINK, EXIT_CODE_CONFIG,
			"put it right and reload: systemctl reload snapwatchd. Its alerts wait",
			"it cannot be made: %s", s->problem);
	else if (!s->good && s->test)
		doctor_fail(out, NULL, DOCTOR_SINK, EXIT_CODE_NETWORK,
			"ask whoever runs the receiver; compare the address and the key in the "
			"sink's "
			"credentials with those that it gave",
			"the test alert did not arrive: %s", s->text);
	else if (!s->good)
		doctor_fail(out, NULL, DOCTOR_SINK, EXIT_CODE_NETWORK,
			"look at the address in the sink's credential, at name service, firewall, "
			"the sink's ca_file and proxy, and whether the receiver runs",
			"it is not reached: %s", s->text);
	else if (s->test)
		doctor_ok(out, NULL, DOCTOR_SINK, "the test alert arrived");
	else
		doctor_ok(out, NULL, DOCTOR_SINK, "reached; --sinks sends a test alert, too");
}

void doctor_judge_sink(const struct doctor_sink *s, struct doctor_report *out)
{
	judge(s, out);
	doctor_of_sink(out, s->name);
}
