/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hppa register bank, for PA-RISC 1.1 and 2.0 in 32 bits. Of the general registers only r30 (sp),
 * r26 (the window) and r1 (images, the spin) are not patterned; r27, the data pointer, is, as
 * nothing here is found by it.
 *
 * The carry bits and V are live, too: of what the spin is made of nothing changes them but add
 * and ds.
 */
#include "regs.h"
#include "regs_hppa.h"

	.level	1.1
	.text

/* r1 = r26 + \offset */
.macro BASE offset
	addil	L%\offset, %r26
	ldo	R%\offset(%r1), %r1
.endm

/* How the registers of the table are moved, from and to \at(r1), by registers that are free. */
.macro load_fpsr at, none
	fldws	\at(%r1), %fr0L
.endm

.macro store_fpsr at, none
	fstws	%fr0L, \at(%r1)
.endm

/*
 * An add of 8 and 8 carries, in each of eight digits on its own. A divide step of 0, after no
 * carry, makes V the sign of what it divides by, unless that is 0.
 */
.macro load_psw at, none
	ldw	\at(%r1), %r19
	copy	%r0, %r20
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	extru	%r19, 16 + \i, 1, %r21
	dep	%r21, 4 * \i, 1, %r20
	.endr
	ldi	1, %r22
	extru	%r19, 14, 1, %r21
	dep	%r21, 0, 1, %r22
	add	%r0, %r0, %r0
	ds	%r0, %r22, %r0
	add	%r20, %r20, %r0
.endm

/*
 * dcor takes 6 from each digit that did not carry, addc adds the first one's carry, and ds takes 1
 * from 0 if V is 1, and adds it else. dcor of QEMU before 9.0 looks at a carry within the digit,
 * which is never there, so that all but the first seem to be 0.
 */
.macro store_psw at, none
	ldil	L%0x66666666, %r19
	ldo	R%0x66666666(%r19), %r19
	dcor	%r19, %r20
	addc	%r0, %r0, %r19
	zdep	%r19, 16, 1, %r21
	ldi	1, %r22
	add	%r0, %r0, %r0
	ds	%r0, %r22, %r19
	extru	%r19, 0, 1, %r19
	dep	%r19, 14, 1, %r21
	.irp	i, 1, 2, 3, 4, 5, 6, 7
	extru	%r20, 4 * \i + 1, 1, %r19
	dep	%r19, 16 + \i, 1, %r21
	.endr
	stw	%r21, \at(%r1)
.endm

.macro load_sar at, none
	ldw	\at(%r1), %r19
	mtctl	%r19, %cr11
.endm

.macro store_sar at, none
	mfctl	%cr11, %r19
	stw	%r19, \at(%r1)
.endm

.macro load_space at, number
	ldw	\at(%r1), %r19
	mtsp	%r19, %sr\number
.endm

.macro store_space at, number
	mfsp	%sr\number, %r19
	stw	%r19, \at(%r1)
.endm

.macro MOVE how, at, operand
	\how	\at, \operand
.endm

#define MISSING(text)

.macro LOAD_TABLE
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, offset, operand
#include "regs_hppa_table.h"
#undef REG
.endm

.macro STORE_TABLE
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, offset, operand
#include "regs_hppa_table.h"
#undef REG
.endm

/* fr4 and those behind it; r1, at fr0, goes along. */
.macro LOAD_FR
	ldo	32(%r1), %r1
	.irp	i, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		   25, 26, 27, 28, 29, 30, 31
	fldds,ma 8(%r1), %fr\i
	.endr
.endm

.macro STORE_FR
	ldo	32(%r1), %r1
	.irp	i, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		   25, 26, 27, 28, 29, 30, 31
	fstds,ma %fr\i, 8(%r1)
	.endr
.endm

.macro LOAD_GR
	.irp	i, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		   23, 24, 25, 27, 28, 29, 31
	ldw	REG_HPPA_GR + 4 * \i(%r1), %r\i
	.endr
.endm

.macro STORE_GR
	.irp	i, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		   23, 24, 25, 27, 28, 29, 31
	stw	%r\i, REG_HPPA_GR + 4 * \i(%r1)
	.endr
.endm

/* All by the image at r26 + \img; both leave r1 undefined, the second what is stored first, too. */
.macro LOAD_IMAGE img
	BASE	\img
	LOAD_TABLE
	LOAD_FR
	BASE	\img
	LOAD_GR
.endm

.macro STORE_IMAGE img
	BASE	\img
	STORE_GR
	STORE_TABLE
	STORE_FR
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
reg_arch_spin:
	/* what the ABI wants back, among others */
	STORE_IMAGE REG_WIN_SAVE

	LOAD_IMAGE REG_WIN_IN

	ldi	1, %r1
	stw	%r1, REG_WIN_ENTERED(%r26)
	ldw	REG_WIN_ALTER(%r26), %r1
	cmpib,=,n 0, %r1, 1f
	LOAD_IMAGE REG_WIN_ALT
1:	fcpy,dbl %fr31, %fr31
	ldw	REG_WIN_STOP(%r26), %r1
	cmpib,=,n 0, %r1, 1b
	nop

	STORE_IMAGE REG_WIN_OUT

	/* the ABI's own */
	LOAD_IMAGE REG_WIN_SAVE
	bv,n	%r0(%r2)
	nop
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", @progbits
