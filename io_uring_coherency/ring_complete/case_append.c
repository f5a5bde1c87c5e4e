// SPDX-License-Identifier: GPL-2.0
/*
 * Records that several threads append to one file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * With O_APPEND the end of the file is found, and the record written, under one lock, whatever the
 * offset of the request is. Threads write by io-wq, by their own system call and by write(2), some
 * at a time, through one descriptor or several. Each record has to be in the file, once and whole,
 * and nothing else.
 */
#define WRITERS		3U
#define RECORDS		6U	/* of a writer, in a round */
#define RECORD_MOST	9000U
#define PIECES		3

struct record {
	uint32_t id, len;
	unsigned char bytes[RECORD_MOST];
};

struct append_one {
	struct record record;
	struct iovec piece[PIECES];
	unsigned int nr;	/* pieces */
	int fd;
	uint64_t off;
	unsigned int flags;	/* IOSQE_ */
	bool plain;		/* by write(2) */
	bool done;
	int res;
};

struct appends;

struct append_writer {
	struct appends *all;
	struct io_uring ring;
	struct complete_thread thread;
	struct append_one one[RECORDS];
	unsigned int nr;
};

struct appends {
	struct complete_case *c;
	int file, again[WRITERS];
	unsigned int round;
	struct append_writer writer[WRITERS];
	unsigned char *has;
	uint64_t async, records;
};

static unsigned char pattern(uint32_t id, unsigned int at)
{
	return id * 31 + at;
}

/* Pieces of a record, which differ in nothing but how they are written. */
static void append_cut(struct complete_case *c, struct append_one *one)
{
	unsigned char *from = (unsigned char *)&one->record;
	unsigned int left = one->record.len, i, part;

	one->nr = complete_draw(c, 2) ? 1 : PIECES;
	for (i = 0; i < one->nr; i++) {
		part = i == one->nr - 1 ? left : complete_draw(c, left);
		one->piece[i] = (struct iovec){ from, part };
		from += part;
		left -= part;
	}
}

static void append_plan(struct appends *all, struct append_writer *w, unsigned int k)
{
	const unsigned int head = offsetof(struct record, bytes);
	struct append_one *one = &w->one[k];
	struct complete_case *c = all->c;
	unsigned int i;

	one->record.id = (all->round * WRITERS + (w - all->writer)) * RECORDS + k;
	one->record.len = head + 1 + complete_draw(c, complete_draw(c, 2) ? 64 : RECORD_MOST);
	for (i = 0; i < one->record.len - head; i++)
		one->record.bytes[i] = pattern(one->record.id, i);
	append_cut(c, one);
	one->fd = complete_draw(c, 2) ? all->again[w - all->writer] : all->again[0];
	one->off = complete_draw(c, 2) ? (uint64_t)-1 : complete_draw(c, 20000);
	one->flags = complete_draw(c, 2) ? IOSQE_ASYNC : 0;
	one->plain = complete_draw(c, 6) == 0;
	one->done = false;
	all->async += !one->plain && one->flags;
	all->records++;
}

static void append_prepare(struct append_writer *w, unsigned int k)
{
	struct append_one *one = &w->one[k];
	struct io_uring_sqe *sqe;

	sqe = complete_sqe(w->all->c, &w->ring, one->nr == 1 ? IORING_OP_WRITE : IORING_OP_WRITEV,
			   one->record.id);
	sqe->fd = one->fd;
	sqe->addr = (uintptr_t)(one->nr == 1 ? one->piece[0].iov_base : one->piece);
	sqe->len = one->nr == 1 ? one->record.len : one->nr;
	sqe->off = one->off;
	sqe->flags = one->flags;
}

/* What is for io_uring is under way as write(2) begins. */
static void appends_write(void *arg)
{
	struct append_writer *w = arg;
	struct append_one *one;
	unsigned int k;

	for (k = 0; k < w->nr; k++)
		if (!w->one[k].plain)
			append_prepare(w, k);
	complete_submit(w->all->c, &w->ring);
	for (k = 0; k < w->nr; k++) {
		one = &w->one[k];
		if (!one->plain)
			continue;
		one->res = writev(one->fd, one->piece, one->nr);
		one->done = true;
	}
}

static bool append_take(struct append_writer *w, const struct complete_cqe *cqe)
{
	unsigned int k;

	for (k = 0; k < w->nr; k++)
		if (cqe->data == w->one[k].record.id && !w->one[k].done)
			break;
	if (k == w->nr) {
		complete_twice(w->all->c, cqe);
		return false;
	}
	w->one[k].done = true;
	w->one[k].res = cqe->res;
	return true;
}

static bool appends_end(struct appends *all)
{
	struct complete_case *c = all->c;
	struct complete_cqe cqe;
	struct append_writer *w;
	unsigned int i, k;

	for (i = 0; i < WRITERS; i++) {
		w = &all->writer[i];
		if (!complete_await(c, complete_done, &w->thread, w->thread.tid, "a submission"))
			return false;
		for (k = 0; k < w->nr; k++)
			while (!w->one[k].done) {
				if (!complete_next(c, &w->ring, &cqe, "a write"))
					return false;
				append_take(w, &cqe);
			}
		complete_none_left(c, &w->ring);
	}
	return true;
}

/* --- what the file has */

static struct append_one *append_find(struct appends *all, const struct record *record)
{
	unsigned int i, k;

	for (i = 0; i < WRITERS; i++)
		for (k = 0; k < all->writer[i].nr; k++)
			if (all->writer[i].one[k].record.id == record->id)
				return &all->writer[i].one[k];
	return NULL;
}

static void appends_judge(struct appends *all, size_t size, size_t want)
{
	struct complete_case *c = all->c;
	const struct record *record;
	struct append_one *one;
	size_t at;

	for (at = 0; at + offsetof(struct record, bytes) < size; at += one->record.len) {
		record = (const struct record *)(all->has + at);
		one = append_find(all, record);
		if (!one || at + one->record.len > size ||
		    memcmp(record, &one->record, one->record.len)) {
			complete_bad(c, COMPLETE_WRONG, "at %zu of %zu is no whole record", at,
				     size);
			return;
		}
		if (!one->done)
			complete_bad(c, COMPLETE_WRONG, "record %#x is there twice, at %zu, too",
				     one->record.id, at);
		else if (one->res != (int)one->record.len)
			complete_bad(c, COMPLETE_WRONG, "a record of %u bytes: res %d",
				     one->record.len, one->res);
		else
			complete_good(c);
		one->done = false;
	}
	if (at != want)
		complete_bad(c, COMPLETE_WRONG, "the file has %zu bytes, not %zu", size, want);
}

static bool appends_read(struct appends *all)
{
	size_t want = 0;
	unsigned int i, k;
	struct stat st;

	for (i = 0; i < WRITERS; i++)
		for (k = 0; k < all->writer[i].nr; k++)
			want += all->writer[i].one[k].record.len;
	if (fstat(all->file, &st) ||
	    pread(all->file, all->has, sizeof(struct record) * WRITERS * RECORDS, 0) < 0)
		return complete_fail(all->c, -errno, "reading a file");
	appends_judge(all, st.st_size, want);
	if (ftruncate(all->file, 0))
		return complete_fail(all->c, -errno, "ftruncate()");
	return true;
}

static bool appends_round(struct appends *all)
{
	unsigned int i, k;

	all->round++;
	for (i = 0; i < WRITERS; i++) {
		all->writer[i].nr = 1 + complete_draw(all->c, RECORDS);
		for (k = 0; k < all->writer[i].nr; k++)
			append_plan(all, &all->writer[i], k);
	}
	for (i = 0; i < WRITERS; i++)
		complete_ask(&all->writer[i].thread, appends_write, &all->writer[i]);
	return appends_end(all) && appends_read(all);
}

static bool appends_open(struct appends *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	all->has = malloc(sizeof(struct record) * WRITERS * RECORDS);
	if (!all->has)
		return complete_fail(c, -ENOMEM, "malloc()");
	all->file = complete_file(c);
	if (all->file < 0)
		return false;
	for (i = 0; i < WRITERS; i++) {
		all->writer[i].all = all;
		all->again[i] = complete_again(all->file, O_WRONLY | O_APPEND);
		if (all->again[i] < 0)
			return complete_fail(c, -errno, "opening a file again");
		if (!complete_thread(c, &all->writer[i].thread, "writer") ||
		    !complete_ring(c, &all->writer[i].ring, 2 * RECORDS, 0, 0))
			return false;
	}
	return true;
}

void case_append(struct complete_case *c)
{
	static struct appends all;

	all.c = c;
	if (!appends_open(&all))
		return;
	while (complete_more(c))
		if (!appends_round(&all))
			break;
	complete_note(c, "%llu of %llu records by io-wq", (unsigned long long)all.async,
		      (unsigned long long)all.records);
}
