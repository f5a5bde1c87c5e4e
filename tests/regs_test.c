// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the register bank that is linked in: what the CPU is given it keeps, no value is 0, and
 * each bit that varies at all is 0 in one of two successive windows and 1 in the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "regs.h"

#define WINDOWS	512

static struct reg_layout layout;
static struct reg_window window;

/* One spin that ends at once. */
static void spin(uint64_t seed)
{
	regs_arm(&window, &layout, seed, -1);
	*regs_word(&window, REG_WIN_STOP) = 1;
	reg_arch_spin(&window);
}

static bool is_zero(const uint8_t *value, unsigned int len)
{
	while (len--)
		if (value[len])
			return false;
	return true;
}

static void print_bits(const struct reg_slot *slot, const uint8_t *bits)
{
	char text[160];

	regs_format(text, sizeof(text), &layout, slot - layout.slot, bits);
	ksft_print_msg("%-6s %s\n", slot->name, text);
}

/* @vary gets the bits that differ between a window and the next one. Returns what is wrong. */
static unsigned int check_patterns(uint8_t *vary)
{
	static uint8_t last[REG_IMAGE_SIZE];
	unsigned int n, i, j, changed, wrong = 0, slots[REG_SLOTS_MAX];

	for (n = 0; n < WINDOWS; n++) {
		const uint8_t *in = regs_in(&window);

		spin(n);
		changed = regs_check(&window, &layout, slots, REG_SLOTS_MAX);
		for (i = 0; i < changed; i++) {
			ksft_print_msg("window %u: %s is not kept\n", n,
				       layout.slot[slots[i]].name);
			wrong++;
		}
		for (i = 0; i < layout.nr; i++) {
			const struct reg_slot *slot = &layout.slot[i];
			/* its ones come before its zeros, and it may have none */
			const bool ffr = !strcmp(slot->name, "FFR");

			if (is_zero(in + slot->offset, slot->len) && !ffr) {
				ksft_print_msg("window %u: %s is 0\n", n, slot->name);
				wrong++;
			}
			for (j = slot->offset; n % 2 && j < slot->offset + slot->len; j++) {
				const uint8_t differ = in[j] ^ last[j];

				if (n > 1 && differ != vary[j] && !ffr) {
					ksft_print_msg("windows %u and %u: %s is no complement\n",
						       n - 1, n, slot->name);
					wrong++;
				}
				vary[j] |= differ;
			}
		}
		memcpy(last, in, sizeof(last));
	}
	return wrong;
}

int main(void)
{
	static uint8_t vary[REG_IMAGE_SIZE], all[REG_IMAGE_SIZE];
	const char *skip = regs_init(&layout);
	unsigned int i, wrong, whole = 0;

	if (skip)
		ksft_exit_skip("%s\n", skip);
	ksft_print_header();
	ksft_set_plan(1);
	memset(all, 0xff, sizeof(all));
	wrong = check_patterns(vary);
	for (i = 0; i < layout.nr; i++) {
		const struct reg_slot *slot = &layout.slot[i];

		if (memcmp(vary + slot->offset, all + slot->offset, slot->len))
			print_bits(slot, vary);
		else
			whole++;
	}
	ksft_print_msg("all bits vary of %u registers, of the others those above\n", whole);
	ksft_test_result(!wrong, "patterns\n");
	ksft_finished();
}
