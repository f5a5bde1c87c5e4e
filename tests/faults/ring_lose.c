// SPDX-License-Identifier: GPL-2.0
/*
 * To be preloaded by ring_order: one in ten wake-ups, or notifications of an eventfd, is lost, or
 * there is a notification more. LOSE names which.
 */
#include <dlfcn.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int event = -1;

static bool one_in_ten(const char *what)
{
	static unsigned int nr;
	const char *lose = getenv("LOSE");

	return lose && !strcmp(lose, what) &&
	       __atomic_add_fetch(&nr, 1, __ATOMIC_RELAXED) % 10 == 0;
}

long syscall(long nr, ...)
{
	static long (*next)(long nr, ...);
	long a[6];
	va_list ap;
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (nr == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAKE && one_in_ten("lose_futex"))
		return 0;
	if (nr == SYS_io_uring_enter && a[3] & IORING_ENTER_SQ_WAKEUP && one_in_ten("lose_sqpoll"))
		return 0;
	return next(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int eventfd(unsigned int count, int flags)
{
	event = syscall(SYS_eventfd2, count, flags);
	return event;
}

ssize_t read(int fd, void *buf, size_t len)
{
	static ssize_t (*next)(int fd, void *buf, size_t len);
	ssize_t ret;

	if (!next)
		next = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	ret = next(fd, buf, len);
	if (fd != event)
		return ret;
	if (ret < 0 && one_in_ten("spurious"))
		return len;
	if (ret > 0 && one_in_ten("lose_eventfd"))
		return -1;
	return ret;
}
