// SPDX-License-Identifier: GPL-2.0
/*
 * To be preloaded by ring_complete: some requests are not what the program has prepared, and some
 * waits not what it asks for. FAULT names what is wrong with them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "fault.h"

#ifndef IOSQE_CQE_SKIP_SUCCESS
#define IOSQE_CQE_SKIP_SUCCESS	BIT(6)	/* 5.17 */
#endif

#define OP_SEND_ZC		47	/* IORING_OP_SEND_ZC, 6.0 */
#define CQE_F_NOTIF		BIT(3)
#define OP_MSG_RING		40	/* IORING_OP_MSG_RING, 5.18 */
#define REGISTER_PBUF_RING	22	/* IORING_REGISTER_PBUF_RING, 5.19 */
#define CQE_F_BUF_MORE		BIT(4)	/* IORING_CQE_F_BUF_MORE, 6.12 */
#define BUFFER_SHIFT		16

#define LATE_MS		300
#define BUSY_MS		2500

/* True for each @nth call, or at @nth alone. */
static bool each(const char *what, unsigned int nth)
{
	static unsigned int nr;

	return fault_is(what) && __atomic_add_fetch(&nr, 1, __ATOMIC_RELAXED) % nth == 0;
}

static bool once(const char *what, unsigned int nth)
{
	static unsigned int nr;

	return fault_is(what) && __atomic_add_fetch(&nr, 1, __ATOMIC_RELAXED) == nth;
}

static void run_for(unsigned int ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void change_transfer(struct io_uring_sqe *sqe)
{
	/* what is behind a read fails */
	if (sqe->opcode == IORING_OP_NOP && each("broken_link", 20)) {
		sqe->opcode = IORING_OP_ASYNC_CANCEL;
		sqe->addr = -1;
	}
	if (sqe->opcode != IORING_OP_READ && sqe->opcode != IORING_OP_WRITE)
		return;
	/* less is done than was asked for */
	if (each("short", 20))
		sqe->len--;
	if (sqe->off != (uint64_t)-1 && each("misplaced", 20))
		sqe->off += 4096;
	/* the position stays */
	if (sqe->off == (uint64_t)-1 && each("unmoved", 20))
		sqe->off = lseek(sqe->fd, 0, SEEK_CUR);
	/* the result of a write, and no more of it */
	if (sqe->opcode == IORING_OP_WRITE && each("not_written", 20))
		sqe->opcode = IORING_OP_READ;
}

static void change_splice(struct io_uring_sqe *sqe)
{
	if (each("short", 20))
		sqe->len--;
	if (sqe->opcode != IORING_OP_SPLICE || sqe->off == (uint64_t)-1)
		return;
	if (each("misplaced", 20))
		sqe->off++;
	/* the result of a splice to a file, which is where it is not looked for */
	if (each("not_written", 20))
		sqe->fd = memfd_create("nowhere", 0);
}

static void change_provided(struct io_uring_sqe *sqe)
{
	static uint64_t buffer;

	/* buffers that are given back are one */
	if (fault_is("same_buffer")) {
		buffer = buffer ?: sqe->addr;
		sqe->addr = buffer;
	}
	/* it is called as another is */
	if (each("misnamed", 20))
		sqe->off ^= 1;
	/* nobody gets it */
	if (each("lost_buffer", 20))
		sqe->opcode = IORING_OP_NOP;
}

static void change_cancel(struct io_uring_sqe *sqe)
{
	/* it finds another, or is not done; what it says is the same */
	if (each("other_cancelled", 20))
		sqe->addr ^= 1;
	if (each("not_cancelled", 20))
		sqe->opcode = IORING_OP_NOP;
	/* IORING_ASYNC_CANCEL_ANY */
	if (!sqe->rw_flags && each("all_cancelled", 20))
		sqe->rw_flags = 1U << 2;
}

static void change_timeout(struct io_uring_sqe *sqe)
{
	static struct __kernel_timespec now;

	/* it is over at once, or never */
	if (each("timeout_early", 20))
		sqe->addr = (uintptr_t)&now;
	if (each("timeout_never", 20))
		sqe->opcode = IORING_OP_NOP;
	/* by one completion less */
	if (sqe->opcode == IORING_OP_TIMEOUT && sqe->off > 1 && each("miscounted", 20))
		sqe->off--;
}

/* It removes another, or nothing, and says that it has. */
static void change_remove(struct io_uring_sqe *sqe)
{
	if (each("other_removed", 20))
		sqe->addr ^= 1;
	if (each("not_removed", 20))
		sqe->opcode = IORING_OP_NOP;
}

static void change_send(struct io_uring_sqe *sqe)
{
	/* the bytes behind those */
	if (each("misread", 20))
		sqe->addr++;
	/* a send, which is not notified of: see change_notified() */
	if (each("never_notified", 20)) {
		sqe->opcode = IORING_OP_SEND;
		sqe->ioprio = 0;
	}
}

static void change_message(struct io_uring_sqe *sqe)
{
	/* sent, but to nobody, or as another */
	if (each("lost_message", 100))
		sqe->opcode = IORING_OP_NOP;
	if (each("changed_message", 100))
		sqe->len ^= 1;
}

/* Two messages of one submission to one ring change places. */
static void swap_messages(struct io_uring_sqe *sqe, struct io_uring_sqe *next)
{
	const struct io_uring_sqe first = *sqe;

	if (sqe->opcode != OP_MSG_RING || next->opcode != OP_MSG_RING || sqe->fd != next->fd ||
	    (sqe->flags | next->flags) & IOSQE_ASYNC || !each("swapped", 20))
		return;
	*sqe = *next;
	*next = first;
}

static void change(struct io_uring_sqe *sqe)
{
	/* another slot, of three */
	if (sqe->flags & IOSQE_FIXED_FILE && each("other_slot", 20))
		sqe->fd = (sqe->fd + 1) % 3;
	if ((sqe->opcode == IORING_OP_READ_FIXED || sqe->opcode == IORING_OP_WRITE_FIXED) &&
	    each("other_buffer", 20))
		sqe->buf_index = (sqe->buf_index + 1) % 3;
	/* it completes, and nobody is told */
	if (each("silent", 100))
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	change_transfer(sqe);
	if (fault_is("unordered"))
		sqe->flags &= ~(IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	if (sqe->opcode == IORING_OP_PROVIDE_BUFFERS)
		change_provided(sqe);
	if (sqe->opcode == IORING_OP_ASYNC_CANCEL)
		change_cancel(sqe);
	if (sqe->opcode == IORING_OP_LINK_TIMEOUT || sqe->opcode == IORING_OP_TIMEOUT)
		change_timeout(sqe);
	if (sqe->opcode == IORING_OP_TIMEOUT_REMOVE)
		change_remove(sqe);
	if (sqe->opcode == IORING_OP_SPLICE || sqe->opcode == IORING_OP_TEE)
		change_splice(sqe);
	if (sqe->opcode == OP_MSG_RING)
		change_message(sqe);
	if (sqe->opcode == OP_SEND_ZC)
		change_send(sqe);
}

/* --- buffer rings, and CQEs that name buffers */

/* As struct io_uring_buf, which headers may lack. */
struct entry {
	uint64_t addr;
	uint32_t len;
	uint16_t bid, tail;
};

static struct entry *entries;
static unsigned int nr_entries;

/* What struct io_uring_buf_reg begins with. */
static void remember_buffer_ring(const void *arg)
{
	const struct {
		uint64_t addr;
		uint32_t nr;
	} *reg = arg;

	entries = (void *)(uintptr_t)reg->addr;
	nr_entries = reg->nr;
}

/* The last but one is given twice, instead of the last. */
static void change_buffer_ring(void)
{
	struct entry *last, *other;
	uint16_t tail;

	if (!nr_entries || !each("given_twice", 20))
		return;
	tail = entries[0].tail;
	last = &entries[(tail - 1) % nr_entries];
	other = &entries[(tail - 2) % nr_entries];
	last->addr = other->addr;
	last->len = other->len;
	last->bid = other->bid;
}

/* Of a CQE that names a buffer, or tells of one, in cases that have one ring. */
static bool changes_cqes(void)
{
	return fault_is("other_buffer") || fault_is("no_buffer") || fault_is("not_more") ||
	       fault_is("not_held") || fault_is("never_notified");
}

/* Whether a result is the last CQE of its request. */
static void change_notified(struct io_uring_cqe *cqe)
{
	if (cqe->flags & CQE_F_NOTIF)
		return;
	if (!(cqe->flags & IORING_CQE_F_MORE) && fault_is("never_notified"))
		cqe->flags |= IORING_CQE_F_MORE;
	else if (each("not_held", 20))
		cqe->flags &= ~IORING_CQE_F_MORE;
}

/* Each that there is. */
static void change_cqes(struct io_uring *ring)
{
	static unsigned int seen;
	struct io_uring_cqe *cqe;

	if ((int)(seen - *ring->cq.khead) < 0)
		seen = *ring->cq.khead;
	for (; seen != __atomic_load_n(ring->cq.ktail, __ATOMIC_ACQUIRE); seen++) {
		cqe = &ring->cq.cqes[seen & *ring->cq.kring_mask];
		change_notified(cqe);
		if (!(cqe->flags & IORING_CQE_F_BUFFER))
			continue;
		if (each("other_buffer", 20))
			cqe->flags ^= 1U << BUFFER_SHIFT;
		if (each("no_buffer", 20))
			cqe->flags &= ~IORING_CQE_F_BUFFER;
		if (cqe->res > 0 && each("not_more", 20))
			cqe->flags ^= CQE_F_BUF_MORE;
	}
}

/* Those that the next submission takes. */
static void change_all(struct io_uring *ring)
{
	struct io_uring_sqe *sqe, *again;
	unsigned int i;

	for (i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++) {
		sqe = &ring->sq.sqes[i & *ring->sq.kring_mask];
		change(sqe);
		if (i != ring->sq.sqe_head)
			swap_messages(&ring->sq.sqes[(i - 1) & *ring->sq.kring_mask], sqe);
	}
	if (i == ring->sq.sqe_head || !each("again", 100))
		return;
	sqe = &ring->sq.sqes[(i - 1) & *ring->sq.kring_mask];
	again = io_uring_get_sqe(ring);
	if (again)
		*again = *sqe;
}

/* The first CQE there is, but by nobody's wish. */
static void cancel_first(struct io_uring *ring)
{
	while (!io_uring_cq_ready(ring))
		usleep(100);
	ring->cq.cqes[*ring->cq.khead & *ring->cq.kring_mask].res = -ECANCELED;
}

static int submit(struct io_uring *ring)
{
	static int (*next)(struct io_uring *ring);

	if (!next)
		next = (int (*)(struct io_uring *))dlsym(RTLD_NEXT, "io_uring_submit");
	return next(ring);
}

/* What is linked to another begins a while after the submission, which is no fault. */
static struct io_uring_sqe linked;
static struct io_uring *linked_to;

static void linked_hold(struct io_uring *ring)
{
	struct io_uring_sqe *first = &ring->sq.sqes[ring->sq.sqe_head & *ring->sq.kring_mask];

	if (linked_to || ring->sq.sqe_tail - ring->sq.sqe_head != 2 ||
	    !(first->flags & IOSQE_IO_LINK) || !each("linked_late", 20))
		return;
	first->flags &= ~IOSQE_IO_LINK;
	ring->sq.sqe_tail--;
	linked = ring->sq.sqes[ring->sq.sqe_tail & *ring->sq.kring_mask];
	linked_to = ring;
}

static void linked_begin(void)
{
	struct io_uring *ring = linked_to;

	if (!ring)
		return;
	linked_to = NULL;
	*io_uring_get_sqe(ring) = linked;
	submit(ring);
}

/* Nothing else is to come. */
int usleep(useconds_t us)
{
	const struct timespec nap = { .tv_nsec = us * 1000L };

	linked_begin();
	return nanosleep(&nap, NULL);
}

static struct io_uring *submitted;

int io_uring_submit(struct io_uring *ring)
{
	int ret;

	linked_hold(ring);
	change_all(ring);
	change_buffer_ring();
	if (each("late", 100))
		usleep(LATE_MS * 1000);
	ret = submit(ring);
	submitted = ring;
	if (changes_cqes())
		change_cqes(ring);
	if (ret > 0 && each("cancelled", 20))
		cancel_first(ring);
	return ret;
}

/* A stream loses a byte. */
ssize_t write(int fd, const void *buf, size_t len)
{
	static ssize_t (*next)(int fd, const void *buf, size_t len);
	struct stat st;
	ssize_t ret;

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (len < 2 || !fault_is("swallowed") || fstat(fd, &st) || !S_ISSOCK(st.st_mode) ||
	    !each("swallowed", 20))
		return next(fd, buf, len);
	ret = next(fd, buf, len - 1);
	return ret == (ssize_t)len - 1 ? (ssize_t)len : ret;
}

/* Slots keep what they have. */
int io_uring_register_files_update(struct io_uring *ring, unsigned int off, const int *files,
				   unsigned int nr)
{
	static int (*next)(struct io_uring *ring, unsigned int off, const int *files,
			   unsigned int nr);
	int ret;

	if (!next)
		next = (int (*)(struct io_uring *, unsigned int, const int *, unsigned int))
		       dlsym(RTLD_NEXT, "io_uring_register_files_update");
	ret = each("stale_file", 20) ? (int)nr : next(ring, off, files, nr);
	linked_begin();
	return ret;
}

int io_uring_register_buffers_update_tag(struct io_uring *ring, unsigned int off,
					 const struct iovec *iovecs, const __u64 *tags,
					 unsigned int nr)
{
	static int (*next)(struct io_uring *ring, unsigned int off, const struct iovec *iovecs,
			   const __u64 *tags, unsigned int nr);

	if (!next)
		next = (int (*)(struct io_uring *, unsigned int, const struct iovec *,
				const __u64 *, unsigned int))
		       dlsym(RTLD_NEXT, "io_uring_register_buffers_update_tag");
	return each("stale_buffer", 20) ? (int)nr : next(ring, off, iovecs, tags, nr);
}

/* Offsets are where writes go. */
int open(const char *path, int flags, ...)
{
	static int (*next)(const char *path, int flags, ...);
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, int) : 0;
	va_end(ap);
	if (!next)
		next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	return next(path, fault_is("no_append") ? flags & ~O_APPEND : flags, mode);
}

/* Handlers run on the stack of what they interrupt. */
int sigaltstack(const stack_t *stack, stack_t *old)
{
	static int (*next)(const stack_t *stack, stack_t *old);

	if (!next)
		next = (int (*)(const stack_t *, stack_t *))dlsym(RTLD_NEXT, "sigaltstack");
	return fault_is("no_stack") ? 0 : next(stack, old);
}

int epoll_pwait(int epoll, struct epoll_event *events, int max, int ms, const sigset_t *mask)
{
	static int (*next)(int epoll, struct epoll_event *events, int max, int ms,
			   const sigset_t *mask);
	int ret;

	if (!next)
		next = (int (*)(int, struct epoll_event *, int, int, const sigset_t *))
		       dlsym(RTLD_NEXT, "epoll_pwait");
	if (each("crash", 100))
		raise(SIGSEGV);
	ret = next(epoll, events, max, ms, mask);
	/* it is not what it was before */
	if (each("unmasked", 100))
		pthread_sigmask(SIG_SETMASK, mask, NULL);
	return ret;
}

int io_uring_submit_and_wait(struct io_uring *ring, unsigned int want)
{
	static int (*next)(struct io_uring *ring, unsigned int want);

	if (!next)
		next = (int (*)(struct io_uring *, unsigned int))
		       dlsym(RTLD_NEXT, "io_uring_submit_and_wait");
	return next(ring, want + each("oversleep", 100));
}

/* By which io_uring_sqring_wait() waits. */
int __io_uring_sqring_wait(struct io_uring *ring)
{
	static int (*next)(struct io_uring *ring);

	if (!next)
		next = (int (*)(struct io_uring *))dlsym(RTLD_NEXT, "__io_uring_sqring_wait");
	return fault_is("no_wait") ? 0 : next(ring);
}

long syscall(long nr, ...)
{
	static long (*next)(long nr, ...);
	long a[6], ret;
	va_list ap;
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (nr == __NR_io_uring_register && a[1] == REGISTER_PBUF_RING)
		remember_buffer_ring((const void *)a[2]);
	if (nr == __NR_io_uring_enter && a[2]) {
		/* one more than is asked for: it sleeps on, as if nobody had woken it */
		a[2] += each("oversleep", 100);
		if (once("busy", 100))
			run_for(BUSY_MS);
	}
	ret = next(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (nr == __NR_io_uring_enter && changes_cqes() && submitted)
		change_cqes(submitted);
	return ret;
}
