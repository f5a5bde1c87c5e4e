// SPDX-License-Identifier: GPL-2.0
/*
 * kernel_order: are the kernel's barriers really there? Message passing and store buffering across
 * IPI, wake-up, task_work, work queues, completions and kthread_use_mm(), inside the kernel, by the
 * litmus tests of ppc_barrier_test.ko (ppc_barrier_test/pbt_edges.h has the edges, and what each
 * rests on).
 *
 * Each edge is run in turns as the kernel has it, where one outcome is forbidden; without its
 * barrier and the same otherwise, where that outcome is allowed (the control); and with further
 * barriers. Forbidden and seen is a failure. It is a pass that it was not, if the control's rate
 * would have shown it (evidence_worth()). A machine on which the control does not show it, such as
 * an emulator on x86, cannot tell; nor can any where a module cannot leave out what the edge rests
 * on: then there is a bound, and no answer (SKIP).
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
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "cpu_pairs.h"
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "module.h"
#include "program.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define MIN_EVENTS	1000
#define SLICE_MIN_MS	10
#define SLICE_MAX_MS	50
#define DEFAULT_SECONDS	1.0

#define SB		0	/* the outcome that is forbidden: r0 + 2 * r1 */
#define MP		1

struct edge {
	const char *name;
	/* what the controls leave out; neither: there is none */
	const char *without, *without_other;
	enum pbt_receiver receiver;
	unsigned int forbidden;
};

static const struct edge edges[PBT_NR_EDGES] = {
#define PBT_EDGE(id, edge_name, ...) \
	[PBT_EDGE_##id] = { #edge_name, __VA_ARGS__ },
#include "ppc_barrier_test/pbt_edges.h"
};

/* Slices on a pair of CPUs; the controls that an edge lacks are left out. */
static const enum pbt_form turns[] = {
	PBT_FORM_KERNEL, PBT_FORM_WEAK, PBT_FORM_KERNEL, PBT_FORM_WEAK_OTHER, PBT_FORM_BARRIER,
};

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
	unsigned int pairs;		/* of CPUs that were used: the first ones */
	double first_ms;		/* time of the control until it showed; < 0: never */
};

/* Survives the harness's fork of each test. */
struct shared {
	pid_t main;
	struct result result[PBT_NR_EDGES];
};

static struct {
	double seconds;
	const char *edge;
	const char *json;
	bool no_module, bare;
	uint64_t seed;
	struct cpus cpus;
} opt = { .seconds = DEFAULT_SECONDS };

static struct shared *shared;
static struct cpu_pairs pairs;

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
		cpus_pin(run->receiver->tid, b);
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

static bool is_control(enum pbt_form form)
{
	return form == PBT_FORM_WEAK || form == PBT_FORM_WEAK_OTHER;
}

/* What a control of the edge leaves out, or NULL: it has no such. */
static const char *left_out(const struct edge *e, enum pbt_form form)
{
	return form == PBT_FORM_WEAK ? e->without : e->without_other;
}

/* All turns on one pair. Returns 0 or -errno. */
static int run_pair(struct run *run, const struct cpu_pair *pair)
{
	const struct edge *e = &edges[run->r->edge];
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(turns); i++) {
		if (is_control(turns[i]) && !left_out(e, turns[i]))
			continue;
		ret = run_slice(run, turns[i], pair->cpu[0], pair->cpu[1]);
		/* this kernel's barrier cannot be left out */
		if (ret && !(ret == -EOPNOTSUPP && is_control(turns[i])))
			return ret;
	}
	if (!opt.bare)
		return 0;
	ret = run_slice(run, PBT_FORM_BARE, pair->cpu[0], pair->cpu[1]);
	/* it has one cell, and no bare loop to compare with */
	return ret == -EOPNOTSUPP ? 0 : ret;
}

/* Returns 0 or -errno. */
static int run_edge(struct run *run)
{
	const double each = opt.seconds * 1e3 / ARRAY_SIZE(turns) / pairs.nr;
	struct timespec start;
	unsigned int n;
	int ret;

	run->slice_ms = each < SLICE_MIN_MS ? SLICE_MIN_MS :
			each > SLICE_MAX_MS ? SLICE_MAX_MS : each;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (n = 0; !n || ms_since(&start) < opt.seconds * 1e3; n++) {
		ret = run_pair(run, &pairs.pair[n % pairs.nr]);
		if (ret)
			return ret;
		run->r->pairs = n < pairs.nr ? n + 1 : pairs.nr;
	}
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
			       i >> 1, i != forbidden ? "" : is_control(form) ? " (allowed)" :
			       " (forbidden)", (unsigned long long)c->outcome[i]);
	ksft_print_msg("  %-7s r0,r1:%s; %.3g/s\n", form_names[form], text,
		       c->seconds > 0 ? c->iterations / c->seconds : 0);
	if (is_control(form))
		ksft_print_msg("          without %s\n", left_out(&edges[r->edge], form));
}

/* Nothing was seen: what is that worth? By each control that there is, and all have to agree. */
static void settle_unseen(struct result *r, const char *sentence)
{
	const struct edge *e = &edges[r->edge];
	enum worth worth, least = WORTH_AN_ANSWER;
	char why[EVIDENCE_TEXT_SIZE], all[sizeof(r->answer.text)] = "";
	unsigned int form, at = 0;

	for (form = PBT_FORM_WEAK; form <= PBT_FORM_WEAK_OTHER; form++) {
		const struct evidence control = { r->form[form].iterations,
						  r->form[form].outcome[e->forbidden] };

		if (!left_out(e, form))
			continue;
		worth = evidence_worth(&r->evidence, &control, MIN_EVENTS, why, sizeof(why));
		/* it was refused, and not too slow */
		if (!r->form[form].seconds)
			break;
		least = worth > least ? worth : least;
		at += snprintf(all + at, sizeof(all) - at, "; without %s: %s", left_out(e, form),
			       why);
	}
	if (!at)
		settle_skip(&r->answer, SKIP_NO_CONTROL,
			    "not observable: a module cannot leave this barrier out, so there is no control and no more than a bound: %s",
			    sentence);
	else if (least == WORTH_NOTHING)
		settle_skip(&r->answer, SKIP_NOT_OBSERVABLE,
			    "not observable on this machine: %s%s", sentence, all);
	else if (least == WORTH_TOO_FEW)
		settle_skip(&r->answer, SKIP_TOO_FEW, "inconclusive: %s%s", sentence, all);
	else
		settle(&r->answer, "pass", "%s%s", sentence, all);
}

static void settle_measured(struct result *r)
{
	const struct edge *e = &edges[r->edge];
	const struct counts *kernel = &r->form[PBT_FORM_KERNEL];
	const struct counts *barrier = &r->form[PBT_FORM_BARRIER];
	char sentence[EVIDENCE_TEXT_SIZE], fenced[EVIDENCE_TEXT_SIZE];
	const struct evidence with_barrier = { barrier->iterations,
					       barrier->outcome[e->forbidden] };

	r->evidence.events = kernel->iterations;
	r->evidence.violations = kernel->outcome[e->forbidden];
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
	else if (r->evidence.events < MIN_EVENTS)
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: %s, at least %u events are needed", sentence,
			    MIN_EVENTS);
	else
		settle_unseen(r, sentence);
}

/* Returns NULL, or why there is no session to test this edge in, and that as *@reason. */
static const char *open_session(unsigned int edge, int *session, enum skip_reason *reason)
{
	struct pbt_info info;
	const char *why;

	*reason = SKIP_NO_MODULE;
	*session = module_open(&why);
	if (*session < 0)
		return why;
	if (ioctl(*session, PBT_GET_INFO, &info)) {
		why = "PBT_GET_INFO fails";
	} else if (!(info.edges & (1U << edge))) {
		*reason = SKIP_NOT_IN_KERNEL;
		why = "this kernel does not have it, or promises nothing";
	} else {
		return NULL;
	}
	close(*session);
	return why;
}

/* Whatever is measured here: a violation is one, and none is no answer. */
static bool can_fail_alone(const struct edge *e)
{
	return !e->without || (MACHINE_IS_TSO && e->forbidden == MP);
}

/* Tests the edge in a session of its own, and prints what was seen. */
static void measure(struct result *r)
{
	const struct edge *e = &edges[r->edge];
	struct receiver receiver;
	struct run run = { .r = r, .seed = (uint32_t)getpid() * 2654435761U };
	enum skip_reason reason;
	const char *why;
	char text[CPU_PAIRS_TEXT];
	unsigned int form;
	int ret = 0;

	why = open_session(r->edge, &run.session, &reason);
	if (why) {
		settle_skip(&r->answer, reason, "%s", why);
		return;
	}
	if (e->receiver) {
		ret = receiver_start(&receiver, e->receiver == PBT_RECEIVER_IN_SYSCALLS);
		run.receiver = &receiver;
	}
	if (!ret) {
		ret = run_edge(&run);
		if (e->receiver)
			receiver_end(&receiver);
	}
	close(run.session);
	if (ret && !r->form[PBT_FORM_KERNEL].outcome[e->forbidden])
		settle_skip(&r->answer, SKIP_SET_UP, "PBT_LITMUS: %s", strerror(-ret));
	else
		settle_measured(r);

	cpu_pairs_text(text, sizeof(text), &pairs, r->pairs);
	ksft_print_msg("%s (%s, r0,r1 = %u,0 is forbidden), pairs of CPUs: %s\n",
		       e->name, e->forbidden == SB ? "SB" : "MP", e->forbidden, text);
	for (form = 0; form < PBT_FORM_BARE; form++)
		if (r->form[form].iterations)
			print_counts(r, form);
	if (r->form[PBT_FORM_BARE].iterations)
		ksft_print_msg("  bare loops: %.3g/s\n", r->form[PBT_FORM_BARE].iterations /
			       r->form[PBT_FORM_BARE].seconds);
}

FIXTURE(edge)
{
	struct result *result;
};

FIXTURE_VARIANT(edge)
{
	enum pbt_edge edge;
};

#define PBT_EDGE(id, edge_name, ...) \
	DECLARATION(FIXTURE_VARIANT_ADD(edge, edge_name) { .edge = PBT_EDGE_##id };)
#include "ppc_barrier_test/pbt_edges.h"

FIXTURE_SETUP(edge)
{
	self->result = &shared->result[variant->edge];
}

FIXTURE_TEARDOWN(edge)
{
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(edge, orders, INT_MAX / 1000)
{
	struct result *r = self->result;

	program_test_begin(3 * opt.seconds + 30);
	module_follow();
	measure(r);
	if (is_skip(&r->answer))
		SKIP(return, "%s", answer_reason(edges[r->edge].name, &r->answer));
	ksft_print_msg("%s: %s\n", edges[r->edge].name, r->answer.text);
	EXPECT_STREQ("pass", r->answer.outcome);
}

FIXTURE(edges) { };

FIXTURE_SETUP(edges)
{
}

FIXTURE_TEARDOWN(edges)
{
}

/* All of them, unless edges are asked for by name; the answer of each remains a skip. */
TEST_F_TIMEOUT(edges, that_can_fail_alone_do_not, INT_MAX / 1000)
{
	bool failed = false, too_few = false;
	struct result *r;
	unsigned int i;

	program_test_begin(PBT_NR_EDGES * (3 * opt.seconds + 30));
	module_follow();
	for (i = 0; i < PBT_NR_EDGES; i++) {
		r = &shared->result[i];
		if (!can_fail_alone(&edges[i]))
			continue;
		measure(r);
		ksft_print_msg("%s: %s\n", edges[i].name, r->answer.text);
		EXPECT_STRNE("fail", r->answer.outcome);
		failed |= !strcmp(r->answer.outcome, "fail");
		too_few |= is_skip(&r->answer) && r->answer.reason == SKIP_TOO_FEW;
	}
	if (too_few && !failed)
		SKIP(return, "%s", skip_because(SKIP_TOO_FEW, "no bound for each of them"));
}

#include "harness_main.h"

static void json_counts(FILE *f, const struct counts *c, enum pbt_form form)
{
	unsigned int i;

	fprintf(f, "%s\n        \"%s\": {", form == PBT_FORM_KERNEL ? "" : ",", form_names[form]);
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
	char text[CPU_PAIRS_TEXT];
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", \"kind\": \"%s\", \"forbidden\": \"%u,0\",\n",
		e->name, e->forbidden == SB ? "SB" : "MP", e->forbidden);
	fprintf(f, "      ");
	answer_json(f, &r->answer);
	fprintf(f, ",\n      \"events\": %llu, \"violations\": %llu, \"rate_low\": %.6g,",
		(unsigned long long)r->evidence.events, (unsigned long long)r->evidence.violations,
		rate.low);
	cpu_pairs_text(text, sizeof(text), &pairs, r->pairs);
	fprintf(f, " \"rate_high\": %.6g, \"pairs\": %u, \"pairs_by_distance\": \"%s\",\n",
		rate.high, r->pairs, text);
	fprintf(f, "      \"control_events\": %llu, \"control_seen\": %llu,",
		(unsigned long long)weak->iterations,
		(unsigned long long)weak->outcome[e->forbidden]);
	if (r->first_ms >= 0)
		fprintf(f, " \"control_first_ms\": %.1f,", r->first_ms);
	fprintf(f, "\n      \"forms\": {");
	for (i = 0; i < PBT_NR_FORMS; i++)
		if (i == PBT_FORM_KERNEL || r->form[i].iterations)
			json_counts(f, &r->form[i], i);
	fprintf(f, " } }");
}

static unsigned int variants(void)
{
	return PBT_NR_EDGES;
}

static const struct answer *answer(unsigned int variant)
{
	return &shared->result[variant].answer;
}

static const struct program program = {
	.name = "kernel_order",
	.cpus = &opt.cpus,
	.seed = &opt.seed,
	.variants = variants,
	.answer = answer,
	.write_variant = write_variant,
};

static const char usage[] =
	"usage: kernel_order [-t SECONDS] [--edge NAME] [--cpus A,B] [--seed N] [--json FILE]\n"
	"                    [--list] [--bare] [--no-module]\n"
	"  -t SECONDS   time for each edge (default 1)\n"
	"  --edge NAME[,NAME...]  test these edges alone\n"
	"  --cpus A,B   these two CPUs (default: pairs of those that this process may use, drawn at\n"
	"               each distance: SMT siblings, same cluster, same chip, further)\n"
	"  --seed N     draw them by this number (default: a new one, which the results have)\n"
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
		printf("%-19s %s, %s%s%s%s\n", edges[i].name,
		       edges[i].forbidden == SB ? "SB" : "MP",
		       edges[i].without ? "control: without " : "no control",
		       edges[i].without ?: "", edges[i].without_other ? "; without " : "",
		       edges[i].without_other ?: "");
}

static unsigned int edge_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < PBT_NR_EDGES && strcmp(name, edges[i].name); i++)
		;
	return i;
}

static bool edge_exists(const char *name)
{
	return edge_of(name) < PBT_NR_EDGES;
}

static bool is_left_out(const char *name)
{
	const unsigned int id = edge_of(name);

	if (!opt.edge)
		return can_fail_alone(&edges[id]);
	if (names_have(opt.edge, name))
		return false;
	settle_skip(&shared->result[id].answer, SKIP_NOT_ASKED, "not asked for");
	return true;
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "edge", required_argument, NULL, 'e' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
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
	opt.seed = cpu_pairs_seed(NULL);
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
		case 's':
			opt.seed = cpu_pairs_seed(optarg);
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
		default:
			program_usage(c, usage);
		}
	}
	program_options_end(argc, argv, opt.json);
	if (names_unknown(opt.edge, edge_exists))
		die("--edge: '%s' is no edge, see --list", names_unknown(opt.edge, edge_exists));
	cpus_choose(&opt.cpus, cpus, "--cpus");
	if (cpus && opt.cpus.nr != 2)
		die("--cpus: '%s' is not two CPUs such as 0,1", cpus);
	cpu_pairs_draw(&pairs, opt.cpus.cpu, opt.cpus.nr, opt.seed, CPU_SYSFS);
}

int main(int argc, char **argv)
{
	const char *skip = NULL;
	unsigned int i;

	parse_options(argc, argv);
	shared = program_share(sizeof(*shared));
	if (opt.cpus.nr < 2)
		return program_skip(&program, opt.json, SKIP_ONE_CPU,
				    "there is only one CPU: two are needed for an order to be seen");
	if (opt.no_module)
		skip = "--no-module";
	else
		module_load(&skip);
	if (skip)
		return program_skip(&program, opt.json, SKIP_NO_MODULE, skip);
	shared->main = getpid();
	for (i = 0; i < PBT_NR_EDGES; i++) {
		shared->result[i].edge = i;
		shared->result[i].first_ms = -1;
	}
	harness_leave_out(&_edge_fixture_object, is_left_out);
	if (opt.edge)
		_edges_fixture_object.tests = NULL;
	return program_run(&program, opt.json, harness_main, argv);
}
