/* SPDX-License-Identifier: Apache-2.0 */
/* Differences: each kind of change as getChanges shows it, and what it never shows. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/support/clock_virtual.h"

/* The newest snapshot is of 22:00 on the 16th; steps are on the 17th; the preview is of 09:00 on
 * the 18th... */
#define SCENARIO \
	"start 2026-11-16T00:00:00Z\n" \
	"tenant contoso users=30 groups=3 policies=2 refresh_token=first seed=7\n" \
	"snapshots contoso daily 22:00 keep=7\n" \
	"preview contoso initial=0s load=0s calculate=1m\n" \
	"at -1d12:00 contoso create group Vans as vans description=old\n" \
	"at -1d12:00 contoso create user Driver as driver city=Bonn state=Hessen\n" \
	"at -1d12:00 contoso create user Leaver as leaver\n" \
	"at -1d12:00 contoso create policy Door as door state=enabled sessionControls=null\n" \
	"at -1d12:01 contoso add-member vans users 1..3\n" \
	"at -1d13:00 contoso delete leaver\n"

static struct sim_client c;

static void set_up(void)
{
	int64_t us;

	ck_assert_int_eq(time_parse("2026-11-15T23:00:00Z", &us), 0);
	clock_virtual_set_wall(us);
	sim_client_open(&c, SCENARIO);
}

static void tear_down(void)
{
	ck_assert_msg(sim_violations(c.sim) == 0, "%s", sim_violation(c.sim, 0));
	sim_client_close(&c);
}

/* Lines on the 16th between the snapshots of 22:00 on the 15th and the preview at 21:00. */
static struct json *diff(const char *lines, const char *body)
{
	char text[4096], *save = NULL;
	int64_t us;

	(void)snprintf(text, sizeof(text), "%s", lines);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		sim_client_line(&c, line);
	ck_assert_int_eq(time_parse("2026-11-16T21:00:00Z", &us), 0);
	clock_virtual_set_wall(us);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	const char *snapshot = sim_client_snapshot(&c, 0),
		   *job = sim_client_preview(&c, snapshot, body);
	ck_assert_str_ne(job, "");
	clock_virtual_advance(USEC_PER_MIN);
	return sim_client_changes(&c, snapshot, job, 999, NULL);
}

/* The elements in canonical form, ids of the kind that matters replaced by nothing. */
static const char *elements(struct json *array)
{
	static char text[16384];
	struct buf b = BUF_INIT(sizeof(text) - 1);

	JSON_EACH (it, array) {
		buf_printf(&b, "%s %s %s ", json_string_or(it, "entityTypeName", "?"),
			json_string_or(it, "displayName", "-"),
			json_string_or(it, "recoveryAction", "?"));
		json_append_canonical(&b, json_member(it, "deltaFromCurrent"));
		json_append_canonical(&b, json_member(it, "currentState"));
		buf_putc(&b, '\n');
	}
	(void)snprintf(text, sizeof(text), "%s", buf_text(&b));
	buf_done(&b);
	(void)json_free(array);
	return text;
}

#define USER "\"@odata.type\":\"#microsoft.graph.user\""
#define REMOVED "\"@removed\":{\"reason\":\"changed\"}"

START_TEST(each_kind_of_change)
{
	static const struct {
		const char *lines, *expect;
	} rows[] = {
		{"at +0d10:00 contoso delete driver",
			"user Driver restore {" USER ",\"deletedDateTime\":null}"
			"{" USER ",\"deletedDateTime\":\"2026-11-16T10:00:00Z\"}\n"},
		{"at +0d10:00 contoso create user New",
			"user New softDelete {" USER "," REMOVED
			",\"deletedDateTime\":\"2026-11-16T21:00:00Z\"}"
			"{" USER ",\"deletedDateTime\":null}\n"},
		{"at +0d10:00 contoso restore leaver",
			"user Leaver softDelete {" USER "," REMOVED
			",\"deletedDateTime\":\"2026-11-16T21:00:00Z\"}{" USER
			",\"deletedDateTime\":null}\n"},
		{"at +0d10:00 contoso restore leaver\nat +0d11:00 contoso rename leaver \"L. is "
		 "back\"",
			"user L. is back softDelete {" USER "," REMOVED
			",\"deletedDateTime\":\"2026-11-16T21:00:00Z\",\"displayName\":\"Leaver\"}"
			"{" USER ",\"deletedDateTime\":null,\"displayName\":\"L. is back\"}\n"},
		{"at +0d10:00 contoso set driver city=Kiel state=null",
			"user Driver update {" USER ",\"city\":\"Bonn\",\"state\":\"Hessen\"}"
			"{" USER ",\"city\":\"Kiel\",\"state\":null}\n"},
		{"at +0d10:00 contoso set driver accountEnabled=false",
			"user Driver update {" USER ",\"accountEnabled\":true}{" USER
			",\"accountEnabled\":false}\n"},
		{"at +0d09:00 contoso rename driver \"Dri\\\"ver\"\nat +0d10:00 contoso delete "
		 "driver",
			"user Dri\"ver restore {" USER
			",\"deletedDateTime\":null,\"displayName\":\"Driver\"}{" USER
			",\"deletedDateTime\":\"2026-11-16T10:00:00Z\",\"displayName\":"
			"\"Dri\\\"ver\"}\n"},
		{"at +0d10:00 contoso set door state=disabled "
		 "sessionControls={\"signInFrequency\":{\"value\":7,\"type\":\"days\"},"
		 "\"cloudAppSecurity\":null}",
			"conditionalAccessPolicy Door update "
			"{\"@odata.type\":\"#microsoft.graph.conditionalAccessPolicy\","
			"\"modifiedDateTime\":\"2026-11-15T12:00:00Z\",\"sessionControls\":null,"
			"\"state\":\"enabled\"}{\"@odata.type\":\"#microsoft.graph."
			"conditionalAccessPolicy\","
			"\"modifiedDateTime\":\"2026-11-16T10:00:00Z\",\"sessionControls\":{"
			"\"cloudAppSecurity\":null,\"signInFrequency\":{\"type\":\"days\","
			"\"value\":7}},"
			"\"state\":\"disabled\"}\n"},
	};

	ck_assert_str_eq(elements(diff(rows[_i].lines, NULL)), rows[_i].expect);
}
END_TEST

START_TEST(what_is_never_shown)
{
	static const char *const rows[] = {
		"", "at +0d10:00 contoso create user X as x\nat +0d11:00 contoso delete x",
		"at +0d10:00 contoso delete driver\nat +0d11:00 contoso restore driver",
		"at +0d10:00 contoso set driver city=Kiel\nat +0d11:00 contoso set driver "
		"city=Bonn",
		"at +0d10:00 contoso add-member vans user 9\nat +0d11:00 contoso remove-member "
		"vans user 9",
		"at +0d10:00 contoso delete driver\nat +0d11:00 contoso hard-delete driver",
		"at +0d10:00 contoso hard-delete leaver",
		"at +0d10:00 contoso restore leaver\nat +0d11:00 contoso delete leaver",
		"at +0d10:00 contoso hard-delete user 2",   /* a member of vans: the membership is
							       gone with it */
		"at +0d21:00 contoso set leaver city=Bonn", /* refused, and told so */
	};

	if (_i == 9) {
		(void)json_free(diff(rows[_i], NULL));
		ck_assert_uint_eq(sim_violations(c.sim), 1);
		ck_assert_ptr_nonnull(strstr(sim_violation(c.sim, 0), "only what exists"));
		sim_client_close(&c);
		set_up();
		return;
	}
	ck_assert_str_eq(elements(diff(rows[_i], NULL)), "");
}
END_TEST

START_TEST(members_both_ways)
{
	struct json *array = diff("at +0d10:00 contoso add-member vans users 8..9\n"
				  "at +0d11:00 contoso remove-member vans user 2",
		NULL);
	const struct json *delta = json_member(json_first(array), "deltaFromCurrent");
	size_t added = 0, removed = 0;

	ck_assert_uint_eq(sim_client_count(array), 1);
	JSON_EACH (it, json_member(delta, "members@delta")) {
		ck_assert_str_eq(json_string_or(it, "@odata.type", ""), "#microsoft.graph.user");
		if (json_member(it, "@removed"))
			added++; /* recovery would take it out: it was added */
		else
			removed++;
	}
	ck_assert_uint_eq(added, 2);
	ck_assert_uint_eq(removed, 1);
	ck_assert_ptr_null(
		json_member(json_member(json_first(array), "currentState"), "members@delta"));
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs"), 200);
	int64_t n = 0;
	ck_assert_int_eq(json_get_int(json_first(json_member(c.json, "value")),
				 "totalChangedLinksCalculated", &n),
		JSON_GET_OK);
	ck_assert_int_eq(n, 3);
	(void)json_free(array);
}
END_TEST

#define CHANGES \
	"at +0d10:00 contoso delete users 20..24\n" \
	"at +0d10:00 contoso create application Helper as rogue\n" \
	"at +0d10:00 contoso create grant clientId=@rogue scope=\"Mail.Read\"\n" \
	"at +0d10:00 contoso set organization 1 displayName=Other"

START_TEST(filters)
{
#define NS "#microsoft.graph.entraRecoveryServices.recoveryJobEntity"
	static const struct {
		const char *body;
		size_t expect;
	} rows[] = {
		{NULL, 8},
		{"{}", 8},
		{"{\"filteringCriteria\":null}", 8},
		{"{\"filteringCriteria\":{\"@odata.type\":\"" NS
		 "NamesFilter\",\"entityTypes\":[\"user\"]}}",
			5},
		{"{\"filteringCriteria\":{\"@odata.type\":\"" NS
		 "NamesFilter\",\"entityTypes\":[\"application\",\"oAuth2PermissionGrant\"]}}",
			2},
		{"{\"filteringCriteria\":{\"@odata.type\":\"" NS
		 "NameAndIdsFilter\",\"filterValues\":[{\"entityType\":\"user\",\"entityIds\":["
		 "\"x\"]}]}}",
			0},
	};
	struct json *array = diff(CHANGES, rows[_i].body);

	ck_assert_uint_eq(sim_client_count(array), rows[_i].expect);
	(void)json_free(array);
}
END_TEST

START_TEST(filter_by_id)
{
	struct json *array = diff(CHANGES, NULL);
	const struct json *second = json_next(json_first(array));
	char body[1024], snapshot[128];

	(void)snprintf(body, sizeof(body),
		"{\"filteringCriteria\":{\"@odata.type\":\"" NS
		"NameAndIdsFilter\",\"filterValues\":[{\"entityType\":\"user\",\"entityIds\":[\"%"
		"s\"]}]}}",
		json_string_or(second, "id", ""));
	(void)snprintf(snapshot, sizeof(snapshot), "%s", sim_client_snapshot(&c, 0));
	const char *job = sim_client_preview(&c, snapshot, body);
	clock_virtual_advance(USEC_PER_MIN);
	struct json *one = sim_client_changes(&c, snapshot, job, 10, NULL);
	ck_assert_uint_eq(sim_client_count(one), 1);
	ck_assert_str_eq(
		json_string_or(json_first(one), "id", ""), json_string_or(second, "id", "-"));
	(void)json_free(one);
	(void)json_free(array);
}
END_TEST

START_TEST(grants_name_their_ends_and_need_newer_enums)
{
	struct json *array =
		diff("at +0d10:00 contoso create application Helper as rogue\n"
		     "at +0d10:00 contoso create grant clientId=@rogue scope=\"Mail.Read\"",
			NULL);
	const struct json *app = json_first(array), *grant = json_next(app);

	ck_assert_str_eq(json_string_or(grant, "entityTypeName", ""), "oAuth2PermissionGrant");
	ck_assert(json_is_null(json_member(grant, "displayName")));
	ck_assert_str_eq(json_string_or(json_member(grant, "currentState"), "clientId", ""),
		json_string_or(app, "id", "-"));
	(void)json_free(array);
}
END_TEST

START_TEST(recovery_gives_back_the_state_of_the_snapshot)
{
	static const char line[] =
		"at +0d10:00 contoso delete users 20..22\n"
		"at +0d10:00 contoso set driver city=Kiel\n"
		"at +0d10:00 contoso add-member vans user 9\n"
		"at +0d10:00 contoso create user New as new\n"
		"at +0d11:00 contoso foreign-recovery duration=2h "
		"restores \"users 20..21 and driver and vans new\" fails \"user 22\"";
	struct json *array = diff(line, NULL);

	ck_assert_uint_eq(
		sim_client_count(array), 1); /* what failed; new is in the bin, as it never was */
	ck_assert_str_eq(json_string_or(json_first(array), "recoveryAction", ""), "restore");
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs?$top=2"), 200);
	const struct json *job = json_next(json_first(json_member(c.json, "value")));
	int64_t n = 0;
	ck_assert_int_eq(json_get_int(job, "totalObjectsModified", &n), JSON_GET_OK);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(json_get_int(job, "totalFailedChanges", &n), JSON_GET_OK);
	ck_assert_int_eq(n, 1);
	char id[64];
	(void)snprintf(id, sizeof(id), "%s", json_string_or(job, "id", ""));
	ck_assert_int_eq(
		sim_client_get(&c,
			"/v1.0/directory/recovery/snapshots/%s/recoveryJobs/%s/getFailedChanges",
			sim_client_snapshot(&c, 0), id),
		200);
	ck_assert_ptr_nonnull(
		json_member(json_first(json_member(c.json, "value")), "failureMessage"));
	(void)json_free(array);
}
END_TEST

START_TEST(when_the_current_state_is_taken)
{
	static const struct {
		const char *line;
		size_t expect;
	} rows[] = {{"switch capture post", 0}, {"switch capture loaded", 1},
		{"switch capture end", 2}};
	char text[512];

	(void)snprintf(text, sizeof(text),
		"%s\npreview contoso initial=10s load=20s calculate=30s\n"
		"at +0d21:00:20 contoso delete user 1\nat +0d21:00:50 contoso delete user 2",
		rows[_i].line);
	struct json *array = diff(text, NULL);
	ck_assert_uint_eq(sim_client_count(array), rows[_i].expect);
	(void)json_free(array);
}
END_TEST

START_TEST(content_may_lag_its_label)
{
	/* deleted before the snapshot of the 15th, but after what is in it */
	struct json *array = diff("snapshots contoso daily 22:00 lag=12h", NULL);

	/* vans, driver, leaver, door and three members were made at noon: after the content of
	 * 10:00 */
	ck_assert_uint_eq(sim_client_count(array), 3);
	(void)json_free(array);
}
END_TEST

START_TEST(full_current_state)
{
	struct json *array =
		diff("switch current_state full\nat +0d10:00 contoso create user New", NULL);

	ck_assert_str_eq(
		json_string_or(json_member(json_first(array), "currentState"), "displayName", ""),
		"New");
	(void)json_free(array);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_diff");
	TCase *t = tcase_create("real");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, each_kind_of_change, 0, 8);
	tcase_add_loop_test(t, what_is_never_shown, 0, 10);
	tcase_add_test(t, members_both_ways);
	tcase_add_loop_test(t, filters, 0, 6);
	tcase_add_test(t, filter_by_id);
	tcase_add_test(t, grants_name_their_ends_and_need_newer_enums);
	tcase_add_test(t, recovery_gives_back_the_state_of_the_snapshot);
	tcase_add_loop_test(t, when_the_current_state_is_taken, 0, 3);
	tcase_add_test(t, content_may_lag_its_label);
	tcase_add_test(t, full_current_state);
	suite_add_tcase(s, t);
	return s;
}
