// SPDX-License-Identifier: GPL-2.0
/*
 * Registered buffers; see complete_fixed.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler.h"
#include "complete_fixed.h"

#define FIXED_BYTES	(1024U * 1024)
#define OTHERS		0x5a
#define HUGE_PAGE	(2UL << 20)	/* where sysfs does not tell */
#define HUGE_MOST	(16UL << 20)

static void *pages(size_t len, int flags)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			 -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

static size_t huge_size(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
	unsigned long size = HUGE_PAGE;

	if (f && fscanf(f, "%lu", &size) != 1)
		size = HUGE_PAGE;
	if (f)
		fclose(f);
	return size < HUGE_PAGE || size > HUGE_MOST ? HUGE_PAGE : size;
}

/* Whether a huge page is mapped at @at: /proc/PID/smaps. */
static bool is_huge(const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long from, to, kib = 0;
	bool here = false;
	char line[256];

	while (f && !kib && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (here && sscanf(line, "AnonHugePages: %lu", &kib) != 1)
			kib = 0;
	}
	if (f)
		fclose(f);
	return kib;
}

static unsigned char *huge_page(struct fixed_buffers *b, size_t size)
{
	unsigned char *p = pages(size, MAP_HUGETLB);

	b->huge = "hugetlbfs";
	if (p)
		return p;
	p = pages(2 * size, 0);
	if (!p)
		return NULL;
	p += -(uintptr_t)p % size;
	madvise(p, size, MADV_HUGEPAGE);
	memset(p, 0, size);
	b->huge = is_huge(p) ? "madvise" : "none";
	return p;
}

/* The pages of FIXED_MOVED, which are registered, go elsewhere, and others come to their place. */
static bool move(struct fixed_buffers *b)
{
	void *old = b->buffer[FIXED_MOVED].now, *to = pages(FIXED_BYTES, 0);

	if (!to || mremap(old, FIXED_BYTES, FIXED_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return complete_fail(b->c, -errno, "mremap()");
	b->buffer[FIXED_MOVED].now = to;
	b->others = mmap(old, FIXED_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (b->others == MAP_FAILED)
		return complete_fail(b->c, -errno, "mmap()");
	memset(b->others, OTHERS, FIXED_BYTES);
	return true;
}

bool fixed_open(struct complete_case *c, struct fixed_buffers *b, struct io_uring *ring)
{
	const size_t huge = huge_size();
	struct iovec iov[FIXED_NR];
	unsigned char *at;
	unsigned int i;
	int ret;

	b->c = c;
	for (i = 0; i < FIXED_NR; i++) {
		at = i == FIXED_HUGE ? huge_page(b, huge) : pages(FIXED_BYTES, 0);
		if (!at)
			return complete_fail(c, -ENOMEM, "mmap()");
		/* neither its first byte nor its last is a page's */
		if (i == FIXED_HUGE)
			at += complete_draw(c, huge - FIXED_BYTES);
		memset(at, 0, FIXED_BYTES);
		b->buffer[i].now = at;
		b->buffer[i].registered = (uintptr_t)at;
		b->buffer[i].len = FIXED_BYTES;
		iov[i] = (struct iovec){ .iov_base = at, .iov_len = FIXED_BYTES };
	}
	ret = io_uring_register_buffers(ring, iov, FIXED_NR);
	if (ret == -ENOMEM)
		return true;		/* RLIMIT_MEMLOCK */
	if (ret)
		return complete_fail(c, ret, "io_uring_register_buffers()");
	b->nr = FIXED_NR;
	return move(b);
}

void fixed_cut(struct fixed_buffers *b, struct transfer *t, size_t len)
{
	const unsigned int i = complete_draw(b->c, b->nr);
	size_t at;

	if (len > b->buffer[i].len)
		len = b->buffer[i].len;
	at = complete_draw(b->c, b->buffer[i].len - len + 1);
	t->nr = 0;
	t->len = len;
	t->buffer = i;
	t->registered = b->buffer[i].registered + at;
	t->piece[0] = (struct iovec){ .iov_base = b->buffer[i].now + at, .iov_len = len };
}

bool fixed_others_kept(const struct fixed_buffers *b)
{
	return b->others[0] == OTHERS && !memcmp(b->others, b->others + 1, FIXED_BYTES - 1);
}

static void __noreturn child_run(struct fixed_buffers *b, int told, int hold)
{
	unsigned int i;
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < b->nr; i++)
		memset(b->buffer[i].now, 0xc5, b->buffer[i].len);
	if (write(told, &byte, 1) == 1)
		while (read(hold, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

bool fixed_fork(struct fixed_buffers *b)
{
	int told[2], hold[2];
	char byte;

	if (pipe2(told, O_CLOEXEC) || pipe2(hold, O_CLOEXEC))
		return complete_fail(b->c, -errno, "pipe()");
	b->child = fork();
	if (b->child < 0)
		return complete_fail(b->c, -errno, "fork()");
	if (!b->child) {
		close(hold[1]);
		child_run(b, told[1], hold[0]);
	}
	close(told[1]);
	close(hold[0]);
	b->hold = hold[1];
	while (read(told[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(told[0]);
	b->forks++;
	return true;
}

void fixed_join(struct fixed_buffers *b)
{
	close(b->hold);
	while (waitpid(b->child, NULL, 0) < 0 && errno == EINTR)
		;
	b->child = 0;
}
