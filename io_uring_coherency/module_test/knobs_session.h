/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The session of the running test, and what all parts of module_knobs do with sessions.
 */
#ifndef KNOBS_SESSION_H
#define KNOBS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ppc_barrier_test/ppc_barrier_test.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

extern int knobs_session;		/* of the running test, or -1 */
extern struct pbt_info knobs_info;	/* of that session */
/* a directory, or -1: its reads and writes are the page cache's generic ones */
extern int knobs_ramfs;

/* Opens the test's session; module_tests() has seen that there can be one. */
bool knobs_open_session(void);

/* Session @fd has that knob and no other. 0 or -errno. */
int knobs_set_point(int fd, unsigned int point, unsigned int action, unsigned int usecs);

/* How often session @fd has counted @point. */
uint64_t knobs_passed(int fd, unsigned int point);

/*
 * A directory on a ramfs that has no place in any file system: nobody else sees it, and it is gone
 * with the last file that is open there. Or -1.
 */
int knobs_get_ramfs(void);

/* Runs @check in a child process; returns what it returned, or -1 if it did not. */
int knobs_in_child(int (*check)(int), int arg);

/* Two CPUs that this process may use; false if there is but one. */
bool knobs_two_cpus(int cpu[2]);

/* Tests that need two CPUs are skipped then. */
bool knobs_one_cpu(void);

double knobs_now_us(void);
void knobs_pause_us(unsigned int us);

#endif /* KNOBS_SESSION_H */
