// SPDX-License-Identifier: GPL-2.0
/*
 * armhf: names of the registers and legal control values.
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_armhf.h"

/* arch/arm/include/uapi/asm/hwcap.h of 6.1 */
#define ARMHF_HWCAP_NEON	BIT(12)
#define ARMHF_HWCAP_VFPV3	BIT(13)
#define ARMHF_HWCAP_TLS		BIT(15)
#define ARMHF_HWCAP_VFPD32	BIT(19)

/* NZCV, QC, AHP, DN, FZ, RMode, FZ16 (of ARMv8.2), IDC, IXC to IOC (Arm ARM v7-A, B4.1.58) */
#define FPSCR_LEGAL	0xffc8009fU

/* of REG_ARMHF_CPSR_LEGAL */
#define CPSR_SSBS	0x00800000U
#define CPSR_DIT	0x00200000U

/* Records of a handler's frame: arch/arm/include/asm/{ucontext,user}.h of 6.1 */
#define IWMMXT_MAGIC	0x12ef842aU
#define DUMMY_MAGIC	0xb0d9ed01U	/* room for iWMMXt's */
#define VFP_MAGIC	0x56465001U

struct armhf_record {
	uint32_t magic, size;
	uint64_t d[32];		/* of VFP's */
	uint32_t fpscr;
};

/* Of FPSCR_LEGAL what this CPU's FPSCR keeps: some bits come with extensions of their own. */
static uint32_t fpscr_keeps(void)
{
	uint32_t old, kept;

	__asm__ volatile("vmrs %0, fpscr\n\tvmsr fpscr, %2\n\tvmrs %1, fpscr\n\tvmsr fpscr, %0"
			 : "=&r"(old), "=&r"(kept) : "r"(FPSCR_LEGAL));
	return kept & FPSCR_LEGAL;
}

/* The same of CPSR and REG_ARMHF_CPSR_LEGAL. */
static uint32_t cpsr_keeps(void)
{
	uint32_t old, kept;

	__asm__ volatile("mrs %0, cpsr\n\tmsr cpsr_fs, %2\n\tmrs %1, cpsr\n\tmsr cpsr_fs, %0"
			 : "=&r"(old), "=&r"(kept) : "r"(REG_ARMHF_CPSR_LEGAL) : "cc");
	return kept & REG_ARMHF_CPSR_LEGAL;
}

static const char *armhf_init(struct reg_layout *layout)
{
	const unsigned long hwcap = getauxval(AT_HWCAP);
	/* Thumb-2 is there with VFPv3 */
	const bool here = hwcap & ARMHF_HWCAP_VFPV3 && hwcap & ARMHF_HWCAP_TLS;
	/* kernels of arm64 tell of NEON alone: compat_elf_hwcaps[], kernel/cpufeature.c of 6.1 */
	const bool d32 = hwcap & (ARMHF_HWCAP_NEON | ARMHF_HWCAP_VFPD32);
	const uint32_t fpscr = here ? fpscr_keeps() : 0;
	const uint32_t cpsr = here ? cpsr_keeps() : 0;
	char cpsr_text[32];
	const struct reg_row rows[] = {
#include "regs_armhf_table.h"
	};
	unsigned int i;

	if (!here)
		return "this CPU or kernel has no VFPv3, or no TPIDRURW";
	snprintf(cpsr_text, sizeof(cpsr_text), ", NZCVQ, GE%s%s", cpsr & CPSR_DIT ? ", DIT" : "",
		 cpsr & CPSR_SSBS ? ", SSBS" : "");

	for (i = 0; i < (d32 ? 32 : 16); i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_ARMHF_D + 8 * i, 8, "d%u", i);
	regs_describe(layout, "d0-d%u", i - 1);
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_FP);
	/* r0 window, r1 images and spin, r13 stack */
	for (i = 2; i < 15; i++)
		if (i != 13)
			regs_add(layout, REG_CLASS_GPR, REG_ARMHF_GPR + 4 * i, 4, "r%u", i);
	regs_describe(layout, ", r2-r12, r14");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), ~REG_CLASSES_FP);
	layout->features |= d32 << REG_ARMHF_D32_BIT;
	return NULL;
}

/*
 * All but TPIDRURW: r0-r15 as they follow each other, CPSR, and VFP's record, which is the first,
 * or behind that of iWMMXt.
 */
static void armhf_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	const ucontext_t *uc = context;
	const struct armhf_record *record = (const void *)uc->uc_regspace;
	const uint8_t *from = (const uint8_t *)&uc->uc_mcontext;

	memcpy(image + REG_ARMHF_GPR, from + offsetof(mcontext_t, arm_r0), 16 * 4);
	regs_put(layout, image, "CPSR", uc->uc_mcontext.arm_cpsr);
	if (record->magic == IWMMXT_MAGIC || record->magic == DUMMY_MAGIC)
		record = (const void *)((const uint8_t *)record + record->size);
	if (record->magic != VFP_MAGIC)
		return;
	memcpy(image + REG_ARMHF_D, record->d, sizeof(record->d));
	regs_put(layout, image, "FPSCR", record->fpscr);
}

const struct reg_arch reg_arch = {
	.name = "armhf",
	.init = armhf_init,
	.frame = armhf_frame,
};
