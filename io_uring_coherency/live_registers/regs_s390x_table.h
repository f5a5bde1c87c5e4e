/* SPDX-License-Identifier: GPL-2.0 */
/*
 * s390x: the registers beside v0-v31 or f0-f15, and r0-r14. To be included wherever one of them
 * matters, with REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_s390x.h; free from 712 to 1535
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_s390x.S
 *
 * FPC (z/Architecture Principles of Operation, chapter 9): fpc_legal() of regs_s390x.c. No mask
 * bit, so nothing traps. The kernel saves it with the vectors (save_fpu_regs(),
 * arch/s390/kernel/fpu.c of 6.1).
 *
 * PSW: condition code and program mask, as IPM and SPM have them. All four exceptions of the mask
 * may be enabled: they are those of signed, decimal and hexadecimal floating-point arithmetic, of
 * which the window has none, and the kernel has a PSW of its own.
 *
 * Access registers: what switch_to() alone saves (arch/s390/include/asm/switch_to.h of 6.1), as an
 * interrupt leaves them alone (INT_HANDLER, arch/s390/kernel/entry.S). No address is formed by them
 * but in access-register mode, in which Linux runs no process.
 */
REG(FPC, FP, REG_S390X_FPC, 4, ", FPC", fpc_legal(hwcap), 0, fpc, 0)
REG(PSW, GPR, REG_S390X_PSW, 4, ", CC, program mask", REG_S390X_PSW_LEGAL, 0, psw, 0)
REG(a0, SWITCHED, 648, 4, ", a0-a15", 0xffffffff, 0, access, 0)
REG(a1, SWITCHED, 652, 4, "", 0xffffffff, 0, access, 1)
REG(a2, SWITCHED, 656, 4, "", 0xffffffff, 0, access, 2)
REG(a3, SWITCHED, 660, 4, "", 0xffffffff, 0, access, 3)
REG(a4, SWITCHED, 664, 4, "", 0xffffffff, 0, access, 4)
REG(a5, SWITCHED, 668, 4, "", 0xffffffff, 0, access, 5)
REG(a6, SWITCHED, 672, 4, "", 0xffffffff, 0, access, 6)
REG(a7, SWITCHED, 676, 4, "", 0xffffffff, 0, access, 7)
REG(a8, SWITCHED, 680, 4, "", 0xffffffff, 0, access, 8)
REG(a9, SWITCHED, 684, 4, "", 0xffffffff, 0, access, 9)
REG(a10, SWITCHED, 688, 4, "", 0xffffffff, 0, access, 10)
REG(a11, SWITCHED, 692, 4, "", 0xffffffff, 0, access, 11)
REG(a12, SWITCHED, 696, 4, "", 0xffffffff, 0, access, 12)
REG(a13, SWITCHED, 700, 4, "", 0xffffffff, 0, access, 13)
REG(a14, SWITCHED, 704, 4, "", 0xffffffff, 0, access, 14)
REG(a15, SWITCHED, 708, 4, "", 0xffffffff, 0, access, 15)

/* what user code may hold live and nobody looks at */
MISSING("r1, r2, r15, FPC's masks and rounding mode 7")
MISSING("guarded storage controls")
MISSING("runtime instrumentation")
MISSING("transactions (TDB)")
MISSING("breaking-event address")
