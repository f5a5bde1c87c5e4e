/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that fills pages and has them written.
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

struct page_writer {
	struct page_run *run;
	unsigned int nr;
	struct page_engine engine;
	struct provoke provoke;
	char *out, *in, *want;	/* buffers: a window, a batch, a batch */
	unsigned int windows;	/* odd while a thread computes */
	unsigned int fired;	/* the window for which the main thread fired */
	int gone;
	int error;		/* -errno */
	const char *failed;	/* what */
	unsigned int spare;	/* workers that its life has room for, beside one for each window */
	uint64_t creations;
	bool synced;
};

void *page_writer_run(void *arg);

void page_writer_provoke(struct page_writer *w);

#endif /* PAGE_WRITER_H */
