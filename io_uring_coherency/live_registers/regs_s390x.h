/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of an s390x register image; shared with the assembly, therefore plain numbers.
 *
 * What the ABI wants back has the same places in REG_WIN_SAVE, so all of it ends before 1536.
 */
#ifndef REGS_S390X_H
#define REGS_S390X_H

#define REG_S390X_V		0	/* v0-v31, 16 bytes each, or f0-f15, their left halves */
#define REG_S390X_GPR		512	/* r0-r15, 8 bytes each */
#define REG_S390X_PSW		640	/* from here on: regs_s390x_table.h */
#define REG_S390X_FPC		644

/* bit numbers in REG_WIN_FEATURES; the others are those of the table */
#define REG_S390X_VX_BIT	1

/* condition code and program mask, as IPM has them */
#define REG_S390X_PSW_LEGAL	0x3f000000

#endif /* REGS_S390X_H */
