// SPDX-License-Identifier: GPL-2.0
/*
 * module_offload: does PBT_WRITE of ppc_barrier_test do what pwrite(2) does to a regular file, and
 * does a kthread do it?
 *
 * The oracle is the system call: what is written by a session is written by pwrite(2) to another
 * file, and results and contents must be the same. That the writes come from a kthread is seen from
 * outside of the module: /proc shows a kthread of the session whose CPU time grows with them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "ppc_barrier_test/ppc_barrier_test.h"
#include "kselftest_harness.h"
#include "module.h"
#include "program.h"
#include "random.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define PLAIN		(-1)	/* in place of a session: the system call */
#define PF_KTHREAD	0x00200000	/* include/linux/sched.h, 5.10 to 7.2 */
#define MAX_IDLE	64	/* that a session keeps: PBT_IDLE_MAX of session.h */
#define PATIENCE	10000	/* ms until something that must happen has not */

/* Writes by session @s, or PLAIN. Returns bytes or -errno. */
static long do_write(int s, int fd, const void *buf, size_t len, long long pos)
{
	const struct pbt_write w = {
		.fd = fd,
		.buf = (uintptr_t)buf,
		.len = len,
		.pos = pos,
	};
	long ret = s == PLAIN ? pwrite(fd, buf, len, pos) : ioctl(s, PBT_WRITE, &w);

	return ret == -1 ? -errno : ret;
}

/* A new session; module_tests() has seen that there can be one. */
static int session(struct __test_metadata *_metadata)
{
	const char *why;
	int s;

	module_follow();
	s = module_open(&why);
	ASSERT_LE(0, s);
	return s;
}

/* An empty file without a name. */
static int scratch(struct __test_metadata *_metadata)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("module_offload", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	return fd;
}

/* No two places of a MiB look the same for long. */
static void *pattern(struct __test_metadata *_metadata, size_t len, unsigned int seed)
{
	unsigned char *buf = malloc(len + 1);
	uint64_t state = seed;
	size_t i;

	ASSERT_NE(NULL, buf);
	for (i = 0; i < len; i++)
		buf[i] = random_draw(&state);
	return buf;
}

static bool same_content(int a, int b)
{
	struct stat sa, sb;
	void *pa, *pb;

	if (fstat(a, &sa) || fstat(b, &sb) || sa.st_size != sb.st_size)
		return false;
	if (!sa.st_size)
		return true;
	pa = mmap(NULL, sa.st_size, PROT_READ, MAP_SHARED, a, 0);
	pb = mmap(NULL, sa.st_size, PROT_READ, MAP_SHARED, b, 0);
	return pa != MAP_FAILED && pb != MAP_FAILED && !memcmp(pa, pb, sa.st_size);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* --- the kthreads of PBT_WRITE, from /proc */

struct kthreads {
	unsigned long long session;	/* whose they are, by the number in their name */
	int nr;
	long ticks;			/* CPU time of them all, in clock ticks */
};

/* /proc/PID/stat, see proc(5): 2 comm, 9 flags, 14 utime, 15 stime */
#define FORMAT	"%*d (pbt_write/%llu) %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %lu %lu"

/* Those of that session; 0: of the newest one that has some. */
static struct kthreads find_kthreads(unsigned long long session)
{
	struct kthreads found = { .session = session };
	unsigned long user, system;
	unsigned long long number;
	char path[300], stat[1024];
	struct dirent *entry;
	unsigned int flags;
	DIR *proc = opendir("/proc");
	FILE *f;

	while (proc && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(stat, sizeof(stat), f) &&
		    sscanf(stat, FORMAT, &number, &flags, &user, &system) == 4 &&
		    flags & PF_KTHREAD && (session ? number == session : number >= found.session)) {
			if (number > found.session)
				found = (struct kthreads){ .session = number };
			found.nr++;
			found.ticks += user + system;
		}
		fclose(f);
	}
	if (proc)
		closedir(proc);
	return found;
}

/* The number of a session that was just opened. It has a kthread from now on. */
static unsigned long long number_of(int s)
{
	int fd = memfd_create("module_offload", MFD_CLOEXEC);

	do_write(s, fd, "", 1, 0);
	close(fd);
	return find_kthreads(0).session;
}

static bool wait_gone(unsigned long long session)
{
	double end = now_ms() + PATIENCE;

	while (find_kthreads(session).nr) {
		if (now_ms() > end)
			return false;
		usleep(5000);
	}
	return true;
}

/* --- what is written, where, and what comes back */

TEST(sizes_and_offsets)
{
	static const size_t sizes[] = {
		0, 1, 4095, 4096, 4097, 65535, 65536, 65537, (1 << 20) - 1, 1 << 20,
	};
	static const off_t offsets[] = { 0, 1, 4095, 65536, 1000003 };
	int s = session(_metadata), plain, module, writes = 0;
	unsigned long long bytes = 0;
	size_t i, j;

	plain = scratch(_metadata);
	module = scratch(_metadata);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			char *buf = pattern(_metadata, sizes[i], i * 16 + j);
			/* an odd address, too */
			const char *from = buf + j % 2;
			const long size = sizes[i];

			EXPECT_EQ(size, do_write(PLAIN, plain, from, size, offsets[j]));
			EXPECT_EQ(size, do_write(s, module, from, size, offsets[j]));
			free(buf);
			writes++;
			bytes += sizes[i];
		}
		EXPECT_TRUE(same_content(plain, module)) {
			TH_LOG("content differs after size %zu", sizes[i]);
		}
	}
	EXPECT_EQ(0, lseek(module, 0, SEEK_CUR));
	TH_LOG("%d writes, %llu bytes, compared after each size", writes, bytes);
}

/* --- errors */

struct error_case {
	const char *what;
	int fd;
	const void *buf;
	size_t len;
	long long pos;
	long ret;
};

#define AS_PLAIN	LONG_MIN	/* whatever the system call says */
#define REFUSED		(LONG_MIN + 1)	/* -EINVAL, whatever the system call says */

/* As pwrite(2) has them, but for what is no regular file. */
TEST(errors)
{
	struct pbt_write w = { .buf = (uintptr_t)"x", .len = 1, .reserved = 1 };
	int s = session(_metadata), fd, read_only, path, closed, sealed, partly, pipes[2];
	size_t page = sysconf(_SC_PAGESIZE), i;
	char *buf, *bad;

	buf = pattern(_metadata, 4096, 1);
	bad = mmap(NULL, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, bad);
	bad += 2 * page;
	ASSERT_EQ(0, mprotect(bad, page, PROT_NONE));
	fd = scratch(_metadata);
	partly = scratch(_metadata);
	read_only = open("/proc/self/exe", O_RDONLY);
	path = open("/proc/self/exe", O_PATH);
	closed = fcntl(fd, F_DUPFD, 500);	/* which no later file gets */
	sealed = memfd_create("sealed", MFD_ALLOW_SEALING);
	ASSERT_EQ(0, fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_TRUE(read_only >= 0 && path >= 0 && sealed >= 0);
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	close(closed);

	const struct error_case table[] = {
		{ "fd -1", -1, buf, 1, 0, -EBADF },
		{ "fd INT_MIN", INT_MIN, buf, 1, 0, -EBADF },
		{ "fd INT_MAX", INT_MAX, buf, 1, 0, -EBADF },
		{ "closed fd", closed, buf, 1, 0, -EBADF },
		{ "closed fd, bad position", closed, buf, 1, -2, -EINVAL },
		{ "read-only fd", read_only, buf, 1, 0, -EBADF },
		{ "read-only fd, no bytes", read_only, buf, 0, 0, -EBADF },
		{ "O_PATH", path, buf, 1, 0, -EBADF },
		{ "no buffer", fd, NULL, 1, 0, -EFAULT },
		{ "no buffer, no bytes", fd, NULL, 0, 0, 0 },
		{ "unreadable buffer", fd, bad, page, 0, -EFAULT },
		{ "kernel's address", fd, (void *)-4096L, 8, 0, -EFAULT },
		{ "all ones", fd, (void *)-1L, 8, 0, -EFAULT },
		{ "non-canonical", fd, (void *)(ULONG_MAX / 4 + 1), 8, 0, -EFAULT },
		{ "SIZE_MAX bytes", fd, buf, SIZE_MAX, 0, -EFAULT },
		{ "position -1", fd, buf, 1, -1, -EINVAL },
		{ "position INT64_MIN", fd, buf, 1, INT64_MIN, -EINVAL },
		{ "past the last position", fd, buf, 1, INT64_MAX, -EINVAL },
		{ "past it in the middle", fd, buf, 4096, INT64_MAX - 100, -EINVAL },
		{ "sealed file", sealed, buf, 1, 0, -EPERM },
		/* as much of it as the file system says */
		{ "a readable byte", partly, bad - 1, page, 0, AS_PLAIN },
		{ "a readable page", partly, bad - page, 2 * page, 1000, AS_PLAIN },
		{ "two readable pages", partly, bad - 2 * page, 3 * page, 1, AS_PLAIN },
		{ "pipe", pipes[1], buf, 1, 0, REFUSED },
		{ "directory", open("/", O_RDONLY | O_DIRECTORY), buf, 1, 0, REFUSED },
		{ "device", open("/dev/null", O_WRONLY), buf, 1, 0, REFUSED },
		{ "the session itself", s, buf, 1, 0, REFUSED },
		{ "no write_iter", open("/proc/self/comm", O_WRONLY), "1", 1, 0, REFUSED },
	};

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct error_case *c = &table[i];
		const long module = do_write(s, c->fd, c->buf, c->len, c->pos);
		long plain = -EINVAL;

		if (c->ret != REFUSED)
			plain = do_write(PLAIN, c->fd, c->buf, c->len, c->pos);
		EXPECT_TRUE(module == plain && (c->ret <= REFUSED || c->ret == plain)) {
			TH_LOG("%s: system call %ld, module %ld", c->what, plain, module);
		}
	}
	w.fd = fd;
	EXPECT_EQ(-1, ioctl(s, PBT_WRITE, &w));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(s, PBT_WRITE, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	TH_LOG("%zu cases, as by the system call where that is asked", ARRAY_SIZE(table) + 2);
	free(buf);
}

/* --- what of the caller is the kthread's, too */

/* In a child: takes CAP_FSETID away, and leaves what a session asks for. */
static bool drop_fsetid(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps))
		return false;
	caps[0].effective &= ~(1U << CAP_FSETID);
	return !syscall(SYS_capset, &head, caps);
}

static mode_t mode_after_write(struct __test_metadata *_metadata, int s, bool privileged)
{
	int fd = scratch(_metadata), status = 0;
	struct stat st;
	pid_t child;

	ASSERT_EQ(0, fchmod(fd, 04777));
	child = module_fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (!privileged && !drop_fsetid())
			_exit(2);
		_exit(do_write(s, fd, "x", 1, 0) != 1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, fstat(fd, &st));
	close(fd);
	return st.st_mode & 07777;
}

/* A write clears the set-user-ID bit, unless the writer has CAP_FSETID. */
TEST(credentials)
{
	int s = session(_metadata);

	EXPECT_EQ((mode_t)04777, mode_after_write(_metadata, PLAIN, true));
	EXPECT_EQ((mode_t)04777, mode_after_write(_metadata, s, true));
	EXPECT_EQ((mode_t)0777, mode_after_write(_metadata, PLAIN, false));
	EXPECT_EQ((mode_t)0777, mode_after_write(_metadata, s, false));
}

/* --- many at a time */

#define THREADS		(MAX_IDLE + 16)
#define CHUNKS		40
#define CHUNK		20000	/* no multiple of a page */

/* The threads' chunks take turns. */
struct many {
	pthread_t thread;
	int session, fd, self;
	bool on_and_on;
	atomic_int writes;
	int failures;
};

static off_t chunk_at(const struct many *m, int chunk)
{
	return ((off_t)chunk * THREADS + m->self) * CHUNK;
}

static void stamp(char *buf, int thread, int chunk)
{
	memset(buf, 'a' + (thread + chunk) % 26, CHUNK);
	snprintf(buf, CHUNK, "%d %d\n", thread, chunk);
}

static void *many_main(void *arg)
{
	struct many *m = arg;
	char buf[CHUNK];
	int i;

	do {
		for (i = 0; i < CHUNKS; i++, m->writes++) {
			stamp(buf, m->self, i);
			if (do_write(m->session, m->fd, buf, CHUNK, chunk_at(m, i)) != CHUNK)
				m->failures++;
		}
	} while (m->on_and_on);
	return NULL;
}

static void start_many(int session, int fd, struct many *m, bool on_and_on)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		m[i].session = session;
		m[i].fd = fd;
		m[i].self = i;
		m[i].on_and_on = on_and_on;
		if (pthread_create(&m[i].thread, NULL, many_main, &m[i]))
			_exit(97);
	}
}

/* Returns how many chunks are not as written. */
static int wrong_chunks(const struct many *m)
{
	char want[CHUNK], got[CHUNK];
	int i, wrong = 0;

	for (i = 0; i < CHUNKS; i++) {
		stamp(want, m->self, i);
		if (pread(m->fd, got, CHUNK, chunk_at(m, i)) != CHUNK || memcmp(want, got, CHUNK))
			wrong++;
	}
	return wrong;
}

TEST(threads_and_one_file)
{
	struct many m[THREADS] = { 0 };
	int s = session(_metadata), i, wrong = 0, failures = 0, fd, kthreads;
	unsigned long long number;

	number = number_of(s);
	fd = scratch(_metadata);
	start_many(s, fd, m, false);
	for (i = 0; i < THREADS; i++) {
		pthread_join(m[i].thread, NULL);
		failures += m[i].failures;
		wrong += wrong_chunks(&m[i]);
	}
	EXPECT_EQ(0, failures);
	EXPECT_EQ(0, wrong);
	kthreads = find_kthreads(number).nr;
	EXPECT_LT(1, kthreads);
	EXPECT_GE(MAX_IDLE, kthreads);
	TH_LOG("%d wrong of %d chunks, by %d threads; %d kthreads are left", wrong,
	       THREADS * CHUNKS, THREADS, kthreads);
}

/* --- the end of the caller during its writes, and of the session */

/* A process whose writes are under way until it is killed. */
struct victim {
	void (*start)(int session, int fd);	/* in the child: returns when they are */
	int fd;
	pid_t pid;
	unsigned long long session;
};

static void start_victim(struct __test_metadata *_metadata, struct victim *v)
{
	int tell[2];

	ASSERT_EQ(0, pipe2(tell, O_CLOEXEC));
	v->pid = module_fork();
	ASSERT_LE(0, v->pid);
	if (!v->pid) {
		const char *why;
		int s = module_open(&why);

		if (s < 0)
			_exit(99);
		v->session = number_of(s);
		v->start(s, v->fd);
		if (write(tell[1], &v->session, sizeof(v->session)) > 0)
			pause();
		_exit(98);
	}
	close(tell[1]);
	ASSERT_LT(0, read(tell[0], &v->session, sizeof(v->session)));
	close(tell[0]);
	EXPECT_LE(1, find_kthreads(v->session).nr);
}

/* It dies in time, and leaves no kthread. Returns the milliseconds that took. */
static double kill_victim(struct __test_metadata *_metadata, const struct victim *v)
{
	double start = now_ms();
	int status;

	kill(v->pid, SIGKILL);
	while (waitpid(v->pid, &status, WNOHANG) != v->pid) {
		ASSERT_GT(PATIENCE, now_ms() - start);
		usleep(2000);
	}
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(wait_gone(v->session));
	return now_ms() - start;
}

static void start_writers(int session, int fd)
{
	static struct many m[THREADS];
	int i;

	start_many(session, memfd_create("written", MFD_CLOEXEC), m, true);
	for (i = 0; i < THREADS; i++) {
		while (!m[i].writes)
			usleep(1000);
	}
}

TEST(killed_while_writing)
{
	/* in an emulator a round may take seconds, and the harness gives all of them 30 */
	static const int rounds = 10, enough_ms = 10000;
	struct victim v = { .start = start_writers };
	double ms, most = 0, begin = now_ms();
	int i;

	module_follow();
	for (i = 0; i < rounds && (!i || now_ms() - begin < enough_ms); i++) {
		start_victim(_metadata, &v);
		usleep(i * 1000);
		ms = kill_victim(_metadata, &v);
		most = ms > most ? ms : most;
	}
	TH_LOG("%d processes of %d writers killed, each died within %.0f ms and left no kthread",
	       i, THREADS, most);
}

/* Memory whose first use waits for somebody who never comes: userfaultfd(2). NULL: cannot. */
static char *memory_that_waits(size_t len, int *fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *buf;

	*fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 || ioctl(*fd, UFFDIO_API, &api))
		return NULL;
	buf = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)buf;
	range.range.len = len;
	return buf == MAP_FAILED || ioctl(*fd, UFFDIO_REGISTER, &range) ? NULL : buf;
}

static struct many waiting;

static void *waiting_main(void *memory)
{
	do_write(waiting.session, waiting.fd, memory, 1, 0);
	_exit(96);
}

static void start_waiting_writer(int session, int fd)
{
	struct pollfd fault = { .events = POLLIN };
	char *memory = memory_that_waits(sysconf(_SC_PAGESIZE), &fault.fd);

	waiting.session = session;
	waiting.fd = fd;
	if (!memory || pthread_create(&waiting.thread, NULL, waiting_main, memory) ||
	    poll(&fault, 1, PATIENCE) != 1)
		_exit(95);
}

/* A page fault of the kernel's waits again after any signal but SIGKILL. */
TEST(killed_in_page_fault)
{
	struct victim v = { .start = start_waiting_writer };
	double ms;
	int fd;

	module_follow();
	if (!memory_that_waits(sysconf(_SC_PAGESIZE), &fd))
		SKIP(return, "%s", skip_because(SKIP_SET_UP, "no userfaultfd: %s",
						strerror(errno)));
	v.fd = scratch(_metadata);
	start_victim(_metadata, &v);
	ms = kill_victim(_metadata, &v);
	EXPECT_EQ(0, lseek(v.fd, 0, SEEK_END));
	TH_LOG("the writer died within %.0f ms", ms);
}

/* --- who writes */

TEST(a_kthread_writes)
{
	int s = session(_metadata), fd, i, writes;
	size_t len = 4 << 20;	/* copying it takes much longer than handing it over */
	long before, ticks = 0, plain;
	unsigned long long number;
	double end;
	char *buf;

	number = number_of(s);
	fd = scratch(_metadata);
	buf = pattern(_metadata, len, 1);
	before = find_kthreads(number).ticks;
	for (end = now_ms() + PATIENCE, writes = 0; ticks < 30 && now_ms() < end; writes++) {
		ASSERT_EQ((long)len, do_write(s, fd, buf, len, 0));
		ticks = find_kthreads(number).ticks - before;
	}
	for (i = 0; i < writes; i++)
		ASSERT_EQ((long)len, do_write(PLAIN, fd, buf, len, 0));
	plain = find_kthreads(number).ticks - before - ticks;
	EXPECT_EQ(1, find_kthreads(number).nr);
	EXPECT_LE(30, ticks);
	/* a tick may have been counted late */
	EXPECT_GE(1, plain);
	TH_LOG("clock ticks of the kthread for %d writes of 4 MiB: %ld, by pwrite(2) %ld", writes,
	       ticks, plain);
	free(buf);
	/* and goes with the session */
	close(s);
	EXPECT_TRUE(wait_gone(number));
}

#include "harness_main.h"

int main(int argc, char **argv)
{
	return module_tests(harness_main, argc, argv);
}
