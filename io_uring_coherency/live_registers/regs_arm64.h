/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of an arm64 register image; shared with the assembly, therefore plain numbers.
 *
 * What the window pointer has to reach directly stands first: the offset of a 64-bit load or
 * store ends at 32760. Vectors and predicates are as far apart as they are long, or twice that,
 * because the offset of their loads and stores counts in their lengths.
 */
#ifndef REGS_ARM64_H
#define REGS_ARM64_H

#define REG_ARM64_GPR		0	/* x0-x30, 8 bytes each */
/* from 256 on: regs_arm64_table.h */
#define REG_ARM64_ZT0		320
#define REG_ARM64_V		512	/* z0-z31 one vector length apart, or v0-v31 16 bytes */
#define REG_ARM64_ZA		4608	/* its rows, if the vectors end before and they before P */
#define REG_ARM64_P		8704	/* p0-p15 and FFR, two predicate lengths apart */

/* bit numbers in REG_WIN_FEATURES; the others are those of the table */
#define REG_ARM64_SVE_BIT	0
#define REG_ARM64_DIT_BIT	1
#define REG_ARM64_SSBS_BIT	2
#define REG_ARM64_TCO_BIT	3
#define REG_ARM64_ZA_BIT	4
#define REG_ARM64_ZT0_BIT	5

/* bits of PSTATE, as SPSR_EL1 has them (Arm ARM, C5.2) */
#define REG_ARM64_NZCV		0xf0000000
#define REG_ARM64_TCO		0x02000000
#define REG_ARM64_DIT		0x01000000
#define REG_ARM64_SSBS		0x00001000

#endif /* REGS_ARM64_H */
