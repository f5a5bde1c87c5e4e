/* SPDX-License-Identifier: GPL-2.0 */
/*
 * riscv64 register bank, for rv64gc. Only sp, a0 (the window) and a1 (images, the spin) are not
 * patterned; gp and tp are, as nothing here is found by them.
 */
#include "regs.h"
#include "regs_riscv64.h"

	.text

/* a1 = a0 + \offset */
.macro BASE offset
	li	a1, \offset
	add	a1, a0, a1
.endm

/*
 * V, for assemblers that do not know it: eight whole vectors from v\first on, from and to a1,
 * whatever vtype and vl are; vl by t1 and vtype by t0 (V 1.0, 7.9 and 6).
 */
.macro VL8RE8 first
	.insn	i 0x07, 0, x\first, a1, -472
.endm

.macro VS8R first
	.insn	i 0x27, 0, x\first, a1, -472
.endm

#define VSETVL_T1_T0	.insn r 0x57, 7, 0x40, x0, t1, t0

/* \how of all vectors by the image at a0 + \img, with vstart 0; leaves t0 undefined. */
.macro ALL_V how, img
	BASE	(\img + REG_RISCV64_V)
	csrw	REG_RISCV64_CSR_VSTART, zero
	csrr	t0, REG_RISCV64_CSR_VLENB
	slli	t0, t0, 3
	\how	0
	add	a1, a1, t0
	\how	8
	add	a1, a1, t0
	\how	16
	add	a1, a1, t0
	\how	24
.endm

.macro ALL_F how
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\how	f\i, (REG_RISCV64_F + 8 * \i)(a1)
	.endr
.endm

.macro ALL_X how
	.irp	i, 1, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		   25, 26, 27, 28, 29, 30, 31
	\how	x\i, (REG_RISCV64_GPR + 8 * \i)(a1)
	.endr
.endm

/* Branches to \label without the feature \bit; leaves \reg undefined. */
.macro UNLESS bit, reg, label
	lw	\reg, REG_WIN_FEATURES(a0)
	andi	\reg, \reg, 1 << \bit
	beqz	\reg, \label
.endm

/* How the registers of the table are moved, from and to \at(a1), through t0 and t1. */
.macro load_csr at, number
	ld	t0, \at(a1)
	csrw	\number, t0
.endm

.macro store_csr at, number
	csrr	t0, \number
	sd	t0, \at(a1)
.endm

/* One instruction sets vl and vtype, and no other does: the row of vtype follows that of vl. */
.macro load_vl at, number
	ld	t1, \at(a1)
.endm

.macro store_vl at, number
	store_csr \at, \number
.endm

.macro load_vtype at, number
	ld	t0, \at(a1)
	VSETVL_T1_T0
.endm

.macro store_vtype at, number
	store_csr \at, \number
.endm

/* One row, unless this CPU has not got it. */
.macro MOVE how, at, bit, operand
	.if	\bit
	UNLESS	\bit, t0, 75f
	.endif
	\how	\at, \operand
75:
.endm

#define MISSING(text)

.macro LOAD_TABLE
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, offset, bit, operand
#include "regs_riscv64_table.h"
#undef REG
.endm

.macro STORE_TABLE
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, offset, bit, operand
#include "regs_riscv64_table.h"
#undef REG
.endm

/* All but the vectors, by the image at a0 + \img; both leave a1 undefined, the second t0, too. */
.macro LOAD_SCALARS img
	BASE	\img
	ALL_F	fld
	LOAD_TABLE
	ALL_X	ld
.endm

.macro STORE_SCALARS img
	BASE	\img
	ALL_X	sd
	STORE_TABLE
	ALL_F	fsd
.endm

/* Loads every register from the image at a0 + \img; leaves a1 undefined. */
.macro LOAD_IMAGE img
	UNLESS	REG_RISCV64_V_BIT, t0, 77f
	ALL_V	VL8RE8, \img
77:	LOAD_SCALARS \img
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, %function
reg_arch_spin:
	/* what the ABI wants back, among others; of V that is nothing but vstart, which is 0 */
	STORE_SCALARS REG_WIN_SAVE

	LOAD_IMAGE REG_WIN_IN

	li	a1, 1
	sw	a1, REG_WIN_ENTERED(a0)
	lw	a1, REG_WIN_ALTER(a0)
	beqz	a1, 1f
	LOAD_IMAGE REG_WIN_ALT
	/*
	 * Each turn writes a register of each unit with what it has, f31 and vcsr, so that they are
	 * dirty again: the kernel saves no others (fstate_save() and riscv_v_vstate_save(),
	 * arch/riscv/include/asm/switch_to.h and vector.h of 7.2). A move of a vector would make
	 * vstart 0, and be SIGILL where the kernel has lost vtype.
	 */
1:	UNLESS	REG_RISCV64_V_BIT, a1, 3f
2:	csrr	a1, REG_RISCV64_CSR_VCSR
	csrw	REG_RISCV64_CSR_VCSR, a1
	fmv.d	f31, f31
	lw	a1, REG_WIN_STOP(a0)
	beqz	a1, 2b
	j	4f
3:	fmv.d	f31, f31
	lw	a1, REG_WIN_STOP(a0)
	beqz	a1, 3b

4:	STORE_SCALARS REG_WIN_OUT
	UNLESS	REG_RISCV64_V_BIT, t0, 5f
	ALL_V	VS8R, REG_WIN_OUT

	/* the ABI's own */
5:	LOAD_SCALARS REG_WIN_SAVE
	ret
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", %progbits
