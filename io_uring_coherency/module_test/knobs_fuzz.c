// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments of the ioctls by chance.
 */
#include <string.h>
#include <stdint.h>

#include "knobs_parts.h"
#include "knobs_session.h"

static uint64_t random_state = 88172645463325252ULL;

uint32_t rnd(uint32_t below)
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

/* An argument of @cmd that makes some sense; a file at @fd, memory of @size bytes at @buf. */
void fuzz(union fuzzed *u, unsigned int cmd, int fd, char *buf, size_t size)
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
