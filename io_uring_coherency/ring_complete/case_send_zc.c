// SPDX-License-Identifier: GPL-2.0
/*
 * Sends whose buffers are the kernel's until it says otherwise.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * IORING_OP_SEND_ZC has a CQE with its result, and where that has IORING_CQE_F_MORE another one,
 * with IORING_CQE_F_NOTIF, behind which the buffer is ours again: it gets new bytes at once. Each
 * byte of a TCP stream is a function of its position. A stream has one send under way, and buffers
 * of more that are not ours yet; the other end reads now and then, so that sends wait for room.
 */
#define STREAMS		2U
#define BUFFERS		4U
#define SENDS		12U	/* of a stream, in a round */
#define SEND_MOST	20000U
#define READ_MOST	16384U
#define STREAM_SHIFT	4

struct zc_buffer {
	unsigned char *bytes;
	bool under_way;		/* its result is not there */
	bool held;		/* its notification is not */
	bool notified;		/* that came before the result */
	unsigned int len;
};

struct zc_stream {
	int from, to;
	unsigned int left;	/* sends */
	uint64_t sent, got;
	bool sends;
	struct zc_buffer buffer[BUFFERS];
};

struct zc_streams {
	struct complete_case *c;
	struct io_uring ring;
	struct zc_stream stream[STREAMS];
	unsigned char *bytes;	/* of all buffers, which are registered */
	bool fixed, known;
	uint64_t notified, waits;
};

/* No byte is that of a place near by, or that of a buffer's next use. */
static unsigned char byte_at(unsigned int stream, uint64_t pos)
{
	return pos * 7 + (pos >> 8) * 13 + (pos >> 16) * 29 + stream * 101 + 1;
}

/* --- sends */

static struct zc_buffer *buffer_free(struct zc_stream *s)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		if (!s->buffer[i].held && !s->buffer[i].under_way)
			return &s->buffer[i];
	return NULL;
}

static bool stream_send(struct zc_streams *all, unsigned int i)
{
	struct zc_stream *s = &all->stream[i];
	struct zc_buffer *b = buffer_free(s);
	struct complete_case *c = all->c;
	struct io_uring_sqe *sqe;
	unsigned int k;

	if (!b) {
		all->waits++;
		return true;
	}
	b->len = 1 + complete_draw(c, complete_draw(c, 2) ? 200 : SEND_MOST);
	for (k = 0; k < b->len; k++)
		b->bytes[k] = byte_at(i, s->sent + k);
	sqe = complete_sqe(c, &all->ring, COMPLETE_OP_SEND_ZC,
			   i << STREAM_SHIFT | (b - s->buffer));
	sqe->fd = s->from;
	sqe->addr = (uintptr_t)b->bytes;
	sqe->len = b->len;
	sqe->msg_flags = MSG_NOSIGNAL | (complete_draw(c, 2) ? MSG_WAITALL : 0);
	sqe->flags = complete_draw(c, 4) ? 0 : IOSQE_ASYNC;
	if (all->fixed && complete_draw(c, 2))
		sqe->ioprio = COMPLETE_SEND_FIXED_BUF;
	b->under_way = true;
	s->sends = true;
	s->left--;
	return complete_submit(c, &all->ring);
}

static void notif_judge(struct zc_streams *all, struct zc_buffer *b,
			const struct complete_cqe *cqe)
{
	if (!b->held && (!b->under_way || b->notified))
		complete_bad(all->c, COMPLETE_TWICE, "a notification of what is not held: res %d",
			     cqe->res);
	else if (cqe->res)
		complete_bad(all->c, COMPLETE_WRONG, "a notification: res %d", cqe->res);
	else
		complete_good(all->c);
	b->held = false;
	b->notified = b->under_way;
	all->notified++;
}

static void cqe_judge(struct zc_streams *all, const struct complete_cqe *cqe)
{
	const unsigned int i = cqe->data >> STREAM_SHIFT, k = cqe->data % (1U << STREAM_SHIFT);
	struct complete_case *c = all->c;
	struct zc_stream *s = &all->stream[i % STREAMS];
	struct zc_buffer *b = &s->buffer[k % BUFFERS];

	if (cqe->res == -EINVAL && !all->known) {
		complete_skip(c, SKIP_NOT_IN_KERNEL, "this kernel does not have IORING_OP_SEND_ZC");
		return;
	}
	all->known = true;
	if (cqe->flags & COMPLETE_CQE_F_NOTIF) {
		notif_judge(all, b, cqe);
		return;
	}
	if (i >= STREAMS || k >= BUFFERS || !b->under_way) {
		complete_twice(c, cqe);
		return;
	}
	b->under_way = false;
	b->held = cqe->flags & IORING_CQE_F_MORE && !b->notified;
	s->sends = false;
	if (b->notified && !(cqe->flags & IORING_CQE_F_MORE))
		complete_bad(c, COMPLETE_TWICE, "a notification, and no F_MORE: res %d", cqe->res);
	b->notified = false;
	if (cqe->res <= 0 || cqe->res > (int)b->len) {
		complete_bad(c, COMPLETE_WRONG, "a send of %u bytes: res %d", b->len, cqe->res);
		return;
	}
	s->sent += cqe->res;
	complete_good(c);
}

/* --- the other end */

static void stream_read(struct zc_streams *all, unsigned int i, unsigned int most)
{
	static unsigned char has[READ_MOST];
	struct zc_stream *s = &all->stream[i];
	ssize_t len, k;

	len = recv(s->to, has, most, MSG_DONTWAIT);
	for (k = 0; k < len; k++, s->got++) {
		if (has[k] == byte_at(i, s->got))
			continue;
		complete_bad(all->c, COMPLETE_WRONG, "byte %llu of a stream is %#x, not %#x",
			     (unsigned long long)s->got, has[k], byte_at(i, s->got));
		/* what follows is as wrong */
		s->got += len - k;
		return;
	}
}

static bool stream_done(const struct zc_stream *s)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		if (s->buffer[i].held || s->buffer[i].under_way)
			return false;
	return !s->left && s->got == s->sent;
}

static bool streams_done(void *arg)
{
	struct zc_streams *all = arg;
	struct complete_case *c = all->c;
	struct complete_cqe cqe;
	struct zc_stream *s;
	unsigned int i;
	bool done = true;

	complete_enter(&all->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&all->ring, &cqe))
		cqe_judge(all, &cqe);
	for (i = 0; i < STREAMS && !c->skip; i++) {
		s = &all->stream[i];
		if (s->left && !s->sends && !stream_send(all, i))
			return true;
		if (complete_draw(c, 4) == 0)
			stream_read(all, i, 1 + complete_draw(c, READ_MOST));
		done &= stream_done(s);
	}
	return done || complete_violations(c->r) > 2;
}

static bool streams_round(struct zc_streams *all)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		all->stream[i].left = 1 + complete_draw(all->c, SENDS);
	if (!complete_await(all->c, streams_done, all, 0, "a send, or its notification"))
		return false;
	if (all->c->skip || all->c->failed || complete_violations(all->c->r))
		return false;
	complete_none_left(all->c, &all->ring);
	return true;
}

/* --- sockets */

static bool stream_open(struct complete_case *c, struct zc_stream *s)
{
	const int size = 16384, listener = complete_tcp_listen();
	bool ok;

	if (listener < 0)
		return complete_fail(c, -errno, "listen()");
	ok = complete_tcp_connect(listener, &s->from, &s->to);
	close(listener);
	if (!ok)
		return complete_skip(c, SKIP_SET_UP,
				     "this kernel does not have a loopback device that is up");
	setsockopt(s->from, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return true;
}

static bool streams_open(struct zc_streams *all)
{
	struct complete_case *c = all->c;
	unsigned int i, k;
	struct iovec iov;

	all->bytes = malloc(STREAMS * BUFFERS * SEND_MOST);
	if (!all->bytes)
		return complete_fail(c, -ENOMEM, "malloc()");
	if (!complete_ring(c, &all->ring, 8, 4 * STREAMS * BUFFERS, 0))
		return false;
	iov = (struct iovec){ all->bytes, STREAMS * BUFFERS * SEND_MOST };
	all->fixed = !io_uring_register_buffers(&all->ring, &iov, 1);
	for (i = 0; i < STREAMS; i++) {
		if (!stream_open(c, &all->stream[i]))
			return false;
		for (k = 0; k < BUFFERS; k++)
			all->stream[i].buffer[k].bytes = all->bytes +
							 (i * BUFFERS + k) * SEND_MOST;
	}
	return true;
}

void case_send_zc(struct complete_case *c)
{
	static struct zc_streams all;

	all.c = c;
	if (!streams_open(&all))
		return;
	while (complete_more(c))
		if (!streams_round(&all))
			break;
	complete_note(c, "%llu notifications, %llu looks for a free buffer",
		      (unsigned long long)all.notified, (unsigned long long)all.waits);
}
