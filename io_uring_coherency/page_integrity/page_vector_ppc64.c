// SPDX-License-Identifier: GPL-2.0
/*
 * ppc64: AES and CRC32C by the vector unit of POWER8; compiled for -mcpu=power8, as page_fill.c is.
 */
#include <altivec.h>
#include <sys/auxv.h>

#include "page_parts.h"

/* arch/powerpc/include/uapi/asm/cputable.h */
#define PPC_FEATURE_HAS_VSX	0x00000080
#define PPC_FEATURE2_ARCH_2_07	0x80000000
#define PPC_FEATURE2_VEC_CRYPTO	0x02000000

/* The 128-bit number high << 64 | low. Elements are numbered in the order of memory. */
static vector unsigned long long number(uint64_t high, uint64_t low)
{
#if __BYTE_ORDER == __LITTLE_ENDIAN
	return (vector unsigned long long){ low, high };
#else
	return (vector unsigned long long){ high, low };
#endif
}

static uint64_t low_half(vector unsigned long long v)
{
	return v[__BYTE_ORDER != __LITTLE_ENDIAN];
}

static uint64_t high_half(vector unsigned long long v)
{
	return v[__BYTE_ORDER == __LITTLE_ENDIAN];
}

/* AES on POWER wants byte 0 in the most significant place, where vec_xl_be() puts it. */
static void fill_aes(const struct page_aes *aes, void *payload)
{
	const vector unsigned long long step = number(0, PAGE_AES_BLOCKS);
	const vector unsigned long long high = number(PAGE_HIGH_BITS, PAGE_HIGH_BITS);
	const vector unsigned long long low = number(aes->low, aes->low);
	vector unsigned long long key[3], counter[PAGE_AES_BLOCKS];
	uint8_t *out = payload;
	unsigned int row, i;

	for (i = 0; i < 3; i++)
		key[i] = (vector unsigned long long)vec_xl_be(0, (uint8_t *)aes->key[i]);
	for (i = 0; i < PAGE_AES_BLOCKS; i++)
		counter[i] = number(aes->nonce, aes->counter + i);
	for (row = 0; row < PAGE_AES_ROWS; row++) {
		for (i = 0; i < PAGE_AES_BLOCKS; i++, out += 16) {
			vector unsigned long long block = counter[i] ^ key[0];

			block = __builtin_crypto_vcipher(block, key[1]);
			block = __builtin_crypto_vcipher(block, key[2]);
			block = (block & high) | low;
			vec_xst_be((vector unsigned char)block, 0, out);
			counter[i] += step;
		}
	}
}

/*
 * CRC32C by folding (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction", Intel, 2009). Bit i of a number stands for x^(127 - i), as CRC32C is bit-reversed.
 * vpmsumd multiplies both halves by those of a factor and adds the products, which advances the
 * number by n bits if the factor is x^(n + 64) and x^n, modulo the CRC's polynomial; less one,
 * because the product of two reversed 64-bit numbers comes out multiplied by x.
 */
#define FOLDS	8

static vector unsigned long long advance_folds, advance_one;

/* x^n modulo the polynomial, as a reversed 64-bit number. */
static uint64_t power_of_x(unsigned int n)
{
	uint32_t p = 0x80000000;

	while (n--)
		p = p >> 1 ^ (p & 1 ? CRC32C_REVERSED : 0);
	return (uint64_t)p << 32;
}

static vector unsigned long long advance_by(unsigned int bits)
{
	return number(power_of_x(bits - 1), power_of_x(bits + 64 - 1));
}

/* In this order, as QEMU takes a time that depends on the bits of the first operand. */
static vector unsigned long long advance(vector unsigned long long v,
					 vector unsigned long long by)
{
	return (vector unsigned long long)vec_pmsum_be(by, v);
}

/* The 16 bytes at @p as a little endian number. */
static vector unsigned long long load_number(const uint8_t *p)
{
	vector unsigned char b = vec_xl(0, (uint8_t *)p);

#if __BYTE_ORDER != __LITTLE_ENDIAN
	b = vec_reve(b);
#endif
	return (vector unsigned long long)b;
}

static void sum_up(const void *page, struct page_sums *sums)
{
	vector unsigned long long parity[FOLDS], sum[FOLDS], data[FOLDS];
	const uint8_t *in = page, *end = in + PAGE_BYTES;
	uint8_t rest[16];
	unsigned int i;

	for (i = 0; i < FOLDS; i++) {
		sum[i] = load_number(in + 16 * i);
		parity[i] = sum[i];
		data[i] = load_number(in + 16 * (FOLDS + i));
	}
	sum[0] ^= number(0, 0xffffffff);
	/*
	 * Loads run one round ahead: to hide what they take, and so that what they load, too, lives
	 * in registers from round to round.
	 */
	for (in += 32 * FOLDS; in < end; in += 16 * FOLDS) {
		for (i = 0; i < FOLDS; i++) {
			parity[i] ^= data[i];
			sum[i] = advance(sum[i], advance_folds) ^ data[i];
			data[i] = load_number(in + 16 * i);
		}
	}
	for (i = 0; i < FOLDS; i++) {
		parity[i] ^= data[i];
		sum[i] = advance(sum[i], advance_folds) ^ data[i];
	}
	for (i = 1; i < FOLDS; i++) {
		parity[0] ^= parity[i];
		sum[i] ^= advance(sum[i - 1], advance_one);
	}
	/* as bytes again they have the same remainder as the page, but for the inversions */
	page_put64(rest, low_half(sum[FOLDS - 1]));
	page_put64(rest + 8, high_half(sum[FOLDS - 1]));
	sums->crc = page_crc32c(0xffffffff, rest, sizeof(rest));
	sums->parity[0] = low_half(parity[0]);
	sums->parity[1] = high_half(parity[0]);
}

const char *page_vector_init(struct page_vector *vector)
{
	unsigned long hwcap2 = getauxval(AT_HWCAP2);

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_VSX) || !(hwcap2 & PPC_FEATURE2_ARCH_2_07))
		return "this CPU or kernel lacks the vector unit of POWER8";
	if (hwcap2 & PPC_FEATURE2_VEC_CRYPTO) {
		advance_folds = advance_by(128 * FOLDS);
		advance_one = advance_by(128);
		vector->aes = fill_aes;
		vector->aes_means = "vcipher";
		vector->sums = sum_up;
		vector->crc_means = "vpmsumd";
	}
	return NULL;
}
