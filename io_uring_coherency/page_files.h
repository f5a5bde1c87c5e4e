/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files that page_integrity writes, and the process that looks at them: one of its own, which
 * has no ring and thus no task_work.
 *
 * Of each 16 pages the last is a sentinel, and so is the last page of a file: nobody writes them
 * again, so that what gets there, or makes the file longer or shorter, is seen.
 */
#ifndef PAGE_FILES_H
#define PAGE_FILES_H

#include "page_board.h"

#define PAGE_FILES_MOST	64

/* What is asked for. */
struct page_files_setup {
	const char *dir;
	const char *name;	/* of the place, for people */
	unsigned int files;
	size_t size;		/* of each: whole pages */
	bool direct;		/* engines write with O_DIRECT */
	unsigned int views;
	unsigned int threads;	/* that look at the files */
};

struct page_files {
	const struct page_files_setup *setup;
	struct page_board *board;
	int plain[PAGE_FILES_MOST];
	int direct[PAGE_FILES_MOST];	/* with O_DIRECT, or -1 */
	int fds[PAGE_FILES_MOST];	/* which of them the engine takes */
	pid_t verifier;
	int ask, answer;
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

/* Looks at the size of a file, and mends it, so that what follows is not all in consequence. */
void page_files_check_size(struct page_files *f, unsigned int file);

/* Has the verifier look at all that there is. Returns 0, or -errno if not all could be read. */
int page_files_verify(struct page_files *f);

#endif /* PAGE_FILES_H */
