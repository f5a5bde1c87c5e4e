/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who does a thread's file I/O: the ways that the two mails compare, behind one function. Each is a
 * line of page_engines.h.
 *
 * Reads and writes alternate between the plain form and that with an iovec, fsyncs between
 * fsync(2) and fdatasync(2); by io_uring they all go through the ring.
 */
#ifndef PAGE_ENGINE_H
#define PAGE_ENGINE_H

#include <limits.h>
#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* ENGINE_uring, ENGINE_uring_async, ... */
enum page_engine_kind {
#define ENGINE(name, ...) ENGINE_##name,
#include "page_engines.h"
	ENGINE_NR,
	ENGINE_NONE = ENGINE_NR	/* the caller itself: for a control, it has no name */
};

/* Transfers of one batch at most. */
#define ENGINE_DEPTH	64

/* What an engine may use: files, and the memory that holds all of its buffers. */
struct page_engine_area {
	const int *fds;
	unsigned int nr_fds;
	void *memory;
	size_t size;		/* bytes */
	int session;		/* of ppc_barrier_test, where page_engine_needs_module() */
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
	/* of the batch under way */
	struct page_transfer *batch;
	unsigned int nr;
	enum page_engine_op op;
};

/* As on the command line and in results; not of ENGINE_NONE. */
const char *page_engine_name(enum page_engine_kind kind);

/* Whether it is one of io_uring's. */
bool page_engine_is_uring(enum page_engine_kind kind);

/* Whether io-wq workers are created for the thread that uses it. */
bool page_engine_has_workers(enum page_engine_kind kind);

/* IORING_SETUP_* of its ring. */
unsigned int page_engine_setup_flags(enum page_engine_kind kind);

/* Whether it takes a session of ppc_barrier_test. */
bool page_engine_needs_module(enum page_engine_kind kind);

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
