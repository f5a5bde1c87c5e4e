// SPDX-License-Identifier: GPL-2.0
/*
 * arm64: names of the registers and legal control values.
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <asm/sigcontext.h>

#include "regs.h"
#include "regs_arm64.h"

/* arch/arm64/include/uapi/asm/hwcap.h and include/uapi/linux/prctl.h; older toolchains lack some */
#define ARM64_HWCAP_ASIMD	BIT(1)
#define ARM64_HWCAP_SVE		BIT(22)
#define ARM64_HWCAP_DIT		BIT(24)
#define ARM64_HWCAP_SSBS	BIT(28)
#define ARM64_HWCAP2_MTE	BIT(18)
#define ARM64_HWCAP2_SME	BIT(23)
#define ARM64_HWCAP2_SME2	0x0000002000000000UL
#define ARM64_HWCAP2_FPMR	0x0001000000000000UL
#define ARM64_PR_SVE_GET_VL	51
#define ARM64_PR_SME_GET_VL	64
#define ARM64_PR_VL_LEN_MASK	0xffff	/* of both */

#define VL_MAX		256
#define NEON_LEN	16
#define NR_PREDS	17	/* FFR is the last one */
#define ZT0_LEN		64

/* FPMR (Arm ARM, C5.2): scales, overflow behaviour, and 0 or 1, which all have, of each format */
#define FPMR_LEGAL	0x3fff7fc049UL

/* One bit for each byte of a vector. */
static unsigned int pred_len(unsigned int vl)
{
	return vl / 8;
}

static unsigned int pred_offset(unsigned int vl, unsigned int i)
{
	return REG_ARM64_P + 2 * pred_len(vl) * i;
}

/* In bytes, by that option of prctl(2); 0 if it is not known, or not an architected one. */
static unsigned int vector_length(int get)
{
	const int ret = prctl(get, 0, 0, 0, 0);
	const unsigned int vl = ret < 0 ? 0 : ret & ARM64_PR_VL_LEN_MASK;

	return vl < NEON_LEN || vl > VL_MAX || vl % NEON_LEN ? 0 : vl;
}

/* Rows of ZA, with as many bytes each; 0 if the image has no room for it beside vectors of @vl. */
static unsigned int za_rows(unsigned int vl)
{
	const unsigned int rows = vector_length(ARM64_PR_SME_GET_VL);

	return 32 * vl > REG_ARM64_ZA - REG_ARM64_V ||
	       rows * rows > REG_ARM64_P - REG_ARM64_ZA ? 0 : rows;
}

/* Of FPMR_LEGAL what this CPU's FPMR keeps: some fields come with extensions of their own. */
static uint64_t fpmr_keeps(void)
{
	uint64_t old, kept;

	__asm__ volatile("mrs %0, s3_3_c4_c4_2\n\tmsr s3_3_c4_c4_2, %2\n\t"
			 "mrs %1, s3_3_c4_c4_2\n\tmsr s3_3_c4_c4_2, %0"
			 : "=&r"(old), "=&r"(kept) : "r"(FPMR_LEGAL));
	return kept & FPMR_LEGAL;
}

static const char *arm64_init(struct reg_layout *layout)
{
	const unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
	const bool dit = hwcap & ARM64_HWCAP_DIT, ssbs = hwcap & ARM64_HWCAP_SSBS;
	const bool tco = hwcap2 & ARM64_HWCAP2_MTE;
	const bool sve = hwcap & ARM64_HWCAP_SVE, sme = hwcap2 & ARM64_HWCAP2_SME;
	const unsigned int vl = sve ? vector_length(ARM64_PR_SVE_GET_VL) : NEON_LEN;
	const unsigned int za = sme ? za_rows(vl) : 0;
	const bool zt0 = za && hwcap2 & ARM64_HWCAP2_SME2;
	const uint64_t fpmr = hwcap2 & ARM64_HWCAP2_FPMR ? fpmr_keeps() : 0;
	const uint64_t pstate = REG_ARM64_NZCV | (dit ? REG_ARM64_DIT : 0) |
				(ssbs ? REG_ARM64_SSBS : 0) | (tco ? REG_ARM64_TCO : 0);
	char pstate_text[32];
	const struct reg_row rows[] = {
#include "regs_arm64_table.h"
	};
	unsigned int i;

	if (!(hwcap & ARM64_HWCAP_ASIMD))
		return "this CPU or kernel has no Advanced SIMD";
	if (!vl)
		return "the SVE vector length is not known, or not an architected one";
	snprintf(pstate_text, sizeof(pstate_text), ", NZCV%s%s%s", dit ? ", DIT" : "",
		 ssbs ? ", SSBS" : "", tco ? ", TCO" : "");

	for (i = 0; i < 32; i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_ARM64_V + vl * i, vl,
			 sve ? "z%u" : "v%u", i);
	for (i = 0; sve && i < NR_PREDS; i++)
		/* a predicate length is a multiple of 2, but a slot's one of 4 */
		regs_add(layout, REG_CLASS_VECTOR, pred_offset(vl, i), (pred_len(vl) + 3) & ~3U,
			 i == NR_PREDS - 1 ? "FFR" : "p%u", i);
	for (i = 0; i < za; i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_ARM64_ZA + za * i, za, "ZA[%u]", i);
	if (zt0)
		regs_add(layout, REG_CLASS_VECTOR, REG_ARM64_ZT0, ZT0_LEN, "ZT0");
	if (sve)
		regs_describe(layout, "z0-z31 (%u bits), p0-p15, FFR", 8 * vl);
	else
		regs_describe(layout, "v0-v31");
	if (za)
		regs_describe(layout, ", ZA (%u bits)%s", 8 * za, zt0 ? ", ZT0" : "");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_FP);
	/* x0 window, x1 spin */
	for (i = 2; i < 31; i++)
		regs_add(layout, REG_CLASS_GPR, REG_ARM64_GPR + 8 * i, 8, "x%u", i);
	regs_describe(layout, ", x2-x30");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), ~REG_CLASSES_FP);
	layout->features |= sve << REG_ARM64_SVE_BIT | dit << REG_ARM64_DIT_BIT |
			    ssbs << REG_ARM64_SSBS_BIT | tco << REG_ARM64_TCO_BIT |
			    (za != 0) << REG_ARM64_ZA_BIT | zt0 << REG_ARM64_ZT0_BIT;
	return NULL;
}

static void arm64_legalize(const struct reg_layout *layout, uint8_t *image)
{
	unsigned int i, j, ones, vl = layout->slot[0].len, len = pred_len(vl);
	uint8_t *ffr = image + pred_offset(vl, NR_PREDS - 1);

	if (!(layout->features & (1U << REG_ARM64_SVE_BIT)))
		return;

	/*
	 * WRFFR is UNPREDICTABLE unless all ones come before all zeros: from none, once in a while,
	 * to one for each byte of a vector, and in the window with the complement the other ones.
	 */
	ones = (ffr[0] | ffr[1] << 8) * (vl + 1) >> 16;
	for (j = 0; j < len; j++, ones -= ones < 8 ? ones : 8)
		ffr[j] = ones < 8 ? (1U << ones) - 1 : 0xff;
	/* the part of a slot that lies behind the predicate stays 0 in the image found, too */
	for (i = 0; i < NR_PREDS; i++)
		memset(image + pred_offset(vl, i) + len, 0, len);
}

/* x0-x30 and, of each vector, the part that Advanced SIMD has; vectors are the first slots. */
static void arm64_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	const mcontext_t *from = &((const ucontext_t *)context)->uc_mcontext;
	const struct fpsimd_context *fp = (const void *)from->__reserved;
	unsigned int i;

	for (i = 0; i < 31; i++)
		memcpy(image + REG_ARM64_GPR + 8 * i, &from->regs[i], 8);
	regs_put(layout, image, "PSTATE", from->pstate);
	/* it is the first record there: setup_sigframe() of arch/arm64/kernel/signal.c */
	if (fp->head.magic != FPSIMD_MAGIC)
		return;
	for (i = 0; i < 32; i++)
		memcpy(image + layout->slot[i].offset, &fp->vregs[i], NEON_LEN);
	regs_put(layout, image, "FPCR", fp->fpcr);
	regs_put(layout, image, "FPSR", fp->fpsr);
}

static void arm64_keep(const struct reg_layout *layout, uint8_t *image)
{
	uint64_t tpidr;

	__asm__ volatile("mrs %0, tpidr_el0" : "=r"(tpidr));
	regs_put(layout, image, "TPIDR_EL0", tpidr);
}

const struct reg_arch reg_arch = {
	.name = "arm64",
	.init = arm64_init,
	.legalize = arm64_legalize,
	.frame = arm64_frame,
	.keep = arm64_keep,
};
