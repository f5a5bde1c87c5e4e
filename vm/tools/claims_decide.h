/* SPDX-License-Identifier: GPL-2.0 */
/*
 * claims_decide: what counts say of a claim, and how often that may be wrong. It knows conditions
 * and counts, not what the claims are or how they are measured.
 *
 * The promise: of the claims that are asked together, the probability that any is ever confirmed
 * or refuted wrongly is below 1 - EVIDENCE_CONFIDENCE, at whatever rates, however many looks are
 * taken and whatever makes one stop. Events are taken as independent, as in evidence.h.
 *
 * Method: every bound is one of evidence_highest() or evidence_lowest(), and what may go wrong is
 * divided, so that all parts add up to it (Bonferroni): first among the claims, alike. Then among
 * looks; the k-th look at which a claim has new counts spends 1 / (k (k + 1)) of its part, and one
 * without new counts spends nothing and changes nothing. Then among the claim's conditions, and for
 * "seen" and "clean" last between the two rates that are compared: they ask for an upper bound of
 * the one and a lower bound of the other. "Lower" asks for bounds of the ratio, which takes fewer
 * events to tell a rate from one that is nearly as high. A claim is not wrongly confirmed and
 * wrongly refuted at one and the same truth, so the two need no part each.
 */
#ifndef CLAIMS_DECIDE_H
#define CLAIMS_DECIDE_H

#include <stdint.h>

#include "evidence.h"

/* What has been counted in one setting; the last three are how many runs ended so. */
struct claims_counts {
	struct evidence evidence;
	uint64_t passed, failed, skipped;
};

enum claims_relation {
	CLAIMS_NONE,	/* none: of what comes before it, the end */
	CLAIMS_SEEN,
	CLAIMS_CLEAN,
	CLAIMS_LOWER,
	CLAIMS_ORDERED,
};

/*
 * What has to hold in one setting, compared with another one, the base.
 *
 *		holds				does not hold
 *
 *	seen	a violation			none, and a rate of at most CLAIMS_ENDED times the
 *						base's; without a base at most CLAIMS_NEGLIGIBLE
 *	clean	as "seen" does not		as "seen" does
 *	lower	a rate below CLAIMS_LOWERED	one above it
 *		times the base's
 *	ordered	a run that passed, none that	a run that failed
 *		failed
 *
 * A rate that has to be proved low takes a run that its own program gave an answer for: where it
 * says that it provoked too little, nothing being seen is no answer.
 */
struct claims_condition {
	enum claims_relation relation;
	const struct claims_counts *here, *base;
};

#define CLAIMS_ENDED		0.1
#define CLAIMS_LOWERED		0.8
#define CLAIMS_NEGLIGIBLE	0.0001

/* In this order the lowest of its conditions' is a claim's, unless one of them is refuted. */
enum claims_decision {
	CLAIMS_OPEN,
	CLAIMS_UNOBSERVABLE,	/* a run ended with the reason why this machine cannot tell */
	CLAIMS_CONFIRMED,
	CLAIMS_REFUTED,
};

/* What is known of a claim; all zero before the first look. */
struct claims_answer {
	enum claims_decision decision;
	unsigned int decided;	/* the look that confirmed or refuted it, or 0 */
	unsigned int looks;	/* that it had new counts at */
	uint64_t counted;	/* by which that is told */
};

/*
 * Takes the next look at a claim of @nr_conditions, one of @nr_claims; counts only ever grow. What
 * has been decided stays so with any later counts, but if they decide the opposite.
 */
void claims_look(struct claims_answer *answer, const struct claims_condition *conditions,
		 unsigned int nr_conditions, unsigned int nr_claims);

/*
 * How many times the base's rate the one here may be, as proved at the last look; the rate itself
 * where there is no base. No end above is INFINITY.
 */
struct interval claims_times(const struct claims_answer *answer,
			     const struct claims_condition *condition,
			     unsigned int nr_conditions, unsigned int nr_claims);

#endif /* CLAIMS_DECIDE_H */
