// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers and delays at named points. arch.h has the table of what each action becomes.
 *
 * What is read of the functions' arguments, in 5.10.223, 6.1, 6.12 and 7.2: the first one of
 * try_to_wake_up() and kick_process(), kernel/sched/core.c, is the task; generic_perform_write()
 * and filemap_read(), mm/filemap.c, have a kiocb and an iov_iter (but see compat.h).
 */
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <linux/highmem.h>

#include "arch.h"
#include "compat.h"
#include "plant.h"
#include "probes.h"

/* The part of a file that a page-cache function works on; file is NULL elsewhere. */
struct span {
	struct file *file;
	loff_t pos;
	size_t len;
};

/* What an exit handler needs to know; a task may be gone by then, so its tgid is only compared. */
struct call {
	const struct pid *tgid;
	struct span span;
};

#define UDELAY_STEP	10	/* us */
#define FLUSH_PAGES	64	/* of one read or write at most: 256 KiB with pages of 4 KiB */

/* Each action a function of its own, for a disassembler to find. */
#define ACTION(name, what)				\
static noinline void pbt_action_##name(void)		\
{							\
	what;						\
}

/* Barriers pair with whatever the kernel does at the other end of the point. */
ACTION(mb, mb())	/* see above */
ACTION(rmb, rmb())	/* see above */
ACTION(wmb, wmb())	/* see above */
ACTION(isync, arch_isync())
ACTION(lwsync, arch_lwsync())

/*
 * As the mail has it: flush_dcache_page() whether or not the file is mapped writable. powerpc and
 * arm64 only clear PG_dcache_clean there, which has the instruction cache flushed at the page's
 * next execution; on x86-64 it is nothing. Pages that are not in the page cache are passed over.
 */
static noinline void pbt_action_flush_dcache(const struct span *span)
{
	pgoff_t index = span->pos >> PAGE_SHIFT, last;
	struct page *page;

	/* nothing to do, and no place to put a page: the handler of a breakpoint is like an NMI */
	if (!ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE)
		return;
	if (!span->file || !span->len)
		return;
	last = (span->pos + span->len - 1) >> PAGE_SHIFT;
	if (last - index >= FLUSH_PAGES)
		last = index + FLUSH_PAGES - 1;
	for (; index <= last; index++) {
		page = find_get_page(span->file->f_mapping, index);
		if (!page)
			continue;
		flush_dcache_page(page);
		put_page(page);
	}
}

/*
 * By the clock: x86's udelay() counts cycles of a TSC as many as calibrate_delay() found, which for
 * all CPUs but the first may be a fourth of what they are in a guest whose host was busy as it came
 * up. Where only the tick moves the clock, and interrupts are off, it ends after five times the
 * steps.
 */
static noinline void pbt_action_udelay(u32 usecs)
{
	const u64 end = ktime_get_mono_fast_ns() + (u64)usecs * NSEC_PER_USEC;
	u32 steps = 5 * DIV_ROUND_UP(usecs, UDELAY_STEP);

	while (steps-- && ktime_get_mono_fast_ns() < end)
		udelay(min_t(u32, usecs, UDELAY_STEP));
}

/*
 * Delays that were spent since this CPU had its interrupts on, in microseconds: try_to_wake_up() is
 * called for each waiter of a queue without a break. They were on when irqs_on has run, which is
 * asked for only when much is spent: it is an interrupt itself.
 */
static DEFINE_PER_CPU(u32, irqs_off_usecs);
static DEFINE_PER_CPU(struct irq_work, irqs_on);

/*
 * Delays that were spent since this CPU was to turn to another task, in microseconds: a signal
 * wakes all processes of a group under tasklist_lock, io_uring submits many writes in one call. RCU
 * asks for it, too, before it reports a stall.
 */
static DEFINE_PER_CPU(u32, late_usecs);

static void irqs_were_on(struct irq_work *work)
{
	this_cpu_write(irqs_off_usecs, 0);
}

/* What of a delay may be spent. In the handler of a breakpoint interrupts are off, too. */
static u32 pbt_delay_allowed(u32 usecs)
{
	u32 spent, allowed;

	if (!need_resched())
		this_cpu_write(late_usecs, 0);
	else if (this_cpu_add_return(late_usecs, usecs) > PBT_LATE_MAX)
		return 0;
	if (!irqs_disabled())
		return usecs;
	spent = this_cpu_read(irqs_off_usecs);
	allowed = min(usecs, PBT_IRQS_OFF_MAX - spent);
	this_cpu_write(irqs_off_usecs, spent + allowed);
	if (spent + allowed >= PBT_IRQS_OFF_MAX / 8)
		irq_work_queue(this_cpu_ptr(&irqs_on));
	return allowed;
}

void pbt_inject_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		init_irq_work(per_cpu_ptr(&irqs_on, cpu), irqs_were_on);
}

void pbt_inject_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&irqs_on, cpu));
}

static void act(struct pbt_session *s, unsigned int point, const struct span *span)
{
	const struct pbt_knob *knob = &s->knobs.point[point];
	u32 usecs, allowed;

	switch (READ_ONCE(knob->action)) {
	case PBT_OFF:
		/* another session's probe */
		return;
	case PBT_MB:
		pbt_action_mb();
		break;
	case PBT_RMB:
		pbt_action_rmb();
		break;
	case PBT_WMB:
		pbt_action_wmb();
		break;
	case PBT_ISYNC:
		pbt_action_isync();
		break;
	case PBT_LWSYNC:
		pbt_action_lwsync();
		break;
	case PBT_FLUSH_DCACHE:
		pbt_action_flush_dcache(span);
		break;
	case PBT_UDELAY:
		usecs = READ_ONCE(knob->usecs);
		allowed = pbt_delay_allowed(usecs);
		if (allowed < usecs)
			atomic64_inc(&s->cut);
		pbt_action_udelay(allowed);
		break;
	}
	atomic64_inc(&s->point[point]);
}

static struct task_struct *first_task(struct pt_regs *regs)
{
	return (struct task_struct *)arch_argument(regs, 0);
}

static void perform_write_span(struct pt_regs *regs, struct span *span)
{
	const unsigned long arg[3] = {
		arch_argument(regs, 0), arch_argument(regs, 1), arch_argument(regs, 2),
	};

	compat_perform_write_args(arg, &span->file, &span->pos, &span->len);
}

static void filemap_read_span(struct pt_regs *regs, struct span *span)
{
	const struct kiocb *iocb = (const void *)arch_argument(regs, 0);

	span->file = iocb->ki_filp;
	span->pos = iocb->ki_pos;
	span->len = iov_iter_count((const void *)arch_argument(regs, 1));
}

/* Of what part of a file a point's function works on; the others have none. */
static void (*const spans[PBT_NR_POINTS])(struct pt_regs *regs, struct span *span) = {
	[PBT_PERFORM_WRITE] = perform_write_span,
	[PBT_PERFORM_WRITE_EXIT] = perform_write_span,
	[PBT_FILEMAP_READ] = filemap_read_span,
	[PBT_FILEMAP_READ_EXIT] = filemap_read_span,
};

bool pbt_point_has_span(unsigned int point)
{
	return spans[point];
}

static void get_span(unsigned int point, struct pt_regs *regs, struct span *span)
{
	span->file = NULL;
	if (spans[point])
		spans[point](regs, span);
}

/* The session that counts: of the task that is woken or kicked, or of the one that runs. */
static const struct pid *point_tgid(unsigned int point, struct pt_regs *regs)
{
	switch (point) {
	case PBT_TRY_TO_WAKE_UP:
	case PBT_TRY_TO_WAKE_UP_EXIT:
	case PBT_KICK_PROCESS:
	case PBT_KICK_PROCESS_EXIT:
		return task_tgid(first_task(regs));
	default:
		return task_tgid(current);
	}
}

static void point_entry(unsigned int point, struct pt_regs *regs)
{
	struct pbt_session *s = pbt_session_of(point_tgid(point, regs));
	struct span span;

	if (!s)
		return;
	get_span(point, regs, &span);
	act(s, point, &span);
	if (point == PBT_KICK_PROCESS)
		pbt_plant_kick(s, regs);
}

static bool point_call(unsigned int point, struct pt_regs *regs, void *data)
{
	struct call *call = data;

	BUILD_BUG_ON(sizeof(*call) > PROBE_DATA);
	call->tgid = point_tgid(point, regs);
	if (!pbt_session_of(call->tgid))
		return false;
	get_span(point, regs, &call->span);
	return true;
}

static void point_exit(unsigned int point, struct pt_regs *regs, void *data)
{
	const struct call *call = data;
	struct pbt_session *s = pbt_session_of(call->tgid);

	if (s)
		act(s, point, &call->span);
}

#define ENTRY(...)	{ .symbols = { __VA_ARGS__ }, .entry = point_entry }
#define EXIT(...)	{ .symbols = { __VA_ARGS__ }, .call = point_call, .exit = point_exit }

/* A function by all the names that it has had: those that this kernel has are probed. */
const struct pbt_probe_type pbt_point_types[PBT_NR_POINTS] = {
	[PBT_TRY_TO_WAKE_UP] = ENTRY("try_to_wake_up"),
	[PBT_TRY_TO_WAKE_UP_EXIT] = EXIT("try_to_wake_up"),
	[PBT_KICK_PROCESS] = ENTRY("kick_process"),
	[PBT_KICK_PROCESS_EXIT] = EXIT("kick_process"),
	[PBT_IO_WRITE] = ENTRY("io_write", "io_write_fixed"),
	[PBT_TASK_WORK_RUN] = ENTRY("task_work_run"),
	[PBT_PERFORM_WRITE] = ENTRY("generic_perform_write"),
	[PBT_PERFORM_WRITE_EXIT] = EXIT("generic_perform_write"),
	[PBT_FILEMAP_READ] = ENTRY("filemap_read", "generic_file_buffered_read"),
	[PBT_FILEMAP_READ_EXIT] = EXIT("filemap_read", "generic_file_buffered_read"),
};
