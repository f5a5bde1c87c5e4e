/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file system of one's own, for a test that must not depend on what the machine has; and what is
 * on its disk, behind the page cache.
 */
#ifndef PAGE_DISK_H
#define PAGE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct page_disk {
	const char *type, *dir;
	int root;		/* descriptor of its root; "/proc/self/fd/N" is a path to it */
	int image;		/* what is on the disk, or -1: there is none */
	char device[32];	/* that is mounted */
};

/* Whether page_disk_make() knows the file system @type: "tmpfs", "ext4", "xfs" or "btrfs". */
bool page_disk_knows(const char *type);

/*
 * An empty file system of @type with room for @bytes of data, on an image without a name in the
 * directory @dir. It is mounted nowhere, so that nobody else sees it, and it goes with the last
 * descriptor in it, together with loop device and image, however the processes end.
 *
 * Returns 0. On an error returns -errno, and *@why is the reason for people: -EPERM for all but
 * root, -ENODEV where the kernel has no such file system or no loop device, -ENOENT without its
 * mkfs, or another.
 *
 * fsopen(2), fsmount(2) since 5.2: fs/fsopen.c, fs/namespace.c. LO_FLAGS_AUTOCLEAR, and
 * LOOP_CONFIGURE since 5.8: drivers/block/loop.c. Both as in 5.10.223, 6.1, 6.12 and 7.2.
 */
int page_disk_make(struct page_disk *disk, const char *type, size_t bytes, const char *dir,
		   const char **why);

/*
 * What a crash would leave at this moment: a copy of the image, mounted as after the crash, with
 * its journal replayed. What is in the page cache of @disk and was not written back is not in it.
 * Returns a descriptor of its root, with which it goes, or -errno and *@why.
 */
int page_disk_crash(const struct page_disk *disk, const char **why);

/* Where in the image the @len bytes at @what are, that begin a sector; -1: nowhere. */
off_t page_disk_find(const struct page_disk *disk, const void *what, size_t len);

/* A file without a name in @dir: nothing is left of it at the end. Descriptor, or -1 and errno. */
int page_disk_nameless(const char *dir);

/* Whether what is written to a file in @dir can be had from elsewhere than the page cache. */
bool page_disk_under(const char *dir);

#endif /* PAGE_DISK_H */
