// SPDX-License-Identifier: GPL-2.0
/*
 * The part of the register bank that no architecture differs in: patterns, comparison, names.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "random.h"
#include "regs.h"

const char *const reg_class_names[REG_CLASS_NR] = {
	[REG_CLASS_GPR] = "general",
	[REG_CLASS_FP] = "FP",
	[REG_CLASS_VECTOR] = "vector",
	[REG_CLASS_SWITCHED] = "special",
};

/* Whether one of the four 16-bit words is 0. */
static bool has_zero(uint64_t v)
{
	return (v - 0x0001000100010001ULL) & ~v & 0x8000800080008000ULL;
}

/*
 * @bits, of the pattern, where @mask has bits that may vary. Not 0, and not all of them, as that is
 * the other window's 0; for that @mask has two bits or more.
 */
static uint64_t vary(uint64_t bits, uint64_t mask)
{
	bits &= mask;
	return bits && bits != mask ? bits : bits ^ (mask & -mask);
}

/* The legal bits of a slot alone. */
static void vary_slot(uint8_t *value, const struct reg_slot *slot)
{
	uint64_t v64;
	uint32_t v32;

	if (slot->len == sizeof(v32)) {
		memcpy(&v32, value, sizeof(v32));
		v32 = vary(v32, slot->legal);
		memcpy(value, &v32, sizeof(v32));
	} else {
		memcpy(&v64, value, sizeof(v64));
		v64 = vary(v64, slot->legal);
		memcpy(value, &v64, sizeof(v64));
	}
}

void regs_add(struct reg_layout *layout, enum reg_class class, uint16_t offset, uint16_t len,
	      const char *fmt, ...)
{
	struct reg_slot *slot = &layout->slot[layout->nr++];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(slot->name, sizeof(slot->name), fmt, ap);
	va_end(ap);
	slot->class = class;
	slot->offset = offset;
	slot->len = len;
}

/* Appends to what nobody looks at. */
static void add_missing(struct reg_layout *layout, const char *text)
{
	const size_t at = strlen(layout->missing);

	snprintf(layout->missing + at, sizeof(layout->missing) - at, "%s%s", at ? ", " : "", text);
}

void regs_describe(struct reg_layout *layout, const char *fmt, ...)
{
	const size_t at = strlen(layout->describe);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(layout->describe + at, sizeof(layout->describe) - at, fmt, ap);
	va_end(ap);
}

void regs_add_rows(struct reg_layout *layout, const struct reg_row *rows, unsigned int nr,
		   unsigned int classes)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct reg_row *row = &rows[i];

		if (!(classes & 1U << row->class))
			continue;
		if (!row->name)
			add_missing(layout, row->text);
		if (!row->legal)
			continue;
		regs_add(layout, row->class, row->offset, row->len, "%s", row->name);
		layout->slot[layout->nr - 1].legal = row->legal;
		layout->features |= row->bit ? 1U << row->bit : 0;
		regs_describe(layout, "%s", row->text);
	}
}

const char *regs_init(struct reg_layout *layout)
{
	memset(layout, 0, sizeof(*layout));
	return reg_arch.init(layout);
}

/* @salt tells the control's image from the original one. */
static void fill(uint8_t *image, const struct reg_layout *layout, uint64_t seed, uint64_t salt)
{
	const uint64_t flip = -(seed & 1);
	uint64_t state = seed >> 1, v;
	unsigned int i, j;

	state = random_draw(&state) + salt;
	for (i = 0; i < layout->nr; i++) {
		const struct reg_slot *slot = &layout->slot[i];

		for (j = 0; j < slot->len; j += 8) {
			/* no word is 0, nor its complement; the shortest predicate has 16 bits */
			do {
				v = random_draw(&state);
			} while (has_zero(v) || has_zero(~v));
			v ^= flip;
			memcpy(image + slot->offset + j, &v, slot->len - j < 8 ? 4 : 8);
		}
		if (slot->legal)
			vary_slot(image + slot->offset, slot);
	}
	if (reg_arch.legalize)
		reg_arch.legalize(layout, image);
}

void regs_arm(struct reg_window *w, const struct reg_layout *layout, uint64_t seed, int alter)
{
	uint8_t *in = w->mem + REG_WIN_IN, *alt = w->mem + REG_WIN_ALT;

	fill(in, layout, seed, 0);
	memset(w->mem + REG_WIN_OUT, 0, REG_IMAGE_SIZE);
	if (alter >= 0) {
		const struct reg_slot *slot = &layout->slot[alter];
		uint64_t salt = 0;

		/* a control register has few legal values: draw until the value differs */
		do {
			salt += 1ULL << 32;
			fill(alt, layout, seed, salt);
		} while (!memcmp(alt + slot->offset, in + slot->offset, slot->len));
		memcpy(w->mem + REG_WIN_OUT, alt + slot->offset, slot->len);
		memcpy(alt, in, REG_IMAGE_SIZE);
		memcpy(alt + slot->offset, w->mem + REG_WIN_OUT, slot->len);
	}
	*regs_word(w, REG_WIN_ALTER) = alter >= 0;
	*regs_word(w, REG_WIN_FEATURES) = layout->features;
	*regs_word(w, REG_WIN_ENTERED) = 0;
	*regs_word(w, REG_WIN_STOP) = 0;
}

void regs_keep(struct reg_window *w, const struct reg_layout *layout)
{
	if (reg_arch.keep)
		reg_arch.keep(layout, w->mem + REG_WIN_IN);
}

static unsigned int compare(const struct reg_layout *layout, const uint8_t *in,
			    const uint8_t *found, unsigned int *slots, unsigned int max)
{
	unsigned int i, changed = 0;

	for (i = 0; i < layout->nr; i++) {
		const struct reg_slot *slot = &layout->slot[i];

		if (!memcmp(in + slot->offset, found + slot->offset, slot->len))
			continue;
		if (changed < max)
			slots[changed] = i;
		changed++;
	}
	return changed;
}

unsigned int regs_check(const struct reg_window *w, const struct reg_layout *layout,
			unsigned int *slots, unsigned int max)
{
	return compare(layout, regs_in(w), regs_out(w), slots, max);
}

const char *regs_explain(const struct reg_window *w, const struct reg_layout *layout,
			 unsigned int slot)
{
	return reg_arch.explain ? reg_arch.explain(layout, slot, regs_in(w), regs_out(w)) : NULL;
}

unsigned int regs_check_frame(const struct reg_window *w, const struct reg_layout *layout,
			      const void *context, uint8_t *image, unsigned int *slots,
			      unsigned int max)
{
	memcpy(image, regs_in(w), REG_IMAGE_SIZE);
	reg_arch.frame(layout, context, image);
	return compare(layout, regs_in(w), image, slots, max);
}

void regs_put(const struct reg_layout *layout, uint8_t *image, const char *name, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < layout->nr; i++) {
		const struct reg_slot *slot = &layout->slot[i];
		const uint64_t legal = slot->legal ?: ~0ULL;
		uint64_t v = 0;
		uint32_t v32;

		if (strcmp(slot->name, name))
			continue;
		if (slot->len == 4) {
			memcpy(&v32, image + slot->offset, 4);
			v32 = (v32 & ~legal) | (value & legal);
			memcpy(image + slot->offset, &v32, 4);
		} else {
			memcpy(&v, image + slot->offset, 8);
			v = (v & ~legal) | (value & legal);
			memcpy(image + slot->offset, &v, 8);
		}
	}
}

void regs_format(char *buf, size_t size, const struct reg_layout *layout, unsigned int slot,
		 const uint8_t *image)
{
	const struct reg_slot *s = &layout->slot[slot];
	unsigned int j, at = 0;

	/*
	 * Words of 64 bits (or one of 32) in memory order, each in the CPU's byte order: that is
	 * doubleword 0 first on ppc64, element 0 first elsewhere.
	 */
	for (j = 0; j < s->len && at + 18 < size; j += 8) {
		uint64_t v = 0;

		if (s->len - j >= 8) {
			memcpy(&v, image + s->offset + j, 8);
			at += snprintf(buf + at, size - at, "%s%016llx", j ? "_" : "",
				       (unsigned long long)v);
		} else {
			uint32_t v32;

			memcpy(&v32, image + s->offset + j, 4);
			at += snprintf(buf + at, size - at, "%s%08x", j ? "_" : "", v32);
		}
	}
}
