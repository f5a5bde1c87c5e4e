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
#include <unistd.h>

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
