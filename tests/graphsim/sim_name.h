/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up values, one function per kind; each appends one JSON value. Pure. */
#pragma once

#include "tests/graphsim/sim_type.h"

#define SIM_MAKER(name) void name(struct buf *out, const struct sim_seed *seed, enum sim_type type)

SIM_MAKER(sim_make_display_name);
SIM_MAKER(sim_make_given_name);
SIM_MAKER(sim_make_surname);
SIM_MAKER(sim_make_nickname);
SIM_MAKER(sim_make_mail);
SIM_MAKER(sim_make_other_mails);
SIM_MAKER(sim_make_phone); /* differs between any two versions */
SIM_MAKER(sim_make_phones);
SIM_MAKER(sim_make_employee_id);
SIM_MAKER(sim_make_org_data);
SIM_MAKER(sim_make_job_title);
SIM_MAKER(sim_make_office);
SIM_MAKER(sim_make_postal_code);
SIM_MAKER(sim_make_street);
SIM_MAKER(sim_make_company);
SIM_MAKER(sim_make_past_day);
SIM_MAKER(sim_make_modified); /* differs between any two versions */
SIM_MAKER(sim_make_revision); /* differs between any two versions */
SIM_MAKER(sim_make_conditions);
SIM_MAKER(sim_make_ip_ranges);
SIM_MAKER(sim_make_uris);
SIM_MAKER(sim_make_domain);
SIM_MAKER(sim_make_resource_access);
SIM_MAKER(sim_make_info);
SIM_MAKER(sim_make_login_url);
SIM_MAKER(sim_make_thumbprint);
SIM_MAKER(sim_make_principal_id);
SIM_MAKER(sim_make_resource_id);
SIM_MAKER(sim_make_role_id);
