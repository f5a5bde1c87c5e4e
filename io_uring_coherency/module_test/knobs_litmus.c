// SPDX-License-Identifier: GPL-2.0
/*
 * Callers of PBT_LITMUS that wait for one of them, and a receiver that does not come.
 */
#include <fcntl.h>
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
static atomic_bool vfork_ended;
static int vfork_pipe[2];

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

/* The child shares all memory and has its own descriptors: it waits for the other end to close. */
static void *vfork_and_wait(void *arg)
{
	pid_t child;
	char byte;

	(void)arg;
	in_vfork = syscall(SYS_gettid);
	child = vfork();
	if (!child) {
		close(vfork_pipe[1]);
		_exit(read(vfork_pipe[0], &byte, 1));
	}
	vfork_ended = 1;
	waitpid(child, NULL, 0);
	return NULL;
}

bool knobs_vfork_ended(void)
{
	return vfork_ended;
}

void knobs_vfork_end(pthread_t thread)
{
	close(vfork_pipe[1]);
	pthread_join(thread, NULL);
	close(vfork_pipe[0]);
}

pid_t knobs_thread_in_vfork(pthread_t *thread)
{
	if (pipe2(vfork_pipe, O_CLOEXEC) || pthread_create(thread, NULL, vfork_and_wait, NULL))
		return -1;
	while (!in_vfork)
		usleep(1000);
	usleep(100000);
	return in_vfork;
}
