/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests of several kinds on a ring, for cases in which signals come meanwhile. A thread submits
 * them and takes their CQEs, another one feeds what they wait for, and is in signal_requests.c.
 */
#ifndef CASE_SIGNAL_H
#define CASE_SIGNAL_H

#include "complete_case.h"

#define SIGNAL_SLOTS	8	/* requests under way: one read, one poll, writes, timeouts */
#define SIGNAL_BYTES	2048	/* through the pipe, in a round, at the most */

struct signal_slot {
	uint64_t data;		/* user_data of the request under way; 0: none is */
	bool asked;		/* in this round */
	bool async;		/* by io-wq from the start */
	struct timespec start;
	struct __kernel_timespec wait;
	uint64_t *page;
};

struct signal_ring {
	struct complete_case *c;
	struct io_uring ring;
	bool open;
	int pipe[2], event, file;
	unsigned int serial;		/* of requests */
	struct signal_slot slot[SIGNAL_SLOTS];
	unsigned int busy;		/* slots under way */
	unsigned int asked, fed, taken;	/* bytes: of this round, by the feeder, by reads */
	bool poke, poked;		/* the poll's eventfd */
	uint64_t into, out;		/* bytes ever, which tell what the next one has to be */
	uint8_t bytes[SIGNAL_BYTES];
};

/* In the thread that submits. */
bool signal_ring_open(struct complete_case *c, struct signal_ring *r, unsigned int flags);

/* Draws what the next round is to have. */
void signal_ring_plan(struct signal_ring *r);

/* In the thread that submits: prepares and submits it. */
bool signal_ring_submit(struct signal_ring *r);

/* There, too: takes all CQEs, judges them, and reads on. False if the case ends. */
bool signal_ring_reap(struct signal_ring *r);

/* In the other thread: feeds a bit of what is waited for; false if nothing is left to be fed. */
bool signal_ring_feed(struct signal_ring *r, uint64_t *random);

/*
 * Whether it has timeouts in this round: who waits is back when one fires, and its CQE may come
 * behind that (io_should_wake() of io_uring/io_uring.c looks at cq_timeouts).
 */
bool signal_ring_timed(const struct signal_ring *r);

/* Says what is under way. */
void signal_ring_print(const struct signal_ring *r);

#endif /* CASE_SIGNAL_H */
