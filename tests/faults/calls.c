// SPDX-License-Identifier: GPL-2.0
/*
 * For tests, by LD_PRELOAD: what other kernels answer, by the name in $FAULT.
 *
 *	many-cpus	a kernel with 4096 possible CPUs
 *	no-defer	one whose DEFER_TASKRUN is no more than a default ring
 *	high-memory	one of 32 bits with 128 MiB of high memory
 */
#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault.h"

#define MANY_CPUS	4096

int sched_getaffinity(pid_t tid, size_t size, cpu_set_t *set)
{
	if (fault_is("many-cpus") && 8 * size < MANY_CPUS) {
		errno = EINVAL;
		return -1;
	}
	memset(set, 0, size);
	return syscall(SYS_sched_getaffinity, tid, size, set) < 0 ? -1 : 0;
}

int io_uring_queue_init_params(unsigned int entries, struct io_uring *ring,
			       struct io_uring_params *params)
{
	int (*next)(unsigned int entries, struct io_uring *ring, struct io_uring_params *params) =
		dlsym(RTLD_NEXT, "io_uring_queue_init_params");

	/* SINGLE_ISSUER and DEFER_TASKRUN, by number for an old liburing */
	if (fault_is("no-defer"))
		params->flags &= ~(3U << 12);
	return next(entries, ring, params);
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *path, const char *mode) = dlsym(RTLD_NEXT, "fopen");
	static const char high[] = "MemTotal: 1026072 kB\nHighTotal: 131072 kB\n";

	if (fault_is("high-memory") && !strcmp(path, "/proc/meminfo"))
		return fmemopen((void *)high, strlen(high), "r");
	return next(path, mode);
}
