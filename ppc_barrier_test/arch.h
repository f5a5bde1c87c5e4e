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
#include <linux/uaccess.h>

#include "compat.h"
#include "ppc_barrier_test.h"

/*
 * Whether this is an address in the memory of the running task: a register that has it is one that
 * C needs, outside of a window that has loaded it with something else. Without sleeping.
 */
static inline bool arch_in_use(unsigned long address)
{
	bool there;
	u8 byte __maybe_unused;	/* only whether it can be read */

	pagefault_disable();
	there = !get_user(byte, (u8 __user *)address);
	pagefault_enable();
	return there;
}

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

/*
 * Whether memory has the state now, and the way back to user mode loads it from there. Registers of
 * a transaction stay where they are.
 */
#ifdef CONFIG_PPC_FPU
static inline bool arch_fp_in_memory(const struct pt_regs *regs)
{
	enable_kernel_fp();
	disable_kernel_fp();
	return !(regs->msr & MSR_FP);
}

#define ARCH_PLANTS_FP
static inline bool arch_plant_fp(struct pt_regs *regs)
{
	if (!arch_fp_in_memory(regs))
		return false;
	current->thread.fp_state.fpr[0][TS_FPROFFSET] = current->thread.fp_state.fpscr;
	return true;
}
#endif

#ifdef CONFIG_ALTIVEC
static inline bool arch_altivec_in_memory(const struct pt_regs *regs)
{
	if (!cpu_has_feature(CPU_FTR_ALTIVEC))
		return false;
	enable_kernel_altivec();
	disable_kernel_altivec();
	return !(regs->msr & MSR_VEC);
}

#define ARCH_PLANTS_VECTOR
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	if (!arch_altivec_in_memory(regs))
		return false;
	current->thread.vr_state.vr[0] = current->thread.vr_state.vscr;
	return true;
}
#endif

#define ARCH_OTHERS	10
#define ARCH_FPSCR_DRN_RN	0x700000003ULL
#define ARCH_XER_SO_OV_CA	0xe0000000UL
#define ARCH_XER_OV32_CA32	0x000c0000UL
/* from medium low to medium, and back: Power ISA 2.06B, book II, 3.1 */
#define ARCH_PPR_PRI		(7UL << 50)
#define ARCH_DSCR_DPFD		7UL

/*
 * The SPRs are the user's own until a task switch saves them: save_sprs(),
 * arch/powerpc/kernel/process.c of 5.10, 6.1, 6.12 and 7.2.
 */
static inline bool arch_plant_other(unsigned int other, struct pt_regs *regs)
{
	switch (other) {
	case 0:
		if (arch_in_use(regs->link))
			return false;
		regs->link = ~regs->link;
		return true;
	case 1:
		if (arch_in_use(regs->ctr))
			return false;
		regs->ctr = ~regs->ctr;
		return true;
	case 2:
		regs->xer ^= ARCH_XER_SO_OV_CA;
		if (cpu_has_feature(CPU_FTR_ARCH_300))
			regs->xer ^= ARCH_XER_OV32_CA32;
		return true;
	case 3:
		if (!cpu_has_feature(CPU_FTR_HAS_PPR))
			return false;
		regs->ppr ^= ARCH_PPR_PRI;
		return true;
	case 4:
		if (!cpu_has_feature(CPU_FTR_ARCH_207S))
			return false;
		mtspr(SPRN_TAR, ~mfspr(SPRN_TAR));
		return true;
	case 5:
		if (!cpu_has_feature(CPU_FTR_DSCR))
			return false;
		mtspr(SPRN_DSCR, mfspr(SPRN_DSCR) ^ ARCH_DSCR_DPFD);
		return true;
#ifdef CONFIG_PPC_FPU
	case 6:
		if (!arch_fp_in_memory(regs))
			return false;
		current->thread.fp_state.fpscr ^= ARCH_FPSCR_DRN_RN;
		return true;
#endif
#ifdef CONFIG_VSX
	case 7:		/* doubleword 1 of vs31 */
		if (!cpu_has_feature(CPU_FTR_VSX) || !arch_fp_in_memory(regs))
			return false;
		current->thread.fp_state.fpr[31][TS_VSRLOWOFFSET] ^= 1;
		return true;
#endif
#ifdef CONFIG_ALTIVEC
	case 8:		/* SAT */
		if (!arch_altivec_in_memory(regs))
			return false;
		current->thread.vr_state.vscr.u[IS_ENABLED(CONFIG_CPU_BIG_ENDIAN) ? 3 : 0] ^= 1;
		return true;
	case 9:
		if (!cpu_has_feature(CPU_FTR_ALTIVEC))
			return false;
		mtspr(SPRN_VRSAVE, ~mfspr(SPRN_VRSAVE));
		return true;
#endif
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

#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/msr.h>
#include <asm/special_insns.h>
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

/* The legacy registers but for one, of which @bits at @at change; nothing traps that did not. */
static inline void arch_plant_fx(unsigned int at, u32 bits)
{
	u32 room[(sizeof(struct fxregs_state) + 16) / sizeof(u32)];
	struct fxregs_state *fx = PTR_ALIGN((void *)room, 16);

	asm volatile("fxsave64 %0" : "=m"(*fx));
	((u32 *)fx)[at / sizeof(u32)] ^= bits;
	asm volatile("fxrstor64 %0" : : "m"(*fx));
}

/* With FSGSBASE the kernel reads them when it switches tasks: save_fsgs(), process_64.c. */
static inline bool arch_plant_base(u32 msr)
{
	u32 low, high;

	rdmsr(msr, low, high);
	if (!boot_cpu_has(X86_FEATURE_FSGSBASE) || arch_in_use((u64)high << 32 | low))
		return false;
	wrmsr(msr, low ^ PAGE_SIZE, high);
	return true;
}

/* C needs them as they are: where FS is not its own, C does not run. */
static inline bool arch_plant_df_ac(struct pt_regs *regs)
{
	u32 low, high;

	rdmsr(MSR_FS_BASE, low, high);
	if (arch_in_use((u64)high << 32 | low))
		return false;
	regs->flags ^= X86_EFLAGS_DF | X86_EFLAGS_AC;
	return true;
}

#define ARCH_OTHERS	12
#define ARCH_MXCSR_RC	0x6000U
#define ARCH_FSW_C3	BIT(30)		/* behind FCW */
#define ARCH_PKRU_15	(3U << 30)	/* the key that is given last */

/*
 * In 5.10 PKRU belongs to the FPU's state; since "x86/fpu: Don't restore PKRU in
 * fpregs_restore_userspace()", v5.14, a task switch reads it (x86_pkru_load(), process_64.c).
 */
static inline bool arch_plant_other(unsigned int other, struct pt_regs *regs)
{
	switch (other) {
	case 0:
		return arch_plant_df_ac(regs);
	case 1:
		return arch_plant_base(MSR_FS_BASE);
	case 2:
		return arch_plant_base(MSR_KERNEL_GS_BASE);
	}
	if (!arch_vector_live(current, regs))
		return false;
	switch (other) {
	case 3:
		arch_plant_fx(offsetof(struct fxregs_state, mxcsr), ARCH_MXCSR_RC);
		return true;
	case 4:
		arch_plant_fx(offsetof(struct fxregs_state, cwd), ARCH_FSW_C3);
		return true;
	case 5:
		arch_plant_fx(offsetof(struct fxregs_state, twd), BIT(7));
		return true;
	case 6:
		arch_plant_fx(offsetof(struct fxregs_state, st_space[4 * 7]), BIT(0));
		return true;
	case 7:
		if (!boot_cpu_has(X86_FEATURE_OSPKE))
			return false;
		wrpkru(rdpkru() ^ ARCH_PKRU_15);
		return true;
	case 8:		/* what is above the first 128 bits */
		if (!cpu_has_xfeatures(XFEATURE_MASK_YMM, NULL))
			return false;
		asm volatile("vmovaps %%xmm15, %%xmm15" : : : "memory");
		return true;
	}
	if (!cpu_has_xfeatures(XFEATURE_MASK_AVX512, NULL))
		return false;
	switch (other) {
	case 9:		/* ... above 256 bits */
		asm volatile("vmovaps %%ymm14, %%ymm14" : : : "memory");
		return true;
	case 10:
		asm volatile("vpxord %%zmm31, %%zmm31, %%zmm31" : : : "memory");
		return true;
	case 11:
		asm volatile("kxorw %%k7, %%k7, %%k7" : : : "memory");
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

/* SVCR and its bits, by a number that kernels without SME assemble, too */
#define ARCH_SVCR	sys_reg(3, 3, 4, 2, 2)
#define ARCH_SVCR_SM	BIT(0)
#define ARCH_SVCR_ZA	BIT(1)

/* In streaming mode vector instructions may be undefined. */
static inline bool arch_simd_live(struct pt_regs *regs)
{
	return system_supports_fpsimd() && arch_vector_live(current, regs) &&
	       !(COMPAT_CPU_HAS_SME && read_sysreg_s(ARCH_SVCR) & ARCH_SVCR_SM);
}

/* As above, for x86-64. */
static inline bool arch_plant_vector(struct pt_regs *regs)
{
	const bool live = arch_simd_live(regs);

	if (live)
		asm volatile(".arch_extension simd\n\tmovi v0.2d, #0" : : : "memory");
	return live;
}

#define ARCH_OTHERS	11
#define ARCH_FPCR_RMODE	GENMASK(23, 22)
#define ARCH_FPSR_QC	BIT(27)
#define ARCH_FPMR	sys_reg(3, 3, 4, 4, 2)
#define ARCH_FPMR_OSM	BIT(14)
#define ARCH_TPIDR2_EL0	sys_reg(3, 3, 13, 0, 5)

/* Bits that this CPU has of PSTATE, beside its flags. */
static inline u64 arch_pstate_bits(void)
{
	return (cpu_have_named_feature(DIT) ? PSR_DIT_BIT : 0) |
	       (cpu_have_named_feature(SSBS) ? PSR_SSBS_BIT : 0) |
	       (cpu_have_named_feature(MTE) ? PSR_TCO_BIT : 0);
}

/*
 * A task switch reads TPIDR_EL0 and TPIDR2_EL0 (tls_preserve_current_state(),
 * arch/arm64/kernel/process.c), and fpsimd_save() the others, in 5.10, 6.1, 6.12 and 7.2.
 */
static inline bool arch_plant_other(unsigned int other, struct pt_regs *regs)
{
	if (compat_user_mode(regs))
		return false;
	switch (other) {
	case 0:
		regs->pstate ^= arch_pstate_bits();
		return arch_pstate_bits();
	case 1:
		if (arch_in_use(read_sysreg(tpidr_el0)))
			return false;
		write_sysreg(read_sysreg(tpidr_el0) ^ PAGE_SIZE, tpidr_el0);
		return true;
	case 2:
		if (!COMPAT_CPU_HAS_SME)
			return false;
		write_sysreg_s(read_sysreg_s(ARCH_TPIDR2_EL0) ^ PAGE_SIZE, ARCH_TPIDR2_EL0);
		return true;
	}
	if (!arch_simd_live(regs))
		return false;
	switch (other) {
	case 3:
		write_sysreg(read_sysreg(fpcr) ^ ARCH_FPCR_RMODE, fpcr);
		return true;
	case 4:
		write_sysreg(read_sysreg(fpsr) ^ ARCH_FPSR_QC, fpsr);
		return true;
	case 5:
		if (!COMPAT_CPU_HAS_FPMR)
			return false;
		write_sysreg_s(read_sysreg_s(ARCH_FPMR) ^ ARCH_FPMR_OSM, ARCH_FPMR);
		return true;
	case 6:		/* zero {za0.d} */
		if (!COMPAT_CPU_HAS_SME || !(read_sysreg_s(ARCH_SVCR) & ARCH_SVCR_ZA))
			return false;
		asm volatile(".inst 0xc0080001" : : : "memory");
		return true;
	case 7:		/* zero {zt0} */
		if (!COMPAT_CPU_HAS_SME2 || !(read_sysreg_s(ARCH_SVCR) & ARCH_SVCR_ZA))
			return false;
		asm volatile(".inst 0xc0480001" : : : "memory");
		return true;
	}
	if (!test_thread_flag(TIF_SVE))
		return false;
	switch (other) {
	case 8:		/* what is above the first 128 bits of z31 */
		asm volatile(".arch_extension simd\n\tmov v31.16b, v31.16b" : : : "memory");
		return true;
	case 9:		/* pfalse p15.b */
		asm volatile(".inst 0x2518e40f" : : : "memory");
		return true;
	case 10:	/* setffr */
		asm volatile(".inst 0x252c9000" : : : "memory");
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

#ifndef ARCH_DELIVERY_BY_REGS
static inline bool arch_in_syscall(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1;
}
#endif

/*
 * Of an interrupted task, which runs; with interrupts off. @turn is how often that has been done.
 * Returns whether it could be done.
 */
static inline bool arch_plant(enum pbt_plant plant, struct pt_regs *regs, u64 turn)
{
	unsigned int i;

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
	case PBT_PLANT_OTHERS:
		for (i = 0; i < ARCH_OTHERS; i++)
			if (arch_plant_other((turn + i) % ARCH_OTHERS, regs))
				return true;
		return false;
	default:
		return false;
	}
}

#endif /* PBT_ARCH_H */
