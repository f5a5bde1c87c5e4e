// SPDX-License-Identifier: GPL-2.0
/*
 * Streams that are received into provided buffers, while another thread sends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complete_stream.h"

#define STREAM_MOST	(24U << 10)	/* bytes of a stream in a round */
#define SEND_MOST	3000

/*
 * How bytes are received. A stream has one such request under way, so that its bytes are in the
 * order of its CQEs; the streams share a group. Of an incremental ring the position in a buffer
 * follows from the order of the CQEs of all streams: these are all with one CQE each, or all
 * multishot, as the kernel posts the former when it has done with a batch, and the latter at once.
 *
 * No kernel gets right what is by BY_BUNDLE_PART, BY_BUNDLE_END or BY_INC_PART alone.
 */
static const struct stream_way ways[] = {
	{ "a recv", IORING_OP_RECV, .len = true, .of = BY_ONE | BY_INC | BY_INC_PART,
	  .on = ON_SOCKETS },
	{ "an async recv", IORING_OP_RECV, .flags = IOSQE_ASYNC, .len = true,
	  .of = BY_ONE | BY_INC_PART, .on = ON_SOCKETS },
	{ "a recv with MSG_WAITALL", IORING_OP_RECV, .msg = MSG_WAITALL, .len = true,
	  .of = BY_ONE | BY_INC_PART, .on = ON_SOCKETS },
	{ "an async recv with MSG_WAITALL", IORING_OP_RECV, .msg = MSG_WAITALL,
	  .flags = IOSQE_ASYNC, .len = true, .of = BY_ONE, .on = ON_SOCKETS },
	{ "a recvmsg", IORING_OP_RECVMSG, .len = true, .of = BY_ONE, .on = ON_SOCKETS },
	{ "a recv that polls first", IORING_OP_RECV, .prio = COMPLETE_RECV_POLL_FIRST, .len = true,
	  .of = BY_ONE | BY_INC, .on = ON_SOCKETS, .new = true },
	{ "a read", IORING_OP_READ, .len = true, .of = BY_ONE | BY_INC,
	  .on = ON_SOCKETS | ON_PIPE },
	{ "an async read", IORING_OP_READ, .flags = IOSQE_ASYNC, .len = true, .of = BY_ONE,
	  .on = ON_SOCKETS | ON_PIPE },
	{ "a multishot recv", IORING_OP_RECV, .prio = COMPLETE_RECV_MULTISHOT,
	  .of = BY_ONE | BY_INC_MULTI, .on = ON_SOCKETS, .new = true },
	{ "a multishot read", COMPLETE_OP_READ_MULTISHOT, .of = BY_ONE | BY_INC_MULTI,
	  .on = ON_PIPE, .new = true },

	{ "a bundle", IORING_OP_RECV, .prio = COMPLETE_RECV_BUNDLE, .len = true,
	  .of = BY_BUNDLE | BY_BUNDLE_PART | BY_BUNDLE_LENGTH | BY_INC_BUNDLE, .on = ON_SOCKETS,
	  .new = true },
	{ "a multishot bundle", IORING_OP_RECV,
	  .prio = COMPLETE_RECV_BUNDLE | COMPLETE_RECV_MULTISHOT,
	  .of = BY_BUNDLE | BY_INC_BUNDLE, .on = ON_SOCKETS, .new = true },
	{ "a multishot bundle of a length", IORING_OP_RECV,
	  .prio = COMPLETE_RECV_BUNDLE | COMPLETE_RECV_MULTISHOT, .len = true,
	  .of = BY_BUNDLE | BY_BUNDLE_LENGTH | BY_INC_BUNDLE, .on = ON_TCP, .new = true },
	{ "a multishot bundle of a length", IORING_OP_RECV,
	  .prio = COMPLETE_RECV_BUNDLE | COMPLETE_RECV_MULTISHOT, .len = true,
	  .of = BY_BUNDLE_END, .on = ON_UNIX, .new = true },
	{ "an async bundle", IORING_OP_RECV, .prio = COMPLETE_RECV_BUNDLE, .flags = IOSQE_ASYNC,
	  .len = true, .of = BY_BUNDLE_PART, .on = ON_SOCKETS, .new = true },
	{ "a bundle with MSG_WAITALL", IORING_OP_RECV, .prio = COMPLETE_RECV_BUNDLE,
	  .msg = MSG_WAITALL, .len = true, .of = BY_BUNDLE_PART, .on = ON_SOCKETS, .new = true },
};

/* EINVAL of the first of its kind: the kernel does not have it. */
static bool lacks[ARRAY_SIZE(ways)];
static bool works[ARRAY_SIZE(ways)];

static struct streams all;

/* --- a thread that sends */

static void sender_sends(void *arg)
{
	const struct stream_sender *w = arg;
	unsigned int i, k;

	for (i = 0; i < w->nr; i++) {
		if (!stream_send(w->plan[i].to, w->plan[i].len))
			return;
		for (k = 0; k < w->plan[i].pause; k++)
			complete_spin(100);
	}
	for (i = 0; i < all.nr; i++)
		stream_end(&all.stream[i]);
}

/* Random sizes, for one stream or another, with pauses, in which a receive goes to sleep. */
static void sender_plan(struct complete_case *c, struct stream_sender *w)
{
	const unsigned int most = 1 + complete_draw(c, SEND_MOST);
	unsigned int i;

	w->nr = 1 + complete_draw(c, SENDS);
	for (i = 0; i < w->nr; i++) {
		struct stream *s = &all.stream[complete_draw(c, all.nr)];
		unsigned int len = 1 + complete_draw(c, most);

		if (len > STREAM_MOST - s->planned)
			len = STREAM_MOST - s->planned;
		s->planned += len;
		w->plan[i].to = s;
		w->plan[i].len = len;
		w->plan[i].pause = complete_draw(c, 2) ? complete_draw(c, 200) : 0;
	}
}

/* --- requests */

static bool may_be(const struct stream_way *way, unsigned int on, enum buffer_kind kind)
{
	return !lacks[way - ways] && way->of & all.of && way->on & on &&
	       !(way->new && kind == BUFFERS_CLASSIC && !all.has_rings);
}

/* Any that this kernel has, or NULL. */
static const struct stream_way *choose(struct complete_case *c, const struct stream *s)
{
	const struct stream_way *may[ARRAY_SIZE(ways)];
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (may_be(&ways[i], s->on, s->group->kind))
			may[nr++] = &ways[i];
	if (nr)
		return may[complete_draw(c, nr)];
	complete_skip(c, SKIP_NOT_IN_KERNEL, "this kernel does not have IORING_RECVSEND_BUNDLE");
	return NULL;
}

static bool stream_ask(struct complete_case *c, struct stream *s)
{
	const struct stream_way *way = choose(c, s);
	struct io_uring_sqe *sqe;

	if (!way)
		return false;
	sqe = complete_sqe(c, &all.ring, way->opcode, s - all.stream);
	s->way = way;
	/* 0: what the buffer has room for, which is new */
	s->len = way->len ? 1 + complete_draw(c, 2 * s->group->most) : 0;
	if (way->len && all.has_rings && complete_draw(c, 2))
		s->len = 0;
	sqe->fd = s->in;
	sqe->len = s->len;
	sqe->flags = way->flags | IOSQE_BUFFER_SELECT;
	sqe->ioprio = way->prio;
	sqe->buf_group = s->group->id;
	if (way->opcode == IORING_OP_RECVMSG) {
		s->iov.iov_len = s->len;
		s->msg = (struct msghdr){ .msg_iov = &s->iov, .msg_iovlen = 1 };
		sqe->addr = (uintptr_t)&s->msg;
		sqe->len = 1;
	}
	sqe->msg_flags = way->msg;
	s->asked = true;
	s->had = s->group->given;
	s->had_taken = s->group->taken;
	return !c->failed;
}

/* Those without a request get one, and groups the buffers that they do not have, or some. */
static bool streams_submit(struct complete_case *c, bool all_buffers)
{
	unsigned int i, k;

	for (i = 0; i < all.nr_groups; i++)
		for (k = 0; k < all.group[i].nr; k++)
			if (!all.group[i].buffer[k].given && (all_buffers || complete_draw(c, 2)))
				buffers_give(&all.group[i], k);
	for (i = 0; i < all.nr; i++)
		if (!all.stream[i].asked && !all.stream[i].over && !stream_ask(c, &all.stream[i]))
			return false;
	return complete_submit(c, &all.ring);
}

/* --- what comes */

/* A request may have found no buffer only if those that were there are taken, or in use. */
static bool judge_none(struct complete_case *c, struct stream *s)
{
	int left = s->had - (s->group->taken - s->had_taken);
	unsigned int i;

	all.none++;
	for (i = 0; i < all.nr; i++)
		left -= &all.stream[i] != s && all.stream[i].asked &&
			all.stream[i].group == s->group;
	if (left <= 0)
		return true;
	complete_bad(c, COMPLETE_WRONG, "%s: ENOBUFS, and %d buffers are not in use", s->way->name,
		     left);
	return false;
}

static bool judge_end(struct complete_case *c, struct stream *s, const struct complete_cqe *cqe)
{
	unsigned int bid;

	if (cqe->flags & IORING_CQE_F_BUFFER) {
		if (!buffers_named(s->group, cqe, s->way->name, &bid))
			return false;
		if (!(cqe->flags & COMPLETE_CQE_F_BUF_MORE))
			buffers_take(s->group, bid);
	}
	s->over = true;
	if (s->got == s->planned)
		return true;
	complete_bad(c, COMPLETE_WRONG, "%s: the end of the stream, after %u of %u bytes",
		     s->way->name, s->got, s->planned);
	return false;
}

static bool stream_take(struct complete_case *c, struct stream *s, const struct complete_cqe *cqe)
{
	const unsigned int way = s->way - ways;
	const bool more = cqe->flags & IORING_CQE_F_MORE;
	bool fine;

	if (cqe->res == -EINVAL && !works[way] && s->way->new) {
		lacks[way] = true;
		s->asked = false;
		return true;
	}
	works[way] = true;
	s->asked = more;
	if (cqe->res > 0)
		fine = stream_judge(&all, s, cqe);
	else if (!cqe->res)
		fine = judge_end(c, s, cqe);
	else if (cqe->res == -ENOBUFS && !more)
		fine = judge_none(c, s);
	else
		fine = stream_wrong(c, s, cqe);
	if (fine)
		complete_good(c);
	return fine;
}

static bool streams_over(void)
{
	unsigned int i;

	for (i = 0; i < all.nr; i++)
		if (!all.stream[i].over)
			return false;
	return true;
}

/* Each CQE that is there, then what is to be asked for. */
static bool streams_go_on(struct complete_case *c)
{
	bool none = false, asked = true;
	struct complete_cqe cqe;
	unsigned int i;

	if (!complete_next(c, &all.ring, &cqe, "bytes of a stream, or its end"))
		return false;
	do {
		if (buffers_told(c, &cqe))
			continue;
		if (cqe.data >= all.nr || !all.stream[cqe.data].asked) {
			complete_twice(c, &cqe);
			return false;
		}
		if (!stream_take(c, &all.stream[cqe.data], &cqe))
			return false;
		none |= cqe.res == -ENOBUFS;
	} while (complete_take(&all.ring, &cqe));
	for (i = 0; i < all.nr; i++)
		asked &= all.stream[i].asked || all.stream[i].over;
	return asked || streams_submit(c, none);
}

/* --- rounds */

static bool streams_round(struct complete_case *c)
{
	const unsigned int nr = all.of & BY_INC_BUNDLE ? 1 : STREAMS;
	struct stream_sender *w = &all.sender;
	unsigned int on = 0, i;
	bool fine = true;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		on |= ways[i].of & all.of ? ways[i].on : 0;
	for (all.nr = 0; all.nr < nr && fine; all.nr++)
		fine = stream_open(&all, &all.stream[all.nr], on);
	if (!fine)
		return false;
	sender_plan(c, w);
	if (complete_draw(c, 2)) {
		complete_ask(&w->thread, sender_sends, w);
		fine = streams_submit(c, true);
	} else {
		fine = streams_submit(c, true);
		complete_ask(&w->thread, sender_sends, w);
	}
	while (fine && !streams_over())
		fine = streams_go_on(c);
	/* what is not received keeps it from its end */
	for (i = 0; i < all.nr; i++)
		close(all.stream[i].in);
	fine = complete_await(c, complete_done, &w->thread, w->thread.tid, "a send") && fine;
	for (i = 0; i < all.nr_groups && fine; i++)
		fine = streams_settle(&all) && buffers_count(&all.group[i]);
	return fine;
}

static void streams_note(struct complete_case *c)
{
	const char *multi = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (works[i] && ways[i].prio & COMPLETE_RECV_MULTISHOT)
			multi = ", multishot";
	complete_note(c, "%u had bytes, %u no buffer, %u several, %u a part of one%s%s",
		      all.nr_cqes, all.none, all.several, all.parts, multi,
		      all.has_tcp ? ", TCP" : "");
}

/* Rounds of each of @of in turn. */
static void streams_run(struct complete_case *c, enum buffer_kind first, enum buffer_kind last,
			const unsigned int *of, unsigned int nr_of)
{
	unsigned int round;

	if (!streams_open(c, &all, first, last))
		return;
	for (round = 0; complete_more(c); round++) {
		all.of = of[round % nr_of];
		if (!streams_round(c))
			break;
	}
	streams_note(c);
}

void case_buffer_recv(struct complete_case *c)
{
	static const unsigned int of[] = { BY_ONE };

	streams_run(c, BUFFERS_CLASSIC, BUFFERS_RING, of, ARRAY_SIZE(of));
}

void case_buffer_bundle(struct complete_case *c)
{
	static const unsigned int of[] = { BY_BUNDLE };

	streams_run(c, BUFFERS_RING, BUFFERS_RING, of, ARRAY_SIZE(of));
}

void case_buffer_bundle_part(struct complete_case *c)
{
	static const unsigned int of[] = { BY_BUNDLE_PART };

	streams_run(c, BUFFERS_RING, BUFFERS_RING, of, ARRAY_SIZE(of));
}

void case_buffer_bundle_length(struct complete_case *c)
{
	static const unsigned int of[] = { BY_BUNDLE_LENGTH };

	streams_run(c, BUFFERS_RING, BUFFERS_RING, of, ARRAY_SIZE(of));
}

void case_buffer_bundle_end(struct complete_case *c)
{
	static const unsigned int of[] = { BY_BUNDLE_END };

	streams_run(c, BUFFERS_RING, BUFFERS_RING, of, ARRAY_SIZE(of));
}

void case_buffer_incremental(struct complete_case *c)
{
	static const unsigned int of[] = { BY_INC, BY_INC_MULTI, BY_INC_BUNDLE };

	streams_run(c, BUFFERS_INC, BUFFERS_INC, of, ARRAY_SIZE(of));
}

void case_buffer_incremental_part(struct complete_case *c)
{
	static const unsigned int of[] = { BY_INC_PART };

	streams_run(c, BUFFERS_INC, BUFFERS_INC, of, ARRAY_SIZE(of));
}
