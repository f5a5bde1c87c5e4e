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
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "session.h"

#define CELLS_MAX	2048
#define CELL_WORDS	32	/* 128 bytes, no CPU has longer lines */
#define SPINS		1024	/* of a wait, until it looks whether it is to end */
#define EAGER_SPINS	8192	/* some 10 us */
#define SLEEPER_SPINS	100000	/* some 100 us, with a task state that does not allow to schedule */
#define ORPHAN_MSECS	1000
#define CLOG_LINES	8

struct litmus;

/* Stands between, before or after the accesses; inlined into a loop of its own. */
typedef void (*step_fn)(struct litmus *l);
/* One batch of cells, as number @g. */
typedef void (*batch_fn)(struct litmus *l, u32 g);
/* One of the two kthreads, until l->stop. */
typedef void (*side_fn)(struct litmus *l);

struct pbt_litmus_edge {
	u32 cells;			/* in a batch; 0: not by batches */
	u32 delay;			/* turns at most, before T1's batch or T0's cell */
	batch_fn batch[PBT_FORM_BARRIER + 1][2];
	side_fn side[2];		/* in place of batches; the second may be NULL */
	/* for side[0]: sets off what reads x. 1, 0 if there was no need to, or -errno */
	int (*send)(struct litmus *l);
	enum task_work_notify_mode notify;
	int (*setup)(struct litmus *l);
	void (*cleanup)(struct litmus *l);
	bool missing;			/* this kernel lacks it, or promises nothing */
};

/* A declaration with its semicolon: what a macro makes of each line of a table. */
#define DECLARATION(...)	__VA_ARGS__
#define PBT_EDGE(id, name, ...) DECLARATION(extern const struct pbt_litmus_edge pbt_edge_##name;)
#include "pbt_edges.h"

/* What task_work is queued to is not ours: it may come after all else here has ended. */
struct parcel {
	struct callback_head work;
	refcount_t refs;		/* the run, and the work while it is queued */
	bool barrier;
	u32 x, seen, done;
};

struct pbt_litmus_side {
	u32 arrived ____cacheline_aligned_in_smp;
	u32 random;
	struct litmus *l;
	u64 outcome[PBT_OUTCOMES];
	u64 batches;
};

struct litmus {
	struct pbt_litmus *arg;
	const struct pbt_litmus_edge *edge;
	struct mm_struct *mm;
	struct task_struct *task[2];
	struct completion ended;	/* by either */
	u32 cells;
	int error;			/* of either; written once */
	bool stop;
	struct pbt_litmus_side side[2];
	u64 discarded;

	/* of this batch: where its cells are, and T1's way through them */
	u32 *x[2], *y[2];
	int step[2];

	/* of edges with one cell */
	u32 cell_x ____cacheline_aligned_in_smp;
	u32 cell_y ____cacheline_aligned_in_smp;
	u32 done ____cacheline_aligned_in_smp;	/* what was set off so far and has ended */
	u32 seen[4];			/* ... and what it found in x */
	u32 clog[CLOG_LINES * CELL_WORDS] ____cacheline_aligned_in_smp;
	u32 sent;
	const void *plain;
	call_single_data_t csd;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct completion event;
	struct task_struct *receiver;
	struct parcel *parcel;

	/* bit 0: r0, bit 1: r1; each side writes what it has */
	u8 result[2][CELLS_MAX] ____cacheline_aligned_in_smp;
	u32 area[2 * CELL_WORDS * (CELLS_MAX + 1)];
};

static DEFINE_MUTEX(litmus_mutex);
static bool used_task_work;

/* xorshift32 (Marsaglia, 2003). Below @limit, which is small. */
static u32 pbt_litmus_random(struct pbt_litmus_side *s, u32 limit)
{
	u32 v = s->random;

	v ^= v << 13;
	v ^= v >> 17;
	v ^= v << 5;
	s->random = v;
	return v % limit;
}

static void pbt_litmus_delay(struct litmus *l, int self)
{
	u32 n;

	if (!l->edge->delay)
		return;
	for (n = pbt_litmus_random(&l->side[self], l->edge->delay); n; n--)
		barrier();
}

/*
 * One turn of a wait, number @spins. At first not by cpu_relax(): QEMU's TCG leaves the guest for
 * that on powerpc, for some 10 us.
 */
static void pbt_litmus_spin(u32 spins)
{
	if (spins < EAGER_SPINS)
		barrier();
	else
		cpu_relax();
}

static void pbt_litmus_give_up(struct litmus *l, int error)
{
	cmpxchg(&l->error, 0, error);
	WRITE_ONCE(l->stop, true);
}

/* Now and then in a wait. False: the run is over. */
static bool pbt_litmus_go_on(struct litmus *l, int self)
{
	if (raw_smp_processor_id() != l->arg->cpu[self])
		pbt_litmus_give_up(l, -ENODEV);	/* unplugged */
	if (READ_ONCE(l->stop))
		return false;
	cond_resched();
	return true;
}

static bool pbt_litmus_has_arrived(struct litmus *l, int side, u32 n)
{
	/* pairs with pbt_litmus_arrive() */
	return (s32)(smp_load_acquire(&l->side[side].arrived) - n) >= 0;
}

static u32 pbt_litmus_arrive(struct litmus *l, int self)
{
	const u32 n = l->side[self].arrived + 1;

	/* pairs with pbt_litmus_has_arrived() */
	smp_store_release(&l->side[self].arrived, n);
	return n;
}

/* Both have come here; what each did before, the other one sees. False: the run is over. */
static bool pbt_litmus_meet(struct litmus *l, int self)
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

static void pbt_litmus_count(struct pbt_litmus_side *s, bool r0, bool r1)
{
	s->outcome[r0 + 2 * r1]++;
}

/* --- edges by batches */

static void nothing(struct litmus *l)
{
}

static void pbt_litmus_mb(struct litmus *l)
{
	/* pairs with another one, or with what the kernel has: the edge under test */
	smp_mb();
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

/* try_to_wake_up() until it knows whether @task sleeps, without smp_mb__after_spinlock(). */
static bool pbt_litmus_look_weak(struct task_struct *task)
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

static void pbt_litmus_batches(struct litmus *l, int self)
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

/* PBT_FORM_BARE: how fast the same accesses would be if nobody looked at them. */
static void pbt_litmus_bare(struct litmus *l, int self)
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

/* --- sleep_wake: one cell, as a task has one state */

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

/* --- edges that set off something on T1's CPU which then reads x */

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

static void pbt_litmus_parcel_put(struct parcel *p)
{
	if (refcount_dec_and_test(&p->refs)) {
		kfree(p);
		module_put(THIS_MODULE);
	}
}

static void pbt_litmus_sender(struct litmus *l)
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

/* --- task_work, in a thread of the caller's that returns to user mode */

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
	l->parcel = kzalloc(sizeof(*l->parcel), GFP_KERNEL);
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

/* --- the table */

static const struct {
	const struct pbt_litmus_edge *how;
	const char *without[2];		/* of PBT_FORM_WEAK and the next form */
	enum pbt_receiver receiver;
} edges[PBT_NR_EDGES] = {
#define PBT_EDGE(id, name, shape, without, without_other, receiver) \
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
	l = kvzalloc(sizeof(*l), GFP_KERNEL);
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

void pbt_litmus_exit(void)
{
	/* a task_work that has told of itself may not have returned to its caller yet */
	if (used_task_work)
		synchronize_rcu_tasks();
}
