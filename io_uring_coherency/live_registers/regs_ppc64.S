/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ppc64 register bank, little and big endian. Only r1 (stack), r13 (thread pointer), r3 (the
 * window) and r4 with CR0 (the spin) are not patterned.
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

/* Skips to \label unless this CPU has \feature; leaves r4 and CR0 undefined. */
.macro UNLESS feature, label
	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, \feature
	beq	\label
.endm

/* The SPRs that only a context switch saves: to and from offsets of r3, through r4. */
.macro STORE_SPRS vrsave, tar, dscr
	mfspr	%r4, SPRN_VRSAVE
	stw	%r4, \vrsave(%r3)
	UNLESS	REG_PPC64_HAS_TAR, 75f
	mfspr	%r4, SPRN_TAR
	std	%r4, \tar(%r3)
75:	UNLESS	REG_PPC64_HAS_DSCR, 76f
	mfspr	%r4, SPRN_USER_DSCR
	std	%r4, \dscr(%r3)
76:
.endm

.macro LOAD_SPRS vrsave, tar, dscr
	lwz	%r4, \vrsave(%r3)
	mtspr	SPRN_VRSAVE, %r4
	UNLESS	REG_PPC64_HAS_TAR, 75f
	ld	%r4, \tar(%r3)
	mtspr	SPRN_TAR, %r4
75:	UNLESS	REG_PPC64_HAS_DSCR, 76f
	ld	%r4, \dscr(%r3)
	mtspr	SPRN_USER_DSCR, %r4
76:
.endm

/* Loads every register from the image at r3 + \img; leaves r4 and CR0 undefined. */
.macro LOAD_IMAGE img
	LOAD_SPRS \img + REG_PPC64_VRSAVE, \img + REG_PPC64_TAR, \img + REG_PPC64_DSCR
	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, REG_PPC64_VSX
	/* control registers first: they travel through f0, v0 and r4 */
	lfd	%f0, \img + REG_PPC64_FPSCR(%r3)
	mtfsf	255, %f0
	li	%r4, \img + REG_PPC64_VSCR
	lvx	%v0, %r3, %r4
	mtvscr	%v0
	ld	%r4, \img + REG_PPC64_LR(%r3)
	mtlr	%r4
	ld	%r4, \img + REG_PPC64_CTR(%r3)
	mtctr	%r4
	ld	%r4, \img + REG_PPC64_XER(%r3)
	mtxer	%r4
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
78:	lwz	%r4, \img + REG_PPC64_CR(%r3)
	mtcrf	0x7f, %r4
	ld	%r0, \img + REG_PPC64_GPR(%r3)
	ld	%r2, \img + REG_PPC64_GPR + 16(%r3)
	.set	i, 5
	.rept	27
	.if	i != 13
	ld	i, \img + REG_PPC64_GPR + 8 * i(%r3)
	.endif
	.set	i, i + 1
	.endr
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
	mflr	%r0
	std	%r0, REG_WIN_SAVE + 8(%r3)
	mfcr	%r0
	std	%r0, REG_WIN_SAVE + 16(%r3)
	mffs	%f0
	stfd	%f0, REG_WIN_SAVE + 24(%r3)
	mfvscr	%v0
	li	%r4, REG_WIN_SAVE + 32
	stvx	%v0, %r3, %r4
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

	STORE_SPRS REG_WIN_SAVE + 544, REG_WIN_SAVE + 552, REG_WIN_SAVE + 560

	LOAD_IMAGE REG_WIN_IN

	li	%r4, 1
	stw	%r4, REG_WIN_ENTERED(%r3)
	lwz	%r4, REG_WIN_ALTER(%r3)
	cmpwi	%r4, 0
	beq	1f
	LOAD_IMAGE REG_WIN_ALT
1:	lwz	%r4, REG_WIN_FEATURES(%r3)
	andi.	%r4, %r4, REG_PPC64_VSX
	beq	3f
	/*
	 * The kernel switches the units off when it schedules, and restores them lazily once
	 * thread.load_fp and load_vec (8 bit) have wrapped: each turn uses both.
	 */
2:	xxlor	63, 63, 63
	lwz	%r4, REG_WIN_STOP(%r3)
	cmpwi	%r4, 0
	beq	2b
	b	4f
3:	fmr	%f31, %f31
	vor	%v31, %v31, %v31
	lwz	%r4, REG_WIN_STOP(%r3)
	cmpwi	%r4, 0
	beq	3b

	/* GPRs first: then r0 and r4 are free to store the rest */
4:	std	%r0, REG_WIN_OUT + REG_PPC64_GPR(%r3)
	std	%r2, REG_WIN_OUT + REG_PPC64_GPR + 16(%r3)
	.set	i, 5
	.rept	27
	.if	i != 13
	std	i, REG_WIN_OUT + REG_PPC64_GPR + 8 * i(%r3)
	.endif
	.set	i, i + 1
	.endr
	mfcr	%r4
	clrlwi	%r4, %r4, 4	/* CR0 is the spin's own */
	stw	%r4, REG_WIN_OUT + REG_PPC64_CR(%r3)
	mflr	%r4
	std	%r4, REG_WIN_OUT + REG_PPC64_LR(%r3)
	mfctr	%r4
	std	%r4, REG_WIN_OUT + REG_PPC64_CTR(%r3)
	mfxer	%r4
	std	%r4, REG_WIN_OUT + REG_PPC64_XER(%r3)
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
6:	mffs	%f0
	stfd	%f0, REG_WIN_OUT + REG_PPC64_FPSCR(%r3)
	mfvscr	%v0
	li	%r4, REG_WIN_OUT + REG_PPC64_VSCR
	stvx	%v0, %r3, %r4
	STORE_SPRS REG_WIN_OUT + REG_PPC64_VRSAVE, REG_WIN_OUT + REG_PPC64_TAR, \
		REG_WIN_OUT + REG_PPC64_DSCR

	/* the ABI's own */
	LOAD_SPRS REG_WIN_SAVE + 544, REG_WIN_SAVE + 552, REG_WIN_SAVE + 560
	lfd	%f0, REG_WIN_SAVE + 24(%r3)
	mtfsf	255, %f0
	li	%r4, REG_WIN_SAVE + 32
	lvx	%v0, %r3, %r4
	mtvscr	%v0
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
	ld	%r0, REG_WIN_SAVE + 16(%r3)
	mtcrf	255, %r0
	ld	%r0, REG_WIN_SAVE + 8(%r3)
	mtlr	%r0
	ld	%r2, REG_WIN_SAVE(%r3)
	blr

	.section .note.GNU-stack, "", @progbits
