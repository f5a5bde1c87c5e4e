// SPDX-License-Identifier: GPL-2.0
/*
 * The threads that fill pages and have them written; see page_writer.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "page_writer.h"
#include "program.h"
#include "random.h"

#define WAIT_MS		10	/* at most a window waits for its worker, while they are too few */
#define AGAIN		4	/* times at most that it is computed again then */
#define IDLE_MS		5200	/* io-wq workers without work end after 5 s */
#define TRIES		3	/* times that a plain pwrite() or pread() is tried */

/*
 * The pages of this round: of those that are left, at most @most. In each cycle every page comes
 * once, file after file and page after page, or in every other cycle in random order; so no round
 * writes one twice, and what it has written is all there when it is looked at.
 */
static unsigned int schedule_round(struct page_schedule *s, unsigned int most)
{
	unsigned int i, j;
	uint32_t swap;

	if (s->next == s->nr) {
		s->next = 0;
		s->cycles++;
	}
	for (i = 0; !s->next && i < s->nr; i++)
		s->order[i] = i;
	for (i = s->nr - 1; !s->next && s->cycles % 2 && i; i--) {
		j = random_below(&s->random, i + 1);
		swap = s->order[i];
		s->order[i] = s->order[j];
		s->order[j] = swap;
	}
	return s->nr - s->next < most ? s->nr - s->next : most;
}

/* Number @n of a round's pages, as it is to be written. */
static struct page_id planned(const struct page_writer *w, unsigned int n)
{
	const struct page_schedule *s = &w->run->schedule[w->nr];
	const unsigned int in_file = page_files_writable(w->run->board->pages);
	const unsigned int i = s->order[s->next + n] * w->run->threads + w->nr;
	struct page_id id = page_board_id(w->run->board, i / in_file, page_files_page(i % in_file));

	id.generation++;
	return id;
}

/* For the control, where there is one. */
static void damage(const struct page_writer *w, enum page_view after, unsigned int n,
		   const struct page_id *id, struct page_transfer *t)
{
	if (w->run->damage)
		w->run->damage(w->run, after, n, id, t);
}

static bool no_room(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EDQUOT;
}

/* What pwrite(2) or pread(2) makes of it. Returns 0 or -errno. */
static int by_syscall(const struct page_writer *w, const struct page_transfer *t, bool write)
{
	const int fd = w->run->files.fds[t->file];
	unsigned int i;
	ssize_t n = 0;

	for (i = 0; i < TRIES && n != (ssize_t)t->len; i++)
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
static int check_results(struct page_writer *w, const struct page_id *id,
			 const struct page_transfer *t, unsigned int nr, bool write)
{
	struct page_board *const b = w->run->board;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		const bool right = t[i].res == (int)t[i].len, lost = t[i].res == ENGINE_NO_CQE;
		int failed = 0;

		if (no_room(t[i].res)) {
			failed = t[i].res;
		} else if (lost && w->run->options->workers) {
			/* newer kernels may have it wait for those that block in a splice */
			failed = -ETIME;
		} else if (!right) {
			/* where a file has become shorter, that is what is wrong */
			page_files_check_size(&w->run->files, t[i].file);
			failed = by_syscall(w, &t[i], write);
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

static void check_guard(struct page_writer *w, const struct page_id *id,
			const unsigned char *guard)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < PAGE_GUARD; i++)
		wrong |= guard[i] ^ PAGE_GUARD_BYTE;
	if (wrong)
		page_board_overrun(w->run->board, id);
}

/* Writes @nr computed pages, number @first of the round and following. Returns 0 or -errno. */
static int write_batch(struct page_writer *w, const struct page_id *id, char *buf, unsigned int nr,
		       unsigned int first)
{
	struct page_board *const b = w->run->board;
	struct page_transfer out[ENGINE_DEPTH], in[ENGINE_DEPTH];
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		char *const want = w->want + (size_t)i * PAGE_BYTES;

		out[i] = (struct page_transfer){
			.file = id[i].file, .offset = (off_t)id[i].page * PAGE_BYTES,
			.buf = buf + (size_t)i * PAGE_BYTES, .len = PAGE_BYTES,
		};
		in[i] = out[i];
		in[i].buf = w->in + (size_t)i * PAGE_STRIDE;
		page_expect(&id[i], want);
		damage(w, VIEW_MEMORY, first + i, &id[i], &out[i]);
		if (b->counts.views & VIEW_BIT(VIEW_MEMORY))
			page_board_look(b, &id[i], want, out[i].buf, VIEW_MEMORY);
	}
	w->failed = "writing";
	ret = page_engine_run(&w->engine, out, nr, ENGINE_WRITE);
	for (i = 0; i < nr; i++)
		damage(w, VIEW_MEMORY_AFTER, first + i, &id[i], &out[i]);
	if (!ret)
		ret = check_results(w, id, out, nr, true);
	if (!ret && b->counts.views & VIEW_BIT(VIEW_READBACK)) {
		w->failed = "reading";
		for (i = 0; i < nr; i++) {
			page_poison(w->want + (size_t)i * PAGE_BYTES, in[i].buf);
			memset((char *)in[i].buf + PAGE_BYTES, PAGE_GUARD_BYTE, PAGE_GUARD);
		}
		ret = page_engine_run(&w->engine, in, nr, ENGINE_READ);
		for (i = 0; i < nr; i++)
			damage(w, VIEW_READBACK, first + i, &id[i], &in[i]);
	}
	for (i = 0; i < nr; i++) {
		const char *const want = w->want + (size_t)i * PAGE_BYTES;

		if (b->counts.views & VIEW_BIT(VIEW_MEMORY_AFTER))
			page_board_look(b, &id[i], want, out[i].buf, VIEW_MEMORY_AFTER);
		/* there is no such result where nothing was read */
		if (in[i].res == PAGE_BYTES) {
			page_board_look(b, &id[i], want, in[i].buf, VIEW_READBACK);
			check_guard(w, &id[i], (unsigned char *)in[i].buf + PAGE_BYTES);
		}
		damage(w, VIEW_CACHE, first + i, &id[i], &in[i]);
	}
	if (!ret && b->counts.views & VIEW_BIT(VIEW_READBACK))
		ret = check_results(w, id, in, nr, false);
	return ret;
}

/* Nothing is computed anew that was not looked at. */
static void look_at_window(struct page_writer *w, const struct page_id *id, unsigned int nr)
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
static bool compute_until(struct page_writer *w, const struct page_id *id, unsigned int nr,
			  double most, bool idle)
{
	const bool uring = page_engine_is_uring(w->run->kind);
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
		look_at_window(w, id, nr);
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
static int compute(struct page_writer *w, const struct page_id *id, unsigned int nr, bool idle)
{
	const bool behind = page_run_wants_creations(w->run) &&
			    w->run->board->counts.creations < PAGE_MIN_CREATIONS;
	const double most = idle ? IDLE_MS : behind ? WAIT_MS : 0;
	unsigned int i;
	bool created;
	int ret;

	for (i = 0; ; i++) {
		if (page_engine_is_uring(w->run->kind)) {
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
		look_at_window(w, id, nr);
	}
}

/* Computes and writes @nr pages, number @first of the round and following. Returns 0 or -errno. */
static int write_window(struct page_writer *w, unsigned int first, unsigned int nr, bool idle)
{
	struct page_id id[PAGE_MAX_WINDOW];
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
static int sync_files(struct page_writer *w)
{
	struct page_files *const f = &w->run->files;
	struct page_transfer files[PAGE_FILES_MOST];
	unsigned int i, nr = 0;
	int ret, failed;

	w->failed = "fsync";
	if (w->run->kind == ENGINE_NONE)
		return page_files_write_back(f);
	for (i = w->nr; i < f->board->files; i += w->run->threads)
		files[nr++] = (struct page_transfer){ .file = i };
	ret = page_engine_run(&w->engine, files, nr, ENGINE_FSYNC);
	for (i = 0; !ret && i < nr; i++) {
		failed = files[i].res && fsync(f->fds[files[i].file]) ? -errno : 0;
		page_board_sync(f->board, files[i].file, files[i].res, !files[i].res || failed);
		ret = files[i].res == ENGINE_NO_CQE ? -ETIME : failed;
	}
	return ret;
}

void *page_writer_run(void *arg)
{
	struct page_writer *w = arg;
	struct page_run *run = w->run;
	struct page_schedule *s = &run->schedule[w->nr];
	const unsigned int pages = schedule_round(s, run->most);
	const unsigned int windows = (pages + run->window - 1) / run->window;
	const bool uring = page_engine_is_uring(run->kind);
	const size_t buffers = (size_t)run->window * PAGE_BYTES + (size_t)run->batch * PAGE_STRIDE;
	struct page_engine_area area = {
		.fds = run->files.fds, .nr_fds = run->board->files, .size = buffers,
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
	ret = page_engine_open(&w->engine, run->kind, &area);
	opened = !ret;
	if (!ret && uring) {
		cpus = cpus_allowed(0, &size);
		ret = cpus ? provoke_begin(&w->provoke, cpus, size) : -ENOMEM;
		free(cpus);
	}
	w->spare = PAGE_WINDOWS - windows;
	for (n = 0, first = 0; !ret && n < windows; n++, first = next) {
		/* so that workers come and go */
		page_engine_limit_workers(&w->engine,
					  run->options->workers ?: 1 + n % PAGE_MAX_WORKERS);
		next = pages * (n + 1) / windows;
		ret = write_window(w, first, next - first, run->idle && n == windows / 2);
	}
	__atomic_sub_fetch(&run->writing, 1, __ATOMIC_RELEASE);
	while (!ret && __atomic_load_n(&run->writing, __ATOMIC_ACQUIRE))
		page_nap();
	if (!ret) {
		ret = sync_files(w);
		w->synced = !ret;
	}
	w->error = ret;
	if (opened)
		page_engine_close(&w->engine);
	s->next += pages;
	__atomic_store_n(&w->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Has a worker created for @w if it computes; once in each of its windows. */
void page_writer_provoke(struct page_writer *w)
{
	const unsigned int window = __atomic_load_n(&w->windows, __ATOMIC_ACQUIRE);

	if (window % 2 == 0 || window == w->fired)
		return;
	w->fired = window;
	provoke_fire(&w->provoke);
}
