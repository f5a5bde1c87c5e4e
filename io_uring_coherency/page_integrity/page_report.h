/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people are told.
 */
#ifndef PAGE_REPORT_H
#define PAGE_REPORT_H

#include "page_run.h"
#include "program.h"

#define MIN_PAGES	500	/* fewer say too little */
#define MIN_CREATIONS	30	/* workers created while a thread computed; as before */

struct result {
	struct answer answer;
	struct page_counts counts;
	uint64_t rounds;
	unsigned int window, batch;
	double seconds;
};

void show_samples(const struct page_counts *c);

unsigned int not_looked(const struct page_counts *c);

void list_views(char *buf, size_t size, unsigned int views);

void settle_error(struct result *r, int err, const char *failed);

void settle_measured(struct result *r, enum engine_kind kind, enum site site);

void show_views(const struct page_counts *c, unsigned int unproven);

void show_progress(const struct run *run, const char *name, double seconds);

#endif /* PAGE_REPORT_H */
