// SPDX-License-Identifier: GPL-2.0
/*
 * The sums of a page, CRC32C and parity, by scalar code: by tables, and four times as fast by an
 * instruction for CRC32C that works on general purpose registers. Compiled without vector
 * registers, as page.c is.
 */
#include "page_parts.h"

/* CRC32C, 16 bytes at a time, from one table for each distance to the end. */
static uint32_t crc_table[16][256];

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

#if defined(__x86_64__)

static inline uint64_t crc_step(uint64_t crc, uint64_t word)
{
	asm("crc32q	%1, %0" : "+r"(crc) : "rm"(word));
	return crc;
}

static bool have_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

/* arch/arm64/include/uapi/asm/hwcap.h */
#define ARM64_HWCAP_CRC32	BIT(7)

static inline uint64_t crc_step(uint64_t crc, uint64_t word)
{
	asm(".arch_extension crc\n\tcrc32cx	%w0, %w0, %x1" : "+r"(crc) : "r"(word));
	return crc;
}

static bool have_instruction(void)
{
	return getauxval(AT_HWCAP) & ARM64_HWCAP_CRC32;
}

#else

static inline uint64_t crc_step(uint64_t crc, uint64_t word)
{
	return crc ^ word;
}

static bool have_instruction(void)
{
	return false;
}

#endif

#define STREAM_WORDS	(2 * PAGE_CRC_UNITS)

/* What a CRC becomes by as many zero bytes as a stream has, for each value of its four bytes. */
static uint32_t shift_table[4][256];

static uint32_t shift(uint32_t crc)
{
	return shift_table[0][crc & 0xff] ^ shift_table[1][crc >> 8 & 0xff] ^
	       shift_table[2][crc >> 16 & 0xff] ^ shift_table[3][crc >> 24];
}

static void init_shift(void)
{
	unsigned int bit, i, value;

	for (bit = 0; bit < 32; bit++) {
		uint32_t (*const table) = shift_table[bit / 8];
		uint64_t crc = 1U << bit;

		for (i = 0; i < STREAM_WORDS; i++)
			crc = crc_step(crc, 0);
		/* values come after those that have one bit less */
		for (value = 1U << bit % 8; value < 2U << bit % 8; value++)
			table[value] = table[value - (1U << bit % 8)] ^ crc;
	}
}

uint32_t page_crc_join(uint32_t first, uint32_t second, uint32_t third)
{
	return shift(shift(first) ^ second) ^ third;
}

static void sum_up(const void *page, struct page_sums *sums)
{
	const uint64_t *p = page, *const last = p + 3 * STREAM_WORDS;
	uint64_t first = 0xffffffff, second = 0, third = 0, parity[2] = { 0, 0 };
	unsigned int i;

	for (i = 0; i < STREAM_WORDS; i += 2) {
		const uint64_t *a = p + i, *b = a + STREAM_WORDS, *c = b + STREAM_WORDS;

		first = crc_step(first, a[0]);
		second = crc_step(second, b[0]);
		third = crc_step(third, c[0]);
		first = crc_step(first, a[1]);
		second = crc_step(second, b[1]);
		third = crc_step(third, c[1]);
		parity[0] ^= a[0] ^ b[0] ^ c[0];
		parity[1] ^= a[1] ^ b[1] ^ c[1];
	}
	first = page_crc_join(first, second, third);
	sums->crc = ~crc_step(crc_step(first, last[0]), last[1]);
	sums->parity[0] = parity[0] ^ last[0];
	sums->parity[1] = parity[1] ^ last[1];
}

page_sums_function *page_sums_init(void)
{
	init_crc();
	if (!have_instruction())
		return page_sums_plain;
	init_shift();
	return sum_up;
}
