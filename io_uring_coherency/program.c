// SPDX-License-Identifier: GPL-2.0
/*
 * Shared by programs; see program.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "json.h"
#include "kselftest.h"
#include "program.h"

void settle(struct answer *a, const char *outcome, const char *fmt, ...)
{
	va_list ap;

	snprintf(a->outcome, sizeof(a->outcome), "%s", outcome);
	va_start(ap, fmt);
	vsnprintf(a->text, sizeof(a->text), fmt, ap);
	va_end(ap);
}

bool is_answer(const struct answer *a)
{
	return !strcmp(a->outcome, "pass") || !strcmp(a->outcome, "fail");
}

const char *no_ring(int err)
{
	switch (err) {
	case -ENOSYS:
		return "this kernel has no io_uring";
	case -EPERM:
	case -EACCES:
		return "io_uring is disabled (kernel.io_uring_disabled) or forbidden (seccomp)";
	case -ENOMEM:
		return "no memory for a ring: is RLIMIT_MEMLOCK too small?";
	default:
		return NULL;
	}
}

double ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1e3 + (now.tv_nsec - then->tv_nsec) / 1e6;
}

bool orphaned(pid_t main)
{
	return kill(main, 0) && errno == ESRCH;
}

void end_program(int status, bool answered, const char *path, int err)
{
	if (err) {
		fprintf(stderr, "%s: cannot write %s: %s\n", program_invocation_short_name, path,
			strerror(-err));
		fflush(stdout);
		_exit(KSFT_FAIL);
	}
	if (status == KSFT_PASS && !answered) {
		fflush(stdout);
		_exit(KSFT_SKIP);
	}
}

void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(2);
}

void *program_share(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		die("no memory");
	setvbuf(stdout, NULL, _IOLBF, 0);
	return shared;
}

int program_skip(const char *why)
{
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	return KSFT_SKIP;
}

void cpus_init(struct cpus *c)
{
	c->nr = 0;
	if (sched_getaffinity(0, sizeof(c->allowed), &c->allowed))
		die("cannot tell which CPUs may be used: %s", strerror(errno));
}

void cpus_add(struct cpus *c, long cpu, const char *option)
{
	unsigned int i;

	if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &c->allowed))
		die("%s: this process may not use CPU %ld", option, cpu);
	for (i = 0; i < c->nr; i++)
		if (c->cpu[i] == cpu)
			return;
	c->cpu[c->nr++] = cpu;
}

void cpus_add_all(struct cpus *c)
{
	int i;

	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &c->allowed))
			c->cpu[c->nr++] = i;
}

double parse_seconds(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0 && seconds <= 1e6))
		die("-t: '%s' is not a number of seconds", text);
	return seconds;
}

void check_json(const char *path)
{
	if (path && json_refused(path))
		die("cannot write %s: %s", path, strerror(json_refused(path)));
}
