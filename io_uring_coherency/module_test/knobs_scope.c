// SPDX-License-Identifier: GPL-2.0
/*
 * Whom a session is for: processes that are in it, and processes that are not, and what is left of
 * it when it has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"
#include "module.h"

#define NO_DELAY_US	500

/* In a child: opens a session with that delay. Its fd, or ends the child. */
static int delayed_session(unsigned int us)
{
	const char *why;
	const int fd = module_open(&why);

	if (fd < 0 || knobs_set_point(fd, PBT_TASK_WORK_RUN, PBT_UDELAY, us))
		_exit(100);
	return fd;
}

int knobs_delay_is(int us)
{
	const double high = us ? us * 2.5 : NO_DELAY_US;
	const struct knobs_took took = knobs_took(PBT_TASK_WORK_RUN, high);

	return took.median >= us * KNOBS_OF_DELAY && took.shortest < high;
}

static void *delay_in_thread(void *us)
{
	*(int *)us = knobs_delay_is(*(int *)us);
	return NULL;
}

int knobs_scope_of_tree(int us)
{
	int go[2], result[2], in_thread = us, in_daemon = 0, status;
	pthread_t thread;
	pid_t early;
	char c;

	if (pipe(go) || pipe(result))
		return 1;
	/* forked before the session was opened */
	early = module_fork();
	if (!early)
		_exit(read(go[0], &c, 1) == 1 && knobs_delay_is(us));
	delayed_session(us);
	if (!knobs_delay_is(us))
		return 2;
	if (pthread_create(&thread, NULL, delay_in_thread, &in_thread))
		return 1;
	pthread_join(thread, NULL);
	if (in_thread != 1)
		return 3;
	if (knobs_in_child(knobs_delay_is, us) != 1)
		return 4;
	if (write(go[1], "", 1) != 1 || waitpid(early, &status, 0) != early || status != 1 << 8)
		return 5;
	/* a daemon: its parent is gone */
	if (!fork()) {
		setsid();
		if (!fork()) {
			while (getppid() == getsid(0))
				knobs_pause_us(1000);
			in_daemon = knobs_delay_is(us);
			if (write(result[1], &in_daemon, sizeof(in_daemon)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	if (read(result[0], &in_daemon, sizeof(in_daemon)) < 0 || in_daemon != 1)
		return 6;
	return 0;
}

int knobs_hold_session(unsigned int us)
{
	int expected, pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		_exit(100);
	if (module_fork()) {
		close(pair[1]);
		return pair[0];
	}
	close(pair[0]);
	delayed_session(us);
	while (read(pair[1], &expected, sizeof(expected)) == sizeof(expected)) {
		expected = knobs_delay_is(expected);
		if (write(pair[1], &expected, sizeof(expected)) < 0)
			break;
	}
	_exit(0);
}

int knobs_holds(int holder, int us)
{
	if (write(holder, &us, sizeof(us)) < 0 || read(holder, &us, sizeof(us)) != sizeof(us))
		return -1;
	return us;
}

int knobs_end_holder(int holder)
{
	int status = -1;

	close(holder);
	wait(&status);
	return status;
}

int knobs_nested(int us)
{
	const int outer = delayed_session(us), inner = delayed_session(3 * us);

	if (!knobs_delay_is(3 * us))
		return 1;
	if (knobs_set_point(inner, PBT_TASK_WORK_RUN, PBT_OFF, 0) || !knobs_delay_is(0))
		return 2;
	close(inner);
	if (!knobs_delay_is(us))
		return 3;
	close(outer);
	return knobs_delay_is(0) ? 0 : 4;
}

/*
 * What descends from the opener is found while parents exit: each parent here does when it sees
 * itself in the session, and its child, which comes long after it in the list of all processes, is
 * another one's by then.
 */

/* Whether this process is in a session beside that of the test. */
static bool in_another(void)
{
	struct pbt_info own;

	return !ioctl(knobs_session, PBT_GET_INFO, &own) && own.outer;
}

static void parent_of_orphan(const int go[2], const int ready[2], const int answer[2])
{
	char c;

	close(go[1]);
	if (read(go[0], &c, 1) != 1)
		_exit(1);
	/* killed with the test by its end of the pipe: its parent is to go */
	if (!fork()) {
		if (read(go[0], &c, 1) == 1) {
			c = in_another();
			(void)!write(answer[1], &c, 1);
		}
		_exit(0);
	}
	(void)!write(ready[1], "", 1);
	while (!in_another())
		;
	_exit(0);
}

int knobs_orphans_found(int between)
{
	int go[KNOBS_PARENTS][2], ready[2], answer[2], i, fd, found = 0;
	const char *why;
	char c;

	/* a zombie is not one that is missed */
	signal(SIGCHLD, SIG_IGN);
	if (pipe(ready) || pipe(answer))
		return 100;
	for (i = 0; i < KNOBS_PARENTS; i++) {
		if (pipe(go[i]))
			return 100;
		if (!module_fork())
			parent_of_orphan(go[i], ready, answer);
	}
	for (i = 0; i < between; i++)
		if (!module_fork())
			for (;;)
				pause();
	for (i = 0; i < KNOBS_PARENTS; i++) {
		if (write(go[i][1], "", 1) != 1 || read(ready[0], &c, 1) != 1)
			return 100;
		fd = module_open(&why);
		if (fd < 0 || write(go[i][1], "", 1) != 1 || read(answer[0], &c, 1) != 1)
			return 100;
		found += c;
		close(fd);
	}
	return found;
}

/* The rest of a process of the session when its holder is gone. */
static void __noreturn outlive(pid_t holder, const int told[2])
{
	int clean;

	close(told[0]);
	prctl(PR_SET_NAME, "survivor");
	while (getppid() == holder)
		knobs_pause_us(1000);
	/* the file is closed while the holder exits */
	knobs_pause_us(50000);
	clean = knobs_delay_is(0);
	_exit(write(told[1], &clean, sizeof(clean)) < 0);
}

void knobs_hold_until_killed(enum knobs_state state, const int told[2])
{
	const pid_t holder = getpid();
	const char *why;
	int fd;

	if (!fork())
		outlive(holder, told);
	fd = delayed_session(4000);
	if (write(told[1], "", 1) != 1)
		_exit(1);
	switch (state) {
	case KNOBS_SETTING_KNOBS:
		for (;;) {
			knobs_set_point(fd, PBT_FILEMAP_READ_EXIT, PBT_MB, 0);
			knobs_set_point(fd, PBT_TASK_WORK_RUN, PBT_UDELAY, 2000);
		}
	case KNOBS_IN_A_DELAY:
		for (;;)
			knobs_call(PBT_TASK_WORK_RUN);
	case KNOBS_FORKING:
		for (;;) {
			if (!fork())
				_exit(0);
			wait(NULL);
		}
	case KNOBS_OPENING:
		for (;;)
			close(module_open(&why));
	default:
		break;
	}
	for (;;)
		pause();
}

/*
 * The probes of a file that lists them; 0 where there is no such file. Not the kernel's own, an
 * optimised probe of their trampoline that kretprobes leave, nor those that are without effect.
 */
static unsigned int lines(const char *path)
{
	unsigned int nr = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		nr += !strstr(line, "trampoline") && !strstr(line, "[DISABLED]");
	fclose(f);
	return nr;
}

/* A kprobe at a function's entry may use ftrace. */
unsigned int knobs_probes_listed(void)
{
	return lines("/sys/kernel/debug/kprobes/list") +
	       lines("/sys/kernel/tracing/enabled_functions");
}

int knobs_refused_to_nobody(int error)
{
	static const unsigned int cmds[] = {
		PBT_GET_INFO, PBT_SET_KNOBS, PBT_GET_COUNTERS, PBT_WRITE, PBT_LITMUS,
	};
	static char arg[4096];
	unsigned int i, refused;

	if (setgid(65534) || setuid(65534))
		return 100;
	refused = open(PBT_DEVICE, O_RDWR) < 0 && errno == error;
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		refused += ioctl(knobs_session, cmds[i], arg) == -1 && errno == EPERM;
	return refused;
}
