// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that may sleep; see complete_case.h.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "complete_case.h"

#define ROUSE_MS	2000

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) && errno == EINTR)
		;
}

static void *thread_run(void *arg)
{
	struct complete_thread *t = arg;

	prctl(PR_SET_NAME, t->name);
	prctl(PR_SET_TIMERSLACK, 1);
	complete_store(&t->tid, (pid_t)syscall(__NR_gettid));
	sem_post(&t->answered);
	for (;;) {
		wait_for(&t->asked);
		if (!t->call)
			return NULL;
		complete_store(&t->begun, t->begun + 1);
		t->call(t->arg);
		complete_store(&t->done, t->begun);
		sem_post(&t->answered);
	}
}

bool complete_thread(struct complete_case *c, struct complete_thread *t, const char *name)
{
	int ret;

	t->name = name;
	t->nr_asked = 0;
	t->begun = 0;
	t->done = 0;
	sem_init(&t->asked, 0, 0);
	sem_init(&t->answered, 0, 0);
	ret = pthread_create(&t->thread, NULL, thread_run, t);
	if (ret)
		return complete_fail(c, -ret, "pthread_create()");
	wait_for(&t->answered);
	return true;
}

void complete_ask(struct complete_thread *t, void (*call)(void *arg), void *arg)
{
	/* the answer to what was asked for before, if nobody has waited for it */
	while (!sem_trywait(&t->answered))
		;
	t->call = call;
	t->arg = arg;
	t->nr_asked++;
	sem_post(&t->asked);
}

void complete_do(struct complete_thread *t, void (*call)(void *arg), void *arg)
{
	complete_ask(t, call, arg);
	do
		wait_for(&t->answered);
	while (!complete_done(t));
}

void complete_join(struct complete_thread *t)
{
	complete_ask(t, NULL, NULL);
	pthread_join(t->thread, NULL);
	sem_destroy(&t->asked);
	sem_destroy(&t->answered);
}

bool complete_done(void *thread)
{
	const struct complete_thread *t = thread;

	return complete_load(&t->done) == t->nr_asked;
}

static bool thread_sleeps(void *arg)
{
	struct complete_thread *t = arg;

	if (complete_done(t))
		return true;
	return complete_load(&t->begun) == t->nr_asked && complete_state(t->tid) == 'S';
}

bool complete_asleep(struct complete_case *c, struct complete_thread *t)
{
	return complete_await(c, thread_sleeps, t, t->tid, "a thread to go to sleep");
}

void complete_kick(struct complete_thread *t)
{
	syscall(__NR_tgkill, getpid(), t->tid, SIGUSR1);
}

bool complete_rouse(struct complete_case *c, struct complete_thread *t)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!complete_done(t)) {
		if (ms_since(&start) > ROUSE_MS)
			return complete_fail(c, -ETIMEDOUT, "ending a thread's sleep by a signal");
		complete_kick(t);
		usleep(1000);
	}
	return true;
}
