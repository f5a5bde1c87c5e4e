// SPDX-License-Identifier: GPL-2.0
/*
 * What completes by task_work of a task that sleeps.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * IORING_OP_CLOSE of a pipe's last writer leaves the last fput() to task_work, by TWA_RESUME, which
 * does not set TIF_NOTIFY_SIGNAL. Who then sleeps in the same system call for the end of that pipe
 * waits for itself, unless io_uring looks at the task_work and not at the flag: 46a525e199e4. One
 * CQE, that of the close, is in the CQ by then, so a time-out would not be told either: the wait
 * has none.
 */
enum eof_way {
	EOF_READ_BEHIND,	/* the read, or poll, is submitted behind the close */
	EOF_READ_BEFORE,
	EOF_READ_WORKER,	/* it is an io-wq worker that sleeps in it */
	EOF_POLL_BEHIND,
	EOF_WAYS
};

struct eof {
	struct complete_case *c;
	struct io_uring ring;
	struct complete_thread thread;
	unsigned int flags;	/* of its ring */
	enum eof_way way;
	bool open;
	int pipe[2];
	char byte;
	int ret;
};

enum { EOF_CLOSE = 1, EOF_WAIT };

/* A ring with SINGLE_ISSUER is for the thread that makes it. */
static void eof_open(void *arg)
{
	struct eof *e = arg;

	e->open = complete_ring(e->c, &e->ring, 4, 0, e->flags);
}

static void eof_prepare_wait(struct eof *e)
{
	struct io_uring_sqe *sqe = complete_sqe(e->c, &e->ring, IORING_OP_READ, EOF_WAIT);

	if (e->way == EOF_POLL_BEHIND)
		io_uring_prep_poll_add(sqe, e->pipe[0], POLLIN);
	else
		io_uring_prep_read(sqe, e->pipe[0], &e->byte, 1, -1);
	sqe->user_data = EOF_WAIT;
	if (e->way == EOF_READ_WORKER)
		sqe->flags = IOSQE_ASYNC;
}

/* The subject: one system call that closes, and sleeps until both are done. */
static void eof_sleep(void *arg)
{
	struct eof *e = arg;

	if (e->way == EOF_READ_BEFORE)
		eof_prepare_wait(e);
	complete_sqe(e->c, &e->ring, IORING_OP_CLOSE, EOF_CLOSE)->fd = e->pipe[1];
	if (e->way != EOF_READ_BEFORE)
		eof_prepare_wait(e);
	e->ret = io_uring_submit_and_wait(&e->ring, 2);
}

static bool eof_judge(struct eof *e)
{
	struct complete_case *c = e->c;
	struct complete_cqe cqe;
	unsigned int seen = 0;

	if (e->ret < 0)
		return complete_fail(c, e->ret, "io_uring_submit_and_wait()");
	while (complete_take(&e->ring, &cqe)) {
		if (cqe.data > EOF_WAIT || seen & 1U << cqe.data)
			complete_twice(c, &cqe);
		else if (cqe.data == EOF_CLOSE && cqe.res)
			return complete_fail(c, cqe.res, "IORING_OP_CLOSE");
		else if (cqe.data == EOF_WAIT &&
			 !(e->way == EOF_POLL_BEHIND ? cqe.res & POLLHUP : cqe.res == 0))
			complete_bad(c, COMPLETE_WRONG, "the end of a pipe has res %d", cqe.res);
		seen |= 1U << (cqe.data & 31);
	}
	if (seen == (1U << EOF_CLOSE | 1U << EOF_WAIT))
		complete_good(c);
	else
		complete_bad(c, COMPLETE_EARLY, "back from the sleep with CQEs %#x", seen);
	return true;
}

static bool eof_round(struct eof *e)
{
	struct complete_case *c = e->c;
	bool ok;

	if (pipe(e->pipe))
		return complete_fail(c, -errno, "pipe()");
	e->way = complete_draw(c, EOF_WAYS);
	complete_ask(&e->thread, eof_sleep, e);
	if (complete_await(c, complete_done, &e->thread, e->thread.tid,
			   "the end of a pipe that IORING_OP_CLOSE has closed"))
		ok = eof_judge(e);
	else
		/* its CQEs would be taken for those of the next round */
		ok = complete_rouse(c, &e->thread) && false;
	close(e->pipe[0]);
	return ok;
}

void case_pipe_eof(struct complete_case *c)
{
	static struct eof eof[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		eof[i].c = c;
		eof[i].flags = i ? COMPLETE_DEFER : 0;
		if (!complete_thread(c, &eof[i].thread, "sleeper"))
			return;
		complete_do(&eof[i].thread, eof_open, &eof[i]);
	}
	/* without DEFER_TASKRUN there is one ring to ask */
	if (eof[0].open)
		c->skip = NULL;
	for (i = 0; complete_more(c); i++)
		if (!eof_round(&eof[eof[1].open ? i % 2 : 0]))
			break;
}

/* --- the eventfd of a DEFER_TASKRUN ring */

/*
 * Its task_work runs in io_uring_enter() alone, so that the eventfd tells of what is to be run, and
 * who has read it calls that (io_req_local_work_add() of io_uring/io_uring.c, 6.1). One
 * notification too many is no promise broken: io_uring_register_eventfd(3).
 */
struct told {
	struct complete_case *c;
	struct io_uring ring;
	struct complete_thread writer;
	int event, pipe[2];
	unsigned int spin;
	char sent, got;
};

static void told_write(void *arg)
{
	struct told *t = arg;

	complete_spin(t->spin);
	if (write(t->pipe[1], &t->sent, 1) != 1)
		complete_fail(t->c, -errno, "write()");
}

/* Asleep in poll(2) for the eventfd, and in the kernel for CQEs only when that has told. */
static bool told_of_one(void *arg)
{
	struct told *t = arg;
	struct pollfd wait = { .fd = t->event, .events = POLLIN };
	uint64_t value;

	if (poll(&wait, 1, 2) != 1 || read(t->event, &value, sizeof(value)) != sizeof(value))
		return false;
	complete_enter(&t->ring, 0, 0, IORING_ENTER_GETEVENTS);
	return io_uring_cq_ready(&t->ring);
}

/* A NOP, which completes at once; or a read, whose data come as it is submitted, or later. */
static bool told_submit(struct told *t, bool nop)
{
	const bool early = complete_draw(t->c, 2);
	struct io_uring_sqe *sqe;

	t->sent++;
	t->spin = complete_draw(t->c, 20000);
	if (nop) {
		complete_sqe(t->c, &t->ring, IORING_OP_NOP, 1);
		t->got = t->sent;
		return complete_submit(t->c, &t->ring);
	}
	sqe = complete_sqe(t->c, &t->ring, IORING_OP_READ, 1);
	io_uring_prep_read(sqe, t->pipe[0], &t->got, 1, -1);
	sqe->user_data = 1;
	if (early)
		complete_ask(&t->writer, told_write, t);
	if (!complete_submit(t->c, &t->ring))
		return false;
	if (!early)
		complete_ask(&t->writer, told_write, t);
	return true;
}

static bool told_round(struct told *t)
{
	struct complete_case *c = t->c;
	const bool nop = complete_draw(c, 4) == 0;
	struct complete_cqe cqe;
	uint64_t left;

	if (!told_submit(t, nop))
		return false;
	if (!complete_await(c, told_of_one, t, t->writer.tid,
			    "an eventfd to tell of a completion"))
		return false;
	if (!complete_take(&t->ring, &cqe) || cqe.data != 1 || cqe.res != !nop ||
	    t->got != t->sent)
		complete_bad(c, COMPLETE_WRONG, "user_data %llu, res %d, byte %d for %d",
			     (unsigned long long)cqe.data, cqe.res, t->got, t->sent);
	else
		complete_good(c);
	complete_none_left(c, &t->ring);
	while (read(t->event, &left, sizeof(left)) > 0)
		;
	return complete_await(c, complete_done, &t->writer, t->writer.tid, "write()");
}

void case_eventfd_defer(struct complete_case *c)
{
	static struct told t;
	int ret;

	t.c = c;
	if (!complete_ring(c, &t.ring, 4, 0, COMPLETE_DEFER) ||
	    !complete_thread(c, &t.writer, "writer"))
		return;
	t.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t.event < 0 || pipe(t.pipe)) {
		complete_fail(c, -errno, "eventfd() or pipe()");
		return;
	}
	ret = io_uring_register_eventfd(&t.ring, t.event);
	if (ret)
		complete_fail(c, ret, "io_uring_register_eventfd()");
	while (complete_more(c))
		if (!told_round(&t))
			break;
}
