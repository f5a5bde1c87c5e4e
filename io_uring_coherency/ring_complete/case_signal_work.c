// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that task_work sends: delivered where it runs, as the task leaves a system call.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * A write to a socket whose peer is closed is linked to a read of another one. What that waits for
 * comes, task_work ends the read and does the write, and the write sends SIGPIPE to the task, which
 * is within get_signal() for TIF_NOTIFY_SIGNAL and had no signal before. powerpc before 7.2 looks
 * at TIF_SIGPENDING before that, and so leaves in CTR what the system call left there, by which the
 * signal trampoline calls the handler: interrupt_exit_user_prepare_main() of
 * arch/powerpc/kernel/interrupt.c (6.1). Signals that others send meet that window by chance, as in
 * libuv's issue 4283.
 */
enum work_way {
	WORK_WRITE,		/* its own write(2) ends the read */
	WORK_POLL,		/* somebody else's does, while it sleeps in poll(2) */
	WORK_ENTER,		/* or in io_uring_enter(2), for the two CQEs */
	WORK_WAYS
};

enum { WORK_READ = 1, WORK_BROKEN };

#define RINGS	2

struct work {
	struct complete_case *c;
	struct complete_thread subject, other;
	struct io_uring ring[RINGS], *at;
	bool open[RINGS];
	enum work_way way;
	int pair[2];		/* the first is read; pipes are read by io-wq before 6.4 */
	int broken;		/* without a peer, to be written */
	char got, sent;
	unsigned long handled;	/* before this round */
	int ret, error;		/* of the system call */
	int quit;
};

static void work_open(void *arg)
{
	static const unsigned int flags[RINGS] = { 0, IORING_SETUP_COOP_TASKRUN };
	struct work *w = arg;
	unsigned int i;

	complete_handler_stack(w->c);
	for (i = 0; i < RINGS && !w->c->failed; i++)
		w->open[i] = complete_ring(w->c, &w->ring[i], 4, 0, flags[i]);
}

static bool work_submit(struct work *w)
{
	struct io_uring_sqe *sqe = complete_sqe(w->c, w->at, IORING_OP_READ, WORK_READ);

	io_uring_prep_read(sqe, w->pair[0], &w->got, 1, 0);
	sqe->user_data = WORK_READ;
	sqe->flags = IOSQE_IO_LINK;
	sqe = complete_sqe(w->c, w->at, IORING_OP_WRITE, WORK_BROKEN);
	io_uring_prep_write(sqe, w->broken, &w->sent, 1, 0);
	sqe->user_data = WORK_BROKEN;
	return complete_submit(w->c, w->at);
}

/* One system call; of those that sleep, as many as it takes. */
static void work_call(struct work *w)
{
	errno = 0;
	if (w->way == WORK_WRITE)
		w->ret = write(w->pair[1], &w->sent, 1);
	else if (w->way == WORK_POLL)
		w->ret = poll(NULL, 0, 20);
	else
		w->ret = complete_enter(w->at, 0, 2, IORING_ENTER_GETEVENTS);
	w->error = errno;
}

static void work_requests(void *arg)
{
	struct work *w = arg;

	if (!work_submit(w))
		return;
	do {
		work_call(w);
	} while (w->way != WORK_WRITE && complete_handled(NULL) == w->handled &&
		 !complete_load(&w->quit));
}

static void work_subject(void *arg)
{
	complete_guard(work_requests, arg);
}

static void work_other(void *arg)
{
	struct work *w = arg;

	if (write(w->pair[1], &w->sent, 1) != 1)
		complete_fail(w->c, -errno, "write()");
}

static void work_judge(struct work *w)
{
	const unsigned long handled = complete_handled(NULL) - w->handled;
	struct complete_case *c = w->c;
	const uint64_t before = complete_violations(c->r);
	struct complete_cqe cqe;
	unsigned int seen = 0;

	if (handled != 1)
		complete_bad(c, COMPLETE_TWICE, "%lu handlers of one SIGPIPE", handled);
	if (w->way == WORK_WRITE && w->ret != 1)
		complete_bad(c, COMPLETE_WRONG, "a write of 1 byte returns %d, errno %d", w->ret,
			     w->error);
	while (complete_take(w->at, &cqe)) {
		if (cqe.data > WORK_BROKEN || seen & 1U << cqe.data)
			complete_twice(c, &cqe);
		else if (cqe.res != (cqe.data == WORK_READ ? 1 : -EPIPE))
			complete_bad(c, COMPLETE_WRONG, "user_data %llu has res %d",
				     (unsigned long long)cqe.data, cqe.res);
		seen |= 1U << (cqe.data & 31);
	}
	if (seen != (1U << WORK_READ | 1U << WORK_BROKEN) || w->got != w->sent)
		complete_bad(c, COMPLETE_WRONG, "CQEs %#x, byte %d for %d", seen, w->got, w->sent);
	if (complete_violations(c->r) == before)
		complete_good(c);
}

static bool work_round(struct work *w)
{
	struct complete_case *c = w->c;

	w->at = &w->ring[w->open[1] && complete_draw(c, 2)];
	w->way = complete_draw(c, WORK_WAYS);
	w->sent++;
	w->handled = complete_handled(NULL);
	complete_ask(&w->subject, work_subject, w);
	if (w->way != WORK_WRITE) {
		if (!complete_asleep(c, &w->subject))
			return false;
		complete_do(&w->other, work_other, w);
	}
	if (!complete_await(c, complete_done, &w->subject, w->subject.tid,
			    "a SIGPIPE that task_work sends")) {
		complete_store(&w->quit, 1);
		return complete_rouse(c, &w->subject) && false;
	}
	if (!complete_handlers_judge(c))
		return false;
	work_judge(w);
	return true;
}

void case_signal_work(struct complete_case *c)
{
	static struct work w;
	int broken[2];

	w.c = c;
	if (!complete_handle(c, SIGPIPE, SA_ONSTACK) ||
	    !complete_thread(c, &w.subject, "subject") || !complete_thread(c, &w.other, "writer"))
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, w.pair) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, broken)) {
		complete_fail(c, -errno, "socketpair()");
		return;
	}
	close(broken[0]);
	w.broken = broken[1];
	complete_do(&w.subject, work_open, &w);
	if (w.open[0])
		c->skip = NULL;
	while (complete_more(c))
		if (!work_round(&w))
			break;
}
