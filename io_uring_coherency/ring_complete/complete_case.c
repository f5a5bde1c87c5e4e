// SPDX-License-Identifier: GPL-2.0
/*
 * How long a case runs, and what it counts; see complete_case.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "complete_case.h"
#include "kselftest.h"

#define LONGER		3	/* times the seconds, for what has too few events */
#define MAX_LOST	2	/* each costs a second or more, and the first tells it all */
#define MAX_VIOLATIONS	10

const struct ring_case ring_cases[RING_NR_CASES] = {
#define RING_CASE(case_name, promises, promised_by, mended_by, ...)			\
	[RING_CASE_##case_name] = {							\
		.name = #case_name, .promise = promises, .by = promised_by,		\
		.fix = mended_by, .run = case_##case_name, __VA_ARGS__			\
	},
#include "ring_cases.h"
};

uint64_t complete_violations(const struct complete_result *r)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < COMPLETE_FAULTS; i++)
		sum += r->fault[i];
	return sum;
}

const char *complete_fix(const struct ring_case *what, const struct complete_result *r)
{
	return r->fault[what->known] ? what->fix : NULL;
}

bool complete_more(struct complete_case *c)
{
	const struct complete_result *r = c->r;
	double limit = c->seconds;

	if (!c->started)
		clock_gettime(CLOCK_MONOTONIC, &c->start);
	c->started = true;
	if (orphaned(c->main))
		_exit(KSFT_FAIL);
	if (c->failed || c->skip || r->fault[COMPLETE_LOST] >= MAX_LOST ||
	    complete_violations(r) >= MAX_VIOLATIONS)
		return false;
	if (c->what->enough && r->events >= c->what->enough && !c->all_of_it)
		return false;
	if (r->events < c->what->min)
		limit *= LONGER;
	return ms_since(&c->start) / 1e3 < limit;
}

void complete_good(struct complete_case *c)
{
	c->r->events++;
}

void complete_bad(struct complete_case *c, enum complete_fault fault, const char *fmt, ...)
{
	struct complete_result *r = c->r;
	va_list ap;

	r->events++;
	r->fault[fault]++;
	if (complete_violations(r) > 1)
		return;
	r->first_ms = ms_since(&c->start);
	va_start(ap, fmt);
	vsnprintf(r->first, sizeof(r->first), fmt, ap);
	va_end(ap);
}

void complete_note(struct complete_case *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->r->note, sizeof(c->r->note), fmt, ap);
	va_end(ap);
}

bool complete_fail(struct complete_case *c, int error, const char *failed)
{
	if (!c->failed) {
		c->error = error;
		c->failed = failed;
	}
	return false;
}

bool complete_skip(struct complete_case *c, enum skip_reason reason, const char *why)
{
	c->reason = reason;
	c->skip = why;
	return false;
}

bool complete_reads_pipe(int fd)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };

	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}
