// SPDX-License-Identifier: GPL-2.0
/*
 * The window protocol; see live_spin.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live.h"
#include "live_spin.h"

#define WATCH_MS	2	/* then naps */
#define NAP_NS		20000
#define HANDLER_MS	1
#define STUCK_MS	10	/* 32 workers end in 2 ms, under emulation */

/* What the controller waits for needs its CPU. */
static bool cpu_shared;

void live_wait_start(struct live_wait *w)
{
	clock_gettime(CLOCK_MONOTONIC, &w->start);
	w->napping = cpu_shared;
}

double live_wait_turn(struct live_wait *w)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	double ms = ms_since(&w->start);

	if (ms > WATCH_MS)
		w->napping = true;
	if (w->napping)
		nanosleep(&nap, NULL);
	return ms;
}

static void wait_until(const int *flag, int value)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		live_wait_turn(&wait);
}

/* How often the calling thread has been switched out. */
static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* That of the handler, of which there is one at a time. */
static struct live_spin *handled_spin;

/*
 * The submitter is in its spin, with all registers loaded, if it has entered and is not told to
 * leave. What the handler leaves in registers, sigreturn has to mend.
 */
static void on_signal(int nr, siginfo_t *info, void *context)
{
	struct live_spin *s = handled_spin;
	static uint8_t image[REG_IMAGE_SIZE];
	unsigned int changed;

	(void)nr;
	(void)info;
	if (!*regs_word(s->window, REG_WIN_ENTERED) || *regs_word(s->window, REG_WIN_STOP))
		return;
	__atomic_add_fetch(&s->handled, 1, __ATOMIC_RELAXED);
	if (!reg_arch.frame)
		return;
	changed = regs_check_frame(s->window, &live_layout, context, image, s->frame_slots,
				   REG_SLOTS_MAX);
	if (changed) {
		s->nr_in_frame = changed;
		memcpy(s->frame, image, sizeof(image));
	}
}

static void handle_signals(struct live_spin *s)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART
	};

	handled_spin = s;
	sigaction(SIGUSR1, &action, NULL);
}

void live_signal(struct live_spin *s)
{
	if (s->signals)
		syscall(__NR_tgkill, getpid(), s->tid, SIGUSR1);
}

static void *submitter(void *arg)
{
	struct live_spin *s = arg;
	unsigned int n = 0;
	long before;
	int ret = 0;

	s->tid = syscall(__NR_gettid);
	if (s->provoke) {
		s->provoke->pin = live_opt.pin_workers;
		/* on the submitter's CPU it would wait for the end of a time slice */
		s->provoke->pin_sq = true;
		ret = provoke_begin(s->provoke, live_opt.pin_workers ? s->own : s->others,
				    live_opt.cpus.size);
	}
	while (!ret && n < s->max_windows) {
		if (!s->idle)
			n++;
		if (s->provoke && !s->idle) {
			ret = provoke_prepare(s->provoke);
			if (ret)
				break;
		}
		regs_arm(s->window, &live_layout, s->seed++, s->alter ? (int)n - 1 : -1);
		if (s->signals)
			regs_keep(s->window, &live_layout);
		s->handled = 0;
		s->nr_in_frame = 0;
		before = switches();
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		reg_arch_spin(s->window);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		s->switched = switches() != before;
		s->nr_changed = regs_check(s->window, &live_layout, s->slots, REG_SLOTS_MAX);
		s->on_cpu = sched_getcpu();
		__atomic_store_n(&s->checked, 1, __ATOMIC_RELEASE);
		wait_until(&s->checked, 0);
		if (__atomic_load_n(&s->quit, __ATOMIC_RELAXED))
			break;
	}
	s->error = ret;
	return NULL;
}

static void *spawner(void *arg)
{
	struct live_spin *s = arg;
	pthread_t thread;
	int ret;

	for (;;) {
		while (sem_wait(&s->go))
			;
		if (s->ended)
			return NULL;
		sched_setaffinity(0, live_opt.cpus.size, s->own);
		ret = pthread_create(&thread, NULL, submitter, s);
		if (ret)
			s->error = -ret;
		else
			pthread_join(thread, NULL);
		__atomic_store_n(&s->gone, 1, __ATOMIC_RELEASE);
	}
}

void live_spin_start(struct live_spin *s, unsigned int round)
{
	const size_t size = live_opt.cpus.size;
	unsigned int i;

	s->gone = 0;
	s->error = 0;
	s->quit = 0;
	s->idle = false;
	s->checked = 0;
	if (round % 16 == 0) {
		CPU_ZERO_S(size, s->others);
		for (i = 0; i < live_opt.cpus.nr; i++)
			CPU_SET_S(live_opt.cpus.cpu[i], size, s->others);
		s->cpu = live_opt.cpus.cpu[(round / 16 + s->first_cpu) % live_opt.cpus.nr];
		if (live_opt.cpus.nr > 1)
			CPU_CLR_S(s->cpu, size, s->others);
		CPU_ZERO_S(size, s->own);
		CPU_SET_S(s->cpu, size, s->own);
		sched_setaffinity(0, size, s->others);
	}
	sem_post(&s->go);
}

static void spin_free(struct live_spin *s)
{
	sem_destroy(&s->go);
	free(s->others);
	free(s->own);
	munmap(s->window, sizeof(*s->window));
}

int live_spin_open(struct live_spin *s)
{
	const struct sched_param idle = { 0 };
	int ret;

	cpu_shared = live_opt.cpus.nr == 1 ||
		     (s->provoke && s->provoke->setup_flags & IORING_SETUP_SQPOLL);
	handle_signals(s);
	s->window = mmap(NULL, sizeof(struct reg_window), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->window == MAP_FAILED)
		return -errno;
	s->others = cpus_none(&live_opt.cpus);
	s->own = cpus_none(&live_opt.cpus);
	sem_init(&s->go, 0, 0);
	prctl(PR_SET_TIMERSLACK, 1);	/* naps are short */
	ret = pthread_create(&s->spawner, NULL, spawner, s);
	if (ret) {
		spin_free(s);
		return -ret;
	}
	/* a spinning submitter or SQ thread would leave nothing to an idle thread */
	if (!cpu_shared)
		sched_setscheduler(0, SCHED_IDLE, &idle);
	return 0;
}

void live_spin_close(struct live_spin *s)
{
	s->ended = 1;
	sem_post(&s->go);
	pthread_join(s->spawner, NULL);
	spin_free(s);
}

bool live_await_window(struct live_spin *s)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (!__atomic_load_n(regs_word(s->window, REG_WIN_ENTERED), __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&s->gone, __ATOMIC_ACQUIRE))
			return false;
		live_wait_turn(&wait);
	}
	return true;
}

bool live_leave_window(struct live_spin *s)
{
	struct live_wait wait;

	__atomic_store_n(regs_word(s->window, REG_WIN_ENTERED), 0, __ATOMIC_RELAXED);
	__atomic_store_n(regs_word(s->window, REG_WIN_STOP), 1, __ATOMIC_RELEASE);
	live_wait_start(&wait);
	while (!__atomic_load_n(&s->checked, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&s->gone, __ATOMIC_ACQUIRE))
			return false;
		live_wait_turn(&wait);
	}
	return true;
}

void live_next_window(struct live_spin *s)
{
	__atomic_store_n(&s->checked, 0, __ATOMIC_RELEASE);
}

int live_spin_plain(struct live_spin *s, unsigned int windows,
		    void (*check)(struct live_spin *s, unsigned int n, void *arg), void *arg)
{
	unsigned int n;
	int ret;

	ret = live_spin_open(s);
	if (ret)
		return ret;
	s->max_windows = windows;
	live_spin_start(s, 0);
	for (n = 0; live_await_window(s); n++) {
		if (!s->alter && n % 8 == 0)
			usleep(500);
		if (!live_leave_window(s)) {
			s->error = -ESRCH;
			break;
		}
		check(s, n, arg);
		live_next_window(s);
	}
	live_spin_close(s);
	return s->error;
}

/* Until it has run; it may do so later, too. */
static void await_handler(struct live_spin *s)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (!__atomic_load_n(&s->handled, __ATOMIC_RELAXED) &&
	       live_wait_turn(&wait) < HANDLER_MS)
		;
}

int live_create_in_window(struct live_spin *s, int limit, double wait_ms, int *created,
			  int *exited)
{
	int before = provoke_threads(s->provoke), now = before, ret;
	struct live_wait wait;
	double waited;

	*created = 0;
	*exited = 0;
	/*
	 * create_worker_cb: a worker that blocked only after max_workers was raised has had its
	 * successor created already, outside the window. Firing would find max_workers reached.
	 */
	if (before >= limit)
		return 0;
	/* before it, long or shortly, or behind it; seeds go up by one for each window */
	if (s->seed & 3)
		live_signal(s);
	if (s->signals && s->seed & 2)
		await_handler(s);
	ret = provoke_fire(s->provoke);
	if (!(s->seed & 3))
		live_signal(s);
	if (ret)
		return ret;
	live_wait_start(&wait);
	do {
		waited = live_wait_turn(&wait);
		now = provoke_threads(s->provoke);
		if (now < 0)
			return now;
		if (now < before) {
			*exited += before - now;
			before = now;
		}
	} while (now == before && waited < wait_ms);
	if (now > before)
		provoke_seen(s->provoke);
	*created = now - before;
	return 0;
}

void live_watch_window(double ms)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (live_wait_turn(&wait) < ms)
		;
}

void live_await_end(struct live_spin *s)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (!__atomic_load_n(&s->gone, __ATOMIC_ACQUIRE)) {
		if (live_wait_turn(&wait) > STUCK_MS)
			provoke_release(s->provoke);
	}
}
