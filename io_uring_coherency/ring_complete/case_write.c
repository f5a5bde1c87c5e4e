// SPDX-License-Identifier: GPL-2.0
/*
 * Buffered writes of several threads, which io-wq does one after the other for each file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * Writes to one file are "hashed": one worker at a time. The map of files under way is the ring's,
 * workers are those of the task that submitted, so that the last of one task has to wake another
 * task's, which has just looked and goes to sleep (io_wait_on_hash() of io_uring/io-wq.c, 6.1;
 * before d3e3c102d107 they missed each other). A later write of that task would hide it: so there
 * is a pause after a few writes, until all are done; or each thread has one under way at a time,
 * all to one file, which meet more often.
 */
#define WRITERS		3
#define FILES		2
#define MOST		4	/* writes of a writer, in one round */
#define MOST_CHASED	16	/* one after the other */
#define CHASE_SPINS	200	/* looks for the end of one, before a sleep */
#define WRITE_SIZE	4096U

struct write_one {
	unsigned int file, spin;
	uint64_t *page;
	uint64_t data;		/* user_data, and what is written */
	bool done;
};

struct writers;

struct writer {
	struct writers *all;
	struct complete_thread thread;
	struct write_one write[MOST_CHASED];
	unsigned int nr;
	sem_t done;		/* a write is */
};

struct writers {
	struct complete_case *c;
	struct io_uring ring;
	pthread_mutex_t lock;		/* of the SQ */
	int file[FILES];
	struct writer writer[WRITERS];
	bool chase;		/* each writes one after the other */
	bool refused;
};

static void write_wait(struct writer *w)
{
	unsigned int spins;

	for (spins = 0; spins < CHASE_SPINS; spins++)
		if (!sem_trywait(&w->done))
			return;
	while (sem_wait(&w->done) && errno == EINTR)
		;
}

static void writer_submit(void *arg)
{
	struct writer *w = arg;
	struct writers *all = w->all;
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		complete_spin(w->write[i].spin);
		pthread_mutex_lock(&all->lock);
		sqe = complete_sqe(all->c, &all->ring, IORING_OP_WRITE, w->write[i].data);
		sqe->fd = all->file[w->write[i].file];
		sqe->addr = (uintptr_t)w->write[i].page;
		sqe->len = WRITE_SIZE;
		sqe->off = w->write[i].data % 256 * WRITE_SIZE;
		sqe->flags = IOSQE_ASYNC;
		if (!complete_submit(all->c, &all->ring))
			all->refused = true;
		pthread_mutex_unlock(&all->lock);
		if (all->chase)
			write_wait(w);
	}
}

/* What each is to write; returns how many writes there are. */
static unsigned int writers_plan(struct writers *all, unsigned int round)
{
	struct complete_case *c = all->c;
	/* the fewer of them, the sooner one task's last wakes another's */
	const unsigned int files = all->chase ? 1 : 1 + complete_draw(c, FILES);
	const unsigned int most = complete_draw(c, 2) ? 1 : MOST;
	unsigned int i, k, sum = 0;
	struct write_one *one;
	struct writer *w;

	for (i = 0; i < WRITERS; i++) {
		w = &all->writer[i];
		w->nr = all->chase ? MOST_CHASED : most == 1 ? 1 : complete_draw(c, most + 1);
		for (k = 0; k < w->nr; k++) {
			one = &w->write[k];
			one->file = complete_draw(c, files);
			one->spin = complete_draw(c, 2) ? complete_draw(c, 2000) : 0;
			one->data = (uint64_t)round << 8 | i << 4 | k;
			one->done = false;
			one->page[0] = one->data;
			one->page[WRITE_SIZE / 8 - 1] = one->data;
		}
		sum += w->nr;
	}
	return sum;
}

/* Whether it is one that a write waits for. */
static bool write_judge(struct writers *all, const struct complete_cqe *cqe, unsigned int round)
{
	const unsigned int i = cqe->data >> 4 & 15, k = cqe->data & 15;
	const off_t at = cqe->data % 256 * WRITE_SIZE;
	struct complete_case *c = all->c;
	struct write_one *one;
	uint64_t word[2];

	if (cqe->data >> 8 != round || i >= WRITERS || k >= all->writer[i].nr ||
	    all->writer[i].write[k].done) {
		complete_twice(c, cqe);
		return false;
	}
	one = &all->writer[i].write[k];
	one->done = true;
	if (all->chase)
		sem_post(&all->writer[i].done);
	if (pread(all->file[one->file], &word[0], 8, at) != 8 ||
	    pread(all->file[one->file], &word[1], 8, at + WRITE_SIZE - 8) != 8)
		word[0] = ~one->data;
	if (cqe->res == (int)WRITE_SIZE && word[0] == one->data && word[1] == one->data)
		complete_good(c);
	else
		complete_bad(c, COMPLETE_WRONG, "a write of %u bytes: res %d, the file has %s",
			     WRITE_SIZE, cqe->res,
			     word[0] == one->data && word[1] == one->data ? "them" : "others");
	return true;
}

static bool writers_round(struct writers *all, unsigned int round)
{
	struct complete_case *c = all->c;
	struct complete_cqe cqe;
	unsigned int left, i;

	all->chase = complete_draw(c, 2);
	left = writers_plan(all, round);
	for (i = 0; i < WRITERS; i++)
		complete_ask(&all->writer[i].thread, writer_submit, &all->writer[i]);
	while (left) {
		if (!complete_next(c, &all->ring, &cqe, "a buffered write by io-wq"))
			return false;
		left -= write_judge(all, &cqe, round);
	}
	for (i = 0; i < WRITERS; i++)
		if (!complete_await(c, complete_done, &all->writer[i].thread,
				    all->writer[i].thread.tid, "a submission"))
			return false;
	complete_none_left(c, &all->ring);
	return !all->refused;
}

static bool writers_open(struct writers *all)
{
	struct complete_case *c = all->c;
	unsigned int i, k;
	void *page;

	pthread_mutex_init(&all->lock, NULL);
	for (i = 0; i < FILES; i++) {
		all->file[i] = memfd_create("ring_complete", MFD_CLOEXEC);
		if (all->file[i] < 0)
			return complete_fail(c, -errno, "memfd_create()");
	}
	for (i = 0; i < WRITERS; i++) {
		all->writer[i].all = all;
		sem_init(&all->writer[i].done, 0, 0);
		for (k = 0; k < MOST_CHASED; k++) {
			page = calloc(1, WRITE_SIZE);
			if (!page)
				return complete_fail(c, -ENOMEM, "malloc()");
			all->writer[i].write[k].page = page;
		}
		/* io-wq's workers are the thread's, and end with it */
		if (!complete_thread(c, &all->writer[i].thread, "submitter"))
			return false;
	}
	return complete_ring(c, &all->ring, WRITERS * MOST_CHASED, 0, 0);
}

void case_shared_hash(struct complete_case *c)
{
	static struct writers all;
	unsigned int round;

	all.c = c;
	if (!writers_open(&all))
		return;
	for (round = 1; complete_more(c); round++)
		if (!writers_round(&all, round))
			break;
}
