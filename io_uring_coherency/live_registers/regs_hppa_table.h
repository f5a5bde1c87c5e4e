/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hppa: the registers beside fr4-fr31 and r2-r31. To be included wherever one of them matters, with
 * REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_hppa.h; free from 404 to 1535
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		0: each CPU has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_hppa.S
 *
 * FPSR, the left half of fr0 (PA-RISC 2.0 Architecture, chapter 8): flags, compare bits, rounding
 * mode, flush to zero, and enabled exceptions, which no move raises; not T, which is a trap.
 *
 * PSW: carry bits and V, which a divide step needs. No instruction of a user reads or writes them
 * as they are: load_psw and store_psw.
 *
 * Space registers: user code may write sr0-sr4. An address of the window is by sr4 or one above it,
 * and sr3 is the kernel's, which makes it that of the process at each interrupt
 * (get_stack_use_cr30, arch/parisc/kernel/entry.S of 6.1).
 *
 * All are saved by each interrupt (save_specials, save_fp: arch/parisc/include/asm/assembly.h of
 * 6.1), and by a task switch alone none.
 */
REG(FPSR, FP, REG_HPPA_FR, 4, ", FPSR", keeps(REG_HPPA_FR, FPSR_BITS), 0, fpsr, 0)
REG(PSW, GPR, REG_HPPA_PSW, 4, psw & PSW_CARRIES ? ", C/B, V" : ", C/B[0], V", psw, 0, psw, 0)
REG(SAR, GPR, 388, 4, ", SAR", 0x1f, 0, sar, 0)
REG(sr0, GPR, REG_HPPA_SR0, 4, ", sr0-sr2", spaces, 0, space, 0)
REG(sr1, GPR, 396, 4, "", spaces, 0, space, 1)
REG(sr2, GPR, 400, 4, "", spaces, 0, space, 2)

/* what user code may hold live and nobody looks at */
MISSING("r1, r26, r30 (sp)")
MISSING(psw & PSW_CARRIES ? "PSW N" : "PSW N, C/B[1-7] (wrong dcor)")
MISSING("FPSR's T")
MISSING("right half of fr0, fr1-fr3 (exceptions)")
MISSING(spaces ? "sr3, sr4" : "sr0-sr4")
MISSING("cr26, cr27 (not for users to write)")
