// SPDX-License-Identifier: GPL-2.0
/*
 * Callers of PBT_LITMUS that wait for one of them, and a receiver that does not come.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"

static atomic_int waiting, go;
static atomic_int in_vfork;	/* the thread that is */

static void *litmus_caller(void *cpu)
{
	struct pbt_litmus l = {
		.edge = PBT_EDGE_MEMORY_SB, .msecs = PBT_LITMUS_MSECS_MAX,
		.cpu = { ((int *)cpu)[0], ((int *)cpu)[1] },
	};

	waiting++;
	while (!go)
		knobs_pause_us(1000);
	ioctl(knobs_session, PBT_LITMUS, &l);
	waiting--;
	return NULL;
}

static long free_mib(void)
{
	struct sysinfo si;

	return sysinfo(&si) ? 0 : (unsigned long long)si.freeram * si.mem_unit >> 20;
}

int knobs_litmus_memory(int callers)
{
	pthread_t thread;
	int i, before, taken, cpu[2];

	if (!knobs_two_cpus(cpu))
		return 100;
	for (i = 0; i < callers; i++)
		if (pthread_create(&thread, NULL, litmus_caller, cpu))
			return 100;
	while (waiting < callers)
		knobs_pause_us(1000);
	before = free_mib();
	go = 1;
	knobs_pause_us(500000);
	taken = before - free_mib();
	if (waiting < callers)
		return 100;
	return taken < 0 ? 0 : taken > 99 ? 99 : taken;
}

static void *vfork_and_wait(void *arg)
{
	pid_t child;

	(void)arg;
	in_vfork = syscall(SYS_gettid);
	child = vfork();
	if (!child) {
		sleep(KNOBS_VFORK_SECONDS);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return NULL;
}

pid_t knobs_thread_in_vfork(pthread_t *thread)
{
	if (pthread_create(thread, NULL, vfork_and_wait, NULL))
		return -1;
	while (!in_vfork)
		usleep(1000);
	usleep(100000);
	return in_vfork;
}
