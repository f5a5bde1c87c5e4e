/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of module_knobs.c call, file by file. The harness gives each test a process of its
 * own, so that variables are those of one test.
 */
#ifndef KNOBS_PARTS_H
#define KNOBS_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "compiler.h"
#include "ppc_barrier_test/ppc_barrier_test.h"

/* --- knobs_calls.c: calls that pass a point */

#define KNOBS_OF_DELAY	0.9	/* of a delay */
#define KNOBS_TRIES	9U	/* at least */

/* All that the call of a point needs. NULL, or the reason for a SKIP. */
const char *knobs_prepare_call(unsigned int point);

/* A call that passes @point, after knobs_prepare_call(). Returns its microseconds, or -errno. */
double knobs_call(unsigned int point);

/*
 * The microseconds of some calls, of more until one takes less than @below. A busy machine adds to
 * them, seldom it takes away: with HPET as its clock (x86 under TCG) a CPU may get the value that
 * another has read long ago, see read_hpet(). So that there is no delay is told by the shortest,
 * that there is one by the median. Or -errno, in both.
 */
struct knobs_took {
	double shortest, median;
};

struct knobs_took knobs_took(unsigned int point, double below);

/* Ends what knobs_prepare_call() has started. */
void knobs_end_call(void);

/* --- knobs_notify.c: completions for a thread that spins in user mode */

#define KNOBS_DELIVERIES	200U	/* for each notification mode */

/*
 * Rescheduling and other IPIs that @cpu has taken, by /proc/interrupts: "RES:" on x86, "IPIn:" on
 * arm64, on powerpc the lines whose action is named IPI and "DBL:" for doorbells. -1 if there are
 * no such lines.
 */
long long knobs_ipis(int cpu);

/*
 * Brings KNOBS_DELIVERIES completions, one at a time, to a thread on @cpu[1] that spins in user
 * mode and has a ring with @setup_flags, from @cpu[0]. Returns the knobs_ipis() of @cpu[1]
 * meanwhile, or -errno: -EINVAL if this kernel does not know the flags.
 */
long long knobs_deliver(const int cpu[2], unsigned int setup_flags);

/* --- knobs_transfer.c: faults in what io-wq writes and reads */

#define KNOBS_PIECE	16384	/* bytes of a transfer */

/* A file and a ring. NULL, or the reason for a SKIP. */
const char *knobs_prepare_transfers(void);

/*
 * The file is two pieces of @mark; io-wq writes another mark to the first, or reads it. Returns res
 * of the CQE, or -errno.
 */
int knobs_transfer(bool write, unsigned char mark, char *buf);

/* Whether a transfer is right, 0, or wrong as @plant says, 1, or in another way, -1. */
int knobs_as_planted(unsigned int plant, unsigned char mark, const char *buf);

/* --- knobs_scope.c: who is in a session, and what is left of it; most are for knobs_in_child() */

/*
 * Whether munmap(2) takes that long here: about @us, up to 2.5 times that; 0 is less than 500 us.
 * On a busy machine a short delay may be over before another thread has the CPU, a long one is not.
 */
int knobs_delay_is(int us);

/* 0, or who lacks the delay: 2 own, 3 thread, 4 child, 5 child that was there before, 6 daemon. */
int knobs_scope_of_tree(int us);

/*
 * A process with a session of its own and that delay; a socket to it. knobs_holds() asks whether
 * its delay is so many us: 1, 0, or -1 for no answer. knobs_end_holder() returns how it ended, see
 * wait(2).
 */
int knobs_hold_session(unsigned int us);
int knobs_holds(int holder, int us);
int knobs_end_holder(int holder);

/* 0 if of two sessions the inner one counts, and each until its file is closed. */
int knobs_nested(int us);

#define KNOBS_PARENTS	16
#define KNOBS_BETWEEN	300	/* processes of the session */

/* How many orphans of KNOBS_PARENTS are in the session, or 100. */
int knobs_orphans_found(int between);

/* What the holder of a session is at when it is killed. */
enum knobs_state {
	KNOBS_IDLE,
	KNOBS_SETTING_KNOBS,
	KNOBS_IN_A_DELAY,
	KNOBS_FORKING,
	KNOBS_OPENING,
	KNOBS_NR_STATES
};

/*
 * For a child: opens a session with a delay, and is at @state until it is killed. Pipe @told is
 * told by a byte that the session is open, and by an int, from a process of the session that
 * outlives its holder, whether the delay has gone with the holder.
 */
void __noreturn knobs_hold_until_killed(enum knobs_state state, const int told[2]);

/* Probes of the kernel, those of kprobes and those of ftrace; one may be in both lists. */
unsigned int knobs_probes_listed(void);

/* How many of the calls fail for who has no capability: open(2) with @error, and each ioctl. */
int knobs_refused_to_nobody(int error);

/* --- knobs_workers.c: io-wq's workers */

#define KNOBS_REQUESTS	4	/* a worker each: io-wq has 4 for each CPU at least */

/* What knobs_workers_with() returns beside numbers. */
enum {
	KNOBS_NO_RING = 100,
	KNOBS_NOT_WITH_CREATOR,	/* none is on its creator's CPU */
};

/*
 * How many workers KNOBS_REQUESTS get under these knobs, plus 10 times those that may use one CPU
 * alone; waits for @expected of them. -1 if the knobs cannot be set.
 */
int knobs_workers_with(unsigned int workers, unsigned int flags, int expected);

/* --- knobs_litmus.c: callers of PBT_LITMUS */

/* The MiB that calls take while one of them runs, up to 99; 100 if they do not. */
int knobs_litmus_memory(int callers);

/* Starts a thread that is in vfork(2) until knobs_vfork_end(), which joins it. Its id, or -1. */
pid_t knobs_thread_in_vfork(pthread_t *thread);
bool knobs_vfork_ended(void);
void knobs_vfork_end(pthread_t thread);

/* --- knobs_fuzz.c: ioctls by chance */

struct knobs_fuzz_calls {
	unsigned long long calls;
	unsigned long long succeeded;
};

/*
 * Random commands, numbers and pointers for the session of the test, @max of them, but for no
 * longer than @max_us. What is written goes to a file of its own, standard output to /dev/null. The
 * session may be another one then. Returns 0 with what was @done, or -errno.
 */
int knobs_fuzz(uint64_t max, double max_us, struct knobs_fuzz_calls *done);

#endif /* KNOBS_PARTS_H */
