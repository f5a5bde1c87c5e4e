// SPDX-License-Identifier: GPL-2.0
/*
 * Completions for a thread that spins in user mode, and the IPIs that bring them.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"
#include "program.h"

long long knobs_ipis(int cpu)
{
	static const char blanks[] = " \t\n";
	char *line = NULL, *p, *end;
	long long sum = -1;
	int column = -1, i;
	size_t size = 0;
	FILE *f;

	f = fopen("/proc/interrupts", "re");
	if (!f)
		return -1;
	while (getline(&line, &size, f) > 0) {
		unsigned long long count = 0;

		if (column < 0) {
			/* CPU0 CPU1 ...: those that are online */
			for (p = strtok(line, blanks), i = 0; p; p = strtok(NULL, blanks), i++)
				if (atoi(p + 3) == cpu)
					column = i;
			continue;
		}
		p = strchr(line, ':');
		if (!p || !(strstr(line, "RES:") || strstr(line, "DBL:") || strstr(line, "IPI")))
			continue;
		for (p++, i = 0; i <= column; i++, p = end)
			count = strtoull(p, &end, 10);
		sum = (sum < 0 ? 0 : sum) + count;
	}
	free(line);
	fclose(f);
	return sum;
}

static int event;
static atomic_int started;
static atomic_int armed;	/* the spinner's poll number is in place */
static atomic_int seen;		/* ... and its completion has been seen */
static int spin_error;
static unsigned int spin_flags;
static int spin_cpu;

/* Waits for each completion by looking at the CQ ring alone: no system call brings it. */
static void *cq_spinner(void *arg)
{
	struct io_uring r;
	uint64_t value;
	unsigned int n;

	(void)arg;
	cpus_pin(0, spin_cpu);
	spin_error = io_uring_queue_init(8, &r, spin_flags);
	started = 1;
	for (n = 1; !spin_error && n <= KNOBS_DELIVERIES; n++) {
		io_uring_prep_poll_add(io_uring_get_sqe(&r), event, POLLIN);
		io_uring_submit(&r);
		armed = n;
		while (!io_uring_cq_ready(&r))
			;
		io_uring_cq_advance(&r, 1);
		if (read(event, &value, sizeof(value)) < 0)
			spin_error = -errno;
		seen = n;
	}
	if (!spin_error)
		io_uring_queue_exit(&r);
	return NULL;
}

long long knobs_deliver(const int cpu[2], unsigned int setup_flags)
{
	const uint64_t one = 1;
	long long before, kicks;
	pthread_t thread;
	unsigned int i;

	event = eventfd(0, EFD_CLOEXEC);
	if (event < 0)
		return -errno;
	spin_flags = setup_flags;
	spin_cpu = cpu[1];
	cpus_pin(0, cpu[0]);
	if (pthread_create(&thread, NULL, cq_spinner, NULL))
		return -EAGAIN;
	while (!started)
		knobs_pause_us(1000);
	before = knobs_ipis(cpu[1]);
	for (i = 1; i <= KNOBS_DELIVERIES && !spin_error; i++) {
		while (armed < (int)i && !spin_error)
			sched_yield();
		knobs_pause_us(200);	/* it spins by now */
		if (!spin_error && write(event, &one, sizeof(one)) != sizeof(one))
			return -errno;
		while (seen < (int)i && !spin_error)
			sched_yield();
	}
	kicks = knobs_ipis(cpu[1]) - before;
	pthread_join(thread, NULL);
	return spin_error ?: kicks;
}
