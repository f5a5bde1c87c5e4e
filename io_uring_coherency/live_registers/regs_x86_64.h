/* SPDX-License-Identifier: GPL-2.0 */
/* x86-64: what regs_x86.h does not have for both. */
#ifndef REGS_X86_64_H
#define REGS_X86_64_H

#define REG_X86_ROWS		"regs_x86_64_table.h"

/* bit of the table */
#define REG_X86_64_FSBASE	32

#endif /* REGS_X86_64_H */
