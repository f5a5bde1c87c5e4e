// SPDX-License-Identifier: GPL-2.0
/*
 * TWA_SIGNAL <-> TWA_SIGNAL_NO_IPI: rewrites the mode that task_work_add(task, work, mode) was
 * called with, kernel/task_work.c of 5.10.223, 6.1, 6.12 and 7.2. In 6.12 the argument has flags
 * beside the mode (TWA_FLAGS), which stay.
 */
#include <linux/sched/signal.h>

#include "arch.h"
#include "compat.h"
#include "plant.h"
#include "probes.h"

#define MODE_MASK	0xffUL

static void notify_entry(unsigned int probe, struct pt_regs *regs)
{
	const unsigned long notify = arch_argument(regs, 2);
	const unsigned long mode = notify & MODE_MASK;
	unsigned long wanted = mode;
	struct task_struct *task;
	struct pbt_session *s;

	/* TWA_RESUME and the others are not for io_uring */
	if (mode != TWA_SIGNAL && !(COMPAT_HAS_NO_IPI && mode == COMPAT_TWA_NO_IPI))
		return;
	task = (struct task_struct *)arch_argument(regs, 0);
	s = pbt_session_of(task_tgid(task));
	if (!s)
		return;
	atomic64_inc(&s->notify_seen[mode == TWA_SIGNAL ? PBT_NOTIFY_SIGNAL :
						       PBT_NOTIFY_SIGNAL_NO_IPI]);
	switch (READ_ONCE(s->knobs.notify)) {
	case PBT_NOTIFY_SIGNAL:
		wanted = TWA_SIGNAL;
		break;
	case PBT_NOTIFY_SIGNAL_NO_IPI:
		wanted = COMPAT_TWA_NO_IPI;
		break;
	}
	if (wanted != mode)
		atomic64_inc(&s->notify_changed);
	wanted = pbt_plant_mode(s, wanted);
	if (wanted != mode)
		arch_set_argument(regs, 2, (notify & ~MODE_MASK) | wanted);
}

const struct pbt_probe_type pbt_notify_type = {
	.symbols = { "task_work_add" },
	.entry = notify_entry,
};
