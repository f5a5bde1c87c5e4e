/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control: what is damaged on purpose has to be found.
 */
#ifndef PAGE_CONTROL_H
#define PAGE_CONTROL_H

#include <stdint.h>

#include "page_site.h"

#define BEHIND	5	/* pages damaged on the disk */

const char *control_damage(enum site site, uint64_t *others);

const char *control_behind(enum site site, unsigned int *unproven);

#endif /* PAGE_CONTROL_H */
