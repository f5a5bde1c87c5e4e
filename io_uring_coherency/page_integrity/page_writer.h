/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A writer: a thread that fills pages by vector code, has them written and read back by an engine,
 * and looks at them in memory. While it computes a window, the main thread may have a worker of its
 * io-wq created (provoke.h).
 */
#ifndef PAGE_WRITER_H
#define PAGE_WRITER_H

#include "page_run.h"
#include "provoke.h"

#define PAGE_GUARD		4096	/* bytes behind each buffer that is read to ... */
#define PAGE_GUARD_BYTE		0xa5	/* ... all of which are this */
#define PAGE_STRIDE		(PAGE_BYTES + PAGE_GUARD)
#define PAGE_MAX_WINDOW		160	/* so that they fit into a usual RLIMIT_MEMLOCK, 8 MiB */
#define PAGE_WINDOWS		PROVOKE_ROUND	/* in the life of a writing thread, at most */

/* To be zeroed, but for the run and its number. */
struct page_writer {
	struct page_run *run;
	unsigned int nr;	/* of the thread in the run */
	struct page_engine engine;
	struct provoke provoke;
	char *out;		/* the pages of a window, as computed */
	char *in;		/* ... of a batch, as read back, each with its guard */
	char *want;		/* ... of a batch, as they should be */
	unsigned int windows;	/* begun and ended so far: odd while it computes one */
	unsigned int fired;	/* the window for which the main thread fired */
	int ended;		/* it has come to its end */
	int error;		/* 0 or -errno ... */
	const char *failed;	/* ... and of what */
	unsigned int spare;	/* workers that its life has room for, beside one for each window */
	uint64_t creations;	/* of workers while it computed */
	bool synced;		/* all that it has to fsync */
};

/* A round of one writer, @writer: a struct page_writer. For pthread_create(); returns NULL. */
void *page_writer_run(void *writer);

/* In the main thread: has a worker created for @w if it computes; once in each of its windows. */
void page_writer_provoke(struct page_writer *w);

#endif /* PAGE_WRITER_H */
