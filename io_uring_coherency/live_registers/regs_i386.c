// SPDX-License-Identifier: GPL-2.0
/*
 * i386: names of the registers and legal control values.
 */
#include <cpuid.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <asm/ldt.h>

#include "regs.h"
#include "regs_x86.h"

/* Intel SDM vol. 2A, CPUID: bit of leaf 1 EDX */
#define CPUID_1_SSE	BIT(25)

/* of a selector: user mode's, and how far its index is shifted */
#define RPL_USER	3
#define INDEX_SHIFT	3

/*
 * What a segment register finds at REG_I386_BASES by a base of 0, 4 and 8. The first is that of
 * Linux' own segments, the others complement each other.
 */
static const uint32_t marks[3] = { 0, 0x5a5a, 0xa5a5 };

/* The selectors of two segments of base 4 and 8, each with its mark behind it. */
static uint32_t segment[2];

/*
 * Makes these, which all threads have that are created from now on. Their limit, one page below
 * that of others, tells that there is something to be read. Returns the bits that vary.
 */
static uint32_t make_segments(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct user_desc d = {
			.entry_number = -1, .base_addr = 4 * (i + 1), .limit = REG_I386_LIMIT >> 12,
			.seg_32bit = 1, .limit_in_pages = 1,
		};

		if (syscall(SYS_set_thread_area, &d))
			return 0;
		segment[i] = d.entry_number << INDEX_SHIFT | RPL_USER | marks[i + 1] << 16;
	}
	return segment[0] ^ segment[1];
}

static void add_registers(struct reg_layout *layout)
{
	const uint32_t pkru = x86_pkru(), segments = make_segments();
	const struct reg_row rows[] = {
#include "regs_i386_table.h"
	};

	x86_add_vectors(layout, 8, 8);
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_ALL);
}

/* Where there is SSE, there is FXSAVE, without which nothing can be asked here. */
static const char *i386_init(struct reg_layout *layout)
{
	uint32_t eax, ebx, ecx, edx;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(edx & CPUID_1_SSE))
		return "this CPU has no SSE";
	add_registers(layout);
	return NULL;
}

static void i386_legalize(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t value;
	unsigned int i;

	x86_legalize(layout, image);
	for (i = 0; i < 3; i++) {
		memcpy(&value, image + REG_I386_SEGMENTS + 4 * i, 4);
		memcpy(image + REG_I386_SEGMENTS + 4 * i, &segment[value >> 31], 4);
	}
	memcpy(image + REG_I386_BASES, marks, sizeof(marks));
}

/* fpregs has what FSAVE has, and behind it what FXSAVE or XSAVE has. */
static void i386_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	static const struct {
		const char *name;
		int at;
	} gregs[] = {
		{ "eax", REG_EAX }, { "ebx", REG_EBX }, { "ecx", REG_ECX }, { "edx", REG_EDX },
		{ "esi", REG_ESI }, { "ebp", REG_EBP }, { "FLAGS", REG_EFL },
	};
	static const int segments[] = { REG_ES, REG_FS, REG_GS };
	const mcontext_t *from = &((const ucontext_t *)context)->uc_mcontext;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gregs); i++)
		regs_put(layout, image, gregs[i].name, (uint32_t)from->gregs[gregs[i].at]);
	/* the selectors alone */
	for (i = 0; i < ARRAY_SIZE(segments); i++)
		memcpy(image + REG_I386_SEGMENTS + 4 * i, &from->gregs[segments[i]], 2);
	if (from->fpregs)
		x86_frame_fx(layout, (const uint8_t *)(from->fpregs + 1), 8, image);
}

/*
 * C of whatever compiler accesses memory unaligned, and its thread by gs: a handler begins with AC
 * and gs as they are (handle_signal() and __setup_rt_frame(), arch/x86/kernel/signal.c of 6.1).
 */
static void i386_keep(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t flags, gs;

	memcpy(&flags, image + REG_X86_FLAGS, 4);
	regs_put(layout, image, "FLAGS", flags & ~REG_X86_FLAGS_AC);
	__asm__ volatile("movl %%gs, %0" : "=r"(gs));
	regs_put(layout, image, "gs", gs & 0xffff);
}

const struct reg_arch reg_arch = {
	.name = "i386",
	.init = i386_init,
	.legalize = i386_legalize,
	.frame = i386_frame,
	.keep = i386_keep,
};
