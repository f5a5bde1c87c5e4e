// SPDX-License-Identifier: GPL-2.0
/*
 * The probes by number, armed as long as some session wants them.
 */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "hooks.h"
#include "probes.h"

#define MILLION		1000000
#define RETRY_MS	1000
#define PROOF		(BIT(PROBE_SELF) | BIT(PROBE_SELF_EXIT))

static DEFINE_MUTEX(arm_mutex);
static unsigned int users[NR_PROBES];	/* sessions */
/* armed for no session any more: see disarm() */
static u32 unwanted;
static DEFINE_PER_CPU(unsigned long[NR_PROBES], hits);
static bool presence_known;
static u32 presence;

static const struct pbt_probe_type *const types[NR_PROBES] = {
	[PROBE_NOTIFY] = &pbt_notify_type,
	[PROBE_CREATE_IO_THREAD] = &pbt_worker_type,
	[PROBE_TCTX_TASK_WORK] = &pbt_tctx_type,
	[PROBE_CREATE_WORKER_CB] = &pbt_create_cb_type,
	[PROBE_IO_WQ_CREATE] = &pbt_io_wq_type,
	[PROBE_SET_CPUS] = &pbt_set_cpus_type,
	[PROBE_SELF] = &pbt_self_type,
	[PROBE_SELF_EXIT] = &pbt_self_exit_type,
	[PROBE_PLANT_WRITE] = &pbt_plant_write_type,
	[PROBE_PLANT_READ] = &pbt_plant_read_type,
	[PROBE_PLANT_COPY] = &pbt_plant_copy_type,
};

const struct pbt_probe_type *pbt_probe_type(unsigned int probe)
{
	return probe < PBT_NR_POINTS ? &pbt_point_types[probe] : types[probe];
}

void pbt_probe_hit(unsigned int probe)
{
	this_cpu_inc(hits[probe]);
}

static struct pbt_tally tally(unsigned int probe)
{
	struct pbt_tally t = { 0 };
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		t.hits += per_cpu(hits[probe], cpu);
	for (i = 0; i < PROBE_SYMBOLS; i++)
		t.missed += pbt_hook_missed(probe, i);
	return t;
}

/* What became of the calls since the session had it armed is added to @to. */
static void tally_since(const struct pbt_session *s, unsigned int probe, struct pbt_tally *to)
{
	const struct pbt_tally now = tally(probe);

	to->hits += now.hits - s->since[probe].hits;
	to->missed += now.missed - s->since[probe].missed;
}

/* All functions of a probe that this kernel has, one at least: armed or found. 0 or -errno. */
static int arm(unsigned int probe, int (*hook)(unsigned int probe, unsigned int symbol))
{
	const struct pbt_probe_type *type = pbt_probe_type(probe);
	unsigned int i, nr = 0;
	int ret;

	for (i = 0; i < PROBE_SYMBOLS && type->symbols[i]; i++) {
		ret = hook(probe, i);
		if (!ret)
			nr++;
		else if (ret != -ENOENT)
			return ret;
	}
	return nr ? 0 : -ENOENT;
}

/* What may go better the next time; other errors are of the function, such as a blacklisted one. */
static bool transient(int error)
{
	return error == -ENOMEM || error == -EBUSY || error == -EAGAIN || error == -EINTR ||
	       error == -ENOSPC;
}

u32 pbt_probes_present(void)
{
	bool known = true;
	unsigned int probe;
	int ret;

	mutex_lock(&arm_mutex);
	if (!presence_known) {
		presence = 0;
		for (probe = 0; probe < NR_PROBES; probe++) {
			ret = arm(probe, pbt_hook_find);
			if (!ret)
				presence |= BIT(probe);
			else if (transient(ret))
				known = false;
		}
		presence_known = known;
	}
	mutex_unlock(&arm_mutex);
	return presence;
}

/* What a session has to have armed beside @want: that by which these prove that they act. */
static u32 with_proof(u32 want)
{
	unsigned int probe;

	for (probe = 0; probe < NR_PROBES; probe++)
		if (want & BIT(probe))
			want |= BIT(pbt_probe_type(probe)->exit ? PROBE_SELF_EXIT : PROBE_SELF);
	return want;
}

static void disarm_later(struct work_struct *work);
static DECLARE_DELAYED_WORK(later, disarm_later);

/*
 * Takes back what no session has armed any more, but only while probes act. With
 * kernel.ftrace_enabled=0 the kernel keeps flags of a function whose last probe goes, and when it
 * finds them it ends ftrace for good: "FTRACE_WARN_ON_ONCE(rec->flags & ~FTRACE_FL_DISABLED)" in
 * ftrace_shutdown(), kernel/trace/ftrace.c of 6.1. So these stay, and with them the module.
 */
static void disarm(u32 which)
{
	u32 armed = which | unwanted;
	unsigned int probe;

	for (probe = 0; probe < NR_PROBES; probe++)
		if (users[probe])
			armed |= BIT(probe);
	if (!pbt_prove(armed & PROOF)) {
		pbt_hooks_disarm(which | unwanted);
		if (unwanted)
			module_put(THIS_MODULE);
		unwanted = 0;
		return;
	}
	if (!unwanted)
		__module_get(THIS_MODULE);
	unwanted |= which;
	schedule_delayed_work(&later, msecs_to_jiffies(RETRY_MS));
}

static void disarm_later(struct work_struct *work)
{
	unsigned int probe;

	mutex_lock(&arm_mutex);
	/* enable_kprobe() does nothing while kprobes/enabled is 0 */
	for (probe = PROBE_SELF; probe <= PROBE_SELF_EXIT; probe++)
		if (unwanted & BIT(probe))
			arm(probe, pbt_hook_arm);
	if (unwanted)
		disarm(0);
	mutex_unlock(&arm_mutex);
}

void pbt_probes_exit(void)
{
	/* the last one may have put the module just now */
	cancel_delayed_work_sync(&later);
}

/* One more session has it armed. 0 or -errno. */
static int arm_for(struct pbt_session *s, unsigned int probe)
{
	int ret = 0;

	if (!users[probe]++) {
		ret = arm(probe, pbt_hook_arm);
		if (unwanted == BIT(probe))
			module_put(THIS_MODULE);	/* the session holds it */
		unwanted &= ~BIT(probe);
	}
	s->since[probe] = tally(probe);
	return ret;
}

int pbt_probes_arm(struct pbt_session *s, u32 want)
{
	u32 added = 0, unused = 0, keep;
	unsigned int probe;
	int ret = 0;

	BUILD_BUG_ON(NR_PROBES > PBT_MAX_PROBES);
	want = with_proof(want);
	mutex_lock(&arm_mutex);
	for (probe = PROBE_SELF; probe <= PROBE_SELF_EXIT && !ret; probe++) {
		if (!(want & ~s->armed & BIT(probe)))
			continue;
		added |= BIT(probe);
		ret = arm_for(s, probe);
	}
	/* before there is more that could not be taken back */
	if (!ret)
		ret = pbt_prove(want & PROOF);
	for (probe = 0; probe < NR_PROBES && !ret; probe++) {
		if (!(want & ~s->armed & ~added & BIT(probe)))
			continue;
		added |= BIT(probe);
		ret = arm_for(s, probe);
	}
	/* on an error back to what there was */
	keep = ret ? s->armed : want;
	for (probe = 0; probe < NR_PROBES; probe++) {
		if (!((s->armed | added) & ~keep & BIT(probe)))
			continue;
		tally_since(s, probe, &s->before[probe]);
		if (!--users[probe])
			unused |= BIT(probe);
	}
	if (unused)
		disarm(unused);
	s->armed = keep;
	mutex_unlock(&arm_mutex);
	return ret;
}

int pbt_probes_watch(struct pbt_session *s)
{
	int ret;

	mutex_lock(&arm_mutex);
	ret = pbt_prove(s->armed);
	mutex_unlock(&arm_mutex);
	return ret;
}

void pbt_probes_missed(const struct pbt_session *s, u64 *missed, u64 *ppm)
{
	unsigned int probe;

	*missed = 0;
	*ppm = 0;
	mutex_lock(&arm_mutex);
	for (probe = 0; probe < NR_PROBES; probe++) {
		struct pbt_tally t = s->before[probe];

		if (s->armed & BIT(probe))
			tally_since(s, probe, &t);
		if (!t.missed)
			continue;
		*missed += t.missed;
		*ppm = max(*ppm, div64_u64(t.missed * MILLION, t.hits + t.missed));
	}
	mutex_unlock(&arm_mutex);
}

int pbt_probes_range(const char *symbol, unsigned long *begin, unsigned long *end)
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
