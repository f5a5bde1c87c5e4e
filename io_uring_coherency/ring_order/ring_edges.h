/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The edges of ring_order, in the order in which they run; no other place names them. Who includes
 * this file has RING_EDGE() make what is wanted of each:
 *
 *	RING_EDGE(NAME, QUESTION, the other members of struct ring_edge)
 *
 * NAME is that of the test, of --edge and in the results. RING_DATA(MIN_EVENTS) has the members of
 * an edge that is judged by the data that arrive, RING_FLOW(members of struct ring_flow_kind) those
 * of a read or a write: that needs nothing but its lines here. What runs on each side of the others
 * is in the file that is named, and declared in ring_sides.h.
 */

/* ring_plain.c */
RING_EDGE(plain_mp, "plain memory: data, then a flag",
	  RING_DATA(1000), .relaxed = true, .plain = true,
	  .side = { ring_plain_mp_read, ring_plain_mp_write })

RING_EDGE(plain_sb, "plain memory: each writes, then reads the other's",
	  .shape = RING_SB, .relaxed = true, .ms = 20, .min_events = 1000, .plain = true,
	  .outcome = { "one saw the other", "neither did" }, .forbidden = 1U << 1,
	  .side = { ring_plain_sb_0, ring_plain_sb_1 })

/* ring_flow.c. sqe_worker: the kernel alone hands over, user space has no barrier to leave out. */
RING_EDGE(sqe_worker, "an io-wq worker sees the SQE and its buffer",
	  RING_FLOW(.place = RING_PIPE, .write = true))

RING_EDGE(sqe_sqpoll, "the SQ thread sees the SQE and its buffer",
	  RING_FLOW(.place = RING_PIPE, .write = true, .sqpoll = true), .relaxed = true)

/* ring_sleep.c */
RING_EDGE(sqpoll_wakeup, "the SQ thread going to sleep sees the SQE, or is woken",
	  .shape = RING_SB, .relaxed = true, .ms = 400, .min_events = 50,
	  .outcome = { "woken", "seen", "lost" }, .forbidden = 1U << RING_NAP_LOST,
	  .side = { ring_sqpoll_wakeup })

/* ring_flow.c */
RING_EDGE(cqe_file, "the CQE of a file read by a worker implies the data",
	  RING_FLOW(.place = RING_FILE), .relaxed = true)

RING_EDGE(cqe_write, "the CQE of a write by a worker implies the file's content",
	  RING_FLOW(.place = RING_FILE, .write = true), .relaxed = true)

RING_EDGE(cqe_pipe, "the CQE of a pipe read by the SQ thread implies the data",
	  RING_FLOW(.place = RING_PIPE, .sqpoll = true), .relaxed = true)

RING_EDGE(cqe_socket, "the CQE of a receive by the SQ thread implies the data",
	  RING_FLOW(.place = RING_SOCKET, .sqpoll = true), .relaxed = true)

RING_EDGE(fixed_read, "the CQE of READ_FIXED implies the data",
	  RING_FLOW(.place = RING_FILE, .fixed = true), .relaxed = true)

RING_EDGE(fixed_write, "a worker sees the buffer of WRITE_FIXED before its CQE",
	  RING_FLOW(.place = RING_FILE, .write = true, .fixed = true), .relaxed = true)

RING_EDGE(pbuf_ring, "the SQ thread sees the buffer ring, the CQE implies the data",
	  RING_FLOW(.place = RING_PIPE, .sqpoll = true, .select = true), .relaxed = true)

/* ring_post.c */
RING_EDGE(msg_ring, "a message's CQE implies what its sender wrote before",
	  RING_DATA(300), .relaxed = true, .side = { ring_msg_ring_receive, ring_msg_ring_send })

/* ring_flow.c. The barrier is read(2)'s. */
RING_EDGE(eventfd, "the registered eventfd tells of each CQE, which implies data",
	  RING_FLOW(.place = RING_FILE, .eventfd = true))

/* ring_post.c. The waker's barrier is futex(2)'s. */
RING_EDGE(futex, "the CQE of FUTEX_WAIT implies what the waker wrote before",
	  RING_DATA(300), .side = { ring_futex_receive, ring_futex_send })

#undef RING_EDGE
