/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files that page_integrity writes, each of whole pages.
 *
 * Of each 16 pages the last is a sentinel, and so is the last page of a file: nobody writes them
 * again, so that what gets there, or makes the file longer or shorter, is seen.
 *
 * On a file system of one's own (page_disk.h) damage can be done behind it, for a control of the
 * views of the disk.
 */
#ifndef PAGE_FILES_H
#define PAGE_FILES_H

#include "page_disk.h"
#include "page_board.h"

#define PAGE_FILES_MOST	64
#define PAGE_MAX_THREADS	64	/* that write the files, and that look at them */

/* What is asked for. */
struct page_files_setup {
	const char *dir;
	const char *name;	/* of the place, for people */
	unsigned int files;
	size_t size;		/* of each: whole pages */
	bool direct;		/* engines write with O_DIRECT */
	const struct page_disk *disk;	/* that dir is the root of, or NULL */
	bool all_crashes;	/* looks at what a crash leaves however long that takes */
	unsigned int views;	/* bits */
	unsigned int threads;	/* that look at the files */
};

struct page_files {
	const struct page_files_setup *setup;
	struct page_board *board;
	int plain[PAGE_FILES_MOST];
	int direct[PAGE_FILES_MOST];	/* with O_DIRECT, or -1 */
	int fds[PAGE_FILES_MOST];	/* which of them the engine takes */
	pid_t verifier;		/* see page_verifier.h; 0: there is none */
	int ask, answer;	/* pipes: whether all is synced, one byte; 0 or -errno, an int */
	unsigned int along;	/* state of page_files_read_along() */
	/* of the verifier */
	struct timespec since;
	double crash_ms;	/* that its looks at what a crash leaves took */
	int crash;		/* descriptor of its root, or -1 */
};

/*
 * Files that hold the first generation of each page, and the verifier. Returns NULL, or the reason
 * for a SKIP; page_files_close() in any case.
 */
const char *page_files_open(struct page_files *f, const struct page_files_setup *setup,
			    uint64_t seed, const struct timespec *start);
void page_files_close(struct page_files *f);

/* Pages that are no sentinels: in a file of so many pages, and number @n of them. */
unsigned int page_files_writable(unsigned int pages);
unsigned int page_files_page(unsigned int n);

/* The name of a file, where they have one: on a file system of their own. */
void page_files_name(char *buf, size_t size, unsigned int file);

/* Looks at the size of a file, and mends it, so that what follows is not all in consequence. */
void page_files_check_size(struct page_files *f, unsigned int file);

/* Has all written back, but not by fsync(2), which may be what is wrong. Returns 0 or -errno. */
int page_files_write_back(struct page_files *f);

/*
 * For who waits while others write with O_DIRECT: reads a page that is on its way into the page
 * cache, where it must not stay as it was.
 */
void page_files_read_along(struct page_files *f);

/*
 * Damages the page @id on the disk, behind the file system, and sees to it that the page cache has
 * it as it was. Returns 0 or -errno; -ENOENT: the disk does not have it.
 */
int page_files_damage_disk(struct page_files *f, const struct page_id *id);

#endif /* PAGE_FILES_H */
