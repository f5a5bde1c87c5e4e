/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of module.h share.
 */
#ifndef MODULE_PARTS_H
#define MODULE_PARTS_H

#include "compiler.h"

/* One sentence, the last one that was asked for. */
const char *__printf(1, 2) module_why(const char *fmt, ...);

#endif /* MODULE_PARTS_H */
