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
#define REG_PPC64_VRSAVE	1332	/* u32 */
#define REG_PPC64_TAR		1336	/* u64 */
#define REG_PPC64_DSCR		1344	/* u64 */

/* bits of REG_WIN_FEATURES */
#define REG_PPC64_VSX		1
#define REG_PPC64_HAS_TAR	2
#define REG_PPC64_HAS_DSCR	4

/* numbers for mtspr and mfspr in user mode (Power ISA 3.0B, book III, 4.4.4 and 9.3) */
#define SPRN_USER_DSCR		3
#define SPRN_VRSAVE		256
#define SPRN_TAR		815

#endif /* REGS_PPC64_H */
