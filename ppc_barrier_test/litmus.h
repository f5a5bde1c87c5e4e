/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the edges of PBT_LITMUS share; see litmus.c. Each is run as pbt_edge_NAME says, in the file
 * of its kind: litmus_batch.c has those of many cells, the others have one.
 */
#ifndef PBT_LITMUS_H
#define PBT_LITMUS_H

#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/smp.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "session.h"

#define CELLS_MAX	2048
#define CELL_WORDS	32	/* 128 bytes, no CPU has longer lines */
#define SPINS		1024	/* of a wait, until it looks whether it is to end */
#define EAGER_SPINS	8192	/* some 10 us */
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

/* Declarations with their semicolons: what a macro makes of each line of a table. */
#define DECLARATION(...)	__VA_ARGS__
#define PBT_EDGE(id, name, ...) DECLARATION(				\
	/* a bit of pbt_info.edges */					\
	static_assert(PBT_EDGE_##id < BITS_PER_TYPE(u32));		\
	extern const struct pbt_litmus_edge pbt_edge_##name;)
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

/* xorshift32 (Marsaglia, 2003). Below @limit, which is small. */
static inline u32 pbt_litmus_random(struct pbt_litmus_side *s, u32 limit)
{
	u32 v = s->random;

	v ^= v << 13;
	v ^= v >> 17;
	v ^= v << 5;
	s->random = v;
	return v % limit;
}

static inline void pbt_litmus_delay(struct litmus *l, int self)
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
static inline void pbt_litmus_spin(u32 spins)
{
	if (spins < EAGER_SPINS)
		barrier();
	else
		cpu_relax();
}

/* Ends the run, with the first -errno of either side. */
void pbt_litmus_give_up(struct litmus *l, int error);
/* Now and then in a wait. False: the run is over. */
bool pbt_litmus_go_on(struct litmus *l, int self);

static inline bool pbt_litmus_has_arrived(struct litmus *l, int side, u32 n)
{
	/* pairs with pbt_litmus_arrive() */
	return (s32)(smp_load_acquire(&l->side[side].arrived) - n) >= 0;
}

static inline u32 pbt_litmus_arrive(struct litmus *l, int self)
{
	const u32 n = l->side[self].arrived + 1;

	/* pairs with pbt_litmus_has_arrived() */
	smp_store_release(&l->side[self].arrived, n);
	return n;
}

/* Both have come here; what each did before, the other one sees. False: the run is over. */
bool pbt_litmus_meet(struct litmus *l, int self);

static inline void pbt_litmus_count(struct pbt_litmus_side *s, bool r0, bool r1)
{
	s->outcome[r0 + 2 * r1]++;
}

static inline void pbt_litmus_mb(struct litmus *l)
{
	/* pairs with another one, or with what the kernel has: the edge under test */
	smp_mb();
}

/* litmus_batch.c */
void pbt_litmus_batches(struct litmus *l, int self);
/* PBT_FORM_BARE: how fast the same accesses would be if nobody looked at them. */
void pbt_litmus_bare(struct litmus *l, int self);
/* try_to_wake_up() until it knows whether @task sleeps, without smp_mb__after_spinlock(). */
bool pbt_litmus_look_weak(struct task_struct *task);

/* litmus_send.c: T0 of an edge with send(). */
void pbt_litmus_sender(struct litmus *l);

/* litmus_task_work.c */
void pbt_litmus_parcel_put(struct parcel *p);

#endif /* PBT_LITMUS_H */
