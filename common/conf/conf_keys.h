/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of configuration keys: one row is all there is to know about a key. Parser, defaults,
 * checks, the sample file and the documentation are made from it; nothing else may know a default.
 * To add a key: a field in conf.h, a row here, `make sample`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/conf/conf.h"

/* Where a key stands, and the struct that its row's offsets point into. */
enum conf_scope {
	CONF_ROOT,   /* struct conf */
	CONF_TENANT, /* struct conf_tenant; also section "defaults" */
	CONF_WATCH,  /* struct conf_watch */
	CONF_RULE,   /* struct conf_rule */
	CONF_SINK,   /* struct conf_sink */
	_CONF_SCOPE_MAX,
};

enum conf_type {
	/* Stored as char *, with CONF_LIST as struct strv. */
	CONF_TEXT,	 /* any text without control characters */
	CONF_NAME,	 /* of a tenant, sink or watch: a-z 0-9 . _ - */
	CONF_WORD,	 /* one of names */
	CONF_GUID,	 /* stored in lower case */
	CONF_OBJECT_ID,	 /* a GUID (stored in lower case) or an opaque id */
	CONF_TYPED_ID,	 /* "user:GUID" */
	CONF_ACCOUNT,	 /* "user@domain", or a GUID (stored in lower case) */
	CONF_CREDENTIAL, /* the name of one */
	CONF_PATH,	 /* absolute */
	CONF_URL,	 /* https, no query; stored without a slash at its end */
	CONF_PROXY,	 /* http or https, host and port */
	CONF_LISTEN,	 /* "127.0.0.1:9798" */
	CONF_STORE,	 /* "sqlite:/path" */
	/* Stored as numbers. */
	CONF_DURATION, /* int64_t microseconds; min and max too */
	CONF_COUNT,    /* unsigned */
	CONF_BOOL,     /* bool */
	CONF_ENUM,     /* an enum (or int): min + the index in names */
	CONF_UNTIL,    /* int64_t: a date, or RFC 3339; exclusive */
	/* Stored as arrays of pointers; always lists. */
	CONF_SCHEDULE,
	CONF_WINDOW,
	_CONF_TYPE_MAX,
};

#define CONF_LIST 1u
#define CONF_REQUIRED 2u
#define CONF_RESTART 4u /* a reload cannot change it; text only */
#define CONF_OWN 8u	/* tenants only: has no meaning in "defaults" */
#define CONF_LATER 32u	/* read and checked, but not yet used (fully): said to whoever sets it */
#define CONF_ALTERNATIVE 16u /* not together with its neighbour: the sample leaves it commented */

struct conf_key {
	enum conf_scope scope;
	const char *name;
	enum conf_type type;
	unsigned flags;
	size_t offset;
	size_t offset_n;	  /* CONF_SCHEDULE, CONF_WINDOW: of the number of entries */
	const char *fallback;	  /* the default as text; NULL: none, or an empty list */
	int64_t min, max;	  /* CONF_DURATION, CONF_COUNT; CONF_ENUM: min is the first value */
	const char *const *names; /* CONF_WORD, CONF_ENUM; NULL-terminated */
	const char *later;	  /* CONF_LATER: "this version ..."; NULL: "does not use it yet" */
	const char *doc;	  /* sentences; lines are broken where it is shown */
	const char *example;	  /* as written in a file; NULL: the default is the example */
};

extern const struct conf_key conf_key_table[];
extern const size_t conf_key_count;

#define CONF_EACH_KEY(k, s) \
	for (const struct conf_key *k = conf_key_table; k < conf_key_table + conf_key_count; k++) \
		if (k->scope == (s))

/* "root", "tenant", "watch", "rule", "sink": also the names of the sections. */
const char *conf_scope_name(enum conf_scope scope);
/* What this version does with a CONF_LATER key: "does not use it yet". */
const char *conf_key_later(const struct conf_key *k);
/* NULL when the scope has no such key. */
const struct conf_key *conf_key_find(enum conf_scope scope, const char *name);

/* The types of objects that snapshots hold (resourceTypeName of the service). NULL-terminated. */
extern const char *const conf_entity_types[];
/* What can happen to an object: the alternatives of a rule's "change". NULL-terminated. */
extern const char *const conf_changes[];
/* The names of verdicts, indexed by enum verdict, and a NULL. */
extern const char *const conf_verdicts[];
extern const char *const conf_baselines[];

/* One row per type of sink: which of the keys url, secret, ca_file, proxy it needs or knows. */
struct conf_sink_type {
	const char *name;
	const char *const *required;
	const char *const *known;
};
extern const struct conf_sink_type conf_sink_types[];
extern const char *const conf_sink_type_names[];

/*
 * Reads texts (one for a scalar, any number for a list) into the key's field of the struct at
 * base, which is zeroed or was set before. 0; -ENOMEM; or 1 with what is wrong appended to error
 * (without file, line or key), the field being untouched then.
 */
int conf_key_set(const struct conf_key *k, void *base, const struct strv *texts, struct buf *error);
/* The default; for a text that has none "". 0 or -ENOMEM. */
int conf_key_set_fallback(const struct conf_key *k, void *base);
/* Frees what the field owns and zeroes it. */
void conf_key_clear(const struct conf_key *k, void *base);
/* For every key of the scope. */
void conf_keys_clear(enum conf_scope scope, void *base);

/*
 * Appends the names of the keys (", " between them) that differ between a and b and that only a
 * restart can change.
 */
void conf_restart_keys(const struct conf *a, const struct conf *b, struct buf *out);

/* Appends the commented sample configuration that is installed as snapwatch.conf. */
void conf_sample(struct buf *out);

/* --- lists of strings --------------------------------------------------------------------------
 */

int strv_add(struct strv *v, const char *text); /* 0 or -ENOMEM */
int strv_take(struct strv *v, char *text);	/* owns text, also when it fails */
void strv_sort(struct strv *v);			/* by bytes */
void strv_done(struct strv *v);
