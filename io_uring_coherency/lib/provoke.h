/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make io-wq workers be created by task_work in a thread that makes no system call.
 *
 * Plain submission creates workers inside io_uring_enter(), where the vector registers are dead:
 * a workload that only submits finds nothing. The two ways here arrange the requests so that the
 * creation is left to task_work, which a second thread then fires at a moment of its choosing:
 *
 * poll wake-up		a read of an empty eventfd, linked to an IOSQE_ASYNC splice of an empty
 *			pipe. Writing the eventfd completes the read in the submitter's task_work
 *			(io_poll_wake() -> io_req_task_work_add()), which queues the splice to
 *			io-wq; all workers are blocked, so io_wq_enqueue() creates one there.
 * create_worker_cb	max_workers holds pending splices back; raised by one, and one blocked
 *			worker released: it takes the next splice, blocks, and io_wq_dec_running()
 *			sends create_worker_cb() to the submitter, always with TWA_SIGNAL.
 *
 * Every worker blocks in a splice from a pipe without data (do_splice() waits, it cannot be
 * polled for), so that none is idle and each event has to create one.
 *
 * io_uring/io-wq.c, io_uring/poll.c, io_uring/splice.c of 5.10.223, 6.1, 6.12 and 7.2.
 */
#ifndef PROVOKE_H
#define PROVOKE_H

#include <liburing.h>
#include <sched.h>
#include <stdbool.h>

#include "compiler.h"

/* for liburing before 2.3 */
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN	BIT(8)
#endif
#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER	BIT(12)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN	BIT(13)
#endif

enum provoke_way {
	PROVOKE_POLL_WAKE,
	PROVOKE_CREATE_WORKER_CB,
};

/* Creations in one round; then the submitter ends and its io-wq with it. */
#define PROVOKE_ROUND	32
#define PROVOKE_ITEMS	(2 * PROVOKE_ROUND + 2)

struct provoke {
	enum provoke_way way;
	unsigned int setup_flags;	/* IORING_SETUP_* */
	unsigned int max_workers;	/* poll wake-up: no more than these, or 0 */
	bool pin;			/* workers that cannot be kept to CPUs are an error */
	bool pin_sq;			/* an SQ thread stays on the first of these CPUs */
	struct io_uring ring;
	bool ring_up;
	int task_dir;			/* /proc/self/task: its link count tells the threads */
	int sink;			/* /dev/null, where the splices would go */
	int trigger;			/* eventfd of the poll wake-up */
	uint64_t trigger_value;
	int pipe[PROVOKE_ITEMS][2];
	unsigned int nr_pipes;
	unsigned int created;		/* of this round, by the submitter's count: the cap */
	unsigned int released;		/* pipes that got their byte */
	bool answered[PROVOKE_ITEMS];	/* ... and whose reader is known to have taken it */
	bool at_end;			/* pipes have no writer any more */
};

/*
 * Takes what all rounds share. Returns NULL, or the reason for skipping (no descriptors, no
 * /proc). Call from the thread that will fire.
 */
const char *provoke_open(struct provoke *p, enum provoke_way way, unsigned int setup_flags);
void provoke_close(struct provoke *p);

/*
 * In the submitter, a thread that lives for this round only: ring, workers kept to @workers, a set
 * of @size bytes (where the kernel can: 5.14), first requests. With max_workers (5.15) so many
 * workers are created here, in the system call, and none later. Returns 0 or -errno.
 */
int provoke_begin(struct provoke *p, const cpu_set_t *workers, size_t size);

/* In the submitter, before each window: makes one more creation possible. 0 or -errno. */
int provoke_prepare(struct provoke *p);

/*
 * In the submitter, without a system call: how many CQEs there are since provoke_prepare(). One
 * more means that the wake-up's task_work has run in between, and has queued its splice to io-wq.
 */
unsigned int provoke_came(const struct provoke *p);

/* In the other thread, while the submitter spins: makes it happen. 0 or -errno. */
int provoke_fire(struct provoke *p);

/* In the other thread: the creation that was fired for has been seen. */
void provoke_seen(struct provoke *p);

/*
 * In the other thread, when the submitter does not come to its end: lets every splice see the end
 * of its pipe. io_worker_handle_work() of 5.10 looks at IO_WQ_BIT_EXIT before it takes the first
 * work, so that a worker may block in one that nobody cancels any more.
 */
void provoke_release(struct provoke *p);

/*
 * In the other thread, after it has joined the submitter (whose exit cancels every request):
 * gives the ring back and empties the pipes. Returns 0 or -errno.
 */
int provoke_end(struct provoke *p);

/* Threads of this process, io-wq workers and SQ threads included; -errno on failure. */
int provoke_threads(const struct provoke *p);

/*
 * For an SQPOLL ring: the io-wq workers of this process by the thread that they were created for:
 * the submitter's own, and all others. A worker is named "iou-wrk-N" after that thread
 * (io_wq_worker()), the SQ thread "iou-sqp-N" after the thread that made the ring
 * (io_sq_thread()), both by the number that the thread has outside of any PID namespace. 0, -ESRCH
 * when there is no SQ thread to tell the number, or -errno.
 */
int provoke_workers(unsigned int *own, unsigned int *others);

#endif /* PROVOKE_H */
