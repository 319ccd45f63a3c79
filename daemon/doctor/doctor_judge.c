/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a tenant's checks; each is judged when what it needs is good and its facts are
 * there. */
#include "daemon/doctor/doctor_judge.h"

#include <stdlib.h>

#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_private.h"

static const struct {
	enum doctor_check check;
	void (*judge)(const struct doctor_facts *f, struct doctor_report *out);
} judges[] = {
	{DOCTOR_CREDENTIALS, doctor_judge_credentials},
	{DOCTOR_WATCHED, doctor_judge_watched},
	{DOCTOR_CERTIFICATE, doctor_judge_certificate},
	{DOCTOR_DNS, doctor_judge_dns},
	{DOCTOR_CONNECTION, doctor_judge_connection},
	{DOCTOR_TLS, doctor_judge_tls},
	{DOCTOR_CLOCK, doctor_judge_clock},
	{DOCTOR_TOKEN, doctor_judge_token},
	{DOCTOR_APP_TOKEN, doctor_judge_app_token},
	{DOCTOR_TENANT, doctor_judge_tenant},
	{DOCTOR_SCOPES, doctor_judge_scopes},
	{DOCTOR_SIGN_IN, doctor_judge_sign_in},
	{DOCTOR_ROLES, doctor_judge_roles},
	{DOCTOR_SNAPSHOTS, doctor_judge_snapshots},
	{DOCTOR_JOBS, doctor_judge_jobs},
	{DOCTOR_SLOT, doctor_judge_slot},
	{DOCTOR_POLLING, doctor_judge_polling},
};

void doctor_judge(const struct doctor_facts *f, struct doctor_report *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(judges); i++)
		if (!doctor_skips(out, f->conf->name, judges[i].check))
			judges[i].judge(f, out);
}

const char *doctor_hint(const struct doctor_answer *a, const char *otherwise)
{
	return text_empty(a->hint) ? otherwise : a->hint;
}

static void answer_done(struct doctor_answer *a)
{
	free(a->text);
	free(a->hint);
}

void doctor_facts_done(struct doctor_facts *f)
{
	free(f->refused);
	for (size_t i = 0; i < _DOCTOR_CREDENTIALS; i++) {
		free(f->credentials[i].name);
		free(f->credentials[i].path);
		free(f->credentials[i].problem);
	}
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++) {
		free(f->hosts[i].name);
		free(f->hosts[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(f->tokens); i++)
		answer_done(&f->tokens[i]);
	sign_in_done(&f->sign_in);
	free(f->token_tenant);
	answer_done(&f->snapshots);
	answer_done(&f->jobs);
	answer_done(&f->polled);
	remote_job_done(&f->holder);
	*f = (struct doctor_facts){0};
}
