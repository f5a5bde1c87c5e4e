/* SPDX-License-Identifier: GPL-2.0 */
/* Layout of a ppc64 register image; shared with the assembly, therefore plain numbers. */
#ifndef REGS_PPC64_H
#define REGS_PPC64_H

#define REG_PPC64_VS		0	/* vs0-vs63, 16 bytes each, doubleword 0 first */
#define REG_PPC64_GPR		1024	/* r0-r31, 8 bytes each */
#define REG_PPC64_FPSCR		1280	/* from here on: regs_ppc64_table.h */
#define REG_PPC64_CR		1328
#define REG_PPC64_PPR		1352

/* a vector as stvx writes it: VSCR is its last word */
#define REG_PPC64_VSCR_VECTOR	1312
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define REG_PPC64_VSCR		(REG_PPC64_VSCR_VECTOR)
#else
#define REG_PPC64_VSCR		(REG_PPC64_VSCR_VECTOR + 12)
#endif

/* bits of REG_WIN_FEATURES; the others are those of the table */
#define REG_PPC64_VSX		1
#define REG_PPC64_MMA		0x8000	/* and VSX */

#endif /* REGS_PPC64_H */
