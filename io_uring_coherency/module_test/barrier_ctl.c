// SPDX-License-Identifier: GPL-2.0
/*
 * barrier_ctl: run any command under chosen knobs of the module ppc_barrier_test, for example
 *
 *	barrier_ctl --notify no_ipi --at kick_process=mb --at io_write=udelay:1000 -- ./mtr ...
 *
 * The knobs act for the command and what it starts: barrier_ctl opens a session, and the command is
 * its child. Who wakes or kicks one of them does what is asked for there: see ppc_barrier_test.h.
 * At the end barrier_ctl prints the session's counters. Processes that the command leaves behind
 * are without knobs from then on.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler.h"
#include "json.h"
#include "module.h"

enum {	/* apart from the command's own; 126 and 127 as in a shell */
	EXIT_USAGE = 2,
	EXIT_SKIP = 4,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_KILLED = 128,	/* + signal */
};

static struct {
	struct pbt_knobs knobs;
	bool account;		/* asked for, not only wanted */
	bool ignore_missing;
	bool list;
	const char *json;
	char **command;
} opt;

static void __printf(1, 2)
say(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "barrier_ctl: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
}

#define die(code, ...) do { say(__VA_ARGS__); exit(code); } while (0)

static const char usage[] =
	"usage: barrier_ctl [--notify MODE] [--at POINT=ACTION[:MICROSECONDS]]... [--workers N]\n"
	"                   [--pin-workers] [--account] [--plant NAME[,NAME...]]\n"
	"                   [--ignore-missing] [--json FILE] [--] COMMAND [ARGUMENT...]\n"
	"       barrier_ctl --list\n"
	"  --notify MODE     how task_work_add() notifies: kernel (as it asked), signal, no_ipi\n"
	"  --at POINT=ACTION do ACTION whenever the command passes POINT; once for each point\n"
	"  --workers N       a thread of the command has so many io-wq workers for files at most\n"
	"  --pin-workers     each io-wq worker stays on the CPU on which it was created\n"
	"  --plant NAMES     the command meets these faults on purpose; this taints the kernel\n"
	"  --account         skip where the kernel cannot tell what brought task_work;\n"
	"                    without this option it is told where that is possible\n"
	"  --ignore-missing  go on without what this kernel lacks\n"
	"  --json FILE       counters for programs\n"
	"  --list            points, actions, modes and faults, and what this kernel supports\n"
	"exit status: COMMAND's, or 128 + its signal; 126, 127 it cannot be executed;\n"
	"2 wrong usage, 4 skipped: the module or the kernel lacks something, or COMMAND ended with 0\n"
	"but the knobs did not act on 1 % of what they were for\n";

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "notify", required_argument, NULL, 'n' },
		{ "at", required_argument, NULL, 'a' },
		{ "workers", required_argument, NULL, 'w' },
		{ "pin-workers", no_argument, NULL, 'p' },
		{ "account", no_argument, NULL, 'c' },
		{ "plant", required_argument, NULL, 'f' },
		{ "ignore-missing", no_argument, NULL, 'i' },
		{ "json", required_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *wrong;
	struct stat st;
	int c, nr = 0;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:h", options, &nr)) != -1) {
		wrong = NULL;
		switch (c) {
		case 'n':
			wrong = module_parse_notify(optarg, &opt.knobs);
			break;
		case 'a':
			wrong = module_parse_at(optarg, &opt.knobs);
			break;
		case 'w':
			wrong = module_parse_workers(optarg, &opt.knobs);
			break;
		case 'p':
			opt.knobs.flags |= PBT_PIN_WORKERS;
			break;
		case 'c':
			opt.account = true;
			break;
		case 'f':
			wrong = module_parse_plants(optarg, &opt.knobs);
			break;
		case 'i':
			opt.ignore_missing = true;
			break;
		case 'j':
			opt.json = optarg;
			break;
		case 'l':
			opt.list = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case ':':
			die(EXIT_USAGE, "%s needs a value, see --help", argv[optind - 1]);
		default:
			die(EXIT_USAGE, "'%s' is not an option, see --help", argv[optind - 1]);
		}
		if (wrong)
			die(EXIT_USAGE, "--%s: %s", options[nr].name, wrong);
	}
	if (opt.list) {
		if (argc != 2)
			die(EXIT_USAGE, "--list goes with nothing else");
		return;
	}
	if (optind == argc)
		die(EXIT_USAGE, "there is no command to run, see --help");
	opt.command = argv + optind;
	if (opt.json) {
		if (json_refused(opt.json))
			die(EXIT_USAGE, "cannot write %s: %s", opt.json,
			    strerror(json_refused(opt.json)));
		/* it will be replaced by rename(2) */
		if (!stat(opt.json, &st) && !S_ISREG(st.st_mode))
			die(EXIT_USAGE, "cannot write %s: it is not a regular file", opt.json);
		/* what is there at the end is from this run */
		unlink(opt.json);
	}
}

/* --- --list */

static int list(void)
{
	struct pbt_info info = { 0 };
	unsigned int point, i;
	const char *why;
	int fd;

	fd = module_open(&why);
	if (fd >= 0 && ioctl(fd, PBT_GET_INFO, &info)) {
		why = strerror(errno);
		close(fd);
		fd = -1;
	}
	printf("%-26s", "point");
	for (i = PBT_OFF + 1; i < PBT_NR_ACTIONS; i++)
		printf(" %s", module_action_names[i]);
	printf("\n");
	for (point = 0; point < PBT_NR_POINTS; point++) {
		printf("%-26s", module_point_names[point]);
		for (i = PBT_OFF + 1; i < PBT_NR_ACTIONS; i++) {
			bool yes = (info.points & (1U << point)) &&
				(info.actions[point] & (1U << i));

			printf(" %*s", (int)strlen(module_action_names[i]),
			       fd < 0 ? "?" : yes ? "yes" : "-");
		}
		printf("\n");
	}
	printf("\n%-26s", "notification");
	for (i = 0; i < PBT_NR_NOTIFY; i++)
		printf(" %s", module_notify_names[i]);
	printf("\n%-26s", "");
	for (i = 0; i < PBT_NR_NOTIFY; i++)
		printf(" %*s", (int)strlen(module_notify_names[i]),
		       fd < 0 ? "?" : (info.notify & (1U << i)) ? "yes" : "-");
	printf("\n\n%-26s limited pinned\n%-26s %7s %6s", "io-wq workers", "",
	       fd < 0 ? "?" : info.workers_max ? "yes" : "-",
	       fd < 0 ? "?" : info.flags & PBT_PIN_WORKERS ? "yes" : "-");
	printf("\n\n%-26s", "deliveries told apart");
	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		printf("%s %s", i ? "," : "", module_delivery_names[i]);
	printf("\n%-26s", "");
	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		printf("%s %*s", i ? " " : "", (int)strlen(module_delivery_names[i]),
		       fd < 0 ? "?" : (info.deliveries & (1U << i)) ? "yes" : "-");
	printf("\n");
	printf("\n%-26s supported\n", "fault");
	for (i = 0; i < PBT_NR_PLANTS; i++)
		printf("%-26s %9s\n", module_plant_names[i],
		       fd < 0 ? "?" : info.plants & (1U << i) ? "yes" : "-");
	if (fd < 0)
		die(EXIT_SKIP, "what this kernel supports cannot be told: %s", why);
	printf("\nudelay: 1 to %u microseconds\n", info.udelay_max);
	close(fd);
	return 0;
}

/* --- the command */

/* Replaces this process, a child, by the command; or reports an errno and ends. */
static void __noreturn
exec_command(int report, const sigset_t *mask, const struct sigaction *old_int,
	     const struct sigaction *old_quit, const struct sigaction *old_chld)
{
	ssize_t ret;
	int error;

	sigaction(SIGINT, old_int, NULL);
	sigaction(SIGQUIT, old_quit, NULL);
	sigaction(SIGCHLD, old_chld, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(opt.command[0], opt.command);
	error = errno;
	ret = write(report, &error, sizeof(error));
	(void)ret;
	_exit(EXIT_CANNOT_RUN);
}

/*
 * Runs the command in our process group, so that it has the terminal: Ctrl-C reaches it without
 * us, and we ignore it as system(3) does. SIGTERM and SIGHUP of a process reach only us and are
 * handed on. SIGHUP that the kernel sends for a terminal has reached the command, too.
 *
 * Returns the exit status for the command in *@code, and 0 or the errno of its execve(2).
 */
static int run_command(int *code)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, dfl = { .sa_handler = SIG_DFL };
	struct sigaction old_int, old_quit, old_chld;
	sigset_t wait_for, mask;
	int report[2], error = 0, status;
	siginfo_t info;
	pid_t child;

	if (pipe2(report, O_CLOEXEC))
		die(EXIT_SKIP, "cannot run the command: %s", strerror(errno));
	sigemptyset(&wait_for);
	sigaddset(&wait_for, SIGTERM);
	sigaddset(&wait_for, SIGHUP);
	sigaddset(&wait_for, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wait_for, &mask);
	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	sigaction(SIGCHLD, &dfl, &old_chld);	/* ignored it would take the exit code away */

	fflush(NULL);
	child = fork();
	if (child < 0)
		die(EXIT_SKIP, "cannot run the command: %s", strerror(errno));
	if (!child)
		exec_command(report[1], &mask, &old_int, &old_quit, &old_chld);
	close(report[1]);
	if (read(report[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(report[0]);

	while (waitpid(child, &status, WNOHANG) != child) {
		int sig = sigwaitinfo(&wait_for, &info);

		if ((sig == SIGTERM || sig == SIGHUP) && info.si_code <= 0)
			kill(child, sig);
	}
	*code = WIFSIGNALED(status) ? EXIT_KILLED + WTERMSIG(status) : WEXITSTATUS(status);
	return error;
}

/* --- JSON */

/* An object { "NAME": COUNT, ... } of all @names, blanks in them made '_'. */
static void json_counts(FILE *f, const char *const *names, const __u64 *counts, unsigned int nr)
{
	const char *c;
	unsigned int i;

	fprintf(f, "{");
	for (i = 0; i < nr; i++) {
		fprintf(f, "%s \"", i ? "," : "");
		for (c = names[i]; *c; c++)
			fputc(*c == ' ' ? '_' : *c, f);
		fprintf(f, "\": %llu", (unsigned long long)counts[i]);
	}
	fprintf(f, " }");
}

static void json_histogram(FILE *f, const char *name, const struct pbt_histogram *h)
{
	fprintf(f, "  \"%s\": {\n    \"live\": ", name);
	json_counts(f, module_delivery_names, h->live, PBT_NR_DELIVERIES);
	fprintf(f, ",\n    \"dead\": ");
	json_counts(f, module_delivery_names, h->dead, PBT_NR_DELIVERIES);
	fprintf(f, "\n  },\n");
}

/*
 * Writes the whole file or none. Its keys, all of them always there:
 *
 *	program		"barrier_ctl"
 *	kernel, kernel_version, machine		as uname(2) tells them
 *	command		array of strings
 *	exit_code	of the command, 128 + signal if it was killed
 *	missing		what --ignore-missing went on without: text, "" if nothing
 *	notify		"kernel", "signal" or "no_ipi"
 *	account		deliveries were counted
 *	workers_most	limit of io-wq workers, 0 if none
 *	pin_workers	each is kept to its creator's CPU
 *	points		for each point: action, usecs (0 but for udelay), passed
 *	notify_seen	task_work_add() by the mode that was asked for; kernel: neither of both
 *	notify_changed	... and how often that was changed
 *	limited		threads that would have had more workers
 *	pinned		workers that were pinned
 *	planted		for each fault, how often it was planted
 *	workers		creations of io-wq workers
 *	task_work	runs of task_work; of both by what brought them (syscall, syscall_exit, IPI,
 *			tick, other, kthread), apart for live and dead FP or vector state
 *	cut		delays that were cut short for what else a CPU has to do
 *	missed		calls that the probes did not see, by anybody
 *	missed_ppm	... per million, of the point with the largest share
 *	inactive	how often the probes were found switched off
 *	lost		processes that should have been in the session
 *	joined		... and those that were
 *	no_answer	why a clean command is no answer about the knobs: text, "" if it is
 *	processes	in the session at the end, barrier_ctl among them
 *
 * Returns 0 or -errno.
 */
static int write_json(const struct pbt_knobs *knobs, const struct pbt_counters *counters,
		      const char *missing, const char *no_answer, int code)
{
	struct json_file json;
	unsigned int i;
	FILE *f;
	int ret;

	ret = json_open(&json, opt.json);
	if (ret)
		return ret;
	f = json.f;
	fprintf(f, "{\n  \"program\": \"barrier_ctl\",\n  ");
	json_kernel(f);
	fprintf(f, ",\n  \"command\": [");
	for (i = 0; opt.command[i]; i++) {
		fprintf(f, "%s", i ? ", " : " ");
		json_string(f, opt.command[i]);
	}
	fprintf(f, " ],\n  \"exit_code\": %d,\n  \"missing\": ", code);
	json_string(f, missing);
	fprintf(f, ",\n  \"notify\": \"%s\",\n  \"account\": %s,\n",
		module_notify_names[knobs->notify],
		knobs->flags & PBT_ACCOUNT ? "true" : "false");
	fprintf(f, "  \"workers_most\": %u,\n  \"pin_workers\": %s,\n  \"points\": {",
		knobs->workers, knobs->flags & PBT_PIN_WORKERS ? "true" : "false");
	for (i = 0; i < PBT_NR_POINTS; i++)
		fprintf(f,
			"%s\n    \"%s\": { \"action\": \"%s\", \"usecs\": %u, \"passed\": %llu }",
			i ? "," : "", module_point_names[i],
			module_action_names[knobs->point[i].action], knobs->point[i].usecs,
			(unsigned long long)counters->point[i]);
	fprintf(f, "\n  },\n  \"notify_seen\": ");
	json_counts(f, module_notify_names, counters->notify_seen, PBT_NR_NOTIFY);
	fprintf(f, ",\n  \"notify_changed\": %llu,\n",
		(unsigned long long)counters->notify_changed);
	fprintf(f, "  \"limited\": %llu,\n  \"pinned\": %llu,\n",
		(unsigned long long)counters->limited, (unsigned long long)counters->pinned);
	json_histogram(f, "workers", &counters->workers);
	json_histogram(f, "task_work", &counters->task_work);
	fprintf(f, "  \"planted\": ");
	json_counts(f, module_plant_names, counters->planted, PBT_NR_PLANTS);
	fprintf(f, ",\n");
	fprintf(f, "  \"cut\": %llu,\n", (unsigned long long)counters->cut);
	fprintf(f, "  \"missed\": %llu,\n  \"missed_ppm\": %llu,\n  \"inactive\": %llu,\n",
		(unsigned long long)counters->missed, (unsigned long long)counters->missed_ppm,
		(unsigned long long)counters->inactive);
	fprintf(f, "  \"lost\": %llu,\n  \"joined\": %llu,\n  \"processes\": %llu,\n",
		(unsigned long long)counters->lost, (unsigned long long)counters->joined,
		(unsigned long long)counters->processes);
	fprintf(f, "  \"no_answer\": ");
	json_string(f, no_answer ?: "");
	fprintf(f, "\n}\n");
	return json_commit(&json);
}

static int session = -1;

/* Before module.c, which has registered its own earlier, unloads what it has loaded. */
static void close_session(void)
{
	close(session);
}

int main(int argc, char **argv)
{
	char missing[1024] = "";
	struct pbt_counters counters;
	struct pbt_info info;
	const char *why, *no_answer;
	int code, ret;

	parse_options(argc, argv);
	if (opt.list)
		return list();

	session = module_open(&why);
	if (session < 0)
		die(EXIT_SKIP, "%s", why);
	atexit(close_session);
	if (ioctl(session, PBT_GET_INFO, &info))
		die(EXIT_SKIP, "the module does not tell what it can do: %s", strerror(errno));
	if (opt.account || info.deliveries)
		opt.knobs.flags |= PBT_ACCOUNT;
	if (module_missing(&info, &opt.knobs, &opt.knobs, missing, sizeof(missing))) {
		if (!opt.ignore_missing)
			die(EXIT_SKIP, "this kernel lacks %s", missing);
		say("going on without what this kernel lacks: %s", missing);
	}
	if (ioctl(session, PBT_SET_KNOBS, &opt.knobs))
		die(EXIT_SKIP, "%s", module_why_not_set(errno));

	ret = run_command(&code);
	if (ret)
		die(ret == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "cannot execute %s: %s",
		    opt.command[0], strerror(ret));
	memset(&counters, 0, sizeof(counters));
	if (ioctl(session, PBT_GET_COUNTERS, &counters)) {
		say("the module does not tell its counters: %s", strerror(errno));
		return code ?: 1;
	}
	module_print(stderr, &opt.knobs, &counters);
	if (!(opt.knobs.flags & PBT_ACCOUNT))
		say("this kernel cannot tell what brought task_work");
	no_answer = module_no_answer(&counters);
	if (no_answer)
		say("no answer about the knobs: %s", no_answer);
	if (opt.json) {
		ret = write_json(&opt.knobs, &counters, missing, no_answer, code);
		if (ret) {
			say("cannot write %s: %s", opt.json, strerror(-ret));
			return code ?: 1;
		}
	}
	return code ?: no_answer ? EXIT_SKIP : 0;
}
