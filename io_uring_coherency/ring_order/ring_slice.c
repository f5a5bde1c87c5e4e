// SPDX-License-Identifier: GPL-2.0
/*
 * The table of edges, and how a slice of one is run; see ring_slice.h.
 */
#include <pthread.h>
#include <string.h>

#include "cpu_pairs.h"
#include "ring_sides.h"

#define DATA_OUTCOMES							\
	{ "there", "late", "older", "wrong", "nothing" }
#define DATA_FORBIDDEN							\
	(1U << RING_LATE | 1U << RING_OLDER | 1U << RING_WRONG | 1U << RING_NOTHING)
#define DATA_EDGE(id, text, weaker, min)				\
	.name = #id, .question = text, .shape = RING_MP, .relaxed = weaker, .ms = 20,	\
	.min_events = min, .outcome = DATA_OUTCOMES, .forbidden = DATA_FORBIDDEN

const struct ring_edge ring_edges[RING_NR_EDGES] = {
	[RING_EDGE_PLAIN_MP] = {
		DATA_EDGE(plain_mp, "plain memory: data, then a flag", true, 1000),
		.side = { ring_plain_mp_read, ring_plain_mp_write },
	},
	[RING_EDGE_PLAIN_SB] = {
		.name = "plain_sb", .question = "plain memory: each writes, then reads the other's",
		.shape = RING_SB, .relaxed = true, .ms = 20, .min_events = 1000,
		.outcome = { "one saw the other", "neither did" }, .forbidden = 1U << 1,
		.side = { ring_plain_sb_0, ring_plain_sb_1 },
	},
	[RING_EDGE_SQE_WORKER] = {
		DATA_EDGE(sqe_worker, "an io-wq worker sees the SQE and its buffer", false, 300),
		.side = { ring_sqe_worker },
	},
	[RING_EDGE_SQE_SQPOLL] = {
		DATA_EDGE(sqe_sqpoll, "the SQ thread sees the SQE and its buffer", true, 300),
		.side = { ring_sqe_sqpoll },
	},
	[RING_EDGE_SQPOLL_WAKEUP] = {
		.name = "sqpoll_wakeup",
		.question = "the SQ thread going to sleep sees the SQE, or is woken",
		.shape = RING_SB, .relaxed = true, .ms = 400, .min_events = 50,
		.outcome = { "woken", "seen", "lost" }, .forbidden = 1U << RING_NAP_LOST,
		.side = { ring_sqpoll_wakeup },
	},
	[RING_EDGE_CQE_FILE] = {
		DATA_EDGE(cqe_file, "the CQE of a file read by a worker implies the data", true,
			  300),
		.side = { ring_cqe_file },
	},
	[RING_EDGE_CQE_WRITE] = {
		DATA_EDGE(cqe_write, "the CQE of a write by a worker implies the file's content",
			  true, 300),
		.side = { ring_cqe_write },
	},
	[RING_EDGE_CQE_PIPE] = {
		DATA_EDGE(cqe_pipe, "the CQE of a pipe read by the SQ thread implies the data",
			  true, 300),
		.side = { ring_cqe_pipe },
	},
	[RING_EDGE_CQE_SOCKET] = {
		DATA_EDGE(cqe_socket, "the CQE of a receive by the SQ thread implies the data",
			  true, 300),
		.side = { ring_cqe_socket },
	},
	[RING_EDGE_FIXED_READ] = {
		DATA_EDGE(fixed_read, "the CQE of READ_FIXED implies the data", true, 300),
		.side = { ring_fixed_read },
	},
	[RING_EDGE_FIXED_WRITE] = {
		DATA_EDGE(fixed_write, "a worker sees the buffer of WRITE_FIXED before its CQE",
			  true, 300),
		.side = { ring_fixed_write },
	},
	[RING_EDGE_PBUF_RING] = {
		DATA_EDGE(pbuf_ring, "the SQ thread sees the buffer ring, the CQE implies the data",
			  true, 300),
		.side = { ring_pbuf_ring },
	},
	[RING_EDGE_MSG_RING] = {
		DATA_EDGE(msg_ring, "a message's CQE implies what its sender wrote before", true,
			  300),
		.side = { ring_msg_ring_receive, ring_msg_ring_send },
	},
	[RING_EDGE_EVENTFD] = {
		DATA_EDGE(eventfd, "the registered eventfd tells of each CQE, which implies data",
			  false, 300),
		.side = { ring_cqe_eventfd },
	},
	[RING_EDGE_FUTEX] = {
		DATA_EDGE(futex, "the CQE of FUTEX_WAIT implies what the waker wrote before", false,
			  300),
		.side = { ring_futex_receive, ring_futex_send },
	},
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
