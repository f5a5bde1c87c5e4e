// SPDX-License-Identifier: GPL-2.0
/*
 * Requests under signals; see case_signal.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "case_signal.h"
#include "kselftest.h"

#define ENTRIES		32
#define WRITE_SIZE	4096U
#define WAIT_US		500	/* of a timeout, at the most */

enum { SLOT_READ, SLOT_POLL, SLOT_WRITES, SLOT_TIMEOUTS = 5 };

static const char *slot_kind(unsigned int i)
{
	if (i == SLOT_READ)
		return "a read of a pipe";
	if (i == SLOT_POLL)
		return "a poll of an eventfd";
	return i < SLOT_TIMEOUTS ? "a write by io-wq" : "a timeout";
}

bool signal_ring_open(struct complete_case *c, struct signal_ring *r, unsigned int flags)
{
	unsigned int i;

	r->c = c;
	if (!complete_ring(c, &r->ring, ENTRIES, 0, flags))
		return false;
	r->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->file = memfd_create("ring_complete", MFD_CLOEXEC);
	if (r->event < 0 || r->file < 0 || pipe(r->pipe))
		return complete_fail(c, -errno, "eventfd(), memfd_create() or pipe()");
	for (i = 0; i < SIGNAL_SLOTS; i++) {
		r->slot[i].page = calloc(1, WRITE_SIZE);
		if (!r->slot[i].page)
			return complete_fail(c, -ENOMEM, "malloc()");
	}
	r->open = true;
	return true;
}

void signal_ring_plan(struct signal_ring *r)
{
	struct complete_case *c = r->c;
	unsigned int i, nr = 0;

	while (!nr) {
		for (i = 0; i < SIGNAL_SLOTS; i++) {
			r->slot[i].asked = complete_draw(c, 2);
			r->slot[i].async = i >= SLOT_WRITES || complete_draw(c, 4) == 0;
			r->slot[i].wait.tv_nsec = 1000 * (1 + complete_draw(c, WAIT_US));
			nr += r->slot[i].asked;
		}
	}
	r->asked = r->slot[SLOT_READ].asked ? 1 + complete_draw(c, SIGNAL_BYTES) : 0;
	r->fed = 0;
	r->taken = 0;
	r->poke = r->slot[SLOT_POLL].asked;
	r->poked = false;
}

/* Byte number @at that goes through the pipe: each is another than that before. */
static uint8_t pipe_byte(uint64_t at)
{
	return at % 251;
}

static void slot_prepare(struct signal_ring *r, unsigned int i)
{
	struct signal_slot *slot = &r->slot[i];
	struct io_uring_sqe *sqe = complete_sqe(r->c, &r->ring, IORING_OP_NOP, 0);

	r->serial++;
	slot->data = (uint64_t)r->serial << 8 | i;
	r->busy++;
	clock_gettime(CLOCK_MONOTONIC, &slot->start);
	if (i == SLOT_READ) {
		io_uring_prep_read(sqe, r->pipe[0], r->bytes, r->asked - r->taken, 0);
	} else if (i == SLOT_POLL) {
		io_uring_prep_poll_add(sqe, r->event, POLLIN);
	} else if (i < SLOT_TIMEOUTS) {
		slot->page[0] = slot->data;
		slot->page[WRITE_SIZE / 8 - 1] = slot->data;
		io_uring_prep_write(sqe, r->file, slot->page, WRITE_SIZE, i * WRITE_SIZE);
	} else {
		io_uring_prep_timeout(sqe, &slot->wait, 0, 0);
	}
	sqe->user_data = slot->data;
	if (slot->async && i < SLOT_TIMEOUTS)
		sqe->flags = IOSQE_ASYNC;
}

bool signal_ring_submit(struct signal_ring *r)
{
	unsigned int i;

	for (i = 0; i < SIGNAL_SLOTS; i++)
		if (r->slot[i].asked)
			slot_prepare(r, i);
	return complete_submit(r->c, &r->ring);
}

static const char *read_wrong(struct signal_ring *r, int res)
{
	int i;

	if (res <= 0 || (unsigned int)res > r->asked - r->taken)
		return "has another result";
	for (i = 0; i < res; i++)
		if (r->bytes[i] != pipe_byte(r->out + i))
			return "has other bytes";
	r->taken += res;
	r->out += res;
	return NULL;
}

static const char *poll_wrong(struct signal_ring *r, int res)
{
	uint64_t value;

	if (res < 0 || !(res & POLLIN))
		return "has another result";
	return read(r->event, &value, sizeof(value)) == sizeof(value) ? NULL : "finds no event";
}

static const char *write_wrong(struct signal_ring *r, unsigned int i, int res)
{
	const off_t at = i * WRITE_SIZE;
	uint64_t word[2];

	if (res != (int)WRITE_SIZE)
		return "has another result";
	if (pread(r->file, &word[0], 8, at) != 8 ||
	    pread(r->file, &word[1], 8, at + WRITE_SIZE - 8) != 8 ||
	    word[0] != r->slot[i].data || word[1] != r->slot[i].data)
		return "leaves other data";
	return NULL;
}

/* A CQE of the request under way in slot @i. */
static void slot_judge(struct signal_ring *r, unsigned int i, int res)
{
	const double ms = ms_since(&r->slot[i].start);
	enum complete_fault fault = COMPLETE_WRONG;
	const char *wrong;

	if (i == SLOT_READ) {
		wrong = read_wrong(r, res);
	} else if (i == SLOT_POLL) {
		wrong = poll_wrong(r, res);
	} else if (i < SLOT_TIMEOUTS) {
		wrong = write_wrong(r, i, res);
	} else if (res != -ETIME) {
		wrong = "has another result";
	} else {
		wrong = ms < r->slot[i].wait.tv_nsec / 1e6 ? "is too early" : NULL;
		fault = COMPLETE_EARLY;
	}
	if (res == -ECANCELED)
		fault = COMPLETE_CANCELLED;
	if (wrong)
		complete_bad(r->c, fault, "%s %s: res %d, after %.3f ms", slot_kind(i), wrong, res,
			     ms);
	else
		complete_good(r->c);
}

bool signal_ring_reap(struct signal_ring *r)
{
	struct complete_case *c = r->c;
	struct complete_cqe cqe;
	unsigned int i;

	while (complete_take(&r->ring, &cqe)) {
		i = cqe.data & 255;
		if (!cqe.data || i >= SIGNAL_SLOTS || r->slot[i].data != cqe.data) {
			complete_bad(c, COMPLETE_TWICE,
				     "a CQE that nobody waits for: user_data %#llx, res %d",
				     (unsigned long long)cqe.data, cqe.res);
			continue;
		}
		slot_judge(r, i, cqe.res);
		r->slot[i].data = 0;
		r->busy--;
		/* what is wrong is not asked for again */
		if (complete_violations(c->r))
			continue;
		if (i == SLOT_READ && r->taken < r->asked) {
			slot_prepare(r, i);
			if (!complete_submit(c, &r->ring))
				return false;
		}
	}
	return !c->failed;
}

bool signal_ring_feed(struct signal_ring *r, uint64_t *random)
{
	const uint64_t one = 1;
	uint8_t bytes[SIGNAL_BYTES];
	unsigned int nr, i;

	if (r->poke && !r->poked && random_below(random, 4) == 0) {
		r->poked = true;
		if (write(r->event, &one, sizeof(one)) != sizeof(one))
			return complete_fail(r->c, -errno, "write() to an eventfd");
	}
	if (r->fed < r->asked) {
		nr = 1 + random_below(random, r->asked - r->fed);
		for (i = 0; i < nr; i++)
			bytes[i] = pipe_byte(r->into + i);
		if (write(r->pipe[1], bytes, nr) != (ssize_t)nr)
			return complete_fail(r->c, -errno, "write() to a pipe");
		r->into += nr;
		r->fed += nr;
	}
	return r->fed < r->asked || r->poke != r->poked;
}

bool signal_ring_timed(const struct signal_ring *r)
{
	unsigned int i;

	for (i = SLOT_TIMEOUTS; i < SIGNAL_SLOTS; i++)
		if (r->slot[i].asked)
			return true;
	return false;
}

void signal_ring_print(const struct signal_ring *r)
{
	unsigned int i;

	for (i = 0; i < SIGNAL_SLOTS; i++)
		if (r->slot[i].data)
			ksft_print_msg("    of flags %#x: %s%s, for %.3f ms\n", r->ring.flags,
				       slot_kind(i), r->slot[i].async ? " (IOSQE_ASYNC)" : "",
				       ms_since(&r->slot[i].start));
}
