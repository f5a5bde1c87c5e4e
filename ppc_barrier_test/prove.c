// SPDX-License-Identifier: GPL-2.0
/*
 * The probes prove that they act, by a function of the module's own: they can be registered and
 * enabled, and still none of them is ever hit, with kernel.ftrace_enabled=0 (where they are called
 * by ftrace) or with 0 in debugfs' kprobes/enabled.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/errno.h>

#include "probes.h"

static atomic_t entered = ATOMIC_INIT(0), left = ATOMIC_INIT(0);

/* Found by its name. Only pbt_prove() calls it. */
static noinline void pbt_self(void)
{
	/* or the call is left out */
	barrier();
}

static void self_entry(unsigned int probe, struct pt_regs *regs)
{
	atomic_inc(&entered);
}

static bool self_call(unsigned int probe, struct pt_regs *regs, void *data)
{
	return true;
}

static void self_exit(unsigned int probe, struct pt_regs *regs, void *data)
{
	atomic_inc(&left);
}

const struct pbt_probe_type pbt_self_type = {
	.symbols = { "pbt_self" },
	.entry = self_entry,
};

const struct pbt_probe_type pbt_self_exit_type = {
	.symbols = { "pbt_self" },
	.call = self_call,
	.exit = self_exit,
};

int pbt_prove(u32 armed)
{
	const int e = atomic_read(&entered), l = atomic_read(&left);

	pbt_self();
	if (armed & BIT(PROBE_SELF) && atomic_read(&entered) == e)
		return -ESHUTDOWN;
	if (armed & BIT(PROBE_SELF_EXIT) && atomic_read(&left) == l)
		return -ESHUTDOWN;
	return 0;
}
