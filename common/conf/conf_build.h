/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was written to what is meant: precedence (tenant, then defaults, then built-in),
 * values, and what must hold between them. Pure.
 */
#pragma once

#include "common/conf/conf_read.h"

struct conf_build {
	struct conf *conf; /* zeroed; filled as far as possible */
	struct conf_source *source;
	struct buf *errors, *warnings;
	bool complete; /* every file could be read: a name that is nowhere is an error */
};

/* 0 or -errno; everything wrong is a line in errors. */
int conf_build(struct conf_build *b);

/* Sets every key of the scope at base: from s, else from defaults (may be NULL), else built-in. */
int conf_build_keys(struct conf_build *b, enum conf_scope scope, void *base, struct conf_section *s,
	struct conf_section *defaults);
/* A rule and a sink; base is zeroed. */
int conf_build_rule(struct conf_build *b, struct conf_section *s, struct conf_rule *rule);
int conf_build_sink(struct conf_build *b, struct conf_section *s, struct conf_sink *sink);
/* What rules and tenants say about each other and about sinks. */
int conf_build_references(struct conf_build *b);
/* Appends every written or default value of the section's scope: what its digest is made of. */
void conf_build_digest_text(enum conf_scope scope, const struct conf_section *s,
	const struct conf_section *defaults, struct buf *out);
/* The hexadecimal SHA-256 of text; 0 or -errno. */
int conf_build_digest(const struct buf *text, char ret[static 65]);

/* Appends a line; s is where it stands. key: NULL, or the key that it is about. */
void conf_build_error(struct conf_build *b, const struct conf_section *s, const char *key,
	const char *fmt, ...) _printf_(4, 5);
void conf_build_warning(struct conf_build *b, const struct conf_section *s, const char *key,
	const char *fmt, ...) _printf_(4, 5);
