// SPDX-License-Identifier: GPL-2.0
/*
 * Completions that wake who sleeps for them in io_uring_enter().
 */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * One thread sleeps for the CQEs of a ring, several submit to it in turns, as MariaDB's do. The
 * kernel posts a CQE and then looks for a sleeper; the sleeper queues itself and then looks for a
 * CQE. If each misses the other (io_cqring_wake() without its smp_mb(), 6.1.123 to 6.1.127), or the
 * kernel looks too early, nobody is woken, until the next CQE. So there is no next one before the
 * last has been taken, and both are to meet: whether the reaper has slept tells who was too late,
 * and .lead is what it waits before it goes to sleep (the submitter waits, if it is negative).
 *
 * A few instructions between the look and the post are a short time, unless something comes in
 * between. So there is a third who sleeps for a moment all the time, on the submitter's CPU: its
 * timer's interrupt comes there, and under emulation it takes the CPU from the emulated ones.
 */
#define SUBMITTERS	3
#define TURN		1000	/* hand-overs of a submitter, until it is the next one's turn */
#define LEAD_STEP	4
#define LEAD_MAX	20000
#define JITTER		256
#define FAR		8192	/* of some hand-overs, which come whenever they like */
#define TICK_LEAST	20	/* us of a sleep of the third's */
#define TICK_MOST	200
#define TICKS_IDLE	100	/* without a hand-over: then it has to look asleep */

struct wake {
	struct complete_case *c;
	struct io_uring ring;
	struct complete_thread reaper, submitter[SUBMITTERS], ticker;
	int reaper_cpu;
	uint64_t random;	/* the reaper's */
	int lead;
	unsigned long sent, seen, slept;
	uint64_t data;		/* of the last CQE */
	int res;
};

static long wake_sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

static void wake_reap(void *arg)
{
	struct wake *w = arg;
	long sleeps = 0, before;
	struct complete_cqe cqe;
	int lead;

	if (w->reaper_cpu >= 0)
		cpus_pin(0, w->reaper_cpu);
	for (;;) {
		before = sleeps;
		sleeps = wake_sleeps();
		w->slept += sleeps != before;
		lead = complete_load(&w->lead) + (sleeps != before ? LEAD_STEP : -LEAD_STEP);
		if (lead > -LEAD_MAX && lead < LEAD_MAX)
			complete_store(&w->lead, lead);
		complete_spin((lead > 0 ? lead : 0) + random_below(&w->random, JITTER));
		complete_enter(&w->ring, 0, 1, IORING_ENTER_GETEVENTS);
		while (complete_take(&w->ring, &cqe)) {
			w->data = cqe.data;
			w->res = cqe.res;
			complete_store(&w->seen, w->seen + 1);
		}
	}
}

static void wake_tick(void *arg)
{
	unsigned long seen = 0, now;
	unsigned int idle = 0;
	struct wake *w = arg;
	uint64_t random = 1;

	for (;;) {
		now = complete_load(&w->seen);
		idle = now == seen ? idle + 1 : 0;
		seen = now;
		usleep(idle > TICKS_IDLE ? 100 * TICK_MOST :
		       TICK_LEAST + random_below(&random, TICK_MOST - TICK_LEAST));
	}
}

static bool wake_seen(void *arg)
{
	struct wake *w = arg;

	return complete_load(&w->seen) >= w->sent;
}

static void wake_judge(struct wake *w)
{
	struct complete_case *c = w->c;

	if (w->seen > w->sent)
		complete_bad(c, COMPLETE_TWICE, "CQE %lu is there more than once", w->sent);
	else if (w->data != w->sent || w->res)
		complete_bad(c, COMPLETE_WRONG, "CQE %lu has user_data %llu and res %d", w->sent,
			     (unsigned long long)w->data, w->res);
	else
		complete_good(c);
	w->sent = w->seen;
}

/* One hand-over. False ends the case. */
static bool wake_send(struct wake *w)
{
	const int lead = complete_load(&w->lead);
	struct complete_case *c = w->c;

	complete_sqe(c, &w->ring, IORING_OP_NOP, w->sent + 1);
	if (complete_draw(c, 4) == 0)
		complete_spin(complete_draw(c, FAR));
	else
		complete_spin((lead < 0 ? -lead : 0) + complete_draw(c, JITTER));
	w->sent++;
	if (!complete_submit(c, &w->ring))
		return complete_fail(c, -EBUSY, "io_uring_submit()");
	if (complete_await(c, wake_seen, w, w->reaper.tid, "to wake the reaper")) {
		wake_judge(w);
		return true;
	}
	/* it wakes up by a signal; else it sleeps on, and nothing can follow */
	complete_kick(&w->reaper);
	return complete_await(c, wake_seen, w, w->reaper.tid, "to be seen by an awake reaper");
}

static void wake_turn(void *arg)
{
	const struct cpus *cpus = ((struct wake *)arg)->c->cpus;
	struct wake *w = arg;
	unsigned int i, cpu;

	if (cpus->nr > 1) {
		cpu = complete_draw(w->c, cpus->nr - 1);
		if (cpus->cpu[cpu] == w->reaper_cpu)
			cpu = cpus->nr - 1;
		cpus_pin(0, cpus->cpu[cpu]);
		cpus_pin(w->ticker.tid, cpus->cpu[cpu]);
	}
	for (i = 0; i < TURN && (i % 100 || complete_more(w->c)); i++)
		if (!wake_send(w))
			return;
}

void case_shared_wake(struct complete_case *c)
{
	static struct wake w;
	unsigned int i;

	w.c = c;
	w.random = random_draw(&c->random);
	w.reaper_cpu = c->cpus->nr > 1 ? c->cpus->cpu[complete_draw(c, c->cpus->nr)] : -1;
	if (!complete_ring(c, &w.ring, 4, 0, 0) || !complete_thread(c, &w.reaper, "reaper") ||
	    !complete_thread(c, &w.ticker, "ticker"))
		return;
	for (i = 0; i < SUBMITTERS; i++)
		if (!complete_thread(c, &w.submitter[i], "submitter"))
			return;
	complete_ask(&w.reaper, wake_reap, &w);
	complete_ask(&w.ticker, wake_tick, &w);
	for (i = 0; complete_more(c); i = (i + 1) % SUBMITTERS)
		complete_do(&w.submitter[i], wake_turn, &w);
	complete_note(c, "of %lu hand-overs %lu found the reaper asleep", w.sent, w.slept);
	if (w.slept < c->what->min / 10 && !complete_violations(c->r))
		complete_skip(c, SKIP_TOO_FEW, "inconclusive: the reaper hardly ever sleeps");
}

/* --- several who wait */

/*
 * Nobody takes a CQE before all have been woken, so that each count is there at a known moment, and
 * all counts of a round differ: before 5.13 a CQE wakes no more than one. A waiter for many must
 * not hide CQEs from one for few that is behind it in the queue: io_wake_function(), 5.10 to 7.2.
 */
#define WAITERS		4
#define WAIT_MOST	8

struct waiter {
	struct io_uring *ring;
	struct complete_thread thread;
	unsigned int want;
	int ret;
};

static void waiter_wait(void *arg)
{
	struct waiter *w = arg;

	w->ret = complete_enter(w->ring, 0, w->want, IORING_ENTER_GETEVENTS);
}

/* Different counts in random order; now and then what is known to go wrong. Returns how many. */
static unsigned int waiters_choose(struct complete_case *c, struct waiter *w, bool known)
{
	unsigned int nr = known ? 2 : 2 + complete_draw(c, WAITERS - 1), left = 0, i;

	for (i = 0; i < nr; i++) {
		do
			w[i].want = 1 + complete_draw(c, WAIT_MOST);
		while (left & 1U << w[i].want);
		left |= 1U << w[i].want;
	}
	if (known) {
		w[0].want = WAIT_MOST;
		w[1].want = 1;
	}
	return nr;
}

static bool waiters_sleep(struct complete_case *c, struct waiter *w, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		complete_ask(&w[i].thread, waiter_wait, &w[i]);
		if (!complete_asleep(c, &w[i].thread))
			return false;
	}
	return true;
}

/* So many CQEs are there now. */
static bool waiter_judge(struct complete_case *c, struct waiter *w, unsigned int posted)
{
	char what[96];

	if (w->want > posted) {
		if (complete_done(&w->thread) && w->ret != -EINTR) {
			complete_bad(c, COMPLETE_EARLY, "who waits for %u is back by %u: %d",
				     w->want, posted, w->ret);
			w->want = 0;
		}
		return true;
	}
	if (w->want < posted)
		return true;
	snprintf(what, sizeof(what), "to wake who waits for %u, by %u CQEs", w->want, posted);
	if (complete_await(c, complete_done, &w->thread, w->thread.tid, what)) {
		complete_good(c);
		return true;
	}
	return complete_rouse(c, &w->thread);
}

static bool waiters_round(struct complete_case *c, struct io_uring *ring, struct waiter *w,
			  bool known)
{
	const unsigned int nr = waiters_choose(c, w, known);
	unsigned int posted, most = 0, i;
	struct complete_cqe cqe;

	if (!waiters_sleep(c, w, nr))
		return false;
	for (i = 0; i < nr; i++)
		most = w[i].want > most ? w[i].want : most;
	for (posted = 1; posted <= most; posted++) {
		complete_sqe(c, ring, IORING_OP_NOP, posted);
		if (!complete_submit(c, ring))
			return false;
		for (i = 0; i < nr; i++)
			if (!waiter_judge(c, &w[i], posted))
				return false;
	}
	for (posted = 1; posted <= most; posted++)
		if (!complete_next(c, ring, &cqe, "a NOP"))
			return false;
	complete_none_left(c, ring);
	return true;
}

void case_waiters(struct complete_case *c)
{
	static struct waiter waiter[WAITERS];
	static struct io_uring ring;
	unsigned int i;

	if (!complete_ring(c, &ring, 2 * WAIT_MOST, 0, 0))
		return;
	for (i = 0; i < WAITERS; i++) {
		waiter[i].ring = &ring;
		if (!complete_thread(c, &waiter[i].thread, "waiter"))
			return;
	}
	for (i = 0; complete_more(c); i++)
		if (!waiters_round(c, &ring, waiter, i % 2 == 0))
			break;
}
