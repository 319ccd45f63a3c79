/* SPDX-License-Identifier: Apache-2.0 */
/* Every bound on what comes from outside, each with its reason. Sizes in bytes, times in *_US. */
#pragma once

#include "common/base/clock.h"

/* A page of 999 changes is 0.9 to 1.3 MB; the largest plausible object (a group with thousands of
 * member links) still fits. Decoded size, after gzip. */
#define LIMIT_PAGE_BYTES (16u * 1024 * 1024)
/* Page requests in flight over all tenants: keeps memory flat whatever the number of tenants. */
#define LIMIT_PAGE_BYTES_IN_FLIGHT (8u * 1024 * 1024)
/* What is reserved for a page before its size is known. */
#define LIMIT_PAGE_BYTES_ASSUMED (2u * 1024 * 1024)
/* Lists of snapshots and jobs, single jobs, errors. */
#define LIMIT_REPLY_BYTES (4u * 1024 * 1024)
/* Token endpoint replies: an access token of a few KB, a refresh token of 1 to 2 KB. */
#define LIMIT_TOKEN_REPLY_BYTES (256u * 1024)
/* Conditional Access policies nest 6 deep; cJSON itself gives up at 1000. */
#define LIMIT_JSON_DEPTH 64u
/* 20,000 pages of 999 changes are 20 million changes. A longer chain is a loop. */
#define LIMIT_PAGES_PER_JOB 20000u
/* A taken job slot is asked for again after one minute, then two, four, ...: a preview takes about
 * an hour, so half an hour at most is lost. */
#define LIMIT_SLOT_BACK_OFF_MIN_US (1 * USEC_PER_MIN)
#define LIMIT_SLOT_BACK_OFF_MAX_US (30 * USEC_PER_MIN)
/* Polling a preview that takes an hour or more: never slower than this. */
#define LIMIT_JOB_POLL_MAX_US (5 * USEC_PER_MIN)
/* The same while it is being cancelled: somebody waits for the slot. */
#define LIMIT_JOB_POLL_CANCEL_US (10 * USEC_PER_SEC)
/* Reading of our own writes: a job that was created this lately may not be found everywhere yet. */
#define LIMIT_JOB_YOUNG_US (10 * USEC_PER_MIN)
#define LIMIT_JOB_YOUNG_MISSES 5u
/* Without an answer to create for so long the run goes back into the queue (and looks for its job
 * first). */
#define LIMIT_JOB_CREATE_US (30 * USEC_PER_MIN)
/* "Cancelling is best-effort, the job may linger as running." */
#define LIMIT_JOB_CANCEL_US (15 * USEC_PER_MIN)
/* "Difference reports are kept for 7 days after completion." */
#define LIMIT_JOB_COLLECT_US (7 * USEC_PER_DAY)
/* How often a job is read anew because the service refuses the stored link, or says that it has
 * none yet. */
#define LIMIT_JOB_READINGS 5u
/* A request to the store that runs out of memory is tried again for so long: by then others have
 * given some back, or it needs more than there ever is and must not stop the rest. */
#define LIMIT_STORE_MEMORY_US (5 * USEC_PER_MIN)
/* Judging is local; what fails for a day will fail tomorrow. */
#define LIMIT_JOB_SETTLE_US (USEC_PER_DAY)
/* A page that is cut or no JSON is asked for again so often: the network may have broken it. */
#define LIMIT_PAGE_TRIES 4u
/* Pages without a change, or with the same changes again, one after another, before it counts as a
 * loop. */
#define LIMIT_PAGES_IDLE 16u
/* Snapshots (7 at a time) and jobs (kept 7 days) fit on one page of 100; this ends a loop. */
#define LIMIT_LIST_PAGES 50u
#define LIMIT_SNAPSHOTS 1000u
#define LIMIT_REMOTE_JOBS 5000u
/* Links handed out by the service: nextLink, Location. */
#define LIMIT_URL_BYTES 8192u
/* displayName is at most 256 characters in the directory. Kept longer ones are cut in rows (the
 * page has all). */
#define LIMIT_NAME_BYTES 1024u
/* An object id is a GUID or a short opaque text (appRoleAssignment: 43 characters). */
#define LIMIT_ID_BYTES 256u
#define LIMIT_ENUM_BYTES 64u
/* A page has at most 999 changes; a list of one-byte elements in 16 MiB would have millions. */
#define LIMIT_CHANGES_PER_PAGE 100000u
/* Names of changed properties of one row: a policy has some dozen top-level ones. The page has all.
 */
#define LIMIT_CHANGED_BYTES 4096u
/* One change may list that many atoms (members added or removed); more are kept in the page and
 * counted. */
#define LIMIT_ATOMS_PER_CHANGE 20000u
/* Header lines we keep of a reply. */
#define LIMIT_HEADER_BYTES 16384u
/* All header lines of a reply, which libcurl keeps whole: Graph sends 1 to 2 KB. Before 8.3 it had
 * no limit of its own (CVE-2023-38039). */
#define LIMIT_HEADERS_BYTES (64u * 1024)
/* Secrets: refresh tokens and PEM files. */
#define LIMIT_SECRET_BYTES (64u * 1024)
/* One of them sealed: version, key id, nonce and tag stand around it. */
#define LIMIT_SECRET_ENVELOPE_BYTES (LIMIT_SECRET_BYTES + 64)
#define LIMIT_CONFIG_BYTES (4u * 1024 * 1024)
/* Keys and sections in one file: 5,000 tenants of 40 keys. Repeats are looked for among them. */
#define LIMIT_CONFIG_MARKS 200000u
#define LIMIT_TENANTS 5000u
#define LIMIT_WATCHES_PER_TENANT 16u
#define LIMIT_RULES 2000u
#define LIMIT_SINKS 64u
/* The portal documents 100 object ids per filter over all types. */
#define LIMIT_FILTER_OBJECT_IDS 100u
/* Objects shown in one alert; the total is always given. */
#define LIMIT_ALERT_OBJECTS 20u
/* One journal record per unexpected object, then a count. */
#define LIMIT_JOURNAL_OBJECTS 1000u
/* Standard Webhooks recommends at most 20 KB. */
#define LIMIT_ALERT_BODY_BYTES (20u * 1024)
/* A value in an alert, before and after: twenty of them must fit; the store has all of it. */
#define LIMIT_ALERT_VALUE_BYTES 1024u
/* A value in a finding, before and after: the page has those that are longer. */
#define LIMIT_FINDING_VALUE_BYTES (16u * 1024)
/* One line of a chat window or a mail's subject. */
#define LIMIT_ALERT_TITLE_BYTES 256u
/* Control socket. */
#define LIMIT_CONTROL_BODY_BYTES (64u * 1024)
#define LIMIT_CONTROL_HEADER_BYTES (16u * 1024)
#define LIMIT_CONTROL_CLIENTS 32u
/* Of them, those whose answer is still to come (run --wait): some are left for those who only ask.
 */
#define LIMIT_CONTROL_WAITING 24u
/* Of LIMIT_TENANTS tenants the status, at about 1 KB each with some jobs at work, or what doctor
 * says, at about 3 KB each. */
#define LIMIT_CONTROL_REPLY_BYTES (32u * 1024 * 1024)
/* A client that neither asks nor reads for that long is cut off. In kernel time. */
#define LIMIT_CONTROL_IDLE_US (10 * USEC_PER_SEC)
/* The header of a request that brings the end of a sign-in: browsers send the cookies of every
 * other program on localhost. */
#define LIMIT_REDIRECT_HEADER_BYTES (64u * 1024)
/* Browsers open connections ahead that they may never use; those that bring nothing are closed
 * after so long (in kernel time), or when there are too many. */
#define LIMIT_REDIRECT_CLIENTS 16u
#define LIMIT_REDIRECT_IDLE_US (10 * USEC_PER_SEC)
/* Who was answered is waited for that long before the connection is closed. In kernel time. */
#define LIMIT_REDIRECT_FAREWELL_US (2 * USEC_PER_SEC)
/* "yield --for": shorter is over before the portal is open; a longer one lets baselines age out. */
#define LIMIT_HOLD_MIN_US (USEC_PER_MIN)
#define LIMIT_HOLD_MAX_US (30 * USEC_PER_DAY)
/* "--once --wait": who waits longer for a taken slot wants the daemon's schedule. */
#define LIMIT_SLOT_WAIT_US (USEC_PER_DAY)
/* A Retry-After beyond this is not obeyed to the letter: we come back and ask. */
#define LIMIT_RETRY_AFTER_US (USEC_PER_HOUR)
/* A single HTTP request. */
#define LIMIT_CONNECT_US (20 * USEC_PER_SEC)
#define LIMIT_REQUEST_US (120 * USEC_PER_SEC)
/* One log message before escaping: a line on stderr stays within PIPE_BUF (4096) in the usual case.
 */
#define LIMIT_LOG_MESSAGE_BYTES 3072u
/* A field of a record, before escaping: ids, names of tenants, rules and alerts. */
#define LIMIT_LOG_FIELD_BYTES 512u
/* Names of credentials are file names (NAME_MAX). */
#define LIMIT_CREDENTIAL_NAME_BYTES 255u
/* No byte in either direction for that long ends a request: the peer is gone. */
#define LIMIT_SILENCE_US (60 * USEC_PER_SEC)
/* Requests that libcurl has at a time; others wait in our queue. One preview per tenant and a poll
 * a minute need few, and each may hold a connection. */
#define LIMIT_TRANSFERS 32u
/* An idle connection older than that is not used again (libcurl's default), and none lives for
 * ever: a TLS connection never looks at the certificate again. */
#define LIMIT_CONNECTION_IDLE_US (118 * USEC_PER_SEC)
#define LIMIT_CONNECTION_LIFE_US (USEC_PER_HOUR)
/* The one line that `systemctl status` shows. */
#define LIMIT_STATUS_BYTES 1024u
/* Looking for damage when the store is opened: half a gigabyte from a cold disk, and nobody waits
 * for a daemon that starts. The rest is met when it is read. */
#define LIMIT_STORE_CHECK_US (2 * USEC_PER_SEC)
/* Requests waiting for the store thread: while the disk is full, or at the start, each tenant may
 * have a look, some runs, a page, a token and a few alerts there. More is a bug. */
#define LIMIT_STORE_QUEUE (16u * LIMIT_TENANTS)
/* Files of /usr/share/zoneinfo are at most 4 KB, 8 KB in the "fat" form. */
#define LIMIT_ZONE_BYTES (64u * 1024)
/* "America/Argentina/ComodRivadavia" has 32 characters. */
#define LIMIT_ZONE_NAME_BYTES 64u
/* The longest schedule that means something has about 60 characters. */
#define LIMIT_SCHEDULE_BYTES 160u
/* "every": shorter ones ask the service without need, and so are years a typing error. */
#define LIMIT_SCHEDULE_EVERY_MIN_US (USEC_PER_MIN)
#define LIMIT_SCHEDULE_EVERY_MAX_US (366 * USEC_PER_DAY)
/* "after snapshot": the service keeps a snapshot for about a week. */
#define LIMIT_SCHEDULE_DELAY_MAX_US (7 * USEC_PER_DAY)
/* A run that ended without a verdict is planned again after 15 minutes, then 30, 60, ...: each try
 * may hold the tenant's job slot for an hour, and coverage waits for days, not minutes. */
#define LIMIT_RUN_RETRY_MIN_US (15 * USEC_PER_MIN)
#define LIMIT_RUN_RETRY_MAX_US (6 * USEC_PER_HOUR)
/* Somebody who cancelled our preview may be about to start a recovery. */
#define LIMIT_RUN_RETRY_CANCELLED_US (1 * USEC_PER_HOUR)
/* Short lists of snapshots are documented as transient. A run that would lose coverage because of
 * one is put off, but no longer than that after the last one was planned: a day, and six hours. */
#define LIMIT_SHORT_LIST_US (30 * USEC_PER_HOUR)
/* Tenants that are due at the same time are looked at a second apart, but within this. */
#define LIMIT_TICKER_SPREAD_US (10 * USEC_PER_MIN)
/* Snapshots that were listed within this time tell how long the service keeps them. */
#define LIMIT_RETENTION_MEMORY_US (30 * USEC_PER_DAY)
/* Lists that are shorter for that long are no transient short lists any more. */
#define LIMIT_RETENTION_SHORT_US (48 * USEC_PER_HOUR)
/* A tenant of which no snapshot ever went may be as young as its oldest one. The service documents
 * seven days, of which this much must have been seen to take them for granted. */
#define LIMIT_RETENTION_SURE_US (6 * USEC_PER_DAY)
/* A refresh token that is not used for that long is void (documented, and not to be configured). */
#define LIMIT_SIGN_IN_IDLE_US (90 * USEC_PER_DAY)
/* A token endpoint that fails is asked again after this, doubled each time, up to that: as often as
 * a look that fails is repeated. */
#define LIMIT_AUTH_BACKOFF_US (10 * USEC_PER_SEC)
#define LIMIT_AUTH_BACKOFF_MAX_US (5 * USEC_PER_MIN)
/* A daily use of a token that met trouble on the way is tried again after that; a start waits as
 * long at most, so that many tenants part. */
#define LIMIT_AUTH_KEEP_AGAIN_US (15 * USEC_PER_MIN)
/* One batch of rows that a reader copies: 100 alerts of 20 KB, or findings with large values. */
#define LIMIT_VIEW_BYTES (256u * 1024 * 1024)
/* How long the directory keeps deleted objects of the types that have a recycle bin (documented).
 */
#define LIMIT_RECYCLE_BIN_US (30 * USEC_PER_DAY)
/* Signing in: a person, perhaps with a second factor that must be fetched first. The service's own
 * codes live ten minutes after that; its device codes as long as it says (15 minutes), at most so
 * long. */
#define LIMIT_LOGIN_CODE_US (15 * USEC_PER_MIN)
#define LIMIT_LOGIN_DEVICE_US (USEC_PER_HOUR)
/* What a browser brings back: a code of 1 to 2 KB, or an error with its description. */
#define LIMIT_LOGIN_ANSWER_BYTES 16384u
/* Times in an id token, in seconds: the year 9999, the last that can be shown. */
#define LIMIT_ID_TOKEN_TIME_S 253402300799
/* Directory roles of one account; there are about 130 built-in ones. */
#define LIMIT_ID_TOKEN_ROLES 256u
/* The permissions that a sign-in was granted, by name: the most that anybody has is some dozens. */
#define LIMIT_SCOPE_TEXT_BYTES 16384u
/* What a check of `snapwatch doctor` saw or asks for, in words. */
#define LIMIT_DOCTOR_TEXT_BYTES 2048u
/* Between our clock and the service's, by which freshness is judged: with more of it schedules and
 * tokens are doubtful, and receivers refuse signed alerts. */
#define LIMIT_CLOCK_SKEW_US (5 * USEC_PER_MIN)
/* A question of `snapwatch doctor`: somebody waits before a terminal. */
#define LIMIT_DOCTOR_STEP_US (USEC_PER_MIN)
/* Tenants that it asks about at a time: each has two connections open. */
#define LIMIT_DOCTOR_PARALLEL 8u
/* The file system of the store: below the one the next result may not fit (a page of
 * LIMIT_PAGE_BYTES, its copy in the log, and room for the log to be moved), below the other
 * somebody should look. */
#define LIMIT_DISK_FAIL_BYTES (64ll * 1024 * 1024)
#define LIMIT_DISK_WARN_BYTES (1024ll * 1024 * 1024)
