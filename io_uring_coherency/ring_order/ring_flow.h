/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads and writes: slots, each with a buffer and, for pipes and sockets, its own pair.
 */
#ifndef RING_FLOW_H
#define RING_FLOW_H

#include "ring_sides.h"

#define RING_SLOTS	8
#define RING_STRIDE	8192U
#define RING_BUFFERS	16	/* of the provided buffer ring: at least RING_SLOTS */

struct ring_pbuf {
	uint64_t addr;
	uint32_t len;
	uint16_t bid;
	uint16_t tail;		/* of the ring, in its first entry */
};

struct ring_flow {
	struct ring_slice *s;
	struct ring_flow_kind kind;
	size_t len;		/* of each transfer */
	struct io_uring ring;
	int file, event;
	int pair[RING_SLOTS][2];	/* written to [1], read from [0] */
	char *map;		/* of file */
	char *buf[RING_BUFFERS];
	char *scratch;
	uint64_t seq[RING_SLOTS];	/* under way, or 0 */
	uint64_t next;
	unsigned int nr_slots;
	struct ring_pbuf *pbuf;
	uint16_t pbuf_tail;
	int owner[RING_BUFFERS];	/* provided buffers: 1 while the kernel has it */
};

/* Returns 0 or -errno, with s->failed. ring_flow_close() is needed in both cases. */
int ring_flow_open(struct ring_flow *f, struct ring_slice *s);
void ring_flow_close(struct ring_flow *f);

#endif /* RING_FLOW_H */
