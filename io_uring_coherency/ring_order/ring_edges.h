/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hand-overs between user space and io_uring ("edges") that ring_order looks at, and how one
 * of them is run for a short while on two given CPUs.
 *
 * Each edge is one of two shapes, named as in the literature on memory models:
 *
 *	MP	message passing: data are written, then a flag (the tail of a ring, a CQE, ...);
 *		who has seen the flag must see the data
 *	SB	store buffering: two sides each write their own word, then read the other's; at
 *		least one must see what the other wrote
 *
 * An edge is run in up to two forms: with the barriers that liburing has (liburing/barrier.h), and
 * "relaxed", with those left out that user space is responsible for. In the relaxed form the
 * outcome that is forbidden otherwise is allowed; if it is never seen there, then this machine
 * cannot tell whether the barriers of that edge are right.
 */
#ifndef RING_EDGES_H
#define RING_EDGES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum edge_id {
	EDGE_PLAIN_MP,
	EDGE_PLAIN_SB,
	EDGE_SQE_WORKER,
	EDGE_SQE_SQPOLL,
	EDGE_SQPOLL_WAKEUP,
	EDGE_CQE_FILE,
	EDGE_CQE_WRITE,
	EDGE_CQE_PIPE,
	EDGE_CQE_SOCKET,
	EDGE_FIXED_READ,
	EDGE_FIXED_WRITE,
	EDGE_PBUF_RING,
	EDGE_MSG_RING,
	EDGE_EVENTFD,
	EDGE_FUTEX,
	EDGE_NR
};

enum edge_shape {
	SHAPE_MP,
	SHAPE_SB,
};

#define OUTCOMES	5

struct slice;

struct edge {
	const char *name;
	const char *question;
	enum edge_shape shape;
	bool relaxed;			/* there is a relaxed form */
	unsigned int ms;		/* of one slice */
	unsigned int min_events;	/* fewer say nothing */
	const char *outcome[OUTCOMES];	/* their names; NULL where there is none */
	unsigned int forbidden;		/* a mask of them, for the form with barriers */
	/* what runs on slice.cpu[0] and, unless NULL, on slice.cpu[1] */
	void (*side[2])(struct slice *s);
};

extern const struct edge edges[EDGE_NR];

/* One edge in one form and one placement on one pair of CPUs, for a few milliseconds. */
struct slice {
	const struct edge *edge;
	bool relaxed;
	bool bare;		/* EDGE_PLAIN_*: accesses and barriers alone, for speed */
	bool same_line;		/* flag and data share a cache line, where that can be chosen */
	int cpu[2];
	uint64_t seed;		/* not 0 */

	/* results */
	uint64_t count[OUTCOMES];
	uint64_t iterations[2];	/* EDGE_PLAIN_*: of each side */
	double ms;		/* what it took */
	int error;		/* -errno, with what failed; counts are good nevertheless */
	const char *failed;

	/* between the sides */
	struct timespec start;
	uint64_t random[2];
	int ready, stop, gone;	/* gone: side 1 is */
	char *memory;		/* SLICE_MEMORY bytes, shared */
	int target;		/* EDGE_MSG_RING: the receiver's ring */
	int ahead;		/* EDGE_SQPOLL_WAKEUP: learnt, kept between slices */
};

#define SLICE_MEMORY	(1 << 20)

/*
 * Runs it; the caller gave everything up to the results, and memory. Takes threads, rings and
 * descriptors of its own and gives them back. What goes wrong is told in error and failed.
 *
 * Beyond the system's own, error may be -EOPNOTSUPP: this kernel does not have what failed names.
 */
void slice_run(struct slice *s);

/* Outcomes counted so far that are forbidden in the form with barriers, and all. */
uint64_t slice_forbidden(const struct edge *e, const uint64_t *count);
uint64_t slice_events(const uint64_t *count);

#endif /* RING_EDGES_H */
