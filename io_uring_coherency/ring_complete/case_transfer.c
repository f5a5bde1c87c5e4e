// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes of a file: each gets, or does, what pread(2) or pwrite(2) of its range would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "complete_fixed.h"

/*
 * A request that cannot go on without sleep has done a part of its work, and is tried again:
 * where a page is missing, is on its way, or has to be allocated. What was done before is part of
 * the result then (kiocb_done() of io_uring/rw.c, 6.1). So ranges are large, half of them is not in
 * the page cache, and they cross the end of the file.
 */
#define FILE_BYTES	((4U << 20) - 1234)
#define FORK_EVERY	16	/* transfers of a registered buffer */
#define CLEAN_EVERY	8	/* writes: what is dirty does not leave the page cache */

struct transfers {
	struct transfer_file file;
	struct fixed_buffers fixed;
	struct io_uring ring;
	int append;		/* the file, open with O_APPEND */
	unsigned char *buf;
	unsigned int nr, nr_holes, nr_fixed;
};

static bool transfers_open(struct complete_case *c, struct transfers *all)
{
	all->buf = malloc(TRANSFER_BUFFER);
	if (!all->buf)
		return complete_fail(c, -ENOMEM, "malloc()");
	if (!complete_ring(c, &all->ring, 8, 0, 0) ||
	    !transfer_open(c, &all->file, FILE_BYTES))
		return false;
	all->append = complete_again(all->file.plain, O_RDWR | O_APPEND);
	if (all->append < 0)
		return complete_fail(c, -errno, "opening a file again");
	return fixed_open(c, &all->fixed, &all->ring);
}

/* What to transfer, at which offset up to @limit, and from or to where. */
static void transfers_choose(struct transfers *all, struct transfer *t, bool write, uint64_t limit)
{
	struct complete_case *c = all->file.c;
	size_t len;

	len = transfer_length(c, TRANSFER_MOST);
	if (all->fixed.nr && complete_draw(c, 3) == 0)
		fixed_cut(&all->fixed, t, len);
	else
		transfer_cut(c, t, all->buf, len, false);
	all->nr_fixed += !t->nr;
	t->fd = all->file.plain;
	t->write = write;
	t->at = complete_draw(c, limit - t->len + 1);
	/* from there to the end of the file, or a bit further, or not as far */
	if (complete_draw(c, 4) == 0 && t->len < all->file.size)
		t->at = all->file.size - t->len + complete_draw(c, t->len);
	if (t->at > limit - t->len)
		t->at = limit - t->len;
	t->flags = complete_draw(c, 3) ? 0 : IOSQE_ASYNC;
}

/* A registered buffer is that of its pages, which are the parent's after a fork. */
static bool transfers_do(struct transfers *all, struct transfer *t, const unsigned char *bytes)
{
	const bool forked = !t->nr && all->nr_fixed % FORK_EVERY == 1;
	struct complete_case *c = all->file.c;
	bool done;

	if (forked && !fixed_fork(&all->fixed))
		return false;
	if (bytes)
		transfer_put(t, bytes);
	else
		transfer_set(t, 0xa7);
	done = transfer_do(c, &all->ring, t);
	if (forked)
		fixed_join(&all->fixed);
	all->nr++;
	all->nr_holes += t->holes;
	return done;
}

static void transfers_judge(struct transfers *all, const struct transfer *t)
{
	struct complete_case *c = all->file.c;

	if (!t->nr && t->buffer == FIXED_MOVED && !fixed_others_kept(&all->fixed))
		complete_bad(c, COMPLETE_WRONG,
			     "%zu bytes are where the registered buffer was before mremap",
			     t->len);
	transfer_judge(&all->file, t);
}

static void transfers_note(const struct transfers *all)
{
	const struct fixed_buffers *b = &all->fixed;

	if (b->nr)
		complete_note(b->c, "%u of %u half cached, %u fixed, %u forks, huge page: %s",
			      all->nr_holes, all->nr, all->nr_fixed, b->forks, b->huge);
	else
		complete_note(b->c, "%u of %u half cached, none fixed: RLIMIT_MEMLOCK",
			      all->nr_holes, all->nr);
}

void case_transfer_read(struct complete_case *c)
{
	static struct transfers all;
	struct transfer t;

	if (!transfers_open(c, &all))
		return;
	while (complete_more(c)) {
		transfers_choose(&all, &t, false, FILE_BYTES + TRANSFER_MOST);
		t.holes = transfer_punch(&all.file, t.at, t.len);
		if (!transfers_do(&all, &t, NULL))
			break;
		transfers_judge(&all, &t);
	}
	transfers_note(&all);
}

/* Whether the file is one that can grow on. */
static bool write_shrink(struct transfers *all)
{
	struct transfer_file *f = &all->file;

	if (f->size < TRANSFER_ROOM - TRANSFER_MOST)
		return true;
	f->size = FILE_BYTES / 2 + complete_draw(f->c, FILE_BYTES / 2);
	if (ftruncate(f->plain, f->size))
		return complete_fail(f->c, -errno, "ftruncate()");
	return true;
}

static bool write_round(struct transfers *all)
{
	struct transfer_file *f = &all->file;
	const unsigned char *bytes = transfer_bytes(f);
	struct complete_case *c = f->c;
	struct transfer t;

	if (!write_shrink(all))
		return false;
	transfers_choose(all, &t, true, TRANSFER_ROOM);
	if (complete_draw(c, 8) == 0) {
		/* the end of the file is where it goes, whatever the offset */
		t.fd = all->append;
		t.at = f->size;
	}
	if (all->nr % CLEAN_EVERY == 0)
		transfer_clean(f);
	t.holes = transfer_punch(f, t.at, t.len);
	if (!transfers_do(all, &t, bytes))
		return false;
	transfer_wrote(f, t.at, bytes, t.len);
	transfers_judge(all, &t);
	return true;
}

void case_transfer_write(struct complete_case *c)
{
	static struct transfers all;

	if (!transfers_open(c, &all))
		return;
	while (complete_more(c))
		if (!write_round(&all))
			break;
	transfers_note(&all);
}
