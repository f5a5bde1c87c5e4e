// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that are cancelled, and those beside them that are not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * Targets wait for a byte each: in a poll, in a blocking call of io-wq, in its queue, as io-wq has
 * WORKERS alone, or for time. Some bytes come while a cancellation looks for them. Who has nothing
 * to wait for any more may be found or not, but what the cancellation says has to agree with the
 * target's result, and that with the bytes that are left. Who is not asked for goes on to its byte.
 *
 * Of a target that io-wq works at the worker is told, and what the cancellation says is found out
 * once more then (__io_async_cancel() of io_uring/cancel.c, 7.2): the target may be gone, and it
 * says -ENOENT. What it counts are looks at io-wq, not requests, and the second one passes over
 * what the first has seen (io_cancel_match_sequence()).
 */
#define TARGETS		6U
#define CANCELS		3U
#define WORKERS		2
#define CANCEL_ID	0x80U	/* user_data, beside the round */
#define ROUND_SHIFT	8
#define PAUSES		2000	/* turns */
#define NEVER_S		1000
#define SOON_NS		50000

enum target_at { AT_PIPE, AT_SOCKET, AT_CLOCK };

static const struct target_kind {
	const char *name;
	uint8_t opcode, flags;
	enum target_at at;
	bool takes;		/* the byte */
	bool works;		/* io-wq has it: -EALREADY is no surprise */
	bool multi;
} kinds[] = {
	{ "a read", IORING_OP_READ, 0, AT_PIPE, .takes = true },
	{ "an async read", IORING_OP_READ, IOSQE_ASYNC, AT_PIPE, .takes = true, .works = true },
	{ "a splice", IORING_OP_SPLICE, IOSQE_ASYNC, AT_PIPE, .takes = true, .works = true },
	{ "a poll", IORING_OP_POLL_ADD, 0, AT_PIPE, .takes = false },
	{ "a multishot poll", IORING_OP_POLL_ADD, 0, AT_PIPE, .multi = true },
	{ "a recv", IORING_OP_RECV, 0, AT_SOCKET, .takes = true },
	{ "an async recv", IORING_OP_RECV, IOSQE_ASYNC, AT_SOCKET, .takes = true, .works = true },
	{ "a timeout", IORING_OP_TIMEOUT, 0, AT_CLOCK, .takes = false },
};

struct channel {
	int from, to;		/* where targets wait, and where their bytes come from */
	int sink[2];		/* of splices */
	unsigned int fed, took;
};

struct target {
	const struct target_kind *kind;
	struct channel *on;
	struct __kernel_timespec ts;
	char byte;
	bool asked;		/* a cancellation may mean it */
	bool sure;		/* one has said that it is cancelled */
	bool missed;		/* one has said that it is not there */
	bool works;		/* io-wq may have it, at least once its byte is there */
	bool feed, done;
	int res;
};

struct cancel {
	unsigned int flags;
	unsigned int target;	/* TARGETS: what nobody has */
	bool done;
	int res;
};

/* What no kernel is known to keep is asked beside the rest where that is the case. */
enum cancel_asks { ASKS_REST, ASKS_WORKERS, ASKS_ERROR };

struct cancels {
	struct complete_case *c;
	struct io_uring ring;
	struct complete_thread submitter, feeder;
	bool by_fd;		/* this kernel has it */
	bool reads;		/* io_uring reads the pipes by itself */
	enum cancel_asks asks;
	unsigned int round, pause;
	struct channel channel[AT_CLOCK][TARGETS];
	struct target target[TARGETS];
	struct cancel cancel[CANCELS];
	unsigned int nr_cancels;
	uint64_t cancelled, targets;
};

/* --- targets */

static bool channel_open(struct complete_case *c, struct channel *on, enum target_at at)
{
	int fd[2];

	if (at == AT_SOCKET ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) :
	    pipe2(fd, O_CLOEXEC))
		return complete_fail(c, -errno, "pipe()");
	on->from = fd[0];
	on->to = fd[1];
	if (pipe2(on->sink, O_CLOEXEC))
		return complete_fail(c, -errno, "pipe()");
	return true;
}

static void channel_feed(struct channel *on)
{
	if (write(on->to, "x", 1) == 1)
		__atomic_add_fetch(&on->fed, 1, __ATOMIC_SEQ_CST);
}

/* Takes what is left there; returns how many bytes that was. */
static int drain(int fd)
{
	char buf[64];
	int left = 0;

	if (ioctl(fd, FIONREAD, &left) || left <= 0)
		return 0;
	return read(fd, buf, sizeof(buf));
}

static bool never_fed(const struct target *t)
{
	return t->on ? !__atomic_load_n(&t->on->fed, __ATOMIC_SEQ_CST) : !t->feed;
}

/* What no byte ends. */
static bool goes_on(const struct target *t)
{
	return t->kind->multi || (!t->on && !t->feed);
}

static int target_fd(const struct target *t)
{
	if (t->kind->opcode == IORING_OP_SPLICE)
		return t->on->sink[1];
	return t->on ? t->on->from : -1;
}

/* Kinds, and who shares a descriptor with the one before it. */
static void targets_choose(struct cancels *all)
{
	struct complete_case *c = all->c;
	struct target *t;
	unsigned int i;

	for (i = 0; i < TARGETS; i++) {
		t = &all->target[i];
		memset(t, 0, sizeof(*t));
		do
			t->kind = &kinds[complete_draw(c, ARRAY_SIZE(kinds))];
		while (t->kind->multi && !all->by_fd);
		t->works = t->kind->works ||
			   (t->kind->opcode == IORING_OP_READ && !all->reads);
		if (t->kind->at != AT_CLOCK)
			t->on = &all->channel[t->kind->at][i];
		if (i && t->on && t->kind->at == t[-1].kind->at && complete_draw(c, 2))
			t->on = t[-1].on;
		t->feed = complete_draw(c, 3) == 0;
		t->ts.tv_sec = t->feed ? 0 : NEVER_S;
		t->ts.tv_nsec = complete_draw(c, SOON_NS);
	}
}

static void target_prepare(struct cancels *all, unsigned int i)
{
	const uint64_t data = (uint64_t)all->round << ROUND_SHIFT | i;
	struct target *t = &all->target[i];
	struct io_uring_sqe *sqe = complete_sqe(all->c, &all->ring, t->kind->opcode, data);

	if (t->kind->opcode == IORING_OP_POLL_ADD) {
		io_uring_prep_poll_add(sqe, t->on->from, POLLIN);
		sqe->len = t->kind->multi ? COMPLETE_POLL_MULTI : 0;
	} else if (t->kind->opcode == IORING_OP_SPLICE) {
		io_uring_prep_splice(sqe, t->on->from, -1, t->on->sink[1], -1, 1, 0);
	} else {
		sqe->addr = (uintptr_t)(t->on ? (void *)&t->byte : &t->ts);
		sqe->len = 1;
	}
	sqe->fd = target_fd(t);
	sqe->user_data = data;
	sqe->flags = t->kind->flags;
}

static void targets_submit(void *arg)
{
	struct cancels *all = arg;
	unsigned int i;

	for (i = 0; i < TARGETS; i++)
		target_prepare(all, i);
	complete_submit(all->c, &all->ring);
}

static void targets_feed(void *arg)
{
	struct cancels *all = arg;
	unsigned int i;

	complete_spin(all->pause);
	for (i = 0; i < TARGETS; i++)
		if (all->target[i].feed && all->target[i].on)
			channel_feed(all->target[i].on);
}

/* --- cancellations */

static bool means(const struct cancels *all, const struct cancel *what, const struct target *t)
{
	if (what->flags & COMPLETE_CANCEL_ANY)
		return true;
	if (what->target >= TARGETS)
		return false;
	if (what->flags & COMPLETE_CANCEL_FD)
		return t->on && target_fd(t) == target_fd(&all->target[what->target]);
	return t == &all->target[what->target];
}

/* Several, of a target each and of what is not there, or one of a descriptor, or of all. */
static void cancels_choose(struct cancels *all)
{
	const unsigned int how = all->by_fd ? complete_draw(all->c, 4) : 1;
	struct complete_case *c = all->c;
	struct cancel *what;
	unsigned int i, k;

	all->nr_cancels = how ? 1 + complete_draw(c, CANCELS) : 1;
	for (i = 0; i < all->nr_cancels; i++) {
		what = &all->cancel[i];
		memset(what, 0, sizeof(*what));
		what->target = i * 2 + complete_draw(c, 2);
		if (complete_draw(c, 8) == 0)
			what->target = TARGETS;
		if (!how && all->target[what->target % TARGETS].on) {
			what->target %= TARGETS;
			what->flags = COMPLETE_CANCEL_FD |
				      (complete_draw(c, 2) ? COMPLETE_CANCEL_ALL : 0);
		} else if (!how) {
			what->flags = COMPLETE_CANCEL_ANY;
		}
		for (k = 0; k < TARGETS; k++)
			all->target[k].asked |= means(all, what, &all->target[k]);
	}
}

static void cancel_prepare(struct cancels *all, unsigned int i)
{
	const struct cancel *what = &all->cancel[i];
	const uint64_t data = (uint64_t)all->round << ROUND_SHIFT;
	struct io_uring_sqe *sqe = complete_sqe(all->c, &all->ring, IORING_OP_ASYNC_CANCEL,
						data | CANCEL_ID | i);

	sqe->rw_flags = what->flags;
	if (what->flags & COMPLETE_CANCEL_FD)
		sqe->fd = target_fd(&all->target[what->target]);
	else if (!what->flags)
		sqe->addr = data | what->target;
}

static void cqe_judge(struct cancels *all, const struct complete_cqe *cqe)
{
	const unsigned int i = cqe->data & (CANCEL_ID - 1);
	const bool cancel = cqe->data & CANCEL_ID;
	bool *done = NULL;

	if (cqe->data >> ROUND_SHIFT == all->round) {
		if (cancel && i < all->nr_cancels)
			done = &all->cancel[i].done;
		else if (!cancel && i < TARGETS)
			done = &all->target[i].done;
	}
	if (!done || *done) {
		complete_twice(all->c, cqe);
		return;
	}
	if (cqe->flags & IORING_CQE_F_MORE)
		return;
	*done = true;
	if (cancel)
		all->cancel[i].res = cqe->res;
	else
		all->target[i].res = cqe->res;
}

static void take_all(struct cancels *all)
{
	struct complete_cqe cqe;

	complete_enter(&all->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&all->ring, &cqe))
		cqe_judge(all, &cqe);
}

static bool cancels_done(void *arg)
{
	struct cancels *all = arg;
	unsigned int i;

	take_all(all);
	for (i = 0; i < all->nr_cancels && all->cancel[i].done; i++)
		;
	return i == all->nr_cancels;
}

/* Submits those that are chosen, and waits for their CQEs. */
static bool cancels_do(struct cancels *all)
{
	unsigned int i;

	for (i = 0; i < all->nr_cancels; i++)
		cancel_prepare(all, i);
	return complete_submit(all->c, &all->ring) &&
	       complete_await(all->c, cancels_done, all, 0, "a cancellation");
}

/* Whether it has to have been found, and stopped at once. */
static bool has_to_stop(const struct cancels *all, const struct target *t)
{
	return never_fed(t) && (!t->kind->works || all->asks == ASKS_WORKERS);
}

/* What one of many requests has to say: how many it has found. */
static void cancel_judge_count(struct cancels *all, const struct cancel *what)
{
	unsigned int i, least = 0, most = 0;
	bool works = false;
	struct target *t;

	for (i = 0; i < TARGETS; i++) {
		t = &all->target[i];
		if (!means(all, what, t))
			continue;
		most++;
		works |= t->works;
		if (!has_to_stop(all, t))
			continue;
		least++;
		t->sure = !t->kind->works;
	}
	if (what->res < (int)least ||
	    (what->res > (int)most && (!works || all->asks == ASKS_WORKERS)))
		complete_bad(all->c, COMPLETE_WRONG, "a cancellation of %s: res %d, %u to %u %s",
			     what->flags & COMPLETE_CANCEL_FD ? "a descriptor" : "all", what->res,
			     least, most, "were under way");
	else
		complete_good(all->c);
}

static void cancel_judge_one(struct cancels *all, const struct cancel *what)
{
	const bool by_fd = what->flags & COMPLETE_CANCEL_FD;
	struct target *t = NULL;

	if (what->target < TARGETS)
		t = &all->target[what->target];
	if (!t && what->res != -ENOENT) {
		complete_bad(all->c, COMPLETE_WRONG, "a cancellation of nothing: res %d",
			     what->res);
	} else if (what->res != -ENOENT && what->res != -EALREADY && what->res) {
		complete_bad(all->c, COMPLETE_WRONG, "a cancellation of %s: res %d", t->kind->name,
			     what->res);
	} else if (t && what->res == -ENOENT && !t->done && has_to_stop(all, t)) {
		complete_bad(all->c, COMPLETE_WRONG, "%s is under way, but cannot be cancelled: %s",
			     t->kind->name, "-ENOENT");
	} else {
		complete_good(all->c);
		if (t && !by_fd)
			t->sure = !what->res;
		if (t && !by_fd)
			t->missed = what->res == -ENOENT;
	}
}

static void cancels_judge(struct cancels *all)
{
	unsigned int i;

	for (i = 0; i < all->nr_cancels; i++)
		if (all->cancel[i].flags & (COMPLETE_CANCEL_ALL | COMPLETE_CANCEL_ANY))
			cancel_judge_count(all, &all->cancel[i]);
		else
			cancel_judge_one(all, &all->cancel[i]);
}

/* --- what has come of it */

static bool sure_done(void *arg)
{
	struct cancels *all = arg;
	unsigned int i;

	take_all(all);
	for (i = 0; i < TARGETS; i++)
		if (all->target[i].sure && !all->target[i].done)
			return false;
	return true;
}

/* There is a byte for each that waits for one. */
static bool rest_done(void *arg)
{
	struct cancels *all = arg;
	struct target *t;
	unsigned int i;
	bool done = true;
	int left;

	take_all(all);
	for (i = 0; i < TARGETS; i++) {
		t = &all->target[i];
		if (t->done || goes_on(t))
			continue;
		done = false;
		if (t->on && !ioctl(t->on->from, FIONREAD, &left) && !left)
			channel_feed(t->on);
	}
	return done;
}

/* Those that no byte ends, which nobody has asked for before. */
static bool rest_cancel(struct cancels *all)
{
	unsigned int i;

	for (i = 0; i < TARGETS; i++) {
		if (all->target[i].done)
			continue;
		all->target[i].asked = true;
		all->target[i].sure = true;
		all->nr_cancels = 1;
		all->cancel[0] = (struct cancel){ .target = i };
		if (!cancels_do(all))
			return false;
		if (all->cancel[0].res)
			complete_bad(all->c, COMPLETE_WRONG, "a cancellation of %s: res %d",
				     all->target[i].kind->name, all->cancel[0].res);
		if (!complete_await(all->c, sure_done, all, 0, "a request that is cancelled"))
			return false;
	}
	return true;
}

/* Whether @res is what it has where nobody has cancelled it. */
static bool all_of_it(const struct target *t)
{
	if (t->kind->at == AT_CLOCK)
		return t->res == -ETIME;
	return t->kind->takes ? t->res == 1 : t->res > 0 && t->res & POLLIN;
}

static void target_judge(struct cancels *all, struct target *t)
{
	struct complete_case *c = all->c;
	bool stopped;

	/* a splice that io-wq is interrupted in has the kernel's own error for a result */
	if (t->kind->opcode == IORING_OP_SPLICE && t->res == -COMPLETE_ERESTARTSYS &&
	    all->asks != ASKS_ERROR)
		t->res = -EINTR;
	stopped = t->res == -ECANCELED || (t->works && t->res == -EINTR);

	all->targets++;
	all->cancelled += stopped;
	if (t->kind->takes && t->res > 0)
		t->on->took += t->res;
	if (stopped && !t->asked)
		complete_bad(c, COMPLETE_CANCELLED, "%s, which nobody has cancelled: res %d",
			     t->kind->name, t->res);
	else if (stopped && t->missed && (!t->works || all->asks == ASKS_WORKERS))
		complete_bad(c, COMPLETE_WRONG, "%s was not found, but res %d", t->kind->name,
			     t->res);
	else if (t->sure && t->res != -ECANCELED)
		complete_bad(c, COMPLETE_WRONG, "%s is cancelled, but res %d", t->kind->name,
			     t->res);
	else if (!stopped && !all_of_it(t))
		complete_bad(c, COMPLETE_WRONG, "%s: res %d", t->kind->name, t->res);
	else if (t->byte && (t->res != 1 || t->byte != 'x'))
		complete_bad(c, COMPLETE_WRONG, "%s: res %d, but it has a byte", t->kind->name,
			     t->res);
	else
		complete_good(c);
}

static void channels_judge(struct cancels *all)
{
	struct channel *on;
	unsigned int i, left, moved;

	for (i = 0; i < AT_CLOCK * TARGETS; i++) {
		on = &all->channel[i / TARGETS][i % TARGETS];
		left = drain(on->from);
		moved = drain(on->sink[0]);
		if (left + on->took != on->fed || moved > on->took)
			complete_bad(all->c, COMPLETE_WRONG, "%u bytes of %u are left, %u %s",
				     left, on->fed, on->took, "are in results");
		on->fed = 0;
		on->took = 0;
	}
}

static bool cancels_round(struct cancels *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	all->round++;
	targets_choose(all);
	cancels_choose(all);
	all->pause = complete_draw(c, PAUSES);
	/* io-wq is that of the task that submits */
	if (complete_draw(c, 2))
		complete_do(&all->submitter, targets_submit, all);
	else
		targets_submit(all);
	complete_ask(&all->feeder, targets_feed, all);
	complete_spin(complete_draw(c, PAUSES));
	if (!cancels_do(all) ||
	    !complete_await(c, complete_done, &all->feeder, all->feeder.tid, "a write()"))
		return false;
	cancels_judge(all);
	if (!complete_await(c, sure_done, all, 0, "a request that is cancelled") ||
	    !complete_await(c, rest_done, all, 0, "a request that is not cancelled") ||
	    !rest_cancel(all))
		return false;
	for (i = 0; i < TARGETS; i++)
		target_judge(all, &all->target[i]);
	channels_judge(all);
	complete_none_left(c, &all->ring);
	return true;
}

/* Whether the kernel has that, and so multishot polls, too. */
static bool cancels_by_fd(struct cancels *all)
{
	struct io_uring_sqe *sqe = complete_sqe(all->c, &all->ring, IORING_OP_ASYNC_CANCEL, 1);
	struct complete_cqe cqe;

	sqe->fd = all->channel[AT_PIPE][0].to;
	sqe->rw_flags = COMPLETE_CANCEL_FD | COMPLETE_CANCEL_ALL;
	return complete_submit(all->c, &all->ring) &&
	       complete_next(all->c, &all->ring, &cqe, "a cancellation") && cqe.res != -EINVAL;
}

static bool cancels_open(struct cancels *all)
{
	struct complete_case *c = all->c;
	unsigned int most[2] = { 0, WORKERS }, i;

	for (i = 0; i < AT_CLOCK * TARGETS; i++)
		if (!channel_open(c, &all->channel[i / TARGETS][i % TARGETS], i / TARGETS))
			return false;
	all->reads = complete_reads_pipe(all->channel[AT_PIPE][0].from);
	if (!complete_thread(c, &all->submitter, "submitter") ||
	    !complete_thread(c, &all->feeder, "feeder") ||
	    !complete_ring(c, &all->ring, 4 * TARGETS, 0, 0))
		return false;
	/* from 5.15 on */
	io_uring_register_iowq_max_workers(&all->ring, most);
	all->by_fd = cancels_by_fd(all);
	return !c->failed;
}

static void cancels_run(struct complete_case *c, enum cancel_asks asks)
{
	static struct cancels all;

	all.c = c;
	all.asks = asks;
	if (!cancels_open(&all))
		return;
	while (complete_more(c))
		if (!cancels_round(&all))
			break;
	complete_note(c, "%llu of %llu requests were cancelled%s",
		      (unsigned long long)all.cancelled, (unsigned long long)all.targets,
		      all.by_fd ? "" : ", by user_data alone");
}

void case_cancel(struct complete_case *c)
{
	cancels_run(c, ASKS_REST);
}

void case_cancel_workers(struct complete_case *c)
{
	cancels_run(c, ASKS_WORKERS);
}

void case_cancel_splice(struct complete_case *c)
{
	cancels_run(c, ASKS_ERROR);
}
