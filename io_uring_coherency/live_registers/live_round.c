// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of a variant, and what is counted in them.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "kselftest.h"
#include "live.h"
#include "live_spin.h"

#define TICKS		1.2	/* so long may task_work take that waits for one */
#define CONTROL_EACH	8	/* of so many windows of a submitter one has no creation */
#define CONTROL_MS	0.03	/* ... which is as long as the one before, but not longer */

void live_show_change(const struct live_spin *s, unsigned int n)
{
	const unsigned int slot = s->slots[n];
	const char *why = regs_explain(s->window, &live_layout, slot);
	char expected[160], found[160];

	regs_format(expected, sizeof(expected), &live_layout, slot, regs_in(s->window));
	regs_format(found, sizeof(found), &live_layout, slot, regs_out(s->window));
	ksft_print_msg("  %-5s expected %s (%s register)\n", live_layout.slot[slot].name, expected,
		       reg_class_names[live_layout.slot[slot].class]);
	ksft_print_msg("  %-5s found    %s%s%s\n", "", found, why ? " " : "", why ?: "");
}

/* Of submitters side by side the first one with something to show shows it. */
static bool tells(void)
{
	const pid_t self = getpid();
	pid_t teller = 0;

	return __atomic_compare_exchange_n(&live_shared->teller, &teller, self, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED) || teller == self;
}

/* A register changed in the window of @s, of which @what tells; counts it, and shows the first. */
static void account_change(const struct live_spin *s, const struct live_result *r, const char *what,
			   uint64_t violations, uint64_t *changed)
{
	unsigned int i;

	for (i = 0; i < s->nr_changed; i++)
		changed[s->slots[i]]++;
	if (r->planted)
		return;
	live_shared->found = true;
	if (violations > LIVE_SHOWN || !tells())
		return;
	ksft_print_msg("%s, CPU %d: %u registers changed while the thread spun%s\n", what,
		       s->on_cpu, s->nr_changed, s->switched ? ", and was switched out" : "");
	for (i = 0; i < s->nr_changed && i < LIVE_SHOWN; i++)
		live_show_change(s, i);
}

static void account(struct live_spin *s, struct live_result *r, int created)
{
	char what[128];
	unsigned int i;

	r->windows++;
	if (!created)
		r->late++;
	/* a change proves that something came, if only before the controller's first look */
	if (!created && s->nr_changed)
		created = 1;
	r->evidence.events += created;
	if (s->switched)
		r->switched.events += created;
	if (!s->nr_changed)
		return;

	if (!r->evidence.violations++) {
		r->first_ms = ms_since(&live_shared->start);
		r->first_event = r->evidence.events;
	}
	if (s->switched)
		r->switched.violations++;
	for (i = 0; i < s->nr_changed; i++) {
		if (regs_explain(s->window, &live_layout, s->slots[i])) {
			r->explained++;
			break;
		}
	}
	snprintf(what, sizeof(what), "%s: event %llu", r->name,
		 (unsigned long long)r->evidence.events);
	account_change(s, r, what, r->evidence.violations, r->changed);
}

/* A window without a creation. */
static void account_control(struct live_spin *s, struct live_result *r)
{
	char what[128];

	r->control.events++;
	if (!s->nr_changed)
		return;
	r->control.violations++;
	snprintf(what, sizeof(what), "%s: window %llu without a creation", r->name,
		 (unsigned long long)r->control.events);
	account_change(s, r, what, r->control.violations, r->control_changed);
}

/* What handlers were shown in that window. */
static void account_frames(struct live_spin *s, struct live_result *r)
{
	char expected[160], found[160];
	unsigned int i, slot;

	r->frames.events += s->handled;
	if (!s->nr_in_frame)
		return;
	live_shared->found = true;
	if (r->frames.violations++ >= LIVE_SHOWN || !tells())
		return;
	ksft_print_msg("%s: a handler's ucontext has %u registers that are not as loaded\n",
		       r->name, s->nr_in_frame);
	for (i = 0; i < s->nr_in_frame && i < LIVE_SHOWN; i++) {
		slot = s->frame_slots[i];
		regs_format(expected, sizeof(expected), &live_layout, slot, regs_in(s->window));
		regs_format(found, sizeof(found), &live_layout, slot, s->frame);
		ksft_print_msg("  %-5s expected %s\n", live_layout.slot[slot].name, expected);
		ksft_print_msg("  %-5s found    %s\n", "", found);
	}
}

static bool more_wanted(const struct live_result *r, const struct timespec *start)
{
	double seconds = ms_since(start) / 1e3, limit = live_opt.seconds;

	if (orphaned(live_shared->main))
		_exit(KSFT_FAIL);

	if (r->evidence.events >= live_opt.max_events || r->died ||
	    (live_opt.stop_first && live_shared->found))
		return false;
	if (r->expect != LIVE_IN_WINDOW && r->elsewhere >= LIVE_MIN_ELSEWHERE)
		return false;
	/* a slow machine gets more time, rather than a result that says nothing */
	if (r->evidence.events * live_opt.beside < LIVE_MIN_EVENTS &&
	    r->elsewhere < LIVE_MIN_ELSEWHERE)
		limit *= 3;
	return seconds < limit;
}

/*
 * provoke_workers(), and again while there is no SQ thread to be seen: a walk through
 * /proc/self/task ends early where the thread that it has come to exits (next_tid(),
 * fs/proc/base.c of 5.10, 6.1, 6.12 and 7.2).
 */
static int count_workers(unsigned int *own, unsigned int *others)
{
	struct live_wait wait;
	int ret;

	live_wait_start(&wait);
	do {
		ret = provoke_workers(own, others);
	} while (ret == -ESRCH && live_wait_turn(&wait) < 100);
	return ret;
}

/* 1 / HZ: posix_get_coarse_res() of kernel/time/posix-timers.c in 6.1 */
static double tick_ms(void)
{
	struct timespec tick;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) ? 10 : tick.tv_nsec / 1e6;
}

/* One submitter from its first window to its end. Returns 0 or -errno. */
static int run_round(struct live_spin *s, struct live_result *r, unsigned int round,
		     const struct timespec *start)
{
	/* what no IPI brings comes with the tick */
	const double wait_ms = r->expect == LIVE_IN_SYSCALL ? TICKS * tick_ms() : 100;
	const struct provoke *p = s->provoke;
	const bool sqpoll = p->setup_flags & IORING_SETUP_SQPOLL;
	/* controller, spawner, submitter, SQ thread, and the worker that submission creates */
	const int base = 3 + sqpoll + (p->way == PROVOKE_CREATE_WORKER_CB);
	int created = 0, exited, threads = 0, in_windows = 0, error = 0, ret;
	unsigned int own = 0, others = 0, since = 0;
	struct timespec entered;
	struct live_wait wait;
	double ms = 0;
	bool last;

	live_spin_start(s, round);
	while (live_await_window(s)) {
		const bool idle = s->idle;
		int limit = INT_MAX;

		if (idle) {
			live_signal(s);
			live_watch_window(ms);
		} else {
			if (p->way == PROVOKE_CREATE_WORKER_CB)
				limit = base + p->created;
			clock_gettime(CLOCK_MONOTONIC, &entered);
			error = live_create_in_window(s, limit, wait_ms, &created, &exited);
			ms = ms_since(&entered);
			in_windows += created - exited;
			r->exited += exited;
		}
		if (!live_leave_window(s)) {
			r->died = true;
			break;
		}
		if (!idle) {
			threads = provoke_threads(p);
			/* the submitter of an SQPOLL ring creates none of those that appear */
			account(s, r, r->expect == LIVE_IN_SQ_THREAD ? 0 : created);
			since++;
		} else if (provoke_threads(p) == threads) {
			account_control(s, r);
			since = 0;
		} else if (s->nr_changed) {
			account(s, r, 0);
		}
		account_frames(s, r);
		if (error || !more_wanted(r, start))
			s->quit = 1;
		last = s->quit || p->created == PROVOKE_ROUND;
		if (sqpoll && last) {
			/* what went wrong first is the reason */
			ret = count_workers(&own, &others);
			if (!error)
				error = ret;
		}
		/* a creation that is still to come must not come to a window without one */
		s->idle = since >= CONTROL_EACH - 1 && !idle &&
			  (created > 0 || r->expect != LIVE_IN_WINDOW);
		if (ms > CONTROL_MS)
			ms = CONTROL_MS;
		live_next_window(s);
		if (last)
			break;
	}
	live_await_end(s);
	if (r->expect == LIVE_IN_SQ_THREAD) {
		r->elsewhere += others;
		r->unexpected += own;
	} else if (threads) {
		r->elsewhere += threads - 3 - in_windows;
	}

	ret = provoke_end(s->provoke);
	/* workers that are about to end would hide creations of the next round */
	live_wait_start(&wait);
	while (provoke_threads(p) > 2) {
		if (live_wait_turn(&wait) > 10000)
			return -ETIMEDOUT;
	}
	return s->error ?: error ?: ret;
}

const char *live_measure_alone(struct live_result *r, const struct live_variant *variant,
			       int *error)
{
	struct provoke provoke;
	struct live_spin s = {
		.provoke = &provoke,
		.seed = (uint64_t)getpid() << 32,
		.first_cpu = live_shared->nr - 1,
		.max_windows = PROVOKE_ROUND,
		.signals = variant->signals,
	};
	struct timespec start;
	const char *reason;
	unsigned int round;

	*error = 0;
	reason = provoke_open(&provoke, variant->way, variant->setup_flags);
	if (reason)
		return reason;
	if (live_spin_open(&s))
		return "no memory or no thread for the spin";
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (round = 0; !*error && more_wanted(r, &start); round++)
		*error = run_round(&s, r, round, &start);
	r->seconds += ms_since(&start) / 1e3;
	live_spin_close(&s);
	provoke_close(&provoke);
	return NULL;
}
