/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that fills pages and has them written.
 */
#ifndef PAGE_WRITER_H
#define PAGE_WRITER_H

#include "page_run.h"
#include "provoke.h"

#define GUARD		4096	/* bytes behind each buffer that is read to ... */
#define GUARD_BYTE	0xa5	/* ... all of which are this */
#define STRIDE		(PAGE_BYTES + GUARD)
#define MAX_WINDOW	160	/* so that the buffers fit into a usual RLIMIT_MEMLOCK, 8 MiB */
#define WINDOWS		PROVOKE_ROUND	/* in the life of a writing thread, at most */
#define MIN_CREATIONS	30	/* workers created while a thread computed; as before */

struct writer {
	struct run *run;
	unsigned int nr;
	struct engine engine;
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

void *write_pages(void *arg);

void stir(struct writer *w);

#endif /* PAGE_WRITER_H */
