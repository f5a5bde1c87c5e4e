// SPDX-License-Identifier: GPL-2.0
/*
 * Files on a disk: of a file system whose page cache may miss, and which has O_DIRECT.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "complete_case.h"
#include "page_disk.h"

#define ROOM		(32U << 20)	/* bytes, of all files of a case */
#define DISK_PLACES	6

int complete_again(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static bool has_direct(const char *dir)
{
	const int fd = page_disk_nameless(dir), direct = complete_again(fd, O_RDWR | O_DIRECT);

	if (fd >= 0)
		close(fd);
	if (direct >= 0)
		close(direct);
	return direct >= 0;
}

static bool has_room(const char *dir)
{
	struct statvfs fs;

	return !statvfs(dir, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize >= 2 * ROOM;
}

static bool fits(const char *dir)
{
	return dir && page_disk_under(dir) && has_direct(dir) && has_room(dir);
}

/* Where root can have one: an ext4 that nobody else sees, and that goes with this process. */
static const char *own_disk(const char *const *places)
{
	static struct page_disk disk;
	static char path[32];
	const char *why;
	unsigned int i;

	for (i = 0; i < DISK_PLACES; i++) {
		if (!places[i] || page_disk_make(&disk, "ext4", ROOM, places[i], &why))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", disk.root);
		return path;
	}
	return NULL;
}

/* One for each case, which is a process. */
static const char *find_directory(struct complete_case *c)
{
	/* in a guest: its disks, if it has any, and room for an image */
	const char *const places[DISK_PLACES] = {
		getenv("TMPDIR"), "/var/tmp", ".", "/mnt/ext4", "/mnt/xfs", "/tmp"
	};
	const char *own;
	unsigned int i;

	if (c->dir) {
		if (fits(c->dir))
			return c->dir;
		complete_skip(c, SKIP_NO_DISK,
			      "what --dir names is on no disk with O_DIRECT and 64 MiB of room");
		return NULL;
	}
	for (i = 0; i < DISK_PLACES; i++)
		if (fits(places[i]))
			return places[i];
	own = own_disk(places);
	if (!own)
		complete_skip(c, SKIP_NO_DISK,
			      "no disk with O_DIRECT at $TMPDIR, /var/tmp or ., nor one made");
	return own;
}

int complete_file(struct complete_case *c)
{
	static const char *dir;
	struct stat st;
	int fd;

	if (!dir)
		dir = find_directory(c);
	if (!dir)
		return -1;
	fd = page_disk_nameless(dir);
	if (fd < 0 || fstat(fd, &st)) {
		complete_fail(c, -errno, "making a file on a disk");
		return -1;
	}
	c->disk = st.st_dev;
	return fd;
}
