// SPDX-License-Identifier: GPL-2.0
/*
 * Messages from ring to ring.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * Two threads send to the rings of two others, one of which has DEFER_TASKRUN, and which sleep for
 * some messages at a time. Each message is there once, as it was sent, and wakes who waits for it;
 * those that one thread sends to one ring, and not by io-wq, are there in its order. The sender has
 * a CQE of its own for each.
 */
#define SENDERS		2U
#define RECEIVERS	2U
#define MESSAGES	16U	/* of a sender, in a round */
#define WANTS		8U	/* messages that a receiver waits for, at most */
#define PAUSES		3000	/* turns */
#define ROUND_SHIFT	8

struct message {
	unsigned int to, spin;
	int res;
	bool async, alone;	/* .alone: it ends a submission */
	bool sent, arrived;
};

struct messages;

struct msg_sender {
	struct messages *all;
	struct complete_thread thread;
	struct io_uring ring;
	struct message message[MESSAGES];
	unsigned int nr;
};

struct msg_receiver {
	struct messages *all;
	struct complete_thread thread;
	struct io_uring ring;
	unsigned int flags;	/* IORING_SETUP_ */
	unsigned int nr, want;
	struct complete_cqe got[SENDERS * MESSAGES];
};

struct messages {
	struct complete_case *c;
	struct msg_sender sender[SENDERS];
	struct msg_receiver receiver[RECEIVERS];
	unsigned int nr_receivers, round;
};

static uint64_t message_data(const struct messages *all, unsigned int sender, unsigned int k)
{
	return (uint64_t)all->round << ROUND_SHIFT | sender * MESSAGES | k;
}

/* --- in threads */

static void receiver_opens(void *arg)
{
	struct msg_receiver *w = arg;

	complete_ring(w->all->c, &w->ring, 4, 2 * SENDERS * MESSAGES, w->flags);
}

static void receiver_receives(void *arg)
{
	struct msg_receiver *w = arg;
	unsigned int nr = 0;

	while (nr < w->nr) {
		if (complete_take(&w->ring, &w->got[nr])) {
			nr++;
			continue;
		}
		complete_enter(&w->ring, 0, w->nr - nr < w->want ? w->nr - nr : w->want,
			       IORING_ENTER_GETEVENTS);
	}
}

static void sender_sends(void *arg)
{
	struct msg_sender *w = arg;
	struct messages *all = w->all;
	struct io_uring_sqe *sqe;
	unsigned int k;

	for (k = 0; k < w->nr; k++) {
		complete_spin(w->message[k].spin);
		sqe = complete_sqe(all->c, &w->ring, COMPLETE_OP_MSG_RING, k);
		sqe->fd = all->receiver[w->message[k].to].ring.ring_fd;
		sqe->off = message_data(all, w - all->sender, k);
		sqe->len = w->message[k].res;
		sqe->flags = w->message[k].async ? IOSQE_ASYNC : 0;
		if (w->message[k].alone || k == w->nr - 1)
			complete_submit(all->c, &w->ring);
	}
}

/* --- what is sent, and what has come of it */

static void messages_plan(struct messages *all)
{
	struct complete_case *c = all->c;
	struct message *m;
	unsigned int i, k;

	all->round++;
	for (i = 0; i < all->nr_receivers; i++) {
		all->receiver[i].nr = 0;
		all->receiver[i].want = 1 + complete_draw(c, WANTS);
	}
	for (i = 0; i < SENDERS; i++) {
		all->sender[i].nr = 1 + complete_draw(c, MESSAGES);
		for (k = 0; k < all->sender[i].nr; k++) {
			m = &all->sender[i].message[k];
			m->to = complete_draw(c, all->nr_receivers);
			m->spin = complete_draw(c, 3) ? 0 : complete_draw(c, PAUSES);
			m->res = complete_draw(c, 1U << 30);
			m->async = complete_draw(c, 6) == 0;
			m->alone = complete_draw(c, 2);
			m->sent = false;
			m->arrived = false;
			all->receiver[m->to].nr++;
		}
	}
}

static bool senders_judge(struct messages *all, struct msg_sender *w)
{
	struct complete_case *c = all->c;
	struct complete_cqe cqe;
	unsigned int k;

	for (k = 0; k < w->nr; k++) {
		if (!complete_next(c, &w->ring, &cqe, "a message, at its sender"))
			return false;
		if (cqe.data >= w->nr || w->message[cqe.data].sent)
			complete_bad(c, COMPLETE_TWICE, "a sender's user_data %llu, which is done",
				     (unsigned long long)cqe.data);
		else if (cqe.res)
			complete_bad(c, COMPLETE_WRONG, "a message has arrived: res %d", cqe.res);
		else
			w->message[cqe.data].sent = true;
	}
	complete_none_left(c, &w->ring);
	return true;
}

/* @last: of each sender, which of its messages has arrived there last. */
static void message_judge(struct messages *all, struct msg_receiver *to,
			  const struct complete_cqe *cqe, unsigned int *last)
{
	const unsigned int id = cqe->data & (SENDERS * MESSAGES - 1);
	const unsigned int i = id / MESSAGES, k = id % MESSAGES;
	struct message *m = &all->sender[i].message[k];
	struct complete_case *c = all->c;

	if (cqe->data != message_data(all, i, k) || k >= all->sender[i].nr || m->arrived ||
	    &all->receiver[m->to] != to) {
		complete_bad(c, COMPLETE_TWICE, "user_data %#llx, which is done, or not for it",
			     (unsigned long long)cqe->data);
		return;
	}
	m->arrived = true;
	if (cqe->res != m->res || cqe->flags)
		complete_bad(c, COMPLETE_WRONG, "a message has res %#x and flags %#x, not %#x",
			     cqe->res, cqe->flags, m->res);
	else if (!m->async && k + 1 < last[i])
		complete_bad(c, COMPLETE_ORDER, "a sender's message %u arrives behind %u", k,
			     last[i] - 1);
	else
		complete_good(c);
	if (!m->async && k + 1 > last[i])
		last[i] = k + 1;
}

static bool receivers_judge(struct messages *all, struct msg_receiver *to)
{
	unsigned int last[SENDERS] = { 0 }, i;

	if (!complete_await(all->c, complete_done, &to->thread, to->thread.tid,
			    to->flags ? "messages, on a DEFER_TASKRUN ring" : "messages"))
		return false;
	for (i = 0; i < to->nr; i++)
		message_judge(all, to, &to->got[i], last);
	complete_none_left(all->c, &to->ring);
	return true;
}

static bool messages_round(struct messages *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	messages_plan(all);
	for (i = 0; i < all->nr_receivers; i++)
		complete_ask(&all->receiver[i].thread, receiver_receives, &all->receiver[i]);
	for (i = 0; i < SENDERS; i++)
		complete_ask(&all->sender[i].thread, sender_sends, &all->sender[i]);
	for (i = 0; i < SENDERS; i++)
		if (!complete_await(c, complete_done, &all->sender[i].thread,
				    all->sender[i].thread.tid, "a submission") ||
		    !senders_judge(all, &all->sender[i]))
			return false;
	for (i = 0; i < all->nr_receivers; i++)
		if (!receivers_judge(all, &all->receiver[i]))
			return false;
	return true;
}

static bool messages_known(struct messages *all)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&all->sender[0].ring);
	const bool known = probe && io_uring_opcode_supported(probe, COMPLETE_OP_MSG_RING);

	free(probe);
	return known || complete_skip(all->c, SKIP_NOT_IN_KERNEL,
				      "this kernel does not have IORING_OP_MSG_RING");
}

static bool messages_open(struct messages *all)
{
	static const unsigned int flags[RECEIVERS] = { 0, COMPLETE_DEFER };
	struct complete_case *c = all->c;
	struct msg_receiver *to;
	unsigned int i;

	for (i = 0; i < SENDERS; i++) {
		all->sender[i].all = all;
		if (!complete_thread(c, &all->sender[i].thread, "sender") ||
		    !complete_ring(c, &all->sender[i].ring, 2 * MESSAGES, 0, 0))
			return false;
	}
	if (!messages_known(all))
		return false;
	for (i = 0; i < RECEIVERS; i++) {
		to = &all->receiver[i];
		to->all = all;
		to->flags = flags[i];
		if (!complete_thread(c, &to->thread, "receiver"))
			return false;
		complete_do(&to->thread, receiver_opens, to);
		if (c->failed || (c->skip && !i))
			return false;
		if (!c->skip)
			all->nr_receivers++;
		c->skip = NULL;
	}
	return true;
}

void case_msg_ring(struct complete_case *c)
{
	static struct messages all;

	all.c = c;
	if (!messages_open(&all))
		return;
	while (complete_more(c))
		if (!messages_round(&all))
			break;
	complete_note(c, "%s DEFER_TASKRUN", all.nr_receivers == RECEIVERS ? "with" : "without");
}
