// SPDX-License-Identifier: GPL-2.0
/*
 * Bad kernels for page_integrity, as a library for LD_PRELOAD under its engine "thread": what a
 * kernel could do wrong with the writes and reads of whole pages by other threads than the first of
 * a process, which are the engine's (and kind r... is for reads) or, of a process that wrote none,
 * the verifier's (v...). Under its engine "uring" kind u... is done to a submission.
 *
 *	PAGE_FAULT=KIND		one of those below
 *	PAGE_FAULT_AT=N		the Nth such write or read (default 1), and ...
 *	PAGE_FAULT_EVERY=N	... each Nth after it (default 0: none)
 *	PAGE_FAULT_LOG=FILE	gets a line for each fault
 *
 * And with the disk, which are not writes or reads: "sync_lost", an fsync() that does nothing;
 * "sync_fails", one that says so; "sync_rots", damage on the disk after it; "no_drop", a
 * POSIX_FADV_DONTNEED that does nothing; "no_direct", O_DIRECT that goes through the page cache.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/loop.h>

#define PAGE		16384

static ssize_t (*real_write)(int fd, const void *buf, size_t len, off_t at);
static ssize_t (*real_read)(int fd, void *buf, size_t len, off_t at);
static int (*real_submit)(struct io_uring *ring);
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *kind = "";
static unsigned int first, every, writes, reads, submissions;
static int last_fd = -1, other_fd = -1;	/* of the last write, of the last one to another file */
static struct {			/* a write that is yet to come */
	char page[PAGE];
	int fd;
	off_t at;
	bool is;
} late;

static unsigned int number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void init(void)
{
	real_write = dlsym(RTLD_NEXT, "pwrite");
	real_read = dlsym(RTLD_NEXT, "pread");
	real_submit = dlsym(RTLD_NEXT, "io_uring_submit");
	kind = getenv("PAGE_FAULT") ?: "";
	first = number("PAGE_FAULT_AT", 1);
	every = number("PAGE_FAULT_EVERY", 0);
}

static bool is(const char *name)
{
	return !strcmp(kind, name);
}

static bool of_disk(void)
{
	return !strncmp(kind, "sync_", 5) || !strncmp(kind, "no_", 3);
}

/* Whether it is this one's turn; tells so. */
static bool due(unsigned int *count)
{
	const unsigned int n = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	const char *path = getenv("PAGE_FAULT_LOG");
	int fd;

	if (n < first || (n > first && (!every || (n - first) % every)))
		return false;
	fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
	if (fd >= 0) {
		dprintf(fd, "%s\n", kind);
		close(fd);
	}
	return true;
}

static bool is_engine(size_t len)
{
	pthread_once(&once, init);
	return len == PAGE && syscall(SYS_gettid) != getpid();
}

/* All of the page but this. Returns as if it were all. */
static ssize_t leave_out(int fd, const char *buf, off_t at, size_t from, size_t to)
{
	if (from)
		real_write(fd, buf, from, at);
	if (to < PAGE)
		real_write(fd, buf + to, PAGE - to, at + to);
	return PAGE;
}

/* All of it, and then something else there. */
static ssize_t spoil(int fd, const char *buf, off_t at, const void *what, size_t length,
		     off_t where)
{
	const ssize_t ret = real_write(fd, buf, PAGE, at);

	real_write(fd, what, length, where);
	return ret;
}

static ssize_t error(int err)
{
	errno = err;
	return -1;
}

static ssize_t bad_write(int fd, char *buf, off_t at, int other)
{
	static const char zeroes[4096];
	char byte;
	struct stat st;
	unsigned int i;

	fstat(fd, &st);
	if (is("tail1"))
		return leave_out(fd, buf, at, PAGE - 1, PAGE);
	if (is("tail16"))
		return leave_out(fd, buf, at, PAGE - 16, PAGE);
	if (is("head4k"))
		return leave_out(fd, buf, at, 0, 4096);
	if (is("mid4k"))
		return leave_out(fd, buf, at, 4096, 8192);
	if (is("line64"))
		return leave_out(fd, buf, at, 4096, 4160);
	if (is("line128"))
		return leave_out(fd, buf, at, 8320, 8448);
	if (is("torn"))
		return leave_out(fd, buf, at, 8192, PAGE);
	if (is("drop"))
		return PAGE;
	if (is("short"))
		return real_write(fd, buf, PAGE / 2, at);
	if (is("nothing"))
		return 0;
	if (is("eio"))
		return error(EIO);
	if (is("eagain"))
		return error(EAGAIN);
	if (is("ecanceled")) {
		real_write(fd, buf, PAGE, at);
		return error(ECANCELED);
	}
	if (is("trunc")) {
		real_write(fd, buf, PAGE, at);
		return ftruncate(fd, st.st_size - 4096) ? -1 : PAGE;
	}
	if (is("beyond"))
		return spoil(fd, buf, at, buf, 16, st.st_size + 100);
	if (is("sentinel"))
		return spoil(fd, buf, at, buf, PAGE, st.st_size - PAGE);
	if (is("file"))
		return real_write(other, buf, PAGE, at);
	if (is("offset"))
		return real_write(fd, buf, PAGE, at ? at - PAGE : PAGE);
	if (is("zeroes"))
		return spoil(fd, buf, at, zeroes, 4096, at + 4096);
	if (is("flip")) {
		byte = buf[5000] ^ 4;
		return spoil(fd, buf, at, &byte, 1, at + 5000);
	}
	if (is("flips")) {
		for (i = 0; i < 20; i++) {
			byte = ~buf[700 * i];
			spoil(fd, i ? buf + 700 * i - 8 : buf, at, &byte, 1, at + 700 * i);
		}
		return PAGE;
	}
	if (is("scribble")) {
		real_write(fd, buf, PAGE, at);
		memset(buf + 4096, 0xee, 16);
		return PAGE;
	}
	if (is("scribble_first")) {
		memset(buf + 4096, 0xee, 16);
		return real_write(fd, buf, PAGE, at);
	}
	if (is("late") && !late.is) {
		memcpy(late.page, buf, PAGE);
		late.fd = fd;
		late.at = at;
		late.is = true;
		return PAGE;
	}
	return real_write(fd, buf, PAGE, at);
}

static ssize_t bad_read(int fd, char *buf, off_t at)
{
	ssize_t ret;

	if (is("rdrop") || is("vdrop"))
		return PAGE;
	if (is("rtail1"))
		return real_read(fd, buf, PAGE - 1, at) + 1;
	if (is("rtail"))
		return real_read(fd, buf, PAGE - 64, at) + 64;
	if (is("rshort"))
		return real_read(fd, buf, PAGE / 2, at);
	if (is("reio"))
		return error(EIO);
	if (is("rother"))
		return real_read(fd, buf, PAGE, at ? at - PAGE : PAGE);
	ret = real_read(fd, buf, PAGE, at);
	if (is("rzeroes"))
		memset(buf + 8192, 0, 4096);
	if (is("rflip"))
		buf[5000] ^= 4;
	if (is("rover"))
		memset(buf + PAGE, 0xee, 16);
	return ret;
}

static ssize_t do_write(int fd, const void *buf, size_t len, off_t at)
{
	int last, other;

	if (!is_engine(len))
		return real_write(fd, buf, len, at);
	last = __atomic_exchange_n(&last_fd, fd, __ATOMIC_RELAXED);
	if (last != fd && last >= 0)
		__atomic_store_n(&other_fd, last, __ATOMIC_RELAXED);
	other = __atomic_load_n(&other_fd, __ATOMIC_RELAXED);
	if (strchr("rvu", *kind) || of_disk() ||
	    (is("file") && (other < 0 || other == fd)) || !due(&writes))
		return real_write(fd, buf, len, at);
	return bad_write(fd, (char *)buf, at, other);
}

static ssize_t do_read(int fd, void *buf, size_t len, off_t at)
{
	ssize_t ret;

	if (!is_engine(len))
		return real_read(fd, buf, len, at);
	/* only the engine's process has written */
	if (*kind == (last_fd < 0 ? 'v' : 'r') && due(&reads))
		return bad_read(fd, buf, at);
	ret = real_read(fd, buf, len, at);
	if (late.is && late.fd == fd && late.at == at) {
		real_write(fd, late.page, PAGE, at);
		late.is = false;
	}
	return ret;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return do_write(fd, buf, len, at);
}

ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
	return do_read(fd, buf, len, at);
}

/* The engine has one buffer in each. */
ssize_t pwritev(int fd, const struct iovec *iov, int nr, off_t at)
{
	(void)nr;
	return do_write(fd, iov->iov_base, iov->iov_len, at);
}

ssize_t preadv(int fd, const struct iovec *iov, int nr, off_t at)
{
	(void)nr;
	return do_read(fd, iov->iov_base, iov->iov_len, at);
}

/* A CQE has the user_data of its SQE: one that is none of the engine's, or is another one's. */
int io_uring_submit(struct io_uring *ring)
{
	const unsigned int mask = ring->sq.ring_entries - 1;
	struct io_uring_sqe *sqe = &ring->sq.sqes[ring->sq.sqe_head & mask];

	pthread_once(&once, init);
	/* a batch of writes */
	if (*kind != 'u' || ring->sq.sqe_tail - ring->sq.sqe_head < 2 ||
	    sqe->opcode != IORING_OP_WRITE || !due(&submissions))
		return real_submit(ring);
	if (is("uwild"))
		sqe->user_data = 0x123456789abcdef0;
	if (is("unext"))
		sqe->user_data += sqe->user_data ? 1 : 0;
	if (is("uold"))
		sqe->user_data -= 1ULL << 32;
	return real_submit(ring);
}

/* --- the disk: see page_disk.h */

static unsigned int syncs;
static int image = -1;

/* The first loop device is the file system's, those after it are what a crash leaves. */
int ioctl(int fd, unsigned long request, ...)
{
	void *arg;
	va_list args;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == LOOP_CONFIGURE && image < 0)
		image = dup(((struct loop_config *)arg)->fd);
	return syscall(SYS_ioctl, fd, request, arg);
}

/* The first page of a file, on the disk alone. */
static void rot(int fd)
{
	const size_t size = lseek(image, 0, SEEK_END);
	char page[PAGE], *map, *at;
	unsigned int i;

	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, image, 0);
	if (map == MAP_FAILED)
		return;
	at = real_read(fd, page, PAGE, 0) == PAGE ? memmem(map, size, page, 64) : NULL;
	for (i = 64; at && i < 80; i++)
		at[i] ^= 0xff;
	munmap(map, size);
}

static int sync_or_not(int fd, long nr)
{
	int ret;

	if (!is_engine(PAGE) || !of_disk() || !due(&syncs))
		return syscall(nr, fd);
	if (is("sync_lost"))
		return 0;
	if (is("sync_fails"))
		return error(ECANCELED);
	ret = syscall(nr, fd);
	if (is("sync_rots"))
		rot(fd);
	return ret;
}

int fsync(int fd)
{
	return sync_or_not(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return sync_or_not(fd, SYS_fdatasync);
}

int posix_fadvise(int fd, off_t at, off_t len, int advice)
{
	static int (*real)(int fd, off_t at, off_t len, int advice);

	pthread_once(&once, init);
	if (!real)
		real = dlsym(RTLD_NEXT, "posix_fadvise");
	return is("no_drop") ? 0 : real(fd, at, len, advice);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	pthread_once(&once, init);
	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (is("no_direct"))
		flags &= ~O_DIRECT;
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
