/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the sides of all edges use.
 */
#ifndef RING_SIDES_H
#define RING_SIDES_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "program.h"
#include "ring_edges.h"

/* The compiler keeps the order; what the CPU does is what is looked at. */
static inline void barrier(void)
{
	asm volatile("" : : : "memory");
}

#define relaxed_load(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define relaxed_store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)

#define LINE		128	/* bytes, the longest cache line of the supported CPUs */
#define STUCK_MS	5000	/* without what must come */
#define LATE_MS		50	/* data that are not there yet are waited for */
#define LOST_MS		1000	/* what does not come in this time, though all sleep, is lost */

/* Their numbers are those in edge.outcome. */
enum {
	THERE,
	LATE,		/* not there, but within LATE_MS */
	OLDER,
	WRONG,
	NOTHING,	/* no completion, no notification, no buffer */
};

enum {
	NAP_ASKED,	/* the flag was seen, and the SQ thread woken */
	NAP_SEEN,	/* it was not, and the SQ thread saw the SQE */
	NAP_LOST,	/* neither, or it was woken and did not come */
};

uint64_t draw(struct slice *s, unsigned int side);
/* Shifts the two sides against each other, by up to @max turns of an empty loop. */
void skew(struct slice *s, unsigned int side, unsigned int max);
bool is_over(struct slice *s);
void fail_slice(struct slice *s, int error, const char *failed);

/* Waiting: watches, and gives the CPU away now and then when that takes long. */
struct watch {
	struct timespec start;
	unsigned int turns;
};

void watch_start(struct watch *w);
/* False when @ms have passed. */
bool watch_on(struct watch *w, double ms);

/*
 * Whether all threads that io_uring made for this process (iou-sqp-*, iou-wrk-*) sleep, at each of
 * several looks. One that has work and does not get a CPU, or is held up, does not: that is a slow
 * machine, and no lost wake-up. Before 5.12 they are kthreads, and not seen here.
 */
bool ring_threads_sleep(void);

static inline bool wants_wakeup(const struct io_uring *ring)
{
	return relaxed_load(ring->sq.kflags) & IORING_SQ_NEED_WAKEUP;
}

void wake_sq_thread(const struct io_uring *ring);
/* The array that newer rings can do without. liburing keeps it like this. */
void fill_sq_array(struct io_uring *ring);

void plain_mp_read(struct slice *s);
void plain_mp_write(struct slice *s);
void plain_sb_0(struct slice *s);
void plain_sb_1(struct slice *s);
void sqe_worker(struct slice *s);
void sqe_sqpoll(struct slice *s);
void cqe_file(struct slice *s);
void cqe_write(struct slice *s);
void cqe_pipe(struct slice *s);
void cqe_socket(struct slice *s);
void fixed_read(struct slice *s);
void fixed_write(struct slice *s);
void pbuf_ring(struct slice *s);
void cqe_eventfd(struct slice *s);
void sqpoll_wakeup(struct slice *s);
void msg_ring_receive(struct slice *s);
void msg_ring_send(struct slice *s);
void futex_receive(struct slice *s);
void futex_send(struct slice *s);

#endif /* RING_SIDES_H */
