// SPDX-License-Identifier: GPL-2.0
/*
 * kprobes and kretprobes by number, armed as long as some session wants them.
 *
 * kernel/kprobes.c of 5.10, 6.1, 6.12 and 7.2: handlers run with preemption disabled; a probe that
 * is hit inside of a handler on the same CPU is not run but counted in nmissed.
 */
#include <linux/kallsyms.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "probes.h"

struct probe {
	unsigned int users;
	/* NULL where this kernel has no such function */
	struct kprobe *kp[PROBE_SYMBOLS];
	struct kretprobe *rp[PROBE_SYMBOLS];
};

static DEFINE_MUTEX(arm_mutex);
static struct probe probes[NR_PROBES];
static u64 missed;		/* by probes that are disarmed by now */
static bool presence_known;
static u32 presence;

static const struct pbt_probe_type *type_of(unsigned int probe)
{
	switch (probe) {
	case PROBE_FORK:
		return &fork_type;
	case PROBE_NOTIFY:
		return &notify_type;
	case PROBE_CREATE_IO_THREAD:
		return &worker_type;
	case PROBE_TCTX_TASK_WORK:
		return &tctx_type;
	case PROBE_CREATE_WORKER_CB:
		return &create_cb_type;
	default:
		return &point_types[probe];
	}
}

/* The handlers are the same for all; each finds its number around the struct it is given. */
struct numbered_kprobe {
	struct kprobe kp;
	unsigned int number;
};

struct numbered_kretprobe {
	struct kretprobe rp;
	unsigned int number;
};

static int kprobe_entry(struct kprobe *kp, struct pt_regs *regs)
{
	const unsigned int number = container_of(kp, struct numbered_kprobe, kp)->number;

	rcu_read_lock();
	type_of(number)->entry(number, regs);
	rcu_read_unlock();
	return 0;
}

static struct numbered_kretprobe *of_instance(struct kretprobe_instance *ri)
{
	return container_of(compat_kretprobe(ri), struct numbered_kretprobe, rp);
}

static int kretprobe_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const unsigned int number = of_instance(ri)->number;
	bool wanted;

	rcu_read_lock();
	wanted = type_of(number)->call(number, regs, ri->data);
	rcu_read_unlock();
	return wanted ? 0 : 1;
}

static int kretprobe_exit(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const unsigned int number = of_instance(ri)->number;

	rcu_read_lock();
	type_of(number)->exit(number, ri->data);
	rcu_read_unlock();
	return 0;
}

/* Registers one of a probe's functions. 0, -ENOENT if this kernel has none, or another error. */
static int arm_one(unsigned int probe, unsigned int i, u32 flags)
{
	const struct pbt_probe_type *type = type_of(probe);
	struct probe *p = &probes[probe];
	int ret;

	if (!type->symbols[i])
		return -ENOENT;
	if (type->entry) {
		struct numbered_kprobe *n = kzalloc(sizeof(*n), GFP_KERNEL);

		if (!n)
			return -ENOMEM;
		n->number = probe;
		n->kp.symbol_name = type->symbols[i];
		n->kp.pre_handler = kprobe_entry;
		n->kp.flags = flags;
		ret = register_kprobe(&n->kp);
		if (ret)
			kfree(n);
		else
			p->kp[i] = &n->kp;
	} else {
		struct numbered_kretprobe *n = kzalloc(sizeof(*n), GFP_KERNEL);

		if (!n)
			return -ENOMEM;
		n->number = probe;
		n->rp.kp.symbol_name = type->symbols[i];
		n->rp.kp.flags = flags;
		n->rp.entry_handler = kretprobe_entry;
		n->rp.handler = kretprobe_exit;
		n->rp.data_size = PROBE_DATA;
		n->rp.maxactive = PROBE_MAXACTIVE;
		ret = register_kretprobe(&n->rp);
		if (ret)
			kfree(n);
		else
			p->rp[i] = &n->rp;
	}
	return ret;
}

/* Takes back all of these probes, 1 << probe, for the price of two grace periods. */
static void disarm(u32 which)
{
	struct kprobe *kps[NR_PROBES * PROBE_SYMBOLS];
	struct kretprobe *rps[NR_PROBES * PROBE_SYMBOLS];
	unsigned int probe, i, nr_kps = 0, nr_rps = 0;

	for (probe = 0; probe < NR_PROBES; probe++) {
		for (i = 0; i < PROBE_SYMBOLS && which & BIT(probe); i++) {
			struct probe *p = &probes[probe];

			if (p->kp[i])
				kps[nr_kps++] = p->kp[i];
			if (p->rp[i])
				rps[nr_rps++] = p->rp[i];
			p->kp[i] = NULL;
			p->rp[i] = NULL;
		}
	}
	if (nr_kps)
		unregister_kprobes(kps, nr_kps);
	if (nr_rps)
		unregister_kretprobes(rps, nr_rps);
	for (i = 0; i < nr_kps; i++) {
		missed += kps[i]->nmissed;
		kfree(container_of(kps[i], struct numbered_kprobe, kp));
	}
	for (i = 0; i < nr_rps; i++) {
		missed += rps[i]->nmissed + rps[i]->kp.nmissed;
		kfree(container_of(rps[i], struct numbered_kretprobe, rp));
	}
}

/* Registers all functions of a probe that this kernel has, one at least. 0 or -errno. */
static int arm(unsigned int probe, u32 flags)
{
	unsigned int i, armed = 0;
	int ret;

	for (i = 0; i < PROBE_SYMBOLS; i++) {
		ret = arm_one(probe, i, flags);
		if (!ret) {
			armed++;
		} else if (ret != -ENOENT) {
			disarm(BIT(probe));
			return ret;
		}
	}
	return armed ? 0 : -ENOENT;
}

u32 probes_present(void)
{
	unsigned int probe;
	u32 tried = 0;

	mutex_lock(&arm_mutex);
	if (!presence_known) {
		for (probe = 0; probe < NR_PROBES; probe++) {
			if (!probes[probe].users) {
				if (arm(probe, KPROBE_FLAG_DISABLED))
					continue;
				tried |= BIT(probe);
			}
			presence |= BIT(probe);
		}
		disarm(tried);
		presence_known = true;
	}
	mutex_unlock(&arm_mutex);
	return presence;
}

int probes_arm(struct session *s, u32 want)
{
	u32 added = 0, unused = 0;
	unsigned int probe;
	int ret = 0;

	mutex_lock(&arm_mutex);
	for (probe = 0; probe < NR_PROBES; probe++) {
		if (!(want & ~s->armed & BIT(probe)))
			continue;
		if (!probes[probe].users)
			ret = arm(probe, 0);
		if (ret) {
			/* back to what there was */
			want = s->armed;
			break;
		}
		probes[probe].users++;
		added |= BIT(probe);
	}
	for (probe = 0; probe < NR_PROBES; probe++) {
		if (!((s->armed | added) & ~want & BIT(probe)))
			continue;
		if (!--probes[probe].users)
			unused |= BIT(probe);
	}
	disarm(unused);
	s->armed = want;
	mutex_unlock(&arm_mutex);
	return ret;
}

u64 probes_missed(void)
{
	unsigned int probe, i;
	u64 sum;

	mutex_lock(&arm_mutex);
	sum = missed;
	for (probe = 0; probe < NR_PROBES; probe++) {
		const struct probe *p = &probes[probe];

		for (i = 0; i < PROBE_SYMBOLS; i++) {
			if (p->kp[i])
				sum += p->kp[i]->nmissed;
			if (p->rp[i])
				sum += p->rp[i]->nmissed + p->rp[i]->kp.nmissed;
		}
	}
	mutex_unlock(&arm_mutex);
	return sum;
}

int probes_range(const char *symbol, unsigned long *begin, unsigned long *end)
{
	struct kprobe kp = { .symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED };
	unsigned long offset, size;
	char text[KSYM_SYMBOL_LEN], *plus;

	if (register_kprobe(&kp))
		return -ENOENT;
	unregister_kprobe(&kp);
	sprint_symbol(text, (unsigned long)kp.addr);	/* name+0xoffset/0xsize */
	plus = strchr(text, '+');
	if (!plus || sscanf(plus, "+0x%lx/0x%lx", &offset, &size) != 2)
		return -ENOENT;
	*begin = (unsigned long)kp.addr - offset;
	*end = *begin + size;
	return 0;
}
