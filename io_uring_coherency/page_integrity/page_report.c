// SPDX-License-Identifier: GPL-2.0
/*
 * What people are told; see page_report.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "page_report.h"

static void show_sample(const struct page_sample *s)
{
	char text[PAGE_TEXT_SIZE], *second;

	if (s->view == VIEW_SIZE) {
		ksft_print_msg("file %u, page %u, is beyond the end: %lld bytes instead of %lld\n",
			       s->id.file, s->id.page, (long long)s->got, (long long)s->wanted);
		return;
	}
	if (s->damage.class == PAGE_BEYOND_BUFFER) {
		ksft_print_msg("read of file %u page %u generation %u: wrote behind its buffer\n",
			       s->id.file, s->id.page, s->id.generation);
		return;
	}
	if (s->view == VIEW_RESULT && !s->wanted) {
		ksft_print_msg("fsync of file %u: %s; fsync(2) works\n", s->id.file,
			       s->got == ENGINE_NO_CQE ? "no CQE" : strerror(-s->got));
		return;
	}
	if (s->view == VIEW_RESULT) {
		snprintf(text, sizeof(text), "%lld bytes", (long long)s->got);
		ksft_print_msg("%s of file %u page %u generation %u: %s; p%s(2) gets all %lld\n",
			       s->write ? "write" : "read", s->id.file, s->id.page,
			       s->id.generation, s->got == ENGINE_NO_CQE ? "no CQE" :
			       s->got < 0 ? strerror(-s->got) : text,
			       s->write ? "write" : "read", (long long)s->wanted);
		return;
	}
	page_damage_print(text, sizeof(text), &s->id, &s->damage);
	second = strchr(text, '\n');
	if (second)
		*second++ = '\0';
	ksft_print_msg("seen in %s: %s\n", page_view_name(s->view), text);
	if (second)
		ksft_print_msg("  %s\n", second);
}

void page_report_samples(const struct page_counts *c)
{
	unsigned int i;

	for (i = 0; i < c->samples && i < PAGE_SAMPLES; i++)
		show_sample(&c->sample[i]);
}

/* Views as "direct, dropped". */
void page_views_print(char *buf, size_t size, unsigned int views)
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < VIEW_NR; i++)
		if (views & VIEW_BIT(i) && at < size)
			at += snprintf(buf + at, size - at, "%s%s", at ? ", " : "",
				       page_view_name(i));
}

void page_report_error(struct page_result *r, int err, const char *failed)
{
	const char *why = strcmp(failed, "setting up") ? NULL : no_ring(err);

	if (err == -ETIME && page_opt.workers)
		why = "no CQE: --workers counts the workers for files, too, here";
	if (why)
		settle_skip(&r->answer, SKIP_NO_IO_URING, "%s", why);
	else
		settle_skip(&r->answer, SKIP_SET_UP, "%s fails: %s", failed, strerror(-err));
}

/* Counts as "stale 3, torn 1". */
static void list_counts(char *buf, size_t size, const uint64_t *counts, unsigned int nr,
			const char *(*name)(unsigned int))
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < nr; i++)
		if (counts[i] && at < size)
			at += snprintf(buf + at, size - at, "%s%s %llu", at ? ", " : "", name(i),
				       (unsigned long long)counts[i]);
}

static const char *class_name(unsigned int class)
{
	return page_class_name(class);
}

void page_report_measured(struct page_result *r, const struct page_run *run)
{
	const struct page_counts *c = &r->counts;
	const unsigned long long pages = c->pages.events, bad = c->pages.violations;
	const struct interval rate = evidence_interval(&c->pages, EVIDENCE_CONFIDENCE);
	char classes[200], places[300];

	list_counts(classes, sizeof(classes), c->class, PAGE_NR_CLASSES, class_name);
	list_counts(places, sizeof(places), c->place, PLACE_NR, page_place_text);
	if (bad)
		settle(&r->answer, "fail",
		       "%llu wrong of %llu pages written and looked at (%.3g to %.3g, 95 %%), %llu of them stored so: %s; wrong first: %s; first after %llu ms",
		       bad, pages, rate.low, rate.high, (unsigned long long)c->stored, classes,
		       places, (unsigned long long)c->first_ms);
	else if (pages < PAGE_MIN_PAGES)
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: %llu pages, at least %u are needed", pages,
			    PAGE_MIN_PAGES);
	else if (page_run_wants_creations(run) && c->creations < PAGE_MIN_CREATIONS)
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: %llu pages right, but only %llu workers were created while pages were computed, at least %u are needed",
			    pages, (unsigned long long)c->creations, PAGE_MIN_CREATIONS);
	else
		settle(&r->answer, "pass",
		       "0 wrong of %llu pages written and looked at, rate < %.2g (95 %%), %llu workers created while pages were computed",
		       pages, rate.high, (unsigned long long)c->creations);
}

/* Wrong ones of how many, and each bound is that of its own comparisons. */
void page_report_views(const struct page_counts *c, unsigned int unproven)
{
	char text[VIEW_NR * 80] = "";
	const unsigned int none = page_counts_not_looked(c);
	unsigned int i, at = 0;

	for (i = 0; i < VIEW_NR; i++) {
		const struct interval rate = evidence_interval(&c->view[i], EVIDENCE_CONFIDENCE);

		if (c->view[i].events)
			at += snprintf(text + at, sizeof(text) - at, "%s %s %llu of %llu (%.2g)",
				       at ? "," : "", page_view_name(i),
				       (unsigned long long)c->view[i].violations,
				       (unsigned long long)c->view[i].events, rate.high);
	}
	ksft_print_msg("  wrong, by view (rate at most, 95 %%):%s\n", text);
	page_views_print(text, sizeof(text), none);
	if (none)
		ksft_print_msg("  nothing could be looked at in: %s\n", text);
	page_views_print(text, sizeof(text), unproven);
	if (unproven)
		ksft_print_msg("  no answer, as the control failed, in: %s\n", text);
}

void page_report_progress(const struct page_run *run, const char *name, double seconds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %.0f s, %llu pages, %llu wrong\033[K\r",
			name, seconds,
			(unsigned long long)run->board->counts.pages.events,
			(unsigned long long)run->board->counts.pages.violations);
}
