// SPDX-License-Identifier: GPL-2.0
/*
 * The scalar half of the pages: what they must be, and what is wrong with one that is not.
 *
 * Compiled so that no vector or FP register is used: they are what is under suspicion.
 */
#include <stdio.h>

#include "page_parts.h"

#define HEAD_MAGIC	0x65676150	/* "Page" */
#define TAIL_MAGIC	0x646e6550	/* "Pend" */

/* of the header's fields, in bytes */
#define FILE_AT		8
#define KIND_AT		13
#define GENERATION_AT	32
#define PAGE_AT		37
#define LSN_AT		42
#define SEED_AT		48
#define NUMBER_AT	58
/* of the trailer's */
#define END_GENERATION_AT (PAGE_BYTES - PAGE_TRAILER + 48)
#define FIELD		5		/* bytes of 32 bits */
#define SEED_FIELD	10		/* ... and of 64 */

#define SECTOR		512
#define MAX_HOLE	16		/* bytes of a register */
#define MAX_HOLES	4
#define MAX_COLUMNS	2
#define MIN_GAP		8
#define OLDER		8		/* generations that parts of a page may come from */
/* By this all bytes differ from what they should be; each of its own is another. */
#define POISON		0x9e3779b97f4a7c15ULL

uint8_t page_template[2][PAGE_TEMPLATE_BYTES] __attribute__((aligned(16)));

struct page_vector page_vector;

static page_sums_function *scalar_sums;
static char vector_means[96];
static uint32_t crc_table[16][256];
static uint32_t aes_table[4][256];

/* --- numbers that follow from the identity */

/* What is drawn: the numbers from each of these on. */
enum {
	DRAW_PAYLOAD,
	DRAW_LSN,
	DRAW_HEADER,
	DRAW_TRAILER	= 16,
	DRAW_LANES	= 32,
	DRAW_AES	= DRAW_LANES + 3 * PAGE_LANES,
	DRAW_PIECES	= 256,
};

/* Number @n of the sequence @key: SplitMix64 (Steele, Lea & Flood, OOPSLA 2014). */
static uint64_t draw(uint64_t key, unsigned int n)
{
	uint64_t z = key + (n + 1) * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t key_of(const struct page_id *id)
{
	uint64_t key = draw(id->seed, 0) ^ ((uint64_t)id->file << 32 | id->page);

	return draw(draw(key, 0) ^ id->generation, 0);
}

enum page_payload page_payload_of(const struct page_id *id)
{
	return draw(key_of(id), DRAW_PAYLOAD) % PAGE_NR_PAYLOADS;
}

void page_plan_lanes(const struct page_id *id, struct page_lanes *lanes)
{
	uint64_t key = key_of(id);
	unsigned int i;

	for (i = 0; i < PAGE_LANES; i++) {
		lanes->a[i] = draw(key, DRAW_LANES + 3 * i);
		lanes->b[i] = draw(key, DRAW_LANES + 3 * i + 1);
		lanes->c[i] = draw(key, DRAW_LANES + 3 * i + 2);
	}
}

void page_plan_aes(const struct page_id *id, struct page_aes *aes)
{
	uint64_t key = key_of(id);
	unsigned int i;

	for (i = 0; i < 6; i++)
		page_put64(&aes->key[i / 2][i % 2 * 8], draw(key, DRAW_AES + i));
	aes->nonce = draw(key, DRAW_AES + 6);
	aes->counter = draw(key, DRAW_AES + 7);
	aes->low = page_low_bits(id->generation);
}

struct page_piece page_plan_piece(const struct page_id *id, unsigned int n)
{
	uint64_t r = draw(key_of(id), DRAW_PIECES + n);

	/* 64 bytes and more: libc copies shorter pieces without its vector loop */
	return (struct page_piece){ r & 0xffff, 64 + (r >> 16 & 1023) };
}

/* The low @length bytes of @v, less their bit 0. */
static void put_bytes(uint8_t *p, unsigned int length, uint64_t v, uint8_t low)
{
	for (; length--; v >>= 8)
		*p++ = (v & 0xfe) | low;
}

/* A number, 7 bits in each byte. */
static void put_field(uint8_t *p, unsigned int length, uint64_t v, uint8_t low)
{
	for (; length--; v >>= 7)
		*p++ = (v & 0x7f) << 1 | low;
}

static uint64_t get_field(const uint8_t *p, unsigned int length)
{
	uint64_t v = 0;

	while (length--)
		v = v << 7 | p[length] >> 1;
	return v;
}

void page_put_frame(const struct page_id *id, void *page)
{
	uint8_t *head = page, *tail = head + PAGE_BYTES - PAGE_TRAILER;
	uint64_t key = key_of(id), lsn = draw(key, DRAW_LSN);
	const uint8_t low = id->generation & 1;
	unsigned int i;

	put_bytes(head, 4, HEAD_MAGIC, low);
	page_put32(head + PAGE_CRC_AT, 0);
	put_field(head + FILE_AT, FIELD, id->file, low);
	put_field(head + KIND_AT, 3, page_payload_of(id), low);
	page_put64(head + PAGE_PARITY_AT, 0);
	page_put64(head + PAGE_PARITY_AT + 8, 0);
	put_field(head + GENERATION_AT, FIELD, id->generation, low);
	put_field(head + PAGE_AT, FIELD, id->page, low);
	put_bytes(head + LSN_AT, 6, lsn, low);
	put_field(head + SEED_AT, SEED_FIELD, id->seed, low);
	put_bytes(head + NUMBER_AT, 6, draw(key, DRAW_HEADER), low);
	for (i = 0; i < 6; i++)
		put_bytes(tail + 8 * i, 8, draw(key, DRAW_TRAILER + i), low);
	put_field(tail + 48, FIELD, id->generation, low);
	put_field(tail + 53, FIELD, id->page, low);
	put_bytes(tail + 58, 2, lsn, low);
	put_bytes(tail + 60, 4, TAIL_MAGIC, low);
}

/* --- CRC32C, 16 bytes at a time, from one table for each distance to the end */

static void init_crc(void)
{
	unsigned int i, j;

	for (i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (j = 0; j < 8; j++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_REVERSED : 0);
		crc_table[0][i] = crc;
	}
	for (j = 1; j < 16; j++) {
		for (i = 0; i < 256; i++) {
			uint32_t crc = crc_table[j - 1][i];

			crc_table[j][i] = crc >> 8 ^ crc_table[0][crc & 0xff];
		}
	}
}

/* @table is that of the word's last byte. */
static uint32_t crc_word(uint32_t table[][256], uint64_t word)
{
	return table[7][word & 0xff] ^ table[6][word >> 8 & 0xff] ^
	       table[5][word >> 16 & 0xff] ^ table[4][word >> 24 & 0xff] ^
	       table[3][word >> 32 & 0xff] ^ table[2][word >> 40 & 0xff] ^
	       table[1][word >> 48 & 0xff] ^ table[0][word >> 56];
}

uint32_t page_crc32c(uint32_t crc, const void *data, size_t length)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; length >= 16; length -= 16, p += 16)
		crc = crc_word(crc_table + 8, page_get64(p) ^ crc) ^
		      crc_word(crc_table, page_get64(p + 8));
	while (length--)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

void page_sums_plain(const void *page, struct page_sums *sums)
{
	static const uint8_t zero[PAGE_PARITY_BYTES];
	const uint8_t *p = page;
	uint64_t first = 0, second = 0;
	unsigned int i;
	uint32_t crc;

	crc = page_crc32c(0, p, PAGE_CRC_AT);
	crc = page_crc32c(crc, zero, PAGE_CRC_BYTES);
	crc = page_crc32c(crc, p + 8, 8);
	crc = page_crc32c(crc, zero, PAGE_PARITY_BYTES);
	sums->crc = page_crc32c(crc, p + 32, PAGE_BYTES - 32);

	for (i = 32; i < PAGE_BYTES; i += 16) {
		first ^= page_get64(p + i);
		second ^= page_get64(p + i + 8);
	}
	sums->parity[0] = first ^ page_get32(p);
	sums->parity[1] = second ^ page_get64(p + 8);
}

void page_put_sums(void *page, const struct page_sums *sums)
{
	uint8_t *p = page;
	const uint8_t low = *p & 1;

	put_bytes(p + PAGE_CRC_AT, PAGE_CRC_BYTES, sums->crc, low);
	put_bytes(p + PAGE_PARITY_AT, 8, sums->parity[0], low);
	put_bytes(p + PAGE_PARITY_AT + 8, 8, sums->parity[1], low);
}

/* --- AES */

/* Multiplication by x, in the field of FIPS-197. */
static uint8_t times_x(uint8_t v)
{
	return v << 1 ^ (v & 0x80 ? 0x1b : 0);
}

/* For each value of a byte what SubBytes and MixColumns make of it, one table for each row. */
static void init_aes(void)
{
	uint8_t power[256], log[256], v = 1;
	unsigned int i, j;

	/* all powers of x + 1, which generates the field's multiplicative group */
	for (i = 0; i < 255; i++) {
		power[i] = v;
		log[v] = i;
		v ^= times_x(v);
	}
	for (i = 0; i < 256; i++) {
		uint8_t inverse = i ? power[(255 - log[i]) % 255] : 0, s = 0x63;
		uint32_t column;

		for (j = 0; j < 5; j++)
			s ^= inverse << j ^ inverse >> (8 - j);
		column = times_x(s) | s << 8 | s << 16 | (uint32_t)(times_x(s) ^ s) << 24;
		for (j = 0; j < 4; j++) {
			aes_table[j][i] = column;
			column = column << 8 | column >> 24;
		}
	}
}

static uint32_t aes_column(uint32_t s0, uint32_t s1, uint32_t s2, uint32_t s3, uint32_t key)
{
	return aes_table[0][s0 & 0xff] ^ aes_table[1][s1 >> 8 & 0xff] ^
	       aes_table[2][s2 >> 16 & 0xff] ^ aes_table[3][s3 >> 24] ^ key;
}

static inline void aes_round(uint32_t state[4], const uint32_t key[4])
{
	uint32_t s0 = state[0], s1 = state[1], s2 = state[2], s3 = state[3];

	state[0] = aes_column(s0, s1, s2, s3, key[0]);
	state[1] = aes_column(s1, s2, s3, s0, key[1]);
	state[2] = aes_column(s2, s3, s0, s1, key[2]);
	state[3] = aes_column(s3, s0, s1, s2, key[3]);
}

void page_aes_round(uint32_t state[4], const uint32_t key[4])
{
	aes_round(state, key);
}

void page_aes_plain(const struct page_aes *aes, void *payload)
{
	uint64_t nonce = __builtin_bswap64(aes->nonce), counter = aes->counter;
	uint8_t *p = payload, *end = p + PAGE_PAYLOAD;
	uint32_t key[3][4];
	unsigned int i;

	for (i = 0; i < 12; i++)
		key[i / 4][i % 4] = page_get32(&aes->key[i / 4][i % 4 * 4]);
	for (; p < end; p += 16, counter++) {
		uint64_t low = __builtin_bswap64(counter);
		uint32_t state[4] = {
			nonce ^ key[0][0], nonce >> 32 ^ key[0][1],
			low ^ key[0][2], low >> 32 ^ key[0][3],
		};

		aes_round(state, key[1]);
		aes_round(state, key[2]);
		low = (uint64_t)state[1] << 32 | state[0];
		page_put64(p, (low & PAGE_HIGH_BITS) | aes->low);
		low = (uint64_t)state[3] << 32 | state[2];
		page_put64(p + 8, (low & PAGE_HIGH_BITS) | aes->low);
	}
}

/* --- the page */

const char *page_init(void)
{
	const char *reason;
	unsigned int i;

	init_crc();
	init_aes();
	for (i = 0; i < PAGE_TEMPLATE_BYTES; i++) {
		page_template[0][i] = draw(0, i) & 0xfe;
		page_template[1][i] = page_template[0][i] | 1;
	}
	page_vector = (struct page_vector){
		.aes_means = "plain C", .crc_means = "plain C",
		.aes = page_aes_plain, .sums = page_sums_plain,
	};
	scalar_sums = page_sums_init();
	reason = page_vector_init(&page_vector);
	snprintf(vector_means, sizeof(vector_means), "C, memcpy, AES by %s, CRC32C by %s",
		 page_vector.aes_means, page_vector.crc_means);
	return reason;
}

const char *page_vector_means(void)
{
	return vector_means;
}

/* Lane by lane, so that its state fits into registers. */
static void expect_by_c(const struct page_id *id, uint8_t *payload)
{
	const uint64_t low = page_low_bits(id->generation);
	struct page_lanes lanes;
	unsigned int i, at;

	page_plan_lanes(id, &lanes);
	for (i = 0; i < PAGE_LANES; i++) {
		uint64_t a = lanes.a[i], b = lanes.b[i], c = lanes.c[i];

		for (at = 8 * i; at < PAGE_PAYLOAD; at += PAGE_C_ROW) {
			a += b;
			b ^= a;
			c ^= a;
			page_put64(payload + at, (c & PAGE_HIGH_BITS) | low);
		}
	}
}

static void expect_by_memcpy(const struct page_id *id, uint8_t *out)
{
	const uint8_t *end = out + PAGE_PAYLOAD;
	unsigned int n;

	for (n = 0; out < end; n++) {
		struct page_piece piece = page_plan_piece(id, n);
		size_t room = end - out;
		unsigned int left = piece.length < room ? piece.length : room;
		const uint8_t *from = page_template[id->generation & 1] + piece.from;

		for (; left >= 8; left -= 8, from += 8, out += 8)
			page_put64(out, page_get64(from));
		while (left--)
			*out++ = *from++;
	}
}

void page_expect(const struct page_id *id, void *page)
{
	uint8_t *payload = (uint8_t *)page + PAGE_HEADER;
	struct page_sums sums;
	struct page_aes aes;

	page_put_frame(id, page);
	switch (page_payload_of(id)) {
	case PAGE_BY_C:
		expect_by_c(id, payload);
		break;
	case PAGE_BY_MEMCPY:
		expect_by_memcpy(id, payload);
		break;
	default:
		page_plan_aes(id, &aes);
		page_aes_plain(&aes, payload);
	}
	scalar_sums(page, &sums);
	page_put_sums(page, &sums);
}

/* --- what is wrong with a page */

static inline uint64_t differ(const uint8_t *a, const uint8_t *b)
{
	return page_get64(a) ^ page_get64(b);
}

/* libc's memcmp() asks the vector registers. @length is a multiple of 16. */
static bool same(const uint8_t *a, const uint8_t *b, unsigned int length)
{
	uint64_t first = 0, second = 0;
	unsigned int i;

	for (i = 0; i < length / 64 * 64; i += 64) {
		first |= differ(a + i, b + i) | differ(a + i + 8, b + i + 8) |
			 differ(a + i + 16, b + i + 16) | differ(a + i + 24, b + i + 24);
		second |= differ(a + i + 32, b + i + 32) | differ(a + i + 40, b + i + 40) |
			  differ(a + i + 48, b + i + 48) | differ(a + i + 56, b + i + 56);
	}
	for (; i < length; i += 16)
		first |= differ(a + i, b + i) | differ(a + i + 8, b + i + 8);
	return !(first | second);
}

static bool same_page(const struct page_id *a, const struct page_id *b)
{
	return a->seed == b->seed && a->file == b->file && a->page == b->page;
}

/* What the header says. */
static struct page_id get_id(const uint8_t *page)
{
	return (struct page_id){
		.seed = get_field(page + SEED_AT, SEED_FIELD),
		.file = get_field(page + FILE_AT, FIELD),
		.page = get_field(page + PAGE_AT, FIELD),
		.generation = get_field(page + GENERATION_AT, FIELD),
	};
}

/* Is the byte at @offset one of the sums? */
static bool is_sum(unsigned int offset)
{
	return offset - PAGE_CRC_AT < PAGE_CRC_BYTES || offset - PAGE_PARITY_AT < PAGE_PARITY_BYTES;
}

static bool sums_are_right(const uint8_t *page)
{
	uint8_t right[PAGE_PARITY_AT + PAGE_PARITY_BYTES] __attribute__((aligned(8)));
	struct page_sums sums;
	unsigned int i;

	for (i = 0; i < sizeof(right); i++)
		right[i] = page[i];
	page_sums_plain(page, &sums);
	page_put_sums(right, &sums);
	return same(right, page, sizeof(right));
}

/* Is @got the page that it says it is? */
static bool is_other_page(const struct page_id *id, const uint8_t *got, uint8_t *other,
			  struct page_damage *damage)
{
	struct page_id found = get_id(got);

	if (found.seed != id->seed)
		return false;
	page_expect(&found, other);
	if (!same(other, got, PAGE_BYTES))
		return false;
	damage->class = same_page(id, &found) ? PAGE_STALE : PAGE_MISPLACED;
	damage->found = found;
	return true;
}

/*
 * Is each byte of @got one of @want or one of @other? A byte may be of both. Then it tells how the
 * pieces of @other lie, and where the first one begins.
 */
static bool is_mosaic(const uint8_t *want, const uint8_t *got, const uint8_t *other,
		      struct page_damage *damage)
{
	unsigned int i, since = 0, begin = 0, grain;
	bool inside = false;

	for (i = 0; i < PAGE_BYTES; i++)
		if (got[i] != want[i] && got[i] != other[i])
			return false;
	damage->pieces = 0;
	damage->piece = PAGE_BYTES;
	damage->grain = PAGE_BYTES;
	/* @since: what lies from there on, up to here, is of both */
	for (i = 0; i <= PAGE_BYTES; i++) {
		const bool end = i == PAGE_BYTES, is_other = !end && got[i] == other[i];
		unsigned int at;

		if (!end && want[i] == other[i])
			continue;
		if (!end && is_other == inside) {
			since = i + 1;
			continue;
		}
		/* the roundest place for the border */
		for (grain = PAGE_BYTES; i / grain * grain < since; grain /= 2)
			;
		at = end ? PAGE_BYTES : i / grain * grain;
		if (!end && grain < damage->grain)
			damage->grain = grain;
		if (inside) {
			if (at - begin < damage->piece)
				damage->piece = at - begin;
		} else if (!end) {
			begin = at;
			if (!damage->pieces++)
				damage->cut = at;
		}
		inside = !inside;
		since = i + 1;
	}
	return true;
}

/* One piece that goes to the end, as of a write that did not. */
static bool is_torn(const struct page_damage *damage)
{
	return damage->pieces == 1 && damage->cut && damage->cut % SECTOR == 0 &&
	       damage->cut + damage->piece == PAGE_BYTES;
}

/* Is what is wrong of another generation, or of the page that the header tells? */
static bool is_of_another(const struct page_id *id, const uint8_t *want, const uint8_t *got,
			  uint8_t *other, struct page_damage *damage)
{
	const uint32_t end = get_field(got + END_GENERATION_AT, FIELD);
	struct page_id found = get_id(got);
	unsigned int i;

	/* as its own header says, then the one before, its trailer, and those around it */
	for (i = 0; i < OLDER + 3; i++) {
		if (i)
			found = *id;
		if (i == 1 || (i > 2 && i < OLDER + 2))
			found.generation -= i == 1 ? 1 : i - 1;
		else if (i)
			found.generation = i == 2 ? end : id->generation + 1;
		if (found.seed != id->seed ||
		    (same_page(&found, id) && found.generation == id->generation))
			continue;
		page_expect(&found, other);
		damage->found = found;
		if (is_mosaic(want, got, other, damage))
			return true;
	}
	damage->pieces = 0;
	return false;
}

/* Two parts, both of another generation. */
static bool is_torn_and_stale(const struct page_id *id, const uint8_t *got, uint8_t *first,
			      struct page_damage *damage)
{
	uint8_t second[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	struct page_id found = *id;

	found.generation = get_field(got + END_GENERATION_AT, FIELD);
	page_expect(&found, second);
	found.generation = get_field(got + GENERATION_AT, FIELD);
	page_expect(&found, first);
	damage->found = found;
	if (is_mosaic(first, got, second, damage) && is_torn(damage))
		return true;
	damage->pieces = 0;
	return false;
}

/* Are all bytes that differ 0, and SECTOR of them in a row? */
static bool is_zeroes(const uint8_t *want, const uint8_t *got)
{
	unsigned int i, run = 0, differ = 0;
	bool found = false;

	for (i = 0; i < PAGE_BYTES; i++) {
		if (got[i]) {
			if (got[i] != want[i] && !is_sum(i))
				return false;
			run = 0;
			differ = 0;
			continue;
		}
		run++;
		differ += want[i] != 0;
		found |= run >= SECTOR && differ;
	}
	return found;
}

/* Lists the ranges; with the sums, or without. */
static void list_ranges(const uint8_t *want, const uint8_t *got, bool sums,
			struct page_damage *damage)
{
	struct page_range now = { 0, 0 };
	unsigned int i, end = 0;

	for (i = 0; i < PAGE_BYTES; i++) {
		if (want[i] == got[i] || (!sums && is_sum(i)))
			continue;
		if (!damage->nr_ranges || i - end >= MIN_GAP) {
			now.offset = i;
			damage->nr_ranges++;
		}
		damage->bytes++;
		end = i + 1;
		now.length = end - now.offset;
		if (damage->nr_ranges <= PAGE_MAX_RANGES)
			damage->range[damage->nr_ranges - 1] = now;
	}
}

static bool is_few_holes(struct page_damage *damage)
{
	unsigned int i;

	if (damage->nr_ranges > MAX_HOLES)
		return false;
	for (i = 0; i < damage->nr_ranges; i++) {
		if (damage->range[i].length > MAX_HOLE)
			return false;
	}
	damage->count = damage->nr_ranges;
	return true;
}

/* A register that is computed on with: the same columns of many rows. */
static bool is_carried(const struct page_id *id, const uint8_t *want, const uint8_t *got,
		       struct page_damage *damage)
{
	enum page_payload payload = page_payload_of(id);
	unsigned int row = payload == PAGE_BY_C ? PAGE_C_ROW : PAGE_AES_ROW;
	unsigned int at, holes = 0, columns = 0;

	/* the sums are wrong in consequence, but nothing else of the header may be */
	if (payload == PAGE_BY_MEMCPY || damage->range[0].offset < PAGE_HEADER)
		return false;
	for (at = PAGE_HEADER; at < PAGE_BYTES; at += MAX_HOLE) {
		if (same(want + at, got + at, MAX_HOLE))
			continue;
		if (at >= PAGE_HEADER + PAGE_PAYLOAD)
			return false;
		columns |= 1 << (at - PAGE_HEADER) % row / MAX_HOLE;
		holes++;
	}
	for (at = 0; at < MAX_COLUMNS; at++)
		columns &= columns - 1;
	if (columns)
		return false;
	damage->count = holes;
	damage->stride = row;
	return true;
}

static void classify(const struct page_id *id, const uint8_t *want, const uint8_t *got,
		     struct page_damage *damage)
{
	uint8_t other[PAGE_BYTES] __attribute__((aligned(PAGE_ALIGNMENT)));
	struct page_id says = get_id(got);

	page_poison(want, other);
	if (is_mosaic(want, got, other, damage)) {
		damage->class = PAGE_NOT_READ;
		return;
	}
	damage->pieces = 0;
	if (is_other_page(id, got, other, damage))
		return;
	if (is_few_holes(damage)) {
		damage->class = PAGE_REGISTER_HOLE;
		is_of_another(id, want, got, other, damage);
	} else if (is_zeroes(want, got)) {
		damage->class = PAGE_ZEROES;
	} else if (is_of_another(id, want, got, other, damage)) {
		damage->class = is_torn(damage) ? PAGE_TORN : PAGE_MOSAIC;
	} else if (is_torn_and_stale(id, got, other, damage)) {
		damage->class = PAGE_TORN;
	} else if (is_carried(id, want, got, damage)) {
		damage->class = PAGE_REGISTER_HOLE;
	} else if (damage->sums_ok && same_page(&says, id) && says.generation == id->generation) {
		damage->class = PAGE_MISCOMPUTED;
	} else {
		damage->class = PAGE_OTHER;
	}
}

static void diagnose(const struct page_id *id, const uint8_t *want, const uint8_t *got,
		     struct page_damage *damage)
{
	unsigned int first, i;

	/* an initialiser would call memset() */
	for (i = 0; i < sizeof(*damage); i++)
		((uint8_t *)damage)[i] = 0;
	list_ranges(want, got, false, damage);
	if (!damage->nr_ranges)
		list_ranges(want, got, true, damage);
	damage->sums_ok = sums_are_right(got);
	classify(id, want, got, damage);
	/* what is of another page has the sums of that */
	if (damage->pieces || damage->class == PAGE_STALE || damage->class == PAGE_MISPLACED) {
		damage->nr_ranges = 0;
		damage->bytes = 0;
		list_ranges(want, got, true, damage);
	}
	first = damage->range[0].offset;
	damage->alignment = 4096;
	while (first % damage->alignment)
		damage->alignment /= 2;
	damage->sample = first < PAGE_BYTES - 16 ? first : PAGE_BYTES - 16;
	for (i = 0; i < 16; i++) {
		damage->expected[i] = want[damage->sample + i];
		damage->got[i] = got[damage->sample + i];
	}
}

void page_poison(const void *want, void *page)
{
	unsigned int i;

	for (i = 0; i < PAGE_BYTES; i += 8)
		page_put64((uint8_t *)page + i, page_get64((const uint8_t *)want + i) ^ POISON);
}

bool page_compare(const struct page_id *id, const void *want, const void *found,
		  struct page_damage *damage)
{
	damage->class = PAGE_GOOD;
	if (same(want, found, PAGE_BYTES))
		return true;
	diagnose(id, want, found, damage);
	return false;
}

const char *page_class_name(enum page_class class)
{
	static const char *const names[PAGE_NR_CLASSES] = {
		[PAGE_GOOD] = "good",
		[PAGE_NOT_READ] = "not read",
		[PAGE_STALE] = "stale",
		[PAGE_MISPLACED] = "misplaced",
		[PAGE_TORN] = "torn",
		[PAGE_MOSAIC] = "mosaic",
		[PAGE_ZEROES] = "zeroes",
		[PAGE_REGISTER_HOLE] = "register hole",
		[PAGE_MISCOMPUTED] = "miscomputed",
		[PAGE_OTHER] = "other",
		[PAGE_WRONG_RESULT] = "wrong result",
		[PAGE_BEYOND_END] = "beyond the end",
		[PAGE_BEYOND_BUFFER] = "beyond the buffer",
	};

	return names[class];
}

static void hex(char *text, const uint8_t *bytes)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static void print_pieces(char *text, size_t size, const struct page_id *id,
			 const struct page_damage *d)
{
	char of[80] = "";

	if (d->class != PAGE_NOT_READ && same_page(&d->found, id))
		snprintf(of, sizeof(of), ", of generation %u", d->found.generation);
	else if (d->class != PAGE_NOT_READ)
		snprintf(of, sizeof(of), ", of file %u page %u generation %u", d->found.file,
			 d->found.page, d->found.generation);
	if (d->piece == PAGE_BYTES)
		snprintf(text, size, " (all of it%s)", of);
	else
		snprintf(text, size, " (%u piece%s of %u byte%s%s at %s of %u%s)", d->pieces,
			 d->pieces == 1 ? "" : "s", d->piece, d->piece == 1 ? "" : "s",
			 d->pieces == 1 ? "" : " or more",
			 d->pieces == 1 ? "a multiple" : "multiples", d->grain, of);
}

int page_damage_print(char *buf, size_t size, const struct page_id *id,
		      const struct page_damage *d)
{
	static const char *const by[PAGE_NR_PAYLOADS] = { "C", "memcpy", "AES" };
	char class[160], expected[33], got[33];

	class[0] = '\0';
	if (d->class == PAGE_STALE)
		snprintf(class, sizeof(class), " (generation %u)", d->found.generation);
	else if (d->class == PAGE_MISPLACED)
		snprintf(class, sizeof(class), " (file %u page %u generation %u)", d->found.file,
			 d->found.page, d->found.generation);
	else if (d->class == PAGE_TORN)
		snprintf(class, sizeof(class), " (at %u, the other part of generation %u)", d->cut,
			 d->found.generation);
	else if (d->class == PAGE_REGISTER_HOLE && d->stride)
		snprintf(class, sizeof(class), " (%u units in the same columns, stride %u)",
			 d->count, d->stride);
	else if (d->pieces)
		print_pieces(class, sizeof(class), id, d);
	hex(expected, d->expected);
	hex(got, d->got);
	return snprintf(buf, size,
			"file %u page %u generation %u (by %s): %s%s, %u bytes in %u range%s, the first %u at %u (aligned to %u)\n"
			"at %u expected %s found %s, sums %s",
			id->file, id->page, id->generation, by[page_payload_of(id)],
			page_class_name(d->class), class, d->bytes, d->nr_ranges,
			d->nr_ranges == 1 ? "" : "s", d->range[0].length, d->range[0].offset,
			d->alignment, d->sample, expected, got,
			d->sums_ok ? "right for what was found" : "wrong");
}
