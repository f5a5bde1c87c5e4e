/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which fault is asked for: $FAULT.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool fault_is(const char *name)
{
	const char *fault = getenv("FAULT");

	return fault && !strcmp(fault, name);
}

#endif /* FAULT_H */
