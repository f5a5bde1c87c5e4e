// SPDX-License-Identifier: GPL-2.0
/*
 * How a slice of an edge is run; see ring_slice.h.
 */
#include <pthread.h>
#include <string.h>

#include "cpu_pairs.h"
#include "ring_sides.h"

#define RING_DATA(min)								\
	.shape = RING_MP, .ms = 20, .min_events = (min),			\
	.outcome = { "there", "late", "older", "wrong", "nothing" },		\
	.forbidden = 1U << RING_LATE | 1U << RING_OLDER | 1U << RING_WRONG | 1U << RING_NOTHING

#define RING_FLOW(...)								\
	RING_DATA(300), .side = { ring_flow_run }, .flow = { __VA_ARGS__ }

const struct ring_edge ring_edges[RING_NR_EDGES] = {
#define RING_EDGE(edge_name, asks, ...)						\
	[RING_EDGE_##edge_name] = { .name = #edge_name, .question = asks, __VA_ARGS__ },
#include "ring_edges.h"
};

uint64_t ring_slice_events(const uint64_t *count)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < RING_OUTCOMES; i++)
		sum += count[i];
	return sum;
}

uint64_t ring_slice_forbidden(const struct ring_edge *e, const uint64_t *count)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < RING_OUTCOMES; i++)
		if (e->forbidden & 1U << i)
			sum += count[i];
	return sum;
}

struct side {
	struct ring_slice *s;
	unsigned int nr;
};

static void *run_side(void *arg)
{
	const struct side *side = arg;
	const int ret = cpus_pin(0, side->s->cpu[side->nr]);

	if (ret)
		ring_slice_fail(side->s, ret, "sched_setaffinity()");
	side->s->edge->side[side->nr](side->s);
	if (side->nr)
		__atomic_store_n(&side->s->gone, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Each side is a thread of its own: its io-wq, with the CPU of its workers, ends with it. */
void ring_slice_run(struct ring_slice *s)
{
	struct side side[2] = { { s, 0 }, { s, 1 } };
	pthread_t thread[2];
	unsigned int i, nr;
	int ret;

	memset(s->memory, 0, RING_SLICE_MEMORY);
	memset(s->count, 0, sizeof(s->count));
	memset(s->iterations, 0, sizeof(s->iterations));
	s->random[0] = s->seed;
	s->random[1] = ~s->seed;
	s->ready = 0;
	s->stop = 0;
	s->gone = 0;
	s->error = 0;
	s->failed = NULL;
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	for (nr = 0; nr < 2 && s->edge->side[nr]; nr++) {
		ret = pthread_create(&thread[nr], NULL, run_side, &side[nr]);
		if (ret) {
			ring_slice_fail(s, -ret, "pthread_create()");
			__atomic_store_n(&s->gone, 1, __ATOMIC_RELEASE);
			break;
		}
	}
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	s->ms = ms_since(&s->start);
}
