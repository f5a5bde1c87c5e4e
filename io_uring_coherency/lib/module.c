// SPDX-License-Identifier: GPL-2.0
/*
 * Getting ppc_barrier_test loaded and unloaded, and sessions of it opened.
 *
 * Who loads the module has to unload it, also when it dies by SIGKILL. So a guard loads it: a
 * process that belongs to no terminal, takes no signal, holds no file of ours, waits by a pidfd
 * for the end of the program that wanted the module, and unloads it then. The module cannot be
 * left behind between loading it and remembering that it was loaded, as these are one process. A
 * pipe in place of the pidfd would be held open by whatever the program leaves behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module.h"
#include "module_parts.h"
#include "program.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* newer than some C libraries, and the same on every architecture but alpha */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#endif
#ifndef SYS_close_range
#define SYS_close_range	436
#endif

#define NAME		"ppc_barrier_test"
#define NAP_MS		10
#define NODE_MS		2000	/* until udev, where there is no devtmpfs, has made the node */
#define UNLOAD_MS	600000	/* longer than the runner gives any program: see unload() */
#define PROBES_OFF \
	"the probes of this kernel do not act: kernel.ftrace_enabled or kprobes/enabled is 0"

static void nap(void)
{
	const struct timespec ts = { .tv_nsec = NAP_MS * 1000000L };

	nanosleep(&ts, NULL);
}

static bool first_line_has(const char *path, const char *what)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool has;

	if (!f)
		return false;
	has = fgets(line, sizeof(line), f) && strstr(line, what);
	fclose(f);
	return has;
}

/* --- the guard */

enum { GUARD_PROGRAM = 3, GUARD_REPORT, GUARD_KO, GUARD_FILES };

/* Leaves the guard with /dev/null and its three files, or two if @ko is -1. */
static void keep_only(int program, int report, int ko)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;
	const int from[] = { null, null, null, program, report, ko };
	int copy[ARRAY_SIZE(from)];
	long max;

	/* first out of the way: a file may have another one's number */
	for (fd = 0; fd < (int)ARRAY_SIZE(from); fd++)
		copy[fd] = fcntl(from[fd], F_DUPFD_CLOEXEC, GUARD_FILES);
	for (fd = 0; fd < (int)ARRAY_SIZE(from); fd++)
		if (copy[fd] < 0 || dup3(copy[fd], fd, fd > 2 ? O_CLOEXEC : 0) < 0)
			close(fd);
	if (!syscall(SYS_close_range, GUARD_FILES, ~0U, 0))
		return;
	max = sysconf(_SC_OPEN_MAX);	/* Linux before 5.9, or seccomp */
	for (fd = GUARD_FILES; fd < max; fd++)
		close(fd);
}

/* Returns 0, or an errno: modprobe tells none, and takes a module that is loaded for success. */
static int run_modprobe(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execlp("modprobe", "modprobe", "-q", NAME, (char *)NULL);
		execl("/sbin/modprobe", "modprobe", "-q", NAME, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return errno;
	return status ? ECHILD : 0;
}

/*
 * A session that is open keeps the module: delete_module(2) with O_NONBLOCK fails with EWOULDBLOCK,
 * or EBUSY while the module comes or goes (kernel/module/main.c of 6.1). The session may be that
 * of a second program, which found the module loaded and will not unload it. If that one waits for
 * ever so be it: then the module stays, and nothing is said, as there is nobody left to hear it.
 */
static void unload(unsigned int limit_ms)
{
	unsigned int ms = 0;

	while (syscall(SYS_delete_module, NAME, O_NONBLOCK)) {
		if ((errno != EWOULDBLOCK && errno != EBUSY) || ms >= limit_ms)
			return;
		nap();
		ms += NAP_MS;
	}
}

static void __noreturn
guard(int program, int report, int ko)
{
	struct pollfd gone = { .fd = GUARD_PROGRAM, .events = POLLIN };
	int error = 0;
	ssize_t ret;

	keep_only(program, report, ko);
	prctl(PR_SET_NAME, "pbt_guard");
	signal(SIGCHLD, SIG_DFL);	/* ignored it would take the exit code of modprobe away */
	if (ko < 0)
		error = run_modprobe();
	else if (syscall(SYS_finit_module, GUARD_KO, "", 0))
		error = errno;
	close(GUARD_KO);
	if (chdir("/"))
		error = error ?: errno;
	/* if the program is gone already there is nobody to tell, but the module to unload */
	ret = write(GUARD_REPORT, &error, sizeof(error));
	(void)ret;
	close(GUARD_REPORT);
	if (error)
		_exit(1);
	while (poll(&gone, 1, -1) != 1)
		;
	unload(UNLOAD_MS);
	_exit(0);
}

/*
 * Starts a guard that loads the module from @ko, or by modprobe if that is -1. The guard is not a
 * child of ours: a program that waits for any of its children need not know it. Returns 0 or the
 * errno that loading it failed with.
 */
static int start_guard(int ko)
{
	int program, report[2], error;
	sigset_t all, old;
	pid_t pid;

	/* readable when the last thread has ended: pidfd_poll() in kernel/fork.c, since 5.3 */
	program = syscall(SYS_pidfd_open, getpid(), 0);
	if (program < 0)
		return errno;
	if (pipe2(report, O_CLOEXEC)) {
		error = errno;
		close(program);
		return error;
	}
	/* before fork(): from its first moment on no signal ends it */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	error = errno;
	if (!pid) {
		setsid();
		close(report[0]);
		pid = fork();
		if (!pid)
			guard(program, report[1], ko);
		error = errno;
		if (pid < 0 && write(report[1], &error, sizeof(error)) < 0)
			_exit(1);
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(report[1]);
	close(program);
	if (pid > 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		for (;;) {
			ssize_t got = read(report[0], &error, sizeof(error));

			if (got == sizeof(error))
				break;
			if (got < 0 && errno == EINTR)
				continue;
			error = EIO;	/* the guard was killed */
			break;
		}
	}
	close(report[0]);
	return error;
}

/* --- loading */

static pid_t loader;
static pid_t program, program_group;	/* of who called module_load() first */

/*
 * The usual end of a program: when its exit code is there the module is gone, not a moment later.
 * If a session is still open the guard waits for that.
 */
static void unload_at_exit(void)
{
	if (getpid() == loader)
		unload(0);
}

/* Opens ppc_barrier_test.ko; its path is left in @path. -1: there is none. */
static int find_ko(char *path, size_t size, char *dir, size_t dir_size)
{
	const char *const below[] = { "", NAME "/" }, *named = getenv("PPC_BARRIER_TEST_KO");
	ssize_t len;
	unsigned int i;
	int fd;

	len = readlink("/proc/self/exe", dir, dir_size - 1);
	dir[len > 0 ? len : 0] = '\0';
	if (strrchr(dir, '/'))
		strrchr(dir, '/')[0] = '\0';
	for (i = 0; len > 0 && i < ARRAY_SIZE(below); i++) {
		if (snprintf(path, size, "%s/%s" NAME ".ko", dir, below[i]) >= (int)size)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	if (!named || !*named)
		return -1;
	snprintf(path, size, "%s", named);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool depmod_knows_it(const char *release)
{
	char path[PATH_MAX], *line = NULL;
	bool known = false;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!known && getline(&line, &size, f) > 0) {
		line[strcspn(line, ":")] = '\0';
		known = strstr(line, NAME ".ko");
	}
	free(line);
	fclose(f);
	return known;
}

/* What finit_module(2) of @path meant by @error: kernel/module/main.c, load_module(), of 6.1. */
static const char *why_not_loaded(const char *path, const char *release, int error)
{
	switch (error) {
	case ENOEXEC:
	case EINVAL:
		return module_why("%s was not built for this kernel (%s), see dmesg", path,
				  release);
	case ENOENT:
		return module_why("%s needs a symbol that this kernel (%s) lacks, see dmesg", path,
				  release);
	case ENOKEY:
	case EKEYREJECTED:
		return module_why("this kernel wants modules signed by a key of its own, %s is not",
				  path);
	case EPERM:
		if (first_line_has("/proc/sys/kernel/modules_disabled", "1"))
			return "this kernel loads no more modules: kernel.modules_disabled is set";
		if (first_line_has("/sys/kernel/security/lockdown", "[integrity]") ||
		    first_line_has("/sys/kernel/security/lockdown", "[confidentiality]"))
			return module_why("this kernel is locked down, and %s is not signed", path);
		return module_why("root may not load %s here: a container, or a security module",
				  path);
	case EOPNOTSUPP:
		return NAME " is not for kernels such as this one, see dmesg";
	case ECHILD:
		return "modprobe " NAME " failed, see dmesg";
	default:
		return module_why("cannot load %s: %s", path, strerror(error));
	}
}

/* Without sysfs the node tells; with it the node may be one that a module left behind. */
static bool is_loaded(void)
{
	return !access(access("/sys/module", F_OK) ? PBT_DEVICE : "/sys/module/" NAME, F_OK);
}

int module_load(const char **why)
{
	char path[PATH_MAX] = "modprobe", dir[PATH_MAX];
	struct utsname uts;
	int ko, error;

	if (!program) {
		program = getpid();
		program_group = getpgrp();
	}
	if (is_loaded())
		return 0;
	if (geteuid()) {
		*why = "the module " NAME " is not loaded, and only root may load it";
		return -1;
	}
	/* what a kernel with CONFIG_MODULES says of no file, and of a caller who may not */
	if (syscall(SYS_finit_module, -1, "", 0) && errno != EBADF && errno != EPERM) {
		*why = "this kernel cannot load modules";
		return -1;
	}
	uname(&uts);
	ko = find_ko(path, sizeof(path), dir, sizeof(dir));
	if (ko < 0 && !depmod_knows_it(uts.release)) {
		const char *named = getenv("PPC_BARRIER_TEST_KO");

		*why = module_why("the module is not built: there is no %s/ppc_barrier_test/" NAME
				  ".ko, $PPC_BARRIER_TEST_KO is %s%s, modprobe knows none", dir,
				  named && *named ? "no file: " : "not set", named ?: "");
		return -1;
	}
	error = start_guard(ko);
	if (ko >= 0)
		close(ko);
	if (!error) {
		if (!loader)
			atexit(unload_at_exit);
		loader = getpid();
		return 0;
	}
	/* another program was faster, or its guard is unloading it: module_open() will see */
	if (error == EEXIST || error == EBUSY)
		return 0;
	*why = why_not_loaded(path, uts.release, error);
	return -1;
}

void module_load_unless(bool leave, char *why, size_t size)
{
	const char *reason = "";

	if (leave)
		reason = "--no-module";
	else if (!module_load(&reason))
		reason = "";
	snprintf(why, size, "%s", reason);
}

const char *module_why_not_set(int error)
{
	if (error == ESHUTDOWN)
		return PROBES_OFF;
	return module_why("the module cannot set these knobs: %s", strerror(error));
}

static const char *why_not_opened(int error)
{
	if (error == EOPNOTSUPP)
		return "this kernel lacks the probes that a session of " NAME " needs";
	if (error == ESHUTDOWN)
		return PROBES_OFF;
	if (error == EACCES || error == EPERM)
		return "only root may open " PBT_DEVICE;
	return module_why("cannot open " PBT_DEVICE ": %s", strerror(error));
}

static void *follower(void *arg)
{
	struct pollfd gone = { .fd = *(int *)arg, .events = POLLIN };

	while (poll(&gone, 1, -1) != 1)
		;
	kill(getpgrp() == program_group ? getpid() : 0, SIGKILL);
	return NULL;
}

void module_follow(void)
{
	static pid_t following;
	static int pidfd;
	sigset_t all, old;
	pthread_t thread;

	if (following == getpid())
		return;
	following = getpid();
	pidfd = syscall(SYS_pidfd_open, program, 0);
	if (pidfd < 0)
		return;
	/* the test's signals are for its own threads */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (!pthread_create(&thread, NULL, follower, &pidfd))
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

pid_t module_fork(void)
{
	const pid_t parent = getpid();
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid && (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent))
		_exit(1);
	return pid;
}

int module_open(const char **why)
{
	struct pbt_counters counters;
	struct pbt_info info;
	unsigned int ms;
	int fd;

	for (ms = 0; ms < NODE_MS; ms += NAP_MS) {
		fd = open(PBT_DEVICE, O_RDWR | O_CLOEXEC);
		if (fd >= 0)
			break;
		/* ENODEV, ENXIO: the node is there, the module is not, or not any more */
		if (errno != ENOENT && errno != ENODEV && errno != ENXIO) {
			*why = why_not_opened(errno);
			return -1;
		}
		if (module_load(why))
			return -1;
		if (ms)
			nap();
	}
	if (fd < 0) {
		*why = "neither devtmpfs nor udev has made " PBT_DEVICE " for the loaded module";
		return -1;
	}
	memset(&info, 0, sizeof(info));
	if (ioctl(fd, PBT_GET_INFO, &info) || ioctl(fd, PBT_GET_COUNTERS, &counters)) {
		/* an ABI with another point or fault has other sizes, and so numbers of these */
		if (errno == ENOTTY)
			*why = module_why("the loaded module has another ABI than %u", PBT_ABI);
		else
			*why = module_why(PBT_DEVICE " does not tell its ABI: %s", strerror(errno));
	} else if (info.abi != PBT_ABI) {
		*why = module_why("the loaded " NAME " has ABI %u, this program needs %u", info.abi,
				  PBT_ABI);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

int module_tests(int (*harness)(int argc, char **argv), int argc, char **argv)
{
	const char *why;
	int fd;

	/* what a test printed must be out when it ends */
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* the harness would end with 0, and nothing but skips */
	fd = module_load(&why) ? -1 : module_open(&why);
	if (fd < 0)
		return program_skipped(program_invocation_short_name, SKIP_NO_MODULE, why);
	close(fd);
	return harness(argc, argv);
}
