/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planted control: what the module has io-wq do wrong has to be found.
 */
#ifndef PAGE_PLANTED_H
#define PAGE_PLANTED_H

#include "planted.h"

void page_planted_control(struct planted *p, const void *arg);

#endif /* PAGE_PLANTED_H */
