// SPDX-License-Identifier: GPL-2.0
/*
 * claims: what the mails of 2023 say, as a table of settings and of what has to hold between the
 * counts in them; and the decision for each, from counts.
 *
 *	claims --plan GUEST [--seed N] [--round N]	the settings of a guest in random order,
 *							each with its command
 *	claims --decide [--json FILE]			decides
 *
 * Both read counts from standard input, a line "SETTING EVENTS VIOLATIONS PASS FAIL SKIP" each: the
 * last three are how many runs ended so. Lines of one setting add up, so runs of several machines
 * do. A line "look" tells that all before it was looked at together, as is done with all of it at
 * its end: so every look that was ever taken is taken again, and what was decided then stays
 * decided. A plan leaves out what no undecided claim needs; without counts it is all there is.
 *
 * The design is a factorial one, notification x barrier x delay, on the kernel with the problem
 * and on one without, and beside it the settings that one claim needs alone. Settings run k times
 * as long in round k. The plan of a guest mtr or quick has lines "SETTING LOOPS all|first KNOBS" in
 * place of commands; with "first" a failure is the end of it, as one answers all that is asked.
 *
 * Some claims are also asked of MariaDB itself, by its own test (mtr) and by making databases
 * (quick): each workload is a column of its own, with settings, events (loops) and decisions of its
 * own. The reports are of MariaDB; what is decided of one workload says nothing of another.
 *
 * Each claim is taken apart into conditions, which claims_decide.c decides. What lacks the events
 * is open, and what a machine cannot show is not observable.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "claims_decide.h"
#include "evidence.h"
#include "json.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define EXIT_FAIL	1
#define EXIT_USAGE	2
#define EXIT_OPEN	4

/* One setting: where, and what is run there. Every variant of the program but one is left out. */
struct claims_setting {
	char name[40];				/* what its counts go by */
	const char *guest;
	const char *notify, *barrier, *delay;	/* levels of the three factors, or none */
	const char *knobs;			/* other knobs */
	const char *command;
	unsigned int seconds;			/* in the first round; of MariaDB: loops */
	bool quiet;				/* nothing may be found here */
};

/* Who is asked: our own programs, and MariaDB in two ways. */
enum claims_column {
	CLAIMS_PROGRAMS,
	CLAIMS_MTR,
	CLAIMS_QUICK,
	CLAIMS_NR_COLUMNS
};

/* Those of MariaDB are the guests, too. */
static const char *const claims_column_names[CLAIMS_NR_COLUMNS] = { "programs", "mtr", "quick" };

/* In words, wherever a decision is told. */
static const char *const claims_workloads[CLAIMS_NR_COLUMNS] = {
	"our workload", "MariaDB, its test", "MariaDB, new databases",
};

/* What the names of its settings begin with. */
static const char *const claims_prefixes[CLAIMS_NR_COLUMNS] = { "", "mtr_", "quick_" };

#define PAGES	"./page_integrity --dir /dev/shm --no-module --engine uring"
#define DISK	"./page_integrity --dir /mnt/ext4 --no-module --engine uring"
#define COPIES	"--at generic_perform_write=none --at filemap_read=none"
#define FLUSH	"--at generic_perform_write_exit=flush_dcache --at filemap_read_exit=flush_dcache"
#define REGS	"./live_registers --only "
#define ORDER	"./kernel_order --edge "
#define RINGS	"./ring_order --edge "

/* The levels of the factors, with which a cell of the factorial design is named. */
static const char *const notify_levels[] = { "kernel", "signal", "no_ipi" };
static const char *const barrier_levels[] = { "none", "mb" };
static const char *const delay_levels[] = { "0", "1000" };	/* us */

#define BASE	"pages_bad_kernel_none_0"

/* What one claim needs alone. */
static const struct claims_setting alone[] = {
	{ "pages_no_ipi_io_write_mb", "bad", .knobs = "--notify no_ipi --at io_write=mb",
	  .command = PAGES, .seconds = 3 },
	{ "pages_kthread", "bad", .seconds = 3,
	  .command = "./page_integrity --dir /dev/shm --engine kthread" },
	{ "pages_thread", "bad", .seconds = 3,
	  .command = "./page_integrity --dir /dev/shm --no-module --engine thread" },
	{ "pages_one_worker", "bad", .command = PAGES " --workers 1", .seconds = 3 },
	{ "pages_copy_none", "bad", .command = DISK, .seconds = 3, .knobs = COPIES },
	{ "pages_copy_isync", "bad", .command = DISK, .seconds = 3,
	  .knobs = "--at generic_perform_write=isync --at filemap_read=isync" },
	{ "pages_copy_mb", "bad", .command = DISK, .seconds = 3,
	  .knobs = "--at generic_perform_write=mb --at filemap_read=mb" },
	/* the mail flushes what has been copied */
	{ "pages_copy_flush", "bad", .command = DISK, .seconds = 3,
	  .knobs = FLUSH },
	{ "registers", "bad", .command = REGS "poll_wake_default", .seconds = 2 },
	{ "registers_pinned", "bad", .command = REGS "poll_wake_default --pin-workers",
	  .seconds = 2 },
	{ "registers_worker_cb", "bad", .command = REGS "create_worker_cb_default", .seconds = 2 },
	{ "registers_worker_cb_pinned", "bad", .seconds = 2,
	  .command = REGS "create_worker_cb_default --pin-workers" },
	{ "registers_good", "good", .command = REGS "poll_wake_default", .seconds = 2,
	  .quiet = true },
	{ "registers_x86_64", "x86_64", .command = REGS "poll_wake_default", .seconds = 2 },
	{ "registers_arm64", "arm64", .command = REGS "poll_wake_default", .seconds = 2 },
	{ "ipi", "good", .command = ORDER "ipi", .seconds = 3 },
	{ "queue_work", "good", .command = ORDER "queue_work", .seconds = 3 },
	{ "kthread_unuse_mm", "good", .command = ORDER "kthread_unuse_mm", .seconds = 3 },
	{ "wake_up", "good", .command = ORDER "sleep_wake", .seconds = 3 },
	{ "task_work", "good", .command = ORDER "task_work_signal", .seconds = 3 },
	{ "sqe_worker", "good", .command = RINGS "sqe_worker", .seconds = 2 },
	{ "cqe_file", "good", .command = RINGS "cqe_file", .seconds = 2 },
};

/* MariaDB under knobs; with the points probed in all of them, as in the factorial design. */
#define PROBED(notify, barrier, write)	\
	"--notify " notify " --at kick_process=" barrier " --at io_write=" write

static const struct {
	const char *name, *knobs;
} mariadb[] = {
	{ "base", PROBED("kernel", "none", "none") },
	{ "barrier", PROBED("kernel", "mb", "none") },
	{ "no_ipi_delay", PROBED("no_ipi", "none", "udelay:1000") },
	{ "no_ipi_io_write_mb", PROBED("no_ipi", "none", "mb") },
	{ "signal_delay", PROBED("signal", "none", "udelay:1000") },
	{ "signal_barrier_delay", PROBED("signal", "mb", "udelay:1000") },
	{ "one_worker", PROBED("kernel", "none", "none") " --workers 1" },
	{ "pinned", PROBED("kernel", "none", "none") " --pin-workers" },
};

#define LOOPS		40	/* of MariaDB in a round */

#define CLAIMS_MAX_SETTINGS	80

static struct claims_setting claims_settings[CLAIMS_MAX_SETTINGS];
static unsigned int claims_nr_settings;

static void add_cells(const char *guest, unsigned int seconds, bool quiet)
{
	unsigned int n, b, d;

	for (n = 0; n < ARRAY_SIZE(notify_levels); n++) {
		for (b = 0; b < ARRAY_SIZE(barrier_levels); b++) {
			for (d = 0; d < ARRAY_SIZE(delay_levels); d++) {
				struct claims_setting *s = &claims_settings[claims_nr_settings++];

				*s = (struct claims_setting){
					.guest = guest, .notify = notify_levels[n],
					.barrier = barrier_levels[b], .delay = delay_levels[d],
					.command = PAGES, .seconds = seconds, .quiet = quiet,
				};
				snprintf(s->name, sizeof(s->name), "pages_%s_%s_%s_%s", guest,
					 s->notify, s->barrier, s->delay);
			}
		}
	}
}

/* The good kernel's are to be clean and no more, so they are short. */
static void claims_make_settings(void)
{
	enum claims_column column;
	unsigned int i;

	add_cells("bad", 3, false);
	add_cells("good", 1, true);
	for (i = 0; i < ARRAY_SIZE(alone); i++)
		claims_settings[claims_nr_settings++] = alone[i];
	for (column = CLAIMS_MTR; column < CLAIMS_NR_COLUMNS; column++) {
		for (i = 0; i < ARRAY_SIZE(mariadb); i++) {
			struct claims_setting *s = &claims_settings[claims_nr_settings++];

			*s = (struct claims_setting){
				.guest = claims_column_names[column], .knobs = mariadb[i].knobs,
				.command = "", .seconds = LOOPS,
			};
			snprintf(s->name, sizeof(s->name), "%s%s", claims_prefixes[column],
				 mariadb[i].name);
		}
	}
}

static const char *const claims_relation_names[] = {
	[CLAIMS_SEEN] = "seen", [CLAIMS_CLEAN] = "clean", [CLAIMS_LOWER] = "lower",
	[CLAIMS_ORDERED] = "ordered",
};

/* As in claims_decide.h, by the names of settings. */
struct claims_named {
	enum claims_relation relation;
	const char *setting, *other;
};

#define CLAIMS_MAX_CONDITIONS	4
#define CLAIMS_NR	14

static const struct claims_entry {
	const char *id, *text;
	struct claims_named condition[CLAIMS_MAX_CONDITIONS];
	struct claims_named mariadb[CLAIMS_MAX_CONDITIONS];	/* without the column's prefix */
} claims_list[CLAIMS_NR] = {
	{ "C1", "a barrier between try_to_wake_up() and kick_process() lowers the rate, no more",
	  .condition = { { CLAIMS_LOWER, "pages_bad_kernel_mb_0", BASE },
			 { CLAIMS_SEEN, "pages_bad_kernel_mb_0", BASE } },
	  .mariadb = { { CLAIMS_LOWER, "barrier", "base" },
		       { CLAIMS_SEEN, "barrier", "base" } } },
	{ "C2", "TWA_SIGNAL_NO_IPI and udelay(1000) in io_write() end it",
	  .condition = { { CLAIMS_CLEAN, "pages_bad_no_ipi_none_1000", BASE } },
	  .mariadb = { { CLAIMS_CLEAN, "no_ipi_delay", "base" } } },
	{ "C3", "TWA_SIGNAL_NO_IPI and a barrier in place of the delay do not",
	  .condition = { { CLAIMS_SEEN, "pages_no_ipi_io_write_mb", BASE } },
	  .mariadb = { { CLAIMS_SEEN, "no_ipi_io_write_mb", "base" } } },
	{ "C4", "the delay with TWA_SIGNAL does not",
	  .condition = { { CLAIMS_SEEN, "pages_bad_signal_none_1000", BASE } },
	  .mariadb = { { CLAIMS_SEEN, "signal_delay", "base" } } },
	{ "C5", "TWA_SIGNAL, the barrier and the delay do",
	  .condition = { { CLAIMS_CLEAN, "pages_bad_signal_mb_1000", BASE } },
	  .mariadb = { { CLAIMS_CLEAN, "signal_barrier_delay", "base" } } },
	{ "C6", "the same write by a kthread with kthread_use_mm() is clean",
	  .condition = { { CLAIMS_CLEAN, "pages_kthread", BASE } } },
	{ "C7", "the same write by a userspace thread is clean",
	  .condition = { { CLAIMS_CLEAN, "pages_thread", BASE } } },
	{ "C8", "isync, mb and flush_dcache_page() where the page cache is copied do not help",
	  .condition = { { CLAIMS_SEEN, "pages_copy_isync", "pages_copy_none" },
			 { CLAIMS_SEEN, "pages_copy_mb", "pages_copy_none" },
			 { CLAIMS_SEEN, "pages_copy_flush", "pages_copy_none" } } },
	{ "C9", "powerpc only: x86-64 and arm64 are clean",
	  .condition = { { CLAIMS_SEEN, "registers", NULL },
			 { CLAIMS_CLEAN, "registers_x86_64", "registers" },
			 { CLAIMS_CLEAN, "registers_arm64", "registers" } } },
	{ "C10", "IPI send and receive are full barriers on both sides",
	  .condition = { { CLAIMS_ORDERED, "ipi", NULL } } },
	{ "C11", "schedule_work() and kthread_unuse_mm() are full barriers",
	  .condition = { { CLAIMS_ORDERED, "queue_work", NULL },
			 { CLAIMS_ORDERED, "kthread_unuse_mm", NULL } } },
	{ "C12", "wake-up, task_work, SQE and CQE hand over in order",
	  .condition = { { CLAIMS_ORDERED, "wake_up", NULL },
			 { CLAIMS_ORDERED, "task_work", NULL },
			 { CLAIMS_ORDERED, "sqe_worker", NULL },
			 { CLAIMS_ORDERED, "cqe_file", NULL } } },
	{ "C13", "with one io-wq worker at most it is clean",
	  .condition = { { CLAIMS_CLEAN, "pages_one_worker", BASE } },
	  .mariadb = { { CLAIMS_CLEAN, "one_worker", "base" } } },
	{ "C14", "with each worker pinned to its creator's CPU it is clean",
	  .condition = { { CLAIMS_CLEAN, "registers_worker_cb_pinned", "registers_worker_cb" },
			 { CLAIMS_CLEAN, "registers_pinned", "registers" } },
	  .mariadb = { { CLAIMS_CLEAN, "pinned", "base" } } },
};

static struct claims_counts claims_count[CLAIMS_MAX_SETTINGS];

static struct claims_answer claims_answers[CLAIMS_NR_COLUMNS][CLAIMS_NR];

static unsigned int claims_looks;		/* that were taken */
static unsigned long claims_round = 1;

static void __attribute__((noreturn)) claims_usage(const char *what)
{
	fprintf(stderr,
		"claims: %s; it takes --decide, --json FILE, or --plan GUEST, --seed N, --round N.\n",
		what);
	exit(EXIT_USAGE);
}

/* The conditions of a claim in a column. */
static const struct claims_named *claims_conditions(enum claims_column column,
						    const struct claims_entry *claim)
{
	return column == CLAIMS_PROGRAMS ? claim->condition : claim->mariadb;
}

static int claims_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < claims_nr_settings; i++)
		if (!strcmp(claims_settings[i].name, name))
			return i;
	return -1;
}

/* The setting that a condition in a column names. */
static int claims_find_in(enum claims_column column, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%s", claims_prefixes[column], name);
	return claims_find(full);
}

/* Returns whether the claim is asked in the column. */
static bool claims_is_asked(enum claims_column column, const struct claims_entry *claim)
{
	return claims_conditions(column, claim)[0].relation != CLAIMS_NONE;
}

static unsigned int claims_nr_asked(enum claims_column column)
{
	unsigned int i, nr = 0;

	for (i = 0; i < CLAIMS_NR; i++)
		nr += claims_is_asked(column, &claims_list[i]);
	return nr;
}

/* The conditions of a claim with the counts that they are about; returns how many there are. */
static unsigned int claims_with_counts(enum claims_column column, const struct claims_entry *claim,
				       struct claims_condition *filled)
{
	const struct claims_named *c = claims_conditions(column, claim);
	unsigned int i;

	for (i = 0; i < CLAIMS_MAX_CONDITIONS && c[i].relation != CLAIMS_NONE; i++)
		filled[i] = (struct claims_condition){
			c[i].relation, &claims_count[claims_find_in(column, c[i].setting)],
			c[i].other ? &claims_count[claims_find_in(column, c[i].other)] : NULL,
		};
	return i;
}

static void take_look(void)
{
	struct claims_condition filled[CLAIMS_MAX_CONDITIONS];
	enum claims_column column;
	unsigned int i, nr;

	for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++) {
		for (i = 0; i < CLAIMS_NR; i++) {
			nr = claims_with_counts(column, &claims_list[i], filled);
			claims_look(&claims_answers[column][i], filled, nr,
				    claims_nr_asked(column));
		}
	}
	claims_looks++;
}

static void add_counts(const char *line)
{
	static const char wrong_line[] =
		"a line of counts is SETTING EVENTS VIOLATIONS PASS FAIL SKIP, or look";
	unsigned long long events, violations, passed, failed, skipped;
	struct claims_counts *n;
	char name[64], rest;
	int i;

	if (sscanf(line, "%63s %llu %llu %llu %llu %llu %c", name, &events, &violations, &passed,
		   &failed, &skipped, &rest) != 6 || violations > events || strchr(line, '-'))
		claims_usage(wrong_line);
	i = claims_find(name);
	if (i < 0)
		claims_usage("these are counts of no setting");
	n = &claims_count[i];
	n->evidence.events += events;
	n->evidence.violations += violations;
	n->passed += passed;
	n->failed += failed;
	n->skipped += skipped;
}

/* Takes all looks, with the last one at the end. */
static void claims_read(void)
{
	bool is_new = true;
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		is_new = strcmp(line, "look\n");
		if (is_new)
			add_counts(line);
		else
			take_look();
	}
	if (is_new)
		take_look();
}

/* --- the decision */

/* A form of MariaDB's test has a column of its own, all other guests run our programs. */
static enum claims_column claims_column_of(const struct claims_setting *s)
{
	enum claims_column column;

	for (column = CLAIMS_MTR; column < CLAIMS_NR_COLUMNS; column++)
		if (!strcmp(s->guest, claims_column_names[column]))
			return column;
	return CLAIMS_PROGRAMS;
}

/* MariaDB is asked only where that is wanted. */
static bool claims_was_run(enum claims_column column)
{
	unsigned int i;

	if (column == CLAIMS_PROGRAMS)
		return true;
	for (i = 0; i < claims_nr_settings; i++)
		if (claims_column_of(&claims_settings[i]) == column &&
		    claims_count[i].passed + claims_count[i].failed + claims_count[i].skipped)
			return true;
	return false;
}

static bool claims_is_open(enum claims_column column, unsigned int claim)
{
	return claims_is_asked(column, &claims_list[claim]) && claims_was_run(column) &&
	       claims_answers[column][claim].decision == CLAIMS_OPEN;
}

/* How many decisions are. */
static unsigned int claims_nr_open(void)
{
	enum claims_column column;
	unsigned int i, nr = 0;

	for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++)
		for (i = 0; i < CLAIMS_NR; i++)
			nr += claims_is_open(column, i);
	return nr;
}

static const char *claims_decision_name(enum claims_column column, unsigned int claim)
{
	static const char *const names[] = {
		[CLAIMS_OPEN] = "open", [CLAIMS_UNOBSERVABLE] = "not observable here",
		[CLAIMS_CONFIRMED] = "confirmed", [CLAIMS_REFUTED] = "refuted",
	};

	if (!claims_is_asked(column, &claims_list[claim]))
		return "not asked";
	return claims_was_run(column) ? names[claims_answers[column][claim].decision] : "not run";
}

/* Violations on the kernel that is to have none: of no claim, but a false alarm. */
static struct evidence claims_false_alarms(void)
{
	struct evidence sum = { 0 };
	unsigned int i;

	for (i = 0; i < claims_nr_settings; i++) {
		if (!claims_settings[i].quiet)
			continue;
		sum.events += claims_count[i].evidence.events;
		sum.violations += claims_count[i].evidence.violations;
	}
	return sum;
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

/* Whether @setting takes part in @c. */
static bool takes_part(enum claims_column column, const struct claims_named *c, int setting)
{
	return claims_find_in(column, c->setting) == setting ||
	       (c->other && claims_find_in(column, c->other) == setting);
}

/* Whether an open claim depends on it, or it has not been run. */
static bool is_needed(int setting)
{
	const struct claims_counts *n = &claims_count[setting];
	enum claims_column column;
	unsigned int i, j;

	if (!n->passed && !n->failed && !n->skipped)
		return true;
	for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++) {
		for (i = 0; i < CLAIMS_NR; i++) {
			const struct claims_named *c = claims_conditions(column, &claims_list[i]);

			if (!claims_is_open(column, i))
				continue;
			for (j = 0; j < CLAIMS_MAX_CONDITIONS && c[j].relation != CLAIMS_NONE; j++)
				if (takes_part(column, &c[j], setting))
					return true;
		}
	}
	return false;
}

/* Whether a single violation answers all that is asked of a setting of MariaDB: no rate is. */
static bool one_is_enough(enum claims_column column, int setting)
{
	unsigned int i, j;

	for (i = 0; i < CLAIMS_NR; i++) {
		const struct claims_named *c = claims_list[i].mariadb;

		for (j = 0; j < CLAIMS_MAX_CONDITIONS && c[j].relation != CLAIMS_NONE; j++) {
			if (!takes_part(column, &c[j], setting))
				continue;
			if (c[j].relation == CLAIMS_LOWER ||
			    claims_find_in(column, c[j].setting) != setting)
				return false;
		}
	}
	return true;
}

/* Both points are probed in all cells, so that the probes themselves are no difference. */
static void claims_print_knobs(FILE *f, const struct claims_setting *s)
{
	if (s->notify)
		fprintf(f, "--notify %s --at kick_process=%s --at io_write=%s%s", s->notify,
			s->barrier, strcmp(s->delay, "0") ? "udelay:" : "none",
			strcmp(s->delay, "0") ? s->delay : "");
	else if (s->knobs)
		fprintf(f, "%s", s->knobs);
}

static void print_command(const struct claims_setting *s)
{
	const enum claims_column column = claims_column_of(s);

	if (column != CLAIMS_PROGRAMS) {
		printf("%s %lu %s %s\n", s->name, s->seconds * claims_round,
		       one_is_enough(column, s - claims_settings) ? "first" : "all", s->knobs);
		return;
	}
	printf("%s ", s->name);
	if (s->notify || s->knobs) {
		printf("./barrier_ctl --json /results/%s.knobs ", s->name);
		claims_print_knobs(stdout, s);
		printf(" -- ");
	}
	printf("%s -t %lu\n", s->command, s->seconds * claims_round);
}

static int claims_plan(const char *guest)
{
	unsigned int order[CLAIMS_MAX_SETTINGS], nr = 0, i, j;
	bool known = false;

	for (i = 0; i < claims_nr_settings; i++) {
		if (strcmp(claims_settings[i].guest, guest))
			continue;
		known = true;
		if (!is_needed(i))
			continue;
		/* Fisher & Yates, the other way round */
		j = draw(nr + 1);
		order[nr++] = order[j];
		order[j] = i;
	}
	if (!known)
		claims_usage("there is no such guest");
	for (i = 0; i < nr; i++)
		print_command(&claims_settings[order[i]]);
	return 0;
}

/* --- the report */

/* For all that shows decisions; the base is the setting that another one is compared with. */
static void promise(char *buf, size_t size)
{
	snprintf(buf, size,
		 "The probability that any decision about one workload is wrong is below %g %%, however often one looks, if the load of the machine does not change rates. Clean: no violation, and a rate proved to be at most %g times the base's; seen: a violation, and refuted where it could be called clean; lower: a rate proved to be below %g times the base's, and refuted where it is proved to be above.",
		 100 * (1 - EVIDENCE_CONFIDENCE), CLAIMS_ENDED, CLAIMS_LOWERED);
}

#define PROMISE_SIZE	600

/* Returns whether a rate can be told in those of its base. */
static bool has_times(const struct claims_condition *c)
{
	return c->base && c->here->evidence.events && c->base->evidence.violations;
}

/* Without an answer of their program events say nothing, as where an order cannot be seen. */
static void tell_counts(char *buf, size_t size, const struct claims_counts *n)
{
	if (n->skipped && !n->passed && !n->failed)
		snprintf(buf, size, "skipped");
	else
		evidence_sentence(buf, size, &n->evidence);
}

static void print_counts(enum claims_column column, unsigned int claim)
{
	const struct claims_named *c = claims_conditions(column, &claims_list[claim]);
	struct claims_condition filled[CLAIMS_MAX_CONDITIONS];
	unsigned int i, j, nr = claims_with_counts(column, &claims_list[claim], filled);
	char sentence[EVIDENCE_TEXT_SIZE];

	printf("#   %s: %s\n", claims_workloads[column], claims_decision_name(column, claim));
	for (i = 0; i < nr; i++) {
		const char *const names[] = { c[i].setting, c[i].other };

		for (j = 0; j < 2 && names[j]; j++) {
			const int s = claims_find_in(column, names[j]);

			tell_counts(sentence, sizeof(sentence), &claims_count[s]);
			printf("#     %s %s: %s\n",
			       j ? "base" : claims_relation_names[c[i].relation],
			       claims_settings[s].name, sentence);
		}
		if (has_times(&filled[i])) {
			const struct interval times = claims_times(&claims_answers[column][claim],
								   &filled[i], nr,
								   claims_nr_asked(column));

			printf("#     so its rate is %.3g to %.3g times the base's\n", times.low,
			       times.high);
		}
	}
}

/*
 * KTAP. A claim that is refuted is as good an answer as one that is confirmed, and the name of a
 * test is the claim's, whatever the decision.
 */
static void claims_print_ktap(void)
{
	const struct evidence alarms = claims_false_alarms();
	char sentence[EVIDENCE_TEXT_SIZE], text[PROMISE_SIZE];
	enum claims_column column;
	unsigned int i;

	promise(text, sizeof(text));
	printf("TAP version 13\n1..%u\n# %s\n", CLAIMS_NR + 1, text);
	for (i = 0; i < CLAIMS_NR; i++) {
		const char *decision = claims_decision_name(CLAIMS_PROGRAMS, i);

		if (claims_answers[CLAIMS_PROGRAMS][i].decision < CLAIMS_CONFIRMED)
			printf("ok %u %s # SKIP %s\n", i + 1, claims_list[i].id, decision);
		else
			printf("ok %u %s # %s for %s\n", i + 1, claims_list[i].id, decision,
			       claims_workloads[CLAIMS_PROGRAMS]);
		printf("#   %s\n", claims_list[i].text);
		for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++)
			if (claims_was_run(column) && claims_is_asked(column, &claims_list[i]))
				print_counts(column, i);
	}
	printf("%s %u no_false_alarm%s\n", alarms.violations ? "not ok" : "ok", CLAIMS_NR + 1,
	       alarms.events ? "" : " # SKIP no events");
	evidence_sentence(sentence, sizeof(sentence), &alarms);
	printf("#   the kernel without the problem: %s\n", sentence);
}

static void write_answer(FILE *f, enum claims_column column, unsigned int claim)
{
	const struct claims_named *c = claims_conditions(column, &claims_list[claim]);
	const struct claims_answer *a = &claims_answers[column][claim];
	struct claims_condition filled[CLAIMS_MAX_CONDITIONS];
	unsigned int i, nr = claims_with_counts(column, &claims_list[claim], filled);

	fprintf(f, "\"workload\": \"%s\", \"decision\": \"%s\", \"decided\": %u, \"looks\": %u,\n",
		claims_workloads[column], claims_decision_name(column, claim), a->decided,
		a->looks);
	fprintf(f, "        \"conditions\": [");
	for (i = 0; i < nr; i++) {
		fprintf(f, "%s\n        { \"relation\": \"%s\",", i ? "," : "",
			claims_relation_names[c[i].relation]);
		fprintf(f, " \"setting\": \"%s\",",
			claims_settings[claims_find_in(column, c[i].setting)].name);
		fprintf(f, " \"other\": \"%s\"",
			c[i].other ? claims_settings[claims_find_in(column, c[i].other)].name : "");
		if (has_times(&filled[i])) {
			const struct interval times = claims_times(a, &filled[i], nr,
								   claims_nr_asked(column));

			fprintf(f, ", \"times_low\": %.6g, \"times_high\": %.6g", times.low,
				times.high);
		}
		fprintf(f, " }");
	}
	fprintf(f, " ]");
}

/*
 * Keys of the whole: look (how many were taken), promise (a text), settings, claims.
 *
 *	settings	name, guest, notify, barrier, delay ("" where it is no cell of the
 *			factorial design), knobs, command, events, violations, pass, fail, skip
 *			(runs), rate_low, rate_high (95 %)
 *	claims		id, text, and of our programs: workload (in words), decision, looks (at
 *			which it had new counts), decided (the one that decided it, or 0),
 *			conditions: relation, setting, other (its base; "" where it has none),
 *			times_low, times_high (how many times the base's rate it may be, with the
 *			confidence that decides; missing where one of the two has no counts);
 *			mtr, quick: the same of MariaDB
 *
 * Returns 0 or -errno.
 */
static int claims_write_json(const char *path)
{
	char text[PROMISE_SIZE];
	struct json_file json;
	enum claims_column column;
	unsigned int i;
	FILE *f;
	int ret;

	ret = json_open(&json, path);
	if (ret)
		return ret;
	f = json.f;
	promise(text, sizeof(text));
	fprintf(f, "{\n  \"look\": %u,\n  \"promise\": \"%s\",\n  \"settings\": [",
		claims_looks, text);
	for (i = 0; i < claims_nr_settings; i++) {
		const struct claims_setting *s = &claims_settings[i];
		const struct claims_counts *n = &claims_count[i];
		const struct interval rate = evidence_interval(&n->evidence, EVIDENCE_CONFIDENCE);

		fprintf(f, "%s\n    { \"name\": \"%s\", \"guest\": \"%s\",", i ? "," : "", s->name,
			s->guest);
		fprintf(f, " \"notify\": \"%s\", \"barrier\": \"%s\", \"delay\": \"%s\",\n",
			s->notify ?: "", s->barrier ?: "", s->delay ?: "");
		fprintf(f, "      \"knobs\": \"");
		claims_print_knobs(f, s);
		fprintf(f, "\", \"command\": \"%s\",\n", s->command);
		fprintf(f, "      \"events\": %llu, \"violations\": %llu,",
			(unsigned long long)n->evidence.events,
			(unsigned long long)n->evidence.violations);
		fprintf(f, " \"pass\": %llu, \"fail\": %llu, \"skip\": %llu,\n",
			(unsigned long long)n->passed, (unsigned long long)n->failed,
			(unsigned long long)n->skipped);
		fprintf(f, "      \"rate_low\": %.6g, \"rate_high\": %.6g }", rate.low, rate.high);
	}
	fprintf(f, "\n  ],\n  \"claims\": [");
	for (i = 0; i < CLAIMS_NR; i++) {
		fprintf(f, "%s\n    { \"id\": \"%s\", \"text\": \"%s\",\n      ", i ? "," : "",
			claims_list[i].id, claims_list[i].text);
		write_answer(f, CLAIMS_PROGRAMS, i);
		for (column = CLAIMS_MTR; column < CLAIMS_NR_COLUMNS; column++) {
			fprintf(f, ",\n      \"%s\": { ", claims_column_names[column]);
			write_answer(f, column, i);
			fprintf(f, " }");
		}
		fprintf(f, " }");
	}
	fprintf(f, "\n  ]\n}\n");
	return json_commit(&json);
}

static int decide(const char *json)
{
	int ret;

	claims_print_ktap();
	if (json) {
		ret = claims_write_json(json);
		if (ret) {
			fprintf(stderr, "claims: cannot write %s: %s\n", json, strerror(-ret));
			return EXIT_FAIL;
		}
	}
	if (claims_false_alarms().violations)
		return EXIT_FAIL;
	return claims_nr_open() ? EXIT_OPEN : 0;
}

static unsigned long long parse_number(const char *text, const char *what)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !n || errno)
		claims_usage(what);
	return n;
}

int main(int argc, char **argv)
{
	const char *guest = NULL, *json = NULL;
	bool deciding = false;
	int i;

	claims_make_settings();
	random_state = time(NULL);
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--decide"))
			deciding = true;
		else if (!strcmp(argv[i], "--plan") && i + 1 < argc)
			guest = argv[++i];
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			random_state = parse_number(argv[++i], "--seed takes a number from 1 on");
		else if (!strcmp(argv[i], "--round") && i + 1 < argc)
			claims_round = parse_number(argv[++i], "--round takes a number from 1 on");
		else if (!strcmp(argv[i], "--json") && i + 1 < argc)
			json = argv[++i];
		else
			claims_usage("this is no option of it");
	}
	if (deciding == !!guest || (json && !deciding))
		claims_usage("one of two things at a time");
	claims_read();
	return deciding ? decide(json) : claims_plan(guest);
}
