/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The variants of page_integrity, each a test of its own: VARIANT(name, engine, site). Who includes
 * this file defines VARIANT() before, each time.
 *
 * A default run has each engine of page_engines.h write to tmpfs, and some also to a disk, and
 * there with O_DIRECT: not all, as it has 45 s, in emulation, too.
 */
#define STATEMENT(...)	__VA_ARGS__
#define ENGINE(name, ...) STATEMENT(VARIANT(name, ENGINE_##name, SITE_ASKED);)
#include "page_engines.h"
#undef STATEMENT

VARIANT(uring_disk, ENGINE_uring, SITE_DISK);
VARIANT(uring_async_disk, ENGINE_uring_async, SITE_DISK);
VARIANT(thread_disk, ENGINE_thread, SITE_DISK);

VARIANT(uring_disk_direct, ENGINE_uring, SITE_DISK_DIRECT);
VARIANT(uring_async_disk_direct, ENGINE_uring_async, SITE_DISK_DIRECT);
VARIANT(uring_fixed_disk_direct, ENGINE_uring_fixed, SITE_DISK_DIRECT);
VARIANT(thread_disk_direct, ENGINE_thread, SITE_DISK_DIRECT);

#undef VARIANT
