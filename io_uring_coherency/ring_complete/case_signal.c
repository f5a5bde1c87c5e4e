// SPDX-License-Identifier: GPL-2.0
/*
 * Signals to a thread whose requests are under way.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "case_signal.h"
#include "complete_abi.h"

#ifndef IORING_FEAT_EXT_ARG
#define IORING_FEAT_EXT_ARG	BIT(8)	/* 5.11 */
#endif
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN	BIT(8)	/* 5.19 */
#endif

/*
 * create_io_thread() fails with -ERESTARTNOINTR while its task has a signal pending, and is tried
 * again by that task's task_work. Three times at once and no more cancels what waits for the
 * worker, though nobody asked for that: 13918315c5dc. Signals of a burst queue up, so that one is
 * pending at each try: long ones from before the submission on, at all distances.
 */
#define CANCEL_WRITES	3
#define CANCEL_BURST	8	/* signals, and up to 2^7 times that */

struct cancel {
	struct complete_case *c;
	struct complete_thread thread;
	struct io_uring ring;
	bool open;
	int file[CANCEL_WRITES];
	unsigned int nr, burst, yields, spin;
	unsigned int lead;	/* signals of the burst before the thread goes on */
	int ready, begun;	/* the burst may begin, and has */
	int quit;
	uint64_t word[CANCEL_WRITES];
};

static void cancel_wait(struct cancel *w)
{
	while (io_uring_cq_ready(&w->ring) < w->nr && !complete_load(&w->quit))
		complete_enter(&w->ring, 0, w->nr, IORING_ENTER_GETEVENTS);
}

/* The subject, a thread that has no io-wq yet. */
static void cancel_submit(void *arg)
{
	struct cancel *w = arg;
	struct io_uring_sqe *sqe;
	unsigned int i;

	w->open = complete_ring(w->c, &w->ring, 4, 0, 0);
	complete_store(&w->ready, 1);
	if (!w->open)
		return;
	for (i = 0; i < w->nr; i++) {
		sqe = complete_sqe(w->c, &w->ring, IORING_OP_WRITE, 0);
		io_uring_prep_write(sqe, w->file[i], &w->word[i], sizeof(w->word[i]), 0);
		sqe->user_data = i;
		sqe->flags = IOSQE_ASYNC;
	}
	while (!complete_load(&w->begun))
		sched_yield();
	/* with one CPU the burst needs this one */
	for (i = 0; i < w->yields; i++)
		sched_yield();
	complete_spin(w->spin);
	if (complete_submit(w->c, &w->ring))
		cancel_wait(w);
}

static bool cancel_ready(void *arg)
{
	struct cancel *w = arg;

	return complete_load(&w->ready);
}

static void cancel_judge(struct cancel *w)
{
	struct complete_case *c = w->c;
	unsigned int seen = 0, i;
	struct complete_cqe cqe;
	uint64_t word;

	while (complete_take(&w->ring, &cqe)) {
		i = cqe.data;
		if (i >= w->nr || seen & 1U << i) {
			complete_bad(c, COMPLETE_TWICE, "a CQE that no write waits for: res %d",
				     cqe.res);
			continue;
		}
		seen |= 1U << i;
		if (pread(w->file[i], &word, sizeof(word), 0) != sizeof(word))
			word = ~w->word[i];
		if (cqe.res == sizeof(word) && word == w->word[i])
			complete_good(c);
		else
			complete_bad(c, cqe.res == -ECANCELED ? COMPLETE_CANCELLED : COMPLETE_WRONG,
				     "a write of 8 bytes: res %d%s%s, the file has %s; %u signals",
				     cqe.res, cqe.res < 0 ? ": " : "",
				     cqe.res < 0 ? strerror(-cqe.res) : "",
				     word == w->word[i] ? "them" : "others", w->burst);
	}
}

static bool cancel_round(struct cancel *w)
{
	struct complete_case *c = w->c;
	unsigned int i;
	bool ok;

	w->nr = 1 + complete_draw(c, CANCEL_WRITES);
	w->burst = CANCEL_BURST << complete_draw(c, 8);
	/* a thread that is busy elsewhere may take milliseconds for each */
	w->yields = complete_draw(c, 2) ? complete_draw(c, 16) : 0;
	w->spin = complete_draw(c, 2) ? complete_draw(c, 20 * w->burst) : 0;
	for (i = 0; i < w->nr; i++)
		w->word[i]++;
	w->lead = complete_draw(c, 4);
	w->ready = 0;
	w->begun = 0;
	if (!complete_thread(c, &w->thread, "submitter"))
		return false;
	complete_ask(&w->thread, cancel_submit, w);
	if (!complete_await(c, cancel_ready, w, w->thread.tid, "a ring"))
		return false;
	for (i = 0; i < w->burst; i++) {
		if (i == w->lead)
			complete_store(&w->begun, 1);
		syscall(__NR_tgkill, getpid(), w->thread.tid, SIGRTMIN + 1);
	}
	ok = complete_await(c, complete_done, &w->thread, w->thread.tid,
			    "a write by a new thread's first worker");
	if (!ok) {
		complete_store(&w->quit, 1);
		complete_rouse(c, &w->thread);
	}
	if (ok && w->open)
		cancel_judge(w);
	if (complete_done(&w->thread))
		complete_join(&w->thread);
	if (w->open)
		io_uring_queue_exit(&w->ring);
	return ok && w->open && complete_handlers_judge(c);
}

void case_signal_cancel(struct complete_case *c)
{
	static struct cancel w;
	unsigned int i;

	w.c = c;
	if (!complete_handle(c, SIGRTMIN + 1, SA_RESTART))
		return;
	for (i = 0; i < CANCEL_WRITES; i++) {
		w.file[i] = memfd_create("ring_complete", MFD_CLOEXEC);
		if (w.file[i] < 0) {
			complete_fail(c, -errno, "memfd_create()");
			return;
		}
	}
	while (complete_more(c))
		if (!cancel_round(&w))
			break;
	complete_note(c, "%lu signals", complete_handled(NULL));
}

/* --- a storm */

#define STORM_SIGNALS	64	/* in a round, at the most */

struct storm {
	struct complete_case *c;
	struct complete_thread subject, other;
	struct signal_ring ring[3], *at;
	unsigned int signals;
	uint64_t random;	/* of the other thread */
	unsigned long interrupted;
	int quit;
};

static void storm_open(void *arg)
{
	static const unsigned int flags[] = {
		0, IORING_SETUP_COOP_TASKRUN, COMPLETE_DEFER
	};
	struct storm *s = arg;
	unsigned int i;

	complete_handler_stack(s->c);
	/* an older kernel has the first alone */
	for (i = 0; i < 3 && !s->c->failed; i++)
		if (!signal_ring_open(s->c, &s->ring[i], flags[i]) && i && s->c->error == -EINVAL)
			s->c->failed = NULL;
}

/* One system call that waits: by liburing, which has a time-out for it, or not. */
static int storm_wait(struct storm *s)
{
	struct __kernel_timespec ts = { .tv_nsec = 1000 * (1 + complete_draw(s->c, 2000)) };
	struct io_uring *ring = &s->at->ring;
	struct io_uring_cqe *cqe;

	if (ring->features & IORING_FEAT_EXT_ARG && complete_draw(s->c, 3) == 0) {
		const int ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
		return ret == -ETIME || ret == -EAGAIN ? -EINTR : ret;
	}
	return complete_enter(ring, 0, 1 + complete_draw(s->c, s->at->busy),
			      IORING_ENTER_GETEVENTS);
}

static void storm_requests(void *arg)
{
	struct storm *s = arg;
	struct complete_case *c = s->c;
	struct signal_ring *r = s->at;
	int ret;

	if (!signal_ring_submit(r))
		return;
	while (r->busy && !complete_load(&s->quit)) {
		ret = storm_wait(s);
		if (ret == -EINTR) {
			s->interrupted++;
		} else if (ret < 0) {
			complete_fail(c, ret, "io_uring_enter()");
			return;
		} else if (!io_uring_cq_ready(&r->ring) && !signal_ring_timed(r)) {
			complete_bad(c, COMPLETE_EARLY, "a wait for 1 CQE or more is over: none");
		}
		if (!signal_ring_reap(r))
			return;
	}
	if (!r->busy)
		complete_none_left(c, &r->ring);
}

static void storm_subject(void *arg)
{
	complete_guard(storm_requests, arg);
}

/* Three signals: with a second one inside, without SA_RESTART, and with. */
static void storm_other(void *arg)
{
	struct storm *s = arg;
	unsigned int i = 0;
	bool more = true;

	while (i < s->signals || more) {
		if (more && random_below(&s->random, 4) == 0)
			more = signal_ring_feed(s->at, &s->random);
		if (i++ < s->signals)
			syscall(__NR_tgkill, getpid(), s->subject.tid,
				SIGRTMIN + (int)random_below(&s->random, 3));
		complete_spin(random_below(&s->random, 4000));
	}
}

static bool storm_round(struct storm *s)
{
	struct complete_case *c = s->c;

	do
		s->at = &s->ring[complete_draw(c, 3)];
	while (!s->at->open);
	signal_ring_plan(s->at);
	s->signals = complete_draw(c, STORM_SIGNALS);
	complete_ask(&s->other, storm_other, s);
	complete_ask(&s->subject, storm_subject, s);
	if (!complete_await(c, complete_done, &s->subject, s->subject.tid,
			    "requests of a thread that signals interrupt")) {
		signal_ring_print(s->at);
		complete_store(&s->quit, 1);
		return complete_rouse(c, &s->subject) && false;
	}
	return complete_handlers_judge(c) &&
	       complete_await(c, complete_done, &s->other, s->other.tid, "tgkill()");
}

void case_signal_storm(struct complete_case *c)
{
	static struct storm s;
	unsigned long signals, nested;

	s.c = c;
	s.random = c->random ^ 1;
	if (!complete_handle(c, SIGRTMIN, SA_ONSTACK | SA_RESTART) ||
	    !complete_handle(c, SIGRTMIN + 1, SA_ONSTACK) ||
	    !complete_handle(c, SIGRTMIN + 2, SA_ONSTACK | SA_RESTART) ||
	    !complete_thread(c, &s.subject, "subject") || !complete_thread(c, &s.other, "sender"))
		return;
	complete_do(&s.subject, storm_open, &s);
	if (s.ring[0].open)
		c->skip = NULL;
	while (complete_more(c))
		if (!storm_round(&s))
			break;
	signals = complete_handled(&nested);
	complete_note(c, "%lu signals, %lu within others, %lu waits interrupted", signals, nested,
		      s.interrupted);
}
