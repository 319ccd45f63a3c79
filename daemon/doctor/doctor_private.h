/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the judge only: each judges some checks of one tenant. */
#pragma once

#include "daemon/doctor/doctor_judge.h"

/* doctor_judge_way.c: files of this host, and the way to the service. */
void doctor_judge_credentials(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_watched(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_certificate(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_dns(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_connection(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_tls(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_clock(const struct doctor_facts *f, struct doctor_report *out);

/* doctor_judge_sign_in.c: who we are there, and for how long. */
void doctor_judge_token(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_app_token(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_tenant(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_scopes(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_sign_in(const struct doctor_facts *f, struct doctor_report *out);

/* doctor_judge_service.c: what it lets us see. */
void doctor_judge_roles(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_snapshots(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_jobs(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_slot(const struct doctor_facts *f, struct doctor_report *out);
void doctor_judge_polling(const struct doctor_facts *f, struct doctor_report *out);

/* The answer's own hint, or this one. */
const char *doctor_hint(const struct doctor_answer *a, const char *otherwise);
