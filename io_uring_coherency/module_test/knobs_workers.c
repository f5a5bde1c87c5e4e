// SPDX-License-Identifier: GPL-2.0
/*
 * io-wq's workers, counted, and asked for their CPUs, as threads of /proc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"
#include "program.h"

#define WORKERS_MS	5000	/* until they are there */
#define STEADY_MS	200	/* and until no more will come */

/*
 * Threads of this process that are workers, up to 9; *@pinned of them may use one CPU alone, *@on
 * of these that @cpu.
 */
static int count_workers(int cpu, int *pinned, int *on)
{
	DIR *dir = opendir("/proc/self/task");
	char name[300], comm[32];
	struct dirent *entry;
	cpu_set_t *set;
	size_t size;
	int nr = 0;
	FILE *f;

	*pinned = 0;
	*on = 0;
	while (dir && (entry = readdir(dir)) && nr < 9) {
		snprintf(name, sizeof(name), "/proc/self/task/%s/comm", entry->d_name);
		f = fopen(name, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strncmp(comm, "iou-wrk-", 8)) {
			nr++;
			set = cpus_allowed(atoi(entry->d_name), &size);
			if (set && CPU_COUNT_S(size, set) == 1) {
				(*pinned)++;
				*on += !!CPU_ISSET_S(cpu, size, set);
			}
			free(set);
		}
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return nr;
}

/*
 * How many workers KNOBS_REQUESTS get that open a FIFO, which waits for a writer, plus 10 times
 * those that may use one CPU alone. @expected workers are waited for. In a process of its own, as
 * the number of workers is settled with a thread's first request. It may use all CPUs when it
 * submits: since 6.2 a worker never gets more than its creator has asked for.
 */
static int workers_on(int expected)
{
	int nr = 0, pinned = 0, on = 0, cpu, before, writer;
	unsigned int i, ms, steady = 0;
	struct io_uring_cqe *cqe;
	struct io_uring r;

	if ((mknodat(knobs_ramfs, "fifo", S_IFIFO | 0600, 0) && errno != EEXIST) ||
	    io_uring_queue_init(KNOBS_REQUESTS, &r, 0))
		return KNOBS_NO_RING;
	for (i = 0; i < KNOBS_REQUESTS; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&r);

		io_uring_prep_openat(sqe, knobs_ramfs, "fifo", O_RDONLY | O_CLOEXEC, 0);
		sqe->flags |= IOSQE_ASYNC;
	}
	cpu = sched_getcpu();
	if (io_uring_submit(&r) != KNOBS_REQUESTS)
		return KNOBS_NO_RING;
	if (sched_getcpu() != cpu)
		cpu = -1;	/* it was moved, who knows when */
	for (ms = 0; ms < WORKERS_MS && steady < STEADY_MS; ms += 10) {
		before = nr;
		knobs_pause_us(10000);
		nr = count_workers(cpu < 0 ? 0 : cpu, &pinned, &on);
		steady = nr >= expected && nr == before ? steady + 10 : 0;
	}
	/* with it all of them open it */
	writer = openat(knobs_ramfs, "fifo", O_RDWR | O_CLOEXEC);
	for (i = 0; writer >= 0 && i < KNOBS_REQUESTS; i++) {
		if (io_uring_wait_cqe(&r, &cqe) || cqe->res < 0)
			return KNOBS_NO_RING;
		io_uring_cqe_seen(&r, cqe);
	}
	/* more of them than one may come later, and then from wherever their creator is */
	if (pinned && cpu >= 0 && !on)
		return KNOBS_NOT_WITH_CREATOR;
	return nr + 10 * pinned;
}

int knobs_workers_with(unsigned int workers, unsigned int flags, int expected)
{
	struct pbt_knobs knobs = { .workers = workers, .flags = flags };

	if (ioctl(knobs_session, PBT_SET_KNOBS, &knobs))
		return -1;
	return knobs_in_child(workers_on, expected);
}
