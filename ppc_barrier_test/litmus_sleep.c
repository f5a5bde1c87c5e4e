// SPDX-License-Identifier: GPL-2.0
/*
 * sleep_wake: one cell, as a task has one state.
 */
#include <linux/sched.h>

#include "litmus.h"

#define SLEEPER_SPINS	100000	/* some 100 us, with a task state that does not allow to schedule */

static void clog_store_buffer(struct litmus *l, u32 g)
{
	u32 i;

	for (i = 0; i < CLOG_LINES; i++)
		WRITE_ONCE(l->clog[i * CELL_WORDS], g);
}

static void sleeper(struct litmus *l)
{
	const u32 form = l->arg->form;
	struct pbt_litmus_side *s = &l->side[0];
	u32 g, n, spins;
	bool r0, late;

	for (g = 1; pbt_litmus_meet(l, 0); g++) {
		pbt_litmus_delay(l, 0);
		clog_store_buffer(l, g);
		if (form == PBT_FORM_WEAK)
			__set_current_state(TASK_UNINTERRUPTIBLE);
		else
			set_current_state(TASK_UNINTERRUPTIBLE);
		if (form == PBT_FORM_BARRIER)
			pbt_litmus_mb(l);
		r0 = READ_ONCE(l->cell_y) == g;
		n = pbt_litmus_arrive(l, 0);
		late = false;
		for (spins = 0; !pbt_litmus_has_arrived(l, 1, n); spins++) {
			pbt_litmus_spin(spins);
			/* the waker is not running: it will find a state that means nothing */
			if (spins >= SLEEPER_SPINS) {
				late = true;
				break;
			}
		}
		__set_current_state(TASK_RUNNING);
		while (!pbt_litmus_has_arrived(l, 1, n)) {
			cpu_relax();
			if (!pbt_litmus_go_on(l, 0))
				return;
		}
		/* the end of the run wakes the sleeper, too (kthread_stop()) */
		if (late || READ_ONCE(l->stop))
			l->discarded++;
		else
			pbt_litmus_count(s, r0, READ_ONCE(l->result[1][0]));
		if (!(g % 64) && !pbt_litmus_go_on(l, 0))
			return;
	}
}

static void waker(struct litmus *l)
{
	u32 g;

	for (g = 1; pbt_litmus_meet(l, 1); g++) {
		/* the sleeper's stores will have to wait for these lines */
		clog_store_buffer(l, g);
		pbt_litmus_delay(l, 1);
		WRITE_ONCE(l->cell_y, g);
		if (l->arg->form == PBT_FORM_BARRIER)
			pbt_litmus_mb(l);
		WRITE_ONCE(l->result[1][0], l->arg->form == PBT_FORM_WEAK_OTHER ?
			   pbt_litmus_look_weak(l->task[0]) : wake_up_process(l->task[0]));
		if (!pbt_litmus_meet(l, 1))
			return;
		if (!(g % 64) && !pbt_litmus_go_on(l, 1))
			return;
	}
}

const struct pbt_litmus_edge pbt_edge_sleep_wake = {
	.delay = 64,
	.side = { sleeper, waker },
};
