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

/* Tracepoints that tell which interrupt came, where struct pt_regs does not. */
enum arch_irq {
	ARCH_IRQ_VECTOR,	/* void (*)(void *data, int vector) */
	ARCH_IRQ_REASON,	/* void (*)(void *data, const char *reason) */
	ARCH_IRQ_HANDLER,	/* void (*)(void *data, int irq, struct irqaction *action) */
	ARCH_IRQ_FAULT,		/* void (*)(void *, ulong, struct pt_regs *, ulong) */
};

struct arch_tracepoint {
	const char *name;
	enum arch_irq prototype;
	enum pbt_delivery tells;
};

#define ARCH_PLANTS_OF_FRAME	(BIT(PBT_PLANT_GPR) | BIT(PBT_PLANT_FLAGS))

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

#define ARCH_PLANTS	(ARCH_PLANTS_OF_FRAME | \
			 (IS_ENABLED(CONFIG_PPC_FPU) ? BIT(PBT_PLANT_FP) : 0) | \
			 (IS_ENABLED(CONFIG_ALTIVEC) ? BIT(PBT_PLANT_VECTOR) : 0))

/* Which of them took place: those of a transaction stay where they are. */
static inline bool arch_plant_fp(struct thread_struct *thread, struct pt_regs *regs)
{
#ifdef CONFIG_PPC_FPU
	/* afterwards memory has the state, and the way back to user mode loads it from there */
	enable_kernel_fp();
	disable_kernel_fp();
	if (regs->msr & MSR_FP)
		return false;
	thread->fp_state.fpr[0][TS_FPROFFSET] = thread->fp_state.fpscr;
	return true;
#else
	return false;
#endif
}

static inline bool arch_plant_vector(struct thread_struct *thread, struct pt_regs *regs)
{
#ifdef CONFIG_ALTIVEC
	if (!cpu_has_feature(CPU_FTR_ALTIVEC))
		return false;
	enable_kernel_altivec();
	disable_kernel_altivec();
	if (regs->msr & MSR_VEC)
		return false;
	thread->vr_state.vr[0] = thread->vr_state.vscr;
	return true;
#else
	return false;
#endif
}

/* Of an interrupted task, which runs. Returns whether it could be done. */
static inline bool arch_plant(enum pbt_plant plant, struct pt_regs *regs)
{
	switch (plant) {
	case PBT_PLANT_FP:
		return arch_plant_fp(&current->thread, regs);
	case PBT_PLANT_VECTOR:
		return arch_plant_vector(&current->thread, regs);
	case PBT_PLANT_GPR:
		regs->gpr[11] = ~regs->gpr[11];
		return true;
	case PBT_PLANT_FLAGS:
		regs->ccr ^= 1UL << 20;	/* SO of CR2 */
		return true;
	default:
		return false;
	}
}

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
static const struct arch_tracepoint arch_tracepoints[] __maybe_unused = {
	{ "reschedule_entry", ARCH_IRQ_VECTOR, PBT_IPI },
	{ "local_timer_entry", ARCH_IRQ_VECTOR, PBT_TICK },
	{ "call_function_entry", ARCH_IRQ_VECTOR, PBT_OTHER },
	{ "call_function_single_entry", ARCH_IRQ_VECTOR, PBT_OTHER },
	{ "irq_work_entry", ARCH_IRQ_VECTOR, PBT_OTHER },
	{ "irq_handler_entry", ARCH_IRQ_HANDLER, PBT_OTHER },
	{ "page_fault_user", ARCH_IRQ_FAULT, PBT_OTHER },
};

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

static inline bool arch_in_syscall(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1;
}

static inline unsigned long arch_returned(const struct pt_regs *regs)
{
	return regs->ax;
}

#define ARCH_PLANTS	(ARCH_PLANTS_OF_FRAME | BIT(PBT_PLANT_VECTOR))

/* With interrupts off the state stays where it is: a softirq that uses the unit would move it. */
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	const bool live = arch_vector_live(current, regs);

	if (live)
		asm volatile("pxor %%xmm0, %%xmm0" : : : "memory");
	return live;
}

/* Of an interrupted task, which runs; with interrupts off. Returns whether it could be done. */
static inline bool arch_plant(enum pbt_plant plant, struct pt_regs *regs)
{
	switch (plant) {
	case PBT_PLANT_VECTOR:
		return arch_plant_vector(regs);
	case PBT_PLANT_GPR:
		regs->r11 = ~regs->r11;
		return true;
	case PBT_PLANT_FLAGS:
		regs->flags ^= X86_EFLAGS_ID;
		return true;
	default:
		return false;
	}
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
static const struct arch_tracepoint arch_tracepoints[] __maybe_unused = {
	{ "ipi_entry", ARCH_IRQ_REASON, PBT_IPI },
	{ "irq_handler_entry", ARCH_IRQ_HANDLER, PBT_OTHER },
};

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

static inline bool arch_in_syscall(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1;
}

static inline unsigned long arch_returned(const struct pt_regs *regs)
{
	return regs->regs[0];
}

#define ARCH_PLANTS	(ARCH_PLANTS_OF_FRAME | BIT(PBT_PLANT_VECTOR))

/* As above, for x86-64. */
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	const bool live = system_supports_fpsimd() && arch_vector_live(current, regs);

	if (live)
		asm volatile(".arch_extension simd\n\tmovi v0.2d, #0" : : : "memory");
	return live;
}

static inline bool arch_plant(enum pbt_plant plant, struct pt_regs *regs)
{
	switch (plant) {
	case PBT_PLANT_VECTOR:
		return arch_plant_vector(regs);
	case PBT_PLANT_GPR:
		regs->regs[17] = ~regs->regs[17];
		return true;
	case PBT_PLANT_FLAGS:
		regs->pstate ^= PSR_V_BIT;
		return true;
	default:
		return false;
	}
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

#endif /* PBT_ARCH_H */
