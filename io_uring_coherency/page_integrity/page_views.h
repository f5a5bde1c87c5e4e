/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The views, where a page is looked at:
 *
 *	VIEW(ID, name, of, function)
 *
 * A view is of a BUFFER in memory, of the page CACHE or of the DISK. The function is that of the
 * verifier (page_verifier.c): it looks at one file in each of its views that are asked for, and is
 * called once; they are called in this order. What is in a buffer the writer looks at
 * (page_writer.c). Who includes this file defines VIEW() before, each time.
 */

/* the buffer, before the write */
VIEW(MEMORY, memory, BUFFER, NULL)

/* the buffer, after its CQE */
VIEW(MEMORY_AFTER, memory_after, BUFFER, NULL)

/* by the engine, at once after the CQE */
VIEW(READBACK, readback, BUFFER, NULL)

/* pread(2), and mmap(2) */
VIEW(CACHE, cache, CACHE, look_at_cache)
VIEW(MMAP, mmap, CACHE, look_at_cache)

/* O_DIRECT; and pread(2) of what posix_fadvise(POSIX_FADV_DONTNEED) dropped */
VIEW(DIRECT, direct, DISK, look_at_disk)
VIEW(DROPPED, dropped, DISK, look_at_disk)

/* what a crash right after fsync would leave */
VIEW(CRASH, crash, DISK, look_at_crash)

#undef VIEW
