// SPDX-License-Identifier: GPL-2.0
/*
 * Rings in an epoll set, whose owner sleeps in epoll_pwait() while children exit: libuv's loop.
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_signal.h"

#define LOOP_RINGS	2
#define SQ_IDLE_MS	1	/* until the SQ thread sleeps; libuv's 10 leave it no sleep here */
#define CHILDREN	3	/* of a round, at the most */
#define SIGNALS		6	/* SIGCHLD beside theirs */

struct loop {
	struct complete_case *c;
	struct complete_thread subject, other;
	struct signal_ring ring[LOOP_RINGS];
	int epoll;
	bool masked;		/* SIGCHLD is let through by epoll_pwait() alone */
	unsigned int children, signals;
	uint64_t random;	/* of the other thread */
	unsigned long forked;
	int quit;
};

static void loop_open(void *arg)
{
	static const unsigned int flags[LOOP_RINGS] = { 0, IORING_SETUP_SQPOLL };
	struct loop *l = arg;
	struct epoll_event event = { .events = EPOLLIN };
	unsigned int i;

	complete_handler_stack(l->c);
	for (i = 0; i < LOOP_RINGS && !l->c->failed; i++) {
		if (!signal_ring_open(l->c, &l->ring[i], flags[i]))
			continue;
		event.data.u32 = i;
		if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->ring[i].ring.ring_fd, &event))
			complete_fail(l->c, -errno, "epoll_ctl()");
	}
}

static void mask_sigchld(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(how, &set, NULL);
}

static bool sigchld_blocked(void)
{
	sigset_t set;

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, SIGCHLD);
}

/* One turn: a ring that is told of has a CQE, as nobody else takes it. */
static bool loop_turn(struct loop *l)
{
	struct epoll_event event[LOOP_RINGS];
	struct complete_case *c = l->c;
	struct signal_ring *r;
	sigset_t none;
	int nr, i;

	sigemptyset(&none);
	complete_handlers_may(true);
	errno = 0;
	nr = epoll_pwait(l->epoll, event, LOOP_RINGS, -1, &none);
	if (nr < 0 && errno != EINTR)
		return complete_fail(c, -errno, "epoll_pwait()");
	complete_handlers_may(!l->masked);
	if (nr >= 0 && errno)
		complete_bad(c, COMPLETE_WRONG, "errno is %d behind a good epoll_pwait()", errno);
	for (i = 0; i < nr; i++) {
		r = &l->ring[event[i].data.u32];
		if (!io_uring_cq_ready(&r->ring)) {
			complete_bad(c, COMPLETE_EARLY,
				     "epoll_pwait() tells %#x of a ring that has no CQE",
				     event[i].events);
			return false;
		}
		if (!signal_ring_reap(r))
			return false;
	}
	return true;
}

static void loop_requests(void *arg)
{
	struct loop *l = arg;
	unsigned int i;

	complete_handlers_may(true);
	mask_sigchld(l->masked ? SIG_BLOCK : SIG_UNBLOCK);
	complete_handlers_may(!l->masked);
	for (i = 0; i < LOOP_RINGS; i++)
		if (l->ring[i].open && !signal_ring_submit(&l->ring[i]))
			return;
	while ((l->ring[0].busy || l->ring[1].busy) && !complete_load(&l->quit))
		if (!loop_turn(l))
			return;
	if (sigchld_blocked() != l->masked)
		complete_bad(l->c, COMPLETE_WRONG, "SIGCHLD is%s blocked behind epoll_pwait()",
			     l->masked ? " not" : "");
	for (i = 0; i < LOOP_RINGS; i++)
		if (l->ring[i].open && !complete_load(&l->quit))
			complete_none_left(l->c, &l->ring[i].ring);
}

static void loop_subject(void *arg)
{
	complete_guard(loop_requests, arg);
}

/* Its exit is told by SIGCHLD, which the subject alone does not block. */
static bool child(struct loop *l)
{
	const pid_t pid = random_below(&l->random, 4) ? vfork() : fork();

	if (!pid)
		_exit(complete_child_status(getpid()));
	if (pid < 0)
		return complete_fail(l->c, -errno, "fork()");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	l->forked++;
	return true;
}

static void loop_other(void *arg)
{
	struct loop *l = arg;
	unsigned int children = 0, signals = 0, i;
	bool more[LOOP_RINGS];

	for (i = 0; i < LOOP_RINGS; i++)
		more[i] = l->ring[i].open;
	while (more[0] || more[1] || children < l->children || signals < l->signals) {
		i = random_below(&l->random, LOOP_RINGS);
		if (more[i])
			more[i] = signal_ring_feed(&l->ring[i], &l->random);
		if (children < l->children && random_below(&l->random, 2) == 0) {
			if (!child(l))
				break;
			children++;
		}
		if (signals < l->signals) {
			syscall(__NR_tgkill, getpid(), l->subject.tid, SIGCHLD);
			signals++;
		}
		complete_spin(random_below(&l->random, 4000));
	}
}

static bool loop_round(struct loop *l)
{
	struct complete_case *c = l->c;
	unsigned int i;

	for (i = 0; i < LOOP_RINGS; i++)
		if (l->ring[i].open)
			signal_ring_plan(&l->ring[i]);
	l->masked = complete_draw(c, 2);
	l->children = complete_draw(c, CHILDREN + 1);
	l->signals = complete_draw(c, SIGNALS + 1);
	complete_ask(&l->other, loop_other, l);
	complete_ask(&l->subject, loop_subject, l);
	if (!complete_await(c, complete_done, &l->subject, l->subject.tid,
			    "epoll_pwait() to tell of a ring's completion")) {
		for (i = 0; i < LOOP_RINGS; i++)
			signal_ring_print(&l->ring[i]);
		complete_store(&l->quit, 1);
		return complete_rouse(c, &l->subject) && false;
	}
	return complete_handlers_judge(c) &&
	       complete_await(c, complete_done, &l->other, l->other.tid, "a child's exit");
}

void case_signal_epoll(struct complete_case *c)
{
	static struct loop l;

	l.c = c;
	l.random = c->random ^ 1;
	c->sq_idle = SQ_IDLE_MS;
	/* of all threads, whose own is what they begin with */
	mask_sigchld(SIG_BLOCK);
	if (!complete_handle(c, SIGCHLD, SA_ONSTACK | SA_RESTART) ||
	    !complete_thread(c, &l.subject, "subject") || !complete_thread(c, &l.other, "parent"))
		return;
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.epoll < 0) {
		complete_fail(c, -errno, "epoll_create1()");
		return;
	}
	complete_do(&l.subject, loop_open, &l);
	if (l.ring[0].open)
		c->skip = NULL;
	while (complete_more(c))
		if (!loop_round(&l))
			break;
	complete_note(c, "%lu handlers, %lu children%s", complete_handled(NULL), l.forked,
		      l.ring[1].open ? "" : ", no SQ thread");
}
