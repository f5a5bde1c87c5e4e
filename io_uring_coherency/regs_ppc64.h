/* SPDX-License-Identifier: GPL-2.0 */
/* Layout of a ppc64 register image; shared with the assembly, therefore plain numbers. */
#ifndef REGS_PPC64_H
#define REGS_PPC64_H

#define REG_PPC64_VS		0	/* vs0-vs63, 16 bytes each, doubleword 0 first */
#define REG_PPC64_GPR		1024	/* r0-r31, 8 bytes each */
#define REG_PPC64_FPSCR		1280	/* u64 */
#define REG_PPC64_LR		1288	/* u64 */
#define REG_PPC64_CTR		1296	/* u64 */
#define REG_PPC64_XER		1304	/* u64 */
#define REG_PPC64_VSCR		1312	/* a vector as stvx writes it: VSCR is its last word */
#define REG_PPC64_CR		1328	/* u32 */

/* bit of REG_WIN_FEATURES */
#define REG_PPC64_VSX		1

#endif /* REGS_PPC64_H */
