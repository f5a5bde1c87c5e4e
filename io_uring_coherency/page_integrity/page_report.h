/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people are told: the answer of a variant, and diagnostic lines beside it.
 */
#ifndef PAGE_REPORT_H
#define PAGE_REPORT_H

#include "page_run.h"
#include "program.h"

#define PAGE_MIN_PAGES	500	/* fewer say too little */

/* Of one variant. */
struct page_result {
	struct answer answer;
	struct page_counts counts;
	uint64_t rounds;
	unsigned int window, batch;	/* pages */
	double seconds;
};

/* Settles the answer of a run that failed with @err, -errno of what @failed names. */
void page_report_error(struct page_result *r, int err, const char *failed);

/* Settles the answer by the counts of @r. */
void page_report_measured(struct page_result *r, const struct page_run *run);

/* Prints the first that was wrong, PAGE_SAMPLES at most. */
void page_report_samples(const struct page_counts *c);

/* Prints wrong ones of how many for each view, and which views have no answer; @unproven: bits. */
void page_report_views(const struct page_counts *c, unsigned int unproven);

/* Tells a terminal, on stderr, how far the variant @name has come. */
void page_report_progress(const struct page_run *run, const char *name, double seconds);

/* The names of @views, bits, as "direct, dropped"; cut at @size bytes. */
void page_views_print(char *buf, size_t size, unsigned int views);

#endif /* PAGE_REPORT_H */
