/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs are told: page_integrity's part of the file of results (program.h).
 */
#ifndef PAGE_JSON_H
#define PAGE_JSON_H

#include <stdio.h>

#include "page_report.h"

/* Members of the whole, each after a comma. */
void page_json_head(FILE *f);

/* The object of the variant @name at the site of that name. */
void page_json_variant(FILE *f, const char *name, const char *site, const struct page_result *r);

#endif /* PAGE_JSON_H */
