/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Streams of known bytes, and what is received of them.
 */
#ifndef COMPLETE_STREAM_H
#define COMPLETE_STREAM_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "complete_buffers.h"

#define STREAMS		3
#define SENDS		24
#define STREAM_BYTES	65521U		/* that are random; then they come again: a prime */

/* Which ways a round uses: bits. */
enum {
	BY_ONE		= 1,	/* a CQE is for one buffer, and the whole of it */
	BY_BUNDLE	= 2,	/* or for some in a row */
	BY_BUNDLE_PART	= 4,	/* ... in several steps, or each for itself */
	BY_BUNDLE_END	= 8,	/* ... of which each has a most, up to the stream's end */
	BY_BUNDLE_LENGTH = 16,	/* ... of which none is longer than that */
	BY_INC		= 32,	/* or for a part of one, incrementally */
	BY_INC_MULTI	= 64,
	BY_INC_BUNDLE	= 128,
	BY_INC_PART	= 256,	/* ... in several steps, or of less than was asked for */
};

enum { ON_UNIX = 1, ON_TCP = 2, ON_PIPE = 4, ON_SOCKETS = ON_UNIX | ON_TCP };

struct stream_way {
	const char *name;
	unsigned int opcode, prio, flags;
	int msg;
	bool len;		/* it may have a length */
	bool new;		/* not each kernel with provided buffers has it */
	unsigned int of, on;
};

struct stream {
	int in, out;
	unsigned int on;
	struct buffer_group *group;
	unsigned int start;		/* in the random bytes */
	unsigned int planned, sent, got;
	const struct stream_way *way;	/* of the last request */
	unsigned int len;		/* of that, or 0 */
	bool asked, over;
	unsigned int had, had_taken;	/* the group's given and taken, as it was asked for */
	struct iovec iov;
	struct msghdr msg;
};

struct stream_sender {
	struct complete_thread thread;
	unsigned int nr;
	struct {
		struct stream *to;
		unsigned int len, pause;
	} plan[SENDS];
};

struct streams {
	struct complete_case *c;
	struct io_uring ring;
	struct buffer_group group[2];
	unsigned int nr_groups, nr;
	struct stream stream[STREAMS];
	struct stream_sender sender;
	unsigned int of;		/* BY_, of this round */
	bool has_rings, has_tcp;
	int listen;			/* of TCP, or -1 */
	unsigned char *bytes;		/* twice STREAM_BYTES */
	unsigned int nr_cqes, none, several, parts;
};

/* With groups of these kinds. */
bool streams_open(struct complete_case *c, struct streams *all, enum buffer_kind first,
		  enum buffer_kind last);

/* A socket pair, or where @on says so a TCP connection or a pipe, and the group that it is for. */
bool stream_open(struct streams *all, struct stream *s, unsigned int on);

/* By the thread that sends. */
bool stream_send(struct stream *s, unsigned int len);
void stream_end(struct stream *s);

/* Whether the next bytes of the stream are in the buffers that the CQE names; takes these. */
bool stream_judge(struct streams *all, struct stream *s, const struct complete_cqe *cqe);
bool stream_wrong(struct complete_case *c, const struct stream *s, const struct complete_cqe *cqe);

/* Takes what is told of provided buffers, and nothing else may be there. */
bool streams_settle(struct streams *all);

#endif /* COMPLETE_STREAM_H */
