// SPDX-License-Identifier: GPL-2.0
/*
 * Rings, SQEs and CQEs; see complete_case.h.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/* What a ring was not had for: a feature by its flag, or all of io_uring. */
static bool ring_refused(struct complete_case *c, int error, unsigned int flags)
{
	struct io_uring plain;

	if (error == -EINVAL && flags & IORING_SETUP_DEFER_TASKRUN)
		return complete_skip(c, SKIP_NOT_IN_KERNEL,
				     "this kernel does not have IORING_SETUP_DEFER_TASKRUN");
	if (error == -EPERM && flags & IORING_SETUP_SQPOLL && !io_uring_queue_init(1, &plain, 0)) {
		io_uring_queue_exit(&plain);
		return complete_skip(c, SKIP_NO_IO_URING,
				     "IORING_SETUP_SQPOLL is privileged on this kernel");
	}
	if (no_ring(error))
		return complete_skip(c, SKIP_NO_IO_URING, no_ring(error));
	return complete_fail(c, error, "io_uring_setup()");
}

bool complete_ring(struct complete_case *c, struct io_uring *ring, unsigned int entries,
		   unsigned int cq, unsigned int flags)
{
	struct io_uring_params params = {
		.flags = flags | (cq ? IORING_SETUP_CQSIZE : 0),
		.cq_entries = cq,
		.sq_thread_idle = c->sq_idle ?: 2000,
	};
	const int ret = io_uring_queue_init_params(entries, ring, &params);

	if (ret)
		return ring_refused(c, ret, flags);
	c->kthreads = !(params.features & IORING_FEAT_NATIVE_WORKERS);
	return true;
}

int complete_enter(const struct io_uring *ring, unsigned int submit, unsigned int want,
		   unsigned int flags)
{
	const long ret = syscall(__NR_io_uring_enter, ring->ring_fd, submit, want, flags, NULL, 0);

	return ret < 0 ? -errno : (int)ret;
}

struct io_uring_sqe *complete_sqe(struct complete_case *c, struct io_uring *ring, int opcode,
				  uint64_t data)
{
	static struct io_uring_sqe none;
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		complete_fail(c, -EBUSY, "io_uring_get_sqe()");
		sqe = &none;
	}
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = -1;
	sqe->user_data = data;
	return sqe;
}

/* Before 5.19 nothing is submitted while CQEs have no room: -EBUSY, which who fills the CQ sees. */
bool complete_submit(struct complete_case *c, struct io_uring *ring)
{
	struct timespec start;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		ret = io_uring_submit(ring);
		if (ret == -EBUSY)
			return false;
		if (ret < 0 && ret != -EINTR && ret != -EAGAIN)
			return complete_fail(c, ret, "io_uring_submit()");
		if (ms_since(&start) > 5000)
			return complete_fail(c, ret < 0 ? ret : -ETIMEDOUT, "io_uring_submit()");
	} while (io_uring_sq_ready(ring) && !(ring->flags & IORING_SETUP_SQPOLL));
	return true;
}

bool complete_take(struct io_uring *ring, struct complete_cqe *cqe)
{
	const unsigned int head = *ring->cq.khead;
	const struct io_uring_cqe *from;

	if (head == io_uring_smp_load_acquire(ring->cq.ktail))
		return false;
	from = &ring->cq.cqes[head & *ring->cq.kring_mask];
	cqe->data = from->user_data;
	cqe->res = from->res;
	cqe->flags = from->flags;
	io_uring_cq_advance(ring, 1);
	return true;
}

/* Task_work, and CQEs that had no room, are looked after in the kernel. */
static bool ring_has_one(void *arg)
{
	const struct io_uring *ring = arg;

	if (!io_uring_cq_ready(ring))
		complete_enter(ring, 0, 0, IORING_ENTER_GETEVENTS);
	return io_uring_cq_ready(ring);
}

bool complete_next(struct complete_case *c, struct io_uring *ring, struct complete_cqe *cqe,
		   const char *what)
{
	if (!complete_await(c, ring_has_one, ring, 0, what))
		return false;
	return complete_take(ring, cqe);
}

unsigned int complete_quiet(struct io_uring *ring, int ms)
{
	struct pollfd wait = { .fd = ring->ring_fd, .events = POLLIN };

	if (!ring_has_one(ring))
		poll(&wait, 1, ms);
	ring_has_one(ring);
	return io_uring_cq_ready(ring);
}

void complete_twice(struct complete_case *c, const struct complete_cqe *cqe)
{
	complete_bad(c, COMPLETE_TWICE, "a CQE too many: user_data %#llx, res %d",
		     (unsigned long long)cqe->data, cqe->res);
}

void complete_none_left(struct complete_case *c, struct io_uring *ring)
{
	struct complete_cqe cqe;

	ring_has_one(ring);
	while (complete_take(ring, &cqe))
		complete_twice(c, &cqe);
}
