// SPDX-License-Identifier: GPL-2.0
/*
 * page_integrity: does what was written reach the file, whoever does the I/O?
 *
 * As a database does, threads fill pages of 16 KiB by vector code, write them to several files in
 * batches, fsync, overwrite them with the next generation, and read them back. Each engine of
 * page_engine.h writes the same pages by the same schedule. Where io-wq is involved, the main
 * thread has one of its workers created while a thread computes a window of pages (provoke.h):
 * that is when powerpc kernels before v6.7-rc4 lost vector registers, and so bytes of pages.
 *
 * Each page is looked at in all the places where it passes: the buffer before the write, and once
 * its CQE is there; as the engine reads it back then; and after each round, by a process that has
 * never had a ring, the page cache by pread(2) and by mmap(2), and the disk by O_DIRECT, after the
 * page cache has been dropped, and as a crash would leave it. All of it is compared with the page
 * that scalar code computes from the page's number and generation. So are pages that nobody writes;
 * and the results of writes and reads, and the sizes of files, are looked at as well. What is wrong
 * is counted at the look (page_board.h), and a round writes no page twice, so that nothing covers
 * it. So the report can tell where a page went wrong first, and how.
 *
 * The files are on tmpfs, and then on a file system with a disk, buffered and by O_DIRECT; or only
 * where the options say.
 *
 * Controls run first: what is damaged on purpose in each of these places must be found, told as
 * what it is, and nothing else. If not all of it is found, every result is SKIP; if there is more,
 * the control fails. Damage on the disk must be seen in each view of the disk, or that view has no
 * answer.
 *
 * Another needs the module, and runs when the first engine of io_uring has written all pages right:
 * the module has io-wq write and read some of them wrong. Where these are not found, an engine of
 * io_uring without wrong pages is SKIP.
 *
 * In this room:
 *
 *	page_integrity.c	the question: variants, tests, what of them is an answer
 *	page_engines.h		who does the I/O: engines, each a line; done by page_engine.c
 *	page_views.h		where a page is looked at: views, each a line
 *	page.c page_fill.c	what a page is; filled by vector code, expected by scalar code
 *	page_damage.c		what is wrong with a page: its class (stale, torn, ...)
 *	page_board.c		counts of what was looked at and was wrong, by page
 *	page_run.c		files, an engine and writers, in rounds
 *	page_writer.c		a writer: fills a window of pages, writes it in batches
 *	page_verifier.c		the process that looks at the files after each round
 *	page_files.c		the files; page_site.c where they are, lib/ on what disk
 *	page_control.c		damage on purpose; page_planted.c: planted by the module
 *	page_report.c		what people are told; page_json.c what programs are
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "kselftest_harness.h"
#include "module.h"
#include "page_control.h"
#include "page_json.h"
#include "page_options.h"
#include "page_planted.h"
#include "page_report.h"
#include "program.h"

#define SLOW		5	/* times -t at most, for PAGE_MIN_PAGES and PAGE_MIN_CREATIONS */

static struct page_result *result;	/* of each variant */

TEST(control_damaged_pages)
{
	uint64_t others = 0;
	const char *why = page_control_pages(SITE_ASKED, &others);

	page_shared->control_ok[SITE_ASKED] = !why;
	if (why)
		SKIP(return, "%s", skip_because(SKIP_CONTROL, "%s", why));
	EXPECT_EQ(0U, others);
}

#define DISK_TRIES	3	/* somebody else may have had the page cache emptied */

/* Of which the disk may be written to behind its file system; SITE_NR if there is none. */
static enum page_site_id disk_site(void)
{
	const enum page_site_id site = page_sites[SITE_DISK].ours ? SITE_DISK : SITE_ASKED;

	return page_sites[site].ours && page_sites[site].disk.image >= 0 ? site : SITE_NR;
}

TEST(control_damaged_disk)
{
	const enum page_site_id site = disk_site();
	unsigned int unproven = 0, i;
	const char *why = NULL;
	uint64_t others = 0;
	char views[200];

	if (!*page_sites[SITE_DISK].why) {
		why = page_control_pages(SITE_DISK, &others);
		page_shared->control_ok[SITE_DISK] = !why;
		page_shared->control_ok[SITE_DISK_DIRECT] = !why;
	}
	if (!why && site == SITE_NR)
		why = "there is no disk that may be written to behind its file system";
	else if (!why && !(page_opt.views & VIEWS_DISK))
		why = "no view of the disk is asked for";
	if (!*page_sites[SITE_DISK].why)
		ksft_print_msg("disk: %s%s%s\n", page_sites[SITE_DISK].name,
			       *page_sites[SITE_DISK].note ? "; " : "", page_sites[SITE_DISK].note);
	if (why)
		SKIP(return, "%s", skip_because(SKIP_NO_DISK, "%s", why));
	for (i = 0; !i || (i < DISK_TRIES && (why || unproven)); i++)
		why = page_control_disk(site, &unproven);
	page_shared->unproven[site] = unproven;
	if (site == SITE_DISK)
		page_shared->unproven[SITE_DISK_DIRECT] = unproven;
	page_views_print(views, sizeof(views), unproven);
	EXPECT_EQ(0U, others);
	if (why)
		SKIP(return, "%s", skip_because(SKIP_CONTROL, "%s", why));
	if (unproven)
		SKIP(return, "%s", skip_because(SKIP_CONTROL,
						"damage on the disk is not seen in: %s", views));
	ksft_print_msg("control: %u pages damaged on the disk, seen there, not in the page cache\n",
		       PAGE_CONTROL_DISK);
}

/* Each is a test of its own; page_variants.h tells which there are. */
struct variant {
	const char *name;
	enum page_engine_kind kind;
	enum page_site_id site;
};

static const struct variant *variants[SITE_NR * ENGINE_NR];
static unsigned int variants_nr;

FIXTURE(engine)
{
	unsigned int nr;	/* in variants */
};

FIXTURE_VARIANT(engine)
{
	const struct variant *self;
};

#define VARIANT(id, kind, site)							\
static const struct variant variant_##id = { #id, kind, site };			\
FIXTURE_VARIANT_ADD(engine, id)							\
{										\
	.self = &variant_##id							\
}

#include "page_variants.h"

static void add_variant(const struct variant *variant)
{
	variants[variants_nr++] = variant;
}

static void list_variants(void)
{
#define VARIANT(id, ...) add_variant(&variant_##id)
#include "page_variants.h"
}

FIXTURE_SETUP(engine)
{
	while (variants[self->nr] != variant->self)
		self->nr++;
}

FIXTURE_TEARDOWN(engine)
{
}

/* -t is the time of an engine, at all of its sites. */
static double time_of(enum page_engine_kind kind)
{
	unsigned int i, nr = 0;

	for (i = 0; i < variants_nr; i++)
		nr += variants[i]->kind == kind && !*page_sites[variants[i]->site].why;
	return page_opt.seconds / nr;
}

static bool more_wanted(const struct page_run *run, double seconds)
{
	const bool created = !page_run_wants_creations(run) ||
			     run->board->counts.creations >= PAGE_MIN_CREATIONS;
	double limit = time_of(run->kind);

	if (page_opt.stop_first && run->board->counts.pages.violations)
		return false;
	/* a slow machine gets more time, rather than a result that says nothing */
	if (run->board->counts.pages.events < PAGE_MIN_PAGES || !created)
		limit = SLOW * (created ? limit : page_opt.seconds);
	return seconds < limit;
}

static bool lacks_module(enum page_engine_kind kind)
{
	return page_engine_needs_module(kind) && *page_shared->no_module;
}

/* The harness's own time-out is a constant (some count it in ms); -t may ask for days. */
TEST_F_TIMEOUT(engine, pages_are_intact, INT_MAX / 1000)
{
	struct page_result *r = &result[self->nr];
	const enum page_engine_kind kind = variant->self->kind;
	const char *why = NULL, *failed = NULL;
	const enum page_site_id site = variant->self->site;
	struct timespec start;
	struct page_run run;
	int ret = 0;

	program_test_begin(SLOW * page_opt.seconds + 60);

	if (*page_sites[site].why)
		settle_skip(&r->answer, SKIP_NO_DISK, "%s", page_sites[site].why);
	else if (!page_shared->control_ok[site])
		settle_skip(&r->answer, SKIP_CONTROL, "the control did not behave");
	if (*r->answer.outcome)
		SKIP(return, "%s", answer_reason(variant->self->name, &r->answer));
	why = page_run_open(&run, &page_opt, kind, site, page_opt.threads);
	if (why) {
		settle_skip(&r->answer, lacks_module(kind) ? SKIP_NO_MODULE : SKIP_SET_UP, "%s",
			    why);
		page_run_close(&run);
		SKIP(return, "%s", answer_reason(variant->self->name, &r->answer));
	}

	prctl(PR_SET_TIMERSLACK, 1);	/* naps are short */
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		ret = page_run_round(&run, &failed);
		page_report_progress(&run, variant->self->name, ms_since(&start) / 1e3);
	} while (!ret && more_wanted(&run, ms_since(&start) / 1e3));
	r->seconds = ms_since(&start) / 1e3;
	r->rounds = run.round;
	r->window = run.window;
	r->batch = run.batch;
	r->counts = run.board->counts;
	if (ret && !r->counts.pages.violations)
		page_report_error(r, ret, failed);
	else
		page_report_measured(r, &run);
	/* unless it was asked for, an engine without io_uring is there to compare with */
	r->answer.control = !page_engine_is_uring(kind) && !page_opt.engine;
	page_report_samples(&r->counts);
	page_run_close(&run);

	if (!strcmp(r->answer.outcome, "pass") && page_engine_is_uring(kind)) {
		planted_run(&page_shared->planted, page_planted_control, &site);
		why = planted_missed(&page_shared->planted);
		if (why)
			settle_skip(&r->answer, SKIP_PLANT, "%s; 0 wrong of %llu pages", why,
				    (unsigned long long)r->counts.pages.events);
	}
	if (is_skip(&r->answer))
		SKIP(return, "%s", answer_reason(variant->self->name, &r->answer));
	ksft_print_msg("%s: %s\n", variant->self->name, r->answer.text);
	page_report_views(&r->counts, page_opt.views & page_shared->unproven[site]);
	EXPECT_STREQ("pass", r->answer.outcome);
}

#include "harness_main.h"

static unsigned int count_variants(void)
{
	return variants_nr;
}

static void variant(FILE *f, unsigned int variant)
{
	page_json_variant(f, variants[variant]->name, page_sites[variants[variant]->site].name,
			  &result[variant]);
}

/* What is not asked for; and unless it is, what has no disk, or no module. */
static bool is_left_out(const char *name)
{
	struct answer *a;
	unsigned int i = 0;
	const char *why;

	while (strcmp(variants[i]->name, name))
		i++;
	a = &result[i].answer;
	why = page_sites[variants[i]->site].why;
	/* a site has that for a reason where another one is asked for */
	if (!names_have(page_opt.engine, page_engine_name(variants[i]->kind)) ||
	    !strcmp(why, "not asked for"))
		settle_skip(a, SKIP_NOT_ASKED, "not asked for");
	else if (!page_opt.engine && *why)
		settle_skip(a, SKIP_NO_DISK, "%s", why);
	else if (!page_opt.engine && lacks_module(variants[i]->kind))
		settle_skip(a, SKIP_NO_MODULE, "%s", page_shared->no_module);
	else
		return false;
	if (a->reason != SKIP_NOT_ASKED)
		program_left_out(a->reason, name);
	return true;
}

static const struct answer *answer(unsigned int variant)
{
	return &result[variant].answer;
}

static const struct program program = {
	.name = "page_integrity",
	.write_head = page_json_head,
	.variants = count_variants,
	.answer = answer,
	.write_variant = variant,
};

int main(int argc, char **argv)
{
	const char *why;

	list_variants();
	page_options_parse(argc, argv);
	page_shared = program_share(sizeof(*page_shared) + variants_nr * sizeof(*result));
	result = (struct page_result *)(page_shared + 1);
	why = page_init();
	if (why)
		return program_skip(&program, page_opt.json, SKIP_NOT_OBSERVABLE, why);
	why = page_sites_find();
	if (why)
		return program_skip(&program, page_opt.json, SKIP_NO_DISK, why);
	module_load_unless(page_opt.no_module, page_shared->no_module,
			   sizeof(page_shared->no_module));
	if (*page_shared->no_module)
		planted_not(&page_shared->planted, page_shared->no_module);
	clock_gettime(CLOCK_MONOTONIC, &page_shared->start);
	page_shared->main = getpid();
	harness_leave_out(&_engine_fixture_object, is_left_out);
	if (*page_sites[SITE_DISK].why && disk_site() == SITE_NR && !page_opt.engine) {
		program_left_out(SKIP_NO_DISK, "control_damaged_disk");
		harness_leave_out_test(&_fixture_global, "control_damaged_disk");
	}
	return program_run(&program, page_opt.json, harness_main, argv);
}
