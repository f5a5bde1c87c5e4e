// SPDX-License-Identifier: GPL-2.0
/*
 * io-wq workers kept to a number, and each to the CPU on which it was created: arguments of two
 * functions of the kernel are rewritten, in 5.10.223, 6.1, 6.12 and 7.2 the same:
 *
 * io_wq_create(bounded, data), io_uring/io-wq.c: once by each thread that submits; @bounded is the
 * first number of IORING_REGISTER_IOWQ_MAX_WORKERS, by which it can be changed later.
 * set_cpus_allowed_ptr(task, mask), kernel/sched/core.c: for each new worker by its creator, before
 * the worker has run (io_init_new_worker()).
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "arch.h"
#include "compat.h"
#include "probes.h"

static void io_wq_entry(unsigned int probe, struct pt_regs *regs)
{
	struct pbt_session *s = pbt_session_of(task_tgid(current));
	u32 most;

	if (!s)
		return;
	most = READ_ONCE(s->knobs.workers);
	if (!most || (unsigned int)arch_argument(regs, 0) <= most)
		return;
	arch_set_argument(regs, 0, most);
	atomic64_inc(&s->limited);
}

static void set_cpus_entry(unsigned int probe, struct pt_regs *regs)
{
	struct task_struct *task = (struct task_struct *)arch_argument(regs, 0);
	struct pbt_session *s;

	/* of a worker that has run it is somebody else's call */
	if (!(task->flags & PF_IO_WORKER) || compat_task_state(task) != TASK_NEW)
		return;
	s = pbt_session_of(task_tgid(current));
	if (!s || !(READ_ONCE(s->knobs.flags) & PBT_PIN_WORKERS))
		return;
	arch_set_argument(regs, 1, (unsigned long)cpumask_of(smp_processor_id()));
	atomic64_inc(&s->pinned);
}

const struct pbt_probe_type pbt_io_wq_type = {
	.symbols = { "io_wq_create" },
	.entry = io_wq_entry,
};

const struct pbt_probe_type pbt_set_cpus_type = {
	.symbols = { "set_cpus_allowed_ptr" },
	.entry = set_cpus_entry,
};
