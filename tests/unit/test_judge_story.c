/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/watch/judge*.c over several previews: what becomes of findings, and what people are told.
 * One row is one story.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store_snapshot.h"
#include "tests/support/judge_world.h"

Suite *suite(void);

#define PREVIEWS_MAX 6
#define STATE \
	"SELECT change || ' ' || episode || ' ' || attention || ' ' || fact || ' ' || severity ||" \
	" CASE brought_back WHEN 1 THEN ' back' ELSE '' END FROM finding ORDER BY id"
#define TOLD "SELECT kind || ' ' || severity || ' ' || title FROM alert ORDER BY id"

#define DEL(at) DELETED("user", ID(1), "Anna", "\"2026-09-" at "Z\"")
#define DEL_SOMETIME DELETED("user", ID(1), "Anna", "null")
#define APP APPEARED("user", ID(1), "Anna")
#define APP_CREATED(at) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"user\",\"id\":\"" ID( \
		1) "\",\"displayName\":\"Anna\",\"deltaFromCurrent\":{},\"currentState\":{" \
		   "\"createdDateTime\":\"2026-09-" at "Z\"}}"
#define CITY(before, after) \
	MODIFIED("user", ID(1), "Anna", "\"city\":\"" before "\"", "\"city\":\"" after "\"")
#define MERGED "{\"recoveryAction\":\"merge\",\"entityTypeName\":\"user\",\"id\":\"" ID(1) "\"}"
#define MEMBER(removed) \
	MODIFIED("group", ID(2), "Staff", "\"members@delta\":[{\"id\":\"" ID(5) "\"" removed "}]", \
		"\"x\":1")
#define ADDED ",\"@removed\":{\"reason\":\"changed\"}"
/* T(24) is 2026-09-22T14:13:20Z */
#define TUE "22T10:00:00"
#define WED "23T10:00:00"

/* What the rules say. */
enum mood {
	DEFAULT,   /* nothing */
	EXPECTING, /* everything is expected */
	ALL,	   /* everything is a warning */
	IGNORING,  /* what appeared is ignored */
};

static const struct story {
	const char *text;
	enum mood mood;
	int64_t margin_us;
	struct preview p[PREVIEWS_MAX];
	const char *state, *told;
	const char *before; /* SQL before the last preview */
} stories[] = {
#define P PREVIEW
#define TOLD_DELETED "changes_unexpected warning contoso: 1 user was deleted"
#define TOLD_APPEARED "changes_unexpected warning contoso: 1 user appeared"
#define TOLD_UNDONE(what) "changes_undone notice contoso: undone: " what
#define TOLD_UNDONE_USER TOLD_UNDONE("the deletion of 1 user")
#define TOLD_AGAIN TOLD_UNDONE("an earlier deletion of 1 user (deleted again since)")
#define TOLD_BACK "changes_unexpected critical contoso: 1 user was brought back"

	{"deleted, brought back while it was open", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 closed undone warning|appeared 1 closed visible warning back",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user"), NULL},
	{"deleted, brought back, deleted again", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 30, .rows = APP),
			P(.baseline_us = 30, .p_us = 48, .rows = DEL(WED))},
		"deleted 1 closed undone warning|appeared 1 closed undone warning back|"
		"deleted 2 open visible warning",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user") "|" TOLD_DELETED, NULL},
	{"an expected deletion that is brought back is loud", EXPECTING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 expected undone expected|appeared 1 open visible critical back",
		TOLD_BACK, NULL},
	{"and stays loud when it is seen again", EXPECTING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 30, .rows = APP),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 expected undone expected|appeared 1 open visible critical back",
		TOLD_BACK, NULL},
	{"an acknowledged deletion that is brought back is loud", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 acknowledged undone warning|appeared 1 open visible critical back",
		TOLD_DELETED "|" TOLD_BACK, "UPDATE finding SET attention = 'acknowledged'"},
	{"loud though rules ignore what appears", IGNORING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 acknowledged undone warning|appeared 1 open visible critical back",
		TOLD_DELETED "|" TOLD_BACK, "UPDATE finding SET attention = 'acknowledged'"},
	{"open, and rules ignore what appears", IGNORING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 closed undone warning",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user"), NULL},
	{"older than the snapshot and not in it: a deletion that nobody saw", DEFAULT, 0,
		{P(.baseline_us = 24, .p_us = 30, .rows = APP_CREATED("20T00:00:00"))},
		"appeared 1 open visible critical back", TOLD_BACK, NULL},
	{"hardly older than the snapshot may have been missed by it", DEFAULT, USEC_PER_HOUR,
		{P(.baseline_us = 24, .p_us = 30, .rows = APP_CREATED("22T14:00:00"))},
		"appeared 1 open visible warning", TOLD_APPEARED, NULL},
	{"brought back twice: the deletion between was never seen", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 30, .rows = APP),
			P(.baseline_us = 30, .p_us = 48, .rows = APP)},
		"deleted 1 closed undone warning|appeared 1 closed absorbed warning back|"
		"appeared 2 open visible critical back",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user") "|" TOLD_BACK, NULL},

	{"appeared, and deleted while it was open", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 24, .p_us = 48, .rows = DEL(WED))},
		"appeared 1 closed undone warning|deleted 1 closed visible warning",
		TOLD_APPEARED "|" TOLD_UNDONE("the appearance of 1 user (deleted since)"), NULL},
	{"and brought back from there", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 24, .p_us = 48, .rows = DEL(WED)),
			P(.baseline_us = 47, .p_us = 60, .rows = APP)},
		"appeared 1 closed undone warning|deleted 1 closed undone warning|"
		"appeared 2 open visible critical back",
		TOLD_APPEARED
		"|" TOLD_UNDONE("the appearance of 1 user (deleted since)") "|" TOLD_BACK,
		NULL},
	{"appeared as expected, and deleted", EXPECTING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 24, .p_us = 48, .rows = DEL(WED))},
		"appeared 1 expected undone expected|deleted 1 expected visible expected", "",
		NULL},

	{"no longer appeared", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = "")},
		"appeared 1 closed undone warning",
		TOLD_APPEARED "|" TOLD_UNDONE("the appearance of 1 user"), NULL},
	{"an expected one is undone without a word", EXPECTING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = "")},
		"appeared 1 expected undone expected", "", NULL},
	{"undone, and there again", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = ""),
			P(.baseline_us = 0, .p_us = 60, .rows = APP)},
		"appeared 1 closed undone warning|appeared 2 open visible warning",
		TOLD_APPEARED "|" TOLD_UNDONE("the appearance of 1 user") "|" TOLD_APPEARED, NULL},
	{"listed no more: nobody knows", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 48, .rows = "")},
		"deleted 1 open vanished warning",
		TOLD_DELETED "|deletion_vanished warning contoso: the deletion of 1 user is listed "
			     "no more: restored or gone for ever",
		NULL},
	{"vanished, and it was restored", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 30, .rows = ""),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 closed undone warning|appeared 1 closed visible warning back",
		TOLD_DELETED
		"|deletion_vanished warning contoso: the deletion of 1 user is listed "
		"no more: restored or gone for ever|" TOLD_UNDONE("the deletion of 1 user"),
		NULL},
	{"vanished, and listed again", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 30, .rows = ""),
			P(.baseline_us = 0, .p_us = 48, .rows = DEL(TUE))},
		"deleted 1 open visible warning",
		TOLD_DELETED "|deletion_vanished warning contoso: the deletion of 1 user is listed "
			     "no more: restored or gone for ever",
		NULL},
	{"an expected deletion vanishes without a word", EXPECTING, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 48, .rows = "")},
		"deleted 1 expected vanished expected", "", NULL},
	{"a deleted object that is modified exists", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 48, .rows = CITY("Bonn", "Ulm"))},
		"deleted 1 closed undone warning",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user"), NULL},
	{"told as undone, and then it appears: by the rules", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 30, .rows = CITY("Bonn", "Ulm")),
			P(.baseline_us = 22, .p_us = 48, .rows = APP)},
		"deleted 1 closed undone warning|appeared 1 open visible warning back",
		TOLD_DELETED
		"|" TOLD_UNDONE("the deletion of 1 user") "|"
							  "changes_unexpected warning contoso: 1 "
							  "user was brought back",
		NULL},
	{"deleted twice: it was back in between", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = DEL(WED))},
		"deleted 1 closed undone warning|deleted 2 open visible warning",
		TOLD_DELETED "|" TOLD_DELETED, NULL},
	{"deleted twice, and the first was acknowledged", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = DEL(WED))},
		"deleted 1 acknowledged undone warning|deleted 2 open visible warning",
		TOLD_DELETED "|" TOLD_DELETED, "UPDATE finding SET attention = 'acknowledged'"},
	{"deleted twice, and the first had vanished", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 30, .rows = ""),
			P(.baseline_us = 22, .p_us = 48, .rows = DEL(WED))},
		"deleted 1 closed undone warning|deleted 2 open visible warning",
		TOLD_DELETED
		"|deletion_vanished warning contoso: the deletion of 1 user is listed no "
		"more: restored or gone for ever|" TOLD_DELETED,
		NULL},
	{"an older preview tells of the first deletion: the next says that it was undone", DEFAULT,
		0,
		{P(.baseline_us = 22, .p_us = 48, .rows = DEL(WED)),
			P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 50, .rows = DEL(WED))},
		"deleted 1 open visible warning|deleted 2 closed undone warning",
		TOLD_DELETED "|" TOLD_DELETED "|" TOLD_AGAIN, NULL},
	{"and then it appears: the last deletion is undone", DEFAULT, 0,
		{P(.baseline_us = 22, .p_us = 48, .rows = DEL(WED)),
			P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 50, .rows = DEL(WED)),
			P(.baseline_us = 50, .p_us = 60, .rows = APP)},
		"deleted 1 closed undone warning|deleted 2 closed undone warning|"
		"appeared 1 closed visible warning back",
		TOLD_DELETED "|" TOLD_DELETED "|" TOLD_AGAIN "|" TOLD_UNDONE_USER, NULL},
	{"two deletions in one preview: neither is proven", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 48, .rows = DEL(WED) "," DEL(TUE))},
		"deleted 1 open visible warning|deleted 2 open visible warning",
		TOLD_DELETED "|" TOLD_DELETED, NULL},
	{"undone, and listed with the same time: it stands, and is told", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 30, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = DEL(TUE))},
		"deleted 1 open visible warning|appeared 1 closed undone warning back",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user") "|" TOLD_DELETED, NULL},
	{"what was acknowledged stays so", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 30, .rows = CITY("Bonn", "Ulm")),
			P(.baseline_us = 0, .p_us = 48, .rows = DEL(TUE))},
		"deleted 1 acknowledged visible warning",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user"),
		"UPDATE finding SET attention = 'acknowledged'"},
	{"absorbed, and modified since", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 30, .p_us = 40, .rows = ""),
			P(.baseline_us = 30, .p_us = 48, .rows = CITY("Bonn", "Ulm"))},
		"deleted 1 closed undone warning",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user"), NULL},
	{"vanished, and modified since", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 30, .rows = ""),
			P(.baseline_us = 31, .p_us = 48, .rows = CITY("Bonn", "Ulm"),
				.promised = 3)},
		"deleted 1 closed undone warning",
		TOLD_DELETED
		"|deletion_vanished warning contoso: the deletion of 1 user is listed no "
		"more: restored or gone for ever|" TOLD_UNDONE("the deletion of 1 user"),
		NULL},
	{"a word that nobody knows says nothing", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 0, .p_us = 48, .rows = MERGED)},
		"deleted 1 open visible warning",
		TOLD_DELETED "|api_unexpected notice contoso: the service sent something "
			     "undocumented",
		NULL},
	{"a snapshot against which it was never shown proves nothing", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = -9, .p_us = 48, .rows = "")},
		"appeared 1 open visible warning", TOLD_APPEARED, NULL},
	{"unverified previews prove nothing", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = "", .promised = 3)},
		"appeared 1 open visible warning", TOLD_APPEARED, NULL},
	{"but what they show does", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP, .promised = 3)},
		"deleted 1 closed undone warning|appeared 1 closed visible warning back",
		TOLD_DELETED "|" TOLD_UNDONE("the deletion of 1 user"), NULL},
	{"reports neither prove nor show", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)),
			P(.baseline_us = 22, .p_us = 48, .rows = APP, .baseline = "newest")},
		"deleted 1 open visible warning", TOLD_DELETED, NULL},
	{"a filter that leaves it out does not undo it", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = "",
				.filter = "{\"entityTypes\":[\"application\"]}")},
		"appeared 1 open visible warning", TOLD_APPEARED, NULL},
	{"the filter of another watch that has it does", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = "", .watch = "people",
				.filter = "{\"entityTypes\":[\"user\"]}", .filter_hash = "u")},
		"appeared 1 closed undone warning",
		TOLD_APPEARED "|" TOLD_UNDONE("the appearance of 1 user"), NULL},
	{"an older preview judged late says nothing of now", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 48, .rows = APP),
			P(.baseline_us = 0, .p_us = 24, .rows = "")},
		"appeared 1 open visible warning", TOLD_APPEARED, NULL},
	{"an older sight judged late changes no fact", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 0, .p_us = 48, .rows = ""),
			P(.baseline_us = 0, .p_us = 30, .rows = APP)},
		"appeared 1 closed undone warning",
		TOLD_APPEARED "|" TOLD_UNDONE("the appearance of 1 user"), NULL},
	{"a long preview: the event happened before its end", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP, .takes_us = 4 * USEC_PER_HOUR),
			P(.baseline_us = 26, .p_us = 48, .rows = APP)},
		"appeared 1 open visible warning", TOLD_APPEARED, NULL},
	{"within the margin a newer label is the same event", DEFAULT, USEC_PER_HOUR,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP),
			P(.baseline_us = 24, .p_us = 48, .rows = APP),
			P(.baseline_us = 25, .p_us = 60, .rows = "")},
		"appeared 1 open absorbed warning", TOLD_APPEARED, NULL},
	{"both in one preview: neither is proven", DEFAULT, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = APP "," DEL_SOMETIME),
			P(.baseline_us = 0, .p_us = 48, .rows = DEL_SOMETIME "," APP),
			P(.baseline_us = 0, .p_us = 60, .rows = APP "," DEL_SOMETIME)},
		"appeared 1 open visible warning|deleted 1 open visible warning",
		"changes_unexpected warning contoso: 1 user was deleted, 1 user appeared", NULL},

	/* atoms */
	{"a property that is as before", ALL, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = CITY("Bonn", "Ulm")),
			P(.baseline_us = 0, .p_us = 48, .rows = "")},
		"modified 1 closed undone warning",
		"changes_unexpected warning contoso: 1 user was modified|" TOLD_UNDONE(
			"changes of 1 user"),
		NULL},
	{"a property that went on to another value is no undo", ALL, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = CITY("Bonn", "Ulm")),
			P(.baseline_us = 0, .p_us = 48, .rows = CITY("Bonn", "Jena"))},
		"modified 1 open visible warning|modified 1 open visible warning",
		"changes_unexpected warning contoso: 1 user was modified|"
		"changes_unexpected warning contoso: 1 user was modified",
		NULL},
	{"another property of the object does not hide the undo", ALL, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = CITY("Bonn", "Ulm")),
			P(.baseline_us = 0, .p_us = 48,
				.rows = MODIFIED("user", ID(1), "Anna", "\"state\":\"A\"",
					"\"state\":\"B\""))},
		"modified 1 closed undone warning|modified 1 open visible warning",
		"changes_unexpected warning contoso: 1 user was modified|"
		"changes_unexpected warning contoso: 1 user was modified|" TOLD_UNDONE(
			"changes of 1 user"),
		NULL},
	{"the object was deleted: its property is undecided", ALL, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = CITY("Bonn", "Ulm")),
			P(.baseline_us = 0, .p_us = 48, .rows = DEL(WED))},
		"modified 1 open visible warning|deleted 1 open visible warning",
		"changes_unexpected warning contoso: 1 user was modified|" TOLD_DELETED, NULL},
	{"a member added and removed again", ALL, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = MEMBER(ADDED)),
			P(.baseline_us = 24, .p_us = 48, .rows = MEMBER(""))},
		"link added 1 closed undone warning|link removed 1 closed visible warning",
		"changes_unexpected warning contoso: 1 group was modified|" TOLD_UNDONE(
			"changes of 1 group"),
		NULL},
	{"a member that was added and is not listed", ALL, 0,
		{P(.baseline_us = 0, .p_us = 24, .rows = MEMBER(ADDED)),
			P(.baseline_us = 0, .p_us = 48,
				.rows = MODIFIED("group", ID(2), "Staff",
					"\"members@delta\":[{\"id\":\"" ID(6) "\"}]", "\"x\":1"))},
		"link added 1 closed undone warning|link removed 1 open visible warning",
		"changes_unexpected warning contoso: 1 group was modified|"
		"changes_unexpected warning contoso: 1 group was modified|" TOLD_UNDONE(
			"changes of 1 group"),
		NULL},
};

static struct conf_rule rules[] = {
	[EXPECTING] = {.name = (char *)"expecting",
		.until_us = TIME_NONE,
		.verdict = VERDICT_EXPECTED},
	[ALL] = {.name = (char *)"all", .until_us = TIME_NONE, .verdict = VERDICT_WARNING},
	[IGNORING] = {.name = (char *)"ignoring", .until_us = TIME_NONE, .verdict = VERDICT_IGNORE},
};

static void set_mood(enum mood mood)
{
	static char *appeared[] = {(char *)"appeared", NULL};

	rules[IGNORING].change = (struct strv){appeared, 1};
	w.conf.rules = mood == DEFAULT ? NULL : &rules[mood];
	w.conf.n_rules = mood != DEFAULT;
}

START_TEST(a_story)
{
	const struct story *s = &stories[_i];
	size_t n = 0;

	set_mood(s->mood);
	w.tenant_conf.coverage_margin_us = s->margin_us;
	while (n < PREVIEWS_MAX && s->p[n].rows)
		n++;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 == n && s->before)
			ck_assert_int_eq(db_script(w.st->db, s->before), 0);
		(void)judge_world_judge(&s->p[i]);
	}
	const char *state = judge_world_ask(STATE);
	ck_assert_msg(strcmp(state, s->state) == 0, "%s:\n%s\nis\n%s", s->text, s->state, state);
	const char *told = judge_world_ask(TOLD);
	ck_assert_msg(strcmp(told, s->told) == 0, "%s:\n%s\nis\n%s", s->text, s->told, told);
}
END_TEST

/* Each change of a column says who and why. */
START_TEST(history)
{
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)));
	(void)judge_world_judge(&P(.baseline_us = 22, .p_us = 48, .rows = APP));
	ck_assert_str_eq(
		judge_world_ask(
			"SELECT what || ' ' || coalesce(was, '-') || ' ' || becomes ||"
			" ' ' || who || ': ' || why FROM finding_history ORDER BY finding, what"),
		"attention open closed job 2: the preview lists it as appeared: it was restored|"
		"fact visible undone job 2: the preview lists it as appeared: it was restored|"
		"attention - closed job 2: it takes back a deletion that was open");
}
END_TEST

/* The notice is all that people hear of the deletion. */
START_TEST(a_deletion_that_takes_back_is_told)
{
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24, .rows = APP));
	(void)judge_world_judge(&P(.baseline_us = 24, .p_us = 48, .rows = DEL(WED)));
	const char *body = judge_world_ask("SELECT body FROM alert WHERE job = 2");
	ck_assert_ptr_nonnull(
		strstr(body, "What appeared and was deleted since is in the recycle bin."));
	ck_assert_ptr_nonnull(strstr(body, "\"deleted_at\":\"2026-09-23T10:00:00Z\""));
}
END_TEST

/* A rule that wanted the property is gone: its row is looked at before silence is concluded. */
START_TEST(a_row_that_no_rule_wants_is_looked_at)
{
	set_mood(ALL);
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24, .rows = CITY("Bonn", "Ulm")));
	set_mood(DEFAULT);
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 48, .rows = CITY("Bonn", "Ulm")));
	ck_assert_str_eq(judge_world_ask(STATE), "modified 1 open visible warning");
	ck_assert_str_eq(judge_world_ask("SELECT CAST(last_job AS TEXT) FROM finding"), "2");
	(void)judge_world_judge(&P(.baseline_us = 49, .p_us = 50, .rows = "", .watch = "other"));
	ck_assert_str_eq(judge_world_ask(STATE), "modified 1 open absorbed warning");
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 55, .rows = CITY("Bonn", "Ulm")));
	ck_assert_str_eq(judge_world_ask(STATE), "modified 1 open visible warning");
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 60, .rows = CITY("Bonn", "Jena")));
	ck_assert_str_eq(judge_world_ask(STATE), "modified 1 open visible warning");
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 70, .rows = ""));
	ck_assert_str_eq(judge_world_ask(STATE), "modified 1 closed undone warning");
}
END_TEST

/* --- children -----------------------------------------------------------------------------------
 */

#define SP(verb) verb("servicePrincipal", ID(3), "Backup Helper")
#define GRANT(n, client) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"oAuth2PermissionGrant\",\"id\":" \
	"\"" ID(n) "\",\"currentState\":{\"clientId\":\"" client "\"}}"
#define ASSIGNMENT(n, principal, resource) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"appRoleAssignment\",\"id\":" \
	"\"" ID(n) "\",\"currentState\":{\"principalId\":\"" principal \
		   "\",\"resourceId\":\"" resource "\"}}"
#define SP_CREATED(at) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"servicePrincipal\",\"id\":\"" ID( \
		3) "\",\"displayName\":\"Backup Helper\",\"currentState\":{\"createdDateTime\":" \
		   "\"2026-09-" at "Z\"}}"
#define PARENTS \
	"SELECT entity_type || ' ' || coalesce((SELECT p.entity_type FROM finding AS p" \
	" WHERE p.id = finding.parent), '-') FROM finding ORDER BY entity_type, id"

START_TEST(what_hangs_on_an_object_is_told_with_it)
{
	/* before its object and behind it */
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = GRANT(7, ID(3)) "," SP(APPEARED) "," GRANT(8, ID(3)) "," GRANT(
			9, ID(4)) "," ASSIGNMENT(6, ID(5), ID(3))));
	ck_assert_str_eq(judge_world_ask(PARENTS),
		"appRoleAssignment servicePrincipal|oAuth2PermissionGrant servicePrincipal|"
		"oAuth2PermissionGrant servicePrincipal|oAuth2PermissionGrant -|servicePrincipal "
		"-");
	ck_assert_str_eq(judge_world_ask(TOLD), "changes_unexpected critical contoso: 1 service "
						"principal and 1 delegated permission "
						"grant appeared");
	const char *body = judge_world_ask("SELECT body FROM alert");
	ck_assert_ptr_nonnull(strstr(body, "With them: 2 grants, 1 app role assignment,"));
	ck_assert_ptr_nonnull(strstr(body, "\"grants\":2,\"assignments\":1,"));
	ck_assert_int_eq(w.last.n_appeared, 5);
}
END_TEST

/* A row is judged before what hangs on it and once more in its turn: the second time is no sight.
 */
START_TEST(an_ignored_return_is_judged_once)
{
	struct conf_rule calm = {
		.name = (char *)"calm", .until_us = TIME_NONE, .verdict = VERDICT_IGNORE};
	static char *principals[] = {(char *)"servicePrincipal", NULL};
	static char *appeared[] = {(char *)"appeared", NULL};
	static const char *const rows[] = {
		GRANT(7, ID(3)) "," SP_CREATED("20T00:00:00"),
		SP_CREATED("20T00:00:00") "," GRANT(7, ID(3)),
	};

	calm.entity = (struct strv){principals, 1};
	calm.change = (struct strv){appeared, 1};
	w.conf.rules = &calm;
	w.conf.n_rules = 1;
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = DELETED(
			"servicePrincipal", ID(3), "Backup Helper", "\"2026-09-22T10:00:00Z\"")));
	(void)judge_world_judge(&P(.baseline_us = 22, .p_us = 48, .rows = rows[_i]));
	ck_assert_str_eq(judge_world_ask(TOLD),
		"changes_unexpected critical contoso: 1 service principal was deleted|"
		"changes_unexpected critical contoso: 1 delegated permission grant appeared|"
		"changes_undone notice contoso: undone: the deletion of 1 service principal");
}
END_TEST

START_TEST(nothing_hides_behind_what_is_milder_or_not_told)
{
	struct conf_rule calm = {
		.name = (char *)"calm", .until_us = TIME_NONE, .verdict = VERDICT_NOTICE};
	static char *principals[] = {(char *)"servicePrincipal", NULL};
	static const enum verdict verdicts[] = {VERDICT_NOTICE, VERDICT_EXPECTED, VERDICT_IGNORE};

	calm.entity = (struct strv){principals, 1};
	calm.verdict = verdicts[_i];
	w.conf.rules = &calm;
	w.conf.n_rules = 1;
	(void)judge_world_judge(
		&P(.baseline_us = 0, .p_us = 24, .rows = SP(APPEARED) "," GRANT(7, ID(3))));
	ck_assert_str_eq(
		judge_world_ask(
			"SELECT CAST(count(*) AS TEXT) FROM finding WHERE parent IS NOT NULL"),
		"0");
	ck_assert_ptr_nonnull(strstr(
		judge_world_ask(TOLD), "critical contoso: 1 delegated permission grant appeared"));
}
END_TEST

START_TEST(memberships_go_with_the_member)
{
	set_mood(ALL);
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = MEMBER(ADDED) "," APPEARED("user", ID(5), "Eve")));
	ck_assert_str_eq(judge_world_ask(PARENTS), "group user|user -");
	ck_assert_str_eq(judge_world_ask(TOLD), TOLD_APPEARED);
	ck_assert_ptr_nonnull(
		strstr(judge_world_ask("SELECT body FROM alert"), "\"memberships\":1"));
	/* seen again, and joined by another that came before */
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 48,
		.rows = MODIFIED("group", ID(4), "Admins",
			"\"members@delta\":[{\"id\":\"" ID(5) "\"" ADDED "}]",
			"\"x\":1") "," APPEARED("user", ID(5), "Eve")));
	ck_assert_str_eq(judge_world_ask(PARENTS), "group user|group -|user -");
}
END_TEST

/* What is undone with its object is shown under it; what only hung on it is closed with it. */
START_TEST(children_go_with_their_object)
{
	set_mood(ALL);
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = MEMBER(ADDED) "," APPEARED("user", ID(5), "Eve") "," SP(APPEARED) "," GRANT(
			7, ID(3)) "," GRANT(8, ID(3))));
	(void)judge_world_judge(&P(.baseline_us = 24, .p_us = 30,
		.rows = DELETED("user", ID(5), "Eve", "\"2026-09-22T15:00:00Z\"")));
	ck_assert_str_eq(judge_world_ask("SELECT change || ' ' || attention || ' ' || fact"
					 " FROM finding WHERE entity_type IN ('user', 'group')"
					 " ORDER BY id"),
		"link added closed absorbed|appeared closed undone|deleted closed visible");
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE job = 2"),
		"contoso: undone: the appearance of 1 user (deleted since)");
	ck_assert_ptr_nonnull(strstr(
		judge_world_ask("SELECT body FROM alert WHERE job = 2"), "\"memberships\":1"));
	ck_assert_ptr_nonnull(strstr(judge_world_ask("SELECT why FROM finding_history"
						     " WHERE finding = (SELECT id FROM finding"
						     " WHERE change = 'link added')"
						     " AND what = 'attention'"),
		"which was closed"));
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 48, .rows = ""));
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE job = 3"),
		"contoso: undone: the appearance of 1 service principal");
	ck_assert_ptr_nonnull(
		strstr(judge_world_ask("SELECT body FROM alert WHERE job = 3"), "\"grants\":2"));
}
END_TEST

/* A deletion was closed with what hung on it, and is listed again: what is still shown comes back.
 */
START_TEST(children_come_back_with_their_object)
{
#define GONE DELETED("user", ID(5), "Eve", "\"2026-09-22T10:00:00Z\"")
#define LEFT(of) \
	MODIFIED("group", ID(of), "Staff", "\"members@delta\":[{\"id\":\"" ID(5) "\"}]", "\"x\":1")
#define MEMBERSHIPS \
	"SELECT change || ' ' || attention || ' ' || fact FROM finding WHERE change <> 'appeared'" \
	" ORDER BY change, id"
	set_mood(ALL);
	(void)judge_world_judge(
		&P(.baseline_us = 0, .p_us = 24, .rows = LEFT(2) "," GONE "," LEFT(3)));
	(void)judge_world_judge(
		&P(.baseline_us = 22, .p_us = 30, .rows = APPEARED("user", ID(5), "Eve")));
	ck_assert_str_eq(judge_world_ask(MEMBERSHIPS),
		"deleted closed undone|link removed closed visible|link removed closed visible");
	(void)judge_world_judge(
		&P(.baseline_us = 0, .p_us = 48, .rows = _i ? GONE "," LEFT(2) : LEFT(2) "," GONE));
	ck_assert_str_eq(judge_world_ask(MEMBERSHIPS),
		"deleted open visible|link removed open visible|link removed closed undone");
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE job = 3"),
		"contoso: 1 user was deleted");
	ck_assert_ptr_nonnull(strstr(
		judge_world_ask("SELECT body FROM alert WHERE job = 3"), "\"memberships\":1"));
	ck_assert_ptr_nonnull(strstr(judge_world_ask("SELECT why FROM finding_history"
						     " WHERE becomes = 'open' ORDER BY finding"),
		"it comes back with finding"));
}
END_TEST

/* Its atoms need not come one after another. */
START_TEST(an_object_that_lost_two_changes_counts_once)
{
#define STATE_OF(n) MODIFIED("user", ID(n), "Anna", "\"state\":\"A\"", "\"state\":\"B\"")
#define CITY_OF(n) MODIFIED("user", ID(n), "Anna", "\"city\":\"A\"", "\"city\":\"B\"")
	set_mood(ALL);
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = STATE_OF(1) "," STATE_OF(2) "," CITY_OF(1) "," CITY_OF(2)));
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 48, .rows = ""));
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE job = 2"),
		"contoso: undone: changes of 2 users");
}
END_TEST

/* A child that goes alone is told for itself. */
START_TEST(a_child_goes_alone)
{
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = SP(APPEARED) "," GRANT(7, ID(3)) "," GRANT(8, ID(3))));
	(void)judge_world_judge(
		&P(.baseline_us = 0, .p_us = 48, .rows = SP(APPEARED) "," GRANT(7, ID(3))));
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE job = 2"),
		"contoso: undone: the appearance of 1 delegated permission grant");
}
END_TEST

/* --- recoveries of others -----------------------------------------------------------------------
 */

static void recover(int64_t from_h, int64_t to_h, const char *filter)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		"INSERT INTO remote_job (tenant, service_id, kind, status, started, completed,"
		" filter, ours, first_seen, last_seen, told_start, told_end)"
		" VALUES (1, 'rec%lld', 'recovery', 'successful', %lld, %s%lld, '%s', 0, %lld, "
		"%lld, 1, 1)",
		(long long)from_h, (long long)T(from_h), to_h ? "" : "NULL AND ",
		(long long)T(to_h), filter, (long long)T(from_h), (long long)T(to_h ? to_h : 99));
	ck_assert_int_eq(db_script(w.st->db, text), 0);
}

#define EFFECTS(what) \
	"changes_unexpected warning contoso: " what " changed in a window with a recovery job"

START_TEST(effects_of_a_recovery_are_one_alert)
{
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24,
		.rows = DEL(TUE) "," DELETED("user", ID(2), "Bob", "null")));
	recover(30, 32, "");
	(void)judge_world_judge(&P(.baseline_us = 22, .p_us = 48,
		.rows = APP "," APPEARED("user", ID(2), "Bob") "," DELETED(
			"group", ID(4), "G", "\"2026-09-22T21:00:00Z\"")));
	ck_assert_str_eq(judge_world_ask(STATE),
		"deleted 1 closed undone warning|deleted 1 closed undone warning|"
		"appeared 1 closed visible warning back|appeared 1 closed visible warning back|"
		"deleted 1 open visible warning");
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE job = 2"),
		"contoso: 2 users and 1 group changed in a window with a recovery job");
	const char *body = judge_world_ask("SELECT body FROM alert WHERE job = 2");
	ck_assert_ptr_nonnull(strstr(body, "\"recovery\":\"rec30\""));
	ck_assert_ptr_nonnull(
		strstr(body, "\"counts\":{\"deleted\":1,\"appeared\":0,\"modified\":0,"
			     "\"undone\":2}"));
	ck_assert_ptr_nonnull(strstr(body, "\"fact\":\"undone\""));
}
END_TEST

START_TEST(what_a_recovery_cannot_have_done_is_told_apart)
{
	static const struct {
		const char *text;
		int64_t from_h, to_h;
		const char *filter, *rows, *told;
	} t[] = {
		{"ended before the window", -9, -1, "", APP, TOLD_APPEARED},
		{"started after the preview", 30, 31, "", APP, TOLD_APPEARED},
		{"another type", 2, 3, "{\"entityTypes\":[\"group\"]}", APP, TOLD_APPEARED},
		{"this object", 2, 3,
			"{\"filterValues\":[{\"entityType\":\"user\",\"entityIds\":[\"" ID(
				1) "\"]}]}",
			APP, EFFECTS("1 user")},
		{"criteria that nobody knows", 2, 3, "{\"x\":1}", APP, EFFECTS("1 user")},
		{"deleted at another time", 2, 3, "", DEL(TUE), TOLD_DELETED},
		{"deleted meanwhile", 2, 23, "", DEL(TUE), EFFECTS("1 user")},
		{"deleted some time", 2, 3, "", DEL_SOMETIME, EFFECTS("1 user")},
		{"created meanwhile: a recovery never creates", 2, 23, "",
			APP_CREATED("22T10:00:00"), TOLD_APPEARED},
		{"created before the snapshot", 2, 3, "", APP_CREATED("20T10:00:00"),
			"changes_unexpected critical contoso: 1 user changed in a window with a "
			"recovery job"},
	};

	recover(t[_i].from_h, t[_i].to_h, t[_i].filter);
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24, .rows = t[_i].rows));
	const char *told = judge_world_ask(TOLD);
	ck_assert_msg(strcmp(told, t[_i].told) == 0, "%s: %s", t[_i].text, told);
}
END_TEST

/* --- the rest ----------------------------------------------------------------------------------
 */

START_TEST(what_nothing_can_restore_any_more)
{
	static const char snapshots[] =
		"INSERT INTO snapshot (tenant, service_id, created, created_text, first_seen,"
		" last_seen) SELECT 1, 's', 1790000000000000 + 3600000000 * 24 * 32, '', 0,"
		" 1790000000000000 + 3600000000 * 24 * 33";

	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24, .rows = DEL(TUE)));
	clock_virtual_set_wall(T(24 * 33));
	(void)judge_world_judge(&P(.baseline_us = 24 * 31, .p_us = 24 * 32, .rows = ""));
	ck_assert_str_eq(judge_world_ask(STATE), "deleted 1 open absorbed warning");
	ck_assert_int_eq(db_script(w.st->db, snapshots), 0);
	(void)judge_world_judge(&P(.baseline_us = 24 * 31, .p_us = 24 * 33, .rows = ""));
	ck_assert_str_eq(judge_world_ask(STATE), "deleted 1 open past_recovery warning");
	ck_assert_uint_eq(w.last.n_alerts, 0);
}
END_TEST

START_TEST(what_happens_again_in_a_first_run_is_not_initial)
{
	(void)judge_world_judge(&P(.baseline_us = 0, .p_us = 24, .rows = APP));
	(void)judge_world_judge(&P(.baseline_us = 24, .p_us = 48, .watch = "second",
		.filter_hash = "x", .initial = true,
		.rows = APP "," DELETED("application", ID(4), "App", "null")));
	ck_assert_str_eq(judge_world_ask("SELECT change || ' ' || episode || ' ' || initial"
					 " FROM finding ORDER BY id"),
		"appeared 1 0|appeared 2 0|deleted 1 1");
	ck_assert_str_eq(judge_world_ask(TOLD),
		TOLD_APPEARED "|first_run notice contoso: first comparison: 1 application was "
			      "deleted|" TOLD_APPEARED);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("judge_story");
	TCase *tc = tcase_create("judge_story");

	tcase_add_checked_fixture(tc, judge_world_new, judge_world_done);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_story, 0, (int)ARRAY_SIZE(stories));
	tcase_add_test(tc, history);
	tcase_add_test(tc, a_deletion_that_takes_back_is_told);
	tcase_add_test(tc, a_row_that_no_rule_wants_is_looked_at);
	tcase_add_test(tc, what_hangs_on_an_object_is_told_with_it);
	tcase_add_loop_test(tc, nothing_hides_behind_what_is_milder_or_not_told, 0, 3);
	tcase_add_loop_test(tc, an_ignored_return_is_judged_once, 0, 2);
	tcase_add_test(tc, memberships_go_with_the_member);
	tcase_add_test(tc, children_go_with_their_object);
	tcase_add_loop_test(tc, children_come_back_with_their_object, 0, 2);
	tcase_add_test(tc, a_child_goes_alone);
	tcase_add_test(tc, an_object_that_lost_two_changes_counts_once);
	tcase_add_test(tc, effects_of_a_recovery_are_one_alert);
	tcase_add_loop_test(tc, what_a_recovery_cannot_have_done_is_told_apart, 0, 10);
	tcase_add_test(tc, what_nothing_can_restore_any_more);
	tcase_add_test(tc, what_happens_again_in_a_first_run_is_not_initial);
	suite_add_tcase(s, tc);
	return s;
}
