/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel interfaces that differ between 5.10 and 7.2: the one place. They are told by what the
 * kernel declares, COMPAT_HAS_* by the Makefile.
 */
#ifndef PBT_COMPAT_H
#define PBT_COMPAT_H

#if !defined(CONFIG_KPROBES) || !defined(CONFIG_TRACEPOINTS)
#error "ppc_barrier_test needs a kernel with CONFIG_KPROBES and CONFIG_TRACEPOINTS"
#endif

#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

/* "task_work: allow TWA_SIGNAL without a rescheduling IPI", v5.18 */
#ifdef COMPAT_HAS_NO_IPI
#define COMPAT_TWA_NO_IPI	TWA_SIGNAL_NO_IPI
#else
#define COMPAT_HAS_NO_IPI	0
#define COMPAT_TWA_NO_IPI	(-1)
#endif

/* The flag by which task_work_add() tells of work, or -1: TIF_NOTIFY_SIGNAL is of v5.11. */
static inline int compat_notify_flag(enum task_work_notify_mode mode)
{
	if (mode == TWA_NONE || mode == TWA_RESUME)
		return TIF_NOTIFY_RESUME;
#ifdef TIF_NOTIFY_SIGNAL
	return TIF_NOTIFY_SIGNAL;
#else
	return -1;
#endif
}

/* "kprobe: kretprobe: introduce get_kretprobe()", v5.15 */
static inline struct kretprobe *compat_kretprobe(struct kretprobe_instance *ri)
{
#ifdef COMPAT_HAS_GET_KRETPROBE
	return get_kretprobe(ri);
#else
	return ri->rp;
#endif
}

/*
 * "fprobe: Rewrite fprobe on function-graph tracer", v6.14: exit handlers without rethook, which is
 * a kprobe on powerpc.
 */
#if defined(COMPAT_HAS_FPROBE_REGS) && defined(CONFIG_FPROBE)
#define COMPAT_FPROBE	1
#else
#define COMPAT_FPROBE	0
#endif

/* "fs: Pass an iocb to generic_perform_write()", v5.18: before it took file, iter, position */
static inline void compat_perform_write_args(const unsigned long arg[3], struct file **file,
					     loff_t *pos, size_t *len)
{
	if (__builtin_types_compatible_p(typeof(generic_perform_write),
					 ssize_t (struct kiocb *, struct iov_iter *))) {
		const struct kiocb *iocb = (const void *)arg[0];

		*file = iocb->ki_filp;
		*pos = iocb->ki_pos;
	} else {
		*file = (void *)arg[0];
		*pos = arg[2];
	}
	*len = iov_iter_count((const void *)arg[1]);
}

/* "fs: move file_start_write() into vfs_iter_write()", v6.8, came with file_write_started() */
static inline ssize_t compat_iter_write(struct file *file, struct iov_iter *iter, loff_t *pos)
{
#ifdef COMPAT_HAS_WRITE_STARTED
	return vfs_iter_write(file, iter, pos, 0);
#else
	ssize_t ret;

	file_start_write(file);
	ret = vfs_iter_write(file, iter, pos, 0);
	file_end_write(file);
	return ret;
#endif
}

/* "kthread: Introduce kthread_run_worker()", v6.14: before, the other one did this */
#ifndef kthread_run_worker
#define kthread_run_worker	kthread_create_worker
#endif

/* "sched: Add group_dead to sched_process_exit", the type of its functions tells */
#define COMPAT_EXIT_OF_GROUP	\
	__builtin_types_compatible_p(typeof(check_trace_callback_type_sched_process_exit), \
				     void (void (*)(void *, struct task_struct *, bool)))

/* "sched: Change task_struct::state", v5.14 */
static inline unsigned int compat_task_state(const struct task_struct *task)
{
#ifdef COMPAT_HAS_UNDERSCORE_STATE
	return READ_ONCE(task->__state);
#else
	return READ_ONCE(task->state);
#endif
}

/* "workqueue: Add new WQ_PERCPU flag", v6.17: before it is what a workqueue is that says nothing */
#ifdef COMPAT_HAS_WQ_PERCPU
#define COMPAT_WQ_PERCPU	WQ_PERCPU
#else
#define COMPAT_WQ_PERCPU	0
#endif

/*
 * "sched: membarrier: cover kthread_use_mm (v4)", v5.11, which brought
 * membarrier_update_current_mm(): before, nobody promises barriers
 */
#ifdef COMPAT_HAS_MEMBARRIER_MM
#define COMPAT_MM_IS_BARRIER	true
#else
#define COMPAT_MM_IS_BARRIER	false
#endif

/* Of arm64's CPUs: what a kernel does not know, before v5.19, v6.3 and v6.9, no user has. */
#ifdef CONFIG_ARM64
#include <linux/cpufeature.h>

#ifdef KERNEL_HWCAP_SME
#define COMPAT_CPU_HAS_SME	cpu_have_named_feature(SME)
#else
#define COMPAT_CPU_HAS_SME	false
#endif
#ifdef KERNEL_HWCAP_SME2
#define COMPAT_CPU_HAS_SME2	cpu_have_named_feature(SME2)
#else
#define COMPAT_CPU_HAS_SME2	false
#endif
#ifdef KERNEL_HWCAP_FPMR
#define COMPAT_CPU_HAS_FPMR	cpu_have_named_feature(FPMR)
#else
#define COMPAT_CPU_HAS_FPMR	false
#endif
#endif

/* "slab: Introduce kmalloc_obj() and family" */
#ifndef kmalloc_obj
#define kmalloc_obj(object, gfp)	kmalloc(sizeof(object), gfp)
#define kzalloc_obj(object, gfp)	kzalloc(sizeof(object), gfp)
#define kvzalloc_obj(object, gfp)	kvzalloc(sizeof(object), gfp)
#endif

#endif /* PBT_COMPAT_H */
