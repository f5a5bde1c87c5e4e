// SPDX-License-Identifier: GPL-2.0
/*
 * PBT_WRITE: a pwrite(2) on a regular file whose write handler is called by a kthread that borrows
 * the caller's mm, as io-wq's kthreads did before io-wq took create_io_thread() (v5.12).
 *
 * Nothing outlives the call. The caller waits for its kthread, even when it is being killed; so its
 * file, its mm and its credentials need no references of the kthread's own.
 */
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "session.h"

/* One PBT_WRITE, on the stack of the caller. */
struct job {
	struct kthread_work work;
	struct completion done;
	struct file *file;
	struct iovec iov;
	loff_t pos;
	struct mm_struct *mm;
	const struct cred *cred;
	ssize_t result;
};

static void run(struct kthread_work *work)
{
	struct job *j = container_of(work, struct job, work);
	const struct cred *old;
	struct iov_iter iter;

	allow_kernel_signal(SIGKILL);	/* from wait_for_job(), and from nobody else */
	old = override_creds(j->cred);
	kthread_use_mm(j->mm);
	/* not before: with set_fs(), in 5.10, the iterator depends on it */
	iov_iter_init(&iter, WRITE, &j->iov, 1, j->iov.iov_len);
	j->result = compat_iter_write(j->file, &iter, &j->pos);
	kthread_unuse_mm(j->mm);
	revert_creds(old);
	/* the job is gone with this */
	complete(&j->done);
}

/* Until the job is done, whatever happens to the caller: SIGKILL ends what else waits for ever. */
static void wait_for_job(struct kthread_worker *w, struct job *j)
{
	if (!wait_for_completion_killable(&j->done))
		return;
	/* more than once, as it is ignored until run() has begun */
	do
		send_sig(SIGKILL, w->task, 1);
	while (!wait_for_completion_timeout(&j->done, HZ / 100 + 1));
	/* one that came too late for this job must not hit the next */
	flush_signals(w->task);
}

/* An idle kthread of the session, or a new one. */
static struct kthread_worker *worker_get(struct pbt_session *s)
{
	struct kthread_worker *w = NULL;

	spin_lock(&s->idle_lock);
	if (s->nr_idle)
		w = s->idle[--s->nr_idle];
	spin_unlock(&s->idle_lock);
	if (w)
		return w;
	w = kthread_run_worker(0, "pbt_write/%llu", s->id);
	/* its writes pass the points of the session, as the caller's own would */
	if (!IS_ERR(w))
		pbt_session_add(s, task_tgid(w->task));
	return w;
}

static void worker_put(struct pbt_session *s, struct kthread_worker *w)
{
	spin_lock(&s->idle_lock);
	if (s->nr_idle < ARRAY_SIZE(s->idle)) {
		s->idle[s->nr_idle++] = w;
		w = NULL;
	}
	spin_unlock(&s->idle_lock);
	if (w)
		kthread_destroy_worker(w);
}

static ssize_t offload(struct pbt_session *s, struct job *j)
{
	struct kthread_worker *w = worker_get(s);

	if (IS_ERR(w))
		return PTR_ERR(w);
	kthread_init_work(&j->work, run);
	init_completion(&j->done);
	kthread_queue_work(w, &j->work);
	wait_for_job(w, j);
	worker_put(s, w);
	return j->result;
}

/*
 * Any number of the session's threads may be in here, each with a kthread of its own. Returns what
 * PBT_WRITE does, and -ENOMEM or -EINTR without a kthread.
 */
long pbt_offload_write(struct pbt_session *s, const struct pbt_write *w)
{
	struct job j = {
		.iov.iov_base = u64_to_user_ptr(w->buf),
		.iov.iov_len = min_t(u64, w->len, MAX_RW_COUNT),
		.pos = w->pos,
		.mm = current->mm,
		.cred = current_cred(),
	};
	ssize_t ret = -EINVAL;

	if (w->reserved || w->pos < 0)
		return -EINVAL;
	/* the caller's limits; a compat task's are not the kthread's */
	if ((uintptr_t)w->buf != w->buf || !access_ok(j.iov.iov_base, w->len))
		return -EFAULT;
	j.file = fget(w->fd);
	if (!j.file)
		return -EBADF;
	if (S_ISREG(file_inode(j.file)->i_mode))
		ret = offload(s, &j);
	fput(j.file);
	return ret;
}

/* No PBT_WRITE is running, so all are idle. */
void pbt_offload_end(struct pbt_session *s)
{
	while (s->nr_idle)
		kthread_destroy_worker(s->idle[--s->nr_idle]);
}
