/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads and writes: slots, each with a buffer and, for pipes and sockets, its own pair.
 */
#ifndef RING_FLOW_H
#define RING_FLOW_H

#include "ring_sides.h"

enum place {
	PLACE_FILE,	/* in memory, mapped */
	PLACE_PIPE,
	PLACE_SOCKET,
};

#define SLOTS		8
#define STRIDE		8192U
#define BUFFERS		16	/* of the provided buffer ring: at least SLOTS */

struct pbuf {
	uint64_t addr;
	uint32_t len;
	uint16_t bid;
	uint16_t tail;		/* of the ring, in its first entry */
};

struct flow_kind {
	enum place place;
	bool sqpoll;		/* by the SQ thread, else by an io-wq worker */
	bool write, fixed, select, eventfd;
};

struct flow {
	struct slice *s;
	struct flow_kind kind;
	size_t len;		/* of each transfer */
	struct io_uring ring;
	int file, event;
	int pair[SLOTS][2];	/* written to [1], read from [0] */
	char *map;		/* of file */
	char *buf[BUFFERS];
	char *scratch;
	uint64_t seq[SLOTS];	/* under way, or 0 */
	uint64_t next;
	unsigned int nr_slots;
	struct pbuf *pbuf;
	uint16_t pbuf_tail;
	int owner[BUFFERS];	/* provided buffers: 1 while the kernel has it */
};

int flow_open(struct flow *f, struct slice *s, const struct flow_kind *kind);
void flow_close(struct flow *f);

#endif /* RING_FLOW_H */
