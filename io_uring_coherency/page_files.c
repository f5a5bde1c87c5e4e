// SPDX-License-Identifier: GPL-2.0
/*
 * Files of pages, and who looks at them; see page_files.h.
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
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "page_files.h"

#define MOST_THREADS	64
#define SENTINEL_EVERY	16

unsigned int page_files_writable(unsigned int pages)
{
	return pages - 1 - (pages - 1) / SENTINEL_EVERY;
}

unsigned int page_files_page(unsigned int n)
{
	return n + n / (SENTINEL_EVERY - 1);
}

/* --- the verifier */

/*
 * Each view of a page through the page cache, or one view by reading. Returns 0, or the first
 * -errno if not all could be read.
 */
static int look_at_pages(struct page_files *f, unsigned int file, int fd, enum view view,
			 const char *map)
{
	char want[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	char found[PAGE_BYTES] __attribute__((aligned(4096)));	/* for O_DIRECT */
	struct page_board *const b = f->board;
	unsigned int page;
	int ret = 0;

	for (page = 0; page < b->pages; page++) {
		const struct page_id id = page_board_id(b, file, page);
		const off_t at = (off_t)page * PAGE_BYTES;

		if (page_board_state(b, file, page)->unknown)
			continue;
		page_expect(&id, want);
		if (map)
			page_board_look(b, &id, want, map + at, VIEW_MMAP);
		if (!(b->counts.views & VIEW_BIT(view)))
			continue;
		/* what a short read does not bring is wrong in the page */
		page_poison(want, found);
		if (pread(fd, found, PAGE_BYTES, at) >= 0)
			page_board_look(b, &id, want, found, view);
		else if (!ret)
			ret = -errno;
	}
	return ret;
}

static int look_at_cache(struct page_files *f, unsigned int file)
{
	const bool mapped = f->board->counts.views & VIEW_BIT(VIEW_MMAP);
	const size_t size = f->setup->size;
	char *map = NULL;
	int ret;

	if (mapped)
		map = mmap(NULL, size, PROT_READ, MAP_SHARED, f->plain[file], 0);
	if (map == MAP_FAILED)
		return -errno;
	ret = look_at_pages(f, file, f->plain[file], VIEW_CACHE, map);
	if (mapped)
		munmap(map, size);
	return ret;
}

static int look_at_file(struct page_files *f, unsigned int file)
{
	const unsigned int views = f->board->counts.views;
	const int fd = f->plain[file];
	int ret = 0, one;

	page_files_check_size(f, file);
	if (views & (VIEW_BIT(VIEW_CACHE) | VIEW_BIT(VIEW_MMAP)))
		ret = look_at_cache(f, file);
	if (views & VIEW_BIT(VIEW_DIRECT)) {
		one = look_at_pages(f, file, f->direct[file], VIEW_DIRECT, NULL);
		ret = ret ?: one;
	}
	if (views & VIEW_BIT(VIEW_DROPPED)) {
		one = -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (!one)
			one = look_at_pages(f, file, fd, VIEW_DROPPED, NULL);
		ret = ret ?: one;
	}
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
	pthread_t thread[MOST_THREADS];
	struct part part[MOST_THREADS];
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

static void __attribute__((noreturn)) be_verifier(struct page_files *f, int ask, int answer)
{
	char c;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(ask, &c, 1) == 1) {
		ret = look_at_all(f);
		if (write(answer, &ret, sizeof(ret)) != sizeof(ret))
			break;
	}
	_exit(0);
}

int page_files_verify(struct page_files *f)
{
	char c = 0;
	int ret;

	if (write(f->ask, &c, 1) != 1 || read(f->answer, &ret, sizeof(ret)) != sizeof(ret))
		ret = -ECHILD;
	page_board_settle(f->board);
	return ret;
}

void page_files_check_size(struct page_files *f, unsigned int file)
{
	struct stat st;

	if (fstat(f->plain[file], &st) || page_board_size(f->board, file, st.st_size))
		return;
	/* if this fails, the next look finds it again */
	if (ftruncate(f->plain[file], f->setup->size))
		return;
}

/* --- setting up */

void page_files_close(struct page_files *f)
{
	unsigned int i;

	if (f->verifier > 0) {
		close(f->ask);
		close(f->answer);
		waitpid(f->verifier, NULL, 0);
	}
	for (i = 0; i < PAGE_FILES_MOST; i++) {
		if (f->plain[i] >= 0)
			close(f->plain[i]);
		if (f->direct[i] >= 0)
			close(f->direct[i]);
	}
	if (f->board)
		page_board_free(f->board);
}

/* A file without a name: nothing is left of it, however the process ends. */
static int nameless_file(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	snprintf(path, sizeof(path), "%s/page_integrity.XXXXXX", dir);
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

static const char *open_files(struct page_files *f)
{
	const struct page_files_setup *setup = f->setup;
	static char why[512];
	char what[300];
	unsigned int i;
	int ret;

	snprintf(what, sizeof(what), "%u files of %zu MiB in %s", setup->files, setup->size >> 20,
		 setup->name);
	for (i = 0; i < setup->files; i++) {
		f->plain[i] = nameless_file(setup->dir);
		if (f->plain[i] < 0)
			return fault(why, sizeof(why), what, errno);
		/* where there is no fallocate() glibc writes to each block */
		ret = posix_fallocate(f->plain[i], 0, setup->size);
		if (ret)
			return fault(why, sizeof(why), what, ret);
		f->direct[i] = again_direct(f->plain[i]);
		f->fds[i] = setup->direct ? f->direct[i] : f->plain[i];
		if (f->fds[i] < 0) {
			snprintf(why, sizeof(why), "%s has no O_DIRECT", setup->name);
			return why;
		}
	}
	return NULL;
}

/* The first generation, so that each page has an older one beneath it. Returns 0 or -errno. */
static int prefill(struct page_files *f)
{
	struct page_board *const b = f->board;
	unsigned int file, page;
	int ret = 0;
	void *buf;

	if (posix_memalign(&buf, 4096, PAGE_BYTES))
		return -ENOMEM;
	for (file = 0; !ret && file < b->files; file++) {
		for (page = 0; !ret && page < b->pages; page++) {
			const struct page_id id = { b->seed, file, page, 1 };
			ssize_t n;

			page_expect(&id, buf);
			n = pwrite(f->plain[file], buf, PAGE_BYTES, (off_t)page * PAGE_BYTES);
			if (n != PAGE_BYTES)
				ret = n < 0 ? -errno : -EIO;
			page_board_state(b, file, page)->generation = 1;
		}
	}
	free(buf);
	return ret;
}

static const char *start_verifier(struct page_files *f)
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
		be_verifier(f, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	f->ask = ask[1];
	f->answer = answer[0];
	return f->verifier < 0 ? "no process for the verifier" : NULL;
}

const char *page_files_open(struct page_files *f, const struct page_files_setup *setup,
			    uint64_t seed, const struct timespec *start)
{
	const char *why;
	struct statfs fs;

	memset(f, 0, sizeof(*f));
	memset(f->plain, -1, sizeof(f->plain));
	memset(f->direct, -1, sizeof(f->direct));
	f->setup = setup;
	why = open_files(f);
	if (why)
		return why;
	f->board = page_board_make(setup->files, setup->size / PAGE_BYTES, setup->views, start);
	if (!f->board)
		return "no memory for what the files should hold";
	f->board->seed = seed;
	f->board->direct = setup->direct;
	if (prefill(f))
		return "the files cannot be written to";
	if (fstatfs(f->plain[0], &fs))
		return "fstatfs fails";
	/* tmpfs is nothing but page cache; there is no disk to look at */
	if (fs.f_type == TMPFS_MAGIC)
		f->board->counts.views &= ~VIEWS_DISK;
	if (f->direct[0] < 0)
		f->board->counts.views &= ~VIEW_BIT(VIEW_DIRECT);
	return start_verifier(f);
}
