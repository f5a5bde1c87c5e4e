// SPDX-License-Identifier: GPL-2.0
/*
 * Files of pages; see page_files.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "compiler.h"
#include "page_verifier.h"

#define SENTINEL_EVERY	16

unsigned int page_files_writable(unsigned int pages)
{
	return pages - 1 - (pages - 1) / SENTINEL_EVERY;
}

unsigned int page_files_page(unsigned int n)
{
	return n + n / (SENTINEL_EVERY - 1);
}

void page_files_name(char *buf, size_t size, unsigned int file)
{
	snprintf(buf, size, "file%u", file);
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

int page_files_write_back(struct page_files *f)
{
	unsigned int i;

	if (f->setup->disk)
		return syncfs(f->plain[0]) ? -errno : 0;
	for (i = 0; i < f->board->files; i++)
		if (fsync(f->plain[i]))
			return -errno;
	return 0;
}

#define STEPS	64	/* so that who reads along soon does something else */

void page_files_read_along(struct page_files *f)
{
	const struct page_board *const b = f->board;
	const unsigned int all = b->files * b->pages;
	char page[PAGE_BYTES];
	unsigned int i, n;

	if (!f->setup->direct)
		return;
	for (i = 0; i < STEPS; i++) {
		n = f->along++ % all;
		if (!page_board_state(f->board, n / b->pages, n % b->pages)->unknown)
			continue;
		/* whatever comes of it is looked at later */
		if (pread(f->plain[n / b->pages], page, PAGE_BYTES,
			  (off_t)(n % b->pages) * PAGE_BYTES) >= 0)
			return;
	}
}

#define SOUGHT	64	/* bytes: the header has all of the page's identity */

int page_files_damage_disk(struct page_files *f, const struct page_id *id)
{
	char page[PAGE_BYTES] __aligned(PAGE_ALIGNMENT);
	unsigned int i;
	off_t at;

	if (pread(f->plain[id->file], page, PAGE_BYTES, (off_t)id->page * PAGE_BYTES) != PAGE_BYTES)
		return -EIO;
	page_expect(id, page);
	at = page_disk_find(f->setup->disk, page, SOUGHT);
	if (at < 0)
		return -ENOENT;
	for (i = SOUGHT; i < SOUGHT + 16; i++)
		page[i] ^= 0xff;
	return pwrite(f->setup->disk->image, page + SOUGHT, 16, at + SOUGHT) == 16 ? 0 : -EIO;
}

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

/* A name of our own file system is nobody else's, and what a crash leaves has no other files. */
static int named_file(const struct page_disk *disk, unsigned int file)
{
	char name[32];

	page_files_name(name, sizeof(name), file);
	unlinkat(disk->root, name, 0);
	return openat(disk->root, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
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
		f->plain[i] = setup->disk ? named_file(setup->disk, i) :
					    page_disk_nameless(setup->dir);
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
	if (prefill(f) || page_files_write_back(f))
		return "the files cannot be written to";
	if (fstatfs(f->plain[0], &fs))
		return "fstatfs fails";
	/* tmpfs is nothing but page cache; there is no disk to look at */
	if (fs.f_type == TMPFS_MAGIC)
		f->board->counts.views &= ~VIEWS_DISK;
	if (f->direct[0] < 0)
		f->board->counts.views &= ~VIEW_BIT(VIEW_DIRECT);
	if (!setup->disk || setup->disk->image < 0)
		f->board->counts.views &= ~VIEW_BIT(VIEW_CRASH);
	return page_verifier_start(f);
}
