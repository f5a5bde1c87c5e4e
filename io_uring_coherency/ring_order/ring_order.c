// SPDX-License-Identifier: GPL-2.0
/*
 * ring_order: does a CQE imply its data, a published SQE its buffer?
 *
 * Each variant is one hand-over between user space and io_uring (ring_edges.h has them).
 * It runs in short slices: each on the next pair of CPUs, in turns with the barriers that liburing
 * has and, where user space has a barrier that it could leave out, without ("relaxed"); flag and
 * data on the same and on different cache lines. Every outcome is counted.
 *
 *	fail	an outcome that is forbidden was seen in the form with barriers
 *	pass	it was not, and the rate of the relaxed form would have shown it (evidence_worth())
 *	skip	it was seen in neither: not observable on this machine; or too few events
 *
 * The relaxed form lacks the barrier of user space; the kernel's cannot be left out from here. An
 * edge without a relaxed form has no control: it can fail, and else there is no more than a bound.
 * x86, and QEMU's TCG on x86, show store buffering (SB) but not the reordering that breaks message
 * passing (MP). There an MP edge can fail, by a kernel that posts a CQE before its data, but it
 * cannot pass. What can fail alone is one test, and no answer of its own has an edge of it.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "cpu_pairs.h"
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"
#include "program.h"
#include "ring_slice.h"

#define DEFAULT_SECONDS	1.0
#define LONGER		5	/* times that for what has too few events, or no answer yet */
#define BARE_SLICES	4

/* One form of an edge. */
struct form {
	uint64_t count[RING_OUTCOMES];
	double ms;
	uint64_t iterations;
};

struct result {
	struct answer answer;
	struct form form[2];	/* with barriers, relaxed */
	struct form bare;	/* plain edges: without counting */
	double seconds, first_ms;	/* < 0: no violation */
	unsigned int pairs;	/* of CPUs it ran on: the first ones */
};

/* Survives the harness's fork of each test. */
struct shared {
	pid_t main;
	struct timespec start;
	struct result result[RING_NR_EDGES];
};

static struct {
	double seconds;
	const char *edge;
	const char *json;
	uint64_t seed;
	struct cpus cpus;
} opt = { .seconds = DEFAULT_SECONDS };

static struct shared *shared;
static struct cpu_pairs pairs;

static const char *const shape_names[] = {
	[RING_MP] = "MP",
	[RING_SB] = "SB",
};

static const char *const form_names[] = { "with barriers", "relaxed" };

static uint64_t events(const struct result *r, bool relaxed)
{
	return ring_slice_events(r->form[relaxed].count);
}

static uint64_t seen(const struct result *r, const struct ring_edge *e, bool relaxed)
{
	return ring_slice_forbidden(e, r->form[relaxed].count);
}

/* --- running slices */

static void add_form(struct form *form, const struct ring_slice *s)
{
	unsigned int i;

	for (i = 0; i < RING_OUTCOMES; i++)
		form->count[i] += s->count[i];
	form->ms += s->ms;
	form->iterations += s->iterations[0] + s->iterations[1];
}

/* A number that differs from slice to slice and from run to run; never 0. */
static uint64_t seed_of(unsigned int n)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_nsec << 24 ^ (uint64_t)n * 0x9e3779b97f4a7c15ULL) | 1;
}

/* Slice number @n of the edge. */
static void run_slice(struct ring_slice *s, const struct ring_edge *e, struct result *r,
		      unsigned int n)
{
	const unsigned int forms = e->relaxed ? 2 : 1;
	unsigned int pair;

	s->edge = e;
	s->relaxed = e->relaxed && n % 2;
	s->same_line = n / forms % 2;
	s->seed = seed_of(n);
	pair = n / forms / 2 % pairs.nr;
	memcpy(s->cpu, pairs.pair[pair].cpu, sizeof(s->cpu));
	ring_slice_run(s);
	if (s->bare) {
		add_form(&r->bare, s);
		return;
	}
	add_form(&r->form[s->relaxed], s);
	if (r->pairs <= pair)
		r->pairs = pair + 1;
	if (r->first_ms < 0 && seen(r, e, false))
		r->first_ms = ms_since(&shared->start);
}

/* Nothing was seen with barriers: what is that worth? */
static enum worth worth_of(const struct ring_edge *e, const struct result *r, char *why,
			   size_t size)
{
	const struct evidence with = { events(r, false), 0 };
	const struct evidence relaxed = { events(r, true), seen(r, e, true) };

	return evidence_worth(&with, &relaxed, e->min_events, why, size);
}

static bool more_wanted(const struct ring_edge *e, const struct result *r,
			const struct timespec *start)
{
	char why[EVIDENCE_TEXT_SIZE];
	double seconds = ms_since(start) / 1e3, limit = opt.seconds;

	if (orphaned(shared->main))
		_exit(KSFT_FAIL);
	/* each may have cost a second of waiting, and a few tell it all */
	if (seen(r, e, false) >= 3 && seconds > 0.2)
		return false;
	/* a slow machine gets more time, and so does what every machine can show */
	if (events(r, false) < e->min_events ||
	    (e->shape == RING_SB && worth_of(e, r, why, sizeof(why)) != WORTH_AN_ANSWER))
		limit *= LONGER;
	return seconds < limit;
}

static void run_bare(struct ring_slice *s, const struct ring_edge *e, struct result *r)
{
	unsigned int n;

	s->bare = true;
	/* even ones are with barriers */
	for (n = 0; n < BARE_SLICES; n++)
		run_slice(s, e, r, 2 * n);
	s->bare = false;
}

/* --- verdicts */

/* "there 4711, late 0" */
static void list_outcomes(char *buf, size_t size, const struct ring_edge *e, const uint64_t *count)
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < RING_OUTCOMES && e->outcome[i] && at < size; i++)
		at += snprintf(buf + at, size - at, "%s%s %llu", i ? ", " : "", e->outcome[i],
			       (unsigned long long)count[i]);
}

static void print_outcomes(const struct ring_edge *e, const struct result *r)
{
	char names[128] = "", counts[200];
	unsigned int i, f, at = 0;

	for (i = 0; i < RING_OUTCOMES; i++)
		if (e->forbidden & 1U << i)
			at += snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "",
				       e->outcome[i]);
	for (f = 0; f < 2; f++) {
		if (f && !e->relaxed)
			break;
		list_outcomes(counts, sizeof(counts), e, r->form[f].count);
		ksft_print_msg("  %s: %s (%s: %s%s)\n", form_names[f], counts, names,
			       f ? "allowed" : "forbidden",
			       seen(r, e, f) ? " and seen" : ", not seen");
	}
	if (r->bare.iterations)
		ksft_print_msg("  %.3g iterations/s, %.3g without counting\n",
			       r->form[0].iterations / r->form[0].ms * 1e3,
			       r->bare.iterations / r->bare.ms * 1e3);
}

static void settle_error(struct result *r, const struct ring_slice *s)
{
	const char *why = NULL;

	if (!strcmp(s->failed, "io_uring_setup()"))
		why = no_ring(s->error);
	if (why)
		settle_skip(&r->answer, SKIP_NO_IO_URING, "%s", why);
	else if (s->error == -EOPNOTSUPP && !strcmp(s->failed, RING_PBUF_CALL))
		settle_skip(&r->answer, SKIP_NOT_IN_KERNEL, "%s", no_buffer_ring());
	else if (s->error == -EOPNOTSUPP)
		settle_skip(&r->answer, SKIP_NOT_IN_KERNEL, "this kernel does not have %s",
			    s->failed);
	else
		settle_skip(&r->answer, SKIP_SET_UP, "%s fails: %s", s->failed,
			    strerror(-s->error));
}

static void settle_measured(struct result *r, const struct ring_edge *e)
{
	const struct evidence evidence = { events(r, false), seen(r, e, false) };
	char sentence[EVIDENCE_TEXT_SIZE], counts[200], why[EVIDENCE_TEXT_SIZE];

	evidence_sentence(sentence, sizeof(sentence), &evidence);
	if (evidence.violations) {
		list_outcomes(counts, sizeof(counts), e, r->form[0].count);
		settle(&r->answer, "fail", "%s; outcomes with barriers: %s; first after %.0f ms",
		       sentence, counts, r->first_ms);
		return;
	}
	if (!e->relaxed && evidence.events < e->min_events) {
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: %s, at least %u events are needed", sentence,
			    e->min_events);
		return;
	}
	if (!e->relaxed) {
		settle_skip(&r->answer, SKIP_NO_CONTROL,
			    "not observable: user space has no barrier here to leave out, so there is no control and no more than a bound: %s",
			    sentence);
		return;
	}
	switch (worth_of(e, r, why, sizeof(why))) {
	case WORTH_NOTHING:
		settle_skip(&r->answer, SKIP_NOT_OBSERVABLE,
			    "not observable on this machine: %s; relaxed: %s", sentence, why);
		break;
	case WORTH_TOO_FEW:
		settle_skip(&r->answer, SKIP_TOO_FEW, "inconclusive: %s; relaxed: %s", sentence,
			    why);
		break;
	case WORTH_AN_ANSWER:
		settle(&r->answer, "pass", "%s; relaxed: %s", sentence, why);
		/* unless it was asked for, memory is not the question */
		r->answer.control = e->plain && !opt.edge;
		break;
	}
}

/* Whatever is measured here: a violation is one, and none is no answer. */
static bool can_fail_alone(const struct ring_edge *e)
{
	return !e->relaxed || (MACHINE_IS_TSO && e->shape == RING_MP);
}

/* Measures @e, and prints what was seen. Returns false if there is no memory for it. */
static bool measure(const struct ring_edge *e, struct result *r)
{
	struct ring_slice s = { 0 };
	char text[CPU_PAIRS_TEXT];
	struct timespec start;
	unsigned int n;

	s.memory = mmap(NULL, RING_SLICE_MEMORY, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s.memory == MAP_FAILED)
		return false;
	prctl(PR_SET_TIMERSLACK, 1);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (n = 0; more_wanted(e, r, &start); n++) {
		run_slice(&s, e, r, n);
		if (s.error)
			break;
	}
	r->seconds = ms_since(&start) / 1e3;
	if (e->plain)
		run_bare(&s, e, r);
	munmap(s.memory, RING_SLICE_MEMORY);

	if (s.error && !seen(r, e, false))
		settle_error(r, &s);
	else
		settle_measured(r, e);
	if (events(r, false)) {
		cpu_pairs_text(text, sizeof(text), &pairs, r->pairs);
		ksft_print_msg("%s: %s; pairs of CPUs: %s\n", e->name, e->question, text);
		print_outcomes(e, r);
	}
	return true;
}

FIXTURE(edge)
{
	struct result *result;
};

FIXTURE_VARIANT(edge)
{
	enum ring_edge_id id;
};

#define RING_EDGE(edge_name, ...) \
	DECLARATION(FIXTURE_VARIANT_ADD(edge, edge_name) { .id = RING_EDGE_##edge_name };)
#include "ring_edges.h"

FIXTURE_SETUP(edge)
{
	self->result = &shared->result[variant->id];
}

FIXTURE_TEARDOWN(edge)
{
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(edge, is_ordered, INT_MAX / 1000)
{
	const struct ring_edge *e = &ring_edges[variant->id];
	struct result *r = self->result;

	program_test_begin(LONGER * opt.seconds + 60);
	ASSERT_TRUE(measure(e, r));
	if (is_skip(&r->answer))
		SKIP(return, "%s", answer_reason(e->name, &r->answer));
	ksft_print_msg("%s: %s\n", e->name, r->answer.text);
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
	const struct ring_edge *e;
	bool failed = false, too_few = false;
	struct result *r;
	unsigned int i;

	program_test_begin(RING_NR_EDGES * (LONGER * opt.seconds + 60));
	for (i = 0; i < RING_NR_EDGES; i++) {
		e = &ring_edges[i];
		r = &shared->result[i];
		if (!can_fail_alone(e))
			continue;
		ASSERT_TRUE(measure(e, r));
		ksft_print_msg("%s: %s\n", e->name, r->answer.text);
		EXPECT_STRNE("fail", r->answer.outcome);
		failed |= !strcmp(r->answer.outcome, "fail");
		too_few |= is_skip(&r->answer) && r->answer.reason == SKIP_TOO_FEW;
	}
	if (too_few && !failed)
		SKIP(return, "%s", skip_because(SKIP_TOO_FEW, "no bound for each of them"));
}

#include "harness_main.h"

static void json_form(FILE *f, const char *name, const struct ring_edge *e, const struct form *form)
{
	unsigned int i;

	fprintf(f, "\"%s\": {", name);
	for (i = 0; i < RING_OUTCOMES && e->outcome[i]; i++)
		fprintf(f, "%s \"%s\": %llu", i ? "," : "", e->outcome[i],
			(unsigned long long)form->count[i]);
	fprintf(f, " }");
}

static void write_variant(FILE *f, unsigned int variant)
{
	const struct ring_edge *e = &ring_edges[variant];
	const struct result *r = &shared->result[variant];
	const struct evidence evidence = { events(r, false), seen(r, e, false) };
	const struct interval rate = evidence_interval(&evidence, EVIDENCE_CONFIDENCE);
	char text[CPU_PAIRS_TEXT];

	fprintf(f, "    { \"name\": \"%s\", \"shape\": \"%s\", ", e->name, shape_names[e->shape]);
	answer_json(f, &r->answer);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"rate_low\": %.6g, \"rate_high\": %.6g,\n",
		(unsigned long long)evidence.events, (unsigned long long)evidence.violations,
		rate.low, rate.high);
	fprintf(f, "      \"relaxed_events\": %llu, \"relaxed_seen\": %llu,\n",
		(unsigned long long)events(r, true), (unsigned long long)seen(r, e, true));
	cpu_pairs_text(text, sizeof(text), &pairs, r->pairs);
	fprintf(f,
		"      \"seconds\": %.3f, \"pairs\": %u, \"pairs_by_distance\": \"%s\",\n",
		r->seconds, r->pairs, text);
	if (evidence.violations)
		fprintf(f, "      \"first_ms\": %.3f,\n", r->first_ms);
	if (r->bare.iterations)
		fprintf(f, "      \"iterations_per_second\": %.6g, \"bare\": %.6g,\n",
			r->form[0].iterations / r->form[0].ms * 1e3,
			r->bare.iterations / r->bare.ms * 1e3);
	fprintf(f, "      ");
	json_form(f, "with_barriers", e, &r->form[0]);
	if (e->relaxed) {
		fprintf(f, ", ");
		json_form(f, "relaxed", e, &r->form[1]);
	}
	fprintf(f, " }");
}

static unsigned int variants(void)
{
	return RING_NR_EDGES;
}

static const struct answer *answer(unsigned int variant)
{
	return &shared->result[variant].answer;
}

static const struct program program = {
	.name = "ring_order",
	.cpus = &opt.cpus,
	.seed = &opt.seed,
	.variants = variants,
	.answer = answer,
	.write_variant = write_variant,
};

static const char usage[] =
	"usage: ring_order [-t SECONDS] [--edge NAME] [--list] [--cpus A,B] [--seed N]\n"
	"                  [--json FILE]\n"
	"  -t SECONDS    time for each edge (default 1; 5 times that where there is no answer yet)\n"
	"  --edge NAME[,NAME...]  run these edges alone, such as cqe_file\n"
	"  --list        say what edges there are\n"
	"  --cpus A,B    two CPUs or more to use (default: pairs of those this process may use, drawn\n"
	"                at each distance: SMT siblings, same cluster, same chip, further)\n"
	"  --seed N      draw them by this number (default: a new one, which the results have)\n"
	"  --json FILE   results for programs; $IO_URING_COHERENCY_RESULTS/ring_order.json is\n"
	"                the default where that directory is named\n"
	"exit status: 0 nothing forbidden seen, 1 seen, 4 no answer (skipped), 2 wrong usage\n";

static void list_edges(void)
{
	unsigned int i;

	for (i = 0; i < RING_NR_EDGES; i++)
		printf("%-14s %s  %s%s\n", ring_edges[i].name, shape_names[ring_edges[i].shape],
		       ring_edges[i].question, ring_edges[i].relaxed ? "" : " (no relaxed form)");
}

static unsigned int edge_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < RING_NR_EDGES && strcmp(name, ring_edges[i].name); i++)
		;
	return i;
}

static bool edge_exists(const char *name)
{
	return edge_of(name) < RING_NR_EDGES;
}

static bool is_left_out(const char *name)
{
	const unsigned int id = edge_of(name);

	if (!opt.edge)
		return can_fail_alone(&ring_edges[id]);
	if (names_have(opt.edge, name))
		return false;
	settle_skip(&shared->result[id].answer, SKIP_NOT_ASKED, "not asked for");
	return true;
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "edge", required_argument, NULL, 'e' },
		{ "list", no_argument, NULL, 'l' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *cpus = NULL;
	int c;

	opt.json = json_default("ring_order");
	opt.seed = cpu_pairs_seed(NULL);
	while ((c = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			opt.seconds = parse_seconds(optarg);
			break;
		case 'e':
			opt.edge = optarg;
			if (names_unknown(optarg, edge_exists))
				die("--edge: '%s' is no edge, see --list",
				    names_unknown(optarg, edge_exists));
			break;
		case 'l':
			list_edges();
			exit(0);
		case 'c':
			cpus = optarg;
			break;
		case 's':
			opt.seed = cpu_pairs_seed(optarg);
			break;
		case 'j':
			opt.json = optarg;
			break;
		default:
			program_usage(c, usage);
		}
	}
	program_options_end(argc, argv, opt.json);
	cpus_choose(&opt.cpus, cpus, "--cpus");
	if (cpus && opt.cpus.nr < 2)
		die("--cpus: '%s' names one CPU, two are needed", cpus);
	cpu_pairs_draw(&pairs, opt.cpus.cpu, opt.cpus.nr, opt.seed, CPU_SYSFS);
}

int main(int argc, char **argv)
{
	unsigned int i;

	parse_options(argc, argv);
	shared = program_share(sizeof(*shared));
	if (opt.cpus.nr < 2)
		return program_skip(&program, opt.json, SKIP_ONE_CPU,
				    "there is only one CPU: two are needed for an order to be seen");
	clock_gettime(CLOCK_MONOTONIC, &shared->start);
	shared->main = getpid();
	for (i = 0; i < RING_NR_EDGES; i++)
		shared->result[i].first_ms = -1;
	harness_leave_out(&_edge_fixture_object, is_left_out);
	if (opt.edge)
		_edges_fixture_object.tests = NULL;
	return program_run(&program, opt.json, harness_main, argv);
}
