/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Register bank: fill every register that user code may hold live, spin without a system call,
 * store them all again, and tell which one changed.
 *
 * One architecture supplies the assembly (regs_<arch>.S) and its names (regs_<arch>.c). Loading,
 * spinning and storing are one assembly block, so no compiler can spill behind the test's back
 * and nothing but an interrupt can enter the kernel between load and store.
 *
 * The offsets below are shared with the assembly, therefore plain numbers.
 */
#ifndef REGS_H
#define REGS_H

#define REG_WIN_STOP		0	/* u32: the spin ends when it is not 0 */
#define REG_WIN_ENTERED		128	/* u32: set to 1 once all registers are loaded */
#define REG_WIN_ALTER		256	/* u32: when set, reload from REG_WIN_ALT before spinning */
#define REG_WIN_FEATURES	260	/* u32: bits of the architecture (reg_arch.init()) */
#define REG_WIN_SAVE		512	/* what the ABI wants back: 1536 bytes */
#define REG_WIN_IN		2048	/* image: what is loaded */
#define REG_IMAGE_SIZE		12288	/* holds SVE at its 2048-bit maximum */
#define REG_WIN_ALT		(REG_WIN_IN + REG_IMAGE_SIZE)	/* image: the control's change */
#define REG_WIN_OUT		(REG_WIN_ALT + REG_IMAGE_SIZE)	/* image: what was found */
#define REG_WIN_SIZE		(REG_WIN_OUT + REG_IMAGE_SIZE)

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define REG_SLOTS_MAX	192

/* What kernel code is responsible for a register; a violation is named by it. */
extern const char *const reg_class_names[];

enum reg_class {
	REG_CLASS_GPR,		/* general purpose, and branch or flag registers saved with them */
	REG_CLASS_FP,		/* ppc64: vs0-vs31, FPSCR; mips64, riscv64: FCSR; s390x: FPC; x87 */
	REG_CLASS_VECTOR,	/* ppc64: v0-v31 (vs32-vs63) and VSCR; elsewhere all SIMD */
	REG_CLASS_SWITCHED,	/* what only a context switch saves: SPRs, PKRU, TLS pointers */
	REG_CLASS_NR		/* ... and of what is missing */
};

struct reg_slot {
	char name[12];
	uint16_t offset;	/* into an image, in bytes; a multiple of 4 */
	uint16_t len;		/* in bytes; a multiple of 4 */
	enum reg_class class;
	uint64_t legal;		/* of 4 or 8 bytes: those bits that may vary; 0: all of them */
};

/* One line of regs_<arch>_table.h, which tells what is in it. */
struct reg_row {
	const char *name;	/* NULL: @text is what nobody looks at */
	enum reg_class class;
	uint16_t offset, len;
	const char *text;
	uint64_t legal;
	unsigned int bit;
};

#define REG(name, class, offset, len, text, legal, bit, ...)	\
	{ #name, REG_CLASS_##class, offset, len, text, legal, bit },
#define MISSING(text)	\
	{ NULL, REG_CLASS_NR, 0, 0, text, 0, 0 },

/* One spin window. Each cache line that both threads touch stands alone (128 bytes on POWER). */
struct reg_window {
	uint8_t mem[REG_WIN_SIZE] __aligned(256);
};

struct reg_layout {
	struct reg_slot slot[REG_SLOTS_MAX];
	unsigned int nr;
	uint32_t features;	/* becomes REG_WIN_FEATURES */
	char describe[160];	/* "vs0-vs63, FPSCR, ...": what this CPU lets us fill */
	char missing[192];	/* the same of what user code may hold live and nobody looks at */
};

/* Supplied by the one regs_<arch>.c that is linked in. */
struct reg_arch {
	const char *name;
	/*
	 * Fill @layout from the CPU's capabilities (AT_HWCAP, CPUID). Returns NULL, or the reason
	 * why there is nothing to test here (then the caller skips with it).
	 */
	const char *(*init)(struct reg_layout *layout);
	/*
	 * @image holds random bits, in slots with legal bits those alone: turn all into values that
	 * the CPU takes unchanged and that neither trap nor alter the spin loop. NULL: they are.
	 */
	void (*legalize)(const struct reg_layout *layout, uint8_t *image);
	/*
	 * @slot was found changed. Returns a static text when the value found tells the cause
	 * ("= FPSCR: ..."), else NULL. NULL: no value does.
	 */
	const char *(*explain)(const struct reg_layout *layout, unsigned int slot,
			       const uint8_t *in, const uint8_t *out);
	/*
	 * Puts what a handler's ucontext_t @context has of the registers into @image, which has
	 * what was loaded. NULL: nothing is known of it.
	 */
	void (*frame)(const struct reg_layout *layout, const void *context, uint8_t *image);
	/*
	 * A handler of a signal is to run in the window: puts into @image what it needs as it is,
	 * such as the thread pointer, and what sigreturn() does not bring back. NULL: nothing.
	 */
	void (*keep)(const struct reg_layout *layout, uint8_t *image);
};

extern const struct reg_arch reg_arch;

/*
 * The assembly. Saves what the ABI wants preserved into REG_WIN_SAVE, loads all registers from
 * REG_WIN_IN, sets REG_WIN_ENTERED, loads REG_WIN_ALT over them if REG_WIN_ALTER is set, spins
 * until REG_WIN_STOP is not 0 (using the FP and vector unit in the loop, so that a lazily
 * restored unit is switched on again at once), stores all to REG_WIN_OUT and gives the ABI its
 * registers back. No system call, no stack use between load and store.
 */
void reg_arch_spin(struct reg_window *w);

/*
 * Prepares the layout of this CPU. Returns NULL or the reason for skipping; call once.
 */
const char *regs_init(struct reg_layout *layout);

/*
 * Makes @w ready for one spin: a pattern in each slot that depends on @seed and on the slot, and
 * is never 0 where the CPU leaves a choice. An odd @seed has the complement of the one before: each
 * bit that is free to vary is 0 in one of two windows and 1 in the other. @alter is -1, or the slot
 * that the control changes inside the window.
 */
void regs_arm(struct reg_window *w, const struct reg_layout *layout, uint64_t seed, int alter);

/* After regs_arm(): signals with a handler may come. */
void regs_keep(struct reg_window *w, const struct reg_layout *layout);

/*
 * After reg_arch_spin(): writes the slots that changed to @slots (room for @max) and returns how
 * many changed.
 */
unsigned int regs_check(const struct reg_window *w, const struct reg_layout *layout,
			unsigned int *slots, unsigned int max);

/* A static text when the value of @slot, which changed, tells the cause; else NULL. */
const char *regs_explain(const struct reg_window *w, const struct reg_layout *layout,
			 unsigned int slot);

/*
 * The same as regs_check() in a handler that has interrupted reg_arch_spin(), of what its
 * ucontext_t @context has: @image, of REG_IMAGE_SIZE bytes, gets it.
 */
unsigned int regs_check_frame(const struct reg_window *w, const struct reg_layout *layout,
			      const void *context, uint8_t *image, unsigned int *slots,
			      unsigned int max);

/* Expected or found value of @slot as hex text into @buf, most significant digit first. */
void regs_format(char *buf, size_t size, const struct reg_layout *layout, unsigned int slot,
		 const uint8_t *image);

/* One of the words above; what both threads touch is accessed by __atomic. */
static inline uint32_t *regs_word(struct reg_window *w, unsigned int offset)
{
	return (uint32_t *)(w->mem + offset);
}

static inline const uint8_t *regs_in(const struct reg_window *w)
{
	return w->mem + REG_WIN_IN;
}

static inline const uint8_t *regs_out(const struct reg_window *w)
{
	return w->mem + REG_WIN_OUT;
}

/* Helper for reg_arch.init(): appends a slot. */
void regs_add(struct reg_layout *layout, enum reg_class class, uint16_t offset, uint16_t len,
	      const char *fmt, ...) __printf(5, 6);

/*
 * Helper for reg_arch.init(): appends those of @rows that this CPU has and that are of one of the
 * @classes, bits by number, with their texts and their bits in REG_WIN_FEATURES. What is missing is
 * of class REG_CLASS_NR.
 */
void regs_add_rows(struct reg_layout *layout, const struct reg_row *rows, unsigned int nr,
		   unsigned int classes);

#define REG_CLASSES_ALL	(~0U)
#define REG_CLASSES_FP	(BIT(REG_CLASS_FP) | BIT(REG_CLASS_VECTOR))

/* Helper for reg_arch.frame(): register @name, if it is one of @layout, has @value. */
void regs_put(const struct reg_layout *layout, uint8_t *image, const char *name, uint64_t value);

/* Helper for reg_arch.init(): appends to what is covered, for people. */
void regs_describe(struct reg_layout *layout, const char *fmt, ...)
	__printf(2, 3);

#endif /* __ASSEMBLER__ */
#endif /* REGS_H */
