// SPDX-License-Identifier: GPL-2.0
/*
 * ppc64: names of the registers, legal control values, and what a found value tells.
 */
#include <endian.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_ppc64.h"

/* arch/powerpc/include/uapi/asm/cputable.h, the same since 2.6 */
#define PPC_FEATURE_HAS_ALTIVEC	0x10000000
#define PPC_FEATURE_HAS_DFP	0x00000400
#define PPC_FEATURE_ARCH_2_06	0x00000100
#define PPC_FEATURE_HAS_VSX	0x00000080
#define PPC_FEATURE2_DSCR	0x20000000
#define PPC_FEATURE2_TAR	0x04000000
#define PPC_FEATURE2_ARCH_3_00	0x00800000
#define PPC_FEATURE2_MMA	0x00020000

#define SPRN_USER_DSCR	3
#define DSCR_LEGAL	0x01ffffffUL	/* hints for the prefetcher; few CPUs have all of them */

#define SPRN_PPR	896
#define PPR_PRI_SHIFT	50
#define PPR_PRI		(7ULL << PPR_PRI_SHIFT)
#define PPR_MEDIUM_LOW	(3ULL << PPR_PRI_SHIFT)
#define PPR_MEDIUM	(4ULL << PPR_PRI_SHIFT)

/* Power ISA 3.0B, book I, 4.2.2: all but FEX and bits that are reserved */
#define FPSCR_LEGAL	0x7bffff7ffULL
#define FPSCR_VX	0x20000000U
#define FPSCR_INVALID	0x21f80700U	/* VX, and by what */
#define FPSCR_ENABLES	0x000000f8U	/* VE OE UE ZE XE, by which VX OX UX ZX XX trap */
#define FPSCR_TO_ENABLE	22		/* shift, of the latter to the former */

static uint64_t get64(const uint8_t *image, unsigned int offset)
{
	uint64_t v;

	memcpy(&v, image + offset, 8);
	return v;
}

static uint32_t get32(const uint8_t *image, unsigned int offset)
{
	uint32_t v;

	memcpy(&v, image + offset, 4);
	return v;
}

static void put64(uint8_t *image, unsigned int offset, uint64_t v)
{
	memcpy(image + offset, &v, 8);
}

/* The number is part of the instruction. */
#define get_spr(number)	({							\
	uint64_t v_;								\
										\
	__asm__ volatile("mfspr %0, %1" : "=r"(v_) : "i"(number));		\
	v_;									\
})

#define set_spr(number, v)	({						\
	__asm__ volatile("mtspr %1, %0" : : "r"((uint64_t)(v)), "i"(number));	\
})

/*
 * Of @mask, what DSCR keeps, if more than one bit. The first write traps, and the kernel allows it
 * to this process from then on (facility_unavailable_exception(), arch/powerpc/kernel/traps.c of
 * 6.1).
 */
static uint64_t dscr_keeps(uint64_t mask)
{
	const uint64_t old = get_spr(SPRN_USER_DSCR);
	uint64_t kept;

	set_spr(SPRN_USER_DSCR, mask);
	kept = get_spr(SPRN_USER_DSCR) & mask;
	set_spr(SPRN_USER_DSCR, old);
	return kept & (kept - 1) ? kept : 0;
}

/*
 * PRI, if it can be had. Of the priorities that each CPU gives to problem state, these two are the
 * complement of each other (Power ISA 2.06B, book II, 3.1).
 */
static uint64_t ppr_keeps(void)
{
	const uint64_t old = get_spr(SPRN_PPR);
	uint64_t low, medium;

	set_spr(SPRN_PPR, PPR_MEDIUM_LOW);
	low = get_spr(SPRN_PPR) & PPR_PRI;
	set_spr(SPRN_PPR, PPR_MEDIUM);
	medium = get_spr(SPRN_PPR) & PPR_PRI;
	set_spr(SPRN_PPR, old);
	return low == PPR_MEDIUM_LOW && medium == PPR_MEDIUM ? PPR_PRI : 0;
}

/* Nothing is left that is both there and enabled: FEX stays 0, and that is what traps. */
static uint64_t fpscr_legal(uint64_t v)
{
	/* VX tells of any of these: to have its complement, too, all are there or none is */
	v = v & FPSCR_VX ? v | FPSCR_INVALID : v & ~(uint64_t)FPSCR_INVALID;
	return (v & ~(uint64_t)FPSCR_ENABLES) | (~v >> FPSCR_TO_ENABLE & FPSCR_ENABLES);
}

/* With decimal arithmetic, @dfp, all 64 bits. Not by fesetenv(): glibc's calls prctl(2). */
static void set_fpscr(uint64_t v, bool dfp)
{
	double f;

	memcpy(&f, &v, sizeof(v));
	if (dfp)	/* mtfsf 255, 0, 1, 0; compilers for older CPUs do not know it */
		__asm__ volatile("fmr 0, %0\n\t.long 0xfffe058e" : : "d"(f) : "fr0");
	else
		__asm__ volatile("mtfsf 255, %0" : : "d"(f));
}

static uint64_t get_fpscr(void)
{
	uint64_t v;
	double f;

	__asm__ volatile("mffs %0" : "=d"(f));
	memcpy(&v, &f, sizeof(v));
	return v;
}

static uint64_t fpscr_after(uint64_t v, bool dfp)
{
	const uint64_t old = get_fpscr();

	set_fpscr(v, dfp);
	v = get_fpscr();
	set_fpscr(old, dfp);
	return v;
}

/* What FPSCR keeps, as 0 and as 1: NI is optional, and DRN there with decimal arithmetic. */
static uint64_t fpscr_keeps(bool dfp)
{
	const uint64_t a = fpscr_legal(0), b = FPSCR_LEGAL & ~a;

	return FPSCR_LEGAL & ~(fpscr_after(a, dfp) ^ a) & ~(fpscr_after(b, dfp) ^ b);
}

static const char *ppc64_init(struct reg_layout *layout)
{
	const unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
	const bool vsx = hwcap & PPC_FEATURE_HAS_VSX;
	const bool tar = hwcap2 & PPC_FEATURE2_TAR;
	const bool isa_3_00 = hwcap2 & PPC_FEATURE2_ARCH_3_00;
	const bool mma = vsx && hwcap2 & PPC_FEATURE2_MMA;
	const bool dfp = hwcap & PPC_FEATURE_HAS_DFP;
	const uint64_t fpscr = fpscr_keeps(dfp);
	const uint64_t dscr = hwcap2 & PPC_FEATURE2_DSCR ? dscr_keeps(DSCR_LEGAL) : 0;
	const uint64_t ppr = hwcap & PPC_FEATURE_ARCH_2_06 ? ppr_keeps() : 0;
	const struct reg_row rows[] = {
#include "regs_ppc64_table.h"
	};
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
	regs_describe(layout, mma ? "vs0-vs63, ACC0-ACC7" : vsx ? "vs0-vs63" : "f0-f31, v0-v31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_FP);
	for (i = 0; i < 32; i++) {
		/* r1 stack, r3 window, r4 spin, r13 thread pointer */
		if (i != 1 && i != 3 && i != 4 && i != 13)
			regs_add(layout, REG_CLASS_GPR, REG_PPC64_GPR + 8 * i, 8, "r%u", i);
	}
	regs_describe(layout, ", r0 r2 r5-r12 r14-r31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), ~REG_CLASSES_FP);
	layout->features |= (vsx ? REG_PPC64_VSX : 0) | (mma ? REG_PPC64_MMA : 0);
	return NULL;
}

static void ppc64_legalize(const struct reg_layout *layout, uint8_t *image)
{
	unsigned int i;

	for (i = 0; i < layout->nr; i++) {
		const struct reg_slot *slot = &layout->slot[i];
		const uint64_t v = get64(image, slot->offset);

		switch (slot->offset) {
		case REG_PPC64_FPSCR:
			put64(image, slot->offset, fpscr_legal(v) & slot->legal);
			break;
		case REG_PPC64_PPR:
			put64(image, slot->offset,
			      v >> PPR_PRI_SHIFT & 1 ? PPR_MEDIUM_LOW : PPR_MEDIUM);
			break;
		}
	}
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
	word[at] = get32(in, REG_PPC64_VSCR);
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

/* gp_regs is a struct pt_regs: arch/powerpc/include/uapi/asm/ptrace.h */
enum { FRAME_CTR = 35, FRAME_LINK, FRAME_XER, FRAME_CCR };

#define CR0	0xf0000000U	/* the spin may have it in memory */

/* The doublewords 1 of vs0-vs31 are not looked at, nor CR0. */
static void ppc64_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	const mcontext_t *from = &((const ucontext_t *)context)->uc_mcontext;
	const uint8_t *vector;
	uint64_t fpscr;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		memcpy(image + REG_PPC64_GPR + 8 * i, &from->gp_regs[i], 8);
		memcpy(image + REG_PPC64_VS + 16 * i, &from->fp_regs[i], 8);
	}
	regs_put(layout, image, "CTR", from->gp_regs[FRAME_CTR]);
	regs_put(layout, image, "LR", from->gp_regs[FRAME_LINK]);
	regs_put(layout, image, "XER", from->gp_regs[FRAME_XER]);
	regs_put(layout, image, "CR", (get32(image, REG_PPC64_CR) & CR0) |
		 (from->gp_regs[FRAME_CCR] & ~CR0));
	memcpy(&fpscr, &from->fp_regs[32], 8);
	regs_put(layout, image, "FPSCR", fpscr);
	if (!from->v_regs)
		return;
	for (i = 0; i < 32; i++) {
		uint8_t *to = image + REG_PPC64_VS + 16 * (32 + i);

		vector = (const uint8_t *)from->v_regs->vrregs[i];
#if __BYTE_ORDER == __LITTLE_ENDIAN
		/* as stvx writes it; with VSX the image is stxvd2x's */
		if (layout->features & REG_PPC64_VSX) {
			memcpy(to, vector + 8, 8);
			memcpy(to + 8, vector, 8);
			continue;
		}
#endif
		memcpy(to, vector, 16);
	}
}

/* System calls, and so sigreturn(), return with this priority (interrupt_64.S of 6.1). */
static void ppc64_keep(const struct reg_layout *layout, uint8_t *image)
{
	regs_put(layout, image, "PPR", PPR_MEDIUM_LOW);
}

const struct reg_arch reg_arch = {
	.name = "ppc64",
	.init = ppc64_init,
	.legalize = ppc64_legalize,
	.explain = ppc64_explain,
	.frame = ppc64_frame,
	.keep = ppc64_keep,
};
