// SPDX-License-Identifier: GPL-2.0
/*
 * Edges that cost little, by batches of cells: memory, set_current_state(), wake_up_process() of a
 * task that runs, kthread_use_mm() and kthread_unuse_mm().
 */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "litmus.h"

static void nothing(struct litmus *l)
{
}

static void write_barrier(struct litmus *l)
{
	/* pairs with read_barrier() */
	smp_wmb();
}

static void read_barrier(struct litmus *l)
{
	/* pairs with write_barrier() */
	smp_rmb();
}

/* TASK_RUNNING is harmless, and the store is as good as any. */
static void set_state(struct litmus *l)
{
	set_current_state(TASK_RUNNING);
}

static void set_state_weak(struct litmus *l)
{
	__set_current_state(TASK_RUNNING);
}

static void wake_other(struct litmus *l)
{
	wake_up_process(l->task[1]);
}

bool pbt_litmus_look_weak(struct task_struct *task)
{
	unsigned long flags;
	bool asleep;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	asleep = compat_task_state(task) & TASK_NORMAL;
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
	return asleep;
}

static void wake_other_weak(struct litmus *l)
{
	pbt_litmus_look_weak(l->task[1]);
}

static void use_mm(struct litmus *l)
{
	kthread_use_mm(l->mm);
}

static void unuse_mm(struct litmus *l)
{
	kthread_unuse_mm(l->mm);
}

/*
 * What both do, without their barriers: a store, as that to tsk->mm is one, under the task's lock.
 * SB+kthread-use-mm+no-mb.litmus, SB+kthread-unuse-mm+no-mb.litmus. A thread that has used the mm
 * before changes nothing else (switch_mm_irqs_off() with prev == next).
 */
static void mm_weak(struct litmus *l)
{
	task_lock(current);
	local_irq_disable();
	WRITE_ONCE(l->plain, l->mm);
	local_irq_enable();
	task_unlock(current);
}

/*
 * T0 or T1 of SB. @fences: between is itself between two barriers. Results are in the order of the
 * cells.
 */
static __always_inline void store_load(struct litmus *l, int self, u32 g, step_fn before,
				       step_fn between, step_fn after, bool fences)
{
	u32 *mine = self ? l->y[1] : l->x[0], *other = self ? l->x[1] : l->y[0];
	const int step = l->step[self], forth = step < 0 ? -1 : 1;
	const u32 cells = l->cells;
	u8 *result = l->result[self] + (step < 0 ? cells - 1 : 0);
	u32 i;

	for (i = 0; i < cells; i++) {
		before(l);
		WRITE_ONCE(*mine, g);
		if (fences)
			pbt_litmus_mb(l);
		between(l);
		if (fences)
			pbt_litmus_mb(l);
		WRITE_ONCE(*result, (READ_ONCE(*other) == g) << self);
		after(l);
		mine += step;
		other += step;
		result += forth;
	}
}

static __always_inline void store_store(struct litmus *l, u32 g, step_fn between)
{
	u32 *x = l->x[0], *y = l->y[0];
	const int step = l->step[0];
	const u32 cells = l->cells;
	u32 i;

	for (i = 0; i < cells; i++) {
		WRITE_ONCE(*x, g);
		between(l);
		WRITE_ONCE(*y, g);
		x += step;
		y += step;
	}
}

/* T1 of MP has both results. */
static __always_inline void load_load(struct litmus *l, u32 g, step_fn between)
{
	u32 *x = l->x[1], *y = l->y[1];
	const int step = l->step[1];
	const u32 cells = l->cells;
	u32 i, r0, r1;

	for (i = 0; i < cells; i++) {
		r0 = READ_ONCE(*y);
		between(l);
		r1 = READ_ONCE(*x);
		WRITE_ONCE(l->result[1][i], (r0 == g) + 2 * (r1 == g));
		x += step;
		y += step;
	}
}

#define BATCH(name, accesses)			\
static void name(struct litmus *l, u32 g)	\
{						\
	accesses;				\
}

/* T0 of SB in the kernel's form, as the control, and between barriers. */
BATCH(sb_mb, store_load(l, 0, g, nothing, pbt_litmus_mb, nothing, false))
BATCH(sb_mb_weak, store_load(l, 0, g, nothing, nothing, nothing, false))
BATCH(sb_mb_fenced, store_load(l, 0, g, nothing, pbt_litmus_mb, nothing, true))
BATCH(sb_set_state, store_load(l, 0, g, nothing, set_state, nothing, false))
BATCH(sb_set_state_weak, store_load(l, 0, g, nothing, set_state_weak, nothing, false))
BATCH(sb_set_state_fenced, store_load(l, 0, g, nothing, set_state, nothing, true))
BATCH(sb_wake_up, store_load(l, 0, g, nothing, wake_other, nothing, false))
BATCH(sb_wake_up_weak, store_load(l, 0, g, nothing, wake_other_weak, nothing, false))
BATCH(sb_wake_up_fenced, store_load(l, 0, g, nothing, wake_other, nothing, true))
BATCH(sb_use_mm, store_load(l, 0, g, nothing, use_mm, unuse_mm, false))
BATCH(sb_use_mm_weak, store_load(l, 0, g, nothing, mm_weak, mm_weak, false))
BATCH(sb_use_mm_fenced, store_load(l, 0, g, nothing, use_mm, unuse_mm, true))
BATCH(sb_unuse_mm, store_load(l, 0, g, use_mm, unuse_mm, nothing, false))
BATCH(sb_unuse_mm_weak, store_load(l, 0, g, mm_weak, mm_weak, nothing, false))
BATCH(sb_unuse_mm_fenced, store_load(l, 0, g, use_mm, unuse_mm, nothing, true))
/* T1, in all forms: the barrier is the edge's matter, and here there has to be one. */
BATCH(sb_other, store_load(l, 1, g, nothing, pbt_litmus_mb, nothing, false))

BATCH(mp_plain, store_store(l, g, nothing))
BATCH(mp_wmb, store_store(l, g, write_barrier))
BATCH(mp_mb, store_store(l, g, pbt_litmus_mb))
BATCH(mp_other_plain, load_load(l, g, nothing))
BATCH(mp_other_rmb, load_load(l, g, read_barrier))
BATCH(mp_other_mb, load_load(l, g, pbt_litmus_mb))

#define SB_EDGE(n, turns, name, ...) { \
	.cells = (n), \
	.delay = (turns), \
	.batch = { \
		[PBT_FORM_KERNEL] = { name, sb_other }, \
		[PBT_FORM_WEAK] = { name##_weak, sb_other }, \
		[PBT_FORM_BARRIER] = { name##_fenced, sb_other }, \
	}, \
	__VA_ARGS__ \
}

const struct pbt_litmus_edge pbt_edge_memory_sb = SB_EDGE(CELLS_MAX, 64, sb_mb);
const struct pbt_litmus_edge pbt_edge_set_current_state = SB_EDGE(CELLS_MAX, 64, sb_set_state);
const struct pbt_litmus_edge pbt_edge_wake_up_process = SB_EDGE(16, 128, sb_wake_up);

const struct pbt_litmus_edge pbt_edge_memory_mp = {
	.cells = CELLS_MAX,
	.delay = 64,
	.batch = {
		[PBT_FORM_KERNEL] = { mp_wmb, mp_other_rmb },
		[PBT_FORM_WEAK] = { mp_plain, mp_other_plain },
		[PBT_FORM_BARRIER] = { mp_mb, mp_other_mb },
	},
};

const struct pbt_litmus_edge pbt_edge_kthread_use_mm =
	SB_EDGE(4, 256, sb_use_mm, .missing = !COMPAT_MM_IS_BARRIER);
const struct pbt_litmus_edge pbt_edge_kthread_unuse_mm =
	SB_EDGE(4, 256, sb_unuse_mm, .missing = !COMPAT_MM_IS_BARRIER);

/*
 * Where the cells of the next batch are. Both threads do this alike, by the same numbers, so that
 * they need not tell each other.
 */
static void place(struct litmus *l, int self, struct pbt_litmus_side *common)
{
	const u32 turns = pbt_litmus_random(common, 2), same = pbt_litmus_random(common, 2);
	u32 pitch = 1U << (1 + pbt_litmus_random(common, 5)), first = pbt_litmus_random(common, 16);

	/* up to 32 words from cell to cell; first is even, so that a pair shares its line */
	first &= ~1;
	l->x[self] = l->area + first;
	l->y[self] = l->area + first + (same ? 1 : CELL_WORDS * (CELLS_MAX + 1));
	l->step[self] = pitch;
	if (self && turns) {
		l->x[1] += (l->cells - 1) * pitch;
		l->y[1] += (l->cells - 1) * pitch;
		l->step[1] = -(int)pitch;
	}
}

/* Half of the cells each. */
static void tally(struct litmus *l, int self)
{
	const u32 half = l->cells / 2;
	const u32 begin = self ? half : 0, end = self ? l->cells : half;
	u64 *outcome = l->side[self].outcome;
	u32 i, r0 = 0, r1 = 0, both = 0;

	for (i = begin; i < end; i++) {
		const u32 v = l->result[0][i] + l->result[1][i];

		r0 += v & 1;
		r1 += v >> 1;
		both += v == 3;
	}
	outcome[0] += end - begin - r0 - r1 + both;
	outcome[1] += r0 - both;
	outcome[2] += r1 - both;
	outcome[3] += both;
}

void pbt_litmus_batches(struct litmus *l, int self)
{
	const batch_fn batch = l->edge->batch[l->arg->form][self];
	struct pbt_litmus_side *s = &l->side[self];
	struct pbt_litmus_side common = { .random = l->arg->seed | 1 };
	u32 g = 0;

	while (pbt_litmus_meet(l, self)) {
		g++;
		place(l, self, &common);
		pbt_litmus_delay(l, self);
		batch(l, g);
		if (!pbt_litmus_meet(l, self))
			break;
		tally(l, self);
		s->batches++;
		if (!(s->batches % 64) && !pbt_litmus_go_on(l, self))
			break;
	}
}

void pbt_litmus_bare(struct litmus *l, int self)
{
	const batch_fn batch = l->edge->batch[PBT_FORM_KERNEL][self];
	struct pbt_litmus_side *s = &l->side[self];
	struct pbt_litmus_side common = { .random = l->arg->seed | 1 };

	if (!pbt_litmus_meet(l, self))
		return;
	place(l, self, &common);
	for (;;) {
		batch(l, ++s->batches);
		if (!(s->batches % 64) && !pbt_litmus_go_on(l, self))
			return;
	}
}
