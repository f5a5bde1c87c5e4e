// SPDX-License-Identifier: GPL-2.0
/*
 * Completions for a thread that spins in user mode, and the IPIs that bring them.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <liburing.h>

#include "knobs_parts.h"
#include "program.h"

/*
 * Rescheduling and other IPIs that @cpu has taken, by /proc/interrupts: "RES:" on x86, "IPIn:" on
 * arm64, on powerpc the lines whose action is named IPI and "DBL:" for doorbells. -1 if there are
 * no such lines.
 */
long long ipis(int cpu)
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

int event;
atomic_int armed;	/* the spinner's poll number is in place */
atomic_int seen;		/* ... and its completion has been seen */
int spin_error;
unsigned int spin_flags;
int spin_cpu;

/* Waits for each completion by looking at the CQ ring alone: no system call brings it. */
void *cq_spinner(void *arg)
{
	struct io_uring r;
	uint64_t value;
	unsigned int n;

	(void)arg;
	cpus_pin(0, spin_cpu);
	spin_error = io_uring_queue_init(8, &r, spin_flags);
	started = 1;
	for (n = 1; !spin_error && n <= DELIVERIES; n++) {
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
