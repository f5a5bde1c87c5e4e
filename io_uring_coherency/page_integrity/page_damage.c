// SPDX-License-Identifier: GPL-2.0
/*
 * What is wrong with a page that is not as it should be: its class, see page.h.
 *
 * Compiled so that no vector or FP register is used: they are what is under suspicion.
 */
#include "page_parts.h"

#define SECTOR		512
#define MAX_HOLE	16		/* bytes of a register */
#define MAX_HOLES	4
#define MAX_COLUMNS	2
#define MIN_GAP		8
#define OLDER		8		/* generations that parts of a page may come from */
/* By this all bytes differ from what they should be; each of its own is another. */
#define POISON		0x9e3779b97f4a7c15ULL

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

/* Is the byte at @offset one of the sums? */
static bool is_sum(unsigned int offset)
{
	return offset - PAGE_CRC_AT < PAGE_CRC_BYTES || offset - PAGE_PARITY_AT < PAGE_PARITY_BYTES;
}

static bool sums_are_right(const uint8_t *page)
{
	uint8_t right[PAGE_PARITY_AT + PAGE_PARITY_BYTES] __aligned(8);
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
	struct page_id found = page_get_id(got);

	if (found.seed != id->seed)
		return false;
	page_expect(&found, other);
	if (!same(other, got, PAGE_BYTES))
		return false;
	damage->class = page_same(id, &found) ? PAGE_STALE : PAGE_MISPLACED;
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
	const uint32_t end = page_trailer_generation(got);
	struct page_id found = page_get_id(got);
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
		    (page_same(&found, id) && found.generation == id->generation))
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
	uint8_t second[PAGE_BYTES] __aligned(PAGE_ALIGNMENT);
	struct page_id found = *id;

	found.generation = page_trailer_generation(got);
	page_expect(&found, second);
	found.generation = page_get_id(got).generation;
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
	uint8_t other[PAGE_BYTES] __aligned(PAGE_ALIGNMENT);
	struct page_id says = page_get_id(got);

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
	} else if (damage->sums_ok && page_same(&says, id) && says.generation == id->generation) {
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
