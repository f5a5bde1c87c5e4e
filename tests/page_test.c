// SPDX-License-Identifier: GPL-2.0
/*
 * Test of what a page is and of what is wrong with one: page*.c without files.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "kselftest_harness.h"

#include <string.h>

#include "page_parts.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define PAGE_BUFFER	static uint8_t __aligned(PAGE_ALIGNMENT)

PAGE_BUFFER good[PAGE_BYTES];
PAGE_BUFFER found[PAGE_BYTES];
PAGE_BUFFER other[PAGE_BYTES];
static struct page_id id;
static struct page_damage damage;

/* From here on @id is the first page of that @kind, and @found is good. */
static void use(enum page_payload kind)
{
	id = (struct page_id){ .seed = 0x0123456789abcdef, .file = 3, .generation = 7 };
	while (page_payload_of(&id) != kind)
		id.page++;
	page_expect(&id, good);
	memcpy(found, good, PAGE_BYTES);
}

/* Change all of these bytes of @found. */
static void damage_bytes(unsigned int offset, unsigned int length)
{
	unsigned int i;

	for (i = offset; i < offset + length; i++)
		found[i] ^= 0x5a + i % 4;
}

/* As if the damage was there before the sums were computed. */
static void renew_sums(void)
{
	struct page_sums sums;

	page_sums_plain(found, &sums);
	page_put_sums(found, &sums);
}

/* Do vector and scalar code find the same sums in @found? */
static bool sums_agree(void)
{
	struct page_sums vector, plain;

	page_vector.sums(found, &vector);
	page_sums_plain(found, &plain);
	return vector.crc == plain.crc && vector.parity[0] == plain.parity[0] &&
	       vector.parity[1] == plain.parity[1];
}

/* A class, as int because its names are. */
static int check(void)
{
	PAGE_BUFFER want[PAGE_BYTES];

	page_expect(&id, want);
	memset(&damage, 0xff, sizeof(damage));
	if (page_compare(&id, want, found, &damage))
		return damage.class == PAGE_GOOD ? PAGE_GOOD : PAGE_NR_CLASSES;
	return damage.class == PAGE_GOOD ? PAGE_NR_CLASSES : damage.class;
}

FIXTURE(pages) {
	const char *reason;	/* why there is no vector code, or NULL */
};

FIXTURE_SETUP(pages)
{
	self->reason = page_init();
	use(PAGE_BY_C);
}

FIXTURE_TEARDOWN(pages)
{
}

/* RFC 3720, B.4, and the usual check value. */
TEST_F(pages, crc_known)
{
	uint8_t data[32] = { 0 };
	unsigned int i;

	EXPECT_EQ(page_crc32c(0, "123456789", 9), 0xe3069283U);
	EXPECT_EQ(page_crc32c(page_crc32c(0, "1234", 4), "56789", 5), 0xe3069283U);
	EXPECT_EQ(page_crc32c(0, data, sizeof(data)), 0x8a9136aaU);
	memset(data, 0xff, sizeof(data));
	EXPECT_EQ(page_crc32c(0, data, sizeof(data)), 0x62a8ab43U);
	for (i = 0; i < sizeof(data); i++)
		data[i] = i;
	EXPECT_EQ(page_crc32c(0, data, sizeof(data)), 0x46dd794eU);
}

/* Each byte of a page counts as it should. */
TEST_F(pages, sums_by_vector)
{
	unsigned int i;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	memset(found, 0, PAGE_BYTES);
	EXPECT_TRUE(sums_agree());
	for (i = 0; i < PAGE_BYTES; i += i < 512 ? 1 : 61) {
		if (i - PAGE_CRC_AT < PAGE_CRC_BYTES || i - PAGE_PARITY_AT < PAGE_PARITY_BYTES)
			continue;
		found[i] ^= 1 << i % 8;
		ASSERT_TRUE(sums_agree());
	}
}

/* FIPS-197, appendix B: the first round. */
TEST_F(pages, aes_known)
{
	static const uint8_t start[] = "\x19\x3d\xe3\xbe\xa0\xf4\xe2\x2b"
				       "\x9a\xc6\x8d\x2a\xe9\xf8\x48\x08";
	static const uint8_t key[] = "\xa0\xfa\xfe\x17\x88\x54\x2c\xb1"
				     "\x23\xa3\x39\x39\x2a\x6c\x76\x05";
	static const uint8_t end[] = "\xa4\x9c\x7f\xf2\x68\x9f\x35\x2b"
				     "\x6b\x5b\xea\x43\x02\x6a\x50\x49";
	uint32_t state[4], k[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		state[i] = page_get32(start + 4 * i);
		k[i] = page_get32(key + 4 * i);
	}
	page_aes_round(state, k);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(state[i], page_get32(end + 4 * i));
}

/* The format: the same bytes on every CPU, of either endianness. */
TEST_F(pages, known_pages)
{
	static const struct {
		uint32_t page, crc;
	} table[PAGE_NR_PAYLOADS] = {
		[PAGE_BY_C] = { 2, 0x27af037d },
		[PAGE_BY_MEMCPY] = { 0, 0xc7a999fd },
		[PAGE_BY_AES] = { 3, 0x67b3e1e3 },
	};
	unsigned int kind;

	for (kind = 0; kind < PAGE_NR_PAYLOADS; kind++) {
		use(kind);
		EXPECT_EQ(id.page, table[kind].page);
		EXPECT_EQ(page_get32(good + PAGE_CRC_AT), table[kind].crc);
		/* 7 bits in each byte, above that of the generation */
		EXPECT_EQ(good[13], kind << 1 | 1);
		EXPECT_EQ(good[32], id.generation << 1 | 1);
		EXPECT_EQ(good[37], id.page << 1 | 1);
		EXPECT_EQ(good[48], (id.seed & 127) << 1 | 1);
		EXPECT_EQ(good[PAGE_BYTES - 16], id.generation << 1 | 1);
		EXPECT_EQ(good[PAGE_BYTES - 6], good[42]);
	}
}

/* The number of pages that page_fill() and page_expect() disagree on. */
static unsigned int count_unequal(unsigned int *kinds)
{
	unsigned int i, unequal = 0;

	for (i = 0; i < 600; i++) {
		id.page = i * 2654435761U;
		id.generation = i / 7;
		id.file = i / 50;
		id.seed += i % 100 == 0;
		memset(found, i, PAGE_BYTES);
		page_fill(&id, found);
		page_expect(&id, good);
		unequal += !!memcmp(found, good, PAGE_BYTES) || check() != PAGE_GOOD;
		*kinds |= 1U << page_payload_of(&id);
	}
	return unequal;
}

TEST_F(pages, fill)
{
	unsigned int kinds = 0;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	TH_LOG("%s", page_vector_means());
	EXPECT_EQ(count_unequal(&kinds), 0U);
	EXPECT_EQ(kinds, (1U << PAGE_NR_PAYLOADS) - 1);
}

TEST_F(pages, fill_by_plain_c)
{
	unsigned int kinds = 0;

	if (self->reason)
		SKIP(return, "%s", self->reason);
	page_vector.aes = page_aes_plain;
	page_vector.sums = page_sums_plain;
	EXPECT_EQ(count_unequal(&kinds), 0U);
}

TEST_F(pages, one_bit)
{
	found[5000] ^= 4;
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.bytes, 1U);
	EXPECT_EQ(damage.nr_ranges, 1U);
	EXPECT_EQ(damage.range[0].offset, 5000U);
	EXPECT_EQ(damage.range[0].length, 1U);
	EXPECT_EQ(damage.alignment, 8U);
	EXPECT_EQ(damage.count, 1U);
	EXPECT_EQ(damage.stride, 0U);
	EXPECT_EQ(damage.sample, 5000U);
	EXPECT_EQ(damage.expected[0] ^ damage.got[0], 4);
	EXPECT_FALSE(damage.sums_ok);
	renew_sums();
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.bytes, 1U);
	EXPECT_TRUE(damage.sums_ok);
}

TEST_F(pages, holes)
{
	static const struct {
		unsigned int offset, length, alignment;
	} table[] = {
		{ 0, 4, 4096 },
		{ 8, 8, 8 }, { 32, 16, 32 }, { 40, 8, 8 },			/* header */
		{ 56, 16, 8 },							/* and payload */
		{ 4096, 8, 4096 }, { 4112, 16, 16 }, { 5001, 8, 1 }, { 5003, 16, 1 },
		{ PAGE_BYTES - 72, 16, 8 }, { PAGE_BYTES - 16, 16, 16 },	/* trailer */
		{ PAGE_BYTES - 8, 8, 8 }, { PAGE_BYTES - 1, 1, 1 },
	};
	unsigned int kind, i;

	for (kind = 0; kind < PAGE_NR_PAYLOADS; kind++) {
		for (i = 0; i < ARRAY_SIZE(table); i++) {
			use(kind);
			damage_bytes(table[i].offset, table[i].length);
			EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
			EXPECT_EQ(damage.bytes, table[i].length);
			EXPECT_EQ(damage.nr_ranges, 1U);
			EXPECT_EQ(damage.range[0].offset, table[i].offset);
			EXPECT_EQ(damage.range[0].length, table[i].length);
			EXPECT_EQ(damage.alignment, table[i].alignment);
			EXPECT_EQ(damage.stride, 0U);
			EXPECT_EQ(memcmp(damage.got, found + damage.sample, 16), 0);
			EXPECT_EQ(memcmp(damage.expected, good + damage.sample, 16), 0);
		}
	}
}

TEST_F(pages, sums_alone)
{
	damage_bytes(PAGE_CRC_AT, PAGE_CRC_BYTES);
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.bytes, 4U);
	EXPECT_EQ(damage.range[0].offset, PAGE_CRC_AT);
	EXPECT_FALSE(damage.sums_ok);

	damage_bytes(PAGE_PARITY_AT, PAGE_PARITY_BYTES);
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.bytes, 20U);
	EXPECT_EQ(damage.nr_ranges, 2U);
	EXPECT_EQ(damage.range[1].offset, PAGE_PARITY_AT);

	/* in consequence of other damage they do not count */
	damage_bytes(5000, 8);
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.bytes, 8U);
	EXPECT_EQ(damage.nr_ranges, 1U);
}

/* Two registers, or two interrupts; more than that is something else. */
TEST_F(pages, several_holes)
{
	unsigned int i;

	use(PAGE_BY_MEMCPY);
	for (i = 0; i < 4; i++) {
		damage_bytes(1001 + 1234 * i, 16);
		EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
		EXPECT_EQ(damage.count, i + 1);
	}
	damage_bytes(9001, 16);
	EXPECT_EQ(check(), PAGE_OTHER);
	EXPECT_EQ(damage.nr_ranges, 5U);

	use(PAGE_BY_MEMCPY);
	damage_bytes(4096, 17);
	EXPECT_EQ(check(), PAGE_OTHER);
}

/* Lanes go wrong as they do when one of their registers is lost in the middle of the loop. */
static void lose_lane(unsigned int lane, unsigned int row, unsigned int which)
{
	struct page_lanes lanes;
	uint64_t state[3];
	unsigned int i;

	page_plan_lanes(&id, &lanes);
	state[0] = lanes.a[lane];
	state[1] = lanes.b[lane];
	state[2] = lanes.c[lane];
	for (i = 0; i < PAGE_C_ROWS; i++) {
		if (i == row)
			state[which] = 0;
		state[0] += state[1];
		state[1] ^= state[0];
		state[2] ^= state[0];
		page_put64(found + PAGE_HEADER + PAGE_C_ROW * i + 8 * lane,
			   (state[2] & PAGE_HIGH_BITS) | page_low_bits(id.generation));
	}
}

TEST_F(pages, carried_by_lanes)
{
	unsigned int which;

	for (which = 0; which < 3; which++) {
		use(PAGE_BY_C);
		lose_lane(2, 100, which);
		EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
		EXPECT_EQ(damage.stride, PAGE_C_ROW);
		EXPECT_EQ(damage.count, PAGE_C_ROWS - 100);
		EXPECT_EQ(damage.range[0].offset, PAGE_HEADER + 100 * PAGE_C_ROW + 16);

		lose_lane(3, 100, which);
		renew_sums();
		EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
		EXPECT_EQ(damage.count, PAGE_C_ROWS - 100);
		EXPECT_TRUE(damage.sums_ok);

		/* a second register, and a third */
		lose_lane(6, 200, which);
		EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
		lose_lane(0, 200, which);
		EXPECT_EQ(check(), PAGE_OTHER);
		renew_sums();
		EXPECT_EQ(check(), PAGE_MISCOMPUTED);
	}
}

TEST_F(pages, carried_by_counter)
{
	struct page_aes aes;
	unsigned int row;

	use(PAGE_BY_AES);
	page_plan_aes(&id, &aes);
	aes.counter ^= 1ULL << 63;
	page_aes_plain(&aes, other + PAGE_HEADER);
	for (row = 50; row < PAGE_AES_ROWS; row++) {
		unsigned int at = PAGE_HEADER + PAGE_AES_ROW * row + 16 * 5;

		memcpy(found + at, other + at, 16);
	}
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.stride, PAGE_AES_ROW);
	EXPECT_EQ(damage.count, PAGE_AES_ROWS - 50);

	/* and a header that lost a register, too, is more than that */
	damage_bytes(32, 8);
	EXPECT_EQ(check(), PAGE_OTHER);
}

/* All later data depends on a lost key. */
TEST_F(pages, miscomputed)
{
	struct page_aes aes;
	unsigned int at = PAGE_HEADER + 4096;

	use(PAGE_BY_AES);
	page_plan_aes(&id, &aes);
	memset(aes.key[1], 0, 8);
	page_aes_plain(&aes, other + PAGE_HEADER);
	memcpy(found + at, other + at, PAGE_BYTES - PAGE_TRAILER - at);
	EXPECT_EQ(check(), PAGE_OTHER);
	renew_sums();
	EXPECT_EQ(check(), PAGE_MISCOMPUTED);
	EXPECT_TRUE(damage.sums_ok);
}

TEST_F(pages, stale)
{
	struct page_id old = id;

	for (old.generation = 0; old.generation < id.generation; old.generation++) {
		page_expect(&old, found);
		EXPECT_EQ(check(), PAGE_STALE);
		EXPECT_EQ(damage.found.generation, old.generation);
		EXPECT_EQ(damage.found.page, id.page);
		EXPECT_TRUE(damage.sums_ok);
	}
}

TEST_F(pages, misplaced)
{
	struct page_id neighbour = id;

	neighbour.page++;
	page_expect(&neighbour, found);
	EXPECT_EQ(check(), PAGE_MISPLACED);
	EXPECT_EQ(damage.found.page, id.page + 1);
	neighbour.file++;
	neighbour.generation--;
	page_expect(&neighbour, found);
	EXPECT_EQ(check(), PAGE_MISPLACED);
	EXPECT_EQ(damage.found.file, id.file + 1);
	EXPECT_EQ(damage.found.generation, id.generation - 1);
	EXPECT_TRUE(damage.sums_ok);

	/* a page of another run is nothing that this one could have misplaced */
	neighbour.seed++;
	page_expect(&neighbour, found);
	EXPECT_EQ(check(), PAGE_OTHER);
	EXPECT_TRUE(damage.sums_ok);
}

TEST_F(pages, torn)
{
	static const unsigned int cuts[] = { 512, 4096, 8192, PAGE_BYTES - 512 };
	struct page_id old = id;
	unsigned int i;

	for (old.generation = id.generation - 3; old.generation < id.generation + 2;
	     old.generation++) {
		if (old.generation == id.generation)
			continue;
		page_expect(&old, other);
		for (i = 0; i < ARRAY_SIZE(cuts); i++) {
			memcpy(found, good, cuts[i]);
			memcpy(found + cuts[i], other + cuts[i], PAGE_BYTES - cuts[i]);
			EXPECT_EQ(check(), PAGE_TORN);
			EXPECT_EQ(damage.cut, cuts[i]);
			EXPECT_EQ(damage.found.generation, old.generation);
			EXPECT_FALSE(damage.sums_ok);
		}
	}

	/* no cut of a device */
	memcpy(found, good, 1000);
	memcpy(found + 1000, other + 1000, PAGE_BYTES - 1000);
	EXPECT_EQ(check(), PAGE_MOSAIC);
	EXPECT_EQ(damage.grain, 8U);
	damage_bytes(12000, 1);
	EXPECT_EQ(check(), PAGE_OTHER);
	EXPECT_EQ(damage.pieces, 0U);
}

/* Neither part is the generation that should be there. */
TEST_F(pages, torn_and_stale)
{
	struct page_id old = id;

	old.generation = 3;
	page_expect(&old, found);
	old.generation = 4;
	page_expect(&old, other);
	memcpy(found + 4096, other + 4096, PAGE_BYTES - 4096);
	EXPECT_EQ(check(), PAGE_TORN);
	EXPECT_EQ(damage.cut, 4096U);
	EXPECT_EQ(damage.found.generation, 3U);
}

/* Pieces of another generation, of whatever size they come in. */
TEST_F(pages, mosaic)
{
	static const struct {
		unsigned int offset, length, every, pieces, grain;
	} table[] = {
		{ 0, 4096, PAGE_BYTES, 1, 4096 },
		{ 4096, 4096, PAGE_BYTES, 1, 4096 },
		{ 4096, 64, PAGE_BYTES, 1, 64 },
		{ 8192 + 128, 128, PAGE_BYTES, 1, 128 },
		{ 128, 128, 256, 64, 128 },
		{ 0, 512, 4096, 4, 512 },
		{ 0, 8192, PAGE_BYTES, 1, 8192 },
		{ PAGE_BYTES - 64, 64, PAGE_BYTES, 1, 64 },
		{ PAGE_BYTES - 100, 100, PAGE_BYTES, 1, 4 },
		{ 1001, 33, PAGE_BYTES, 1, 1 },
	};
	struct page_id old;
	unsigned int kind, i, at, back;

	for (kind = 0; kind < PAGE_NR_PAYLOADS; kind++) {
		for (back = 1; back < 4; back++) {
			use(kind);
			old = id;
			old.generation -= back;
			page_expect(&old, other);
			for (i = 0; i < ARRAY_SIZE(table); i++) {
				memcpy(found, good, PAGE_BYTES);
				for (at = table[i].offset; at < PAGE_BYTES; at += table[i].every)
					memcpy(found + at, other + at, table[i].length);
				EXPECT_EQ(check(), PAGE_MOSAIC);
				EXPECT_EQ(damage.pieces, table[i].pieces);
				EXPECT_EQ(damage.found.generation, old.generation);
				/* two generations apart bytes may agree, and a border be rounder */
				EXPECT_EQ(damage.grain % table[i].grain, 0U);
				if (back != 1)
					continue;
				EXPECT_EQ(damage.grain, table[i].grain);
				EXPECT_EQ(damage.piece, table[i].length);
			}
		}
	}

	/* 16 bytes of another generation are a register hole, too */
	use(PAGE_BY_C);
	old = id;
	old.generation--;
	page_expect(&old, other);
	memcpy(found + PAGE_BYTES - 16, other + PAGE_BYTES - 16, 16);
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.pieces, 1U);
	EXPECT_EQ(damage.found.generation, old.generation);

	/* and 4 KiB may be of another page */
	use(PAGE_BY_C);
	old = id;
	old.page++;
	page_expect(&old, other);
	memcpy(found, other, 4096);
	EXPECT_EQ(check(), PAGE_MOSAIC);
	EXPECT_EQ(damage.found.page, old.page);
}

/* A read that did not write all of its buffer. */
TEST_F(pages, not_read)
{
	unsigned int kind, i;

	for (kind = 0; kind < PAGE_NR_PAYLOADS; kind++) {
		use(kind);
		page_poison(good, found);
		for (i = 0; i < PAGE_BYTES; i++)
			ASSERT_NE(found[i], good[i]);
		EXPECT_EQ(check(), PAGE_NOT_READ);
		EXPECT_EQ(damage.piece, (unsigned int)PAGE_BYTES);
		memcpy(found, good, PAGE_BYTES - 64);
		EXPECT_EQ(check(), PAGE_NOT_READ);
		EXPECT_EQ(damage.piece, 64U);
		EXPECT_EQ(damage.pieces, 1U);
		memcpy(found, good, PAGE_BYTES - 1);
		EXPECT_EQ(check(), PAGE_NOT_READ);
		EXPECT_EQ(damage.piece, 1U);
	}
}

/* A write that loses one byte, wherever it is, leaves one that is wrong. */
TEST_F(pages, each_byte_of_each_generation)
{
	unsigned int n, i, kinds[PAGE_NR_PAYLOADS] = { 0 }, equal = 0;

	id = (struct page_id){ .seed = 0x0123456789abcdef, .file = 1, .page = 5 };
	page_expect(&id, other);
	for (n = 1; n < 1200; n++) {
		/* also where a number carries, from byte to byte and to its end */
		id.generation = n < 600 ? n : UINT32_MAX - 1200 + n;
		if (n == 600) {
			id.generation--;
			page_expect(&id, other);
			id.generation++;
		}
		kinds[page_payload_of(&id)]++;
		page_expect(&id, good);
		for (i = 0; i < PAGE_BYTES; i++)
			equal += good[i] == other[i];
		memcpy(other, good, PAGE_BYTES);
	}
	EXPECT_EQ(equal, 0U);
	for (i = 0; i < PAGE_NR_PAYLOADS; i++)
		EXPECT_GT(kinds[i], 100U);
}

TEST_F(pages, zeroes)
{
	static const struct page_range table[] = {
		{ 0, PAGE_BYTES }, { 8192, 8192 }, { 0, 8192 }, { 4096, 512 }, { 1001, 700 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		use(PAGE_BY_MEMCPY);
		memset(found + table[i].offset, 0, table[i].length);
		EXPECT_EQ(check(), PAGE_ZEROES);
		EXPECT_GT(damage.bytes, table[i].length * 9 / 10);
	}
	damage_bytes(3000, 1);
	EXPECT_EQ(check(), PAGE_OTHER);

	use(PAGE_BY_MEMCPY);
	memset(found + 4096, 0, 256);
	EXPECT_EQ(check(), PAGE_OTHER);
}

TEST_F(pages, garbage)
{
	uint32_t x = 1;
	unsigned int i;

	for (i = 0; i < PAGE_BYTES; i++) {
		x = x * 1664525 + 1013904223;
		found[i] = x >> 24;
	}
	EXPECT_EQ(check(), PAGE_OTHER);
	EXPECT_EQ(damage.alignment, 4096U);
	EXPECT_FALSE(damage.sums_ok);
	EXPECT_EQ(damage.count, 0U);

	for (i = 0; i < PAGE_NR_PAYLOADS; i++) {
		use(i);
		damage_bytes(4096, 100);
		EXPECT_EQ(check(), PAGE_OTHER);
		EXPECT_EQ(damage.nr_ranges, 1U);
		EXPECT_EQ(damage.bytes, 100U);
	}
}

/* More ranges than there is room for. */
TEST_F(pages, ranges)
{
	unsigned int i;

	use(PAGE_BY_MEMCPY);
	for (i = 0; i < 20; i++)
		damage_bytes(1000 + 9 * i, 1);
	EXPECT_EQ(check(), PAGE_OTHER);
	EXPECT_EQ(damage.nr_ranges, 20U);
	EXPECT_EQ(damage.bytes, 20U);
	EXPECT_EQ(damage.range[PAGE_MAX_RANGES - 1].offset, 1000U + 9 * (PAGE_MAX_RANGES - 1));

	/* 7 equal bytes in between make it one range */
	use(PAGE_BY_MEMCPY);
	damage_bytes(1000, 1);
	damage_bytes(1008, 1);
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	EXPECT_EQ(damage.nr_ranges, 1U);
	EXPECT_EQ(damage.range[0].length, 9U);
	EXPECT_EQ(damage.bytes, 2U);
}

TEST_F(pages, print)
{
	char text[PAGE_TEXT_SIZE], small[20];
	int length;

	memset(found + 4112, 0xee, 16);
	EXPECT_EQ(check(), PAGE_REGISTER_HOLE);
	length = page_damage_print(text, sizeof(text), &id, &damage);
	EXPECT_EQ(length, (int)strlen(text));
	TH_LOG("%s", text);
	EXPECT_NE(strstr(text, "generation 7 (by C): register hole, 16 bytes in 1 range"), NULL);
	EXPECT_NE(strstr(text, "16 at 4112 (aligned to 16)"), NULL);
	EXPECT_NE(strstr(text, "found eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee, sums wrong"), NULL);
	EXPECT_EQ(page_damage_print(small, sizeof(small), &id, &damage), length);
	EXPECT_EQ(strlen(small), sizeof(small) - 1);

	/* the longest */
	id = (struct page_id){ UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
	damage.class = PAGE_MISPLACED;
	damage.found = id;
	damage.sums_ok = true;
	EXPECT_LT(page_damage_print(text, sizeof(text), &id, &damage), (int)sizeof(text));
}

TEST_HARNESS_MAIN
