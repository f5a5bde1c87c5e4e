// SPDX-License-Identifier: GPL-2.0
/*
 * Getting ppc_barrier_test loaded and unloaded, its names, and its counters for people.
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
#include <stdarg.h>
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
#define EXIT_SKIP	4	/* of a kselftest */
#define NODE_MS		2000	/* until udev, where there is no devtmpfs, has made the node */
#define UNLOAD_MS	600000	/* longer than the runner gives any program: see unload() */
#define UNSEEN_PPM	10000	/* of calls or processes: an answer about knobs allows no more */
#define PROBES_OFF \
	"the probes of this kernel do not act: kernel.ftrace_enabled or kprobes/enabled is 0"

const char *const module_point_names[PBT_NR_POINTS] = PBT_POINT_NAMES;
const char *const module_action_names[PBT_NR_ACTIONS] = PBT_ACTION_NAMES;
const char *const module_notify_names[PBT_NR_NOTIFY] = PBT_NOTIFY_NAMES;
const char *const module_delivery_names[PBT_NR_DELIVERIES] = PBT_DELIVERY_NAMES;
const char *const module_plant_names[PBT_NR_PLANTS] = PBT_PLANT_NAMES;

/* One sentence, the last one that was asked for. */
static const char *__attribute__((format(printf, 1, 2)))
sentence(const char *fmt, ...)
{
	static char text[PATH_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

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

static void __attribute__((noreturn))
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
		return errno == ENOSYS ? EOPNOTSUPP : errno;	/* a filter: it is there */
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
		return sentence("%s was not built for this kernel (%s), see dmesg", path, release);
	case ENOENT:
		return sentence("%s needs a symbol that this kernel (%s) lacks, see dmesg", path,
				release);
	case ENOKEY:
	case EKEYREJECTED:
		return sentence("this kernel wants modules signed by a key of its own, %s is not",
				path);
	case EPERM:
		if (first_line_has("/proc/sys/kernel/modules_disabled", "1"))
			return "this kernel loads no more modules: kernel.modules_disabled is set";
		if (first_line_has("/sys/kernel/security/lockdown", "[integrity]") ||
		    first_line_has("/sys/kernel/security/lockdown", "[confidentiality]"))
			return sentence("this kernel is locked down, and %s is not signed", path);
		return sentence("root may not load %s here: a container, or a security module",
				path);
	case ENOSYS:
		return "this kernel cannot load modules";
	case EOPNOTSUPP:
		return NAME " is not for kernels such as this one, see dmesg";
	case ECHILD:
		return "modprobe " NAME " failed, see dmesg";
	default:
		return sentence("cannot load %s: %s", path, strerror(error));
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
	/* CONFIG_MODULES=n; otherwise it is EBADF or EPERM */
	if (syscall(SYS_finit_module, -1, "", 0) && errno == ENOSYS) {
		*why = "this kernel cannot load modules";
		return -1;
	}
	uname(&uts);
	ko = find_ko(path, sizeof(path), dir, sizeof(dir));
	if (ko < 0 && !depmod_knows_it(uts.release)) {
		const char *named = getenv("PPC_BARRIER_TEST_KO");

		*why = sentence("the module is not built: there is no %s/ppc_barrier_test/" NAME
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
	return sentence("the module cannot set these knobs: %s", strerror(error));
}

static const char *why_not_opened(int error)
{
	if (error == EOPNOTSUPP)
		return "this kernel lacks the probes that a session of " NAME " needs";
	if (error == ESHUTDOWN)
		return PROBES_OFF;
	if (error == EACCES || error == EPERM)
		return "only root may open " PBT_DEVICE;
	return sentence("cannot open " PBT_DEVICE ": %s", strerror(error));
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
	if (ioctl(fd, PBT_GET_INFO, &info)) {
		/* an ABI whose struct has another size has another number of the ioctl, too */
		if (errno == ENOTTY)
			*why = sentence("the loaded module has another ABI than %u", PBT_ABI);
		else
			*why = sentence(PBT_DEVICE " does not tell its ABI: %s", strerror(errno));
	} else if (info.abi != PBT_ABI) {
		*why = sentence("the loaded " NAME " has ABI %u, this program needs %u", info.abi,
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
	if (fd < 0) {
		printf("TAP version 13\n1..0 # SKIP %s\n", why);
		return EXIT_SKIP;
	}
	close(fd);
	return harness(argc, argv);
}

/* --- names */

/* Returns the index of the @len bytes at @name, or -1. */
static int find_name(const char *const *names, unsigned int nr, const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return i;
	return -1;
}

static const char *no_such(const char *what, const char *name, size_t len,
			   const char *const *names, unsigned int nr)
{
	char known[512] = "";
	unsigned int i, at = 0;

	for (i = 0; i < nr; i++)
		at += snprintf(known + at, sizeof(known) - at, "%s %s", i ? "," : "", names[i]);
	return sentence("'%.*s' is no %s; these are:%s", (int)len, name, what, known);
}

/* A number from 1 to @max, or 0: it is none. */
static unsigned int number(const char *text, unsigned int max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	/* strtol() also takes leading blanks and signs */
	if (*text < '0' || *text > '9' || *end || errno || n < 1 || n > max)
		return 0;
	return n;
}

const char *module_parse_at(const char *text, struct pbt_knobs *knobs)
{
	const size_t point_len = strcspn(text, "=");
	const char *name = text + point_len + 1, *usecs;
	struct pbt_knob knob = { 0 };
	size_t len;
	int point, action;

	if (!text[point_len] || !point_len)
		return sentence("'%s' is not POINT=ACTION[:MICROSECONDS]", text);
	point = find_name(module_point_names, PBT_NR_POINTS, text, point_len);
	if (point < 0)
		return no_such("point", text, point_len, module_point_names, PBT_NR_POINTS);
	len = strcspn(name, ":");
	action = find_name(module_action_names, PBT_NR_ACTIONS, name, len);
	if (action < 0)
		return no_such("action", name, len, module_action_names, PBT_NR_ACTIONS);
	usecs = name[len] ? name + len + 1 : NULL;
	if (action == PBT_UDELAY) {
		if (!usecs)
			return sentence("'%s' lacks its time, such as %s:1000", text, text);
		knob.usecs = number(usecs, PBT_UDELAY_MAX);
		if (!knob.usecs)
			return sentence("'%s' is not a number of microseconds from 1 to %u", usecs,
					PBT_UDELAY_MAX);
	} else if (usecs) {
		return sentence("'%s': only udelay takes a time", text);
	}
	if (knobs->point[point].action != PBT_OFF)
		return sentence("%s has an action already, %s", module_point_names[point],
				module_action_names[knobs->point[point].action]);
	knob.action = action;
	knobs->point[point] = knob;
	return NULL;
}

const char *module_parse_notify(const char *text, struct pbt_knobs *knobs)
{
	int notify = find_name(module_notify_names, PBT_NR_NOTIFY, text, strlen(text));

	if (notify < 0)
		return no_such("notification mode", text, strlen(text), module_notify_names,
			       PBT_NR_NOTIFY);
	knobs->notify = notify;
	return NULL;
}

const char *module_parse_workers(const char *text, struct pbt_knobs *knobs)
{
	const unsigned int workers = number(text, PBT_WORKERS_MAX);

	if (!workers)
		return sentence("'%s' is not a number of workers from 1 to %u", text,
				PBT_WORKERS_MAX);
	knobs->workers = workers;
	return NULL;
}

const char *module_parse_plants(const char *text, struct pbt_knobs *knobs)
{
	__u32 plants = 0;
	int plant;

	for (;;) {
		const size_t len = strcspn(text, ",");

		plant = find_name(module_plant_names, PBT_NR_PLANTS, text, len);
		if (plant < 0)
			return no_such("fault", text, len, module_plant_names, PBT_NR_PLANTS);
		plants |= 1U << plant;
		if (!text[len])
			break;
		text += len + 1;
	}
	knobs->plants |= plants;
	return NULL;
}

static void __attribute__((format(printf, 4, 5)))
append(char *text, size_t size, unsigned int nr, const char *fmt, ...)
{
	size_t at = strlen(text);
	va_list ap;

	if (nr)
		at += snprintf(text + at, size - at, ", ");
	if (at >= size)
		return;
	va_start(ap, fmt);
	vsnprintf(text + at, size - at, fmt, ap);
	va_end(ap);
}

unsigned int module_missing(const struct pbt_info *info, const struct pbt_knobs *knobs,
			    struct pbt_knobs *rest, char *text, size_t size)
{
	struct pbt_knobs possible = *knobs;
	unsigned int i, nr = 0;

	*text = '\0';
	if (!(info->notify & (1U << knobs->notify))) {
		append(text, size, nr++, "notification %s", module_notify_names[knobs->notify]);
		possible.notify = PBT_NOTIFY_KERNEL;
	}
	for (i = 0; i < PBT_NR_POINTS; i++) {
		const struct pbt_knob *knob = &knobs->point[i];

		if (knob->action == PBT_OFF)
			continue;
		if (!(info->points & (1U << i)))
			append(text, size, nr++, "point %s", module_point_names[i]);
		else if (!(info->actions[i] & (1U << knob->action)))
			append(text, size, nr++, "%s at %s", module_action_names[knob->action],
			       module_point_names[i]);
		else
			continue;
		memset(&possible.point[i], 0, sizeof(possible.point[i]));
	}
	if ((knobs->flags & PBT_ACCOUNT) && !info->deliveries) {
		append(text, size, nr++, "accounting of deliveries");
		possible.flags &= ~PBT_ACCOUNT;
	}
	if (knobs->workers > info->workers_max) {
		append(text, size, nr++, "a limit of io-wq workers");
		possible.workers = 0;
	}
	if (knobs->flags & ~info->flags & PBT_PIN_WORKERS) {
		append(text, size, nr++, "pinned io-wq workers");
		possible.flags &= ~PBT_PIN_WORKERS;
	}
	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (knobs->plants & ~info->plants & (1U << i))
			append(text, size, nr++, "a place for the fault %s", module_plant_names[i]);
	possible.plants &= info->plants;
	if (rest)
		*rest = possible;
	return nr;
}

/* --- what counters are worth */

const char *module_no_answer(const struct pbt_counters *c)
{
	if (c->inactive)
		return "the probes of this kernel were switched off meanwhile";
	if (c->missed_ppm > UNSEEN_PPM)
		return sentence("%llu calls were missed by probes, %.1f %% of those of one point",
				(unsigned long long)c->missed, c->missed_ppm / 1e4);
	if (c->lost * 1000000 > (c->lost + c->joined) * UNSEEN_PPM)
		return sentence("%llu of %llu processes were not taken into the session",
				(unsigned long long)c->lost,
				(unsigned long long)(c->lost + c->joined));
	return NULL;
}

/* --- counters for people */

#define WIDTH	26	/* of the first column: generic_perform_write_exit */

static void print_row(FILE *f, const char *what, const char *state, const __u64 *counts)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		any |= counts[i] != 0;
	if (!any)
		return;
	fprintf(f, "%-*s %-12s", WIDTH, what, state);
	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		fprintf(f, " %12llu", (unsigned long long)counts[i]);
	fprintf(f, "\n");
}

static bool has_counts(const struct pbt_histogram *h)
{
	unsigned int i;

	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		if (h->live[i] || h->dead[i])
			return true;
	return false;
}

void module_print(FILE *f, const struct pbt_knobs *knobs, const struct pbt_counters *counters)
{
	bool heading = false;
	unsigned int i;

	for (i = 0; i < PBT_NR_POINTS; i++) {
		const struct pbt_knob *knob = &knobs->point[i];
		char action[32];

		if (knob->action == PBT_OFF && !counters->point[i])
			continue;
		if (!heading)
			fprintf(f, "%-*s %-12s %12s\n", WIDTH, "point", "action", "passed");
		heading = true;
		if (knob->action == PBT_UDELAY)
			snprintf(action, sizeof(action), "udelay:%u", knob->usecs);
		else
			snprintf(action, sizeof(action), "%s", module_action_names[knob->action]);
		fprintf(f, "%-*s %-12s %12llu\n", WIDTH, module_point_names[i], action,
			(unsigned long long)counters->point[i]);
	}

	heading = false;
	for (i = 0; i < PBT_NR_NOTIFY; i++) {
		if (!counters->notify_seen[i])
			continue;
		if (!heading)
			fprintf(f, "%-*s %-12s %12s\n", WIDTH, "task_work_add()", "asked for",
				"calls");
		heading = true;
		fprintf(f, "%-*s %-12s %12llu\n", WIDTH, "",
			i == PBT_NOTIFY_KERNEL ? "neither" : module_notify_names[i],
			(unsigned long long)counters->notify_seen[i]);
	}
	if (counters->notify_changed || knobs->notify != PBT_NOTIFY_KERNEL)
		fprintf(f, "%-*s to %-9s %12llu\n", WIDTH, "  changed",
			module_notify_names[knobs->notify],
			(unsigned long long)counters->notify_changed);

	if (knobs->workers)
		fprintf(f, "%-*s %-12u %12llu threads with more workers otherwise\n", WIDTH,
			"io-wq workers at most", knobs->workers,
			(unsigned long long)counters->limited);
	if (knobs->flags & PBT_PIN_WORKERS)
		fprintf(f, "%-*s %-12s %12llu\n", WIDTH, "io-wq workers pinned", "",
			(unsigned long long)counters->pinned);

	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (knobs->plants & (1U << i) || counters->planted[i])
			fprintf(f, "planted %s: %llu times\n", module_plant_names[i],
				(unsigned long long)counters->planted[i]);

	if (has_counts(&counters->workers) || has_counts(&counters->task_work)) {
		fprintf(f, "%-*s %-12s", WIDTH, "brought by", "FP, vectors");
		for (i = 0; i < PBT_NR_DELIVERIES; i++)
			fprintf(f, " %12s", module_delivery_names[i]);
		fprintf(f, "\n");
		print_row(f, "workers created", "live", counters->workers.live);
		print_row(f, "workers created", "dead", counters->workers.dead);
		print_row(f, "task_work", "live", counters->task_work.live);
		print_row(f, "task_work", "dead", counters->task_work.dead);
	}

	if (counters->cut)
		fprintf(f, "cut: %llu delays, or a CPU had been kept from other work too long\n",
			(unsigned long long)counters->cut);
	if (counters->missed)
		fprintf(f, "missed: %llu calls, at most %.2f %% of those of one point\n",
			(unsigned long long)counters->missed, counters->missed_ppm / 1e4);
	if (counters->lost)
		fprintf(f, "lost: %llu processes are not in the session, for want of memory\n",
			(unsigned long long)counters->lost);
}
