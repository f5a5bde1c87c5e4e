// SPDX-License-Identifier: GPL-2.0
/*
 * Shared by programs; see program.h.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "json.h"
#include "kselftest.h"
#include "program.h"

#define SKIP_REASON(id, words) \
	[SKIP_##id] = words,
static const char *const skip_words[SKIP_NR_REASONS] = {
#include "skip_reasons.h"
};

static void settle_as(struct answer *a, const char *outcome, const char *fmt, va_list ap)
{
	snprintf(a->outcome, sizeof(a->outcome), "%s", outcome);
	vsnprintf(a->text, sizeof(a->text), fmt, ap);
}

void settle(struct answer *a, const char *outcome, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	settle_as(a, outcome, fmt, ap);
	va_end(ap);
}

void settle_skip(struct answer *a, enum skip_reason reason, const char *fmt, ...)
{
	va_list ap;

	a->reason = reason;
	va_start(ap, fmt);
	settle_as(a, "skip", fmt, ap);
	va_end(ap);
}

bool is_skip(const struct answer *a)
{
	return !strcmp(a->outcome, "skip");
}

void answer_json(FILE *f, const struct answer *a)
{
	fprintf(f, "\"outcome\": \"%s\", ", a->outcome);
	if (is_skip(a))
		fprintf(f, "\"reason\": \"%s\", ", skip_words[a->reason]);
	json_member(f, "text", a->text);
}

const char *answer_reason(const char *name, const struct answer *a)
{
	ksft_print_msg("%s: %s\n", name, a->text);
	return skip_words[a->reason];
}

const char *skip_because(enum skip_reason reason, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ksft_print_msg("%s\n", text);
	return skip_words[reason];
}

bool is_answer(const struct answer *a)
{
	return !strcmp(a->outcome, "fail") || (!strcmp(a->outcome, "pass") && !a->control);
}

/* By what only a kernel that has it says of a file that is not open. */
static bool has_io_uring(void)
{
	return syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0) < 0 && errno == EBADF;
}

const char *no_ring(int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		return "io_uring is disabled (kernel.io_uring_disabled) or forbidden (seccomp)";
	case -ENOMEM:
		return "no memory for a ring: is RLIMIT_MEMLOCK too small?";
	default:
		return has_io_uring() ? NULL : "this kernel has no io_uring";
	}
}

bool high_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	if (!f)
		return false;
	while (!kib && fgets(line, sizeof(line), f))
		sscanf(line, "HighTotal: %lu", &kib);
	fclose(f);
	return kib;
}

const char *no_buffer_ring(void)
{
	return high_memory() ? "kernels before 6.6 die of a buffer ring in high memory" :
			       "this kernel does not have IORING_REGISTER_PBUF_RING";
}

double ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1e3 + (now.tv_nsec - then->tv_nsec) / 1e6;
}

bool orphaned(pid_t main)
{
	return kill(main, 0) && errno == ESRCH;
}

void program_test_begin(unsigned int seconds)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(seconds);
}

void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(2);
}

void *program_share(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		die("no memory");
	setvbuf(stdout, NULL, _IOLBF, 0);
	return shared;
}

/* Writes the whole file or none. Returns 0 or -errno. */
static int write_results(const struct program *program, const char *path, const char *skip)
{
	struct json_file json;
	unsigned int i;
	FILE *f;
	int ret;

	if (!path)
		return 0;
	ret = json_open(&json, path);
	if (ret)
		return ret;
	f = json.f;
	fprintf(f, "{\n  \"program\": \"%s\",\n  ", program->name);
	json_kernel(f);
	if (program->cpus)
		fprintf(f, ",\n  \"cpus\": %u, \"seed\": %llu", program->cpus->nr,
			(unsigned long long)*program->seed);
	if (program->write_head)
		program->write_head(f);
	if (skip) {
		fprintf(f, ",\n  \"skip\": ");
		json_string(f, skip);
	}
	fprintf(f, ",\n  \"variants\": [");
	for (i = 0; !skip && i < program->variants(); i++) {
		fprintf(f, "%s\n", i ? "," : "");
		program->write_variant(f, i);
	}
	fprintf(f, "\n  ]\n}\n");
	return json_commit(&json);
}

static const struct program *running;
static const char *results;
static char left_out[SKIP_NR_REASONS][2048];	/* names, each behind a space */

void program_left_out(enum skip_reason reason, const char *name)
{
	const size_t at = strlen(left_out[reason]);

	snprintf(left_out[reason] + at, sizeof(left_out[0]) - at, " %s", name);
}

static void print_left_out(void)
{
	unsigned int i;

	for (i = 0; i < SKIP_NR_REASONS; i++)
		if (*left_out[i])
			printf("# left out, %s:%s\n", skip_words[i], left_out[i]);
}

static int write_or_say(const struct program *program, const char *path, const char *skip)
{
	const int ret = write_results(program, path, skip);

	if (ret)
		fprintf(stderr, "%s: cannot write %s: %s\n", program_invocation_short_name, path,
			strerror(-ret));
	return ret;
}

/* Runs when the harness exits. */
static void finish(int status, void *arg)
{
	bool answered = false;
	unsigned int i;

	(void)arg;
	print_left_out();
	for (i = 0; i < running->variants(); i++)
		answered |= is_answer(running->answer(i));
	if (write_or_say(running, results, NULL))
		status = KSFT_FAIL;
	else if (status == KSFT_PASS && !answered)
		status = KSFT_SKIP;
	else
		return;
	fflush(stdout);
	_exit(status);
}

int program_run(const struct program *program, const char *path, int (*main)(int, char **),
		char **argv)
{
	running = program;
	results = path;
	on_exit(finish, NULL);
	/* the options were ours; newer harnesses parse what they are given */
	argv[1] = NULL;
	optind = 1;
	return main(1, argv);
}

int program_skipped(const char *name, enum skip_reason reason, const char *why)
{
	/* not "1..0 # SKIP", in which kunit.py parse of 6.12 and 7.2 misses the tests */
	printf("TAP version 13\n1..1\n# %s\nok 1 %s # SKIP %s\n", why, name, skip_words[reason]);
	return KSFT_SKIP;
}

int program_skip(const struct program *program, const char *path, enum skip_reason reason,
		 const char *why)
{
	const int status = program_skipped(program->name, reason, why);

	return write_or_say(program, path, why) ? KSFT_FAIL : status;
}

/* Until the set is large enough for all CPUs that may ever be, sched_getaffinity(2) is -EINVAL. */
#define CPUS_MAX	(1024 * 1024)

cpu_set_t *cpus_allowed(pid_t tid, size_t *size)
{
	unsigned int nr;
	cpu_set_t *set;

	for (nr = CPU_SETSIZE; nr <= CPUS_MAX; nr *= 2) {
		*size = CPU_ALLOC_SIZE(nr);
		set = calloc(1, *size);
		if (!set || !sched_getaffinity(tid, *size, set))
			return set;
		free(set);
		if (errno != EINVAL)
			break;
	}
	return NULL;
}

cpu_set_t *cpus_none(const struct cpus *c)
{
	cpu_set_t *set = calloc(1, c->size);

	if (!set)
		die("no memory");
	return set;
}

cpu_set_t *cpus_only(int cpu, size_t *size)
{
	const struct cpus room = { .size = CPU_ALLOC_SIZE(cpu + 1) };
	cpu_set_t *set = cpus_none(&room);

	*size = room.size;
	CPU_SET_S(cpu, *size, set);
	return set;
}

int cpus_pin(pid_t tid, int cpu)
{
	size_t size;
	cpu_set_t *set = cpus_only(cpu, &size);
	const int ret = sched_setaffinity(tid, size, set) ? -errno : 0;

	free(set);
	return ret;
}

static void cpus_init(struct cpus *c)
{
	c->nr = 0;
	c->allowed = cpus_allowed(0, &c->size);
	if (!c->allowed)
		die("cannot tell which CPUs may be used: %s", strerror(errno));
	c->cpu = calloc(CPU_COUNT_S(c->size, c->allowed), sizeof(*c->cpu));
	if (!c->cpu)
		die("no memory");
}

/* Dies if this process may not use it. */
static void cpus_add(struct cpus *c, long cpu, const char *option)
{
	unsigned int i;

	if (cpu < 0 || !CPU_ISSET_S(cpu, c->size, c->allowed))
		die("%s: this process may not use CPU %ld", option, cpu);
	for (i = 0; i < c->nr; i++)
		if (c->cpu[i] == cpu)
			return;
	c->cpu[c->nr++] = cpu;
}

static void cpus_add_list(struct cpus *c, const char *list, const char *option)
{
	const char *p = list;
	char *end;

	do {
		long first = strtol(p, &end, 10), last = first;

		if (end == p || *p == '-' || *p == ' ')
			break;
		if (*end == '-') {
			p = end + 1;
			last = strtol(p, &end, 10);
			if (end == p || last < first)
				break;
		}
		/* the first CPU that may not be used ends this */
		for (; first <= last; first++)
			cpus_add(c, first, option);
		p = end + 1;
		if (!*end)
			return;
	} while (*end == ',');
	die("%s: '%s' is not a list of CPUs such as 0-3,8", option, list);
}

static void cpus_add_all(struct cpus *c)
{
	unsigned int i;

	for (i = 0; i < 8 * c->size; i++)
		if (CPU_ISSET_S(i, c->size, c->allowed))
			c->cpu[c->nr++] = i;
}

void cpus_choose(struct cpus *c, const char *list, const char *option)
{
	cpus_init(c);
	if (list)
		cpus_add_list(c, list, option);
	else
		cpus_add_all(c);
}

double parse_seconds(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0 && seconds <= 1e6))
		die("-t: '%s' is not a number of seconds", text);
	return seconds;
}

bool names_have(const char *list, const char *name)
{
	const size_t len = strlen(name);
	const char *at = list;

	if (!list)
		return true;
	for (;; at++) {
		if (!strncmp(at, name, len) && (at[len] == ',' || !at[len]))
			return true;
		at = strchr(at, ',');
		if (!at)
			return false;
	}
}

const char *names_unknown(const char *list, bool (*known)(const char *name))
{
	static char name[128];

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(list, ","), list);
		if (!known(name))
			return name;
	}
	return NULL;
}

void program_usage(int c, const char *usage)
{
	fputs(usage, c == 'h' ? stdout : stderr);
	exit(c == 'h' ? 0 : 2);
}

void program_options_end(int argc, char **argv, const char *json)
{
	if (optind < argc)
		die("'%s' is not an option", argv[optind]);
	if (json && json_refused(json))
		die("cannot write %s: %s", json, strerror(json_refused(json)));
}
