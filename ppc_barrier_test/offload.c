// SPDX-License-Identifier: GPL-2.0
/*
 * PBT_WRITE: a write(2) or pwrite(2) whose write handler is called by a kthread that borrows the
 * caller's mm, as io-wq's kthreads did before io-wq took create_io_thread() (v5.12).
 *
 * What such a call keeps of the real one:
 * - Nothing outlives it. The caller waits for its kthread, even when it is being killed; so its
 *   file, its mm and its credentials need no references of the kthread's own.
 * - A signal for the caller ends it where it would end write(2), with what has been written so far
 *   or to be restarted: the kthread is sent a signal of its own.
 * - SIGPIPE and SIGXFSZ, which a write handler sends to the task that runs it, go to the caller.
 * - Credentials, RLIMIT_FSIZE and the file's position with its lock are the caller's.
 *
 * What it does not: a write of 0 bytes ends before the write_iter handler (a datagram socket sends
 * nothing); positions beyond LLONG_MAX (/dev/mem, /proc/PID/mem) give -EINVAL; a terminal does not
 * stop a background job; memory protection keys of x86 are the kthread's; for files without
 * write_iter there is no security_file_permission() before Linux 5.18, where modules cannot.
 */
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "compat.h"
#include "session.h"

#define MAX_WORKERS	64	/* of a session; further writes wait until one is free */

/* One PBT_WRITE, on the stack of the caller, who waits until it is done. */
struct job {
	struct file *file;
	const char __user *buf;
	size_t len;
	loff_t *pos;			/* NULL: the file is a stream */
	rwf_t flags;
	struct mm_struct *mm;
	const struct cred *cred;
	unsigned long fsize;		/* RLIMIT_FSIZE */
	ssize_t result;
};

/* A kthread. It belongs to one caller at a time, or is idle. */
struct worker {
	struct list_head list;		/* in offload.idle */
	struct task_struct *task;
	struct wait_queue_head wait;
	struct job *job;		/* NULL: taken, or none */
	struct completion done;		/* once when the kthread is ready, then once for each job */
};

struct offload {
	struct semaphore slots;		/* workers that can still be taken */
	spinlock_t lock;
	struct list_head idle;
};

/* As vfs_write(): ->write() goes first. */
static ssize_t write_plain(const struct job *j)
{
	ssize_t ret;

	ret = compat_verify_write(j->file, j->pos, j->len);
	if (ret)
		return ret;
	file_start_write(j->file);
	ret = j->file->f_op->write(j->file, j->buf, j->len, j->pos);
	if (ret > 0)
		fsnotify_modify(j->file);
	file_end_write(j->file);
	return ret;
}

/* Only in the kthread, with the caller's mm: with set_fs(), in 5.10, the iterator depends on it. */
static ssize_t write_iter(const struct job *j)
{
	struct iovec iov = { .iov_base = (void __user *)j->buf, .iov_len = j->len };
	struct iov_iter iter;

	iov_iter_init(&iter, WRITE, &iov, 1, j->len);
	return compat_iter_write(j->file, &iter, j->pos, j->flags);
}

static void run(struct job *j)
{
	const struct file_operations *fops = j->file->f_op;
	const struct cred *old;

	/* a kthread has a signal_struct of its own; generic_write_checks() looks here */
	WRITE_ONCE(current->signal->rlim[RLIMIT_FSIZE].rlim_cur, j->fsize);
	old = override_creds(j->cred);
	kthread_use_mm(j->mm);

	if (fops->write && !j->flags)
		j->result = write_plain(j);
	else if (fops->write_iter)
		j->result = write_iter(j);
	else
		j->result = -EOPNOTSUPP;	/* as pwritev2(2) with flags */

	kthread_unuse_mm(j->mm);
	revert_creds(old);
}

static bool has_job(struct worker *w, struct job **j)
{
	*j = xchg(&w->job, NULL);
	return *j || kthread_should_stop();
}

static int worker_main(void *data)
{
	struct worker *w = data;
	struct job *j;

	/* what a write handler sends to the task it runs in */
	allow_signal(SIGPIPE);
	allow_signal(SIGXFSZ);
	/* what wait_for_job() sends, and nobody else can */
	allow_kernel_signal(SIGINT);
	allow_kernel_signal(SIGKILL);
	/* from here on no signal gets lost */
	complete(&w->done);

	for (;;) {
		wait_event_idle(w->wait, has_job(w, &j));
		if (!j)
			return 0;
		run(j);
		/* the job is gone with this */
		complete(&w->done);
	}
}

static struct worker *worker_create(struct session *s)
{
	struct worker *w;
	struct task_struct *task;

	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return ERR_PTR(-ENOMEM);
	init_waitqueue_head(&w->wait);
	init_completion(&w->done);
	task = kthread_run(worker_main, w, "pbt_write/%llu", s->id);
	if (IS_ERR(task)) {
		kfree(w);
		return ERR_CAST(task);
	}
	w->task = task;
	/* its writes pass the points of the session, as the caller's own would */
	session_add(s, task_tgid(task));
	wait_for_completion(&w->done);
	return w;
}

/* The session's offload, made by whoever comes first. */
static struct offload *offload_of(struct session *s)
{
	struct offload *o, *other;

	/* pairs with another caller's cmpxchg() below */
	o = smp_load_acquire(&s->offload);
	if (o)
		return o;
	o = kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return ERR_PTR(-ENOMEM);
	sema_init(&o->slots, MAX_WORKERS);
	spin_lock_init(&o->lock);
	INIT_LIST_HEAD(&o->idle);
	other = cmpxchg(&s->offload, NULL, o);
	if (!other)
		return o;
	kfree(o);
	return other;
}

/* An idle worker, or a new one: with a slot there are fewer than MAX_WORKERS that are not idle. */
static struct worker *worker_get(struct session *s, struct offload *o)
{
	struct worker *w;

	if (down_killable(&o->slots))
		return ERR_PTR(-EINTR);
	spin_lock(&o->lock);
	w = list_first_entry_or_null(&o->idle, struct worker, list);
	if (w)
		list_del(&w->list);
	spin_unlock(&o->lock);
	if (w)
		return w;
	w = worker_create(s);
	if (IS_ERR(w))
		up(&o->slots);
	return w;
}

/* The worker has no job, and nobody else sends it a signal that matters. */
static void worker_put(struct offload *o, struct worker *w)
{
	/* one that came too late for its job must not hit the next */
	flush_signals(w->task);
	spin_lock(&o->lock);
	list_add(&w->list, &o->idle);
	spin_unlock(&o->lock);
	up(&o->slots);
}

/*
 * Until the job is done, whatever happens to the caller. Of what the handler may wait in, an
 * interruptible sleep ends by any signal and a killable one by SIGKILL; the rest ends by itself.
 */
static void wait_for_job(struct worker *w)
{
	if (!wait_for_completion_interruptible(&w->done))
		return;
	send_sig(SIGINT, w->task, 1);
	if (!wait_for_completion_killable(&w->done))
		return;
	send_sig(SIGKILL, w->task, 1);
	wait_for_completion(&w->done);
}

static void pass_signal(struct worker *w, int sig)
{
	if (sigismember(&w->task->pending.signal, sig))
		send_sig(sig, current, 0);
}

/*
 * -ERESTARTSYS and its like tell the system call's exit to restart the call or to return -EINTR.
 * That is right for the caller, too, since the handler has done nothing in this case, but only if
 * it has a signal pending: else userspace would get to see them.
 */
static ssize_t caller_result(ssize_t ret)
{
	switch (ret) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		return signal_pending(current) ? ret : -EINTR;
	case -ERESTART_RESTARTBLOCK:	/* the block is the kthread's */
		return -EINTR;
	default:
		return ret;
	}
}

static ssize_t offload(struct session *s, struct job *j)
{
	struct offload *o = offload_of(s);
	struct worker *w;

	if (IS_ERR(o))
		return PTR_ERR(o);
	w = worker_get(s, o);
	if (IS_ERR(w))
		return PTR_ERR(w);

	j->mm = current->mm;
	j->cred = current_cred();
	j->fsize = rlimit(RLIMIT_FSIZE);
	/* pairs with the xchg() of has_job() */
	smp_store_release(&w->job, j);
	wake_up(&w->wait);
	wait_for_job(w);
	pass_signal(w, SIGPIPE);
	pass_signal(w, SIGXFSZ);
	worker_put(o, w);
	return caller_result(j->result);
}

/* The checks of vfs_write() in its order, which cannot wait for the kthread. */
static int check(const struct job *j, const struct pbt_write *w)
{
	if (!(j->file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!(j->file->f_mode & FMODE_CAN_WRITE))
		return -EINVAL;
	/* the caller's limits; a compat task's are not the kthread's */
	if ((uintptr_t)w->buf != w->buf || (size_t)w->len != w->len || !access_ok(j->buf, w->len))
		return -EFAULT;
	if ((ssize_t)w->len < 0)
		return -EINVAL;
	if (j->pos && (*j->pos < 0 || (loff_t)(*j->pos + w->len) < 0))
		return -EINVAL;
	return 0;
}

static ssize_t checked_offload(struct session *s, struct job *j, const struct pbt_write *w)
{
	int err = check(j, w);

	return err ? err : offload(s, j);
}

/* As ksys_write(): the lock first, so that who holds it never waits for one who waits for it. */
static ssize_t write_at_own_position(struct session *s, struct job *j, const struct pbt_write *w)
{
	bool locked = j->file->f_mode & FMODE_ATOMIC_POS;
	ssize_t ret;
	loff_t pos;

	if (j->file->f_mode & FMODE_STREAM)
		return checked_offload(s, j, w);
	if (locked)
		mutex_lock(&j->file->f_pos_lock);
	pos = j->file->f_pos;
	j->pos = &pos;
	ret = checked_offload(s, j, w);
	if (ret > 0)
		j->file->f_pos = pos;
	if (locked)
		mutex_unlock(&j->file->f_pos_lock);
	return ret;
}

static ssize_t write_at(struct session *s, struct job *j, const struct pbt_write *w)
{
	loff_t pos = w->pos;

	if (!(j->file->f_mode & FMODE_PWRITE))
		return -ESPIPE;
	j->pos = &pos;
	return checked_offload(s, j, w);
}

/*
 * Any number of the session's threads may be in here. Returns bytes written, or -errno: what
 * ksys_write() and ksys_pwrite64() of fs/read_write.c return for the same file, 5.10 to 7.2;
 * -EINVAL for unknown flags and reserved fields that are not zero; -ENOMEM, or -EINTR when killed,
 * without a kthread. -ERESTARTSYS only with a signal pending and nothing written.
 */
long offload_write(struct session *s, const struct pbt_write *w)
{
	const rwf_t known = RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND;
	struct job j = {
		.buf = u64_to_user_ptr(w->buf),
		.len = min_t(u64, w->len, MAX_RW_COUNT),
		.flags = (__force rwf_t)w->flags,
	};
	ssize_t ret;

	if (memchr_inv(w->reserved, 0, sizeof(w->reserved)) || (j.flags & ~known) || w->pos < -1)
		return -EINVAL;
	j.file = fget(w->fd);
	if (!j.file)
		return -EBADF;
	if (w->pos == -1)
		ret = write_at_own_position(s, &j, w);
	else
		ret = write_at(s, &j, w);
	fput(j.file);
	return ret;
}

void offload_end(struct session *s)
{
	struct offload *o = s->offload;
	struct worker *w, *next;

	if (!o)
		return;
	s->offload = NULL;
	/* all are idle */
	list_for_each_entry_safe(w, next, &o->idle, list) {
		kthread_stop(w->task);
		kfree(w);
	}
	kfree(o);
}
