// SPDX-License-Identifier: GPL-2.0
/*
 * The probes by number, armed as long as some session wants them.
 */
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "hooks.h"
#include "probes.h"

struct probe {
	unsigned int users;
	struct pbt_hook *hooks[PROBE_SYMBOLS];	/* NULL where this kernel has no such function */
};

static DEFINE_MUTEX(arm_mutex);
static struct probe probes[NR_PROBES];
static u64 missed;		/* by probes that are disarmed by now */
static bool presence_known;
static u32 presence;

const struct pbt_probe_type *probe_type(unsigned int probe)
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
	case PROBE_IO_WQ_CREATE:
		return &io_wq_type;
	case PROBE_SET_CPUS:
		return &set_cpus_type;
	default:
		return &point_types[probe];
	}
}

/* Takes back all of these probes, 1 << probe. */
static void disarm(u32 which)
{
	struct pbt_hook *hooks[PROBE_HOOKS];
	unsigned int probe, i, nr = 0;

	for (probe = 0; probe < NR_PROBES; probe++) {
		for (i = 0; i < PROBE_SYMBOLS && which & BIT(probe); i++) {
			struct pbt_hook **hook = &probes[probe].hooks[i];

			if (!*hook)
				continue;
			hooks[nr++] = *hook;
			*hook = NULL;
		}
	}
	missed += hooks_remove(hooks, nr);
}

/* Registers all functions of a probe that this kernel has, one at least. 0 or -errno. */
static int arm(unsigned int probe, bool disarmed)
{
	const struct pbt_probe_type *type = probe_type(probe);
	unsigned int i, armed = 0;

	for (i = 0; i < PROBE_SYMBOLS && type->symbols[i]; i++) {
		struct pbt_hook *hook = hook_add(probe, type->symbols[i], disarmed);

		if (!IS_ERR(hook)) {
			probes[probe].hooks[i] = hook;
			armed++;
		} else if (PTR_ERR(hook) != -ENOENT) {
			disarm(BIT(probe));
			return PTR_ERR(hook);
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
				if (arm(probe, true))
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
			ret = arm(probe, false);
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
		for (i = 0; i < PROBE_SYMBOLS; i++)
			if (probes[probe].hooks[i])
				sum += hook_missed(probes[probe].hooks[i]);
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
