// SPDX-License-Identifier: GPL-2.0
/*
 * ring_complete: does each completion come, once, to who waits for it, with the right result, and
 * in the order that the manual promises?
 *
 * Each variant is one promise of io_uring (ring_cases.h has them), of which as many completions or
 * hand-overs as its time allows are judged. There is no control: a violation is one on any machine,
 * and to have seen none is worth the bound that is printed with it. Where the promise is broken by
 * chance, by two sides that have to meet, that is all there is to say; where it is no matter of
 * chance, a few dozens of events are enough.
 *
 *	fail	a completion was lost, there twice, wrong, out of order, or a wait ended before it
 *	pass	none was, of as many events as the case needs
 *	skip	too few events, a feature that this kernel lacks, or a machine that is too slow
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "complete_case.h"
#include "cpu_pairs.h"
#include "evidence.h"
#include "json.h"
#include "kselftest_harness.h"

#define DEFAULT_SECONDS	1.0

/* Survives the harness's fork of each test. */
struct shared {
	pid_t main;
	struct complete_result result[RING_NR_CASES];
};

static struct {
	double seconds;
	bool seconds_given;
	const char *cases;
	const char *dir;
	const char *json;
	uint64_t seed;
	struct cpus cpus;
} opt = { .seconds = DEFAULT_SECONDS };

static struct shared *shared;

static const char *const fault_names[] = {
	[COMPLETE_LOST] = "lost",
	[COMPLETE_TWICE] = "twice",
	[COMPLETE_WRONG] = "wrong",
	[COMPLETE_CANCELLED] = "cancelled",
	[COMPLETE_ORDER] = "order",
	[COMPLETE_EARLY] = "early",
};

/* --- verdicts */

static struct evidence evidence_of(const struct complete_result *r)
{
	return (struct evidence){ r->events, complete_violations(r) };
}

/* "lost 1, twice 0" of those that were seen */
static void list_faults(char *buf, size_t size, const struct complete_result *r)
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < COMPLETE_FAULTS && at < size; i++)
		if (r->fault[i])
			at += snprintf(buf + at, size - at, "%s%s %llu", at ? ", " : "",
				       fault_names[i], (unsigned long long)r->fault[i]);
}

static void settle_failed(const struct complete_case *c)
{
	struct answer *a = &c->r->answer;

	if (c->skip)
		settle_skip(a, c->reason, "%s", c->skip);
	else if (c->error == -ETIMEDOUT)
		settle_skip(a, SKIP_TOO_FEW,
			    "inconclusive: %s takes too long, and not all threads sleep",
			    c->failed);
	else
		settle_skip(a, SKIP_SET_UP, "%s fails: %s", c->failed, strerror(-c->error));
}

static void settle_measured(const struct ring_case *what, struct complete_result *r)
{
	const struct evidence evidence = evidence_of(r);
	const char *fix = complete_fix(what, r);
	char sentence[EVIDENCE_TEXT_SIZE], faults[100];

	evidence_sentence(sentence, sizeof(sentence), &evidence);
	if (evidence.violations) {
		list_faults(faults, sizeof(faults), r);
		settle(&r->answer, "fail", "%s; %s; first after %.0f ms: %s%s%s", sentence, faults,
		       r->first_ms, r->first, fix ? "; such is mended by " : "", fix ?: "");
	} else if (evidence.events < what->min) {
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: %s, at least %u events are needed", sentence, what->min);
	} else {
		settle(&r->answer, "pass", "%s", sentence);
	}
}

/* A signal ends a sleep, and nothing else; one of a pipe that nobody reads is a result. */
static void on_signal(int nr)
{
	(void)nr;
}

static void run_case(const struct ring_case *what, struct complete_result *r)
{
	const struct sigaction ends_sleep = { .sa_handler = on_signal };
	struct complete_case c = {
		.what = what, .r = r, .cpus = &opt.cpus, .seconds = opt.seconds,
		.all_of_it = opt.seconds_given, .main = shared->main, .dir = opt.dir,
		.random = opt.seed ^ (uint64_t)(what - ring_cases) << 32,
	};

	sigaction(SIGUSR1, &ends_sleep, NULL);
	signal(SIGPIPE, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &c.start);
	what->run(&c);
	r->seconds = ms_since(&c.start) / 1e3;
	if (!complete_violations(r) && (c.skip || c.failed))
		settle_failed(&c);
	else
		settle_measured(what, r);
}

FIXTURE(promise)
{
	struct complete_result *result;
};

FIXTURE_VARIANT(promise)
{
	enum ring_case_id id;
};

#define RING_CASE(case_name, ...) \
	DECLARATION(FIXTURE_VARIANT_ADD(promise, case_name) { .id = RING_CASE_##case_name };)
#include "ring_cases.h"

FIXTURE_SETUP(promise)
{
	self->result = &shared->result[variant->id];
}

FIXTURE_TEARDOWN(promise)
{
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(promise, is_kept, INT_MAX / 1000)
{
	const struct ring_case *what = &ring_cases[variant->id];
	struct complete_result *r = self->result;

	program_test_begin(3 * opt.seconds + 60);
	/* what holds if it does not come to its end */
	settle(&r->answer, "fail", "the test did not come to its end");
	run_case(what, r);
	if (is_skip(&r->answer))
		SKIP(return, "%s", answer_reason(what->name, &r->answer));
	ksft_print_msg("%s: %s%s%s\n", what->name, what->promise, *r->note ? ": " : "", r->note);
	ksft_print_msg("%s: %s\n", what->name, r->answer.text);
	EXPECT_STREQ("pass", r->answer.outcome);
}

#include "harness_main.h"

static void json_loss(FILE *f, const char *name, const struct complete_loss *loss)
{
	const char state[2] = { loss->state };

	fprintf(f, "\n        { \"case\": \"%s\", \"waited_ms\": %.0f, ", name, loss->waited_ms);
	json_member(f, "what", loss->what);
	fprintf(f, ",\n          ");
	json_member(f, "thread", loss->thread);
	fprintf(f, ", ");
	json_member(f, "state", state);
	fprintf(f, ", ");
	json_member(f, "wchan", loss->wchan);
	fprintf(f, ", ");
	json_member(f, "syscall", loss->syscall);
	fprintf(f, " }");
}

static void json_violations(FILE *f, const struct ring_case *what, const struct complete_result *r)
{
	unsigned int i;

	fprintf(f, ",\n      \"first_ms\": %.3f, ", r->first_ms);
	json_member(f, "first", r->first);
	if (complete_fix(what, r)) {
		fprintf(f, ",\n      ");
		json_member(f, "fix", complete_fix(what, r));
	}
	fprintf(f, ",\n      \"lost\": [");
	for (i = 0; i < r->nr_losses; i++) {
		fprintf(f, "%s", i ? "," : "");
		json_loss(f, what->name, &r->loss[i]);
	}
	fprintf(f, " ]");
}

static void write_variant(FILE *f, unsigned int variant)
{
	const struct ring_case *what = &ring_cases[variant];
	const struct complete_result *r = &shared->result[variant];
	const struct evidence evidence = evidence_of(r);
	const struct interval rate = evidence_interval(&evidence, EVIDENCE_CONFIDENCE);
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", ", what->name);
	answer_json(f, &r->answer);
	fprintf(f, ",\n      ");
	json_member(f, "question", what->question ?: "completions");
	fprintf(f, ", ");
	json_member(f, "promise", what->promise);
	fprintf(f, ", ");
	json_member(f, "by", what->by);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"rate_low\": %.6g, \"rate_high\": %.6g,\n",
		(unsigned long long)evidence.events, (unsigned long long)evidence.violations,
		rate.low, rate.high);
	fprintf(f, "      \"seconds\": %.3f, \"slowest_ms\": %.3f, \"faults\": {", r->seconds,
		r->slowest_ms);
	for (i = 0; i < COMPLETE_FAULTS; i++)
		fprintf(f, "%s \"%s\": %llu", i ? "," : "", fault_names[i],
			(unsigned long long)r->fault[i]);
	fprintf(f, " },\n      ");
	json_member(f, "note", r->note);
	if (evidence.violations)
		json_violations(f, what, r);
	fprintf(f, " }");
}

static unsigned int variants(void)
{
	return RING_NR_CASES;
}

static const struct answer *answer(unsigned int variant)
{
	return &shared->result[variant].answer;
}

static const struct program program = {
	.name = "ring_complete",
	.cpus = &opt.cpus,
	.seed = &opt.seed,
	.variants = variants,
	.answer = answer,
	.write_variant = write_variant,
};

static const char usage[] =
	"usage: ring_complete [-t SECONDS] [--case NAME] [--list] [--dir DIR] [--cpus A,B]\n"
	"                     [--seed N] [--json FILE]\n"
	"  -t SECONDS    time for each case (default 1, or less where enough was seen; 3 times\n"
	"                that where too little was)\n"
	"  --case NAME[,NAME...]  run these cases alone, such as drain\n"
	"  --list        say what cases there are, and whose promise each is\n"
	"  --dir DIR     where the files of transfers are, on a disk (default: $TMPDIR, /var/tmp,\n"
	"                or the current directory)\n"
	"  --cpus A,B    the CPUs to use (default: those this process may use)\n"
	"  --seed N      draw what is random by this number (default: a new one, which the\n"
	"                results have)\n"
	"  --json FILE   results for programs; $IO_URING_COHERENCY_RESULTS/ring_complete.json is\n"
	"                the default where that directory is named\n"
	"exit status: 0 each promise kept, 1 one broken, 4 no answer (skipped), 2 wrong usage\n";

static void list_cases(void)
{
	unsigned int i;

	for (i = 0; i < RING_NR_CASES; i++)
		printf("%-23s %s\n%-23s   %s\n", ring_cases[i].name, ring_cases[i].promise, "",
		       ring_cases[i].by);
}

static unsigned int case_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < RING_NR_CASES && strcmp(name, ring_cases[i].name); i++)
		;
	return i;
}

static bool case_exists(const char *name)
{
	return case_of(name) < RING_NR_CASES;
}

static bool is_left_out(const char *name)
{
	const unsigned int id = case_of(name);

	if (names_have(opt.cases, name) && (opt.cases || !ring_cases[id].by_name))
		return false;
	settle_skip(&shared->result[id].answer, SKIP_NOT_ASKED, "not asked for");
	if (!opt.cases)
		program_left_out(SKIP_NOT_ASKED, name);
	return true;
}

/* All threads, and io_uring's for them. */
static void keep_to(const struct cpus *cpus)
{
	cpu_set_t *set = cpus_none(cpus);
	unsigned int i;

	for (i = 0; i < cpus->nr; i++)
		CPU_SET_S(cpus->cpu[i], cpus->size, set);
	if (sched_setaffinity(0, cpus->size, set))
		die("--cpus: %s", strerror(errno));
	free(set);
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "case", required_argument, NULL, 'k' },
		{ "list", no_argument, NULL, 'l' },
		{ "dir", required_argument, NULL, 'd' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *cpus = NULL;
	int c;

	opt.json = json_default("ring_complete");
	opt.seed = cpu_pairs_seed(NULL);
	while ((c = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			opt.seconds = parse_seconds(optarg);
			opt.seconds_given = true;
			break;
		case 'k':
			opt.cases = optarg;
			if (names_unknown(optarg, case_exists))
				die("--case: '%s' is no case, see --list",
				    names_unknown(optarg, case_exists));
			break;
		case 'l':
			list_cases();
			exit(0);
		case 'd':
			opt.dir = optarg;
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
		default:
			program_usage(c, usage);
		}
	}
	if (opt.dir && access(opt.dir, W_OK | X_OK))
		die("--dir: %s: %s", opt.dir, strerror(errno));
	program_options_end(argc, argv, opt.json);
	cpus_choose(&opt.cpus, cpus, "--cpus");
	if (cpus)
		keep_to(&opt.cpus);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	shared = program_share(sizeof(*shared));
	shared->main = getpid();
	harness_leave_out(&_promise_fixture_object, is_left_out);
	return program_run(&program, opt.json, harness_main, argv);
}
