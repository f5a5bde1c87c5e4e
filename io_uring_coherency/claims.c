// SPDX-License-Identifier: GPL-2.0
/*
 * claims: what the two mails of 2023 say, as a table of settings and of what has to hold between
 * the counts in them; and the decision for each, from counts.
 *
 *	claims --plan GUEST [--seed N]	the settings of a guest in random order, each with its
 *					command; GUEST is bad, good, or an architecture
 *	claims --decide [--seed N]	decides by the counts on standard input
 *
 * A line of counts is "SETTING EVENTS VIOLATIONS OUTCOME", with pass, fail or skip. Lines of one
 * setting add up, so runs of several machines do.
 *
 * Each claim is taken apart into relations. It is confirmed when all of them hold, each by an exact
 * test and all claims together corrected for their number; refuted when one of them cannot hold.
 * What lacks the events for either is open, and what a machine cannot show is not observable.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "evidence.h"

#define EXIT_OPEN	4
#define EXIT_USAGE	2

/* One setting: where, and what is run there. Every variant of the program but one is left out. */
struct setting {
	const char *name, *guest, *knobs, *command;
};

#define PAGES	"./page_integrity --no-module -t 3 --engine uring"
#define DISK	PAGES " --dir /mnt/ext4"
#define REGS	"./live_registers --no-module -t 2 --only poll_wake_default"
#define ORDER	"./kernel_order -t 3 --edge "
#define RINGS	"./ring_order -t 2 --edge "

static const struct setting settings[] = {
	{ "pages", "bad", "--at kick_process=none", PAGES },
	{ "pages_mb", "bad", "--at kick_process=mb", PAGES },
	{ "pages_no_ipi", "bad", "--notify no_ipi", PAGES },
	{ "pages_no_ipi_delay", "bad", "--notify no_ipi --at io_write=udelay:1000", PAGES },
	{ "pages_no_ipi_mb", "bad", "--notify no_ipi --at io_write=mb", PAGES },
	{ "pages_delay", "bad", "--notify signal --at io_write=udelay:1000", PAGES },
	{ "pages_mb_delay", "bad",
	  "--notify signal --at kick_process=mb --at io_write=udelay:1000", PAGES },
	{ "pages_kthread", "bad", NULL, "./page_integrity -t 3 --engine kthread" },
	{ "pages_thread", "bad", NULL, "./page_integrity --no-module -t 3 --engine thread" },
	{ "pages_copy_isync", "bad", "--at generic_perform_write=isync --at filemap_read=isync",
	  DISK },
	{ "pages_copy_mb", "bad", "--at generic_perform_write=mb --at filemap_read=mb", DISK },
	/* the mail flushes what has been copied */
	{ "pages_copy_flush", "bad",
	  "--at generic_perform_write_exit=flush_dcache --at filemap_read_exit=flush_dcache",
	  DISK },
	{ "registers", "bad", NULL, REGS },
	{ "pages_good", "good", NULL, PAGES },
	{ "registers_good", "good", NULL, REGS },
	{ "ipi", "good", NULL, ORDER "ipi" },
	{ "queue_work", "good", NULL, ORDER "queue_work" },
	{ "kthread_unuse_mm", "good", NULL, ORDER "kthread_unuse_mm" },
	{ "wake_up", "good", NULL, ORDER "sleep_wake" },
	{ "task_work", "good", NULL, ORDER "task_work_signal" },
	{ "sqe_worker", "good", NULL, RINGS "sqe_worker" },
	{ "cqe_file", "good", NULL, RINGS "cqe_file" },
	{ "registers_x86_64", "x86_64", NULL, REGS },
	{ "registers_arm64", "arm64", NULL, REGS },
	{ .name = NULL }
};

enum relation {
	END,
	SEEN,		/* there are violations */
	CLEAN,		/* there are none, where as many events in the other setting have some */
	LOWER,		/* a lower rate than in the other setting, by MARGIN at least */
	ORDERED,	/* the outcome of a litmus test */
};

struct condition {
	enum relation relation;
	const char *setting, *other;
};

#define MARGIN		0.8	/* a rate that is not below this part of the other is as high */

#define CONDITIONS	4
#define NR_CLAIMS	12

static const struct claim {
	const char *id, *text;
	struct condition condition[CONDITIONS];
} claims[NR_CLAIMS] = {
	{ "C1", "a barrier between try_to_wake_up() and kick_process() lowers the rate, no more",
	  { { LOWER, "pages_mb", "pages" }, { SEEN, "pages_mb", NULL } } },
	{ "C2", "TWA_SIGNAL_NO_IPI and udelay(1000) in io_write() end it",
	  { { CLEAN, "pages_no_ipi_delay", "pages" } } },
	{ "C3", "TWA_SIGNAL_NO_IPI and a barrier in place of the delay do not",
	  { { SEEN, "pages_no_ipi_mb", NULL } } },
	{ "C4", "the delay with TWA_SIGNAL does not",
	  { { SEEN, "pages_delay", NULL } } },
	{ "C5", "TWA_SIGNAL, the barrier and the delay do",
	  { { CLEAN, "pages_mb_delay", "pages" } } },
	{ "C6", "the same write by a kthread with kthread_use_mm() is clean",
	  { { CLEAN, "pages_kthread", "pages" } } },
	{ "C7", "the same write by a userspace thread is clean",
	  { { CLEAN, "pages_thread", "pages" } } },
	{ "C8", "isync, mb and flush_dcache_page() where the page cache is copied do not help",
	  { { SEEN, "pages_copy_isync", NULL }, { SEEN, "pages_copy_mb", NULL },
	    { SEEN, "pages_copy_flush", NULL } } },
	{ "C9", "powerpc only: x86-64 and arm64 are clean",
	  { { SEEN, "registers", NULL }, { CLEAN, "registers_x86_64", "registers" },
	    { CLEAN, "registers_arm64", "registers" } } },
	{ "C10", "IPI send and receive are full barriers on both sides",
	  { { ORDERED, "ipi", NULL } } },
	{ "C11", "schedule_work() and kthread_unuse_mm() are full barriers",
	  { { ORDERED, "queue_work", NULL }, { ORDERED, "kthread_unuse_mm", NULL } } },
	{ "C12", "wake-up, task_work, SQE and CQE hand over in order",
	  { { ORDERED, "wake_up", NULL }, { ORDERED, "task_work", NULL },
	    { ORDERED, "sqe_worker", NULL }, { ORDERED, "cqe_file", NULL } } },
};

#define MAX_SETTINGS	64

static struct counts {
	struct evidence evidence;
	unsigned int passed, failed, skipped;
} counts[MAX_SETTINGS];

static void __attribute__((noreturn)) usage(const char *what)
{
	fprintf(stderr, "claims: %s; it takes --plan GUEST or --decide, and --seed N.\n", what);
	exit(EXIT_USAGE);
}

static int find(const char *name)
{
	int i;

	for (i = 0; settings[i].name; i++)
		if (!strcmp(settings[i].name, name))
			return i;
	return -1;
}

/* --- the plan */

static uint64_t random_state;

static unsigned int draw(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % limit;
}

static int plan(const char *guest)
{
	unsigned int order[MAX_SETTINGS], nr = 0, i, j;

	for (i = 0; settings[i].name; i++) {
		if (strcmp(settings[i].guest, guest))
			continue;
		/* Fisher & Yates, the other way round */
		j = draw(nr + 1);
		order[nr++] = order[j];
		order[j] = i;
	}
	if (!nr)
		usage("there is no such guest");
	for (i = 0; i < nr; i++) {
		const struct setting *s = &settings[order[i]];

		printf("%s ", s->name);
		if (s->knobs)
			printf("./barrier_ctl %s -- ", s->knobs);
		printf("%s\n", s->command);
	}
	return 0;
}

/* --- the decision */

enum decision {
	CONFIRMED,
	REFUTED,
	UNOBSERVABLE,
	OPEN,
	NR_DECISIONS
};

static const char *const decision_names[NR_DECISIONS] = {
	"confirmed", "refuted", "not observable here", "open",
};

static void read_counts(void)
{
	unsigned long long events, violations;
	char line[256], name[64], outcome[16], rest;
	int i;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%63s %llu %llu %15s %c", name, &events, &violations, outcome,
			   &rest) != 4 || violations > events)
			usage("a line of counts is \"SETTING EVENTS VIOLATIONS OUTCOME\"");
		i = find(name);
		if (i < 0)
			usage("these are counts of no setting");
		counts[i].evidence.events += events;
		counts[i].evidence.violations += violations;
		counts[i].passed += !strcmp(outcome, "pass");
		counts[i].failed += !strcmp(outcome, "fail");
		counts[i].skipped += !strcmp(outcome, "skip");
	}
}

/*
 * Is the rate of @e not below MARGIN times that of @other? Of both the end is taken that is less
 * favourable, and for all claims at once: Bonferroni's correction.
 */
static bool as_high(const struct evidence *e, const struct evidence *other)
{
	const double confidence = 1 - (1 - EVIDENCE_CONFIDENCE) / NR_CLAIMS / 2;
	const double low = evidence_interval(e, confidence).low;

	return e->events && other->events &&
	       low > MARGIN * evidence_interval(other, confidence).high;
}

/*
 * *@chance: how probable the counts are where the relation does not hold; what is seen with one's
 * own eyes has none.
 */
static enum decision decide_condition(const struct condition *c, double *chance)
{
	const struct counts *n = &counts[find(c->setting)];
	const struct evidence *e = &n->evidence, *other;

	*chance = 0;
	if (c->relation == ORDERED) {
		if (n->failed)
			return REFUTED;
		return n->passed ? CONFIRMED : n->skipped ? UNOBSERVABLE : OPEN;
	}
	if (c->relation == SEEN && e->violations)
		return CONFIRMED;
	if (c->relation == CLEAN && e->violations)
		return REFUTED;
	if (c->relation == SEEN || !e->events)
		return OPEN;
	other = &counts[find(c->other)].evidence;
	*chance = evidence_surprise(e, other);
	if (c->relation == LOWER && as_high(e, other))
		return REFUTED;
	return CONFIRMED;
}

/* One that is refuted is enough; else all have to hold. */
static enum decision decide_claim(const struct claim *claim, double *chance)
{
	enum decision all = CONFIRMED, one;
	double here;
	int i;

	*chance = 0;
	for (i = 0; i < CONDITIONS && claim->condition[i].relation != END; i++) {
		one = decide_condition(&claim->condition[i], &here);
		if (one == REFUTED) {
			*chance = 0;
			return REFUTED;
		}
		if (here > *chance)
			*chance = here;
		if (one > all)
			all = one;
	}
	return all;
}

static void print_counts(const struct claim *claim)
{
	int i;

	for (i = 0; i < CONDITIONS && claim->condition[i].relation != END; i++) {
		const struct condition *c = &claim->condition[i];
		const char *const names[] = { c->setting, c->other };
		int j;

		for (j = 0; j < 2 && names[j]; j++) {
			char sentence[EVIDENCE_TEXT_SIZE];

			evidence_sentence(sentence, sizeof(sentence),
					  &counts[find(names[j])].evidence);
			printf("#   %s: %s\n", names[j], sentence);
		}
	}
}

static int decide(void)
{
	enum decision decision[NR_CLAIMS];
	double chance[NR_CLAIMS];
	unsigned int i, left = 0;

	read_counts();
	for (i = 0; i < NR_CLAIMS; i++)
		decision[i] = decide_claim(&claims[i], &chance[i]);
	evidence_correct(chance, NR_CLAIMS);
	printf("TAP version 13\n1..%u\n", NR_CLAIMS);
	for (i = 0; i < NR_CLAIMS; i++) {
		if (decision[i] <= REFUTED && chance[i] > 1 - EVIDENCE_CONFIDENCE)
			decision[i] = OPEN;
		left += decision[i] == OPEN;
		printf("ok %u %s: %s%s\n", i + 1, claims[i].id,
		       decision[i] <= REFUTED ? "" : "# SKIP ", decision_names[decision[i]]);
		printf("#   %s\n", claims[i].text);
		print_counts(&claims[i]);
	}
	return left ? EXIT_OPEN : 0;
}

int main(int argc, char **argv)
{
	const char *guest = NULL;
	bool deciding = false;
	char *end;
	int i;

	random_state = time(NULL);
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--decide")) {
			deciding = true;
		} else if (!strcmp(argv[i], "--plan") && i + 1 < argc) {
			guest = argv[++i];
		} else if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
			random_state = strtoull(argv[++i], &end, 10);
			if (*end || !random_state)
				usage("--seed takes a number from 1 on");
		} else {
			usage("this is no option of it");
		}
	}
	if (deciding == !!guest)
		usage("one of two things at a time");
	return deciding ? decide() : plan(guest);
}
