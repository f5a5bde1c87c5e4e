// SPDX-License-Identifier: GPL-2.0
/*
 * An architecture without a register bank: the test says so and skips.
 */
#include <stdlib.h>

#include "regs.h"

static const char *none_init(struct reg_layout *layout)
{
	(void)layout;
	return "no register bank for this architecture";
}

/* What follows is never called: regs_init() has returned a reason. */
void reg_arch_spin(struct reg_window *w)
{
	(void)w;
	abort();
}

const struct reg_arch reg_arch = {
	.name = "none",
	.init = none_init,
};
