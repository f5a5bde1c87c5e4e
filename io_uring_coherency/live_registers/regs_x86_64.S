/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64 register bank. Of the general registers and flags only rsp, rdi (the window) and the flags
 * but for AC, DF and ID are not patterned. With AC all that is moved has to be aligned, as are the
 * slots and the stack.
 *
 * All branches test memory against an immediate, so no register is lost to the spin.
 */
#include "regs.h"
#include "regs_x86_64.h"

	.text

/* How the registers of the table are moved, from and to \at(rdi). */
.macro load_gpr at, name
	movq	\at(%rdi), %\name
.endm

.macro store_gpr at, name
	movq	%\name, \at(%rdi)
.endm

/* MXCSR and xmm0-xmm15 with it: those are loaded later */
.macro load_fx at, none
	fxrstor64 \at(%rdi)
.endm

.macro store_fx at, none
	fxsave64 \at(%rdi)
.endm

.macro load_by_fx at, none
.endm

.macro store_by_fx at, none
.endm

/* fx has moved it, and FOP behind it */
.macro load_ftw at, none
.endm

.macro store_ftw at, none
	andl	$0xff, \at(%rdi)
.endm

.macro load_flags at, none
	pushq	\at(%rdi)
	popfq
.endm

.macro store_flags at, none
	pushfq
	popq	\at(%rdi)
	andq	$REG_X86_64_FLAGS_LEGAL, \at(%rdi)
.endm

/* Users write it with ecx and edx 0 alone: Intel SDM vol. 2D, WRPKRU. */
.macro load_pkru at, none
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	movl	\at(%rdi), %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	wrpkru
	popq	%rdx
	popq	%rcx
	popq	%rax
.endm

.macro store_pkru at, none
	xorl	%ecx, %ecx
	rdpkru
	movl	%eax, \at(%rdi)
.endm

.macro load_base at, name
	pushq	%rax
	movq	\at(%rdi), %rax
	wr\name	%rax
	popq	%rax
.endm

.macro store_base at, name
	rd\name	%rax
	movq	%rax, \at(%rdi)
.endm

/* One row, unless this CPU has not got it. */
.macro MOVE how, at, bit, operand
	.if	\bit
	testl	$(1 << \bit), REG_WIN_FEATURES(%rdi)
	jz	75f
	.endif
	\how	\at, \operand
75:
.endm

#define MISSING(text)

/*
 * All rows, by an image at rdi + \img; both leave the other flags undefined, and that which stores
 * rax, rcx and rdx, too.
 */
.macro LOAD_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, (\img + offset), bit, operand
#include "regs_x86_64_table.h"
#undef REG
.endm

.macro STORE_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, (\img + offset), bit, operand
#include "regs_x86_64_table.h"
#undef REG
.endm

/* what the ABI wants back, and more: where in the window an image would have to begin */
#define SAVE	(REG_WIN_SAVE - REG_X86_64_TABLE)

/* Loads every register from the image at rdi + \img; leaves the other flags undefined. */
.macro LOAD_IMAGE img
	LOAD_TABLE \img
	testl	$REG_X86_64_AVX512, REG_WIN_FEATURES(%rdi)
	jnz	72f
	testl	$REG_X86_64_AVX, REG_WIN_FEATURES(%rdi)
	jnz	71f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	\img + REG_X86_64_VEC + 64 * \i(%rdi), %xmm\i
	.endr
	jmp	79f
71:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups	\img + REG_X86_64_VEC + 64 * \i(%rdi), %ymm\i
	.endr
	jmp	79f
72:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vmovups	\img + REG_X86_64_VEC + 64 * \i(%rdi), %zmm\i
	.endr
	testl	$REG_X86_64_AVX512BW, REG_WIN_FEATURES(%rdi)
	jnz	73f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	\img + REG_X86_64_K + 8 * \i(%rdi), %k\i
	.endr
	jmp	79f
73:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	\img + REG_X86_64_K + 8 * \i(%rdi), %k\i
	.endr
79:
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
reg_arch_spin:
	/* more than what the ABI wants back */
	STORE_TABLE SAVE

	LOAD_IMAGE REG_WIN_IN

	movl	$1, REG_WIN_ENTERED(%rdi)
	cmpl	$0, REG_WIN_ALTER(%rdi)
	je	1f
	LOAD_IMAGE REG_WIN_ALT
	/*
	 * Each turn uses the unit by a move of a register onto itself, at the full width that was
	 * loaded: a shorter VEX or EVEX move would zero the rest of the register.
	 */
1:	testl	$REG_X86_64_AVX512, REG_WIN_FEATURES(%rdi)
	jnz	4f
	testl	$REG_X86_64_AVX, REG_WIN_FEATURES(%rdi)
	jnz	3f
2:	movaps	%xmm15, %xmm15
	cmpl	$0, REG_WIN_STOP(%rdi)
	je	2b
	jmp	5f
3:	vmovaps	%ymm15, %ymm15
	cmpl	$0, REG_WIN_STOP(%rdi)
	je	3b
	jmp	5f
4:	vmovaps	%zmm31, %zmm31
	cmpl	$0, REG_WIN_STOP(%rdi)
	je	4b

5:	STORE_TABLE REG_WIN_OUT
	testl	$REG_X86_64_AVX512, REG_WIN_FEATURES(%rdi)
	jnz	7f
	testl	$REG_X86_64_AVX, REG_WIN_FEATURES(%rdi)
	jnz	6f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	%xmm\i, REG_WIN_OUT + REG_X86_64_VEC + 64 * \i(%rdi)
	.endr
	jmp	9f
6:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovups	%ymm\i, REG_WIN_OUT + REG_X86_64_VEC + 64 * \i(%rdi)
	.endr
	jmp	8f
7:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vmovups	%zmm\i, REG_WIN_OUT + REG_X86_64_VEC + 64 * \i(%rdi)
	.endr
	testl	$REG_X86_64_AVX512BW, REG_WIN_FEATURES(%rdi)
	jnz	10f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	%k\i, REG_WIN_OUT + REG_X86_64_K + 8 * \i(%rdi)
	.endr
	jmp	8f
10:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	%k\i, REG_WIN_OUT + REG_X86_64_K + 8 * \i(%rdi)
	.endr
	/* dirty upper parts would slow down the caller's SSE code */
8:	vzeroupper

9:	LOAD_TABLE SAVE
	ret
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", @progbits
