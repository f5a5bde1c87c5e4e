/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of a mips64 register image; shared with the assembly, therefore plain numbers.
 *
 * The offset of a load or store ends at 32767, so all of an image that is outside the vectors is
 * found by the window's address. The same places in REG_WIN_SAVE have what the ABI wants back.
 */
#ifndef REGS_MIPS64_H
#define REGS_MIPS64_H

#define REG_MIPS64_W		0	/* w0-w31, 16 bytes each, or f0-f31, their elements 0 */
#define REG_MIPS64_GPR		512	/* r0-r31, 8 bytes each */
#define REG_MIPS64_FCSR		768	/* from here on: regs_mips64_table.h */
#define REG_MIPS64_MSACSR	772

/* bit numbers in REG_WIN_FEATURES */
#define REG_MIPS64_MSA_BIT	1
#define REG_MIPS64_HILO_BIT	2
#define REG_MIPS64_DSP_BIT	3

/* all fields of DSPControl, for RDDSP and WRDSP */
#define REG_MIPS64_DSP_FIELDS	0x3f

#endif /* REGS_MIPS64_H */
