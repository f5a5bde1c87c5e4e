// SPDX-License-Identifier: GPL-2.0
/*
 * The edges of ring_order; see ring_edges.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu_pairs.h"
#include "program.h"
#include "ring_edges.h"

/*
 * ABI that the headers of liburing 2.1 lack, by include/uapi/linux/io_uring.h of 7.2. An enum's
 * members cannot be probed for, therefore the names are ours.
 */
#define OP_MSG_RING		40
#define OP_FUTEX_WAIT		51
#define REGISTER_PBUF_RING	22	/* 5.19 */
#define CQE_F_BUFFER		(1U << 0)
#define CQE_BUFFER_SHIFT	16
#define FUTEX2_U32_PRIVATE	(0x02 | 0x80)

struct pbuf {
	uint64_t addr;
	uint32_t len;
	uint16_t bid;
	uint16_t tail;		/* of the ring, in its first entry */
};

struct pbuf_reg {
	uint64_t ring_addr;
	uint32_t ring_entries;
	uint16_t bgid;
	uint16_t flags;
	uint64_t resv[3];
};

/* The compiler keeps the order; what the CPU does is what is looked at. */
static inline void barrier(void)
{
	asm volatile("" : : : "memory");
}

#define relaxed_load(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define relaxed_store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)

#define LINE		128	/* bytes, the longest cache line of the supported CPUs */
#define STUCK_MS	5000	/* without what must come */
#define LATE_MS		50	/* data that are not there yet are waited for */
#define LOST_MS		1000	/* what does not come in this time, though all sleep, is lost */
#define NAPS		20	/* looks at a thread, NAP_MS apart, until it is taken for asleep */
#define NAP_MS		5

/* --- what all sides use */

static uint64_t draw(struct slice *s, unsigned int side)
{
	uint64_t *x = &s->random[side];

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Shifts the two sides against each other, by up to @max turns of an empty loop. */
static void skew(struct slice *s, unsigned int side, unsigned int max)
{
	unsigned int n = draw(s, side) % max;

	while (n--)
		barrier();
}

static bool is_over(struct slice *s)
{
	if (relaxed_load(&s->stop))
		return true;
	if (ms_since(&s->start) < s->edge->ms)
		return false;
	relaxed_store(&s->stop, 1);
	return true;
}

static void fail_slice(struct slice *s, int error, const char *failed)
{
	if (!s->error) {
		s->error = error;
		s->failed = failed;
	}
	relaxed_store(&s->stop, 1);
}

/* Waiting: watches, and gives the CPU away now and then when that takes long. */
struct watch {
	struct timespec start;
	unsigned int turns;
};

static void watch_start(struct watch *w)
{
	w->turns = 0;
}

/* False when @ms have passed. */
static bool watch_on(struct watch *w, double ms)
{
	if (!w->turns)
		clock_gettime(CLOCK_MONOTONIC, &w->start);
	if (++w->turns % 256)
		return true;
	if (ms_since(&w->start) < 1)
		return true;
	sched_yield();
	return ms_since(&w->start) < ms;
}

/* Whether a thread that io_uring made for this process is running, or would like to. */
static bool ring_thread_runs(const char *tid)
{
	char path[300], stat[256], *state;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	len = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[len] = '\0';
	state = strrchr(stat, ')');
	return strstr(stat, "(iou-") && state && strncmp(state, ") S", 3);
}

/*
 * Whether all threads that io_uring made for this process (iou-sqp-*, iou-wrk-*) sleep, at each of
 * several looks. One that has work and does not get a CPU, or is held up, does not: that is a slow
 * machine, and no lost wake-up. Before 5.12 they are kthreads, and not seen here.
 */
static bool ring_threads_sleep(void)
{
	const struct dirent *entry;
	bool runs = false;
	unsigned int i;
	DIR *dir;

	for (i = 0; i < NAPS && !runs; i++) {
		dir = opendir("/proc/self/task");
		if (!dir)
			return true;
		while (!runs && (entry = readdir(dir)))
			runs = ring_thread_runs(entry->d_name);
		closedir(dir);
		usleep(NAP_MS * 1000);
	}
	return !runs;
}

/* --- plain memory: what can this machine show at all? */

/* In slice.memory. Counters do not wrap within a slice. */
struct plain {
	unsigned int *a, *b;
	unsigned int *epoch, *done;	/* of SB, far from both */
	unsigned int *log[2];
};

#define CHUNK	4096U	/* iterations between two meetings of the sides, for SB */

static void plain_layout(const struct slice *s, struct plain *p)
{
	unsigned int lines = 1 + s->seed % 30;

	p->a = (unsigned int *)s->memory;
	p->b = (unsigned int *)(s->memory + (s->same_line ? 8 : lines * LINE));
	p->epoch = (unsigned int *)(s->memory + 64 * LINE);
	p->done = (unsigned int *)(s->memory + 72 * LINE);
	p->log[0] = (unsigned int *)(s->memory + 128 * LINE);
	p->log[1] = p->log[0] + 2 * CHUNK;
}

/* Free-running: neither side ever waits for the other. */
static void plain_mp_write(struct slice *s)
{
	struct plain p;
	unsigned int n = 0;

	plain_layout(s, &p);
	while (!relaxed_load(&s->stop)) {
		n++;
		relaxed_store(p.a, n);
		barrier();
		if (s->relaxed)
			relaxed_store(p.b, n);
		else
			io_uring_smp_store_release(p.b, n);
		if (!s->bare && n % 64 == 0)
			skew(s, 1, 200);
	}
	s->iterations[1] = n;
}

static void plain_mp_read(struct slice *s)
{
	unsigned int flag, data, last = 0, n = 0;
	struct plain p;

	plain_layout(s, &p);
	for (;;) {
		if (++n % 1024 == 0 && is_over(s))
			break;
		if (s->relaxed)
			flag = relaxed_load(p.b);
		else
			flag = io_uring_smp_load_acquire(p.b);
		barrier();
		data = relaxed_load(p.a);
		if (s->bare || flag == last)
			continue;
		/* a flag that was seen before says nothing new of the data */
		last = flag;
		s->count[(int)(data - flag) < 0 ? 2 : 0]++;
		if (n % 64 == 0)
			skew(s, 0, 200);
	}
	s->iterations[0] = n;
}

/*
 * Store @n to one's own word, load the other's, for a chunk of iterations without waiting; then the
 * two logs are compared ("perpetual" litmus test).
 */
static void plain_sb_chunk(struct slice *s, unsigned int side, const struct plain *p,
			   unsigned int base)
{
	unsigned int *mine = side ? p->b : p->a, *other = side ? p->a : p->b;
	unsigned int *log = p->log[side], i;

	skew(s, side, 300);
	for (i = 1; i <= CHUNK; i++) {
		relaxed_store(mine, base + i);
		if (s->relaxed)
			barrier();
		else
			io_uring_smp_mb();
		log[i] = relaxed_load(other);
		if (i % 64 == 0)
			skew(s, side, 100);
	}
	s->iterations[side] += CHUNK;
}

/*
 * Iteration n of side 0 read m - 1 and so did not see the other's m: then the other's iteration m
 * must have seen n. Of all n with the same m the last is the one that counts.
 */
static void plain_sb_compare(struct slice *s, const struct plain *p, unsigned int base)
{
	unsigned int i, m;

	for (i = 1; i <= CHUNK; i++) {
		if (i < CHUNK && p->log[0][i + 1] == p->log[0][i])
			continue;
		m = p->log[0][i] + 1 - base;
		if (m - 1 >= CHUNK)
			continue;
		s->count[(int)(p->log[1][m] - (base + i)) < 0 ? 1 : 0]++;
	}
}

static void plain_sb_bare(struct slice *s, unsigned int side, const struct plain *p)
{
	unsigned int *mine = side ? p->b : p->a, *other = side ? p->a : p->b, n = 0;

	while (++n % 1024 || !is_over(s)) {
		relaxed_store(mine, n);
		io_uring_smp_mb();
		relaxed_load(other);
	}
	s->iterations[side] = n;
}

static void plain_sb(struct slice *s, unsigned int side)
{
	unsigned int base, epoch = 0;
	struct plain p;

	plain_layout(s, &p);
	if (s->bare) {
		plain_sb_bare(s, side, &p);
		return;
	}
	for (base = 0; ; base += CHUNK) {
		epoch++;
		/* side 0 decides whether there is another chunk: so both agree */
		if (side) {
			while (__atomic_load_n(p.epoch, __ATOMIC_ACQUIRE) != epoch) {
				if (relaxed_load(&s->stop))
					return;
			}
		} else {
			if (is_over(s))
				return;
			__atomic_store_n(p.epoch, epoch, __ATOMIC_RELEASE);
		}
		plain_sb_chunk(s, side, &p, base);
		if (side) {
			__atomic_store_n(p.done, epoch, __ATOMIC_RELEASE);
			continue;
		}
		while (__atomic_load_n(p.done, __ATOMIC_ACQUIRE) != epoch) {
			if (relaxed_load(&s->stop) && s->error)
				return;
		}
		plain_sb_compare(s, &p, base);
	}
}

static void plain_sb_0(struct slice *s)
{
	plain_sb(s, 0);
}

static void plain_sb_1(struct slice *s)
{
	plain_sb(s, 1);
}

/* --- reads and writes: slots, each with a buffer and, for pipes and sockets, its own pair */

enum place {
	PLACE_FILE,	/* in memory, mapped */
	PLACE_PIPE,
	PLACE_SOCKET,
};

/* Their numbers are those in edge.outcome. */
enum {
	THERE,
	LATE,		/* not there, but within LATE_MS */
	OLDER,
	WRONG,
	NOTHING,	/* no completion, no notification, no buffer */
};

#define SLOTS		8
#define STRIDE		8192U
#define BUFFERS		16	/* of the provided buffer ring: at least SLOTS */
#define WORDS		3	/* first, middle, last */

struct flow_kind {
	enum place place;
	bool sqpoll;		/* by the SQ thread, else by an io-wq worker */
	bool write, fixed, select, eventfd;
};

struct flow {
	struct slice *s;
	struct flow_kind kind;
	size_t len;		/* of each transfer */
	struct io_uring ring;
	int file, event;
	int pair[SLOTS][2];	/* written to [1], read from [0] */
	char *map;		/* of file */
	char *buf[BUFFERS];
	char *scratch;
	uint64_t seq[SLOTS];	/* under way, or 0 */
	uint64_t next;
	unsigned int nr_slots;
	struct pbuf *pbuf;
	uint16_t pbuf_tail;
	int owner[BUFFERS];	/* provided buffers: 1 while the kernel has it */
};

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
			return WRONG;
		older |= words->w[i] < seq;
	}
	return older ? OLDER : THERE;
}

static int sys_register(const struct io_uring *ring, unsigned int op, void *arg, unsigned int nr)
{
	return syscall(__NR_io_uring_register, ring->ring_fd, op, arg, nr) < 0 ? -errno : 0;
}

static bool wants_wakeup(const struct io_uring *ring)
{
	return relaxed_load(ring->sq.kflags) & IORING_SQ_NEED_WAKEUP;
}

static void wake_sq_thread(const struct io_uring *ring)
{
	syscall(__NR_io_uring_enter, ring->ring_fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
}

/* The array that newer rings can do without. liburing keeps it like this. */
static void fill_sq_array(struct io_uring *ring)
{
	unsigned int i;

	for (i = 0; ring->sq.array && i < *ring->sq.kring_entries; i++)
		ring->sq.array[i] = i;
}

/* What io_uring_submit() does for an SQPOLL ring, without a barrier and without looking. */
static void publish_relaxed(struct io_uring *ring)
{
	ring->sq.sqe_head = ring->sq.sqe_tail;
	barrier();
	relaxed_store(ring->sq.ktail, ring->sq.sqe_tail);
}

static int open_pairs(struct flow *f)
{
	unsigned int i;
	int ret;

	for (i = 0; i < f->nr_slots; i++) {
		/* only a file that does not block is tried inline by the kernels before 6.5 */
		if (f->kind.place == PLACE_SOCKET)
			ret = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
					 f->pair[i]);
		else
			ret = pipe2(f->pair[i], O_NONBLOCK | O_CLOEXEC);
		if (ret)
			return -errno;
	}
	return 0;
}

static int open_file(struct flow *f)
{
	size_t size = SLOTS * STRIDE;

	f->file = memfd_create("ring_order", MFD_CLOEXEC);
	if (f->file < 0 || ftruncate(f->file, size))
		return -errno;
	f->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->file, 0);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return -errno;
	}
	memset(f->map, 0, size);
	return 0;
}

static int open_ring(struct flow *f)
{
	struct io_uring_params params = { 0 };
	int ret, fds[SLOTS];
	cpu_set_t *other;
	unsigned int i;
	size_t size;

	if (f->kind.sqpoll) {
		params.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF;
		params.sq_thread_cpu = f->s->cpu[1];
		params.sq_thread_idle = 2000;	/* ms: longer than a slice */
	}
	ret = io_uring_queue_init_params(2 * SLOTS, &f->ring, &params);
	if (ret) {
		f->ring.ring_fd = -1;
		return ret;
	}
	fill_sq_array(&f->ring);
	if (f->kind.sqpoll) {
		/* before 5.11 an SQ thread takes nothing but registered files */
		for (i = 0; i < f->nr_slots; i++)
			fds[i] = f->pair[i][f->kind.write];
		return io_uring_register_files(&f->ring, fds, f->nr_slots);
	}
	/* the kernels before 5.14 cannot, there the worker runs anywhere */
	other = cpus_only(f->s->cpu[1], &size);
	io_uring_register_iowq_aff(&f->ring, size, other);
	free(other);
	return 0;
}

static int open_buffers(struct flow *f)
{
	const struct iovec all = { .iov_base = f->buf[0], .iov_len = SLOTS * STRIDE };
	struct pbuf_reg reg = { .ring_entries = BUFFERS, .bgid = 1 };

	if (f->kind.fixed)
		return io_uring_register_buffers(&f->ring, &all, 1);
	if (f->kind.select) {
		f->pbuf = (struct pbuf *)(f->s->memory + SLICE_MEMORY / 2);
		reg.ring_addr = (uintptr_t)f->pbuf;
		return sys_register(&f->ring, REGISTER_PBUF_RING, &reg, 1);
	}
	return 0;
}

static void flow_close(struct flow *f)
{
	unsigned int i;

	if (f->ring.ring_fd >= 0)
		io_uring_queue_exit(&f->ring);
	for (i = 0; i < SLOTS; i++) {
		if (f->pair[i][0] < 0)
			continue;
		close(f->pair[i][0]);
		close(f->pair[i][1]);
	}
	if (f->map)
		munmap(f->map, SLOTS * STRIDE);
	if (f->file >= 0)
		close(f->file);
	if (f->event >= 0)
		close(f->event);
}

static int flow_open(struct flow *f, struct slice *s, const struct flow_kind *kind)
{
	unsigned int i;
	int ret;

	*f = (struct flow){
		.s = s, .kind = *kind, .file = -1, .event = -1, .ring.ring_fd = -1,
		/* a single page and the least that fills one is what file systems differ by */
		.len = kind->place == PLACE_FILE ? 4096 : 512,
		.nr_slots = kind->eventfd ? 1 : SLOTS,
		.scratch = s->memory + SLICE_MEMORY / 4 * 3,
	};
	for (i = 0; i < SLOTS; i++)
		f->pair[i][0] = -1;
	/* words and cache lines meet in another way in each slice */
	for (i = 0; i < BUFFERS; i++)
		f->buf[i] = s->memory + i * STRIDE + (s->same_line ? 0 : s->seed % 64 * 8);

	s->failed = "making files";
	ret = kind->place == PLACE_FILE ? open_file(f) : open_pairs(f);
	if (ret)
		return ret;
	s->failed = "io_uring_setup()";
	ret = open_ring(f);
	if (ret)
		return ret;
	ret = open_buffers(f);
	if (ret) {
		s->failed = kind->select ? "IORING_REGISTER_PBUF_RING" : "registering buffers";
		/* 5.18 and older do not know it */
		return kind->select && ret == -EINVAL ? -EOPNOTSUPP : ret;
	}
	if (kind->eventfd) {
		s->failed = "IORING_REGISTER_EVENTFD";
		f->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (f->event < 0)
			return -errno;
		ret = io_uring_register_eventfd(&f->ring, f->event);
		if (ret)
			return ret;
	}
	s->failed = NULL;
	return 0;
}

/* Gives the kernel a buffer it does not have, any: an entry of the ring, then the ring's tail. */
static bool provide(struct flow *f)
{
	unsigned int bid = draw(f->s, 0) % BUFFERS, i;
	struct pbuf *entry;

	for (i = 0; f->owner[bid]; i++) {
		if (i == BUFFERS)
			return false;
		bid = (bid + 1) % BUFFERS;
	}
	entry = &f->pbuf[f->pbuf_tail % BUFFERS];
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

static void flow_prepare(struct flow *f, struct io_uring_sqe *sqe, unsigned int i)
{
	const struct flow_kind *kind = &f->kind;
	int fd = f->file;
	off_t at = i * STRIDE;

	if (kind->place != PLACE_FILE) {
		fd = kind->sqpoll ? (int)i : f->pair[i][kind->write];
		at = kind->place == PLACE_PIPE ? -1 : 0;
	}
	if (kind->fixed && kind->write)
		io_uring_prep_write_fixed(sqe, fd, f->buf[i], f->len, at, 0);
	else if (kind->fixed)
		io_uring_prep_read_fixed(sqe, fd, f->buf[i], f->len, at, 0);
	else if (kind->write)
		io_uring_prep_write(sqe, fd, f->buf[i], f->len, at);
	else if (kind->place == PLACE_SOCKET)
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
static int flow_issue(struct flow *f, unsigned int i)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&f->ring);
	int ret;

	/* an SQ thread gives the SQEs of a batch back after their CQEs: later */
	if (!sqe)
		return 0;
	f->next++;
	flow_prepare(f, sqe, i);
	f->seq[i] = f->next;
	if (!f->kind.write && f->kind.place != PLACE_FILE) {
		stamp(f->scratch, f->len, f->next);
		if (write(f->pair[i][1], f->scratch, f->len) != (ssize_t)f->len)
			return -errno;
	}
	if (draw(f->s, 0) % 4 == 0)
		skew(f->s, 0, 300);
	if (f->kind.select && !provide(f))
		return -ENOBUFS;
	if (f->kind.write)
		stamp(f->buf[i], f->len, f->next);
	else if (f->kind.place == PLACE_FILE)
		stamp(f->map + i * STRIDE, f->len, f->next);
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
static char *flow_result(const struct flow *f, unsigned int i)
{
	if (f->kind.write)
		return f->kind.place == PLACE_FILE ? f->map + i * STRIDE : NULL;
	return f->kind.select ? NULL : f->buf[i];
}

/* Data that are not there: are they late? */
static int judge_late(char *at, size_t len, uint64_t seq)
{
	struct words words;
	struct watch watch;
	int outcome;

	watch_start(&watch);
	do {
		take(&words, at, len);
		outcome = judge(&words, seq);
	} while (outcome == OLDER && watch_on(&watch, LATE_MS));
	return outcome == THERE ? LATE : outcome;
}

/*
 * What is asked for is there, all of it, so that another result is a wrong one; but for what this
 * kernel does not have, or has no memory for, which is no outcome.
 */
static int judge_result(struct flow *f, int res, unsigned int i)
{
	if (res == (int)f->len)
		return THERE;
	if (f->kind.select && res == -ENOBUFS) {
		if (read(f->pair[i][0], f->scratch, f->len) < 0)
			fail_slice(f->s, -errno, "emptying a pipe");
		return NOTHING;
	}
	fail_slice(f->s, res < 0 ? res : -EIO, "a request");
	return res == -EINVAL || res == -EOPNOTSUPP || res == -ENOMEM || res == -ENOBUFS ? -1 :
	       WRONG;
}

/* The outcome of the CQE of slot @i; @early is what its data were right after the CQ's tail. */
static int flow_judge(struct flow *f, const struct io_uring_cqe *cqe, unsigned int i,
		      const struct words *early)
{
	const uint64_t seq = f->seq[i];
	char *at = flow_result(f, i);
	int outcome = judge_result(f, relaxed_load(&cqe->res), i);
	struct words words;

	if (outcome != THERE)
		return outcome;
	if (f->kind.select) {
		uint32_t flags = relaxed_load(&cqe->flags);
		unsigned int bid = flags >> CQE_BUFFER_SHIFT;

		if (!(flags & CQE_F_BUFFER) || bid >= BUFFERS || !f->owner[bid])
			return WRONG;
		f->owner[bid] = 0;
		at = f->buf[bid];
	}
	if (!at) {
		/* what the other side saw in the buffer is in the pipe */
		if (read(f->pair[i][0], f->scratch, f->len) != (ssize_t)f->len)
			return WRONG;
		take(&words, f->scratch, f->len);
		return judge(&words, seq);
	}
	if (early)
		words = *early;
	else
		take(&words, at, f->len);
	outcome = judge(&words, seq);
	return outcome == OLDER ? judge_late(at, f->len, seq) : outcome;
}

/*
 * Takes one CQE. Its user_data must name a slot under way; with a relaxed load of the tail it may
 * be that of an older CQE, for a moment. @guess is the slot whose data were taken early.
 */
static void flow_complete(struct flow *f, const struct io_uring_cqe *cqe, unsigned int guess,
			  const struct words *early)
{
	struct watch watch;
	bool stale = false;
	unsigned int i;
	uint64_t data;
	int outcome;

	watch_start(&watch);
	for (;;) {
		data = relaxed_load(&cqe->user_data);
		i = data & 0xff;
		if (i < f->nr_slots && f->seq[i] && f->seq[i] == data >> 8)
			break;
		stale = true;
		if (!watch_on(&watch, LATE_MS)) {
			f->s->count[WRONG]++;
			fail_slice(f->s, -EBADMSG, "a CQE");
			return;
		}
	}
	outcome = flow_judge(f, cqe, i, i == guess ? early : NULL);
	if (outcome == THERE && stale)
		outcome = LATE;
	if (outcome >= 0)
		f->s->count[outcome]++;
	f->seq[i] = 0;
}

/* The slot whose CQE should come next. */
static unsigned int oldest(const struct flow *f)
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
static unsigned int flow_poll(struct flow *f)
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
static void flow_stuck(struct flow *f, const char *what)
{
	if (ring_threads_sleep() && !io_uring_cq_ready(&f->ring))
		f->s->count[NOTHING]++;
	fail_slice(f->s, -ETIMEDOUT, what);
}

/*
 * Waits for the eventfd, asleep or awake, until there is a CQE. A notification without one is
 * allowed (io_uring_register_eventfd(3)), and then another one follows. A CQE after which none
 * comes is counted.
 */
static void flow_notified(struct flow *f)
{
	struct pollfd wait = { .fd = f->event, .events = POLLIN };
	const bool asleep = draw(f->s, 0) % 2;
	struct timespec start;
	uint64_t value;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		if (asleep)
			poll(&wait, 1, LOST_MS / 2);
		if (read(f->event, &value, sizeof(value)) > 0) {
			if (io_uring_cq_ready(&f->ring))
				return;
		} else if (ms_since(&start) > LOST_MS && io_uring_cq_ready(&f->ring) &&
			   ring_threads_sleep() && read(f->event, &value, sizeof(value)) < 0) {
			f->s->count[NOTHING]++;
			return;
		} else if (ms_since(&start) > STUCK_MS) {
			flow_stuck(f, "a completion");
			return;
		}
	}
}

static void run_flow(struct slice *s, const struct flow_kind *kind)
{
	struct watch watch;
	struct flow f;
	unsigned int i;
	uint64_t left;
	int ret;

	ret = flow_open(&f, s, kind);
	if (ret)
		fail_slice(s, ret, s->failed);
	watch_start(&watch);
	while (!is_over(s)) {
		for (i = 0; i < f.nr_slots && !ret; i++) {
			if (f.seq[i])
				continue;
			ret = flow_issue(&f, i);
			if (ret)
				fail_slice(s, ret, "a submission");
			if (kind->eventfd && !ret)
				flow_notified(&f);
		}
		if (flow_poll(&f)) {
			watch_start(&watch);
			/* one notification too many is no promise broken */
			if (kind->eventfd && read(f.event, &left, sizeof(left)) < 0)
				continue;
		} else if (!watch_on(&watch, STUCK_MS)) {
			flow_stuck(&f, "a completion");
		} else if (kind->sqpoll && s->relaxed && watch.turns % 256 == 0 &&
			   wants_wakeup(&f.ring)) {
			/* publish_relaxed() does not look; else a lost wake-up is to be seen */
			wake_sq_thread(&f.ring);
		}
	}
	flow_close(&f);
}

#define FLOW(name, ...)							\
static void name(struct slice *s)					\
{									\
	static const struct flow_kind kind = { __VA_ARGS__ };		\
									\
	run_flow(s, &kind);						\
}

FLOW(sqe_worker, .place = PLACE_PIPE, .write = true)
FLOW(sqe_sqpoll, .place = PLACE_PIPE, .write = true, .sqpoll = true)
FLOW(cqe_file, .place = PLACE_FILE)
FLOW(cqe_write, .place = PLACE_FILE, .write = true)
FLOW(cqe_pipe, .place = PLACE_PIPE, .sqpoll = true)
FLOW(cqe_socket, .place = PLACE_SOCKET, .sqpoll = true)
FLOW(fixed_read, .place = PLACE_FILE, .fixed = true)
FLOW(fixed_write, .place = PLACE_FILE, .write = true, .fixed = true)
FLOW(pbuf_ring, .place = PLACE_PIPE, .sqpoll = true, .select = true)
FLOW(cqe_eventfd, .place = PLACE_FILE, .eventfd = true)

/* --- the SQ thread goes to sleep while something is submitted */

/*
 * The SQ thread of many rings sets IORING_SQ_NEED_WAKEUP and looks at the SQ's tail for one ring
 * after the other, then it sleeps (io_sq_thread() of io_uring/sqpoll.c, 6.1, 6.12 and 7.2; of
 * fs/io_uring.c, 5.10). The flag of the first tells that it is under way, so that a submission to
 * a later one can be timed to meet it there. How much later is learnt: further ahead where it had
 * been already, less where it had not. If both miss each other, nobody wakes it any more.
 */
#define RINGS		128
#define IDLE_MS		1
/*
 * Stores to lines that are in no near cache keep the one behind them waiting (x86 is in order). All
 * of a page, which was touched before: under emulation a new page costs more than all of them, and
 * anything between two of them gives the first the time to be done.
 */
#define COLD_BYTES	(16U << 20)
#define COLD_PAGE	4096U

static inline __attribute__((always_inline)) void cold_stores(char *page, unsigned int n)
{
	relaxed_store(page + n % 64 * 64, (char)1);
	relaxed_store(page + (n + 37) % 64 * 64, (char)1);
	relaxed_store(page + (n + 11) % 64 * 64, (char)1);
	relaxed_store(page + (n + 48) % 64 * 64, (char)1);
	relaxed_store(page + (n + 22) % 64 * 64, (char)1);
	relaxed_store(page + (n + 59) % 64 * 64, (char)1);
	relaxed_store(page + (n + 33) % 64 * 64, (char)1);
	relaxed_store(page + (n + 6) % 64 * 64, (char)1);
}

struct nap {
	struct slice *s;
	struct io_uring ring[RINGS];	/* in the SQ thread's order: that of creation, backwards */
	unsigned int first;		/* which of them there are: to the last */
	char *cold;
	unsigned int page;		/* of it, in bytes */
};

static int nap_open(struct nap *n)
{
	struct io_uring_params params;
	int ret = 0;

	n->cold = mmap(NULL, COLD_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (n->cold == MAP_FAILED) {
		n->cold = NULL;
		return -ENOMEM;
	}
	for (n->first = RINGS; n->first; n->first--) {
		memset(&params, 0, sizeof(params));
		params.flags = IORING_SETUP_SQPOLL;
		params.sq_thread_idle = IDLE_MS;
		if (n->first < RINGS) {
			params.flags |= IORING_SETUP_ATTACH_WQ;
			params.wq_fd = n->ring[RINGS - 1].ring_fd;
		} else {
			params.flags |= IORING_SETUP_SQ_AFF;
			params.sq_thread_cpu = n->s->cpu[1];
		}
		ret = io_uring_queue_init_params(2, &n->ring[n->first - 1], &params);
		if (ret)
			break;
		fill_sq_array(&n->ring[n->first - 1]);
	}
	/* fewer do where memory or descriptors are short */
	return n->first > RINGS - 4 ? ret : 0;
}

static void nap_close(struct nap *n)
{
	for (; n->first < RINGS; n->first++)
		io_uring_queue_exit(&n->ring[n->first]);
	if (n->cold)
		munmap(n->cold, COLD_BYTES);
}

enum {
	NAP_ASKED,	/* the flag was seen, and the SQ thread woken */
	NAP_SEEN,	/* it was not, and the SQ thread saw the SQE */
	NAP_LOST,	/* neither, or it was woken and did not come */
};

/*
 * Waits for the CQE of the ring: true, or false if there is none and the SQ thread sleeps. Where
 * that runs, or waits for a CPU, it gets more time. -ETIMEDOUT when that is over, too.
 */
static int nap_completed(struct io_uring *ring, double patience)
{
	struct timespec start;
	double ms;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!io_uring_cq_ready(ring)) {
		ms = ms_since(&start);
		if (ms > STUCK_MS)
			return -ETIMEDOUT;
		if (ms > patience && ring_threads_sleep() && !io_uring_cq_ready(ring))
			return false;
	}
	io_uring_cq_advance(ring, 1);
	return true;
}

static int nap_nop(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_nop(sqe);
	sqe->user_data = 1;
	return 0;
}

/*
 * The SQ thread is awake, as it has just done what the first ring had, and a NOP is ready in @ring.
 * Every flag is read: shared between the CPUs' caches, it takes the SQ thread longer to write.
 * Returns NAP_LOST if it did not wake up for the first ring, or 0 or -errno.
 */
static int nap_prepare(struct nap *n, struct io_uring *ring)
{
	struct io_uring *first = &n->ring[n->first];
	unsigned int i;
	int ret;

	ret = nap_nop(ring);
	if (ret)
		return ret;
	ring->sq.sqe_head = ring->sq.sqe_tail;
	ret = nap_nop(first);
	if (ret)
		return ret;
	ret = io_uring_submit(first);
	if (ret < 0)
		return ret;
	ret = nap_completed(first, LOST_MS);
	if (!ret)
		fail_slice(n->s, -ETIMEDOUT, "an SQ thread that is woken");
	if (ret <= 0)
		return ret ?: NAP_LOST;
	for (i = n->first; i < RINGS; i++)
		wants_wakeup(&n->ring[i]);
	n->page = (n->page + COLD_PAGE) % COLD_BYTES;
	relaxed_store(n->cold + n->page, (char)1);
	return 0;
}

/* Waits until the SQ thread begins to go to sleep; in a tight loop, so as to see it at once. */
static int nap_begins(const struct nap *n)
{
	const struct io_uring *first = &n->ring[n->first];
	struct timespec start;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (i = 0; i < 4096; i++)
			if (wants_wakeup(first))
				return 0;
	} while (ms_since(&start) < STUCK_MS);
	return -ETIMEDOUT;
}

/* What io_uring_submit() does, but for the system call. Returns whether it takes one. */
static bool nap_publish(struct nap *n, struct io_uring *ring)
{
	char *cold = n->cold + n->page;

	cold_stores(cold, 1);
	cold_stores(cold, 2);
	cold_stores(cold, 3);
	cold_stores(cold, 4);
	cold_stores(cold, 5);
	cold_stores(cold, 7);
	barrier();
	if (!n->s->relaxed) {
		io_uring_smp_store_release(ring->sq.ktail, ring->sq.sqe_tail);
		io_uring_smp_mb();
		return wants_wakeup(ring);
	}
	relaxed_store(ring->sq.ktail, ring->sq.sqe_tail);
	barrier();
	return wants_wakeup(ring);
}

/* One time to sleep. Returns the outcome, or -errno. */
static int nap_take(struct nap *n)
{
	unsigned int target = n->first + 1 + n->s->ahead + draw(n->s, 0) % 4;
	struct io_uring *ring = &n->ring[target < RINGS ? target : RINGS - 1];
	bool asleep;
	int ret;

	ret = nap_prepare(n, ring);
	if (!ret)
		ret = nap_begins(n);
	if (ret)
		return ret;
	skew(n->s, 0, 32);
	asleep = nap_publish(n, ring);
	if (asleep) {
		wake_sq_thread(ring);
		if (n->s->ahead < (int)(RINGS - n->first) - 4)
			n->s->ahead++;
	} else if (n->s->ahead) {
		n->s->ahead--;
	}
	ret = nap_completed(ring, n->s->relaxed && !asleep ? LOST_MS / 20 : LOST_MS);
	if (ret < 0)
		return ret;
	if (ret)
		return asleep ? NAP_ASKED : NAP_SEEN;
	/* it would stay so for ever; the next try needs it done */
	wake_sq_thread(ring);
	if (nap_completed(ring, LOST_MS) <= 0)
		fail_slice(n->s, -ETIMEDOUT, "an SQ thread that is woken again");
	return NAP_LOST;
}

static void sqpoll_wakeup(struct slice *s)
{
	struct nap *n = calloc(1, sizeof(*n));
	int ret = -ENOMEM;

	if (n) {
		n->s = s;
		n->first = RINGS;
		ret = nap_open(n);
	}
	if (ret)
		fail_slice(s, ret, "io_uring_setup()");
	else if ((unsigned int)s->ahead >= RINGS - n->first - 4)
		s->ahead = 0;
	/* so many rings take longer to make than a slice, on a slow machine */
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	while (!is_over(s)) {
		ret = nap_take(n);
		if (ret < 0) {
			fail_slice(s, ret, "an SQ thread that is given a CPU in time");
			break;
		}
		s->count[ret]++;
		/* each costs a second, and a few say it all; relaxed they are what is wanted */
		if (ret == NAP_LOST && s->count[NAP_LOST] >= 2 && !s->relaxed)
			break;
	}
	if (n)
		nap_close(n);
	free(n);
}

/* --- one ring to another, and a futex */

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

static void post_layout(const struct slice *s, struct post *p)
{
	p->data = (uint64_t *)s->memory;
	p->word = (unsigned int *)(s->memory + (s->same_line ? 64 : (1 + s->seed % 30) * LINE));
	p->go = (unsigned int *)(s->memory + 64 * LINE);
	p->done = (unsigned int *)(s->memory + 72 * LINE);
	p->sent = (unsigned int *)(s->memory + 80 * LINE);
}

/* Whether the call that sends number @n has returned. */
static bool post_sent(const struct post *p, unsigned int n)
{
	return (int)(__atomic_load_n(p->sent, __ATOMIC_ACQUIRE) - n) >= 0;
}

/* Number @n has not come for long. It is lost if it was sent; else the sender is slow. */
static void post_stuck(struct slice *s, const struct post *p, unsigned int n, const char *what)
{
	if (post_sent(p, n))
		s->count[NOTHING]++;
	fail_slice(s, -ETIMEDOUT, what);
}

/* Opens the receiver's ring and lets the sender start. */
static bool receiver_open(struct slice *s, struct io_uring *ring, unsigned int op,
			  const char *name)
{
	int ret = io_uring_queue_init(64, ring, 0);

	if (ret) {
		fail_slice(s, ret, "io_uring_setup()");
		return false;
	}
	ret = need_op(ring, op);
	if (ret) {
		fail_slice(s, ret, name);
		io_uring_queue_exit(ring);
		return false;
	}
	s->target = ring->ring_fd;
	__atomic_store_n(&s->ready, 1, __ATOMIC_RELEASE);
	return true;
}

static bool sender_starts(struct slice *s)
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
static bool receive(struct slice *s, struct io_uring *ring, const struct post *p, uint64_t *early,
		    uint64_t *ud, int *res)
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
static void count_message(struct slice *s, const struct post *p, uint64_t data, uint64_t n)
{
	struct watch watch;

	if (data >= n) {
		s->count[THERE]++;
		return;
	}
	watch_start(&watch);
	while (relaxed_load(p->data) < n && watch_on(&watch, LATE_MS))
		;
	s->count[relaxed_load(p->data) < n ? OLDER : LATE]++;
}

static void msg_ring_receive(struct slice *s)
{
	uint64_t early, n, expected = 0;
	struct io_uring ring;
	struct watch watch;
	struct post p;
	int res;

	post_layout(s, &p);
	if (!receiver_open(s, &ring, OP_MSG_RING, "IORING_OP_MSG_RING"))
		return;
	watch_start(&watch);
	while (!is_over(s)) {
		if (!receive(s, &ring, &p, &early, &n, &res)) {
			if (!s->error && !watch_on(&watch, STUCK_MS))
				post_stuck(s, &p, expected + 1, "a message");
			continue;
		}
		watch_start(&watch);
		expected++;
		if (n != expected)
			s->count[WRONG]++;
		else
			count_message(s, &p, early, n);
		relaxed_store(p.done, (unsigned int)expected);
	}
	/* the sender must not meet a descriptor that is somebody else's by now */
	while (!__atomic_load_n(&s->gone, __ATOMIC_ACQUIRE))
		sched_yield();
	io_uring_queue_exit(&ring);
}

static void msg_ring_send(struct slice *s)
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
		fail_slice(s, ret, "io_uring_setup()");
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
			skew(s, 1, 300);
		relaxed_store(p.data, n);
		ret = io_uring_submit(&ring);
		if (ret == 1)
			ret = io_uring_wait_cqe(&ring, &cqe);
		if (ret) {
			fail_slice(s, ret, "sending a message");
			break;
		}
		ret = cqe->res;
		io_uring_cq_advance(&ring, 1);
		if (ret < 0) {
			fail_slice(s, ret, "sending a message");
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
static void futex_receive(struct slice *s)
{
	struct io_uring ring;
	struct watch watch;
	unsigned int n;
	uint64_t early, ud;
	struct post p;
	int res, ret;
	bool race;

	post_layout(s, &p);
	if (!receiver_open(s, &ring, OP_FUTEX_WAIT, "IORING_OP_FUTEX_WAIT"))
		return;
	for (n = 1; !is_over(s); n++) {
		/* a wake-up of the last one that is still on its way would end this one */
		watch_start(&watch);
		while (!post_sent(&p, n - 1) && watch_on(&watch, STUCK_MS))
			;
		race = draw(s, 0) % 2;
		if (race) {
			__atomic_store_n(p.go, n, __ATOMIC_RELEASE);
			skew(s, 0, 300);
		}
		ret = futex_wait(&ring, &p, n);
		if (ret) {
			fail_slice(s, ret, "IORING_OP_FUTEX_WAIT");
			break;
		}
		if (!race)
			__atomic_store_n(p.go, n, __ATOMIC_RELEASE);
		watch_start(&watch);
		while (!receive(s, &ring, &p, &early, &ud, &res)) {
			if (!s->error && watch_on(&watch, STUCK_MS))
				continue;
			if (!s->error)
				post_stuck(s, &p, n, "a wake-up");
			break;
		}
		if (relaxed_load(&s->stop) && s->error)
			break;
		if (ud != n)
			s->count[WRONG]++;
		else if (race && res == -EAGAIN)
			s->count[THERE]++;
		else if (res < 0)
			fail_slice(s, res, "IORING_OP_FUTEX_WAIT");
		else
			count_message(s, &p, early, n);
	}
	io_uring_queue_exit(&ring);
}

static void futex_send(struct slice *s)
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
		skew(s, 1, 300);
		relaxed_store(p.data, (uint64_t)n);
		barrier();
		relaxed_store(p.word, n);
		if (syscall(__NR_futex, p.word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL,
			    0) < 0)
			fail_slice(s, -errno, "futex(2)");
		__atomic_store_n(p.sent, n, __ATOMIC_RELEASE);
	}
}

/* --- all of them */

#define DATA_OUTCOMES							\
	{ "there", "late", "older", "wrong", "nothing" }
#define DATA_FORBIDDEN							\
	(1U << LATE | 1U << OLDER | 1U << WRONG | 1U << NOTHING)
#define DATA_EDGE(id, text, weaker, min)				\
	.name = #id, .question = text, .shape = SHAPE_MP, .relaxed = weaker, .ms = 20,	\
	.min_events = min, .outcome = DATA_OUTCOMES, .forbidden = DATA_FORBIDDEN

const struct edge edges[EDGE_NR] = {
	[EDGE_PLAIN_MP] = {
		DATA_EDGE(plain_mp, "plain memory: data, then a flag", true, 1000),
		.side = { plain_mp_read, plain_mp_write },
	},
	[EDGE_PLAIN_SB] = {
		.name = "plain_sb", .question = "plain memory: each writes, then reads the other's",
		.shape = SHAPE_SB, .relaxed = true, .ms = 20, .min_events = 1000,
		.outcome = { "one saw the other", "neither did" }, .forbidden = 1U << 1,
		.side = { plain_sb_0, plain_sb_1 },
	},
	[EDGE_SQE_WORKER] = {
		DATA_EDGE(sqe_worker, "an io-wq worker sees the SQE and its buffer", false, 300),
		.side = { sqe_worker },
	},
	[EDGE_SQE_SQPOLL] = {
		DATA_EDGE(sqe_sqpoll, "the SQ thread sees the SQE and its buffer", true, 300),
		.side = { sqe_sqpoll },
	},
	[EDGE_SQPOLL_WAKEUP] = {
		.name = "sqpoll_wakeup",
		.question = "the SQ thread going to sleep sees the SQE, or is woken",
		.shape = SHAPE_SB, .relaxed = true, .ms = 400, .min_events = 50,
		.outcome = { "woken", "seen", "lost" }, .forbidden = 1U << NAP_LOST,
		.side = { sqpoll_wakeup },
	},
	[EDGE_CQE_FILE] = {
		DATA_EDGE(cqe_file, "the CQE of a file read by a worker implies the data", true,
			  300),
		.side = { cqe_file },
	},
	[EDGE_CQE_WRITE] = {
		DATA_EDGE(cqe_write, "the CQE of a write by a worker implies the file's content",
			  true, 300),
		.side = { cqe_write },
	},
	[EDGE_CQE_PIPE] = {
		DATA_EDGE(cqe_pipe, "the CQE of a pipe read by the SQ thread implies the data",
			  true, 300),
		.side = { cqe_pipe },
	},
	[EDGE_CQE_SOCKET] = {
		DATA_EDGE(cqe_socket, "the CQE of a receive by the SQ thread implies the data",
			  true, 300),
		.side = { cqe_socket },
	},
	[EDGE_FIXED_READ] = {
		DATA_EDGE(fixed_read, "the CQE of READ_FIXED implies the data", true, 300),
		.side = { fixed_read },
	},
	[EDGE_FIXED_WRITE] = {
		DATA_EDGE(fixed_write, "a worker sees the buffer of WRITE_FIXED before its CQE",
			  true, 300),
		.side = { fixed_write },
	},
	[EDGE_PBUF_RING] = {
		DATA_EDGE(pbuf_ring, "the SQ thread sees the buffer ring, the CQE implies the data",
			  true, 300),
		.side = { pbuf_ring },
	},
	[EDGE_MSG_RING] = {
		DATA_EDGE(msg_ring, "a message's CQE implies what its sender wrote before", true,
			  300),
		.side = { msg_ring_receive, msg_ring_send },
	},
	[EDGE_EVENTFD] = {
		DATA_EDGE(eventfd, "the registered eventfd tells of each CQE, which implies data",
			  false, 300),
		.side = { cqe_eventfd },
	},
	[EDGE_FUTEX] = {
		DATA_EDGE(futex, "the CQE of FUTEX_WAIT implies what the waker wrote before", false,
			  300),
		.side = { futex_receive, futex_send },
	},
};

uint64_t slice_events(const uint64_t *count)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < OUTCOMES; i++)
		sum += count[i];
	return sum;
}

uint64_t slice_forbidden(const struct edge *e, const uint64_t *count)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < OUTCOMES; i++)
		if (e->forbidden & 1U << i)
			sum += count[i];
	return sum;
}

struct side {
	struct slice *s;
	unsigned int nr;
};

static void *run_side(void *arg)
{
	const struct side *side = arg;
	const int ret = cpus_pin(0, side->s->cpu[side->nr]);

	if (ret)
		fail_slice(side->s, ret, "sched_setaffinity()");
	side->s->edge->side[side->nr](side->s);
	if (side->nr)
		__atomic_store_n(&side->s->gone, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Each side is a thread of its own: its io-wq, with the CPU of its workers, ends with it. */
void slice_run(struct slice *s)
{
	struct side side[2] = { { s, 0 }, { s, 1 } };
	pthread_t thread[2];
	unsigned int i, nr;
	int ret;

	memset(s->memory, 0, SLICE_MEMORY);
	memset(s->count, 0, sizeof(s->count));
	memset(s->iterations, 0, sizeof(s->iterations));
	s->random[0] = s->seed;
	s->random[1] = ~s->seed;
	s->ready = 0;
	s->stop = 0;
	s->gone = 0;
	s->error = 0;
	s->failed = NULL;
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	for (nr = 0; nr < 2 && s->edge->side[nr]; nr++) {
		ret = pthread_create(&thread[nr], NULL, run_side, &side[nr]);
		if (ret) {
			fail_slice(s, -ret, "pthread_create()");
			__atomic_store_n(&s->gone, 1, __ATOMIC_RELEASE);
			break;
		}
	}
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	s->ms = ms_since(&s->start);
}
