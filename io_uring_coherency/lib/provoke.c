// SPDX-License-Identifier: GPL-2.0
/*
 * Worker creations on demand; see provoke.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provoke.h"

#define RING_ENTRIES	128	/* holds PROVOKE_ITEMS */

const char *provoke_open(struct provoke *p, enum provoke_way way, unsigned int setup_flags)
{
	/* all splices of the poll wake-up may wait on one pipe, the others are released singly */
	unsigned int i, nr_pipes = way == PROVOKE_POLL_WAKE ? 1 : PROVOKE_ITEMS;

	memset(p, 0, sizeof(*p));
	p->way = way;
	p->setup_flags = setup_flags;
	p->trigger = -1;
	p->task_dir = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (p->task_dir < 0 || p->sink < 0) {
		provoke_close(p);
		return "/proc/self/task or /dev/null cannot be opened";
	}
	for (i = 0; i < nr_pipes; i++) {
		if (pipe2(p->pipe[i], O_CLOEXEC)) {
			provoke_close(p);
			return "not enough file descriptors or memory for the pipes";
		}
		p->nr_pipes++;
	}
	p->trigger = eventfd(0, EFD_CLOEXEC);
	if (p->trigger < 0) {
		provoke_close(p);
		return "no eventfd";
	}
	return NULL;
}

void provoke_close(struct provoke *p)
{
	unsigned int i;

	for (i = 0; i < p->nr_pipes; i++) {
		close(p->pipe[i][0]);
		close(p->pipe[i][1]);
	}
	p->nr_pipes = 0;
	if (p->trigger >= 0)
		close(p->trigger);
	if (p->sink >= 0)
		close(p->sink);
	if (p->task_dir >= 0)
		close(p->task_dir);
}

static void prep_blocking_splice(struct provoke *p, unsigned int pipe)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);

	io_uring_prep_splice(sqe, p->pipe[pipe][0], -1, p->sink, -1, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
}

static int set_max_workers(struct provoke *p, unsigned int unbounded)
{
	unsigned int values[2] = { 0, unbounded };	/* 0 leaves the bounded ones alone */

	return io_uring_register_iowq_max_workers(&p->ring, values);
}

static int submit(struct provoke *p)
{
	int ret;

	/* with DEFER_TASKRUN completions and late task_work run nowhere else */
	if (p->setup_flags & IORING_SETUP_DEFER_TASKRUN)
		ret = io_uring_submit_and_get_events(&p->ring);
	else
		ret = io_uring_submit(&p->ring);
	return ret < 0 ? ret : 0;
}

int provoke_begin(struct provoke *p, const cpu_set_t *workers, size_t size)
{
	struct io_uring_params params = {
		.flags = p->setup_flags,
		.sq_thread_idle = 1,	/* ms; a spinning SQ thread would take a CPU from us */
	};
	unsigned int max = p->max_workers, splices = max, i;
	int ret;

	if (p->pin_sq && p->setup_flags & IORING_SETUP_SQPOLL) {
		params.flags |= IORING_SETUP_SQ_AFF;
		while (!CPU_ISSET_S(params.sq_thread_cpu, size, workers))
			params.sq_thread_cpu++;
	}
	ret = io_uring_queue_init_params(RING_ENTRIES, &p->ring, &params);
	if (ret)
		return ret;
	p->ring_up = true;
	p->created = 0;
	p->released = 0;
	memset(p->answered, 0, sizeof(p->answered));

	/*
	 * On the submitter's CPU a worker waits for the end of its spin's time slice: a fifth of
	 * the events per second. Only faster, so that an error does not matter but to who asks.
	 */
	ret = io_uring_register_iowq_aff(&p->ring, size, workers);
	if (ret && p->pin)
		return ret;

	if (p->way == PROVOKE_CREATE_WORKER_CB) {
		max = 1;
		splices = PROVOKE_ITEMS;
	}
	if (!max)
		return 0;
	ret = set_max_workers(p, max);
	if (ret)
		return ret;
	for (i = 0; i < splices; i++)
		prep_blocking_splice(p, i % p->nr_pipes);
	return submit(p);
}

int provoke_prepare(struct provoke *p)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0;

	p->created++;
	io_uring_for_each_cqe(&p->ring, head, cqe)
		seen++;
	io_uring_cq_advance(&p->ring, seen);

	if (p->way == PROVOKE_CREATE_WORKER_CB)
		return set_max_workers(p, p->created + 1);

	sqe = io_uring_get_sqe(&p->ring);
	if (!sqe)
		return -EBUSY;
	io_uring_prep_read(sqe, p->trigger, &p->trigger_value, sizeof(p->trigger_value), 0);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	prep_blocking_splice(p, 0);
	return submit(p);
}

unsigned int provoke_came(const struct provoke *p)
{
	return io_uring_cq_ready(&p->ring);
}

int provoke_fire(struct provoke *p)
{
	const uint64_t one = 1;
	ssize_t ret;

	if (p->way == PROVOKE_POLL_WAKE) {
		ret = write(p->trigger, &one, sizeof(one));
	} else {
		if (p->released == PROVOKE_ITEMS)
			return -ENOSPC;
		ret = write(p->pipe[p->released++][1], "", 1);
	}
	return ret < 0 ? -errno : 0;
}

void provoke_seen(struct provoke *p)
{
	if (p->way == PROVOKE_CREATE_WORKER_CB && p->released)
		p->answered[p->released - 1] = true;
}

void provoke_release(struct provoke *p)
{
	unsigned int i;

	if (p->at_end)
		return;
	p->at_end = true;
	for (i = 0; i < p->nr_pipes; i++) {
		close(p->pipe[i][1]);
		p->pipe[i][1] = -1;
	}
}

/* A pipe without data and with a writer. 0 or -errno. */
static int renew_pipe(struct provoke *p, unsigned int i)
{
	int err;

	close(p->pipe[i][0]);
	if (p->pipe[i][1] >= 0)
		close(p->pipe[i][1]);
	if (!pipe2(p->pipe[i], O_CLOEXEC))
		return 0;
	/* provoke_close() must not close these numbers again */
	err = errno;
	p->pipe[i][0] = -1;
	p->pipe[i][1] = -1;
	return -err;
}

int provoke_end(struct provoke *p)
{
	int ret;

	unsigned int i;
	uint64_t value;

	if (p->ring_up)
		io_uring_queue_exit(&p->ring);
	p->ring_up = false;

	for (i = 0; i < p->nr_pipes; i++) {
		if (!p->at_end && (i >= p->released || p->answered[i]))
			continue;
		ret = renew_pipe(p, i);
		if (ret)
			return ret;
	}
	p->at_end = false;

	if (p->way == PROVOKE_POLL_WAKE) {
		struct pollfd left = { .fd = p->trigger, .events = POLLIN };

		/* what no read took would complete the next round's first read at once */
		if (poll(&left, 1, 0) == 1 && read(p->trigger, &value, sizeof(value)) < 0)
			return -errno;
	}
	return 0;
}

int provoke_threads(const struct provoke *p)
{
	struct stat st;

	/* proc_task_getattr(): 2 + number of threads */
	if (fstat(p->task_dir, &st))
		return -errno;
	return st.st_nlink - 2;
}

/* Counts the threads of this process whose name begins with @prefix, and with @number if not 0. */
static int count_threads(const char *prefix, unsigned long number, unsigned int *same,
			 unsigned int *others, unsigned long *last)
{
	char path[64], comm[32];
	struct dirent *entry;
	DIR *dir;
	int fd;

	*same = 0;
	*others = 0;
	dir = opendir("/proc/self/task");
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;	/* ., .., or a thread that has just gone */
		len = read(fd, comm, sizeof(comm) - 1);
		close(fd);
		comm[len > 0 ? len : 0] = '\0';
		if (strncmp(comm, prefix, strlen(prefix)))
			continue;
		*last = strtoul(comm + strlen(prefix), NULL, 10);
		if (*last == number)
			++*same;
		else
			++*others;
	}
	closedir(dir);
	return 0;
}

int provoke_workers(unsigned int *own, unsigned int *others)
{
	unsigned long submitter = 0, worker;
	unsigned int none, sq_threads;
	int ret;

	ret = count_threads("iou-sqp-", 0, &none, &sq_threads, &submitter);
	if (ret)
		return ret;
	if (sq_threads != 1)
		return -ESRCH;
	return count_threads("iou-wrk-", submitter, own, others, &worker);
}
