// SPDX-License-Identifier: GPL-2.0
/*
 * Timeouts: by time, by a number of completions, removed and changed.
 */
#include <errno.h>
#include <string.h>

#include "complete_case.h"

/*
 * Some timers are short, some do not end in our time, and some of each are removed or get another
 * time meanwhile. Whether a timer is removed, changed or has fired is told twice, and has to agree.
 * None fires before its time. One that counts is over with as many completions, and not before, if
 * nothing else completes.
 */
#define TIMERS		6U
#define NOPS		6U
#define LONG_S		1000
#define SHORT_NS	300000U
#define PAUSES		40000U	/* turns: about SHORT_NS */
#define ROUND_SHIFT	8
#define CHANGE_ID	0x40U	/* user_data, beside the round */
#define NOP_ID		0x80U

enum timer_change { CHANGE_NONE, CHANGE_REMOVE, CHANGE_UPDATE };

struct one_timer {
	struct __kernel_timespec ts, then;
	double least_ms;	/* since .start */
	bool ends;		/* by itself, in our time */
	enum timer_change change;
	struct timespec start, changed;
	bool done, told;
	int res, said;
	double ms, then_ms;	/* when it was there, since .start and .changed */
};

struct timers {
	struct complete_case *c;
	struct io_uring ring;
	bool updates;		/* this kernel has them */
	unsigned int round;
	struct one_timer timer[TIMERS];
	uint64_t fired, removed, updated;
};

static void timers_take(struct timers *all, unsigned int *nops)
{
	struct complete_cqe cqe;
	struct one_timer *t;
	unsigned int i;
	bool *done;

	complete_enter(&all->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&all->ring, &cqe)) {
		i = cqe.data & (CHANGE_ID - 1);
		t = &all->timer[i % TIMERS];
		if (cqe.data & NOP_ID && nops && cqe.data >> ROUND_SHIFT == all->round) {
			++*nops;
			continue;
		}
		done = cqe.data & CHANGE_ID ? &t->told : &t->done;
		if (i >= TIMERS || *done || cqe.data >> ROUND_SHIFT != all->round) {
			complete_twice(all->c, &cqe);
			continue;
		}
		*done = true;
		*(cqe.data & CHANGE_ID ? &t->said : &t->res) = cqe.res;
		if (done == &t->done) {
			t->ms = ms_since(&t->start);
			t->then_ms = t->change ? ms_since(&t->changed) : 0;
		}
	}
}

/* --- timers by time */

static void time_choose(struct timers *all, struct __kernel_timespec *ts, bool ends)
{
	ts->tv_sec = ends ? 0 : LONG_S;
	ts->tv_nsec = 1 + complete_draw(all->c, SHORT_NS);
}

static void timer_start(struct timers *all, unsigned int i)
{
	const uint64_t data = (uint64_t)all->round << ROUND_SHIFT | i;
	struct one_timer *t = &all->timer[i];
	struct io_uring_sqe *sqe;

	memset(t, 0, sizeof(*t));
	t->ends = complete_draw(all->c, 2);
	time_choose(all, &t->ts, t->ends);
	sqe = complete_sqe(all->c, &all->ring, IORING_OP_TIMEOUT, data);
	sqe->addr = (uintptr_t)&t->ts;
	sqe->len = 1;
	t->told = true;
	clock_gettime(CLOCK_MONOTONIC, &t->start);
}

/* Those that do not end are removed, or get a time that does. */
static void timer_change(struct timers *all, unsigned int i)
{
	const uint64_t data = (uint64_t)all->round << ROUND_SHIFT | i;
	struct one_timer *t = &all->timer[i];
	struct io_uring_sqe *sqe;

	if (t->ends && complete_draw(all->c, 2))
		return;
	t->change = all->updates && complete_draw(all->c, 2) ? CHANGE_UPDATE : CHANGE_REMOVE;
	t->told = false;
	sqe = complete_sqe(all->c, &all->ring, IORING_OP_TIMEOUT_REMOVE, data | CHANGE_ID);
	sqe->addr = data;
	if (t->change == CHANGE_UPDATE) {
		time_choose(all, &t->then, true);
		sqe->addr2 = (uintptr_t)&t->then;
		sqe->timeout_flags = IORING_TIMEOUT_UPDATE;
	}
	clock_gettime(CLOCK_MONOTONIC, &t->changed);
}

static bool timers_done(void *arg)
{
	struct timers *all = arg;
	unsigned int i;

	timers_take(all, NULL);
	for (i = 0; i < TIMERS && all->timer[i].done && all->timer[i].told; i++)
		;
	return i == TIMERS;
}

static double to_ms(const struct __kernel_timespec *ts)
{
	return ts->tv_sec * 1e3 + ts->tv_nsec / 1e6;
}

/* What is wrong with a timer and what was said of it, or NULL. */
static const char *timer_is_wrong(const struct one_timer *t)
{
	const bool changed = t->change && !t->said;

	if (t->res != -ETIME && t->res != -ECANCELED)
		return "has neither fired, nor is it removed";
	if (t->change && t->said && t->said != -ENOENT && t->said != -EALREADY &&
	    t->said != -EBUSY)
		return "cannot be changed";
	if (t->said && !t->ends)
		return "is not found, and does not end";
	if (changed && t->change == CHANGE_REMOVE && t->res != -ECANCELED)
		return "is removed, and fires";
	if (t->res == -ECANCELED && !(changed && t->change == CHANGE_REMOVE))
		return "is cancelled, and nobody has removed it";
	return NULL;
}

static void timer_judge(struct timers *all, const struct one_timer *t)
{
	const bool updated = t->change == CHANGE_UPDATE && !t->said;
	const double least = to_ms(updated ? &t->then : &t->ts);
	const double ms = updated ? t->then_ms : t->ms;
	const char *wrong = timer_is_wrong(t);

	all->fired += t->res == -ETIME && !updated;
	all->removed += t->res == -ECANCELED;
	all->updated += updated;
	if (wrong)
		complete_bad(all->c, t->res == -ECANCELED && !t->change ? COMPLETE_CANCELLED :
			     COMPLETE_WRONG, "a timeout %s: res %d, and %d of a change to it",
			     wrong, t->res, t->said);
	else if (t->res == -ETIME && ms < least)
		complete_bad(all->c, COMPLETE_EARLY, "a timeout of %.3f ms fires after %.3f%s",
			     least, ms, updated ? ", updated" : "");
	else
		complete_good(all->c);
}

static bool timers_round(struct timers *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	for (i = 0; i < TIMERS; i++)
		timer_start(all, i);
	if (!complete_submit(c, &all->ring))
		return false;
	complete_spin(complete_draw(c, PAUSES));
	for (i = 0; i < TIMERS; i++)
		timer_change(all, i);
	if (!complete_submit(c, &all->ring) ||
	    !complete_await(c, timers_done, all, 0, "a timeout, or a change to one"))
		return false;
	for (i = 0; i < TIMERS; i++)
		timer_judge(all, &all->timer[i]);
	return true;
}

/* --- one that counts */

static bool counter_done(void *arg)
{
	struct timers *all = arg;
	unsigned int nops = 0;

	timers_take(all, &nops);
	return all->timer[0].done;
}

static bool counter_round(struct timers *all)
{
	const unsigned int want = 1 + complete_draw(all->c, NOPS);
	struct one_timer *t = &all->timer[0];
	const uint64_t data = (uint64_t)all->round << ROUND_SHIFT;
	struct complete_case *c = all->c;
	struct io_uring_sqe *sqe;
	unsigned int i, nops = 0;

	memset(t, 0, sizeof(*t));
	time_choose(all, &t->ts, false);
	sqe = complete_sqe(c, &all->ring, IORING_OP_TIMEOUT, data);
	sqe->addr = (uintptr_t)&t->ts;
	sqe->len = 1;
	sqe->off = want;
	for (i = 0; i < want; i++) {
		if (complete_draw(c, 2) && !complete_submit(c, &all->ring))
			return false;
		timers_take(all, &nops);
		if (t->done)
			break;
		complete_sqe(c, &all->ring, IORING_OP_NOP, data | NOP_ID);
	}
	if (!complete_submit(c, &all->ring) ||
	    !complete_await(c, counter_done, all, 0, "a timeout that counts"))
		return false;
	if (i < want)
		complete_bad(c, COMPLETE_EARLY, "a timeout of %u completions ends with %u", want,
			     i);
	else if (t->res)
		complete_bad(c, COMPLETE_WRONG, "a timeout of %u completions: res %d", want,
			     t->res);
	else
		complete_good(c);
	return true;
}

/* Whether an update of what is not there is not found, or not known. */
static bool timers_update(struct timers *all)
{
	struct __kernel_timespec ts = { .tv_sec = LONG_S };
	struct complete_cqe cqe = { .res = 0 };
	struct io_uring_sqe *sqe;

	sqe = complete_sqe(all->c, &all->ring, IORING_OP_TIMEOUT_REMOVE, 0);
	sqe->addr = 1;
	sqe->addr2 = (uintptr_t)&ts;
	sqe->timeout_flags = IORING_TIMEOUT_UPDATE;
	return complete_submit(all->c, &all->ring) &&
	       complete_next(all->c, &all->ring, &cqe, "an update of a timeout") &&
	       cqe.res == -ENOENT;
}

void case_timeout(struct complete_case *c)
{
	static struct timers all;

	all.c = c;
	if (!complete_ring(c, &all.ring, 2 * TIMERS + NOPS, 0, 0))
		return;
	all.updates = timers_update(&all);
	while (complete_more(c)) {
		all.round++;
		if (!(all.round % 2 ? timers_round(&all) : counter_round(&all)))
			break;
		complete_enter(&all.ring, 0, 0, IORING_ENTER_GETEVENTS);
	}
	complete_note(c, "%llu fired, %llu removed, %llu updated", (unsigned long long)all.fired,
		      (unsigned long long)all.removed, (unsigned long long)all.updated);
}
