/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who does a thread's file I/O: the ways that the two mails compare, behind one function.
 *
 *	uring		io_uring: inline where the file system can without blocking, else, after
 *			-EAGAIN, by io-wq. 6.1 writes inline on xfs, never on tmpfs and ext4.
 *	uring_async	IOSQE_ASYNC: always by io-wq
 *	uring_sqpoll	by the SQ thread, or its io-wq
 *	uring_fixed	as uring_async, with registered buffers and files
 *	thread		a thread of the process, made for each batch, with pwrite(2)
 *	kthread		a kernel thread between kthread_use_mm() and kthread_unuse_mm(), by
 *			PBT_WRITE of ppc_barrier_test; it writes only, reads are pread(2)
 *
 * Reads and writes alternate between the plain form and that with an iovec, fsyncs between
 * fsync(2) and fdatasync(2); by io_uring they all go through the ring.
 *
 * io_uring/rw.c and io_uring/io-wq.c of 6.1, 6.12 and 7.2; fs/io_uring.c of 5.10.
 */
#ifndef PAGE_ENGINE_H
#define PAGE_ENGINE_H

#include <limits.h>
#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

enum page_engine_kind {
	ENGINE_URING,
	ENGINE_URING_ASYNC,
	ENGINE_URING_SQPOLL,
	ENGINE_URING_FIXED,
	ENGINE_THREAD,
	ENGINE_KTHREAD,
	ENGINE_NR,
	ENGINE_NONE = ENGINE_NR	/* the caller itself: for a control, it has no name */
};

extern const char *const page_engine_names[ENGINE_NR];

/* Transfers of one batch at most. */
#define ENGINE_DEPTH	64

/* What an engine may use: files, and the memory that holds all of its buffers. */
struct page_engine_area {
	const int *fds;
	unsigned int nr_fds;
	void *memory;
	size_t size;		/* bytes */
	int session;		/* of ppc_barrier_test, for ENGINE_KTHREAD */
};

enum page_engine_op {
	ENGINE_READ,
	ENGINE_WRITE,
	ENGINE_FSYNC		/* of a file: no more of the transfer counts */
};

struct page_transfer {
	unsigned int file;	/* index into engine_area.fds */
	off_t offset;		/* bytes */
	void *buf;		/* within the area's memory */
	size_t len;
	int res;		/* bytes, 0 of an fsync; or -errno, or ENGINE_NO_CQE */
};

/* The kernel did not tell a result: no CQE had the user_data of this transfer. */
#define ENGINE_NO_CQE	INT_MIN

struct page_engine {
	enum page_engine_kind kind;
	const struct page_engine_area *area;
	struct io_uring ring;
	struct iovec iov[ENGINE_DEPTH];
	uint32_t batches;	/* so far: upper half of user_data; the transfer is the lower */
	/* of the batch under way, for ENGINE_THREAD */
	struct page_transfer *batch;
	unsigned int nr;
	enum page_engine_op op;
};

/* Whether it is one of io_uring's. */
bool page_engine_is_uring(enum page_engine_kind kind);

/* Whether io-wq workers are created for the thread that uses it. */
bool page_engine_has_workers(enum page_engine_kind kind);

/*
 * In the thread that will use it. Returns 0 or -errno: of io_uring_setup(2), where -ENOSYS and
 * -EPERM mean what the manual says, and of io_uring_register(2), where -ENOMEM is RLIMIT_MEMLOCK.
 */
int page_engine_open(struct page_engine *e, enum page_engine_kind kind,
		     const struct page_engine_area *area);

/*
 * Does @nr transfers at once, up to ENGINE_DEPTH, and waits for all of them; each tells its result
 * in res. Returns 0, or -errno if they could not be started: then any of them may be under way.
 */
int page_engine_run(struct page_engine *e, struct page_transfer *batch, unsigned int nr,
		    enum page_engine_op op);

/*
 * How many io-wq workers may do its I/O at once, from now on; kernels before 5.15 cannot be told.
 * io_wq_max_workers(), io_uring/io-wq.c of 6.1, 6.12 and 7.2.
 */
void page_engine_limit_workers(struct page_engine *e, unsigned int workers);

void page_engine_close(struct page_engine *e);

#endif /* PAGE_ENGINE_H */
