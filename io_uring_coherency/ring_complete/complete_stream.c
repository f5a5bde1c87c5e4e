// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of known bytes; see complete_stream.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complete_stream.h"

#define BUFFERS		8
#define BUFFER_MOST	2048U
#define INC_BUFFERS	4
#define INC_MOST	8192U

static const unsigned char *random_bytes;	/* for stream_send() */

static bool tcp_connect(struct streams *all, struct stream *s)
{
	const int one = 1;

	all->has_tcp = complete_tcp_connect(all->listen, &s->out, &s->in);
	if (!all->has_tcp)
		return false;
	setsockopt(s->out, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	s->on = ON_TCP;
	return true;
}

bool streams_open(struct complete_case *c, struct streams *all, enum buffer_kind first,
		  enum buffer_kind last)
{
	const bool inc = first == BUFFERS_INC;
	enum buffer_kind kind;
	unsigned int i;

	all->c = c;
	all->bytes = malloc(2 * STREAM_BYTES);
	if (!all->bytes)
		return complete_fail(c, -ENOMEM, "malloc()");
	random_bytes = all->bytes;
	for (i = 0; i < STREAM_BYTES; i++)
		all->bytes[i] = complete_draw(c, 256);
	memcpy(all->bytes + STREAM_BYTES, all->bytes, STREAM_BYTES);
	if (!complete_ring(c, &all->ring, 64, 1024, 0))
		return false;
	for (kind = first; kind <= last; kind++) {
		if (!buffers_open(c, &all->group[all->nr_groups], &all->ring, kind,
				  inc ? INC_BUFFERS : BUFFERS, inc ? INC_MOST : BUFFER_MOST, 1))
			break;
		all->nr_groups++;
		all->has_rings |= kind != BUFFERS_CLASSIC;
	}
	if (c->failed)
		return false;
	if (!all->nr_groups)
		return complete_skip(c, SKIP_NOT_IN_KERNEL,
				     inc ? "this kernel does not have IOU_PBUF_RING_INC" :
				     no_buffer_ring());
	/* which tells how much more is there */
	all->listen = complete_tcp_listen();
	all->has_tcp = all->listen >= 0;
	return complete_thread(c, &all->sender.thread, "sender");
}

bool stream_open(struct streams *all, struct stream *s, unsigned int on)
{
	struct complete_case *c = all->c;
	int pair[2];

	*s = (struct stream){
		.group = &all->group[complete_draw(c, all->nr_groups)],
		.start = complete_draw(c, STREAM_BYTES),
	};
	if (on & ON_TCP && all->has_tcp && complete_draw(c, 2) && tcp_connect(all, s))
		return true;
	s->on = on & ON_PIPE && complete_draw(c, 2) ? ON_PIPE : ON_UNIX;
	if (s->on == ON_PIPE ? pipe2(pair, O_CLOEXEC) :
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return complete_fail(c, -errno, "a stream");
	s->in = pair[0];
	s->out = pair[1];
	return true;
}

bool stream_send(struct stream *s, unsigned int len)
{
	ssize_t ret;

	while (len) {
		ret = write(s->out, random_bytes + (s->start + s->sent) % STREAM_BYTES, len);
		if (ret < 0 && errno == EINTR)
			continue;
		/* who receives has given up */
		if (ret <= 0)
			return false;
		s->sent += ret;
		len -= ret;
	}
	return true;
}

void stream_end(struct stream *s)
{
	close(s->out);
}

bool stream_wrong(struct complete_case *c, const struct stream *s, const struct complete_cqe *cqe)
{
	complete_bad(c, COMPLETE_WRONG, "%s of %u bytes: res %d, flags %#x", s->way->name, s->len,
		     cqe->res, cqe->flags);
	return false;
}

/* --- where a stream's bytes are */

/* The first of @len bytes that is another, or @len. */
static unsigned int differs(const struct streams *all, const struct stream *s,
			    const unsigned char *has, unsigned int len)
{
	const unsigned char *want = all->bytes + (s->start + s->got) % STREAM_BYTES;
	unsigned int k;

	for (k = 0; k < len && has[k] == want[k]; k++)
		;
	return k;
}

/*
 * A buffer, of which @len bytes are told of. The group has it still if more is to come, which is
 * so of an incremental one that is not full, unless the kernel has done with it earlier.
 */
static bool judge_buffer(struct streams *all, struct stream *s, unsigned int bid, unsigned int len,
			 bool more)
{
	struct buffer *b = &s->group->buffer[bid];
	const unsigned int k = differs(all, s, b->at + b->pos, len), from = b->pos;
	struct complete_case *c = all->c;

	s->got += len;
	b->pos += s->group->kind == BUFFERS_INC ? len : 0;
	if (!more)
		buffers_take(s->group, bid);
	if (k < len)
		complete_bad(c, COMPLETE_WRONG,
			     "%s: byte %u of the stream is not at %u in buffer %u, of %u bytes",
			     s->way->name, s->got - len + k, from + k, bid, b->len);
	else if (s->group->kind != BUFFERS_INC && !buffers_empty(b, len, b->len))
		complete_bad(c, COMPLETE_WRONG, "%s: bytes behind the %u in buffer %u of %u",
			     s->way->name, len, bid, b->len);
	else if (more && b->pos == b->len)
		complete_bad(c, COMPLETE_WRONG, "%s: F_BUF_MORE of buffer %u, which is full",
			     s->way->name, bid);
	else
		return true;
	return false;
}

/* Of a bundle the first buffer is named, and the others follow as they were given. */
static bool judge_next(struct streams *all, struct stream *s, unsigned int *bid)
{
	struct buffer_group *g = s->group;
	const uint16_t turn = g->buffer[*bid].turn + 1;

	if (turn != g->turn && g->buffer[g->bid[turn % g->nr]].given) {
		*bid = g->bid[turn % g->nr];
		return true;
	}
	complete_bad(all->c, COMPLETE_WRONG, "%s goes on behind buffer %u, the last", s->way->name,
		     *bid);
	return false;
}

/* Whether that is more than was asked for: kernels go on with a bundle that has its length. */
static bool is_too_much(const struct streams *all, const struct stream *s, unsigned int res)
{
	const bool bundle = s->way->prio & COMPLETE_RECV_BUNDLE;

	return res > s->planned - s->got ||
	       (s->len && res > s->len && (!bundle || all->of & BY_BUNDLE_LENGTH));
}

bool stream_judge(struct streams *all, struct stream *s, const struct complete_cqe *cqe)
{
	const bool bundle = s->way->prio & COMPLETE_RECV_BUNDLE;
	const bool more = cqe->flags & COMPLETE_CQE_F_BUF_MORE;
	unsigned int left = cqe->res, room, bid, nr;

	if (!buffers_named(s->group, cqe, s->way->name, &bid))
		return false;
	if (is_too_much(all, s, left))
		return stream_wrong(all->c, s, cqe);
	all->nr_cqes++;
	for (nr = 1;; nr++) {
		room = s->group->buffer[bid].len - s->group->buffer[bid].pos;
		if (left <= room || !bundle)
			break;
		if (!judge_buffer(all, s, bid, room, false) || !judge_next(all, s, &bid))
			return false;
		left -= room;
	}
	all->several += nr > 1;
	all->parts += more;
	if (left > room)
		return stream_wrong(all->c, s, cqe);
	return judge_buffer(all, s, bid, left, more);
}

bool streams_settle(struct streams *all)
{
	struct complete_cqe cqe;

	if (!complete_submit(all->c, &all->ring))
		return false;
	while (complete_take(&all->ring, &cqe)) {
		if (buffers_told(all->c, &cqe))
			continue;
		complete_twice(all->c, &cqe);
		return false;
	}
	return !all->c->failed;
}
