/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registered buffers whose pages are not where they were any more, or are not whole pages: what
 * was registered are the pages, however the addresses change.
 */
#ifndef COMPLETE_FIXED_H
#define COMPLETE_FIXED_H

#include "complete_transfer.h"

enum fixed_kind {
	FIXED_PLAIN,
	FIXED_MOVED,		/* by mremap(2); others have its addresses now */
	FIXED_HUGE,		/* part of a huge page, where there is one */
	FIXED_NR
};

struct fixed_buffers {
	struct complete_case *c;
	struct {
		unsigned char *now;	/* where its pages are mapped */
		uint64_t registered;	/* its address at that time */
		size_t len;
	} buffer[FIXED_NR];
	unsigned int nr;		/* 0: none may be registered */
	unsigned char *others;		/* what is where FIXED_MOVED was */
	const char *huge;		/* what the huge page is by */
	pid_t child;
	int hold;			/* it ends when this is closed */
	unsigned int forks;
};

/* Registers them with @ring. False if the case has ended. */
bool fixed_open(struct complete_case *c, struct fixed_buffers *b, struct io_uring *ring);

/* Makes a part of one of them, of @len bytes or fewer, what is transferred. */
void fixed_cut(struct fixed_buffers *b, struct transfer *t, size_t len);

/* Whether what is where FIXED_MOVED was is as it was. */
bool fixed_others_kept(const struct fixed_buffers *b);

/* A child, which writes to all pages and stays; the pages are the parent's all the same. */
bool fixed_fork(struct fixed_buffers *b);
void fixed_join(struct fixed_buffers *b);

#endif /* COMPLETE_FIXED_H */
