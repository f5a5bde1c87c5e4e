/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people are told.
 */
#ifndef PAGE_REPORT_H
#define PAGE_REPORT_H

#include "page_run.h"
#include "program.h"

#define PAGE_MIN_PAGES		500	/* fewer say too little */

struct page_result {
	struct answer answer;
	struct page_counts counts;
	uint64_t rounds;
	unsigned int window, batch;
	double seconds;
};

void page_report_samples(const struct page_counts *c);

void page_views_print(char *buf, size_t size, unsigned int views);

void page_report_error(struct page_result *r, int err, const char *failed);

void page_report_measured(struct page_result *r, enum page_engine_kind kind,
			  enum page_site_id site);

void page_report_views(const struct page_counts *c, unsigned int unproven);

void page_report_progress(const struct page_run *run, const char *name, double seconds);

#endif /* PAGE_REPORT_H */
