/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that differs by architecture: arguments of a probed function, how the kernel was entered,
 * whether the user's vector state was live, and two barriers that Linux has no common name for.
 *
 * What each action becomes (inject.c has one function an action, so that a disassembler shows it):
 *
 *			powerpc 64		x86-64		arm64
 *	mb		sync			mfence		dsb sy
 *	rmb		sync			lfence		dsb ld
 *	wmb		sync			sfence		dsb st
 *	isync		isync			lfence		isb
 *	lwsync		lwsync			none (TSO)	dmb ishld; dmb ishst
 *
 * arch/{powerpc,x86,arm64}/include/asm/barrier.h of 5.10, 6.1, 6.12 and 7.2. arm64 has no barrier
 * that orders all but a store before a load; the two together leave out just that.
 */
#ifndef PBT_ARCH_H
#define PBT_ARCH_H

#include <linux/bits.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>

#include "ppc_barrier_test.h"

#if defined(CONFIG_PPC64)

#include <asm/switch_to.h>

#define ARCH_DELIVERY_BY_REGS

static inline unsigned long arch_argument(const struct pt_regs *regs, unsigned int n)
{
	return regs->gpr[3 + n];
}

static inline void arch_set_argument(struct pt_regs *regs, unsigned int n, unsigned long value)
{
	regs->gpr[3 + n] = value;
}

/*
 * The vector by which user mode was left, arch/powerpc/kernel/exceptions-64s.S; TRAP() in
 * arch/powerpc/include/asm/ptrace.h. Device interrupts are external interrupts as well.
 */
static inline enum pbt_delivery arch_delivery(const struct pt_regs *regs)
{
	switch (TRAP(regs)) {
	case 0xc00:		/* sc */
	case 0x3000:		/* scv */
		return PBT_SYSCALL_EXIT;
	case 0x500:		/* external */
	case 0xa00:		/* directed privileged doorbell */
	case 0xe80:		/* directed hypervisor doorbell */
		return PBT_IPI;
	case 0x900:		/* decrementer */
	case 0x980:		/* hypervisor decrementer */
		return PBT_TICK;
	default:
		return PBT_OTHER;
	}
}

/* restore_math(), arch/powerpc/kernel/process.c: MSR has the bits while the CPU has the state. */
static inline bool arch_vector_live(struct task_struct *task, const struct pt_regs *regs)
{
	return regs->msr & (MSR_FP | MSR_VEC | MSR_VSX);
}

static inline bool arch_in_syscall(struct pt_regs *regs)
{
	return arch_delivery(regs) == PBT_SYSCALL_EXIT;
}

static inline unsigned long arch_returned(const struct pt_regs *regs)
{
	return regs->gpr[3];
}

#define ARCH_PLANTED_GPR(r)	((r)->gpr[11])
#define ARCH_PLANTED_FLAGS(r)	((r)->ccr)
#define ARCH_PLANTED_FLAG	BIT(20)	/* SO of CR2 */

/* Registers of a transaction stay where they are. */
#ifdef CONFIG_PPC_FPU
#define ARCH_PLANTS_FP
static inline bool arch_plant_fp(struct pt_regs *regs)
{
	/* afterwards memory has the state, and the way back to user mode loads it from there */
	enable_kernel_fp();
	disable_kernel_fp();
	if (regs->msr & MSR_FP)
		return false;
	current->thread.fp_state.fpr[0][TS_FPROFFSET] = current->thread.fp_state.fpscr;
	return true;
}
#endif

#ifdef CONFIG_ALTIVEC
#define ARCH_PLANTS_VECTOR
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	if (!cpu_has_feature(CPU_FTR_ALTIVEC))
		return false;
	enable_kernel_altivec();
	disable_kernel_altivec();
	if (regs->msr & MSR_VEC)
		return false;
	current->thread.vr_state.vr[0] = current->thread.vr_state.vscr;
	return true;
}
#endif

static inline void arch_isync(void)
{
	asm volatile("isync" : : : "memory");
}

static inline void arch_lwsync(void)
{
	asm volatile("lwsync" : : : "memory");
}

#elif defined(CONFIG_X86_64)

#include <asm/syscall.h>

/* arch/x86/include/asm/trace/{irq_vectors,exceptions}.h, include/trace/events/irq.h */
#define ARCH_TRACEPOINTS { \
	IRQ_TRACEPOINT("reschedule_entry", irq_vector, PBT_IPI), \
	IRQ_TRACEPOINT("local_timer_entry", irq_vector, PBT_TICK), \
	IRQ_TRACEPOINT("call_function_entry", irq_vector, PBT_OTHER), \
	IRQ_TRACEPOINT("call_function_single_entry", irq_vector, PBT_OTHER), \
	IRQ_TRACEPOINT("irq_work_entry", irq_vector, PBT_OTHER), \
	IRQ_TRACEPOINT("irq_handler_entry", irq_handler, PBT_OTHER), \
	IRQ_TRACEPOINT("page_fault_user", irq_fault, PBT_OTHER), \
}

static inline unsigned long *arch_argument_slot(struct pt_regs *regs, unsigned int n)
{
	switch (n) {
	case 0:
		return &regs->di;
	case 1:
		return &regs->si;
	default:
		return &regs->dx;
	}
}

static inline unsigned long arch_argument(struct pt_regs *regs, unsigned int n)
{
	return *arch_argument_slot(regs, n);
}

static inline void arch_set_argument(struct pt_regs *regs, unsigned int n, unsigned long value)
{
	*arch_argument_slot(regs, n) = value;
}

/* fpregs_restore_userregs(), arch/x86/kernel/fpu/context.h: the flag says it is not there. */
static inline bool arch_vector_live(struct task_struct *task, const struct pt_regs *regs)
{
	return !test_tsk_thread_flag(task, TIF_NEED_FPU_LOAD);
}

static inline unsigned long arch_returned(const struct pt_regs *regs)
{
	return regs->ax;
}

#define ARCH_PLANTS_FP
#define ARCH_PLANTS_VECTOR
#define ARCH_PLANTED_GPR(r)	((r)->r11)
#define ARCH_PLANTED_FLAGS(r)	((r)->flags)
#define ARCH_PLANTED_FLAG	X86_EFLAGS_ID

/* Intel SDM vol. 1, 8.1.3 and 8.1.5: an exception that waits for the next instruction; rounding */
#define ARCH_FSW_ES		BIT(7)
#define ARCH_FCW_RC		GENMASK(11, 10)

/* With interrupts off the state stays where it is: a softirq that uses the unit would move it. */
static inline bool arch_plant_fp(struct pt_regs *regs)
{
	u16 fsw, fcw;

	if (!arch_vector_live(current, regs))
		return false;
	asm volatile("fnstsw %0" : "=m"(fsw));
	if (fsw & ARCH_FSW_ES)
		return false;
	asm volatile("fnstcw %0" : "=m"(fcw));
	fcw ^= ARCH_FCW_RC;
	asm volatile("fldcw %0" : : "m"(fcw));
	return true;
}

/* As above. */
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	const bool live = arch_vector_live(current, regs);

	if (live)
		asm volatile("pxor %%xmm0, %%xmm0" : : : "memory");
	return live;
}

static inline void arch_isync(void)
{
	asm volatile("lfence" : : : "memory");
}

static inline void arch_lwsync(void)
{
	barrier();
}

#elif defined(CONFIG_ARM64)

#include <asm/syscall.h>

/* arch/arm64/kernel/smp.c: do_handle_IPI(); include/trace/events/{ipi,irq}.h */
#define ARCH_TRACEPOINTS { \
	IRQ_TRACEPOINT("ipi_entry", irq_reason, PBT_IPI), \
	IRQ_TRACEPOINT("irq_handler_entry", irq_handler, PBT_OTHER), \
}

static inline unsigned long arch_argument(const struct pt_regs *regs, unsigned int n)
{
	return regs->regs[n];
}

static inline void arch_set_argument(struct pt_regs *regs, unsigned int n, unsigned long value)
{
	regs->regs[n] = value;
}

/* arch/arm64/kernel/fpsimd.c: the flag says that the CPU holds somebody else's state. */
static inline bool arch_vector_live(struct task_struct *task, const struct pt_regs *regs)
{
	return !test_tsk_thread_flag(task, TIF_FOREIGN_FPSTATE);
}

static inline unsigned long arch_returned(const struct pt_regs *regs)
{
	return regs->regs[0];
}

#define ARCH_PLANTS_VECTOR
#define ARCH_PLANTED_GPR(r)	((r)->regs[17])
#define ARCH_PLANTED_FLAGS(r)	((r)->pstate)
#define ARCH_PLANTED_FLAG	PSR_V_BIT

/* As above, for x86-64. */
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	const bool live = system_supports_fpsimd() && arch_vector_live(current, regs);

	if (live)
		asm volatile(".arch_extension simd\n\tmovi v0.2d, #0" : : : "memory");
	return live;
}

static inline void arch_isync(void)
{
	isb();
}

static inline void arch_lwsync(void)
{
	dmb(ishld);
	dmb(ishst);
}

#else
#error "ppc_barrier_test knows powerpc 64, x86-64 and arm64"
#endif

#ifndef ARCH_DELIVERY_BY_REGS
static inline bool arch_in_syscall(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1;
}
#endif

/* Of an interrupted task, which runs; with interrupts off. Returns whether it could be done. */
static inline bool arch_plant(enum pbt_plant plant, struct pt_regs *regs)
{
	switch (plant) {
#ifdef ARCH_PLANTS_FP
	case PBT_PLANT_FP:
		return arch_plant_fp(regs);
#endif
#ifdef ARCH_PLANTS_VECTOR
	case PBT_PLANT_VECTOR:
		return arch_plant_vector(regs);
#endif
	case PBT_PLANT_GPR:
		ARCH_PLANTED_GPR(regs) = ~ARCH_PLANTED_GPR(regs);
		return true;
	case PBT_PLANT_FLAGS:
		ARCH_PLANTED_FLAGS(regs) ^= ARCH_PLANTED_FLAG;
		return true;
	default:
		return false;
	}
}

#endif /* PBT_ARCH_H */
