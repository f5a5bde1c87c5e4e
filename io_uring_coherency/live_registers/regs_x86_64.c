// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64: names of the registers and legal control values.
 */
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_x86.h"

/* arch/x86/include/uapi/asm/hwcap2.h, since 5.9 */
#define HWCAP2_FSGSBASE		BIT(1)

static const char *x86_64_init(struct reg_layout *layout)
{
	const bool fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
	const uint32_t pkru = x86_pkru();
	const struct reg_row rows[] = {
#include "regs_x86_64_table.h"
	};

	x86_add_vectors(layout, 16, 32);
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_ALL);
	return NULL;
}

static void x86_64_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	static const struct {
		const char *name;
		int at;
	} gregs[] = {
		{ "rax", REG_RAX }, { "rbx", REG_RBX }, { "rcx", REG_RCX }, { "rdx", REG_RDX },
		{ "rsi", REG_RSI }, { "rbp", REG_RBP }, { "r8", REG_R8 }, { "r9", REG_R9 },
		{ "r10", REG_R10 }, { "r11", REG_R11 }, { "r12", REG_R12 }, { "r13", REG_R13 },
		{ "r14", REG_R14 }, { "r15", REG_R15 }, { "FLAGS", REG_EFL },
	};
	const mcontext_t *from = &((const ucontext_t *)context)->uc_mcontext;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gregs); i++)
		regs_put(layout, image, gregs[i].name, from->gregs[gregs[i].at]);
	if (from->fpregs)
		x86_frame_fx(layout, (const uint8_t *)from->fpregs, 16, image);
}

/*
 * C of whatever compiler accesses memory unaligned, and its thread by FS: a handler begins with AC
 * and FS base as they are (handle_signal(), arch/x86/kernel/signal.c of 6.1).
 */
static void x86_64_keep(const struct reg_layout *layout, uint8_t *image)
{
	uint64_t fsbase, flags;

	memcpy(&flags, image + REG_X86_FLAGS, 8);
	regs_put(layout, image, "FLAGS", flags & ~(uint64_t)REG_X86_FLAGS_AC);
	if (layout->features & REG_X86_64_FSBASE) {
		__asm__ volatile("rdfsbase %0" : "=r"(fsbase));
		regs_put(layout, image, "FSBASE", fsbase);
	}
}

const struct reg_arch reg_arch = {
	.name = "x86_64",
	.init = x86_64_init,
	.legalize = x86_legalize,
	.frame = x86_64_frame,
	.keep = x86_64_keep,
};
