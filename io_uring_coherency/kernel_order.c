// SPDX-License-Identifier: GPL-2.0
/*
 * kernel_order: are the kernel's barriers really there? Message passing and store buffering across
 * IPI, wake-up, task_work, work queues, completions and kthread_use_mm(), inside the kernel, by the
 * litmus tests of ppc_barrier_test.ko (ppc_barrier_test/litmus.c names what each edge rests on).
 *
 * Each edge is run in three forms, in turns: as the kernel has it, where one outcome is forbidden;
 * with something weaker in its place, where the same outcome is allowed (the control); and with
 * further barriers. Forbidden and seen is a failure. That the control never shows what is allowed
 * makes a machine, such as an emulator on x86, that cannot tell: then there is no answer (SKIP). So
 * it is with too few events, which is when fewer than 10 weak outcomes were to be expected at the
 * control's rate.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "module.h"
#include "program.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define MIN_EVENTS	1000
#define MIN_EXPECTED	10	/* weak outcomes in the kernel's form, if it were as the control */
#define SLICE_MIN_MS	10
#define SLICE_MAX_MS	50
#define TURNS		4	/* slices on a pair of CPUs: half of them in the kernel's form */
#define DEFAULT_SECONDS	1.0

#define SB		0	/* the outcome that is forbidden: r0 + 2 * r1 */
#define MP		1

struct edge {
	unsigned int forbidden;
	const char *weak;	/* what the control has in the kernel's place */
	bool many_cells;	/* there is a bare loop to compare with */
	bool receiver, in_syscalls;
};

#define FLAG	"a plain store and a plain load of a flag"

static const struct edge edges[PBT_NR_EDGES] = {
	[PBT_EDGE_MEMORY_SB] = { .forbidden = SB, .weak = "nothing", .many_cells = true },
	[PBT_EDGE_MEMORY_MP] = { .forbidden = MP, .weak = FLAG, .many_cells = true },
	[PBT_EDGE_SET_CURRENT_STATE] = {
		.forbidden = SB, .weak = "__set_current_state()", .many_cells = true,
	},
	[PBT_EDGE_WAKE_UP_PROCESS] = {
		.forbidden = SB, .weak = "a look at the task's state", .many_cells = true,
	},
	[PBT_EDGE_SLEEP_WAKE] = { .forbidden = SB, .weak = "__set_current_state()" },
	[PBT_EDGE_KTHREAD_USE_MM] = {
		.forbidden = SB, .weak = "a plain store", .many_cells = true,
	},
	[PBT_EDGE_KTHREAD_UNUSE_MM] = {
		.forbidden = SB, .weak = "a plain store", .many_cells = true,
	},
	[PBT_EDGE_IPI] = { .forbidden = MP, .weak = FLAG },
	[PBT_EDGE_QUEUE_WORK] = { .forbidden = MP, .weak = FLAG },
	[PBT_EDGE_QUEUE_WORK_PENDING] = { .forbidden = SB, .weak = "work_pending()" },
	[PBT_EDGE_COMPLETION] = { .forbidden = MP, .weak = FLAG },
	[PBT_EDGE_TASK_WORK_RESUME] = {
		.forbidden = MP, .weak = FLAG, .receiver = true, .in_syscalls = true,
	},
	[PBT_EDGE_TASK_WORK_SIGNAL] = { .forbidden = MP, .weak = FLAG, .receiver = true },
	[PBT_EDGE_TASK_WORK_NO_IPI] = {
		.forbidden = MP, .weak = FLAG, .receiver = true, .in_syscalls = true,
	},
};

static const char *const edge_names[PBT_NR_EDGES] = PBT_EDGE_NAMES;
static const char *const form_names[PBT_NR_FORMS] = PBT_FORM_NAMES;

struct counts {
	uint64_t outcome[PBT_OUTCOMES];
	uint64_t iterations, discarded;
	double seconds;
};

struct result {
	unsigned int edge;
	struct answer answer;
	struct evidence evidence;	/* of the kernel's form */
	struct counts form[PBT_NR_FORMS];
	unsigned int pairs;		/* of CPUs that were used */
	double first_ms;		/* time of the control until it showed; < 0: never */
};

/* Survives the harness's fork of each test. */
struct shared {
	pid_t main;
	unsigned int nr;
	struct result result[PBT_NR_EDGES];
};

static struct {
	double seconds;
	const char *edge;
	const char *json;
	bool no_module, bare;
	struct cpus cpus;
} opt = { .seconds = DEFAULT_SECONDS };

static struct shared *shared;

/* --- a thread for task_work to be sent to */

struct receiver {
	pthread_t thread;
	atomic_int tid;
	atomic_bool stop;
	bool in_syscalls;
};

static void *receiver_main(void *arg)
{
	struct receiver *r = arg;

	r->tid = syscall(SYS_gettid);
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		/* without an interrupt it is the next system call's exit that runs task_work */
		if (r->in_syscalls)
			syscall(SYS_getppid);
	}
	return NULL;
}

/* Returns 0 or -errno. */
static int receiver_start(struct receiver *r, bool in_syscalls)
{
	int ret;

	memset(r, 0, sizeof(*r));
	r->in_syscalls = in_syscalls;
	ret = pthread_create(&r->thread, NULL, receiver_main, r);
	if (ret)
		return -ret;
	while (!r->tid)
		sched_yield();
	return 0;
}

static void receiver_end(struct receiver *r)
{
	r->stop = true;
	pthread_join(r->thread, NULL);
}

/* --- one edge */

struct run {
	int session;
	struct result *r;
	struct receiver *receiver;	/* NULL: none is needed */
	unsigned int slice_ms;
	uint32_t seed;
};

/* Adds one slice. Returns 0 or -errno of PBT_LITMUS. */
static int run_slice(struct run *run, enum pbt_form form, int a, int b)
{
	struct counts *c = &run->r->form[form];
	struct pbt_litmus l = {
		.edge = run->r->edge,
		.form = form,
		.cpu = { a, b },
		.msecs = run->slice_ms,
		.seed = run->seed,
	};
	unsigned int i;

	run->seed = run->seed * 1664525 + 1013904223;
	if (run->receiver) {
		cpu_set_t cpu;

		CPU_ZERO(&cpu);
		CPU_SET(b, &cpu);
		pthread_setaffinity_np(run->receiver->thread, sizeof(cpu), &cpu);
		l.receiver = run->receiver->tid;
	}
	if (ioctl(run->session, PBT_LITMUS, &l))
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < PBT_OUTCOMES; i++)
		c->outcome[i] += l.outcome[i];
	c->iterations += l.iterations;
	c->discarded += l.discarded;
	c->seconds += l.nsecs / 1e9;
	if (form == PBT_FORM_WEAK && run->r->first_ms < 0 &&
	    l.outcome[edges[l.edge].forbidden])
		run->r->first_ms = c->seconds * 1e3;
	return 0;
}

/* The @n-th ordered pair of CPUs: neighbours first, then further and further apart. */
static void nth_pair(unsigned int n, int *a, int *b)
{
	const unsigned int nr = opt.cpus.nr, apart = n / nr % (nr - 1) + 1;

	*a = opt.cpus.cpu[n % nr];
	*b = opt.cpus.cpu[(n % nr + apart) % nr];
}

/* Returns 0 or -errno. */
static int run_edge(struct run *run)
{
	static const enum pbt_form turn[TURNS] = {
		PBT_FORM_KERNEL, PBT_FORM_WEAK, PBT_FORM_KERNEL, PBT_FORM_BARRIER,
	};
	const unsigned int pairs = opt.cpus.nr * (opt.cpus.nr - 1);
	const double each = opt.seconds * 1e3 / TURNS / pairs;
	struct timespec start;
	unsigned int n, i;
	int ret = 0, a, b;

	run->slice_ms = each < SLICE_MIN_MS ? SLICE_MIN_MS :
			each > SLICE_MAX_MS ? SLICE_MAX_MS : each;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (n = 0; !n || ms_since(&start) < opt.seconds * 1e3; n++) {
		nth_pair(n, &a, &b);
		for (i = 0; i < TURNS && !ret; i++)
			ret = run_slice(run, turn[i], a, b);
		if (!ret && opt.bare && edges[run->r->edge].many_cells)
			ret = run_slice(run, PBT_FORM_BARE, a, b);
		if (ret)
			return ret;
	}
	run->r->pairs = n < pairs ? n : pairs;
	return 0;
}

static void print_counts(const struct result *r, enum pbt_form form)
{
	const struct counts *c = &r->form[form];
	const unsigned int forbidden = edges[r->edge].forbidden;
	char text[256];
	unsigned int i, at = 0;

	for (i = 0; i < PBT_OUTCOMES; i++)
		at += snprintf(text + at, sizeof(text) - at, "%s %u,%u%s %llu", i ? "," : "", i & 1,
			       i >> 1, i != forbidden ? "" : form == PBT_FORM_WEAK ? " (allowed)" :
			       " (forbidden)", (unsigned long long)c->outcome[i]);
	ksft_print_msg("  %-7s r0,r1:%s; %.3g/s\n", form_names[form], text,
		       c->seconds > 0 ? c->iterations / c->seconds : 0);
}

static void settle_measured(struct result *r)
{
	const struct edge *e = &edges[r->edge];
	const struct counts *kernel = &r->form[PBT_FORM_KERNEL];
	const struct counts *weak = &r->form[PBT_FORM_WEAK];
	const struct counts *barrier = &r->form[PBT_FORM_BARRIER];
	const uint64_t shown = weak->outcome[e->forbidden];
	char sentence[EVIDENCE_TEXT_SIZE], fenced[EVIDENCE_TEXT_SIZE];
	const struct evidence with_barrier = { barrier->iterations,
					       barrier->outcome[e->forbidden] };
	double expected;

	r->evidence.events = kernel->iterations;
	r->evidence.violations = kernel->outcome[e->forbidden];
	expected = weak->iterations ? (double)shown / weak->iterations * kernel->iterations : 0;
	evidence_sentence(sentence, sizeof(sentence), &r->evidence);
	evidence_sentence(fenced, sizeof(fenced), &with_barrier);
	if (r->evidence.violations)
		settle(&r->answer, "fail",
		       "%s: the forbidden outcome was seen, this is no barrier; between two barriers: %s",
		       sentence, fenced);
	else if (with_barrier.violations)
		settle(&r->answer, "fail",
		       "%s; but between two barriers: %s: this smp_mb() is none", sentence,
		       fenced);
	else if (r->evidence.events < MIN_EVENTS || weak->iterations < MIN_EVENTS)
		settle(&r->answer, "skip",
		       "inconclusive: %s, at least %u are needed, and as many of the control (%llu)",
		       sentence, MIN_EVENTS, (unsigned long long)weak->iterations);
	else if (!shown)
		settle(&r->answer, "skip",
		       "not observable on this machine: with %s in its place the outcome is allowed and was seen 0 of %llu times, so this says nothing: %s",
		       e->weak, (unsigned long long)weak->iterations, sentence);
	else if (expected < MIN_EXPECTED)
		settle(&r->answer, "skip",
		       "inconclusive: %s, with %s in its place %llu of %llu: at that rate %.1f were to be expected, at least %u are needed",
		       sentence, e->weak, (unsigned long long)shown,
		       (unsigned long long)weak->iterations, expected, MIN_EXPECTED);
	else
		settle(&r->answer, "pass",
		       "%s; the control, %s in its place, showed the weak outcome %llu of %llu times",
		       sentence, e->weak, (unsigned long long)shown,
		       (unsigned long long)weak->iterations);
}

FIXTURE(edge)
{
	struct result *result;
};

FIXTURE_VARIANT(edge)
{
	enum pbt_edge edge;
};

FIXTURE_VARIANT_ADD(edge, memory_sb)
{
	.edge = PBT_EDGE_MEMORY_SB,
};

FIXTURE_VARIANT_ADD(edge, memory_mp)
{
	.edge = PBT_EDGE_MEMORY_MP,
};

FIXTURE_VARIANT_ADD(edge, set_current_state)
{
	.edge = PBT_EDGE_SET_CURRENT_STATE,
};

FIXTURE_VARIANT_ADD(edge, wake_up_process)
{
	.edge = PBT_EDGE_WAKE_UP_PROCESS,
};

FIXTURE_VARIANT_ADD(edge, sleep_wake)
{
	.edge = PBT_EDGE_SLEEP_WAKE,
};

FIXTURE_VARIANT_ADD(edge, kthread_use_mm)
{
	.edge = PBT_EDGE_KTHREAD_USE_MM,
};

FIXTURE_VARIANT_ADD(edge, kthread_unuse_mm)
{
	.edge = PBT_EDGE_KTHREAD_UNUSE_MM,
};

FIXTURE_VARIANT_ADD(edge, ipi)
{
	.edge = PBT_EDGE_IPI,
};

FIXTURE_VARIANT_ADD(edge, queue_work)
{
	.edge = PBT_EDGE_QUEUE_WORK,
};

FIXTURE_VARIANT_ADD(edge, queue_work_pending)
{
	.edge = PBT_EDGE_QUEUE_WORK_PENDING,
};

FIXTURE_VARIANT_ADD(edge, completion)
{
	.edge = PBT_EDGE_COMPLETION,
};

FIXTURE_VARIANT_ADD(edge, task_work_resume)
{
	.edge = PBT_EDGE_TASK_WORK_RESUME,
};

FIXTURE_VARIANT_ADD(edge, task_work_signal)
{
	.edge = PBT_EDGE_TASK_WORK_SIGNAL,
};

FIXTURE_VARIANT_ADD(edge, task_work_no_ipi)
{
	.edge = PBT_EDGE_TASK_WORK_NO_IPI,
};

FIXTURE_SETUP(edge)
{
	self->result = &shared->result[shared->nr++];
	self->result->edge = variant->edge;
	self->result->first_ms = -1;
}

FIXTURE_TEARDOWN(edge)
{
}

/* Returns NULL, or why there is no session in which this edge can be tested. */
static const char *open_session(unsigned int edge, int *session)
{
	struct pbt_info info;
	const char *why;

	*session = module_open(&why);
	if (*session < 0)
		return why;
	if (ioctl(*session, PBT_GET_INFO, &info))
		why = "PBT_GET_INFO fails";
	else if (!(info.edges & (1U << edge)))
		why = "this kernel does not have it, or promises nothing";
	else
		return NULL;
	close(*session);
	return why;
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(edge, orders, INT_MAX / 1000)
{
	struct result *r = self->result;
	const struct edge *e = &edges[r->edge];
	struct receiver receiver;
	struct run run = { .r = r, .seed = (uint32_t)getpid() * 2654435761U };
	const char *why;
	unsigned int form;
	int ret = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	module_follow();
	alarm(3 * opt.seconds + 30);
	if (opt.edge && strcmp(opt.edge, edge_names[r->edge])) {
		settle(&r->answer, "skip", "not asked for");
		SKIP(return, "%s", r->answer.text);
	}
	why = open_session(r->edge, &run.session);
	if (why) {
		settle(&r->answer, "skip", "%s", why);
		SKIP(return, "%s", r->answer.text);
	}
	if (e->receiver) {
		ret = receiver_start(&receiver, e->in_syscalls);
		run.receiver = &receiver;
	}
	if (!ret) {
		ret = run_edge(&run);
		if (e->receiver)
			receiver_end(&receiver);
	}
	close(run.session);
	if (ret && !r->form[PBT_FORM_KERNEL].outcome[e->forbidden])
		settle(&r->answer, "skip", "PBT_LITMUS: %s", strerror(-ret));
	else
		settle_measured(r);

	ksft_print_msg("%s (%s, r0,r1 = %u,0 is forbidden), %u pairs of CPUs\n",
		       edge_names[r->edge], e->forbidden == SB ? "SB" : "MP", e->forbidden,
		       r->pairs);
	for (form = 0; form < PBT_FORM_BARE; form++)
		print_counts(r, form);
	if (r->form[PBT_FORM_BARE].iterations)
		ksft_print_msg("  bare loops: %.3g/s\n", r->form[PBT_FORM_BARE].iterations /
			       r->form[PBT_FORM_BARE].seconds);
	if (!strcmp(r->answer.outcome, "skip"))
		SKIP(return, "%s", r->answer.text);
	ksft_print_msg("%s: %s\n", edge_names[r->edge], r->answer.text);
	EXPECT_STREQ("pass", r->answer.outcome);
}

/* Harness and program share the name main(). */
#define main harness_main
TEST_HARNESS_MAIN
#undef main

static void json_counts(FILE *f, const struct counts *c, enum pbt_form form)
{
	unsigned int i;

	fprintf(f, "%s\n        \"%s\": {", form ? "," : "", form_names[form]);
	for (i = 0; i < PBT_OUTCOMES; i++)
		fprintf(f, " \"%u,%u\": %llu,", i & 1, i >> 1, (unsigned long long)c->outcome[i]);
	fprintf(f, " \"iterations\": %llu, \"discarded\": %llu, \"seconds\": %.3f }",
		(unsigned long long)c->iterations, (unsigned long long)c->discarded, c->seconds);
}

static void write_variant(FILE *f, unsigned int variant)
{
	const struct result *r = &shared->result[variant];
	const struct interval rate = evidence_interval(&r->evidence, EVIDENCE_CONFIDENCE);
	const struct edge *e = &edges[r->edge];
	const struct counts *weak = &r->form[PBT_FORM_WEAK];
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", \"kind\": \"%s\", \"forbidden\": \"%u,0\",\n",
		edge_names[r->edge], e->forbidden == SB ? "SB" : "MP", e->forbidden);
	fprintf(f, "      \"outcome\": \"%s\", \"text\": ", r->answer.outcome);
	json_string(f, r->answer.text);
	fprintf(f, ",\n      \"events\": %llu, \"violations\": %llu, \"rate_low\": %.6g,",
		(unsigned long long)r->evidence.events, (unsigned long long)r->evidence.violations,
		rate.low);
	fprintf(f, " \"rate_high\": %.6g, \"pairs\": %u,\n", rate.high, r->pairs);
	fprintf(f, "      \"control_events\": %llu, \"control_seen\": %llu,",
		(unsigned long long)weak->iterations,
		(unsigned long long)weak->outcome[e->forbidden]);
	if (r->first_ms >= 0)
		fprintf(f, " \"control_first_ms\": %.1f,", r->first_ms);
	fprintf(f, "\n      \"forms\": {");
	for (i = 0; i < (r->form[PBT_FORM_BARE].iterations ? PBT_NR_FORMS : PBT_FORM_BARE); i++)
		json_counts(f, &r->form[i], i);
	fprintf(f, " } }");
}

static void write_head(FILE *f)
{
	fprintf(f, ",\n  \"cpus\": %u", opt.cpus.nr);
}

static unsigned int variants(void)
{
	return shared->nr;
}

static const struct answer *answer(unsigned int variant)
{
	return &shared->result[variant].answer;
}

static const struct program program = {
	.name = "kernel_order",
	.write_head = write_head,
	.variants = variants,
	.answer = answer,
	.write_variant = write_variant,
};

static const char usage[] =
	"usage: kernel_order [-t SECONDS] [--edge NAME] [--cpus A,B] [--json FILE] [--list]\n"
	"                    [--bare] [--no-module]\n"
	"  -t SECONDS   time for each edge (default 1)\n"
	"  --edge NAME  test this edge alone\n"
	"  --cpus A,B   these two CPUs (default: all pairs of those that this process may use)\n"
	"  --json FILE  results for programs; $IO_URING_COHERENCY_RESULTS/kernel_order.json\n"
	"               is the default where that directory is named\n"
	"  --list       the edges, and end\n"
	"  --bare       measure, too, how fast the same accesses are in loops that do not meet\n"
	"  --no-module  leave ppc_barrier_test alone: there is no answer then\n"
	"exit status: 0 no violation, 1 violation, 4 no answer (skipped), 2 wrong usage\n";

static void list_edges(void)
{
	unsigned int i;

	for (i = 0; i < PBT_NR_EDGES; i++)
		printf("%-19s %s, control: %s\n", edge_names[i],
		       edges[i].forbidden == SB ? "SB" : "MP", edges[i].weak);
}

static bool edge_exists(const char *name)
{
	unsigned int i;

	for (i = 0; i < PBT_NR_EDGES; i++)
		if (!strcmp(name, edge_names[i]))
			return true;
	return false;
}

static void parse_cpus(const char *text)
{
	int a, b;
	char end;

	if (sscanf(text, "%d,%d%c", &a, &b, &end) != 2 || a == b)
		die("--cpus: '%s' is not two CPUs such as 0,1", text);
	cpus_add(&opt.cpus, a, "--cpus");
	cpus_add(&opt.cpus, b, "--cpus");
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "edge", required_argument, NULL, 'e' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "json", required_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ "bare", no_argument, NULL, 'b' },
		{ "no-module", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *cpus = NULL;
	int c;

	opt.json = json_default("kernel_order");
	while ((c = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			opt.seconds = parse_seconds(optarg);
			break;
		case 'e':
			opt.edge = optarg;
			break;
		case 'c':
			cpus = optarg;
			break;
		case 'j':
			opt.json = optarg;
			break;
		case 'l':
			list_edges();
			exit(0);
		case 'b':
			opt.bare = true;
			break;
		case 'm':
			opt.no_module = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc)
		die("'%s' is not an option", argv[optind]);
	if (opt.edge && !edge_exists(opt.edge))
		die("--edge: '%s' is no edge, see --list", opt.edge);
	check_json(opt.json);
	cpus_init(&opt.cpus);
	if (cpus)
		parse_cpus(cpus);
	else
		cpus_add_all(&opt.cpus);
}

int main(int argc, char **argv)
{
	const char *skip = NULL;

	parse_options(argc, argv);
	shared = program_share(sizeof(*shared));
	if (opt.cpus.nr < 2)
		skip = "there is only one CPU: two are needed for an order to be seen";
	else if (opt.no_module)
		skip = "--no-module";
	else
		module_load(&skip);
	if (skip)
		return program_skip(&program, opt.json, skip);
	shared->main = getpid();
	return program_run(&program, opt.json, harness_main, argv);
}
