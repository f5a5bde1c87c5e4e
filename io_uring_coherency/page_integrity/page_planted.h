/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planted control: what the module has io-wq do wrong with writes and reads has to be found.
 */
#ifndef PAGE_PLANTED_H
#define PAGE_PLANTED_H

#include "planted.h"

/* For planted_run(). @arg is the enum page_site_id where the files are. */
void page_planted_control(struct planted *p, const void *arg);

#endif /* PAGE_PLANTED_H */
