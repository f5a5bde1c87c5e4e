// SPDX-License-Identifier: GPL-2.0
/*
 * s390x: names of the registers and legal control values.
 */
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "regs.h"
#include "regs_s390x.h"

/* arch/s390/include/asm/elf.h of 6.1 */
#define S390X_HWCAP_DFP		BIT(6)
#define S390X_HWCAP_VXRS	BIT(11)

/* FPC: z/Architecture Principles of Operation, chapter 9 */
#define FPC_FLAGS	0x00f80000U
#define FPC_QUANTUM	0x00040000U	/* flag of decimal arithmetic, by the FP extensions */
#define FPC_DXC		0x0000ff00U
#define FPC_DECIMAL	0x00000070U	/* rounding mode, eight of them */
#define FPC_BINARY	0x00000003U	/* rounding modes 0 to 3; 4 to 6 trap, 7 is new with z196 */

/* program mask, as REG_S390X_PSW has it */
#define PSW_FIXED_POINT_OVERFLOW 0x08000000U
#define PSW_FROM_MASK	16		/* shift, of PSW_MASK_CC and PSW_MASK_PM to it */

/* struct ucontext_extended: arch/s390/include/uapi/asm/ucontext.h of 6.1 */
#define UC_VXRS		2		/* of uc_flags: vxrs_low is there, and vxrs_high */
#define UC_SIGMASK_LEN	128		/* with its padding; then vxrs_low */
#define VXRS_LOW_LEN	128
#define VXRS_HIGH_LEN	256

/* A reserved bit would be a specification exception, so those alone of which it is known. */
static uint64_t fpc_legal(unsigned long hwcap)
{
	uint64_t legal = FPC_FLAGS | FPC_DXC | FPC_BINARY;

	if (hwcap & S390X_HWCAP_DFP)
		legal |= FPC_DECIMAL;
	/* z13 has both facilities */
	if (hwcap & S390X_HWCAP_VXRS)
		legal |= FPC_QUANTUM;
	return legal;
}

static const char *s390x_init(struct reg_layout *layout)
{
	const unsigned long hwcap = getauxval(AT_HWCAP);
	const bool vx = hwcap & S390X_HWCAP_VXRS;
	const struct reg_row rows[] = {
#include "regs_s390x_table.h"
	};
	unsigned int i;

	if (vx) {
		for (i = 0; i < 32; i++)
			regs_add(layout, REG_CLASS_VECTOR, REG_S390X_V + 16 * i, 16, "v%u", i);
		regs_describe(layout, "v0-v31 (f0-f15)");
	} else {
		for (i = 0; i < 16; i++)
			regs_add(layout, REG_CLASS_FP, REG_S390X_V + 16 * i, 8, "f%u", i);
		regs_describe(layout, "f0-f15");
	}
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), REG_CLASSES_FP);
	for (i = 0; i < 15; i++) {
		/* r1 spin, r2 window, r15 stack */
		if (i != 1 && i != 2)
			regs_add(layout, REG_CLASS_GPR, REG_S390X_GPR + 8 * i, 8, "r%u", i);
	}
	regs_describe(layout, ", r0 r3-r14");
	regs_add_rows(layout, rows, ARRAY_SIZE(rows), ~REG_CLASSES_FP);
	layout->features |= vx << REG_S390X_VX_BIT;
	return NULL;
}

/* All there are. In v0-v15 the frame's f0-f15 and vxrs_low are a half each. */
static void s390x_frame(const struct reg_layout *layout, const void *context, uint8_t *image)
{
	static const char *const access[16] = {
		"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12",
		"a13", "a14", "a15"
	};
	const ucontext_t *uc = context;
	const mcontext_t *from = &uc->uc_mcontext;
	const uint8_t *vxrs = (const uint8_t *)&uc->uc_sigmask + UC_SIGMASK_LEN;
	unsigned int i;

	memcpy(image + REG_S390X_GPR, from->gregs, sizeof(from->gregs));
	for (i = 0; i < 16; i++) {
		memcpy(image + REG_S390X_V + 16 * i, &from->fpregs.fprs[i], 8);
		regs_put(layout, image, access[i], from->aregs[i]);
	}
	regs_put(layout, image, "PSW", from->psw.mask >> PSW_FROM_MASK);
	regs_put(layout, image, "FPC", from->fpregs.fpc);
	if (!(uc->uc_flags & UC_VXRS))
		return;
	for (i = 0; i < 16; i++)
		memcpy(image + REG_S390X_V + 16 * i + 8, vxrs + 8 * i, 8);
	memcpy(image + REG_S390X_V + 16 * 16, vxrs + VXRS_LOW_LEN, VXRS_HIGH_LEN);
}

/*
 * a0 and a1 are the thread pointer. The handler has our program mask (setup_rt_frame(),
 * arch/s390/kernel/signal.c of 6.1), and compilers use signed adds for unsigned sums, too: one that
 * wraps would be a SIGFPE.
 */
static void s390x_keep(const struct reg_layout *layout, uint8_t *image)
{
	uint32_t thread[2], psw;

	__asm__ volatile("stam 0, 1, %0" : "=Q"(thread));
	regs_put(layout, image, "a0", thread[0]);
	regs_put(layout, image, "a1", thread[1]);
	memcpy(&psw, image + REG_S390X_PSW, sizeof(psw));
	regs_put(layout, image, "PSW", psw & ~PSW_FIXED_POINT_OVERFLOW);
}

const struct reg_arch reg_arch = {
	.name = "s390x",
	.init = s390x_init,
	.frame = s390x_frame,
	.keep = s390x_keep,
};
