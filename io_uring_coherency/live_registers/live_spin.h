/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol between the submitter, which spins in windows, and its controller.
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
 */
struct live_spin {
	struct reg_window *window;
	struct provoke *provoke;	/* NULL: without io_uring */
	bool alter;			/* control: change slot n in window n */
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
};

void live_wait_start(struct live_wait *w);
double live_wait_turn(struct live_wait *w);
void live_spin_start(struct live_spin *s, unsigned int round);
int live_spin_open(struct live_spin *s);
void live_spin_close(struct live_spin *s);
bool live_await_window(struct live_spin *s);
bool live_leave_window(struct live_spin *s);
void live_next_window(struct live_spin *s);
int live_spin_plain(struct live_spin *s, unsigned int windows,
		    void (*check)(struct live_spin *s, unsigned int n, void *arg), void *arg);
int live_create_in_window(struct live_spin *s, int limit, double wait_ms, int *created,
			  int *exited);
void live_watch_window(double ms);
void live_await_end(struct live_spin *s);

#endif /* LIVE_SPIN_H */
