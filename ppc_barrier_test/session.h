/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of ppc_barrier_test share. A session is an open file; see ppc_barrier_test.h.
 */
#ifndef PBT_SESSION_H
#define PBT_SESSION_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "ppc_barrier_test.h"

#define PBT_IDLE_MAX	64	/* kthreads that a session keeps for its next PBT_WRITE */

struct kthread_worker;

#define PBT_MAX_PROBES	32	/* a bit each of what a session has armed */

/* Calls of probed functions that were handled, and that were not. */
struct pbt_tally {
	u64 hits;
	u64 missed;
};

struct pbt_session {
	u64 id;			/* of two sessions the later one is the inner one */
	struct mutex mutex;	/* knobs change one at a time */
	bool closing;		/* takes no more processes; under members_lock */
	struct pbt_knobs knobs;	/* read by probes at any time, a word at a time */
	u32 armed;		/* probes this session has armed, see pbt_probes_arm() */
	spinlock_t idle_lock;
	unsigned int nr_idle;
	struct kthread_worker *idle[PBT_IDLE_MAX];
	struct pbt_tally since[PBT_MAX_PROBES];	/* as each probe was when it was armed */
	struct pbt_tally before[PBT_MAX_PROBES];	/* of the times that it was armed before */
	atomic64_t inactive;

	atomic64_t point[PBT_NR_POINTS];
	atomic64_t notify_seen[PBT_NR_NOTIFY];
	atomic64_t notify_changed;
	atomic64_t workers[2][PBT_NR_DELIVERIES];	/* [live] */
	atomic64_t task_work[2][PBT_NR_DELIVERIES];
	atomic64_t cut;
	atomic64_t lost;
	atomic64_t joined;
	atomic64_t limited;
	atomic64_t pinned;
	atomic64_t planted[PBT_NR_PLANTS];
	atomic_t plant_turn[3];	/* reads, writes, copies that could have been wrong */
};

/*
 * The innermost session of the process with that @tgid, or NULL. @tgid is only compared. To be
 * called under rcu_read_lock(); the session stays as long as that.
 */
struct pbt_session *pbt_session_of(const struct pid *tgid);

/* Takes the process with that @tgid into @s, until @s ends. In atomic context, too. */
void pbt_session_add(struct pbt_session *s, struct pid *tgid);

/* offload.c. Returns bytes written or -errno, see PBT_WRITE. May sleep. */
long pbt_offload_write(struct pbt_session *s, const struct pbt_write *w);
/* Ends the session's kthreads. No PBT_WRITE is running: the file is being released. */
void pbt_offload_end(struct pbt_session *s);

/* inject.c. The module comes, and goes: nothing is armed. The second may sleep. */
void pbt_inject_init(void);
void pbt_inject_exit(void);
/* Whether a point's function works on a part of a file, which PBT_FLUSH_DCACHE is for. */
bool pbt_point_has_span(unsigned int point);

/* litmus.c. 0 or -errno, see PBT_LITMUS; results in @arg. May sleep. */
long pbt_litmus_run(struct pbt_litmus *arg);
/* Which enum pbt_edge this kernel has, 1 << each. */
u32 pbt_litmus_edges(void);
/* The module goes: no call is running, and none will. May sleep. */
void pbt_litmus_exit(void);

#endif /* PBT_SESSION_H */
