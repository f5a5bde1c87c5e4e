// SPDX-License-Identifier: GPL-2.0
/*
 * Lost, or late? See complete_await() in complete_case.h.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "complete_case.h"
#include "kselftest.h"

#define LOST_MS		1000.0	/* at least, before anything is taken for lost */
#define LOST_TIMES	20	/* ... and so many times the slowest so far */
#define STUCK_MS	20000.0	/* no machine is so busy that it is worth more */
#define SPIN_MS		0.2
#define YIELD_MS	2.0
#define NAPS		20	/* looks at all threads, NAP_MS apart, until they are asleep */
#define NAP_MS		5

/* What /proc says of a thread in @file: the first line, or "". */
static char *thread_says(char *buf, size_t size, const char *tid, const char *file)
{
	char path[96];
	FILE *f;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/task/%.20s/%s", tid, file);
	f = fopen(path, "r");
	if (!f)
		return buf;
	if (!fgets(buf, size, f))
		buf[0] = '\0';
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

/* Of /proc/PID/stat: behind the name, which may have anything in it. */
static char state_of(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end[2] : 0;
}

char complete_state(pid_t tid)
{
	char name[24], stat[256];

	snprintf(name, sizeof(name), "%d", tid);
	return state_of(thread_says(stat, sizeof(stat), name, "stat"));
}

/* Whether a thread of this process, but for the caller, does not sleep. */
static bool another_runs(void)
{
	const pid_t self = syscall(__NR_gettid);
	const struct dirent *entry;
	bool runs = false;
	char state;
	DIR *dir;

	dir = opendir("/proc/self/task");
	if (!dir)
		return true;
	while (!runs && (entry = readdir(dir))) {
		if (!isdigit(entry->d_name[0]) || atoi(entry->d_name) == self)
			continue;
		state = complete_state(atoi(entry->d_name));
		runs = state && state != 'S';
	}
	closedir(dir);
	return runs;
}

/* The same of io_uring's kthreads, anybody's. */
static bool kthread_runs(void)
{
	const struct dirent *entry;
	bool runs = false;
	char path[300], stat[256];
	DIR *dir;
	FILE *f;

	dir = opendir("/proc");
	while (dir && !runs && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		f = isdigit(entry->d_name[0]) ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		if (fgets(stat, sizeof(stat), f) &&
		    (strstr(stat, "(io_wq") || strstr(stat, "(io_uring-sq")))
			runs = state_of(stat) != 'S' && state_of(stat) != 'I';
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return runs;
}

/* Whether the disk has requests, anybody's: a direct one has no thread. Not told for btrfs. */
static bool disk_runs(dev_t disk)
{
	unsigned int reads = 0, writes = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/inflight", major(disk), minor(disk));
	f = fopen(path, "r");
	if (f && fscanf(f, "%u %u", &reads, &writes) != 2)
		reads = 0;
	if (f)
		fclose(f);
	return reads || writes;
}

static bool all_sleep(const struct complete_case *c, complete_there *there, void *arg)
{
	unsigned int i;

	for (i = 0; i < NAPS; i++) {
		if (there(arg) || another_runs() || (c->kthreads && kthread_runs()) ||
		    (c->disk && disk_runs(c->disk)))
			return false;
		usleep(NAP_MS * 1000);
	}
	return !there(arg);
}

/* --- who sleeps where */

/* The kernel's stack of a thread, which root may read. */
static void print_stack(const char *tid)
{
	char path[96], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/stack", tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		ksft_print_msg("      %s", line);
	if (f)
		fclose(f);
}

static void describe(struct complete_loss *loss, const char *tid)
{
	char stat[256];

	loss->state = state_of(thread_says(stat, sizeof(stat), tid, "stat"));
	thread_says(loss->thread, sizeof(loss->thread), tid, "comm");
	thread_says(loss->wchan, sizeof(loss->wchan), tid, "wchan");
	thread_says(loss->syscall, sizeof(loss->syscall), tid, "syscall");
}

/* Looks at all threads but the caller: @loss gets that of @who, or one of io_uring's. */
static void tell_threads(struct complete_loss *loss, pid_t who, bool print)
{
	const pid_t self = syscall(__NR_gettid);
	const struct dirent *entry;
	struct complete_loss at;
	DIR *dir;

	dir = opendir("/proc/self/task");
	while (dir && (entry = readdir(dir))) {
		if (!isdigit(entry->d_name[0]) || atoi(entry->d_name) == self)
			continue;
		at = *loss;
		describe(&at, entry->d_name);
		if (print) {
			ksft_print_msg("    %s: %c in %s, system call %s\n", at.thread, at.state,
				       at.wchan, at.syscall);
			print_stack(entry->d_name);
		}
		if (atoi(entry->d_name) == who || (!who && !strncmp(at.thread, "iou-", 4)))
			*loss = at;
	}
	if (dir)
		closedir(dir);
}

static void count_loss(struct complete_case *c, pid_t who, const char *what, double waited)
{
	struct complete_loss loss = { .waited_ms = waited };

	snprintf(loss.what, sizeof(loss.what), "%s", what);
	ksft_print_msg("%s: lost: %s, waited for %.0f ms%s\n", c->what->name, what, waited,
		       c->r->nr_losses ? "" : " while all other threads sleep:");
	tell_threads(&loss, who, !c->r->nr_losses);
	if (c->r->nr_losses < COMPLETE_LOSSES)
		c->r->loss[c->r->nr_losses++] = loss;
	if (loss.state)
		complete_bad(c, COMPLETE_LOST, "%s: lost, %.0f ms; %s sleeps in %s", what, waited,
			     loss.thread, loss.wchan);
	else
		complete_bad(c, COMPLETE_LOST, "%s: lost, %.0f ms, and no thread is to bring it",
			     what, waited);
}

static double patience(const struct complete_case *c)
{
	const double slow = LOST_TIMES * c->r->slowest_ms;

	return slow > LOST_MS ? slow : LOST_MS;
}

bool complete_await(struct complete_case *c, complete_there *there, void *arg, pid_t who,
		    const char *what)
{
	struct timespec start;
	double ms = 0;

	if (c->failed)
		return false;
	if (there(arg))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!there(arg)) {
		ms = ms_since(&start);
		if (ms < SPIN_MS)
			continue;
		if (ms < YIELD_MS)
			sched_yield();
		else
			usleep(500);
		if (ms > STUCK_MS)
			return complete_fail(c, -ETIMEDOUT, what);
		if (ms < patience(c) || !all_sleep(c, there, arg))
			continue;
		count_loss(c, who, what, ms_since(&start));
		return false;
	}
	ms = ms_since(&start);
	if (ms > c->r->slowest_ms)
		c->r->slowest_ms = ms;
	return true;
}
