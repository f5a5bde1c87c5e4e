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

#define PAGE_MIN_CREATIONS	30	/* workers created while a thread computed; as before */

/* Survives the harness's fork of each test. */
struct page_shared {
	pid_t main;
	struct timespec start;
	bool control_ok[SITE_NR];
	unsigned int unproven[SITE_NR];	/* views whose control failed */
	char no_module[256];	/* why there is none, or empty */
	struct planted planted;
};

extern struct page_shared *page_shared;

/* Whose pages a writer writes in which order, from round to round. */
struct page_schedule {
	uint32_t *order;	/* numbers of its own pages, in this order */
	unsigned int nr, next;
	unsigned int cycles;	/* times that it has been through all of them */
	uint64_t random;
};

struct page_run {
	enum page_engine_kind kind;
	enum page_site_id site;
	unsigned int threads;
	struct page_files files;
	struct page_board *board;	/* of the files */
	struct page_schedule plan[PAGE_MAX_THREADS];
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
	void (*tamper)(struct page_run *run, enum page_view after, unsigned int n,
		       const struct page_id *id, struct page_transfer *t);
};

void page_nap(void);

bool page_run_wants_creations(enum page_engine_kind kind, enum page_site_id site);

void page_run_close(struct page_run *run);

/* Files, memory, verifier. Returns NULL, or the reason for a SKIP; page_run_close() in any case. */
const char *page_run_open(struct page_run *run, enum page_engine_kind kind,
			  enum page_site_id where, unsigned int threads);

/* One life of all writers, and a look at what they wrote. Returns 0 or -errno. */
int page_run_round(struct page_run *run, const char **failed);

#endif /* PAGE_RUN_H */
