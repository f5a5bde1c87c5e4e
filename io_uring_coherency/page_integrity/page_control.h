/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control: what is damaged on purpose has to be found, and nothing else.
 */
#ifndef PAGE_CONTROL_H
#define PAGE_CONTROL_H

#include <stdint.h>

#include "page_site.h"

#define PAGE_CONTROL_DISK	5	/* pages that page_control_disk() damages */

/*
 * Each kind of damage has to be found in every place, and be told as what it is. Returns NULL, and
 * in *@others how many pages were found that nobody damaged; or why there is no answer at this
 * site, until the next call. Prints what was found.
 */
const char *page_control_pages(enum page_site_id site, uint64_t *others);

/*
 * Damage behind the file system has to be seen in each view of the disk, and in none of the page
 * cache: then they look where they say. Needs a site with an image. Returns NULL, or why there is
 * no answer; in *@unproven the views of the disk that did not see it, as bits.
 */
const char *page_control_disk(enum page_site_id site, unsigned int *unproven);

#endif /* PAGE_CONTROL_H */
