/* SPDX-License-Identifier: GPL-2.0 */
/* Layout of an x86-64 register image; shared with the assembly, therefore plain numbers. */
#ifndef REGS_X86_64_H
#define REGS_X86_64_H

#define REG_X86_64_VEC		0	/* xmm, ymm or zmm 0-31, 64 bytes each whatever the width */
#define REG_X86_64_K		2048	/* k0-k7, 8 bytes each */
#define REG_X86_64_TABLE	2112	/* from here on: regs_x86_64_table.h */
#define REG_X86_64_FLAGS	2248	/* u64 */
#define REG_X86_64_FX		2304	/* as FXSAVE64 has it, which takes a multiple of 16 */

/* Intel SDM vol. 1, 10.5.1.1: where in it, and st0-st7 of 16 bytes each, with 6 to spare */
#define REG_X86_64_FSW_FCW	(REG_X86_64_FX)
#define REG_X86_64_FTW		(REG_X86_64_FX + 4)
#define REG_X86_64_MXCSR	(REG_X86_64_FX + 24)
#define REG_X86_64_ST		(REG_X86_64_FX + 32)

/* AC, DF and ID (Intel SDM vol. 1, 3.4.3): the spin leaves them alone, and nothing in it traps */
#define REG_X86_64_FLAGS_LEGAL	0x240400
#define REG_X86_64_FLAGS_AC	0x040000

/* bits of REG_WIN_FEATURES beside those of the table; each implies the ones before it */
#define REG_X86_64_AVX		1
#define REG_X86_64_AVX512	2
#define REG_X86_64_AVX512BW	4	/* k0-k7 have 64 bits, not 16 */

/* of the table */
#define REG_X86_64_FSBASE	32

#endif /* REGS_X86_64_H */
