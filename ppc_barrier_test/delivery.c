// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery accounting. Each worker creation (create_io_thread()) and each run of io_uring's
 * task_work (tctx_task_work(), io-wq's create_worker_cb()) in a task of the session is counted by
 * what had brought that task into the kernel, and by whether the CPU held its vector state then.
 *
 * powerpc keeps the vector in the user's struct pt_regs. x86 and arm64 tell a system call from
 * everything else there (syscall_get_nr()); which interrupt it was is taken from the tracepoints of
 * arch.h, the last that found the task in user mode.
 *
 * create_io_thread(): kernel/fork.c; create_worker_cb(): io_uring/io-wq.c; tctx_task_work():
 * io_uring/io_uring.c, io_uring/tw.c in 7.2. task_work_run() calls the last two by pointer, so they
 * are never inlined.
 */
#include <linux/hash.h>
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "arch.h"
#include "delivery.h"
#include "plant.h"
#include "probes.h"
#include "tracepoints.h"

#define STACK_DEPTH	48

static DEFINE_MUTEX(delivery_mutex);
static unsigned int users;
static unsigned long task_work_run_begin, task_work_run_end;

#ifndef ARCH_DELIVERY_BY_REGS

#define TASK_BITS	10

/*
 * The last interrupt that came to a task in user mode. By the task, which may have been on another
 * CPU since: its address, and enum pbt_delivery in the low bits, where that is 0.
 */
static unsigned long last_irqs[1 << TASK_BITS];

static unsigned long *last_irq(const struct task_struct *task)
{
	return &last_irqs[hash_ptr((void *)task, TASK_BITS)];
}

/* Not while the task is in a system call: what comes then does not bring it into the kernel. */
static void irq_came(enum pbt_delivery kind)
{
	BUILD_BUG_ON(__alignof__(struct task_struct) < PBT_NR_DELIVERIES);
	if (!(current->flags & PF_KTHREAD) &&
	    syscall_get_nr(current, task_pt_regs(current)) == -1)
		WRITE_ONCE(*last_irq(current), (unsigned long)current | kind);
}

/* Each @data is the kind that the tracepoint tells. */
static void __maybe_unused irq_vector(void *data, int vector)
{
	irq_came((uintptr_t)data);
}

/* arch/arm64/kernel/smp.c: ipi_types[] */
static void __maybe_unused irq_reason(void *data, const char *reason)
{
	irq_came(strncmp(reason, "Rescheduling", 12) ? PBT_OTHER : (uintptr_t)data);
}

/* drivers/clocksource/arm_arch_timer.c requests its interrupts by this name */
static void __maybe_unused irq_handler(void *data, int irq, struct irqaction *action)
{
	irq_came(action->name && !strcmp(action->name, "arch_timer") ? PBT_TICK : (uintptr_t)data);
}

static void __maybe_unused irq_fault(void *data, unsigned long address, struct pt_regs *regs,
				     unsigned long error)
{
	irq_came((uintptr_t)data);
}

#define IRQ_TRACEPOINT(point, called, kind) \
	{ .name = (point), .function = (called), .data = (void *)(uintptr_t)(kind) }
static struct pbt_trace traces[] = ARCH_TRACEPOINTS;

static enum pbt_delivery arch_delivery(const struct pt_regs *regs)
{
	unsigned long kind;

	if (arch_in_syscall((struct pt_regs *)regs))
		return PBT_SYSCALL_EXIT;
	kind = READ_ONCE(*last_irq(current)) - (unsigned long)current;
	/* another task may take the same place */
	return kind < PBT_NR_DELIVERIES ? kind : PBT_OTHER;
}

#else /* ARCH_DELIVERY_BY_REGS */

static struct pbt_trace traces[0];

#endif

/* Whether the running function was called, however indirectly, by task_work_run(). */
static bool in_task_work(void)
{
	unsigned long stack[STACK_DEPTH];
	unsigned int nr, i;

	nr = stack_trace_save(stack, STACK_DEPTH, 0);
	for (i = 0; i < nr; i++)
		if (stack[i] >= task_work_run_begin && stack[i] < task_work_run_end)
			return true;
	return false;
}

static void count(atomic64_t histogram[2][PBT_NR_DELIVERIES], bool creation)
{
	const struct pt_regs *regs = task_pt_regs(current);
	enum pbt_delivery delivery;
	bool live = false;

	if (current->flags & (PF_KTHREAD | PF_IO_WORKER)) {
		delivery = PBT_KTHREAD;
	} else {
		delivery = arch_delivery(regs);
		live = arch_vector_live(current, regs);
		if (creation && delivery == PBT_SYSCALL_EXIT && !in_task_work())
			delivery = PBT_IN_SYSCALL;
	}
	atomic64_inc(&histogram[live][delivery]);
}

static void worker_entry(unsigned int probe, struct pt_regs *regs)
{
	struct pbt_session *s = pbt_session_of(task_tgid(current));

	if (!s)
		return;
	if (READ_ONCE(s->knobs.flags) & PBT_ACCOUNT)
		count(s->workers, true);
	pbt_plant_registers(s);
}

static void task_work_entry(unsigned int probe, struct pt_regs *regs)
{
	struct pbt_session *s = pbt_session_of(task_tgid(current));

	if (s && READ_ONCE(s->knobs.flags) & PBT_ACCOUNT)
		count(s->task_work, false);
}

const struct pbt_probe_type pbt_worker_type = {
	.symbols = { "create_io_thread" },
	.entry = worker_entry,
};

const struct pbt_probe_type pbt_tctx_type = {
	.symbols = { "tctx_task_work" },
	.entry = task_work_entry,
};

const struct pbt_probe_type pbt_create_cb_type = {
	.symbols = { "create_worker_cb" },
	.entry = task_work_entry,
};

u32 pbt_delivery_kinds(void)
{
	const u32 probes = BIT(PROBE_CREATE_IO_THREAD) | BIT(PROBE_TCTX_TASK_WORK) |
			   BIT(PROBE_CREATE_WORKER_CB);
	static u32 kinds;

	mutex_lock(&delivery_mutex);
	if (!kinds && (pbt_probes_present() & probes) == probes &&
	    pbt_traces_found(traces, ARRAY_SIZE(traces)) &&
	    !pbt_probes_range("task_work_run", &task_work_run_begin, &task_work_run_end))
		kinds = BIT(PBT_NR_DELIVERIES) - 1;
	mutex_unlock(&delivery_mutex);
	return kinds;
}

int pbt_delivery_get(void)
{
	int ret = 0;

	mutex_lock(&delivery_mutex);
	if (!users)
		ret = pbt_traces_take(traces, ARRAY_SIZE(traces));
	if (!ret)
		users++;
	mutex_unlock(&delivery_mutex);
	return ret;
}

void pbt_delivery_put(void)
{
	mutex_lock(&delivery_mutex);
	if (!--users)
		pbt_traces_release(traces, ARRAY_SIZE(traces));
	mutex_unlock(&delivery_mutex);
}
