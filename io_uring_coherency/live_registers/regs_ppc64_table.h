/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ppc64: the registers beside vs0-vs63 and r0-r31. To be included wherever one of them matters,
 * with REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_ppc64.h; free from 1360 to 1535
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_ppc64.S
 *
 * FPSCR (Power ISA 3.0B, book I, 4.2.2): all but FEX. An exception that is enabled is not there, so
 * nothing traps, whatever PR_SET_FPEXC says. save_fpu() and load_fp_state() move all 64 bits, which
 * CPUs with decimal arithmetic have (arch/powerpc/kernel/fpu.S of 6.1).
 * VSCR: NJ and SAT.
 *
 * MMA's accumulators have no rows: "no new logical state" beside vs0-vs31, says Power ISA 3.1 (page
 * 501, by QEMU's commit a702c5339eda), and so the kernel knows nothing of them. In each turn of the
 * spin they have these values for a while, and vs0-vs31 for another.
 */
REG(FPSCR, FP, REG_PPC64_FPSCR, 8, ", FPSCR", dfp ? 0 : fpscr, 0, fpscr, 0)
REG(FPSCR, FP, REG_PPC64_FPSCR, 8, ", FPSCR", dfp ? fpscr : 0, 3, fpscr64, 0)
REG(VSCR, VECTOR, REG_PPC64_VSCR, 4, ", VSCR", 0x00010001, 0, vscr, 0)
REG(LR, GPR, 1288, 8, ", LR", ~0ULL, 0, spr, 8)
REG(CTR, GPR, 1296, 8, ", CTR", ~0ULL, 0, spr, 9)
/* SO, OV, CA and the string count; OV32 and CA32 came with POWER9 */
REG(XER, GPR, 1304, 8, ", XER", 0xe000007f | (isa_3_00 ? 0x000c0000 : 0), 0, spr, 1)
REG(CR, GPR, REG_PPC64_CR, 4, ", CR", 0xffffffff, 0, cr, 0)
/*
 * Saved with r0-r31 by GEN_INT_ENTRY of arch/powerpc/kernel/exceptions-64s.S in 6.1; system calls
 * return with medium low (interrupt_64.S).
 */
REG(PPR, GPR, REG_PPC64_PPR, 8, ", PPR", ppr, 4, ppr, 896)
/* SPRs: Power ISA 3.0B, book III, 4.4.4 and 9.3; DSCR book II, 4.2, by its number for users */
REG(VRSAVE, SWITCHED, 1332, 4, ", VRSAVE", 0xffffffff, 0, spr32, 256)
REG(TAR, SWITCHED, 1336, 8, ", TAR", tar ? ~0ULL : 0, 1, spr, 815)
REG(DSCR, SWITCHED, 1344, 8, ", DSCR", dscr, 2, spr, 3)

/* what user code may hold live and nobody looks at */
MISSING("r1, r3, r4, r13, FPSCR's FEX")
MISSING("AMR")
MISSING("EBB and PMU registers")
MISSING("TM state")
