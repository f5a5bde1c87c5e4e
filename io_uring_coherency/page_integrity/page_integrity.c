// SPDX-License-Identifier: GPL-2.0
/*
 * page_integrity: does what was written reach the file, whoever does the I/O?
 *
 * As a database does, threads fill pages of 16 KiB by vector code, write them to several files in
 * batches, fsync, overwrite them with the next generation, and read them back. Each engine of
 * engine.h writes the same pages by the same schedule. Where io-wq is involved, the main thread
 * has one of its workers created while a thread computes a window of pages (provoke.h): that is
 * when powerpc kernels before v6.7-rc4 lost vector registers, and so bytes of pages.
 *
 * Each page is looked at in all the places where it passes: the buffer before the write, and once
 * its CQE is there; as the engine reads it back then; and after each round, by a process that has
 * never had a ring, the page cache by pread(2) and by mmap(2), and the disk by O_DIRECT, after the
 * page cache has been dropped, and as a crash would leave it. All of it is compared with the page
 * that scalar code computes from the page's number and generation. So are pages that nobody writes;
 * and the results of writes and reads, and the sizes of files, are looked at as well. What is wrong
 * is counted at the look (page_board.h), and a round writes no page twice, so that nothing covers
 * it. So the report can tell where a page went wrong first, and how.
 *
 * The files are on tmpfs, and then on a file system with a disk, buffered and by O_DIRECT; or only
 * where the options say.
 *
 * Controls run first: what is damaged on purpose in each of these places must be found, told as
 * what it is, and nothing else. If not all of it is found, every result is SKIP; if there is more,
 * the control fails. Damage on the disk must be seen in each view of the disk, or that view has no
 * answer.
 *
 * Another needs the module, and runs when the first engine of io_uring has written all pages right:
 * the module has io-wq write and read some of them wrong. Where these are not found, an engine of
 * io_uring without wrong pages is SKIP.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "engine.h"
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "module.h"
#include "page_files.h"
#include "page_site.h"
#include "planted.h"
#include "program.h"
#include "provoke.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define DIRECTORY	"/dev/shm"
#define MAX_THREADS	64
#define MIN_WINDOW	8	/* pages; while they are computed one worker is created ... */
#define WINDOW_US	300	/* ... which takes the main thread a nap and an IPI, natively */
#define GUARD		4096	/* bytes behind each buffer that is read to ... */
#define GUARD_BYTE	0xa5	/* ... all of which are this */
#define STRIDE		(PAGE_BYTES + GUARD)
#define MAX_WINDOW	160	/* so that the buffers fit into a usual RLIMIT_MEMLOCK, 8 MiB */
#define WINDOWS		PROVOKE_ROUND	/* in the life of a writing thread, at most */
#define MIN_PAGES	500	/* fewer say too little */
#define MIN_CREATIONS	30	/* workers created while a thread computed; as before */
#define WAIT_MS		10	/* at most a window waits for its worker, while they are too few */
#define AGAIN		4	/* times at most that it is computed again then */
#define SLOW		5	/* times -t for a machine that needs it to reach these two */
#define NAP_NS		20000
#define MAX_WORKERS	4	/* for the I/O of a thread */
#define IDLE_MS		5200	/* io-wq workers without work end after 5 s */
#define IDLE_EVERY_MS	25000
#define REDO		3	/* times that a plain pwrite() or pread() is tried */
#define PLANTED_PAGES	128	/* written with each fault that the module plants */
#define PLANTED_SIZE	(1 << 20)	/* of a file at most; all are looked at each time */
#define PLANTED_FILES	4	/* ... and so many */
#define PLANTED_THREADS	2

/* Where the files are. */
enum site {
	SITE_ASKED,		/* as the options say; tmpfs by default, as in the report */
	SITE_DISK,		/* without such options beside it: a file system with a disk ... */
	SITE_DISK_DIRECT,	/* ... and O_DIRECT there */
	SITE_NR
};

/* Each is a test of its own. Not all at all sites: a default run has 45 s, in emulation, too. */
static const struct variant {
	const char *name;
	enum engine_kind kind;
	enum site site;
} variant_of[] = {
	{ "uring", ENGINE_URING, SITE_ASKED },
	{ "uring_async", ENGINE_URING_ASYNC, SITE_ASKED },
	{ "uring_sqpoll", ENGINE_URING_SQPOLL, SITE_ASKED },
	{ "uring_fixed", ENGINE_URING_FIXED, SITE_ASKED },
	{ "thread", ENGINE_THREAD, SITE_ASKED },
	{ "kthread", ENGINE_KTHREAD, SITE_ASKED },
	{ "uring_disk", ENGINE_URING, SITE_DISK },
	{ "uring_async_disk", ENGINE_URING_ASYNC, SITE_DISK },
	{ "thread_disk", ENGINE_THREAD, SITE_DISK },
	{ "uring_disk_direct", ENGINE_URING, SITE_DISK_DIRECT },
	{ "uring_async_disk_direct", ENGINE_URING_ASYNC, SITE_DISK_DIRECT },
	{ "uring_fixed_disk_direct", ENGINE_URING_FIXED, SITE_DISK_DIRECT },
	{ "thread_disk_direct", ENGINE_THREAD, SITE_DISK_DIRECT },
};

#define VARIANT_NR	ARRAY_SIZE(variant_of)

struct result {
	struct answer answer;
	struct page_counts counts;
	uint64_t rounds;
	unsigned int window, batch;
	double seconds;
};

/* Survives the harness's fork of each test. */
struct shared {
	pid_t main;
	struct timespec start;
	bool control_ok[SITE_NR];
	unsigned int unproven[SITE_NR];	/* views whose control failed */
	char no_module[256];	/* why there is none, or empty */
	struct planted planted;
	struct result result[VARIANT_NR];
};

static struct {
	double seconds;
	unsigned int threads, files;
	size_t size;
	const char *dir;	/* or NULL */
	const char *fs;		/* one of its own, with its image in dir */
	const char *engine;
	const char *json;
	unsigned int views;
	unsigned int workers;		/* at most, 0: as many as it takes */
	bool direct, stop_first, no_module;
} opt = {
	/* with these one round writes MIN_PAGES */
	.seconds = 1, .threads = 2, .files = 4, .size = 2304 << 10,
	.views = VIEW_BIT(VIEW_PAGES) - 1,
};

static struct shared *shared;
static struct page_site sites[SITE_NR];

static void nap(void)
{
	const struct timespec t = { .tv_nsec = NAP_NS };

	nanosleep(&t, NULL);
}

/*
 * With a cap on the workers the point is that no more are created; and on the disk of a default
 * run, what writes go through.
 */
static bool wants_creations(enum engine_kind kind, enum site site)
{
	return engine_has_workers(kind) && !opt.workers && site == SITE_ASKED;
}

/* --- the writing threads */

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

static uint64_t draw(uint64_t *random)
{
	/* xorshift64, Marsaglia, "Xorshift RNGs", 2003 */
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/*
 * The pages of this round: of those that are left, at most @most. In each cycle every page comes
 * once, file after file and page after page, or in every other cycle in random order; so no round
 * writes one twice, and what it has written is all there when it is looked at.
 */
static unsigned int plan_round(struct plan *plan, unsigned int most)
{
	unsigned int i, j;
	uint32_t swap;

	if (plan->next == plan->nr) {
		plan->next = 0;
		plan->cycles++;
	}
	for (i = 0; !plan->next && i < plan->nr; i++)
		plan->order[i] = i;
	for (i = plan->nr - 1; !plan->next && plan->cycles % 2 && i; i--) {
		j = draw(&plan->random) % (i + 1);
		swap = plan->order[i];
		plan->order[i] = plan->order[j];
		plan->order[j] = swap;
	}
	return plan->nr - plan->next < most ? plan->nr - plan->next : most;
}

/* Number @n of a round's pages, as it is to be written. */
static struct page_id planned(const struct writer *w, unsigned int n)
{
	const struct plan *plan = &w->run->plan[w->nr];
	const unsigned int in_file = page_files_writable(w->run->board->pages);
	const unsigned int i = plan->order[plan->next + n] * w->run->threads + w->nr;
	struct page_id id = page_board_id(w->run->board, i / in_file, page_files_page(i % in_file));

	id.generation++;
	return id;
}

static void tamper(const struct writer *w, enum view after, unsigned int n,
		   const struct page_id *id, struct transfer *t)
{
	if (w->run->tamper)
		w->run->tamper(w->run, after, n, id, t);
}

static bool no_room(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EDQUOT;
}

/* What pwrite(2) or pread(2) makes of it. Returns 0 or -errno. */
static int redo(const struct writer *w, const struct transfer *t, bool write)
{
	const int fd = w->run->files.fds[t->file];
	unsigned int i;
	ssize_t n = 0;

	for (i = 0; i < REDO && n != (ssize_t)t->len; i++)
		n = write ? pwrite(fd, t->buf, t->len, t->offset) :
			    pread(fd, t->buf, t->len, t->offset);
	if (n == (ssize_t)t->len)
		return 0;
	return n < 0 ? -errno : -EIO;
}

/*
 * A result that is wrong although a system call gets it right is what we look for; if that cannot,
 * either, it is of the machine's making. Returns 0, or the first -errno of that kind.
 */
static int check_results(struct writer *w, const struct page_id *id, const struct transfer *t,
			 unsigned int nr, bool write)
{
	struct page_board *const b = w->run->board;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		const bool right = t[i].res == (int)t[i].len, lost = t[i].res == ENGINE_NO_CQE;
		int failed = 0;

		if (no_room(t[i].res)) {
			failed = t[i].res;
		} else if (lost && opt.workers) {
			/* newer kernels may have it wait for those that block in a splice */
			failed = -ETIME;
		} else if (!right) {
			/* where a file has become shorter, that is what is wrong */
			page_files_check_size(&w->run->files, t[i].file);
			failed = redo(w, &t[i], write);
		}
		if (!failed)
			page_board_result(b, &id[i], write, t[i].res, right);
		if (write && !failed)
			page_board_end(b, &id[i]);
		/* what is still under way is the end of the run */
		ret = ret ?: lost ? -ETIME : failed;
	}
	return ret;
}

static void look_at_guard(struct writer *w, const struct page_id *id, const unsigned char *guard)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < GUARD; i++)
		wrong |= guard[i] ^ GUARD_BYTE;
	if (wrong)
		page_board_overrun(w->run->board, id);
}

/* Writes @nr computed pages, number @first of the round and following. Returns 0 or -errno. */
static int write_batch(struct writer *w, const struct page_id *id, char *buf, unsigned int nr,
		       unsigned int first)
{
	struct page_board *const b = w->run->board;
	struct transfer out[ENGINE_DEPTH], in[ENGINE_DEPTH];
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		char *const want = w->want + (size_t)i * PAGE_BYTES;

		out[i] = (struct transfer){
			.file = id[i].file, .offset = (off_t)id[i].page * PAGE_BYTES,
			.buf = buf + (size_t)i * PAGE_BYTES, .len = PAGE_BYTES,
		};
		in[i] = out[i];
		in[i].buf = w->in + (size_t)i * STRIDE;
		page_expect(&id[i], want);
		tamper(w, VIEW_MEMORY, first + i, &id[i], &out[i]);
		if (b->counts.views & VIEW_BIT(VIEW_MEMORY))
			page_board_look(b, &id[i], want, out[i].buf, VIEW_MEMORY);
	}
	w->failed = "writing";
	ret = engine_run(&w->engine, out, nr, ENGINE_WRITE);
	for (i = 0; i < nr; i++)
		tamper(w, VIEW_MEMORY_AFTER, first + i, &id[i], &out[i]);
	if (!ret)
		ret = check_results(w, id, out, nr, true);
	if (!ret && b->counts.views & VIEW_BIT(VIEW_READBACK)) {
		w->failed = "reading";
		for (i = 0; i < nr; i++) {
			page_poison(w->want + (size_t)i * PAGE_BYTES, in[i].buf);
			memset((char *)in[i].buf + PAGE_BYTES, GUARD_BYTE, GUARD);
		}
		ret = engine_run(&w->engine, in, nr, ENGINE_READ);
		for (i = 0; i < nr; i++)
			tamper(w, VIEW_READBACK, first + i, &id[i], &in[i]);
	}
	for (i = 0; i < nr; i++) {
		const char *const want = w->want + (size_t)i * PAGE_BYTES;

		if (b->counts.views & VIEW_BIT(VIEW_MEMORY_AFTER))
			page_board_look(b, &id[i], want, out[i].buf, VIEW_MEMORY_AFTER);
		/* there is no such result where nothing was read */
		if (in[i].res == PAGE_BYTES) {
			page_board_look(b, &id[i], want, in[i].buf, VIEW_READBACK);
			look_at_guard(w, &id[i], (unsigned char *)in[i].buf + PAGE_BYTES);
		}
		tamper(w, VIEW_CACHE, first + i, &id[i], &in[i]);
	}
	if (!ret && b->counts.views & VIEW_BIT(VIEW_READBACK))
		ret = check_results(w, id, in, nr, false);
	return ret;
}

/* Nothing is computed anew that was not looked at. */
static void look_again(struct writer *w, const struct page_id *id, unsigned int nr)
{
	struct page_board *const b = w->run->board;
	unsigned int i;

	for (i = 0; i < nr && b->counts.views & VIEW_BIT(VIEW_MEMORY); i++) {
		page_expect(&id[i], w->want);
		page_board_look(b, &id[i], w->want, w->out + (size_t)i * PAGE_BYTES, VIEW_MEMORY);
	}
}

/*
 * Until a worker has been created for it, @most ms at most, or with @idle for all of them: so that
 * its workers end for want of work. Returns whether one was.
 */
static bool compute_until(struct writer *w, const struct page_id *id, unsigned int nr, double most,
			  bool idle)
{
	const bool uring = engine_is_uring(w->run->kind);
	const int threads = uring ? provoke_threads(&w->provoke) : 0;
	const unsigned int before = uring ? provoke_came(&w->provoke) : 0;
	struct timespec start;
	bool came = false;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	__atomic_add_fetch(&w->windows, 1, __ATOMIC_RELEASE);
	for (;;) {
		for (i = 0; i < nr; i++)
			page_fill(&id[i], w->out + (size_t)i * PAGE_BYTES);
		came = uring && provoke_came(&w->provoke) != before;
		if ((came && !idle) || ms_since(&start) >= most)
			break;
		look_again(w, id, nr);
	}
	__atomic_add_fetch(&w->windows, 1, __ATOMIC_RELEASE);
	/*
	 * What came in that time was for this thread's io-wq, and there is one thread more; or an
	 * idle worker took it: newer kernels have workers for files do it, too.
	 */
	return came && provoke_threads(&w->provoke) > threads;
}

/*
 * Computes a window. Where too few workers have been created so far it takes longer, as a busy
 * machine may not get to it, and is done more than once: before there was I/O no worker is idle.
 * Returns 0 or -errno.
 */
static int compute(struct writer *w, const struct page_id *id, unsigned int nr, bool idle)
{
	const bool behind = wants_creations(w->run->kind, w->run->site) &&
			    w->run->board->counts.creations < MIN_CREATIONS;
	const double most = idle ? IDLE_MS : behind ? WAIT_MS : 0;
	unsigned int i;
	bool created;
	int ret;

	for (i = 0; ; i++) {
		if (engine_is_uring(w->run->kind)) {
			w->failed = "creating workers";
			ret = provoke_prepare(&w->provoke);
			if (ret)
				return ret;
		}
		created = compute_until(w, id, nr, most, idle);
		w->creations += created;
		if (!created || !behind || idle || i == AGAIN || !w->spare)
			return 0;
		w->spare--;
		look_again(w, id, nr);
	}
}

/* Computes and writes @nr pages, number @first of the round and following. Returns 0 or -errno. */
static int write_window(struct writer *w, unsigned int first, unsigned int nr, bool idle)
{
	struct page_id id[MAX_WINDOW];
	unsigned int i, some;
	int ret;

	for (i = 0; i < nr; i++) {
		id[i] = planned(w, first + i);
		page_board_begin(w->run->board, &id[i]);
	}
	ret = compute(w, id, nr, idle);
	for (i = 0; !ret && i < nr; i += some) {
		some = nr - i < w->run->batch ? nr - i : w->run->batch;
		ret = write_batch(w, &id[i], w->out + (size_t)i * PAGE_BYTES, some, first + i);
	}
	return ret;
}

/*
 * Each file by one of the threads, when all of them have written: another fsync would hide that the
 * first did nothing. Returns 0 or -errno.
 */
static int sync_files(struct writer *w)
{
	struct page_files *const f = &w->run->files;
	struct transfer files[PAGE_FILES_MOST];
	unsigned int i, nr = 0;
	int ret, failed;

	w->failed = "fsync";
	if (w->run->kind == ENGINE_NONE)
		return page_files_write_back(f);
	for (i = w->nr; i < opt.files; i += w->run->threads)
		files[nr++] = (struct transfer){ .file = i };
	ret = engine_run(&w->engine, files, nr, ENGINE_FSYNC);
	for (i = 0; !ret && i < nr; i++) {
		failed = files[i].res && fsync(f->fds[files[i].file]) ? -errno : 0;
		page_board_sync(f->board, files[i].file, files[i].res, !files[i].res || failed);
		ret = files[i].res == ENGINE_NO_CQE ? -ETIME : failed;
	}
	return ret;
}

static void *write_pages(void *arg)
{
	struct writer *w = arg;
	struct run *run = w->run;
	struct plan *plan = &run->plan[w->nr];
	const unsigned int pages = plan_round(plan, run->most);
	const unsigned int windows = (pages + run->window - 1) / run->window;
	const bool uring = engine_is_uring(run->kind);
	const size_t buffers = (size_t)run->window * PAGE_BYTES + (size_t)run->batch * STRIDE;
	struct engine_area area = {
		.fds = run->files.fds, .nr_fds = opt.files, .size = buffers,
		.memory = run->memory + w->nr * (buffers + (size_t)run->batch * PAGE_BYTES),
		.session = run->session,
	};
	unsigned int n, first, next;
	cpu_set_t *cpus;
	size_t size;
	bool opened;
	int ret;

	w->out = area.memory;
	w->in = w->out + (size_t)run->window * PAGE_BYTES;
	w->want = w->out + buffers;
	w->failed = "setting up";
	ret = engine_open(&w->engine, run->kind, &area);
	opened = !ret;
	if (!ret && uring) {
		cpus = cpus_allowed(0, &size);
		ret = cpus ? provoke_begin(&w->provoke, cpus, size) : -ENOMEM;
		free(cpus);
	}
	w->spare = WINDOWS - windows;
	for (n = 0, first = 0; !ret && n < windows; n++, first = next) {
		/* so that workers come and go */
		engine_limit_workers(&w->engine, opt.workers ?: 1 + n % MAX_WORKERS);
		next = pages * (n + 1) / windows;
		ret = write_window(w, first, next - first, run->idle && n == windows / 2);
	}
	__atomic_sub_fetch(&run->writing, 1, __ATOMIC_RELEASE);
	while (!ret && __atomic_load_n(&run->writing, __ATOMIC_ACQUIRE))
		nap();
	if (!ret) {
		ret = sync_files(w);
		w->synced = !ret;
	}
	w->error = ret;
	if (opened)
		engine_close(&w->engine);
	plan->next += pages;
	__atomic_store_n(&w->gone, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Has a worker created for @w if it computes; once in each of its windows. */
static void stir(struct writer *w)
{
	const unsigned int window = __atomic_load_n(&w->windows, __ATOMIC_ACQUIRE);

	if (window % 2 == 0 || window == w->fired)
		return;
	w->fired = window;
	provoke_fire(&w->provoke);
}

/* --- setting up */

static void run_close(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->threads; i++)
		free(run->plan[i].order);
	if (run->memory)
		munmap(run->memory, run->memory_size);
	page_files_close(&run->files);
}

/* How many pages take a thread WINDOW_US to compute, within what there is. */
static unsigned int window_size(unsigned int most)
{
	const struct page_id id = { 0 };
	unsigned int nr = MAX_WINDOW, i;
	struct timespec start;
	void *buf;

	if (posix_memalign(&buf, PAGE_ALIGNMENT, PAGE_BYTES))
		return MIN_WINDOW;
	page_fill(&id, buf);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < MAX_WINDOW; i++) {
		page_fill(&id, buf);
		if (ms_since(&start) * 1e3 < WINDOW_US)
			continue;
		nr = i + 1;
		break;
	}
	free(buf);
	if (nr < MIN_WINDOW)
		nr = MIN_WINDOW;
	return nr < most ? nr : most;
}

/* Files, memory, verifier. Returns NULL, or the reason for a SKIP; run_close() in any case. */
static const char *run_open(struct run *run, enum engine_kind kind, enum site where,
			    unsigned int threads)
{
	const struct page_site *site = &sites[where];
	static struct page_files_setup setup;
	struct timespec now;
	unsigned int pages, i;
	const char *why;

	setup = (struct page_files_setup){
		.dir = site->dir, .name = site->name, .files = opt.files, .size = opt.size,
		.direct = site->direct, .disk = site->ours ? &site->disk : NULL,
		.views = opt.views & ~shared->unproven[where], .threads = opt.threads,
		.all_crashes = kind == ENGINE_NONE,
	};
	memset(run, 0, sizeof(*run));
	run->kind = kind;
	run->site = where;
	run->threads = threads;
	run->session = -1;
	run->last_idle = ms_since(&shared->start);
	/* what was written before, and is still on the disk, is not to be taken for this */
	clock_gettime(CLOCK_REALTIME, &now);
	why = page_files_open(&run->files, &setup,
			      now.tv_sec * 1000000000ULL + now.tv_nsec + ((uint64_t)getpid() << 40),
			      &shared->start);
	if (why)
		return why;
	run->board = run->files.board;

	pages = opt.files * page_files_writable(run->board->pages);
	run->window = window_size(pages / threads);
	run->most = WINDOWS * run->window;
	run->batch = run->window < ENGINE_DEPTH ? run->window : ENGINE_DEPTH;
	for (i = 0; i < threads; i++) {
		struct plan *plan = &run->plan[i];

		plan->nr = pages / threads + (i < pages % threads);
		plan->random = run->board->seed + i + 1;
		plan->order = malloc(plan->nr * sizeof(*plan->order));
		if (!plan->order)
			return "no memory for the order of pages";
	}
	/* for each thread, a window, a batch as it is read back, and as it should be */
	run->memory_size = threads * ((size_t)(run->window + run->batch) * PAGE_BYTES +
				      (size_t)run->batch * STRIDE);
	run->memory = mmap(NULL, run->memory_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (run->memory == MAP_FAILED) {
		run->memory = NULL;
		return "no memory for the buffers";
	}
	return NULL;
}

/* One life of all writers, and a look at what they wrote. Returns 0 or -errno. */
static int run_round(struct run *run, const char **failed)
{
	const bool uring = engine_is_uring(run->kind);
	struct writer *w = calloc(run->threads, sizeof(*w));
	pthread_t thread[MAX_THREADS];
	unsigned int i, nr, gone;
	int ret = 0, seen;

	*failed = "memory";
	if (!w)
		return -ENOMEM;
	run->idle = engine_has_workers(run->kind) &&
		    ms_since(&shared->start) - run->last_idle > IDLE_EVERY_MS;
	if (run->idle)
		run->last_idle = ms_since(&shared->start);
	run->writing = run->threads;
	for (nr = 0; nr < run->threads; nr++) {
		w[nr].run = run;
		w[nr].nr = nr;
		/*
		 * Not PROVOKE_CREATE_WORKER_CB: it caps the workers that block, and newer kernels
		 * count a request with IOSQE_ASYNC among them, also one on a regular file.
		 */
		if (uring && provoke_open(&w[nr].provoke, PROVOKE_POLL_WAKE,
					  run->kind == ENGINE_URING_SQPOLL ? IORING_SETUP_SQPOLL :
					  0)) {
			*failed = "opening pipes";
			ret = -EMFILE;
			break;
		}
		w[nr].provoke.max_workers = opt.workers;
		ret = -pthread_create(&thread[nr], NULL, write_pages, &w[nr]);
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
		gone = 0;
		page_files_read_along(&run->files);
		for (i = 0; i < nr; i++) {
			if (__atomic_load_n(&w[i].gone, __ATOMIC_ACQUIRE))
				gone++;
			else if (uring)
				stir(&w[i]);
		}
		nap();
		if (orphaned(shared->main))
			_exit(KSFT_FAIL);
	} while (gone < nr);
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
	seen = page_files_verify(&run->files, run->synced);
	if (!ret && seen) {
		*failed = "verifying";
		ret = seen;
	}
	run->round++;
	return ret;
}

static void show_sample(const struct page_sample *s)
{
	char text[PAGE_TEXT_SIZE], *second;

	if (s->view == VIEW_SIZE) {
		ksft_print_msg("file %u, page %u, is beyond the end: %lld bytes instead of %lld\n",
			       s->id.file, s->id.page, (long long)s->got, (long long)s->wanted);
		return;
	}
	if (s->damage.class == PAGE_BEYOND_BUFFER) {
		ksft_print_msg("read of file %u page %u generation %u: wrote behind its buffer\n",
			       s->id.file, s->id.page, s->id.generation);
		return;
	}
	if (s->view == VIEW_RESULT && !s->wanted) {
		ksft_print_msg("fsync of file %u: %s; fsync(2) works\n", s->id.file,
			       s->got == ENGINE_NO_CQE ? "no CQE" : strerror(-s->got));
		return;
	}
	if (s->view == VIEW_RESULT) {
		snprintf(text, sizeof(text), "%lld bytes", (long long)s->got);
		ksft_print_msg("%s of file %u page %u generation %u: %s; p%s(2) gets all %lld\n",
			       s->write ? "write" : "read", s->id.file, s->id.page,
			       s->id.generation, s->got == ENGINE_NO_CQE ? "no CQE" :
			       s->got < 0 ? strerror(-s->got) : text,
			       s->write ? "write" : "read", (long long)s->wanted);
		return;
	}
	page_damage_print(text, sizeof(text), &s->id, &s->damage);
	second = strchr(text, '\n');
	if (second)
		*second++ = '\0';
	ksft_print_msg("seen in %s: %s\n", page_view_names[s->view], text);
	if (second)
		ksft_print_msg("  %s\n", second);
}

static void show_samples(const struct page_counts *c)
{
	unsigned int i;

	for (i = 0; i < c->samples && i < PAGE_SAMPLES; i++)
		show_sample(&c->sample[i]);
}

/* --- the control */

/* What is damaged in which place, one page after the other. */
static const struct spot {
	enum view after;
	enum page_class class;
} spots[] = {
	{ VIEW_MEMORY, PAGE_STALE }, { VIEW_MEMORY, PAGE_MISPLACED }, { VIEW_MEMORY, PAGE_TORN },
	{ VIEW_MEMORY, PAGE_MOSAIC }, { VIEW_MEMORY, PAGE_ZEROES },
	{ VIEW_MEMORY, PAGE_REGISTER_HOLE },
	{ VIEW_MEMORY_AFTER, PAGE_STALE }, { VIEW_MEMORY_AFTER, PAGE_MISPLACED },
	{ VIEW_MEMORY_AFTER, PAGE_ZEROES }, { VIEW_MEMORY_AFTER, PAGE_REGISTER_HOLE },
	{ VIEW_READBACK, PAGE_STALE }, { VIEW_READBACK, PAGE_MISPLACED },
	{ VIEW_READBACK, PAGE_TORN }, { VIEW_READBACK, PAGE_MOSAIC },
	{ VIEW_READBACK, PAGE_ZEROES }, { VIEW_READBACK, PAGE_REGISTER_HOLE },
	{ VIEW_READBACK, PAGE_NOT_READ }, { VIEW_READBACK, PAGE_BEYOND_BUFFER },
	{ VIEW_CACHE, PAGE_STALE }, { VIEW_CACHE, PAGE_MISPLACED }, { VIEW_CACHE, PAGE_TORN },
	{ VIEW_CACHE, PAGE_MOSAIC }, { VIEW_CACHE, PAGE_ZEROES },
	{ VIEW_CACHE, PAGE_REGISTER_HOLE },
	{ VIEW_RESULT, PAGE_WRONG_RESULT },
};

/* The views in which such damage is seen: there, and wherever the page comes to from there. */
static unsigned int seen_in(const struct spot *spot, unsigned int views)
{
	switch (spot->after) {
	case VIEW_MEMORY:
		return views & VIEW_BIT(VIEW_MEMORY) ? views : 0;
	case VIEW_CACHE:
		return views & VIEWS_FILE;
	case VIEW_RESULT:
		return VIEW_BIT(VIEW_RESULT);
	default:
		return views & VIEW_BIT(spot->after);
	}
}

/* Makes something of the page @id that it should not be. */
static void damage(const struct page_id *id, enum page_class class, char *page)
{
	char other[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	struct page_id from = *id;

	if (class == PAGE_MISPLACED)
		from.page++;
	else
		from.generation--;
	page_expect(&from, other);
	switch (class) {
	case PAGE_TORN:
		memcpy(page + 8192, other + 8192, 8192);
		break;
	case PAGE_MOSAIC:
		memcpy(page + 4096, other + 4096, 64);
		break;
	case PAGE_ZEROES:
		memset(page + 4096, 0, 4096);
		break;
	case PAGE_REGISTER_HOLE:
		memset(page + 4096 + 32, 0, 16);
		break;
	case PAGE_NOT_READ:
		page_expect(id, other);
		page_poison(other, page);
		break;
	default:
		memcpy(page, other, PAGE_BYTES);
	}
}

/* The same in the file, behind the back of what should be there. */
static void damage_file(struct run *run, const struct page_id *id, enum page_class class)
{
	char page[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));

	page_expect(id, page);
	damage(id, class, page);
	/* if this fails, the control does not behave */
	if (pwrite(run->files.plain[id->file], page, PAGE_BYTES,
		   (off_t)id->page * PAGE_BYTES) != PAGE_BYTES)
		return;
}

static struct page_id spot_ids[ARRAY_SIZE(spots)];

/* Every so many pages of the round there is one. */
static unsigned int spot_every(const struct run *run)
{
	return run->plan[0].nr / ARRAY_SIZE(spots) < 2 ? 1 : 2;
}

static void damage_on_purpose(struct run *run, enum view after, unsigned int n,
			      const struct page_id *id, struct transfer *t)
{
	const unsigned int i = n / spot_every(run);
	const struct spot *spot = &spots[i];

	if (n % spot_every(run) || i >= ARRAY_SIZE(spots))
		return;
	spot_ids[i] = *id;
	if (spot->after == VIEW_RESULT && after == VIEW_MEMORY_AFTER)
		t->res = PAGE_BYTES / 2;
	if (spot->after != after || !seen_in(spot, run->board->counts.views))
		return;
	if (after == VIEW_CACHE)
		damage_file(run, id, spot->class);
	else if (spot->class == PAGE_BEYOND_BUFFER)
		((char *)t->buf)[PAGE_BYTES + 100] = 0;
	else
		damage(id, spot->class, t->buf);
}

/* A round by this thread alone, with no ring: nobody under suspicion. Returns 0 or -errno. */
static int write_alone(struct run *run, const char **failed)
{
	struct writer w = { .run = run };

	run->writing = 1;
	write_pages(&w);
	run->synced = w.synced;
	*failed = w.error ? w.failed : "verifying";
	return w.error;
}

/* Views in which nothing could be looked at. */
static unsigned int not_looked(const struct page_counts *c)
{
	unsigned int i, views = 0;

	for (i = 0; i < VIEW_PAGES; i++)
		if (c->views & VIEW_BIT(i) && !c->view[i].events)
			views |= VIEW_BIT(i);
	return views;
}

/*
 * Each kind of damage has to be found in every place, and be told as what it is; and nothing else.
 * Returns NULL and how many @others were found, or why there is no answer at this site.
 */
static const char *control_damage(enum site site, uint64_t *others)
{
	unsigned int i, views, wanted = 0, found = 0, all;
	static char why_not[600];
	const char *failed, *why;
	struct page_id id;
	struct run run;
	int ret;

	why = run_open(&run, ENGINE_NONE, site, 1);
	if (why) {
		run_close(&run);
		return why;
	}
	all = opt.files * run.board->pages;
	views = run.board->counts.views;
	run.tamper = damage_on_purpose;
	run.most = ARRAY_SIZE(spots) * spot_every(&run);
	ret = write_alone(&run, &failed);
	if (ret) {
		snprintf(why_not, sizeof(why_not), "%s fails: %s", failed, strerror(-ret));
		run_close(&run);
		return why_not;
	}
	if (views & VIEWS_FILE) {
		/* a sentinel, and something behind the end */
		id = page_board_id(run.board, 0, run.board->pages - 1);
		damage_file(&run, &id, PAGE_ZEROES);
		wanted++;
	}
	if (pwrite(run.files.plain[0], "", 1, opt.size + 100) == 1)
		wanted++;
	ret = page_files_write_back(&run.files) ?: page_files_verify(&run.files, true);
	/* what the machine does not have */
	views &= ~not_looked(&run.board->counts);
	if (ret) {
		snprintf(why_not, sizeof(why_not), "verifying fails: %s", strerror(-ret));
		run_close(&run);
		return why_not;
	}
	found = (views & VIEWS_FILE &&
		 page_board_state(run.board, 0, id.page)->wrong == (views & VIEWS_FILE)) +
		run.board->counts.class[PAGE_BEYOND_END];
	for (i = 0; i < ARRAY_SIZE(spots); i++) {
		const struct page_state *state = page_board_state(run.board, spot_ids[i].file,
								  spot_ids[i].page);
		const unsigned int in = seen_in(&spots[i], views);

		if (!in)
			continue;
		wanted++;
		if (state->class == spots[i].class && (state->wrong & in) == in)
			found++;
		else
			ksft_print_msg("%s, %s was found as %s, in views %#x of %#x\n",
				       page_view_names[spots[i].after],
				       page_class_name(spots[i].class),
				       page_class_name(state->class), state->wrong, in);
	}
	if (!wanted || found != wanted)
		why = "pages that were damaged on purpose are not found";
	ksft_print_msg("control: %u of %u damaged pages found, and %d others of %u\n", found,
		       wanted, (int)run.board->counts.pages.violations - (int)found, all);
	/* nobody damaged these, and io_uring had nothing to do with it */
	*others = run.board->counts.pages.violations - wanted;
	run_close(&run);
	return why;
}

TEST(control_damaged_pages)
{
	uint64_t others = 0;
	const char *why = control_damage(SITE_ASKED, &others);

	shared->control_ok[SITE_ASKED] = !why;
	if (why)
		SKIP(return, "%s", why);
	EXPECT_EQ(0U, others);
}

#define BEHIND	5	/* pages damaged on the disk */

/*
 * Damage behind the file system has to be seen in each view of the disk, and in none of the page
 * cache: then they look where they say. Sets the views of the disk that did not. Returns NULL, or
 * why there is no answer.
 */
static const char *control_behind(enum site site, unsigned int *unproven)
{
	const char *why;
	struct run run;
	unsigned int i;
	int ret;

	why = run_open(&run, ENGINE_NONE, site, 1);
	*unproven = 0;
	for (i = 0; !why && i < BEHIND; i++) {
		const struct page_id id = page_board_id(run.board, i % opt.files, i);

		ret = page_files_damage_disk(&run.files, &id);
		if (ret == -ENOENT)
			why = "what was written is not found on the disk";
		else if (ret)
			why = "the disk cannot be written to";
	}
	if (!why && page_files_verify(&run.files, true))
		why = "verifying fails";
	for (i = 0; !why && i < BEHIND; i++) {
		const struct page_state *state = page_board_state(run.board, i % opt.files, i);

		*unproven |= run.board->counts.views & VIEWS_DISK & ~state->wrong;
		if (state->wrong & VIEWS_CACHE)
			why = "the page cache does not keep what was written";
	}
	if (why)
		*unproven = VIEWS_DISK;
	run_close(&run);
	return why;
}

/* Views as "direct, dropped". */
static void list_views(char *buf, size_t size, unsigned int views)
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < VIEW_NR; i++)
		if (views & VIEW_BIT(i) && at < size)
			at += snprintf(buf + at, size - at, "%s%s", at ? ", " : "",
				       page_view_names[i]);
}

#define BEHIND_TRIES	3	/* somebody else may have had the page cache emptied */

TEST(control_damaged_disk)
{
	const enum site site = sites[SITE_DISK].ours ? SITE_DISK : SITE_ASKED;
	unsigned int unproven = 0, i;
	const char *why = NULL;
	uint64_t others = 0;
	char views[200];

	if (!*sites[SITE_DISK].why) {
		why = control_damage(SITE_DISK, &others);
		shared->control_ok[SITE_DISK] = !why;
		shared->control_ok[SITE_DISK_DIRECT] = !why;
	}
	if (!why && (!sites[site].ours || sites[site].disk.image < 0))
		why = "there is no disk that may be written to behind its file system";
	else if (!why && !(opt.views & VIEWS_DISK))
		why = "no view of the disk is asked for";
	if (!*sites[SITE_DISK].why)
		ksft_print_msg("disk: %s%s%s\n", sites[SITE_DISK].name,
			       *sites[SITE_DISK].note ? "; " : "", sites[SITE_DISK].note);
	if (why)
		SKIP(return, "%s", why);
	for (i = 0; !i || (i < BEHIND_TRIES && (why || unproven)); i++)
		why = control_behind(site, &unproven);
	shared->unproven[site] = unproven;
	if (site == SITE_DISK)
		shared->unproven[SITE_DISK_DIRECT] = unproven;
	list_views(views, sizeof(views), unproven);
	EXPECT_EQ(0U, others);
	if (why)
		SKIP(return, "%s", why);
	if (unproven)
		SKIP(return, "damage on the disk is not seen in: %s", views);
	ksft_print_msg("control: %u pages damaged on the disk, seen there, not in the page cache\n",
		       BEHIND);
}

/* --- the engines */

FIXTURE(engine)
{
	unsigned int nr;	/* in variant_of */
};

FIXTURE_VARIANT(engine)
{
	enum engine_kind kind;
	enum site site;
};

FIXTURE_VARIANT_ADD(engine, uring)
{
	.kind = ENGINE_URING, .site = SITE_ASKED
};

FIXTURE_VARIANT_ADD(engine, uring_async)
{
	.kind = ENGINE_URING_ASYNC, .site = SITE_ASKED
};

FIXTURE_VARIANT_ADD(engine, uring_sqpoll)
{
	.kind = ENGINE_URING_SQPOLL, .site = SITE_ASKED
};

FIXTURE_VARIANT_ADD(engine, uring_fixed)
{
	.kind = ENGINE_URING_FIXED, .site = SITE_ASKED
};

FIXTURE_VARIANT_ADD(engine, thread)
{
	.kind = ENGINE_THREAD, .site = SITE_ASKED
};

FIXTURE_VARIANT_ADD(engine, kthread)
{
	.kind = ENGINE_KTHREAD, .site = SITE_ASKED
};

FIXTURE_VARIANT_ADD(engine, uring_disk)
{
	.kind = ENGINE_URING, .site = SITE_DISK
};

FIXTURE_VARIANT_ADD(engine, uring_async_disk)
{
	.kind = ENGINE_URING_ASYNC, .site = SITE_DISK
};

FIXTURE_VARIANT_ADD(engine, thread_disk)
{
	.kind = ENGINE_THREAD, .site = SITE_DISK
};

FIXTURE_VARIANT_ADD(engine, uring_disk_direct)
{
	.kind = ENGINE_URING, .site = SITE_DISK_DIRECT
};

FIXTURE_VARIANT_ADD(engine, uring_async_disk_direct)
{
	.kind = ENGINE_URING_ASYNC, .site = SITE_DISK_DIRECT
};

FIXTURE_VARIANT_ADD(engine, uring_fixed_disk_direct)
{
	.kind = ENGINE_URING_FIXED, .site = SITE_DISK_DIRECT
};

FIXTURE_VARIANT_ADD(engine, thread_disk_direct)
{
	.kind = ENGINE_THREAD, .site = SITE_DISK_DIRECT
};

FIXTURE_SETUP(engine)
{
	while (variant_of[self->nr].kind != variant->kind ||
	       variant_of[self->nr].site != variant->site)
		self->nr++;
}

FIXTURE_TEARDOWN(engine)
{
}

static void settle_error(struct result *r, int err, const char *failed)
{
	const char *why = strcmp(failed, "setting up") ? NULL : no_ring(err);

	if (err == -ETIME && opt.workers)
		why = "no CQE: --workers counts the workers for files, too, here";
	if (why)
		settle(&r->answer, "skip", "%s", why);
	else
		settle(&r->answer, "skip", "%s fails: %s", failed, strerror(-err));
}

/* Counts as "stale 3, torn 1". */
static void list_counts(char *buf, size_t size, const uint64_t *counts, unsigned int nr,
			const char *(*name)(unsigned int))
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < nr; i++)
		if (counts[i] && at < size)
			at += snprintf(buf + at, size - at, "%s%s %llu", at ? ", " : "", name(i),
				       (unsigned long long)counts[i]);
}

static const char *class_name(unsigned int class)
{
	return page_class_name(class);
}

static const char *place_name(unsigned int place)
{
	static const char *const names[PLACE_NR] = {
		[PLACE_MEMORY] = "in memory before the write",
		[PLACE_MEMORY_AFTER] = "in memory after the write",
		[PLACE_RESULT] = "in the result of the write or read",
		[PLACE_READBACK] = "when read back right after the CQE, but not later",
		[PLACE_CACHE] = "in the page cache",
		[PLACE_DISK] = "on disk",
		[PLACE_UNSYNCED] = "not on disk after fsync",
		[PLACE_END] = "at the end of the file",
	};

	return names[place];
}

static void settle_measured(struct result *r, enum engine_kind kind, enum site site)
{
	const struct page_counts *c = &r->counts;
	const unsigned long long pages = c->pages.events, bad = c->pages.violations;
	const struct interval rate = evidence_interval(&c->pages, EVIDENCE_CONFIDENCE);
	char classes[200], places[300];

	list_counts(classes, sizeof(classes), c->class, PAGE_NR_CLASSES, class_name);
	list_counts(places, sizeof(places), c->place, PLACE_NR, place_name);
	if (bad)
		settle(&r->answer, "fail",
		       "%llu wrong of %llu pages written and looked at (%.3g to %.3g, 95 %%), %llu of them stored so: %s; wrong first: %s; first after %llu ms",
		       bad, pages, rate.low, rate.high, (unsigned long long)c->stored, classes,
		       places, (unsigned long long)c->first_ms);
	else if (pages < MIN_PAGES)
		settle(&r->answer, "skip", "inconclusive: %llu pages, at least %u are needed",
		       pages, MIN_PAGES);
	else if (wants_creations(kind, site) && c->creations < MIN_CREATIONS)
		settle(&r->answer, "skip",
		       "inconclusive: %llu pages right, but only %llu workers were created while pages were computed, at least %u are needed",
		       pages, (unsigned long long)c->creations, MIN_CREATIONS);
	else
		settle(&r->answer, "pass",
		       "0 wrong of %llu pages written and looked at, rate < %.2g (95 %%), %llu workers created while pages were computed",
		       pages, rate.high, (unsigned long long)c->creations);
}

/* Wrong ones of how many, and each bound is that of its own comparisons. */
static void show_views(const struct page_counts *c, unsigned int unproven)
{
	char text[VIEW_NR * 80] = "";
	const unsigned int none = not_looked(c);
	unsigned int i, at = 0;

	for (i = 0; i < VIEW_NR; i++) {
		const struct interval rate = evidence_interval(&c->view[i], EVIDENCE_CONFIDENCE);

		if (c->view[i].events)
			at += snprintf(text + at, sizeof(text) - at, "%s %s %llu of %llu (%.2g)",
				       at ? "," : "", page_view_names[i],
				       (unsigned long long)c->view[i].violations,
				       (unsigned long long)c->view[i].events, rate.high);
	}
	ksft_print_msg("  wrong, by view (rate at most, 95 %%):%s\n", text);
	list_views(text, sizeof(text), none);
	if (none)
		ksft_print_msg("  nothing could be looked at in: %s\n", text);
	list_views(text, sizeof(text), unproven);
	if (unproven)
		ksft_print_msg("  no answer, as the control failed, in: %s\n", text);
}

/* -t is the time of an engine, at all of its sites. */
static double time_of(enum engine_kind kind)
{
	unsigned int i, nr = 0;

	for (i = 0; i < VARIANT_NR; i++)
		nr += variant_of[i].kind == kind && !*sites[variant_of[i].site].why;
	return opt.seconds / nr;
}

static bool more_wanted(const struct run *run, double seconds)
{
	const bool created = !wants_creations(run->kind, run->site) ||
			     run->board->counts.creations >= MIN_CREATIONS;
	double limit = time_of(run->kind);

	if (opt.stop_first && run->board->counts.pages.violations)
		return false;
	/* a slow machine gets more time, rather than a result that says nothing */
	if (run->board->counts.pages.events < MIN_PAGES || !created)
		limit = SLOW * (created ? limit : opt.seconds);
	return seconds < limit;
}

static void show_progress(const struct run *run, const char *name, double seconds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %.0f s, %llu pages, %llu wrong\033[K\r",
			name, seconds,
			(unsigned long long)run->board->counts.pages.events,
			(unsigned long long)run->board->counts.pages.violations);
}

/* Returns NULL, or why the engine cannot be had. */
static const char *session_open(struct run *run)
{
	const char *why = shared->no_module;

	if (run->kind != ENGINE_KTHREAD)
		return NULL;
	if (*why)
		return why;
	run->session = module_open(&why);
	return run->session < 0 ? why : NULL;
}

/* What the module has io-wq do wrong. Which register a page is in just now is chance. */
static const enum pbt_plant plants[] = {
	PBT_PLANT_WRITE_SHORT, PBT_PLANT_WRITE_DROPPED, PBT_PLANT_WRITE_MISPLACED,
	PBT_PLANT_WRITE_STALE, PBT_PLANT_READ_SHORT,
};

/* A round with one fault. Returns 0 or -errno. */
static int plant_one(struct planted *p, struct run *run, int session, enum pbt_plant plant)
{
	const struct page_counts *c = &run->board->counts;
	const struct evidence before = c->pages;
	const struct pbt_knobs knobs = { .plants = 1U << plant };
	const char *failed;
	uint64_t found;
	int ret;

	ret = planted_set(session, &knobs);
	if (!ret)
		ret = run_round(run, &failed);
	if (ret)
		return ret;
	snprintf(p->fault[plant].what, sizeof(p->fault[plant].what), "%s",
		 module_plant_names[plant]);
	p->fault[plant].planted = planted_times(session, plant);
	p->fault[plant].events = c->pages.events - before.events;
	/* what is misplaced may be wrong in two places */
	found = c->pages.violations - before.violations;
	p->fault[plant].found = found < p->fault[plant].planted ? found : p->fault[plant].planted;
	return 0;
}

static void plant(struct planted *p, const void *arg)
{
	const enum site site = *(const enum site *)arg;
	const char *why = NULL;
	__u32 possible = 0;
	struct run run;
	unsigned int i;
	int session, ret = 0;

	for (i = 0; i < ARRAY_SIZE(plants); i++)
		possible |= 1U << plants[i];
	if (!(opt.views & (VIEWS_FILE | VIEW_BIT(VIEW_READBACK)))) {
		planted_not(p, "no view of what was written is asked for");
		return;
	}
	session = planted_open(p, &possible);
	if (session < 0)
		return;
	if (opt.size > PLANTED_SIZE)
		opt.size = PLANTED_SIZE;
	if (opt.files > PLANTED_FILES)
		opt.files = PLANTED_FILES;
	if (opt.threads > PLANTED_THREADS)
		opt.threads = PLANTED_THREADS;
	/* what is wrong on the disk is so in the page cache, too, where a look takes less time */
	if (opt.views & VIEWS_CACHE)
		opt.views &= ~VIEWS_DISK;
	why = run_open(&run, ENGINE_URING_ASYNC, site, opt.threads);
	if (why) {
		planted_not(p, why);
		run_close(&run);
		return;
	}
	run.most = PLANTED_PAGES / opt.threads;
	/* nobody has to wait for any */
	run.board->counts.creations = MIN_CREATIONS;
	for (i = 0; !ret && i < ARRAY_SIZE(plants); i++)
		if (possible & 1U << plants[i])
			ret = plant_one(p, &run, session, plants[i]);
	if (ret)
		planted_not(p, strerror(-ret));
	run_close(&run);
	close(session);
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(engine, pages_are_intact, INT_MAX / 1000)
{
	struct result *r = &shared->result[self->nr];
	const enum engine_kind kind = variant->kind;
	const char *why = NULL, *failed = NULL;
	const enum site site = variant->site;
	struct timespec start;
	struct run run;
	int ret = 0;

	/* the test cannot outlive the harness, nor a kernel that hangs the whole run */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(SLOW * opt.seconds + 60);

	if (!names_have(opt.engine, engine_names[kind]))
		why = "not asked for";
	else if (*sites[site].why)
		why = sites[site].why;
	else if (!shared->control_ok[site])
		why = "the control did not behave";
	if (why) {
		settle(&r->answer, "skip", "%s", why);
		SKIP(return, "%s", r->answer.text);
	}
	why = run_open(&run, kind, site, opt.threads);
	if (!why)
		why = session_open(&run);
	if (why) {
		settle(&r->answer, "skip", "%s", why);
		run_close(&run);
		SKIP(return, "%s", r->answer.text);
	}

	prctl(PR_SET_TIMERSLACK, 1);	/* naps are short */
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		ret = run_round(&run, &failed);
		show_progress(&run, variant_of[self->nr].name, ms_since(&start) / 1e3);
	} while (!ret && more_wanted(&run, ms_since(&start) / 1e3));
	r->seconds = ms_since(&start) / 1e3;
	r->rounds = run.round;
	r->window = run.window;
	r->batch = run.batch;
	r->counts = run.board->counts;
	if (ret && !r->counts.pages.violations)
		settle_error(r, ret, failed);
	else
		settle_measured(r, kind, site);
	/* unless it was asked for, an engine without io_uring is there to compare with */
	r->answer.control = !engine_is_uring(kind) && !opt.engine;
	show_samples(&r->counts);
	if (run.session >= 0)
		close(run.session);
	run_close(&run);

	if (!strcmp(r->answer.outcome, "pass") && engine_is_uring(kind)) {
		planted_run(&shared->planted, plant, &site);
		why = planted_missed(&shared->planted);
		if (why)
			settle(&r->answer, "skip", "%s; 0 wrong of %llu pages", why,
			       (unsigned long long)r->counts.pages.events);
	}
	if (!strcmp(r->answer.outcome, "skip"))
		SKIP(return, "%s", r->answer.text);
	ksft_print_msg("%s: %s\n", variant_of[self->nr].name, r->answer.text);
	show_views(&r->counts, opt.views & shared->unproven[site]);
	EXPECT_STREQ("pass", r->answer.outcome);
}

/* Harness and program share the name main(). */
#define main harness_main
TEST_HARNESS_MAIN
#undef main

static void json_counts(FILE *f, const char *key, const uint64_t *counts, unsigned int nr,
			const char *const *names)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"%s\": {", key);
	for (i = 0; i < nr; i++) {
		if (!counts[i])
			continue;
		fprintf(f, "%s ", comma);
		json_string(f, names ? names[i] : page_class_name(i));
		fprintf(f, ": %llu", (unsigned long long)counts[i]);
		comma = ",";
	}
	fprintf(f, " }");
}

/* What was looked at in each view, and what that is worth. */
static void json_looks(FILE *f, const struct page_counts *c)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"looks\": {");
	for (i = 0; i < VIEW_NR; i++) {
		const struct interval rate = evidence_interval(&c->view[i], EVIDENCE_CONFIDENCE);

		if (!c->view[i].events)
			continue;
		fprintf(f,
			"%s\n        \"%s\": { \"events\": %llu, \"violations\": %llu, \"rate_high\": %.6g }",
			comma, page_view_names[i], (unsigned long long)c->view[i].events,
			(unsigned long long)c->view[i].violations, rate.high);
		comma = ",";
	}
	fprintf(f, " }");
}

/* The first that were wrong, and the pieces in which they were. */
static void json_samples(FILE *f, const struct page_counts *c)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"samples\": [");
	for (i = 0; i < c->samples && i < PAGE_SAMPLES; i++) {
		const struct page_sample *s = &c->sample[i];

		fprintf(f, "%s\n        { \"view\": \"%s\", \"class\": \"%s\", \"file\": %u,",
			comma, page_view_names[s->view], page_class_name(s->damage.class),
			s->id.file);
		fprintf(f, " \"page\": %u, \"generation\": %u", s->id.page, s->id.generation);
		if (s->damage.pieces)
			fprintf(f, ", \"pieces\": %u, \"piece\": %u, \"multiple_of\": %u",
				s->damage.pieces, s->damage.piece, s->damage.grain);
		fprintf(f, " }");
		comma = ",";
	}
	fprintf(f, " ]");
}

static void write_variant(FILE *f, unsigned int variant)
{
	const struct result *r = &shared->result[variant];
	const struct page_counts *c = &r->counts;
	const struct interval rate = evidence_interval(&c->pages, EVIDENCE_CONFIDENCE);
	const char *comma = "";
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", \"outcome\": \"%s\", \"text\": ",
		variant_of[variant].name, r->answer.outcome);
	json_string(f, r->answer.text);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"stored\": %llu, \"creations\": %llu,\n      \"compared\": %llu,\n",
		(unsigned long long)c->pages.events,
		(unsigned long long)c->pages.violations, (unsigned long long)c->stored,
		(unsigned long long)c->creations, (unsigned long long)c->looks);
	fprintf(f,
		"      \"rate_low\": %.6g, \"rate_high\": %.6g, \"seconds\": %.3f, \"rounds\": %llu,\n      \"window\": %u, \"batch\": %u,\n",
		rate.low, rate.high, r->seconds, (unsigned long long)r->rounds, r->window,
		r->batch);
	if (c->pages.violations)
		fprintf(f, "      \"first_ms\": %llu,\n", (unsigned long long)c->first_ms);
	fprintf(f, "      \"views\": [");
	for (i = 0; i < VIEW_PAGES; i++) {
		if (!(c->views & ~not_looked(c) & VIEW_BIT(i)))
			continue;
		fprintf(f, "%s \"%s\"", comma, page_view_names[i]);
		comma = ",";
	}
	fprintf(f, " ], \"site\": ");
	json_string(f, sites[variant_of[variant].site].name);
	fprintf(f, ",\n      ");
	json_looks(f, c);
	fprintf(f, ",\n      ");
	json_counts(f, "classes", c->class, PAGE_NR_CLASSES, NULL);
	fprintf(f, ", ");
	json_counts(f, "places", c->place, PLACE_NR, page_place_names);
	fprintf(f, ",\n      ");
	json_samples(f, c);
	fprintf(f, " }");
}

static void write_head(FILE *f)
{
	fprintf(f, ",\n  \"computed_by\": ");
	json_string(f, page_vector_means());
	fprintf(f, ",\n  \"directory\": ");
	json_string(f, opt.dir ?: DIRECTORY);
	fprintf(f, ",\n  \"file_system\": ");
	json_string(f, opt.fs ?: "");
	fprintf(f, ",\n  \"direct\": %s,\n  \"control_damaged_pages\": %s",
		opt.direct ? "true" : "false",
		shared->control_ok[SITE_ASKED] ? "true" : "false");
	planted_json(f, &shared->planted);
}

static unsigned int variants(void)
{
	return VARIANT_NR;
}

static const struct answer *answer(unsigned int variant)
{
	return &shared->result[variant].answer;
}

static const struct program program = {
	.name = "page_integrity",
	.write_head = write_head,
	.variants = variants,
	.answer = answer,
	.write_variant = write_variant,
};

static const char usage[] =
	"usage: page_integrity [-t SECONDS] [--threads N] [--files N] [--size SIZE] [--dir DIR]\n"
	"                      [--fs TYPE] [--direct] [--engine NAME] [--verify VIEWS]\n"
	"                      [--workers N] [--json FILE] [--stop-first] [--no-module]\n"
	"  -t SECONDS      time for each engine, in all places where it writes (default 1; 5 times\n"
	"                  that to reach 500 pages)\n"
	"  --threads N     threads that write (default 2)\n"
	"  --files N       files that they write to (default 4)\n"
	"  --size SIZE     of each file, such as 512K, 1G; default 2304K\n"
	"  --dir DIR       where the files are (default /dev/shm); they have no name\n"
	"  --fs TYPE       on an empty tmpfs, ext4, xfs or btrfs made for this run, its image in DIR;\n"
	"                  it is mounted nowhere and goes with the program; needs root and mkfs\n"
	"  --direct        open them with O_DIRECT\n"
	"                  without these three: in /dev/shm, and by some engines also on a disk, with\n"
	"                  and without O_DIRECT: an ext4 as by --fs, or else $TMPDIR, /var/tmp or .\n"
	"  --engine NAME   of uring,uring_async,uring_sqpoll,uring_fixed,thread,kthread these alone\n"
	"  --verify VIEWS  of memory,memory_after,readback,cache,mmap,direct,dropped,crash\n"
	"                  (default: all there are); results and sizes are looked at in any case\n"
	"  --workers N     a thread has N io-wq workers of each kind at most; the first N are created\n"
	"                  when it submits, and none while it computes\n"
	"  --json FILE     results for programs; $IO_URING_COHERENCY_RESULTS/page_integrity.json\n"
	"                  is the default where that directory is named\n"
	"  --stop-first    an engine ends with the round of its first wrong page\n"
	"  --no-module     leave ppc_barrier_test alone, even where it could be loaded\n"
	"exit status: 0 all pages right, 1 wrong pages, 4 no answer (skipped), 2 wrong usage\n";

static unsigned int parse_number(const char *option, const char *text, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || !n || n > max)
		die("%s takes a number from 1 to %u, not '%s'", option, max, text);
	return n;
}

static size_t parse_size(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	unit = *end ? strchr(units, *end) : NULL;
	if (end == text || *text == '-' || !unit || end[1] || n > 1ULL << 20)
		die("--size takes a number with K, M or G, not '%s'", text);
	n <<= 10 * (unit - units + 1);
	if (n < 512 << 10 || n % PAGE_BYTES)
		die("--size is 512K at least, and whole pages of %d bytes", PAGE_BYTES);
	return n;
}

static unsigned int parse_views(char *list)
{
	unsigned int views = 0, i;
	char *name;

	while ((name = strsep(&list, ","))) {
		for (i = 0; i < VIEW_PAGES && strcmp(name, page_view_names[i]); i++)
			;
		if (i == VIEW_PAGES)
			die("--verify knows no '%s'; see --help", name);
		views |= VIEW_BIT(i);
	}
	return views;
}

static bool engine_exists(const char *name)
{
	unsigned int i;

	for (i = 0; i < ENGINE_NR && strcmp(name, engine_names[i]); i++)
		;
	return i < ENGINE_NR;
}

static void parse_options(int argc, char **argv)
{
	enum {
		THREADS = 256, FILES, SIZE, DIR_, FS, DIRECT, ENGINE, VERIFY, JSON, STOP, NO_MODULE,
		WORKERS
	};
	static const struct option options[] = {
		{ "threads", required_argument, NULL, THREADS },
		{ "files", required_argument, NULL, FILES },
		{ "size", required_argument, NULL, SIZE },
		{ "dir", required_argument, NULL, DIR_ },
		{ "fs", required_argument, NULL, FS },
		{ "direct", no_argument, NULL, DIRECT },
		{ "engine", required_argument, NULL, ENGINE },
		{ "verify", required_argument, NULL, VERIFY },
		{ "json", required_argument, NULL, JSON },
		{ "stop-first", no_argument, NULL, STOP },
		{ "no-module", no_argument, NULL, NO_MODULE },
		{ "workers", required_argument, NULL, WORKERS },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	char *end;
	int c;

	opt.json = json_default("page_integrity");
	while ((c = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			opt.seconds = strtod(optarg, &end);
			if (end == optarg || *end || !(opt.seconds > 0 && opt.seconds < 1e7))
				die("-t takes seconds, not '%s'", optarg);
			break;
		case THREADS:
			opt.threads = parse_number("--threads", optarg, MAX_THREADS);
			break;
		case FILES:
			opt.files = parse_number("--files", optarg, PAGE_FILES_MOST);
			break;
		case SIZE:
			opt.size = parse_size(optarg);
			break;
		case DIR_:
			opt.dir = optarg;
			/* the default may be missing: then there is no answer */
			if (access(optarg, W_OK | X_OK))
				die("cannot write to %s: %s", optarg, strerror(errno));
			break;
		case FS:
			opt.fs = optarg;
			if (!disk_knows(optarg))
				die("--fs takes tmpfs, ext4, xfs or btrfs, not '%s'", optarg);
			break;
		case DIRECT:
			opt.direct = true;
			break;
		case ENGINE:
			opt.engine = optarg;
			if (names_unknown(optarg, engine_exists))
				die("--engine knows no '%s'; see --help",
				    names_unknown(optarg, engine_exists));
			break;
		case VERIFY:
			opt.views = parse_views(optarg);
			break;
		case JSON:
			opt.json = optarg;
			break;
		case STOP:
			opt.stop_first = true;
			break;
		case WORKERS:
			opt.workers = parse_number("--workers", optarg, MAX_WORKERS);
			break;
		case NO_MODULE:
			opt.no_module = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc)
		die("'%s' is not an option", argv[optind]);
	check_json(opt.json);
	if (opt.files * page_files_writable(opt.size / PAGE_BYTES) / opt.threads < MIN_WINDOW)
		die("too many threads for so few pages: %d for each are needed", MIN_WINDOW);
}

/* Returns NULL, or why there is nothing at all to write to. */
static const char *find_sites(void)
{
	const size_t bytes = opt.files * opt.size;
	unsigned int i;

	if (opt.fs && !page_site_make(&sites[SITE_ASKED], opt.fs, bytes, opt.dir ?: DIRECTORY))
		return sites[SITE_ASKED].why;
	if (!opt.fs)
		page_site_directory(&sites[SITE_ASKED], opt.dir ?: DIRECTORY);
	sites[SITE_ASKED].direct = opt.direct;
	if (opt.fs || opt.dir || opt.direct) {
		for (i = SITE_DISK; i < SITE_NR; i++)
			snprintf(sites[i].why, sizeof(sites[i].why), "not asked for");
		return NULL;
	}
	page_site_find(&sites[SITE_DISK], "ext4", bytes, DIRECTORY);
	sites[SITE_DISK_DIRECT] = sites[SITE_DISK];
	sites[SITE_DISK_DIRECT].direct = true;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *why;

	parse_options(argc, argv);
	shared = program_share(sizeof(*shared));
	why = page_init();
	if (!why)
		why = find_sites();
	if (why)
		return program_skip(&program, opt.json, why);
	module_load_unless(opt.no_module, shared->no_module, sizeof(shared->no_module));
	if (*shared->no_module)
		planted_not(&shared->planted, shared->no_module);
	clock_gettime(CLOCK_MONOTONIC, &shared->start);
	shared->main = getpid();
	return program_run(&program, opt.json, harness_main, argv);
}
