// SPDX-License-Identifier: GPL-2.0
/*
 * An architecture without code of its own: plain C it is.
 */
#include "page_parts.h"

const char *page_vector_init(struct page_vector *vector)
{
	(void)vector;
	return NULL;
}
