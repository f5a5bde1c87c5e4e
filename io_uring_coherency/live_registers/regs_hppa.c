// SPDX-License-Identifier: GPL-2.0
/*
 * hppa: names of the registers and legal control values.
 */
#include <string.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_hppa.h"

/* all but T and what is reserved; of the compare bits those that PA-RISC 2.0 has, too */
#define FPSR_FLAGS	0xf8000000U
#define FPSR_COMPARE	0x043f8000U
#define FPSR_MODES	0x00000620U	/* rounding, and flush to zero where the CPU can */
#define FPSR_ENABLES	0x0000001fU
#define FPSR_BITS	(FPSR_FLAGS | FPSR_COMPARE | FPSR_MODES | FPSR_ENABLES)

/* the eight carry bits, and V of divide steps: arch/parisc/include/asm/psw.h of 6.1 */
#define PSW_BITS	0x0002ff00U
#define PSW_CARRIES	0x00007f00U	/* those that dcor alone tells */

#define SPACE_BITS	0x0000ffffU	/* a space identifier has 16 or more */

/* r1 images and spin, r26 window, r30 stack, and r0 is 0 */
#define GRS		(~(BIT(0) | BIT(1) | BIT(26) | BIT(30)))

/* The register at @offset of an image: which of @bits this CPU keeps. */
static uint32_t keeps(uint16_t offset, uint32_t bits)
{
	static struct reg_window w;
	uint32_t kept;

	memcpy(w.mem + REG_WIN_IN + offset, &bits, sizeof(bits));
	*regs_word(&w, REG_WIN_STOP) = 1;
	reg_arch_spin(&w);
	memcpy(&kept, regs_out(&w) + offset, sizeof(kept));
	return kept & bits;
}

static const char *hppa_init(struct reg_layout *layout)
{
	const uint32_t psw = keeps(REG_HPPA_PSW, PSW_BITS);
	const uint32_t spaces = keeps(REG_HPPA_SR0, SPACE_BITS);
	const struct reg_row rows[] = {
#include "regs_hppa_table.h"
	};
	unsigned int i;

	for (i = 4; i < 32; i++)
		regs_add(layout, REG_CLASS_FP, REG_HPPA_FR + 8 * i, 8, "fr%u", i);
	regs_describe(layout, "fr4-fr31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_FP);
	for (i = 0; i < 32; i++)
		if (GRS & BIT(i))
			regs_add(layout, REG_CLASS_GPR, REG_HPPA_GR + 4 * i, 4, "r%u", i);
	regs_describe(layout, ", r2-r25 r27-r29 r31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), ~REG_CLASSES_FP);
	return NULL;
}

/* All but the space registers; PSW is in the place of r0. */
static void hppa_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	const mcontext_t *from = &((const ucontext_t *)context)->uc_mcontext;

	memcpy(image + REG_HPPA_FR, from->sc_fr, sizeof(from->sc_fr));
	memcpy(image + REG_HPPA_GR, from->sc_gr, sizeof(from->sc_gr));
	regs_put(layout, image, "PSW", from->sc_gr[0]);
	regs_put(layout, image, "SAR", from->sc_sar);
}

/*
 * C finds its data by r27. The way to a system call is by an sr2 of 0, and sigreturn(2) leaves that
 * and in sr0 and sr1 what is in sr3 (syscall_exit_rfi, arch/parisc/kernel/entry.S of 6.1).
 */
static void hppa_keep(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t dp, space;

	__asm__ volatile("copy %%r27, %0\n\tmfsp %%sr3, %1" : "=&r"(dp), "=r"(space));
	regs_put(layout, image, "r27", dp);
	regs_put(layout, image, "sr0", space);
	regs_put(layout, image, "sr1", space);
	regs_put(layout, image, "sr2", 0);
}

const struct reg_arch reg_arch = {
	.name = "hppa",
	.init = hppa_init,
	.frame = hppa_frame,
	.keep = hppa_keep,
};
