/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs that ask a question of the kernel share: answers, reasons, the clock.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* The answer of one variant. */
struct answer {
	char outcome[8];	/* "pass", "fail", "skip", or "" if it did not run */
	char text[512];		/* the sentence for people, or the reason */
};

void __attribute__((format(printf, 3, 4)))
settle(struct answer *a, const char *outcome, const char *fmt, ...);

/* True for an answer that is "pass" or "fail". */
bool is_answer(const struct answer *a);

/* Why a ring cannot be had, by -errno of io_uring_setup(2) or io_uring_register(2), or NULL. */
const char *no_ring(int err);

/* Milliseconds of CLOCK_MONOTONIC. */
double ms_since(const struct timespec *then);

/*
 * Whether the program, process @main, has ended before this test of it. PR_SET_PDEATHSIG tells of
 * the parent only, which newer harnesses put between, and a Ctrl-C does not reach the process
 * group that they give each test.
 */
bool orphaned(pid_t main);

/*
 * To be called by what on_exit(3) calls, with its @status. The harness knows no result "skipped
 * as a whole": a program none of whose variants gave an @answered one ends with KSFT_SKIP. With
 * @err (-errno) the file of results @path could not be written: said, and KSFT_FAIL.
 */
void end_program(int status, bool answered, const char *path, int err);

/* One sentence on stderr, and exit code 2: wrong usage. */
void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...);

#endif /* PROGRAM_H */
