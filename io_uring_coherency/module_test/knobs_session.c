// SPDX-License-Identifier: GPL-2.0
/*
 * The session of the running test, and what all parts of module_knobs do with sessions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "knobs_session.h"
#include "module.h"
#include "program.h"

int knobs_session = -1;
struct pbt_info knobs_info;
int knobs_ramfs = -1;

double knobs_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

void knobs_pause_us(unsigned int us)
{
	const struct timespec ts = { .tv_nsec = us * 1000 };

	nanosleep(&ts, NULL);
}

bool knobs_two_cpus(int cpu[2])
{
	struct cpus c;

	cpus_choose(&c, NULL, NULL);
	if (c.nr > 1)
		memcpy(cpu, c.cpu, 2 * sizeof(*cpu));
	return c.nr > 1;
}

bool knobs_one_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) < 2;
}

int knobs_set_point(int fd, unsigned int point, unsigned int action, unsigned int usecs)
{
	struct pbt_knobs knobs = { 0 };

	knobs.point[point].action = action;
	knobs.point[point].usecs = usecs;
	return ioctl(fd, PBT_SET_KNOBS, &knobs) ? -errno : 0;
}

uint64_t knobs_passed(int fd, unsigned int point)
{
	struct pbt_counters c;

	return ioctl(fd, PBT_GET_COUNTERS, &c) ? 0 : c.point[point];
}

bool knobs_open_session(void)
{
	const char *why;

	module_follow();
	knobs_session = module_open(&why);
	return knobs_session >= 0 && !ioctl(knobs_session, PBT_GET_INFO, &knobs_info);
}

int knobs_in_child(int (*check)(int), int arg)
{
	const pid_t pid = module_fork();
	int status;

	if (!pid)
		_exit(check(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int knobs_get_ramfs(void)
{
	char at[] = "/tmp/module_knobs.XXXXXX";
	int fd = -1;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(at))
		return -1;
	if (!mount("module_knobs", at, "ramfs", 0, NULL)) {
		fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		umount2(at, MNT_DETACH);
	}
	rmdir(at);
	return fd;
}
