/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the scalar files (page_scalar in page.mk), the portable page_fill.c and the one
 * page_vector_<arch>.c share.
 */
#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

#include <endian.h>

#include "compiler.h"
#include "page.h"

#define PAGE_CRC_AT	4U
#define PAGE_CRC_BYTES	4U
#define PAGE_PARITY_AT	16U
#define PAGE_PARITY_BYTES 16U
#define PAGE_HEADER	64U
#define PAGE_TRAILER	64U
#define PAGE_PAYLOAD	(PAGE_BYTES - PAGE_HEADER - PAGE_TRAILER)

/* A row is what one round of the filler's loop writes: each lane 8 bytes, each block 16. */
#define PAGE_LANES	8U
#define PAGE_C_ROW	(8 * PAGE_LANES)
#define PAGE_C_ROWS	(PAGE_PAYLOAD / PAGE_C_ROW)
#define PAGE_AES_BLOCKS	8U
#define PAGE_AES_ROW	(16 * PAGE_AES_BLOCKS)
#define PAGE_AES_ROWS	(PAGE_PAYLOAD / PAGE_AES_ROW)

/*
 * The state of the lanes. A step is a += b, b ^= a, c ^= a, and c is the output. It can be undone,
 * so a damaged lane never recovers. It takes no constants, so the registers hold nothing but
 * state. And c needs no adder: on powerpc, whose adder reaches only vs32-vs63, compilers use
 * vs0-vs31 for it.
 */
struct page_lanes {
	uint64_t a[PAGE_LANES], b[PAGE_LANES], c[PAGE_LANES];
};

/*
 * Block i is round(round(counter + i ^ key 0) ^ key 1) ^ key 2 with the round of FIPS-197, less
 * its AddRoundKey. The counter block is @nonce and a 64-bit @counter, both big endian.
 */
struct page_aes {
	uint8_t key[3][16];
	uint64_t nonce, counter;
	uint64_t low;		/* page_low_bits() */
};

#define PAGE_TEMPLATE_PIECE	1087	/* bytes at most */
#define PAGE_TEMPLATE_BYTES	(65536 + PAGE_TEMPLATE_PIECE)
extern uint8_t page_template[2][PAGE_TEMPLATE_BYTES];	/* for even and odd generations */

/* Where in the template a piece of the payload comes from, in bytes. */
struct page_piece {
	unsigned int from, length;
};

/* The polynomial of CRC32C, bit 31 for x^0. */
#define CRC32C_REVERSED	0x82f63b78

/* What becomes of 8 bytes at once: (x & PAGE_HIGH_BITS) | page_low_bits(). */
#define PAGE_HIGH_BITS	0xfefefefefefefefeULL

static inline uint64_t page_low_bits(uint32_t generation)
{
	return generation & 1 ? ~PAGE_HIGH_BITS : 0;
}

/* What the payload of @id is made of; piece number @n, cut where the payload ends. */
void page_plan_lanes(const struct page_id *id, struct page_lanes *lanes);
void page_plan_aes(const struct page_id *id, struct page_aes *aes);
struct page_piece page_plan_piece(const struct page_id *id, unsigned int n);

/*
 * One pass over the page computes both. On powerpc the CRC needs vs32-vs63, the parity does not:
 * compilers use vs0-vs31 for it.
 */
struct page_sums {
	uint32_t crc;
	uint64_t parity[2];	/* first half, second half: little endian numbers */
};

/* Header and trailer, with the sums as 0. */
void page_put_frame(const struct page_id *id, void *page);

/* What the PAGE_BYTES at @page say that they are: their header, and in part their trailer. */
struct page_id page_get_id(const void *page);
uint32_t page_trailer_generation(const void *page);

/* Generations of the same page? */
static inline bool page_same(const struct page_id *a, const struct page_id *b)
{
	return a->seed == b->seed && a->file == b->file && a->page == b->page;
}

/* The plain ones. page_crc32c() starts with @crc = 0 or goes on from another call's result. */
uint32_t page_crc32c(uint32_t crc, const void *data, size_t length);
typedef void page_sums_function(const void *page, struct page_sums *sums);
page_sums_function page_sums_plain;
/* Into a page that has its first byte. */
void page_put_sums(void *page, const struct page_sums *sums);
void page_aes_plain(const struct page_aes *aes, void *payload);
/* Computes the tables of AES, before the first use. */
void page_aes_init(void);
/* One round of AES on four columns, each a little endian word. */
void page_aes_round(uint32_t state[4], const uint32_t key[4]);

/* How page_fill() does what C cannot say; page_init() presets the plain functions. */
struct page_vector {
	const char *aes_means, *crc_means;	/* the parity is computed along with the CRC */
	void (*aes)(const struct page_aes *aes, void *payload);	/* PAGE_PAYLOAD bytes */
	/* of PAGE_BYTES bytes, all of them: the fields of the sums are 0 */
	page_sums_function *sums;
};

extern struct page_vector page_vector;

/*
 * One step of CRC32C waits for the last, so a page is taken as three streams of so many 16-byte
 * units, and one unit behind them. The CRC (not inverted) of the three, the first from all ones on,
 * the others from 0; after page_sums_init().
 */
#define PAGE_CRC_UNITS	(PAGE_BYTES / 16 / 3)
uint32_t page_crc_join(uint32_t first, uint32_t second, uint32_t third);

/*
 * Computes the tables of the CRC, before its first use. Returns the fastest way to a page's sums
 * that keeps to general purpose registers; as for page_vector.sums the fields of the sums are 0,
 * unless it is page_sums_plain().
 */
page_sums_function *page_sums_init(void);

/*
 * Supplied by the architecture: puts into @vector what this CPU can do better. Returns what
 * page_init() returns.
 */
const char *page_vector_init(struct page_vector *vector);

/* The builtin even where -fno-builtin is in force: a load or a store, never a call. */
static inline uint64_t page_get64(const void *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint32_t page_get32(const void *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline void page_put64(void *p, uint64_t v)
{
	v = htole64(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void page_put32(void *p, uint32_t v)
{
	v = htole32(v);
	__builtin_memcpy(p, &v, sizeof(v));
}

#endif /* PAGE_PARTS_H */
