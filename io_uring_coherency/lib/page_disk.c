// SPDX-License-Identifier: GPL-2.0
/*
 * File systems that are mounted nowhere; see page_disk.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <linux/mount.h>

#include "compiler.h"
#include "page_disk.h"

extern char **environ;

#define ROOM		(64 << 20)	/* for journal and inodes */
#define SMALLEST	(320 << 20)	/* mkfs.xfs of xfsprogs 5.19 wants 300 MiB; it is sparse */
#define TRIES		16		/* others look for a free loop device as well */
#define CALM		5		/* copies, until nobody writes to the image meanwhile */
#define ARGUMENTS	3

static const struct {
	const char *type;
	const char *mkfs[2];		/* one, or else the other: Debian's, and busybox's */
	const char *args[ARGUMENTS];
	const char *flag;		/* of the mount */
	const char *copy;		/* of the mount of a copy, beside the original */
} kinds[] = {
	{ .type = "tmpfs" },
	/* busybox makes an ext2, which is ext4 without a journal */
	{ .type = "ext4", .mkfs = { "mkfs.ext4", "mke2fs" }, .args = { "-F", "-b", "4096" },
	  .flag = "noinit_itable" },	/* nobody but who tests is to write */
	{ .type = "xfs", .mkfs = { "mkfs.xfs" }, .args = { "-q", "-f" }, .copy = "nouuid" },
	/* so that damage is seen as what it is, and not as -EIO for a wrong sum */
	{ .type = "btrfs", .mkfs = { "mkfs.btrfs" }, .args = { "-q", "-f" }, .flag = "nodatasum" },
	{ .type = NULL }
};

static char reason[300];

/* Number in kinds, of its end if it is not there. */
static unsigned int find_kind(const char *type)
{
	unsigned int i;

	for (i = 0; kinds[i].type && strcmp(type, kinds[i].type); i++)
		;
	return i;
}

bool page_disk_knows(const char *type)
{
	return kinds[find_kind(type)].type;
}

/* Returns @err, negative. */
static int __printf(3, 4)
fault(const char **why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	*why = reason;
	return err;
}

/* Whether there are @bytes left in @dir: a file system whose image has no room is a broken one. */
static int check_room(const char *dir, size_t bytes, const char **why)
{
	unsigned long long left;
	struct statvfs fs;

	if (statvfs(dir, &fs))
		return 0;
	left = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (left >= bytes)
		return 0;
	return fault(why, -ENOSPC,
		     "no room for a file system in %s: %zu MiB are needed, %llu are left",
		     dir, bytes >> 20, left >> 20);
}

/* The image. Descriptor or -errno. */
static int make_image(const char *dir, size_t bytes, const char **why)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600), err;

	if (fd >= 0 && !ftruncate(fd, bytes))
		return fd;
	err = errno;
	if (fd >= 0)
		close(fd);
	return fault(why, -err, "no image for a file system in %s: %s", dir, strerror(err));
}

static int run_mkfs(unsigned int kind, int image, const char **why)
{
	static const char *const places[] = { "/usr/sbin", "/sbin" };
	posix_spawn_file_actions_t actions;
	char path[32], command[64];
	const char *argv[ARGUMENTS + 3] = { command };
	unsigned int i, nr = 1;
	int status = 0, ret = ENOENT;
	pid_t pid;

	for (i = 0; i < ARGUMENTS && kinds[kind].args[i]; i++)
		argv[nr++] = kinds[kind].args[i];
	argv[nr] = path;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
	posix_spawn_file_actions_init(&actions);
	for (i = 0; i < 3; i++)
		posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	for (i = 0; ret == ENOENT && i < 4 && kinds[kind].mkfs[i / 2]; i++) {
		snprintf(command, sizeof(command), "%s/%s", places[i % 2], kinds[kind].mkfs[i / 2]);
		ret = posix_spawn(&pid, command, &actions, NULL, (char *const *)argv, environ);
	}
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return fault(why, -ret, "%s: %s", kinds[kind].mkfs[0], strerror(ret));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		return fault(why, -EIO, "%s failed (status %#x)", command, status);
	return 0;
}

/*
 * A loop device on @image that goes with its last user. Sets @path; descriptor or -errno. It is set
 * up through a descriptor for writing, and kept by one for reading: without BLK_DEV_WRITE_MOUNTED
 * what somebody may write to cannot be mounted (block/bdev.c since 6.8).
 */
static int make_loop(int image, char *path, size_t size, const char **why)
{
	const struct loop_config config = {
		.fd = image,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop = -1, err, nr, i, reader;

	if (control < 0)
		return fault(why, -ENODEV, "no loop device: %s", strerror(errno));
	for (i = 0, err = EBUSY; i < TRIES && err == EBUSY; i++) {
		nr = ioctl(control, LOOP_CTL_GET_FREE);
		snprintf(path, size, "/dev/loop%d", nr);
		loop = nr < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
		if (loop >= 0 && !ioctl(loop, LOOP_CONFIGURE, &config))
			break;
		err = errno;
		if (loop >= 0)
			close(loop);
		loop = -1;
	}
	close(control);
	if (loop < 0)
		return fault(why, -err, "no loop device: %s", strerror(err));
	reader = open(path, O_RDONLY | O_CLOEXEC);
	err = errno;
	close(loop);
	return reader >= 0 ? reader : fault(why, -err, "%s: %s", path, strerror(err));
}

static int set(int fs, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

static int set_flag(int fs, const char *key)
{
	return key ? syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, key, NULL, 0) : 0;
}

/* Descriptor of the root, or -errno. */
static int make_mount(unsigned int kind, const char *source, size_t bytes, bool copy,
		      const char **why)
{
	const char *type = kinds[kind].type;
	int fs = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), root = -1, err;
	char size[32];

	snprintf(size, sizeof(size), "%zu", bytes);
	if (fs >= 0 && !(source ? set(fs, "source", source) : set(fs, "size", size)) &&
	    !set_flag(fs, kinds[kind].flag) && !(copy && set_flag(fs, kinds[kind].copy)) &&
	    !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		root = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	err = errno;
	if (fs >= 0)
		close(fs);
	if (root >= 0)
		return root;
	if (err == EPERM)
		return fault(why, -EPERM, "a file system of its own needs root");
	if (err == ENODEV)
		return fault(why, -ENODEV, "this kernel has no %s", type);
	return fault(why, -err, "no %s: %s", type, strerror(err));
}

/* @image, mounted. Sets @device; descriptor of the root, or -errno. */
static int mount_image(unsigned int kind, int image, bool copy, char *device, size_t size,
		       const char **why)
{
	int loop = make_loop(image, device, size, why), root;

	if (loop < 0)
		return loop;
	root = make_mount(kind, device, 0, copy, why);
	/* from here on the mount is its user */
	close(loop);
	return root;
}

int page_disk_make(struct page_disk *disk, const char *type, size_t bytes, const char *dir,
		   const char **why)
{
	const unsigned int kind = find_kind(type);
	int ret;

	*disk = (struct page_disk){ .type = type, .dir = dir, .root = -1, .image = -1 };
	bytes += ROOM;
	if (!kinds[kind].type)
		return fault(why, -EINVAL, "no file system is named %s", type);
	if (!kinds[kind].mkfs[0]) {
		disk->root = make_mount(kind, NULL, bytes, false, why);
		return disk->root < 0 ? disk->root : 0;
	}
	if (geteuid())
		return fault(why, -EPERM, "a file system of its own needs root");
	/* what is in it, and a copy of that */
	ret = check_room(dir, bytes + ROOM, why);
	if (ret)
		return ret;
	disk->image = make_image(dir, bytes < SMALLEST ? SMALLEST : bytes, why);
	if (disk->image < 0)
		return disk->image;
	ret = run_mkfs(kind, disk->image, why);
	if (!ret)
		ret = mount_image(kind, disk->image, false, disk->device, sizeof(disk->device),
				  why);
	if (ret < 0) {
		close(disk->image);
		disk->image = -1;
		return ret;
	}
	disk->root = ret;
	return 0;
}

/* --- what is on the disk */

/* Copies what is there between the holes. Returns 0 or -errno. */
static int copy_data(int from, int to, off_t size)
{
	off_t at = 0, end, out;

	if (!ioctl(to, FICLONE, from))
		return 0;
	while (at < size) {
		at = lseek(from, at, SEEK_DATA);
		if (at < 0)
			return errno == ENXIO ? 0 : -errno;
		end = lseek(from, at, SEEK_HOLE);
		if (end < 0)
			return -errno;
		out = at;
		while (at < end) {
			const ssize_t n = copy_file_range(from, &at, to, &out, end - at, 0);

			if (n <= 0)
				return n ? -errno : -EIO;
		}
	}
	return 0;
}

/*
 * A number that changes when something is written to the device, 0 while something is under way
 * and where there is no sysfs: Documentation/block/stat.rst.
 */
static unsigned long long device_writes(const struct page_disk *disk)
{
	unsigned long long written, under_way;
	char path[64];
	FILE *f;
	int nr;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", strrchr(disk->device, '/') + 1);
	f = fopen(path, "re");
	if (!f)
		return 0;
	nr = fscanf(f, "%*u %*u %*u %*u %llu %*u %*u %*u %llu", &written, &under_way);
	fclose(f);
	return nr == 2 && !under_way ? written + 1 : 0;
}

int page_disk_crash(const struct page_disk *disk, const char **why)
{
	const unsigned int kind = find_kind(disk->type);
	unsigned long long before;
	char device[32];
	struct stat st;
	int copy, ret, i;

	if (disk->image < 0 || fstat(disk->image, &st))
		return fault(why, -EINVAL, "there is no image of the disk");
	copy = make_image(disk->dir, st.st_size, why);
	if (copy < 0)
		return copy;
	/*
	 * What is written meanwhile, by a journal's commit as a rule, may be half in the copy.
	 * Then the next copy is of all of it.
	 */
	for (i = 0; i < CALM; i++) {
		before = device_writes(disk);
		ret = copy_data(disk->image, copy, st.st_size);
		if (ret || (before && before == device_writes(disk)))
			break;
	}
	if (ret)
		ret = fault(why, ret, "no copy of the disk in %s: %s", disk->dir, strerror(-ret));
	else
		ret = mount_image(kind, copy, true, device, sizeof(device), why);
	close(copy);
	return ret;
}

#define SECTOR	512

off_t page_disk_find(const struct page_disk *disk, const void *what, size_t len)
{
	off_t at = 0, end, found = -1;
	const char *map;
	struct stat st;

	if (disk->image < 0 || fstat(disk->image, &st))
		return -1;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, disk->image, 0);
	if (map == MAP_FAILED)
		return -1;
	while (found < 0 && at < st.st_size) {
		at = lseek(disk->image, at, SEEK_DATA);
		end = at < 0 ? -1 : lseek(disk->image, at, SEEK_HOLE);
		if (end < 0)
			break;
		for (; found < 0 && at + (off_t)len <= end; at += SECTOR)
			if (!memcmp(map + at, what, len))
				found = at;
		at = end;
	}
	munmap((void *)map, st.st_size);
	return found;
}

/* --- directories */

int page_disk_nameless(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	snprintf(path, sizeof(path), "%s/io_uring_coherency.XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

bool page_disk_under(const char *dir)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	int fd = page_disk_nameless(dir);
	unsigned char resident = 1;
	struct statfs fs;
	char *map;

	if (fd < 0)
		return false;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED && !fstatfs(fd, &fs) && fs.f_type != TMPFS_MAGIC &&
	    (unsigned int)fs.f_type != RAMFS_MAGIC && !posix_fallocate(fd, 0, size) &&
	    pwrite(fd, dir, 1, 0) == 1 && !fsync(fd) &&
	    !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		/* an overlay's own type does not tell what is below */
		mincore(map, size, &resident);
	if (map != MAP_FAILED)
		munmap(map, size);
	close(fd);
	return !(resident & 1);
}
