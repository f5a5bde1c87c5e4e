// SPDX-License-Identifier: GPL-2.0
/*
 * Test of claims_decide.c: experiments with counts that are drawn at known rates, so it is known
 * which decisions are wrong. No more of them may have one than claims_decide.h promises.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "kselftest_harness.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "random.h"

/* wrong_seldom takes 12 s of a CPU, and has it with others; the harness ends a test after 30 s */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define EXPERIMENTS	10000U
#define NR_CLAIMS	14U
#define LOOKS		4U
#define CONDITIONS	3	/* at the most */
#define MOST_EVENTS	40000U	/* in one draw */

/* --- bounds, each computed once, for the decisions under test */

struct bound {
	struct evidence e;
	double risk, value;
};

static double bound(struct bound *cache, double (*compute)(const struct evidence *, double),
		    const struct evidence *e, double risk)
{
	const uint64_t key = (e->events * 31 + e->violations) * 31 + (uint64_t)(1e9 * risk);
	struct bound *b = &cache[key * 0x9e3779b97f4a7c15 >> 48];

	if (b->e.events != e->events || b->e.violations != e->violations || b->risk != risk)
		*b = (struct bound){ *e, risk, compute(e, risk) };
	return b->value;
}

static double cached_highest(const struct evidence *e, double risk)
{
	static struct bound cache[1 << 16];

	return bound(cache, evidence_highest, e, risk);
}

static double cached_lowest(const struct evidence *e, double risk)
{
	static struct bound cache[1 << 16];

	return bound(cache, evidence_lowest, e, risk);
}

#define evidence_highest	cached_highest
#define evidence_lowest		cached_lowest
#include "claims_decide.c"

/* --- draws */

static uint64_t random_state;

/* From 0 to below 1. */
static double draw(void)
{
	return ldexp(random_draw(&random_state) >> 11, -53);
}

/* Of a binomial distribution: how probable that many and fewer are. */
struct binomial {
	unsigned int events;
	double up_to[MOST_EVENTS + 1];
};

static void binomial_init(struct binomial *b, unsigned int events, double rate)
{
	double sum = 0;
	unsigned int k;

	b->events = events;
	for (k = 0; k <= events; k++) {
		if (rate == 0 || rate == 1)
			sum = rate == 0 || k == events;
		else
			sum += exp(lgamma(events + 1.0) - lgamma(k + 1.0) -
				   lgamma(events - k + 1.0) + k * log(rate) +
				   (events - k) * log1p(-rate));
		b->up_to[k] = sum;
	}
}

static unsigned int binomial_draw(const struct binomial *b)
{
	const double u = draw();
	unsigned int from = 0, to = b->events;

	while (from < to) {
		const unsigned int middle = (from + to) / 2;

		if (b->up_to[middle] > u)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

/* One run more, with the answer that its program would give. */
static void count(struct claims_counts *n, const struct binomial *b)
{
	const unsigned int violations = binomial_draw(b);

	n->evidence.events += b->events;
	n->evidence.violations += violations;
	if (violations)
		n->failed++;
	else
		n->passed++;
}

/* --- experiments */

/*
 * A table of claims that are all alike, measured at LOOKS looks, in round k with k times the
 * events. @times: the rate here, in those of the base. @wrong may not be decided; @right is, in
 * @least of the claims at the last look.
 */
struct truth {
	const char *name;
	enum claims_relation relation[CONDITIONS];
	double base, times;
	unsigned int events_base, events;
	enum claims_decision wrong, right;
	double least;
};

#define CLEAN		{ CLAIMS_CLEAN }
#define SEEN		{ CLAIMS_SEEN }
#define LOWER		{ CLAIMS_LOWER }
#define CONFIRMED	CLAIMS_CONFIRMED
#define REFUTED		CLAIMS_REFUTED

static const struct truth truths[] = {
	/* "It ends it", where it is as before, half of it, and just not what is called an end. */
	{ "clean_same", CLEAN, 0.01, 1, 10000, 400, CONFIRMED, 0, 0 },
	{ "clean_half", CLEAN, 0.05, 0.5, 5000, 500, CONFIRMED, 0, 0 },
	{ "clean_nearly", CLEAN, 0.05, 0.101, 5000, 1600, CONFIRMED, 0, 0 },
	{ "clean_nearly_later", CLEAN, 0.05, 0.101, 5000, 700, CONFIRMED, 0, 0 },
	{ "clean_nearly_high", CLEAN, 0.98, 0.101, 300, 80, CONFIRMED, 0, 0 },
	{ "clean_nearly_precise", CLEAN, 0.5, 0.101, 10000, 91, CONFIRMED, 0, 0 },
	{ "clean_nearly_few", CLEAN, 0.2, 0.101, 150, 400, CONFIRMED, 0, 0 },
	{ "clean_never", CLEAN, 0.054, 0, 5632, 2048, REFUTED, CONFIRMED, 0.99 },
	{ "clean_lower", CLEAN, 0.054, 0.4, 5632, 2048, CONFIRMED, REFUTED, 0.99 },
	/* "It does not", and "it does not help". */
	{ "seen_nearly", SEEN, 0.05, 0.101, 5000, 1600, REFUTED, 0, 0 },
	{ "seen_nearly_high", SEEN, 0.98, 0.101, 300, 80, REFUTED, 0, 0 },
	{ "seen_same", SEEN, 0.054, 1, 5632, 2048, REFUTED, CONFIRMED, 0.99 },
	{ "seen_never", SEEN, 0.054, 0, 5632, 2048, CONFIRMED, REFUTED, 0.99 },
	/* "It lowers the rate", on both sides of what is called lower. */
	{ "lower_not_quite", LOWER, 0.05, 0.801, 5000, 5000, CONFIRMED, 0, 0 },
	{ "lower_not_quite_few", LOWER, 0.002, 0.801, 5000, 5000, CONFIRMED, 0, 0 },
	{ "lower_not_quite_high", LOWER, 0.9, 0.801, 300, 300, CONFIRMED, 0, 0 },
	{ "lower_just", LOWER, 0.05, 0.799, 5000, 5000, REFUTED, 0, 0 },
	{ "lower_just_few", LOWER, 0.002, 0.799, 5000, 5000, REFUTED, 0, 0 },
	{ "lower_just_high", LOWER, 0.9, 0.799, 300, 300, REFUTED, 0, 0 },
	{ "lower_same", LOWER, 0.054, 1, 5632, 6656, CONFIRMED, REFUTED, 0.9 },
	{ "lower_third", LOWER, 0.054, 0.33, 5632, 6656, REFUTED, CONFIRMED, 0.99 },
	/* Claims of several conditions, of which one is enough to refute them. */
	{ "seen_nearly_three", { CLAIMS_SEEN, CLAIMS_SEEN, CLAIMS_SEEN }, 0.05, 0.101, 5000, 1600,
	  REFUTED, 0, 0 },
	{ "clean_nearly_three", { CLAIMS_CLEAN, CLAIMS_CLEAN, CLAIMS_CLEAN }, 0.05, 0.101, 5000,
	  1600, CONFIRMED, 0, 0 },
	{ "lower_just_and_seen", { CLAIMS_LOWER, CLAIMS_SEEN }, 0.05, 0.799, 5000, 5000, REFUTED,
	  0, 0 },
};

struct sums {
	unsigned int wrong;			/* experiments */
	unsigned int first, last, reopened;	/* claims */
};

static void experiment(const struct truth *t, const struct binomial *base,
		       const struct binomial *here, struct sums *sums)
{
	struct claims_counts counts_base = { .passed = 0 };
	struct claims_counts counts[NR_CLAIMS][CONDITIONS];
	struct claims_answer answer[NR_CLAIMS];
	unsigned int look, i, j;
	bool wrong = false;

	memset(counts, 0, sizeof(counts));
	memset(answer, 0, sizeof(answer));
	for (look = 0; look < LOOKS; look++) {
		count(&counts_base, &base[look]);
		for (i = 0; i < NR_CLAIMS; i++) {
			const bool decided = answer[i].decided;
			struct claims_condition c[CONDITIONS];

			for (j = 0; j < CONDITIONS && t->relation[j]; j++) {
				count(&counts[i][j], &here[look]);
				c[j] = (struct claims_condition){ t->relation[j], &counts[i][j],
								  &counts_base };
			}
			claims_look(&answer[i], c, j, NR_CLAIMS);
			wrong |= answer[i].decision == t->wrong;
			sums->reopened += decided && answer[i].decision < CLAIMS_CONFIRMED;
			sums->first += !look && answer[i].decision == t->right;
			sums->last += look + 1 == LOOKS && answer[i].decision == t->right;
		}
	}
	sums->wrong += wrong;
}

TEST(wrong_seldom)
{
	const double promised = 1 - EVIDENCE_CONFIDENCE, claims = EXPERIMENTS * NR_CLAIMS;
	static struct binomial base[LOOKS], here[LOOKS];
	unsigned int i, n;

	random_state = 88172645463325252;
	for (i = 0; i < ARRAY_SIZE(truths); i++) {
		const struct truth *t = &truths[i];
		struct sums sums = { 0 };

		ASSERT_GE(MOST_EVENTS, LOOKS * t->events_base);
		ASSERT_GE(MOST_EVENTS, LOOKS * t->events);
		for (n = 0; n < LOOKS; n++) {
			binomial_init(&base[n], (n + 1) * t->events_base, t->base);
			binomial_init(&here[n], (n + 1) * t->events, t->base * t->times);
		}
		for (n = 0; n < EXPERIMENTS; n++)
			experiment(t, base, here, &sums);
		printf("# %s: wrong in %u of %u experiments (%.2f %%, promised: below %g %%)",
		       t->name, sums.wrong, n, 100.0 * sums.wrong / n, 100 * promised);
		if (t->least)
			printf("; right in %.1f %% of claims, %.1f %% after %u looks",
			       100 * sums.first / claims, 100 * sums.last / claims, LOOKS);
		printf("\n");
		EXPECT_LT(sums.wrong, promised * n)
			TH_LOG("%s: %u are wrong", t->name, sums.wrong);
		EXPECT_EQ(0U, sums.reopened)
			TH_LOG("%s: %u are open again", t->name, sums.reopened);
		EXPECT_GE(sums.last, t->least * claims)
			TH_LOG("%s: %u are right", t->name, sums.last);
	}
	fflush(stdout);		/* the test ends with _exit() */
}

/* --- what may go wrong, and what is decided by given counts */

static struct claims_answer look(enum claims_relation relation, const struct claims_counts *here,
				 const struct claims_counts *base)
{
	const struct claims_condition c = { relation, here, base };
	struct claims_answer a = { 0 };

	claims_look(&a, &c, 1, NR_CLAIMS);
	return a;
}

static bool near(double got, double want)
{
	return fabs(got - want) <= 0.000000001 * want;
}

/* None of 1000 events: the bound is 1 - risk^(1 / 1000). */
TEST(risk_is_divided)
{
	const struct claims_counts here = { { 1000, 0 }, .passed = 1 };
	const struct claims_counts base = { { 10, 10 }, .failed = 1 };
	struct claims_condition c = { CLAIMS_CLEAN, &here, NULL };
	struct claims_answer a = { .looks = 1 };

	EXPECT_TRUE(near(claims_times(&a, &c, 1, 1).high, 1 - pow(0.05 / 2, 0.001)));
	EXPECT_TRUE(near(claims_times(&a, &c, 1, 14).high, 1 - pow(0.05 / 14 / 2, 0.001)));
	EXPECT_TRUE(near(claims_times(&a, &c, 3, 14).high, 1 - pow(0.05 / 14 / 3 / 2, 0.001)));
	a.looks = 4;
	EXPECT_TRUE(near(claims_times(&a, &c, 3, 14).high, 1 - pow(0.05 / 14 / 3 / 20, 0.001)));
	/* all of 10: the rate is above risk^(1 / 10) */
	c.base = &base;
	EXPECT_TRUE(near(claims_times(&a, &c, 3, 14).high,
			 (1 - pow(0.05 / 14 / 3 / 20 / 2, 0.001)) /
			 pow(0.05 / 14 / 3 / 20 / 2, 0.1)));
}

/* What was counted under emulation; and a violation, that a base shows, and neither. */
TEST(decided_by_counts)
{
	const struct claims_counts base = { { 5632, 304 }, .failed = 1 };
	const struct claims_counts barrier = { { 6656, 476 }, .failed = 1 };
	const struct claims_counts delay = { { 2048, 47 }, .failed = 1 };
	const struct claims_counts pinned = { { 241, 241 }, .failed = 1 };
	const struct claims_counts one_worker = { { 4608, 0 }, .passed = 1 };
	const struct claims_counts million = { { 1000000, 0 }, .passed = 1 };
	const struct claims_counts idle = { .evidence = { 1000000, 0 } };
	const struct claims_counts hundred = { { 100, 0 }, .passed = 1 };
	const struct claims_counts none = { .passed = 0 };

	EXPECT_TRUE(look(CLAIMS_LOWER, &barrier, &base).decision == CLAIMS_REFUTED);
	EXPECT_TRUE(look(CLAIMS_LOWER, &delay, &base).decision == CLAIMS_CONFIRMED);
	EXPECT_TRUE(look(CLAIMS_LOWER, &base, &base).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &delay, &base).decision == CLAIMS_REFUTED);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &pinned, &pinned).decision == CLAIMS_REFUTED);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &one_worker, &base).decision == CLAIMS_CONFIRMED);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &hundred, &base).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_SEEN, &delay, &base).decision == CLAIMS_CONFIRMED);
	EXPECT_TRUE(look(CLAIMS_SEEN, &million, &base).decision == CLAIMS_REFUTED);
	EXPECT_TRUE(look(CLAIMS_SEEN, &million, NULL).decision == CLAIMS_REFUTED);
	EXPECT_TRUE(look(CLAIMS_SEEN, &one_worker, NULL).decision == CLAIMS_OPEN);
	/* a base without a violation compares with nothing, nor does what provoked too little */
	EXPECT_TRUE(look(CLAIMS_SEEN, &million, &million).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &million, &one_worker).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &idle, &base).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_LOWER, &idle, &base).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_CLEAN, &million, &none).decision == CLAIMS_OPEN);
	EXPECT_TRUE(look(CLAIMS_LOWER, &none, &base).decision == CLAIMS_OPEN);
}

/* Looks at the same counts change nothing, nor does a base's rate that falls; a violation does. */
TEST(decided_stays)
{
	struct claims_counts base = { { 300, 30 }, .failed = 1 };
	struct claims_counts here = { { 1500, 0 }, .passed = 1 };
	const struct claims_condition c = { CLAIMS_CLEAN, &here, &base };
	struct claims_answer a = { 0 }, fresh = { 0 };
	int i;

	for (i = 0; i < 1000; i++)
		claims_look(&a, &c, 1, NR_CLAIMS);
	EXPECT_TRUE(a.decision == CLAIMS_CONFIRMED && a.decided == 1 && a.looks == 1);
	base.evidence.events += 900;
	claims_look(&a, &c, 1, NR_CLAIMS);
	EXPECT_TRUE(a.decision == CLAIMS_CONFIRMED && a.decided == 1 && a.looks == 2);
	claims_look(&fresh, &c, 1, NR_CLAIMS);
	EXPECT_TRUE(fresh.decision == CLAIMS_OPEN && !fresh.decided && fresh.looks == 1);
	here.evidence.events++;
	here.evidence.violations++;
	claims_look(&a, &c, 1, NR_CLAIMS);
	EXPECT_TRUE(a.decision == CLAIMS_REFUTED && a.decided == 3);
}

TEST(ordered)
{
	const struct claims_counts passed = { .passed = 1 }, skipped = { .skipped = 1 };
	const struct claims_counts failed = { .passed = 1, .failed = 1 };
	const struct claims_counts none = { .passed = 0 };
	const struct claims_counts *const table[] = { &none, &skipped, &passed, &failed };
	unsigned int i, j;

	/* in the order of enum claims_decision: of two the lower, but one that failed is enough */
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 4; j++) {
			const struct claims_condition c[] = {
				{ CLAIMS_ORDERED, table[i], NULL },
				{ CLAIMS_ORDERED, table[j], NULL },
			};
			const unsigned int low = i < j ? i : j, high = i < j ? j : i;
			struct claims_answer a = { 0 };

			claims_look(&a, c, 2, NR_CLAIMS);
			EXPECT_EQ(high == 3 ? 3 : low, a.decision);
		}
	}
}

TEST_HARNESS_MAIN
