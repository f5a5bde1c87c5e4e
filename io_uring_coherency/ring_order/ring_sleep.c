// SPDX-License-Identifier: GPL-2.0
/*
 * The SQ thread goes to sleep while something is submitted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "compiler.h"
#include "ring_sides.h"

/*
 * The SQ thread of many rings sets IORING_SQ_NEED_WAKEUP and looks at the SQ's tail for one ring
 * after the other, then it sleeps (io_sq_thread() of io_uring/sqpoll.c, 6.1, 6.12 and 7.2; of
 * fs/io_uring.c, 5.10). The flag of the first tells that it is under way, so that a submission to
 * a later one can be timed to meet it there. How much later is learnt: further ahead where it had
 * been already, less where it had not. If both miss each other, nobody wakes it any more.
 */
#define RINGS		128
#define IDLE_MS		1
/*
 * Stores to lines that are in no near cache keep the one behind them waiting (x86 is in order). All
 * of a page, which was touched before: under emulation a new page costs more than all of them, and
 * anything between two of them gives the first the time to be done.
 */
#define COLD_BYTES	(16U << 20)
#define COLD_PAGE	4096U

static __always_inline void cold_stores(char *page, unsigned int n)
{
	relaxed_store(page + n % 64 * 64, (char)1);
	relaxed_store(page + (n + 37) % 64 * 64, (char)1);
	relaxed_store(page + (n + 11) % 64 * 64, (char)1);
	relaxed_store(page + (n + 48) % 64 * 64, (char)1);
	relaxed_store(page + (n + 22) % 64 * 64, (char)1);
	relaxed_store(page + (n + 59) % 64 * 64, (char)1);
	relaxed_store(page + (n + 33) % 64 * 64, (char)1);
	relaxed_store(page + (n + 6) % 64 * 64, (char)1);
}

struct nap {
	struct ring_slice *s;
	struct io_uring ring[RINGS];	/* in the SQ thread's order: that of creation, backwards */
	unsigned int first;		/* which of them there are: to the last */
	char *cold;
	unsigned int page;		/* of it, in bytes */
};

static int nap_open(struct nap *n)
{
	struct io_uring_params params;
	int ret = 0;

	n->cold = mmap(NULL, COLD_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (n->cold == MAP_FAILED) {
		n->cold = NULL;
		return -ENOMEM;
	}
	for (n->first = RINGS; n->first; n->first--) {
		memset(&params, 0, sizeof(params));
		params.flags = IORING_SETUP_SQPOLL;
		params.sq_thread_idle = IDLE_MS;
		if (n->first < RINGS) {
			params.flags |= IORING_SETUP_ATTACH_WQ;
			params.wq_fd = n->ring[RINGS - 1].ring_fd;
		} else {
			params.flags |= IORING_SETUP_SQ_AFF;
			params.sq_thread_cpu = n->s->cpu[1];
		}
		ret = io_uring_queue_init_params(2, &n->ring[n->first - 1], &params);
		if (ret)
			break;
		ring_fill_sq_array(&n->ring[n->first - 1]);
	}
	/* fewer do where memory or descriptors are short */
	return n->first > RINGS - 4 ? ret : 0;
}

static void nap_close(struct nap *n)
{
	for (; n->first < RINGS; n->first++)
		io_uring_queue_exit(&n->ring[n->first]);
	if (n->cold)
		munmap(n->cold, COLD_BYTES);
}

/*
 * Waits for the CQE of the ring: true, or false if there is none and the SQ thread sleeps. Where
 * that runs, or waits for a CPU, it gets more time. -ETIMEDOUT when that is over, too.
 */
static int nap_completed(struct io_uring *ring, double patience)
{
	struct timespec start;
	double ms;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!io_uring_cq_ready(ring)) {
		ms = ms_since(&start);
		if (ms > RING_STUCK_MS)
			return -ETIMEDOUT;
		if (ms > patience && ring_threads_sleep() && !io_uring_cq_ready(ring))
			return false;
	}
	io_uring_cq_advance(ring, 1);
	return true;
}

static int nap_nop(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_nop(sqe);
	sqe->user_data = 1;
	return 0;
}

/*
 * The SQ thread is awake, as it has just done what the first ring had, and a NOP is ready in @ring.
 * Every flag is read: shared between the CPUs' caches, it takes the SQ thread longer to write.
 * Returns RING_NAP_LOST if it did not wake up for the first ring, or 0 or -errno.
 */
static int nap_prepare(struct nap *n, struct io_uring *ring)
{
	struct io_uring *first = &n->ring[n->first];
	unsigned int i;
	int ret;

	ret = nap_nop(ring);
	if (ret)
		return ret;
	ring->sq.sqe_head = ring->sq.sqe_tail;
	ret = nap_nop(first);
	if (ret)
		return ret;
	ret = io_uring_submit(first);
	if (ret < 0)
		return ret;
	ret = nap_completed(first, RING_LOST_MS);
	if (!ret)
		ring_slice_fail(n->s, -ETIMEDOUT, "an SQ thread that is woken");
	if (ret <= 0)
		return ret ?: RING_NAP_LOST;
	for (i = n->first; i < RINGS; i++)
		ring_wants_wakeup(&n->ring[i]);
	n->page = (n->page + COLD_PAGE) % COLD_BYTES;
	relaxed_store(n->cold + n->page, (char)1);
	return 0;
}

/* Waits until the SQ thread begins to go to sleep; in a tight loop, so as to see it at once. */
static int nap_begins(const struct nap *n)
{
	const struct io_uring *first = &n->ring[n->first];
	struct timespec start;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (i = 0; i < 4096; i++)
			if (ring_wants_wakeup(first))
				return 0;
	} while (ms_since(&start) < RING_STUCK_MS);
	return -ETIMEDOUT;
}

/* What io_uring_submit() does, but for the system call. Returns whether it takes one. */
static bool nap_publish(struct nap *n, struct io_uring *ring)
{
	char *cold = n->cold + n->page;

	cold_stores(cold, 1);
	cold_stores(cold, 2);
	cold_stores(cold, 3);
	cold_stores(cold, 4);
	cold_stores(cold, 5);
	cold_stores(cold, 7);
	barrier();
	if (!n->s->relaxed) {
		io_uring_smp_store_release(ring->sq.ktail, ring->sq.sqe_tail);
		io_uring_smp_mb();
		return ring_wants_wakeup(ring);
	}
	relaxed_store(ring->sq.ktail, ring->sq.sqe_tail);
	barrier();
	return ring_wants_wakeup(ring);
}

/* One time to sleep. Returns the outcome, or -errno. */
static int nap_take(struct nap *n)
{
	unsigned int target = n->first + 1 + n->s->ahead + ring_draw(n->s, 0) % 4;
	struct io_uring *ring = &n->ring[target < RINGS ? target : RINGS - 1];
	bool asleep;
	int ret;

	ret = nap_prepare(n, ring);
	if (!ret)
		ret = nap_begins(n);
	if (ret)
		return ret;
	ring_skew(n->s, 0, 32);
	asleep = nap_publish(n, ring);
	if (asleep) {
		ring_wake_sq_thread(ring);
		if (n->s->ahead < (int)(RINGS - n->first) - 4)
			n->s->ahead++;
	} else if (n->s->ahead) {
		n->s->ahead--;
	}
	ret = nap_completed(ring, n->s->relaxed && !asleep ? RING_LOST_MS / 20 : RING_LOST_MS);
	if (ret < 0)
		return ret;
	if (ret)
		return asleep ? RING_NAP_ASKED : RING_NAP_SEEN;
	/* it would stay so for ever; the next try needs it done */
	ring_wake_sq_thread(ring);
	if (nap_completed(ring, RING_LOST_MS) <= 0)
		ring_slice_fail(n->s, -ETIMEDOUT, "an SQ thread that is woken again");
	return RING_NAP_LOST;
}

void ring_sqpoll_wakeup(struct ring_slice *s)
{
	struct nap *n = calloc(1, sizeof(*n));
	int ret = -ENOMEM;

	if (n) {
		n->s = s;
		n->first = RINGS;
		ret = nap_open(n);
	}
	if (ret)
		ring_slice_fail(s, ret, "io_uring_setup()");
	else if ((unsigned int)s->ahead >= RINGS - n->first - 4)
		s->ahead = 0;
	/* so many rings take longer to make than a slice, on a slow machine */
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	while (!ring_slice_over(s)) {
		ret = nap_take(n);
		if (ret < 0) {
			ring_slice_fail(s, ret, "an SQ thread that is given a CPU in time");
			break;
		}
		s->count[ret]++;
		/* each costs a second, and a few say it all; relaxed they are what is wanted */
		if (ret == RING_NAP_LOST && s->count[RING_NAP_LOST] >= 2 && !s->relaxed)
			break;
	}
	if (n)
		nap_close(n);
	free(n);
}
