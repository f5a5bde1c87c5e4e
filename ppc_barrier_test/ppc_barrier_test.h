/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ABI between the module ppc_barrier_test and its users in userspace.
 *
 * One open file of PBT_DEVICE is one session. A session is made of the process that opened it, the
 * descendants of that process, the io-wq workers and SQ threads of all these, and the kthreads that
 * do PBT_WRITE for it. Its knobs go with the file. A process that is in several sessions (one
 * opened inside of another) belongs to the innermost.
 *
 * Knobs act on calls by tasks of the session, and on calls that wake, kick or notify one of them,
 * whoever makes these: that task or interrupt does the action, and spends the delay. Everybody else
 * pays for the probe: who forks or exits, while a session is open, who calls a function that some
 * session has a knob for, and on x86-64 and arm64 who is interrupted while one has PBT_ACCOUNT.
 *
 * Every ioctl fails with -EPERM for who lacks CAP_SYS_ADMIN, -EFAULT for a bad pointer, -EINVAL for
 * a number that has no meaning or a reserved field that is not zero, -ENOTTY for a command that
 * this module does not know.
 */
#ifndef PPC_BARRIER_TEST_H
#define PPC_BARRIER_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PBT_DEVICE	"/dev/ppc_barrier_test"
#define PBT_ABI		6

/* task_work_add() for a task of the session: what TWA_SIGNAL and TWA_SIGNAL_NO_IPI become. */
enum pbt_notify {
	PBT_NOTIFY_KERNEL,		/* as the caller asked */
	PBT_NOTIFY_SIGNAL,		/* TWA_SIGNAL: with kick_process() */
	PBT_NOTIFY_SIGNAL_NO_IPI,	/* TWA_SIGNAL_NO_IPI: without, since Linux 5.18 */
	PBT_NR_NOTIFY
};

/*
 * Where an action can be put: pbt_points.h. try_to_wake_up() and kick_process() count for the
 * session of the task that is woken or kicked, the others for that of the task that runs.
 */
enum pbt_point {
#define PBT_POINT(id, ...) PBT_##id,
#include "pbt_points.h"
	PBT_NR_POINTS
};

enum pbt_action {
	PBT_OFF,		/* no probe */
	PBT_NONE,		/* the probe alone: what it costs and disturbs by itself */
	PBT_MB,
	PBT_RMB,
	PBT_WMB,
	PBT_ISYNC,		/* what comes after starts when all before is complete */
	PBT_LWSYNC,		/* orders all but a store before a load */
	PBT_FLUSH_DCACHE,	/* flush_dcache_page() on the pages of the read or write */
	PBT_UDELAY,
	PBT_NR_ACTIONS
};

#define PBT_UDELAY_MAX	10000	/* microseconds: it is spent with preemption disabled */
/* ... and of all delays that a CPU spends before its interrupts are on again: the rest is cut */
#define PBT_IRQS_OFF_MAX	20000
/* ... and of those that it spends while another task is to have it: no further ones */
#define PBT_LATE_MAX	1000000
#define PBT_WORKERS_MAX	32768	/* as IORING_MAX_ENTRIES: the kernel's own number is not above */

/* How task_work came to run, or a worker to be created. */
enum pbt_delivery {
	PBT_IN_SYSCALL,		/* worker creation only: by a system call itself, no task_work */
	PBT_SYSCALL_EXIT,	/* task_work inside of a system call or on its way out */
	PBT_IPI,		/* external interrupt, doorbell; x86, arm64: the kick itself */
	PBT_TICK,		/* timer interrupt */
	PBT_OTHER,		/* another interrupt or exception */
	PBT_KTHREAD,		/* in an io-wq worker or SQ thread, which has no user mode */
	PBT_NR_DELIVERIES
};

/*
 * Faults on purpose, for the tasks of the session alone: what a kernel with a known bug would do to
 * them, so that a detector can be seen to find it on the very kernel that is judged: pbt_plants.h,
 * and plant.c says how. The first that is asked for taints the kernel (TAINT_USER) and is named in
 * its log.
 */
enum pbt_plant {
#define PBT_PLANT(id, ...) PBT_PLANT_##id,
#include "pbt_plants.h"
	PBT_NR_PLANTS
};

/* PBT_GET_INFO: what this module can do on this kernel. All masks: 1 << value. */
struct pbt_info {
	__u32 abi;			/* PBT_ABI */
	__u32 notify;			/* enum pbt_notify */
	__u32 points;			/* enum pbt_point: those that this kernel has */
	__u32 deliveries;		/* enum pbt_delivery that can be told; 0: no accounting */
	__u32 udelay_max;
	__u32 outer;			/* further sessions that the caller is in, this one aside */
	__u32 actions[PBT_NR_POINTS];	/* enum pbt_action, for each point */
	__u32 edges;			/* enum pbt_edge: those that PBT_LITMUS can test */
	__u32 workers_max;		/* PBT_WORKERS_MAX; 0: io-wq's workers cannot be limited */
	__u32 flags;			/* of struct pbt_knobs: those that this kernel allows */
	__u32 plants;			/* enum pbt_plant: those that this kernel has a place for */
	__u32 reserved[4];
};

struct pbt_knob {
	__u32 action;			/* enum pbt_action */
	__u32 usecs;			/* PBT_UDELAY: 1 to PBT_UDELAY_MAX; else 0 */
};

#define PBT_ACCOUNT	0x1U	/* count deliveries */
#define PBT_PIN_WORKERS	0x2U	/* a new io-wq worker stays on the CPU of its creator */

/*
 * PBT_SET_KNOBS: replaces all knobs of the session. A new session has none. -EOPNOTSUPP if this
 * kernel lacks a point, a notification mode, a knob for workers or the place of a fault, or the
 * point an action; -ESHUTDOWN if probes do not act (kernel.ftrace_enabled or kprobes/enabled is 0).
 * Then nothing has changed.
 */
struct pbt_knobs {
	__u32 notify;			/* enum pbt_notify */
	__u32 flags;			/* PBT_ACCOUNT, PBT_PIN_WORKERS */
	struct pbt_knob point[PBT_NR_POINTS];
	/*
	 * How many bounded io-wq workers a thread has at most (before 6.4: on each NUMA node), if
	 * it uses io_uring for the first time from now on: 1 to PBT_WORKERS_MAX, 0: as the kernel
	 * has it. They do what ends by itself, as I/O on files does, unless IOSQE_ASYNC hides from
	 * io-wq what file it is.
	 */
	__u32 workers;
	__u32 plants;			/* 1 << enum pbt_plant, each */
	__u32 reserved[8];
};

/* Live: the CPU held the user's FP or vector state when it was interrupted. */
struct pbt_histogram {
	__u64 live[PBT_NR_DELIVERIES];
	__u64 dead[PBT_NR_DELIVERIES];
};

/*
 * PBT_GET_COUNTERS: since the session was opened. Not counted: task_work of rings with
 * IORING_SETUP_DEFER_TASKRUN, which does not come by task_work_add(); that of SQ threads in 6.12
 * and newer, which run it without; with fprobes, what is passed inside of another probe's handler.
 */
struct pbt_counters {
	__u64 point[PBT_NR_POINTS];	/* how often each was passed, its action done */
	__u64 notify_seen[PBT_NR_NOTIFY];	/* task_work_add() by the mode asked for */
	__u64 notify_changed;		/* ... and how often that was changed */
	struct pbt_histogram workers;	/* create_io_thread() */
	struct pbt_histogram task_work;	/* io_uring's and io-wq's callbacks */
	__u64 missed;			/* calls, by anybody, that its probes did not see */
	__u64 lost;			/* processes not in the session, for want of memory */
	__u64 processes;		/* in the session now */
	__u64 limited;			/* threads that got fewer workers than the kernel's */
	__u64 pinned;			/* workers that were pinned */
	__u64 missed_ppm;		/* ... per million, of the probe with the largest share */
	__u64 inactive;			/* how often probes were found not to act any more */
	__u64 joined;			/* processes that have been in the session */
	__u64 cut;			/* delays cut by PBT_IRQS_OFF_MAX, PBT_LATE_MAX */
	__u64 planted[PBT_NR_PLANTS];	/* how often each fault was */
	__u64 reserved[3];
};

/*
 * PBT_WRITE: as pwrite(2), but a kthread calls the file's write handler, between kthread_use_mm()
 * and kthread_unuse_mm() of the caller's mm, as io-wq did before 5.12. Returns bytes written, which
 * may be fewer than asked for, or -errno as pwrite(2) would; -EINVAL also for what is no regular
 * file. Credentials are the caller's, RLIMIT_FSIZE is not. No signal but SIGKILL ends it early.
 */
struct pbt_write {
	__s32 fd;
	__u32 reserved;
	__u64 buf;
	__u64 len;
	__s64 pos;
};

/*
 * What PBT_LITMUS tests: does this order memory as the kernel says it does? pbt_edges.h has what,
 * and what each guarantee rests on. Two threads T0 and T1 use x and y, which are 0 at first:
 *
 * SB, store buffering: T0 { x = 1; EDGE; r0 = y; } T1 { y = 1; smp_mb(); r1 = x; }
 * Forbidden is r0 = 0 and r1 = 0.
 * MP, message passing: T0 { x = 1; EDGE; } and what EDGE sets off { r1 = x; }; r0 = 1 if it did.
 * Forbidden is r0 = 1 and r1 = 0.
 */
enum pbt_edge {
#define PBT_EDGE(id, ...) PBT_EDGE_##id,
#include "pbt_edges.h"
	PBT_NR_EDGES
};

/* The thread that an edge is to be given: how it is to come to run task_work. */
enum pbt_receiver {
	PBT_NO_RECEIVER,
	PBT_RECEIVER_IN_USER_MODE,	/* an interrupt is sent to it */
	PBT_RECEIVER_IN_SYSCALLS,	/* none is, so it makes system calls all the time */
};

enum pbt_form {
	PBT_FORM_KERNEL,	/* as the kernel has it: the outcome is forbidden */
	/*
	 * The control: the same without its barrier, so that the outcome is allowed. Where the edge
	 * has one on each side, without that of T0, and without that of T1.
	 */
	PBT_FORM_WEAK,
	PBT_FORM_WEAK_OTHER,
	PBT_FORM_BARRIER,	/* as the kernel has it, between smp_mb(): forbidden */
	/* the accesses of PBT_FORM_KERNEL in two loops that do not meet, no outcome is counted */
	PBT_FORM_BARE,
	PBT_NR_FORMS
};

#define PBT_OUTCOMES		4	/* r0 + 2 * r1 */
#define PBT_LITMUS_MSECS_MAX	10000

/*
 * PBT_LITMUS: runs one form of one edge for some time, by kthreads on these two CPUs that end with
 * the call. One call at a time, others wait. -EOPNOTSUPP for an edge that this kernel lacks, or
 * PBT_FORM_BARE of one that has no such loop, or a control of one whose barrier a module cannot
 * leave out; -ENODEV for a CPU that is not, or no longer, online; -ESRCH if the receiver ended. A
 * signal ends it early: with what was done, or with -EINTR.
 */
struct pbt_litmus {
	__u32 edge;			/* enum pbt_edge */
	__u32 form;			/* enum pbt_form */
	__u32 cpu[2];			/* of T0, of T1 */
	__u32 msecs;			/* 1 to PBT_LITMUS_MSECS_MAX */
	/* if the edge has one: a thread of the caller's process, not the caller itself; else 0 */
	__s32 receiver;
	__u32 seed;			/* of delays and placements */
	__u32 reserved;
	/* what it fills in */
	__u64 outcome[PBT_OUTCOMES];	/* how often each was seen */
	__u64 iterations;
	__u64 discarded;		/* not counted: one thread was not running in time */
	__u64 nsecs;
};

/* Names of the others for people, indexed by their enums. */
#define PBT_NOTIFY_NAMES { \
	[PBT_NOTIFY_KERNEL] = "kernel", \
	[PBT_NOTIFY_SIGNAL] = "signal", \
	[PBT_NOTIFY_SIGNAL_NO_IPI] = "no_ipi", \
}

#define PBT_ACTION_NAMES { \
	[PBT_OFF] = "off", \
	[PBT_NONE] = "none", \
	[PBT_MB] = "mb", \
	[PBT_RMB] = "rmb", \
	[PBT_WMB] = "wmb", \
	[PBT_ISYNC] = "isync", \
	[PBT_LWSYNC] = "lwsync", \
	[PBT_FLUSH_DCACHE] = "flush_dcache", \
	[PBT_UDELAY] = "udelay", \
}

#define PBT_DELIVERY_NAMES { \
	[PBT_IN_SYSCALL] = "syscall", \
	[PBT_SYSCALL_EXIT] = "syscall exit", \
	[PBT_IPI] = "IPI", \
	[PBT_TICK] = "tick", \
	[PBT_OTHER] = "other", \
	[PBT_KTHREAD] = "kthread", \
}

#define PBT_FORM_NAMES { \
	[PBT_FORM_KERNEL] = "kernel", \
	[PBT_FORM_WEAK] = "weak", \
	[PBT_FORM_WEAK_OTHER] = "weak_other", \
	[PBT_FORM_BARRIER] = "barrier", \
	[PBT_FORM_BARE] = "bare", \
}

#define PBT_GET_INFO		_IOR('b', 0, struct pbt_info)
#define PBT_SET_KNOBS		_IOW('b', 1, struct pbt_knobs)
#define PBT_GET_COUNTERS	_IOR('b', 2, struct pbt_counters)
#define PBT_WRITE		_IOW('b', 3, struct pbt_write)
#define PBT_LITMUS		_IOWR('b', 4, struct pbt_litmus)

#endif /* PPC_BARRIER_TEST_H */
