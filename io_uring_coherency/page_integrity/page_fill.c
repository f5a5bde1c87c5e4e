// SPDX-License-Identifier: GPL-2.0
/*
 * The vector filler's portable part.
 */
#include <string.h>

#include "page_parts.h"

/*
 * Not left to the vectoriser: gcc 12 unrolls such a loop first and then keeps the lanes in
 * general purpose registers and on the stack.
 */
typedef uint64_t lane_pair __attribute__((vector_size(16)));

#define PAIRS	(PAGE_LANES / 2)

static lane_pair load_pair(const uint64_t *lane)
{
	return (lane_pair){ lane[0], lane[1] };
}

static void fill_by_c(const struct page_id *id, uint8_t *out)
{
	const uint64_t low = page_low_bits(id->generation);
	const lane_pair high_bits = { PAGE_HIGH_BITS, PAGE_HIGH_BITS }, low_bits = { low, low };
	lane_pair a[PAIRS], b[PAIRS], c[PAIRS];
	struct page_lanes lanes;
	unsigned int row, i;

	page_plan_lanes(id, &lanes);
	for (i = 0; i < PAIRS; i++) {
		a[i] = load_pair(&lanes.a[2 * i]);
		b[i] = load_pair(&lanes.b[2 * i]);
		c[i] = load_pair(&lanes.c[2 * i]);
	}
	for (row = 0; row < PAGE_C_ROWS; row++) {
		for (i = 0; i < PAIRS; i++, out += sizeof(lane_pair)) {
			lane_pair le;

			a[i] += b[i];
			b[i] ^= a[i];
			c[i] ^= a[i];
			le = (c[i] & high_bits) | low_bits;
			le = (lane_pair){ htole64(le[0]), htole64(le[1]) };
			memcpy(out, &le, sizeof(le));
		}
	}
}

static void fill_by_memcpy(const struct page_id *id, uint8_t *out)
{
	const uint8_t *from = page_template[id->generation & 1];
	unsigned int left = PAGE_PAYLOAD, n;

	for (n = 0; left; n++) {
		struct page_piece piece = page_plan_piece(id, n);
		unsigned int length = piece.length < left ? piece.length : left;

		memcpy(out, from + piece.from, length);
		out += length;
		left -= length;
	}
}

static void fill_by_aes(const struct page_id *id, uint8_t *out)
{
	struct page_aes aes;

	page_plan_aes(id, &aes);
	page_vector.aes(&aes, out);
}

void page_fill(const struct page_id *id, void *page)
{
	static void (*const fill[PAGE_NR_PAYLOADS])(const struct page_id *id, uint8_t *out) = {
		[PAGE_BY_C] = fill_by_c,
		[PAGE_BY_MEMCPY] = fill_by_memcpy,
		[PAGE_BY_AES] = fill_by_aes,
	};

	struct page_sums sums;

	page_put_frame(id, page);
	fill[page_payload_of(id)](id, (uint8_t *)page + PAGE_HEADER);
	page_vector.sums(page, &sums);
	page_put_sums(page, &sums);
}
