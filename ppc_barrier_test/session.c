// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ppc_barrier_test: one open file is one session, one set of knobs.
 *
 * A session acts on processes, that is on all threads that share a tgid: io-wq workers and SQ
 * threads are such threads of the process that they work for (create_io_thread(), kernel/fork.c,
 * in 5.10.162 and since 5.12). Which processes: the opener, what it had forked before, and what
 * any of them forks later, seen by the tracepoint sched_process_fork, which the parent passes
 * before the child runs. A daemon that leaves its parent stays in the session.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <trace/events/sched.h>

#include "arch.h"
#include "compat.h"
#include "delivery.h"
#include "hooks.h"
#include "plant.h"
#include "probes.h"
#include "tracepoints.h"

#define MEMBER_BITS	10

/* A process in a session. The reference to its pid keeps the address from being another's. */
struct member {
	struct hlist_node node;
	struct pid *tgid;
	struct pbt_session *session;
	struct rcu_head rcu;
};

static DEFINE_HASHTABLE(members, MEMBER_BITS);
static DEFINE_RAW_SPINLOCK(members_lock);

static DEFINE_MUTEX(sessions_mutex);	/* a session begins or ends */
static unsigned int sessions;
/* the session that members_start() is filling, and the process that opens it */
static struct pbt_session *starting;
static struct task_struct *opener;

static atomic64_t last_id = ATOMIC64_INIT(0);

static void member_free(struct rcu_head *rcu)
{
	struct member *m = container_of(rcu, struct member, rcu);

	put_pid(m->tgid);
	kfree(m);
}

static void member_drop(struct member *m)
{
	hash_del_rcu(&m->node);
	call_rcu(&m->rcu, member_free);
}

struct pbt_session *pbt_session_of(const struct pid *tgid)
{
	struct pbt_session *innermost = NULL;
	struct member *m;

	if (!tgid)
		return NULL;
	hash_for_each_possible_rcu(members, m, node, (unsigned long)tgid)
		if (m->tgid == tgid && (!innermost || m->session->id > innermost->id))
			innermost = m->session;
	return innermost;
}

/*
 * Takes a process into a session, and drops those of its hash bucket that are dead, so that there
 * are never many. In tracepoints as well, which are passed without locks of the allocator.
 */
void pbt_session_add(struct pbt_session *s, struct pid *tgid)
{
	struct member *new, *m;
	struct hlist_node *next;
	unsigned long flags;
	bool wanted;

	new = kmalloc_obj(*new, GFP_ATOMIC | __GFP_NOWARN);
	if (!new) {
		atomic64_inc(&s->lost);
		return;
	}
	new->session = s;
	raw_spin_lock_irqsave(&members_lock, flags);
	wanted = !s->closing;
	hash_for_each_possible_safe(members, m, next, node, (unsigned long)tgid) {
		if (m->tgid == tgid && m->session == s)
			wanted = false;
		else if (!pid_has_task(m->tgid, PIDTYPE_TGID))
			member_drop(m);
	}
	if (wanted) {
		new->tgid = get_pid(tgid);
		hash_add_rcu(members, &new->node, (unsigned long)tgid);
		atomic64_inc(&s->joined);
	}
	raw_spin_unlock_irqrestore(&members_lock, flags);
	if (!wanted)
		kfree(new);
}

static void members_drop(struct pbt_session *s)
{
	struct hlist_node *next;
	unsigned long flags;
	struct member *m;
	unsigned int i;

	raw_spin_lock_irqsave(&members_lock, flags);
	s->closing = true;
	hash_for_each_safe(members, i, next, m, node)
		if (m->session == s)
			member_drop(m);
	raw_spin_unlock_irqrestore(&members_lock, flags);
}

static u64 members_alive(const struct pbt_session *s)
{
	struct member *m;
	unsigned int i;
	u64 nr = 0;

	rcu_read_lock();
	hash_for_each_rcu(members, i, m, node)
		if (m->session == s && pid_has_task(m->tgid, PIDTYPE_TGID))
			nr++;
	rcu_read_unlock();
	return nr;
}

static bool in_session(const struct pbt_session *s, const struct pid *tgid)
{
	struct member *m;

	hash_for_each_possible_rcu(members, m, node, (unsigned long)tgid)
		if (m->tgid == tgid && m->session == s)
			return true;
	return false;
}

/* Under rcu_read_lock(). */
static bool descends(const struct pbt_session *s, struct task_struct *p)
{
	for (; p != &init_task; p = rcu_dereference(p->real_parent))
		if (same_thread_group(p, opener) || in_session(s, task_tgid(p)))
			return true;
	return false;
}

/*
 * The opener, and what descends from it. Forks are seen: nobody slips through. Nor does a child
 * that is not yet reached when its parent exits, and which then is another one's: see exiting().
 */
static void members_start(struct pbt_session *s)
{
	struct task_struct *p;

	opener = current;
	/* pairs with smp_load_acquire() in exiting(): there is an opener by then */
	smp_store_release(&starting, s);
	pbt_session_add(s, task_tgid(current));
	rcu_read_lock();
	for_each_process(p) {
		if (!pid_alive(p) || !task_tgid(p) || !descends(s, p))
			continue;
		pbt_session_add(s, task_tgid(p));
		/* pairs with that in forked(): it finds the parent, or we the child, further on */
		smp_mb();
	}
	rcu_read_unlock();
	WRITE_ONCE(starting, NULL);
	/* opener and session stay as long as exiting() may use them */
	synchronize_rcu();
}

static void forked(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct pid *tgid = task_tgid(parent);
	struct member *m;

	/* a thread */
	if (same_thread_group(child, parent))
		return;
	/* pairs with that in members_start(): @child is in the list of all processes */
	smp_mb();
	rcu_read_lock();
	/* members_lock is not taken: an entry that is added meanwhile is @child's own */
	hash_for_each_possible_rcu(members, m, node, (unsigned long)tgid)
		if (m->tgid == tgid)
			pbt_session_add(m->session, task_tgid(child));
	rcu_read_unlock();
}

/* do_exit(), kernel/exit.c, passes this before exit_notify() gives the children away. */
static void exiting(void *data, struct task_struct *parent)
{
	struct pbt_session *s;
	struct task_struct *p;

	rcu_read_lock();
	/* pairs with smp_store_release() in members_start() */
	s = smp_load_acquire(&starting);
	if (s && descends(s, parent))
		for_each_process(p)
			if (same_thread_group(rcu_dereference(p->real_parent), parent) &&
			    pid_alive(p) && task_tgid(p))
				pbt_session_add(s, task_tgid(p));
	rcu_read_unlock();
}

static void exiting_of_group(void *data, struct task_struct *parent, bool group_dead)
{
	exiting(data, parent);
}

static struct pbt_trace traces[] = {
	{ .name = "sched_process_fork", .function = forked },
	{
		.name = "sched_process_exit",
		.function = COMPAT_EXIT_OF_GROUP ? (void *)exiting_of_group : (void *)exiting,
	},
};

/* Begins a session, but for its knobs. 0 or -errno. */
static int session_start(struct pbt_session *s)
{
	int ret = 0;

	mutex_lock(&sessions_mutex);
	if (!sessions)
		ret = pbt_traces_take(traces, ARRAY_SIZE(traces));
	if (!ret) {
		sessions++;
		members_start(s);
	}
	mutex_unlock(&sessions_mutex);
	return ret;
}

/* When it returns no process is in the session, and none will be. */
static void session_end(struct pbt_session *s)
{
	members_drop(s);
	mutex_lock(&sessions_mutex);
	if (!--sessions)
		pbt_traces_release(traces, ARRAY_SIZE(traces));
	mutex_unlock(&sessions_mutex);
}

/* --- what this kernel can do */

static const u32 any_actions = BIT(PBT_OFF) | BIT(PBT_NONE) | BIT(PBT_MB) | BIT(PBT_RMB) |
			       BIT(PBT_WMB) | BIT(PBT_ISYNC) | BIT(PBT_LWSYNC) | BIT(PBT_UDELAY);

static u32 outer_sessions(const struct pbt_session *s)
{
	const struct pid *tgid = task_tgid(current);
	struct member *m;
	u32 nr = 0;

	rcu_read_lock();
	hash_for_each_possible_rcu(members, m, node, (unsigned long)tgid)
		if (m->tgid == tgid && m->session != s)
			nr++;
	rcu_read_unlock();
	return nr;
}

static void get_info(struct pbt_info *info)
{
	const u32 present = pbt_probes_present();
	unsigned int point;

	memset(info, 0, sizeof(*info));
	info->abi = PBT_ABI;
	info->notify = BIT(PBT_NOTIFY_KERNEL);
	if (present & BIT(PROBE_NOTIFY))
		info->notify |= BIT(PBT_NOTIFY_SIGNAL) |
				(COMPAT_HAS_NO_IPI ? BIT(PBT_NOTIFY_SIGNAL_NO_IPI) : 0);
	info->points = present & (BIT(PBT_NR_POINTS) - 1);
	info->deliveries = pbt_delivery_kinds();
	info->udelay_max = PBT_UDELAY_MAX;
	info->edges = pbt_litmus_edges();
	info->workers_max = present & BIT(PROBE_IO_WQ_CREATE) ? PBT_WORKERS_MAX : 0;
	info->flags = (info->deliveries ? PBT_ACCOUNT : 0) |
		      (present & BIT(PROBE_SET_CPUS) ? PBT_PIN_WORKERS : 0);
	info->plants = pbt_plants_possible(present);
	for (point = 0; point < PBT_NR_POINTS; point++) {
		info->actions[point] = BIT(PBT_OFF);
		if (info->points & BIT(point))
			info->actions[point] |= any_actions;
		if (info->points & BIT(point) && pbt_point_has_span(point))
			info->actions[point] |= BIT(PBT_FLUSH_DCACHE);
	}
}

/* 0, -EINVAL for what makes no sense anywhere, -EOPNOTSUPP for what this kernel lacks. */
static int check_knobs(const struct pbt_knobs *k)
{
	bool supported = true;
	struct pbt_info info;
	unsigned int i;

	if (k->notify >= PBT_NR_NOTIFY || k->flags & ~(PBT_ACCOUNT | PBT_PIN_WORKERS) ||
	    k->workers > PBT_WORKERS_MAX || k->plants >= BIT(PBT_NR_PLANTS) ||
	    memchr_inv(k->reserved, 0, sizeof(k->reserved)))
		return -EINVAL;
	get_info(&info);
	if (!(info.notify & BIT(k->notify)) || k->flags & ~info.flags ||
	    k->workers > info.workers_max || k->plants & ~info.plants)
		supported = false;
	for (i = 0; i < PBT_NR_POINTS; i++) {
		const struct pbt_knob *knob = &k->point[i];

		if (knob->action >= PBT_NR_ACTIONS || knob->usecs > PBT_UDELAY_MAX ||
		    (knob->action == PBT_UDELAY ? !knob->usecs : knob->usecs))
			return -EINVAL;
		if (!(info.actions[i] & BIT(knob->action)))
			supported = false;
	}
	return supported ? 0 : -EOPNOTSUPP;
}

static u32 wanted_probes(const struct pbt_knobs *k)
{
	u32 want = pbt_plants_probes(k->plants);
	unsigned int i;

	for (i = 0; i < PBT_NR_POINTS; i++)
		if (k->point[i].action != PBT_OFF)
			want |= BIT(i);
	if (k->notify != PBT_NOTIFY_KERNEL || k->flags & PBT_ACCOUNT)
		want |= BIT(PROBE_NOTIFY);
	if (k->flags & PBT_ACCOUNT)
		want |= BIT(PROBE_CREATE_IO_THREAD) | BIT(PROBE_TCTX_TASK_WORK) |
			BIT(PROBE_CREATE_WORKER_CB);
	if (k->workers)
		want |= BIT(PROBE_IO_WQ_CREATE);
	if (k->flags & PBT_PIN_WORKERS)
		want |= BIT(PROBE_SET_CPUS);
	return want;
}

static int set_knobs(struct pbt_session *s, const struct pbt_knobs *k)
{
	const bool counted = s->knobs.flags & PBT_ACCOUNT, count = k->flags & PBT_ACCOUNT;
	unsigned int i;
	int ret;

	ret = check_knobs(k);
	if (ret)
		return ret;
	ret = pbt_plants_prepare(k->plants);
	if (ret)
		return ret;
	if (count && !counted) {
		ret = pbt_delivery_get();
		if (ret)
			return ret;
	}
	ret = pbt_probes_arm(s, wanted_probes(k));
	if (ret) {
		if (count && !counted)
			pbt_delivery_put();
		return ret;
	}
	for (i = 0; i < PBT_NR_POINTS; i++) {
		WRITE_ONCE(s->knobs.point[i].usecs, k->point[i].usecs);
		WRITE_ONCE(s->knobs.point[i].action, k->point[i].action);
	}
	WRITE_ONCE(s->knobs.notify, k->notify);
	WRITE_ONCE(s->knobs.flags, k->flags);
	WRITE_ONCE(s->knobs.workers, k->workers);
	WRITE_ONCE(s->knobs.plants, k->plants);
	if (counted && !count)
		pbt_delivery_put();
	return 0;
}

static void get_counters(struct pbt_session *s, struct pbt_counters *c)
{
	unsigned int i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < PBT_NR_POINTS; i++)
		c->point[i] = atomic64_read(&s->point[i]);
	for (i = 0; i < PBT_NR_NOTIFY; i++)
		c->notify_seen[i] = atomic64_read(&s->notify_seen[i]);
	c->notify_changed = atomic64_read(&s->notify_changed);
	for (i = 0; i < PBT_NR_DELIVERIES; i++) {
		c->workers.dead[i] = atomic64_read(&s->workers[0][i]);
		c->workers.live[i] = atomic64_read(&s->workers[1][i]);
		c->task_work.dead[i] = atomic64_read(&s->task_work[0][i]);
		c->task_work.live[i] = atomic64_read(&s->task_work[1][i]);
	}
	if (pbt_probes_watch(s))
		atomic64_inc(&s->inactive);
	c->inactive = atomic64_read(&s->inactive);
	pbt_probes_missed(s, &c->missed, &c->missed_ppm);
	c->lost = atomic64_read(&s->lost);
	c->cut = atomic64_read(&s->cut);
	c->joined = atomic64_read(&s->joined);
	c->processes = members_alive(s);
	c->limited = atomic64_read(&s->limited);
	c->pinned = atomic64_read(&s->pinned);
	for (i = 0; i < PBT_NR_PLANTS; i++)
		c->planted[i] = atomic64_read(&s->planted[i]);
}

/* --- the device */

static int session_open(struct inode *inode, struct file *file)
{
	struct pbt_session *s;
	int ret;

	/* the mode of the node can be changed; what the knobs do is root's alone */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = kzalloc_obj(*s, GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	mutex_init(&s->mutex);
	spin_lock_init(&s->idle_lock);
	s->id = atomic64_inc_return(&last_id);
	ret = session_start(s);
	if (ret) {
		kfree(s);
		return ret;
	}
	file->private_data = s;
	return 0;
}

static int session_release(struct inode *inode, struct file *file)
{
	struct pbt_session *s = file->private_data;

	session_end(s);
	pbt_probes_arm(s, 0);
	if (s->knobs.flags & PBT_ACCOUNT)
		pbt_delivery_put();
	pbt_offload_end(s);
	/* a probe of another session may have found this one just before */
	synchronize_rcu();
	kfree(s);
	return 0;
}

static long session_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pbt_session *s = file->private_data;
	void __user *user = (void __user *)arg;
	union {
		struct pbt_info info;
		struct pbt_knobs knobs;
		struct pbt_counters counters;
		struct pbt_write write;
		struct pbt_litmus litmus;
	} u;
	long ret;

	/* as for open(): the file may have been handed on */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case PBT_GET_INFO:
		get_info(&u.info);
		u.info.outer = outer_sessions(s);
		return copy_to_user(user, &u.info, sizeof(u.info)) ? -EFAULT : 0;
	case PBT_SET_KNOBS:
		if (copy_from_user(&u.knobs, user, sizeof(u.knobs)))
			return -EFAULT;
		mutex_lock(&s->mutex);
		ret = set_knobs(s, &u.knobs);
		mutex_unlock(&s->mutex);
		return ret;
	case PBT_GET_COUNTERS:
		get_counters(s, &u.counters);
		return copy_to_user(user, &u.counters, sizeof(u.counters)) ? -EFAULT : 0;
	case PBT_WRITE:
		if (copy_from_user(&u.write, user, sizeof(u.write)))
			return -EFAULT;
		return pbt_offload_write(s, &u.write);
	case PBT_LITMUS:
		if (copy_from_user(&u.litmus, user, sizeof(u.litmus)))
			return -EFAULT;
		ret = pbt_litmus_run(&u.litmus);
		if (!ret && copy_to_user(user, &u.litmus, sizeof(u.litmus)))
			ret = -EFAULT;
		return ret;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations session_fops = {
	.owner = THIS_MODULE,
	.open = session_open,
	.release = session_release,
	.unlocked_ioctl = session_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice session_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ppc_barrier_test",
	.fops = &session_fops,
	.mode = 0600,
};

static int __init pbt_init(void)
{
	/* the tracepoint of fork allocates, flush_dcache puts pages: both may sleep there */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("not for kernels with PREEMPT_RT\n");
		return -EOPNOTSUPP;
	}
	/* see hooks_fprobe.c */
	if (IS_ENABLED(CONFIG_PPC64) && IS_ENABLED(CONFIG_PREEMPTION) && !COMPAT_FPROBE) {
		pr_err("kprobes are not safe on powerpc with preemption, and there is no fprobe\n");
		return -EOPNOTSUPP;
	}
	pbt_inject_init();
	return misc_register(&session_device);
}

static void __exit pbt_exit(void)
{
	misc_deregister(&session_device);
	pbt_probes_exit();
	pbt_hooks_exit();
	pbt_inject_exit();
	rcu_barrier();	/* member_free() */
	pbt_litmus_exit();
	pbt_plants_exit();
}

module_init(pbt_init);
module_exit(pbt_exit);

MODULE_INFO(test, "Y");
MODULE_DESCRIPTION("Task work, barrier and delay injection for io_uring tests");
MODULE_LICENSE("GPL");
