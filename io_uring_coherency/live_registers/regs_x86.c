// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64 and i386: what the two have in common, which are the registers of FXSAVE and XSAVE.
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "regs_x86.h"

/* Intel SDM vol. 2A, CPUID: bits of leaf 1 ECX and of leaf 7 EBX */
#define CPUID_1_OSXSAVE		BIT(27)
#define CPUID_1_AVX		BIT(28)
#define CPUID_7_AVX512F		BIT(16)
#define CPUID_7_AVX512BW	BIT(30)

/* XCR0: SSE and AVX; on top of them opmask, ZMM_Hi256 and Hi16_ZMM */
#define XCR0_AVX		0x06U
#define XCR0_AVX512		0xe6U

/* the flags and masks of six exceptions, as those of FSW and FCW are */
#define EXCEPTIONS		0x003fU
#define MXCSR_MASKS_SHIFT	7
#define MXCSR_LEGAL		0xe03fU
#define MXCSR_DAZ		0x0040U

/* FCW: a bit that is always 1; precision control, of which 1 is reserved */
#define FCW_ALWAYS		0x0040U
#define FCW_PC			0x0300U
#define FCW_PC_HIGH		0x0200U

#define ST_LEN			10

/* An XSAVE area, if it says so: arch/x86/include/uapi/asm/sigcontext.h */
#define XSAVE_MAGIC		0x46505853U
#define XSAVE_MAGIC_AT		464
#define XSAVE_XMM_AT		160
#define XSAVE_AVX_AT		576

/* A CPU may have AVX while the OS does not switch its state (noxsave, an old hypervisor). */
static uint32_t x86_features(void)
{
	uint32_t eax, ebx, ecx, edx, xcr0, xcr0_high, features;

	if (!__get_cpuid_count(1, 0, &eax, &ebx, &ecx, &edx) ||
	    (ecx & (CPUID_1_OSXSAVE | CPUID_1_AVX)) != (CPUID_1_OSXSAVE | CPUID_1_AVX))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
	if ((xcr0 & XCR0_AVX) != XCR0_AVX)
		return 0;
	features = REG_X86_AVX;

	if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ebx & CPUID_7_AVX512F) ||
	    (xcr0 & XCR0_AVX512) != XCR0_AVX512)
		return features;
	features |= REG_X86_AVX512;
	if (ebx & CPUID_7_AVX512BW)
		features |= REG_X86_AVX512BW;
	return features;
}

/* MXCSR_MASK of the FXSAVE image; 0 there stands for a CPU that predates DAZ. */
uint32_t x86_mxcsr(void)
{
	struct {
		uint32_t word[128] __aligned(16);
	} fx;

	memset(&fx, 0, sizeof(fx));
	__asm__ volatile("fxsave %0" : "+m"(fx));
	return MXCSR_LEGAL | (fx.word[7] & MXCSR_DAZ);
}

/* Where PKRU is in an XSAVE area: Intel SDM vol. 1, 13.4.3. */
static uint32_t pkru_at;

/*
 * The bits of all keys that this process can have for itself: pkey_alloc() gives none that memory
 * has, nor one where CPU or kernel have no PKRU.
 */
uint32_t x86_pkru(void)
{
	uint32_t size, ecx, edx, bits = 0;
	long key;

	while ((key = syscall(__NR_pkey_alloc, 0, 0)) > 0)
		bits |= 3U << 2 * key;
	return __get_cpuid_count(0xd, 9, &size, &pkru_at, &ecx, &edx) ? bits : 0;
}

void x86_add_vectors(struct reg_layout *layout, unsigned int nr, unsigned int nr_avx512)
{
	const uint32_t features = x86_features();
	unsigned int i, len = 16, mask_bits = 0;
	const char *vec = "xmm";
	char masks[24] = "";

	if (features & REG_X86_AVX) {
		vec = "ymm";
		len = 32;
	}
	if (features & REG_X86_AVX512) {
		vec = "zmm";
		len = 64;
		nr = nr_avx512;
		mask_bits = features & REG_X86_AVX512BW ? 64 : 16;
		snprintf(masks, sizeof(masks), ", k0-k7 (%u bits)", mask_bits);
	}

	for (i = 0; i < nr; i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_X86_VEC + 64 * i, len, "%s%u", vec, i);
	for (i = 0; mask_bits && i < 8; i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_X86_K + 8 * i, mask_bits == 64 ? 8 : 4,
			 "k%u", i);
	layout->features = features;
	regs_describe(layout, "%s0-%s%u%s", vec, vec, nr - 1, masks);
}

void x86_legalize(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t mxcsr, fsw_fcw;
	unsigned int i;

	/* those exceptions are masked whose flags are set: none is pending */
	memcpy(&mxcsr, image + REG_X86_MXCSR, 4);
	mxcsr |= (mxcsr & EXCEPTIONS) << MXCSR_MASKS_SHIFT;
	memcpy(image + REG_X86_MXCSR, &mxcsr, 4);

	memcpy(&fsw_fcw, image + REG_X86_FSW_FCW, 4);
	fsw_fcw |= (fsw_fcw >> 16 & EXCEPTIONS) | FCW_ALWAYS;
	fsw_fcw = (fsw_fcw & ~FCW_PC) | (fsw_fcw & FCW_PC_HIGH ? FCW_PC : 0);
	memcpy(image + REG_X86_FSW_FCW, &fsw_fcw, 4);
	/* the rest of a slot stays 0 in the image found, too */
	for (i = 0; i < 8; i++)
		memset(image + REG_X86_ST + 16 * i + ST_LEN, 0, 12 - ST_LEN);

	/* kmovw moves 2 of the slot's 4 bytes */
	if (!(layout->features & REG_X86_AVX512BW)) {
		for (i = 0; i < 8; i++)
			memset(image + REG_X86_K + 8 * i + 2, 0, 6);
	}
}

void x86_frame_fx(const struct reg_layout *layout, const uint8_t *fx, unsigned int nr_xmm,
		  uint8_t *image)
{
	uint32_t magic, pkru;
	unsigned int i;

	memcpy(image + REG_X86_FSW_FCW, fx, 4);
	regs_put(layout, image, "FTW", fx[REG_X86_FTW - REG_X86_FX]);
	for (i = 0; i < 8; i++)
		memcpy(image + REG_X86_ST + 16 * i, fx + REG_X86_ST - REG_X86_FX + 16 * i, ST_LEN);
	memcpy(image + REG_X86_MXCSR, fx + REG_X86_MXCSR - REG_X86_FX, 4);
	memcpy(&magic, fx + XSAVE_MAGIC_AT, sizeof(magic));
	if (magic == XSAVE_MAGIC) {
		memcpy(&pkru, fx + pkru_at, sizeof(pkru));
		regs_put(layout, image, "PKRU", pkru);
	}
	for (i = 0; i < nr_xmm; i++) {
		memcpy(image + REG_X86_VEC + 64 * i, fx + XSAVE_XMM_AT + 16 * i, 16);
		if (layout->features & REG_X86_AVX && magic == XSAVE_MAGIC)
			memcpy(image + REG_X86_VEC + 64 * i + 16, fx + XSAVE_AVX_AT + 16 * i, 16);
	}
}
