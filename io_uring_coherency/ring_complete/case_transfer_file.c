// SPDX-License-Identifier: GPL-2.0
/*
 * What a transfer leaves behind for the next: the page cache beside O_DIRECT, the file's position,
 * and what is linked to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "complete_transfer.h"

#define FILE_BYTES	(2U << 20)
#define LENGTH		(256U << 10)

static unsigned char *aligned(struct complete_case *c)
{
	void *buf;

	if (!posix_memalign(&buf, TRANSFER_ALIGN, TRANSFER_BUFFER))
		return buf;
	complete_fail(c, -ENOMEM, "malloc()");
	return NULL;
}

/* --- through the page cache and around it */

/*
 * A direct write has the page cache forget its range, before and after: who reads through the page
 * cache while it is on its way gets older pages there, which must not stay.
 */
#define COMPANY_READS	200

struct company {
	struct complete_thread thread;
	const struct transfer_file *file;
	unsigned char *buf;
	uint64_t at;
	size_t len;
	bool stop;
};

static void company_read(void *arg)
{
	struct company *company = arg;
	unsigned int i;

	for (i = 0; i < COMPANY_READS && !__atomic_load_n(&company->stop, __ATOMIC_RELAXED); i++)
		if (pread(company->file->plain, company->buf, company->len, company->at) < 0)
			break;
}

struct direct {
	struct transfer_file file;
	struct company company;
	struct io_uring ring;
	unsigned char *buf;
	unsigned int nr_company;
};

/* By io_uring, with somebody who reads the range meanwhile. */
static bool direct_in_company(struct direct *d, struct transfer *t)
{
	struct company *company = &d->company;
	bool done;

	company->at = t->at;
	company->len = t->len;
	__atomic_store_n(&company->stop, false, __ATOMIC_RELAXED);
	complete_ask(&company->thread, company_read, company);
	complete_spin(complete_draw(d->file.c, 20000));
	done = transfer_do(d->file.c, &d->ring, t);
	__atomic_store_n(&company->stop, true, __ATOMIC_RELAXED);
	d->nr_company++;
	return complete_await(d->file.c, complete_done, &company->thread, company->thread.tid,
			      "a pread") && done;
}

/* A write, direct if @around, and a read of it and of what is beside it by the other way. */
static bool direct_round(struct direct *d, bool around)
{
	struct transfer_file *f = &d->file;
	const unsigned char *bytes = transfer_bytes(f);
	struct complete_case *c = f->c;
	struct transfer t = { .fd = around ? f->direct : f->plain, .write = true };
	size_t len;
	bool done;

	len = (1 + complete_draw(c, LENGTH / TRANSFER_ALIGN)) * TRANSFER_ALIGN;
	transfer_cut(c, &t, d->buf, len, true);
	t.at = complete_draw(c, FILE_BYTES / TRANSFER_ALIGN) * TRANSFER_ALIGN;
	t.flags = complete_draw(c, 3) ? 0 : IOSQE_ASYNC;
	transfer_put(&t, bytes);
	done = around && complete_draw(c, 2) ? direct_in_company(d, &t) :
					       transfer_do(c, &d->ring, &t);
	if (!done)
		return false;
	transfer_wrote(f, t.at, bytes, t.len);
	if (t.res != (int)t.len || complete_draw(c, 2)) {
		transfer_judge(f, &t);		/* which reads through the page cache */
		return true;
	}
	t.fd = around ? f->plain : f->direct;
	t.write = false;
	t.at -= t.at && complete_draw(c, 2) ? TRANSFER_ALIGN : 0;
	t.flags = complete_draw(c, 3) ? 0 : IOSQE_ASYNC;
	transfer_set(&t, 0xa7);
	if (!transfer_do(c, &d->ring, &t))
		return false;
	transfer_judge(f, &t);
	return true;
}

void case_transfer_direct(struct complete_case *c)
{
	static struct direct d;

	d.buf = aligned(c);
	d.company.buf = aligned(c);
	d.company.file = &d.file;
	if (!d.buf || !d.company.buf || !complete_ring(c, &d.ring, 8, 0, 0) ||
	    !transfer_open(c, &d.file, FILE_BYTES - 1234) ||
	    !complete_thread(c, &d.company.thread, "reader"))
		return;
	while (complete_more(c))
		if (!direct_round(&d, complete_draw(c, 2)))
			break;
	complete_note(c, "%u direct writes beside a reader", d.nr_company);
}

/* --- the file's position */

/* One that is open: its position is that of nobody else. */
struct position {
	struct transfer_file file;
	struct io_uring ring;
	unsigned char *buf;
	off_t at[2];		/* of .plain and .direct */
	unsigned int nr_ring;
};

/* By read(2) or write(2), or by io_uring with the offset -1. */
static bool position_do(struct position *p, struct transfer *t, bool ring)
{
	if (ring) {
		p->nr_ring++;
		return transfer_do(p->file.c, &p->ring, t);
	}
	if (t->write)
		t->res = write(t->fd, t->piece[0].iov_base, t->len);
	else
		t->res = read(t->fd, t->piece[0].iov_base, t->len);
	if (t->res < 0)
		t->res = -errno;
	return true;
}

/* The result, the position behind it, and the data: one event. */
static void position_judge(struct position *p, const struct transfer *t, bool direct, bool ring)
{
	const size_t gets = t->write ? t->len : transfer_gets(&p->file, p->at[direct], t->len);
	const char *what = t->write ? "write" : "read", *look = "";
	const off_t now = lseek(t->fd, 0, SEEK_CUR);
	struct complete_case *c = p->file.c;

	if (t->write)
		look = transfer_look(&p->file, p->at[direct], t->len);
	else if (transfer_differs(t, p->file.want + p->at[direct], gets) < gets)
		look = "other bytes";
	if (t->res != (int)gets)
		complete_bad(c, COMPLETE_WRONG, "a %s%s of %zu bytes %s at %lld: res %d, not %zu",
			     direct ? "direct " : "", what, t->len,
			     ring ? "by offset -1" : "by system call", (long long)p->at[direct],
			     t->res, gets);
	else if (now != p->at[direct] + (off_t)gets || *look)
		complete_bad(c, COMPLETE_WRONG,
			     "a %s%s of %zu bytes %s at %lld: the position is %lld then%s%s",
			     direct ? "direct " : "", what, t->len,
			     ring ? "by offset -1" : "by system call", (long long)p->at[direct],
			     (long long)now, *look ? ", " : "", look);
	else
		complete_good(c);
	p->at[direct] += gets;
	if (now != p->at[direct])
		lseek(t->fd, p->at[direct], SEEK_SET);
}

static bool position_round(struct position *p, bool direct, bool ring)
{
	struct transfer_file *f = &p->file;
	const unsigned char *bytes = transfer_bytes(f);
	struct complete_case *c = f->c;
	const unsigned int unit = direct ? TRANSFER_ALIGN : 1;
	struct transfer t = { .fd = direct ? f->direct : f->plain, .at = TRANSFER_POS };

	t.write = complete_draw(c, 2);
	t.flags = complete_draw(c, 3) ? 0 : IOSQE_ASYNC;
	t.len = (1 + complete_draw(c, LENGTH / TRANSFER_ALIGN)) * TRANSFER_ALIGN;
	t.len -= direct ? 0 : complete_draw(c, TRANSFER_ALIGN);
	t.nr = 1;
	t.piece[0] = (struct iovec){ .iov_base = p->buf, .iov_len = t.len };
	if (p->at[direct] % unit || p->at[direct] > (off_t)FILE_BYTES || !complete_draw(c, 8)) {
		p->at[direct] = complete_draw(c, FILE_BYTES / unit) * unit;
		if (lseek(t.fd, p->at[direct], SEEK_SET) != p->at[direct])
			return complete_fail(c, -errno, "lseek()");
	}
	if (!direct && !complete_draw(c, 4))
		transfer_punch(f, p->at[direct], t.len);
	if (t.write)
		transfer_put(&t, bytes);
	else
		transfer_set(&t, 0xa7);
	if (!position_do(p, &t, ring))
		return false;
	if (t.write)
		transfer_wrote(f, p->at[direct], bytes, t.len);
	position_judge(p, &t, direct, ring);
	return true;
}

/* io_uring where @around says: through the page cache, or around it. System calls do both. */
static void position_run(struct complete_case *c, bool around)
{
	static struct position p;
	bool direct;

	p.buf = aligned(c);
	if (!p.buf || !complete_ring(c, &p.ring, 8, 0, 0) ||
	    !transfer_open(c, &p.file, FILE_BYTES - 1234))
		return;
	while (complete_more(c)) {
		direct = complete_draw(c, 2);
		if (!position_round(&p, direct, direct == around && complete_draw(c, 2)))
			break;
	}
	complete_note(c, "%u by io_uring", p.nr_ring);
}

void case_transfer_pos(struct complete_case *c)
{
	position_run(c, false);
}

void case_transfer_pos_direct(struct complete_case *c)
{
	position_run(c, true);
}
