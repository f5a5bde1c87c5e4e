/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The views, where a page is looked at:
 *
 *	VIEW(ID, name, of)
 *
 * A view is of a BUFFER in memory, of the page CACHE or of the DISK. Buffers are looked at by the
 * writer (page_writer.c), files by the verifier (page_verifier.c). Who includes this file defines
 * VIEW() before, each time.
 */

/* the buffer, before the write */
VIEW(MEMORY, memory, BUFFER)

/* the buffer, after its CQE */
VIEW(MEMORY_AFTER, memory_after, BUFFER)

/* by the engine, at once after the CQE */
VIEW(READBACK, readback, BUFFER)

/* pread(2), and mmap(2) */
VIEW(CACHE, cache, CACHE)
VIEW(MMAP, mmap, CACHE)

/* O_DIRECT; and pread(2) of what posix_fadvise(POSIX_FADV_DONTNEED) dropped */
VIEW(DIRECT, direct, DISK)
VIEW(DROPPED, dropped, DISK)

/* what a crash right after fsync would leave */
VIEW(CRASH, crash, DISK)

#undef VIEW
