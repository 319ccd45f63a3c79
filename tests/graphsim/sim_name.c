/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/jsonw.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_core.h"

#define NAME_SIZE 128

static const char *const given_names[] = {"Ada", "Adam", "Agnes", "Ahmed", "Aino", "Alba", "Anouk",
	"Anton", "Aylin", "Bela", "Birte", "Bruno", "Carla", "Chiara", "Clara", "Daan", "Dara",
	"Deniz", "Elif", "Emil", "Enzo", "Esra", "Eva", "Farid", "Felix", "Femke", "Gaia", "Goran",
	"Greta", "Hana", "Hugo", "Ida", "Ines", "Ivo", "Jana", "Joost", "Jovan", "Kaisa", "Kamil",
	"Karim", "Lars", "Lea", "Leon", "Lina", "Luca", "Maja", "Malik", "Marta", "Mateo", "Mira",
	"Nadia", "Nils", "Noor", "Olga", "Otto", "Paula", "Petra", "Rafal", "Rosa", "Samir",
	"Tariq", "Tove", "Vera", "Zoe"};
static const char *const surnames[] = {"Abel", "Andersen", "Aydin", "Bauer", "Becker", "Bianchi",
	"Blanc", "Bos", "Braun", "Carvalho", "Costa", "Dahl", "Demir", "Dubois", "Eriksen",
	"Fischer", "Fontana", "Garcia", "Greco", "Haas", "Hansen", "Hoekstra", "Horvat", "Ivanova",
	"Jansen", "Jensen", "Kaya", "Keller", "Kowalska", "Kral", "Lang", "Laurent", "Lehto",
	"Lopez", "Maier", "Marino", "Martin", "Meyer", "Moreau", "Novak", "Nowak", "Olsen",
	"Peeters", "Petrov", "Pinto", "Popescu", "Ramos", "Ricci", "Rossi", "Roux", "Santos",
	"Sato", "Schmid", "Silva", "Simon", "Smit", "Sorensen", "Toth", "Vidal", "Virtanen",
	"Visser", "Weber", "Wolf", "Zeman"};
static const char *const subjects[] = {"Billing", "Payroll", "Warehouse", "Fleet", "Intranet",
	"Archive", "Helpdesk", "Recruiting", "Marketing", "Reporting", "Purchasing", "Facilities",
	"Laboratory", "Newsroom", "Treasury", "Compliance"};
static const char *const policy_names[] = {"Require MFA for administrators",
	"Require MFA for all users", "Block legacy authentication", "Require compliant devices",
	"Block sign-in from unknown countries", "Require password change on user risk",
	"Limit sessions on unmanaged devices", "Protect security info registration"};

static uint64_t fixed(const struct sim_seed *seed, uint64_t salt)
{
	return sim_mix(sim_mix(seed->tenant, seed->index), salt);
}

static uint64_t varying(const struct sim_seed *seed, uint64_t salt)
{
	return sim_mix(fixed(seed, salt), seed->version);
}

static void write_string(struct buf *out, const char *text)
{
	struct jsonw w = JSONW_INIT(out);

	jsonw_string(&w, text);
}

/* Every pair once before any number is needed to tell people apart. */
static uint64_t person(const struct sim_seed *seed)
{
	return (seed->index * 1201 + seed->tenant % 4096) % 4096;
}

static const char *given_name(const struct sim_seed *seed)
{
	return given_names[person(seed) % ARRAY_SIZE(given_names)];
}

static const char *surname(const struct sim_seed *seed)
{
	return surnames[person(seed) / ARRAY_SIZE(given_names) % ARRAY_SIZE(surnames)];
}

static void display_name(
	const struct sim_seed *seed, enum sim_type type, char out[static NAME_SIZE])
{
	const char *subject = subjects[(seed->index + seed->tenant) % ARRAY_SIZE(subjects)];
	uint64_t round = (seed->index - 1) / ARRAY_SIZE(subjects) + 1;

	if (seed->name)
		(void)snprintf(out, NAME_SIZE, "%s", seed->name);
	else if (type == SIM_TYPE_USER && seed->index <= 4096)
		(void)snprintf(out, NAME_SIZE, "%s %s", given_name(seed), surname(seed));
	else if (type == SIM_TYPE_USER)
		(void)snprintf(out, NAME_SIZE, "%s %s %" PRIu64, given_name(seed), surname(seed),
			seed->index);
	else if (type == SIM_TYPE_POLICY && seed->index <= ARRAY_SIZE(policy_names))
		(void)snprintf(out, NAME_SIZE, "%s", policy_names[seed->index - 1]);
	else if (type == SIM_TYPE_POLICY)
		(void)snprintf(out, NAME_SIZE, "Policy %" PRIu64 " for %s", seed->index, subject);
	else if (type == SIM_TYPE_GROUP)
		(void)snprintf(out, NAME_SIZE, "%s Team %" PRIu64, subject, round);
	else if (type == SIM_TYPE_LOCATION)
		(void)snprintf(out, NAME_SIZE, "%s site %" PRIu64, subject, round);
	else if (type == SIM_TYPE_STRENGTH_POLICY)
		(void)snprintf(out, NAME_SIZE, "Strength %" PRIu64, seed->index);
	else
		(void)snprintf(out, NAME_SIZE, "%s Connector %" PRIu64, subject, round);
}

/* What a mail address is made of: letters, digits and dots of the display name, then a number. */
static void nickname(const struct sim_seed *seed, enum sim_type type, char out[static NAME_SIZE])
{
	char name[NAME_SIZE];
	size_t n = 0;

	display_name(seed, type, name);
	for (const char *p = name; *p && n < 40; p++) {
		if (isalnum((unsigned char)*p))
			out[n++] = (char)tolower((unsigned char)*p);
		else if (n && out[n - 1] != '.')
			out[n++] = '.';
	}
	(void)snprintf(out + n, NAME_SIZE - n, "%" PRIu64, seed->index);
}

SIM_MAKER(sim_make_display_name)
{
	char name[NAME_SIZE];

	display_name(seed, type, name);
	write_string(out, name);
}

SIM_MAKER(sim_make_given_name)
{
	(void)type;
	write_string(out, seed->name ? NULL : given_name(seed));
}

SIM_MAKER(sim_make_surname)
{
	(void)type;
	write_string(out, seed->name ? NULL : surname(seed));
}

SIM_MAKER(sim_make_nickname)
{
	char nick[NAME_SIZE];

	nickname(seed, type, nick);
	write_string(out, nick);
}

SIM_MAKER(sim_make_mail)
{
	char nick[NAME_SIZE];

	nickname(seed, type, nick);
	buf_printf(out, "\"%s@%s\"", nick, seed->domain);
}

SIM_MAKER(sim_make_other_mails)
{
	char nick[NAME_SIZE];

	nickname(seed, type, nick);
	buf_printf(
		out, "[\"%s-%" PRIu64 "@mail.%s\"]", nick, varying(seed, 31) % 1000, seed->domain);
}

SIM_MAKER(sim_make_phone)
{
	uint64_t n = (fixed(seed, 1) + seed->version) % 10000000;

	(void)type;
	buf_printf(out, "\"+49 151 555-%07" PRIu64 "\"", n);
}

SIM_MAKER(sim_make_phones)
{
	(void)type;
	buf_printf(out, "[\"+49 30 555-%05" PRIu64 "\"]", varying(seed, 2) % 100000);
}

SIM_MAKER(sim_make_employee_id)
{
	(void)type;
	buf_printf(out, "\"E%07" PRIu64 "\"", seed->index);
}

SIM_MAKER(sim_make_org_data)
{
	(void)type;
	buf_printf(out, "{\"division\":\"%s\",\"costCenter\":\"CC-%04" PRIu64 "\"}",
		subjects[varying(seed, 3) % ARRAY_SIZE(subjects)], varying(seed, 4) % 10000);
}

SIM_MAKER(sim_make_job_title)
{
	static const char *const ranks[] = {"Junior", "Senior", "Principal", "Lead", "Deputy"};
	static const char *const jobs[] = {
		"Engineer", "Accountant", "Planner", "Analyst", "Editor", "Buyer", "Technician"};

	(void)type;
	buf_printf(out, "\"%s %s\"", ranks[(fixed(seed, 5) + seed->version) % ARRAY_SIZE(ranks)],
		jobs[fixed(seed, 6) % ARRAY_SIZE(jobs)]);
}

SIM_MAKER(sim_make_office)
{
	(void)type;
	buf_printf(out, "\"Building %" PRIu64 ", room %" PRIu64 "\"", varying(seed, 7) % 9 + 1,
		varying(seed, 8) % 900 + 100);
}

SIM_MAKER(sim_make_postal_code)
{
	(void)type;
	buf_printf(out, "\"%05" PRIu64 "\"", varying(seed, 9) % 90000 + 10000);
}

SIM_MAKER(sim_make_street)
{
	(void)type;
	buf_printf(out, "\"%s Street %" PRIu64 "\"",
		surnames[varying(seed, 10) % ARRAY_SIZE(surnames)], varying(seed, 11) % 200 + 1);
}

SIM_MAKER(sim_make_company)
{
	const char *end = strchrnul(seed->domain, '.');

	(void)type;
	buf_printf(out, "\"%.*s %s\"", (int)(end - seed->domain), seed->domain,
		varying(seed, 12) % 2 ? "GmbH" : "Services");
}

SIM_MAKER(sim_make_past_day)
{
	char text[TIME_TEXT_SIZE];
	int64_t day = 18000 + (int64_t)(fixed(seed, 13) % 2000); /* 2019 to 2024 */

	(void)type;
	write_string(out, time_format(day * USEC_PER_DAY, text));
}

SIM_MAKER(sim_make_modified)
{
	char text[TIME_TEXT_SIZE];
	int64_t day = 20000 + (int64_t)(seed->version % 100000);

	(void)type;
	write_string(out,
		time_format(day * USEC_PER_DAY + (int64_t)(fixed(seed, 14) % 86400) * USEC_PER_SEC,
			text));
}

SIM_MAKER(sim_make_revision)
{
	char name[NAME_SIZE];
	_cleanup_(freep) char *text = NULL;

	display_name(seed, type, name);
	text = sim_printf("%s, revision %" PRIu64, name, seed->version + 1);
	write_string(out, text);
}

SIM_MAKER(sim_make_conditions)
{
	char excluded[SIM_ID_SIZE];
	struct sim_seed user = {.tenant = seed->tenant, .index = 1};

	(void)type;
	sim_make_id(&user, SIM_TYPE_USER, 0, excluded);
	buf_printf(out,
		"{\"users\":{\"includeUsers\":[\"All\"],\"excludeUsers\":[\"%s\"]},"
		"\"applications\":{\"includeApplications\":[\"All\"],\"excludeApplications\":[]},"
		"\"signInRiskLevels\":[%s],\"devicePlatforms\":null,\"locations\":null,"
		"\"clientAppTypes\":[\"all\"]}",
		excluded, (fixed(seed, 15) + seed->version) % 2 ? "\"high\"" : "");
}

SIM_MAKER(sim_make_ip_ranges)
{
	(void)type;
	buf_printf(out,
		"[{\"@odata.type\":\"#microsoft.graph.iPv4CidrRange\","
		"\"cidrAddress\":\"198.51.%" PRIu64 ".0/24\"}]",
		varying(seed, 16) % 256);
}

SIM_MAKER(sim_make_uris)
{
	char id[SIM_GUID_SIZE];

	(void)type;
	buf_printf(out, "[\"api://%s\"]", sim_guid(fixed(seed, 17), id));
}

SIM_MAKER(sim_make_domain)
{
	(void)type;
	write_string(out, seed->domain);
}

SIM_MAKER(sim_make_resource_access)
{
	char id[SIM_GUID_SIZE];

	(void)type;
	buf_printf(out,
		"[{\"resourceAppId\":\"00000003-0000-0000-c000-000000000000\",\"resourceAccess\":"
		"[{\"id\":\"%s\",\"type\":\"Scope\"}]}]",
		sim_guid(varying(seed, 18), id));
}

SIM_MAKER(sim_make_info)
{
	(void)type;
	buf_printf(out,
		"{\"termsOfServiceUrl\":null,\"supportUrl\":\"https://support.%s/%" PRIu64
		"\",\"privacyStatementUrl\":null,\"marketingUrl\":null,\"logoUrl\":null}",
		seed->domain, varying(seed, 19) % 1000);
}

SIM_MAKER(sim_make_login_url)
{
	(void)type;
	buf_printf(out, "\"https://app-%" PRIu64 ".%s/login\"", varying(seed, 20) % 1000,
		seed->domain);
}

SIM_MAKER(sim_make_thumbprint)
{
	(void)type;
	buf_printf(out, "\"%016" PRIX64 "%016" PRIX64 "%08" PRIX32 "\"", varying(seed, 21),
		varying(seed, 22), (uint32_t)varying(seed, 23));
}

SIM_MAKER(sim_make_principal_id)
{
	struct sim_seed principal = {.tenant = seed->tenant, .index = seed->index};
	char id[SIM_ID_SIZE];

	(void)type;
	sim_make_id(&principal, SIM_TYPE_SERVICE_PRINCIPAL, 0, id);
	write_string(out, id);
}

SIM_MAKER(sim_make_resource_id)
{
	char id[SIM_GUID_SIZE];

	(void)type;
	write_string(
		out, sim_guid(sim_mix(seed->tenant, 24), id)); /* Microsoft Graph in this tenant */
}

SIM_MAKER(sim_make_role_id)
{
	char id[SIM_GUID_SIZE];

	(void)type;
	write_string(out, sim_guid(fixed(seed, 25), id));
}
