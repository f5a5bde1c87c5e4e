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
 * never had a ring, the page cache by pread(2) and by mmap(2), and the disk by O_DIRECT and after
 * the page cache has been dropped. All of it is compared with the page that scalar code computes
 * from the page's number and generation. So are pages that nobody writes; and the results of writes
 * and reads, and the sizes of files, are looked at as well. What is wrong is counted at the look
 * (page_board.h), and a round writes no page twice, so that nothing covers it. So the report can
 * tell where a page went wrong first, and how.
 *
 * A control runs first: what is damaged on purpose in each of these places must be found, told as
 * what it is, and nothing else. If not all of it is found, every result is SKIP; if there is more,
 * the control fails.
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
#include "disk.h"
#include "engine.h"
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "module.h"
#include "page_files.h"
#include "program.h"
#include "provoke.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

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
	bool control_ok;
	char no_module[256];	/* why there is none, or empty */
	struct result result[ENGINE_NR];
};

static struct {
	double seconds;
	unsigned int threads, files;
	size_t size;
	const char *dir;
	const char *fs;		/* one of its own, with its image in dir */
	const char *engine;
	const char *json;
	unsigned int views;
	unsigned int workers;		/* at most, 0: as many as it takes */
	bool direct, stop_first, no_module;
} opt = {
	.seconds = 1, .threads = 2, .files = 4, .size = 2 << 20, .dir = "/dev/shm",
	.views = VIEW_BIT(VIEW_PAGES) - 1,
};

static struct shared *shared;
static const char *files_dir;	/* opt.dir, or the root of opt.fs */

static void nap(void)
{
	const struct timespec t = { .tv_nsec = NAP_NS };

	nanosleep(&t, NULL);
}

/* With a cap on the workers the point is that no more are created. */
static bool wants_creations(enum engine_kind kind)
{
	return engine_has_workers(kind) && !opt.workers;
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
	ret = engine_run(&w->engine, out, nr, true);
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
		ret = engine_run(&w->engine, in, nr, false);
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
	const bool behind = wants_creations(w->run->kind) &&
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

static int sync_files(struct writer *w)
{
	unsigned int i;

	w->failed = "fsync";
	for (i = 0; i < opt.files; i++)
		if (fsync(w->run->files.fds[i]))
			return -errno;
	return 0;
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
	cpu_set_t cpus;
	bool opened;
	int ret;

	w->out = area.memory;
	w->in = w->out + (size_t)run->window * PAGE_BYTES;
	w->want = w->out + buffers;
	sched_getaffinity(0, sizeof(cpus), &cpus);
	w->failed = "setting up";
	ret = engine_open(&w->engine, run->kind, &area);
	opened = !ret;
	if (!ret && uring)
		ret = provoke_begin(&w->provoke, &cpus);
	w->spare = WINDOWS - windows;
	for (n = 0, first = 0; !ret && n < windows; n++, first = next) {
		/* so that workers come and go */
		engine_limit_workers(&w->engine, opt.workers ?: 1 + n % MAX_WORKERS);
		next = pages * (n + 1) / windows;
		ret = write_window(w, first, next - first, run->idle && n == windows / 2);
	}
	if (!ret)
		ret = sync_files(w);
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
static const char *run_open(struct run *run, enum engine_kind kind, unsigned int threads)
{
	static struct page_files_setup setup;
	unsigned int pages, i;
	const char *why;

	setup = (struct page_files_setup){
		.dir = files_dir, .name = opt.fs ?: opt.dir, .files = opt.files, .size = opt.size,
		.direct = opt.direct, .views = opt.views, .threads = opt.threads,
	};
	memset(run, 0, sizeof(*run));
	run->kind = kind;
	run->threads = threads;
	run->session = -1;
	run->last_idle = ms_since(&shared->start);
	why = page_files_open(&run->files, &setup, (uint64_t)getpid() << 32 | (uint32_t)time(NULL),
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
	do {
		gone = 0;
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
		if (!ret && w[i].error) {
			ret = w[i].error;
			*failed = w[i].failed;
		}
	}
	free(w);
	/* also of a round that failed: what came to the files before is there */
	seen = page_files_verify(&run->files);
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

/*
 * Each kind of damage has to be found in every place, and be told as what it is; and nothing else.
 * The pages are written by this thread itself, which is nobody that is under suspicion.
 */
TEST(control_damaged_pages)
{
	unsigned int i, views, wanted = 0, found = 0, all;
	struct page_id id;
	struct run run;
	struct writer w = { .run = &run };
	const char *why;
	int ret;

	why = run_open(&run, ENGINE_NONE, 1);
	if (why) {
		run_close(&run);
		SKIP(return, "%s", why);
	}
	views = run.board->counts.views;
	all = opt.files * run.board->pages;
	run.tamper = damage_on_purpose;
	run.most = ARRAY_SIZE(spots) * spot_every(&run);
	write_pages(&w);
	if (views & VIEWS_FILE) {
		/* a sentinel, and something behind the end */
		id = page_board_id(run.board, 0, run.board->pages - 1);
		damage_file(&run, &id, PAGE_ZEROES);
		wanted++;
	}
	if (pwrite(run.files.plain[0], "", 1, opt.size + 100) == 1)
		wanted++;
	ret = page_files_verify(&run.files) ?: w.error;
	if (ret) {
		run_close(&run);
		SKIP(return, "%s fails: %s", w.error ? w.failed : "verifying", strerror(-ret));
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
	shared->control_ok = wanted && found == wanted;
	ksft_print_msg("control: %u of %u damaged pages found, and %d others of %u\n", found,
		       wanted, (int)run.board->counts.pages.violations - (int)found, all);
	/* nobody damaged these, and io_uring had nothing to do with it */
	if (shared->control_ok)
		EXPECT_EQ(wanted, run.board->counts.pages.violations);
	run_close(&run);
	if (!shared->control_ok)
		SKIP(return, "pages that were damaged on purpose are not found");
}

/* --- the engines */

FIXTURE(engine)
{
	struct result *result;
};

FIXTURE_VARIANT(engine)
{
	enum engine_kind kind;
};

FIXTURE_VARIANT_ADD(engine, uring)
{
	.kind = ENGINE_URING
};

FIXTURE_VARIANT_ADD(engine, uring_async)
{
	.kind = ENGINE_URING_ASYNC
};

FIXTURE_VARIANT_ADD(engine, uring_sqpoll)
{
	.kind = ENGINE_URING_SQPOLL
};

FIXTURE_VARIANT_ADD(engine, uring_fixed)
{
	.kind = ENGINE_URING_FIXED
};

FIXTURE_VARIANT_ADD(engine, thread)
{
	.kind = ENGINE_THREAD
};

FIXTURE_VARIANT_ADD(engine, kthread)
{
	.kind = ENGINE_KTHREAD
};

FIXTURE_SETUP(engine)
{
	self->result = &shared->result[variant->kind];
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
		[PLACE_END] = "at the end of the file",
	};

	return names[place];
}

static void settle_measured(struct result *r, enum engine_kind kind)
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
	else if (wants_creations(kind) && c->creations < MIN_CREATIONS)
		settle(&r->answer, "skip",
		       "inconclusive: %llu pages right, but only %llu workers were created while pages were computed, at least %u are needed",
		       pages, (unsigned long long)c->creations, MIN_CREATIONS);
	else
		settle(&r->answer, "pass",
		       "0 wrong of %llu pages written and looked at, rate < %.2g (95 %%), %llu workers created while pages were computed",
		       pages, rate.high, (unsigned long long)c->creations);
}

/* Wrong ones of how many, and each bound is that of its own comparisons. */
static void show_views(const struct page_counts *c)
{
	char text[VIEW_NR * 80] = "";
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
}

static bool more_wanted(const struct run *run, double seconds)
{
	double limit = opt.seconds;

	if (opt.stop_first && run->board->counts.pages.violations)
		return false;
	/* a slow machine gets more time, rather than a result that says nothing */
	if (run->board->counts.pages.events < MIN_PAGES ||
	    (wants_creations(run->kind) && run->board->counts.creations < MIN_CREATIONS))
		limit *= SLOW;
	return seconds < limit;
}

static void show_progress(const struct run *run, double seconds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %.0f s, %llu pages, %llu wrong\033[K\r",
			engine_names[run->kind], seconds,
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

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(engine, pages_are_intact, INT_MAX / 1000)
{
	const char *why = NULL, *failed = NULL;
	struct result *r = self->result;
	struct timespec start;
	struct run run;
	int ret = 0;

	/* the test cannot outlive the harness, nor a kernel that hangs the whole run */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(SLOW * opt.seconds + 60);

	if (opt.engine && strcmp(opt.engine, engine_names[variant->kind]))
		why = "not asked for";
	else if (!shared->control_ok)
		why = "the control did not behave";
	if (why) {
		settle(&r->answer, "skip", "%s", why);
		SKIP(return, "%s", r->answer.text);
	}
	why = run_open(&run, variant->kind, opt.threads);
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
		show_progress(&run, ms_since(&start) / 1e3);
	} while (!ret && more_wanted(&run, ms_since(&start) / 1e3));
	r->seconds = ms_since(&start) / 1e3;
	r->rounds = run.round;
	r->window = run.window;
	r->batch = run.batch;
	r->counts = run.board->counts;
	if (ret && !r->counts.pages.violations)
		settle_error(r, ret, failed);
	else
		settle_measured(r, variant->kind);
	show_samples(&r->counts);
	if (run.session >= 0)
		close(run.session);
	run_close(&run);

	if (!strcmp(r->answer.outcome, "skip"))
		SKIP(return, "%s", r->answer.text);
	ksft_print_msg("%s: %s\n", engine_names[variant->kind], r->answer.text);
	show_views(&r->counts);
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
		engine_names[variant], r->answer.outcome);
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
		if (!(c->views & VIEW_BIT(i)))
			continue;
		fprintf(f, "%s \"%s\"", comma, page_view_names[i]);
		comma = ",";
	}
	fprintf(f, " ],\n      ");
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
	json_string(f, opt.dir);
	fprintf(f, ",\n  \"file_system\": ");
	json_string(f, opt.fs ?: "");
	fprintf(f, ",\n  \"direct\": %s,\n  \"control_damaged_pages\": %s",
		opt.direct ? "true" : "false", shared->control_ok ? "true" : "false");
}

static unsigned int variants(void)
{
	return ENGINE_NR;
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
	"  -t SECONDS      time for each engine (default 1; 5 times that to reach 500 pages)\n"
	"  --threads N     threads that write (default 2)\n"
	"  --files N       files that they write to (default 4)\n"
	"  --size SIZE     of each file, such as 512K, 2M (default) or 1G\n"
	"  --dir DIR       where the files are (default /dev/shm); they have no name\n"
	"  --fs TYPE       on an empty tmpfs, ext4 or xfs made for this run, its image in DIR; it is\n"
	"                  mounted nowhere and goes with the program; needs root and mkfs\n"
	"  --direct        open them with O_DIRECT\n"
	"  --engine NAME   uring, uring_async, uring_sqpoll, uring_fixed, thread or kthread alone\n"
	"  --verify VIEWS  of memory,memory_after,readback,cache,mmap,direct,dropped (default: all\n"
	"                  there are); results and sizes are looked at in any case\n"
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
	unsigned int i;
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
				die("--fs takes tmpfs, ext4 or xfs, not '%s'", optarg);
			break;
		case DIRECT:
			opt.direct = true;
			break;
		case ENGINE:
			opt.engine = optarg;
			for (i = 0; i < ENGINE_NR && strcmp(optarg, engine_names[i]); i++)
				;
			if (i == ENGINE_NR)
				die("--engine knows no '%s'; see --help", optarg);
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

/* Returns NULL, or why there is no file system of our own. */
static const char *make_disk(void)
{
	static char path[32];
	const char *why;
	/* twice: ext4 and xfs keep some of it to themselves */
	int root = disk_make(opt.fs, 2 * opt.files * opt.size, opt.dir, &why);

	if (root < 0)
		return why;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", root);
	files_dir = path;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *why;

	parse_options(argc, argv);
	files_dir = opt.dir;
	shared = program_share(sizeof(*shared));
	why = page_init();
	if (!why && opt.fs)
		why = make_disk();
	if (why)
		return program_skip(&program, opt.json, why);
	module_load_unless(opt.no_module, shared->no_module, sizeof(shared->no_module));
	clock_gettime(CLOCK_MONOTONIC, &shared->start);
	shared->main = getpid();
	return program_run(&program, opt.json, harness_main, argv);
}
