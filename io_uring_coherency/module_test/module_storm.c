// SPDX-License-Identifier: GPL-2.0
/*
 * module_storm: what could crash a kernel through the module ppc_barrier_test, one thing by each
 * command; for guests that nobody needs. That the kernel lives and has no complaint is for whoever
 * reads its log.
 *
 *	toggle SECONDS FILE	the exits of functions are probed and left alone again, while
 *				threads of the session and of nobody's read and write FILE, and
 *				wake each other
 *	sleep FILE DIRECTORY	a thread sleeps in filemap_read(), whose exit was probed, while
 *				that session changes its knobs, or ends and another one begins, or
 *				the module goes, if it can, and is loaded again. DIRECTORY is on a
 *				file system that can be frozen, FILE is not.
 *	wake WAITERS USECS	so many threads are woken by one call with interrupts off, each with
 *				a delay: tells how long it took
 *	signal PROCESSES USECS	so many processes are woken by one signal, which holds tasklist_lock
 *	miss			probes are hit inside of others, in two sessions
 *
 * Exit codes: 0 done, 1 the module did not do what it says, 4 it cannot be had, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "compiler.h"
#include "module.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

enum { DONE, WRONG, USAGE, SKIP = 4 };

#define THREADS		4	/* of the session, and of nobody's */
#define CHUNK		4096
#define STACK		(128 * 1024)

static const char usage[] =
	"usage: module_storm toggle SECONDS FILE\n"
	"       module_storm sleep FILE DIRECTORY\n"
	"       module_storm wake WAITERS USECS\n"
	"       module_storm signal PROCESSES USECS\n"
	"       module_storm miss\n";

static void __noreturn __printf(2, 3)
end(int code, const char *fmt, ...)
{
	va_list ap;

	printf("module_storm: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(code);
}

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int open_session(void)
{
	const char *why;
	const int fd = module_open(&why);

	if (fd < 0)
		end(SKIP, "%s", why);
	return fd;
}

static void set_knobs(int session, const struct pbt_knobs *knobs)
{
	if (ioctl(session, PBT_SET_KNOBS, knobs))
		end(errno == EOPNOTSUPP ? SKIP : WRONG, "%s", module_why_not_set(errno));
}

static struct pbt_counters counters_of(int session)
{
	struct pbt_counters c;

	if (ioctl(session, PBT_GET_COUNTERS, &c))
		end(WRONG, "PBT_GET_COUNTERS: %s", strerror(errno));
	return c;
}

static pthread_t thread(void *(*function)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (pthread_create(&t, &attr, function, arg))
		end(SKIP, "not enough threads");
	return t;
}

/* The exit code of a child, 1 if it was killed. */
static int await(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

/* --- toggle */

static const char *file;
static atomic_int stop;

static void *read_and_write(void *arg)
{
	const int fd = open(file, O_RDWR | O_CLOEXEC);
	char chunk[CHUNK] = "";
	unsigned int n;

	(void)arg;
	for (n = 0; !stop; n++)
		if (n % 16 ? pread(fd, chunk, 1 + n % CHUNK, 0) < 1 :
			     pwrite(fd, chunk, CHUNK, CHUNK) != CHUNK)
			end(WRONG, "%s: %s", file, strerror(errno));
	close(fd);
	return NULL;
}

static void *pass_on(void *arg)
{
	const int *pipes = arg;
	char c;

	while (read(pipes[0], &c, 1) == 1 && !stop)
		if (write(pipes[1], &c, 1) != 1)
			break;
	return NULL;
}

/* Threads that pass all the points, until the process is killed. */
static void passing(void)
{
	static int a[2], b[2];
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		thread(read_and_write, NULL);
	if (pipe2(a, O_CLOEXEC) || pipe2(b, O_CLOEXEC) || write(a[1], "", 1) != 1)
		end(SKIP, "no pipes");
	thread(pass_on, (int[]) { a[0], b[1] });
	thread(pass_on, (int[]) { b[0], a[1] });
	for (;;)
		pause();
}

static const unsigned int toggled[] = {
	PBT_FILEMAP_READ_EXIT, PBT_PERFORM_WRITE_EXIT, PBT_TRY_TO_WAKE_UP_EXIT,
	PBT_KICK_PROCESS_EXIT, PBT_FILEMAP_READ, PBT_TRY_TO_WAKE_UP,
};

static int toggle_session(double seconds)
{
	const int session = open_session();
	const double start = seconds_now();
	struct pbt_knobs knobs = { 0 };
	struct pbt_counters c;
	unsigned long n;
	unsigned int i;
	pid_t members;

	members = module_fork();
	if (!members)
		passing();
	for (n = 0; seconds_now() - start < seconds; n++) {
		/* each of them comes and goes beside any set of the others */
		for (i = 0; i < ARRAY_SIZE(toggled); i++)
			knobs.point[toggled[i]].action = n * (2 * i + 1) >> i & 1 ? PBT_NONE : 0;
		set_knobs(session, &knobs);
	}
	c = counters_of(session);
	kill(members, SIGKILL);
	await(members);
	printf("%lu changes of knobs, %llu reads, %llu writes, %llu wake-ups at their exits\n", n,
	       (unsigned long long)c.point[PBT_FILEMAP_READ_EXIT],
	       (unsigned long long)c.point[PBT_PERFORM_WRITE_EXIT],
	       (unsigned long long)c.point[PBT_TRY_TO_WAKE_UP_EXIT]);
	return c.point[PBT_FILEMAP_READ_EXIT] && c.point[PBT_TRY_TO_WAKE_UP_EXIT] ? DONE : WRONG;
}

static int toggle(double seconds)
{
	const int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	static const char chunk[2 * CHUNK];
	pid_t bystanders, session;
	int code;

	if (fd < 0 || write(fd, chunk, sizeof(chunk)) != sizeof(chunk))
		end(SKIP, "%s: %s", file, strerror(errno));
	bystanders = module_fork();
	if (!bystanders)
		passing();
	session = module_fork();
	if (!session)
		exit(toggle_session(seconds));
	code = await(session);
	kill(bystanders, SIGKILL);
	await(bystanders);
	return code;
}

/* --- sleep */

static char *destination;	/* in the frozen file system: to write there is to sleep */

/* In a process of its own: to fork() means to wait for who sleeps in a fault of the same memory. */
static pid_t read_there(int session)
{
	const pid_t pid = module_fork();

	if (!pid) {
		/* it ends without us */
		close(session);
		_exit(pread(open(file, O_RDONLY), destination, CHUNK, 0) != CHUNK);
	}
	return pid;
}

static void knobs_at(int session, const unsigned int *points, unsigned int nr)
{
	struct pbt_knobs knobs = { 0 };
	unsigned int i;

	for (i = 0; i < nr; i++)
		knobs.point[points[i]].action = PBT_NONE;
	set_knobs(session, &knobs);
}

static unsigned int unloaded;

/* What is armed while the sleeper sleeps, and what then. */
static void sleep_round(unsigned int round, const char *dir)
{
	static const unsigned int exits[] = { PBT_FILEMAP_READ_EXIT, PBT_TRY_TO_WAKE_UP_EXIT };
	static const unsigned int entries[] = {
		PBT_KICK_PROCESS, PBT_IO_WRITE, PBT_TASK_WORK_RUN, PBT_PERFORM_WRITE,
		PBT_FILEMAP_READ, PBT_TRY_TO_WAKE_UP_EXIT,
	};
	const bool another = round % 2, again = round % 4 == 1, both = round % 8 < 4;
	int session = open_session(), fs;
	uint64_t passed;
	pid_t sleeper;

	knobs_at(session, exits, 1 + both);
	fs = open(dir, O_RDONLY | O_CLOEXEC);
	if (ioctl(fs, FIFREEZE, 0))
		end(SKIP, "%s cannot be frozen: %s", dir, strerror(errno));
	sleeper = read_there(session);
	usleep(200000);
	passed = counters_of(session).point[PBT_FILEMAP_READ_EXIT];
	/* nothing of it is wanted any more */
	knobs_at(session, exits + 1, both);
	if (another) {
		close(session);
		if (again && !syscall(SYS_delete_module, "ppc_barrier_test", O_NONBLOCK))
			unloaded++;
		session = open_session();
	}
	knobs_at(session, entries, ARRAY_SIZE(entries));
	ioctl(fs, FITHAW, 0);
	if (await(sleeper))
		end(WRONG, "round %u: the read failed", round);
	if (!another && counters_of(session).point[PBT_FILEMAP_READ_EXIT] != passed)
		end(WRONG, "round %u: an exit counts that is off", round);
	close(session);
	close(fs);
}

static int sleep_in(const char *dir, unsigned int rounds)
{
	const long page = sysconf(_SC_PAGESIZE);
	char name[4096], chunk[CHUNK] = "";
	unsigned int i;
	int fd;

	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, chunk, sizeof(chunk)) != sizeof(chunk))
		end(SKIP, "%s: %s", file, strerror(errno));
	snprintf(name, sizeof(name), "%s/module_storm", dir);
	for (i = 0; i < rounds; i++) {
		fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, page))
			end(SKIP, "%s: %s", name, strerror(errno));
		destination = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		/* it is there to be read: a write has to ask the file system */
		if (destination == MAP_FAILED || __atomic_load_n(destination, __ATOMIC_RELAXED))
			end(SKIP, "%s: %s", name, strerror(errno));
		sleep_round(i, dir);
		munmap(destination, page);
		close(fd);
	}
	printf("%u reads slept in a function whose exit was probed, the module went in %u\n",
	       rounds, unloaded);
	return DONE;
}

/* --- wake */

static int event;
static atomic_uint waiting;

static void *wait_for_event(void *arg)
{
	struct pollfd p = { .fd = event, .events = POLLIN };

	waiting++;
	poll(&p, 1, -1);
	return arg;
}

static void delay_wake_ups(int session, struct pbt_knobs *knobs, unsigned int usecs)
{
	knobs->point[PBT_TRY_TO_WAKE_UP].action = PBT_UDELAY;
	knobs->point[PBT_TRY_TO_WAKE_UP].usecs = usecs;
	set_knobs(session, knobs);
}

static int wake(unsigned int waiters, unsigned int usecs)
{
	struct pbt_knobs knobs = { 0 };
	const int session = open_session();
	const uint64_t one = 1;
	struct pbt_counters c;
	unsigned int i;
	double start;

	event = eventfd(0, EFD_CLOEXEC);
	for (i = 0; i < waiters; i++)
		thread(wait_for_event, NULL);
	while (waiting < waiters)
		usleep(1000);
	usleep(500000);
	delay_wake_ups(session, &knobs, usecs);
	start = seconds_now();
	if (write(event, &one, sizeof(one)) != sizeof(one))
		end(WRONG, "write: %s", strerror(errno));
	start = seconds_now() - start;
	c = counters_of(session);
	printf("%u threads woken with a delay of %u us each in %.0f ms, %llu delays cut\n", waiters,
	       usecs, start * 1e3, (unsigned long long)c.cut);
	fflush(stdout);
	_exit(c.point[PBT_TRY_TO_WAKE_UP] < waiters ? WRONG : DONE);
}

static int signal_group(unsigned int processes, unsigned int usecs)
{
	struct pbt_knobs knobs = { 0 };
	const int session = open_session();
	const pid_t group = module_fork();
	struct pbt_counters c;
	unsigned int i;
	double start;

	if (!group) {
		setpgid(0, 0);
		for (i = 1; i < processes; i++)
			if (!module_fork())
				break;
		for (;;)
			pause();
	}
	while (counters_of(session).processes < processes + 1)
		usleep(1000);
	usleep(500000);
	delay_wake_ups(session, &knobs, usecs);
	start = seconds_now();
	if (kill(-group, SIGTERM))
		end(WRONG, "kill: %s", strerror(errno));
	start = seconds_now() - start;
	c = counters_of(session);
	printf("%u processes signalled with a delay of %u us each in %.0f ms, %llu delays cut\n",
	       processes, usecs, start * 1e3, (unsigned long long)c.cut);
	memset(&knobs, 0, sizeof(knobs));
	set_knobs(session, &knobs);
	await(group);
	return c.point[PBT_TRY_TO_WAKE_UP] < processes || !c.cut ? WRONG : DONE;
}

/* --- miss */

static void *nap(void *arg)
{
	while (!stop)
		usleep(100);
	return arg;
}

/* A timer's interrupt wakes the thread while a probe delays the other one on the same CPU. */
static int miss(void)
{
	static const unsigned int wakes[] = { PBT_TRY_TO_WAKE_UP };
	struct pbt_knobs knobs = { 0 };
	const double start = seconds_now();
	int session = open_session();
	cpu_set_t one;
	struct pbt_counters c;
	pthread_t t;

	knobs.point[PBT_TASK_WORK_RUN].action = PBT_UDELAY;
	knobs.point[PBT_TASK_WORK_RUN].usecs = PBT_UDELAY_MAX;
	knobs.point[PBT_TRY_TO_WAKE_UP].action = PBT_NONE;
	set_knobs(session, &knobs);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	t = thread(nap, NULL);
	/* a file's last reference leaves the rest to task_work; close(2) does without since 6.6 */
	while (seconds_now() - start < 1) {
		const int fd = memfd_create("missed", MFD_CLOEXEC);
		void *p;

		if (fd < 0 || ftruncate(fd, CHUNK))
			end(SKIP, "memfd_create: %s", strerror(errno));
		p = mmap(NULL, CHUNK, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
		munmap(p, CHUNK);
	}
	stop = 1;
	pthread_join(t, NULL);
	c = counters_of(session);
	printf("%llu calls missed, %.2f %% of those of one point: %s\n",
	       (unsigned long long)c.missed, c.missed_ppm / 1e4,
	       module_no_answer(&c) ?: "an answer");
	close(session);
	if (!c.missed)
		end(SKIP, "the probes of this kernel lose nothing here, or do not count it");
	session = open_session();
	knobs_at(session, wakes, 1);
	usleep(100000);
	if (counters_of(session).missed)
		end(WRONG, "what one session has missed is counted in the next");
	return DONE;
}

static double number(const char *text)
{
	char *rest;
	const double n = strtod(text, &rest);

	if (*rest || !(n > 0) || n > 1e6)
		end(USAGE, "not between 0 and a million: %s", text);
	return n;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	file = argc > 3 ? argv[3] : "";
	if (argc == 4 && !strcmp(what, "toggle"))
		return toggle(number(argv[2]));
	if (argc == 4 && !strcmp(what, "wake"))
		return wake(number(argv[2]), number(argv[3]));
	if (argc == 4 && !strcmp(what, "signal"))
		return signal_group(number(argv[2]), number(argv[3]));
	if (argc == 2 && !strcmp(what, "miss"))
		return miss();
	if (argc != 4 || strcmp(what, "sleep")) {
		fputs(usage, stderr);
		return USAGE;
	}
	file = argv[2];
	return sleep_in(argv[3], 40);
}
