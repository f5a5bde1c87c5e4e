// SPDX-License-Identifier: GPL-2.0
/*
 * mips64: names of the registers and legal control values.
 */
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_mips64.h"

/* arch/mips/include/uapi/asm/hwcap.h of 6.1 */
#define MIPS_HWCAP_R6		BIT(0)
#define MIPS_HWCAP_MSA		BIT(1)
#define MIPS_HWCAP_DSP		BIT(7)

/* of a handler's frame: arch/mips/include/uapi/asm/{sigcontext,ucontext}.h of 6.1 */
#define MIPS_USED_EXTCONTEXT	BIT(3)
#define MIPS_MSA_MAGIC		0x784d5341
#define UC_SIGMASK_LEN		16

struct mips_msa_frame {
	uint32_t magic, size;
	uint64_t upper[32];
	uint32_t csr;
};

/* r2 is the spin, r4 the window, r26 and r27 the kernel's, r29 the stack; r0 is 0 */
#define GPRS		(~(BIT(0) | BIT(2) | BIT(4) | BIT(26) | BIT(27) | BIT(29)))

/* of FCSR and MSACSR alike, but for those that have FCSR's name, or MSACSR's */
#define CSR_RM		0x00000003U
#define CSR_FLAGS	0x0000007cU
#define CSR_ENABLES	0x00000f80U
#define CSR_CAUSES	0x0001f000U	/* without E, which cannot be disabled */
#define CSR_CAUSE_SHIFT	5		/* from an enable to its cause */
#define CSR_FS		0x01000000U
#define FCSR_FCC	0xfe800000U	/* condition codes; Release 6 has none */
#define FCSR_2008	0x000c0000U	/* ABS2008, NAN2008: fixed, or what a program needs */
#define MSACSR_NX	0x00040000U
#define MSACSR_LEGAL	(CSR_RM | CSR_FLAGS | CSR_ENABLES | CSR_CAUSES | CSR_FS | MSACSR_NX)

/* Bits of FCSR that may vary. No cause is enabled while it is found out. */
static uint64_t fcsr_legal(void)
{
	const uint32_t all = CSR_RM | CSR_FLAGS | CSR_CAUSES | CSR_FS | FCSR_FCC;
	uint32_t own, kept;

	__asm__ volatile("cfc1 %0, $31\n\tctc1 %2, $31\n\tcfc1 %1, $31\n\tctc1 %0, $31"
			 : "=&r"(own), "=&r"(kept) : "r"(all));
	return (kept & all) | CSR_ENABLES;
}

static uint32_t fcsr_2008(void)
{
	uint32_t own;

	__asm__ volatile("cfc1 %0, $31" : "=r"(own));
	return own & FCSR_2008;
}

/* The same of DSPControl, whose fields are longer with 64 bits. */
static uint64_t dspctl_keeps(void)
{
	uint32_t own, kept;

	__asm__ volatile(".set push\n\t.set dsp\n\trddsp %0, %3\n\twrdsp %2, %3\n\trddsp %1, %3\n\t"
			 "wrdsp %0, %3\n\t.set pop"
			 : "=&r"(own), "=&r"(kept) : "r"(-1), "i"(REG_MIPS64_DSP_FIELDS));
	return kept;
}

static const char *mips64_init(struct reg_layout *layout)
{
	const unsigned long hwcap = getauxval(AT_HWCAP);
	const bool msa = hwcap & MIPS_HWCAP_MSA, dsp = hwcap & MIPS_HWCAP_DSP;
	const uint64_t hilo = dsp || !(hwcap & MIPS_HWCAP_R6) ? ~0ULL : 0, acc = dsp ? ~0U : 0;
	const uint64_t msacsr = msa ? MSACSR_LEGAL : 0, dspctl = dsp ? dspctl_keeps() : 0;
	const struct reg_row rows[] = {
#include "regs_mips64_table.h"
	};
	unsigned int i;

	for (i = 0; i < 32; i++)
		regs_add(layout, msa ? REG_CLASS_VECTOR : REG_CLASS_FP, REG_MIPS64_W + 16 * i,
			 msa ? 16 : 8, msa ? "w%u" : "f%u", i);
	regs_describe(layout, msa ? "w0-w31 (f0-f31)" : "f0-f31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_FP);
	for (i = 0; i < 32; i++)
		if (GPRS & BIT(i))
			regs_add(layout, REG_CLASS_GPR, REG_MIPS64_GPR + 8 * i, 8, "r%u", i);
	regs_describe(layout, ", r1 r3 r5-r25 r28 r30 r31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), ~REG_CLASSES_FP);
	return NULL;
}

/*
 * Of each exception either the enable is set or the cause, as both would be a SIGFPE; beside them
 * what is @fixed.
 */
static void legalize_csr(uint8_t *value, uint32_t fixed)
{
	uint32_t csr;

	memcpy(&csr, value, sizeof(csr));
	csr = (csr & ~CSR_CAUSES) | (~(csr << CSR_CAUSE_SHIFT) & CSR_CAUSES) | fixed;
	memcpy(value, &csr, sizeof(csr));
}

static void mips64_legalize(const struct reg_layout *layout, uint8_t *image)
{
	legalize_csr(image + REG_MIPS64_FCSR, fcsr_2008());
	if (layout->features & BIT(REG_MIPS64_MSA_BIT))
		legalize_csr(image + REG_MIPS64_MSACSR, 0);
}

/* Behind what the kernel has of the signal mask, which is less than the C library's. */
static void frame_msa(const struct reg_layout *layout, const ucontext_t *context, uint8_t *image)
{
	const uint8_t *mask = (const uint8_t *)&context->uc_sigmask;
	const struct mips_msa_frame *from = (const void *)(mask + UC_SIGMASK_LEN);
	unsigned int i;

	if (from->magic != MIPS_MSA_MAGIC)
		return;
	for (i = 0; i < 32; i++)
		memcpy(image + REG_MIPS64_W + 16 * i + 8, &from->upper[i], 8);
	regs_put(layout, image, "MSACSR", from->csr);
}

/* All there are. */
static void mips64_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	const ucontext_t *uc = context;
	const mcontext_t *from = &uc->uc_mcontext;
	unsigned int i;

	memcpy(image + REG_MIPS64_GPR, from->gregs, sizeof(from->gregs));
	for (i = 0; i < 32; i++)
		memcpy(image + REG_MIPS64_W + 16 * i, &from->fpregs.fp_r.fp_dregs[i], 8);
	regs_put(layout, image, "FCSR", from->fpc_csr);
	regs_put(layout, image, "hi", from->mdhi);
	regs_put(layout, image, "lo", from->mdlo);
	regs_put(layout, image, "hi1", from->hi1);
	regs_put(layout, image, "hi2", from->hi2);
	regs_put(layout, image, "hi3", from->hi3);
	regs_put(layout, image, "lo1", from->lo1);
	regs_put(layout, image, "lo2", from->lo2);
	regs_put(layout, image, "lo3", from->lo3);
	regs_put(layout, image, "dspctl", from->dsp);
	if (from->used_math & MIPS_USED_EXTCONTEXT)
		frame_msa(layout, uc, image);
}

/* A handler needs nothing of what varies: its code finds its data by r25, which is its address. */
const struct reg_arch reg_arch = {
	.name = "mips64",
	.init = mips64_init,
	.legalize = mips64_legalize,
	.frame = mips64_frame,
};
