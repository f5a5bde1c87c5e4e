// SPDX-License-Identifier: GPL-2.0
/*
 * IOSQE_IO_DRAIN.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * Requests, some with the flag, of which reads wait for their pipe to be fed, in random order. What
 * is behind a drained request starts when that is done; kernels flushed what was deferred by its
 * sequence alone, up to the next drained one: fde04c7e2775. That a write has started shows in its
 * pipe, that others have by their CQE alone.
 *
 * More than that may be held back: from 6.16 on a request that comes by a later system call than a
 * drained one waits for all that are under way, also where the drained one is done
 * (io_queue_deferred() of io_uring/io_uring.c, 7.2). So what has to come is what has nothing before
 * it any more.
 */
#define OPS_MOST	6
#define QUIET_MS	1

struct drain_op {
	int opcode;
	bool drained, fed, done;
	int pipe[2];
	char byte;
};

struct drain {
	struct complete_case *c;
	struct io_uring ring;
	struct drain_op op[OPS_MOST];
	unsigned int nr;
	unsigned int round;
};

static const char *drain_name(const struct drain_op *op)
{
	return op->opcode == IORING_OP_NOP ? "NOP" :
	       op->opcode == IORING_OP_READ ? "read" : "write";
}

/* Whether @i has to wait for @before: one of them, or one between them, is drained. */
static bool drain_waits(const struct drain *d, unsigned int before, unsigned int i)
{
	unsigned int k;

	for (k = before; k <= i; k++)
		if (d->op[k].drained)
			return true;
	return false;
}

/* What @i waits for: the first that is not done, or @i itself if it may start. */
static unsigned int drain_behind(const struct drain *d, unsigned int i)
{
	unsigned int k;

	for (k = 0; k < i; k++)
		if (!d->op[k].done && drain_waits(d, k, i))
			return k;
	return i;
}

static void drain_overtakes(struct drain *d, unsigned int i, const char *does)
{
	const struct drain_op *op = &d->op[i], *behind = &d->op[drain_behind(d, i)];

	complete_bad(d->c, COMPLETE_ORDER, "%u of %u, a %s%s, %s before %u, a %s%s, is done",
		     i + 1, d->nr, op->drained ? "drained " : "", drain_name(op), does,
		     (unsigned int)(behind - d->op) + 1, behind->drained ? "drained " : "",
		     drain_name(behind));
}

static void drain_judge(struct drain *d, const struct complete_cqe *cqe)
{
	const unsigned int i = cqe->data & 0xff;
	struct complete_case *c = d->c;
	const int want = i < d->nr && d->op[i].opcode == IORING_OP_NOP ? 0 : 1;

	if (cqe->data >> 8 != d->round || i >= d->nr || d->op[i].done) {
		complete_twice(c, cqe);
		return;
	}
	if (cqe->res != want)
		complete_bad(c, COMPLETE_WRONG, "a %s has res %d, not %d", drain_name(&d->op[i]),
			     cqe->res, want);
	else if (drain_behind(d, i) != i)
		drain_overtakes(d, i, "completes");
	else
		complete_good(c);
	d->op[i].done = true;
}

/* The first that is not done, if it has what it takes; or d->nr. */
static unsigned int drain_due(const struct drain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr && d->op[i].done; i++)
		;
	return i < d->nr && d->op[i].fed ? i : d->nr;
}

/* All that is due comes, and then nothing else happens. */
static bool drain_settles(struct drain *d)
{
	struct complete_cqe cqe;
	unsigned int i;
	char what[96];

	while ((i = drain_due(d)) < d->nr) {
		snprintf(what, sizeof(what), "%u of %u, a %s%s with nothing left before it", i + 1,
			 d->nr, d->op[i].drained ? "drained " : "", drain_name(&d->op[i]));
		if (!complete_next(d->c, &d->ring, &cqe, what))
			return false;
		drain_judge(d, &cqe);
	}
	while (complete_quiet(&d->ring, QUIET_MS) && complete_take(&d->ring, &cqe))
		drain_judge(d, &cqe);
	for (i = 0; i < d->nr; i++) {
		struct pollfd begun = { .fd = d->op[i].pipe[0], .events = POLLIN };

		if (d->op[i].opcode == IORING_OP_WRITE && !d->op[i].done &&
		    drain_behind(d, i) != i && poll(&begun, 1, 0) == 1)
			drain_overtakes(d, i, "starts");
	}
	return true;
}

/* @known: a read, behind it a drained one, behind that a NOP. */
static bool drain_choose(struct drain *d, bool known)
{
	static const int opcodes[] = { IORING_OP_READ, IORING_OP_NOP, IORING_OP_READ,
				       IORING_OP_WRITE };
	struct complete_case *c = d->c;
	struct drain_op *op;
	unsigned int i;

	d->nr = known ? 3 : 3 + complete_draw(c, OPS_MOST - 2);
	for (i = 0; i < d->nr; i++) {
		op = &d->op[i];
		*op = (struct drain_op){
			.opcode = known ? opcodes[i / 2] : opcodes[complete_draw(c, 4)],
			.drained = known ? i == 1 : complete_draw(c, 3) == 0,
		};
		op->fed = op->opcode != IORING_OP_READ;
		if (pipe(op->pipe))
			return complete_fail(c, -errno, "pipe()");
	}
	return true;
}

static bool drain_submit(struct drain *d, bool known)
{
	const unsigned int first = complete_draw(d->c, 2) ? d->nr : complete_draw(d->c, d->nr);
	struct io_uring_sqe *sqe;
	struct drain_op *op;
	unsigned int i;

	for (i = 0; i < d->nr; i++) {
		op = &d->op[i];
		sqe = complete_sqe(d->c, &d->ring, op->opcode, d->round << 8 | i);
		if (op->opcode != IORING_OP_NOP) {
			sqe->fd = op->pipe[op->opcode == IORING_OP_WRITE];
			sqe->addr = (uintptr_t)&op->byte;
			sqe->len = 1;
			sqe->off = -1;
		}
		sqe->flags = op->drained ? IOSQE_IO_DRAIN : 0;
		if (!known && complete_draw(d->c, 4) == 0)
			sqe->flags |= IOSQE_ASYNC;
		if (i == first && !complete_submit(d->c, &d->ring))
			return false;
	}
	return complete_submit(d->c, &d->ring);
}

/* Feeds one of the reads, any. False if none is left. */
static bool drain_feed(struct drain *d)
{
	unsigned int i = complete_draw(d->c, d->nr), tried;

	for (tried = 0; d->op[i].fed; i = (i + 1) % d->nr)
		if (++tried > d->nr)
			return false;
	d->op[i].fed = true;
	if (write(d->op[i].pipe[1], "", 1) != 1)
		complete_fail(d->c, -errno, "write()");
	return true;
}

static bool drain_round(struct drain *d, bool known)
{
	unsigned int i;
	bool ok;

	d->round++;
	if (!drain_choose(d, known))
		return false;
	ok = drain_submit(d, known) && drain_settles(d);
	while (ok && drain_feed(d))
		ok = drain_settles(d);
	for (i = 0; i < d->nr; i++) {
		close(d->op[i].pipe[0]);
		close(d->op[i].pipe[1]);
	}
	return ok;
}

void case_drain(struct complete_case *c)
{
	static struct drain d;
	unsigned int i;

	d.c = c;
	if (!complete_ring(c, &d.ring, 2 * OPS_MOST, 0, 0))
		return;
	for (i = 0; complete_more(c); i++)
		if (!drain_round(&d, i % 4 == 0))
			break;
}
