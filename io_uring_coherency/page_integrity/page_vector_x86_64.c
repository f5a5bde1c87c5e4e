// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64: AES by AES-NI, CRC32C by SSE4.2.
 */
#include <immintrin.h>

#include "page_parts.h"

__attribute__((target("aes,sse4.2")))
static void fill_aes(const struct page_aes *aes, void *payload)
{
	const __m128i swap = _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
	const __m128i step = _mm_set_epi64x(PAGE_AES_BLOCKS, 0);
	const __m128i high = _mm_set1_epi64x(PAGE_HIGH_BITS), low = _mm_set1_epi64x(aes->low);
	__m128i key[3], counter[PAGE_AES_BLOCKS], *out = payload;
	unsigned int row, i;

	for (i = 0; i < 3; i++)
		key[i] = _mm_loadu_si128((const __m128i *)aes->key[i]);
	for (i = 0; i < PAGE_AES_BLOCKS; i++)
		counter[i] = _mm_set_epi64x(aes->counter + i, aes->nonce);
	for (row = 0; row < PAGE_AES_ROWS; row++) {
		for (i = 0; i < PAGE_AES_BLOCKS; i++) {
			__m128i block = _mm_xor_si128(_mm_shuffle_epi8(counter[i], swap), key[0]);

			block = _mm_aesenc_si128(block, key[1]);
			block = _mm_aesenc_si128(block, key[2]);
			block = _mm_or_si128(_mm_and_si128(block, high), low);
			_mm_storeu_si128(out++, block);
			counter[i] = _mm_add_epi64(counter[i], step);
		}
	}
}

__attribute__((target("sse4.2")))
static void sum_up(const void *page, struct page_sums *sums)
{
	const __m128i *const units = page, *const last = units + 3 * PAGE_CRC_UNITS;
	uint64_t crc[3] = { 0xffffffff, 0, 0 };
	__m128i parity = _mm_loadu_si128(last);
	unsigned int i, j;

	for (i = 0; i < PAGE_CRC_UNITS; i++) {
		for (j = 0; j < 3; j++) {
			const __m128i *unit = units + j * PAGE_CRC_UNITS + i;
			const uint64_t *word = (const uint64_t *)unit;

			crc[j] = _mm_crc32_u64(_mm_crc32_u64(crc[j], word[0]), word[1]);
			parity = _mm_xor_si128(parity, _mm_loadu_si128(unit));
		}
	}
	crc[0] = page_crc_join(crc[0], crc[1], crc[2]);
	for (j = 0; j < 2; j++)
		crc[0] = _mm_crc32_u64(crc[0], ((const uint64_t *)last)[j]);
	sums->crc = ~crc[0];
	_mm_storeu_si128((__m128i *)sums->parity, parity);
}

const char *page_vector_init(struct page_vector *vector)
{
	if (__builtin_cpu_supports("sse4.2")) {
		vector->sums = sum_up;
		vector->crc_means = "SSE4.2";
		if (__builtin_cpu_supports("aes")) {
			vector->aes = fill_aes;
			vector->aes_means = "AES-NI";
		}
	}
	return NULL;
}
