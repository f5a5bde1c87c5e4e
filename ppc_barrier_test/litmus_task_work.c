// SPDX-License-Identifier: GPL-2.0
/*
 * task_work, in a thread of the caller's that returns to user mode.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "litmus.h"

#define ORPHAN_MSECS	1000

static bool used_task_work;

void pbt_litmus_parcel_put(struct parcel *p)
{
	if (refcount_dec_and_test(&p->refs)) {
		kfree(p);
		module_put(THIS_MODULE);
	}
}

static void on_task_work(struct callback_head *work)
{
	struct parcel *p = container_of(work, struct parcel, work);
	const u32 n = p->done + 1;

	if (p->barrier)
		smp_mb();	/* pairs with that of pbt_litmus_sender() */
	WRITE_ONCE(p->seen, READ_ONCE(p->x));
	/* pairs with wait_done() */
	smp_store_release(&p->done, n);
	pbt_litmus_parcel_put(p);
}

/*
 * task_work_add() with nothing that orders what came before: MP+task-work+relaxed.litmus. False
 * where that cannot be: there is other work, or none is taken any more.
 */
static bool add_task_work_weak(struct litmus *l)
{
	struct callback_head *work = &l->parcel->work;
	int flag = compat_notify_flag(l->edge->notify);
	bool told;

	if (work->next) {
		work->next = NULL;
		/* pairs with task_work_run(): who takes the work finds no next */
		smp_mb();
	}
	if (cmpxchg_relaxed(&l->receiver->task_works, NULL, work))
		return false;
	told = test_tsk_thread_flag(l->receiver, flag);
	set_tsk_thread_flag(l->receiver, flag);
	if (!told && l->edge->notify != COMPAT_TWA_NO_IPI)
		kick_process(l->receiver);
	return true;
}

static int send_task_work(struct litmus *l)
{
	if (l->arg->form == PBT_FORM_WEAK && add_task_work_weak(l))
		return 1;
	return task_work_add(l->receiver, &l->parcel->work, l->edge->notify) ?: 1;
}

static int setup_task_work(struct litmus *l)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_vpid(l->arg->receiver), PIDTYPE_PID);
	if (task && task != current && same_thread_group(task, current))
		l->receiver = get_task_struct(task);
	rcu_read_unlock();
	if (!l->receiver)
		return -ESRCH;
	l->parcel = kzalloc_obj(*l->parcel, GFP_KERNEL);
	if (!l->parcel) {
		put_task_struct(l->receiver);
		return -ENOMEM;
	}
	/* the parcel's own, until it is freed; the file has one, too */
	__module_get(THIS_MODULE);
	used_task_work = true;
	refcount_set(&l->parcel->refs, 1);
	init_task_work(&l->parcel->work, on_task_work);
	l->parcel->barrier = l->arg->form == PBT_FORM_BARRIER;
	return 0;
}

/*
 * The receiver may be stopped, or wait for something of ours. Then the parcel stays with it until
 * it runs or ends (exit_task_work()), and the module with the parcel: work cannot be taken back,
 * task_work_cancel() is not for modules.
 */
static void cleanup_task_work(struct litmus *l)
{
	unsigned int ms;

	for (ms = 0; refcount_read(&l->parcel->refs) > 1 && ms < ORPHAN_MSECS; ms += 10)
		schedule_timeout_uninterruptible(msecs_to_jiffies(10));
	pbt_litmus_parcel_put(l->parcel);
	put_task_struct(l->receiver);
}

#define TASK_WORK_EDGE(mode, ...) { \
	.delay = 64, \
	.side = { pbt_litmus_sender, NULL }, \
	.send = send_task_work, \
	.notify = (mode), \
	.setup = setup_task_work, \
	.cleanup = cleanup_task_work, \
	__VA_ARGS__ \
}

const struct pbt_litmus_edge pbt_edge_task_work_resume = TASK_WORK_EDGE(TWA_RESUME);
const struct pbt_litmus_edge pbt_edge_task_work_signal = TASK_WORK_EDGE(TWA_SIGNAL);
const struct pbt_litmus_edge pbt_edge_task_work_no_ipi =
	TASK_WORK_EDGE(COMPAT_TWA_NO_IPI, .missing = !COMPAT_HAS_NO_IPI);

void pbt_litmus_exit(void)
{
	/* a task_work that has told of itself may not have returned to its caller yet */
	if (used_task_work)
		synchronize_rcu_tasks();
}
