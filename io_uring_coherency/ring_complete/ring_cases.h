/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cases of ring_complete, in the order in which they run; no other place names them. Who
 * includes this file has RING_CASE() make what is wanted of each:
 *
 *	RING_CASE(NAME, PROMISE, BY, FIX, the other members of struct ring_case)
 *
 * NAME is that of the test, of --case and in the results, and case_NAME() runs it, in the file
 * that is named. BY is whose promise it is. FIX is what mended the kernels that are known to break
 * it, in the way that .known names, by default COMPLETE_LOST: commit and version, or the subject
 * where that is in no version yet, or in stable kernels alone; NULL if none is known. .question is
 * what results have it under, by default "completions". What no kernel is known to keep is run
 * .by_name alone.
 */

/* case_wake.c */
RING_CASE(shared_wake, "each completion wakes who sleeps in io_uring_enter() for it",
	  "io_uring_enter(2), IORING_ENTER_GETEVENTS",
	  "\"io_uring: fix waiters missing wake ups\" (6.1.128)",
	  .min = 1000)

RING_CASE(waiters, "of those who wait on a ring, each is woken when its count is there",
	  "io_uring_enter(2), min_complete",
	  "\"io_uring/wait: look at all CQ waiters on wake up\"",
	  .min = 20, .enough = 500)

/* case_write.c */
RING_CASE(shared_hash, "each buffered write of several threads by io-wq completes, with its data",
	  "io_uring_enter(2), IOSQE_ASYNC", "d3e3c102d107 (v5.16)",
	  .min = 100)

/* case_sqpoll.c */
RING_CASE(sq_wait, "there is room in the SQ when io_uring_sqring_wait() has waited for it",
	  "io_uring_enter(2), IORING_ENTER_SQ_WAIT", "28aabffae6be (v6.12)",
	  .known = COMPLETE_EARLY, .min = 100)

/* case_task_work.c */
RING_CASE(pipe_eof, "task_work that a request leaves runs while the task sleeps for another",
	  "io_uring_enter(2), IORING_OP_CLOSE", "46a525e199e4 (v6.1)",
	  .min = 20, .enough = 400)

RING_CASE(eventfd_defer, "the eventfd tells of each completion of a DEFER_TASKRUN ring",
	  "io_uring_register_eventfd(3)", NULL,
	  .min = 100)

/* case_overflow.c */
RING_CASE(cq_overflow, "what the CQ has no room for arrives, once, linked requests in order",
	  "io_uring_setup(2), IORING_FEAT_NODROP", "aa1df3a360a0 (v6.1)",
	  .known = COMPLETE_ORDER, .min = 100)

RING_CASE(overflow_defer, "the same on a DEFER_TASKRUN ring",
	  "io_uring_setup(2), IORING_FEAT_NODROP", NULL,
	  .min = 100)

/* case_drain.c */
RING_CASE(drain, "what is behind IOSQE_IO_DRAIN starts after that, which starts after all before",
	  "io_uring_enter(2), IOSQE_IO_DRAIN", "fde04c7e2775 (v6.16)",
	  .question = "order", .known = COMPLETE_ORDER, .min = 20, .enough = 500)

/* case_link.c */
RING_CASE(links, "a linked chain runs in order, up to its first failure",
	  "io_uring_enter(2), IOSQE_IO_LINK", NULL,
	  .question = "order", .min = 20, .enough = 5000)

RING_CASE(hard_links, "a hard linked chain runs in order, failures or not",
	  "io_uring_enter(2), IOSQE_IO_HARDLINK", NULL,
	  .question = "order", .min = 20, .enough = 5000)

/* case_link_timeout.c */
RING_CASE(link_timeout, "a linked timeout cancels its request when it is over, or is cancelled",
	  "io_uring_enter(2), IORING_OP_LINK_TIMEOUT", NULL,
	  .min = 50, .enough = 4000)

/* The timer is started when that is over: v6.15, 6.1.139, up to 7.2. Or it finds no poll yet. */
RING_CASE(link_timeout_workers, "the same of a request that io-wq sleeps in, or arms a poll for",
	  "io_uring_enter(2), IORING_OP_LINK_TIMEOUT", NULL,
	  .by_name = true, .min = 50, .enough = 4000)

/* case_timeout.c */
RING_CASE(timeout, "a timeout ends in its time, with its count, or is removed, as it is told of",
	  "io_uring_enter(2), IORING_OP_TIMEOUT", NULL,
	  .min = 50, .enough = 3000)

/* case_multishot.c */
RING_CASE(poll_multi, "a multishot poll tells of each event, and lacks F_MORE once: at its end",
	  "io_uring_enter(2), IORING_POLL_ADD_MULTI", NULL,
	  .question = "order", .min = 20, .enough = 2000)

RING_CASE(accept_multi, "a multishot accept has a CQE for each connection, F_MORE up to its end",
	  "io_uring_prep_multishot_accept(3)", NULL,
	  .question = "order", .min = 20, .enough = 2000)

/* case_cancel.c. 6.1 does not come back from it, in a guest: not explained yet. */
RING_CASE(cancel, "what is cancelled has no effect and says so, what is not goes on to its end",
	  "io_uring_prep_cancel(3)", NULL,
	  .by_name = true, .min = 50, .enough = 5000)

/* A request that io-wq is interrupted in may be told of by -ENOENT, several are 1: up to 7.2. */
RING_CASE(cancel_workers, "a cancellation tells what it has found, and how many, at io-wq, too",
	  "io_uring_prep_cancel(3)", NULL,
	  .by_name = true, .min = 50, .enough = 5000)

/* It has -ERESTARTSYS, the kernel's own: up to 7.2; 6.1.192 and 6.12.117 have it mended. */
RING_CASE(cancel_splice, "a splice that io-wq was interrupted in has an error of splice(2)",
	  "io_uring_enter(2), IORING_OP_SPLICE", NULL,
	  .by_name = true, .min = 50, .enough = 5000)

/* case_msg_ring.c */
RING_CASE(msg_ring, "each message to another ring arrives, once, and wakes who waits for it",
	  "io_uring_prep_msg_ring(3)", NULL,
	  .min = 100, .enough = 10000)

/* case_recv.c. The commit is about buffer rings, and kernels had the same with provided ones. */
RING_CASE(two_recv, "two receives under way do not get the same provided buffer",
	  "io_uring_enter(2), IOSQE_BUFFER_SELECT", "41b70df5b38b (v6.17)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 20, .enough = 500)

RING_CASE(two_recv_ring, "two receives under way do not get the same buffer of a buffer ring",
	  "io_uring_register_buf_ring(3)", "41b70df5b38b (v6.17)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 20, .enough = 500)

/* case_buffer_read.c */
RING_CASE(buffer_read, "a read's provided buffer has the file's data, and is nobody else's",
	  "io_uring_enter(2), IOSQE_BUFFER_SELECT", NULL,
	  .question = "results", .min = 50, .enough = 2000)

/* What was asked for is used up, as the result is not known yet: up to 7.2. */
RING_CASE(buffer_incremental_read, "the same of an incremental ring, where reads get less",
	  "io_uring_setup_buf_ring(3), IOU_PBUF_RING_INC", NULL,
	  .by_name = true, .question = "results", .min = 50, .enough = 2000)

RING_CASE(buffer_fail, "a request that fails leaves its provided buffer, or tells which it has",
	  "io_uring_enter(2), IOSQE_BUFFER_SELECT", NULL,
	  .question = "results", .min = 50, .enough = 2000)

/* case_buffer_recv.c */
RING_CASE(buffer_recv, "a stream's bytes arrive once, in order, in the buffers that its CQEs name",
	  "io_uring_prep_recv(3), IOSQE_BUFFER_SELECT", "41b70df5b38b (v6.17)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 50, .enough = 5000)

RING_CASE(buffer_bundle, "the same of bundles, which go on in the next buffers of the ring",
	  "io_uring_prep_recv(3), IORING_RECVSEND_BUNDLE", "70f4886bcbb9 (v7.1)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 50, .enough = 5000)

/* A request that waits for the rest has not taken all the buffers that it goes on in: up to 7.2. */
RING_CASE(buffer_bundle_part, "the same of bundles that are async, or have MSG_WAITALL",
	  "io_uring_prep_recv(3), IORING_RECVSEND_BUNDLE", NULL,
	  .by_name = true, .question = "results", .min = 50, .enough = 5000)

/* One that has its length, and more is there, goes on once: up to 7.2. */
RING_CASE(buffer_bundle_length, "a bundle has no more bytes than its request asks for",
	  "io_uring_prep_recv(3), IORING_RECVSEND_BUNDLE", NULL,
	  .by_name = true, .question = "results", .min = 50, .enough = 5000)

/* What is left behind a CQE of that length is received, but not asked for again: up to 7.2. */
RING_CASE(buffer_bundle_end, "a multishot bundle of a length tells of the end of a local stream",
	  "io_uring_prep_recv(3), IORING_RECVSEND_BUNDLE", NULL,
	  .by_name = true, .question = "results", .min = 50, .enough = 5000)

RING_CASE(buffer_incremental, "the same of an incremental ring, where each goes on in its buffer",
	  "io_uring_setup_buf_ring(3), IOU_PBUF_RING_INC", "3ecd3e03144b (v7.0)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 50, .enough = 5000)

/* The buffer goes on where the first part ended, or what was asked for: up to 7.2. */
RING_CASE(buffer_incremental_part, "the same of receives that are async, or have MSG_WAITALL",
	  "io_uring_setup_buf_ring(3), IOU_PBUF_RING_INC", NULL,
	  .by_name = true, .question = "results", .min = 50, .enough = 5000)

/* case_send_zc.c */
RING_CASE(send_zc, "a send's bytes arrive, and its buffer is held until F_NOTIF, which comes once",
	  "io_uring_enter(2), IORING_OP_SEND_ZC", NULL,
	  .question = "results", .min = 50, .enough = 5000)

/* case_splice.c */
RING_CASE(splice, "splices and tees move what splice(2) and tee(2) would, where these would",
	  "io_uring_prep_splice(3), io_uring_prep_tee(3)", NULL,
	  .question = "results", .min = 50, .enough = 500)

/* case_transfer.c */
RING_CASE(transfer_read, "a read's result and data are those of pread(2)",
	  "io_uring_enter(2), IORING_OP_READ", "227c0c9673d8 (v5.9)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 50, .enough = 500)

RING_CASE(transfer_write, "a write's result, and what the file has then, are those of pwrite(2)",
	  "io_uring_enter(2), IORING_OP_WRITE", NULL,
	  .question = "results", .min = 50, .enough = 300)

/* case_transfer_file.c */
RING_CASE(transfer_direct, "O_DIRECT and the page cache have what was written by the other",
	  "open(2), O_DIRECT", NULL,
	  .question = "results", .min = 50, .enough = 500)

RING_CASE(transfer_pos, "read(2), write(2) and requests at offset -1 move the position on",
	  "io_uring_enter(2), IORING_OP_READ", "936e114a245b (v6.5, 6.1.66)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 50, .enough = 1000)

/* kiocb_done() alone moves it, and what ends by an interrupt does not get there: up to 7.2. */
RING_CASE(transfer_pos_direct, "the same of requests with O_DIRECT at offset -1",
	  "io_uring_enter(2), IORING_OP_READ", NULL,
	  .by_name = true, .question = "results", .min = 50, .enough = 1000)

/* case_files_update.c */
RING_CASE(files_update, "a request has the registered file of when it began, and keeps it",
	  "io_uring_register(2), IORING_REGISTER_FILES_UPDATE", NULL,
	  .question = "results", .min = 50, .enough = 5000)

/* case_buffers_update.c */
RING_CASE(buffers_update, "a request has the registered buffer of when it began, and keeps it",
	  "io_uring_register(2), IORING_REGISTER_BUFFERS_UPDATE", NULL,
	  .question = "results", .min = 50, .enough = 5000)

/* case_append.c */
RING_CASE(append, "what several threads append to a file is there, once, each record whole",
	  "open(2), O_APPEND", NULL,
	  .question = "results", .min = 50, .enough = 3000)

/* case_link_read.c */
RING_CASE(link_read, "what is linked to a read that gets all runs, in however many steps it did",
	  "io_uring_enter(2), IOSQE_IO_LINK", "bf68b5b34311 (v6.1)",
	  .question = "results", .known = COMPLETE_WRONG, .min = 50, .enough = 2000)

/* case_signal.c */
RING_CASE(signal_cancel, "a write by a new thread's first worker completes, whatever signals come",
	  "io_uring_enter(2), IOSQE_ASYNC", "13918315c5dc (v6.14, 6.12.20)",
	  .question = "signals", .known = COMPLETE_CANCELLED, .min = 50)

RING_CASE(signal_storm, "requests complete, once, with their data, under a storm of signals",
	  "io_uring_enter(2), EINTR", "13918315c5dc (v6.14, 6.12.20)",
	  .question = "signals", .known = COMPLETE_CANCELLED, .min = 100)

/* case_signal_epoll.c */
RING_CASE(signal_epoll, "rings in an epoll set wake epoll_pwait(), whose SIGCHLD handlers are sane",
	  "io_uring_setup(2), epoll_pwait(2)", "13918315c5dc (v6.14, 6.12.20)",
	  .question = "signals", .known = COMPLETE_CANCELLED, .min = 100)

/* case_signal_work.c */
RING_CASE(signal_work, "a signal that task_work sends has its handler called as it should be",
	  "sigaction(2), SA_SIGINFO", "bee25f97ad24 (v7.2, powerpc)",
	  .question = "signals", .known = COMPLETE_WRONG, .min = 20, .enough = 1000)

#undef RING_CASE
