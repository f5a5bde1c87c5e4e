// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for room in the SQ of a ring with an SQ thread.
 */
#include <errno.h>

#include "complete_case.h"

/*
 * The SQ thread takes entries, and makes that known later. Who asks whether there is room by what
 * has been taken is told so while user space sees a full SQ: 28aabffae6be.
 */
#define SQ_ENTRIES	4
#define SQ_WAITS	256	/* in a row, until they are judged */

struct sq_wait {
	struct complete_case *c;
	struct io_uring ring;
	struct complete_thread thread;
	unsigned int waits, full;	/* so far; after how many there was no room */
	unsigned int known;		/* waits that the judge has seen */
	int error;
};

/* Fills the SQ with NOPs and tells the SQ thread. */
static bool sq_fill(struct sq_wait *w)
{
	struct io_uring_sqe *sqe;
	struct complete_cqe cqe;

	while (complete_take(&w->ring, &cqe))
		;
	while (io_uring_sq_space_left(&w->ring)) {
		sqe = io_uring_get_sqe(&w->ring);
		if (!sqe)
			break;
		io_uring_prep_nop(sqe);
	}
	w->error = io_uring_submit(&w->ring);
	return w->error >= 0;
}

static void sq_wait_often(void *arg)
{
	struct sq_wait *w = arg;
	unsigned int i;

	for (i = 0; i < SQ_WAITS; i++) {
		do {
			if (!sq_fill(w))
				return;
		} while (io_uring_sq_space_left(&w->ring));
		w->error = io_uring_sqring_wait(&w->ring);
		if (w->error < 0)
			return;
		if (!io_uring_sq_space_left(&w->ring))
			w->full++;
		complete_store(&w->waits, w->waits + 1);
	}
}

static bool sq_goes_on(void *arg)
{
	struct sq_wait *w = arg;

	return complete_done(&w->thread) || complete_load(&w->waits) != w->known;
}

static bool sq_wait_judge(struct sq_wait *w)
{
	struct complete_case *c = w->c;
	unsigned int i;

	for (i = 0; i < w->full; i++)
		complete_bad(c, COMPLETE_EARLY,
			     "io_uring_sqring_wait() returns, and the SQ is as full as before");
	for (; i < w->waits; i++)
		complete_good(c);
	w->waits = 0;
	w->full = 0;
	w->known = 0;
	return w->error >= 0 ||
	       complete_fail(c, w->error, "io_uring_submit() or io_uring_sqring_wait()");
}

void case_sq_wait(struct complete_case *c)
{
	static struct sq_wait w;

	w.c = c;
	if (!complete_ring(c, &w.ring, SQ_ENTRIES, 0, IORING_SETUP_SQPOLL) ||
	    !complete_thread(c, &w.thread, "submitter"))
		return;
	while (complete_more(c)) {
		complete_ask(&w.thread, sq_wait_often, &w);
		while (!complete_done(&w.thread)) {
			if (!complete_await(c, sq_goes_on, &w, w.thread.tid,
					    "room in the SQ of a ring with an SQ thread") &&
			    !complete_rouse(c, &w.thread))
				return;
			w.known = complete_load(&w.waits);
		}
		if (!sq_wait_judge(&w))
			return;
	}
}
