/* SPDX-License-Identifier: Apache-2.0 */
/* What `snapwatch doctor` found, for a terminal: a line for each check, remedies below. Pure. */
#pragma once

#include "cli/style.h"
#include "common/base/buf.h"
#include "common/model/doctor.h"

/* report in its order (doctor_sort()). Texts are made visible here. Appends. */
void doctor_print(const struct doctor_report *report, const struct style *style, struct buf *out);
