/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error scheme for the whole program. A function that can fail returns int:
 *
 *	0	it worked
 *	< 0	-errno: nobody here can help; forward it unchanged to whoever owns the object
 *	> 0	a named outcome of *this* function (FOO_E_GONE, ...) that its caller must handle;
 *		never forwarded over the border of a module
 *
 * Functions in common/ and all pure functions do not log (debug traces excepted): the stage that
 * owns the object logs once, with its fields. Results that are ignored on purpose are cast to void.
 */
#pragma once

/* Passes r through; a negative one leaves file, line and function in the debug log. */
#define err_trace(r) err_trace_at((r), __FILE__, __LINE__, __func__)
int err_trace_at(int r, const char *file, int line, const char *func);

/* Text for -errno or errno ("No space left on device"); static storage, thread safe. */
const char *err_text(int r);

/*
 * Exit status of `snapwatch` and of `snapwatchd --once`; also the "code" of control replies.
 * The numbers are an interface: never renumber.
 */
enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_USAGE = 1,
	EXIT_CODE_CONFIG = 2,
	EXIT_CODE_NO_DAEMON = 3,
	EXIT_CODE_SIGN_IN = 4,
	EXIT_CODE_NETWORK = 5,
	EXIT_CODE_THROTTLED = 6,
	EXIT_CODE_SLOT_BUSY = 7,
	EXIT_CODE_INCOMPLETE = 8,
	EXIT_CODE_STORE = 9,
	EXIT_CODE_REFUSED = 10,
	_EXIT_CODE_MAX,
};

/* Stable name ("slot_busy") and one line of meaning; NULL for an unknown number. */
const char *exit_code_name(int code);
const char *exit_code_text(int code);
