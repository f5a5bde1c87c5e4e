/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of a riscv64 register image; shared with the assembly, therefore plain numbers.
 *
 * The offset of a load or store ends at 2047, so the assembly has the address of an image in a1.
 * All but the vectors fits into REG_WIN_SAVE, too.
 */
#ifndef REGS_RISCV64_H
#define REGS_RISCV64_H

#define REG_RISCV64_F		0	/* f0-f31, 8 bytes each */
#define REG_RISCV64_GPR		256	/* x0-x31, 8 bytes each */
#define REG_RISCV64_FCSR	512	/* from here on: regs_riscv64_table.h */
#define REG_RISCV64_VL		520
#define REG_RISCV64_V		1024	/* v0-v31, as long as they are */

/* bit number in REG_WIN_FEATURES; the other is that of the table */
#define REG_RISCV64_V_BIT	1

/* CSRs by their numbers, as older assemblers do not know the names of V's (V 1.0, 3) */
#define REG_RISCV64_CSR_VSTART	0x008
#define REG_RISCV64_CSR_VCSR	0x00f
#define REG_RISCV64_CSR_VLENB	0xc22

#endif /* REGS_RISCV64_H */
