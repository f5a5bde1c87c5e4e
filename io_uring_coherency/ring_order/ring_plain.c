// SPDX-License-Identifier: GPL-2.0
/*
 * Plain memory: what can this machine show at all?
 */
#include "ring_sides.h"

/* In slice.memory. Counters do not wrap within a slice. */
struct plain {
	unsigned int *a, *b;
	unsigned int *epoch, *done;	/* of SB, far from both */
	unsigned int *log[2];
};

#define CHUNK	4096U	/* iterations between two meetings of the sides, for SB */

static void plain_layout(const struct ring_slice *s, struct plain *p)
{
	unsigned int lines = 1 + s->seed % 30;

	p->a = (unsigned int *)s->memory;
	p->b = (unsigned int *)(s->memory + (s->same_line ? 8 : lines * RING_LINE));
	p->epoch = (unsigned int *)(s->memory + 64 * RING_LINE);
	p->done = (unsigned int *)(s->memory + 72 * RING_LINE);
	p->log[0] = (unsigned int *)(s->memory + 128 * RING_LINE);
	p->log[1] = p->log[0] + 2 * CHUNK;
}

/* Free-running: neither side ever waits for the other. */
void ring_plain_mp_write(struct ring_slice *s)
{
	struct plain p;
	unsigned int n = 0;

	plain_layout(s, &p);
	while (!relaxed_load(&s->stop)) {
		n++;
		relaxed_store(p.a, n);
		barrier();
		if (s->relaxed)
			relaxed_store(p.b, n);
		else
			io_uring_smp_store_release(p.b, n);
		if (!s->bare && n % 64 == 0)
			ring_skew(s, 1, 200);
	}
	s->iterations[1] = n;
}

void ring_plain_mp_read(struct ring_slice *s)
{
	unsigned int flag, data, last = 0, n = 0;
	struct plain p;

	plain_layout(s, &p);
	for (;;) {
		if (++n % 1024 == 0 && ring_slice_over(s))
			break;
		if (s->relaxed)
			flag = relaxed_load(p.b);
		else
			flag = io_uring_smp_load_acquire(p.b);
		barrier();
		data = relaxed_load(p.a);
		if (s->bare || flag == last)
			continue;
		/* a flag that was seen before says nothing new of the data */
		last = flag;
		s->count[(int)(data - flag) < 0 ? 2 : 0]++;
		if (n % 64 == 0)
			ring_skew(s, 0, 200);
	}
	s->iterations[0] = n;
}

/*
 * Store @n to one's own word, load the other's, for a chunk of iterations without waiting; then the
 * two logs are compared ("perpetual" litmus test).
 */
static void plain_sb_chunk(struct ring_slice *s, unsigned int side, const struct plain *p,
			   unsigned int base)
{
	unsigned int *mine = side ? p->b : p->a, *other = side ? p->a : p->b;
	unsigned int *log = p->log[side], i;

	ring_skew(s, side, 300);
	for (i = 1; i <= CHUNK; i++) {
		relaxed_store(mine, base + i);
		if (s->relaxed)
			barrier();
		else
			io_uring_smp_mb();
		log[i] = relaxed_load(other);
		if (i % 64 == 0)
			ring_skew(s, side, 100);
	}
	s->iterations[side] += CHUNK;
}

/*
 * Iteration n of side 0 read m - 1 and so did not see the other's m: then the other's iteration m
 * must have seen n. Of all n with the same m the last is the one that counts.
 */
static void plain_sb_compare(struct ring_slice *s, const struct plain *p, unsigned int base)
{
	unsigned int i, m;

	for (i = 1; i <= CHUNK; i++) {
		if (i < CHUNK && p->log[0][i + 1] == p->log[0][i])
			continue;
		m = p->log[0][i] + 1 - base;
		if (m - 1 >= CHUNK)
			continue;
		s->count[(int)(p->log[1][m] - (base + i)) < 0 ? 1 : 0]++;
	}
}

static void plain_sb_bare(struct ring_slice *s, unsigned int side, const struct plain *p)
{
	unsigned int *mine = side ? p->b : p->a, *other = side ? p->a : p->b, n = 0;

	while (++n % 1024 || !ring_slice_over(s)) {
		relaxed_store(mine, n);
		io_uring_smp_mb();
		relaxed_load(other);
	}
	s->iterations[side] = n;
}

static void plain_sb(struct ring_slice *s, unsigned int side)
{
	unsigned int base, epoch = 0;
	struct plain p;

	plain_layout(s, &p);
	if (s->bare) {
		plain_sb_bare(s, side, &p);
		return;
	}
	for (base = 0; ; base += CHUNK) {
		epoch++;
		/* side 0 decides whether there is another chunk: so both agree */
		if (side) {
			while (__atomic_load_n(p.epoch, __ATOMIC_ACQUIRE) != epoch) {
				if (relaxed_load(&s->stop))
					return;
			}
		} else {
			if (ring_slice_over(s))
				return;
			__atomic_store_n(p.epoch, epoch, __ATOMIC_RELEASE);
		}
		plain_sb_chunk(s, side, &p, base);
		if (side) {
			__atomic_store_n(p.done, epoch, __ATOMIC_RELEASE);
			continue;
		}
		while (__atomic_load_n(p.done, __ATOMIC_ACQUIRE) != epoch) {
			if (relaxed_load(&s->stop) && s->error)
				return;
		}
		plain_sb_compare(s, &p, base);
	}
}

void ring_plain_sb_0(struct ring_slice *s)
{
	plain_sb(s, 0);
}

void ring_plain_sb_1(struct ring_slice *s)
{
	plain_sb(s, 1);
}
