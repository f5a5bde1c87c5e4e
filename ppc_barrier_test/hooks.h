/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How one of the kernel's functions is hooked: by kprobes (hooks_kprobe.c), or by fprobes
 * (hooks_fprobe.c) on the kernels where kprobes are not safe. The Makefile takes one of them.
 */
#ifndef PBT_HOOKS_H
#define PBT_HOOKS_H

#include <linux/types.h>

struct pbt_hook;

/* 0, or -EOPNOTSUPP where this kernel's probes are not safe and there is nothing else. */
int hooks_usable(void);

/*
 * Hooks a function for what probe_type(@probe) wants of it. @disarmed: only to learn whether it can
 * be. ERR_PTR(-ENOENT) if this kernel has no such function, or another error. May sleep.
 */
struct pbt_hook *hook_add(unsigned int probe, const char *symbol, bool disarmed);

/*
 * Takes them back and frees them, when none of their handlers runs any more. Returns what they had
 * missed. May sleep.
 */
u64 hooks_remove(struct pbt_hook *const hooks[], unsigned int nr);

/* Hits that were not handled, as far as this kernel counts them. */
u64 hook_missed(const struct pbt_hook *hook);

#endif /* PBT_HOOKS_H */
