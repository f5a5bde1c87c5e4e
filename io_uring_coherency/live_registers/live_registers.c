// SPDX-License-Identifier: GPL-2.0
/*
 * live_registers: do live FP, vector and general registers survive task_work that arrives by
 * interrupt?
 *
 *	window		one spin of the submitter, all registers filled, without a system call
 *	creation	one more thread of the process: an io-wq worker
 *	event		a creation inside a window
 *	violation	a register that is not the same at the end of a window
 *	control window	one without a creation, every eighth of a submitter
 *	round		a submitter from its first window to its end, 32 creations at the most
 *	bank		the registers of an architecture (regs.h), and the code that loads them
 *	slot		one register of the bank
 *	planted		a register that the module changes on purpose, to be found
 *	elsewhere	where a creation was that was in no window
 *
 * When io_uring needs another io-wq worker, copy_process() runs in the submitter's task_work. If
 * the submitter was computing, the task_work was brought by an interrupt (the kick of
 * TWA_SIGNAL, or the timer tick), and whatever copy_process() does to the registers it finds is
 * done to live values. powerpc's save_fpu() and save_altivec() left FPSCR in f0 and VSCR in v0
 * there until v6.7-rc4 ("powerpc: Don't clobber f0/vs0 during fp|altivec register save").
 *
 * The submitter (one thread, new in each round, so that its io-wq starts from none) fills all
 * registers, spins without a system call and checks them; the controller (the main thread) fires
 * one worker creation into each spin. An event is a creation that fell inside a spin window: the
 * process had n threads after the submitter had entered the window, and more before it was told
 * to leave. The submitter made no system call in between, so an interrupt brought the task_work.
 * A window that changed a register is an event in any case, unless it is one of the control: every
 * eighth window of a submitter is like the others but without a creation. What changes there is
 * not io_uring's doing, and a failure all the same.
 *
 * A submitter that is switched out inside a window gets its registers back from memory. Such events
 * count, and are counted apart: a violation among them may be that of the switch.
 *
 * Where root can load ppc_barrier_test.ko, the module tells how each worker creation was delivered
 * (by IPI, by the tick, in a system call), and further variants turn TWA_SIGNAL into
 * TWA_SIGNAL_NO_IPI and back. Without it the events are the same, and those variants are skipped,
 * as they are where its counters do not show that it did.
 *
 * Two controls run before the variants: the same windows without io_uring must find nothing, and
 * each register changed on purpose inside the window must be found. Unless both behave, every
 * result is SKIP; a change that nobody made is a failure of the control. One event comes before
 * them, as it may show that a kernel is bad; it is the first variant's, and void with all others.
 *
 * A third needs the module, and runs when the first variant has found nothing: registers that the
 * module changes on purpose, in the same events on the same kernel. Where they are not found, a
 * variant without violations is SKIP.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "json.h"
#include "kselftest_harness.h"
#include "live.h"
#include "live_spin.h"

#define CLEAN_WINDOWS	64	/* of the control without io_uring */
#define DEFAULT_SECONDS	1.0
#define LOOK_SECONDS	0.03	/* of the event before all else, where none comes */
#define DEFER_TASKRUN	(IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER)

struct live_opt live_opt = {
	.seconds = DEFAULT_SECONDS, .max_events = UINT64_MAX, .tick_events = UINT64_MAX, .beside = 1
};

struct live_shared *live_shared;
struct reg_layout live_layout;

static void count_changed(struct live_spin *s, unsigned int n, void *arg)
{
	unsigned int *violations = arg, i;

	(void)n;
	if (!s->nr_changed)
		return;
	if (!(*violations)++) {
		for (i = 0; i < s->nr_changed && i < LIVE_SHOWN; i++)
			live_show_change(s, i);
	}
}

/* The test's own assembly and comparison, but nothing that may change a register. */
TEST(control_without_io_uring)
{
	struct live_spin s = { .seed = 1 };
	unsigned int violations = 0;

	ASSERT_EQ(0, live_spin_plain(&s, CLEAN_WINDOWS, count_changed, &violations));
	/* a bug of the kernel, or of this test: either way no skip */
	ASSERT_EQ(0U, violations) {
		TH_LOG("registers change without io_uring, in %u of %u windows", violations,
		       CLEAN_WINDOWS);
	}
	live_shared->clean_ok = true;
	ksft_print_msg("control without io_uring: %u windows, no register changed\n",
		       CLEAN_WINDOWS);
}

struct found {
	unsigned int right, wrong;	/* windows: with that change, with another one */
};

static void count_found(struct live_spin *s, unsigned int n, void *arg)
{
	struct found *found = arg;

	if (s->nr_changed == 1 && s->slots[0] == n) {
		found->right++;
		return;
	}
	ksft_print_msg("  %s was changed, %u registers were found changed\n",
		       live_layout.slot[n].name, s->nr_changed);
	if (s->nr_changed)
		found->wrong++;
}

/* Each register changed inside the window, one at a time, has to be found, and no other. */
TEST(control_changed_register)
{
	struct live_spin s = { .alter = true, .seed = 1000 };
	struct found found = { 0 };

	ASSERT_EQ(0, live_spin_plain(&s, live_layout.nr, count_found, &found));
	ASSERT_EQ(0U, found.wrong) {
		TH_LOG("registers change that were not changed on purpose, in %u of %u windows",
		       found.wrong, live_layout.nr);
	}
	if (found.right != live_layout.nr)
		SKIP(return, "%s",
		     skip_because(SKIP_CONTROL,
				  "%u of %u registers changed on purpose were not found",
				  live_layout.nr - found.right, live_layout.nr));
	live_shared->altered_ok = true;
	ksft_print_msg("control with one register changed: %u of %u found\n", found.right,
		       live_layout.nr);
}

/* What an older kernel refuses with EINVAL. */
static const struct {
	unsigned int flag;
	const char *name;
} new_flags[] = {
	{ IORING_SETUP_COOP_TASKRUN, "IORING_SETUP_COOP_TASKRUN" },
	{ IORING_SETUP_DEFER_TASKRUN, "IORING_SETUP_DEFER_TASKRUN" },
	{ IORING_SETUP_SQPOLL, "IORING_SETUP_SQPOLL" },
};

static const char *new_flag(unsigned int setup_flags)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(new_flags); i++)
		if (setup_flags & new_flags[i].flag)
			return new_flags[i].name;
	return NULL;
}

FIXTURE(worker_creation)
{
	struct live_result *result;
};

FIXTURE_VARIANT(worker_creation)
{
	struct live_variant live;
};

/* The rings that behave differently when task_work is added for their submitter. */
FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default)
{
	.live = { .way = PROVOKE_POLL_WAKE }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_coop_taskrun)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_COOP_TASKRUN,
		  .by_tick = true }
};

/*
 * DEFER_TASKRUN holds back what io_uring queues for the ring (a poll wake-up), but io-wq sends
 * create_worker_cb() past the ring, straight to the task.
 */
FIXTURE_VARIANT_ADD(worker_creation, poll_wake_defer_taskrun)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = DEFER_TASKRUN,
		  .expect = LIVE_IN_SYSCALL }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_sqpoll)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_SQPOLL,
		  .expect = LIVE_IN_SQ_THREAD }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_default)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_coop_taskrun)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .setup_flags = IORING_SETUP_COOP_TASKRUN }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_defer_taskrun)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .setup_flags = DEFER_TASKRUN }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_sqpoll)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .setup_flags = IORING_SETUP_SQPOLL,
		  .expect = LIVE_IN_SQ_THREAD }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default_by_no_ipi)
{
	.live = { .way = PROVOKE_POLL_WAKE, .notify = PBT_NOTIFY_SIGNAL_NO_IPI, .by_tick = true }
};

FIXTURE_VARIANT_ADD(worker_creation, poll_wake_coop_taskrun_by_signal)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_COOP_TASKRUN,
		  .notify = PBT_NOTIFY_SIGNAL }
};

FIXTURE_VARIANT_ADD(worker_creation, create_worker_cb_default_by_no_ipi)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .notify = PBT_NOTIFY_SIGNAL_NO_IPI,
		  .by_tick = true }
};

/*
 * A signal comes with the creation: registers go to its handler's frame, and back by sigreturn, and
 * the task_work runs before, behind, or while that is done. In windows without a creation the
 * signal comes alone.
 */
FIXTURE_VARIANT_ADD(worker_creation, signal_poll_wake_default)
{
	.live = { .way = PROVOKE_POLL_WAKE, .signals = true }
};

FIXTURE_VARIANT_ADD(worker_creation, signal_poll_wake_coop_taskrun)
{
	.live = { .way = PROVOKE_POLL_WAKE, .setup_flags = IORING_SETUP_COOP_TASKRUN,
		  .signals = true }
};

FIXTURE_VARIANT_ADD(worker_creation, signal_create_worker_cb_default)
{
	.live = { .way = PROVOKE_CREATE_WORKER_CB, .signals = true }
};

/* The harness's own list of the above. */
static const struct __fixture_variant_metadata *first_variant(void)
{
	return _worker_creation_fixture_object.variant;
}

static const char *name_of(const struct _fixture_variant_worker_creation *variant)
{
	const struct __fixture_variant_metadata *v = first_variant();

	while (v->data != variant)
		v = v->next;
	return v->name;
}

void live_result_begin(struct live_result *r, const char *name, const struct live_variant *variant)
{
	*r = (struct live_result){
		.name = name,
		.first_ms = -1,
		.expect = variant->expect,
		.notify = variant->notify,
		.signals = variant->signals,
	};
}

/* To be called before any is left out. Returns their number. */
static unsigned int list_variants(struct live_result *result)
{
	const struct _fixture_variant_worker_creation *variant;
	const struct __fixture_variant_metadata *v;
	unsigned int nr = 0;

	for (v = first_variant(); v; v = v->next, nr++) {
		if (!result)
			continue;
		variant = v->data;
		live_result_begin(&result[nr], v->name, &variant->live);
	}
	return nr;
}

static struct live_result *result_of(const char *name)
{
	struct live_result *r = live_shared->result;

	while (strcmp(r->name, name))
		r++;
	return r;
}

FIXTURE_SETUP(worker_creation)
{
	self->result = result_of(name_of(variant));
}

FIXTURE_TEARDOWN(worker_creation)
{
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(worker_creation, keeps_registers, INT_MAX / 1000)
{
	struct live_result *r = self->result;
	char sentence[EVIDENCE_TEXT_SIZE];
	enum skip_reason reason;
	const char *why;
	int session, ret;

	program_test_begin(3 * live_opt.seconds + 30);
	if (variant->live.by_tick && live_opt.max_events > live_opt.tick_events)
		live_opt.max_events = live_opt.tick_events;

	if (!live_shared->clean_ok || !live_shared->altered_ok) {
		live_result_begin(r, r->name, &variant->live);
		settle_skip(&r->answer, SKIP_CONTROL, "the controls did not behave");
	} else if (live_opt.stop_first && live_shared->found && !r->evidence.violations) {
		settle_skip(&r->answer, SKIP_FOUND, "not run: a violation was found before");
	}
	if (*r->answer.outcome)
		SKIP(return, "%s", answer_reason(r->name, &r->answer));

	why = live_knobs_open(variant->live.notify, &session, &reason);
	if (!why) {
		reason = SKIP_SET_UP;
		why = live_measure(r, &variant->live, &ret);
	}
	if (why) {
		settle_skip(&r->answer, reason, "%s", why);
		SKIP(return, "%s", answer_reason(r->name, &r->answer));
	}
	live_knobs_close(session, r);

	if (ret && !r->evidence.violations && !r->control.violations && !r->died)
		live_settle_error(r, ret, new_flag(variant->live.setup_flags));
	else
		live_settle_measured(r);
	if (!strcmp(r->answer.outcome, "pass") && r->expect == LIVE_IN_WINDOW) {
		planted_run(&live_shared->planted, live_plant, &variant->live);
		why = planted_missed(&live_shared->planted);
		if (why) {
			evidence_sentence(sentence, sizeof(sentence), &r->evidence);
			settle_skip(&r->answer, SKIP_PLANT, "%s; %s", why, sentence);
		}
	}
	if (is_skip(&r->answer))
		SKIP(return, "%s", answer_reason(r->name, &r->answer));
	ksft_print_msg("%s: %s\n", r->name, r->answer.text);
	live_print_details(r);
	EXPECT_STREQ("pass", r->answer.outcome);
}

#include "harness_main.h"

static unsigned int variants(void)
{
	return live_shared->nr;
}

static const struct answer *answer(unsigned int variant)
{
	return &live_shared->result[variant].answer;
}

static const struct program program = {
	.name = "live_registers",
	.write_head = live_write_head,
	.variants = variants,
	.answer = answer,
	.write_variant = live_write_variant,
};

static const char usage[] =
	"usage: live_registers [-t SECONDS] [-n EVENTS] [--tick-events EVENTS] [-c CPUS]\n"
	"                      [--json FILE] [--only NAME[,NAME...]] [--stop-first] [--no-module]\n"
	"                      [--pin-workers]\n"
	"  -t SECONDS    time for each variant (default 1; 3 times that to reach 100 events)\n"
	"  -n EVENTS     a variant ends after so many events, too\n"
	"  --tick-events EVENTS  ... one that has no more than one for each timer tick\n"
	"  -c CPUS       CPUs to use, such as 0-3,8 (default: all that this process may use)\n"
	"  --json FILE   results for programs; $IO_URING_COHERENCY_RESULTS/live_registers.json\n"
	"                is the default where that directory is named\n"
	"  --only NAME,...  run these variants alone, such as poll_wake_default\n"
	"  --stop-first  end at the first violation\n"
	"  --no-module   leave ppc_barrier_test alone, even where it could be loaded\n"
	"  --pin-workers io-wq workers run on the CPU of the thread that they work for, not elsewhere\n"
	"exit status: 0 no violation, 1 violation, 4 no answer (skipped), 2 wrong usage\n";

static uint64_t parse_events(const char *option, const char *text)
{
	uint64_t events;
	char *end;

	errno = 0;
	events = strtoull(text, &end, 10);
	if (end == text || *end || *text == '-' || errno || !events)
		die("%s: '%s' is not a number of events", option, text);
	return events;
}

/* Dies if there is no variant @name. */
static bool variant_exists(const char *name)
{
	const struct __fixture_variant_metadata *v = first_variant();

	while (v && strcmp(v->name, name))
		v = v->next;
	return v;
}

static void check_variants(const char *names)
{
	const char *unknown = names_unknown(names, variant_exists);
	const struct __fixture_variant_metadata *v;
	char known[1024];
	int at = 0;

	if (!unknown)
		return;
	for (v = first_variant(); v && at < (int)sizeof(known); v = v->next)
		at += snprintf(known + at, sizeof(known) - at, " %s", v->name);
	die("--only: '%s' is no variant; these are:%s", unknown, known);
}

/* What is not asked for; and unless it is, what nobody sees without the module. */
static bool is_left_out(const char *name)
{
	struct live_result *r = result_of(name);

	if (!names_have(live_opt.only, name)) {
		settle_skip(&r->answer, SKIP_NOT_ASKED, "not asked for");
		return true;
	}
	if (live_opt.only || r->notify == PBT_NOTIFY_KERNEL || !*live_shared->no_module)
		return false;
	settle_skip(&r->answer, SKIP_NO_MODULE, "%s", live_shared->no_module);
	program_left_out(SKIP_NO_MODULE, name);
	return true;
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "tick-events", required_argument, NULL, 'k' },
		{ "only", required_argument, NULL, 'o' },
		{ "stop-first", no_argument, NULL, 's' },
		{ "no-module", no_argument, NULL, 'm' },
		{ "pin-workers", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *cpus = NULL;
	int c;

	live_opt.json = json_default("live_registers");
	while ((c = getopt_long(argc, argv, "t:n:c:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			live_opt.seconds = parse_seconds(optarg);
			break;
		case 'n':
			live_opt.max_events = parse_events("-n", optarg);
			break;
		case 'k':
			live_opt.tick_events = parse_events("--tick-events", optarg);
			break;
		case 'c':
			cpus = optarg;
			break;
		case 'j':
			live_opt.json = optarg;
			break;
		case 'o':
			live_opt.only = optarg;
			break;
		case 's':
			live_opt.stop_first = true;
			break;
		case 'm':
			live_opt.no_module = true;
			break;
		case 'p':
			live_opt.pin_workers = true;
			break;
		default:
			program_usage(c, usage);
		}
	}
	program_options_end(argc, argv, live_opt.json);
	check_variants(live_opt.only);
	cpus_choose(&live_opt.cpus, cpus, "-c");
}

/* One event before all else, of the first variant that is asked for, if it may have any. */
static void look_first(void)
{
	const struct _fixture_variant_worker_creation *variant;
	const struct __fixture_variant_metadata *v = first_variant();
	pid_t pid;
	int error;

	while (!names_have(live_opt.only, v->name))
		v = v->next;
	variant = v->data;
	if (variant->live.expect != LIVE_IN_WINDOW || variant->live.notify != PBT_NOTIFY_KERNEL)
		return;
	pid = module_fork();
	if (!pid) {
		alarm(30);
		live_opt.max_events = 1;
		live_opt.seconds = LOOK_SECONDS;
		/* what goes wrong the variant tells, which comes to the same */
		live_measure(result_of(v->name), &variant->live, &error);
		fflush(stdout);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	struct timespec start;
	const char *skip;

	clock_gettime(CLOCK_MONOTONIC, &start);
	parse_options(argc, argv);
	live_shared = program_share(sizeof(*live_shared) +
				    list_variants(NULL) * sizeof(live_shared->result[0]));
	live_shared->nr = list_variants(live_shared->result);
	skip = regs_init(&live_layout);
	if (skip)
		return program_skip(&program, live_opt.json, SKIP_NOT_OBSERVABLE, skip);
	printf("# not covered: %s\n# covered: %s\n", live_layout.missing, live_layout.describe);
	if (live_submitters() > 1)
		printf("# submitters side by side: %u\n", live_submitters());
	live_shared->start = start;
	live_shared->main = getpid();
	look_first();
	module_load_unless(live_opt.no_module, live_shared->no_module,
			   sizeof(live_shared->no_module));
	if (*live_shared->no_module)
		planted_not(&live_shared->planted, live_shared->no_module);
	harness_leave_out(&_worker_creation_fixture_object, is_left_out);
	return program_run(&program, live_opt.json, harness_main, argv);
}
