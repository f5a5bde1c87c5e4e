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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered" /* of the harness, in Linux 6.12 */
#endif
#include "kselftest_harness.h"
#include "module.h"
#include "program.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN	(1U << 8)
#endif

#define DELAY_US	3000	/* far above what the calls take, even under emulation */
#define SHORTEST	0.8	/* of a delay: udelay() counts loops or a TSC, which TCG bends */
#define TRIES		8U	/* at least; noise only adds, so the shortest of them counts */
#define MAX_TRIES	400	/* for one that is short, on a machine that is busy */
#define DELIVERIES	200U	/* for each notification mode */

static int session = -1;	/* of the running test, for the helpers below */
static struct pbt_info info;
static int ramfs = -1;	/* a directory: its reads and writes are the page cache's generic ones */

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static void pause_us(unsigned int us)
{
	const struct timespec ts = { .tv_nsec = us * 1000 };

	nanosleep(&ts, NULL);
}

/*
 * Rescheduling and other IPIs that @cpu has taken, by /proc/interrupts: "RES:" on x86, "IPIn:" on
 * arm64, on powerpc the lines whose action is named IPI and "DBL:" for doorbells. -1 if there are
 * no such lines.
 */
static long long ipis(int cpu)
{
	static const char blanks[] = " \t\n";
	char *line = NULL, *p, *end;
	long long sum = -1;
	int column = -1, i;
	size_t size = 0;
	FILE *f;

	f = fopen("/proc/interrupts", "re");
	if (!f)
		return -1;
	while (getline(&line, &size, f) > 0) {
		unsigned long long count = 0;

		if (column < 0) {
			/* CPU0 CPU1 ...: those that are online */
			for (p = strtok(line, blanks), i = 0; p; p = strtok(NULL, blanks), i++)
				if (atoi(p + 3) == cpu)
					column = i;
			continue;
		}
		p = strchr(line, ':');
		if (!p || !(strstr(line, "RES:") || strstr(line, "DBL:") || strstr(line, "IPI")))
			continue;
		for (p++, i = 0; i <= column; i++, p = end)
			count = strtoull(p, &end, 10);
		sum = (sum < 0 ? 0 : sum) + count;
	}
	free(line);
	fclose(f);
	return sum;
}

/* Two CPUs that this process may use; false if there is but one. */
static bool two_cpus(int cpu[2])
{
	struct cpus c;

	cpus_init(&c);
	cpus_add_all(&c);
	if (c.nr > 1)
		memcpy(cpu, c.cpu, 2 * sizeof(*cpu));
	return c.nr > 1;
}

static const char *one_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) < 2 ? "there is only one CPU" : NULL;
}

static int set_point(int fd, unsigned int point, unsigned int action, unsigned int usecs)
{
	struct pbt_knobs knobs = { 0 };

	knobs.point[point].action = action;
	knobs.point[point].usecs = usecs;
	return ioctl(fd, PBT_SET_KNOBS, &knobs) ? -errno : 0;
}

static uint64_t passed(int fd, unsigned int point)
{
	struct pbt_counters c;

	return ioctl(fd, PBT_GET_COUNTERS, &c) ? 0 : c.point[point];
}

/* --- calls that pass a point: each returns its microseconds, or -errno */

static struct io_uring ring;
static int file = -1, pipe_fd[2];
static atomic_int stop, started, kicked, bytes_read;
static int bytes_written;
static pid_t other;
static pthread_t helper;
static bool has_helper;
static char page[4096];

static double call_io_write(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	double start = now_us(), took;
	int ret;

	io_uring_prep_write(sqe, file, page, sizeof(page), 0);
	ret = io_uring_submit_and_wait(&ring, 1);
	took = now_us() - start;
	if (ret < 0)
		return ret;
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (!ret) {
		ret = cqe->res == sizeof(page) ? 0 : cqe->res < 0 ? cqe->res : -EIO;
		io_uring_cqe_seen(&ring, cqe);
	}
	return ret ?: took;
}

static double call_write(void)
{
	const double start = now_us();
	const ssize_t ret = pwrite(file, page, sizeof(page), 0);

	return ret == sizeof(page) ? now_us() - start : -errno;
}

static double call_read(void)
{
	char found[sizeof(page)];
	const double start = now_us();
	const ssize_t ret = pread(file, found, sizeof(found), 0);
	const double took = now_us() - start;

	if (ret != sizeof(found))
		return -errno;
	return memcmp(page, found, sizeof(found)) ? -EILSEQ : took;
}

/*
 * fput() of the last reference to a file leaves the rest to task_work, which runs on the way out of
 * the system call. Here it is a mapping's: close(2) does without since 6.6.
 */
static double call_unmap(void)
{
	const int fd = memfd_create("unmapped", MFD_CLOEXEC);
	double start;
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(page)))
		return -errno;
	p = mmap(NULL, sizeof(page), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	start = now_us();
	if (munmap(p, sizeof(page)))
		return -errno;
	return now_us() - start;
}

/*
 * Waits until the reader sleeps: it has read all, and its stat says S. The state alone will not do:
 * ___wait_event() sets it again before it looks at what it was woken for.
 */
static bool await_sleep(void)
{
	char name[64], text[256], *paren;
	unsigned int i;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", other);
	for (i = 0; i < 10000; i++) {
		ssize_t len;
		int fd;

		if (bytes_read != bytes_written) {
			pause_us(100);
			continue;
		}
		fd = open(name, O_RDONLY | O_CLOEXEC);
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[len > 0 ? len : 0] = '\0';
		paren = strrchr(text, ')');
		if (paren && paren[1] && paren[2] == 'S')
			return true;
		pause_us(100);
	}
	return false;
}

static double call_wake(void)
{
	double start;

	if (!await_sleep())
		return -ETIMEDOUT;
	start = now_us();
	if (write(pipe_fd[1], "", 1) != 1)
		return -errno;
	bytes_written++;
	return now_us() - start;
}

/* A signal for a thread that is running: signal_wake_up_state(), kernel/signal.c */
static double call_kick(void)
{
	const int before = kicked;
	double start, took;

	start = now_us();
	if (syscall(SYS_tgkill, getpid(), other, SIGUSR1))
		return -errno;
	took = now_us() - start;
	while (kicked == before)
		;
	return took;
}

static void *reader(void *arg)
{
	char c;

	other = syscall(SYS_gettid);
	started = 1;
	while (read(pipe_fd[0], &c, 1) == 1)
		bytes_read++;
	return NULL;
}

static void on_kick(int sig)
{
	kicked++;
}

static void *spinner(void *arg)
{
	cpus_pin(0, *(int *)arg);
	other = syscall(SYS_gettid);
	started = 1;
	while (!stop)
		;
	return NULL;
}

static double (*const calls[PBT_NR_POINTS])(void) = {
	[PBT_TRY_TO_WAKE_UP] = call_wake,
	[PBT_TRY_TO_WAKE_UP_EXIT] = call_wake,
	[PBT_KICK_PROCESS] = call_kick,
	[PBT_KICK_PROCESS_EXIT] = call_kick,
	[PBT_IO_WRITE] = call_io_write,
	[PBT_TASK_WORK_RUN] = call_unmap,
	[PBT_PERFORM_WRITE] = call_write,
	[PBT_PERFORM_WRITE_EXIT] = call_write,
	[PBT_FILEMAP_READ] = call_read,
	[PBT_FILEMAP_READ_EXIT] = call_read,
};

/* The shortest of some calls, of more until one takes less than @below us. Or -errno. */
static double shortest(double (*call)(void), double below)
{
	double best = 1e12;
	unsigned int i;

	for (i = 0; i < TRIES || (i < MAX_TRIES && best >= below); i++) {
		const double took = call();

		if (took < 0)
			return took;
		if (took < best)
			best = took;
	}
	return best;
}

/* --- each point */

FIXTURE(point)
{
	const char *skip;	/* SKIP in a fixture does not keep the test from running in 5.10 */
};

FIXTURE_VARIANT(point)
{
	unsigned int point;
};

FIXTURE_VARIANT_ADD(point, try_to_wake_up) { .point = PBT_TRY_TO_WAKE_UP };
FIXTURE_VARIANT_ADD(point, try_to_wake_up_exit) { .point = PBT_TRY_TO_WAKE_UP_EXIT };
FIXTURE_VARIANT_ADD(point, kick_process) { .point = PBT_KICK_PROCESS };
FIXTURE_VARIANT_ADD(point, kick_process_exit) { .point = PBT_KICK_PROCESS_EXIT };
FIXTURE_VARIANT_ADD(point, io_write) { .point = PBT_IO_WRITE };
FIXTURE_VARIANT_ADD(point, task_work_run) { .point = PBT_TASK_WORK_RUN };
FIXTURE_VARIANT_ADD(point, generic_perform_write) { .point = PBT_PERFORM_WRITE };
FIXTURE_VARIANT_ADD(point, generic_perform_write_exit) { .point = PBT_PERFORM_WRITE_EXIT };
FIXTURE_VARIANT_ADD(point, filemap_read) { .point = PBT_FILEMAP_READ };
FIXTURE_VARIANT_ADD(point, filemap_read_exit) { .point = PBT_FILEMAP_READ_EXIT };

/* Opens the test's session; module_tests() has seen that there can be one. */
static bool open_session(void)
{
	const char *why;

	module_follow();
	session = module_open(&why);
	return session >= 0 && !ioctl(session, PBT_GET_INFO, &info);
}

/* All that the call of a point needs. NULL, or the reason for a SKIP. */
static const char *prepare_call(unsigned int point)
{
	static int cpu[2];
	/* a signal that is blocked in its handler does not kick */
	const struct sigaction action = { .sa_handler = on_kick, .sa_flags = SA_NODEFER };

	if (!(info.points & (1U << point)))
		return "this kernel has no such function to probe";
	if (calls[point] == call_wake) {
		if (pipe2(pipe_fd, O_CLOEXEC) || pthread_create(&helper, NULL, reader, NULL))
			return "no pipe or no thread";
		has_helper = true;
	} else if (calls[point] == call_kick) {
		if (!two_cpus(cpu))
			return "a running thread is kicked from another CPU, there is one";
		sigaction(SIGUSR1, &action, NULL);
		if (pthread_create(&helper, NULL, spinner, &cpu[1]))
			return "no thread";
		has_helper = true;
		cpus_pin(0, cpu[0]);
	} else if (calls[point] != call_unmap) {
		if (ramfs < 0)
			return "ramfs cannot be mounted here";
		memset(page, 0x5a, sizeof(page));
		file = openat(ramfs, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (pwrite(file, page, sizeof(page), 0) != sizeof(page))
			return "no file on the ramfs";
	}
	if (calls[point] == call_io_write && io_uring_queue_init(8, &ring, 0))
		return "io_uring cannot be used";
	while (has_helper && !started)
		pause_us(100);
	return NULL;
}

FIXTURE_SETUP(point)
{
	ASSERT_TRUE(open_session());
	self->skip = prepare_call(variant->point);
}

FIXTURE_TEARDOWN(point)
{
	stop = 1;
	if (has_helper) {
		if (pipe_fd[1])
			close(pipe_fd[1]);
		pthread_join(helper, NULL);
	}
	close(session);
}

/*
 * The delay is there with the knob, and not without. What a barrier does cannot be seen from here:
 * that it ran can, and that nothing is harmed.
 */
TEST_F(point, acts)
{
	const unsigned int point = variant->point;
	double none, with, after;
	unsigned int action;
	uint64_t counted;

	if (self->skip)
		SKIP(return, "%s: %s", module_point_names[point], self->skip);
	ASSERT_EQ(0, set_point(session, point, PBT_NONE, 0));
	none = shortest(calls[point], DELAY_US);
	ASSERT_LE(0, none);
	EXPECT_LE((uint64_t)TRIES, passed(session, point));

	ASSERT_EQ(0, set_point(session, point, PBT_UDELAY, DELAY_US));
	counted = passed(session, point);
	with = shortest(calls[point], 1e9);
	EXPECT_LE(counted + TRIES, passed(session, point));

	ASSERT_EQ(0, set_point(session, point, PBT_OFF, 0));
	after = shortest(calls[point], DELAY_US);

	ksft_print_msg("%s: %.0f us with the probe alone, %.0f with udelay:%u, %.0f without\n",
		       module_point_names[point], none, with, DELAY_US, after);
	EXPECT_GT(DELAY_US, none);
	EXPECT_LE(DELAY_US * SHORTEST, with);
	EXPECT_LE(0, after);
	EXPECT_GT(DELAY_US, after);

	for (action = PBT_MB; action < PBT_UDELAY; action++) {
		const bool supported = info.actions[point] & (1U << action);

		counted = passed(session, point);

		ASSERT_EQ(supported ? 0 : -EOPNOTSUPP, set_point(session, point, action, 0));
		if (!supported)
			continue;
		EXPECT_LE(0, calls[point]());
		EXPECT_LT(counted, passed(session, point)) {
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
	ASSERT_TRUE(open_session());
}

FIXTURE_TEARDOWN(notify)
{
	close(session);
}

static int event;
static atomic_int armed;	/* the spinner's poll number is in place */
static atomic_int seen;		/* ... and its completion has been seen */
static int spin_error;
static unsigned int spin_flags;
static int spin_cpu;

/* Waits for each completion by looking at the CQ ring alone: no system call brings it. */
static void *cq_spinner(void *arg)
{
	struct io_uring r;
	uint64_t value;
	unsigned int n;

	cpus_pin(0, spin_cpu);
	spin_error = io_uring_queue_init(8, &r, spin_flags);
	started = 1;
	for (n = 1; !spin_error && n <= DELIVERIES; n++) {
		io_uring_prep_poll_add(io_uring_get_sqe(&r), event, POLLIN);
		io_uring_submit(&r);
		armed = n;
		while (!io_uring_cq_ready(&r))
			;
		io_uring_cq_advance(&r, 1);
		if (read(event, &value, sizeof(value)) < 0)
			spin_error = -errno;
		seen = n;
	}
	if (!spin_error)
		io_uring_queue_exit(&r);
	return NULL;
}

TEST_F_TIMEOUT(notify, reaches_a_spinning_thread, 60)
{
	struct pbt_knobs knobs = { .notify = variant->mode, .plants = variant->plants };
	const uint64_t one = 1;
	struct pbt_counters c;
	long long before, kicks;
	pthread_t thread;
	unsigned int i;
	int cpu[2];

	if (!(info.notify & (1U << variant->mode)))
		SKIP(return, "this kernel has no TWA_SIGNAL_NO_IPI");
	if (variant->plants & ~info.plants)
		SKIP(return, "this kernel has no place for the fault");
	if (!two_cpus(cpu))
		SKIP(return, "the thread that spins needs a CPU of its own, there is one");
	if (ipis(cpu[1]) < 0)
		SKIP(return, "/proc/interrupts of this architecture does not tell IPIs");

	ASSERT_EQ(0, ioctl(session, PBT_SET_KNOBS, &knobs));
	event = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, event);
	spin_flags = variant->setup_flags;
	spin_cpu = cpu[1];
	cpus_pin(0, cpu[0]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, cq_spinner, NULL));
	while (!started)
		pause_us(1000);
	before = ipis(cpu[1]);
	for (i = 1; i <= DELIVERIES && !spin_error; i++) {
		while (armed < (int)i && !spin_error)
			sched_yield();
		pause_us(200);	/* it spins by now */
		if (!spin_error)
			ASSERT_EQ((ssize_t)sizeof(one), write(event, &one, sizeof(one)));
		while (seen < (int)i && !spin_error)
			sched_yield();
	}
	kicks = ipis(cpu[1]) - before;
	pthread_join(thread, NULL);
	if (spin_error == -EINVAL)
		SKIP(return, "this kernel does not have IORING_SETUP_COOP_TASKRUN");
	ASSERT_EQ(0, spin_error);

	ksft_print_msg("%u completions brought to a spinning thread by %lld IPIs\n", DELIVERIES,
		       kicks);
	if (variant->kicks) {
		/* a tick may be there first, and the IPI with the next one */
		EXPECT_LE((long long)DELIVERIES * 9 / 10, kicks);
	} else {
		/* some come for other reasons */
		EXPECT_GT((long long)DELIVERIES / 2, kicks);
	}
	ASSERT_EQ(0, ioctl(session, PBT_GET_COUNTERS, &c));
	for (i = 0; i < PBT_NR_PLANTS; i++) {
		const bool asked = variant->plants & (1U << i);

		EXPECT_EQ(asked, c.planted[i] >= DELIVERIES * 9ULL / 10);
	}
}

FIXTURE(session) { };

FIXTURE_SETUP(session)
{
	ASSERT_TRUE(open_session());
}

FIXTURE_TEARDOWN(session)
{
	close(session);
}

/* --- faults in what io-wq writes and reads */

#define TRANSFERS	64U
#define PIECE		16384
#define MARK(n)		(1 + (n) % 250)	/* the bytes of write n; 0 is no mark */

/* The file is two pieces of @mark; io-wq writes another mark to the first, or reads it. */
static int transfer(bool write, unsigned char mark, char *buf)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	static char both[2 * PIECE];
	struct io_uring_cqe *cqe;
	int ret;

	memset(both, mark, sizeof(both));
	if (pwrite(file, both, sizeof(both), 0) != sizeof(both))
		return -errno;
	memset(buf, mark + 1, PIECE);
	if (write)
		io_uring_prep_write(sqe, file, buf, PIECE, 0);
	else
		io_uring_prep_read(sqe, file, buf, PIECE, 0);
	sqe->flags |= IOSQE_ASYNC;
	ret = io_uring_submit_and_wait(&ring, 1);
	if (ret < 0)
		return ret;
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (!ret) {
		ret = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	return ret;
}

/* Whether a transfer is right, 0, or wrong as @plant says, 1, or in another way, -1. */
static int as_planted(unsigned int plant, unsigned char mark, const char *buf)
{
	const bool read = plant == PBT_PLANT_READ_SHORT;
	/* what the first piece is to be, and what it was */
	const char new = read ? mark : mark + 1, old = read ? mark + 1 : mark;
	char found[2 * PIECE], right[2 * PIECE], wrong[2 * PIECE];
	unsigned int i;

	if (pread(file, found, sizeof(found), 0) != sizeof(found))
		return -1;
	if (read)
		memcpy(found, buf, PIECE);
	memset(right, mark, sizeof(right));
	memset(right, new, PIECE);
	memcpy(wrong, right, sizeof(right));
	if (plant == PBT_PLANT_WRITE_SHORT || read)
		memset(wrong + PIECE - 16, old, 16);
	if (plant == PBT_PLANT_WRITE_DROPPED || plant == PBT_PLANT_WRITE_MISPLACED)
		memset(wrong, old, PIECE);
	if (plant == PBT_PLANT_WRITE_MISPLACED)
		memset(wrong + PIECE, new, PIECE);
	/* pages of the page cache */
	for (i = 0; plant == PBT_PLANT_WRITE_STALE && i < PIECE; i += 4096)
		memset(wrong + i, found[i] == old ? old : new, 4096);
	if (!memcmp(found, right, sizeof(found)))
		return 0;
	return memcmp(found, wrong, sizeof(found)) ? -1 : 1;
}

/* All of them say that they have done everything; so many are wrong, and in this way. */
TEST_F(session, planted_transfers_are_wrong_as_they_say)
{
	unsigned int plant, n, wrong[2];
	struct pbt_counters c;
	char buf[PIECE];

	if (ramfs < 0)
		SKIP(return, "ramfs cannot be mounted here");
	if (io_uring_queue_init(8, &ring, 0))
		SKIP(return, "io_uring cannot be used");
	file = openat(ramfs, "planted", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(0, ftruncate(file, 2 * PIECE));
	for (plant = PBT_PLANT_WRITE_SHORT; plant < PBT_NR_PLANTS; plant++) {
		struct pbt_knobs knobs = { .plants = 1U << plant };

		if (!(info.plants & knobs.plants)) {
			ksft_print_msg("%s: no place in this kernel\n", module_plant_names[plant]);
			continue;
		}
		memset(wrong, 0, sizeof(wrong));
		ASSERT_EQ(0, ioctl(session, PBT_SET_KNOBS, &knobs));
		for (n = 0; n < 2 * TRANSFERS; n++) {
			int found;

			/* with the knob, and then without */
			if (n == TRANSFERS) {
				ASSERT_EQ(0, ioctl(session, PBT_GET_COUNTERS, &c));
				EXPECT_EQ(wrong[0], c.planted[plant]);
				EXPECT_LE(TRANSFERS / 8, wrong[0]);
				knobs.plants = 0;
				ASSERT_EQ(0, ioctl(session, PBT_SET_KNOBS, &knobs));
			}
			ASSERT_EQ(PIECE, transfer(plant != PBT_PLANT_READ_SHORT, MARK(n), buf));
			found = as_planted(plant, MARK(n), buf);
			EXPECT_LE(0, found);
			wrong[n / TRANSFERS] += found;
		}
		EXPECT_EQ(0U, wrong[1]);
		ksft_print_msg("%s: %u of %u transfers wrong\n", module_plant_names[plant],
			       wrong[0], TRANSFERS);
	}
}

/* --- scope; the thermometer is munmap(2) with a delay in task_work_run() */

/* In a child: opens a session with that delay. Its fd, or ends the child. */
static int delayed_session(unsigned int ms)
{
	const char *why;
	const int fd = module_open(&why);

	if (fd < 0 || set_point(fd, PBT_TASK_WORK_RUN, PBT_UDELAY, ms * 1000))
		_exit(100);
	return fd;
}

/* Whether munmap(2) takes that long here: about @ms, up to 2.5 times that; 0 is less than 2 ms. */
static int delay_is(int ms)
{
	const double high = ms ? ms * 2500 : 2000, us = shortest(call_unmap, high);

	return us >= ms * 1000 * SHORTEST && us < high;
}

/* Runs @check in a child process; returns what it returned, or -1 if it did not. */
static int in_child(int (*check)(int), int arg)
{
	const pid_t pid = module_fork();
	int status;

	if (!pid)
		_exit(check(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void *delay_in_thread(void *ms)
{
	*(int *)ms = delay_is(*(int *)ms);
	return NULL;
}

static int scope_of_tree(int ms)
{
	int go[2], result[2], in_thread = ms, in_daemon = 0, status;
	pthread_t thread;
	pid_t early;
	char c;

	if (pipe(go) || pipe(result))
		return 1;
	/* forked before the session was opened */
	early = module_fork();
	if (!early)
		_exit(read(go[0], &c, 1) == 1 && delay_is(ms));
	delayed_session(ms);
	if (!delay_is(ms))
		return 2;
	if (pthread_create(&thread, NULL, delay_in_thread, &in_thread))
		return 1;
	pthread_join(thread, NULL);
	if (in_thread != 1)
		return 3;
	if (in_child(delay_is, ms) != 1)
		return 4;
	if (write(go[1], "", 1) != 1 || waitpid(early, &status, 0) != early || status != 1 << 8)
		return 5;
	/* a daemon: its parent is gone */
	if (!fork()) {
		setsid();
		if (!fork()) {
			while (getppid() == getsid(0))
				pause_us(1000);
			in_daemon = delay_is(ms);
			if (write(result[1], &in_daemon, sizeof(in_daemon)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	if (read(result[0], &in_daemon, sizeof(in_daemon)) < 0 || in_daemon != 1)
		return 6;
	return 0;
}

TEST_F(session, scope_is_the_process_tree)
{
	close(session);
	/* 2 own, 3 thread, 4 child, 5 child that was there before, 6 daemon */
	EXPECT_EQ(0, in_child(scope_of_tree, 5));
	EXPECT_TRUE(delay_is(0));
}

/* A process with a session of its own, which answers whether its delay is so many ms. */
static int hold_session(unsigned int ms)
{
	unsigned char expected;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		_exit(100);
	if (module_fork()) {
		close(pair[1]);
		return pair[0];
	}
	close(pair[0]);
	delayed_session(ms);
	while (read(pair[1], &expected, 1) == 1) {
		expected = delay_is(expected);
		if (write(pair[1], &expected, 1) != 1)
			break;
	}
	_exit(0);
}

static int holds(int holder, unsigned char ms)
{
	return write(holder, &ms, 1) == 1 && read(holder, &ms, 1) == 1 ? ms : -1;
}

static int end_holder(int holder)
{
	int status = -1;

	close(holder);
	wait(&status);
	return status;
}

/* Two at the same time, and neither for anybody else; each ends alone. */
TEST_F(session, sessions_do_not_disturb_each_other)
{
	int a, b;

	close(session);
	b = hold_session(10);
	a = hold_session(3);
	EXPECT_EQ(1, holds(a, 3));
	EXPECT_EQ(1, holds(b, 10));
	EXPECT_TRUE(delay_is(0));
	EXPECT_EQ(1, holds(a, 3));
	/* a holds b's socket as well: only the second may be ended by closing it */
	EXPECT_EQ(0, end_holder(a));
	EXPECT_EQ(1, holds(b, 10));
	EXPECT_EQ(0, end_holder(b));
	EXPECT_TRUE(delay_is(0));
}

static int nested(int ms)
{
	const int outer = delayed_session(ms), inner = delayed_session(10);

	if (!delay_is(10))
		return 1;
	if (set_point(inner, PBT_TASK_WORK_RUN, PBT_OFF, 0) || !delay_is(0))
		return 2;
	close(inner);
	if (!delay_is(ms))
		return 3;
	close(outer);
	return delay_is(0) ? 0 : 4;
}

TEST_F(session, the_innermost_counts_and_knobs_go_with_the_file)
{
	close(session);
	EXPECT_EQ(0, in_child(nested, 3));
}

/*
 * What descends from the opener is found while parents exit: each parent here does when it sees
 * itself in the session, and its child, which comes long after it in the list of all processes, is
 * another one's by then.
 */
#define PARENTS		16
#define BETWEEN		300	/* processes of the session */

/* Whether this process is in a session beside that of the test. */
static bool in_another(void)
{
	struct pbt_info own;

	return !ioctl(session, PBT_GET_INFO, &own) && own.outer;
}

static void parent_of_orphan(const int go[2], const int ready[2], const int answer[2])
{
	char c;

	close(go[1]);
	if (read(go[0], &c, 1) != 1)
		_exit(1);
	/* killed with the test by its end of the pipe: its parent is to go */
	if (!fork()) {
		if (read(go[0], &c, 1) == 1) {
			c = in_another();
			(void)!write(answer[1], &c, 1);
		}
		_exit(0);
	}
	(void)!write(ready[1], "", 1);
	while (!in_another())
		;
	_exit(0);
}

/* How many orphans of PARENTS are in the session, or 100. */
static int orphans_found(int between)
{
	int go[PARENTS][2], ready[2], answer[2], i, fd, found = 0;
	const char *why;
	char c;

	/* a zombie is not one that is missed */
	signal(SIGCHLD, SIG_IGN);
	if (pipe(ready) || pipe(answer))
		return 100;
	for (i = 0; i < PARENTS; i++) {
		if (pipe(go[i]))
			return 100;
		if (!module_fork())
			parent_of_orphan(go[i], ready, answer);
	}
	for (i = 0; i < between; i++)
		if (!module_fork())
			for (;;)
				pause();
	for (i = 0; i < PARENTS; i++) {
		if (write(go[i][1], "", 1) != 1 || read(ready[0], &c, 1) != 1)
			return 100;
		fd = module_open(&why);
		if (fd < 0 || write(go[i][1], "", 1) != 1 || read(answer[0], &c, 1) != 1)
			return 100;
		found += c;
		close(fd);
	}
	return found;
}

TEST_F_TIMEOUT(session, orphans_of_the_walk_are_found, 120)
{
	if (one_cpu())
		SKIP(return, "%s", one_cpu());
	EXPECT_EQ(PARENTS, in_child(orphans_found, BETWEEN));
}

/* What the holder of a session is at when it is killed. */
enum state {
	IDLE,
	SETTING_KNOBS,
	IN_A_DELAY,
	FORKING,
	OPENING,
	NR_STATES
};

static void hold_until_killed(enum state state, int ready)
{
	int fd = delayed_session(4);
	const char *why;

	if (write(ready, "", 1) != 1)
		_exit(1);
	switch (state) {
	case SETTING_KNOBS:
		for (;;) {
			set_point(fd, PBT_FILEMAP_READ_EXIT, PBT_MB, 0);
			set_point(fd, PBT_TASK_WORK_RUN, PBT_UDELAY, 2000);
		}
	case IN_A_DELAY:
		for (;;)
			call_unmap();
	case FORKING:
		for (;;) {
			if (!fork())
				_exit(0);
			wait(NULL);
		}
	case OPENING:
		for (;;)
			close(module_open(&why));
	default:
		break;
	}
	for (;;)
		pause();
}

/* Its knobs are gone, its process is, and the module can be used as before. */
TEST_F(session, killed_in_every_state)
{
	unsigned int state, round;

	close(session);
	for (state = 0; state < NR_STATES; state++) {
		for (round = 0; round < 5; round++) {
			int survivor[2], clean = -1, status;
			pid_t pid;
			char c;

			ASSERT_EQ(0, pipe(survivor));
			pid = module_fork();
			if (!pid) {
				/* one of the session that outlives its holder */
				const pid_t holder = getpid();

				if (!fork()) {
					close(survivor[0]);
					prctl(PR_SET_NAME, "survivor");
					while (getppid() == holder)
						pause_us(1000);
					/* the file is closed while the holder exits */
					pause_us(50000);
					clean = delay_is(0);
					_exit(write(survivor[1], &clean, sizeof(clean)) < 0);
				}
				hold_until_killed(state, survivor[1]);
			}
			close(survivor[1]);
			/* the session is open */
			ASSERT_EQ(1, read(survivor[0], &c, 1));
			pause_us(20000 + round * 7000);
			kill(pid, SIGKILL);
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
			ASSERT_TRUE(WIFSIGNALED(status)) {
				TH_LOG("state %u: the holder ended by itself, %x", state, status);
			}
			ASSERT_LT(0, read(survivor[0], &clean, sizeof(clean)));
			EXPECT_EQ(1, clean) {
				TH_LOG("state %u: still delayed after SIGKILL", state);
			}
			EXPECT_EQ(0, read(survivor[0], &c, 1));
			close(survivor[0]);
		}
	}
	EXPECT_TRUE(open_session());
	ksft_print_msg("%u states, %u times each\n", NR_STATES, 5);
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

/*
 * The probes of a file that lists them; 0 where there is no such file. Not the kernel's own, an
 * optimised probe of their trampoline that kretprobes leave, nor those that are without effect.
 */
static unsigned int lines(const char *path)
{
	unsigned int nr = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		nr += !strstr(line, "trampoline") && !strstr(line, "[DISABLED]");
	fclose(f);
	return nr;
}

/* By kprobes, or by ftrace, or in both lists: a kprobe at a function's entry may use ftrace. */
static unsigned int probes_listed(void)
{
	return lines("/sys/kernel/debug/kprobes/list") +
	       lines("/sys/kernel/tracing/enabled_functions");
}

TEST_F(session, probes_only_while_wanted)
{
	unsigned int before, open, armed;
	int err;

	close(session);
	if (access("/sys/kernel/debug/kprobes/list", R_OK) ||
	    access("/sys/kernel/tracing/enabled_functions", R_OK))
		SKIP(return, "debugfs or tracefs is not mounted, or lists no probes");
	before = probes_listed();
	ASSERT_TRUE(open_session());
	open = probes_listed();
	err = set_point(session, PBT_TRY_TO_WAKE_UP, PBT_NONE, 0);
	if (err == -EOPNOTSUPP)
		SKIP(return, "this kernel cannot probe try_to_wake_up");
	ASSERT_EQ(0, err);
	armed = probes_listed();
	ASSERT_EQ(0, set_point(session, PBT_TRY_TO_WAKE_UP, PBT_OFF, 0));
	EXPECT_EQ(open, probes_listed());
	close(session);
	ksft_print_msg("probes: %u without a session, %u with, %u with a knob\n", before, open,
		       armed);
	EXPECT_EQ(before, probes_listed());
	EXPECT_EQ(before, open);
	EXPECT_LT(open, armed);
}

/* How many of the calls fail for who has no capability: open(2) with @error, and each ioctl. */
static int refused_to_nobody(int error)
{
	static const unsigned int cmds[] = {
		PBT_GET_INFO, PBT_SET_KNOBS, PBT_GET_COUNTERS, PBT_WRITE, PBT_LITMUS,
	};
	static char arg[4096];
	unsigned int i, refused;

	if (setgid(65534) || setuid(65534))
		return 100;
	refused = open(PBT_DEVICE, O_RDWR) < 0 && errno == error;
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		refused += ioctl(session, cmds[i], arg) == -1 && errno == EPERM;
	return refused;
}

/* Not even with a node that all may open, nor by a session that was handed on. */
TEST_F(session, root_only)
{
	struct stat st;

	EXPECT_EQ(6, in_child(refused_to_nobody, EACCES));
	ASSERT_EQ(0, stat(PBT_DEVICE, &st));
	EXPECT_EQ(0600U, st.st_mode & 07777);
	ASSERT_EQ(0, chmod(PBT_DEVICE, 0666));
	EXPECT_EQ(6, in_child(refused_to_nobody, EPERM));
	ASSERT_EQ(0, chmod(PBT_DEVICE, st.st_mode & 07777));
}

/* --- io-wq's workers */

#define REQUESTS	4	/* a worker each: io-wq has 4 for each CPU at least */
#define WORKERS_MS	5000	/* until they are there */
#define STEADY_MS	200	/* and until no more will come */

/* What workers_on() returns beside numbers of workers, those below 10. */
enum {
	NO_RING = 100,
	NOT_WITH_CREATOR,	/* none is on its creator's CPU */
};

/*
 * Threads of this process that are workers, up to 9; *@pinned of them may use one CPU alone, *@on
 * of these that @cpu.
 */
static int count_workers(int cpu, int *pinned, int *on)
{
	DIR *dir = opendir("/proc/self/task");
	char name[300], comm[32];
	struct dirent *entry;
	cpu_set_t *set;
	size_t size;
	int nr = 0;
	FILE *f;

	*pinned = 0;
	*on = 0;
	while (dir && (entry = readdir(dir)) && nr < 9) {
		snprintf(name, sizeof(name), "/proc/self/task/%s/comm", entry->d_name);
		f = fopen(name, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strncmp(comm, "iou-wrk-", 8)) {
			nr++;
			set = cpus_allowed(atoi(entry->d_name), &size);
			if (set && CPU_COUNT_S(size, set) == 1) {
				(*pinned)++;
				*on += !!CPU_ISSET_S(cpu, size, set);
			}
			free(set);
		}
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return nr;
}

/*
 * How many workers REQUESTS get that open a FIFO, which waits for a writer, plus 10 times those
 * that may use one CPU alone. @expected workers are waited for. In a process of its own, as the
 * number of workers is settled with a thread's first request. It may use all CPUs when it submits:
 * since 6.2 a worker never gets more than its creator has asked for.
 */
static int workers_on(int expected)
{
	int nr = 0, pinned = 0, on = 0, cpu, before, writer;
	unsigned int i, ms, steady = 0;
	struct io_uring_cqe *cqe;
	struct io_uring r;

	if ((mknodat(ramfs, "fifo", S_IFIFO | 0600, 0) && errno != EEXIST) ||
	    io_uring_queue_init(REQUESTS, &r, 0))
		return NO_RING;
	for (i = 0; i < REQUESTS; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&r);

		io_uring_prep_openat(sqe, ramfs, "fifo", O_RDONLY | O_CLOEXEC, 0);
		sqe->flags |= IOSQE_ASYNC;
	}
	cpu = sched_getcpu();
	if (io_uring_submit(&r) != REQUESTS)
		return NO_RING;
	if (sched_getcpu() != cpu)
		cpu = -1;	/* it was moved, who knows when */
	for (ms = 0; ms < WORKERS_MS && steady < STEADY_MS; ms += 10) {
		before = nr;
		pause_us(10000);
		nr = count_workers(cpu < 0 ? 0 : cpu, &pinned, &on);
		steady = nr >= expected && nr == before ? steady + 10 : 0;
	}
	/* with it all of them open it */
	writer = openat(ramfs, "fifo", O_RDWR | O_CLOEXEC);
	for (i = 0; writer >= 0 && i < REQUESTS; i++) {
		if (io_uring_wait_cqe(&r, &cqe) || cqe->res < 0)
			return NO_RING;
		io_uring_cqe_seen(&r, cqe);
	}
	/* more of them than one may come later, and then from wherever their creator is */
	if (pinned && cpu >= 0 && !on)
		return NOT_WITH_CREATOR;
	return nr + 10 * pinned;
}

static int workers_with(unsigned int workers, unsigned int flags, int expected)
{
	struct pbt_knobs knobs = { .workers = workers, .flags = flags };

	return ioctl(session, PBT_SET_KNOBS, &knobs) ? -1 : in_child(workers_on, expected);
}

TEST_F_TIMEOUT(session, workers_limited_and_pinned, 120)
{
	struct pbt_counters c;
	uint64_t limited;
	int free;

	if (!info.workers_max || !(info.flags & PBT_PIN_WORKERS))
		SKIP(return, "this kernel has no such function to probe");
	if (ramfs < 0)
		SKIP(return, "ramfs cannot be mounted here");
	free = workers_with(0, 0, REQUESTS);
	if (free == NO_RING)
		SKIP(return, "io_uring cannot be used");
	EXPECT_EQ(REQUESTS, free % 10);
	EXPECT_EQ(1, workers_with(1, 0, 1) % 10);
	EXPECT_EQ(2, workers_with(2, 0, 2) % 10);
	/* more than it would have had */
	EXPECT_EQ(free, workers_with(PBT_WORKERS_MAX, 0, REQUESTS));
	ASSERT_EQ(0, ioctl(session, PBT_GET_COUNTERS, &c));
	limited = c.limited;

	if (free == 11 * REQUESTS)
		SKIP(return, "workers have but one CPU here, pinned or not");
	EXPECT_EQ(REQUESTS, free);
	EXPECT_EQ(11 * REQUESTS, workers_with(0, PBT_PIN_WORKERS, REQUESTS));
	EXPECT_EQ(11, workers_with(1, PBT_PIN_WORKERS, 1));
	ASSERT_EQ(0, ioctl(session, PBT_GET_COUNTERS, &c));
	EXPECT_EQ(REQUESTS + 1ULL, c.pinned);
	EXPECT_EQ(limited + 1, c.limited);
}

/* --- what makes no sense */

#define FAILS(error, cmd, arg) do {			\
		EXPECT_EQ(-1, ioctl(session, cmd, arg));	\
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
	if (!(info.plants & (1U << PBT_PLANT_FP)))
		KNOBS(EOPNOTSUPP, k.plants = 1U << PBT_PLANT_FP);
	FAILS(EFAULT, PBT_SET_KNOBS, NULL);
	FAILS(EFAULT, PBT_GET_COUNTERS, (void *)-4096L);
	FAILS(ENOTTY, _IO('b', 99), &k);
	FAILS(ENOTTY, _IOW('b', 1, int), &k);
	EXPECT_EQ(0, ioctl(session, PBT_SET_KNOBS, &good));
	EXPECT_EQ(0, ioctl(session, PBT_GET_COUNTERS, &c));
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
	if (one_cpu())
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
		EXPECT_EQ(0, ioctl(session, PBT_LITMUS, &k));
		EXPECT_LT(0ULL, k.iterations);
	}
}

/* A signal ends it, whatever it is doing. */
TEST_F_TIMEOUT(session, litmus_and_signal, 120)
{
	static const struct itimerval soon = { .it_value.tv_usec = 100000 };
	const struct sigaction act = { .sa_handler = on_kick };
	struct pbt_litmus l;
	double start, longest = 0;
	unsigned int edge;

	if (one_cpu())
		SKIP(return, "%s", one_cpu());
	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	for (edge = 0; edge < PBT_EDGE_TASK_WORK_RESUME; edge++) {
		if (!(info.edges & (1U << edge)))
			continue;
		memset(&l, 0, sizeof(l));
		l.edge = edge;
		l.cpu[1] = 1;
		l.msecs = PBT_LITMUS_MSECS_MAX;
		start = now_us();
		setitimer(ITIMER_REAL, &soon, NULL);
		if (ioctl(session, PBT_LITMUS, &l))
			EXPECT_EQ(EINTR, errno);
		if (now_us() - start > longest)
			longest = now_us() - start;
	}
	EXPECT_GT(5e6, longest);
	signal(SIGALRM, SIG_DFL);
	TH_LOG("ended %.0f ms after its start, 100 of them before the signal", longest / 1e3);
}

#define LITMUS_CALLERS	200
#define LITMUS_MB	25	/* that they may take together; a run takes half a MiB */

static atomic_int waiting, go;

static void *litmus_caller(void *cpu)
{
	struct pbt_litmus l = {
		.edge = PBT_EDGE_MEMORY_SB, .msecs = PBT_LITMUS_MSECS_MAX,
		.cpu = { ((int *)cpu)[0], ((int *)cpu)[1] },
	};

	waiting++;
	while (!go)
		pause_us(1000);
	ioctl(session, PBT_LITMUS, &l);
	waiting--;
	return NULL;
}

static long free_mib(void)
{
	struct sysinfo si;

	return sysinfo(&si) ? 0 : (unsigned long long)si.freeram * si.mem_unit >> 20;
}

/* The MiB that calls take while one of them runs, up to 99; 100 if they do not. */
static int litmus_memory(int callers)
{
	pthread_t thread;
	int i, before, taken, cpu[2];

	if (!two_cpus(cpu))
		return 100;
	for (i = 0; i < callers; i++)
		if (pthread_create(&thread, NULL, litmus_caller, cpu))
			return 100;
	while (waiting < callers)
		pause_us(1000);
	before = free_mib();
	go = 1;
	pause_us(500000);
	taken = before - free_mib();
	if (waiting < callers)
		return 100;
	return taken < 0 ? 0 : taken > 99 ? 99 : taken;
}

/* Other processes take and give memory, too: the least of a few tries counts. */
TEST_F_TIMEOUT(session, litmus_callers_take_no_memory, 120)
{
	int i, taken, least = 100;

	if (one_cpu())
		SKIP(return, "%s", one_cpu());
	for (i = 0; i < 5 && least >= LITMUS_MB; i++) {
		taken = in_child(litmus_memory, LITMUS_CALLERS);
		ASSERT_TRUE(taken >= 0 && taken < 100);
		least = taken < least ? taken : least;
	}
	EXPECT_GT(LITMUS_MB, least);
	ksft_print_msg("%u callers took %d MiB, one of them ran\n", LITMUS_CALLERS, least);
}

#define VFORK_SECONDS	4

static void *in_vfork(void *arg)
{
	pid_t child;

	other = syscall(SYS_gettid);
	started = 1;
	child = vfork();
	if (!child) {
		sleep(VFORK_SECONDS);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return NULL;
}

/* task_work for a thread that cannot run it now stays with the thread; the call does not wait. */
TEST_F_TIMEOUT(session, litmus_receiver_that_waits, 120)
{
	struct pbt_litmus l = {
		.edge = PBT_EDGE_TASK_WORK_SIGNAL, .cpu = { 0, 1 }, .msecs = 50,
	};
	pthread_t thread;
	double start;

	if (one_cpu())
		SKIP(return, "%s", one_cpu());
	ASSERT_EQ(0, pthread_create(&thread, NULL, in_vfork, NULL));
	while (!started)
		usleep(1000);
	usleep(100000);
	l.receiver = other;
	start = now_us();
	EXPECT_EQ(0, ioctl(session, PBT_LITMUS, &l));
	EXPECT_EQ(0ULL, l.iterations);
	EXPECT_GT(VFORK_SECONDS * 1e6 - 1e6, now_us() - start);
	TH_LOG("returned after %.0f ms", (now_us() - start) / 1e3);
	/* one that has ended is nobody's receiver */
	pthread_join(thread, NULL);
	EXPECT_EQ(-1, ioctl(session, PBT_LITMUS, &l));
	EXPECT_EQ(ESRCH, errno);
}

static uint64_t random_state = 88172645463325252ULL;

static uint32_t rnd(uint32_t below)
{
	/* xorshift64: Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003) */
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % below;
}

static uint32_t odd_number(void)
{
	static const uint32_t odd[] = { 0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 10000, 10001 };

	return rnd(2) ? odd[rnd(8)] : random_state >> 32;
}

#define FUZZ_CALLS	20000
#define FUZZ_MS		10000	/* and no longer, unless a number is asked for */

union fuzzed {
	struct pbt_knobs knobs;
	struct pbt_write write;
	struct pbt_litmus litmus;
	uint32_t words[sizeof(struct pbt_counters) / 4];
};

/* An argument of @cmd that makes some sense; a file at @fd, memory of @size bytes at @buf. */
static void fuzz(union fuzzed *u, unsigned int cmd, int fd, char *buf, size_t size)
{
	struct pbt_knobs *k = &u->knobs;
	unsigned int i;

	memset(u, 0, sizeof(*u));
	if (cmd == PBT_SET_KNOBS) {
		k->notify = rnd(4);
		for (i = 0; i < PBT_NR_POINTS; i++)
			k->point[i].action = rnd(4) ? PBT_OFF : rnd(PBT_NR_ACTIONS + 1);
		k->flags = rnd(5);
		k->workers = rnd(4) ? 0 : odd_number();
		k->plants = rnd(4) ? 0 : rnd(1U << PBT_NR_PLANTS);
	} else if (cmd == PBT_WRITE) {
		const int fds[] = { 0, -1, session, ramfs, 99999 };

		u->write.fd = rnd(2) ? fd : fds[rnd(ARRAY_SIZE(fds))];
		u->write.buf = rnd(4) ? (uintptr_t)buf + rnd(size) : odd_number();
		u->write.len = rnd(4) ? rnd(2 * size) : (uint64_t)odd_number() << rnd(32);
		u->write.pos = rnd(2) ? rnd(1 << 20) : (int64_t)odd_number() << rnd(32);
		u->write.reserved = !rnd(8);
	} else if (cmd == PBT_LITMUS) {
		u->litmus.edge = rnd(PBT_NR_EDGES + 1);
		u->litmus.form = rnd(PBT_NR_FORMS + 1);
		u->litmus.cpu[0] = rnd(4) ? 0 : rnd(3);
		u->litmus.cpu[1] = rnd(4) ? 1 : rnd(3);
		u->litmus.receiver = rnd(4) ? 0 : (int)odd_number();
	}
	for (i = rnd(100) ? 0 : sizeof(*u) / 4; i; i--)
		u->words[i - 1] = odd_number();
	if (!rnd(4))
		u->words[rnd(sizeof(*u) / 4)] = odd_number();
	/* to arm and disarm takes milliseconds: most knobs are wrong in some place */
	if (cmd == PBT_SET_KNOBS && rnd(64))
		u->words[rnd(sizeof(*k) / 4)] = 0x10000 + rnd(1000);
	/* so does a run: most lack their time */
	if (cmd == PBT_LITMUS)
		u->litmus.msecs = rnd(64) ? 0 : rnd(4);
	/* a delay of this loop's own would only make it long */
	for (i = 0; cmd == PBT_SET_KNOBS && i < PBT_NR_POINTS; i++)
		if (k->point[i].action == PBT_UDELAY)
			k->point[i].usecs %= 100;
}

/*
 * Random commands, numbers and pointers; $IO_URING_COHERENCY_FUZZ says how many calls. What it
 * writes goes to a file of its own, standard output to /dev/null. That the module survives is the
 * result; that the kernel has no complaint is for whoever reads its log.
 */
TEST_F_TIMEOUT(session, fuzz, 3600)
{
	static const unsigned int cmds[] = {
		PBT_GET_INFO, PBT_SET_KNOBS, PBT_GET_COUNTERS, PBT_WRITE, PBT_LITMUS,
	};
	const char *asked = getenv("IO_URING_COHERENCY_FUZZ"), *why;
	const uint64_t max = asked ? strtoull(asked, NULL, 10) : FUZZ_CALLS;
	const long size = sysconf(_SC_PAGESIZE);
	unsigned long long n, succeeded = 0;
	struct pbt_knobs none = { 0 };
	const double start = now_us();
	int i, null, written, saved[3];
	char *guarded;
	union fuzzed u;

	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	written = memfd_create("written", MFD_CLOEXEC);
	ASSERT_TRUE(null >= 0 && written >= 0);
	/* a page to write to, one to read, and none */
	guarded = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, guarded);
	ASSERT_EQ(0, mprotect(guarded + size, size, PROT_READ));
	ASSERT_EQ(0, munmap(guarded + 2 * size, size));
	for (i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 1000);
		dup2(null, i);
	}
	for (n = 0; n < max && (asked || now_us() - start < FUZZ_MS * 1e3); n++) {
		/* of what can be written, of what can be read, of memory as a whole */
		const uintptr_t ends[] = {
			(uintptr_t)guarded + size, (uintptr_t)guarded + 2 * size, 0,
			(uintptr_t)guarded + 2 + sizeof(u),
		};
		unsigned long cmd = cmds[rnd(ARRAY_SIZE(cmds))], arg = (unsigned long)&u;

		fuzz(&u, cmd, written, guarded, 2 * size);
		if (!rnd(10))
			cmd ^= 1U << rnd(32);
		memcpy(guarded + 2, &u, sizeof(u));
		if (!rnd(5))
			arg = ends[rnd(ARRAY_SIZE(ends))] - rnd(sizeof(u) + 1);
		if (ioctl(session, cmd, arg) >= 0)
			succeeded++;
		/* a page of it may have 64 KiB */
		if (!(n % 64) && ftruncate(written, 0))
			break;
		/* opened and closed meanwhile, too */
		if (!rnd(2000)) {
			const int fd = module_open(&why);

			if (fd < 0)
				break;
			close(session);
			session = fd;
		}
	}
	for (i = 0; i < 3; i++)
		dup2(saved[i], i);
	EXPECT_EQ(0, ioctl(session, PBT_SET_KNOBS, &none));
	EXPECT_TRUE(delay_is(0));
	ksft_print_msg("%llu calls in %.1f s, %llu succeeded\n", n, (now_us() - start) / 1e6,
		       succeeded);
	EXPECT_LT(0ULL, succeeded);
	if (asked)
		EXPECT_EQ(max, n);
}

/*
 * A directory on a ramfs that has no place in any file system: nobody else sees it, and it is gone
 * with the last file that is open there. Or -1.
 */
static int ramfs_get(void)
{
	char at[] = "/tmp/module_knobs.XXXXXX";
	int fd = -1;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(at))
		return -1;
	if (!mount("module_knobs", at, "ramfs", 0, NULL)) {
		fd = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		umount2(at, MNT_DETACH);
	}
	rmdir(at);
	return fd;
}

/* Harness and program share the name main(). */
#define main harness_main
TEST_HARNESS_MAIN
#undef main

int main(int argc, char **argv)
{
	ramfs = ramfs_get();
	return module_tests(harness_main, argc, argv);
}
