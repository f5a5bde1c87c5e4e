// SPDX-License-Identifier: GPL-2.0
/*
 * What is linked to a read that is tried again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complete_transfer.h"

/*
 * A read that stops at a page that is not there yet is tried again, and what that gets is less than
 * the whole, which is no failure: what is linked to it runs. Where the second try has to wait, it
 * begins anew. So the page has to come just between the two (__io_read() of io_uring/rw.c, 6.1):
 * another thread writes it, as it is on the disk, and has it locked while the first try looks.
 */
#define FILE_BYTES	(4U << 20)
#define LENGTH		(256U << 10)
#define SHORTER		(32U << 10)	/* so that the time to the page is much the same */
#define LINK_MOST	3
#define SPINS		20000		/* until who waits for another lets others run */
#define CLEAN_EVERY	16		/* pages: what is dirty does not leave the page cache */

enum link_id { LINK_READ, LINK_NOP, LINK_WRITE };

/* Who writes the page. */
struct linked_writer {
	struct complete_thread thread;
	const struct transfer_file *file;
	uint64_t at;
	size_t len;
	double ms;		/* that a write took, of the fastest */
	bool ready, go;
};

struct linked {
	struct transfer_file file;
	struct linked_writer writer;
	struct io_uring ring;
	int copy;		/* to which it is written */
	unsigned char *buf, *back;
	unsigned int nr, nr_holes, nr_writes;
};

static void wait_for(const bool *flag)
{
	unsigned int i;

	for (i = 0; !complete_load(flag); i++)
		if (i > SPINS)
			sched_yield();
}

static void writer_write(void *arg)
{
	struct linked_writer *w = arg;
	struct timespec start;
	double ms;

	complete_store(&w->ready, true);
	wait_for(&w->go);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (pwrite(w->file->plain, w->file->want + w->at, w->len, w->at) != (ssize_t)w->len)
		complete_fail(w->file->c, errno ? -errno : -EIO, "pwrite()");
	ms = ms_since(&start);
	/* and what it takes may change */
	w->ms = !w->ms || ms < w->ms ? ms : 1.02 * w->ms;
}

/* One page of what is read is not there, and the writer about to write it. */
static void linked_punch(struct linked *l, struct transfer *t)
{
	const unsigned int page = sysconf(_SC_PAGESIZE);
	struct complete_case *c = l->file.c;
	struct linked_writer *w = &l->writer;
	const struct transfer_file *f = &l->file;
	struct timespec start;
	double wait;

	w->at = (t->at + complete_draw(c, t->len)) / page * page;
	w->len = page;
	/* the rest of it is */
	if (l->nr_writes++ % CLEAN_EVERY == 0)
		transfer_clean(f);
	if (pread(f->plain, l->back, t->len, t->at) != (ssize_t)t->len)
		return;
	posix_fadvise(f->plain, w->at, page, POSIX_FADV_DONTNEED);
	t->holes = transfer_has_holes(f, t->at, t->len);
	complete_store(&w->ready, false);
	complete_store(&w->go, false);
	complete_ask(&w->thread, writer_write, w);
	wait_for(&w->ready);
	wait = 1.2 * w->ms * complete_draw(c, 1000) / 1000 / (1 << complete_draw(c, 4));
	clock_gettime(CLOCK_MONOTONIC, &start);
	complete_store(&w->go, true);
	while (ms_since(&start) < wait)
		;
}

static unsigned int linked_submit(struct linked *l, struct transfer *t, enum link_id *kind)
{
	struct complete_case *c = l->file.c;
	struct transfer copy = *t;
	unsigned int nr = 1, i;
	struct io_uring_sqe *sqe;

	if (complete_draw(c, 2))
		kind[nr++] = LINK_NOP;
	if (nr == 1 || complete_draw(c, 2))
		kind[nr++] = LINK_WRITE;
	copy.fd = l->copy;
	copy.at = 0;
	copy.write = true;
	for (i = 0; i < nr; i++) {
		if (kind[i] == LINK_NOP)
			sqe = complete_sqe(c, &l->ring, IORING_OP_NOP, i);
		else
			sqe = transfer_prepare(c, &l->ring, i ? &copy : t, i);
		sqe->flags = (i < nr - 1 ? IOSQE_IO_LINK : 0) | (i ? 0 : t->flags);
	}
	return complete_submit(c, &l->ring) ? nr : 0;
}

static void linked_judge(struct linked *l, const struct transfer *t, const enum link_id *kind,
			 const int *res, unsigned int nr)
{
	struct complete_case *c = l->file.c;
	const unsigned char *want = l->file.want + t->at;
	const char *next;
	unsigned int i;

	for (i = 1; i < nr; i++)
		if (res[i] != (kind[i] == LINK_NOP ? 0 : (int)t->len))
			break;
	next = kind[i < nr ? i : nr - 1] == LINK_NOP ? "nop" : "write";
	if (res[0] != (int)t->len)
		complete_bad(c, COMPLETE_WRONG,
			     "a linked read of %zu bytes%s: res %d, pread gets all", t->len,
			     t->holes ? ", half cached" : "", res[0]);
	else if (i < nr)
		complete_bad(c, COMPLETE_WRONG,
			     "a %s behind a read of %zu bytes%s that gets all: res %d", next,
			     t->len, t->holes ? ", half cached," : "", res[i]);
	else if (transfer_differs(t, want, t->len) < t->len)
		complete_bad(c, COMPLETE_WRONG, "a linked read of %zu bytes: others than pread's",
			     t->len);
	else if (kind[nr - 1] == LINK_WRITE &&
		 (pread(l->copy, l->back, t->len, 0) != (ssize_t)t->len ||
		  memcmp(l->back, want, t->len)))
		complete_bad(c, COMPLETE_WRONG, "a write behind a read of %zu bytes: others' bytes",
			     t->len);
	else
		complete_good(c);
}

static bool linked_round(struct linked *l)
{
	enum link_id kind[LINK_MOST] = { LINK_READ };
	struct complete_case *c = l->file.c;
	const bool beside = complete_draw(c, 8);
	struct transfer t = { .fd = l->file.plain };
	struct complete_cqe cqe;
	int res[LINK_MOST];
	unsigned int i, nr;

	transfer_cut(c, &t, l->buf, transfer_length(c, beside ? SHORTER : LENGTH), false);
	t.at = complete_draw(c, FILE_BYTES - t.len + 1);
	t.flags = complete_draw(c, 8) ? 0 : IOSQE_ASYNC;
	transfer_set(&t, 0xa7);
	if (beside)
		linked_punch(l, &t);
	else
		t.holes = transfer_punch(&l->file, t.at, t.len);
	nr = linked_submit(l, &t, kind);
	if (!nr)
		return false;
	for (i = 0; i < nr; i++) {
		if (!complete_next(c, &l->ring, &cqe, "a read, or what is linked to it"))
			return false;
		if (cqe.data < nr)
			res[cqe.data] = cqe.res;
	}
	if (beside && !complete_await(c, complete_done, &l->writer.thread, l->writer.thread.tid,
				      "a pwrite"))
		return false;
	complete_none_left(c, &l->ring);
	linked_judge(l, &t, kind, res, nr);
	l->nr++;
	l->nr_holes += t.holes;
	return true;
}

void case_link_read(struct complete_case *c)
{
	static struct linked l;

	l.buf = malloc(TRANSFER_BUFFER);
	l.back = malloc(LENGTH);
	if (!l.buf || !l.back) {
		complete_fail(c, -ENOMEM, "malloc()");
		return;
	}
	if (!complete_ring(c, &l.ring, 8, 0, 0) || !transfer_open(c, &l.file, FILE_BYTES))
		return;
	l.copy = complete_file(c);
	if (l.copy < 0)
		return;
	l.writer.file = &l.file;
	if (!complete_thread(c, &l.writer.thread, "writer"))
		return;
	if (c->cpus->nr > 1) {
		/* if they may not, they meet less often */
		cpus_pin(0, c->cpus->cpu[0]);
		cpus_pin(l.writer.thread.tid, c->cpus->cpu[1]);
	}
	while (complete_more(c))
		if (!linked_round(&l))
			break;
	complete_note(c, "%u of %u half cached, %u beside a writer of the page", l.nr_holes, l.nr,
		      l.nr_writes);
}
