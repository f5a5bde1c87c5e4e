// SPDX-License-Identifier: GPL-2.0
/*
 * PBT_LITMUS: are the barriers really there? Message passing (MP) and store buffering (SB) across
 * what the kernel promises to order memory, as the litmus tests of tools/memory-model do it; see
 * ppc_barrier_test.h for the two shapes, pbt_edges.h for the edges.
 *
 * Two kthreads on two CPUs run one edge in one form. Where the edge costs little they pass many
 * cells, each with an x and a y of its own, between two meetings: with random delays, alignment and
 * distance of x and y, and in half of the batches in opposite directions, so that they are bound to
 * be at the same cell once. Where it sets off something that has to end first (a handler, a work),
 * there is one cell and T0 waits for each. Cells hold the number of the batch in place of 1: what
 * was there before it counts as 0, so that nothing has to be cleared.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "litmus.h"

static DEFINE_MUTEX(litmus_mutex);

void pbt_litmus_give_up(struct litmus *l, int error)
{
	cmpxchg(&l->error, 0, error);
	WRITE_ONCE(l->stop, true);
}

bool pbt_litmus_go_on(struct litmus *l, int self)
{
	if (raw_smp_processor_id() != l->arg->cpu[self])
		pbt_litmus_give_up(l, -ENODEV);	/* unplugged */
	if (READ_ONCE(l->stop))
		return false;
	cond_resched();
	return true;
}

bool pbt_litmus_meet(struct litmus *l, int self)
{
	const u32 n = pbt_litmus_arrive(l, self);
	u32 spins = 0;

	while (!pbt_litmus_has_arrived(l, !self, n)) {
		pbt_litmus_spin(spins);
		if (!(++spins % SPINS) && !pbt_litmus_go_on(l, self))
			return false;
	}
	return true;
}

/* --- the table */

static const struct {
	const struct pbt_litmus_edge *how;
	const char *without[2];		/* of PBT_FORM_WEAK and the next form */
	enum pbt_receiver receiver;
} edges[PBT_NR_EDGES] = {
#define PBT_EDGE(id, name, without, without_other, receiver, ...) \
	[PBT_EDGE_##id] = { &pbt_edge_##name, { without, without_other }, receiver },
#include "pbt_edges.h"
};

static int side_main(void *data)
{
	struct pbt_litmus_side *s = data;
	struct litmus *l = s->l;
	const int self = s - l->side;

	if (l->arg->form == PBT_FORM_BARE)
		pbt_litmus_bare(l, self);
	else if (!l->edge->side[0])
		pbt_litmus_batches(l, self);
	else if (l->edge->side[self])
		l->edge->side[self](l);
	else
		return 0;
	complete(&l->ended);
	return 0;
}

/* --- the call */

u32 pbt_litmus_edges(void)
{
	u32 i, has = 0;

	for (i = 0; i < PBT_NR_EDGES; i++)
		if (!edges[i].how->missing)
			has |= BIT(i);
	return has;
}

static bool has_form(u32 edge, u32 form)
{
	const struct pbt_litmus_edge *how = edges[edge].how;

	switch (form) {
	case PBT_FORM_WEAK:
	case PBT_FORM_WEAK_OTHER:
		return edges[edge].without[form - PBT_FORM_WEAK] &&
		       compat_notify_flag(how->notify) >= 0;
	case PBT_FORM_BARE:
		return !how->side[0];
	default:
		return true;
	}
}

static int check(const struct pbt_litmus *a)
{
	int i;

	if (a->edge >= PBT_NR_EDGES || a->form >= PBT_NR_FORMS ||
	    !a->msecs || a->msecs > PBT_LITMUS_MSECS_MAX || a->cpu[0] == a->cpu[1] ||
	    (a->receiver && !edges[a->edge].receiver) || a->reserved)
		return -EINVAL;
	if (!(pbt_litmus_edges() & BIT(a->edge)) || !has_form(a->edge, a->form))
		return -EOPNOTSUPP;
	for (i = 0; i < 2; i++)
		if (a->cpu[i] >= nr_cpu_ids || !cpu_online(a->cpu[i]))
			return -ENODEV;
	return 0;
}

static void stop_sides(struct litmus *l)
{
	int i;

	WRITE_ONCE(l->stop, true);
	for (i = 0; i < 2; i++) {
		if (!l->task[i])
			continue;
		kthread_stop(l->task[i]);
		put_task_struct(l->task[i]);
	}
}

static int start_sides(struct litmus *l)
{
	struct task_struct *task;
	int i;

	for (i = 0; i < 2; i++) {
		l->side[i].l = l;
		task = kthread_create_on_node(side_main, &l->side[i],
					      cpu_to_node(l->arg->cpu[i]), "pbt_litmus/%d", i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		/* it may end before it is stopped */
		l->task[i] = get_task_struct(task);
		kthread_bind(task, l->arg->cpu[i]);
	}
	for (i = 0; i < 2; i++)
		wake_up_process(l->task[i]);
	return 0;
}

static void gather(struct litmus *l, u64 nsecs)
{
	struct pbt_litmus *a = l->arg;
	int i, side;

	a->nsecs = nsecs;
	a->discarded = l->discarded;
	if (a->form == PBT_FORM_BARE) {
		/* the slower of the two is what counts */
		a->iterations = min(l->side[0].batches, l->side[1].batches) * l->cells;
		return;
	}
	for (side = 0; side < 2; side++)
		for (i = 0; i < PBT_OUTCOMES; i++)
			a->outcome[i] += l->side[side].outcome[i];
	for (i = 0; i < PBT_OUTCOMES; i++)
		a->iterations += a->outcome[i];
}

static int run(struct litmus *l)
{
	const struct pbt_litmus_edge *edge = l->edge;
	u64 begin;
	long left;
	int ret = 0;

	if (edge->setup)
		ret = edge->setup(l);
	if (ret)
		return ret;
	begin = ktime_get_ns();
	ret = start_sides(l);
	left = ret ? 1 : wait_for_completion_interruptible_timeout(&l->ended,
						msecs_to_jiffies(l->arg->msecs));
	stop_sides(l);
	if (edge->cleanup)
		edge->cleanup(l);
	gather(l, ktime_get_ns() - begin);
	if (ret)
		return ret;
	if (l->error)
		return l->error;
	return left < 0 && !l->arg->iterations ? -EINTR : 0;
}

/*
 * 0, or -errno as PBT_LITMUS has it; -ENOMEM. The kthreads and whatever they set off have ended
 * when it returns, except for a receiver's task_work: see cleanup_task_work().
 */
long pbt_litmus_run(struct pbt_litmus *arg)
{
	struct litmus *l;
	int ret;

	memset(arg->outcome, 0, sizeof(arg->outcome));
	arg->iterations = 0;
	arg->discarded = 0;
	arg->nsecs = 0;
	ret = check(arg);
	if (ret)
		return ret;
	ret = mutex_lock_interruptible(&litmus_mutex);
	if (ret)
		return ret;
	/* half a MiB, which those that wait do without */
	l = kvzalloc_obj(*l, GFP_KERNEL);
	if (l) {
		l->arg = arg;
		l->edge = edges[arg->edge].how;
		l->cells = l->edge->cells;
		l->mm = current->mm;
		l->side[0].random = (arg->seed * 2654435761U) | 1;
		l->side[1].random = (arg->seed * 2246822519U) | 1;
		init_completion(&l->ended);
	}
	ret = l ? run(l) : -ENOMEM;
	mutex_unlock(&litmus_mutex);
	kvfree(l);
	return ret;
}
