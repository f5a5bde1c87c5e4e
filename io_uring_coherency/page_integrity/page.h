/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Database-like pages: filled by the vector code that real programs use, checked by scalar code
 * that recomputes the page from its identity.
 *
 * A thread that fills pages holds its data in vector and FP registers nearly all the time, so a
 * kernel that loses them leaves a trace in the page. The check keeps to general purpose
 * registers: what damages the filler cannot blind or mislead it.
 *
 * A page is PAGE_BYTES long, little endian on every CPU:
 *
 *	0	header: magic, CRC32C (4 bytes each), file (5), payload kind (3); parity (16);
 *		generation, page (5 each), LSN (6); seed (10), number that depends on all of the
 *		identity (6)
 *	64	payload
 *	16320	trailer: 48 bytes that depend on all of the identity; generation, page (5 each),
 *		start of the LSN (2), magic (4)
 *
 * Bit 0 of each byte is that of the generation. So each byte differs from that of the generation
 * before, and a write that loses any one of them is seen. Numbers are kept in the other 7 bits of
 * their bytes; what is computed or drawn has that bit replaced.
 *
 * The parity is the XOR of all aligned 16-byte units. It and the CRC are those of the whole page,
 * taken with both fields as 0. All functions may be called from any number of threads at once,
 * except page_init().
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES	16384
/* Of every buffer for a page, in bytes. */
#define PAGE_ALIGNMENT	16

/* Every text of page_damage_print() fits into a buffer of this size. */
#define PAGE_TEXT_SIZE	512

/* Everything in a page follows from it. */
struct page_id {
	uint64_t seed;
	uint32_t file, page, generation;
};

enum page_payload {
	PAGE_BY_C,		/* 64-bit lanes: additions and XORs */
	PAGE_BY_MEMCPY,		/* pieces of a template, at any alignment */
	PAGE_BY_AES,		/* two rounds of AES over a counter */
	PAGE_NR_PAYLOADS
};

/* A page is of the first class that fits. */
enum page_class {
	PAGE_GOOD,
	PAGE_NOT_READ,		/* what page_poison() left: the read did not write it */
	PAGE_STALE,		/* all of it is another generation of the same page */
	PAGE_MISPLACED,		/* all of it is another page, of the same seed */
	/*
	 * The trace of one or two lost registers. Either up to 4 damaged ranges of 16 bytes or
	 * less each, aligned or not; or, when a damaged register was computed on with, damage in
	 * up to two 16-byte columns of the rows in which the payload is computed. A wrong CRC
	 * or parity alone is of this class, too.
	 */
	PAGE_REGISTER_HOLE,
	PAGE_ZEROES,		/* only zero bytes instead of data, 512 bytes or more in a row */
	PAGE_TORN,		/* from a multiple of 512 to its end it is another generation */
	PAGE_MOSAIC,		/* all that is wrong is of one other generation, or of one page */
	/*
	 * Wrong data, but below right sums and the right identity: it was damaged before the sums
	 * were computed, not on its way to the file or back. Lost registers that all
	 * later data depends on (an AES key, a mask) look like this.
	 */
	PAGE_MISCOMPUTED,
	PAGE_OTHER,
	/* not of page_compare(), but for those who count what is wrong with writes and files */
	PAGE_WRONG_RESULT,
	PAGE_BEYOND_END,
	PAGE_BEYOND_BUFFER,
	PAGE_NR_CLASSES
};

struct page_range {
	unsigned int offset, length;	/* bytes */
};

#define PAGE_MAX_RANGES	8

/*
 * Wrong sums (CRC and parity) follow from any other damage in the filler, so their bytes count as
 * damage only when nothing else is damaged. Unequal bytes with fewer than 8 equal ones in between
 * are one range: random data agrees in a byte now and then.
 */
struct page_damage {
	enum page_class class;
	unsigned int bytes;		/* that differ */
	unsigned int nr_ranges;		/* all of them; what follows are the first */
	struct page_range range[PAGE_MAX_RANGES];
	unsigned int alignment;		/* largest power of two, up to 4096, of the first offset */
	unsigned int count;		/* PAGE_REGISTER_HOLE: how many holes */
	unsigned int stride;		/* bytes from row to row of carried damage, else 0 */
	/*
	 * Unless it is 0, all that is wrong is of the page @found, or for PAGE_NOT_READ was not
	 * read, in so many pieces. For PAGE_TORN there may be two other generations, @found is
	 * the first then.
	 */
	unsigned int pieces;
	unsigned int piece, grain;	/* bytes of the smallest; each begins and ends at ... */
	unsigned int cut;		/* PAGE_TORN: offset of the first byte behind the cut */
	struct page_id found;		/* PAGE_STALE, _MISPLACED: whose page; see pieces */
	bool sums_ok;			/* the sums found are right for what was found */
	unsigned int sample;		/* offset of the bytes below: the first damage */
	uint8_t expected[16], got[16];
};

/*
 * Computes tables and finds out what the CPU can do. Call it once, before all else. Returns NULL,
 * or the reason why there is no vector code for this CPU (then the caller skips with it).
 */
const char *page_init(void);

/* What page_fill() uses here, for example "C, memcpy, AES by vcipher, CRC32C by vpmsumd". */
const char *page_vector_means(void);

/* The kind of payload in the page @id. */
enum page_payload page_payload_of(const struct page_id *id);

/* Writes the page @id to the PAGE_BYTES at @page, by vector code. */
void page_fill(const struct page_id *id, void *page);

/* The same bytes, by scalar code. */
void page_expect(const struct page_id *id, void *page);

/*
 * Returns true if the PAGE_BYTES at @found are the page @id; then of @damage only the class is set.
 * Else @damage tells what they are. @want is as page_expect() of @id wrote it. It needs up to
 * 64 KiB of stack.
 */
bool page_compare(const struct page_id *id, const void *want, const void *found,
		  struct page_damage *damage);

/* Before the page @want is read to there: what is different from it in each byte. */
void page_poison(const void *want, void *page);

/* For people: "register hole", "stale", ... */
const char *page_class_name(enum page_class class);

/*
 * Two lines for people about @damage of the page @id, the last one without a line feed. Cut at
 * @size bytes; returns the length without the cut, as snprintf() does.
 */
int page_damage_print(char *buf, size_t size, const struct page_id *id,
		      const struct page_damage *damage);

#endif /* PAGE_H */
