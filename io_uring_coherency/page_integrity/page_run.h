/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: one engine, files at one site, and threads that write them in rounds. A round is a life of
 * all threads, the writers (page_writer.h): each fills pages in windows of some, and writes each
 * window in batches. After a round the verifier (page_verifier.h) looks at all files.
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

/* In memory that survives the harness's fork of each test; main() fills in the first three. */
struct page_shared {
	pid_t main;
	struct timespec start;		/* CLOCK_MONOTONIC */
	char no_module[256];		/* why there is none, or empty */
	bool control_ok[SITE_NR];
	unsigned int unproven[SITE_NR];	/* views whose control failed: bits */
	struct planted planted;
};

extern struct page_shared *page_shared;

/* Whose pages a writer writes in which order, from round to round. */
struct page_schedule {
	uint32_t *order;	/* numbers of its own pages, in this order */
	unsigned int nr, next;	/* of them; the one that comes next */
	unsigned int cycles;	/* times that it has been through all of them */
	uint64_t random;
};

struct page_run {
	const struct page_options *options;
	enum page_engine_kind kind;
	enum page_site_id site;
	unsigned int threads;		/* that write */
	struct page_files files;
	struct page_board *board;	/* of the files */
	struct page_schedule schedule[PAGE_MAX_THREADS];
	unsigned int most;		/* pages of a thread in a round */
	unsigned int window;		/* ... that are computed at once */
	unsigned int batch;		/* ... and of these, written at once */
	int session;			/* of the module, or -1 */
	char *memory;			/* for each thread: a window, and what is read back */
	size_t memory_size;		/* bytes */
	unsigned int round;		/* number of rounds so far */
	double last_idle;		/* ms since the start, of a round with ... */
	bool idle;			/* in this round workers idle out */
	unsigned int writing;		/* threads that have not written all of the round */
	bool synced;			/* all that the round wrote */
	/*
	 * NULL, or the control: called for page @id, number @n of the round, after it has passed
	 * the view @after, and before anybody looks there. What it does to @t is to be found.
	 */
	void (*damage)(struct page_run *run, enum page_view after, unsigned int n,
		       const struct page_id *id, struct page_transfer *t);
};

/* 20 us: for who waits for another thread. */
void page_nap(void);

/*
 * Whether PAGE_MIN_CREATIONS are needed for an answer. With a cap on the workers the point is that
 * no more are created; and on the disk of a default run, what writes go through.
 */
bool page_run_wants_creations(const struct page_run *run);

/*
 * Makes the files, with the first generation of each page, and all else that @threads writers need;
 * @options has to outlive the run. Returns NULL, or the reason for a SKIP until the next call;
 * page_run_close() in any case.
 */
const char *page_run_open(struct page_run *run, const struct page_options *options,
			  enum page_engine_kind kind, enum page_site_id site, unsigned int threads);
void page_run_close(struct page_run *run);

/*
 * One life of all writers, and a look at what they wrote. Returns 0, or -errno and in *@failed what
 * that was of: "writing", "fsync", "verifying", ...
 */
int page_run_round(struct page_run *run, const char **failed);

#endif /* PAGE_RUN_H */
