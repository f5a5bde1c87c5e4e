/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mips64 register bank, for Releases 2 to 6 and both byte orders. Of the general registers only r4
 * (the window), r2 (the spin) and r29 (the stack) are not patterned; r26 and r27 are the kernel's.
 * r1 and r28 are, as nothing here is found by them.
 */
#include "regs.h"
#include "regs_mips64.h"

	.text
	.set	noat
	.set	msa
	.set	dsp

/* Branches to \label without the feature \bit; leaves r2 undefined. */
.macro UNLESS bit, label
	lw	$2, REG_WIN_FEATURES($4)
	andi	$2, $2, 1 << \bit
	beqz	$2, \label
.endm

/* How the registers of the table are moved, from and to \at(r4), through r2. */
.macro load_fcsr at, none
	lw	$2, \at($4)
	ctc1	$2, $31
.endm

.macro store_fcsr at, none
	cfc1	$2, $31
	sw	$2, \at($4)
.endm

.macro load_msacsr at, none
	lw	$2, \at($4)
	ctcmsa	$1, $2
.endm

.macro store_msacsr at, none
	cfcmsa	$2, $1
	sw	$2, \at($4)
.endm

.macro load_hi at, number
	ld	$2, \at($4)
	mthi	$2, $ac\number
.endm

.macro store_hi at, number
	mfhi	$2, $ac\number
	sd	$2, \at($4)
.endm

.macro load_lo at, number
	ld	$2, \at($4)
	mtlo	$2, $ac\number
.endm

.macro store_lo at, number
	mflo	$2, $ac\number
	sd	$2, \at($4)
.endm

.macro load_dspctl at, none
	lw	$2, \at($4)
	wrdsp	$2, REG_MIPS64_DSP_FIELDS
.endm

.macro store_dspctl at, none
	rddsp	$2, REG_MIPS64_DSP_FIELDS
	sw	$2, \at($4)
.endm

/* The low halves. */
.macro load_hi32 at, number
	lw	$2, \at($4)
	mthi	$2, $ac\number
.endm

.macro store_hi32 at, number
	mfhi	$2, $ac\number
	sw	$2, \at($4)
.endm

.macro load_lo32 at, number
	lw	$2, \at($4)
	mtlo	$2, $ac\number
.endm

.macro store_lo32 at, number
	mflo	$2, $ac\number
	sw	$2, \at($4)
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

/* All rows, by an image at r4 + \img; both leave r2 undefined. */
.macro LOAD_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, \img + offset, bit, operand
#include "regs_mips64_table.h"
#undef REG
.endm

.macro STORE_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, \img + offset, bit, operand
#include "regs_mips64_table.h"
#undef REG
.endm

/* \how is ld or sd, ldc1 or sdc1. */
.macro ALL_R how, img
	.irp	i, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		   24, 25, 28, 30, 31
	\how	$\i, \img + REG_MIPS64_GPR + 8 * \i($4)
	.endr
.endm

.macro ALL_F how, img
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\how	$f\i, \img + REG_MIPS64_W + 16 * \i($4)
	.endr
.endm

/* \how is ld.d or st.d, whose offset ends at 4088: by r2. */
.macro ALL_W how, img
	daddiu	$2, $4, \img + REG_MIPS64_W
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\how	$w\i, 16 * \i($2)
	.endr
.endm

/* Loads every register from the image at r4 + \img; leaves r2 undefined. */
.macro LOAD_IMAGE img
	UNLESS	REG_MIPS64_MSA_BIT, 77f
	ALL_W	ld.d, \img
	b	78f
77:	ALL_F	ldc1, \img
78:	LOAD_TABLE \img
	ALL_R	ld, \img
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
	.ent	reg_arch_spin
reg_arch_spin:
	/* what the ABI wants back, among others; of w24-w31 only element 0 */
	ALL_R	sd, REG_WIN_SAVE
	ALL_F	sdc1, REG_WIN_SAVE
	STORE_TABLE REG_WIN_SAVE

	LOAD_IMAGE REG_WIN_IN

	li	$2, 1
	sw	$2, REG_WIN_ENTERED($4)
	lw	$2, REG_WIN_ALTER($4)
	beqz	$2, 1f
	LOAD_IMAGE REG_WIN_ALT
1:	UNLESS	REG_MIPS64_MSA_BIT, 3f
	/*
	 * Each turn uses the unit by a move of a register onto itself. With MSA it must be a vector
	 * move: one of f31 leaves the other half of w31 unpredictable.
	 */
2:	move.v	$w31, $w31
	lw	$2, REG_WIN_STOP($4)
	beqz	$2, 2b
	b	4f
3:	mov.d	$f31, $f31
	lw	$2, REG_WIN_STOP($4)
	beqz	$2, 3b

4:	ALL_R	sd, REG_WIN_OUT
	STORE_TABLE REG_WIN_OUT
	UNLESS	REG_MIPS64_MSA_BIT, 5f
	ALL_W	st.d, REG_WIN_OUT
	b	6f
5:	ALL_F	sdc1, REG_WIN_OUT

	/* the ABI's own */
6:	LOAD_TABLE REG_WIN_SAVE
	ALL_F	ldc1, REG_WIN_SAVE
	ALL_R	ld, REG_WIN_SAVE
	jr	$31
	.end	reg_arch_spin
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", @progbits
