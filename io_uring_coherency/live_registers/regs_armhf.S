/* SPDX-License-Identifier: GPL-2.0 */
/*
 * armhf register bank, for ARMv7-A with VFPv3. Only sp, r0 (the window) and r1 (images, the spin)
 * are not patterned.
 *
 * The flags are live, too: nothing here changes them but msr. So this is Thumb code, which has cbz
 * and cbnz, and no instruction has an "s".
 */
#include "regs.h"
#include "regs_armhf.h"

	.syntax	unified
	.arch	armv7-a
	.fpu	neon
	.thumb
	.text

/* r1 = r0 + \offset */
.macro BASE offset
	movw	r1, #(\offset)
	add	r1, r0, r1
.endm

/* How the registers of the table are moved, from and to \at(r1), through r2 and r3. */
.macro load_fpscr at, none
	ldr	r2, [r1, #\at]
	vmsr	fpscr, r2
.endm

.macro store_fpscr at, none
	vmrs	r2, fpscr
	str	r2, [r1, #\at]
.endm

/* The mask of this msr has DIT and SSBS, too, of CPUs that have them. */
.macro load_cpsr at, none
	ldr	r2, [r1, #\at]
	msr	APSR_nzcvqg, r2
.endm

.macro store_cpsr at, none
	mrs	r2, APSR
	movw	r3, #(REG_ARMHF_CPSR_LEGAL & 0xffff)
	movt	r3, #(REG_ARMHF_CPSR_LEGAL >> 16)
	and	r2, r2, r3
	str	r2, [r1, #\at]
.endm

.macro load_tpidrurw at, none
	ldr	r2, [r1, #\at]
	mcr	p15, 0, r2, c13, c0, 2
.endm

.macro store_tpidrurw at, none
	mrc	p15, 0, r2, c13, c0, 2
	str	r2, [r1, #\at]
.endm

#define MISSING(text)

.macro LOAD_TABLE
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	load_##kind offset, operand
#include "regs_armhf_table.h"
#undef REG
.endm

.macro STORE_TABLE
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	store_##kind offset, operand
#include "regs_armhf_table.h"
#undef REG
.endm

/* \how is vldr or vstr; leaves r2 undefined. */
.macro ALL_D how
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\how	d\i, [r1, #(REG_ARMHF_D + 8 * \i)]
	.endr
	ldr	r2, [r0, #REG_WIN_FEATURES]
	and	r2, r2, #(1 << REG_ARMHF_D32_BIT)
	cbz	r2, 75f
	.irp	i, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\how	d\i, [r1, #(REG_ARMHF_D + 8 * \i)]
	.endr
75:
.endm

/* \how is ldr or str. */
.macro ALL_R how
	.irp	i, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14
	\how	r\i, [r1, #(REG_ARMHF_GPR + 4 * \i)]
	.endr
.endm

/*
 * All registers, by the image at r0 + \img; both leave r1 undefined, the second r2 and r3,
 * too.
 */
.macro LOAD_IMAGE img
	BASE	\img
	ALL_D	vldr
	LOAD_TABLE
	ALL_R	ldr
.endm

.macro STORE_IMAGE img
	BASE	\img
	ALL_R	str
	STORE_TABLE
	ALL_D	vstr
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, %function
	.thumb_func
	.p2align 2
reg_arch_spin:
	/* what the ABI wants back, among others */
	STORE_IMAGE REG_WIN_SAVE

	LOAD_IMAGE REG_WIN_IN

	mov	r1, #1
	str	r1, [r0, #REG_WIN_ENTERED]
	ldr	r1, [r0, #REG_WIN_ALTER]
	cbnz	r1, 1f
	b	2f
1:	LOAD_IMAGE REG_WIN_ALT
	/* each turn uses the unit by a move of a register onto itself */
2:	vmov.f64 d15, d15
	ldr	r1, [r0, #REG_WIN_STOP]
	cbnz	r1, 3f
	b	2b

3:	STORE_IMAGE REG_WIN_OUT

	/* the ABI's own */
	LOAD_IMAGE REG_WIN_SAVE
	bx	lr
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", %progbits
