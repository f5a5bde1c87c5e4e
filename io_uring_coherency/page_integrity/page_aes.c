// SPDX-License-Identifier: GPL-2.0
/*
 * AES of a page by scalar code; see page_parts.h. Compiled without vector registers,
 * as page.c is.
 */
#include "page_parts.h"

static uint32_t aes_table[4][256];

/* Multiplication by x, in the field of FIPS-197. */
static uint8_t times_x(uint8_t v)
{
	return v << 1 ^ (v & 0x80 ? 0x1b : 0);
}

/* For each value of a byte what SubBytes and MixColumns make of it, one table for each row. */
void page_aes_init(void)
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
