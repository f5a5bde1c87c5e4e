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

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define VSCR_WORD	(REG_PPC64_VSCR)
#else
#define VSCR_WORD	(REG_PPC64_VSCR + 12)
#endif

/*
 * FPSCR (Power ISA 3.0B, 4.2.2): FX, the sticky OX, UX, ZX, XX, the result class FPRF, and the
 * rounding mode. No enable bit, so that nothing traps; no bit that the CPU derives from others.
 */
#define FPSCR_FX	0x80000000UL
#define FPSCR_LEGAL	0x1e01f003UL
/* XER: SO, OV, CA and the string count. OV32 and CA32 came with POWER9. */
#define XER_LEGAL	0xe000007fUL
/* CR0 belongs to the spin loop. */
#define CR_LEGAL	0x0fffffffU
/* VSCR: NJ, always set so that the word is never 0, and SAT. */
#define VSCR_NJ		0x00010000U
#define VSCR_SAT	0x00000001U

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

static const char *ppc64_init(struct reg_layout *layout)
{
	unsigned long hwcap = getauxval(AT_HWCAP);
	bool vsx = hwcap & PPC_FEATURE_HAS_VSX;
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
	layout->features = vsx ? REG_PPC64_VSX : 0;
	snprintf(layout->describe, sizeof(layout->describe),
		 "%s, FPSCR, VSCR, r0 r2 r5-r12 r14-r31, LR, CTR, XER, CR1-CR7",
		 vsx ? "vs0-vs63" : "f0-f31, v0-v31");
	return NULL;
}

static void ppc64_legalize(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t vscr = get32(image, VSCR_WORD);

	(void)layout;
	put64(image, REG_PPC64_FPSCR,
	      (get64(image, REG_PPC64_FPSCR) & FPSCR_LEGAL) | FPSCR_FX);
	put64(image, REG_PPC64_XER, get64(image, REG_PPC64_XER) & XER_LEGAL);
	put32(image, REG_PPC64_CR, get32(image, REG_PPC64_CR) & CR_LEGAL);
	memset(image + REG_PPC64_VSCR, 0, 16);
	/* the pattern's own low bit is always set */
	put32(image, VSCR_WORD, VSCR_NJ | (vscr >> 1 & VSCR_SAT));
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
