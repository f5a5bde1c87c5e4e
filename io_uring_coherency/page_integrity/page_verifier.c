// SPDX-License-Identifier: GPL-2.0
/*
 * The process that looks at the files; see page_verifier.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "compiler.h"
#include "page_verifier.h"
#include "program.h"

#define WANTS_MOST	(16 << 20)
#define CRASH_SHARE	4	/* of the time, at most a part in so many */

/* One look at a file, in one view by reading; and with @map in that by mmap(2), too. */
struct look {
	struct page_files *files;
	unsigned int file;
	int fd;
	enum page_view view;
	const char *map;
	const char *wants;	/* all pages, as they should be; NULL: to be computed each time */
	/* of a view of the disk; else NULL */
	const bool *cached;	/* pages that the page cache has, so that it says nothing of them */
	char *untouched;	/* a mapping, for mincore(2) */
};

static bool in_page_cache(const char *untouched, unsigned int page)
{
	const size_t unit = sysconf(_SC_PAGESIZE), at = (size_t)page * PAGE_BYTES;
	unsigned char resident[PAGE_BYTES / 4096];
	size_t i, nr = unit < PAGE_BYTES ? PAGE_BYTES / unit : 1;

	if (mincore((void *)(untouched + at / unit * unit), nr * unit, resident))
		return true;
	for (i = 0; i < nr; i++)
		if (resident[i] & 1)
			return true;
	return false;
}

/* Returns 0, or the first -errno if not all could be read. */
static int look_at_pages(const struct look *l)
{
	char own[PAGE_BYTES] __aligned(PAGE_ALIGNMENT);
	char found[PAGE_BYTES] __aligned(4096);	/* for O_DIRECT */
	struct page_board *const b = l->files->board;
	unsigned int page;
	int ret = 0;

	for (page = 0; page < b->pages; page++) {
		const struct page_id id = page_board_id(b, l->file, page);
		const off_t at = (off_t)page * PAGE_BYTES;
		const char *const want = l->wants ? l->wants + at : own;

		if (page_board_state(b, l->file, page)->unknown || (l->cached && l->cached[page]))
			continue;
		if (!l->wants)
			page_expect(&id, own);
		if (l->map)
			page_board_look(b, &id, want, l->map + at, VIEW_MMAP);
		if (!(b->counts.views & VIEW_BIT(l->view)))
			continue;
		/* what a short read does not bring is wrong in the page */
		page_poison(want, found);
		if (pread(l->fd, found, PAGE_BYTES, at) < 0)
			ret = ret ?: -errno;
		else if (l->view != VIEW_DIRECT || !in_page_cache(l->untouched, page))
			page_board_look(b, &id, want, found, l->view);
	}
	return ret;
}

/* All pages of a file as they should be, if they are not too many; else NULL. */
static char *expect_all(struct page_files *f, unsigned int file)
{
	struct page_board *const b = f->board;
	char *wants = NULL;
	unsigned int page;

	if (f->setup->size > WANTS_MOST)
		return NULL;
	if (posix_memalign((void **)&wants, PAGE_ALIGNMENT, f->setup->size))
		return NULL;
	for (page = 0; page < b->pages; page++) {
		const struct page_id id = page_board_id(b, file, page);

		if (!page_board_state(b, file, page)->unknown)
			page_expect(&id, wants + (size_t)page * PAGE_BYTES);
	}
	return wants;
}

static int look_at_cache(struct page_files *f, unsigned int file, const char *wants)
{
	const bool mapped = f->board->counts.views & VIEW_BIT(VIEW_MMAP);
	const size_t size = f->setup->size;
	char *map = NULL;
	int ret;

	if (mapped)
		map = mmap(NULL, size, PROT_READ, MAP_SHARED, f->plain[file], 0);
	if (map == MAP_FAILED)
		return -errno;
	ret = look_at_pages(&(struct look){
		.files = f, .file = file, .fd = f->plain[file], .view = VIEW_CACHE, .map = map,
		.wants = wants,
	});
	if (mapped)
		munmap(map, size);
	return ret;
}

/* O_DIRECT comes first, as what is read in the other way gets into the page cache. */
static int look_at_disk(struct page_files *f, unsigned int file, const char *wants)
{
	const size_t size = f->setup->size;
	const int fd = f->plain[file];
	bool *cached = calloc(f->board->pages, sizeof(*cached));
	char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	int ret = 0, direct = 0;
	unsigned int page;

	if (!cached || map == MAP_FAILED)
		ret = -ENOMEM;
	if (!ret)
		ret = -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	for (page = 0; !ret && page < f->board->pages; page++)
		cached[page] = in_page_cache(map, page);
	if (!ret && f->board->counts.views & VIEW_BIT(VIEW_DIRECT))
		direct = look_at_pages(&(struct look){
			.files = f, .file = file, .fd = f->direct[file], .view = VIEW_DIRECT,
			.wants = wants, .cached = cached, .untouched = map,
		});
	if (!ret)
		ret = look_at_pages(&(struct look){
			.files = f, .file = file, .fd = fd, .view = VIEW_DROPPED,
			.wants = wants, .cached = cached,
		});
	if (map != MAP_FAILED)
		munmap(map, size);
	free(cached);
	return ret ?: direct;
}

static int look_at_crash(struct page_files *f, unsigned int file, const char *wants)
{
	char name[32];
	int fd, ret;

	/* not after each round */
	if (f->crash < 0)
		return 0;
	page_files_name(name, sizeof(name), file);
	fd = openat(f->crash, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = look_at_pages(&(struct look){
		.files = f, .file = file, .fd = fd, .view = VIEW_CRASH, .wants = wants,
	});
	close(fd);
	return ret;
}

/*
 * Who looks at one file in those of its views that are asked for, in this order. Each returns 0, or
 * the first -errno if not all could be read.
 */
static const struct {
	uint32_t views;
	int (*look)(struct page_files *f, unsigned int file, const char *wants);
} looks[] = {
	{ VIEW_BIT(VIEW_CACHE) | VIEW_BIT(VIEW_MMAP), look_at_cache },
	{ VIEW_BIT(VIEW_DIRECT) | VIEW_BIT(VIEW_DROPPED), look_at_disk },
	{ VIEW_BIT(VIEW_CRASH), look_at_crash },
};

static int look_at_file(struct page_files *f, unsigned int file)
{
	const unsigned int views = f->board->counts.views;
	char *const wants = expect_all(f, file);
	int ret = 0, one;
	size_t i;

	page_files_check_size(f, file);
	for (i = 0; i < ARRAY_SIZE(looks); i++) {
		if (!(views & looks[i].views))
			continue;
		one = looks[i].look(f, file, wants);
		ret = ret ?: one;
	}
	free(wants);
	/* what is written with O_DIRECT next must not stay in the page cache as it was before */
	if (f->setup->direct)
		posix_fadvise(f->plain[file], 0, 0, POSIX_FADV_WILLNEED);
	return ret;
}

struct part {
	struct page_files *files;
	unsigned int first;	/* file; and every so many threads-th after it */
};

static void *look_at_part(void *arg)
{
	const struct part *part = arg;
	const struct page_files_setup *setup = part->files->setup;
	unsigned int file;
	intptr_t ret = 0;

	for (file = part->first; file < setup->files; file += setup->threads) {
		const int one = look_at_file(part->files, file);

		ret = ret ?: one;
	}
	return (void *)ret;
}

static int look_at_all(struct page_files *f)
{
	pthread_t thread[PAGE_MAX_THREADS];
	struct part part[PAGE_MAX_THREADS];
	unsigned int i, nr;
	int ret = 0, first;
	void *one;

	for (i = 0; i < f->setup->threads; i++)
		part[i] = (struct part){ f, i };
	for (nr = 1; nr < f->setup->threads; nr++) {
		ret = -pthread_create(&thread[nr], NULL, look_at_part, &part[nr]);
		if (ret)
			break;
	}
	first = (intptr_t)look_at_part(&part[0]);
	ret = ret ?: first;
	for (i = 1; i < nr; i++) {
		pthread_join(thread[i], &one);
		ret = ret ?: (intptr_t)one;
	}
	return ret;
}

/* The copy is made before anything else looks. Returns 0 or -errno. */
static int look_at_round(struct page_files *f, bool synced)
{
	const bool due = f->setup->all_crashes || f->crash_ms * CRASH_SHARE <= ms_since(&f->since);
	struct timespec start;
	const char *why;
	int ret, failed = 0;

	if (!synced || !due || !(f->board->counts.views & VIEW_BIT(VIEW_CRASH)))
		return look_at_all(f);
	clock_gettime(CLOCK_MONOTONIC, &start);
	f->crash = page_disk_crash(f->setup->disk, &why);
	if (f->crash < 0)
		failed = f->crash;
	f->crash_ms += ms_since(&start);
	ret = look_at_all(f);
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (f->crash >= 0)
		close(f->crash);
	f->crash = -1;
	f->crash_ms += ms_since(&start);
	return ret ?: failed;
}

static void __noreturn verifier_main(struct page_files *f, int ask, int answer)
{
	char c;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	clock_gettime(CLOCK_MONOTONIC, &f->since);
	f->crash = -1;
	while (read(ask, &c, 1) == 1) {
		ret = look_at_round(f, c);
		if (write(answer, &ret, sizeof(ret)) != sizeof(ret))
			break;
	}
	_exit(0);
}

int page_verifier_look(struct page_files *f, bool synced)
{
	char c = synced;
	int ret;

	if (write(f->ask, &c, 1) != 1 || read(f->answer, &ret, sizeof(ret)) != sizeof(ret))
		ret = -ECHILD;
	page_board_settle(f->board);
	return ret;
}

const char *page_verifier_start(struct page_files *f)
{
	int ask[2], answer[2];

	if (pipe2(ask, O_CLOEXEC))
		return "not enough file descriptors for the verifier";
	if (pipe2(answer, O_CLOEXEC)) {
		close(ask[0]);
		close(ask[1]);
		return "not enough file descriptors for the verifier";
	}
	signal(SIGPIPE, SIG_IGN);	/* it may die */
	fflush(stdout);
	f->verifier = fork();
	if (!f->verifier) {
		close(ask[1]);
		close(answer[0]);
		verifier_main(f, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	f->ask = ask[1];
	f->answer = answer[0];
	return f->verifier < 0 ? "no process for the verifier" : NULL;
}
