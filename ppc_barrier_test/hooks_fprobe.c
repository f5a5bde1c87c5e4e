// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks by fprobes, for powerpc kernels with preemption.
 *
 * There a kprobe at a function's entry is called by ftrace_regs_caller(), a kretprobe comes back
 * through an optimised probe (optprobe_template_entry()), and both put r13 back as they had saved
 * it, having been preemptible in between: arch/powerpc/kernel/trace/ftrace_mprofile.S (6.1) or
 * ftrace_entry.S (6.12, 7.2), arch/powerpc/kernel/optprobes_head.S. r13 is the CPU's PACA. A task
 * that was moved to another CPU meanwhile goes on with that of the first, thus with the "current"
 * and the preemption count of another task. ftrace_caller(), which fprobes get by, does not save
 * r13.
 *
 * kernel/trace/fprobe.c of 7.2: handlers run with preemption disabled, and not if one is hit inside
 * of another in the same context (task, softirq, irq); that is not counted.
 */
#include <linux/err.h>
#include <linux/fprobe.h>
#include <linux/slab.h>

#include "compat.h"
#include "hooks.h"
#include "probes.h"

#ifdef COMPAT_FPROBE

struct pbt_hook {
	struct fprobe fp;
	unsigned int probe;
};

int hooks_usable(void)
{
	return 0;
}

static int hook_entry(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		      struct ftrace_regs *fregs, void *data)
{
	const unsigned int probe = container_of(fp, struct pbt_hook, fp)->probe;
	const struct pbt_probe_type *type = probe_type(probe);
	struct pt_regs *regs = &arch_ftrace_regs(fregs)->regs;
	bool wanted = true;

	rcu_read_lock();
	if (type->exit)
		wanted = type->call(probe, regs, data);
	else
		type->entry(probe, regs);
	rcu_read_unlock();
	return wanted ? 0 : 1;
}

static void hook_exit(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		      struct ftrace_regs *fregs, void *data)
{
	const unsigned int probe = container_of(fp, struct pbt_hook, fp)->probe;

	rcu_read_lock();
	probe_type(probe)->exit(probe, data);
	rcu_read_unlock();
}

struct pbt_hook *hook_add(unsigned int probe, const char *symbol, bool disarmed)
{
	struct pbt_hook *h;
	int ret;

	h = kzalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return ERR_PTR(-ENOMEM);
	h->probe = probe;
	h->fp.flags = disarmed ? FPROBE_FL_DISABLED : 0;
	h->fp.entry_handler = hook_entry;
	if (probe_type(probe)->exit) {
		h->fp.exit_handler = hook_exit;
		h->fp.entry_data_size = PROBE_DATA;
	}
	ret = register_fprobe_syms(&h->fp, &symbol, 1);
	if (ret) {
		kfree(h);
		return ERR_PTR(ret);
	}
	return h;
}

u64 hook_missed(const struct pbt_hook *h)
{
	return h->fp.nmissed;
}

u64 hooks_remove(struct pbt_hook *const hooks[], unsigned int nr)
{
	unsigned int i;
	u64 missed = 0;

	for (i = 0; i < nr; i++) {
		unregister_fprobe(&hooks[i]->fp);
		missed += hook_missed(hooks[i]);
		kfree(hooks[i]);
	}
	return missed;
}

#else /* COMPAT_FPROBE */

int hooks_usable(void)
{
	return -EOPNOTSUPP;
}

struct pbt_hook *hook_add(unsigned int probe, const char *symbol, bool disarmed)
{
	return ERR_PTR(-EOPNOTSUPP);
}

u64 hooks_remove(struct pbt_hook *const hooks[], unsigned int nr)
{
	return 0;
}

u64 hook_missed(const struct pbt_hook *h)
{
	return 0;
}

#endif
