/* SPDX-License-Identifier: Apache-2.0 */
/* Whole configurations: what is said about wrong ones, word by word. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/conf_files.h"

static const struct {
	const char *text;
	const char *errors;
} wrong[] = {
	/* Grammar, and what libconfuse would let pass. */
	{"stroe = \"sqlite:/x\"\n",
		"snapwatch.conf:1: unknown key \"stroe\"; did you mean \"store\"?\n"},
	{"\n"
	 "tenant \"a\" {\n job_pol = \"60s\"\n}\n",
		"snapwatch.conf:3: unknown key \"job_pol\" in tenant \"a\"; did you mean "
		"\"job_poll\"?\n"
		""},
	{"tenant \"a\" {\n" TENANT_KEYS "watch \"w\" {\nbase = \"covered\"\n}\n}\n",
		"snapwatch.conf:5: unknown key \"base\" in watch \"w\"; did you mean "
		"\"baseline\"?\n"},
	{"defaults {\n verdict = \"ignore\"\n}\n",
		"snapwatch.conf:2: unknown key \"verdict\" in defaults; it is a key of rule\n"},
	{"look_every = \"1h\"\n",
		"snapwatch.conf:1: unknown key \"look_every\"; it is a key of tenant\n"},
	{"defaults {\n retain = \"1y\"\n}\n", "snapwatch.conf:2: unknown key \"retain\" in "
					      "defaults; it is a key of the main file\n"},
	{"retain = \"1y\"\nlog_level = info\nretain = \"2y\"\n",
		"snapwatch.conf:3: retain is given twice, first on line 1\n"},
	{"defaults {\nsinks = {}\n\nsinks = {\"ops\"}\n}\n",
		"snapwatch.conf:4: sinks is given twice, first on line 2\n"},
	{"defaults {\n}\ndefaults {\n}\n",
		"snapwatch.conf:3: defaults is given twice, first on line 1\n"},
	{TENANT_A "tenant \"a\" {\n" TENANT_KEYS "}\n",
		"snapwatch.conf:5: the title \"a\" is given twice\n"},
	{"defaults {\n sinks += {\"ops\"}\n}\n",
		"snapwatch.conf:2: sinks: \"+=\" is not possible; a list replaces the one of the "
		"defaults\n"},
	{"\nstore = \"sqlite:/${HOME}/x\"\n",
		"snapwatch.conf:2: \"${\" would be replaced from the environment, which is not "
		"allowed "
		"here; write \"\\${\" in quotes for the characters themselves\n"},
	{"store = ${STORE}\n", "snapwatch.conf:1: \"${\" would be replaced from the environment, "
			       "which is not allowed "
			       "here; write \"\\${\" in quotes for the characters themselves\n"},
	{"rule \"r\" {\n name = {kiosk-*}\n}\n",
		"snapwatch.conf:2: \"*\" has no meaning here; put the whole text into quotes\n"},
	{"defaults {\n sign_in = user+app\n}\n",
		"snapwatch.conf:2: \"+\" has no meaning here; put the whole text into quotes\n"},
	{"tenant \"a\" {\n" TENANT_KEYS,
		"snapwatch.conf:1: the section tenant that begins here is not closed; is the file "
		"complete?\n"},
	{"\n/* " TENANT_A, "snapwatch.conf:2: the comment that begins here is not closed\n"},
	{"store = \"sqlite:/x\nretain = 1y\n",
		"snapwatch.conf:1: the text in quotes that begins here is not closed\n"},
	{"defaults {\nsinks = {\"a\",\n", "snapwatch.conf:2: sinks: the list is not closed\n"},
	{"defaults {\nsinks = {\"a\"\njob_poll = \"1m\" }\n",
		"snapwatch.conf:2: sinks: the list is not closed\n"},
	{"store =\n", "snapwatch.conf:1: store: the value is missing\n"},
	{"= \"x\"\n", "snapwatch.conf:1: \"=\" without a key\n"},
	{"}\n", "snapwatch.conf:1: \"}\" closes nothing\n"},
	{"{ }\n", "snapwatch.conf:1: a section has no name\n"},
	{"tenant {\n}\n", "snapwatch.conf:1: missing title for section 'tenant'\n"},
	{"store \"sqlite:/x\"\n", "snapwatch.conf:1: missing equal sign after option 'store'\n"},
	{"end-of-file = yes\n", "snapwatch.conf:1: unknown key \"end-of-file\"\n"},
	{"store = \"\xff\"\n", "snapwatch.conf: is not a text file in UTF-8\n"},
	{"account = \"x\"\n"
	 "\x1b[31m = \"y\"\n",
		"snapwatch.conf:1: unknown key \"account\"; it is a key of tenant\n"},
	{"\x1b[31m = \"y\"\n", "snapwatch.conf:1: unknown key \"\\x1B[31m\"\n"},
	{"\x1b[2J =\n", "snapwatch.conf:1: \\x1B[2J: the value is missing\n"},
	{"\x07 = {\"a\"\n", "snapwatch.conf:1: \\x07: the list is not closed\n"},
	{"\x07 += {\"a\"}\n",
		"snapwatch.conf:1: \\x07: \"+=\" is not possible; a list replaces the "
		"one of the defaults\n"},
	{"\x07 = a\n\x07 = b\n", "snapwatch.conf:2: \\x07 is given twice, first on line 1\n"},
	{"\xe2\x80\xae {\n", "snapwatch.conf:1: the section \\u{202E} that begins here is not "
			     "closed; is the file complete?\n"},
	/* Values, with the place of the key. */
	{"retain = \"6d\"\nparallel_tenants = \"many\"\n",
		"snapwatch.conf:1: retain: \"6d\" is out of range: 7d to 36500d\n"
		"snapwatch.conf:2: parallel_tenants: \"many\" is not a number (\"64\")\n"},
	{"tenant \"a\" {\n}\n", "snapwatch.conf:1: tenant \"a\": tenant_id: is missing\n"
				"snapwatch.conf:1: tenant \"a\": client_id: is missing\n"},
	{"tenant \"A b\" {\n" TENANT_KEYS "}\n", "snapwatch.conf:1: tenant \"A b\": is not a name: "
						 "at most 64 of a-z 0-9 . _ -, a letter "
						 "or digit first\n"},
	{"tenant \"..\" {\n" TENANT_KEYS "}\n", "snapwatch.conf:1: tenant \"..\": is not a name: "
						"at most 64 of a-z 0-9 . _ -, a letter "
						"or digit first\n"},
	{"defaults {\ntenant_id = \"" ID1 "\"\n}\n",
		"snapwatch.conf:2: tenant_id: belongs to a tenant, not to defaults\n"},
	/* Clouds without Entra Backup, and addresses that would ask for the wrong thing. */
	{"tenant \"a\" {\n" TENANT_KEYS "authority = \"https://login.microsoftonline.us\"\n"
	 "graph_url = \"https://graph.microsoft.us/v1.0\"\n}\n",
		"snapwatch.conf:4: tenant \"a\": authority: login.microsoftonline.us is the "
		"national cloud US Government, which has no Entra Backup: its API exists only in "
		"the global cloud\n"
		"snapwatch.conf:5: tenant \"a\": graph_url: graph.microsoft.us is the national "
		"cloud US Government (L4, GCC High), which has no Entra Backup: its API exists "
		"only in the global cloud\n"},
	{"defaults {\nauthority = \"https://login.microsoftonline.us\"\n}\n" TENANT_A,
		"snapwatch.conf:2: authority: login.microsoftonline.us is the national cloud US "
		"Government, which has no Entra Backup: its API exists only in the global cloud\n"},
	{"tenant \"a\" {\n" TENANT_KEYS
	 "authority = \"https://login.microsoftonline.com/common\"\n}\n",
		"snapwatch.conf:4: tenant \"a\": authority: "
		"\"https://login.microsoftonline.com/common\" is put in front of tenant_id; write "
		"the host alone\n"},
	{"defaults {\nauthority = \"https://login.microsoftonline.com/" ID2 "\"\n}\n" TENANT_A,
		"snapwatch.conf:2: authority: \"https://login.microsoftonline.com/" ID2
		"\" is put in front of tenant_id; write the host alone\n"},
	{"defaults {\ngraph_url = \"https://graph.microsoft.com\"\n}\n" TENANT_A,
		"snapwatch.conf:2: graph_url: \"https://graph.microsoft.com\" does not end in a "
		"version; write \"/v1.0\" behind the host\n"},
	/* Said once, where it stands, whoever inherits it. */
	{"defaults {\njob_poll = \"1ms\"\n}\n" TENANT_A "tenant \"b\" {\ntenant_id = \"" ID2
	 "\"\nclient_id = \"" ID2 "\"\n}\n",
		"snapwatch.conf:2: job_poll: \"1ms\" is not a duration (\"90s\", \"75m\", \"26h\", "
		"\"400d\")\n"},
	{"defaults {\nwatch \"w\" {\nentity_types = {\"user\"}\nobject_ids = {\"user:" ID1
	 "\"}\n}\n}\n" TENANT_A "tenant \"b\" {\ntenant_id = \"" ID2 "\"\nclient_id = \"" ID2
	 "\"\n}\n",
		"snapwatch.conf:4: watch \"w\": object_ids: cannot stand together with "
		"entity_types\n"},
	{TENANT_A "tenant \"b\" {\n" TENANT_KEYS "}\n",
		"snapwatch.conf:6: tenant \"b\": tenant_id: " ID1
		" is already that of tenant \"a\"\n"},
	{"defaults {\nsign_in = \"user+app\"\n}\n" TENANT_A,
		"snapwatch.conf:4: tenant \"a\": sign_in: \"user+app\" needs a certificate\n"},
	{"tenant \"a\" {\n" TENANT_KEYS "schedule = {}\n}\n",
		"snapwatch.conf:4: tenant \"a\": schedule: is empty; without a schedule nothing "
		"would ever be compared\n"},
	{"tenant \"a\" {\n" TENANT_KEYS "schedule = {\"daily 25:00 UTC\"}\n}\n", NULL},
	/* Watches. */
	{"tenant \"a\" {\n" TENANT_KEYS "watch \"w\" {\nentity_types = {\"user\"}\nobject_ids = "
	 "{\"user:" ID1 "\"}\n}\n}\n",
		"snapwatch.conf:6: watch \"w\": object_ids: cannot stand together with "
		"entity_types\n"},
	{"tenant \"a\" {\n" TENANT_KEYS "watch \"w\" {\nentity_types = {\"user\", \"group\", "
	 "\"user\"}\n}\n}\n",
		"snapwatch.conf:5: watch \"w\": entity_types: \"user\" is given twice\n"},
	{"tenant \"a\" {\n" TENANT_KEYS "watch \"w\" {\nobject_ids = {\"user:" ID1 "\", \"user:" ID1
	 "\"}\n}\n}\n",
		"snapwatch.conf:5: watch \"w\": object_ids: \"user:" ID1 "\" is given twice\n"},
	{"tenant \"a\" {\n" TENANT_KEYS "watch \"w x\" {\n}\n}\n",
		"snapwatch.conf:4: watch \"w x\": is not a name: at most 64 of a-z 0-9 . _ -, a "
		"letter "
		"or digit first\n"},
	/* Sinks. */
	{"sink \"ops\" {\ntype = \"webhok\"\n}\n",
		"snapwatch.conf:2: sink \"ops\": type: \"webhok\" is not known; did you mean "
		"\"webhook\"?\n"},
	{"sink \"ops\" {\n}\n", "snapwatch.conf:1: sink \"ops\": type: is missing\n"},
	{"sink \"ops\" {\ntype = \"webhook\"\nurl = \"u\"\n}\n",
		"snapwatch.conf:1: sink \"ops\": secret: is missing; a webhook needs it\n"},
	{"sink \"ops\" {\ntype = \"webhook\"\nurl = \"http://x\"\nsecret = \"whsec_x\"\n}\n",
		"snapwatch.conf:3: sink \"ops\": url: this is the secret itself, or looks like it; "
		"put "
		"it into a file that others cannot read, and give the name of that credential\n"
		"snapwatch.conf:4: sink \"ops\": secret: this is the secret itself, or looks like "
		"it; "
		"put it into a file that others cannot read, and give the name of that "
		"credential\n"},
	{"sink \"j\" {\ntype = \"journal\"\nurl = \"u\"\n}\n",
		"snapwatch.conf:3: sink \"j\": url: a journal has no such thing\n"},
	{"sink \"journal\" {\ntype = \"webhook\"\nurl = \"u\"\nsecret = \"s\"\n}\n",
		"snapwatch.conf:2: sink \"journal\": type: the name journal belongs to the "
		"journal\n"},
	{"defaults {\nsinks = {\"ops\", \"journl\"}\n}\nsink \"ops\" {\ntype = \"webhook\"\nurl = "
	 "\"u\"\nsecret = \"s\"\n}\n",
		"snapwatch.conf:2: sinks: there is no sink \"journl\"; did you mean "
		"\"journal\"?\n"},
	/* Rules. */
	{"rule \"r\" {\nverdict = \"ignore\"\n}\n",
		"snapwatch.conf:1: rule \"r\": has no condition and would meet every change\n"},
	{"rule \"r\" {\nverdict = \"ignore\"\nentity = {\"user\"}\nchange = {}\n}\n",
		"snapwatch.conf:4: rule \"r\": change: is empty; leave it out when it shall not "
		"matter\n"},
	{"rule \"r\" {\nchange = {\"appeared\"}\n}\n",
		"snapwatch.conf:1: rule \"r\": verdict: is missing\n"},
	{TENANT_A "rule \"r\" {\ntenant = {\"b\"}\nverdict = \"notice\"\n}\n",
		"snapwatch.conf:6: rule \"r\": tenant: there is no tenant \"b\"\n"},
	{"rule \"\" {\nentity = {\"user\"}\nverdict = \"notice\"\n}\n",
		"snapwatch.conf:1: rule \"\": the title is empty, too long or not plain text\n"},
};

START_TEST(wrong_ones_are_explained)
{
	put_text("snapwatch.conf", wrong[_i].text);
	expect_wrong(wrong[_i].errors);
}
END_TEST

/* What lies beside the main file. */
static const struct {
	const char *path;
	const char *text;
	const char *errors;
} beside[] = {
	{"tenants.d/a.conf", "store = \"sqlite:/x\"\n",
		"tenants.d/a.conf:1: store has no place here, only in the main file\n"},
	{"tenants.d/a.conf", "\ndefaults {\n}\n",
		"tenants.d/a.conf:2: a section defaults has no place here, only tenant and sink\n"},
	{"rules.d/10.conf", TENANT_A,
		"rules.d/10.conf:1: a section tenant has no place here, only rule\n"},
	{"tenants.d/a.conf",
		"tenant \"main\" {\ntenant_id = \"" ID2 "\"\nclient_id = \"" ID2 "\"\n}\n",
		"tenants.d/a.conf:1: tenant \"main\": is given twice, first at snapwatch.conf:1\n"},
	/* A file that cannot be read hides names: nothing is said about who misses them. */
	{"tenants.d/a.conf", "sink \"ops\" {\ntype = \"webhook\"\n",
		"tenants.d/a.conf:1: the section sink that begins here is not closed; is the file "
		"complete?\n"},
};

START_TEST(files_beside_are_checked)
{
	put_text("snapwatch.conf", "tenant \"main\" {\n" TENANT_KEYS "}\n");
	put_text(beside[_i].path, beside[_i].text);
	if (strstr(beside[_i].text, "ops"))
		put_text("snapwatch.conf",
			"tenant \"main\" {\n" TENANT_KEYS "sinks = {\"ops\"}\n}\n");
	expect_wrong(beside[_i].errors);
}
END_TEST

START_TEST(unreadable_files_are_named)
{
	expect_wrong("snapwatch.conf: cannot be read: No such file or directory\n");
	ck_assert_int_eq(mkfifo("snapwatch.conf", 0600), 0);
	expect_wrong("snapwatch.conf: is not a regular file\n");
	ck_assert_int_eq(unlink("snapwatch.conf"), 0);

	size_t size = 4u * 1024 * 1024 + 1;
	char *large = malloc(size);

	ck_assert_ptr_nonnull(large);
	memset(large, '\n', size);
	put("snapwatch.conf", large, size);
	expect_wrong("snapwatch.conf: is larger than 4 MiB\n");
	put("snapwatch.conf", "\0\n", 2);
	expect_wrong("snapwatch.conf: is not a text file in UTF-8\n");
	free(large);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("conf_wrong");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, conf_files_set_up, conf_files_tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, wrong_ones_are_explained, 0, (int)ARRAY_SIZE(wrong));
	tcase_add_loop_test(t, files_beside_are_checked, 0, (int)ARRAY_SIZE(beside));
	tcase_add_test(t, unreadable_files_are_named);
	suite_add_tcase(s, t);
	return s;
}
