/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engines, who does a thread's file I/O, in the order in which they run:
 *
 *	ENGINE(name, members of struct engine_type ...)
 *
 * struct engine_type is in page_engine.c, which has the functions that are named here. Where each
 * writes to page_variants.h has. Who includes this file defines ENGINE() before, each time.
 *
 * io_uring/rw.c and io_uring/io-wq.c of 6.1, 6.12 and 7.2; fs/io_uring.c of 5.10.
 */

/*
 * io_uring: inline where the file system can without blocking, else, after -EAGAIN, by io-wq. 6.1
 * writes inline on xfs, never on tmpfs and ext4.
 */
ENGINE(uring, .run = run_uring)

/* always by io-wq */
ENGINE(uring_async, .run = run_uring, .async = true)

/* by the SQ thread, or its io-wq; 5.10 takes nothing but registered files there */
ENGINE(uring_sqpoll, .run = run_uring, .sqpoll = true)

/* as uring_async, with registered buffers and files */
ENGINE(uring_fixed, .run = run_uring, .async = true, .registered = true)

/* a thread of the process, made for each batch, with pwrite(2) */
ENGINE(thread, .run = run_thread)

/*
 * a kernel thread between kthread_use_mm() and kthread_unuse_mm(), by PBT_WRITE of
 * ppc_barrier_test; it writes only, reads are pread(2)
 */
ENGINE(kthread, .run = run_kthread, .needs_module = true)

#undef ENGINE
