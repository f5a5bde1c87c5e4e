/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The register banks of x86-64 and i386. Of the general registers and flags only the stack pointer,
 * WIN (the window) and the flags but for AC, DF and ID are not patterned. With AC all that is moved
 * has to be aligned, as are the slots and the stack.
 *
 * All branches test memory against an immediate, so no register is lost to the spin.
 */
#include "regs.h"
#include "regs_x86.h"

#ifdef __x86_64__

#define WIN		%rdi
#define AX		rax
#define CX		rcx
#define DX		rdx
#define XMM_NUMBERS	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define ZMM_NUMBERS	XMM_NUMBERS, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
#define PUSH		pushq
#define POP		popq
#define FXSAVE		fxsave64
#define FXRSTOR		fxrstor64

/* the window is the argument, in rdi */
.macro ENTER
.endm

.macro LEAVE
.endm

#else

#define WIN		%edi
#define AX		eax
#define CX		ecx
#define DX		edx
#define XMM_NUMBERS	0, 1, 2, 3, 4, 5, 6, 7
#define ZMM_NUMBERS	XMM_NUMBERS
#define PUSH		pushl
#define POP		popl
#define FXSAVE		fxsave
#define FXRSTOR		fxrstor

/* the window is the argument, on the stack */
.macro ENTER
	pushl	%edi
	movl	8(%esp), %edi
.endm

.macro LEAVE
	popl	%edi
.endm

#endif

	.text

/* How the registers of the table are moved, from and to \at(WIN). */
.macro load_gpr at, name
	mov	\at(WIN), %\name
.endm

.macro store_gpr at, name
	mov	%\name, \at(WIN)
.endm

/* MXCSR and xmm registers with it: those are loaded later */
.macro load_fx at, none
	FXRSTOR	\at(WIN)
.endm

.macro store_fx at, none
	FXSAVE	\at(WIN)
.endm

.macro load_by_fx at, none
.endm

.macro store_by_fx at, none
.endm

/* fx has moved it, and FOP behind it */
.macro load_ftw at, none
.endm

.macro store_ftw at, none
	andl	$0xff, \at(WIN)
.endm

.macro load_flags at, none
	PUSH	\at(WIN)
	popf
.endm

.macro store_flags at, none
	pushf
	POP	\at(WIN)
	andl	$REG_X86_FLAGS_LEGAL, \at(WIN)
.endm

/* Users write it with ecx and edx 0 alone: Intel SDM vol. 2D, WRPKRU. */
.macro load_pkru at, none
	push	%AX
	push	%CX
	push	%DX
	movl	\at(WIN), %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	wrpkru
	pop	%DX
	pop	%CX
	pop	%AX
.endm

.macro store_pkru at, none
	xorl	%ecx, %ecx
	rdpkru
	movl	%eax, \at(WIN)
.endm

.macro load_base at, name
	pushq	%rax
	movq	\at(WIN), %rax
	wr\name	%rax
	popq	%rax
.endm

.macro store_base at, name
	rd\name	%rax
	movq	%rax, \at(WIN)
.endm

/*
 * A segment register of i386: behind the selector what it finds at REG_I386_BASES, so its base. The
 * kernel may have left it anything, so none but a segment of regs_i386.c's is read by.
 */
.macro load_seg at, name
	movw	\at(WIN), %\name
.endm

.macro store_seg at, name
	movl	%\name, %eax
	movzwl	%ax, %eax
	movl	%eax, \at(WIN)
	lsl	%eax, %eax
	jnz	76f
	cmpl	$REG_I386_LIMIT, %eax
	jne	76f
	movw	%\name:(REG_WIN_IN + REG_I386_BASES)(WIN), %ax
	movw	%ax, (\at + 2)(WIN)
76:
.endm

/* One row, unless this CPU has not got it. */
.macro MOVE how, at, bit, operand
	.if	\bit
	testl	$(1 << \bit), REG_WIN_FEATURES(WIN)
	jz	75f
	.endif
	\how	\at, \operand
75:
.endm

#define MISSING(text)

/*
 * All rows, by an image at WIN + \img; both leave the other flags undefined, and that which stores
 * AX, CX and DX, too.
 */
.macro LOAD_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	load_##kind, (\img + offset), bit, operand
#include REG_X86_ROWS
#undef REG
.endm

.macro STORE_TABLE img
#define REG(name, class, offset, len, text, legal, bit, kind, operand)	\
	MOVE	store_##kind, (\img + offset), bit, operand
#include REG_X86_ROWS
#undef REG
.endm

/* what the ABI wants back, and more: where in the window an image would have to begin */
#define SAVE	(REG_WIN_SAVE - REG_X86_TABLE)

/* Loads every register from the image at WIN + \img; leaves the other flags undefined. */
.macro LOAD_IMAGE img
	LOAD_TABLE \img
	testl	$REG_X86_AVX512, REG_WIN_FEATURES(WIN)
	jnz	72f
	testl	$REG_X86_AVX, REG_WIN_FEATURES(WIN)
	jnz	71f
	.irp	i, XMM_NUMBERS
	movups	\img + REG_X86_VEC + 64 * \i(WIN), %xmm\i
	.endr
	jmp	79f
71:	.irp	i, XMM_NUMBERS
	vmovups	\img + REG_X86_VEC + 64 * \i(WIN), %ymm\i
	.endr
	jmp	79f
72:	.irp	i, ZMM_NUMBERS
	vmovups	\img + REG_X86_VEC + 64 * \i(WIN), %zmm\i
	.endr
	testl	$REG_X86_AVX512BW, REG_WIN_FEATURES(WIN)
	jnz	73f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	\img + REG_X86_K + 8 * \i(WIN), %k\i
	.endr
	jmp	79f
73:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	\img + REG_X86_K + 8 * \i(WIN), %k\i
	.endr
79:
.endm

	.globl	reg_arch_spin
	.type	reg_arch_spin, @function
reg_arch_spin:
	ENTER
	/* more than what the ABI wants back */
	STORE_TABLE SAVE

	LOAD_IMAGE REG_WIN_IN

	movl	$1, REG_WIN_ENTERED(WIN)
	cmpl	$0, REG_WIN_ALTER(WIN)
	je	1f
	LOAD_IMAGE REG_WIN_ALT
	/*
	 * Each turn uses the unit by a move of a register onto itself, at the full width that was
	 * loaded: a shorter VEX or EVEX move would zero the rest of the register.
	 */
1:	testl	$REG_X86_AVX512, REG_WIN_FEATURES(WIN)
	jnz	4f
	testl	$REG_X86_AVX, REG_WIN_FEATURES(WIN)
	jnz	3f
2:	movaps	%xmm7, %xmm7
	cmpl	$0, REG_WIN_STOP(WIN)
	je	2b
	jmp	5f
3:	vmovaps	%ymm7, %ymm7
	cmpl	$0, REG_WIN_STOP(WIN)
	je	3b
	jmp	5f
4:	vmovaps	%zmm7, %zmm7
	cmpl	$0, REG_WIN_STOP(WIN)
	je	4b

5:	STORE_TABLE REG_WIN_OUT
	testl	$REG_X86_AVX512, REG_WIN_FEATURES(WIN)
	jnz	7f
	testl	$REG_X86_AVX, REG_WIN_FEATURES(WIN)
	jnz	6f
	.irp	i, XMM_NUMBERS
	movups	%xmm\i, REG_WIN_OUT + REG_X86_VEC + 64 * \i(WIN)
	.endr
	jmp	9f
6:	.irp	i, XMM_NUMBERS
	vmovups	%ymm\i, REG_WIN_OUT + REG_X86_VEC + 64 * \i(WIN)
	.endr
	jmp	8f
7:	.irp	i, ZMM_NUMBERS
	vmovups	%zmm\i, REG_WIN_OUT + REG_X86_VEC + 64 * \i(WIN)
	.endr
	testl	$REG_X86_AVX512BW, REG_WIN_FEATURES(WIN)
	jnz	10f
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovw	%k\i, REG_WIN_OUT + REG_X86_K + 8 * \i(WIN)
	.endr
	jmp	8f
10:	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	%k\i, REG_WIN_OUT + REG_X86_K + 8 * \i(WIN)
	.endr
	/* dirty upper parts would slow down the caller's SSE code */
8:	vzeroupper

9:	LOAD_TABLE SAVE
	LEAVE
	ret
	.size	reg_arch_spin, . - reg_arch_spin

	.section .note.GNU-stack, "", @progbits
