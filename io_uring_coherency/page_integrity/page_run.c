// SPDX-License-Identifier: GPL-2.0
/*
 * Runs of all writers over the same files; see page_run.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "module.h"
#include "page_verifier.h"
#include "page_writer.h"
#include "program.h"

struct page_shared *page_shared;

/* To compute a window: in which the main thread needs a nap and an IPI to create a worker. */
#define WINDOW_US	300
#define NAP_NS		20000
#define IDLE_EVERY_MS	25000	/* from one round in which workers idle out to the next */

void page_nap(void)
{
	const struct timespec t = { .tv_nsec = NAP_NS };

	nanosleep(&t, NULL);
}

bool page_run_wants_creations(const struct page_run *run)
{
	return page_engine_has_workers(run->kind) && !run->options->workers &&
	       run->site == SITE_ASKED;
}

void page_run_close(struct page_run *run)
{
	unsigned int i;

	for (i = 0; i < run->threads; i++)
		free(run->schedule[i].order);
	if (run->memory)
		munmap(run->memory, run->memory_size);
	if (run->session >= 0)
		close(run->session);
	page_files_close(&run->files);
}

/* How many pages take a thread WINDOW_US to compute, within what there is. */
static unsigned int window_size(unsigned int most)
{
	const struct page_id id = { 0 };
	unsigned int nr = PAGE_MAX_WINDOW, i;
	struct timespec start;
	void *buf;

	if (posix_memalign(&buf, PAGE_ALIGNMENT, PAGE_BYTES))
		return PAGE_MIN_WINDOW;
	page_fill(&id, buf);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < PAGE_MAX_WINDOW; i++) {
		page_fill(&id, buf);
		if (ms_since(&start) * 1e3 < WINDOW_US)
			continue;
		nr = i + 1;
		break;
	}
	free(buf);
	if (nr < PAGE_MIN_WINDOW)
		nr = PAGE_MIN_WINDOW;
	return nr < most ? nr : most;
}

/* Returns NULL, or why the engine cannot be had. */
static const char *session_open(struct page_run *run)
{
	const char *why = page_shared->no_module;

	if (!page_engine_needs_module(run->kind))
		return NULL;
	if (*why)
		return why;
	run->session = module_open(&why);
	return run->session < 0 ? why : NULL;
}

const char *page_run_open(struct page_run *run, const struct page_options *options,
			  enum page_engine_kind kind, enum page_site_id where, unsigned int threads)
{
	const struct page_site *site = &page_sites[where];
	static struct page_files_setup setup;
	struct timespec now;
	unsigned int pages, i;
	const char *why;

	setup = (struct page_files_setup){
		.dir = site->dir, .name = site->name, .files = options->files,
		.size = options->size,
		.direct = site->direct, .disk = site->ours ? &site->disk : NULL,
		.views = options->views & ~page_shared->unproven[where],
		.threads = options->threads,
		.all_crashes = kind == ENGINE_NONE,
	};
	memset(run, 0, sizeof(*run));
	run->options = options;
	run->kind = kind;
	run->site = where;
	run->threads = threads;
	run->session = -1;
	run->last_idle = ms_since(&page_shared->start);
	/* what was written before, and is still on the disk, is not to be taken for this */
	clock_gettime(CLOCK_REALTIME, &now);
	why = page_files_open(&run->files, &setup,
			      now.tv_sec * 1000000000ULL + now.tv_nsec + ((uint64_t)getpid() << 40),
			      &page_shared->start);
	if (why)
		return why;
	run->board = run->files.board;

	pages = options->files * page_files_writable(run->board->pages);
	run->window = window_size(pages / threads);
	run->most = PAGE_WINDOWS * run->window;
	run->batch = run->window < ENGINE_DEPTH ? run->window : ENGINE_DEPTH;
	for (i = 0; i < threads; i++) {
		struct page_schedule *s = &run->schedule[i];

		s->nr = pages / threads + (i < pages % threads);
		s->random = run->board->seed + i + 1;
		s->order = malloc(s->nr * sizeof(*s->order));
		if (!s->order)
			return "no memory for the order of pages";
	}
	/* for each thread, a window, a batch as it is read back, and as it should be */
	run->memory_size = threads * ((size_t)(run->window + run->batch) * PAGE_BYTES +
				      (size_t)run->batch * PAGE_STRIDE);
	run->memory = mmap(NULL, run->memory_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (run->memory == MAP_FAILED) {
		run->memory = NULL;
		return "no memory for the buffers";
	}
	return session_open(run);
}

int page_run_round(struct page_run *run, const char **failed)
{
	const bool uring = page_engine_is_uring(run->kind);
	struct page_writer *w = calloc(run->threads, sizeof(*w));
	pthread_t thread[PAGE_MAX_THREADS];
	unsigned int i, nr, ended;
	int ret = 0, seen;

	*failed = "memory";
	if (!w)
		return -ENOMEM;
	run->idle = page_engine_has_workers(run->kind) &&
		    ms_since(&page_shared->start) - run->last_idle > IDLE_EVERY_MS;
	if (run->idle)
		run->last_idle = ms_since(&page_shared->start);
	run->writing = run->threads;
	for (nr = 0; nr < run->threads; nr++) {
		w[nr].run = run;
		w[nr].nr = nr;
		/*
		 * Not PROVOKE_CREATE_WORKER_CB: it caps the workers that block, and newer kernels
		 * count a request with IOSQE_ASYNC among them, also one on a regular file.
		 */
		if (uring && provoke_open(&w[nr].provoke, PROVOKE_POLL_WAKE,
					  page_engine_setup_flags(run->kind))) {
			*failed = "opening pipes";
			ret = -EMFILE;
			break;
		}
		w[nr].provoke.max_workers = run->options->workers;
		ret = -pthread_create(&thread[nr], NULL, page_writer_run, &w[nr]);
		if (ret) {
			*failed = "starting threads";
			if (uring)
				provoke_close(&w[nr].provoke);
			break;
		}
	}
	__atomic_sub_fetch(&run->writing, run->threads - nr, __ATOMIC_RELEASE);
	run->synced = nr == run->threads;
	do {
		ended = 0;
		page_files_read_along(&run->files);
		for (i = 0; i < nr; i++) {
			if (__atomic_load_n(&w[i].ended, __ATOMIC_ACQUIRE))
				ended++;
			else if (uring)
				page_writer_provoke(&w[i]);
		}
		page_nap();
		if (orphaned(page_shared->main))
			_exit(KSFT_FAIL);
	} while (ended < nr);
	for (i = 0; i < nr; i++) {
		/* 5.10 may have a worker block in a splice that nobody cancels any more */
		if (uring)
			provoke_release(&w[i].provoke);
		pthread_join(thread[i], NULL);
		if (uring) {
			provoke_end(&w[i].provoke);
			provoke_close(&w[i].provoke);
		}
		run->board->counts.creations += w[i].creations;
		run->synced &= w[i].synced;
		if (!ret && w[i].error) {
			ret = w[i].error;
			*failed = w[i].failed;
		}
	}
	free(w);
	/* also of a round that failed: what came to the files before is there */
	seen = page_verifier_look(&run->files, run->synced);
	if (!ret && seen) {
		*failed = "verifying";
		ret = seen;
	}
	run->round++;
	return ret;
}
