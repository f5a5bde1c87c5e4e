/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of module_knobs.c call, file by file. The harness gives each test a process of its
 * own, so what is static here is a test's.
 */
#ifndef KNOBS_PARTS_H
#define KNOBS_PARTS_H

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ppc_barrier_test/ppc_barrier_test.h"

/* --- knobs_calls.c: calls that pass a point */

#define SHORTEST	0.8	/* of a delay: udelay() counts loops or a TSC, which TCG bends */
#define TRIES		8U	/* at least; noise only adds, so the shortest of them counts */

/* For each point a call that passes it. Returns its microseconds, or -errno. */
extern double (*const calls[PBT_NR_POINTS])(void);

/*
 * fput() of the last reference to a file leaves the rest to task_work, which runs on the way out of
 * the system call. Here it is a mapping's: close(2) does without since 6.6.
 */
double call_unmap(void);

/* The shortest of some calls, of more until one takes less than @below us. Or -errno. */
double shortest(double (*call)(void), double below);

/* All that the call of a point needs. NULL, or the reason for a SKIP. */
const char *prepare_call(unsigned int point);

extern struct io_uring ring;
extern int file, pipe_fd[2];
extern atomic_int stop, started, kicked, bytes_read;
extern pid_t other;
extern pthread_t helper;
extern bool has_helper;

void on_kick(int sig);

/* --- knobs_notify.c: completions for a thread that spins in user mode */

#define DELIVERIES	200U	/* for each notification mode */

extern int event;
extern atomic_int armed;	/* the spinner's poll number is in place */
extern atomic_int seen;		/* ... and its completion has been seen */
extern int spin_error;
extern unsigned int spin_flags;
extern int spin_cpu;

/* Waits for each completion by looking at the CQ ring alone: no system call brings it. */
void *cq_spinner(void *arg);

/*
 * Rescheduling and other IPIs that @cpu has taken, by /proc/interrupts: "RES:" on x86, "IPIn:" on
 * arm64, on powerpc the lines whose action is named IPI and "DBL:" for doorbells. -1 if there are
 * no such lines.
 */
long long ipis(int cpu);

/* --- knobs_transfer.c: faults in what io-wq writes and reads */

#define PIECE		16384

/* The file is two pieces of @mark; io-wq writes another mark to the first, or reads it. */
int transfer(bool write, unsigned char mark, char *buf);

/* Whether a transfer is right, 0, or wrong as @plant says, 1, or in another way, -1. */
int as_planted(unsigned int plant, unsigned char mark, const char *buf);

/* --- knobs_scope.c: who is in a session, and what is left of it; most are for in_child() */

/* Whether munmap(2) takes that long here: about @ms, up to 2.5 times that; 0 is less than 2 ms. */
int delay_is(int ms);

/* 0, or who lacks the delay: 2 own, 3 thread, 4 child, 5 child that was there before, 6 daemon. */
int scope_of_tree(int ms);

/* A process with a session of its own, which answers whether its delay is so many ms. */
int hold_session(unsigned int ms);
int holds(int holder, unsigned char ms);
int end_holder(int holder);

/* 0 if of two sessions the inner one counts, and each until its file is closed. */
int nested(int ms);

#define PARENTS		16
#define BETWEEN		300	/* processes of the session */

/* How many orphans of PARENTS are in the session, or 100. */
int orphans_found(int between);

/* What the holder of a session is at when it is killed. */
enum state {
	IDLE,
	SETTING_KNOBS,
	IN_A_DELAY,
	FORKING,
	OPENING,
	NR_STATES
};

void hold_until_killed(enum state state, int ready);

/* By kprobes, or by ftrace, or in both lists: a kprobe at a function's entry may use ftrace. */
unsigned int probes_listed(void);

/* How many of the calls fail for who has no capability: open(2) with @error, and each ioctl. */
int refused_to_nobody(int error);

/* --- knobs_workers.c: io-wq's workers */

#define REQUESTS	4	/* a worker each: io-wq has 4 for each CPU at least */

/* What workers_on() returns beside numbers of workers, those below 10. */
enum {
	NO_RING = 100,
	NOT_WITH_CREATOR,	/* none is on its creator's CPU */
};

/* What workers_on() finds under these knobs, or -1 if they cannot be set. */
int workers_with(unsigned int workers, unsigned int flags, int expected);

/* --- knobs_litmus.c: callers of PBT_LITMUS */

/* The MiB that calls take while one of them runs, up to 99; 100 if they do not. */
int litmus_memory(int callers);

#define VFORK_SECONDS	4

void *in_vfork(void *arg);

/* --- knobs_fuzz.c: arguments by chance */

union fuzzed {
	struct pbt_knobs knobs;
	struct pbt_write write;
	struct pbt_litmus litmus;
	uint32_t words[sizeof(struct pbt_counters) / 4];
};

/* A number below @below. */
uint32_t rnd(uint32_t below);

/* An argument of @cmd that makes some sense; a file at @fd, memory of @size bytes at @buf. */
void fuzz(union fuzzed *u, unsigned int cmd, int fd, char *buf, size_t size);

#endif /* KNOBS_PARTS_H */
