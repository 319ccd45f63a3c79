/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files to sections, keys and texts with their places; nothing is interpreted yet. The only user of
 * libconfuse, whose lexer has global state: one thread at a time.
 */
#pragma once

#include "common/conf/conf_keys.h"

/* A key as it was written. */
struct conf_entry {
	const struct conf_key *key;
	struct strv texts; /* one for a scalar */
	const char *file;  /* borrowed from the source */
	unsigned line;
	bool refused; /* its error was reported: not again for every tenant that inherits it */
	bool warned;  /* the same of its warning */
};

struct conf_section {
	enum conf_scope scope;
	bool defaults; /* section "defaults" */
	char *title;   /* NULL: the main file itself, or defaults */
	const char *file;
	unsigned line;
	struct conf_entry *entries;
	size_t n_entries;
	struct conf_section *watches; /* of a tenant or of defaults */
	size_t n_watches;
};

/* Everything that was read, in the order of evaluation. */
struct conf_source {
	struct conf_section *sections;
	size_t n_sections;
	struct strv files; /* that were read */
};

/* The entry of that key or NULL. */
struct conf_entry *conf_section_entry(const struct conf_section *s, const struct conf_key *k);

/*
 * The main file, then tenants.d/ and rules.d/ beside it. As conf_load(): 0, -ENOMEM, or 1 with
 * lines in errors; ret is set for 0 and 1 (with what could be read).
 */
int conf_read(const char *path, struct conf_source *ret, struct buf *errors, struct buf *warnings);
void conf_source_done(struct conf_source *s);
