/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The edges of PBT_LITMUS, in the order of their numbers; the module and its users know of no
 * others. Who includes this file has PBT_EDGE() make what is wanted of each:
 *
 *	PBT_EDGE(ID, NAME, WITHOUT, WITHOUT_OTHER, RECEIVER, SHAPE)
 *
 * PBT_EDGE_ID is its number, NAME is for people. WITHOUT is what PBT_FORM_WEAK leaves out,
 * WITHOUT_OTHER what PBT_FORM_WEAK_OTHER does; NULL: there is no such control. RECEIVER is an enum
 * pbt_receiver. SHAPE is SB or MP, see ppc_barrier_test.h. How it is run is pbt_edge_NAME of the
 * module. A new one stands last, else PBT_ABI changes.
 *
 * Above each: what it is, what its verdict rests on, read in 5.10, 6.1, 6.12 and 7.2; and the file
 * of io_uring_coherency/litmus that allows the outcome of its control.
 */

/*
 * smp_mb(). Documentation/memory-barriers.txt, tools/memory-model: SB+fencembonceonces is
 * forbidden. Without: SB+plain
 */
PBT_EDGE(MEMORY_SB, memory_sb, "smp_mb()", NULL, PBT_NO_RECEIVER, SB)

/*
 * smp_wmb() and a flag, which is read before smp_rmb(). tools/memory-model:
 * MP+fencewmbonceonce+fencermbonceonce is forbidden. Without: MP+plain
 */
PBT_EDGE(MEMORY_MP, memory_mp, "smp_wmb() and smp_rmb()", NULL, PBT_NO_RECEIVER, MP)

/* include/linux/sched.h: smp_store_mb(). The store alone: SB+wake-up+no-sleeper-mb */
PBT_EDGE(SET_CURRENT_STATE, set_current_state, "the barrier of smp_store_mb()", NULL,
	 PBT_NO_RECEIVER, SB)

/*
 * Of a task that runs. try_to_wake_up(): smp_mb__after_spinlock() before it looks at the state, so
 * also if the task runs. Without that: SB+wake-up+no-waker-mb
 */
PBT_EDGE(WAKE_UP_PROCESS, wake_up_process, "try_to_wake_up()'s smp_mb__after_spinlock()", NULL,
	 PBT_NO_RECEIVER, SB)

/*
 * x is a task's state, y what it waits for: set_current_state() and wake_up_process(), the two
 * together, else a wake-up is lost. Two controls, the files of these two
 */
PBT_EDGE(SLEEP_WAKE, sleep_wake, "the sleeper's barrier", "the waker's barrier",
	 PBT_NO_RECEIVER, SB)

/*
 * kernel/kthread.c: by mmdrop() or smp_mb(), for membarrier(2); promised since 5.11. All but the
 * switch of the mm: SB+kthread-use-mm+no-mb
 */
PBT_EDGE(KTHREAD_USE_MM, kthread_use_mm, "the barrier after the lock", NULL, PBT_NO_RECEIVER, SB)

/*
 * smp_mb__after_spinlock() before tsk->mm is cleared; promised since 5.11. All but the switch of
 * the mm: SB+kthread-unuse-mm+no-mb
 */
PBT_EDGE(KTHREAD_UNUSE_MM, kthread_unuse_mm, "smp_mb__after_spinlock()", NULL, PBT_NO_RECEIVER, SB)

/*
 * smp_call_function_single_async(). kernel/smp.c: the cmpxchg() of llist_add();
 * smp_muxed_ipi_set_message() of arch/powerpc. No control: its lists are kernel/smp.c's own
 */
PBT_EDGE(IPI, ipi, NULL, NULL, PBT_NO_RECEIVER, MP)

/*
 * queue_work_on(), as in schedule_work(). include/linux/workqueue.h:
 * "Forbids: r0 == true && r1 == 0"; no control
 */
PBT_EDGE(QUEUE_WORK, queue_work, NULL, NULL, PBT_NO_RECEIVER, MP)

/*
 * r0 = 0 if queue_work_on() finds the work pending, r1 is what the work then reads.
 * kernel/workqueue.c, the smp_mb() after PENDING is cleared, and a test_and_set_bit() that is a
 * full barrier when the bit is set, too (Documentation/atomic_bitops.txt). Without the caller's:
 * SB+queue-work+no-caller-mb; the worker's is not ours
 */
PBT_EDGE(QUEUE_WORK_PENDING, queue_work_pending,
	 "the barrier of queue_work_on()'s test_and_set_bit()", NULL, PBT_NO_RECEIVER, SB)

/*
 * complete(), wait_for_completion_timeout() or try_wait_for_completion(). Both sides hold
 * x->wait.lock, the waiter second. Without its lock, where it need not sleep:
 * MP+completion+unlocked
 */
PBT_EDGE(COMPLETION, completion, "the waiter's lock", NULL, PBT_NO_RECEIVER, MP)

/*
 * task_work_add() with TWA_RESUME, TWA_SIGNAL, and TWA_SIGNAL_NO_IPI of Linux 5.18. The cmpxchg()
 * of task_work_add(), the xchg() or cmpxchg() of task_work_run(). Without the first:
 * MP+task-work+relaxed
 */
PBT_EDGE(TASK_WORK_RESUME, task_work_resume, "the barrier of task_work_add()", NULL,
	 PBT_RECEIVER_IN_SYSCALLS, MP)
PBT_EDGE(TASK_WORK_SIGNAL, task_work_signal, "the barrier of task_work_add()", NULL,
	 PBT_RECEIVER_IN_USER_MODE, MP)
PBT_EDGE(TASK_WORK_NO_IPI, task_work_no_ipi, "the barrier of task_work_add()", NULL,
	 PBT_RECEIVER_IN_SYSCALLS, MP)

#undef PBT_EDGE
