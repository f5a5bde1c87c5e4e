// SPDX-License-Identifier: GPL-2.0
/*
 * Receives that take their buffers from a group.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_buffers.h"

/*
 * Two receives with MSG_WAITALL, each of a socket of its own, get half of their data, and later the
 * rest. A receive that has half has its buffer, which nobody else may get meanwhile: kernels gave
 * it back, or did not take it out of the ring (CVE-2025-38730, 41b70df5b38b). Kernels before 5.19
 * end such a receive with the first half.
 */
#define SIDES		2
#define BUFFERS		8
#define LEN		64U

struct recv_side {
	int pair[2];
	bool done;
	int res;
	unsigned int bid;
};

struct recv_case {
	struct complete_case *c;
	struct io_uring ring;
	struct recv_side side[SIDES];
	struct buffer_group group;
	uint64_t partial;	/* receives that had half of it, and waited for more */
};

static void recv_judge(struct recv_case *r, const struct complete_cqe *cqe)
{
	struct complete_case *c = r->c;
	struct recv_side *side;

	if (cqe->data >= SIDES || r->side[cqe->data].done) {
		complete_twice(c, cqe);
		return;
	}
	side = &r->side[cqe->data];
	side->done = true;
	side->res = cqe->res;
	side->bid = cqe->flags >> COMPLETE_BUFFER_SHIFT;
	if (cqe->res <= 0)
		complete_fail(c, cqe->res ?: -EPIPE, "IORING_OP_RECV with a provided buffer");
	else if (!(cqe->flags & IORING_CQE_F_BUFFER) || side->bid >= BUFFERS)
		complete_fail(c, -EBADMSG, "the buffer of IORING_OP_RECV");
}

struct recv_watch {
	struct recv_case *r;
	unsigned int i;
};

/* Whether the receive has completed, or has taken what was there. */
static bool recv_took(void *arg)
{
	const struct recv_watch *w = arg;
	struct complete_cqe cqe;
	int left = 0;

	complete_enter(&w->r->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&w->r->ring, &cqe))
		recv_judge(w->r, &cqe);
	if (w->r->side[w->i].done || w->r->c->failed)
		return true;
	return !ioctl(w->r->side[w->i].pair[0], FIONREAD, &left) && !left;
}

static bool recv_done(void *arg)
{
	const struct recv_watch *w = arg;

	recv_took(arg);
	return w->r->side[w->i].done || w->r->c->failed;
}

static bool recv_starts(struct recv_case *r)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < SIDES; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, r->side[i].pair))
			return complete_fail(r->c, -errno, "socketpair()");
		r->side[i].done = false;
		sqe = complete_sqe(r->c, &r->ring, IORING_OP_RECV, i);
		io_uring_prep_recv(sqe, r->side[i].pair[0], NULL, LEN, MSG_WAITALL);
		sqe->user_data = i;
		sqe->flags = IOSQE_BUFFER_SELECT;
		sqe->buf_group = r->group.id;
	}
	return complete_submit(r->c, &r->ring);
}

/* Half of the data for one, and waits until it is taken, or all is. */
static bool recv_half(struct recv_case *r, unsigned int i, bool last)
{
	struct recv_watch watch = { r, i };
	char half[LEN / 2];

	if (r->side[i].done)
		return true;
	memset(half, 'A' + i, sizeof(half));
	if (send(r->side[i].pair[1], half, sizeof(half), 0) != (ssize_t)sizeof(half))
		return complete_fail(r->c, -errno, "send()");
	if (!complete_await(r->c, last ? recv_done : recv_took, &watch, 0,
			    last ? "a receive of which all is there" :
			    "a receive to take half of it"))
		return false;
	r->partial += !r->side[i].done;
	return true;
}

static void recv_judge_data(struct recv_case *r)
{
	struct complete_case *c = r->c;
	const struct recv_side *side;
	const unsigned char *has;
	unsigned int i, k;

	for (i = 0; i < SIDES; i++) {
		side = &r->side[i];
		has = r->group.buffer[side->bid].at;
		for (k = 0; k < LEN && (int)k < side->res; k++)
			if (has[k] != 'A' + i)
				break;
		if (side->bid == r->side[!i].bid && i)
			complete_bad(c, COMPLETE_WRONG, "both receives got buffer %u", side->bid);
		else if ((int)k < side->res)
			complete_bad(c, COMPLETE_WRONG,
				     "receive %c: byte %u of %d in buffer %u is '%c'", 'A' + i, k,
				     side->res, side->bid, has[k]);
		else
			complete_good(c);
	}
}

static bool recv_round(struct recv_case *r)
{
	const unsigned int first = complete_draw(r->c, SIDES), then = complete_draw(r->c, SIDES);
	unsigned int i;
	bool ok;

	ok = recv_starts(r) && recv_half(r, first, false) && recv_half(r, !first, false) &&
	     recv_half(r, then, true) && recv_half(r, !then, true) && !r->c->failed;
	if (ok) {
		recv_judge_data(r);
		complete_none_left(r->c, &r->ring);
		for (i = 0; i < SIDES; i++)
			if (r->group.buffer[r->side[i].bid].given)
				buffers_take(&r->group, r->side[i].bid);
		ok = buffers_give_all(&r->group);
	}
	for (i = 0; i < SIDES; i++) {
		close(r->side[i].pair[0]);
		close(r->side[i].pair[1]);
	}
	return ok;
}

static void recv_run(struct complete_case *c, enum buffer_kind kind)
{
	static struct recv_case r;

	r.c = c;
	if (!complete_ring(c, &r.ring, 2 * BUFFERS, 0, 0))
		return;
	if (!buffers_open(c, &r.group, &r.ring, kind, BUFFERS, LEN, 0)) {
		if (!c->failed)
			complete_skip(c, SKIP_NOT_IN_KERNEL, no_buffer_ring());
		return;
	}
	while (complete_more(c))
		if (!recv_round(&r))
			break;
	complete_note(c, "%llu receives waited with half of their data",
		      (unsigned long long)r.partial);
	if (!r.partial && !c->failed && !complete_violations(c->r))
		complete_skip(c, SKIP_NOT_IN_KERNEL,
			      "this kernel ends a receive with MSG_WAITALL by its first half");
}

void case_two_recv(struct complete_case *c)
{
	recv_run(c, BUFFERS_CLASSIC);
}

void case_two_recv_ring(struct complete_case *c)
{
	recv_run(c, BUFFERS_RING);
}
