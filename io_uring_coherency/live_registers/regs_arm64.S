/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arm64 register bank, little endian. Only sp, x0 (the window) and x1 (the spin) are not
 * patterned; x18 is, because Linux gives it no special use. cbz leaves NZCV alone.
 */
#include "regs.h"
#include "regs_arm64.h"

	.arch	armv8-a
	.arch_extension sve
	.text

/* x1 = x0 + \offset, which is more than the immediate of one add holds. */
.macro BASE offset
	add	x1, x0, #((\offset) & 0xfff)
	add	x1, x1, #((\offset) >> 12), lsl #12
.endm

/*
 * SME, for assemblers that do not know it: ZA and ZT0 on and off; bytes of a row; row w12, and ZT0,
 * from and to x1. Both are tracked per thread (Documentation/arch/arm64/sme.rst of 7.2, 1).
 */
#define SMSTART_ZA	.inst 0xd503457f
#define SMSTOP_ZA	.inst 0xd503447f
#define RDSVL_X2	.inst 0x04bf5822
#define LDR_ZA_W12_X1	.inst 0xe1000020
#define STR_ZA_W12_X1	.inst 0xe1200020
#define LDR_ZT0_X1	.inst 0xe11f8020
#define STR_ZT0_X1	.inst 0xe13f8020
#define SVCR		s3_3_c4_c2_2
#define SVCR_ZA_BIT	1

/* How the registers of the table are moved, from and to \at(x0), through x1 and x2. */
.macro load_sys at, name
	ldr	x1, [x0, #\at]
	msr	\name, x1
.endm

.macro store_sys at, name
	mrs	x1, \name
	str	x1, [x0, #\at]
.endm

/* A bit of PSTATE that has a register of its own, if this CPU has it. */
.macro load_bit at, bit, mask, name
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #\bit, 74f
	ldr	x1, [x0, #\at]
	and	x1, x1, #\mask
	msr	\name, x1
74:
.endm

.macro store_bit at, bit, name
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #\bit, 74f
	mrs	x1, \name
	ldr	x2, [x0, #\at]
	orr	x1, x1, x2
	str	x1, [x0, #\at]
74:
.endm

/* DIT, SSBS and TCO by numbers, as older assemblers do not know their names. */
.macro load_pstate at, none
	ldr	x1, [x0, #\at]
	and	x1, x1, #REG_ARM64_NZCV
	msr	nzcv, x1
	load_bit \at, REG_ARM64_DIT_BIT, REG_ARM64_DIT, s3_3_c4_c2_5
	load_bit \at, REG_ARM64_SSBS_BIT, REG_ARM64_SSBS, s3_3_c4_c2_6
	load_bit \at, REG_ARM64_TCO_BIT, REG_ARM64_TCO, s3_3_c4_c2_7
.endm

.macro store_pstate at, none
	store_sys \at, nzcv
	store_bit \at, REG_ARM64_DIT_BIT, s3_3_c4_c2_5
	store_bit \at, REG_ARM64_SSBS_BIT, s3_3_c4_c2_6
	store_bit \at, REG_ARM64_TCO_BIT, s3_3_c4_c2_7
.endm

/* One row, unless this CPU has not got it. */
.macro MOVE how, at, bit, operand
	.if	\bit
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #\bit, 75f
	.endif
	\how	\at, \operand
75:
.endm

#define MISSING(text)

/* All rows, by an image at x0 + \img; both leave x1 and x2 undefined. */
.macro LOAD_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, (\img + offset), bit, operand
#include "regs_arm64_table.h"
#undef REG
.endm

.macro STORE_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, (\img + offset), bit, operand
#include "regs_arm64_table.h"
#undef REG
.endm

/* Loads every register from the image at x0 + \img; leaves x1 undefined. */
.macro LOAD_IMAGE img
	LOAD_TABLE \img
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_SVE_BIT, 77f
	BASE	(\img + REG_ARM64_P)
	/* FFR travels through p0 */
	ldr	p0, [x1, #32, mul vl]
	wrffr	p0.b
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	ldr	p\i, [x1, #(2 * \i), mul vl]
	.endr
	BASE	(\img + REG_ARM64_V)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	z\i, [x1, #\i, mul vl]
	.endr
	b	78f
77:	BASE	(\img + REG_ARM64_V)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	q\i, [x1, #(16 * \i)]
	.endr
78:	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_ZA_BIT, 80f
	BASE	(\img + REG_ARM64_ZA)
	SMSTART_ZA
	RDSVL_X2
	mov	w12, #0
79:	LDR_ZA_W12_X1
	add	x1, x1, x2
	add	w12, w12, #1
	sub	w3, w2, w12
	cbnz	w3, 79b
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_ZT0_BIT, 80f
	BASE	(\img + REG_ARM64_ZT0)
	LDR_ZT0_X1
80:	.irp	i, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		   23, 24, 25, 26, 27, 28, 29, 30
	ldr	x\i, [x0, #(\img + REG_ARM64_GPR + 8 * \i)]
	.endr
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, %function
reg_arch_spin:
	/* what the ABI wants back: of v8-v15 only the low half, of SVE nothing else */
	STORE_TABLE REG_WIN_SAVE
	.irp	i, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	str	x\i, [x0, #(REG_WIN_SAVE + 16 + 8 * (\i - 19))]
	.endr
	.irp	i, 8, 9, 10, 11, 12, 13, 14, 15
	str	d\i, [x0, #(REG_WIN_SAVE + 128 + 8 * (\i - 8))]
	.endr

	LOAD_IMAGE REG_WIN_IN

	mov	w1, #1
	str	w1, [x0, #REG_WIN_ENTERED]
	ldr	w1, [x0, #REG_WIN_ALTER]
	cbz	w1, 1f
	LOAD_IMAGE REG_WIN_ALT
1:	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_SVE_BIT, 3f
	/*
	 * Each turn uses the unit by a move of a register onto itself. With SVE it must be an SVE
	 * move: one of v31 would zero the rest of z31.
	 */
2:	mov	z31.d, z31.d
	ldr	w1, [x0, #REG_WIN_STOP]
	cbz	w1, 2b
	b	4f
3:	mov	v31.16b, v31.16b
	ldr	w1, [x0, #REG_WIN_STOP]
	cbz	w1, 3b

4:	.irp	i, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		   23, 24, 25, 26, 27, 28, 29, 30
	str	x\i, [x0, #(REG_WIN_OUT + REG_ARM64_GPR + 8 * \i)]
	.endr
	STORE_TABLE REG_WIN_OUT
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_SVE_BIT, 5f
	BASE	(REG_WIN_OUT + REG_ARM64_V)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	z\i, [x1, #\i, mul vl]
	.endr
	BASE	(REG_WIN_OUT + REG_ARM64_P)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	str	p\i, [x1, #(2 * \i), mul vl]
	.endr
	rdffr	p0.b
	str	p0, [x1, #32, mul vl]
	b	6f
5:	BASE	(REG_WIN_OUT + REG_ARM64_V)
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\i, [x1, #(16 * \i)]
	.endr
6:	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_ZA_BIT, 9f
	/* where the kernel has lost it a store would be SIGILL, and what is found stays 0 */
	mrs	x1, SVCR
	tbz	w1, #SVCR_ZA_BIT, 9f
	BASE	(REG_WIN_OUT + REG_ARM64_ZA)
	RDSVL_X2
	mov	w12, #0
7:	STR_ZA_W12_X1
	add	x1, x1, x2
	add	w12, w12, #1
	sub	w3, w2, w12
	cbnz	w3, 7b
	ldr	w1, [x0, #REG_WIN_FEATURES]
	tbz	w1, #REG_ARM64_ZT0_BIT, 8f
	BASE	(REG_WIN_OUT + REG_ARM64_ZT0)
	STR_ZT0_X1
	/* C code runs without */
8:	SMSTOP_ZA

	/* the ABI's own */
9:	LOAD_TABLE REG_WIN_SAVE
	.irp	i, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	ldr	x\i, [x0, #(REG_WIN_SAVE + 16 + 8 * (\i - 19))]
	.endr
	.irp	i, 8, 9, 10, 11, 12, 13, 14, 15
	ldr	d\i, [x0, #(REG_WIN_SAVE + 128 + 8 * (\i - 8))]
	.endr
	ret
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", %progbits
