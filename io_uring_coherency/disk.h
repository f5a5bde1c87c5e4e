/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file system of one's own, for a test that must not depend on what the machine has.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether disk_make() knows the file system @type: "tmpfs", "ext4" or "xfs". */
bool disk_knows(const char *type);

/*
 * An empty file system of @type with room for @bytes of data, on an image without a name in the
 * directory @dir. Returns a descriptor of its root; "/proc/self/fd/N" is a path to it. It is
 * mounted nowhere, so that nobody else sees it, and it goes with the last descriptor in it,
 * together with loop device and image, however the processes end.
 *
 * On an error returns -errno, and *@why is the reason for people: -EPERM for all but root, -ENODEV
 * where the kernel has no such file system or no loop device, -ENOENT without its mkfs, or another.
 *
 * fsopen(2), fsmount(2) since 5.2: fs/fsopen.c, fs/namespace.c. LO_FLAGS_AUTOCLEAR, and
 * LOOP_CONFIGURE since 5.8: drivers/block/loop.c. Both as in 5.10.223, 6.1, 6.12 and 7.2.
 */
int disk_make(const char *type, size_t bytes, const char *dir, const char **why);

#endif /* DISK_H */
