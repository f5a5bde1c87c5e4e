/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control: what is damaged on purpose has to be found.
 */
#ifndef PAGE_CONTROL_H
#define PAGE_CONTROL_H

#include <stdint.h>

#include "page_site.h"

#define PAGE_CONTROL_DISK	5	/* pages damaged on the disk */

const char *page_control_pages(enum page_site_id site, uint64_t *others);

const char *page_control_disk(enum page_site_id site, unsigned int *unproven);

#endif /* PAGE_CONTROL_H */
