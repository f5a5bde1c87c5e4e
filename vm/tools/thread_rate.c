// SPDX-License-Identifier: GPL-2.0
/*
 * thread_rate: the yardstick for live_registers' events per second: how many threads a bare
 * pthread_create() and pthread_join() loop makes per second on this machine.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH	64	/* threads between two looks at the clock */

static void *nothing(void *arg)
{
	return arg;
}

int main(int argc, char **argv)
{
	const double seconds = argc > 1 ? atof(argv[1]) : 1;
	struct timespec start, now;
	unsigned long threads = 0;
	pthread_t thread;
	double elapsed;
	int i;

	if (argc > 2 || !(seconds > 0)) {
		fprintf(stderr, "usage: thread_rate [SECONDS]\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (i = 0; i < BATCH; i++) {
			if (pthread_create(&thread, NULL, nothing, NULL)) {
				fprintf(stderr, "thread_rate: cannot create a thread\n");
				return 1;
			}
			pthread_join(thread, NULL);
		}
		threads += BATCH;
		clock_gettime(CLOCK_MONOTONIC, &now);
		elapsed = (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9;
	} while (elapsed < seconds);
	printf("%.0f\n", threads / elapsed);
	return 0;
}
