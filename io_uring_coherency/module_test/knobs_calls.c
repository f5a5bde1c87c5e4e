// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that pass a point, and how long they take.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"
#include "program.h"

#define MAX_TRIES	400	/* for one that is short, on a machine that is busy */

/* --- calls that pass a point: each returns its microseconds, or -errno */

static struct io_uring ring;
static int file = -1, pipe_fd[2];
static atomic_int stop, started, kicked, bytes_read;
static int bytes_written;
static pid_t other;
static pthread_t helper;
static bool has_helper;
static char page[4096];

static double call_io_write(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	double start = knobs_now_us(), took;
	int ret;

	io_uring_prep_write(sqe, file, page, sizeof(page), 0);
	ret = io_uring_submit_and_wait(&ring, 1);
	took = knobs_now_us() - start;
	if (ret < 0)
		return ret;
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (!ret) {
		ret = cqe->res == sizeof(page) ? 0 : cqe->res < 0 ? cqe->res : -EIO;
		io_uring_cqe_seen(&ring, cqe);
	}
	return ret ?: took;
}

static double call_write(void)
{
	const double start = knobs_now_us();
	const ssize_t ret = pwrite(file, page, sizeof(page), 0);

	return ret == sizeof(page) ? knobs_now_us() - start : -errno;
}

static double call_read(void)
{
	char found[sizeof(page)];
	const double start = knobs_now_us();
	const ssize_t ret = pread(file, found, sizeof(found), 0);
	const double took = knobs_now_us() - start;

	if (ret != sizeof(found))
		return -errno;
	return memcmp(page, found, sizeof(found)) ? -EILSEQ : took;
}

/*
 * fput() of the last reference to a file leaves the rest to task_work, which runs on the way out of
 * the system call. Here it is a mapping's: close(2) does without since 6.6.
 */
static double call_unmap(void)
{
	const int fd = memfd_create("unmapped", MFD_CLOEXEC);
	double start;
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(page)))
		return -errno;
	p = mmap(NULL, sizeof(page), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	start = knobs_now_us();
	if (munmap(p, sizeof(page)))
		return -errno;
	return knobs_now_us() - start;
}

/*
 * Waits until the reader sleeps: it has read all, and its stat says S. The state alone will not do:
 * ___wait_event() sets it again before it looks at what it was woken for.
 */
static bool await_sleep(void)
{
	char name[64], text[256], *paren;
	unsigned int i;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", other);
	for (i = 0; i < 10000; i++) {
		ssize_t len;
		int fd;

		if (bytes_read != bytes_written) {
			knobs_pause_us(100);
			continue;
		}
		fd = open(name, O_RDONLY | O_CLOEXEC);
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[len > 0 ? len : 0] = '\0';
		paren = strrchr(text, ')');
		if (paren && paren[1] && paren[2] == 'S')
			return true;
		knobs_pause_us(100);
	}
	return false;
}

static double call_wake(void)
{
	double start;

	if (!await_sleep())
		return -ETIMEDOUT;
	start = knobs_now_us();
	if (write(pipe_fd[1], "", 1) != 1)
		return -errno;
	bytes_written++;
	return knobs_now_us() - start;
}

/* A signal for a thread that is running: signal_wake_up_state(), kernel/signal.c */
static double call_kick(void)
{
	const int before = kicked;
	double start, took;

	start = knobs_now_us();
	if (syscall(SYS_tgkill, getpid(), other, SIGUSR1))
		return -errno;
	took = knobs_now_us() - start;
	while (kicked == before)
		;
	return took;
}

static void *reader(void *arg)
{
	char c;

	(void)arg;
	other = syscall(SYS_gettid);
	started = 1;
	while (read(pipe_fd[0], &c, 1) == 1)
		bytes_read++;
	return NULL;
}

static void on_kick(int sig)
{
	(void)sig;
	kicked++;
}

static void *spinner(void *arg)
{
	cpus_pin(0, *(int *)arg);
	other = syscall(SYS_gettid);
	started = 1;
	while (!stop)
		;
	return NULL;
}

static double (*const calls[PBT_NR_POINTS])(void) = {
	[PBT_TRY_TO_WAKE_UP] = call_wake,
	[PBT_TRY_TO_WAKE_UP_EXIT] = call_wake,
	[PBT_KICK_PROCESS] = call_kick,
	[PBT_KICK_PROCESS_EXIT] = call_kick,
	[PBT_IO_WRITE] = call_io_write,
	[PBT_TASK_WORK_RUN] = call_unmap,
	[PBT_PERFORM_WRITE] = call_write,
	[PBT_PERFORM_WRITE_EXIT] = call_write,
	[PBT_FILEMAP_READ] = call_read,
	[PBT_FILEMAP_READ_EXIT] = call_read,
};

double knobs_call(unsigned int point)
{
	return calls[point]();
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct knobs_took knobs_took(unsigned int point, double below)
{
	struct knobs_took took = { .shortest = 1e12 };
	double all[MAX_TRIES];
	unsigned int i;

	for (i = 0; i < KNOBS_TRIES || (i < MAX_TRIES && took.shortest >= below); i++) {
		all[i] = knobs_call(point);
		if (all[i] < 0)
			return (struct knobs_took){ all[i], all[i] };
		if (all[i] < took.shortest)
			took.shortest = all[i];
	}
	qsort(all, i, sizeof(all[0]), compare);
	took.median = all[i / 2];
	return took;
}

const char *knobs_prepare_call(unsigned int point)
{
	static int cpu[2];
	/* a signal that is blocked in its handler does not kick */
	const struct sigaction action = { .sa_handler = on_kick, .sa_flags = SA_NODEFER };

	if (!(knobs_info.points & (1U << point)))
		return "this kernel has no such function to probe";
	if (calls[point] == call_wake) {
		if (pipe2(pipe_fd, O_CLOEXEC) || pthread_create(&helper, NULL, reader, NULL))
			return "no pipe or no thread";
		has_helper = true;
	} else if (calls[point] == call_kick) {
		if (!knobs_two_cpus(cpu))
			return "a running thread is kicked from another CPU, there is one";
		sigaction(SIGUSR1, &action, NULL);
		if (pthread_create(&helper, NULL, spinner, &cpu[1]))
			return "no thread";
		has_helper = true;
		cpus_pin(0, cpu[0]);
	} else if (calls[point] != call_unmap) {
		if (knobs_ramfs < 0)
			return "ramfs cannot be mounted here";
		memset(page, 0x5a, sizeof(page));
		file = openat(knobs_ramfs, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (pwrite(file, page, sizeof(page), 0) != sizeof(page))
			return "no file on the ramfs";
	}
	if (calls[point] == call_io_write && io_uring_queue_init(8, &ring, 0))
		return "io_uring cannot be used";
	while (has_helper && !started)
		knobs_pause_us(100);
	return NULL;
}

void knobs_end_call(void)
{
	stop = 1;
	if (!has_helper)
		return;
	if (pipe_fd[1])
		close(pipe_fd[1]);
	pthread_join(helper, NULL);
}
