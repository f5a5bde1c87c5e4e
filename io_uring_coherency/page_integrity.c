// SPDX-License-Identifier: GPL-2.0
/*
 * page_integrity: does what was written reach the file, whoever does the I/O?
 *
 * As a database does, threads fill pages of 16 KiB by vector code, write them to several files in
 * batches, fsync, overwrite them with the next generation, and read them back. Each engine of
 * engine.h writes the same pages by the same schedule. Where io-wq is involved, the main thread
 * has one of its workers created while a thread computes a batch (provoke.h): that is when
 * powerpc kernels before v6.7-rc4 lost vector registers, and so bytes of pages.
 *
 * Each page is looked at in all the places where it passes: the buffer, once its CQE is there; as
 * the engine reads it back then; and after each round, by a process that has never had a ring, the
 * page cache by pread(2) and by mmap(2), and the disk by O_DIRECT and after the page cache has
 * been dropped. All of it is compared with the page that scalar code computes from the page's
 * number and generation. So the report can tell where a page went wrong first, and how.
 *
 * A control runs first: pages damaged on purpose must be found, and none else. Unless it behaves,
 * every result is SKIP.
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
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "disk.h"
#include "engine.h"
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "module.h"
#include "page.h"
#include "program.h"
#include "provoke.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define MAX_THREADS	64
#define MAX_FILES	64
#define MIN_BATCH	8	/* pages; while they are computed one worker is created ... */
#define BATCH_US	300	/* ... which takes the main thread a nap and an IPI, natively */
#define BATCHES		PROVOKE_ROUND	/* in the life of a writing thread */
#define MIN_PAGES	500	/* fewer say too little */
#define MIN_CREATIONS	30	/* workers created while a thread computed; as before */
#define SLOW		5	/* times -t for a machine that needs it to reach these two */
#define SHOWN		4	/* bad pages printed in full for each engine */
#define NAP_NS		20000
#define MAX_WORKERS	4	/* for the I/O of a thread */
#define IDLE_MS		5200	/* io-wq workers without work end after 5 s */
#define IDLE_EVERY_MS	25000

/* Where a page is looked at. */
enum view {
	VIEW_MEMORY,	/* the buffer, after the CQE */
	VIEW_READBACK,	/* by the engine, at once after the CQE */
	VIEW_CACHE,	/* pread(2) */
	VIEW_MMAP,
	VIEW_DIRECT,	/* O_DIRECT */
	VIEW_DROPPED,	/* pread(2) after posix_fadvise(POSIX_FADV_DONTNEED) */
	VIEW_NR
};

static const char *const view_names[VIEW_NR] = {
	"memory", "readback", "cache", "mmap", "direct", "dropped",
};

#define BIT(n)		(1U << (n))
#define VIEWS_DISK	(BIT(VIEW_DIRECT) | BIT(VIEW_DROPPED))
#define VIEWS_FILE	(BIT(VIEW_CACHE) | BIT(VIEW_MMAP) | VIEWS_DISK)

/* Where it went wrong first. */
enum place {
	PLACE_MEMORY,
	PLACE_READBACK,
	PLACE_CACHE,
	PLACE_DISK,
	PLACE_NR
};

static const char *const place_names[PLACE_NR] = { "memory", "readback", "cache", "disk" };

/* One page of a file, as it should be. Written by its owner, then by the verifier, in turn. */
struct page_state {
	uint32_t generation;
	uint8_t bad;		/* views in which it was wrong */
	uint8_t class;		/* enum page_class, of the first of them */
	bool counted;
};

struct sample {
	struct page_id id;
	enum view view;
	struct page_damage damage;
};

/* Shared by writers and verifier. */
struct board {
	uint64_t pages, bad, stored, creations;
	uint64_t looks;		/* pages compared, in all views */
	uint64_t class[PAGE_NR_CLASSES], place[PLACE_NR];
	uint64_t first_ms;	/* since program start, 0: none is bad */
	unsigned int samples;
	struct sample sample[SHOWN];
	unsigned int views;	/* that this file system has */
	int error;		/* -errno of the verifier */
	struct page_state state[];
};

struct result {
	struct answer answer;
	struct evidence evidence;	/* pages written, pages found wrong */
	uint64_t stored;	/* of these, wrong in the file, too */
	uint64_t creations, rounds;
	uint64_t looks;
	uint64_t class[PAGE_NR_CLASSES], place[PLACE_NR];
	uint64_t first_ms;
	unsigned int views, batch;
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
	.views = BIT(VIEW_NR) - 1,
};

static struct shared *shared;
static const char *files_dir;	/* opt.dir, or the root of opt.fs */

static void nap(void)
{
	const struct timespec t = { .tv_nsec = NAP_NS };

	nanosleep(&t, NULL);
}

/* --- the files and what they should hold */

struct run {
	enum engine_kind kind;
	uint64_t seed;
	unsigned int file_pages;	/* in each file */
	int plain[MAX_FILES];
	int direct[MAX_FILES];		/* with O_DIRECT, or -1 */
	int fds[MAX_FILES];		/* which of them the engine takes */
	struct engine_area area;
	struct board *board;
	size_t board_size;
	pid_t verifier;
	int ask, answer;
	unsigned int round;
	double last_idle;		/* ms_since() the start */
	bool idle;			/* in this round workers idle out */
	unsigned int batch;		/* pages that are written at once */
};

static struct page_state *state_of(const struct run *run, unsigned int file, unsigned int page)
{
	return &run->board->state[file * run->file_pages + page];
}

/*
 * Looks at one page in one view, against @want of page_expect(), and remembers what is wrong with
 * it.
 */
static void look(struct run *run, const struct page_id *id, const void *want, const void *found,
		 enum view view)
{
	struct page_state *state = state_of(run, id->file, id->page);
	struct page_damage damage;
	unsigned int n;

	__atomic_add_fetch(&run->board->looks, 1, __ATOMIC_RELAXED);
	if (page_compare(id, want, found, &damage))
		return;
	if (!__atomic_load_n(&run->board->first_ms, __ATOMIC_RELAXED))
		__atomic_store_n(&run->board->first_ms, ms_since(&shared->start) + 1,
				 __ATOMIC_RELAXED);
	if (!state->bad) {
		state->class = damage.class;
		n = __atomic_fetch_add(&run->board->samples, 1, __ATOMIC_RELAXED);
		if (n < SHOWN)
			run->board->sample[n] = (struct sample){ *id, view, damage };
	}
	state->bad |= BIT(view);
}

static struct page_id id_of(const struct run *run, unsigned int file, unsigned int page)
{
	return (struct page_id){
		.seed = run->seed, .file = file, .page = page,
		.generation = state_of(run, file, page)->generation,
	};
}

/* --- the verifier: a process of its own, which has no ring and thus no task_work */

/* Each view of a page through the page cache, or one view by reading. Returns 0 or -errno. */
static int look_at_file(struct run *run, unsigned int file, int fd, enum view view, const char *map)
{
	char want[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	char found[PAGE_BYTES] __attribute__((aligned(4096)));	/* for O_DIRECT */
	unsigned int page;

	for (page = 0; page < run->file_pages; page++) {
		const struct page_id id = id_of(run, file, page);
		const off_t at = (off_t)page * PAGE_BYTES;
		ssize_t ret;

		page_expect(&id, want);
		if (map)
			look(run, &id, want, map + at, VIEW_MMAP);
		if (!(run->board->views & BIT(view)))
			continue;
		ret = pread(fd, found, PAGE_BYTES, at);
		if (ret != PAGE_BYTES)
			return ret < 0 ? -errno : -EIO;
		look(run, &id, want, found, view);
	}
	return 0;
}

static int look_at_cache(struct run *run, unsigned int file)
{
	const bool mapped = run->board->views & BIT(VIEW_MMAP);
	char *map = NULL;
	int ret;

	if (mapped)
		map = mmap(NULL, opt.size, PROT_READ, MAP_SHARED, run->plain[file], 0);
	if (map == MAP_FAILED)
		return -errno;
	ret = look_at_file(run, file, run->plain[file], VIEW_CACHE, map);
	if (mapped)
		munmap(map, opt.size);
	return ret;
}

static int verify_file(struct run *run, unsigned int file)
{
	const unsigned int views = run->board->views;
	const int fd = run->plain[file];
	int ret = 0;

	if (views & (BIT(VIEW_CACHE) | BIT(VIEW_MMAP)))
		ret = look_at_cache(run, file);
	if (!ret && views & BIT(VIEW_DIRECT))
		ret = look_at_file(run, file, run->direct[file], VIEW_DIRECT, NULL);
	if (!ret && views & BIT(VIEW_DROPPED)) {
		ret = -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (!ret)
			ret = look_at_file(run, file, fd, VIEW_DROPPED, NULL);
	}
	return ret;
}

static enum place place_of(const struct page_state *state)
{
	if (state->bad & BIT(VIEW_MEMORY))
		return PLACE_MEMORY;
	if (!(state->bad & VIEWS_FILE))
		return PLACE_READBACK;
	/* what is wrong in the page cache is written back so; O_DIRECT goes past it */
	if (state->bad & (BIT(VIEW_CACHE) | BIT(VIEW_MMAP)) && !opt.direct)
		return PLACE_CACHE;
	return PLACE_DISK;
}

static void count_bad(struct run *run)
{
	struct board *b = run->board;
	unsigned int i;

	for (i = 0; i < opt.files * run->file_pages; i++) {
		struct page_state *state = &b->state[i];

		if (!state->bad || state->counted)
			continue;
		state->counted = true;
		b->bad++;
		b->class[state->class]++;
		b->place[place_of(state)]++;
		b->stored += (state->bad & VIEWS_FILE) != 0;
	}
}

struct verifying {
	struct run *run;
	unsigned int first;	/* file; and every opt.threads-th after it */
};

static void *verify_some(void *arg)
{
	const struct verifying *v = arg;
	unsigned int file;
	int ret = 0;

	for (file = v->first; !ret && file < opt.files; file += opt.threads)
		ret = verify_file(v->run, file);
	return (void *)(intptr_t)ret;
}

static int verify_all(struct run *run)
{
	struct verifying part[MAX_THREADS];
	pthread_t thread[MAX_THREADS];
	unsigned int i, nr;
	int ret = 0;

	for (nr = 0; nr < opt.threads; nr++) {
		part[nr] = (struct verifying){ run, nr };
		ret = -pthread_create(&thread[nr], NULL, verify_some, &part[nr]);
		if (ret)
			break;
	}
	for (i = 0; i < nr; i++) {
		void *one;

		pthread_join(thread[i], &one);
		if (!ret)
			ret = (intptr_t)one;
	}
	count_bad(run);
	return ret;
}

static void __attribute__((noreturn)) be_verifier(struct run *run, int ask, int answer)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(ask, &c, 1) == 1) {
		run->board->error = verify_all(run);
		if (write(answer, &c, 1) != 1)
			break;
	}
	_exit(0);
}

/* Has the verifier look at all that is written so far. Returns 0 or -errno. */
static int verify(struct run *run)
{
	char c = 0;

	if (write(run->ask, &c, 1) != 1 || read(run->answer, &c, 1) != 1)
		return -ECHILD;
	return run->board->error;
}

/* --- setting up */

static void run_close(struct run *run)
{
	unsigned int i;

	if (run->verifier > 0) {
		close(run->ask);
		close(run->answer);
		waitpid(run->verifier, NULL, 0);
	}
	for (i = 0; i < MAX_FILES; i++) {
		if (run->plain[i] >= 0)
			close(run->plain[i]);
		if (run->direct[i] >= 0)
			close(run->direct[i]);
	}
	if (run->area.memory)
		munmap(run->area.memory, run->area.size);
	if (run->board)
		munmap(run->board, run->board_size);
}

/* A file without a name: nothing is left of it, however the process ends. */
static int nameless_file(void)
{
	char path[4096];
	int fd = open(files_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	snprintf(path, sizeof(path), "%s/page_integrity.XXXXXX", files_dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int again_direct(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
}

static const char *fault(char *buf, size_t size, const char *what, int err)
{
	snprintf(buf, size, "%s: %s", what, strerror(err));
	return buf;
}

/* The files. Returns NULL, or why they cannot be had. */
static const char *files_open(struct run *run)
{
	static char why[512];
	char what[300];
	unsigned int i;
	int ret;

	snprintf(what, sizeof(what), "%u files of %zu MiB in %s", opt.files, opt.size >> 20,
		 opt.fs ?: opt.dir);
	for (i = 0; i < opt.files; i++) {
		run->plain[i] = nameless_file();
		if (run->plain[i] < 0)
			return fault(why, sizeof(why), what, errno);
		/* where there is no fallocate() glibc writes to each block */
		ret = posix_fallocate(run->plain[i], 0, opt.size);
		if (ret)
			return fault(why, sizeof(why), what, ret);
		run->direct[i] = again_direct(run->plain[i]);
		run->fds[i] = opt.direct ? run->direct[i] : run->plain[i];
		if (run->fds[i] < 0) {
			snprintf(why, sizeof(why), "%s has no O_DIRECT", opt.fs ?: opt.dir);
			return why;
		}
	}
	return NULL;
}

/* The first generation, so that each page has an older one beneath it. Returns 0 or -errno. */
static int prefill(struct run *run)
{
	unsigned int file, page;
	int ret = 0;
	void *buf;

	if (posix_memalign(&buf, 4096, PAGE_BYTES))
		return -ENOMEM;
	for (file = 0; !ret && file < opt.files; file++) {
		for (page = 0; !ret && page < run->file_pages; page++) {
			const struct page_id id = { run->seed, file, page, 1 };
			ssize_t n;

			page_fill(&id, buf);
			n = pwrite(run->plain[file], buf, PAGE_BYTES, (off_t)page * PAGE_BYTES);
			if (n != PAGE_BYTES)
				ret = n < 0 ? -errno : -EIO;
			state_of(run, file, page)->generation = 1;
		}
	}
	free(buf);
	return ret;
}

/* How many pages take a thread BATCH_US to compute, within what there is. */
static unsigned int batch_size(void)
{
	const struct page_id id = { 0 };
	unsigned int batch = ENGINE_DEPTH, i, most;
	struct timespec start;
	void *buf;

	if (posix_memalign(&buf, PAGE_ALIGNMENT, PAGE_BYTES))
		return MIN_BATCH;
	page_fill(&id, buf);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < ENGINE_DEPTH; i++) {
		page_fill(&id, buf);
		if (ms_since(&start) * 1e3 < BATCH_US)
			continue;
		batch = i + 1;
		break;
	}
	free(buf);
	most = opt.files * (opt.size / PAGE_BYTES) / opt.threads / 2;
	if (batch < MIN_BATCH)
		batch = MIN_BATCH;
	return batch < most ? batch : most;
}

/* Files, memory, verifier. Returns NULL, or the reason for a SKIP; run_close() in any case. */
static const char *run_open(struct run *run, enum engine_kind kind)
{
	int ask[2], answer[2];
	const char *why;
	struct statfs fs;

	memset(run, 0, sizeof(*run));
	memset(run->plain, -1, sizeof(run->plain));
	memset(run->direct, -1, sizeof(run->direct));
	run->kind = kind;
	run->seed = (uint64_t)getpid() << 32 | (uint32_t)time(NULL);
	run->last_idle = ms_since(&shared->start);
	run->file_pages = opt.size / PAGE_BYTES;
	why = files_open(run);
	if (why)
		return why;

	run->board_size = sizeof(struct board) +
			  opt.files * run->file_pages * sizeof(struct page_state);
	run->board = mmap(NULL, run->board_size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->board == MAP_FAILED) {
		run->board = NULL;
		return "no memory for what the files should hold";
	}
	run->board->views = opt.views;
	if (prefill(run))
		return "the files cannot be written to";
	if (fstatfs(run->plain[0], &fs))
		return "fstatfs fails";
	/* tmpfs is nothing but page cache; there is no disk to look at */
	if (fs.f_type == TMPFS_MAGIC)
		run->board->views &= ~VIEWS_DISK;
	if (run->direct[0] < 0)
		run->board->views &= ~BIT(VIEW_DIRECT);

	run->batch = batch_size();
	/* for each thread, a batch to be written and the same as it is read back */
	run->area.size = (size_t)opt.threads * 2 * run->batch * PAGE_BYTES;
	run->area.memory = mmap(NULL, run->area.size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (run->area.memory == MAP_FAILED) {
		run->area.memory = NULL;
		return "no memory for the buffers";
	}
	run->area.fds = run->fds;
	run->area.nr_fds = opt.files;

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return "not enough file descriptors for the verifier";
	fflush(stdout);
	run->verifier = fork();
	if (!run->verifier) {
		close(ask[1]);
		close(answer[0]);
		be_verifier(run, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	run->ask = ask[1];
	run->answer = answer[0];
	return run->verifier < 0 ? "no process for the verifier" : NULL;
}

/* --- the writing threads */

struct writer {
	struct run *run;
	unsigned int nr;
	struct provoke provoke;
	unsigned int windows;	/* odd while a batch is computed */
	unsigned int fired;	/* the window for which the main thread fired */
	int before;		/* threads that there were then */
	int gone;
	int error;		/* -errno */
	const char *failed;	/* what */
	uint64_t written;
};

static unsigned int divisor(unsigned int a, unsigned int b)
{
	return b ? divisor(b, a % b) : a;
}

/*
 * Number @n of the pages that a writer owns: file after file and page after page in even rounds,
 * in an order that looks random in odd ones (by a step that has no divisor in common with their
 * number, so that none comes twice in a batch).
 */
static void choose(const struct writer *w, unsigned int n, unsigned int *file, unsigned int *page)
{
	const unsigned int own = opt.files * w->run->file_pages / opt.threads;
	unsigned int step = w->run->round % 2 ? own * 618 / 1000 : 1, i;

	while (divisor(own, step) != 1)
		step++;
	/* the rounds take turns where one does not get through all of them */
	n += w->run->round / 2 * BATCHES * w->run->batch;
	i = (uint64_t)n * step % own * opt.threads + w->nr;
	if (w->run->round % 2) {
		*file = i % opt.files;
		*page = i / opt.files;
	} else {
		*file = i / w->run->file_pages;
		*page = i % w->run->file_pages;
	}
}

static int check_transfers(struct writer *w, const struct transfer *t, const char *what)
{
	unsigned int i;

	for (i = 0; i < w->run->batch; i++) {
		if (t[i].res == PAGE_BYTES)
			continue;
		w->failed = what;
		return t[i].res < 0 ? t[i].res : -EIO;
	}
	return 0;
}

/* @idle: computes until its workers have ended for want of work. Returns 0 or -errno. */
static int write_batch(struct writer *w, struct engine *engine, unsigned int first, bool idle)
{
	const unsigned int views = w->run->board->views, batch = w->run->batch;
	char *const buf = (char *)w->run->area.memory + (size_t)w->nr * 2 * batch * PAGE_BYTES;
	char want[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	struct transfer out[ENGINE_DEPTH], in[ENGINE_DEPTH];
	struct page_id id[ENGINE_DEPTH];
	struct timespec start;
	unsigned int i;
	int ret;

	for (i = 0; i < batch; i++) {
		unsigned int file, page;

		choose(w, first + i, &file, &page);
		id[i] = id_of(w->run, file, page);
		id[i].generation++;
		out[i] = (struct transfer){
			.file = file, .offset = (off_t)page * PAGE_BYTES,
			.buf = buf + i * PAGE_BYTES, .len = PAGE_BYTES,
		};
		in[i] = out[i];
		in[i].buf = buf + (batch + i) * PAGE_BYTES;
	}

	clock_gettime(CLOCK_MONOTONIC, &start);
	__atomic_add_fetch(&w->windows, 1, __ATOMIC_RELEASE);
	do {
		for (i = 0; i < batch; i++)
			page_fill(&id[i], out[i].buf);
	} while (idle && ms_since(&start) < IDLE_MS);
	__atomic_add_fetch(&w->windows, 1, __ATOMIC_RELEASE);

	for (i = 0; i < batch; i++)
		*state_of(w->run, id[i].file, id[i].page) = (struct page_state){
			.generation = id[i].generation,
		};
	w->failed = "writing";
	ret = engine_run(engine, out, batch, true);
	if (!ret)
		ret = check_transfers(w, out, "writing");
	if (ret)
		return ret;
	w->written += batch;
	if (views & BIT(VIEW_READBACK)) {
		w->failed = "reading";
		ret = engine_run(engine, in, batch, false);
		if (!ret)
			ret = check_transfers(w, in, "reading");
		if (ret)
			return ret;
	}
	for (i = 0; i < batch && views & (BIT(VIEW_MEMORY) | BIT(VIEW_READBACK)); i++) {
		page_expect(&id[i], want);
		if (views & BIT(VIEW_MEMORY))
			look(w->run, &id[i], want, out[i].buf, VIEW_MEMORY);
		if (views & BIT(VIEW_READBACK))
			look(w->run, &id[i], want, in[i].buf, VIEW_READBACK);
	}
	return 0;
}

static int sync_files(struct writer *w)
{
	unsigned int i;

	w->failed = "fsync";
	for (i = 0; i < opt.files; i++)
		if (fsync(w->run->fds[i]))
			return -errno;
	return 0;
}

static void *write_pages(void *arg)
{
	struct writer *w = arg;
	struct run *run = w->run;
	struct engine engine;
	cpu_set_t cpus;
	unsigned int n;
	bool opened;
	int ret;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	w->failed = "setting up";
	ret = engine_open(&engine, run->kind, &run->area);
	opened = !ret;
	if (!ret && engine_is_uring(run->kind))
		ret = provoke_begin(&w->provoke, &cpus);
	for (n = 0; !ret && n < BATCHES; n++) {
		if (engine_is_uring(run->kind)) {
			w->failed = "creating workers";
			ret = provoke_prepare(&w->provoke);
		}
		if (ret)
			break;
		/* so that workers come and go */
		engine_limit_workers(&engine, opt.workers ?: 1 + n % MAX_WORKERS);
		ret = write_batch(w, &engine, n * run->batch, run->idle && n == BATCHES / 2);
	}
	if (!ret)
		ret = sync_files(w);
	w->error = ret;
	if (opened)
		engine_close(&engine);
	__atomic_store_n(&w->gone, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Has a worker created for @w if it computes; once in each of its windows. */
static void stir(struct writer *w)
{
	const unsigned int window = __atomic_load_n(&w->windows, __ATOMIC_ACQUIRE);

	if (w->before >= 0 && provoke_threads(&w->provoke) > w->before) {
		if (window == w->fired)
			w->run->board->creations++;
		w->before = -1;
	}
	if (window % 2 == 0 || window == w->fired)
		return;
	w->before = provoke_threads(&w->provoke);
	w->fired = window;
	provoke_fire(&w->provoke);
}

/* One life of all writers, and a look at what they wrote. Returns 0 or -errno. */
static int run_round(struct run *run, const char **failed)
{
	const bool uring = engine_is_uring(run->kind);
	struct writer *w = calloc(opt.threads, sizeof(*w));
	pthread_t thread[MAX_THREADS];
	unsigned int i, nr, gone;
	int ret = 0;

	*failed = "memory";
	if (!w)
		return -ENOMEM;
	run->idle = engine_has_workers(run->kind) &&
		    ms_since(&shared->start) - run->last_idle > IDLE_EVERY_MS;
	if (run->idle)
		run->last_idle = ms_since(&shared->start);
	for (nr = 0; nr < opt.threads; nr++) {
		w[nr].run = run;
		w[nr].nr = nr;
		w[nr].before = -1;
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
		run->board->pages += w[i].written;
		if (!ret && w[i].error) {
			ret = w[i].error;
			*failed = w[i].failed;
		}
	}
	free(w);
	if (!ret) {
		*failed = "verifying";
		ret = verify(run);
	}
	run->round++;
	return ret;
}

/* --- the control */

/* The second generation of a page. */
static void put(struct run *run, unsigned int page)
{
	const struct page_id id = { run->seed, 0, page, 2 };
	char buf[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));

	page_fill(&id, buf);
	if (pwrite(run->plain[0], buf, PAGE_BYTES, (off_t)page * PAGE_BYTES) == PAGE_BYTES)
		state_of(run, 0, page)->generation = 2;
}

/* Damage of each kind, put into the file behind the back of what should be there. */
static void damage(struct run *run, enum page_class class, unsigned int page)
{
	const struct page_id old = { run->seed, 0, page, 1 };
	static const char zeroes[4096];
	const off_t at = (off_t)page * PAGE_BYTES;
	struct page_id next = { run->seed, 0, page + 1, 2 };
	char buf[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	ssize_t ret = 0;

	switch (class) {
	case PAGE_STALE:
		page_fill(&old, buf);
		ret = pwrite(run->plain[0], buf, PAGE_BYTES, at);
		break;
	case PAGE_MISPLACED:
		page_fill(&next, buf);
		ret = pwrite(run->plain[0], buf, PAGE_BYTES, at);
		break;
	case PAGE_TORN:
		page_fill(&old, buf);
		ret = pwrite(run->plain[0], buf + 8192, 8192, at + 8192);
		break;
	case PAGE_ZEROES:
		ret = pwrite(run->plain[0], zeroes, sizeof(zeroes), at + 4096);
		break;
	default:
		ret = pwrite(run->plain[0], zeroes, 16, at + 4096 + 32);
	}
	(void)ret;
}

/* Each kind of damage has to be found in every view of the file, and nothing else. */
TEST(control_damaged_pages)
{
	static const enum page_class classes[] = {
		PAGE_STALE, PAGE_MISPLACED, PAGE_TORN, PAGE_ZEROES, PAGE_REGISTER_HOLE,
	};
	const unsigned int pages = 4 * ARRAY_SIZE(classes);
	unsigned int i, found = 0, views;
	struct run run;
	const char *why;
	int ret;

	why = run_open(&run, ENGINE_THREAD);
	if (why) {
		run_close(&run);
		SKIP(return, "%s", why);
	}
	views = run.board->views & VIEWS_FILE;
	for (i = 0; i < pages; i++)
		put(&run, i);
	fsync(run.plain[0]);
	ret = verify(&run);
	EXPECT_EQ(0U, run.board->bad);
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		damage(&run, classes[i], 4 * i + 1);
	fsync(run.plain[0]);
	if (!ret)
		ret = verify(&run);
	if (ret) {
		run_close(&run);
		SKIP(return, "verifying fails: %s", strerror(-ret));
	}
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		const struct page_state *state = state_of(&run, 0, 4 * i + 1);

		if (state->class == classes[i] && state->bad == views)
			found++;
		else
			ksft_print_msg("%s was found as %s, in views %#x of %#x\n",
				       page_class_name(classes[i]), page_class_name(state->class),
				       state->bad, views);
	}
	if (!views)
		ksft_print_msg("no view of the files is asked for\n");
	shared->control_ok = !views ||
			     (found == ARRAY_SIZE(classes) && run.board->bad == found);
	if (shared->control_ok)
		ksft_print_msg("control: %u of %zu damaged pages found, none of %zu others\n",
			       found, ARRAY_SIZE(classes),
			       (size_t)opt.files * run.file_pages - ARRAY_SIZE(classes));
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
		[PLACE_READBACK] = "when read back right after the CQE, but not later",
		[PLACE_CACHE] = "in the page cache",
		[PLACE_DISK] = "on disk",
	};

	return names[place];
}

/* With a cap on the workers the point is that no more are created. */
static bool wants_creations(enum engine_kind kind)
{
	return engine_has_workers(kind) && !opt.workers;
}

static void settle_measured(struct result *r, enum engine_kind kind)
{
	const unsigned long long pages = r->evidence.events, bad = r->evidence.violations;
	const struct interval rate = evidence_interval(&r->evidence, EVIDENCE_CONFIDENCE);
	char classes[200], places[200];

	list_counts(classes, sizeof(classes), r->class, PAGE_NR_CLASSES, class_name);
	list_counts(places, sizeof(places), r->place, PLACE_NR, place_name);
	if (bad)
		settle(&r->answer, "fail",
		       "%llu of %llu pages written are wrong (%.3g to %.3g, 95 %%), %llu of them stored so: %s; wrong first: %s; first after %llu ms",
		       bad, pages, rate.low, rate.high, (unsigned long long)r->stored, classes,
		       places, (unsigned long long)r->first_ms);
	else if (pages < MIN_PAGES)
		settle(&r->answer, "skip", "inconclusive: %llu pages, at least %u are needed",
		       pages, MIN_PAGES);
	else if (wants_creations(kind) && r->creations < MIN_CREATIONS)
		settle(&r->answer, "skip",
		       "inconclusive: %llu pages right, but only %llu workers were created while pages were computed, at least %u are needed",
		       pages, (unsigned long long)r->creations, MIN_CREATIONS);
	else
		settle(&r->answer, "pass",
		       "0 of %llu pages written are wrong, rate < %.2g (95 %%), %llu workers created while pages were computed",
		       pages, rate.high, (unsigned long long)r->creations);
}

static void take_counts(struct result *r, const struct board *b)
{
	r->evidence.events = b->pages;
	r->evidence.violations = b->bad;
	r->stored = b->stored;
	r->creations = b->creations;
	r->looks = b->looks;
	r->first_ms = b->first_ms;
	r->views = b->views;
	memcpy(r->class, b->class, sizeof(r->class));
	memcpy(r->place, b->place, sizeof(r->place));
}

static void show_samples(const struct board *b)
{
	char text[PAGE_TEXT_SIZE], *second;
	unsigned int i;

	for (i = 0; i < b->samples && i < SHOWN; i++) {
		const struct sample *s = &b->sample[i];

		page_damage_print(text, sizeof(text), &s->id, &s->damage);
		second = strchr(text, '\n');
		if (second)
			*second++ = '\0';
		ksft_print_msg("seen in %s: %s\n", view_names[s->view], text);
		if (second)
			ksft_print_msg("  %s\n", second);
	}
}

static bool more_wanted(const struct run *run, double seconds)
{
	double limit = opt.seconds;

	if (opt.stop_first && run->board->bad)
		return false;
	/* a slow machine gets more time, rather than a result that says nothing */
	if (run->board->pages < MIN_PAGES ||
	    (wants_creations(run->kind) && run->board->creations < MIN_CREATIONS))
		limit *= SLOW;
	return seconds < limit;
}

static void show_progress(const struct run *run, double seconds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %.0f s, %llu pages, %llu wrong\033[K\r",
			engine_names[run->kind], seconds, (unsigned long long)run->board->pages,
			(unsigned long long)run->board->bad);
}

/* Returns NULL, or why the engine cannot be had. */
static const char *session_open(struct run *run)
{
	const char *why = shared->no_module;

	run->area.session = -1;
	if (run->kind != ENGINE_KTHREAD)
		return NULL;
	if (*why)
		return why;
	run->area.session = module_open(&why);
	return run->area.session < 0 ? why : NULL;
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
	why = run_open(&run, variant->kind);
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
	r->batch = run.batch;
	take_counts(r, run.board);
	if (ret && !run.board->bad)
		settle_error(r, ret, failed);
	else
		settle_measured(r, variant->kind);
	if (run.board->bad)
		show_samples(run.board);
	if (run.area.session >= 0)
		close(run.area.session);
	run_close(&run);

	if (!strcmp(r->answer.outcome, "skip"))
		SKIP(return, "%s", r->answer.text);
	ksft_print_msg("%s: %s\n", engine_names[variant->kind], r->answer.text);
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

static void write_variant(FILE *f, unsigned int variant)
{
	const struct result *r = &shared->result[variant];
	const struct interval rate = evidence_interval(&r->evidence, EVIDENCE_CONFIDENCE);
	const char *comma = "";
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", \"outcome\": \"%s\", \"text\": ",
		engine_names[variant], r->answer.outcome);
	json_string(f, r->answer.text);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"stored\": %llu, \"creations\": %llu,\n      \"compared\": %llu,\n",
		(unsigned long long)r->evidence.events, (unsigned long long)r->evidence.violations,
		(unsigned long long)r->stored, (unsigned long long)r->creations,
		(unsigned long long)r->looks);
	fprintf(f,
		"      \"rate_low\": %.6g, \"rate_high\": %.6g, \"seconds\": %.3f, \"rounds\": %llu, \"batch\": %u,\n",
		rate.low, rate.high, r->seconds, (unsigned long long)r->rounds, r->batch);
	if (r->evidence.violations)
		fprintf(f, "      \"first_ms\": %llu,\n", (unsigned long long)r->first_ms);
	fprintf(f, "      \"views\": [");
	for (i = 0; i < VIEW_NR; i++) {
		if (!(r->views & BIT(i)))
			continue;
		fprintf(f, "%s \"%s\"", comma, view_names[i]);
		comma = ",";
	}
	fprintf(f, " ],\n      ");
	json_counts(f, "classes", r->class, PAGE_NR_CLASSES, NULL);
	fprintf(f, ", ");
	json_counts(f, "places", r->place, PLACE_NR, place_names);
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
	"  --verify VIEWS  of memory,readback,cache,mmap,direct,dropped (default: all there are)\n"
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
		for (i = 0; i < VIEW_NR && strcmp(name, view_names[i]); i++)
			;
		if (i == VIEW_NR)
			die("--verify knows no '%s'; see --help", name);
		views |= BIT(i);
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
			opt.files = parse_number("--files", optarg, MAX_FILES);
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
	if (opt.files * (opt.size / PAGE_BYTES) / opt.threads < 2 * MIN_BATCH)
		die("too many threads for so few pages: %d for each are needed", 2 * MIN_BATCH);
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
