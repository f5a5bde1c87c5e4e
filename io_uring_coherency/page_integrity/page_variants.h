/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The variants of page_integrity, each a test of its own: VARIANT(name, engine, site). They follow
 * from page_engines.h. Who includes this file defines VARIANT() before, each time.
 */
#define TMPFS(...)	__VA_ARGS__
#define DISK(...)	__VA_ARGS__
#define NO_DISK(...)
#define DIRECT(...)	__VA_ARGS__
#define NO_DIRECT(...)

#define ENGINE(name, disk, direct, ...) TMPFS(VARIANT(name, ENGINE_##name, SITE_ASKED);)
#include "page_engines.h"
#define ENGINE(name, disk, direct, ...) disk(VARIANT(name##_disk, ENGINE_##name, SITE_DISK);)
#include "page_engines.h"
#define ENGINE(name, disk, direct, ...) \
	direct(VARIANT(name##_disk_direct, ENGINE_##name, SITE_DISK_DIRECT);)
#include "page_engines.h"

#undef TMPFS
#undef DISK
#undef NO_DISK
#undef DIRECT
#undef NO_DIRECT
#undef VARIANT
