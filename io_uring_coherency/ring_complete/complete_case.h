/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the cases of ring_complete are run with.
 *
 * Each runs in a process of its own, so that its rings, descriptors and threads, those that sleep
 * for ever among them, end with that. Whoever judges never sleeps in the kernel for what may not
 * come: that is for threads that it looks at.
 */
#ifndef COMPLETE_CASE_H
#define COMPLETE_CASE_H

#include <liburing.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "program.h"
#include "random.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* What threads of this process tell each other by. */
#define complete_load(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define complete_store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

enum ring_case_id {
#define RING_CASE(case_name, ...) RING_CASE_##case_name,
#include "ring_cases.h"
	RING_NR_CASES
};

/* What is wrong with a completion, or with a wait for it. */
enum complete_fault {
	COMPLETE_LOST,		/* it does not come, and all who could bring it sleep */
	COMPLETE_TWICE,		/* it, or another that nobody asked for */
	COMPLETE_WRONG,		/* its result, or its data */
	COMPLETE_CANCELLED,	/* -ECANCELED, and nobody has cancelled it */
	COMPLETE_ORDER,		/* before what it has to wait for */
	COMPLETE_EARLY,		/* who waits is back before it is there */
	COMPLETE_FAULTS
};

struct complete_case;

struct ring_case {
	const char *name, *promise, *by, *fix;
	const char *question;	/* "order", "results", "signals"; NULL: "completions" */
	enum complete_fault known;	/* what .fix has mended */
	bool by_name;		/* only where --case names it */
	unsigned int min;	/* events: fewer say nothing */
	unsigned int enough;	/* no more are needed, as it is no matter of chance; or 0 */
	void (*run)(struct complete_case *c);
};

extern const struct ring_case ring_cases[RING_NR_CASES];

#define COMPLETE_LOSSES	4	/* that are told in full */

/* A completion that did not come, and the thread that waited for it, or could bring it, if any. */
struct complete_loss {
	char what[96];
	double waited_ms;
	char thread[16];
	char state;
	char wchan[48];
	char syscall[96];	/* number and arguments, as /proc has them */
};

/* Shared with the program, which prints and writes it. */
struct complete_result {
	struct answer answer;
	uint64_t events;	/* completions, or hand-overs, that were judged */
	uint64_t fault[COMPLETE_FAULTS];
	double seconds, first_ms, slowest_ms;
	char first[200];	/* the first violation in words */
	char note[80];		/* of the events, how often what was looked for took place; or "" */
	bool begun;
	unsigned int nr_losses;
	struct complete_loss loss[COMPLETE_LOSSES];
};

struct complete_case {
	const struct ring_case *what;
	struct complete_result *r;
	const struct cpus *cpus;
	const char *dir;	/* for files, or NULL: where there is a disk */
	double seconds;
	bool all_of_it;		/* the time that was asked for, with no regard to .enough */
	pid_t main;
	struct timespec start;	/* of its first round: a file system takes seconds to make */
	bool started;
	uint64_t random;
	unsigned int sq_idle;	/* ms until an SQ thread sleeps; 0: longer than a case */
	bool kthreads;		/* io_uring's threads are not of this process: before 5.12 */
	dev_t disk;		/* of its files, or 0 */
	int error;		/* -errno: no answer, as failed did not work; or 0 */
	const char *failed;
	const char *skip;	/* no answer, for this reason ... */
	enum skip_reason reason;	/* ... which is one of these */
};

/* --- complete_case.c */

/* Whether another round is wanted; time is counted from the first call. */
bool complete_more(struct complete_case *c);

/* An event: without, or with a violation. */
void complete_good(struct complete_case *c);
void __printf(3, 4)
complete_bad(struct complete_case *c, enum complete_fault fault, const char *fmt, ...);

/* Ends the case without an answer: for -errno of @failed, or for a reason. Both return false. */
bool complete_fail(struct complete_case *c, int error, const char *failed);
bool complete_skip(struct complete_case *c, enum skip_reason reason, const char *why);

void __printf(2, 3)
complete_note(struct complete_case *c, const char *fmt, ...);

/* What has mended such violations, or NULL. */
const char *complete_fix(const struct ring_case *what, const struct complete_result *r);

uint64_t complete_violations(const struct complete_result *r);

static inline unsigned int complete_draw(struct complete_case *c, unsigned int limit)
{
	return random_below(&c->random, limit);
}

/* --- complete_ring.c */

struct complete_cqe {
	uint64_t data;
	int res;
	unsigned int flags;
};

/* A ring with @cq entries in its CQ (0: as many as there are). */
bool complete_ring(struct complete_case *c, struct io_uring *ring, unsigned int entries,
		   unsigned int cq, unsigned int flags);

/* io_uring_enter(2), not by liburing, which may look at the CQ first. Returns -errno, too. */
int complete_enter(const struct io_uring *ring, unsigned int submit, unsigned int want,
		   unsigned int flags);

/* An SQE that is all zeroes but for these two; it ends the case if there is none. */
struct io_uring_sqe *complete_sqe(struct complete_case *c, struct io_uring *ring, int opcode,
				  uint64_t data);

/* Submits all that is prepared. */
bool complete_submit(struct complete_case *c, struct io_uring *ring);

/* Takes a CQE, if there is one. */
bool complete_take(struct io_uring *ring, struct complete_cqe *cqe);

/* Waits for one, which is @what: false if it is lost, which is counted, or the case has ended. */
bool complete_next(struct complete_case *c, struct io_uring *ring, struct complete_cqe *cqe,
		   const char *what);

/* How many CQEs there are after @ms, or as soon as there is one. */
unsigned int complete_quiet(struct io_uring *ring, int ms);

/* A CQE that nobody waits for, or no longer. */
void complete_twice(struct complete_case *c, const struct complete_cqe *cqe);

/* Each CQE left is one that nobody asked for. */
void complete_none_left(struct complete_case *c, struct io_uring *ring);

/*
 * Whether io_uring reads this pipe, which is empty, by itself. Pipes lack FMODE_NOWAIT before 6.4:
 * there a read waits in a poll, and io-wq has it as soon as that tells of something.
 */
bool complete_reads_pipe(int fd);

/* --- complete_thread.c: threads that may sleep, and do what they are asked */

struct complete_thread {
	const char *name;
	pthread_t thread;
	pid_t tid;
	sem_t asked, answered;
	void (*call)(void *arg);
	void *arg;
	unsigned int nr_asked, begun, done;	/* calls */
};

bool complete_thread(struct complete_case *c, struct complete_thread *t, const char *name);

/* Has it call @call. complete_do() waits for the end, and is for what does not sleep for ever. */
void complete_ask(struct complete_thread *t, void (*call)(void *arg), void *arg);
void complete_do(struct complete_thread *t, void (*call)(void *arg), void *arg);

/* Ends a thread that has answered, with its io-wq. */
void complete_join(struct complete_thread *t);

/* Whether it has answered: complete_there. */
bool complete_done(void *thread);

/* Waits until it sleeps in what it was asked for, or is back from there. */
bool complete_asleep(struct complete_case *c, struct complete_thread *t);

/* A signal, which ends its sleep, unless it has not begun. */
void complete_kick(struct complete_thread *t);

/* Signals until it is back from what it was asked for, and ends the case where that is no help. */
bool complete_rouse(struct complete_case *c, struct complete_thread *t);

/* Turns of an empty loop. */
static inline void complete_spin(unsigned int turns)
{
	while (turns--)
		asm volatile("" : : : "memory");
}

/* --- complete_disk.c */

/*
 * A file without a name, on a disk: where --dir says, or else where one can be had, and be it made.
 * -1 if there is none: the case has ended.
 */
int complete_file(struct complete_case *c);

/* The file of @fd, open once more, or -1. */
int complete_again(int fd, int flags);

/* --- complete_tcp.c: over the loopback device, which not each machine has */

/* A socket that listens there, or -1. */
int complete_tcp_listen(void);

/* A connection to it: who has connected, and what was accepted. */
bool complete_tcp_connect(int listener, int *from, int *to);

/* --- complete_signal.c: handlers that look at how they are called */

/*
 * Of signal @nr, which is sent by tgkill() of this process, by the kernel if it is SIGPIPE, or by a
 * child that has exited with complete_child_status(). With SA_ONSTACK its threads have a
 * complete_handler_stack(). That of SIGRTMIN has SIGRTMIN + 1 come within itself.
 */
bool complete_handle(struct complete_case *c, int nr, int flags);

/* The stack of handlers of the calling thread. */
bool complete_handler_stack(struct complete_case *c);

/* Whether the calling thread may have a handler run. */
void complete_handlers_may(bool run);

/* Calls it, in a thread with such a stack: a SIGSEGV, or its like, ends @call and is kept. */
void complete_guard(void (*call)(void *arg), void *arg);

/* Tells of what handlers have seen; false if there was a SIGSEGV. */
bool complete_handlers_judge(struct complete_case *c);

/* Handlers that ran so far, and in how many a second one did. */
unsigned long complete_handled(unsigned long *nested);

static inline int complete_child_status(pid_t pid)
{
	return pid & 127;
}

/* --- complete_wait.c */

typedef bool complete_there(void *arg);

/*
 * Waits until @there(@arg), without sleep at first. False if that is lost: it is not there after a
 * second and after 20 times the longest that something took so far, while all other threads of this
 * process sleep, io_uring's among them, and the disk has nothing to do. That is counted, with where
 * @who sleeps (0: where io_uring's threads do). If they do not sleep, this machine is slow, and the
 * case ends.
 */
bool complete_await(struct complete_case *c, complete_there *there, void *arg, pid_t who,
		    const char *what);

/* The state of a thread of this process, as ps(1) has it; 0 if there is none. */
char complete_state(pid_t tid);

/* --- the cases */

#define RING_CASE(case_name, ...) DECLARATION(void case_##case_name(struct complete_case *c);)
#include "ring_cases.h"

#endif /* COMPLETE_CASE_H */
