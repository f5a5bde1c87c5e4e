// SPDX-License-Identifier: GPL-2.0
/*
 * The scalar half of the pages: what they must be; see page.h and page_parts.h.
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

uint8_t page_template[2][PAGE_TEMPLATE_BYTES] __aligned(16);

struct page_vector page_vector;

static page_sums_function *scalar_sums;
static char vector_means[96];

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

struct page_id page_get_id(const void *page)
{
	const uint8_t *p = page;

	return (struct page_id){
		.seed = get_field(p + SEED_AT, SEED_FIELD),
		.file = get_field(p + FILE_AT, FIELD),
		.page = get_field(p + PAGE_AT, FIELD),
		.generation = get_field(p + GENERATION_AT, FIELD),
	};
}

uint32_t page_trailer_generation(const void *page)
{
	return get_field((const uint8_t *)page + END_GENERATION_AT, FIELD);
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

void page_put_sums(void *page, const struct page_sums *sums)
{
	uint8_t *p = page;
	const uint8_t low = *p & 1;

	put_bytes(p + PAGE_CRC_AT, PAGE_CRC_BYTES, sums->crc, low);
	put_bytes(p + PAGE_PARITY_AT, 8, sums->parity[0], low);
	put_bytes(p + PAGE_PARITY_AT + 8, 8, sums->parity[1], low);
}

const char *page_init(void)
{
	const char *reason;
	unsigned int i;

	page_aes_init();
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
