/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a hexadecimal digit. Inline: two of them for each byte of two ids in each row. */
#pragma once

/* 0 to 15, either case; -1 for anything else. */
static inline int hex_digit(char c)
{
	unsigned digit = (unsigned)(unsigned char)c - '0';
	unsigned letter = ((unsigned)(unsigned char)c | 0x20u) - 'a';

	if (digit < 10)
		return (int)digit;
	return letter < 6 ? (int)letter + 10 : -1;
}
