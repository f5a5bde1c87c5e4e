// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes; see ring_flow.h.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "compiler.h"
#include "ring_flow.h"

#define CQE_F_BUFFER		BIT(0)
#define CQE_BUFFER_SHIFT	16
#define WORDS		3	/* first, middle, last */

struct words {
	uint64_t w[WORDS];
};

static uint64_t *word_at(char *buf, size_t len, unsigned int i)
{
	return (uint64_t *)(buf + (i == 0 ? 0 : i == 1 ? len / 16 * 8 : len - 8));
}

static void stamp(char *buf, size_t len, uint64_t seq)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		relaxed_store(word_at(buf, len, i), seq);
}

static void take(struct words *words, char *buf, size_t len)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		words->w[i] = relaxed_load(word_at(buf, len, i));
}

/* A torn transfer has an older word, too: it is not all there. */
static int judge(const struct words *words, uint64_t seq)
{
	bool older = false;
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		if (words->w[i] > seq)
			return RING_WRONG;
		older |= words->w[i] < seq;
	}
	return older ? RING_OLDER : RING_THERE;
}

/* What io_uring_submit() does for an SQPOLL ring, without a barrier and without looking. */
static void publish_relaxed(struct io_uring *ring)
{
	ring->sq.sqe_head = ring->sq.sqe_tail;
	barrier();
	relaxed_store(ring->sq.ktail, ring->sq.sqe_tail);
}

/* Gives the kernel a buffer it does not have, any: an entry of the ring, then the ring's tail. */
static bool provide(struct ring_flow *f)
{
	unsigned int bid = ring_draw(f->s, 0) % RING_BUFFERS, i;
	struct ring_pbuf *entry;

	for (i = 0; f->owner[bid]; i++) {
		if (i == RING_BUFFERS)
			return false;
		bid = (bid + 1) % RING_BUFFERS;
	}
	entry = &f->pbuf[f->pbuf_tail % RING_BUFFERS];
	relaxed_store(&entry->addr, (uint64_t)(uintptr_t)f->buf[bid]);
	relaxed_store(&entry->len, f->len);
	relaxed_store(&entry->bid, bid);
	f->owner[bid] = 1;
	f->pbuf_tail++;
	barrier();
	if (f->s->relaxed)
		relaxed_store(&f->pbuf[0].tail, f->pbuf_tail);
	else
		io_uring_smp_store_release(&f->pbuf[0].tail, f->pbuf_tail);
	return true;
}

static void flow_prepare(struct ring_flow *f, struct io_uring_sqe *sqe, unsigned int i)
{
	const struct ring_flow_kind *kind = &f->kind;
	int fd = f->file;
	off_t at = i * RING_STRIDE;

	if (kind->place != RING_FILE) {
		fd = kind->sqpoll ? (int)i : f->pair[i][kind->write];
		at = kind->place == RING_PIPE ? -1 : 0;
	}
	if (kind->fixed && kind->write)
		io_uring_prep_write_fixed(sqe, fd, f->buf[i], f->len, at, 0);
	else if (kind->fixed)
		io_uring_prep_read_fixed(sqe, fd, f->buf[i], f->len, at, 0);
	else if (kind->write)
		io_uring_prep_write(sqe, fd, f->buf[i], f->len, at);
	else if (kind->place == RING_SOCKET)
		io_uring_prep_recv(sqe, fd, f->buf[i], f->len, 0);
	else
		io_uring_prep_read(sqe, fd, kind->select ? NULL : f->buf[i], f->len, at);
	sqe->flags |= kind->sqpoll ? IOSQE_FIXED_FILE : IOSQE_ASYNC;
	if (kind->select) {
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = 1;
	}
	sqe->user_data = f->next << 8 | i;
}

/* Starts one transfer; its data are the last that is written before the SQE is published. */
static int flow_issue(struct ring_flow *f, unsigned int i)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&f->ring);
	int ret;

	/* an SQ thread gives the SQEs of a batch back after their CQEs: later */
	if (!sqe)
		return 0;
	f->next++;
	flow_prepare(f, sqe, i);
	f->seq[i] = f->next;
	if (!f->kind.write && f->kind.place != RING_FILE) {
		stamp(f->scratch, f->len, f->next);
		if (write(f->pair[i][1], f->scratch, f->len) != (ssize_t)f->len)
			return -errno;
	}
	if (ring_draw(f->s, 0) % 4 == 0)
		ring_skew(f->s, 0, 300);
	if (f->kind.select && !provide(f))
		return -ENOBUFS;
	if (f->kind.write)
		stamp(f->buf[i], f->len, f->next);
	else if (f->kind.place == RING_FILE)
		stamp(f->map + i * RING_STRIDE, f->len, f->next);
	if (f->kind.sqpoll && f->s->relaxed) {
		publish_relaxed(&f->ring);
		return 0;
	}
	do {
		ret = io_uring_submit(&f->ring);
	} while (ret == -EINTR || ret == -EAGAIN || ret == -EBUSY);
	return ret < 0 ? ret : 0;
}

/* Where the data of slot @i are by the time of its CQE, if they are in memory. */
static char *flow_result(const struct ring_flow *f, unsigned int i)
{
	if (f->kind.write)
		return f->kind.place == RING_FILE ? f->map + i * RING_STRIDE : NULL;
	return f->kind.select ? NULL : f->buf[i];
}

/* Data that are not there: are they late? */
static int judge_late(char *at, size_t len, uint64_t seq)
{
	struct words words;
	struct ring_watch watch;
	int outcome;

	ring_watch_start(&watch);
	do {
		take(&words, at, len);
		outcome = judge(&words, seq);
	} while (outcome == RING_OLDER && ring_watch_on(&watch, RING_LATE_MS));
	return outcome == RING_THERE ? RING_LATE : outcome;
}

/*
 * What is asked for is there, all of it, so that another result is a wrong one; but for what this
 * kernel does not have, or has no memory for, which is no outcome.
 */
static int judge_result(struct ring_flow *f, int res, unsigned int i)
{
	if (res == (int)f->len)
		return RING_THERE;
	if (f->kind.select && res == -ENOBUFS) {
		if (read(f->pair[i][0], f->scratch, f->len) < 0)
			ring_slice_fail(f->s, -errno, "emptying a pipe");
		return RING_NOTHING;
	}
	ring_slice_fail(f->s, res < 0 ? res : -EIO, "a request");
	return res == -EINVAL || res == -EOPNOTSUPP || res == -ENOMEM || res == -ENOBUFS ? -1 :
	       RING_WRONG;
}

/* The outcome of the CQE of slot @i; @early is what its data were right after the CQ's tail. */
static int flow_judge(struct ring_flow *f, const struct io_uring_cqe *cqe, unsigned int i,
		      const struct words *early)
{
	const uint64_t seq = f->seq[i];
	char *at = flow_result(f, i);
	int outcome = judge_result(f, relaxed_load(&cqe->res), i);
	struct words words;

	if (outcome != RING_THERE)
		return outcome;
	if (f->kind.select) {
		uint32_t flags = relaxed_load(&cqe->flags);
		unsigned int bid = flags >> CQE_BUFFER_SHIFT;

		if (!(flags & CQE_F_BUFFER) || bid >= RING_BUFFERS || !f->owner[bid])
			return RING_WRONG;
		f->owner[bid] = 0;
		at = f->buf[bid];
	}
	if (!at) {
		/* what the other side saw in the buffer is in the pipe */
		if (read(f->pair[i][0], f->scratch, f->len) != (ssize_t)f->len)
			return RING_WRONG;
		take(&words, f->scratch, f->len);
		return judge(&words, seq);
	}
	if (early)
		words = *early;
	else
		take(&words, at, f->len);
	outcome = judge(&words, seq);
	return outcome == RING_OLDER ? judge_late(at, f->len, seq) : outcome;
}

/*
 * Takes one CQE. Its user_data must name a slot under way; with a relaxed load of the tail it may
 * be that of an older CQE, for a moment. @guess is the slot whose data were taken early.
 */
static void flow_complete(struct ring_flow *f, const struct io_uring_cqe *cqe, unsigned int guess,
			  const struct words *early)
{
	struct ring_watch watch;
	bool stale = false;
	unsigned int i;
	uint64_t data;
	int outcome;

	ring_watch_start(&watch);
	for (;;) {
		data = relaxed_load(&cqe->user_data);
		i = data & 0xff;
		if (i < f->nr_slots && f->seq[i] && f->seq[i] == data >> 8)
			break;
		stale = true;
		if (!ring_watch_on(&watch, RING_LATE_MS)) {
			f->s->count[RING_WRONG]++;
			ring_slice_fail(f->s, -EBADMSG, "a CQE");
			return;
		}
	}
	outcome = flow_judge(f, cqe, i, i == guess ? early : NULL);
	if (outcome == RING_THERE && stale)
		outcome = RING_LATE;
	if (outcome >= 0)
		f->s->count[outcome]++;
	f->seq[i] = 0;
}

/* The slot whose CQE should come next. */
static unsigned int oldest(const struct ring_flow *f)
{
	unsigned int i, best = 0;

	for (i = 1; i < f->nr_slots; i++)
		if (f->seq[i] && (!f->seq[best] || f->seq[i] < f->seq[best]))
			best = i;
	return best;
}

/*
 * Takes all CQEs that are there, by loads alone. The data that should belong to the next are read
 * first, straight after the tail: nothing but the acquire keeps them from being read too early.
 */
static unsigned int flow_poll(struct ring_flow *f)
{
	struct io_uring *ring = &f->ring;
	unsigned int guess = oldest(f), head, tail, nr = 0;
	char *at = flow_result(f, guess);
	struct io_uring_cqe *cqe;
	struct words early = { { 0 } };

	if (!f->s->relaxed) {
		io_uring_for_each_cqe(ring, head, cqe) {
			if (at)
				take(&early, at, f->len);
			flow_complete(f, cqe, guess, at ? &early : NULL);
			nr++;
			guess = oldest(f);
			at = flow_result(f, guess);
		}
		io_uring_cq_advance(ring, nr);
		return nr;
	}
	head = *ring->cq.khead;
	for (;;) {
		tail = relaxed_load(ring->cq.ktail);
		barrier();
		if (at)
			take(&early, at, f->len);
		if (head == tail)
			break;
		cqe = &ring->cq.cqes[head & *ring->cq.kring_mask];
		flow_complete(f, cqe, guess, at ? &early : NULL);
		nr++;
		guess = oldest(f);
		at = flow_result(f, guess);
		head++;
		relaxed_store(ring->cq.khead, head);
	}
	return nr;
}

/* Something that must come has not. Nothing is lost as long as a thread that may bring it runs. */
static void flow_stuck(struct ring_flow *f, const char *what)
{
	if (ring_threads_sleep() && !io_uring_cq_ready(&f->ring))
		f->s->count[RING_NOTHING]++;
	ring_slice_fail(f->s, -ETIMEDOUT, what);
}

/*
 * Waits for the eventfd, asleep or awake, until there is a CQE. A notification without one is
 * allowed (io_uring_register_eventfd(3)), and then another one follows. A CQE after which none
 * comes is counted.
 */
static void flow_notified(struct ring_flow *f)
{
	struct pollfd wait = { .fd = f->event, .events = POLLIN };
	const bool asleep = ring_draw(f->s, 0) % 2;
	struct timespec start;
	uint64_t value;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		if (asleep)
			poll(&wait, 1, RING_LOST_MS / 2);
		if (read(f->event, &value, sizeof(value)) > 0) {
			if (io_uring_cq_ready(&f->ring))
				return;
		} else if (ms_since(&start) > RING_LOST_MS && io_uring_cq_ready(&f->ring) &&
			   ring_threads_sleep() && read(f->event, &value, sizeof(value)) < 0) {
			f->s->count[RING_NOTHING]++;
			return;
		} else if (ms_since(&start) > RING_STUCK_MS) {
			flow_stuck(f, "a completion");
			return;
		}
	}
}

void ring_flow_run(struct ring_slice *s)
{
	const struct ring_flow_kind *kind = &s->edge->flow;
	struct ring_watch watch;
	struct ring_flow f;
	unsigned int i;
	uint64_t left;
	int ret;

	ret = ring_flow_open(&f, s);
	if (ret)
		ring_slice_fail(s, ret, s->failed);
	ring_watch_start(&watch);
	while (!ring_slice_over(s)) {
		for (i = 0; i < f.nr_slots && !ret; i++) {
			if (f.seq[i])
				continue;
			ret = flow_issue(&f, i);
			if (ret)
				ring_slice_fail(s, ret, "a submission");
			if (kind->eventfd && !ret)
				flow_notified(&f);
		}
		if (flow_poll(&f)) {
			ring_watch_start(&watch);
			/* one notification too many is no promise broken */
			if (kind->eventfd && read(f.event, &left, sizeof(left)) < 0)
				continue;
		} else if (!ring_watch_on(&watch, RING_STUCK_MS)) {
			flow_stuck(&f, "a completion");
		} else if (kind->sqpoll && s->relaxed && watch.turns % 256 == 0 &&
			   ring_wants_wakeup(&f.ring)) {
			/* publish_relaxed() does not look; else a lost wake-up is to be seen */
			ring_wake_sq_thread(&f.ring);
		}
	}
	ring_flow_close(&f);
}
