// SPDX-License-Identifier: GPL-2.0
/*
 * What counts say of a claim, and how often that may be wrong.
 */
#include <math.h>
#include <stdbool.h>

#include "claims_decide.h"

/* How often a condition may be decided wrongly at look @look of its claim. */
static double risk_at(unsigned int look, unsigned int nr_conditions, unsigned int nr_claims)
{
	return (1 - EVIDENCE_CONFIDENCE) / nr_claims / nr_conditions / look / (look + 1.0);
}

/*
 * How many times the base's rate is at the most (at the least) the one here: of all violations of
 * both, the part that is here, in those that would be at equal rates. Przyborowski & Wilenski,
 * "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940). Where
 * violations are not rare, their number varies less than Poisson's, and this is too careful.
 */
static double times(const struct claims_condition *c,
		    double (*end)(const struct evidence *e, double risk), double risk)
{
	const struct evidence *here = &c->here->evidence, *base = &c->base->evidence;
	const struct evidence both = { here->violations + base->violations, here->violations };
	const double part = end(&both, risk);

	return part / (1 - part) * base->events / here->events;
}

static double highest(const struct claims_condition *c, double risk)
{
	if (!c->base)
		return evidence_highest(&c->here->evidence, risk);
	if (c->relation == CLAIMS_LOWER)
		return c->here->evidence.events ? times(c, evidence_highest, risk) : INFINITY;
	return evidence_highest(&c->here->evidence, risk / 2) /
	       evidence_lowest(&c->base->evidence, risk / 2);
}

static double lowest(const struct claims_condition *c, double risk)
{
	if (!c->base)
		return evidence_lowest(&c->here->evidence, risk);
	if (c->relation == CLAIMS_LOWER)
		return c->here->evidence.events ? times(c, evidence_lowest, risk) : 0;
	return evidence_lowest(&c->here->evidence, risk / 2) /
	       evidence_highest(&c->base->evidence, risk / 2);
}

struct interval claims_times(const struct claims_answer *answer,
			     const struct claims_condition *condition,
			     unsigned int nr_conditions, unsigned int nr_claims)
{
	const double risk = risk_at(answer->looks, nr_conditions, nr_claims);

	return (struct interval){ lowest(condition, risk), highest(condition, risk) };
}

static bool is_answered(const struct claims_counts *n)
{
	return n->passed || n->failed;
}

static bool is_ended(const struct claims_condition *c, double risk)
{
	return is_answered(c->here) && !c->here->evidence.violations &&
	       highest(c, risk) <= (c->base ? CLAIMS_ENDED : CLAIMS_NEGLIGIBLE);
}

static enum claims_decision decide_condition(const struct claims_condition *c, double risk)
{
	const struct claims_counts *n = c->here;

	switch (c->relation) {
	case CLAIMS_SEEN:
		if (n->evidence.violations)
			return CLAIMS_CONFIRMED;
		return is_ended(c, risk) ? CLAIMS_REFUTED : CLAIMS_OPEN;
	case CLAIMS_CLEAN:
		if (n->evidence.violations)
			return CLAIMS_REFUTED;
		return is_ended(c, risk) ? CLAIMS_CONFIRMED : CLAIMS_OPEN;
	case CLAIMS_LOWER:
		if (is_answered(n) && highest(c, risk) < CLAIMS_LOWERED)
			return CLAIMS_CONFIRMED;
		return lowest(c, risk) > CLAIMS_LOWERED ? CLAIMS_REFUTED : CLAIMS_OPEN;
	case CLAIMS_ORDERED:
		if (n->failed)
			return CLAIMS_REFUTED;
		if (n->passed)
			return CLAIMS_CONFIRMED;
		return n->skipped ? CLAIMS_UNOBSERVABLE : CLAIMS_OPEN;
	case CLAIMS_NONE:
		break;
	}
	return CLAIMS_OPEN;
}

static uint64_t counted(const struct claims_counts *n)
{
	return n ? n->evidence.events + n->passed + n->failed + n->skipped : 0;
}

void claims_look(struct claims_answer *answer, const struct claims_condition *conditions,
		 unsigned int nr_conditions, unsigned int nr_claims)
{
	enum claims_decision all = CLAIMS_CONFIRMED, one;
	uint64_t sum = 0;
	unsigned int i;
	double risk;

	for (i = 0; i < nr_conditions; i++)
		sum += counted(conditions[i].here) + counted(conditions[i].base);
	if (sum == answer->counted)
		return;
	answer->counted = sum;
	answer->looks++;

	risk = risk_at(answer->looks, nr_conditions, nr_claims);
	for (i = 0; i < nr_conditions && all != CLAIMS_REFUTED; i++) {
		one = decide_condition(&conditions[i], risk);
		if (one == CLAIMS_REFUTED || one < all)
			all = one;
	}
	if (answer->decided && (all < CLAIMS_CONFIRMED || all == answer->decision))
		return;
	answer->decision = all;
	if (all >= CLAIMS_CONFIRMED)
		answer->decided = answer->looks;
}
