// SPDX-License-Identifier: GPL-2.0
/*
 * riscv64: names of the registers and legal control values.
 */
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_riscv64.h"

/* arch/riscv/include/uapi/asm/{hwcap,sigcontext}.h and include/uapi/linux/prctl.h of 7.2 */
#define RISCV64_HWCAP(letter)		BIT((letter) - 'A')
#define RISCV64_V_MAGIC			0x53465457
#define RISCV64_PR_V_GET_CONTROL	70
#define RISCV64_PR_V_CUR_MASK		3
#define RISCV64_PR_V_CUR_OFF		1

/* x2 is sp, x10 the window, x11 the spin, and x0 none */
#define GPRS		(~(BIT(0) | BIT(2) | BIT(10) | BIT(11)))

#define VLENB_MIN	16	/* V 1.0, 18.3: vectors of 128 bits or more */
#define VLENB_MAX	((REG_IMAGE_SIZE - REG_RISCV64_V) / 32)
#define V0_SLOT		32	/* behind f0-f31 */

#define FFLAGS		0x1f	/* of fcsr; above it is frm */
#define FRM_SHIFT	5
#define VTYPE_VILL	0x8000000000000000UL

#define RECORD_HEADER	8	/* magic and size */

/* V's record in a handler's frame. What comes behind vcsr is not needed. */
struct riscv64_v_frame {
	uint32_t magic, size;
	uint64_t vstart, vl, vtype, vcsr, other[2];
	uint8_t vectors[];
};

/*
 * Of a vector, in bytes; 0 if there is none to be used. HWCAP has V where a thread may not use it,
 * too (Documentation/arch/riscv/vector.rst of 7.2, 1); QEMU's user mode lacks that prctl().
 */
static unsigned int vector_length(void)
{
	const int control = prctl(RISCV64_PR_V_GET_CONTROL, 0, 0, 0, 0);
	uint64_t vlenb;

	if (!(getauxval(AT_HWCAP) & RISCV64_HWCAP('V')))
		return 0;
	if (control >= 0 && (control & RISCV64_PR_V_CUR_MASK) == RISCV64_PR_V_CUR_OFF)
		return 0;
	__asm__ volatile("csrr %0, %1" : "=r"(vlenb) : "i"(REG_RISCV64_CSR_VLENB));
	return vlenb;
}

/* Bits of vstart that this CPU keeps, of those that the index of an element may have. */
static uint64_t vstart_keeps(unsigned int vlenb)
{
	uint64_t kept;

	__asm__ volatile("csrw %2, %1\n\tcsrr %0, %2\n\tcsrw %2, zero"
			 : "=&r"(kept) : "r"(8UL * vlenb - 1), "i"(REG_RISCV64_CSR_VSTART));
	return kept & (kept - 1) ? kept : 0;
}

static const char *riscv64_init(struct reg_layout *layout)
{
	const unsigned int vlenb = vector_length();
	const bool v = vlenb >= VLENB_MIN && vlenb <= VLENB_MAX;
	/* two elements are enough for two bits, as not all of the bits are 1 */
	const uint64_t vl = !v ? 0 : vlenb == VLENB_MIN ? 3 : vlenb / 8 - 1;
	const uint64_t vstart = v ? vstart_keeps(vlenb) : 0;
	const struct reg_row rows[] = {
#include "regs_riscv64_table.h"
	};
	unsigned int i;

	if (!(getauxval(AT_HWCAP) & RISCV64_HWCAP('D')))
		return "this CPU or kernel has no double precision";

	for (i = 0; i < 32; i++)
		regs_add(layout, REG_CLASS_FP, REG_RISCV64_F + 8 * i, 8, "f%u", i);
	regs_describe(layout, "f0-f31");
	for (i = 0; v && i < 32; i++)
		regs_add(layout, REG_CLASS_VECTOR, REG_RISCV64_V + vlenb * i, vlenb, "v%u", i);
	if (v)
		regs_describe(layout, ", v0-v31 (%u bits)", 8 * vlenb);
	for (i = 0; i < 32; i++)
		if (GPRS & BIT(i))
			regs_add(layout, REG_CLASS_GPR, REG_RISCV64_GPR + 8 * i, 8, "x%u", i);
	regs_describe(layout, ", x1, x3-x9, x12-x31");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_ALL);
	return NULL;
}

/* frm from 5 up is no rounding mode; 3 and 4 are each other's complement. */
static void riscv64_legalize(const struct reg_layout *layout, uint8_t *image)
{
	uint8_t *fcsr = image + REG_RISCV64_FCSR;

	(void)layout;
	*fcsr = (*fcsr & FFLAGS) | (*fcsr & 4 << FRM_SHIFT ? 4 : 3) << FRM_SHIFT;
}

static bool all_ones(const uint8_t *value, unsigned int len)
{
	while (len--)
		if (value[len] != 0xff)
			return false;
	return true;
}

/*
 * At a system call the kernel makes vectors -1 and vtype illegal: riscv_v_vstate_discard(),
 * arch/riscv/include/asm/vector.h of 7.2. There is none in the window, and sigreturn(2) has to
 * bring back what the frame has.
 */
static const char *riscv64_explain(const struct reg_layout *layout, unsigned int slot,
				   const uint8_t *in, const uint8_t *out)
{
	const struct reg_slot *s = &layout->slot[slot];
	uint64_t value;

	(void)in;
	memcpy(&value, out + s->offset, sizeof(value));
	if (!strcmp(s->name, "vtype") && value == VTYPE_VILL)
		return "= illegal: discarded as at a system call, riscv_v_vstate_discard()";
	if (s->offset >= REG_RISCV64_V && all_ones(out + s->offset, s->len))
		return "= -1: discarded as at a system call, riscv_v_vstate_discard()";
	return NULL;
}

static void frame_vectors(const struct reg_layout *layout, const struct riscv64_v_frame *from,
			  uint8_t *image)
{
	const unsigned int len = 32 * layout->slot[V0_SLOT].len;

	if (from->magic != RISCV64_V_MAGIC || from->size < sizeof(*from) + len)
		return;
	memcpy(image + REG_RISCV64_V, from->vectors, len);
	regs_put(layout, image, "vl", from->vl);
	regs_put(layout, image, "vtype", from->vtype);
	regs_put(layout, image, "vcsr", from->vcsr);
	regs_put(layout, image, "vstart", from->vstart);
}

/*
 * The frame has the general registers by their numbers, pc in place of x0, and FP. Records follow,
 * of which the first begins in the last 8 bytes of what FP has, and is V's if there is one:
 * struct sigcontext, and arch_ext_list[] of arch/riscv/kernel/signal.c in 7.2.
 */
static void riscv64_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	const mcontext_t *from = &((const ucontext_t *)context)->uc_mcontext;
	const struct __riscv_mc_d_ext_state *fp = &from->__fpregs.__d;
	const uint8_t *record = (const uint8_t *)(from + 1) - RECORD_HEADER;

	memcpy(image + REG_RISCV64_GPR, from->__gregs, sizeof(from->__gregs));
	memcpy(image + REG_RISCV64_F, fp->__f, sizeof(fp->__f));
	regs_put(layout, image, "fcsr", fp->__fcsr);
	if (layout->features & BIT(REG_RISCV64_V_BIT))
		frame_vectors(layout, (const void *)record, image);
}

/*
 * A handler begins with gp, tp and vstart as they are: setup_rt_frame(), arch/riscv/kernel/signal.c
 * of 6.1 and 7.2. C finds its data and its thread by the first two, and takes vstart to be 0 (V
 * 1.0, appendix on the calling convention).
 */
static void riscv64_keep(const struct reg_layout *layout, uint8_t *image)
{
	uint64_t gp, tp;

	__asm__ volatile("mv %0, gp\n\tmv %1, tp" : "=r"(gp), "=r"(tp));
	regs_put(layout, image, "x3", gp);
	regs_put(layout, image, "x4", tp);
	regs_put(layout, image, "vstart", 0);
}

const struct reg_arch reg_arch = {
	.name = "riscv64",
	.init = riscv64_init,
	.legalize = riscv64_legalize,
	.explain = riscv64_explain,
	.frame = riscv64_frame,
	.keep = riscv64_keep,
};
