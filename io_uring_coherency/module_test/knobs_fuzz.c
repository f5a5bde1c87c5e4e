// SPDX-License-Identifier: GPL-2.0
/*
 * Ioctls by chance.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"
#include "module.h"
#include "random.h"

union fuzzed {
	struct pbt_knobs knobs;
	struct pbt_write write;
	struct pbt_litmus litmus;
	uint32_t words[sizeof(struct pbt_counters) / 4];
};

static uint64_t random_state;	/* each run makes the same calls */

static uint32_t rnd(uint32_t below)
{
	return random_below(&random_state, below);
}

static uint32_t odd_number(void)
{
	static const uint32_t odd[] = { 0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 10000, 10001 };

	return rnd(2) ? odd[rnd(8)] : random_draw(&random_state);
}

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
		const int fds[] = { 0, -1, knobs_session, knobs_ramfs, 99999 };

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

/* Two pages of @size bytes, to write to and to read, and none behind. NULL: no memory. */
static char *guarded_get(size_t size)
{
	char *p = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + size, size, PROT_READ) || munmap(p + 2 * size, size))
		return NULL;
	return p;
}

/* One call of the test's session; a file at @fd, guarded_get() of @size at @guarded. */
static bool fuzz_call(int fd, char *guarded, size_t size)
{
	static const unsigned int cmds[] = {
		PBT_GET_INFO, PBT_SET_KNOBS, PBT_GET_COUNTERS, PBT_WRITE, PBT_LITMUS,
	};
	union fuzzed u;
	/* of what can be written, of what can be read, of memory as a whole */
	const uintptr_t ends[] = {
		(uintptr_t)guarded + size, (uintptr_t)guarded + 2 * size, 0,
		(uintptr_t)guarded + 2 + sizeof(u),
	};
	unsigned long cmd = cmds[rnd(ARRAY_SIZE(cmds))], arg = (unsigned long)&u;

	fuzz(&u, cmd, fd, guarded, 2 * size);
	if (!rnd(10))
		cmd ^= 1U << rnd(32);
	memcpy(guarded + 2, &u, sizeof(u));
	if (!rnd(5))
		arg = ends[rnd(ARRAY_SIZE(ends))] - rnd(sizeof(u) + 1);
	return ioctl(knobs_session, cmd, arg) >= 0;
}

int knobs_fuzz(uint64_t max, double max_us, struct knobs_fuzz_calls *done)
{
	const long size = sysconf(_SC_PAGESIZE);
	const double start = knobs_now_us();
	int i, null, written, saved[3];
	const char *why;
	char *guarded;

	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	written = memfd_create("written", MFD_CLOEXEC);
	guarded = guarded_get(size);
	if (null < 0 || written < 0 || !guarded)
		return -errno;
	for (i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 1000);
		dup2(null, i);
	}
	memset(done, 0, sizeof(*done));
	for (; done->calls < max && knobs_now_us() - start < max_us; done->calls++) {
		done->succeeded += fuzz_call(written, guarded, size);
		/* a page of it may have 64 KiB */
		if (!(done->calls % 64) && ftruncate(written, 0))
			break;
		/* opened and closed meanwhile, too */
		if (!rnd(2000)) {
			const int fd = module_open(&why);

			if (fd < 0)
				break;
			close(knobs_session);
			knobs_session = fd;
		}
	}
	for (i = 0; i < 3; i++)
		dup2(saved[i], i);
	return 0;
}
