/* SPDX-License-Identifier: GPL-2.0 */
/*
 * s390x register bank. Of the general registers only r15 (stack), r2 (the window) and r1 (the spin)
 * are not patterned.
 *
 * CC is live, too: nothing here changes it but spm. So all branches are compare-and-branch, which
 * came with z10, the oldest CPU that 6.1 runs on (arch/s390/Kconfig).
 */
#include "regs.h"
#include "regs_s390x.h"

	.machine "z13"
	.text

/* To \label, unless REG_WIN_FEATURES has \bit; leaves r1 undefined. */
.macro UNLESS bit, label
	llgf	%r1, REG_WIN_FEATURES(%r2)
	sllg	%r1, %r1, 63 - \bit
	cgijnl	%r1, 0, \label
.endm

/* How the registers of the table are moved, from and to \at(r2), through r1. */
.macro load_fpc at, none
	ly	%r1, \at(%r2)
	sfpc	%r1
.endm

.macro store_fpc at, none
	efpc	%r1
	sty	%r1, \at(%r2)
.endm

.macro load_psw at, none
	ly	%r1, \at(%r2)
	spm	%r1
.endm

.macro store_psw at, none
	lghi	%r1, 0
	ipm	%r1
	sty	%r1, \at(%r2)
.endm

.macro load_access at, number
	lamy	%a\number, %a\number, \at(%r2)
.endm

.macro store_access at, number
	stamy	%a\number, %a\number, \at(%r2)
.endm

/* One row, unless this CPU has not got it. */
.macro MOVE how, at, bit, operand
	.if	\bit
	UNLESS	\bit, 75f
	.endif
	\how	\at, \operand
75:
.endm

#define MISSING(text)

/* All rows, by an image at r2 + \img; both leave r1 undefined. */
.macro LOAD_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, \img + offset, bit, operand
#include "regs_s390x_table.h"
#undef REG
.endm

.macro STORE_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, \img + offset, bit, operand
#include "regs_s390x_table.h"
#undef REG
.endm

/* \how is ldy or stdy; \at is where f0 is. */
.macro FPRS how, at
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\how	%f\i, \at + 16 * \i(%r2)
	.endr
.endm

/* The same of those that the ABI wants back. */
.macro FPRS_ABI how, at
	.irp	i, 8, 9, 10, 11, 12, 13, 14, 15
	\how	%f\i, \at + 16 * \i(%r2)
	.endr
.endm

/* Loads every register from the image at r2 + \img; leaves r1 undefined. */
.macro LOAD_IMAGE img
	UNLESS	REG_S390X_VX_BIT, 77f
	lay	%r1, \img + REG_S390X_V(%r2)
	vlm	%v0, %v15, 0(%r1)
	vlm	%v16, %v31, 256(%r1)
	j	78f
77:	FPRS	ldy, \img + REG_S390X_V
78:	LOAD_TABLE \img
	lg	%r0, \img + REG_S390X_GPR(%r2)
	lmg	%r3, %r14, \img + REG_S390X_GPR + 24(%r2)
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
reg_arch_spin:
	/* what the ABI wants back: of v8-v15 only the left half */
	stmg	%r6, %r14, REG_WIN_SAVE + REG_S390X_GPR + 48(%r2)
	FPRS_ABI stdy, REG_WIN_SAVE + REG_S390X_V
	STORE_TABLE REG_WIN_SAVE

	LOAD_IMAGE REG_WIN_IN

	lghi	%r1, 1
	st	%r1, REG_WIN_ENTERED(%r2)
	l	%r1, REG_WIN_ALTER(%r2)
	cije	%r1, 0, 1f
	LOAD_IMAGE REG_WIN_ALT
1:	UNLESS	REG_S390X_VX_BIT, 3f
	/*
	 * Each turn uses the unit by a move of a register onto itself. With the vector facility it
	 * must be a vector move: one of f15 leaves the right half of v15 unpredictable.
	 */
2:	vlr	%v31, %v31
	l	%r1, REG_WIN_STOP(%r2)
	cije	%r1, 0, 2b
	j	4f
3:	ldr	%f15, %f15
	l	%r1, REG_WIN_STOP(%r2)
	cije	%r1, 0, 3b

4:	stg	%r0, REG_WIN_OUT + REG_S390X_GPR(%r2)
	stmg	%r3, %r14, REG_WIN_OUT + REG_S390X_GPR + 24(%r2)
	STORE_TABLE REG_WIN_OUT
	UNLESS	REG_S390X_VX_BIT, 5f
	lay	%r1, REG_WIN_OUT + REG_S390X_V(%r2)
	vstm	%v0, %v15, 0(%r1)
	vstm	%v16, %v31, 256(%r1)
	j	6f
5:	FPRS	stdy, REG_WIN_OUT + REG_S390X_V

	/* the ABI's own */
6:	LOAD_TABLE REG_WIN_SAVE
	FPRS_ABI ldy, REG_WIN_SAVE + REG_S390X_V
	lmg	%r6, %r14, REG_WIN_SAVE + REG_S390X_GPR + 48(%r2)
	br	%r14
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", @progbits
