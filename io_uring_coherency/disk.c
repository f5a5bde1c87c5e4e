// SPDX-License-Identifier: GPL-2.0
/*
 * File systems that are mounted nowhere; see disk.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/loop.h>
#include <linux/mount.h>

#include "disk.h"

extern char **environ;

#define ROOM		(64 << 20)	/* for journal and inodes */
#define SMALLEST	(320 << 20)	/* mkfs.xfs of xfsprogs 5.19 wants 300 MiB; it is sparse */
#define TRIES		16		/* others look for a free loop device as well */

static const struct {
	const char *type, *mkfs, *quiet, *force;
} kinds[] = {
	{ .type = "tmpfs" },
	{ "ext4", "mkfs.ext4", "-q", "-F" },
	{ "xfs", "mkfs.xfs", "-q", "-f" },
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

bool disk_knows(const char *type)
{
	return kinds[find_kind(type)].type;
}

/* Returns @err, negative. */
static int __attribute__((format(printf, 3, 4)))
fault(const char **why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	*why = reason;
	return err;
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
	const char *mkfs = kinds[kind].mkfs;
	posix_spawn_file_actions_t actions;
	char path[32], command[64];
	const char *const argv[] = {
		command, kinds[kind].quiet, kinds[kind].force, path, NULL
	};
	static const char *const places[] = { "/usr/sbin", "/sbin", NULL };
	unsigned int i;
	int status = 0, ret = ENOENT;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
	posix_spawn_file_actions_init(&actions);
	for (i = 0; i < 3; i++)
		posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	for (i = 0; ret == ENOENT && places[i]; i++) {
		snprintf(command, sizeof(command), "%s/%s", places[i], mkfs);
		ret = posix_spawn(&pid, command, &actions, NULL, (char *const *)argv, environ);
	}
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return fault(why, -ret, "%s: %s", mkfs, strerror(ret));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		return fault(why, -EIO, "%s failed (status %#x)", mkfs, status);
	return 0;
}

/* A loop device on @image that goes with its last user. Sets @path; descriptor or -errno. */
static int make_loop(int image, char *path, size_t size, const char **why)
{
	const struct loop_config config = {
		.fd = image,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop = -1, err, nr, i;

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
	return loop >= 0 ? loop : fault(why, -err, "no loop device: %s", strerror(err));
}

static int set(int fs, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

/* Descriptor of the root, or -errno. */
static int make_mount(const char *type, const char *source, size_t bytes, const char **why)
{
	int fs = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), root = -1, err;
	char size[32];

	snprintf(size, sizeof(size), "%zu", bytes);
	if (fs >= 0 && !(source ? set(fs, "source", source) : set(fs, "size", size)) &&
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

int disk_make(const char *type, size_t bytes, const char *dir, const char **why)
{
	const unsigned int kind = find_kind(type);
	int image, loop, root;
	char path[32];

	bytes += ROOM;
	if (!kinds[kind].type)
		return fault(why, -EINVAL, "no file system is named %s", type);
	if (!kinds[kind].mkfs)
		return make_mount(type, NULL, bytes, why);
	if (geteuid())
		return fault(why, -EPERM, "a file system of its own needs root");
	image = make_image(dir, bytes < SMALLEST ? SMALLEST : bytes, why);
	if (image < 0)
		return image;
	loop = run_mkfs(kind, image, why);
	if (!loop)
		loop = make_loop(image, path, sizeof(path), why);
	close(image);
	if (loop < 0)
		return loop;
	root = make_mount(type, path, bytes, why);
	/* from here on the mount is its user */
	close(loop);
	return root;
}
