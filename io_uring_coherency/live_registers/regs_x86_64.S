/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64 register bank. Only rsp, rdi (the window) and the flags but for DF and ID are not
 * patterned. The x87 state is left alone.
 *
 * All branches test memory against an immediate, so no register is lost to the spin.
 */
#include "regs.h"
#include "regs_x86_64.h"

	.text

/* Loads every register from the image at rdi + \img; leaves the other flags undefined. */
.macro LOAD_IMAGE img
	ldmxcsr	\img + REG_X86_64_MXCSR(%rdi)
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
79:	pushq	\img + REG_X86_64_FLAGS(%rdi)
	popfq
	.set	at, \img + REG_X86_64_GPR
	.irp	r, rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	movq	at(%rdi), %\r
	.set	at, at + 8
	.endr
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
reg_arch_spin:
	/* what the ABI wants back */
	stmxcsr	REG_WIN_SAVE(%rdi)
	.set	at, REG_WIN_SAVE + 8
	.irp	r, rbx, rbp, r12, r13, r14, r15
	movq	%\r, at(%rdi)
	.set	at, at + 8
	.endr
	pushfq
	popq	at(%rdi)

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

5:	.set	at, REG_WIN_OUT + REG_X86_64_GPR
	.irp	r, rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	movq	%\r, at(%rdi)
	.set	at, at + 8
	.endr
	pushfq
	popq	REG_WIN_OUT + REG_X86_64_FLAGS(%rdi)
	andq	$REG_X86_64_FLAGS_LEGAL, REG_WIN_OUT + REG_X86_64_FLAGS(%rdi)
	stmxcsr	REG_WIN_OUT + REG_X86_64_MXCSR(%rdi)
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

	/* the ABI's own */
9:	ldmxcsr	REG_WIN_SAVE(%rdi)
	.set	at, REG_WIN_SAVE + 8
	.irp	r, rbx, rbp, r12, r13, r14, r15
	movq	at(%rdi), %\r
	.set	at, at + 8
	.endr
	pushq	at(%rdi)
	popfq
	ret
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", @progbits
