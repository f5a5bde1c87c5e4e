// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks by kprobes and kretprobes.
 *
 * kernel/kprobes.c of 5.10, 6.1, 6.12 and 7.2: handlers run with preemption disabled; a probe that
 * is hit inside of a handler on the same CPU is not run but counted in nmissed.
 */
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/slab.h>

#include "compat.h"
#include "hooks.h"
#include "probes.h"

struct pbt_hook {
	unsigned int probe;
	bool of_exit;
	union {
		struct kprobe kp;
		struct kretprobe rp;
	};
};

int hooks_usable(void)
{
	return 0;
}

/* The handlers are the same for all; each finds its probe around the struct it is given. */
static int kprobe_entry(struct kprobe *kp, struct pt_regs *regs)
{
	const unsigned int probe = container_of(kp, struct pbt_hook, kp)->probe;

	rcu_read_lock();
	probe_type(probe)->entry(probe, regs);
	rcu_read_unlock();
	return 0;
}

static unsigned int probe_of(struct kretprobe_instance *ri)
{
	return container_of(compat_kretprobe(ri), struct pbt_hook, rp)->probe;
}

static int kretprobe_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const unsigned int probe = probe_of(ri);
	bool wanted;

	rcu_read_lock();
	wanted = probe_type(probe)->call(probe, regs, ri->data);
	rcu_read_unlock();
	return wanted ? 0 : 1;
}

static int kretprobe_exit(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const unsigned int probe = probe_of(ri);

	rcu_read_lock();
	probe_type(probe)->exit(probe, ri->data);
	rcu_read_unlock();
	return 0;
}

struct pbt_hook *hook_add(unsigned int probe, const char *symbol, bool disarmed)
{
	const u32 flags = disarmed ? KPROBE_FLAG_DISABLED : 0;
	struct pbt_hook *h;
	int ret;

	h = kzalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return ERR_PTR(-ENOMEM);
	h->probe = probe;
	h->of_exit = probe_type(probe)->exit;
	if (h->of_exit) {
		h->rp.kp.symbol_name = symbol;
		h->rp.kp.flags = flags;
		h->rp.entry_handler = kretprobe_entry;
		h->rp.handler = kretprobe_exit;
		h->rp.data_size = PROBE_DATA;
		h->rp.maxactive = PROBE_MAXACTIVE;
		ret = register_kretprobe(&h->rp);
	} else {
		h->kp.symbol_name = symbol;
		h->kp.flags = flags;
		h->kp.pre_handler = kprobe_entry;
		ret = register_kprobe(&h->kp);
	}
	if (ret) {
		kfree(h);
		return ERR_PTR(ret);
	}
	return h;
}

u64 hook_missed(const struct pbt_hook *h)
{
	return h->of_exit ? h->rp.nmissed + h->rp.kp.nmissed : h->kp.nmissed;
}

/* For the price of two grace periods, however many they are. */
u64 hooks_remove(struct pbt_hook *const hooks[], unsigned int nr)
{
	struct kprobe *kps[PROBE_HOOKS];
	struct kretprobe *rps[PROBE_HOOKS];
	unsigned int i, nr_kps = 0, nr_rps = 0;
	u64 missed = 0;

	for (i = 0; i < nr; i++) {
		if (hooks[i]->of_exit)
			rps[nr_rps++] = &hooks[i]->rp;
		else
			kps[nr_kps++] = &hooks[i]->kp;
	}
	if (nr_kps)
		unregister_kprobes(kps, nr_kps);
	if (nr_rps)
		unregister_kretprobes(rps, nr_rps);
	for (i = 0; i < nr; i++) {
		missed += hook_missed(hooks[i]);
		kfree(hooks[i]);
	}
	return missed;
}
