// SPDX-License-Identifier: GPL-2.0
/*
 * live_registers: do live FP, vector and general registers survive task_work that arrives by
 * interrupt?
 *
 * When io_uring needs another io-wq worker, copy_process() runs in the submitter's task_work. If
 * the submitter was computing, the task_work was brought by an interrupt (the kick of
 * TWA_SIGNAL, or the timer tick), and whatever copy_process() does to the registers it finds is
 * done to live values. powerpc's save_fpu() and save_altivec() left FPSCR in f0 and VSCR in v0
 * there until v6.7-rc4 ("powerpc: Don't clobber f0/vs0 during fp|altivec register save").
 *
 * The submitter (one thread, new in each round, so that its io-wq starts from none) fills all
 * registers, spins without a system call and checks them; the controller (the main thread) fires
 * one worker creation into each spin. An event is a creation that fell inside a spin window: the
 * process had n threads after the submitter had entered the window, and more before it was told
 * to leave. The submitter made no system call in between, so an interrupt brought the task_work.
 * A window that changed a register is an event in any case, unless it is one of the control: every
 * eighth window of a submitter is like the others but without a creation. What changes there is
 * not io_uring's doing, and a failure all the same.
 *
 * A submitter that is switched out inside a window gets its registers back from memory. Such events
 * count, and are counted apart: a violation among them may be that of the switch.
 *
 * Where root can load ppc_barrier_test.ko, the module tells how each worker creation was delivered
 * (by IPI, by the tick, in a system call), and further variants turn TWA_SIGNAL into
 * TWA_SIGNAL_NO_IPI and back. Without it the events are the same, and those variants are skipped,
 * as they are where its counters do not show that it did.
 *
 * Two controls run first: the same windows without io_uring must find nothing, and each register
 * changed on purpose inside the window must be found. Unless both behave, every result is SKIP; a
 * change that nobody made is a failure of the control.
 *
 * A third needs the module, and runs when the first variant has found nothing: registers that the
 * module changes on purpose, in the same events on the same kernel. Where they are not found, a
 * variant without violations is SKIP.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "module.h"
#include "planted.h"
#include "program.h"
#include "provoke.h"
#include "regs.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* Fewer events than this say too little: the rate would be known to no better than 3 %. */
#define LIVE_MIN_EVENTS		100
#define LIVE_MIN_ELSEWHERE	30	/* creations elsewhere, if none is expected inside */
#define CLEAN_WINDOWS	64	/* of the control without io_uring */
#define CONTROL_EACH	8	/* of so many windows of a submitter one has no creation */
#define CONTROL_MS	0.03	/* ... which is as long as the one before, but not longer */
#define LIVE_SHOWN		4	/* violations printed in full for each variant */
#define DEFAULT_SECONDS	1.0
#define DEFER_TASKRUN	(IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER)
#define PLANTED_SECONDS	2	/* of the control with faults; as above, 3 times that */

/* Where a variant's workers are expected to be created. */
enum live_expectation {
	LIVE_IN_WINDOW,		/* in the submitter, by interrupt */
	LIVE_IN_SYSCALL,	/* in the submitter, but only when it enters io_uring */
	LIVE_IN_SQ_THREAD,
};

/* How workers are made to be created. */
struct live_variant {
	enum provoke_way way;
	unsigned int setup_flags;	/* of the ring */
	enum live_expectation expect;
	enum pbt_notify notify;	/* what the module makes of TWA_SIGNAL and TWA_SIGNAL_NO_IPI */
};

struct live_result {
	const char *name;
	enum live_expectation expect;
	enum pbt_notify notify;
	bool planted;		/* of the control with faults: nothing is told */
	struct answer answer;
	struct evidence evidence;	/* events inside windows, windows with a change */
	struct evidence switched;	/* those of them in which the submitter was switched out */
	struct evidence control;	/* windows without a creation, those with a change */
	uint64_t windows;	/* the control's aside */
	uint64_t elsewhere;	/* creations that fell outside a window */
	uint64_t unexpected;	/* creations by whom none is expected */
	uint64_t late;		/* windows in which no creation was seen in time */
	uint64_t exited;	/* threads that ended inside a window: io-wq workers */
	bool died;		/* the submitter ended inside a window */
	double seconds;
	double first_ms;	/* since program start; < 0: no violation */
	uint64_t first_event;
	uint64_t changed[REG_SLOTS_MAX];
	uint64_t control_changed[REG_SLOTS_MAX];
	uint64_t explained;	/* violations whose value told the cause */
	bool delivery_told;
	uint64_t delivered[PBT_NR_DELIVERIES];	/* worker creations of all threads */
	uint64_t rewritten;	/* notifications whose mode the module changed */
	uint64_t missed;	/* calls that probes did not see meanwhile */
	char no_answer[128];	/* why the knob is not worth an answer, or empty */
};

/* Survives the harness's fork of each test. */
struct live_shared {
	pid_t main;
	struct timespec start;
	bool clean_ok, altered_ok;
	bool found;		/* a violation, in whatever variant */
	char no_module[256];	/* why there is none, or empty */
	struct planted planted;
	unsigned int nr;
	struct live_result result[];	/* room for each variant */
};

static struct {
	double seconds;
	uint64_t max_events;
	bool stop_first;
	bool no_module;
	bool pin_workers;
	const char *only;
	const char *json;
	struct cpus cpus;
} live_opt = { .seconds = DEFAULT_SECONDS, .max_events = UINT64_MAX };

static struct live_shared *live_shared;
static struct reg_layout live_layout;

/*
 * Waiting for the other side: watch, because it answers within microseconds when it has a CPU to
 * itself; nap when it does not, or when there is one CPU for all.
 */
#define WATCH_MS	2
#define NAP_NS		20000
#define STUCK_MS	10	/* 32 workers end in 2 ms, under emulation */

struct live_wait {
	struct timespec start;
	bool napping;
};

static void live_wait_start(struct live_wait *w)
{
	clock_gettime(CLOCK_MONOTONIC, &w->start);
	w->napping = live_opt.cpus.nr == 1;
}

/* Returns the milliseconds waited so far. */
static double live_wait_turn(struct live_wait *w)
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

/* How often the calling thread has been switched out. */
static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void *submitter(void *arg)
{
	struct live_spin *s = arg;
	unsigned int n = 0;
	long before;
	int ret = 0;

	if (s->provoke) {
		s->provoke->pin = live_opt.pin_workers;
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

/*
 * Starts submitter number @round. It moves to another CPU every 16 rounds, each in turn, and each
 * variant begins with another one; the controller, and by IORING_REGISTER_IOWQ_AFF the workers,
 * take the others.
 */
static void live_spin_start(struct live_spin *s, unsigned int round)
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

/* Returns 0 or -errno. */
static int live_spin_open(struct live_spin *s)
{
	const struct sched_param idle = { 0 };
	int ret;

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
	/* with one CPU the spinning submitter would leave nothing to an idle thread */
	if (live_opt.cpus.nr > 1)
		sched_setscheduler(0, SCHED_IDLE, &idle);
	return 0;
}

static void live_spin_close(struct live_spin *s)
{
	s->ended = 1;
	sem_post(&s->go);
	pthread_join(s->spawner, NULL);
	spin_free(s);
}

/* True once the submitter is in a window, false if it has ended instead. */
static bool live_await_window(struct live_spin *s)
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

/*
 * Ends the window and waits until the submitter has checked its registers. False if that thread has
 * come to its end instead.
 */
static bool live_leave_window(struct live_spin *s)
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

/* Lets the submitter go on; what live_leave_window() showed is gone after this. */
static void live_next_window(struct live_spin *s)
{
	__atomic_store_n(&s->checked, 0, __ATOMIC_RELEASE);
}

/*
 * Runs @windows windows without io_uring and gives each to @check with its number. Now and then
 * the controller sleeps, so that the windows meet its timer and its wake-up, and a tick or two.
 * They are too few to tell whether context switches keep registers: this is a control of the
 * assembly. Returns 0 or -errno.
 */
static int live_spin_plain(struct live_spin *s, unsigned int windows,
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

static void live_show_change(const struct live_spin *s, unsigned int n)
{
	const unsigned int slot = s->slots[n];
	const char *why = reg_arch.explain(&live_layout, slot, regs_in(s->window),
					   regs_out(s->window));
	char expected[160], found[160];

	regs_format(expected, sizeof(expected), &live_layout, slot, regs_in(s->window));
	regs_format(found, sizeof(found), &live_layout, slot, regs_out(s->window));
	ksft_print_msg("  %-5s expected %s (%s register)\n", live_layout.slot[slot].name, expected,
		       reg_class_names[live_layout.slot[slot].class]);
	ksft_print_msg("  %-5s found    %s%s%s\n", "", found, why ? " " : "", why ?: "");
}

static void count_changed(struct live_spin *s, unsigned int n, void *arg)
{
	unsigned int *violations = arg, i;

	(void)n;
	if (!s->nr_changed)
		return;
	if (!(*violations)++) {
		for (i = 0; i < s->nr_changed && i < LIVE_SHOWN; i++)
			live_show_change(s, i);
	}
}

/* The test's own assembly and comparison, but nothing that may change a register. */
TEST(control_without_io_uring)
{
	struct live_spin s = { .seed = 1 };
	unsigned int violations = 0;

	ASSERT_EQ(0, live_spin_plain(&s, CLEAN_WINDOWS, count_changed, &violations));
	/* a bug of the kernel, or of this test: either way no skip */
	ASSERT_EQ(0U, violations) {
		TH_LOG("registers change without io_uring, in %u of %u windows", violations,
		       CLEAN_WINDOWS);
	}
	live_shared->clean_ok = true;
	ksft_print_msg("control without io_uring: %u windows, no register changed\n",
		       CLEAN_WINDOWS);
}

struct found {
	unsigned int right, wrong;	/* windows: with that change, with another one */
};

static void count_found(struct live_spin *s, unsigned int n, void *arg)
{
	struct found *found = arg;

	if (s->nr_changed == 1 && s->slots[0] == n) {
		found->right++;
		return;
	}
	ksft_print_msg("  %s was changed, %u registers were found changed\n",
		       live_layout.slot[n].name, s->nr_changed);
	if (s->nr_changed)
		found->wrong++;
}

/* Each register changed inside the window, one at a time, has to be found, and no other. */
TEST(control_changed_register)
{
	struct live_spin s = { .alter = true, .seed = 1000 };
	struct found found = { 0 };

	ASSERT_EQ(0, live_spin_plain(&s, live_layout.nr, count_found, &found));
	ASSERT_EQ(0U, found.wrong) {
		TH_LOG("registers change that were not changed on purpose, in %u of %u windows",
		       found.wrong, live_layout.nr);
	}
	if (found.right != live_layout.nr)
		SKIP(return, "%u of %u registers changed on purpose were not found",
		     live_layout.nr - found.right, live_layout.nr);
	live_shared->altered_ok = true;
	ksft_print_msg("control with one register changed: %u of %u found\n", found.right,
		       live_layout.nr);
}

/*
 * Fires one creation into the window that the submitter is in, and waits for it up to @wait_ms.
 * @limit: threads that this and all earlier windows of the round account for. Returns 0 with the
 * number of workers that were created inside the window, and of threads that ended there; or
 * -errno.
 */
static int live_create_in_window(struct live_spin *s, int limit, double wait_ms, int *created,
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
	ret = provoke_fire(s->provoke);
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

/* A window without a creation: @ms long, and so much too long as the last look takes. */
static void live_watch_window(double ms)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (live_wait_turn(&wait) < ms)
		;
}

/* What an older kernel refuses with EINVAL. */
static const struct {
	unsigned int flag;
	const char *name;
} new_flags[] = {
	{ IORING_SETUP_COOP_TASKRUN, "IORING_SETUP_COOP_TASKRUN" },
	{ IORING_SETUP_DEFER_TASKRUN, "IORING_SETUP_DEFER_TASKRUN" },
	{ IORING_SETUP_SQPOLL, "IORING_SETUP_SQPOLL" },
};

static const char *new_flag(unsigned int setup_flags)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(new_flags); i++)
		if (setup_flags & new_flags[i].flag)
			return new_flags[i].name;
	return NULL;
}

FIXTURE(worker_creation)
{
	struct live_result *result;
};

FIXTURE_VARIANT(worker_creation)
{
	struct live_variant live;
};

/* The rings that behave differently when task_work is added for their submitter. */
FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default)
{
	.live = { .way = PROVOKE_POLL_WAKE }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_coop_taskrun)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_COOP_TASKRUN }
};

/*
 * DEFER_TASKRUN holds back what io_uring queues for the ring (a poll wake-up), but io-wq sends
 * create_worker_cb() past the ring, straight to the task.
 */
FIXTURE_VARIANT_ADD(worker_creation, poll_wake_defer_taskrun)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = DEFER_TASKRUN,
		  .expect = LIVE_IN_SYSCALL }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_sqpoll)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_SQPOLL,
		  .expect = LIVE_IN_SQ_THREAD }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_default)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_coop_taskrun)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .setup_flags = IORING_SETUP_COOP_TASKRUN }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_defer_taskrun)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .setup_flags = DEFER_TASKRUN }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_sqpoll)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .setup_flags = IORING_SETUP_SQPOLL,
		  .expect = LIVE_IN_SQ_THREAD }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default_by_no_ipi)
{
	.live = { .way = PROVOKE_POLL_WAKE, .notify = PBT_NOTIFY_SIGNAL_NO_IPI }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_coop_taskrun_by_signal)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_COOP_TASKRUN,
		  .notify = PBT_NOTIFY_SIGNAL }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_default_by_no_ipi)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .notify = PBT_NOTIFY_SIGNAL_NO_IPI }
};

/* The harness's own list of the above. */
static const struct __fixture_variant_metadata *first_variant(void)
{
	return _worker_creation_fixture_object.variant;
}

static const char *name_of(const struct _fixture_variant_worker_creation *variant)
{
	const struct __fixture_variant_metadata *v = first_variant();

	while (v->data != variant)
		v = v->next;
	return v->name;
}

/* Why a ring could not be had, or a round not be run. */
static void live_settle_error(struct live_result *r, int err, const char *flag)
{
	const char *why = no_ring(err);

	if (why)
		settle(&r->answer, "skip", "%s", why);
	else if (err == -EINVAL && flag)
		settle(&r->answer, "skip", "this kernel does not have %s", flag);
	else if (err == -EINVAL)
		settle(&r->answer, "skip",
		       "this kernel cannot limit or pin io-wq workers (before 5.15)");
	else
		settle(&r->answer, "skip", "a round could not be run: %s", strerror(-err));
}

/* A register changed in the window of @s, of which @what tells; counts it, and shows the first. */
static void account_change(const struct live_spin *s, const struct live_result *r, const char *what,
			   uint64_t violations, uint64_t *changed)
{
	unsigned int i;

	for (i = 0; i < s->nr_changed; i++)
		changed[s->slots[i]]++;
	if (r->planted)
		return;
	live_shared->found = true;
	if (violations > LIVE_SHOWN)
		return;
	ksft_print_msg("%s, CPU %d: %u registers changed while the thread spun%s\n", what,
		       s->on_cpu, s->nr_changed, s->switched ? ", and was switched out" : "");
	for (i = 0; i < s->nr_changed && i < LIVE_SHOWN; i++)
		live_show_change(s, i);
}

static void account(struct live_spin *s, struct live_result *r, int created)
{
	char what[128];
	unsigned int i;

	r->windows++;
	if (!created)
		r->late++;
	/* a change proves that something came, if only before the controller's first look */
	if (!created && s->nr_changed)
		created = 1;
	r->evidence.events += created;
	if (s->switched)
		r->switched.events += created;
	if (!s->nr_changed)
		return;

	if (!r->evidence.violations++) {
		r->first_ms = ms_since(&live_shared->start);
		r->first_event = r->evidence.events;
	}
	if (s->switched)
		r->switched.violations++;
	for (i = 0; i < s->nr_changed; i++) {
		if (reg_arch.explain(&live_layout, s->slots[i], regs_in(s->window),
				     regs_out(s->window))) {
			r->explained++;
			break;
		}
	}
	snprintf(what, sizeof(what), "%s: event %llu", r->name,
		 (unsigned long long)r->evidence.events);
	account_change(s, r, what, r->evidence.violations, r->changed);
}

/* A window without a creation. */
static void account_control(struct live_spin *s, struct live_result *r)
{
	char what[128];

	r->control.events++;
	if (!s->nr_changed)
		return;
	r->control.violations++;
	snprintf(what, sizeof(what), "%s: window %llu without a creation", r->name,
		 (unsigned long long)r->control.events);
	account_change(s, r, what, r->control.violations, r->control_changed);
}

static bool more_wanted(const struct live_result *r, const struct timespec *start)
{
	double seconds = ms_since(start) / 1e3, limit = live_opt.seconds;

	if (orphaned(live_shared->main))
		_exit(KSFT_FAIL);

	if (r->evidence.events >= live_opt.max_events || r->died ||
	    (live_opt.stop_first && (r->evidence.violations || r->control.violations)))
		return false;
	if (r->expect != LIVE_IN_WINDOW && r->elsewhere >= LIVE_MIN_ELSEWHERE)
		return false;
	/* a slow machine gets more time, rather than a result that says nothing */
	if (r->evidence.events < LIVE_MIN_EVENTS && r->elsewhere < LIVE_MIN_ELSEWHERE)
		limit *= 3;
	return seconds < limit;
}

/* Waits until the submitter and its io-wq are gone, and helps when that takes long. */
static void live_await_end(struct live_spin *s)
{
	struct live_wait wait;

	live_wait_start(&wait);
	while (!__atomic_load_n(&s->gone, __ATOMIC_ACQUIRE)) {
		if (live_wait_turn(&wait) > STUCK_MS)
			provoke_release(s->provoke);
	}
}

/*
 * provoke_workers(), and again while there is no SQ thread to be seen: a walk through
 * /proc/self/task ends early where the thread that it has come to exits (next_tid(),
 * fs/proc/base.c of 5.10, 6.1, 6.12 and 7.2).
 */
static int count_workers(unsigned int *own, unsigned int *others)
{
	struct live_wait wait;
	int ret;

	live_wait_start(&wait);
	do {
		ret = provoke_workers(own, others);
	} while (ret == -ESRCH && live_wait_turn(&wait) < 100);
	return ret;
}

/* One submitter from its first window to its end. Returns 0 or -errno. */
static int run_round(struct live_spin *s, struct live_result *r, unsigned int round,
		     const struct timespec *start)
{
	/* a tick that brings task_work without an IPI is at most 10 ms away (HZ=100) */
	const double wait_ms = r->expect == LIVE_IN_SYSCALL ? 12 : 100;
	const struct provoke *p = s->provoke;
	const bool sqpoll = p->setup_flags & IORING_SETUP_SQPOLL;
	/* controller, spawner, submitter, SQ thread, and the worker that submission creates */
	const int base = 3 + sqpoll + (p->way == PROVOKE_CREATE_WORKER_CB);
	int created = 0, exited, threads = 0, in_windows = 0, error = 0, ret;
	unsigned int own = 0, others = 0, since = 0;
	struct timespec entered;
	struct live_wait wait;
	double ms = 0;
	bool last;

	live_spin_start(s, round);
	while (live_await_window(s)) {
		const bool idle = s->idle;
		int limit = INT_MAX;

		if (idle) {
			live_watch_window(ms);
		} else {
			if (p->way == PROVOKE_CREATE_WORKER_CB)
				limit = base + p->created;
			clock_gettime(CLOCK_MONOTONIC, &entered);
			error = live_create_in_window(s, limit, wait_ms, &created, &exited);
			ms = ms_since(&entered);
			in_windows += created - exited;
			r->exited += exited;
		}
		if (!live_leave_window(s)) {
			r->died = true;
			break;
		}
		if (!idle) {
			threads = provoke_threads(p);
			/* the submitter of an SQPOLL ring creates none of those that appear */
			account(s, r, r->expect == LIVE_IN_SQ_THREAD ? 0 : created);
			since++;
		} else if (provoke_threads(p) == threads) {
			account_control(s, r);
			since = 0;
		} else if (s->nr_changed) {
			account(s, r, 0);
		}
		if (error || !more_wanted(r, start))
			s->quit = 1;
		last = s->quit || p->created == PROVOKE_ROUND;
		if (sqpoll && last) {
			/* what went wrong first is the reason */
			ret = count_workers(&own, &others);
			if (!error)
				error = ret;
		}
		/* a creation that is still to come must not come to a window without one */
		s->idle = since >= CONTROL_EACH - 1 && !idle &&
			  (created > 0 || r->expect != LIVE_IN_WINDOW);
		if (ms > CONTROL_MS)
			ms = CONTROL_MS;
		live_next_window(s);
		if (last)
			break;
	}
	live_await_end(s);
	if (r->expect == LIVE_IN_SQ_THREAD) {
		r->elsewhere += others;
		r->unexpected += own;
	} else if (threads) {
		r->elsewhere += threads - 3 - in_windows;
	}

	ret = provoke_end(s->provoke);
	/* workers that are about to end would hide creations of the next round */
	live_wait_start(&wait);
	while (provoke_threads(p) > 2) {
		if (live_wait_turn(&wait) > 10000)
			return -ETIMEDOUT;
	}
	return s->error ?: error ?: ret;
}

static void list_changed(char *buf, size_t size, const uint64_t *changed)
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < live_layout.nr && at + 40 < size; i++)
		if (changed[i])
			at += snprintf(buf + at, size - at, " %s (%s) %llu times",
				       live_layout.slot[i].name,
				       reg_class_names[live_layout.slot[i].class],
				       (unsigned long long)changed[i]);
}

static void control_sentence(char *buf, size_t size, const struct live_result *r)
{
	const struct interval rate = evidence_interval(&r->control, EVIDENCE_CONFIDENCE);
	int at;

	at = snprintf(buf, size, "violations %llu of %llu windows without a creation",
		      (unsigned long long)r->control.violations,
		      (unsigned long long)r->control.events);
	if (r->control.violations)
		snprintf(buf + at, size - at, ", rate %.2g to %.2g (95 %%)", rate.low, rate.high);
	else if (r->control.events)
		snprintf(buf + at, size - at, ", rate < %.2g (95 %%)", rate.high);
}

static void settle_violations(struct live_result *r)
{
	char sentence[EVIDENCE_TEXT_SIZE], control[EVIDENCE_TEXT_SIZE], regs[160];
	char switched[80] = "";

	evidence_sentence(sentence, sizeof(sentence), &r->evidence);
	control_sentence(control, sizeof(control), r);
	if (!r->evidence.violations) {
		list_changed(regs, sizeof(regs), r->control_changed);
		settle(&r->answer, "fail",
		       "%s: a bug of this kernel, or of this test:%s; in those with one %s",
		       control, regs, sentence);
		return;
	}
	list_changed(regs, sizeof(regs), r->changed);
	if (r->switched.events)
		snprintf(switched, sizeof(switched),
			 "; switched out meanwhile in %llu, with %llu of the violations",
			 (unsigned long long)r->switched.events,
			 (unsigned long long)r->switched.violations);
	settle(&r->answer, "fail",
	       "%s: this kernel corrupts live registers:%s; first after %.0f ms and %llu events%s%s%s",
	       sentence, regs, r->first_ms, (unsigned long long)r->first_event, switched,
	       r->control.violations ? "; not by the creation alone: " : "",
	       r->control.violations ? control : "");
}

/*
 * The knob of the module has to prove itself: by what it counts as done, for each event, and, where
 * the module tells it, by what brought the creations. Another interrupt may be there before the
 * tick or the IPI.
 */
static bool knob_acted(const struct live_result *r)
{
	const uint64_t ipi = r->delivered[PBT_IPI];
	const uint64_t all = ipi + r->delivered[PBT_TICK] + r->delivered[PBT_OTHER];

	if (10 * r->rewritten < 9 * r->evidence.events)
		return false;
	if (!r->delivery_told)
		return true;
	return r->notify == PBT_NOTIFY_SIGNAL_NO_IPI ? 2 * ipi < all : 10 * ipi > all;
}

static void list_delivered(char *buf, size_t size, const struct live_result *r)
{
	unsigned int i, at = 0;

	snprintf(buf, size, " none seen");
	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		if (r->delivered[i])
			at += snprintf(buf + at, size - at, "%s %s %llu", at ? "," : "",
				       module_delivery_names[i],
				       (unsigned long long)r->delivered[i]);
}

static void live_settle_measured(struct live_result *r)
{
	char sentence[EVIDENCE_TEXT_SIZE], delivered[160];

	evidence_sentence(sentence, sizeof(sentence), &r->evidence);
	if (r->evidence.violations || r->control.violations) {
		settle_violations(r);
	} else if (r->died) {
		settle(&r->answer, "fail",
		       "the submitter's thread ended inside a window, after %llu events: see the kernel's log",
		       (unsigned long long)r->evidence.events);
	} else if (r->unexpected) {
		settle(&r->answer, "skip",
		       "this kernel's io_uring is not what this variant was made for: %llu workers were created for the submitter of an SQPOLL ring",
		       (unsigned long long)r->unexpected);
	} else if (r->expect != LIVE_IN_WINDOW && r->evidence.events) {
		settle(&r->answer, "skip",
		       "this kernel's io_uring is not what this variant was made for: workers were created in the spin of a DEFER_TASKRUN ring; %s",
		       sentence);
	} else if (r->expect != LIVE_IN_WINDOW && r->elsewhere < LIVE_MIN_ELSEWHERE) {
		settle(&r->answer, "skip", "inconclusive: only %llu workers created",
		       (unsigned long long)r->elsewhere);
	} else if (r->expect == LIVE_IN_SQ_THREAD) {
		settle(&r->answer, "pass",
		       "no event expected and none seen: the SQ thread created all %llu workers, the submitter none",
		       (unsigned long long)r->elsewhere);
	} else if (r->expect == LIVE_IN_SYSCALL) {
		settle(&r->answer, "pass",
		       "no event expected and none seen: %llu workers created in io_uring_enter(), none in %llu spins",
		       (unsigned long long)r->elsewhere, (unsigned long long)r->windows);
	} else if (r->evidence.events < LIVE_MIN_EVENTS) {
		settle(&r->answer, "skip", "inconclusive: %s, at least %u events are needed",
		       sentence, LIVE_MIN_EVENTS);
	} else if (r->notify != PBT_NOTIFY_KERNEL && *r->no_answer) {
		settle(&r->answer, "skip", "no answer about the module's knob: %s; %s",
		       r->no_answer, sentence);
	} else if (r->notify != PBT_NOTIFY_KERNEL && !knob_acted(r)) {
		list_delivered(delivered, sizeof(delivered), r);
		settle(&r->answer, "skip",
		       "the module's knob did not act: %llu notifications changed, %llu probes missed, workers created by%s; %s",
		       (unsigned long long)r->rewritten, (unsigned long long)r->missed, delivered,
		       sentence);
	} else {
		settle(&r->answer, "pass",
		       "%s: this kernel keeps live registers across io-wq worker creation from interrupt exit",
		       sentence);
	}
	/* without an event there is nothing that registers could have survived */
	r->answer.control = r->expect != LIVE_IN_WINDOW;
}

FIXTURE_SETUP(worker_creation)
{
	self->result = &live_shared->result[live_shared->nr++];
	self->result->name = name_of(variant);
	self->result->first_ms = -1;
	self->result->expect = variant->live.expect;
	self->result->notify = variant->live.notify;
}

FIXTURE_TEARDOWN(worker_creation)
{
}

/*
 * A session of the module for one variant, in *session; -1 where it is not needed and cannot be
 * had. Returns NULL, or why the variant cannot be run.
 */
static const char *live_knobs_open(enum pbt_notify notify, int *session)
{
	struct pbt_knobs knobs = { .notify = notify };
	const char *why = live_shared->no_module;
	struct pbt_info info;

	*session = *why ? -1 : module_open(&why);
	if (*session < 0)
		return notify == PBT_NOTIFY_KERNEL ? NULL : why;
	if (ioctl(*session, PBT_GET_INFO, &info)) {
		why = "PBT_GET_INFO fails";
	} else if (info.outer) {
		/* an inner session would put the outer one's knobs out of action */
		why = "run under the knobs of somebody else's session";
	} else if (!(info.notify & (1U << notify))) {
		why = "this kernel has no TWA_SIGNAL_NO_IPI";
	} else {
		knobs.flags = info.deliveries ? PBT_ACCOUNT : 0;
		if (!ioctl(*session, PBT_SET_KNOBS, &knobs))
			return NULL;
		why = module_why_not_set(errno);
	}
	close(*session);
	*session = -1;
	return notify == PBT_NOTIFY_KERNEL ? NULL : why;
}

/* Takes the counters and ends the session. */
static void live_knobs_close(int session, struct live_result *r)
{
	struct pbt_counters c;
	unsigned int i;

	if (session < 0)
		return;
	if (!ioctl(session, PBT_GET_COUNTERS, &c)) {
		r->rewritten = c.notify_changed;
		r->missed = c.missed;
		snprintf(r->no_answer, sizeof(r->no_answer), "%s", module_no_answer(&c) ?: "");
		for (i = 0; i < PBT_NR_DELIVERIES; i++) {
			r->delivered[i] = c.workers.live[i] + c.workers.dead[i];
			r->delivery_told |= r->delivered[i] != 0;
		}
	}
	close(session);
}

static void live_print_details(const struct live_result *r)
{
	char text[256];

	if (r->control.events) {
		control_sentence(text, sizeof(text), r);
		ksft_print_msg("  %s\n", text);
	}
	if (r->switched.events)
		ksft_print_msg("  switched out inside the window: violations %llu of %llu events\n",
			       (unsigned long long)r->switched.violations,
			       (unsigned long long)r->switched.events);
	if (r->exited)
		ksft_print_msg("  %llu threads of this process ended inside a window\n",
			       (unsigned long long)r->exited);
	if (r->delivery_told) {
		list_delivered(text, sizeof(text), r);
		ksft_print_msg("  workers created, by what brought it:%s\n", text);
	}
}

/*
 * Rounds of a variant until no more is wanted, or one fails: 0 or -errno in *@error. Returns NULL,
 * or why there are none.
 */
static const char *live_measure(struct live_result *r, const struct live_variant *variant,
				int *error)
{
	struct provoke provoke;
	struct live_spin s = {
		.provoke = &provoke,
		.seed = (uint64_t)getpid() << 32,
		.first_cpu = live_shared->nr - 1,
		.max_windows = PROVOKE_ROUND,
	};
	struct timespec start;
	const char *reason;
	unsigned int round;

	*error = 0;
	reason = provoke_open(&provoke, variant->way, variant->setup_flags);
	if (reason)
		return reason;
	if (live_spin_open(&s))
		return "no memory or no thread for the spin";
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (round = 0; !*error && more_wanted(r, &start); round++)
		*error = run_round(&s, r, round, &start);
	r->seconds = ms_since(&start) / 1e3;
	live_spin_close(&s);
	provoke_close(&provoke);
	return NULL;
}

/* What the module changes, on one architecture or another. */
static const struct {
	enum pbt_plant plant;
	const char *slots[6];
} plants[] = {
	{ PBT_PLANT_FP, { "vs0", "f0" } },
	{ PBT_PLANT_VECTOR, { "vs32", "v0", "z0", "xmm0", "ymm0", "zmm0" } },
	{ PBT_PLANT_GPR, { "r11", "x17" } },
	{ PBT_PLANT_FLAGS, { "CR", "FLAGS", "NZCV" } },
};

static unsigned int slot_of(unsigned int n)
{
	unsigned int slot, i;

	for (slot = 0; slot < live_layout.nr; slot++)
		for (i = 0; i < ARRAY_SIZE(plants[n].slots) && plants[n].slots[i]; i++)
			if (!strcmp(plants[n].slots[i], live_layout.slot[slot].name))
				return slot;
	return REG_SLOTS_MAX;
}

/* The same variant as in the test that asks for it, with the module's knob for its notification. */
static void live_plant(struct planted *p, const void *arg)
{
	const struct live_variant *variant = arg;
	struct pbt_knobs knobs = { .notify = variant->notify };
	struct live_result r = { .expect = LIVE_IN_WINDOW, .planted = true };
	unsigned int i, slot;
	const char *reason;
	int session, ret;

	live_opt.seconds = live_opt.seconds < PLANTED_SECONDS ? live_opt.seconds : PLANTED_SECONDS;
	live_opt.max_events = LIVE_MIN_EVENTS;
	for (i = 0; i < ARRAY_SIZE(plants); i++)
		if (slot_of(i) < REG_SLOTS_MAX)
			knobs.plants |= 1U << plants[i].plant;
	session = planted_open(p, &knobs.plants);
	if (session < 0)
		return;
	reason = planted_set(session, &knobs) ? "PBT_SET_KNOBS fails" :
		 live_measure(&r, variant, &ret);
	if (reason) {
		planted_not(p, reason);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(plants); i++) {
		if (!(knobs.plants & 1U << plants[i].plant))
			continue;
		slot = slot_of(i);
		snprintf(p->fault[plants[i].plant].what, sizeof(p->fault[0].what), "%s lost",
			 live_layout.slot[slot].name);
		p->fault[plants[i].plant].planted = planted_times(session, plants[i].plant);
		p->fault[plants[i].plant].events = r.evidence.events;
		p->fault[plants[i].plant].found = r.changed[slot];
	}
	close(session);
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(worker_creation, keeps_registers, INT_MAX / 1000)
{
	struct live_result *r = self->result;
	char sentence[EVIDENCE_TEXT_SIZE];
	const char *reason;
	int session, ret;

	/* a submitter cannot outlive the harness, nor a kernel that hangs the whole run */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(3 * live_opt.seconds + 30);

	if (live_opt.stop_first && live_shared->found)
		settle(&r->answer, "skip", "not run: a violation was found before");
	else if (!names_have(live_opt.only, r->name))
		settle(&r->answer, "skip", "not asked for");
	else if (!live_shared->clean_ok || !live_shared->altered_ok)
		settle(&r->answer, "skip", "the controls did not behave");
	if (*r->answer.outcome)
		SKIP(return, "%s", r->answer.text);

	reason = live_knobs_open(variant->live.notify, &session);
	if (!reason)
		reason = live_measure(r, &variant->live, &ret);
	if (reason) {
		settle(&r->answer, "skip", "%s", reason);
		SKIP(return, "%s", r->answer.text);
	}
	live_knobs_close(session, r);

	if (ret && !r->evidence.violations && !r->control.violations && !r->died)
		live_settle_error(r, ret, new_flag(variant->live.setup_flags));
	else
		live_settle_measured(r);
	if (!strcmp(r->answer.outcome, "pass") && r->expect == LIVE_IN_WINDOW) {
		planted_run(&live_shared->planted, live_plant, &variant->live);
		reason = planted_missed(&live_shared->planted);
		if (reason) {
			evidence_sentence(sentence, sizeof(sentence), &r->evidence);
			settle(&r->answer, "skip", "%s; %s", reason, sentence);
		}
	}
	if (!strcmp(r->answer.outcome, "skip"))
		SKIP(return, "%s", r->answer.text);
	ksft_print_msg("%s: %s\n", r->name, r->answer.text);
	live_print_details(r);
	EXPECT_STREQ("pass", r->answer.outcome);
}

/* Harness and program share the name main(). */
#define main harness_main
TEST_HARNESS_MAIN
#undef main

static void json_changed(FILE *f, const char *name, const uint64_t *changed)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"%s\": {", name);
	for (i = 0; i < live_layout.nr; i++) {
		if (!changed[i])
			continue;
		fprintf(f, "%s \"%s\": %llu", comma, live_layout.slot[i].name,
			(unsigned long long)changed[i]);
		comma = ",";
	}
	fprintf(f, " }");
}

static void live_write_variant(FILE *f, unsigned int variant)
{
	const struct live_result *r = &live_shared->result[variant];
	const struct interval rate = evidence_interval(&r->evidence, EVIDENCE_CONFIDENCE);
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", \"outcome\": \"%s\", \"text\": ", r->name,
		r->answer.outcome);
	json_string(f, r->answer.text);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"windows\": %llu, \"elsewhere\": %llu, \"late\": %llu,\n",
		(unsigned long long)r->evidence.events, (unsigned long long)r->evidence.violations,
		(unsigned long long)r->windows, (unsigned long long)r->elsewhere,
		(unsigned long long)r->late);
	fprintf(f, "      \"rate_low\": %.6g, \"rate_high\": %.6g, \"seconds\": %.3f,\n", rate.low,
		rate.high, r->seconds);
	fprintf(f, "      \"control_windows\": %llu, \"control_violations\": %llu,\n",
		(unsigned long long)r->control.events, (unsigned long long)r->control.violations);
	fprintf(f,
		"      \"events_switched\": %llu, \"violations_switched\": %llu, \"exited\": %llu,\n",
		(unsigned long long)r->switched.events, (unsigned long long)r->switched.violations,
		(unsigned long long)r->exited);
	if (r->notify != PBT_NOTIFY_KERNEL)
		fprintf(f, "      \"notifications_changed\": %llu, \"probes_missed\": %llu,\n",
			(unsigned long long)r->rewritten, (unsigned long long)r->missed);
	if (r->evidence.violations)
		fprintf(f,
			"      \"first_ms\": %.3f, \"first_event\": %llu, \"explained\": %llu,\n",
			r->first_ms, (unsigned long long)r->first_event,
			(unsigned long long)r->explained);
	if (r->delivery_told) {
		fprintf(f, "      \"delivered\": {");
		for (i = 0; i < PBT_NR_DELIVERIES; i++)
			fprintf(f, "%s \"%s\": %llu", i ? "," : "", module_delivery_names[i],
				(unsigned long long)r->delivered[i]);
		fprintf(f, " },\n");
	}
	fprintf(f, "      ");
	json_changed(f, "changed", r->changed);
	if (r->control.violations) {
		fprintf(f, ",\n      ");
		json_changed(f, "control_changed", r->control_changed);
	}
	fprintf(f, " }");
}

static void live_write_head(FILE *f)
{
	fprintf(f, ",\n  \"arch\": \"%s\",\n  \"registers\": ", reg_arch.name);
	json_string(f, live_layout.describe);
	fprintf(f, ",\n  \"not_covered\": ");
	json_string(f, live_layout.missing);
	fprintf(f, ",\n  \"control_without_io_uring\": %s,\n  \"control_changed_register\": %s",
		live_shared->clean_ok ? "true" : "false",
		live_shared->altered_ok ? "true" : "false");
	planted_json(f, &live_shared->planted);
}

static unsigned int variants(void)
{
	return live_shared->nr;
}

static const struct answer *answer(unsigned int variant)
{
	return &live_shared->result[variant].answer;
}

static const struct program program = {
	.name = "live_registers",
	.write_head = live_write_head,
	.variants = variants,
	.answer = answer,
	.write_variant = live_write_variant,
};

static const char usage[] =
	"usage: live_registers [-t SECONDS] [-n EVENTS] [-c CPUS] [--json FILE]\n"
	"                      [--only NAME[,NAME...]] [--stop-first] [--no-module] [--pin-workers]\n"
	"  -t SECONDS    time for each variant (default 1; 3 times that to reach 100 events)\n"
	"  -n EVENTS     a variant ends after so many events, too\n"
	"  -c CPUS       CPUs to use, such as 0-3,8 (default: all that this process may use)\n"
	"  --json FILE   results for programs; $IO_URING_COHERENCY_RESULTS/live_registers.json\n"
	"                is the default where that directory is named\n"
	"  --only NAME,...  run these variants alone, such as poll_wake_default\n"
	"  --stop-first  end at the first violation\n"
	"  --no-module   leave ppc_barrier_test alone, even where it could be loaded\n"
	"  --pin-workers io-wq workers run on the CPU of the thread that they work for, not elsewhere\n"
	"exit status: 0 no violation, 1 violation, 4 no answer (skipped), 2 wrong usage\n";

static void parse_cpus(const char *list)
{
	const char *p = list;
	char *end;

	do {
		long first = strtol(p, &end, 10), last = first;

		if (end == p || *p == '-' || *p == ' ')
			break;
		if (*end == '-') {
			p = end + 1;
			last = strtol(p, &end, 10);
			if (end == p || last < first)
				break;
		}
		/* the first CPU that may not be used ends this */
		for (; first <= last; first++)
			cpus_add(&live_opt.cpus, first, "-c");
		p = end + 1;
		if (!*end)
			return;
	} while (*end == ',');
	die("-c: '%s' is not a list of CPUs such as 0-3,8", list);
}

static unsigned int count_variants(void)
{
	const struct __fixture_variant_metadata *v;
	unsigned int nr = 0;

	for (v = first_variant(); v; v = v->next)
		nr++;
	return nr;
}

/* Dies if there is no variant @name. */
static bool variant_exists(const char *name)
{
	const struct __fixture_variant_metadata *v = first_variant();

	while (v && strcmp(v->name, name))
		v = v->next;
	return v;
}

static void check_variants(const char *names)
{
	const char *unknown = names_unknown(names, variant_exists);
	const struct __fixture_variant_metadata *v;
	char known[1024];
	int at = 0;

	if (!unknown)
		return;
	for (v = first_variant(); v && at < (int)sizeof(known); v = v->next)
		at += snprintf(known + at, sizeof(known) - at, " %s", v->name);
	die("--only: '%s' is no variant; these are:%s", unknown, known);
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "stop-first", no_argument, NULL, 's' },
		{ "no-module", no_argument, NULL, 'm' },
		{ "pin-workers", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *cpus = NULL;
	char *end;
	int c;

	live_opt.json = json_default("live_registers");
	while ((c = getopt_long(argc, argv, "t:n:c:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			live_opt.seconds = parse_seconds(optarg);
			break;
		case 'n':
			errno = 0;
			live_opt.max_events = strtoull(optarg, &end, 10);
			if (end == optarg || *end || *optarg == '-' || errno ||
			    !live_opt.max_events)
				die("-n: '%s' is not a number of events", optarg);
			break;
		case 'c':
			cpus = optarg;
			break;
		case 'j':
			live_opt.json = optarg;
			break;
		case 'o':
			live_opt.only = optarg;
			break;
		case 's':
			live_opt.stop_first = true;
			break;
		case 'm':
			live_opt.no_module = true;
			break;
		case 'p':
			live_opt.pin_workers = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc)
		die("'%s' is not an option", argv[optind]);
	check_variants(live_opt.only);
	check_json(live_opt.json);
	cpus_init(&live_opt.cpus);
	if (cpus)
		parse_cpus(cpus);
	else
		cpus_add_all(&live_opt.cpus);
}

int main(int argc, char **argv)
{
	const char *skip;

	parse_options(argc, argv);
	live_shared = program_share(sizeof(*live_shared) +
				    count_variants() * sizeof(live_shared->result[0]));
	skip = regs_init(&live_layout);
	if (skip)
		return program_skip(&program, live_opt.json, skip);
	printf("# not covered: %s\n# covered: %s\n", live_layout.missing, live_layout.describe);
	module_load_unless(live_opt.no_module, live_shared->no_module,
			   sizeof(live_shared->no_module));
	if (*live_shared->no_module)
		planted_not(&live_shared->planted, live_shared->no_module);
	clock_gettime(CLOCK_MONOTONIC, &live_shared->start);
	live_shared->main = getpid();
	return program_run(&program, live_opt.json, harness_main, argv);
}
