// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks by kprobes and kretprobes.
 *
 * kernel/kprobes.c of 5.10, 6.1, 6.12 and 7.2: handlers run with preemption disabled; a probe that
 * is hit inside of a handler on the same CPU is not run but counted in nmissed.
 *
 * A hook that was found stays registered until the module goes, and is disabled while nobody wants
 * it: the function has no breakpoint then. unregister_kretprobes() takes the kretprobe away from
 * the calls that are under way: get_kretprobe() is NULL from then on, also for a handler that is
 * running (kernel/trace/trace_kprobe.c tests for it). The calls themselves end well, the kernel
 * keeps what they return through.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#include "compat.h"
#include "hooks.h"
#include "probes.h"

struct pbt_hook {
	bool registered;
	bool stuck;		/* could not be disabled: the module is held */
	unsigned int probe;
	union {
		struct kprobe kp;
		struct kretprobe rp;	/* if pbt_probe_type(probe)->exit */
	};
};

static struct pbt_hook hooks[NR_PROBES][PROBE_SYMBOLS];

/* The handlers are the same for all; each finds its probe around the struct it is given. */
static int kprobe_entry(struct kprobe *kp, struct pt_regs *regs)
{
	const unsigned int probe = container_of(kp, struct pbt_hook, kp)->probe;

	rcu_read_lock();
	pbt_probe_hit(probe);
	pbt_probe_type(probe)->entry(probe, regs);
	rcu_read_unlock();
	return 0;
}

static int kretprobe_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kretprobe *rp = compat_kretprobe(ri);
	unsigned int probe;
	bool wanted;

	if (!rp)
		return 1;
	probe = container_of(rp, struct pbt_hook, rp)->probe;
	rcu_read_lock();
	pbt_probe_hit(probe);
	wanted = pbt_probe_type(probe)->call(probe, regs, ri->data);
	rcu_read_unlock();
	return wanted ? 0 : 1;
}

static int kretprobe_exit(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct kretprobe *rp = compat_kretprobe(ri);
	unsigned int probe;

	if (!rp)
		return 0;
	probe = container_of(rp, struct pbt_hook, rp)->probe;
	rcu_read_lock();
	pbt_probe_type(probe)->exit(probe, regs, ri->data);
	rcu_read_unlock();
	return 0;
}

int pbt_hook_find(unsigned int probe, unsigned int symbol)
{
	const struct pbt_probe_type *type = pbt_probe_type(probe);
	struct pbt_hook *h = &hooks[probe][symbol];
	int ret;

	if (h->registered)
		return 0;
	memset(h, 0, sizeof(*h));
	h->probe = probe;
	if (type->exit) {
		h->rp.kp.symbol_name = type->symbols[symbol];
		h->rp.kp.flags = KPROBE_FLAG_DISABLED;
		h->rp.entry_handler = kretprobe_entry;
		h->rp.handler = kretprobe_exit;
		h->rp.data_size = PROBE_DATA;
		h->rp.maxactive = PROBE_MAXACTIVE;
		ret = register_kretprobe(&h->rp);
	} else {
		h->kp.symbol_name = type->symbols[symbol];
		h->kp.flags = KPROBE_FLAG_DISABLED;
		h->kp.pre_handler = kprobe_entry;
		ret = register_kprobe(&h->kp);
	}
	h->registered = !ret;
	return ret;
}

int pbt_hook_arm(unsigned int probe, unsigned int symbol)
{
	struct pbt_hook *h = &hooks[probe][symbol];
	int ret = pbt_hook_find(probe, symbol);

	if (ret)
		return ret;
	return pbt_probe_type(probe)->exit ? enable_kretprobe(&h->rp) : enable_kprobe(&h->kp);
}

void pbt_hooks_disarm(u32 which)
{
	unsigned int probe, i;
	int ret;

	for (probe = 0; probe < NR_PROBES; probe++) {
		for (i = 0; i < PROBE_SYMBOLS && which & BIT(probe); i++) {
			struct pbt_hook *h = &hooks[probe][i];

			if (!h->registered)
				continue;
			ret = pbt_probe_type(probe)->exit ? disable_kretprobe(&h->rp) :
							disable_kprobe(&h->kp);
			if (!ret || h->stuck)
				continue;
			/* then it cannot be unregistered either: what it points to has to stay */
			pr_err("the probe of %s cannot be disabled: %d\n",
			       pbt_probe_type(probe)->symbols[i], ret);
			__module_get(THIS_MODULE);
			h->stuck = true;
		}
	}
}

u64 pbt_hook_missed(unsigned int probe, unsigned int symbol)
{
	const struct pbt_hook *h = &hooks[probe][symbol];

	if (!h->registered)
		return 0;
	return pbt_probe_type(probe)->exit ? h->rp.nmissed + h->rp.kp.nmissed : h->kp.nmissed;
}

/* For the price of two grace periods, however many they are. */
void pbt_hooks_exit(void)
{
	struct kprobe *kps[PROBE_HOOKS];
	struct kretprobe *rps[PROBE_HOOKS];
	unsigned int probe, i, nr_kps = 0, nr_rps = 0;

	for (probe = 0; probe < NR_PROBES; probe++) {
		for (i = 0; i < PROBE_SYMBOLS; i++) {
			struct pbt_hook *h = &hooks[probe][i];

			if (!h->registered)
				continue;
			if (pbt_probe_type(probe)->exit)
				rps[nr_rps++] = &h->rp;
			else
				kps[nr_kps++] = &h->kp;
		}
	}
	if (nr_kps)
		unregister_kprobes(kps, nr_kps);
	if (nr_rps)
		unregister_kretprobes(rps, nr_rps);
}
