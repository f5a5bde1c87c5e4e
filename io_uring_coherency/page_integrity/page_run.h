/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: an engine, files, and the threads that write them.
 */
#ifndef PAGE_RUN_H
#define PAGE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "page_engine.h"
#include "page_files.h"
#include "page_options.h"
#include "page_site.h"
#include "planted.h"

/* Survives the harness's fork of each test. */
struct shared {
	pid_t main;
	struct timespec start;
	bool control_ok[SITE_NR];
	unsigned int unproven[SITE_NR];	/* views whose control failed */
	char no_module[256];	/* why there is none, or empty */
	struct planted planted;
};

extern struct shared *shared;

/* Whose pages a writer writes in which order, from round to round. */
struct plan {
	uint32_t *order;	/* numbers of its own pages, in this order */
	unsigned int nr, next;
	unsigned int cycles;	/* times that it has been through all of them */
	uint64_t random;
};

struct run {
	enum engine_kind kind;
	enum site site;
	unsigned int threads;
	struct page_files files;
	struct page_board *board;	/* of the files */
	struct plan plan[MAX_THREADS];
	unsigned int most;		/* pages of a thread in a round */
	unsigned int window;		/* ... that are computed at once */
	unsigned int batch;		/* ... and of these, written at once */
	int session;
	char *memory;			/* for each thread: a window, and what is read back */
	size_t memory_size;
	unsigned int round;
	double last_idle;		/* ms_since() the start */
	bool idle;			/* in this round workers idle out */
	unsigned int writing;		/* threads that have not written all of the round */
	bool synced;			/* all that the round wrote */
	/* the control damages something there; else NULL */
	void (*tamper)(struct run *run, enum view after, unsigned int n, const struct page_id *id,
		       struct transfer *t);
};

void nap(void);

bool wants_creations(enum engine_kind kind, enum site site);

void run_close(struct run *run);

/* Files, memory, verifier. Returns NULL, or the reason for a SKIP; run_close() in any case. */
const char *run_open(struct run *run, enum engine_kind kind, enum site where, unsigned int threads);

/* One life of all writers, and a look at what they wrote. Returns 0 or -errno. */
int run_round(struct run *run, const char **failed);

#endif /* PAGE_RUN_H */
