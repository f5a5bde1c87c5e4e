/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups of provided buffers, and who has each: the group, or who found it in a CQE.
 *
 * One that the group has is all BUFFER_EMPTY, and so is what is between buffers.
 */
#ifndef COMPLETE_BUFFERS_H
#define COMPLETE_BUFFERS_H

#include "complete_abi.h"
#include "complete_case.h"

#define BUFFERS_MOST	32
#define BUFFER_EMPTY	'-'
#define BUFFER_GUARD	4096U	/* bytes before each, which is aligned so, that are nobody's */

enum buffer_kind {
	BUFFERS_CLASSIC,	/* IORING_OP_PROVIDE_BUFFERS */
	BUFFERS_RING,		/* IORING_REGISTER_PBUF_RING */
	BUFFERS_INC,		/* ... of which each is used up bit by bit */
	BUFFERS_KINDS
};

struct buffer {
	unsigned char *at;
	unsigned int len;
	unsigned int pos;	/* bytes that CQEs have told of, if it is BUFFERS_INC, or 0 */
	uint16_t turn;		/* at which it was given, the same as its place in a ring */
	bool given;		/* the group has it */
};

struct buffer_group {
	struct complete_case *c;
	struct io_uring *ring;
	enum buffer_kind kind;
	unsigned int id, nr, most;
	unsigned int given;		/* buffers that it has */
	unsigned int taken;		/* ... that it had, since it was opened */
	int full;			/* a file for buffers_count() */
	struct complete_pbuf *entries;	/* a buffer ring, or NULL */
	uint16_t turn;
	uint16_t bid[BUFFERS_MOST];	/* by turn */
	struct buffer buffer[BUFFERS_MOST];
};

/*
 * Group number @kind, of @nr buffers (a power of 2) of @most bytes each, or with @unit down to half
 * of that, in such steps. False if the kernel does not have it, or the case has ended.
 */
bool buffers_open(struct complete_case *c, struct buffer_group *g, struct io_uring *ring,
		  enum buffer_kind kind, unsigned int nr, unsigned int most, unsigned int unit);

/*
 * The group gets a buffer. With BUFFERS_CLASSIC that is an SQE, for the next submission, which ends
 * in a CQE that buffers_told() knows.
 */
void buffers_give(struct buffer_group *g, unsigned int bid);
bool buffers_told(struct complete_case *c, const struct complete_cqe *cqe);

/* All that it does not have, in any order. Nothing else is under way. */
bool buffers_give_all(struct buffer_group *g);

/* The buffer that the CQE of @who names, which the group has; or a violation. */
bool buffers_named(struct buffer_group *g, const struct complete_cqe *cqe, const char *who,
		   unsigned int *bid);

/* It is the group's no longer. */
void buffers_take(struct buffer_group *g, unsigned int bid);

/* Whether nobody has written to these bytes of a buffer. */
bool buffers_empty(const struct buffer *b, unsigned int from, unsigned int to);

/*
 * With nothing under way: nobody has written to what the group has, nor beside buffers; it gives
 * out what it has, each buffer once, and no more. Then it has all of them, in another order.
 */
bool buffers_count(struct buffer_group *g);

#endif /* COMPLETE_BUFFERS_H */
