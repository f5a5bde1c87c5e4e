// SPDX-License-Identifier: GPL-2.0
/*
 * module_offload: does PBT_WRITE of ppc_barrier_test do what write(2) and pwrite(2) do, and does a
 * kthread do it?
 *
 * The oracle is the real system call: each scenario is a function that is run twice, with the
 * system call and with a session, and what it saw must be the same. What is expected of both is
 * checked where POSIX or a manual page says it. That the writes come from a kthread is seen from
 * outside of the module: /proc shows a kthread of the session that sleeps in the write handler and
 * whose CPU time grows with the writes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "../ppc_barrier_test/ppc_barrier_test.h"
#include "kselftest_harness.h"
#include "module.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define PLAIN		(-1)	/* in place of a session: the system call */
#define OWN_POSITION	(-1)
#define KTHREAD		"pbt_write/"	/* then the session's number */
#define PF_KTHREAD	0x00200000	/* include/linux/sched.h, 5.10 to 7.2 */
#define MAX_KTHREADS	64	/* of a session, see offload.c */
#define PATIENCE	10000	/* ms until something that must happen has not */
#define EXIT_EXECED	42

struct outcome {
	long ret;
	int err;	/* errno if ret is -1, else 0 */
};

/*
 * Writes @len bytes to @fd, at @pos or OWN_POSITION, with RWF_* flags: by session @s, or PLAIN.
 * What it returns and its errors are those of pwritev2(2).
 */
static struct outcome do_write(int s, int fd, const void *buf, size_t len, long long pos,
			       unsigned int flags)
{
	struct pbt_write w = {
		.fd = fd,
		.flags = flags,
		.buf = (uintptr_t)buf,
		.len = len,
		.pos = pos,
	};
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct outcome o = { 0 };

	errno = 0;
	if (s != PLAIN)
		o.ret = ioctl(s, PBT_WRITE, &w);
	else if (flags)
		o.ret = pwritev2(fd, &iov, 1, pos, flags);
	else if (pos == OWN_POSITION)
		o.ret = write(fd, buf, len);
	else
		o.ret = pwrite(fd, buf, len, pos);
	if (o.ret == -1)
		o.err = errno;
	return o;
}

static long write_own(int s, int fd, const void *buf, size_t len)
{
	return do_write(s, fd, buf, len, OWN_POSITION, 0).ret;
}

static void expect_same(struct __test_metadata *_metadata, const char *what, struct outcome plain,
			struct outcome module)
{
	EXPECT_TRUE(plain.ret == module.ret && plain.err == module.err) {
		TH_LOG("%s: system call %ld (%s), module %ld (%s)", what, plain.ret,
		       strerror(plain.err), module.ret, strerror(module.err));
	}
}

static void expect_outcome(struct __test_metadata *_metadata, const char *what, struct outcome o,
			   long ret, int err)
{
	EXPECT_TRUE(o.ret == ret && o.err == err) {
		TH_LOG("%s: %ld (%s), expected %ld (%s)", what, o.ret, strerror(o.err), ret,
		       strerror(err));
	}
}

/* A new session, or -1: the test is skipped. */
static int session(struct __test_metadata *_metadata)
{
	const char *why = "no reason given";
	int s;

	module_follow();
	s = module_open(&why);
	if (s < 0)
		SKIP(return -1, "%s", why);
	return s;
}

/* An empty file without a name. */
static int scratch(struct __test_metadata *_metadata)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/module_offload.XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	else
		fd = memfd_create("module_offload", 0);
	ASSERT_LE(0, fd);
	return fd;
}

/* No two places of a MiB look the same for long. */
static void *pattern(struct __test_metadata *_metadata, size_t len, unsigned int seed)
{
	unsigned char *buf = malloc(len + 1);
	unsigned int x = seed * 2654435761u + 1;
	size_t i;

	ASSERT_NE(NULL, buf);
	for (i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		buf[i] = x >> 24;
	}
	return buf;
}

static bool same_content(struct __test_metadata *_metadata, int a, int b)
{
	struct stat sta, stb;
	char *bufa, *bufb;
	bool same = false;

	ASSERT_EQ(0, fstat(a, &sta));
	ASSERT_EQ(0, fstat(b, &stb));
	if (sta.st_size != stb.st_size)
		return false;
	bufa = malloc(sta.st_size + 1);
	bufb = malloc(sta.st_size + 1);
	ASSERT_TRUE(bufa && bufb);
	if (pread(a, bufa, sta.st_size, 0) == sta.st_size &&
	    pread(b, bufb, stb.st_size, 0) == stb.st_size)
		same = !memcmp(bufa, bufb, sta.st_size);
	free(bufa);
	free(bufb);
	return same;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* --- the session's kthreads, from /proc */

struct kthread {
	pid_t pid;
	char name[64];
	char state;		/* S: interruptible sleep, I: idle */
	unsigned long ticks;	/* CPU time, in clock ticks */
};

/* Field numbers: proc(5), /proc/PID/stat. False if it is not a kthread of PBT_WRITE. */
static bool read_kthread(const char *pid, struct kthread *k)
{
	unsigned long user, system;
	unsigned int flags;
	char path[300], stat[1024], *name, *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	name = fgets(stat, sizeof(stat), f);
	fclose(f);
	if (!name)
		return false;
	name = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!name || !end)
		return false;
	*end++ = 0;
	name++;
	/* 3 state, 9 flags, 14 utime, 15 stime */
	if (sscanf(end, " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %lu %lu", &k->state, &flags,
		   &user, &system) != 4)
		return false;
	if (!(flags & PF_KTHREAD) || strncmp(name, KTHREAD, strlen(KTHREAD)))
		return false;
	k->pid = atoi(pid);
	k->ticks = user + system;
	snprintf(k->name, sizeof(k->name), "%s", name);
	return true;
}

/* Those with that name, or of all sessions if NULL. Returns how many, at most @max. */
static int list_kthreads(const char *name, struct kthread *k, int max)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int nr = 0;

	if (!proc)
		return 0;
	while (nr < max && (entry = readdir(proc))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (read_kthread(entry->d_name, &k[nr]) && (!name || !strcmp(name, k[nr].name)))
			nr++;
	}
	closedir(proc);
	return nr;
}

static int count_kthreads(const char *name)
{
	static struct kthread k[2 * MAX_KTHREADS];

	return list_kthreads(name, k, ARRAY_SIZE(k));
}

/* The number of the session's kthreads in that state. */
static int count_in_state(const char *name, char state)
{
	static struct kthread k[2 * MAX_KTHREADS];
	int i, found = 0, nr = list_kthreads(name, k, ARRAY_SIZE(k));

	for (i = 0; i < nr; i++)
		found += k[i].state == state;
	return found;
}

/*
 * What the kthreads of a session are called that has written nothing yet: the name that comes with
 * its first write. False if none came.
 */
static bool learn_name(int s, char *name, size_t size)
{
	static struct kthread before[512], after[512];
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int i, j, nr_before, nr_after;

	nr_before = list_kthreads(NULL, before, ARRAY_SIZE(before));
	write_own(s, fd, "", 1);
	nr_after = list_kthreads(NULL, after, ARRAY_SIZE(after));
	close(fd);
	for (i = 0; i < nr_after; i++) {
		for (j = 0; j < nr_before; j++) {
			if (!strcmp(before[j].name, after[i].name))
				break;
		}
		if (j == nr_before) {
			snprintf(name, size, "%s", after[i].name);
			return true;
		}
	}
	return false;
}

/* --- pipes */

struct small_pipe {
	int in, out;	/* written to, read from */
	int size;	/* bytes that fit: one page, the least there is */
};

static void small_pipe(struct __test_metadata *_metadata, struct small_pipe *p)
{
	int fd[2];

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	p->out = fd[0];
	p->in = fd[1];
	p->size = fcntl(p->in, F_SETPIPE_SZ, (int)sysconf(_SC_PAGESIZE));
	ASSERT_LT(0, p->size);
}

static void close_pipe(struct small_pipe *p)
{
	close(p->in);
	close(p->out);
}

static bool is_full(const struct small_pipe *p)
{
	int bytes = 0;

	ioctl(p->out, FIONREAD, &bytes);
	return bytes == p->size;
}

/* Waits for a writer to fill the pipe, and a moment more for it to sleep. */
static bool wait_full(const struct small_pipe *p)
{
	double end = now_ms() + PATIENCE;

	while (!is_full(p)) {
		if (now_ms() > end)
			return false;
		sleep_ms(5);
	}
	sleep_ms(100);
	return true;
}

/* Waits until @nr of the session's kthreads are in that state. */
static bool wait_state(const char *name, char state, int nr)
{
	double end = now_ms() + PATIENCE;

	while (count_in_state(name, state) != nr) {
		if (now_ms() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

static bool wait_gone(const char *name)
{
	double end = now_ms() + PATIENCE;

	while (count_kthreads(name)) {
		if (now_ms() > end)
			return false;
		sleep_ms(5);
	}
	return true;
}

/* Reads @len bytes. Returns how many came before the end or an error. */
static size_t read_all(int fd, char *buf, size_t len)
{
	size_t done = 0;
	ssize_t ret;

	while (done < len) {
		ret = read(fd, buf + done, len - done);
		if (ret <= 0)
			break;
		done += ret;
	}
	return done;
}

/* --- signals */

static atomic_int alarms, pipe_signals, size_signals;
static const struct small_pipe *drained_by_alarm;
static atomic_int drained_bytes;

/* SIGUSR1 only interrupts. */
static void on_signal(int sig)
{
	static char sink[1 << 16];
	ssize_t ret;

	if (sig == SIGPIPE)
		pipe_signals++;
	if (sig == SIGXFSZ)
		size_signals++;
	if (sig != SIGALRM)
		return;
	alarms++;
	while (drained_by_alarm) {
		int bytes = 0;

		ioctl(drained_by_alarm->out, FIONREAD, &bytes);
		if (!bytes)
			break;
		ret = read(drained_by_alarm->out, sink, sizeof(sink));
		drained_bytes += ret > 0 ? ret : 0;
	}
}

static void catch_signal(int sig, int flags)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(sig, &act, NULL);
}

/* SIGALRM after that time and again and again, since the first may come before the write waits. */
static void alarm_every_ms(int ms)
{
	struct itimerval timer = {
		.it_value = { .tv_usec = ms * 1000L },
		.it_interval = { .tv_usec = ms * 1000L },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
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

	if (s < 0)
		return;
	plain = scratch(_metadata);
	module = scratch(_metadata);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			char *buf = pattern(_metadata, sizes[i], i * 16 + j);
			/* an odd address, too */
			struct outcome o = do_write(PLAIN, plain, buf + j % 2, sizes[i],
						    offsets[j], 0);

			expect_outcome(_metadata, "pwrite", o, sizes[i], 0);
			expect_same(_metadata, "pwrite", o, do_write(s, module, buf + j % 2,
								     sizes[i], offsets[j], 0));
			free(buf);
			writes++;
			bytes += sizes[i];
		}
		EXPECT_TRUE(same_content(_metadata, plain, module)) {
			TH_LOG("content differs after size %zu", sizes[i]);
		}
	}
	TH_LOG("%d writes, %llu bytes, compared after each size", writes, bytes);
}

TEST(own_position)
{
	static const size_t sizes[] = { 10, 0, 4096, 1, 70000 };
	int s = session(_metadata), plain, module;
	char *buf = pattern(_metadata, 1 << 17, 1);
	off_t end = 0;
	size_t i;

	if (s < 0)
		return;
	plain = scratch(_metadata);
	module = scratch(_metadata);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ((long)sizes[i], write_own(PLAIN, plain, buf, sizes[i]));
		EXPECT_EQ((long)sizes[i], write_own(s, module, buf, sizes[i]));
		end += sizes[i];
		EXPECT_EQ(end, lseek(module, 0, SEEK_CUR));
	}
	/* a write that fails and one with a position of its own do not move it */
	expect_outcome(_metadata, "no buffer", do_write(s, module, NULL, 1, OWN_POSITION, 0), -1,
		       EFAULT);
	EXPECT_EQ(1, do_write(s, module, buf, 1, 0, 0).ret);
	EXPECT_EQ(end, lseek(module, 0, SEEK_CUR));
	EXPECT_EQ(1, do_write(PLAIN, plain, buf, 1, 0, 0).ret);
	EXPECT_EQ(0, lseek(module, 5, SEEK_SET) - lseek(plain, 5, SEEK_SET));
	EXPECT_EQ(20, write_own(PLAIN, plain, buf, 20));
	EXPECT_EQ(20, write_own(s, module, buf, 20));
	EXPECT_EQ(25, lseek(module, 0, SEEK_CUR));
	EXPECT_TRUE(same_content(_metadata, plain, module));
	TH_LOG("%zu writes, position and content as after write(2)", ARRAY_SIZE(sizes) + 3);
	free(buf);
}

/* Linux appends with pwrite(2), too: pwrite(2), BUGS. */
static void append_to(struct __test_metadata *_metadata, int s, int fd, off_t position[5])
{
	int i = 0;

	EXPECT_EQ(8, do_write(s, fd, "original", 8, 0, 0).ret);
	EXPECT_EQ(3, do_write(s, fd, "abc", 3, 0, RWF_APPEND).ret);
	position[i++] = lseek(fd, 0, SEEK_CUR);
	EXPECT_EQ(3, do_write(s, fd, "def", 3, OWN_POSITION, RWF_APPEND).ret);
	position[i++] = lseek(fd, 0, SEEK_CUR);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_APPEND));
	EXPECT_EQ(3, do_write(s, fd, "ghi", 3, 0, 0).ret);
	position[i++] = lseek(fd, 0, SEEK_CUR);
	EXPECT_EQ(3, do_write(s, fd, "jkl", 3, OWN_POSITION, 0).ret);
	position[i++] = lseek(fd, 0, SEEK_CUR);
	EXPECT_EQ(0, do_write(s, fd, "jkl", 0, OWN_POSITION, 0).ret);
	position[i++] = lseek(fd, 0, SEEK_CUR);
}

TEST(append)
{
	int s = session(_metadata), plain, module;
	off_t position[2][5];
	char content[21] = "";

	if (s < 0)
		return;
	plain = scratch(_metadata);
	module = scratch(_metadata);
	append_to(_metadata, PLAIN, plain, position[0]);
	append_to(_metadata, s, module, position[1]);
	EXPECT_EQ(0, memcmp(position[0], position[1], sizeof(position[0])));
	EXPECT_EQ(20, pread(module, content, 20, 0));
	EXPECT_STREQ("originalabcdefghijkl", content);
	EXPECT_TRUE(same_content(_metadata, plain, module));
	TH_LOG("%zu appending writes", ARRAY_SIZE(position[0]));
}

/* --- errors */

struct error_case {
	const char *what;
	int fd;
	const void *buf;
	size_t len;
	long long pos;
	unsigned int flags;
	long ret;
	int err;	/* 0 with ret -1: whatever the system call says */
};

static void run_cases(struct __test_metadata *_metadata, int s, const struct error_case *c,
		      size_t nr)
{
	struct outcome plain, module;

	for (; nr; nr--, c++) {
		plain = do_write(PLAIN, c->fd, c->buf, c->len, c->pos, c->flags);
		module = do_write(s, c->fd, c->buf, c->len, c->pos, c->flags);
		expect_same(_metadata, c->what, plain, module);
		if (c->ret != -1 || c->err)
			expect_outcome(_metadata, c->what, module, c->ret, c->err);
	}
}

TEST(errors)
{
	int s = session(_metadata), fd, read_only, path, dir, closed, full, null, event, sealed;
	struct small_pipe p, no_wait;
	unsigned long long one = 1;
	char *buf, *bad;
	size_t page = sysconf(_SC_PAGESIZE);

	if (s < 0)
		return;
	buf = pattern(_metadata, 1 << 17, 1);
	bad = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, bad);
	fd = scratch(_metadata);
	read_only = open("/proc/self/exe", O_RDONLY);
	path = open("/dev/null", O_PATH);
	dir = open("/", O_RDONLY | O_DIRECTORY);
	closed = dup(fd);
	full = open("/dev/full", O_WRONLY);
	null = open("/dev/null", O_WRONLY);
	event = eventfd(0, EFD_NONBLOCK);
	sealed = memfd_create("sealed", MFD_ALLOW_SEALING);
	ASSERT_EQ(0, fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE));
	small_pipe(_metadata, &p);
	small_pipe(_metadata, &no_wait);
	ASSERT_EQ(0, fcntl(no_wait.in, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(no_wait.size, write(no_wait.in, buf, no_wait.size));
	ASSERT_TRUE(read_only >= 0 && path >= 0 && dir >= 0 && full >= 0 && null >= 0 &&
		    event >= 0 && sealed >= 0);
	/* last: nothing must get its number */
	close(closed);

	const struct error_case table[] = {
		{ "fd -1", -1, buf, 1, 0, 0, -1, EBADF },
		{ "fd INT_MIN", INT_MIN, buf, 1, 0, 0, -1, EBADF },
		{ "fd INT_MAX", INT_MAX, buf, 1, -1, 0, -1, EBADF },
		{ "closed fd", closed, buf, 1, 0, 0, -1, EBADF },
		{ "closed fd, bad position", closed, buf, 1, -2, 0, -1, EINVAL },
		{ "read-only fd", read_only, buf, 1, 0, 0, -1, EBADF },
		{ "read-only fd, no buffer", read_only, NULL, 1, 0, 0, -1, EBADF },
		{ "read-only fd, no bytes", read_only, buf, 0, 0, 0, -1, EBADF },
		{ "O_PATH", path, buf, 1, 0, 0, -1, EBADF },
		{ "directory", dir, buf, 1, 0, 0, -1, EBADF },
		{ "directory, own position", dir, buf, 1, -1, 0, -1, EBADF },
		{ "no buffer", fd, NULL, 1, 0, 0, -1, EFAULT },
		{ "no buffer, own position", fd, NULL, 1, -1, 0, -1, EFAULT },
		{ "no buffer, no bytes", fd, NULL, 0, 0, 0, 0, 0 },
		{ "unreadable buffer", fd, bad, page, 0, 0, -1, EFAULT },
		{ "kernel's address", fd, (void *)-4096L, 8, 0, 0, -1, EFAULT },
		{ "all ones", fd, (void *)-1L, 8, 0, 0, -1, EFAULT },
		{ "non-canonical", fd, (void *)(ULONG_MAX / 4 + 1), 8, 0, 0, -1, EFAULT },
		{ "SIZE_MAX bytes", fd, buf, SIZE_MAX, 0, 0, -1, EFAULT },
		{ "SSIZE_MAX bytes", fd, buf, SSIZE_MAX, 0, 0, -1, 0 },
		{ "past the last position", fd, buf, 1, INT64_MAX, 0, -1, EINVAL },
		{ "past it in the middle", fd, buf, 4096, INT64_MAX - 100, 0, -1, EINVAL },
		{ "pipe with a position", p.in, buf, 1, 0, 0, -1, ESPIPE },
		{ "pipe, no buffer", p.in, NULL, 1, -1, 0, -1, EFAULT },
		{ "pipe's read end", p.out, buf, 1, -1, 0, -1, EBADF },
		{ "full pipe, O_NONBLOCK", no_wait.in, buf, 1, -1, 0, -1, EAGAIN },
		{ "full pipe, RWF_NOWAIT", no_wait.in, buf, 1, -1, RWF_NOWAIT, -1, 0 },
		{ "/dev/full", full, buf, 1, 0, 0, -1, ENOSPC },
		{ "/dev/full, own position", full, buf, 100, -1, 0, -1, ENOSPC },
		{ "/dev/full, no bytes", full, buf, 0, -1, 0, -1, ENOSPC },
		{ "/dev/full, flags", full, buf, 1, 0, RWF_DSYNC, -1, EOPNOTSUPP },
		{ "/dev/null", null, buf, 1 << 16, -1, 0, 1 << 16, 0 },
		{ "/dev/null with a position", null, buf, 5, 12345, 0, 5, 0 },
		{ "eventfd", event, &one, 8, -1, 0, 8, 0 },
		{ "eventfd, too short", event, &one, 4, -1, 0, -1, EINVAL },
		{ "eventfd, no buffer", event, NULL, 8, -1, 0, -1, EFAULT },
		{ "sealed file", sealed, buf, 1, 0, 0, -1, EPERM },
		{ "the session itself", s, buf, 1, -1, 0, -1, EINVAL },
		{ "RWF_DSYNC", fd, buf, 5000, 3, RWF_DSYNC, 5000, 0 },
		{ "RWF_SYNC", fd, buf, 5000, -1, RWF_SYNC, 5000, 0 },
		{ "RWF_NOWAIT", fd, buf, 1, 0, RWF_NOWAIT, -1, 0 },
	};

	run_cases(_metadata, s, table, ARRAY_SIZE(table));
	TH_LOG("%zu cases, each as by the system call", ARRAY_SIZE(table));
	free(buf);
}

TEST(sockets)
{
	int s = session(_metadata), stream[2], datagram[2];
	char *buf;

	if (s < 0)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, stream) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram))
		SKIP(return, "no Unix sockets: %s", strerror(errno));
	buf = pattern(_metadata, 1 << 20, 1);

	const struct error_case table[] = {
		{ "with a position", stream[0], buf, 1, 0, 0, -1, ESPIPE },
		{ "stream", stream[0], buf, 100, -1, 0, 100, 0 },
		{ "no buffer", stream[0], NULL, 100, -1, 0, -1, EFAULT },
		{ "datagram", datagram[0], buf, 100, -1, 0, 100, 0 },
		{ "too long a datagram", datagram[0], buf, 1 << 20, -1, 0, -1, 0 },
		{ "RWF_NOWAIT", stream[0], buf, 100, -1, RWF_NOWAIT, -1, 0 },
	};

	run_cases(_metadata, s, table, ARRAY_SIZE(table));
	TH_LOG("%zu cases, each as by the system call", ARRAY_SIZE(table));
	free(buf);
}

TEST(bad_arguments)
{
	static const unsigned int flags[] = { RWF_HIPRI, 0x20, 0x40, 0x80, 1U << 30, 1U << 31 };
	int s = session(_metadata), fd, cases = 0;
	size_t i;

	if (s < 0)
		return;
	fd = scratch(_metadata);
	for (i = 0; i < ARRAY_SIZE(flags); i++, cases++)
		expect_outcome(_metadata, "flag", do_write(s, fd, "x", 1, 0, flags[i]), -1, EINVAL);
	expect_outcome(_metadata, "position", do_write(s, fd, "x", 1, -2, 0), -1, EINVAL);
	expect_outcome(_metadata, "position", do_write(s, fd, "x", 1, INT64_MIN, 0), -1, EINVAL);
	for (i = 0; i < ARRAY_SIZE(((struct pbt_write *)0)->reserved); i++, cases++) {
		struct pbt_write w = { .fd = fd, .buf = (uintptr_t)"x", .len = 1 };

		w.reserved[i] = 1ULL << (16 * i);
		EXPECT_EQ(-1, ioctl(s, PBT_WRITE, &w));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, ioctl(s, PBT_WRITE, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	TH_LOG("%d cases, nothing written", cases + 3);
}

/* The readable part of a buffer is written, as much of it as the system call writes. */
TEST(partial_buffer)
{
	size_t page = sysconf(_SC_PAGESIZE), good[] = { 1, 100, page - 1, page, 2 * page }, i;
	int s = session(_metadata), plain, module, cases = 0, partial = 0;
	unsigned int offset;
	char *buf;

	if (s < 0)
		return;
	buf = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, buf);
	memset(buf, 'g', 2 * page);
	ASSERT_EQ(0, mprotect(buf + 2 * page, page, PROT_NONE));
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		for (offset = 0; offset < 3; offset++) {
			const char *from = buf + 2 * page - good[i];
			struct outcome o;

			plain = scratch(_metadata);
			module = scratch(_metadata);
			o = do_write(PLAIN, plain, from, good[i] + page, offset * 1000, 0);
			expect_same(_metadata, "half a buffer", o,
				    do_write(s, module, from, good[i] + page, offset * 1000, 0));
			EXPECT_TRUE(o.ret <= (long)good[i]);
			EXPECT_TRUE(same_content(_metadata, plain, module));
			partial += o.ret > 0;
			cases++;
			close(plain);
			close(module);
		}
	}
	EXPECT_LT(0, partial);
	TH_LOG("%d cases, %d with a short count", cases, partial);
}

/* --- signals */

/* A pipe that gets full, and then one that is. */
static void interrupted(struct __test_metadata *_metadata, int s, int flags, struct outcome o[2])
{
	struct small_pipe p;
	char *buf;

	small_pipe(_metadata, &p);
	buf = pattern(_metadata, 2 * p.size, 1);
	catch_signal(SIGALRM, flags);
	alarm_every_ms(150);
	o[0] = do_write(s, p.in, buf, 2 * p.size, OWN_POSITION, 0);
	if (!flags)
		o[1] = do_write(s, p.in, buf, p.size, OWN_POSITION, 0);
	alarm_every_ms(0);
	expect_outcome(_metadata, "pipe gets full", o[0], p.size, 0);
	close_pipe(&p);
	free(buf);
}

TEST(signal_ends_write)
{
	int s = session(_metadata), before;
	struct outcome plain[2] = { 0 }, module[2] = { 0 };

	if (s < 0)
		return;
	interrupted(_metadata, PLAIN, 0, plain);
	before = alarms;
	interrupted(_metadata, s, 0, module);
	expect_same(_metadata, "pipe gets full", plain[0], module[0]);
	expect_same(_metadata, "pipe is full", plain[1], module[1]);
	expect_outcome(_metadata, "pipe is full", module[1], -1, EINTR);
	TH_LOG("short count %ld, then EINTR, by %d signals", module[0].ret, alarms - before);

	/* what has been written is not written again */
	interrupted(_metadata, PLAIN, SA_RESTART, plain);
	interrupted(_metadata, s, SA_RESTART, module);
	expect_same(_metadata, "SA_RESTART", plain[0], module[0]);
}

/* Ordinary signals do not shorten a write to a file. */
static void disturbed(struct __test_metadata *_metadata, int s)
{
	size_t len = 8 << 20;
	char *buf = pattern(_metadata, len, 1);
	int fd = scratch(_metadata), i;

	catch_signal(SIGALRM, 0);
	alarm_every_ms(1);
	for (i = 0; i < 10; i++)
		expect_outcome(_metadata, "file", do_write(s, fd, buf, len, 0, 0), len, 0);
	alarm_every_ms(0);
	close(fd);
	free(buf);
}

TEST(signal_during_file_write)
{
	int s = session(_metadata), plain;

	if (s < 0)
		return;
	disturbed(_metadata, PLAIN);
	plain = alarms;
	alarms = 0;
	disturbed(_metadata, s);
	EXPECT_LT(0, atomic_load(&alarms));
	TH_LOG("10 writes of 8 MiB, all whole in spite of %d signals (system call: %d)", alarms,
	       plain);
}

/* The pipe is full until the handler of the signal empties it. */
static struct outcome restarted(struct __test_metadata *_metadata, int s, int *bytes)
{
	struct small_pipe p;
	struct outcome o;
	char *buf;

	small_pipe(_metadata, &p);
	buf = pattern(_metadata, p.size, 1);
	ASSERT_EQ(p.size, write(p.in, buf, p.size));
	drained_by_alarm = &p;
	drained_bytes = 0;
	catch_signal(SIGALRM, SA_RESTART);
	alarm_every_ms(150);
	o = do_write(s, p.in, buf, p.size / 2, OWN_POSITION, 0);
	alarm_every_ms(0);
	drained_by_alarm = NULL;
	*bytes = 0;
	ioctl(p.out, FIONREAD, bytes);
	*bytes += drained_bytes - p.size;
	EXPECT_EQ(p.size / 2, *bytes);
	close_pipe(&p);
	free(buf);
	return o;
}

TEST(signal_restarts_write)
{
	int s = session(_metadata), before, bytes[2];
	struct outcome plain, module;

	if (s < 0)
		return;
	plain = restarted(_metadata, PLAIN, &bytes[0]);
	before = alarms;
	module = restarted(_metadata, s, &bytes[1]);
	expect_same(_metadata, "SA_RESTART", plain, module);
	EXPECT_EQ(bytes[0], bytes[1]);
	EXPECT_LT(before, atomic_load(&alarms));
	TH_LOG("%ld bytes written once, restarted by %d signals", module.ret, alarms - before);
}

/* Returns how many of two kinds of ends there are to break. */
static int broken(struct __test_metadata *_metadata, int s)
{
	struct small_pipe p;
	int sockets[2];

	small_pipe(_metadata, &p);
	close(p.out);
	expect_outcome(_metadata, "pipe", do_write(s, p.in, "x", 1, OWN_POSITION, 0), -1, EPIPE);
	expect_outcome(_metadata, "pipe, no bytes", do_write(s, p.in, "x", 0, OWN_POSITION, 0), 0,
		       0);
	close(p.in);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		return 1;
	close(sockets[1]);
	expect_outcome(_metadata, "socket", do_write(s, sockets[0], "x", 1, OWN_POSITION, 0), -1,
		       EPIPE);
	close(sockets[0]);
	return 2;
}

TEST(broken_pipe)
{
	int s = session(_metadata), ends, fd;

	if (s < 0)
		return;
	catch_signal(SIGPIPE, 0);
	ends = broken(_metadata, PLAIN);
	EXPECT_EQ(ends, atomic_load(&pipe_signals));
	pipe_signals = 0;
	broken(_metadata, s);
	EXPECT_EQ(ends, atomic_load(&pipe_signals));
	/* and neither the caller nor the kthread has one left over */
	fd = scratch(_metadata);
	EXPECT_EQ(1, write_own(s, fd, "x", 1));
	EXPECT_EQ(ends, atomic_load(&pipe_signals));
	TH_LOG("%d SIGPIPE by %d broken ends", pipe_signals, ends);
	signal(SIGPIPE, SIG_IGN);
	broken(_metadata, s);
	EXPECT_EQ(ends, atomic_load(&pipe_signals));
}

static void limited(struct __test_metadata *_metadata, int s, int fd, struct outcome o[5])
{
	struct rlimit old, limit;
	char *buf = pattern(_metadata, 8192, 1);
	int i = 0, before = size_signals;

	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &old));
	limit = old;
	limit.rlim_cur = 10000;
	/* only around the writes: the output may be a file */
	setrlimit(RLIMIT_FSIZE, &limit);
	o[i++] = do_write(s, fd, buf, 8192, 0, 0);
	o[i++] = do_write(s, fd, buf, 8192, 8192, 0);
	o[i++] = do_write(s, fd, buf, 1, 10000, 0);
	o[i++] = do_write(s, fd, buf, 1, OWN_POSITION, RWF_APPEND);
	setrlimit(RLIMIT_FSIZE, &old);
	o[i++] = do_write(s, fd, buf, 8192, 20000, 0);
	EXPECT_EQ(2, size_signals - before);
	free(buf);
}

TEST(file_size_limit)
{
	static const char * const what[] = { "below", "across", "above", "append", "no limit" };
	struct outcome plain[5], module[5];
	int s = session(_metadata), fd[2];
	size_t i;

	if (s < 0)
		return;
	catch_signal(SIGXFSZ, 0);
	fd[0] = scratch(_metadata);
	fd[1] = scratch(_metadata);
	limited(_metadata, PLAIN, fd[0], plain);
	limited(_metadata, s, fd[1], module);
	for (i = 0; i < ARRAY_SIZE(what); i++)
		expect_same(_metadata, what[i], plain[i], module[i]);
	expect_outcome(_metadata, "across", module[1], 10000 - 8192, 0);
	expect_outcome(_metadata, "above", module[2], -1, EFBIG);
	expect_outcome(_metadata, "no limit", module[4], 8192, 0);
	EXPECT_TRUE(same_content(_metadata, fd[0], fd[1]));
	TH_LOG("%zu writes, %d SIGXFSZ", ARRAY_SIZE(what), size_signals / 2);
}

/* --- credentials: a write clears the set-user-ID bit, unless the writer has CAP_FSETID */

static mode_t mode_after_write(struct __test_metadata *_metadata, int s, bool as_nobody)
{
	int fd = scratch(_metadata), status = 0;
	struct stat st;
	pid_t child;

	ASSERT_EQ(0, fchmod(fd, 04777));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (as_nobody && setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(write_own(s, fd, "x", 1) != 1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, fstat(fd, &st));
	close(fd);
	return st.st_mode & 07777;
}

TEST(credentials)
{
	int s = session(_metadata);
	mode_t root, nobody;

	if (s < 0)
		return;
	root = mode_after_write(_metadata, s, false);
	nobody = mode_after_write(_metadata, s, true);
	EXPECT_EQ(mode_after_write(_metadata, PLAIN, false), root);
	EXPECT_EQ(mode_after_write(_metadata, PLAIN, true), nobody);
	EXPECT_EQ((mode_t)04777, root);
	EXPECT_EQ((mode_t)0777, nobody);
	TH_LOG("mode 04777 becomes %05o by root's write, %05o by another user's", root, nobody);
}

/* --- the end of the caller while its write waits */

struct shared {
	char name[64];
	struct small_pipe p;
};

static struct shared *shared_memory(struct __test_metadata *_metadata)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, shared);
	small_pipe(_metadata, &shared->p);
	return shared;
}

/* Exits with 99 if it could not start, else goes on as the process with the session. */
static int child_session(struct shared *shared)
{
	const char *why;
	int s = module_open(&why);

	if (s < 0 || !learn_name(s, shared->name, sizeof(shared->name)))
		_exit(99);
	return s;
}

struct writer {
	pthread_t thread;
	int session, fd;
	char *buf;
	size_t len;
	long ret;
};

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	w->ret = write_own(w->session, w->fd, w->buf, w->len);
	return NULL;
}

/* In a child: another thread waits in a write of twice what fits. */
static void start_waiting_writer(struct shared *shared, struct writer *w)
{
	w->session = child_session(shared);
	w->fd = shared->p.in;
	w->len = 2 * shared->p.size;
	w->buf = malloc(w->len);
	if (!w->buf)
		_exit(98);
	memset(w->buf, 'w', w->len);
	if (pthread_create(&w->thread, NULL, writer_main, w) || !wait_full(&shared->p) ||
	    !wait_state(shared->name, 'S', 1))
		_exit(97);
}

/* Returns the child's status, or -1 if it did not end in time. */
static int wait_child(pid_t child, double *ms)
{
	double start = now_ms();
	int status;

	while (waitpid(child, &status, WNOHANG) != child) {
		if (now_ms() - start > PATIENCE)
			return -1;
		sleep_ms(2);
	}
	*ms = now_ms() - start;
	return status;
}

TEST(killed_while_waiting)
{
	static const int rounds = 5;
	struct shared *shared;
	int s = session(_metadata), i, status, kthreads;
	double ms, most = 0;
	pid_t child;

	if (s < 0)
		return;
	close(s);
	for (i = 0; i < rounds; i++) {
		shared = shared_memory(_metadata);
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			struct writer w = { .session = child_session(shared), .fd = shared->p.in };

			w.len = 2 * shared->p.size;
			w.buf = calloc(1, w.len);
			writer_main(&w);
			_exit(1);
		}
		ASSERT_TRUE(wait_full(&shared->p));
		ASSERT_TRUE(wait_state(shared->name, 'S', 1));
		kthreads = count_kthreads(shared->name);
		EXPECT_EQ(1, kthreads);
		kill(child, SIGKILL);
		status = wait_child(child, &ms);
		ASSERT_NE(-1, status);
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		EXPECT_TRUE(wait_gone(shared->name));
		/* nothing but what had been written when it died */
		EXPECT_TRUE(is_full(&shared->p));
		close_pipe(&shared->p);
		if (ms > most)
			most = ms;
	}
	TH_LOG("%d writers killed, each died within %.0f ms and left no kthread", rounds, most);
}

/* Memory whose first use waits for somebody who never comes: userfaultfd(2). NULL: cannot. */
static char *memory_that_waits(size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	char *buf;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return NULL;
	buf = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)buf;
	range.range.len = len;
	return buf == MAP_FAILED || ioctl(fd, UFFDIO_REGISTER, &range) ? NULL : buf;
}

/* A page fault of the kernel's waits again after any signal but SIGKILL. */
TEST(killed_in_page_fault)
{
	size_t len = sysconf(_SC_PAGESIZE);
	struct shared *shared;
	int s = session(_metadata), status, fd;
	double ms = 0;
	pid_t child;

	if (s < 0)
		return;
	close(s);
	if (!memory_that_waits(len))
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	shared = shared_memory(_metadata);
	fd = scratch(_metadata);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct writer w = { .session = child_session(shared), .fd = fd, .len = len };

		w.buf = memory_that_waits(len);
		writer_main(&w);
		_exit(1);
	}
	ASSERT_TRUE(wait_state(shared->name, 'S', 1));
	sleep_ms(100);
	kill(child, SIGKILL);
	status = wait_child(child, &ms);
	ASSERT_NE(-1, status);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(wait_gone(shared->name));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	TH_LOG("the writer died within %.0f ms", ms);
}

static void exec_itself(void)
{
	execl("/proc/self/exe", "module_offload", "--execed", NULL);
	_exit(96);
}

static void exit_with_7(void)
{
	_exit(7);
}

/*
 * Has a process end, by @end, while another thread of it waits in a write. Checks that it ends with
 * @code and leaves no kthread and nothing written; returns the milliseconds that took.
 */
static double end_while_waiting(struct __test_metadata *_metadata, void (*end)(void), int code)
{
	struct shared *shared = shared_memory(_metadata);
	double ms = 0;
	pid_t child;
	int status;

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct writer w;

		start_waiting_writer(shared, &w);
		end();
	}
	status = wait_child(child, &ms);
	ASSERT_NE(-1, status);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(code, WEXITSTATUS(status));
	EXPECT_TRUE(wait_gone(shared->name));
	EXPECT_TRUE(is_full(&shared->p));
	return ms;
}

TEST(exec_while_waiting)
{
	int s = session(_metadata);

	if (s < 0)
		return;
	close(s);
	TH_LOG("execve() ended the waiting write of another thread, all took %.0f ms",
	       end_while_waiting(_metadata, exec_itself, EXIT_EXECED));
}

TEST(exit_while_waiting)
{
	int s = session(_metadata);

	if (s < 0)
		return;
	close(s);
	TH_LOG("_exit() ended the waiting write of another thread, all took %.0f ms",
	       end_while_waiting(_metadata, exit_with_7, 7));
}

static void *finish_process(void *arg)
{
	struct writer *w = arg;

	pthread_join(w->thread, NULL);
	_exit(w->ret == (long)w->len ? 0 : 1);
}

/* The process goes on without its first thread, and so does the write. */
TEST(leader_exits_while_waiting)
{
	struct shared *shared;
	int s = session(_metadata), status;
	double ms = 0;
	pid_t child;
	char *buf;

	if (s < 0)
		return;
	close(s);
	shared = shared_memory(_metadata);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		static struct writer w;
		pthread_t thread;

		start_waiting_writer(shared, &w);
		if (pthread_create(&thread, NULL, finish_process, &w))
			_exit(95);
		pthread_exit(NULL);
	}
	ASSERT_TRUE(wait_full(&shared->p));
	ASSERT_TRUE(wait_state(shared->name, 'S', 1));
	sleep_ms(300);
	buf = pattern(_metadata, 2 * shared->p.size, 1);
	EXPECT_EQ(2UL * shared->p.size, read_all(shared->p.out, buf, 2 * shared->p.size));
	EXPECT_EQ('w', buf[0]);
	EXPECT_EQ(0, memcmp(buf, buf + 1, 2 * shared->p.size - 1));
	status = wait_child(child, &ms);
	EXPECT_EQ(0, status);
	EXPECT_TRUE(wait_gone(shared->name));
	TH_LOG("%d bytes through the pipe, %d of them later", 2 * shared->p.size, shared->p.size);
}

/* The second half of the buffer is not there any more when its turn comes. */
static long unmapped(struct __test_metadata *_metadata, int s)
{
	struct writer w = { .session = s };
	struct small_pipe p;
	char *sink;

	small_pipe(_metadata, &p);
	w.fd = p.in;
	w.len = 2 * p.size;
	w.buf = mmap(NULL, w.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, w.buf);
	memset(w.buf, 'u', w.len);
	sink = pattern(_metadata, p.size, 1);
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, writer_main, &w));
	EXPECT_TRUE(wait_full(&p));
	ASSERT_EQ(0, munmap(w.buf, w.len));
	EXPECT_EQ((size_t)p.size, read_all(p.out, sink, p.size));
	pthread_join(w.thread, NULL);
	EXPECT_EQ('u', sink[p.size - 1]);
	EXPECT_EQ(p.size, w.ret);
	close_pipe(&p);
	free(sink);
	return w.ret;
}

TEST(unmapped_while_waiting)
{
	int s = session(_metadata);
	long plain, module;

	if (s < 0)
		return;
	plain = unmapped(_metadata, PLAIN);
	module = unmapped(_metadata, s);
	EXPECT_EQ(plain, module);
	TH_LOG("short count %ld", module);
}

/* --- many at a time */

#define THREADS		16
#define CHUNKS		40
#define CHUNK		20000	/* no multiple of a page */
#define RECORD		500

struct many {
	pthread_t thread;
	int session, fd, self;
	bool own_position;
	off_t start, step;
	int failures;
};

static void stamp(char *buf, size_t len, int thread, int chunk)
{
	memset(buf, 'a' + (thread + chunk) % 26, len);
	snprintf(buf, len, "%d %d\n", thread, chunk);
}

static void *many_main(void *arg)
{
	size_t len;
	struct many *m = arg;
	char buf[CHUNK];
	int i;

	len = m->own_position ? RECORD : CHUNK;
	for (i = 0; i < CHUNKS; i++) {
		long long pos = m->own_position ? OWN_POSITION : m->start + i * m->step;

		stamp(buf, len, m->self, i);
		if (do_write(m->session, m->fd, buf, len, pos, 0).ret != (long)len)
			m->failures++;
	}
	return NULL;
}

static int run_many(struct __test_metadata *_metadata, struct many *m)
{
	int i, failures = 0;

	for (i = 0; i < THREADS; i++) {
		m[i].self = i;
		ASSERT_EQ(0, pthread_create(&m[i].thread, NULL, many_main, &m[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(m[i].thread, NULL);
		failures += m[i].failures;
	}
	return failures;
}

/* Returns how many chunks are not as written. */
static int wrong_chunks(const struct many *m)
{
	char want[CHUNK], got[CHUNK];
	int i, wrong = 0;

	for (i = 0; i < CHUNKS; i++) {
		stamp(want, sizeof(want), m->self, i);
		if (pread(m->fd, got, sizeof(got), m->start + i * m->step) != sizeof(got) ||
		    memcmp(want, got, sizeof(want)))
			wrong++;
	}
	return wrong;
}

TEST(threads_and_files)
{
	struct many m[THREADS] = { 0 };
	int s = session(_metadata), i, wrong = 0, same_file;
	char name[64] = "";

	if (s < 0)
		return;
	EXPECT_TRUE(learn_name(s, name, sizeof(name)));
	for (i = 0; i < THREADS; i++) {
		m[i].session = s;
		m[i].fd = scratch(_metadata);
		m[i].start = 0;
		m[i].step = CHUNK;
	}
	EXPECT_EQ(0, run_many(_metadata, m));
	for (i = 0; i < THREADS; i++) {
		wrong += wrong_chunks(&m[i]);
		close(m[i].fd);
	}
	EXPECT_EQ(0, wrong);
	/* the threads' chunks of one file take turns */
	same_file = scratch(_metadata);
	for (i = 0; i < THREADS; i++) {
		m[i].fd = same_file;
		m[i].start = i * CHUNK;
		m[i].step = THREADS * CHUNK;
	}
	EXPECT_EQ(0, run_many(_metadata, m));
	for (i = 0; i < THREADS; i++)
		wrong += wrong_chunks(&m[i]);
	EXPECT_EQ(0, wrong);
	EXPECT_LE(count_kthreads(name), THREADS);
	TH_LOG("%d wrong of %d chunks in %d files and %d in one, by %d threads and %d kthreads",
	       wrong, THREADS * CHUNKS, THREADS, THREADS * CHUNKS, THREADS, count_kthreads(name));
}

/* Writes that share a position do not overlap: write(2), BUGS. */
TEST(threads_and_one_position)
{
	int s = session(_metadata), seen[THREADS][CHUNKS] = { 0 }, i, j, fd, thread, chunk, bad = 0;
	struct many m[THREADS] = { 0 };
	char got[RECORD], want[RECORD];

	if (s < 0)
		return;
	fd = scratch(_metadata);
	for (i = 0; i < THREADS; i++) {
		m[i].session = s;
		m[i].fd = fd;
		m[i].own_position = true;
	}
	EXPECT_EQ(0, run_many(_metadata, m));
	EXPECT_EQ((off_t)THREADS * CHUNKS * RECORD, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ((off_t)THREADS * CHUNKS * RECORD, lseek(fd, 0, SEEK_END));
	for (i = 0; i < THREADS * CHUNKS; i++) {
		if (pread(fd, got, RECORD, (off_t)i * RECORD) != RECORD ||
		    sscanf(got, "%d %d", &thread, &chunk) != 2 || thread < 0 ||
		    thread >= THREADS || chunk < 0 || chunk >= CHUNKS) {
			bad++;
			continue;
		}
		stamp(want, RECORD, thread, chunk);
		bad += memcmp(want, got, RECORD) != 0;
		seen[thread][chunk]++;
	}
	for (i = 0; i < THREADS; i++) {
		for (j = 0; j < CHUNKS; j++)
			bad += seen[i][j] != 1;
	}
	EXPECT_EQ(0, bad);
	TH_LOG("%d wrong of %d records", bad, THREADS * CHUNKS);
}

/* Those without a kthread wait for one. */
TEST(more_writers_than_kthreads)
{
	static struct writer w[MAX_KTHREADS + 16];
	int s = session(_metadata), i, kthreads, whole = 0;
	struct small_pipe p;
	char name[64] = "", *sink;
	size_t all;

	if (s < 0)
		return;
	EXPECT_TRUE(learn_name(s, name, sizeof(name)));
	small_pipe(_metadata, &p);
	all = ARRAY_SIZE(w) * p.size;
	for (i = 0; i < (int)ARRAY_SIZE(w); i++) {
		w[i].session = s;
		w[i].fd = p.in;
		w[i].len = p.size;
		w[i].buf = pattern(_metadata, p.size, i);
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, writer_main, &w[i]));
	}
	/* the first fills the pipe; depending on who was second, its kthread is taken again */
	EXPECT_TRUE(wait_state(name, 'S', MAX_KTHREADS) || wait_full(&p));
	sleep_ms(100);
	kthreads = count_kthreads(name);
	EXPECT_EQ(MAX_KTHREADS, kthreads);
	sink = malloc(all);
	ASSERT_NE(NULL, sink);
	EXPECT_EQ(all, read_all(p.out, sink, all));
	for (i = 0; i < (int)ARRAY_SIZE(w); i++) {
		pthread_join(w[i].thread, NULL);
		whole += w[i].ret == p.size;
	}
	EXPECT_EQ((int)ARRAY_SIZE(w), whole);
	EXPECT_GE(MAX_KTHREADS, count_kthreads(name));
	TH_LOG("%d of %zu writers done by %d kthreads", whole, ARRAY_SIZE(w), kthreads);
}

/* Writes @len bytes again and again, @writes times or until @stop. */
struct stream {
	struct small_pipe p;
	pthread_t writer, reader;
	int session, writes;
	size_t len;
	char *buf;
	atomic_bool stop;
	int whole, in_part, interrupted, failed;
	size_t written, read;
};

static void *stream_writer(void *arg)
{
	struct stream *t = arg;
	struct outcome o;
	int i;

	for (i = 0; (!t->writes || i < t->writes) && !t->stop; i++) {
		o = do_write(t->session, t->p.in, t->buf, t->len, OWN_POSITION, 0);
		if (o.ret == (long)t->len)
			t->whole++;
		else if (o.ret > 0)
			t->in_part++;
		else if (o.err == EINTR)
			t->interrupted++;
		else
			t->failed++;
		t->written += o.ret > 0 ? o.ret : 0;
	}
	close(t->p.in);
	return NULL;
}

static void *stream_reader(void *arg)
{
	struct stream *t = arg;
	char sink[8192];
	ssize_t ret;

	while ((ret = read(t->p.out, sink, sizeof(sink))) > 0)
		t->read += ret;
	return NULL;
}

/*
 * Two threads share the session's kthreads, and one of them gets signals all the time: none of
 * them may reach the other's writes by way of a kthread that had served the first.
 */
TEST(signal_for_another_thread)
{
	int s = session(_metadata), signals = 0, i;
	static struct stream t[2];	/* with signals, without */
	double end;

	if (s < 0)
		return;
	catch_signal(SIGUSR1, 0);
	t[1].writes = 300;
	for (i = 0; i < 2; i++) {
		t[i].session = s;
		small_pipe(_metadata, &t[i].p);
		/* more than fits: it waits for the reader */
		t[i].len = t[i].p.size + 5000;
		t[i].buf = pattern(_metadata, t[i].len, i);
		ASSERT_EQ(0, pthread_create(&t[i].reader, NULL, stream_reader, &t[i]));
		ASSERT_EQ(0, pthread_create(&t[i].writer, NULL, stream_writer, &t[i]));
	}
	for (end = now_ms() + PATIENCE; t[1].whole < t[1].writes && now_ms() < end; signals++) {
		pthread_kill(t[0].writer, SIGUSR1);
		sleep_ms(1);
	}
	t[0].stop = true;
	t[1].stop = true;
	for (i = 0; i < 2; i++) {
		pthread_join(t[i].writer, NULL);
		pthread_join(t[i].reader, NULL);
		EXPECT_EQ(0, t[i].failed);
		EXPECT_EQ(t[i].written, t[i].read);
	}
	EXPECT_EQ(0, t[1].in_part + t[1].interrupted);
	/* fewer would say little */
	EXPECT_LE(30, t[1].whole);
	EXPECT_LT(0, t[0].in_part + t[0].interrupted);
	TH_LOG("with %d signals: %d writes whole, %d in part, %d interrupted", signals, t[0].whole,
	       t[0].in_part, t[0].interrupted);
	TH_LOG("without: %d writes whole, %d in part, %d interrupted", t[1].whole, t[1].in_part,
	       t[1].interrupted);
}

/* --- who writes */

/* While the write waits for room in the pipe, it is the kthread that sleeps there. */
static void sleeps_in_handler(struct __test_metadata *_metadata, int s, const char *name)
{
	struct writer w = { .session = s };
	struct small_pipe p;
	char *sink;

	small_pipe(_metadata, &p);
	w.fd = p.in;
	w.len = 2 * p.size;
	w.buf = pattern(_metadata, w.len, 1);
	sink = pattern(_metadata, w.len, 2);
	EXPECT_TRUE(wait_state(name, 'I', 1));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, writer_main, &w));
	EXPECT_TRUE(wait_state(name, 'S', 1));
	EXPECT_TRUE(wait_full(&p));
	EXPECT_EQ(1, count_in_state(name, 'S'));
	EXPECT_EQ(w.len, read_all(p.out, sink, w.len));
	EXPECT_EQ(0, memcmp(w.buf, sink, w.len));
	pthread_join(w.thread, NULL);
	EXPECT_EQ((long)w.len, w.ret);
	EXPECT_TRUE(wait_state(name, 'I', 1));
	close_pipe(&p);
	free(w.buf);
	free(sink);
}

static double own_cpu_ms(void)
{
	struct rusage u = { 0 };

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* @writes writes of @len bytes each. Returns the CPU time of this process. */
static double write_many(struct __test_metadata *_metadata, int s, int fd, const char *buf,
			 size_t len, int writes)
{
	double start = own_cpu_ms();
	int i;

	for (i = 0; i < writes; i++)
		ASSERT_EQ((long)len, do_write(s, fd, buf, len, 0, 0).ret);
	return own_cpu_ms() - start;
}

TEST(a_kthread_writes)
{
	int s = session(_metadata), fd, writes = 0;
	double tick_ms = 1e3 / sysconf(_SC_CLK_TCK), end, own = 0, own_plain, theirs, theirs_plain;
	size_t len = 4 << 20;	/* copying it takes much longer than handing it over */
	unsigned long before;
	struct kthread k;
	char name[64] = "", *buf;

	if (s < 0)
		return;
	ASSERT_TRUE(learn_name(s, name, sizeof(name)));
	sleeps_in_handler(_metadata, s, name);
	fd = scratch(_metadata);
	buf = pattern(_metadata, len, 1);

	ASSERT_EQ(1, list_kthreads(name, &k, 1));
	before = k.ticks;
	for (end = now_ms() + PATIENCE; k.ticks - before < 30 && now_ms() < end; writes += 10) {
		own += write_many(_metadata, s, fd, buf, len, 10);
		ASSERT_EQ(1, list_kthreads(name, &k, 1));
	}
	theirs = (k.ticks - before) * tick_ms;

	before = k.ticks;
	own_plain = write_many(_metadata, PLAIN, fd, buf, len, writes);
	ASSERT_EQ(1, list_kthreads(name, &k, 1));
	theirs_plain = (k.ticks - before) * tick_ms;

	TH_LOG("CPU time of %d writes of 4 MiB: kthread %.0f ms, caller %.0f ms", writes, theirs,
	       own);
	TH_LOG("by pwrite(2): kthread %.0f ms, caller %.0f ms", theirs_plain, own_plain);
	EXPECT_LE(30 * tick_ms, theirs);
	/* a tick may have been counted late */
	EXPECT_LE(theirs_plain, tick_ms);
	free(buf);
}

/* Harness and program share the name main(). */
#define main harness_main
TEST_HARNESS_MAIN
#undef main

int main(int argc, char **argv)
{
	const char *why;

	if (argc == 2 && !strcmp(argv[1], "--execed"))
		return EXIT_EXECED;
	/* the harness ends each test with _exit(): what it printed must be out by then */
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* the harness would end with 0, and nothing but skips */
	if (module_load(&why)) {
		printf("TAP version 13\n1..0 # SKIP %s\n", why);
		return KSFT_SKIP;
	}
	return harness_main(argc, argv);
}
