// SPDX-License-Identifier: GPL-2.0
/*
 * Edges that set off something on T1's CPU which then reads x: an IPI, a work, a completion.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "litmus.h"

/* Returns false if the run ended first. */
static bool wait_done(struct litmus *l, const u32 *done, u32 n)
{
	u32 spins = 0;

	/* pairs with receive() and on_task_work() */
	while ((s32)(smp_load_acquire(done) - n) < 0) {
		pbt_litmus_spin(spins);
		if (!(++spins % SPINS) && !pbt_litmus_go_on(l, 0))
			return false;
	}
	return true;
}

void pbt_litmus_sender(struct litmus *l)
{
	struct parcel *p = l->parcel;
	u32 *x = p ? &p->x : &l->cell_x, *seen = p ? &p->seen : l->seen;
	u32 *done = p ? &p->done : &l->done, g;
	int told;

	for (g = 1; pbt_litmus_go_on(l, 0); g++) {
		pbt_litmus_delay(l, 0);
		if (p)
			refcount_inc(&p->refs);
		/* pairs with the edge's other side: in the control, too, all before x is seen */
		smp_mb();
		WRITE_ONCE(*x, g);
		if (l->arg->form == PBT_FORM_BARRIER)
			pbt_litmus_mb(l);
		told = l->edge->send(l);
		if (told < 0) {
			if (p)
				pbt_litmus_parcel_put(p);
			pbt_litmus_give_up(l, told);
			return;
		}
		if (!wait_done(l, done, g))
			return;
		pbt_litmus_count(&l->side[0], told, READ_ONCE(*seen) == g);
	}
}

static void receive(struct litmus *l)
{
	const u32 n = l->done + 1;

	if (l->arg->form == PBT_FORM_BARRIER)
		pbt_litmus_mb(l);
	WRITE_ONCE(l->seen[l->edge->send ? 0 : n % 4], READ_ONCE(l->cell_x));
	/* pairs with wait_done() */
	smp_store_release(&l->done, n);
}

static void on_ipi(void *info)
{
	receive(info);
}

static int send_ipi(struct litmus *l)
{
	if (smp_call_function_single_async(l->arg->cpu[1], &l->csd))
		return -ENODEV;	/* -ENXIO: it has gone offline */
	l->sent++;
	return 1;
}

static int setup_ipi(struct litmus *l)
{
	l->csd.func = on_ipi;
	l->csd.info = l;
	return 0;
}

/* It has been sent, so it comes; a CPU that goes offline runs what it has (smpcfd_dying_cpu()). */
static void cleanup_ipi(struct litmus *l)
{
	/* pairs with receive() */
	while ((s32)(smp_load_acquire(&l->done) - l->sent) < 0)
		schedule_timeout_uninterruptible(1);
}

/* A CPU that runs something is interrupted sooner than one that sleeps. */
static void spinner(struct litmus *l)
{
	u32 spins;

	do {
		for (spins = 0; spins < SPINS; spins++)
			barrier();
	} while (pbt_litmus_go_on(l, 1));
}

const struct pbt_litmus_edge pbt_edge_ipi = {
	.delay = 64,
	.side = { pbt_litmus_sender, spinner },
	.send = send_ipi,
	.setup = setup_ipi,
	.cleanup = cleanup_ipi,
};

static void on_work(struct work_struct *work)
{
	receive(container_of(work, struct litmus, work));
}

static int send_work(struct litmus *l)
{
	return queue_work_on(l->arg->cpu[1], l->wq, &l->work);
}

static int setup_work(struct litmus *l)
{
	INIT_WORK(&l->work, on_work);
	/* as system_wq is, which schedule_work() takes */
	l->wq = alloc_workqueue("pbt_litmus", COMPAT_WQ_PERCPU, 0);
	return l->wq ? 0 : -ENOMEM;
}

static void cleanup_work(struct litmus *l)
{
	destroy_workqueue(l->wq);
}

const struct pbt_litmus_edge pbt_edge_queue_work = {
	.delay = 64,
	.side = { pbt_litmus_sender, NULL },
	.send = send_work,
	.setup = setup_work,
	.cleanup = cleanup_work,
};

/*
 * What queue_work_on() does when it finds @work pending, but with nothing that orders what came
 * before: SB+queue-work+no-caller-mb.litmus. Who has set the bit owns it, and gives it back.
 */
static bool is_queued_weak(struct work_struct *work)
{
	unsigned long flags;
	bool pending;

	local_irq_save(flags);
	pending = test_and_set_bit_lock(WORK_STRUCT_PENDING_BIT, work_data_bits(work));
	if (!pending)
		clear_bit(WORK_STRUCT_PENDING_BIT, work_data_bits(work));
	local_irq_restore(flags);
	return pending;
}

/*
 * T0 stores and queues the work again and again. Each time the work turns out to be queued anew, it
 * was begun after the last call that found it pending, and must have seen what was stored before
 * that call. So the two come as close as they can, and there is one event for each time it ran.
 */
static void queuer(struct litmus *l)
{
	const u32 form = l->arg->form;
	u32 g, pending = 0, runs = 0;
	bool queued;

	for (g = 1; g % 256 || pbt_litmus_go_on(l, 0); g++) {
		WRITE_ONCE(l->cell_x, g);
		if (form == PBT_FORM_BARRIER)
			pbt_litmus_mb(l);
		queued = !(form == PBT_FORM_WEAK && is_queued_weak(&l->work)) && send_work(l);
		if (!queued) {
			pending = g;
			continue;
		}
		if (runs && !wait_done(l, &l->done, runs))
			return;
		if (runs && pending)
			pbt_litmus_count(&l->side[0], false,
					 (s32)(l->seen[runs % 4] - pending) >= 0);
		pending = 0;
		runs++;
		pbt_litmus_delay(l, 0);
	}
}

const struct pbt_litmus_edge pbt_edge_queue_work_pending = {
	.delay = 512,
	.side = { queuer, NULL },
	.setup = setup_work,
	.cleanup = cleanup_work,
};

static int send_completion(struct litmus *l)
{
	complete(&l->event);
	return 1;
}

static int setup_completion(struct litmus *l)
{
	init_completion(&l->event);
	return 0;
}

/* Without sleeping. The control looks without the lock: MP+completion+unlocked.litmus. */
static void poll_completion(struct litmus *l)
{
	const bool weak = l->arg->form == PBT_FORM_WEAK;
	u32 spins;

	for (spins = 0; spins < SPINS; spins++) {
		if (weak ? !READ_ONCE(l->event.done) : !try_wait_for_completion(&l->event)) {
			barrier();
			continue;
		}
		receive(l);
		if (weak)
			try_wait_for_completion(&l->event);
		return;
	}
}

static void waiter(struct litmus *l)
{
	while (pbt_litmus_go_on(l, 1)) {
		if (pbt_litmus_random(&l->side[1], 2))
			poll_completion(l);
		else if (wait_for_completion_timeout(&l->event, HZ / 20))
			receive(l);
	}
}

const struct pbt_litmus_edge pbt_edge_completion = {
	.delay = 64,
	.side = { pbt_litmus_sender, waiter },
	.send = send_completion,
	.setup = setup_completion,
};
