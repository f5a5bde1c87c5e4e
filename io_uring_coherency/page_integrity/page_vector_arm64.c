// SPDX-License-Identifier: GPL-2.0
/*
 * arm64: AES and CRC32C by the optional instructions of ARMv8.0; compiled for
 * -march=armv8-a+crypto+crc, because clang before 16 offers no intrinsics by attribute.
 */
#include <arm_acle.h>
#include <arm_neon.h>
#include <sys/auxv.h>

#include "page_parts.h"

/* arch/arm64/include/uapi/asm/hwcap.h */
#define ARM64_HWCAP_AES		BIT(3)
#define ARM64_HWCAP_CRC32	BIT(7)

static void fill_aes(const struct page_aes *aes, void *payload)
{
	const uint64x2_t step = vcombine_u64(vcreate_u64(0), vcreate_u64(PAGE_AES_BLOCKS));
	const uint8x16_t high = vdupq_n_u8(0xfe), low = vdupq_n_u8(aes->low & 1);
	uint64x2_t counter[PAGE_AES_BLOCKS];
	uint8x16_t key[3];
	uint8_t *out = payload;
	unsigned int row, i;

	for (i = 0; i < 3; i++)
		key[i] = vld1q_u8(aes->key[i]);
	for (i = 0; i < PAGE_AES_BLOCKS; i++)
		counter[i] = vcombine_u64(vcreate_u64(aes->nonce), vcreate_u64(aes->counter + i));
	for (row = 0; row < PAGE_AES_ROWS; row++) {
		for (i = 0; i < PAGE_AES_BLOCKS; i++, out += 16) {
			uint8x16_t block = vrev64q_u8(vreinterpretq_u8_u64(counter[i]));

			/* AESE adds its key at the start of the round, not at the end */
			block = vaesmcq_u8(vaeseq_u8(block, key[0]));
			block = vaesmcq_u8(vaeseq_u8(block, key[1]));
			block = veorq_u8(block, key[2]);
			vst1q_u8(out, vorrq_u8(vandq_u8(block, high), low));
			counter[i] = vaddq_u64(counter[i], step);
		}
	}
}

static void sum_up(const void *page, struct page_sums *sums)
{
	const uint64_t *word = page, *end = word + PAGE_BYTES / 8;
	uint64x2_t parity = vdupq_n_u64(0);
	uint32_t crc = 0xffffffff;

	for (; word < end; word += 2) {
		crc = __crc32cd(crc, word[0]);
		crc = __crc32cd(crc, word[1]);
		parity = veorq_u64(parity, vld1q_u64(word));
	}
	sums->crc = ~crc;
	vst1q_u64(sums->parity, parity);
}

const char *page_vector_init(struct page_vector *vector)
{
	unsigned long hwcap = getauxval(AT_HWCAP);

	if (hwcap & ARM64_HWCAP_AES) {
		vector->aes = fill_aes;
		vector->aes_means = "AESE";
	}
	if (hwcap & ARM64_HWCAP_CRC32) {
		vector->sums = sum_up;
		vector->crc_means = "CRC32CX";
	}
	return NULL;
}
