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
#include "ring_slice.h"

/* The compiler keeps the order; what the CPU does is what is looked at. */
static inline void barrier(void)
{
	asm volatile("" : : : "memory");
}

/* @p, behind all accesses so far, as barrier() has it. */
static inline void *relaxed_at(void *p)
{
	asm volatile("" : "+r"(p) : : "memory");
	return p;
}

/*
 * A plain store is no __atomic_store_n(): gcc 12 makes of a relaxed one an amoswap.w on riscv64,
 * which QEMU carries out by a locked instruction of an x86 host, so that no control showed anything
 * there.
 */
#define relaxed_load(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define relaxed_store(p, v)	(*(__typeof__(p))relaxed_at(p) = (v))

#define RING_LINE	128	/* bytes, the longest cache line of the supported CPUs */
#define RING_STUCK_MS	5000	/* without what must come */
#define RING_LATE_MS	50	/* data that are not there yet are waited for */
#define RING_LOST_MS	1000	/* what does not come in this time, though all sleep, is lost */

/* Outcomes, numbered as in ring_edge.outcome: of RING_DATA(), */
enum {
	RING_THERE,
	RING_LATE,		/* not there, but within RING_LATE_MS */
	RING_OLDER,
	RING_WRONG,
	RING_NOTHING,	/* no completion, no notification, no buffer */
};

/* ... and of sqpoll_wakeup. */
enum {
	RING_NAP_ASKED,	/* the flag was seen, and the SQ thread woken */
	RING_NAP_SEEN,	/* it was not, and the SQ thread saw the SQE */
	RING_NAP_LOST,	/* neither, or it was woken and did not come */
};

/* A random number; each side has its own, which ring_slice.seed tells. */
uint64_t ring_draw(struct ring_slice *s, unsigned int side);
/* Shifts the two sides against each other, by up to @max turns of an empty loop. */
void ring_skew(struct ring_slice *s, unsigned int side, unsigned int max);
/* Whether its time is over, or a side has ended it. */
bool ring_slice_over(struct ring_slice *s);
/* Ends it with -errno and what failed, in words; the first of several is kept. */
void ring_slice_fail(struct ring_slice *s, int error, const char *failed);

/* Waiting: watches, and gives the CPU away now and then when that takes long. */
struct ring_watch {
	struct timespec start;
	unsigned int turns;
};

void ring_watch_start(struct ring_watch *w);
/* False when @ms have passed. */
bool ring_watch_on(struct ring_watch *w, double ms);

/*
 * Whether all threads that io_uring made for this process (iou-sqp-*, iou-wrk-*) sleep, at each of
 * several looks. One that has work and does not get a CPU, or is held up, does not: that is a slow
 * machine, and no lost wake-up. Before 5.12 they are kthreads, and not seen here.
 */
bool ring_threads_sleep(void);

/* Whether the SQ thread sleeps, or is about to; inline for loops that must see it at once. */
static inline bool ring_wants_wakeup(const struct io_uring *ring)
{
	return relaxed_load(ring->sq.kflags) & IORING_SQ_NEED_WAKEUP;
}

/* The system call that io_uring_submit() makes when it is wanted. */
void ring_wake_sq_thread(const struct io_uring *ring);
/* The array that newer rings can do without. liburing keeps it like this. */
void ring_fill_sq_array(struct io_uring *ring);

/* What runs on a side of each edge, by its file. */
void ring_plain_mp_read(struct ring_slice *s);
void ring_plain_mp_write(struct ring_slice *s);
void ring_plain_sb_0(struct ring_slice *s);
void ring_plain_sb_1(struct ring_slice *s);
void ring_flow_run(struct ring_slice *s);
void ring_sqpoll_wakeup(struct ring_slice *s);
void ring_msg_ring_receive(struct ring_slice *s);
void ring_msg_ring_send(struct ring_slice *s);
void ring_futex_receive(struct ring_slice *s);
void ring_futex_send(struct ring_slice *s);

#endif /* RING_SIDES_H */
