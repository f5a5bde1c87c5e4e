/* SPDX-License-Identifier: GPL-2.0 */
/* i386: what regs_x86.h does not have for both. */
#ifndef REGS_I386_H
#define REGS_I386_H

#define REG_X86_ROWS		"regs_i386_table.h"

#define REG_I386_SEGMENTS	2256	/* es, fs, gs: u32 each, see regs_i386.c */
#define REG_I386_BASES		2272	/* ... of these: what is found there */
#define REG_I386_LIMIT		0xffffefff

#endif /* REGS_I386_H */
