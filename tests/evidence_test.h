/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of evidence.c share.
 */
#ifndef EVIDENCE_TEST_H
#define EVIDENCE_TEST_H

#include <math.h>
#include <stdbool.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define BILLION	1000000000ULL

/* Equal in that many digits. */
static inline bool near(double got, double want, int digits)
{
	return fabs(got - want) <= pow(10, -digits) * fabs(want);
}

#endif /* EVIDENCE_TEST_H */
