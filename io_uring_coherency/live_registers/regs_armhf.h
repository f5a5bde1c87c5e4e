/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of an armhf register image; shared with the assembly, therefore plain numbers.
 *
 * The offset of a vldr ends at 1020, so the assembly has the address of an image in r1. All of it
 * fits into REG_WIN_SAVE, too.
 */
#ifndef REGS_ARMHF_H
#define REGS_ARMHF_H

#define REG_ARMHF_D		0	/* d0-d31, 8 bytes each */
#define REG_ARMHF_GPR		256	/* r0-r15, 4 bytes each */
#define REG_ARMHF_FPSCR		320	/* from here on: regs_armhf_table.h */
#define REG_ARMHF_CPSR		324

/* bit number in REG_WIN_FEATURES */
#define REG_ARMHF_D32_BIT	1

/* NZCV, Q, GE (Arm ARM v7-A, B1.3.3), and of ARMv8.5 and v8.4 SSBS and DIT */
#define REG_ARMHF_CPSR_LEGAL	0xf8af0000

#endif /* REGS_ARMHF_H */
