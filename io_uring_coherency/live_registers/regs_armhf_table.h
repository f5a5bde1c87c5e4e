/* SPDX-License-Identifier: GPL-2.0 */
/*
 * armhf: the registers beside d0-d31 and r2-r12, r14. To be included wherever one of them matters,
 * with REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_armhf.h; free from 332 to 1535
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		0: each CPU has it; what not each has needs a test in regs_armhf.S
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_armhf.S
 *
 * FPSCR (Arm ARM v7-A, B4.1.58): what the CPU keeps of FPSCR_LEGAL (regs_armhf.c). The kernel
 * saves it with d0-d31: vfp_save_state(), arch/arm/vfp/vfphw.S of 6.1.
 *
 * CPSR (B1.3.3): what the CPU keeps of REG_ARMHF_CPSR_LEGAL. From an interrupt on SPSR has it, by
 * which the kernel returns.
 *
 * TPIDRURW: what a task switch alone saves, as the kernel has no use for it (switch_tls_v6k,
 * arch/arm/include/asm/tls.h of 6.1). The thread pointer is TPIDRURO, which user code only reads.
 */
REG(FPSCR, VECTOR, REG_ARMHF_FPSCR, 4, ", FPSCR", fpscr, 0, fpscr, 0)
REG(CPSR, GPR, REG_ARMHF_CPSR, 4, cpsr_text, cpsr, 0, cpsr, 0)
REG(TPIDRURW, SWITCHED, 328, 4, ", TPIDRURW", 0xffffffff, 0, tpidrurw, 0)

/* what user code may hold live and nobody looks at */
MISSING("r0, r1, sp, FPSCR's Len, Stride and trap enables")
MISSING("CPSR.E")
MISSING("TEEHBR (ThumbEE)")
MISSING("iWMMXt")
