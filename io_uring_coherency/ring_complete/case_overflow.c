// SPDX-License-Identifier: GPL-2.0
/*
 * More completions than the CQ has entries for.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * What has no room waits in a list of the kernel's, and is moved to the CQ by io_uring_enter(). As
 * long as that list is not empty all others have to go there, or they overtake: aa1df3a360a0, "may
 * break ordering guarantees, which will affect links, F_MORE users and more". So these are chains
 * of linked NOPs. By the end of io_uring_submit() a chain is over, so that all come in order; with
 * DEFER_TASKRUN only its first is, and what follows is task_work: there each chain is in order.
 */
#define ENTRIES		8	/* of SQ and CQ */
#define MOST		64	/* completions of a round */

struct overflow {
	struct complete_case *c;
	struct io_uring ring;
	unsigned int submitted, taken, most;
	unsigned int last;	/* the highest that has come, + 1 */
	uint64_t base;		/* user_data of the first */
	uint64_t overflows;	/* rounds that had one */
	bool ordered;		/* linked NOPs, else reads */
	bool defer;
	bool seen[MOST];
	bool head[MOST];	/* the first of its chain */
	int pipe[2];
	unsigned char got[MOST];
	bool at[MOST];		/* bytes of the pipe that were read */
};

/* Whether one that follows has come already. */
static bool overflow_late(const struct overflow *o, unsigned int i)
{
	if (!o->ordered)
		return false;
	if (!o->defer)
		return i < o->last;
	return i + 1 < o->submitted && !o->head[i + 1] && o->seen[i + 1];
}

static void overflow_judge(struct overflow *o, const struct complete_cqe *cqe)
{
	const uint64_t i = cqe->data - o->base;
	struct complete_case *c = o->c;
	const int want = o->ordered ? 0 : 1;

	if (i >= o->submitted || o->seen[i]) {
		complete_bad(c, COMPLETE_TWICE, "CQE %lld of %u, a second time",
			     (long long)i, o->submitted);
		return;
	}
	o->seen[i] = true;
	if (cqe->res != want)
		complete_bad(c, COMPLETE_WRONG, "CQE %u has res %d, not %d", (unsigned int)i,
			     cqe->res, want);
	else if (overflow_late(o, i))
		complete_bad(c, COMPLETE_ORDER, "CQE %u of %u linked ones comes after a later one",
			     (unsigned int)i + 1, o->most);
	else if (!o->ordered && (o->got[i] >= o->most || o->at[o->got[i]]))
		complete_bad(c, COMPLETE_TWICE, "byte %u of a pipe was read twice", o->got[i]);
	else
		complete_good(c);
	if (!o->ordered && o->got[i] < MOST)
		o->at[o->got[i]] = true;
	o->taken++;
	if (o->last <= i)
		o->last = i + 1;
}

/* Up to @nr of those that are in the CQ already. */
static void overflow_take(struct overflow *o, unsigned int nr)
{
	struct complete_cqe cqe;

	while (nr-- && complete_take(&o->ring, &cqe))
		overflow_judge(o, &cqe);
}

/* A batch, which before 5.19 is refused while there is an overflow. */
static bool overflow_submit(struct overflow *o)
{
	struct complete_case *c = o->c;
	struct complete_cqe cqe;

	while (!complete_submit(c, &o->ring)) {
		if (c->failed || !complete_next(c, &o->ring, &cqe, "a CQE of a full CQ"))
			return false;
		overflow_judge(o, &cqe);
	}
	return true;
}

static void overflow_prepare(struct overflow *o, bool first, bool last)
{
	struct io_uring_sqe *sqe;
	unsigned int i = o->submitted;

	sqe = complete_sqe(o->c, &o->ring, o->ordered ? IORING_OP_NOP : IORING_OP_READ,
			   o->base + i);
	o->head[i] = first;
	if (o->ordered) {
		sqe->flags = last ? 0 : IOSQE_IO_LINK;
	} else {
		sqe->fd = o->pipe[0];
		sqe->addr = (uintptr_t)&o->got[i];
		sqe->len = 1;
		sqe->off = -1;
		o->got[i] = 0xff;
	}
	o->submitted++;
}

/* More than the CQ has room for, with some taken in between, by no system call. */
static bool overflow_fill(struct overflow *o)
{
	struct complete_case *c = o->c;
	unsigned int batch, full = 0, i;

	while (o->submitted < o->most) {
		batch = 1 + complete_draw(c, ENTRIES);
		if (batch > o->most - o->submitted)
			batch = o->most - o->submitted;
		for (i = 0; i < batch; i++)
			overflow_prepare(o, i == 0, i == batch - 1);
		if (!overflow_submit(o))
			return false;
		full |= IO_URING_READ_ONCE(*o->ring.sq.kflags) & IORING_SQ_CQ_OVERFLOW;
		if (complete_draw(c, 3) == 0)
			overflow_take(o, complete_draw(c, ENTRIES));
	}
	o->overflows += full != 0;
	return true;
}

static bool overflow_round(struct overflow *o)
{
	struct complete_case *c = o->c;
	unsigned char bytes[MOST];
	struct complete_cqe cqe;
	unsigned int sent, i;

	o->base += MOST;
	o->submitted = 0;
	o->taken = 0;
	o->last = 0;
	o->most = ENTRIES + 1 + complete_draw(c, MOST - ENTRIES);
	/* the others are reads that wait, and then complete by task_work */
	o->ordered = complete_draw(c, 4);
	memset(o->seen, 0, sizeof(o->seen));
	memset(o->at, 0, sizeof(o->at));
	if (!overflow_fill(o))
		return false;
	for (i = 0; i < o->most; i++)
		bytes[i] = i;
	sent = o->ordered ? 0 : o->most;
	if (sent && write(o->pipe[1], bytes, sent) != (ssize_t)sent)
		return complete_fail(c, -errno, "write()");
	while (o->taken < o->most) {
		if (!complete_next(c, &o->ring, &cqe, "a CQE that had no room in the CQ"))
			return false;
		overflow_judge(o, &cqe);
		/* with room for more than one, which the kernel fills when it is asked to */
		overflow_take(o, complete_draw(c, 2 * ENTRIES));
	}
	complete_none_left(c, &o->ring);
	return true;
}

static void overflow_run(struct complete_case *c, unsigned int flags)
{
	static struct overflow o;

	o.c = c;
	o.defer = flags;
	if (!complete_ring(c, &o.ring, ENTRIES, ENTRIES, flags))
		return;
	if (!(o.ring.features & IORING_FEAT_NODROP)) {
		complete_skip(c, SKIP_NOT_IN_KERNEL,
			      "this kernel does not have IORING_FEAT_NODROP");
		return;
	}
	if (pipe(o.pipe)) {
		complete_fail(c, -errno, "pipe()");
		return;
	}
	while (complete_more(c))
		if (!overflow_round(&o))
			break;
	complete_note(c, "an overflow %llu times", (unsigned long long)o.overflows);
	if (!o.overflows && !complete_violations(c->r))
		complete_skip(c, SKIP_TOO_FEW, "inconclusive: no CQ had an overflow");
}

void case_cq_overflow(struct complete_case *c)
{
	overflow_run(c, 0);
}

void case_overflow_defer(struct complete_case *c)
{
	overflow_run(c, COMPLETE_DEFER);
}
