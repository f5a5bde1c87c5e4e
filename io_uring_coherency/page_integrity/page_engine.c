// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to have file I/O done by somebody else; see page_engine.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ppc_barrier_test/ppc_barrier_test.h"
#include "page_engine.h"

/* A CQE that does not come for so long never will; nor, once one was not ours, for so long. */
#define CQE_SECONDS	30
#define STRAY_SECONDS	1

struct engine_type {
	const char *name;
	int (*run)(struct page_engine *e);	/* the batch; returns what page_engine_run() does */
	bool sqpoll;
	bool async;		/* IOSQE_ASYNC */
	bool registered;	/* buffers and files */
	bool needs_module;
};

static int run_uring(struct page_engine *e);
static int run_syscalls(struct page_engine *e);
static int run_thread(struct page_engine *e);
static int run_kthread(struct page_engine *e);

static const struct engine_type types[ENGINE_NR + 1] = {
#define ENGINE(engine, ...) { .name = #engine, __VA_ARGS__ },
#include "page_engines.h"
	{ .run = run_syscalls },	/* ENGINE_NONE */
};

const char *page_engine_name(enum page_engine_kind kind)
{
	return types[kind].name;
}

bool page_engine_is_uring(enum page_engine_kind kind)
{
	return types[kind].run == run_uring;
}

bool page_engine_has_workers(enum page_engine_kind kind)
{
	return page_engine_is_uring(kind) && !types[kind].sqpoll;
}

unsigned int page_engine_setup_flags(enum page_engine_kind kind)
{
	return types[kind].sqpoll ? IORING_SETUP_SQPOLL : 0;
}

bool page_engine_needs_module(enum page_engine_kind kind)
{
	return types[kind].needs_module;
}

int page_engine_open(struct page_engine *e, enum page_engine_kind kind,
		     const struct page_engine_area *area)
{
	const struct engine_type *type = &types[kind];
	struct io_uring_params params = {
		.flags = page_engine_setup_flags(kind),
		.sq_thread_idle = 1,	/* ms; an SQ thread would take a CPU from who computes */
	};
	int ret;

	e->kind = kind;
	e->area = area;
	if (!page_engine_is_uring(kind))
		return 0;
	ret = io_uring_queue_init_params(ENGINE_DEPTH, &e->ring, &params);
	if (ret)
		return ret;
	/* 5.10 takes nothing but registered files for an SQ thread */
	if (type->registered || type->sqpoll)
		ret = io_uring_register_files(&e->ring, area->fds, area->nr_fds);
	if (!ret && type->registered) {
		const struct iovec all = { .iov_base = area->memory, .iov_len = area->size };

		ret = io_uring_register_buffers(&e->ring, &all, 1);
	}
	if (ret)
		io_uring_queue_exit(&e->ring);
	return ret;
}

void page_engine_close(struct page_engine *e)
{
	if (page_engine_is_uring(e->kind))
		io_uring_queue_exit(&e->ring);
}

void page_engine_limit_workers(struct page_engine *e, unsigned int workers)
{
	unsigned int values[2] = { workers, 0 };	/* bounded, unbounded; 0 changes nothing */

	if (page_engine_has_workers(e->kind))
		io_uring_register_iowq_max_workers(&e->ring, values);
}

/* With an SQ thread there may be no room: a CQE is there before its SQE is known to be free. */
static int get_sqe(struct page_engine *e, struct io_uring_sqe **sqe)
{
	int ret = 0;

	for (*sqe = io_uring_get_sqe(&e->ring); !*sqe; *sqe = io_uring_get_sqe(&e->ring)) {
		ret = io_uring_submit(&e->ring);
		if (ret >= 0 && types[e->kind].sqpoll)
			ret = io_uring_sqring_wait(&e->ring);
		if (ret < 0 && ret != -EINTR && ret != -EAGAIN && ret != -EBUSY)
			return ret;
	}
	return 0;
}

static void prepare(struct page_engine *e, struct io_uring_sqe *sqe, unsigned int i)
{
	const struct engine_type *type = &types[e->kind];
	const bool fixed = type->registered, by_index = fixed || type->sqpoll;
	const bool write = e->op == ENGINE_WRITE;
	const struct page_transfer *t = &e->batch[i];
	const int fd = by_index ? (int)t->file : e->area->fds[t->file];

	e->iov[i] = (struct iovec){ .iov_base = t->buf, .iov_len = t->len };
	if (e->op == ENGINE_FSYNC)
		io_uring_prep_fsync(sqe, fd, i % 2 ? IORING_FSYNC_DATASYNC : 0);
	else if (fixed && write)
		io_uring_prep_write_fixed(sqe, fd, t->buf, t->len, t->offset, 0);
	else if (fixed)
		io_uring_prep_read_fixed(sqe, fd, t->buf, t->len, t->offset, 0);
	else if (write && i % 2)
		io_uring_prep_writev(sqe, fd, &e->iov[i], 1, t->offset);
	else if (write)
		io_uring_prep_write(sqe, fd, t->buf, t->len, t->offset);
	else if (i % 2)
		io_uring_prep_readv(sqe, fd, &e->iov[i], 1, t->offset);
	else
		io_uring_prep_read(sqe, fd, t->buf, t->len, t->offset);
	if (by_index)
		sqe->flags |= IOSQE_FIXED_FILE;
	if (type->async)
		sqe->flags |= IOSQE_ASYNC;
	sqe->user_data = (uint64_t)e->batches << 32 | i;
}

/* Waits until each transfer has its result, or it is clear that one will never have it. */
static int reap(struct page_engine *e)
{
	struct __kernel_timespec patience = { .tv_sec = CQE_SECONDS };
	struct io_uring_cqe *cqe;
	unsigned int left = e->nr;
	int ret;

	while (left) {
		/* before 5.11 the time-out is a request of its own */
		ret = io_uring_peek_cqe(&e->ring, &cqe);
		if (ret == -EAGAIN)
			ret = io_uring_wait_cqe_timeout(&e->ring, &cqe, &patience);
		if (ret == -EINTR || ret == -EAGAIN)
			continue;
		/* a machine that stood still has both the time-out and the CQE */
		if (ret == -ETIME && io_uring_cq_ready(&e->ring))
			continue;
		if (ret == -ETIME)
			return 0;
		if (ret)
			return ret;
		if (cqe->user_data >> 32 == e->batches && (uint32_t)cqe->user_data < e->nr &&
		    e->batch[(uint32_t)cqe->user_data].res == ENGINE_NO_CQE) {
			e->batch[(uint32_t)cqe->user_data].res = cqe->res;
			left--;
		} else {
			patience.tv_sec = STRAY_SECONDS;
		}
		io_uring_cqe_seen(&e->ring, cqe);
	}
	return 0;
}

static int run_uring(struct page_engine *e)
{
	const bool sqpoll = types[e->kind].sqpoll;
	struct io_uring_sqe *sqe;
	unsigned int i;
	int ret;

	e->batches++;
	for (i = 0; i < e->nr; i++) {
		ret = get_sqe(e, &sqe);
		if (ret)
			return ret;
		prepare(e, sqe, i);
	}
	do {
		ret = io_uring_submit(&e->ring);
		if (ret < 0 && ret != -EINTR && ret != -EAGAIN && ret != -EBUSY)
			return ret;
	} while (ret < 0 || (!sqpoll && io_uring_sq_ready(&e->ring)));
	return reap(e);
}

static ssize_t transfer_by_syscall(const struct page_engine *e, const struct page_transfer *t,
				   bool other)
{
	const struct iovec iov = { .iov_base = t->buf, .iov_len = t->len };
	const int fd = e->area->fds[t->file];

	if (e->op == ENGINE_FSYNC)
		return other ? fdatasync(fd) : fsync(fd);
	if (e->op == ENGINE_WRITE)
		return other ? pwritev(fd, &iov, 1, t->offset) :
				pwrite(fd, t->buf, t->len, t->offset);
	return other ? preadv(fd, &iov, 1, t->offset) : pread(fd, t->buf, t->len, t->offset);
}

static int run_syscalls(struct page_engine *e)
{
	unsigned int i;

	for (i = 0; i < e->nr; i++) {
		ssize_t ret = transfer_by_syscall(e, &e->batch[i], i % 2);

		e->batch[i].res = ret < 0 ? -errno : ret;
	}
	return 0;
}

static void *batch_thread(void *arg)
{
	run_syscalls(arg);
	return NULL;
}

static int run_thread(struct page_engine *e)
{
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, batch_thread, e);

	if (ret)
		return -ret;
	pthread_join(thread, NULL);
	return 0;
}

static void write_by_kthread(struct page_engine *e, struct page_transfer *t)
{
	const struct pbt_write args = {
		.fd = e->area->fds[t->file],
		.buf = (uintptr_t)t->buf,
		.len = t->len,
		.pos = t->offset,
	};
	int ret = ioctl(e->area->session, PBT_WRITE, &args);

	t->res = ret < 0 ? -errno : ret;
}

static int run_kthread(struct page_engine *e)
{
	unsigned int i;

	if (e->op != ENGINE_WRITE)
		return run_syscalls(e);
	for (i = 0; i < e->nr; i++)
		write_by_kthread(e, &e->batch[i]);
	return 0;
}

int page_engine_run(struct page_engine *e, struct page_transfer *batch, unsigned int nr,
		    enum page_engine_op op)
{
	unsigned int i;

	e->batch = batch;
	e->nr = nr;
	e->op = op;
	for (i = 0; i < nr; i++)
		batch[i].res = ENGINE_NO_CQE;
	return types[e->kind].run(e);
}
