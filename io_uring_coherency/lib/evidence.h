/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What counted events and violations prove: the only place with statistics.
 *
 * An event is one try in which a violation could have been seen. The events are taken as
 * independent, each a violation with the same unknown probability, called the rate: a number
 * from 0 to 1, per event.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

/* The confidence of every sentence and verdict. */
#define EVIDENCE_CONFIDENCE	0.95

/* A kernel counts as fixed when its rate is proved to be this many times lower. */
#define EVIDENCE_FIXED_RATIO	1000

/* Every sentence and every reason fits into a buffer of this size. */
#define EVIDENCE_TEXT_SIZE	160

/* More violations than events is a caller's bug, read as violations == events. */
struct evidence {
	uint64_t events, violations;
};

struct interval {
	double low, high;
};

enum verdict {
	VERDICT_FIXED,
	VERDICT_NOT_FIXED,
	VERDICT_INCONCLUSIVE,
};

/*
 * The rates that @e leaves possible with @confidence (0.95 for 95 %).
 *
 * Method: the exact two-sided interval of Clopper & Pearson, "The use of confidence or fiducial
 * limits illustrated in the case of the binomial", Biometrika 26 (1934): each end leaves a
 * probability of (1 - confidence) / 2.
 *
 * With no violation, and with nothing but violations, one end is exact (low is 0, high is 1) and
 * nothing can be missed beyond it. The other end is then one-sided, leaving 1 - confidence:
 *
 *	violations == 0:	high = 1 - (1 - confidence)^(1 / events)
 *	violations == events:	low = (1 - confidence)^(1 / events)
 *
 * The first is the rule of three (at 95 % nearly 3 / events): Hanley & Lippman-Hand, "If nothing
 * goes wrong, is everything all right?", JAMA 249 (1983). Each such end is right with @confidence
 * as the one-sided statement it is printed as. It is closer than the two-sided end, so a reader
 * who takes every result as one interval has it hold a little less often than @confidence: with
 * 95 % and an unlucky rate, in 92.5 %.
 *
 * No event leaves [0, 1]. So does a @confidence that is not between 0 and 1 (or not a number).
 *
 * The ends are accurate to 12 digits at least for up to 1e9 events. On a current CPU it takes less
 * than a millisecond then, and less than a second for any number of events.
 */
struct interval evidence_interval(const struct evidence *e, double confidence);

/*
 * One end of it alone: the true rate is above evidence_highest(), or below evidence_lowest(), with
 * a probability of no more than @risk each. No event leaves 1, or 0, and so does a @risk that is
 * not between 0 and 1.
 */
double evidence_highest(const struct evidence *e, double risk);
double evidence_lowest(const struct evidence *e, double risk);

/*
 * @e in words, with the interval of EVIDENCE_CONFIDENCE, for example:
 *
 *	violations 0 of 48213 events, rate < 6.2e-05 (95 %)
 *	violations 1228 of 1234 events, rate 0.995 (0.989 to 0.998, 95 %)
 *	violations 0 of 0 events, no rate
 *
 * Rates are per event and rounded to the nearest, but a rate below 1 is never printed as 1.
 * A text that does not fit into @size bytes is cut; EVIDENCE_TEXT_SIZE is always enough.
 *
 * Method: evidence_interval().
 */
void evidence_sentence(char *buf, size_t size, const struct evidence *e);

/*
 * Tell whether the problem that @base shows is gone in @fixed. The first that applies:
 *
 *	@fixed has a violation			not fixed, whatever the counts of events
 *	@base has no event, or no violation	inconclusive: there is nothing to compare with
 *	the highest rate possible on @fixed
 *	is EVIDENCE_FIXED_RATIO times below
 *	the lowest rate possible on @base	fixed
 *	else					inconclusive: too few events
 *
 * @reason gets the why in words, cut at @size bytes; EVIDENCE_TEXT_SIZE is always enough. With
 * too few events it states the lowest number of events on @fixed, all of them without violation,
 * for which the verdict on the same @base would be "fixed".
 *
 * Method: both rates are ends from evidence_interval() with EVIDENCE_CONFIDENCE, each of them
 * right with that confidence. There is no correction for using two of them at once.
 */
enum verdict evidence_compare(const struct evidence *base, const struct evidence *fixed,
			      char *reason, size_t size);

/*
 * How surprising @less would be, if its rate were that of @more, or higher: the probability (0 to
 * 1) that as many events have as few violations as @less or fewer, when the violations of both
 * together are distributed over the events of both by chance. 1 if either has no event.
 *
 * Method: the one-sided exact test of Fisher, "The Design of Experiments" (1935), by the
 * hypergeometric distribution. Accurate to 9 digits for up to 1e9 events, and takes less than a
 * second; what is too small for a double is 0.
 */
double evidence_surprise(const struct evidence *less, const struct evidence *more);

/*
 * evidence_compare() where events are so expensive that no number of them could prove a rate to be
 * EVIDENCE_FIXED_RATIO times lower. @fixed is "fixed" as soon as that many events without violation
 * are too surprising at the rate of @base: evidence_surprise() is at most 1 - EVIDENCE_CONFIDENCE.
 * All else is as there.
 *
 * It also holds where @base was ended by its last violation and @fixed by the number of events that
 * this made necessary: with both rates the same, "fixed" then has a probability of less than
 * 1 - EVIDENCE_CONFIDENCE, which it comes close to when they are low.
 */
enum verdict evidence_compare_surprise(const struct evidence *base, const struct evidence *fixed,
				       char *reason, size_t size);

/*
 * The lowest number of events without violation for which evidence_compare_surprise() says "fixed"
 * of this @base; 0 if @base has no violation.
 */
uint64_t evidence_surprise_needed(const struct evidence *base);

/* Violations that the control's rate would have brought, so that having none means something. */
#define EVIDENCE_MIN_EXPECTED	10

/* From the most to the least. */
enum worth {
	WORTH_AN_ANSWER,
	WORTH_TOO_FEW,		/* inconclusive: more events might tell */
	WORTH_NOTHING,		/* the control does not show a violation either */
};

/*
 * What it is worth that @e has no violation, by a @control: the same without what prevents
 * violations, run beside it. The first that applies:
 *
 *	fewer than @min events of either	too few
 *	no violation of @control		nothing: what was looked for cannot be seen here
 *	fewer than EVIDENCE_MIN_EXPECTED
 *	violations were to be expected in @e	too few
 *	else					an answer
 *
 * @why gets the reason in words, cut at @size bytes; EVIDENCE_TEXT_SIZE is always enough.
 *
 * Method: what was to be expected is the events of @e times the lowest rate that
 * evidence_interval() leaves possible for @control, with EVIDENCE_CONFIDENCE. So a control that
 * showed it once is ground for an answer only where @e has 400 times its events.
 */
enum worth evidence_worth(const struct evidence *e, const struct evidence *control, uint64_t min,
			  char *why, size_t size);

#endif /* EVIDENCE_H */
