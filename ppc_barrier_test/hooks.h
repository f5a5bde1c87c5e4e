/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the kernel's functions are hooked: by kprobes (hooks_kprobe.c), or by fprobes
 * (hooks_fprobe.c) on the kernels where kprobes are not safe. The Makefile takes one of them.
 *
 * There is one hook for each probe and function, for as long as the module is loaded. A task may
 * sleep in a hooked function for any time, and comes back through the hook when nobody wants it any
 * more: what it will come to must not be gone by then, nor be somebody else's.
 */
#ifndef PBT_HOOKS_H
#define PBT_HOOKS_H

#include <linux/types.h>

/* Whether that function can be hooked: 0, -ENOENT if this kernel has none, or -errno. May sleep. */
int pbt_hook_find(unsigned int probe, unsigned int symbol);

/*
 * Hooks function @symbol of a probe for what pbt_probe_type(@probe) wants of it. 0, -ENOENT if this
 * kernel has no such function, or -errno. May sleep.
 */
int pbt_hook_arm(unsigned int probe, unsigned int symbol);

/*
 * Unhooks the functions of all these probes, 1 << probe. Handlers may still be running on return,
 * and exit handlers will be as long as a task is in a function that it called before. May sleep.
 */
void pbt_hooks_disarm(u32 which);

/* Hits that were not handled since the module was loaded, as far as this kernel counts them. */
u64 pbt_hook_missed(unsigned int probe, unsigned int symbol);

/* The module goes: nothing is armed. When it returns no handler is running. May sleep. */
void pbt_hooks_exit(void);

#endif /* PBT_HOOKS_H */
