// SPDX-License-Identifier: GPL-2.0
/*
 * One ring to another, and a futex.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ring_sides.h"

/*
 * ABI that the headers of liburing 2.1 lack, by include/uapi/linux/io_uring.h of 7.2. An enum's
 * members cannot be probed for, therefore the names are ours.
 */
#define OP_MSG_RING		40
#define OP_FUTEX_WAIT		51
#define FUTEX2_U32_PRIVATE	(0x02 | 0x80)

static int need_op(struct io_uring *ring, unsigned int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	int ret = 0;

	if (!probe || !io_uring_opcode_supported(probe, op))
		ret = -EOPNOTSUPP;
	io_uring_free_probe(probe);
	return ret;
}

/* In slice.memory: what the sender writes, and how far both are. */
struct post {
	uint64_t *data;
	unsigned int *word, *go, *done;
	unsigned int *sent;		/* the call that sends this one has returned */
};

static void post_layout(const struct ring_slice *s, struct post *p)
{
	p->data = (uint64_t *)s->memory;
	p->word = (unsigned int *)(s->memory +
				   (s->same_line ? 64 : (1 + s->seed % 30) * RING_LINE));
	p->go = (unsigned int *)(s->memory + 64 * RING_LINE);
	p->done = (unsigned int *)(s->memory + 72 * RING_LINE);
	p->sent = (unsigned int *)(s->memory + 80 * RING_LINE);
}

/* Whether the call that sends number @n has returned. */
static bool post_sent(const struct post *p, unsigned int n)
{
	return (int)(__atomic_load_n(p->sent, __ATOMIC_ACQUIRE) - n) >= 0;
}

/* Number @n has not come for long. It is lost if it was sent; else the sender is slow. */
static void post_stuck(struct ring_slice *s, const struct post *p, unsigned int n, const char *what)
{
	if (post_sent(p, n))
		s->count[RING_NOTHING]++;
	ring_slice_fail(s, -ETIMEDOUT, what);
}

/* Opens the receiver's ring and lets the sender start. */
static bool receiver_open(struct ring_slice *s, struct io_uring *ring, unsigned int op,
			  const char *name)
{
	int ret = io_uring_queue_init(64, ring, 0);

	if (ret) {
		ring_slice_fail(s, ret, "io_uring_setup()");
		return false;
	}
	ret = need_op(ring, op);
	if (ret) {
		ring_slice_fail(s, ret, name);
		io_uring_queue_exit(ring);
		return false;
	}
	s->target = ring->ring_fd;
	__atomic_store_n(&s->ready, 1, __ATOMIC_RELEASE);
	return true;
}

static bool sender_starts(struct ring_slice *s)
{
	while (!__atomic_load_n(&s->ready, __ATOMIC_ACQUIRE)) {
		if (relaxed_load(&s->stop))
			return false;
	}
	return true;
}

/*
 * Takes the next CQE if there is one: sets @early to the data as they were right after the tail,
 * @ud to its user_data and @res to its result.
 */
static bool receive(struct ring_slice *s, struct io_uring *ring, const struct post *p,
		    uint64_t *early, uint64_t *ud, int *res)
{
	unsigned int head = *ring->cq.khead, tail;
	struct io_uring_cqe *cqe;

	if (s->relaxed)
		tail = relaxed_load(ring->cq.ktail);
	else
		tail = io_uring_smp_load_acquire(ring->cq.ktail);
	barrier();
	*early = relaxed_load(p->data);
	if (head == tail)
		return false;
	cqe = &ring->cq.cqes[head & *ring->cq.kring_mask];
	*ud = relaxed_load(&cqe->user_data);
	*res = relaxed_load(&cqe->res);
	io_uring_cq_advance(ring, 1);
	return true;
}

/* Free-running: @data may be of a later message, but not of an earlier one. */
static void count_message(struct ring_slice *s, const struct post *p, uint64_t data, uint64_t n)
{
	struct ring_watch watch;

	if (data >= n) {
		s->count[RING_THERE]++;
		return;
	}
	ring_watch_start(&watch);
	while (relaxed_load(p->data) < n && ring_watch_on(&watch, RING_LATE_MS))
		;
	s->count[relaxed_load(p->data) < n ? RING_OLDER : RING_LATE]++;
}

void ring_msg_ring_receive(struct ring_slice *s)
{
	uint64_t early, n, expected = 0;
	struct io_uring ring;
	struct ring_watch watch;
	struct post p;
	int res;

	post_layout(s, &p);
	if (!receiver_open(s, &ring, OP_MSG_RING, "IORING_OP_MSG_RING"))
		return;
	ring_watch_start(&watch);
	while (!ring_slice_over(s)) {
		if (!receive(s, &ring, &p, &early, &n, &res)) {
			if (!s->error && !ring_watch_on(&watch, RING_STUCK_MS))
				post_stuck(s, &p, expected + 1, "a message");
			continue;
		}
		ring_watch_start(&watch);
		expected++;
		if (n != expected)
			s->count[RING_WRONG]++;
		else
			count_message(s, &p, early, n);
		relaxed_store(p.done, (unsigned int)expected);
	}
	/* the sender must not meet a descriptor that is somebody else's by now */
	while (!__atomic_load_n(&s->gone, __ATOMIC_ACQUIRE))
		sched_yield();
	io_uring_queue_exit(&ring);
}

void ring_msg_ring_send(struct ring_slice *s)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	unsigned int n = 0;
	struct post p;
	int ret;

	post_layout(s, &p);
	if (!sender_starts(s))
		return;
	ret = io_uring_queue_init(4, &ring, 0);
	if (ret)
		ring_slice_fail(s, ret, "io_uring_setup()");
	while (!relaxed_load(&s->stop)) {
		if (n - relaxed_load(p.done) >= 64)
			continue;
		n++;
		sqe = io_uring_get_sqe(&ring);
		io_uring_prep_nop(sqe);
		sqe->opcode = OP_MSG_RING;
		sqe->fd = s->target;
		sqe->off = n;		/* user_data of the receiver's CQE */
		sqe->user_data = n;
		if (n % 4 == 0)
			ring_skew(s, 1, 300);
		relaxed_store(p.data, n);
		ret = io_uring_submit(&ring);
		if (ret == 1)
			ret = io_uring_wait_cqe(&ring, &cqe);
		if (ret) {
			ring_slice_fail(s, ret, "sending a message");
			break;
		}
		ret = cqe->res;
		io_uring_cq_advance(&ring, 1);
		if (ret < 0) {
			ring_slice_fail(s, ret, "sending a message");
			break;
		}
		__atomic_store_n(p.sent, n, __ATOMIC_RELEASE);
	}
	if (!s->failed || strcmp(s->failed, "io_uring_setup()"))
		io_uring_queue_exit(&ring);
}

static int futex_wait(struct io_uring *ring, const struct post *p, unsigned int n)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	int ret;

	io_uring_prep_nop(sqe);
	sqe->opcode = OP_FUTEX_WAIT;
	sqe->fd = FUTEX2_U32_PRIVATE;
	sqe->addr = (uintptr_t)p->word;
	sqe->off = n - 1;			/* the value to wait on */
	((uint64_t *)sqe)[6] = 0xffffffffU;	/* addr3: of any waker */
	sqe->user_data = n;
	ret = io_uring_submit(ring);
	return ret == 1 ? 0 : ret < 0 ? ret : -EIO;
}

/*
 * The receiver waits by a request, and learns by its CQE that the word was changed. It is woken
 * once: a request that was there before, or found the old word, gets that. In half of the cases
 * word and request race (SB+futex.litmus); who finds the new word is told so, which promises
 * nothing of data.
 */
void ring_futex_receive(struct ring_slice *s)
{
	struct io_uring ring;
	struct ring_watch watch;
	unsigned int n;
	uint64_t early, ud;
	struct post p;
	int res, ret;
	bool race;

	post_layout(s, &p);
	if (!receiver_open(s, &ring, OP_FUTEX_WAIT, "IORING_OP_FUTEX_WAIT"))
		return;
	for (n = 1; !ring_slice_over(s); n++) {
		/* a wake-up of the last one that is still on its way would end this one */
		ring_watch_start(&watch);
		while (!post_sent(&p, n - 1) && ring_watch_on(&watch, RING_STUCK_MS))
			;
		race = ring_draw(s, 0) % 2;
		if (race) {
			__atomic_store_n(p.go, n, __ATOMIC_RELEASE);
			ring_skew(s, 0, 300);
		}
		ret = futex_wait(&ring, &p, n);
		if (ret) {
			ring_slice_fail(s, ret, "IORING_OP_FUTEX_WAIT");
			break;
		}
		if (!race)
			__atomic_store_n(p.go, n, __ATOMIC_RELEASE);
		ring_watch_start(&watch);
		while (!receive(s, &ring, &p, &early, &ud, &res)) {
			if (!s->error && ring_watch_on(&watch, RING_STUCK_MS))
				continue;
			if (!s->error)
				post_stuck(s, &p, n, "a wake-up");
			break;
		}
		if (relaxed_load(&s->stop) && s->error)
			break;
		if (ud != n)
			s->count[RING_WRONG]++;
		else if (race && res == -EAGAIN)
			s->count[RING_THERE]++;
		else if (res < 0)
			ring_slice_fail(s, res, "IORING_OP_FUTEX_WAIT");
		else
			count_message(s, &p, early, n);
	}
	io_uring_queue_exit(&ring);
}

void ring_futex_send(struct ring_slice *s)
{
	unsigned int n;
	struct post p;

	post_layout(s, &p);
	if (!sender_starts(s))
		return;
	for (n = 1; ; n++) {
		/* until the receiver has gone: it waits for what it has started */
		while (__atomic_load_n(p.go, __ATOMIC_ACQUIRE) != n) {
			if (relaxed_load(&s->stop))
				return;
		}
		ring_skew(s, 1, 300);
		relaxed_store(p.data, (uint64_t)n);
		barrier();
		relaxed_store(p.word, n);
		if (syscall(__NR_futex, p.word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL,
			    0) < 0)
			ring_slice_fail(s, -errno, "futex(2)");
		__atomic_store_n(p.sent, n, __ATOMIC_RELEASE);
	}
}
