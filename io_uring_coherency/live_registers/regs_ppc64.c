// SPDX-License-Identifier: GPL-2.0
/*
 * ppc64: names of the registers, legal control values, and what a found value tells.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "regs.h"
#include "regs_ppc64.h"

/* arch/powerpc/include/uapi/asm/cputable.h, the same since 2.6 */
#define PPC_FEATURE_HAS_ALTIVEC	0x10000000
#define PPC_FEATURE_HAS_VSX	0x00000080
#define PPC_FEATURE2_DSCR	0x20000000
#define PPC_FEATURE2_TAR	0x04000000
#define PPC_FEATURE2_ARCH_3_00	0x00800000

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define VSCR_WORD	(REG_PPC64_VSCR)
#else
#define VSCR_WORD	(REG_PPC64_VSCR + 12)
#endif

/*
 * FPSCR (Power ISA 3.0B, 4.2.2): FX, the sticky OX, UX, ZX, XX, the result class FPRF, and the
 * rounding mode. No enable bit, so that nothing traps; no bit that the CPU derives from others.
 */
#define FPSCR_LEGAL	0x9e01f003UL
/* XER: SO, OV, CA and the string count. OV32 and CA32 came with POWER9. */
#define XER_LEGAL	0xe000007fUL
#define XER_LEGAL_3_00	0x000c0000UL
/* CR0 belongs to the spin loop. */
#define CR_LEGAL	0x0fffffffU
/* VSCR: NJ and SAT. */
#define VSCR_LEGAL	0x00010001U
/* DSCR (Power ISA 3.0B, book II, 4.2): hints for the prefetcher; not every CPU has all of them. */
#define DSCR_LEGAL	0x01ffffffUL

/* the bits that this CPU has */
static uint64_t xer_legal, dscr_legal;

static uint64_t get64(const uint8_t *image, unsigned int offset)
{
	uint64_t v;

	memcpy(&v, image + offset, 8);
	return v;
}

static void put64(uint8_t *image, unsigned int offset, uint64_t v)
{
	memcpy(image + offset, &v, 8);
}

static uint32_t get32(const uint8_t *image, unsigned int offset)
{
	uint32_t v;

	memcpy(&v, image + offset, 4);
	return v;
}

static void put32(uint8_t *image, unsigned int offset, uint32_t v)
{
	memcpy(image + offset, &v, 4);
}

static uint64_t get_dscr(void)
{
	uint64_t v;

	__asm__ volatile("mfspr %0, %1" : "=r"(v) : "i"(SPRN_USER_DSCR));
	return v;
}

static void set_dscr(uint64_t v)
{
	__asm__ volatile("mtspr %1, %0" : : "r"(v), "i"(SPRN_USER_DSCR));
}

/*
 * Of @mask, what DSCR keeps. The first write traps, and the kernel allows it to this process from
 * then on (facility_unavailable_exception(), arch/powerpc/kernel/traps.c of 6.1).
 */
static uint64_t dscr_keeps(uint64_t mask)
{
	const uint64_t old = get_dscr();
	uint64_t kept;

	set_dscr(mask);
	kept = get_dscr() & mask;
	set_dscr(old);
	return kept;
}

static const char *ppc64_init(struct reg_layout *layout)
{
	unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
	bool vsx = hwcap & PPC_FEATURE_HAS_VSX, tar = hwcap2 & PPC_FEATURE2_TAR, dscr;
	unsigned int i;

	if (!(hwcap & PPC_FEATURE_HAS_ALTIVEC))
		return "this CPU or kernel has no Altivec";

	/* without VSX only doubleword 0 of vs0-vs31 exists: f0-f31 */
	for (i = 0; i < 32; i++)
		regs_add(layout, REG_CLASS_FP, REG_PPC64_VS + 16 * i, vsx ? 16 : 8,
			 vsx ? "vs%u" : "f%u", i);
	for (i = 0; i < 32; i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_PPC64_VS + 16 * (32 + i), 16,
			 vsx ? "vs%u" : "v%u", vsx ? 32 + i : i);
	regs_add(layout, REG_CLASS_FP, REG_PPC64_FPSCR, 8, "FPSCR");
	regs_add(layout, REG_CLASS_VECTOR, VSCR_WORD, 4, "VSCR");
	for (i = 0; i < 32; i++) {
		/* r1 stack, r3 window, r4 spin, r13 thread pointer */
		if (i != 1 && i != 3 && i != 4 && i != 13)
			regs_add(layout, REG_CLASS_GPR, REG_PPC64_GPR + 8 * i, 8, "r%u", i);
	}
	regs_add(layout, REG_CLASS_GPR, REG_PPC64_LR, 8, "LR");
	regs_add(layout, REG_CLASS_GPR, REG_PPC64_CTR, 8, "CTR");
	regs_add(layout, REG_CLASS_GPR, REG_PPC64_XER, 8, "XER");
	regs_add(layout, REG_CLASS_GPR, REG_PPC64_CR, 4, "CR");
	xer_legal = XER_LEGAL | (hwcap2 & PPC_FEATURE2_ARCH_3_00 ? XER_LEGAL_3_00 : 0);

	regs_add(layout, REG_CLASS_SWITCHED, REG_PPC64_VRSAVE, 4, "VRSAVE");
	if (tar)
		regs_add(layout, REG_CLASS_SWITCHED, REG_PPC64_TAR, 8, "TAR");
	dscr_legal = hwcap2 & PPC_FEATURE2_DSCR ? dscr_keeps(DSCR_LEGAL) : 0;
	dscr = dscr_legal & (dscr_legal - 1);	/* regs_vary() takes two bits */
	if (dscr)
		regs_add(layout, REG_CLASS_SWITCHED, REG_PPC64_DSCR, 8, "DSCR");

	layout->features = (vsx ? REG_PPC64_VSX : 0) | (tar ? REG_PPC64_HAS_TAR : 0) |
			   (dscr ? REG_PPC64_HAS_DSCR : 0);
	snprintf(layout->describe, sizeof(layout->describe),
		 "%s, FPSCR, VSCR, r0 r2 r5-r12 r14-r31, LR, CTR, XER, CR1-CR7, VRSAVE%s%s",
		 vsx ? "vs0-vs63" : "f0-f31, v0-v31", tar ? ", TAR" : "", dscr ? ", DSCR" : "");
	snprintf(layout->missing, sizeof(layout->missing),
		 "r1, r3, r4, r13, CR0, FPSCR but for FX OX UX ZX XX FPRF RN, PPR, AMR, EBB and PMU registers, TM state, MMA accumulators");
	return NULL;
}

static void ppc64_legalize(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t vscr = get32(image, VSCR_WORD);

	put64(image, REG_PPC64_FPSCR, regs_vary(get64(image, REG_PPC64_FPSCR), FPSCR_LEGAL));
	put64(image, REG_PPC64_XER, regs_vary(get64(image, REG_PPC64_XER), xer_legal));
	put32(image, REG_PPC64_CR, regs_vary(get32(image, REG_PPC64_CR), CR_LEGAL));
	if (layout->features & REG_PPC64_HAS_DSCR)
		put64(image, REG_PPC64_DSCR, regs_vary(get64(image, REG_PPC64_DSCR), dscr_legal));
	memset(image + REG_PPC64_VSCR, 0, 16);
	put32(image, VSCR_WORD, regs_vary(vscr, VSCR_LEGAL));
}

/* mfvscr right-justifies VSCR in the vector; where that word lands depends on the store used. */
static bool holds_vscr(const struct reg_layout *layout, const uint8_t *in, const uint8_t *vector)
{
	uint32_t word[4] = { 0 };
	unsigned int at = 3;

#if __BYTE_ORDER == __LITTLE_ENDIAN
	at = layout->features & REG_PPC64_VSX ? 2 : 0;	/* stxvd2x : stvx */
#endif
	(void)layout;
	word[at] = get32(in, VSCR_WORD);
	return !memcmp(vector, word, sizeof(word));
}

static const char *ppc64_explain(const struct reg_layout *layout, unsigned int slot,
				 const uint8_t *in, const uint8_t *out)
{
	unsigned int offset = layout->slot[slot].offset;

	if (offset == REG_PPC64_VS && get64(out, offset) == get64(in, REG_PPC64_FPSCR))
		return "= FPSCR: saved by save_fpu() without restoring";
	if (offset == REG_PPC64_VS + 16 * 32 && holds_vscr(layout, in, out + offset))
		return "= VSCR: saved by save_altivec() without restoring";
	return NULL;
}

const struct reg_arch reg_arch = {
	.name = "ppc64",
	.init = ppc64_init,
	.legalize = ppc64_legalize,
	.explain = ppc64_explain,
};
