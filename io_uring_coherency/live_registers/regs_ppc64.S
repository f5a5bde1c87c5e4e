/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ppc64 register bank, little and big endian. Only r1 (stack), r13 (thread pointer), r3 (the
 * window) and r4 (the spin) are not patterned.
 *
 * Vectors move by lxvd2x/stxvd2x, not lxvx/stxvx: QEMU before 8.0 gets the facility check of the
 * latter wrong. FP and VMX alone serve CPUs without VSX.
 */
#include "regs.h"
#include "regs_ppc64.h"

#ifdef __linux__
	.machine "power8"
#endif
	.text

/* in what is for the ABI, behind r2 */
#define CR0_AT	(REG_WIN_SAVE + 8)

/* How the registers of the table are moved, from and to \at(r3), through r4, f0 and v0. */
.macro load_fpscr at, none
	lfd	%f0, \at(%r3)
	mtfsf	255, %f0
.endm

.macro store_fpscr at, none
	mffs	%f0
	stfd	%f0, \at(%r3)
.endm

.macro load_fpscr64 at, none
	lfd	%f0, \at(%r3)
	mtfsf	255, %f0, 1, 0
.endm

.macro store_fpscr64 at, none
	store_fpscr \at
.endm

.macro load_vscr at, none
	li	%r4, \at - REG_PPC64_VSCR + REG_PPC64_VSCR_VECTOR
	lvx	%v0, %r3, %r4
	mtvscr	%v0
.endm

.macro store_vscr at, none
	mfvscr	%v0
	li	%r4, \at - REG_PPC64_VSCR + REG_PPC64_VSCR_VECTOR
	stvx	%v0, %r3, %r4
.endm

.macro load_spr at, number
	ld	%r4, \at(%r3)
	mtspr	\number, %r4
.endm

.macro store_spr at, number
	mfspr	%r4, \number
	std	%r4, \at(%r3)
.endm

.macro load_spr32 at, number
	lwz	%r4, \at(%r3)
	mtspr	\number, %r4
.endm

.macro store_spr32 at, number
	mfspr	%r4, \number
	stw	%r4, \at(%r3)
.endm

.macro load_ppr at, number
	load_spr \at, \number
.endm

/* PRI alone: the other bits are not the same on all CPUs. */
.macro store_ppr at, number
	mfspr	%r4, \number
	extrdi	%r4, %r4, 3, 11
	sldi	%r4, %r4, 50
	std	%r4, \at(%r3)
.endm

/* CR0 is in memory until the spin begins, and again when it has ended. */
.macro load_cr at, none
	lwz	%r4, \at(%r3)
	stw	%r4, CR0_AT(%r3)
	mtcrf	0x7f, %r4
.endm

.macro store_cr at, none
	lwz	%r4, CR0_AT(%r3)
	mtcrf	0x80, %r4
	mfcr	%r4
	stw	%r4, \at(%r3)
.endm

/* One row, unless this CPU has not got it. */
.macro MOVE how, at, bit, operand
	.if	\bit
	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, 1 << \bit
	beq	75f
	.endif
	\how	\at, \operand
75:
.endm

#define MISSING(text)

/* All rows, by an image at r3 + \img; both leave r4, f0, v0 and CR0 undefined. */
.macro LOAD_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, (\img + offset), bit, operand
#include "regs_ppc64_table.h"
#undef REG
.endm

.macro STORE_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, (\img + offset), bit, operand
#include "regs_ppc64_table.h"
#undef REG
.endm

/* Loads every register from the image at r3 + \img; leaves r4 and CR0 undefined. */
.macro LOAD_IMAGE img
	/* first: they travel through f0, v0 and r4 */
	LOAD_TABLE \img
	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, REG_PPC64_VSX
	beq	77f
	.set	i, 0
	.rept	64
	li	%r4, \img + REG_PPC64_VS + 16 * i
	lxvd2x	i, %r3, %r4
	.set	i, i + 1
	.endr
	b	78f
77:	.set	i, 0
	.rept	32
	lfd	i, \img + REG_PPC64_VS + 16 * i(%r3)
	li	%r4, \img + REG_PPC64_VS + 16 * (32 + i)
	lvx	i, %r3, %r4
	.set	i, i + 1
	.endr
78:	ld	%r0, \img + REG_PPC64_GPR(%r3)
	ld	%r2, \img + REG_PPC64_GPR + 16(%r3)
	.set	i, 5
	.rept	27
	.if	i != 13
	ld	i, \img + REG_PPC64_GPR + 8 * i(%r3)
	.endif
	.set	i, i + 1
	.endr
.endm

/*
 * Somewhere to be interrupted with CR0 in its place, for most of a turn. These are jumps, as
 * emulators take interrupts where a block begins.
 */
.macro LINGER
	.rept	256
	b	. + 4
	.endr
.endm

/*
 * The kernel switches the units off when it schedules, and restores them lazily once
 * thread.load_fp and load_vec (8 bit) have wrapped: each turn uses both.
 */
.macro use_vsx
	xxlor	63, 63, 63
	LINGER
.endm

.macro use_fp_vmx
	fmr	%f31, %f31
	vor	%v31, %v31, %v31
	LINGER
.endm

/* xxmtacc and xxmfacc, which assemblers know since binutils 2.36 */
.macro use_mma
	.set	i, 0
	.rept	8
	.long	0x7c010162 | i << 23
	.set	i, i + 1
	.endr
	LINGER
	.set	i, 0
	.rept	8
	.long	0x7c000162 | i << 23
	.set	i, i + 1
	.endr
	use_vsx
.endm

/* Until it is told to stop. CR0 is in memory while that is looked at. */
.macro SPIN use
76:	lwz	%r4, CR0_AT(%r3)
	mtcrf	0x80, %r4
	\use
	mfcr	%r4
	stw	%r4, CR0_AT(%r3)
	lwz	%r4, REG_WIN_STOP(%r3)
	cmpwi	%r4, 0
	beq	76b
.endm

#if defined(_CALL_ELF) && _CALL_ELF == 2
	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
reg_arch_spin:
#else
	.section ".opd", "aw"
	.align	3
	.globl	reg_arch_spin
reg_arch_spin:
	.quad	.L.reg_arch_spin, .TOC.@tocbase, 0
	.previous
	.type	reg_arch_spin, @function
.L.reg_arch_spin:
#endif
	/* what the ABI wants back */
	std	%r2, REG_WIN_SAVE(%r3)
	.set	i, 14
	.rept	18
	std	i, REG_WIN_SAVE + 64 + 8 * (i - 14)(%r3)
	stfd	i, REG_WIN_SAVE + 208 + 8 * (i - 14)(%r3)
	.set	i, i + 1
	.endr
	.set	i, 20
	.rept	12
	li	%r4, REG_WIN_SAVE + 352 + 16 * (i - 20)
	stvx	i, %r3, %r4
	.set	i, i + 1
	.endr

	STORE_TABLE REG_WIN_SAVE

	LOAD_IMAGE REG_WIN_IN

	li	%r4, 1
	stw	%r4, REG_WIN_ENTERED(%r3)
	lwz	%r4, REG_WIN_ALTER(%r3)
	cmpwi	%r4, 0
	beq	1f
	LOAD_IMAGE REG_WIN_ALT
1:	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, REG_PPC64_MMA
	bne	2f
	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, REG_PPC64_VSX
	beq	3f
	SPIN	use_vsx
	b	4f
2:	SPIN	use_mma
	b	4f
3:	SPIN	use_fp_vmx

	/* GPRs first: then r4 is free to store the rest */
4:	std	%r0, REG_WIN_OUT + REG_PPC64_GPR(%r3)
	std	%r2, REG_WIN_OUT + REG_PPC64_GPR + 16(%r3)
	.set	i, 5
	.rept	27
	.if	i != 13
	std	i, REG_WIN_OUT + REG_PPC64_GPR + 8 * i(%r3)
	.endif
	.set	i, i + 1
	.endr
	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, REG_PPC64_VSX
	beq	5f
	.set	i, 0
	.rept	64
	li	%r4, REG_WIN_OUT + REG_PPC64_VS + 16 * i
	stxvd2x	i, %r3, %r4
	.set	i, i + 1
	.endr
	b	6f
5:	.set	i, 0
	.rept	32
	stfd	i, REG_WIN_OUT + REG_PPC64_VS + 16 * i(%r3)
	li	%r4, REG_WIN_OUT + REG_PPC64_VS + 16 * (32 + i)
	stvx	i, %r3, %r4
	.set	i, i + 1
	.endr
6:	STORE_TABLE REG_WIN_OUT

	/* the ABI's own */
	LOAD_TABLE REG_WIN_SAVE
	.set	i, 14
	.rept	18
	ld	i, REG_WIN_SAVE + 64 + 8 * (i - 14)(%r3)
	lfd	i, REG_WIN_SAVE + 208 + 8 * (i - 14)(%r3)
	.set	i, i + 1
	.endr
	.set	i, 20
	.rept	12
	li	%r4, REG_WIN_SAVE + 352 + 16 * (i - 20)
	lvx	i, %r3, %r4
	.set	i, i + 1
	.endr
	ld	%r2, REG_WIN_SAVE(%r3)
	blr

	.section .note.GNU-stack, "", @progbits
