/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol of windows: the submitter spins in one after the other, the controller fires a
 * creation into each and tells when it ends. In the controller, in this order:
 *
 *	live_spin_open()
 *		live_spin_start()			a round
 *			live_await_window()		for each window
 *			live_create_in_window() or live_watch_window()
 *			live_leave_window()
 *			live_next_window()
 *		live_await_end()
 *	live_spin_close()
 */
#ifndef LIVE_SPIN_H
#define LIVE_SPIN_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "provoke.h"
#include "regs.h"

/*
 * Waiting for the other side: watch, because it answers within microseconds when it has a CPU to
 * itself; nap when it does not, as with one CPU for all, or an SQ thread.
 */
struct live_wait {
	struct timespec start;
	bool napping;
};

/*
 * One submitter and its controller. The controller watches at SCHED_IDLE, so that each new worker
 * displaces it at once (check_preempt_wakeup() of kernel/sched/fair.c in 6.1): at equal priority
 * the worker would wait for the end of a time slice, and with two CPUs that is 4 to 10 ms an
 * event. Threads inherit the policy, and only root may go back from it; therefore a third thread,
 * the spawner, which sleeps on the submitter's CPU meanwhile, creates the submitters.
 *
 * An SQ thread spins for two jiffies before it sleeps (io_sq_thread() of io_uring/sqpoll.c in 6.1),
 * and does so twice a window, where it would keep such a controller from its CPU. With one the
 * controller keeps its priority, and naps.
 */
struct live_spin {
	struct reg_window *window;
	struct provoke *provoke;	/* NULL: without io_uring */
	bool alter;			/* control: change slot n in window n */
	bool signals;			/* one meets the creation */
	uint64_t seed;
	unsigned int max_windows;	/* in a round, those without a creation aside */
	cpu_set_t *others;		/* for controller and workers */
	cpu_set_t *own;			/* the submitter's CPU alone */
	unsigned int first_cpu;		/* index into live_opt.cpus.cpu */
	int cpu;			/* the submitter's */
	pthread_t spawner;
	sem_t go;
	int ended;			/* controller wants no further round */
	/* written by one side, read by the other, ordered by __atomic or by the semaphore */
	int gone;			/* the submitter is, with all that it leaves behind */
	int error;			/* ... because of this -errno */
	int quit;			/* controller wants no further window */
	bool idle;			/* the next window is to have no creation */
	int checked;			/* a window is checked, the controller may look at it */
	/* of that window */
	unsigned int nr_changed;
	unsigned int slots[REG_SLOTS_MAX];
	int on_cpu;
	bool switched;			/* the submitter was off its CPU for a while */
	/* of handlers, which run in the submitter */
	pid_t tid;			/* the submitter */
	unsigned int handled;		/* in that window, while it spun */
	unsigned int nr_in_frame;	/* registers that a handler's ucontext has not as loaded */
	unsigned int frame_slots[REG_SLOTS_MAX];
	uint8_t frame[REG_IMAGE_SIZE];	/* ... of the last handler with such */
};

void live_wait_start(struct live_wait *w);

/* Returns the milliseconds waited so far. */
double live_wait_turn(struct live_wait *w);

/* Starts the spawner, makes the caller the controller. Returns 0 or -errno. */
int live_spin_open(struct live_spin *s);
void live_spin_close(struct live_spin *s);

/*
 * Starts submitter number @round. It moves to another CPU every 16 rounds, each in turn, and each
 * variant begins with another one; the controller, and by IORING_REGISTER_IOWQ_AFF the workers,
 * take the others.
 */
void live_spin_start(struct live_spin *s, unsigned int round);

/* True once the submitter is in a window, false if it has ended instead. */
bool live_await_window(struct live_spin *s);

/*
 * Fires one creation into the window that the submitter is in, and waits for it up to @wait_ms.
 * @limit: threads that this and all earlier windows of the round account for. Returns 0 with the
 * number of workers that were created inside the window, and of threads that ended there; or
 * -errno.
 */
int live_create_in_window(struct live_spin *s, int limit, double wait_ms, int *created,
			  int *exited);

/* A signal to the submitter, which is in a window, if there are to be some. */
void live_signal(struct live_spin *s);

/* A window without a creation: @ms long, and so much too long as the last look takes. */
void live_watch_window(double ms);

/*
 * Ends the window and waits until the submitter has checked its registers. False if that thread has
 * come to its end instead.
 */
bool live_leave_window(struct live_spin *s);

/* Lets the submitter go on; what live_leave_window() showed is gone after this. */
void live_next_window(struct live_spin *s);

/* Waits until the submitter and its io-wq are gone, and helps when that takes long. */
void live_await_end(struct live_spin *s);

/*
 * Runs @windows windows without io_uring and gives each to @check with its number. Now and then
 * the controller sleeps, so that the windows meet its timer and its wake-up, and a tick or two.
 * They are too few to tell whether context switches keep registers: this is a control of the
 * assembly. Returns 0 or -errno.
 */
int live_spin_plain(struct live_spin *s, unsigned int windows,
		    void (*check)(struct live_spin *s, unsigned int n, void *arg), void *arg);

#endif /* LIVE_SPIN_H */
