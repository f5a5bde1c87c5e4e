// SPDX-License-Identifier: GPL-2.0
/*
 * module_knobs: do the knobs of ppc_barrier_test do what they say, to their session and to nobody
 * else, and does the kernel notify by TWA_SIGNAL and TWA_SIGNAL_NO_IPI as it should?
 *
 * Effects are measured from outside of the module: a delay by the time that the delayed call takes,
 * the notification by the IPIs that the kernel counts for the CPU on which a thread spins in user
 * mode until it sees its completion. TWA_SIGNAL sends one; TWA_SIGNAL_NO_IPI leaves the task_work
 * to the next tick. io-wq's workers are counted, and asked for their CPUs, as threads of /proc.
 */
#include <errno.h>
#include <liburing.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered" /* of the harness, in Linux 6.12 */
#endif
#include "kselftest_harness.h"
#include "knobs_parts.h"
#include "knobs_session.h"
#include "module.h"
#include "program.h"

#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN	BIT(8)
#endif

#define DELAY_US	3000	/* far above what the calls take, even under emulation */

/* --- each point */

FIXTURE(point)
{
	const char *skip;	/* SKIP in a fixture does not keep the test from running in 5.10 */
};

FIXTURE_VARIANT(point)
{
	unsigned int point;
};

#define PBT_POINT(id, point_name, ...) \
	DECLARATION(FIXTURE_VARIANT_ADD(point, point_name) { .point = PBT_##id };)
#include "ppc_barrier_test/pbt_points.h"

FIXTURE_SETUP(point)
{
	ASSERT_TRUE(knobs_open_session());
	self->skip = knobs_prepare_call(variant->point);
}

FIXTURE_TEARDOWN(point)
{
	knobs_end_call();
	close(knobs_session);
}

/*
 * The delay is there with the knob, and not without. What a barrier does cannot be seen from here:
 * that it ran can, and that nothing is harmed.
 */
TEST_F(point, acts)
{
	const unsigned int point = variant->point;
	struct knobs_took none, with, after;
	unsigned int action;
	uint64_t counted;

	if (self->skip)
		SKIP(return, "%s", skip_because(knobs_info.points & (1U << point) ? SKIP_SET_UP :
						SKIP_NOT_IN_KERNEL, "%s: %s",
						module_point_names[point], self->skip));
	ASSERT_EQ(0, knobs_set_point(knobs_session, point, PBT_NONE, 0));
	none = knobs_took(point, DELAY_US);
	ASSERT_LE(0, none.shortest);
	EXPECT_LE((uint64_t)KNOBS_TRIES, knobs_passed(knobs_session, point));

	ASSERT_EQ(0, knobs_set_point(knobs_session, point, PBT_UDELAY, DELAY_US));
	counted = knobs_passed(knobs_session, point);
	with = knobs_took(point, 1e9);
	EXPECT_LE(counted + KNOBS_TRIES, knobs_passed(knobs_session, point));

	ASSERT_EQ(0, knobs_set_point(knobs_session, point, PBT_OFF, 0));
	after = knobs_took(point, DELAY_US);

	ksft_print_msg("%s: %.0f us with the probe alone, %.0f with udelay:%u, %.0f without\n",
		       module_point_names[point], none.shortest, with.median, DELAY_US,
		       after.shortest);
	EXPECT_GT(DELAY_US, none.shortest);
	EXPECT_LE(DELAY_US * KNOBS_OF_DELAY, with.median);
	EXPECT_LE(0, after.shortest);
	EXPECT_GT(DELAY_US, after.shortest);

	for (action = PBT_MB; action < PBT_UDELAY; action++) {
		const bool supported = knobs_info.actions[point] & (1U << action);

		counted = knobs_passed(knobs_session, point);

		ASSERT_EQ(supported ? 0 : -EOPNOTSUPP,
			  knobs_set_point(knobs_session, point, action, 0));
		if (!supported)
			continue;
		EXPECT_LE(0, knobs_call(point));
		EXPECT_LT(counted, knobs_passed(knobs_session, point)) {
			TH_LOG("%s was not passed with %s", module_point_names[point],
			       module_action_names[action]);
		}
	}
}

/* --- notification */

FIXTURE(notify) { };

FIXTURE_VARIANT(notify)
{
	unsigned int mode;	/* enum pbt_notify */
	unsigned int setup_flags;
	bool kicks;		/* what is to be seen */
	__u32 plants;		/* 1 << enum pbt_plant, or 0 */
};

/* Without a knob the kernel itself is tested: TWA_SIGNAL kicks, TWA_SIGNAL_NO_IPI does not. */
FIXTURE_VARIANT_ADD(notify, kernel_default_ring) { PBT_NOTIFY_KERNEL, 0, true, 0 };
FIXTURE_VARIANT_ADD(notify, kernel_coop_taskrun_ring) {
	PBT_NOTIFY_KERNEL, IORING_SETUP_COOP_TASKRUN, false, 0
};

FIXTURE_VARIANT_ADD(notify, no_ipi_default_ring) { PBT_NOTIFY_SIGNAL_NO_IPI, 0, false, 0 };
FIXTURE_VARIANT_ADD(notify, signal_coop_taskrun_ring) {
	PBT_NOTIFY_SIGNAL, IORING_SETUP_COOP_TASKRUN, true, 0
};

/* ... and a fault on purpose is seen. */
FIXTURE_VARIANT_ADD(notify, planted_kick_default_ring) {
	PBT_NOTIFY_KERNEL, 0, false, 1U << PBT_PLANT_KICK
};

FIXTURE_VARIANT_ADD(notify, planted_no_ipi_ignored_coop_taskrun_ring) {
	PBT_NOTIFY_KERNEL, IORING_SETUP_COOP_TASKRUN, true, 1U << PBT_PLANT_NO_IPI_IGNORED
};

FIXTURE_SETUP(notify)
{
	ASSERT_TRUE(knobs_open_session());
}

FIXTURE_TEARDOWN(notify)
{
	close(knobs_session);
}

TEST_F_TIMEOUT(notify, reaches_a_spinning_thread, 60)
{
	struct pbt_knobs knobs = { .notify = variant->mode, .plants = variant->plants };
	struct pbt_counters c;
	long long kicks;
	unsigned int i;
	int cpu[2];

	if (!(knobs_info.notify & (1U << variant->mode)))
		SKIP(return, "%s", skip_because(SKIP_NOT_IN_KERNEL, "no TWA_SIGNAL_NO_IPI"));
	if (variant->plants & ~knobs_info.plants)
		SKIP(return, "%s", skip_because(SKIP_NOT_IN_KERNEL, "no place for the fault"));
	if (!knobs_two_cpus(cpu))
		SKIP(return, "%s", skip_because(SKIP_ONE_CPU,
						"the thread that spins needs one of its own"));
	if (knobs_ipis(cpu[1]) < 0)
		SKIP(return, "%s", skip_because(SKIP_NOT_OBSERVABLE,
						"/proc/interrupts does not tell IPIs"));

	ASSERT_EQ(0, ioctl(knobs_session, PBT_SET_KNOBS, &knobs));
	kicks = knobs_deliver(cpu, variant->setup_flags);
	if (kicks == -EINVAL)
		SKIP(return, "%s", skip_because(SKIP_NOT_IN_KERNEL, "IORING_SETUP_COOP_TASKRUN"));
	ASSERT_LE(0, kicks);

	ksft_print_msg("%u completions brought to a spinning thread by %lld IPIs\n",
		       KNOBS_DELIVERIES, kicks);
	if (variant->kicks) {
		/* a tick may be there first, and the IPI with the next one */
		EXPECT_LE((long long)KNOBS_DELIVERIES * 9 / 10, kicks);
	} else {
		/* some come for other reasons */
		EXPECT_GT((long long)KNOBS_DELIVERIES / 2, kicks);
	}
	ASSERT_EQ(0, ioctl(knobs_session, PBT_GET_COUNTERS, &c));
	for (i = 0; i < PBT_NR_PLANTS; i++) {
		const bool asked = variant->plants & (1U << i);

		EXPECT_EQ(asked, c.planted[i] >= KNOBS_DELIVERIES * 9ULL / 10);
	}
}

FIXTURE(session) { };

FIXTURE_SETUP(session)
{
	ASSERT_TRUE(knobs_open_session());
}

FIXTURE_TEARDOWN(session)
{
	close(knobs_session);
}

/* --- faults in what io-wq writes and reads */

#define TRANSFERS	64U
#define MARK(n)		(1 + (n) % 250)	/* the bytes of write n; 0 is no mark */

/* All of them say that they have done everything; so many are wrong, and in this way. */
TEST_F(session, planted_transfers_are_wrong_as_they_say)
{
	unsigned int plant, n, wrong[2];
	struct pbt_counters c;
	char buf[KNOBS_PIECE];
	const char *why;

	why = knobs_prepare_transfers();
	if (why)
		SKIP(return, "%s", skip_because(SKIP_SET_UP, "%s", why));
	for (plant = PBT_PLANT_WRITE_SHORT; plant <= PBT_PLANT_READ_SHORT; plant++) {
		const bool write = plant != PBT_PLANT_READ_SHORT;
		struct pbt_knobs knobs = { .plants = 1U << plant };

		if (!(knobs_info.plants & knobs.plants)) {
			ksft_print_msg("%s: no place in this kernel\n", module_plant_names[plant]);
			continue;
		}
		memset(wrong, 0, sizeof(wrong));
		ASSERT_EQ(0, ioctl(knobs_session, PBT_SET_KNOBS, &knobs));
		for (n = 0; n < 2 * TRANSFERS; n++) {
			int found;

			/* with the knob, and then without */
			if (n == TRANSFERS) {
				ASSERT_EQ(0, ioctl(knobs_session, PBT_GET_COUNTERS, &c));
				EXPECT_EQ(wrong[0], c.planted[plant]);
				EXPECT_LE(TRANSFERS / 8, wrong[0]);
				knobs.plants = 0;
				ASSERT_EQ(0, ioctl(knobs_session, PBT_SET_KNOBS, &knobs));
			}
			ASSERT_EQ(KNOBS_PIECE, knobs_transfer(write, MARK(n), buf));
			found = knobs_as_planted(plant, MARK(n), buf);
			EXPECT_LE(0, found);
			wrong[n / TRANSFERS] += found;
		}
		EXPECT_EQ(0U, wrong[1]);
		ksft_print_msg("%s: %u of %u transfers wrong\n", module_plant_names[plant],
			       wrong[0], TRANSFERS);
	}
}

/* --- scope; the thermometer is munmap(2) with a delay in task_work_run() */

TEST_F(session, scope_is_the_process_tree)
{
	close(knobs_session);
	/* 2 own, 3 thread, 4 child, 5 child that was there before, 6 daemon */
	EXPECT_EQ(0, knobs_in_child(knobs_scope_of_tree, 1000));
	EXPECT_TRUE(knobs_delay_is(0));
}

/* Two at the same time, and neither for anybody else; each ends alone. */
TEST_F(session, sessions_do_not_disturb_each_other)
{
	int a, b;

	close(knobs_session);
	b = knobs_hold_session(3000);
	a = knobs_hold_session(1000);
	EXPECT_EQ(1, knobs_holds(a, 1000));
	EXPECT_EQ(1, knobs_holds(b, 3000));
	EXPECT_TRUE(knobs_delay_is(0));
	EXPECT_EQ(1, knobs_holds(a, 1000));
	/* a holds b's socket as well: only the second may be ended by closing it */
	EXPECT_EQ(0, knobs_end_holder(a));
	EXPECT_EQ(1, knobs_holds(b, 3000));
	EXPECT_EQ(0, knobs_end_holder(b));
	EXPECT_TRUE(knobs_delay_is(0));
}

TEST_F(session, the_innermost_counts_and_knobs_go_with_the_file)
{
	close(knobs_session);
	EXPECT_EQ(0, knobs_in_child(knobs_nested, 1000));
}

TEST_F_TIMEOUT(session, orphans_of_the_walk_are_found, 120)
{
	if (knobs_one_cpu())
		SKIP(return, "%s", skip_because(SKIP_ONE_CPU, "there is only one CPU"));
	EXPECT_EQ(KNOBS_PARENTS, knobs_in_child(knobs_orphans_found, KNOBS_BETWEEN));
}

/* Its knobs are gone, its process is, and the module can be used as before. */
TEST_F(session, killed_in_every_state)
{
	unsigned int state, round;

	close(knobs_session);
	for (state = 0; state < KNOBS_NR_STATES; state++) {
		for (round = 0; round < 5; round++) {
			int told[2], clean = -1, status;
			pid_t pid;
			char c;

			ASSERT_EQ(0, pipe(told));
			pid = module_fork();
			if (!pid)
				knobs_hold_until_killed(state, told);
			close(told[1]);
			/* the session is open */
			ASSERT_EQ(1, read(told[0], &c, 1));
			knobs_pause_us(20000 + round * 7000);
			kill(pid, SIGKILL);
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
			ASSERT_TRUE(WIFSIGNALED(status)) {
				TH_LOG("state %u: the holder ended by itself, %x", state, status);
			}
			ASSERT_LT(0, read(told[0], &clean, sizeof(clean)));
			EXPECT_EQ(1, clean) {
				TH_LOG("state %u: still delayed after SIGKILL", state);
			}
			EXPECT_EQ(0, read(told[0], &c, 1));
			close(told[0]);
		}
	}
	EXPECT_TRUE(knobs_open_session());
	ksft_print_msg("%u states, %u times each\n", KNOBS_NR_STATES, 5);
}

/* A child like those of the tests here, when its test has ended by a failed ASSERT. */
TEST_F(session, children_end_with_their_test)
{
	struct pollfd end = { 0 };
	int fd[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	pid = module_fork();
	if (!pid) {
		if (!module_fork() && write(fd[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	close(fd[1]);
	ASSERT_EQ(1, read(fd[0], &c, 1));
	kill(pid, SIGKILL);
	end.fd = fd[0];
	EXPECT_EQ(1, poll(&end, 1, 5000));
	EXPECT_EQ(POLLHUP, end.revents);
}

/* --- no cost when idle, no access for others */

TEST_F(session, probes_only_while_wanted)
{
	unsigned int before, open, armed;
	int err;

	close(knobs_session);
	if (access("/sys/kernel/debug/kprobes/list", R_OK) ||
	    access("/sys/kernel/tracing/enabled_functions", R_OK))
		SKIP(return, "%s",
		     skip_because(SKIP_SET_UP,
				  "debugfs or tracefs is not mounted, or lists no probes"));
	before = knobs_probes_listed();
	ASSERT_TRUE(knobs_open_session());
	open = knobs_probes_listed();
	err = knobs_set_point(knobs_session, PBT_TRY_TO_WAKE_UP, PBT_NONE, 0);
	if (err == -EOPNOTSUPP)
		SKIP(return, "%s", skip_because(SKIP_NOT_IN_KERNEL, "a probe of try_to_wake_up"));
	ASSERT_EQ(0, err);
	armed = knobs_probes_listed();
	ASSERT_EQ(0, knobs_set_point(knobs_session, PBT_TRY_TO_WAKE_UP, PBT_OFF, 0));
	EXPECT_EQ(open, knobs_probes_listed());
	close(knobs_session);
	ksft_print_msg("probes: %u without a session, %u with, %u with a knob\n", before, open,
		       armed);
	EXPECT_EQ(before, knobs_probes_listed());
	EXPECT_EQ(before, open);
	EXPECT_LT(open, armed);
}

/* Not even with a node that all may open, nor by a session that was handed on. */
TEST_F(session, root_only)
{
	struct stat st;

	EXPECT_EQ(6, knobs_in_child(knobs_refused_to_nobody, EACCES));
	ASSERT_EQ(0, stat(PBT_DEVICE, &st));
	EXPECT_EQ(0600U, st.st_mode & 07777);
	ASSERT_EQ(0, chmod(PBT_DEVICE, 0666));
	EXPECT_EQ(6, knobs_in_child(knobs_refused_to_nobody, EPERM));
	ASSERT_EQ(0, chmod(PBT_DEVICE, st.st_mode & 07777));
}

/* --- io-wq's workers */

TEST_F_TIMEOUT(session, workers_limited_and_pinned, 120)
{
	struct pbt_counters c;
	uint64_t limited;
	int free;

	if (!knobs_info.workers_max || !(knobs_info.flags & PBT_PIN_WORKERS))
		SKIP(return, "%s", skip_because(SKIP_NOT_IN_KERNEL, "functions to probe"));
	if (knobs_ramfs < 0)
		SKIP(return, "%s", skip_because(SKIP_SET_UP, "ramfs cannot be mounted here"));
	free = knobs_workers_with(0, 0, KNOBS_REQUESTS);
	if (free == KNOBS_NO_RING)
		SKIP(return, "%s", skip_because(SKIP_NO_IO_URING, "it cannot be used"));
	EXPECT_EQ(KNOBS_REQUESTS, free % 10);
	EXPECT_EQ(1, knobs_workers_with(1, 0, 1) % 10);
	EXPECT_EQ(2, knobs_workers_with(2, 0, 2) % 10);
	/* more than it would have had */
	EXPECT_EQ(free, knobs_workers_with(PBT_WORKERS_MAX, 0, KNOBS_REQUESTS));
	ASSERT_EQ(0, ioctl(knobs_session, PBT_GET_COUNTERS, &c));
	limited = c.limited;

	if (free == 11 * KNOBS_REQUESTS)
		SKIP(return, "%s", skip_because(SKIP_ONE_CPU, "workers have but one"));
	EXPECT_EQ(KNOBS_REQUESTS, free);
	EXPECT_EQ(11 * KNOBS_REQUESTS, knobs_workers_with(0, PBT_PIN_WORKERS, KNOBS_REQUESTS));
	EXPECT_EQ(11, knobs_workers_with(1, PBT_PIN_WORKERS, 1));
	ASSERT_EQ(0, ioctl(knobs_session, PBT_GET_COUNTERS, &c));
	EXPECT_EQ(KNOBS_REQUESTS + 1ULL, c.pinned);
	EXPECT_EQ(limited + 1, c.limited);
}

/* --- what makes no sense */

#define FAILS(error, cmd, arg) do {			\
		EXPECT_EQ(-1, ioctl(knobs_session, cmd, arg));	\
		EXPECT_EQ(error, errno);			\
	} while (0)
/* ... with a good argument in which that is changed. */
#define REFUSED(error, cmd, ...) do {			\
		k = good;					\
		__VA_ARGS__;					\
		FAILS(error, cmd, &k);				\
	} while (0)
#define KNOBS(error, ...)	REFUSED(error, PBT_SET_KNOBS, __VA_ARGS__)
#define LITMUS(error, ...)	REFUSED(error, PBT_LITMUS, __VA_ARGS__)

TEST_F(session, wrong_ioctls)
{
	struct pbt_knobs good = { 0 }, k;
	struct pbt_counters c;

	KNOBS(EINVAL, k.notify = PBT_NR_NOTIFY);
	KNOBS(EINVAL, k.flags = PBT_PIN_WORKERS << 1);
	KNOBS(EINVAL, k.workers = PBT_WORKERS_MAX + 1);
	KNOBS(EINVAL, k.plants = 1U << PBT_NR_PLANTS);
	KNOBS(EINVAL, k.reserved[7] = 1);
	KNOBS(EINVAL, k.point[0].action = PBT_NR_ACTIONS);
	KNOBS(EINVAL, k.point[0].action = PBT_UDELAY);
	KNOBS(EINVAL, k.point[0].action = PBT_UDELAY; k.point[0].usecs = PBT_UDELAY_MAX + 1);
	KNOBS(EINVAL, k.point[0].action = PBT_MB; k.point[0].usecs = 1);
	KNOBS(EINVAL, k.point[0].usecs = 1);
	KNOBS(EOPNOTSUPP, k.point[PBT_KICK_PROCESS].action = PBT_FLUSH_DCACHE);
	if (!(knobs_info.plants & (1U << PBT_PLANT_FP)))
		KNOBS(EOPNOTSUPP, k.plants = 1U << PBT_PLANT_FP);
	FAILS(EFAULT, PBT_SET_KNOBS, NULL);
	FAILS(EFAULT, PBT_GET_COUNTERS, (void *)-4096L);
	FAILS(ENOTTY, _IO('b', 99), &k);
	FAILS(ENOTTY, _IOW('b', 1, int), &k);
	EXPECT_EQ(0, ioctl(knobs_session, PBT_SET_KNOBS, &good));
	EXPECT_EQ(0, ioctl(knobs_session, PBT_GET_COUNTERS, &c));
	EXPECT_EQ(1ULL, c.processes);
}

/* --- PBT_LITMUS: what it refuses, and that it ends; what it measures is kernel_order's matter */

TEST_F(session, wrong_litmus)
{
	const struct pbt_litmus good = {
		.edge = PBT_EDGE_MEMORY_SB, .cpu = { 0, 1 }, .msecs = 1, .seed = 1,
	};
	struct pbt_litmus k;
	unsigned int i;

	LITMUS(EINVAL, k.edge = PBT_NR_EDGES);
	LITMUS(EINVAL, k.form = PBT_NR_FORMS);
	LITMUS(EINVAL, k.msecs = 0);
	LITMUS(EINVAL, k.msecs = PBT_LITMUS_MSECS_MAX + 1);
	LITMUS(EINVAL, k.cpu[1] = 0);
	LITMUS(EINVAL, k.receiver = getpid());
	LITMUS(EINVAL, k.reserved = 1U << 31);
	LITMUS(EOPNOTSUPP, k.edge = PBT_EDGE_IPI; k.form = PBT_FORM_BARE);
	LITMUS(EOPNOTSUPP, k.edge = PBT_EDGE_IPI; k.form = PBT_FORM_WEAK);
	LITMUS(EOPNOTSUPP, k.edge = PBT_EDGE_MEMORY_SB; k.form = PBT_FORM_WEAK_OTHER);
	LITMUS(ENODEV, k.cpu[0] = 1U << 30);
	LITMUS(ENODEV, k.cpu[1] = ~0U);
	FAILS(EFAULT, PBT_LITMUS, NULL);
	if (knobs_one_cpu())
		return;
	/* nobody, somebody else's, the caller itself */
	LITMUS(ESRCH, k.edge = PBT_EDGE_TASK_WORK_SIGNAL);
	LITMUS(ESRCH, k.edge = PBT_EDGE_TASK_WORK_SIGNAL; k.receiver = 1);
	LITMUS(ESRCH, k.edge = PBT_EDGE_TASK_WORK_SIGNAL; k.receiver = getpid());
	for (i = 0; i < PBT_NR_FORMS; i++) {
		k = good;
		k.form = i;
		if (i == PBT_FORM_WEAK_OTHER)
			k.edge = PBT_EDGE_SLEEP_WAKE;
		k.msecs = 50;
		EXPECT_EQ(0, ioctl(knobs_session, PBT_LITMUS, &k));
		EXPECT_LT(0ULL, k.iterations);
	}
}

static void on_alarm(int sig)
{
}

/* A signal ends it, whatever it is doing. */
TEST_F_TIMEOUT(session, litmus_and_signal, 120)
{
	static const struct itimerval soon = { .it_value.tv_usec = 100000 };
	const struct sigaction act = { .sa_handler = on_alarm };
	struct pbt_litmus l;
	double start, longest = 0;
	unsigned int edge;

	if (knobs_one_cpu())
		SKIP(return, "%s", skip_because(SKIP_ONE_CPU, "there is only one CPU"));
	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	for (edge = 0; edge < PBT_EDGE_TASK_WORK_RESUME; edge++) {
		if (!(knobs_info.edges & (1U << edge)))
			continue;
		memset(&l, 0, sizeof(l));
		l.edge = edge;
		l.cpu[1] = 1;
		l.msecs = PBT_LITMUS_MSECS_MAX;
		start = knobs_now_us();
		setitimer(ITIMER_REAL, &soon, NULL);
		if (ioctl(knobs_session, PBT_LITMUS, &l))
			EXPECT_EQ(EINTR, errno);
		if (knobs_now_us() - start > longest)
			longest = knobs_now_us() - start;
	}
	EXPECT_GT(5e6, longest);
	signal(SIGALRM, SIG_DFL);
	TH_LOG("ended %.0f ms after its start, 100 of them before the signal", longest / 1e3);
}

#define LITMUS_CALLERS	200
#define LITMUS_MB	25	/* that they may take together; a run takes half a MiB */

/* Other processes take and give memory, too: the least of a few tries counts. */
TEST_F_TIMEOUT(session, litmus_callers_take_no_memory, 120)
{
	int i, taken, least = 100;

	if (knobs_one_cpu())
		SKIP(return, "%s", skip_because(SKIP_ONE_CPU, "there is only one CPU"));
	for (i = 0; i < 5 && least >= LITMUS_MB; i++) {
		taken = knobs_in_child(knobs_litmus_memory, LITMUS_CALLERS);
		ASSERT_TRUE(taken >= 0 && taken < 100);
		least = taken < least ? taken : least;
	}
	EXPECT_GT(LITMUS_MB, least);
	ksft_print_msg("%u callers took %d MiB, one of them ran\n", LITMUS_CALLERS, least);
}

/* task_work for a thread that cannot run it now stays with the thread; the call does not wait. */
TEST_F_TIMEOUT(session, litmus_receiver_that_waits, 120)
{
	struct pbt_litmus l = {
		.edge = PBT_EDGE_TASK_WORK_SIGNAL, .cpu = { 0, 1 }, .msecs = 50,
	};
	pthread_t thread;
	double start;

	if (knobs_one_cpu())
		SKIP(return, "%s", skip_because(SKIP_ONE_CPU, "there is only one CPU"));
	l.receiver = knobs_thread_in_vfork(&thread);
	ASSERT_LT(0, l.receiver);
	start = knobs_now_us();
	EXPECT_EQ(0, ioctl(knobs_session, PBT_LITMUS, &l));
	EXPECT_EQ(0ULL, l.iterations);
	EXPECT_FALSE(knobs_vfork_ended());
	TH_LOG("returned after %.0f ms", (knobs_now_us() - start) / 1e3);
	/* one that has ended is nobody's receiver */
	knobs_vfork_end(thread);
	EXPECT_EQ(-1, ioctl(knobs_session, PBT_LITMUS, &l));
	EXPECT_EQ(ESRCH, errno);
}

#define FUZZ_CALLS	20000
#define FUZZ_MS		10000	/* and no longer, unless a number is asked for */

/*
 * $IO_URING_COHERENCY_FUZZ says how many calls. That the module survives is the result; that the
 * kernel has no complaint is for whoever reads its log.
 */
TEST_F_TIMEOUT(session, fuzz, 3600)
{
	const char *asked = getenv("IO_URING_COHERENCY_FUZZ");
	const uint64_t max = asked ? strtoull(asked, NULL, 10) : FUZZ_CALLS;
	struct pbt_knobs none = { 0 };
	const double start = knobs_now_us();
	struct knobs_fuzz_calls done;

	ASSERT_EQ(0, knobs_fuzz(max, asked ? INFINITY : FUZZ_MS * 1e3, &done));
	EXPECT_EQ(0, ioctl(knobs_session, PBT_SET_KNOBS, &none));
	EXPECT_TRUE(knobs_delay_is(0));
	ksft_print_msg("%llu calls in %.1f s, %llu succeeded\n", done.calls,
		       (knobs_now_us() - start) / 1e6, done.succeeded);
	EXPECT_LT(0ULL, done.succeeded);
	if (asked)
		EXPECT_EQ(max, done.calls);
}

#include "harness_main.h"

int main(int argc, char **argv)
{
	knobs_ramfs = knobs_get_ramfs();
	return module_tests(harness_main, argc, argv);
}
