/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs are told.
 */
#ifndef PAGE_JSON_H
#define PAGE_JSON_H

#include <stdio.h>

#include "page_report.h"

void page_json_variant(FILE *f, const char *name, const char *site, const struct page_result *r);

void page_json_head(FILE *f);

#endif /* PAGE_JSON_H */
