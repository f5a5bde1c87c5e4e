// SPDX-License-Identifier: GPL-2.0
/*
 * Registered buffers that are replaced while requests use them.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * A slot of the table has an address, at which now one page of a file is mapped, now another, or
 * nothing is registered. Reads wait for what another end sends, writes send. Each is from or to the
 * page that was registered when it began, which for io-wq is any time up to its end; each has a
 * part of all pages for itself, of which one alone may change.
 */
#define SLOTS		3U
#define PAGES		6U
#define NO_PAGE		PAGES	/* -EFAULT */
#define REQUESTS	16U
#define STEPS		24U
#define PART		64U
#define ROUND_SHIFT	8

struct buffer_user {
	bool reads, async, done;
	unsigned int slot;
	unsigned int first, may;	/* bits: the page at its submission, and all it may have */
	int res;
};

struct buffer_pages {
	struct complete_case *c;
	struct io_uring ring;
	int file;
	size_t size;			/* of a page */
	unsigned char *all;		/* all pages */
	unsigned char *at[SLOTS];	/* addresses that are registered */
	unsigned int slot[SLOTS];	/* the page that is there, or NO_PAGE */
	int pair[REQUESTS][2];		/* of each request: it has the first */
	struct buffer_user user[REQUESTS];
	unsigned int nr, round;
	uint64_t updates, late;
};

static unsigned char *part_of(const struct buffer_pages *all, unsigned int page, unsigned int i)
{
	return all->all + page * all->size + i * PART;
}

static void pages_take(struct buffer_pages *all)
{
	struct complete_cqe cqe;
	unsigned int i;

	complete_enter(&all->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&all->ring, &cqe)) {
		i = cqe.data & ((1U << ROUND_SHIFT) - 1);
		if (i >= all->nr || cqe.data >> ROUND_SHIFT != all->round || all->user[i].done) {
			complete_twice(all->c, &cqe);
			continue;
		}
		all->user[i].done = true;
		all->user[i].res = cqe.res;
	}
}

/* --- what may happen */

static bool step_update(struct buffer_pages *all, unsigned int slot)
{
	const unsigned int page = complete_draw(all->c, PAGES + 1);
	struct iovec iov = { all->at[slot], all->size };
	unsigned int i;
	int ret;

	pages_take(all);
	if (page == NO_PAGE)
		memset(&iov, 0, sizeof(iov));
	else if (mmap(all->at[slot], all->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		      all->file, page * all->size) == MAP_FAILED)
		return complete_fail(all->c, -errno, "mmap()");
	ret = io_uring_register_buffers_update_tag(&all->ring, slot, &iov, NULL, 1);
	if (ret == -EINVAL && !all->updates)
		return complete_skip(all->c, SKIP_NOT_IN_KERNEL,
				     "this kernel does not have IORING_REGISTER_BUFFERS_UPDATE");
	if (ret != 1)
		return complete_fail(all->c, ret, "IORING_REGISTER_BUFFERS_UPDATE");
	all->updates++;
	all->slot[slot] = page;
	for (i = 0; i < all->nr; i++)
		if (all->user[i].slot == slot && all->user[i].async && !all->user[i].done)
			all->user[i].may |= 1U << page;
	return true;
}

static bool step_user(struct buffer_pages *all, unsigned int slot, bool reads)
{
	struct buffer_user *u = &all->user[all->nr];
	struct io_uring_sqe *sqe;
	unsigned int page;

	*u = (struct buffer_user){ .reads = reads, .slot = slot, .first = 1U << all->slot[slot] };
	u->may = u->first;
	u->async = complete_draw(all->c, 2);
	for (page = 0; page < PAGES; page++)
		memset(part_of(all, page, all->nr), reads ? 0 : page + 1, PART);
	sqe = complete_sqe(all->c, &all->ring,
			   reads ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED,
			   (uint64_t)all->round << ROUND_SHIFT | all->nr);
	sqe->fd = all->pair[all->nr][0];
	sqe->flags = u->async ? IOSQE_ASYNC : 0;
	sqe->addr = (uintptr_t)all->at[slot] + all->nr * PART;
	sqe->len = PART;
	sqe->buf_index = slot;
	all->nr++;
	return complete_submit(all->c, &all->ring);
}

static bool step_read(struct buffer_pages *all, unsigned int slot)
{
	return step_user(all, slot, true);
}

static bool step_write(struct buffer_pages *all, unsigned int slot)
{
	return step_user(all, slot, false);
}

static bool (*const steps[])(struct buffer_pages *all, unsigned int slot) = {
	step_update, step_update, step_read, step_read, step_write,
};

/* --- what has come of it */

/* What reads wait for, if anything of it is left in a socket that is used again. */
static bool pages_feed(struct buffer_pages *all)
{
	unsigned char bytes[PART];
	unsigned int i;

	for (i = 0; i < all->nr; i++) {
		memset(bytes, 0x80 + i, sizeof(bytes));
		if (all->user[i].reads && !all->user[i].done &&
		    send(all->pair[i][1], bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
			return complete_fail(all->c, -errno, "send()");
	}
	return true;
}

static bool users_done(void *arg)
{
	struct buffer_pages *all = arg;
	unsigned int i;

	pages_take(all);
	for (i = 0; i < all->nr && all->user[i].done; i++)
		;
	return i == all->nr;
}

/* The pages, as bits, in which the part of a read is what was sent. */
static unsigned int pages_read(const struct buffer_pages *all, unsigned int i)
{
	unsigned int page, k, bits = 0;
	const unsigned char *part;

	for (page = 0; page < PAGES; page++) {
		part = part_of(all, page, i);
		for (k = 0; k < PART && part[k] == 0x80 + i; k++)
			;
		/* or some of it, which is no bit that there may be */
		if (k == PART)
			bits |= 1U << page;
		else if (k || part[PART - 1])
			bits |= 1U << (NO_PAGE + 1);
	}
	return bits;
}

/* The page of which a write has sent its part, as a bit. */
static unsigned int page_written(const struct buffer_pages *all, unsigned int i)
{
	unsigned char has[2 * PART];
	unsigned int k;
	ssize_t len;

	len = recv(all->pair[i][1], has, sizeof(has), MSG_DONTWAIT);
	if (len < 0)
		return 0;
	for (k = 1; (ssize_t)k < len && has[k] == has[0]; k++)
		;
	if (len != PART || k != PART || !has[0] || has[0] > PAGES)
		return 1U << (NO_PAGE + 1);
	return 1U << (has[0] - 1);
}

static void user_judge(struct buffer_pages *all, unsigned int i)
{
	const struct buffer_user *u = &all->user[i];
	const char *what = u->reads ? "read" : "write";
	unsigned char rest[PART];
	unsigned int had;

	had = u->reads ? pages_read(all, i) : page_written(all, i);
	/* of a read that has failed */
	recv(all->pair[i][0], rest, sizeof(rest), MSG_DONTWAIT);
	if (u->res == -EFAULT && !had)
		had = 1U << NO_PAGE;
	all->late += !(had & u->first);
	if (u->res != -EFAULT && u->res != (int)PART)
		complete_bad(all->c, COMPLETE_WRONG, "a %s of a slot: res %d", what, u->res);
	else if (!(had & u->may) || had & (had - 1))
		complete_bad(all->c, COMPLETE_WRONG,
			     "a%s %s of a slot: res %d, pages %#x, not one of %#x (%#x: none)",
			     u->async ? "n async" : "", what, u->res, had, u->may, 1U << NO_PAGE);
	else
		complete_good(all->c);
}

static bool pages_round(struct buffer_pages *all)
{
	struct complete_case *c = all->c;
	unsigned int i, k;

	all->round++;
	all->nr = 0;
	for (i = 0; i < STEPS && all->nr < REQUESTS; i++) {
		k = complete_draw(c, ARRAY_SIZE(steps));
		if (!steps[k](all, complete_draw(c, SLOTS)))
			return false;
	}
	if (!pages_feed(all) ||
	    !complete_await(c, users_done, all, 0, "a request of a registered buffer"))
		return false;
	for (i = 0; i < all->nr; i++)
		user_judge(all, i);
	complete_none_left(c, &all->ring);
	return true;
}

static bool pages_map(struct buffer_pages *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	all->size = sysconf(_SC_PAGESIZE);
	all->file = memfd_create("ring_complete", MFD_CLOEXEC);
	if (all->file < 0 || ftruncate(all->file, PAGES * all->size))
		return complete_fail(c, -errno, "memfd_create()");
	all->all = mmap(NULL, PAGES * all->size, PROT_READ | PROT_WRITE, MAP_SHARED, all->file, 0);
	if (all->all == MAP_FAILED)
		return complete_fail(c, -errno, "mmap()");
	for (i = 0; i < SLOTS; i++) {
		all->at[i] = mmap(NULL, all->size, PROT_READ | PROT_WRITE, MAP_SHARED, all->file,
				  i * all->size);
		if (all->at[i] == MAP_FAILED)
			return complete_fail(c, -errno, "mmap()");
		all->slot[i] = i;
	}
	for (i = 0; i < REQUESTS; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, all->pair[i]))
			return complete_fail(c, -errno, "socketpair()");
	return true;
}

static bool pages_open(struct buffer_pages *all)
{
	struct complete_case *c = all->c;
	struct iovec iov[SLOTS];
	unsigned int i;
	int ret;

	if (!pages_map(all) || !complete_ring(c, &all->ring, 2 * REQUESTS, 0, 0))
		return false;
	for (i = 0; i < SLOTS; i++)
		iov[i] = (struct iovec){ all->at[i], all->size };
	ret = io_uring_register_buffers(&all->ring, iov, SLOTS);
	if (ret == -EOPNOTSUPP)
		return complete_skip(c, SKIP_NOT_IN_KERNEL,
				     "this kernel does not have registered pages of a file");
	if (ret)
		return complete_fail(c, ret, "IORING_REGISTER_BUFFERS");
	return true;
}

void case_buffers_update(struct complete_case *c)
{
	static struct buffer_pages all;

	all.c = c;
	if (!pages_open(&all))
		return;
	while (complete_more(c))
		if (!pages_round(&all))
			break;
	complete_note(c, "%llu updates, %llu async ones took the page after one",
		      (unsigned long long)all.updates, (unsigned long long)all.late);
}
