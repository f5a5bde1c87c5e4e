// SPDX-License-Identifier: GPL-2.0
/*
 * What the sides of all edges use; see ring_sides.h.
 */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "random.h"
#include "ring_sides.h"

#define NAPS		20	/* looks at a thread, NAP_MS apart, until it is taken for asleep */
#define NAP_MS		5

uint64_t ring_draw(struct ring_slice *s, unsigned int side)
{
	return random_draw(&s->random[side]);
}

void ring_skew(struct ring_slice *s, unsigned int side, unsigned int max)
{
	unsigned int n = ring_draw(s, side) % max;

	while (n--)
		barrier();
}

bool ring_slice_over(struct ring_slice *s)
{
	if (relaxed_load(&s->stop))
		return true;
	if (ms_since(&s->start) < s->edge->ms)
		return false;
	relaxed_store(&s->stop, 1);
	return true;
}

void ring_slice_fail(struct ring_slice *s, int error, const char *failed)
{
	if (!s->error) {
		s->error = error;
		s->failed = failed;
	}
	relaxed_store(&s->stop, 1);
}

void ring_watch_start(struct ring_watch *w)
{
	w->turns = 0;
}

bool ring_watch_on(struct ring_watch *w, double ms)
{
	if (!w->turns)
		clock_gettime(CLOCK_MONOTONIC, &w->start);
	if (++w->turns % 256)
		return true;
	if (ms_since(&w->start) < 1)
		return true;
	sched_yield();
	return ms_since(&w->start) < ms;
}

/* Whether a thread that io_uring made for this process is running, or would like to. */
static bool ring_thread_runs(const char *tid)
{
	char path[300], stat[256], *state;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	len = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[len] = '\0';
	state = strrchr(stat, ')');
	return strstr(stat, "(iou-") && state && strncmp(state, ") S", 3);
}

bool ring_threads_sleep(void)
{
	const struct dirent *entry;
	bool runs = false;
	unsigned int i;
	DIR *dir;

	for (i = 0; i < NAPS && !runs; i++) {
		dir = opendir("/proc/self/task");
		if (!dir)
			return true;
		while (!runs && (entry = readdir(dir)))
			runs = ring_thread_runs(entry->d_name);
		closedir(dir);
		usleep(NAP_MS * 1000);
	}
	return !runs;
}

void ring_wake_sq_thread(const struct io_uring *ring)
{
	syscall(__NR_io_uring_enter, ring->ring_fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
}

void ring_fill_sq_array(struct io_uring *ring)
{
	unsigned int i;

	for (i = 0; ring->sq.array && i < *ring->sq.kring_entries; i++)
		ring->sq.array[i] = i;
}
