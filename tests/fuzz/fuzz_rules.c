/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of rules and an atom. The decision is that of the first rule whose conditions hold, by a
 * second, plainer reading; and no atom that a rule makes a finding of is passed over unopened.
 *
 * The first six lines are tenant, change, entity, object id, name and property of the atom ("-":
 * not known); a byte is the time; the rest is the file.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/parse.h"
#include "common/conf/conf_build.h"
#include "common/model/rule.h"
#include "tests/fuzz/fuzz.h"

#define RULES_MAX 8
#define LINE_BYTES 128

static struct buf errors = {.max = 1u << 20}, warnings = {.max = 1u << 20};
static char path[64];
static int fd = -1;

static void put_file(struct fuzz_input in)
{
	if (fd < 0) {
		fd = memfd_create("rules", MFD_CLOEXEC);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	FUZZ_CHECK(ftruncate(fd, 0) == 0);
	FUZZ_CHECK(pwrite(fd, in.data, in.len, 0) == (ssize_t)in.len);
}

static size_t read_rules(struct conf_source *source, struct conf *conf, struct conf_rule *rules)
{
	struct conf_build build = {
		.conf = conf, .source = source, .errors = &errors, .warnings = &warnings};
	size_t n = 0;

	for (size_t i = 0; i < source->n_sections && n < RULES_MAX; i++) {
		struct conf_section *s = &source->sections[i];

		if (s->scope != CONF_RULE)
			continue;
		FUZZ_CHECK(conf_build_rule(&build, s, &rules[n]) == 0);
		FUZZ_CHECK(rules[n].verdict < _VERDICT_MAX);
		n++;
	}
	return n;
}

static bool any(const struct strv *wanted, const char *value, bool globs)
{
	for (size_t i = 0; value && i < wanted->n; i++)
		if (globs ? glob_match(wanted->items[i], value)
			  : strcmp(wanted->items[i], value) == 0)
			return true;
	return wanted->n == 0;
}

static bool holds(const struct conf_rule *r, const struct rule_subject *s, int64_t now_us)
{
	return any(&r->tenant, s->tenant, false) && any(&r->change, s->change, false) &&
	       any(&r->entity, s->entity_type, false) && any(&r->object_ids, s->object_id, false) &&
	       any(&r->display_name, s->display_name, true) &&
	       any(&r->property, s->property, false) &&
	       (r->until_us == TIME_NONE || r->until_us > now_us);
}

static void check_decision(
	const struct conf_rule *rules, size_t n, const struct rule_subject *subject, int64_t now_us)
{
	const struct conf_rule *decided = NULL, *expected = NULL;
	enum verdict v = rule_decide(rules, n, subject, now_us, &decided);
	const char *changed = subject->property ? subject->property : "";

	for (size_t i = n; i > 0; i--)
		if (holds(&rules[i - 1], subject, now_us))
			expected = &rules[i - 1];
	FUZZ_CHECK(decided == expected && v < _VERDICT_MAX);
	FUZZ_CHECK(!decided || v == decided->verdict);
	/* A later rule changes nothing about what an earlier one decided. */
	if (decided)
		FUZZ_CHECK(rule_decide(rules, (size_t)(decided - rules) + 1, subject, now_us,
				   &expected) == v);
	if (!decided || v == VERDICT_IGNORE || !*changed || strchr(changed, ' '))
		return;
	if (strcmp(subject->change, "modified") == 0 ||
		strcmp(subject->change, "link added") == 0 ||
		strcmp(subject->change, "link removed") == 0) {
		FUZZ_CHECK(rule_could_match_atoms(rules, n, subject, changed, now_us));
		FUZZ_CHECK(rule_could_match_atoms(rules, n, subject, NULL, now_us));
	}
}

static const char *known(const char *text)
{
	return strcmp(text, "-") == 0 ? NULL : text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	char line[6][LINE_BYTES];
	struct conf_source source;
	struct conf conf = {0};
	struct conf_rule rules[RULES_MAX] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(line); i++)
		(void)fuzz_line(&in, line[i], sizeof(line[i]));
	struct rule_subject subject = {
		line[0], line[1], line[2], line[3], known(line[4]), known(line[5])};
	int64_t now_us = (20400 + fuzz_byte(&in)) * USEC_PER_DAY;
	put_file(in);
	buf_reset(&errors);
	buf_reset(&warnings);
	int r = conf_read(path, &source, &errors, &warnings);
	FUZZ_CHECK(r == 0 || (r == 1 && errors.len > 0));
	size_t n = read_rules(&source, &conf, rules);
	check_decision(rules, n, &subject, now_us);
	for (size_t i = 0; i < n; i++) {
		conf_keys_clear(CONF_RULE, &rules[i]);
		free(rules[i].name);
		free(rules[i].file);
	}
	conf_source_done(&source);
	return 0;
}
