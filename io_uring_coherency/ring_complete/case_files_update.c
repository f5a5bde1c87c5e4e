// SPDX-License-Identifier: GPL-2.0
/*
 * Registered files that are replaced while requests use them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * A slot of the table has one end of a socket pair, or nothing. Reads wait at it, writes go there,
 * and somebody replaces it, or removes it, by IORING_REGISTER_FILES_UPDATE or a request, and closes
 * the descriptor that it was registered by. A request has the file that was in the slot when it
 * began, and keeps it: at its submission, where it is linked when that before it has ended, and by
 * io-wq from then up to its end at any time (io_uring_setup(2), IORING_FEAT_LINKED_FILE). A linked
 * one begins by task_work, which need not be done when the submission returns: where a worker has
 * queued its own and not yet called task_work_add(), that does it later for both
 * (io_req_normal_work_add(), 7.2).
 */
#define SLOTS		3U
#define ENDS		5U
#define NO_END		ENDS		/* -EBADF */
#define REQUESTS	24U
#define STEPS		24U
#define ROUND_SHIFT	8
#define UPDATE_ID	0x80U		/* user_data, beside the round */
#define FEAT_LINKED	BIT(12)	/* IORING_FEAT_LINKED_FILE, 5.17 */

struct file_user {
	bool reads, async, done;
	bool later;			/* it begins at any time up to its end: async, or linked */
	unsigned int slot;
	unsigned int first, may;	/* bits: the end at its submission, and all it may have */
	uint32_t word;			/* what it writes, or has read */
	int res;
	unsigned int arrived;
};

struct file_ends {
	struct complete_case *c;
	struct io_uring ring;
	unsigned int round;
	int end[ENDS][2];		/* the first is for slots, or -1 */
	unsigned int slot[SLOTS];	/* the end that is there, or NO_END */
	struct file_user user[REQUESTS];
	unsigned int nr;
	int fd;				/* for an update by a request */
	bool updated;
	uint64_t late, updates;
};

static const char *const user_names[] = { "a write", "an async write", "a read" };

static const char *user_name(const struct file_user *u)
{
	return user_names[u->reads ? 2 : u->async];
}

static void files_take(struct file_ends *all)
{
	struct complete_cqe cqe;
	struct file_user *u;
	unsigned int i;

	complete_enter(&all->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&all->ring, &cqe)) {
		i = cqe.data & ((1U << ROUND_SHIFT) - 1);
		if (i == UPDATE_ID && cqe.data >> ROUND_SHIFT == all->round && !all->updated) {
			all->updated = true;
			if (cqe.res != 1)
				complete_bad(all->c, COMPLETE_WRONG, "an update of a file: res %d",
					     cqe.res);
			continue;
		}
		u = &all->user[i % REQUESTS];
		if (i >= all->nr || cqe.data >> ROUND_SHIFT != all->round || u->done) {
			complete_twice(all->c, &cqe);
			continue;
		}
		u->done = true;
		u->res = cqe.res;
	}
}

/* Those that may begin later may have what is in the slot now. */
static void slot_changes(struct file_ends *all, unsigned int slot, unsigned int end)
{
	unsigned int i;

	all->slot[slot] = end;
	all->updates++;
	for (i = 0; i < all->nr; i++)
		if (all->user[i].slot == slot && all->user[i].later && !all->user[i].done)
			all->user[i].may |= 1U << end;
}

static int end_fd(const struct file_ends *all, unsigned int end)
{
	return end == NO_END ? -1 : all->end[end][0];
}

/* An end that is not closed, or none. */
static unsigned int choose_end(struct file_ends *all)
{
	const unsigned int end = complete_draw(all->c, ENDS + 1);

	return end_fd(all, end) < 0 ? NO_END : end;
}

/* --- what may happen */

static void user_prepare(struct file_ends *all, unsigned int slot, bool reads, bool async)
{
	struct file_user *u = &all->user[all->nr];
	struct io_uring_sqe *sqe;

	sqe = complete_sqe(all->c, &all->ring, reads ? IORING_OP_READ : IORING_OP_WRITE,
			   (uint64_t)all->round << ROUND_SHIFT | all->nr);
	*u = (struct file_user){ .reads = reads, .async = async, .later = async, .slot = slot };
	u->first = 1U << all->slot[slot];
	u->may = u->first;
	u->word = reads ? 0 : (uint32_t)sqe->user_data;
	sqe->fd = slot;
	sqe->flags = IOSQE_FIXED_FILE | (async ? IOSQE_ASYNC : 0);
	sqe->addr = (uintptr_t)&u->word;
	sqe->len = sizeof(u->word);
	all->nr++;
}

static bool step_read(struct file_ends *all, unsigned int slot)
{
	user_prepare(all, slot, true, false);
	return complete_submit(all->c, &all->ring);
}

static bool step_write(struct file_ends *all, unsigned int slot)
{
	user_prepare(all, slot, false, complete_draw(all->c, 2));
	return complete_submit(all->c, &all->ring);
}

static bool step_register(struct file_ends *all, unsigned int slot)
{
	const unsigned int end = choose_end(all);
	int fd = end_fd(all, end), ret;

	files_take(all);
	ret = io_uring_register_files_update(&all->ring, slot, &fd, 1);
	if (ret != 1)
		return complete_fail(all->c, ret < 0 ? ret : -EIO, "IORING_REGISTER_FILES_UPDATE");
	slot_changes(all, slot, end);
	return true;
}

static void update_prepare(struct file_ends *all, unsigned int slot, unsigned int end,
			   unsigned int flags)
{
	struct io_uring_sqe *sqe;

	sqe = complete_sqe(all->c, &all->ring, IORING_OP_FILES_UPDATE,
			   (uint64_t)all->round << ROUND_SHIFT | UPDATE_ID);
	all->fd = end_fd(all, end);
	all->updated = false;
	sqe->addr = (uintptr_t)&all->fd;
	sqe->len = 1;
	sqe->off = slot;
	sqe->flags = flags;
}

static bool is_updated(void *arg)
{
	struct file_ends *all = arg;

	files_take(all);
	return all->updated;
}

static bool update_end(struct file_ends *all, unsigned int slot, unsigned int end)
{
	slot_changes(all, slot, end);
	return complete_submit(all->c, &all->ring) &&
	       complete_await(all->c, is_updated, all, 0, "an update of a file");
}

static bool step_request(struct file_ends *all, unsigned int slot)
{
	const unsigned int end = choose_end(all);

	files_take(all);
	update_prepare(all, slot, end, complete_draw(all->c, 2) ? IOSQE_ASYNC : 0);
	return update_end(all, slot, end);
}

/* A write behind an update that it is linked to. */
static bool step_link(struct file_ends *all, unsigned int slot)
{
	const unsigned int end = choose_end(all);

	if (!(all->ring.features & FEAT_LINKED))
		return true;
	files_take(all);
	update_prepare(all, slot, end, IOSQE_IO_LINK);
	slot_changes(all, slot, end);
	user_prepare(all, slot, false, complete_draw(all->c, 2));
	all->user[all->nr - 1].later = true;
	return update_end(all, slot, end);
}

/* The descriptor of an end, of which slots and requests alone are left. */
static bool step_close(struct file_ends *all, unsigned int slot)
{
	const unsigned int end = all->slot[slot];

	if (end == NO_END || all->end[end][0] < 0 || complete_draw(all->c, 2))
		return true;
	close(all->end[end][0]);
	all->end[end][0] = -1;
	return true;
}

static bool (*const steps[])(struct file_ends *all, unsigned int slot) = {
	step_read, step_read, step_write, step_write, step_register, step_register, step_request,
	step_link, step_close,
};

/* --- what has come of it */

static bool users_done(void *arg)
{
	struct file_ends *all = arg;
	unsigned int i;

	files_take(all);
	for (i = 0; i < all->nr && all->user[i].done; i++)
		;
	return i == all->nr;
}

/* A word for each read, at the end that it waits at. */
static bool files_feed(struct file_ends *all)
{
	unsigned int i, end;
	uint32_t word;

	for (i = 0; i < all->nr; i++) {
		if (!all->user[i].reads || all->user[i].may & 1U << NO_END)
			continue;
		for (end = 0; !(all->user[i].may & 1U << end); end++)
			;
		word = end + 1;
		if (send(all->end[end][1], &word, sizeof(word), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(word)) {
			complete_bad(all->c, COMPLETE_WRONG,
				     "a read waits at a file that is gone: errno %d", errno);
			return false;
		}
	}
	return true;
}

/* What has arrived where. */
static void files_drain(struct file_ends *all)
{
	unsigned int end, i;
	uint32_t word;

	for (end = 0; end < ENDS; end++)
		while (recv(all->end[end][1], &word, sizeof(word), MSG_DONTWAIT) ==
		       (ssize_t)sizeof(word)) {
			i = word & ((1U << ROUND_SHIFT) - 1);
			if (word >> ROUND_SHIFT != all->round || i >= all->nr ||
			    all->user[i].arrived)
				complete_bad(all->c, COMPLETE_TWICE, "word %#x at end %u", word,
					     end);
			else
				all->user[i].arrived = 1U << end;
		}
}

static void user_judge(struct file_ends *all, struct file_user *u)
{
	const int size = sizeof(u->word);

	if (u->reads)
		u->arrived = u->res == size && u->word && u->word <= ENDS ? 1U << (u->word - 1) :
			     0;
	if (u->res == -EBADF && !u->arrived)
		u->arrived = 1U << NO_END;
	all->late += !(u->arrived & u->first);
	if (u->res != -EBADF && u->res != size)
		complete_bad(all->c, COMPLETE_WRONG, "%s of a slot: res %d", user_name(u), u->res);
	else if (!(u->arrived & u->may) || (u->res == -EBADF) != (u->arrived == 1U << NO_END))
		complete_bad(all->c, COMPLETE_WRONG,
			     "%s of a slot: res %d, had file %#x, not one of %#x (%#x: none)",
			     user_name(u), u->res, u->arrived, u->may, 1U << NO_END);
	else
		complete_good(all->c);
}

static bool files_open(struct file_ends *all)
{
	unsigned int i;

	for (i = 0; i < ENDS; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, all->end[i]))
			return complete_fail(all->c, -errno, "socketpair()");
	for (i = 0; i < SLOTS; i++)
		if (!step_register(all, i))
			return false;
	return true;
}

static void files_close(struct file_ends *all)
{
	unsigned int i;

	for (i = 0; i < ENDS; i++) {
		if (all->end[i][0] >= 0)
			close(all->end[i][0]);
		close(all->end[i][1]);
	}
}

static bool files_round(struct file_ends *all)
{
	struct complete_case *c = all->c;
	unsigned int i, k;
	bool ok;

	all->round++;
	all->nr = 0;
	ok = files_open(all);
	for (i = 0; i < STEPS && ok && all->nr < REQUESTS; i++) {
		k = complete_draw(c, ARRAY_SIZE(steps));
		ok = steps[k](all, complete_draw(c, SLOTS));
	}
	if (!ok || !files_feed(all) ||
	    !complete_await(c, users_done, all, 0, "a request by a slot"))
		return false;
	files_drain(all);
	for (i = 0; i < all->nr; i++)
		user_judge(all, &all->user[i]);
	complete_none_left(c, &all->ring);
	files_close(all);
	return true;
}

void case_files_update(struct complete_case *c)
{
	static struct file_ends all;
	int none[SLOTS], ret;

	all.c = c;
	memset(none, -1, sizeof(none));
	if (!complete_ring(c, &all.ring, 2 * REQUESTS, 0, 0))
		return;
	ret = io_uring_register_files(&all.ring, none, SLOTS);
	if (ret < 0) {
		complete_fail(c, ret, "IORING_REGISTER_FILES");
		return;
	}
	while (complete_more(c))
		if (!files_round(&all))
			break;
	complete_note(c, "%llu updates, %llu requests took the file after one",
		      (unsigned long long)all.updates, (unsigned long long)all.late);
}
