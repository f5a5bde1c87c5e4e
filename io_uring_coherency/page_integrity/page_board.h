/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each page of some files should be, who looked at it where, and what was wrong: counted at
 * the look, so that nothing which comes later can take it back. Shared by all threads and
 * processes of a run; each function may be called from any of them at once, but those that begin,
 * end and settle, which are for the owner of a page.
 */
#ifndef PAGE_BOARD_H
#define PAGE_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "evidence.h"
#include "page.h"

/* Where something is looked at: VIEW_MEMORY, VIEW_MEMORY_AFTER, ... */
enum page_view {
#define VIEW(id, ...) VIEW_##id,
#include "page_views.h"
	VIEW_PAGES,		/* the number of those that compare a page; always there are ... */
	VIEW_RESULT = VIEW_PAGES, /* of a write, or of a read by the engine */
	VIEW_SIZE,		/* of the file */
	VIEW_NR
};

#define VIEW_BIT(n)	(1U << (n))

/* What a view is of. */
enum page_view_of {
	VIEW_OF_BUFFER,
	VIEW_OF_CACHE,		/* the page cache */
	VIEW_OF_DISK
};

/* The views of that: bits. */
uint32_t page_views_of(enum page_view_of of);

#define VIEWS_CACHE	page_views_of(VIEW_OF_CACHE)
#define VIEWS_DISK	page_views_of(VIEW_OF_DISK)
#define VIEWS_FILE	(VIEWS_CACHE | VIEWS_DISK)

/* As on the command line and in results. */
const char *page_view_name(unsigned int view);

/* Where it went wrong first. */
enum page_place {
	PLACE_MEMORY,
	PLACE_MEMORY_AFTER,
	PLACE_RESULT,
	PLACE_READBACK,
	PLACE_CACHE,
	PLACE_DISK,
	PLACE_UNSYNCED,		/* right in the file, but not on disk after fsync */
	PLACE_END,
	PLACE_NR
};

/* As in results, and for people, as an answer to "where?". */
const char *page_place_name(unsigned int place);
const char *page_place_text(unsigned int place);

/* One generation of a page. */
struct page_state {
	uint32_t generation;
	uint32_t looked;	/* views in which it was looked at */
	uint32_t wrong;		/* ... and was wrong */
	uint8_t class;		/* enum page_class, of the first of them */
	bool unknown;		/* on its way, or its write failed: nobody looks */
	bool placed;
};

/* Something wrong, to be shown. */
struct page_sample {
	struct page_id id;
	enum page_view view;
	struct page_damage damage;
	/* VIEW_RESULT: bytes or -errno; VIEW_SIZE: bytes of the file */
	int64_t wanted, got;
	bool write;
};

#define PAGE_SAMPLES	4

struct page_counts {
	/*
	 * Events: generations of pages that an engine wrote and that were then looked at in the
	 * file at least once; in another view where no view of the file is asked for.
	 * Violations: generations of pages, and ends of files, that were wrong in any view.
	 */
	struct evidence pages;
	/* each generation of a page once, however often it was looked at there */
	struct evidence view[VIEW_NR];
	uint64_t stored;		/* violations in a view of the file */
	uint64_t class[PAGE_NR_CLASSES], place[PLACE_NR];
	uint64_t looks;			/* pages compared, in all views, with repetitions */
	uint64_t creations;		/* of workers, by the writers */
	uint64_t first_ms;		/* since the start, 0: none is wrong */
	unsigned int views;		/* of pages that are looked at */
	unsigned int samples;
	struct page_sample sample[PAGE_SAMPLES];
};

struct page_board {
	unsigned int files, pages;	/* pages in each file */
	uint64_t seed;
	struct timespec start;
	bool direct;			/* written with O_DIRECT */
	struct page_counts counts;
	struct page_state state[];	/* for each file: pages, and its end */
};

/* The views of these in which nothing could be looked at: bits. */
uint32_t page_counts_not_looked(const struct page_counts *c);

/* Zeroes, but for what is given; in memory that children share. NULL: there is none. */
struct page_board *page_board_make(unsigned int files, unsigned int pages, unsigned int views,
				   const struct timespec *start);
void page_board_free(struct page_board *b);

struct page_state *page_board_state(struct page_board *b, unsigned int file, unsigned int page);

/* As it should be now. */
struct page_id page_board_id(struct page_board *b, unsigned int file, unsigned int page);

/* The page is @id from now on: it is being written ... */
void page_board_begin(struct page_board *b, const struct page_id *id);
/* ... and is known to have been. */
void page_board_end(struct page_board *b, const struct page_id *id);

/*
 * Looks at the PAGE_BYTES at @found in one view, against @want of page_expect(). False if they are
 * wrong.
 */
bool page_board_look(struct page_board *b, const struct page_id *id, const void *want,
		     const void *found, enum page_view view);

/* Looks at a result, bytes or -errno, of a whole page: the caller knows whether it is right. */
void page_board_result(struct page_board *b, const struct page_id *id, bool write, int result,
		       bool right);

/* The same of an fsync of a file: 0 or -errno. */
void page_board_sync(struct page_board *b, unsigned int file, int result, bool right);

/* Reading the page has written behind its buffer. */
void page_board_overrun(struct page_board *b, const struct page_id *id);

/* Looks at the size of a file. False if it is wrong. */
bool page_board_size(struct page_board *b, unsigned int file, off_t size);

/* After each round: tells of all that was wrong where it went wrong first. */
void page_board_settle(struct page_board *b);

#endif /* PAGE_BOARD_H */
