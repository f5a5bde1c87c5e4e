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
#ifndef RING_SLICE_H
#define RING_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum ring_edge_id {
#define RING_EDGE(edge_name, ...) RING_EDGE_##edge_name,
#include "ring_edges.h"
	RING_NR_EDGES
};

enum ring_shape {
	RING_MP,
	RING_SB,
};

#define RING_OUTCOMES	5

/* Where data are written to and read from. */
enum ring_place {
	RING_FILE,	/* in memory, mapped */
	RING_PIPE,
	RING_SOCKET,
};

/* What ring_flow_run() does. */
struct ring_flow_kind {
	enum ring_place place;
	bool sqpoll;		/* by the SQ thread, else by an io-wq worker */
	bool write, fixed, select, eventfd;
};

struct ring_slice;

struct ring_edge {
	const char *name;
	const char *question;
	enum ring_shape shape;
	bool relaxed;			/* there is a relaxed form */
	bool plain;			/* of memory alone: what can this machine show at all? */
	unsigned int ms;		/* of one slice */
	unsigned int min_events;	/* fewer say nothing */
	const char *outcome[RING_OUTCOMES];	/* their names; NULL where there is none */
	unsigned int forbidden;		/* a mask of them, for the form with barriers */
	/* what runs on slice.cpu[0] and, unless NULL, on slice.cpu[1] */
	void (*side[2])(struct ring_slice *s);
	struct ring_flow_kind flow;
};

extern const struct ring_edge ring_edges[RING_NR_EDGES];

#define RING_PBUF_CALL	"IORING_REGISTER_PBUF_RING"	/* as ring_slice.failed */

/* One edge in one form and one placement on one pair of CPUs, for a few milliseconds. */
struct ring_slice {
	const struct ring_edge *edge;
	bool relaxed;
	bool bare;		/* a plain edge: accesses and barriers alone, for speed */
	bool same_line;		/* flag and data share a cache line, where that can be chosen */
	int cpu[2];
	uint64_t seed;		/* not 0 */

	/* results */
	uint64_t count[RING_OUTCOMES];
	uint64_t iterations[2];	/* plain edges: of each side */
	double ms;		/* what it took */
	int error;		/* -errno, with what failed; counts are good nevertheless */
	const char *failed;

	/* between the sides */
	struct timespec start;
	uint64_t random[2];
	int ready, stop, gone;	/* gone: side 1 is */
	char *memory;		/* RING_SLICE_MEMORY bytes, shared */
	int target;		/* msg_ring: the receiver's ring */
	int ahead;		/* sqpoll_wakeup: learnt, kept between slices */
};

#define RING_SLICE_MEMORY	(1024 * 1024)

/*
 * Runs it; the caller gave everything up to the results, and memory. Takes threads, rings and
 * descriptors of its own and gives them back. What goes wrong is told in error and failed.
 *
 * Beyond the system's own, error may be -EOPNOTSUPP: this kernel does not have what failed names.
 */
void ring_slice_run(struct ring_slice *s);

/* Outcomes counted so far that are forbidden in the form with barriers, and all. */
uint64_t ring_slice_forbidden(const struct ring_edge *e, const uint64_t *count);
uint64_t ring_slice_events(const uint64_t *count);

#endif /* RING_SLICE_H */
