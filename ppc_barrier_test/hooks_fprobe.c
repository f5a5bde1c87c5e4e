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
 *
 * A task that returns looks its fprobe up by address (fprobe_registered()), and its data by the
 * index that all exit fprobes share, a new one each time the first of them is registered
 * (register_ftrace_graph(), kernel/trace/fgraph.c). So an fprobe stays registered as long as a call
 * is under way that it was told of at the entry. If nobody wants it meanwhile, then it takes no new
 * calls, and the module cannot go.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/fprobe.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "hooks.h"
#include "probes.h"

#define REAP_MS		100	/* between looks for calls that are under way */

struct pbt_hook {
	struct fprobe fp;
	unsigned int probe;
	bool registered;
	bool wanted;
	atomic_t calls;		/* under way, exit_handler is to come */
	u64 missed;		/* before it was last registered */
};

static DEFINE_MUTEX(hooks_mutex);
static struct pbt_hook hooks[NR_PROBES][PROBE_SYMBOLS];
static bool waiting;		/* for calls: the module is held */

static int hook_entry(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		      struct ftrace_regs *fregs, void *data)
{
	struct pbt_hook *h = container_of(fp, struct pbt_hook, fp);
	const struct pbt_probe_type *type = pbt_probe_type(h->probe);
	struct pt_regs *regs = &arch_ftrace_regs(fregs)->regs;
	bool wanted = true;

	if (!READ_ONCE(h->wanted))
		return 1;
	rcu_read_lock();
	pbt_probe_hit(h->probe);
	if (type->exit)
		wanted = type->call(h->probe, regs, data);
	else
		type->entry(h->probe, regs);
	if (type->exit && wanted)
		atomic_inc(&h->calls);
	rcu_read_unlock();
	return wanted ? 0 : 1;
}

static void hook_exit(struct fprobe *fp, unsigned long ip, unsigned long ret_ip,
		      struct ftrace_regs *fregs, void *data)
{
	struct pbt_hook *h = container_of(fp, struct pbt_hook, fp);

	rcu_read_lock();
	pbt_probe_type(h->probe)->exit(h->probe, &arch_ftrace_regs(fregs)->regs, data);
	rcu_read_unlock();
	atomic_dec(&h->calls);
}

static int hook_register(unsigned int probe, unsigned int symbol, unsigned int flags)
{
	struct pbt_hook *h = &hooks[probe][symbol];
	const char *name = pbt_probe_type(probe)->symbols[symbol];
	int ret;

	if (h->registered)
		return 0;
	h->probe = probe;
	h->fp.flags = flags;
	h->fp.entry_handler = hook_entry;
	if (pbt_probe_type(probe)->exit) {
		h->fp.exit_handler = hook_exit;
		h->fp.entry_data_size = PROBE_DATA;
	}
	ret = register_fprobe_syms(&h->fp, &name, 1);
	h->registered = !ret;
	return ret;
}

static void hook_unregister(struct pbt_hook *h)
{
	unregister_fprobe(&h->fp);
	h->missed += h->fp.nmissed;
	h->fp.nmissed = 0;
	h->registered = false;
}

int pbt_hook_find(unsigned int probe, unsigned int symbol)
{
	struct pbt_hook *h = &hooks[probe][symbol];
	int ret = 0;

	mutex_lock(&hooks_mutex);
	if (!h->registered) {
		ret = hook_register(probe, symbol, FPROBE_FL_DISABLED);
		if (!ret)
			hook_unregister(h);
	}
	mutex_unlock(&hooks_mutex);
	return ret;
}

int pbt_hook_arm(unsigned int probe, unsigned int symbol)
{
	int ret;

	mutex_lock(&hooks_mutex);
	ret = hook_register(probe, symbol, 0);
	if (!ret)
		WRITE_ONCE(hooks[probe][symbol].wanted, true);
	mutex_unlock(&hooks_mutex);
	return ret;
}

static void reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(reaper, reap);

/* Unregisters what is not wanted and has no call under way. Whether there is something left. */
static bool reap_hooks(void)
{
	unsigned int probe, i;
	bool left = false;

	for (probe = 0; probe < NR_PROBES; probe++) {
		for (i = 0; i < PROBE_SYMBOLS; i++) {
			struct pbt_hook *h = &hooks[probe][i];

			if (!h->registered || h->wanted)
				continue;
			if (atomic_read(&h->calls))
				left = true;
			else
				hook_unregister(h);
		}
	}
	return left;
}

static void reap(struct work_struct *work)
{
	mutex_lock(&hooks_mutex);
	waiting = reap_hooks();
	if (waiting)
		schedule_delayed_work(&reaper, msecs_to_jiffies(REAP_MS));
	else
		module_put(THIS_MODULE);
	mutex_unlock(&hooks_mutex);
}

void pbt_hooks_disarm(u32 which)
{
	unsigned int probe, i;

	mutex_lock(&hooks_mutex);
	for (probe = 0; probe < NR_PROBES; probe++)
		for (i = 0; i < PROBE_SYMBOLS && which & BIT(probe); i++)
			WRITE_ONCE(hooks[probe][i].wanted, false);
	/* of handlers that have seen it wanted: no further calls are counted after that */
	synchronize_rcu();
	if (reap_hooks() && !waiting) {
		waiting = true;
		/* a session is being changed or closed, which holds it as well */
		__module_get(THIS_MODULE);
		schedule_delayed_work(&reaper, msecs_to_jiffies(REAP_MS));
	}
	mutex_unlock(&hooks_mutex);
}

u64 pbt_hook_missed(unsigned int probe, unsigned int symbol)
{
	const struct pbt_hook *h = &hooks[probe][symbol];

	return h->missed + h->fp.nmissed;
}

void pbt_hooks_exit(void)
{
	/* the last one may have put the module just now */
	cancel_delayed_work_sync(&reaper);
}
