/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of a register image of x86-64 and of i386, and what else the two share; included by the
 * assembly, too, therefore plain numbers.
 */
#ifndef REGS_X86_H
#define REGS_X86_H

#define REG_X86_VEC		0	/* xmm, ymm or zmm 0-31, 64 bytes each whatever the width */
#define REG_X86_K		2048	/* k0-k7, 8 bytes each */
#define REG_X86_TABLE		2112	/* from here on: REG_X86_ROWS */
#define REG_X86_FLAGS		2248	/* u64, or on i386 u32 */
#define REG_X86_FX		2304	/* as FXSAVE has it, which takes a multiple of 16 */

/* Intel SDM vol. 1, 10.5.1.1: where in it, and st0-st7 of 16 bytes each, with 6 to spare */
#define REG_X86_FSW_FCW		(REG_X86_FX)
#define REG_X86_FTW		(REG_X86_FX + 4)
#define REG_X86_MXCSR		(REG_X86_FX + 24)
#define REG_X86_ST		(REG_X86_FX + 32)

/* AC, DF and ID (Intel SDM vol. 1, 3.4.3): the spin leaves them alone, and nothing in it traps */
#define REG_X86_FLAGS_LEGAL	0x240400
#define REG_X86_FLAGS_AC	0x040000

/* bits of REG_WIN_FEATURES beside those of the table; each implies the ones before it */
#define REG_X86_AVX		1
#define REG_X86_AVX512		2
#define REG_X86_AVX512BW	4	/* k0-k7 have 64 bits, not 16 */

#ifdef __x86_64__
#include "regs_x86_64.h"
#else
#include "regs_i386.h"
#endif

#ifndef __ASSEMBLER__

#include "regs.h"

/* Legal bits of two registers of the table. */
uint32_t x86_mxcsr(void);
uint32_t x86_pkru(void);

/* For reg_arch.init(): appends @nr vectors, or @nr_avx512 where the CPU has AVX-512, and masks. */
void x86_add_vectors(struct reg_layout *layout, unsigned int nr, unsigned int nr_avx512);

/* reg_arch.legalize() */
void x86_legalize(const struct reg_layout *layout, uint8_t *image);

/* For reg_arch.frame(): @fx is what FXSAVE or XSAVE has put there, with @nr_xmm registers. */
void x86_frame_fx(const struct reg_layout *layout, const uint8_t *fx, unsigned int nr_xmm,
		  uint8_t *image);

#endif /* __ASSEMBLER__ */
#endif /* REGS_X86_H */
