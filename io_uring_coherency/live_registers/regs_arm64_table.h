/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arm64: the registers beside vectors, predicates and x0-x30. To be included wherever one of them
 * matters, with REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_arm64.h; free from 304 to 319 and from 384 to 511
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_arm64.S
 *
 * FPCR (Arm ARM, C5.2): AHP, DN, FZ and the rounding mode. No trap enable bit, and none that came
 * with a later extension. FPSR: the cumulative flags, QC and IDC to IOC.
 * FPMR: what the CPU keeps of FPMR_LEGAL (regs_arm64.c); the kernel saves it with the vectors.
 *
 * PSTATE: NZCV, DIT, SSBS and TCO, none of which traps. From an interrupt on SPSR_EL1 has them, by
 * which the kernel returns; with HWCAP_SSBS a task switch leaves SSBS alone, too
 * (ssbs_thread_switch(), arch/arm64/kernel/process.c of 6.1 and 7.2).
 *
 * What only a task switch saves: tls_thread_switch() there.
 */
REG(FPCR, VECTOR, 256, 8, ", FPCR", 0x07c00000, 0, sys, fpcr)
REG(FPSR, VECTOR, 264, 8, ", FPSR", 0x0800009f, 0, sys, fpsr)
REG(FPMR, VECTOR, 296, 8, ", FPMR", fpmr, 8, sys, s3_3_c4_c4_2)
REG(PSTATE, GPR, 272, 8, pstate_text, pstate, 0, pstate, 0)
REG(TPIDR_EL0, SWITCHED, 280, 8, ", TPIDR_EL0", ~0ULL, 0, sys, tpidr_el0)
REG(TPIDR2_EL0, SWITCHED, 288, 8, ", TPIDR2_EL0", sme ? ~0ULL : 0, 7, sys, s3_3_c13_c0_5)

/* what user code may hold live and nobody looks at */
MISSING("sp, x0, x1, FPCR but for AHP DN FZ RMode")
MISSING("POR_EL0")
MISSING(sme && !za ? "SME (ZA, ZT0, streaming mode)" : "streaming mode")
MISSING("guarded control stack pointer")
