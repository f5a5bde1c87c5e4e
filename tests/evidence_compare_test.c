// SPDX-License-Identifier: GPL-2.0
/*
 * Test of what evidence.c says of two sets of counts; expected numbers as in evidence_test.c.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "kselftest_harness.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "evidence.h"
#include "evidence_test.h"

static char reason[EVIDENCE_TEXT_SIZE];

/* The reason is left in @reason. */
static int compare(uint64_t base_events, uint64_t base_violations,
		   uint64_t fixed_events, uint64_t fixed_violations)
{
	struct evidence base = { base_events, base_violations };
	struct evidence fixed = { fixed_events, fixed_violations };

	memset(reason, 0, sizeof(reason));
	return evidence_compare(&base, &fixed, reason, sizeof(reason));
}

TEST(verdict_fixed)
{
	EXPECT_EQ(VERDICT_FIXED, compare(1234, 1228, 37000, 0));
	EXPECT_STREQ("rate < 8.1e-05 against > 0.99 on the base: at least 12000 times lower",
		     reason);
	EXPECT_EQ(VERDICT_FIXED, compare(1234, 1234, 48213, 0));
	EXPECT_STREQ("rate < 6.2e-05 against > 0.998 on the base: at least 16000 times lower",
		     reason);
	EXPECT_EQ(VERDICT_FIXED, compare(1000000, 100, BILLION, 0));
	EXPECT_STREQ("rate < 3.0e-09 against > 8.1e-05 on the base: at least 27000 times lower",
		     reason);
	EXPECT_EQ(VERDICT_FIXED, compare(1234, 1234, BILLION, 0));
	EXPECT_STREQ("rate < 3.0e-09 against > 0.998 on the base: at least 330000000 times lower",
		     reason);
}

/* Swapped kernels, the same bad kernel twice, and a base that shows nothing. */
TEST(verdict_not_fixed)
{
	EXPECT_EQ(VERDICT_NOT_FIXED, compare(48213, 0, 1234, 1228));
	EXPECT_STREQ("the fixed kernel shows 1228 violations", reason);
	EXPECT_EQ(VERDICT_NOT_FIXED, compare(1234, 1228, 1234, 1228));
	EXPECT_STREQ("the fixed kernel shows 1228 violations", reason);
	EXPECT_EQ(VERDICT_NOT_FIXED, compare(1234, 1228, BILLION, 1));
	EXPECT_STREQ("the fixed kernel shows 1 violation", reason);
	EXPECT_EQ(VERDICT_NOT_FIXED, compare(0, 0, 10, 2));
	EXPECT_STREQ("the fixed kernel shows 2 violations", reason);
	/* a caller's bug must not turn violations into none */
	EXPECT_EQ(VERDICT_NOT_FIXED, compare(1234, 1228, 0, 2));
	EXPECT_STREQ("the fixed kernel shows 2 violations", reason);
}

TEST(verdict_nothing_to_compare)
{
	/* the same good kernel twice */
	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(48213, 0, 48213, 0));
	EXPECT_STREQ("the base does not show the problem", reason);
	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(48213, 0, 0, 0));
	EXPECT_STREQ("the base does not show the problem", reason);
	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(0, 0, 48213, 0));
	EXPECT_STREQ("the base had no event", reason);
	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(0, 0, 0, 0));
	EXPECT_STREQ("the base had no event", reason);
	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(0, 7, 48213, 0));
	EXPECT_STREQ("the base had no event", reason);
}

/* The reason names the number for which the verdict changes. */
TEST(verdict_too_few_events)
{
	static const struct {
		uint64_t events, violations, needed;
	} table[] = {
		{ 1, 1, 59914 },
		{ 1234, 1228, 3027 },
		{ 1234, 1234, 3002 },
		{ 1000000, 100, 36818570 },
		{ BILLION, BILLION, 2995 },
		{ BILLION, 2, 12368362972828ULL },
		{ BILLION, 1, 118325104426528ULL },
	};
	size_t j;

	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(1234, 1228, 100, 0));
	EXPECT_STREQ("100 events on the fixed kernel are too few, it takes at least 3027",
		     reason);
	EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(1234, 1228, 0, 0));
	EXPECT_STREQ("0 events on the fixed kernel are too few, it takes at least 3027",
		     reason);

	for (j = 0; j < ARRAY_SIZE(table); j++) {
		uint64_t events = table[j].events, violations = table[j].violations;
		uint64_t needed = table[j].needed;
		char want[EVIDENCE_TEXT_SIZE];

		snprintf(want, sizeof(want),
			 "%llu events on the fixed kernel are too few, it takes at least %llu",
			 (unsigned long long)needed - 1, (unsigned long long)needed);
		EXPECT_EQ(VERDICT_INCONCLUSIVE, compare(events, violations, needed - 1, 0));
		EXPECT_STREQ(want, reason);
		EXPECT_EQ(VERDICT_FIXED, compare(events, violations, needed, 0));
		EXPECT_NE(NULL, strstr(reason, ": at least 1000 times lower"));
	}
}

/* Round counts, for each verdict. */
TEST(verdict_of_round_counts)
{
	static const struct {
		struct evidence base, fixed;
		int verdict;
	} table[] = {
		{ { 1000, 1000 }, { 10000, 0 }, VERDICT_FIXED },
		{ { 1000, 1000 }, { 10000, 1 }, VERDICT_NOT_FIXED },
		{ { 10000, 0 }, { 1000, 1000 }, VERDICT_NOT_FIXED },
		{ { 1000, 1000 }, { 1000, 1000 }, VERDICT_NOT_FIXED },
		{ { 10000, 0 }, { 10000, 0 }, VERDICT_INCONCLUSIVE },
		{ { 1000, 1000 }, { 1000, 0 }, VERDICT_INCONCLUSIVE },
		{ { 0, 0 }, { 10000, 0 }, VERDICT_INCONCLUSIVE },
		{ { 1000, 1000 }, { 0, 0 }, VERDICT_INCONCLUSIVE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct evidence *base = &table[i].base, *fixed = &table[i].fixed;

		EXPECT_EQ(table[i].verdict, compare(base->events, base->violations,
						    fixed->events, fixed->violations))
			TH_LOG("row %u: %s", i, reason);
	}
}

/* --- two rates */

static double surprise(struct evidence less, struct evidence more)
{
	return evidence_surprise(&less, &more);
}

struct pair {
	struct evidence less, more;
	double surprise;
};

TEST(surprise_published)
{
	/* Fisher (1935): the lady who tastes tea, all right and three of four right */
	EXPECT_TRUE(near(surprise((struct evidence){ 4, 0 }, (struct evidence){ 4, 4 }),
			 1 / 70.0, 12));
	EXPECT_TRUE(near(surprise((struct evidence){ 4, 1 }, (struct evidence){ 4, 3 }),
			 17 / 70.0, 12));
	/* fisher.test() in R: convictions of twins, Fisher (1962) */
	EXPECT_TRUE(fabs(surprise((struct evidence){ 17, 2 }, (struct evidence){ 13, 10 }) -
			 0.0004652) < 0.00000005);
}

/* Exact rational sums. */
TEST(surprise_in_words)
{
	struct evidence base = { 27, 3 }, fixed = { 45, 0 };

	EXPECT_TRUE(evidence_compare_surprise(&base, &fixed, reason, sizeof(reason)) ==
		    VERDICT_FIXED);
	EXPECT_STREQ("45 events without a violation: a chance of 4.9 % at the base's rate", reason);
	/* so small that a double has no more of it */
	base = (struct evidence){ 600, 600 };
	fixed = (struct evidence){ 600, 0 };
	EXPECT_TRUE(evidence_compare_surprise(&base, &fixed, reason, sizeof(reason)) ==
		    VERDICT_FIXED);
	EXPECT_STREQ(strstr(reason, "chance"), "chance of less than 1e-08 % at the base's rate");
}

/* The other verdicts, and why. */
TEST(surprise_not_fixed)
{
	static const struct {
		struct evidence base, fixed;
		enum verdict verdict;
		const char *reason;
	} table[] = {
		{ { 27, 3 }, { 45, 1 }, VERDICT_NOT_FIXED, "the fixed kernel shows 1 violation" },
		{ { 27, 3 }, { 44, 0 }, VERDICT_INCONCLUSIVE,
		  "44 events on the fixed kernel are too few, it takes at least 45" },
		{ { 27, 3 }, { 0, 0 }, VERDICT_INCONCLUSIVE,
		  "0 events on the fixed kernel are too few, it takes at least 45" },
		{ { 27, 0 }, { 45, 0 }, VERDICT_INCONCLUSIVE,
		  "the base does not show the problem" },
		{ { 0, 0 }, { 45, 0 }, VERDICT_INCONCLUSIVE, "the base had no event" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		EXPECT_EQ(table[i].verdict,
			  evidence_compare_surprise(&table[i].base, &table[i].fixed, reason,
						    sizeof(reason)))
			TH_LOG("row %u", i);
		EXPECT_STREQ(table[i].reason, reason);
	}
}

TEST(surprise_computed)
{
	static const struct pair table[] = {
		{ { 4, 1 }, { 4, 3 }, 0.242857142857143 },
		{ { 10, 0 }, { 10, 10 }, 0.00000541254411223451 },
		{ { 4, 3 }, { 4, 1 }, 0.985714285714286 },
		{ { 15, 2 }, { 15, 10 }, 0.0038875299192509 },
		{ { 1000, 0 }, { 1000, 5 }, 0.0310937892581744 },
		{ { 12, 7 }, { 17, 12 }, 0.384907546226887 },
		{ { 50, 0 }, { 60, 0 }, 1 },
		{ { 5, 5 }, { 7, 7 }, 1 },
		{ { 100000, 37 }, { 120000, 90 }, 0.000121066545511248 },
		{ { 5000, 1200 }, { 5000, 1300 }, 0.0111126563036615 },
		{ { 9, 1 }, { 14, 11 }, 0.00249024094763764 },
		{ { BILLION, 100 }, { BILLION, 150 }, 0.00094164985176929 },
		{ { BILLION, 0 }, { BILLION, 20 }, 0.000000953674225807193 },
		{ { BILLION, 160 }, { BILLION, 150 }, 0.733901204399901 },
		{ { 1000000, 3 }, { BILLION, 900 }, 0.98648945729795 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const double got = surprise(table[i].less, table[i].more);

		EXPECT_TRUE(near(got, table[i].surprise, 9))
			TH_LOG("row %u: %.15g, not %.15g", i, got, table[i].surprise);
	}
}

TEST(surprise_at_the_ends)
{
	const struct evidence none = { 0, 0 }, clean = { BILLION, 0 }, bad = { BILLION, BILLION };
	const struct evidence impossible = { 10, 11 };

	EXPECT_EQ(1, surprise(none, bad));
	EXPECT_EQ(1, surprise(bad, none));
	EXPECT_EQ(1, surprise(clean, clean));
	EXPECT_EQ(1, surprise(bad, bad));
	EXPECT_EQ(1, surprise(bad, clean));
	/* too small for a double */
	EXPECT_EQ(0, surprise(clean, bad));
	EXPECT_EQ(1, surprise(impossible, impossible));
}

/* The number that is needed is enough, and one less is not. */
TEST(surprise_needed)
{
	static const struct {
		struct evidence base;
		uint64_t needed;
	} table[] = {
		/* C(base, v) / C(base + n, v) <= 0.05; with one violation n = 19 base */
		{ { 9, 1 }, 171 },
		{ { 18, 2 }, 61 },
		{ { 27, 3 }, 45 },
		{ { 45, 5 }, 36 },
		{ { 1, 1 }, 19 },
		{ { 3, 3 }, 3 },
		{ { 1000000, 1 }, 19000000 },
		{ { 9, 0 }, 0 },
		{ { 27, 0 }, 0 },
		{ { 0, 0 }, 0 },
	};
	char reason[EVIDENCE_TEXT_SIZE];
	struct evidence fixed = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct evidence *base = &table[i].base;

		fixed.events = table[i].needed;
		EXPECT_EQ(table[i].needed, evidence_surprise_needed(base));
		if (!fixed.events)
			continue;
		EXPECT_TRUE(evidence_compare_surprise(base, &fixed, reason, sizeof(reason)) ==
			    VERDICT_FIXED);
		fixed.events--;
		EXPECT_TRUE(evidence_compare_surprise(base, &fixed, reason, sizeof(reason)) ==
			    VERDICT_INCONCLUSIVE);
	}
}

/* A base that ends with its third violation, and as many events as that asks for, at one rate. */
TEST(surprise_of_a_base_that_stops)
{
	static const double rates[] = { 0.9, 0.5, 0.2, 0.1, 0.05 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		const double p = rates[i], q = 1 - p;
		double wrong = 0, n;

		for (n = 3; n < 60 / p; n++) {
			const struct evidence base = { n, 3 };

			wrong += (n - 1) * (n - 2) / 2 * p * p * p *
				 pow(q, n - 3 + evidence_surprise_needed(&base));
		}
		EXPECT_LT(wrong, 1 - EVIDENCE_CONFIDENCE)
			TH_LOG("rate %g: %g", p, wrong);
	}
}

/* What rounding may do. */
#define TINY	0.000000000001

/* Fewer violations on the one side, or more on the other, surprise more. */
TEST(surprise_monotonic)
{
	uint64_t less, more;

	for (less = 0; less < 40; less++) {
		for (more = 0; more < 60; more++) {
			const struct evidence a = { 40, less }, b = { 60, more };
			const double here = surprise(a, b);

			EXPECT_LE(here, 1 + TINY);
			EXPECT_GE(here, 0);
			EXPECT_LE(here, surprise((struct evidence){ 40, less + 1 }, b) + TINY);
			EXPECT_GE(here + TINY, surprise(a, (struct evidence){ 60, more + 1 }));
		}
	}
}

/*
 * Limits by R: low = qbeta(0.025, v, n - v + 1), and 0.05^(1/n) where all are violations. What was
 * one weak outcome, or a control with hardly an event, is no ground for an answer.
 */
TEST(worth)
{
	static const struct {
		struct evidence e, control;
		enum worth worth;
	} table[] = {
		{ { 0, 0 }, { 0, 0 }, WORTH_TOO_FEW },
		{ { 99, 0 }, { 1000, 1000 }, WORTH_TOO_FEW },
		{ { 1000, 0 }, { 99, 99 }, WORTH_TOO_FEW },
		{ { 1000, 0 }, { 1000, 0 }, WORTH_NOTHING },
		{ { 1000, 0 }, { 1000, 1 }, WORTH_TOO_FEW },
		/* 12 by the point estimate */
		{ { 12000, 0 }, { 1000, 1 }, WORTH_TOO_FEW },
		/* qbeta(0.025, 1, 1000) = 2.53e-05 */
		{ { 390000, 0 }, { 1000, 1 }, WORTH_TOO_FEW },
		{ { 400000, 0 }, { 1000, 1 }, WORTH_AN_ANSWER },
		/* qbeta(0.025, 10, 991) = 0.004805, (0.025, 18, 983) = 0.0107 */
		{ { 1000, 0 }, { 1000, 10 }, WORTH_TOO_FEW },
		{ { 1000, 0 }, { 1000, 17 }, WORTH_TOO_FEW },
		{ { 1000, 0 }, { 1000, 18 }, WORTH_AN_ANSWER },
		{ { 2080, 0 }, { 1000, 10 }, WORTH_TOO_FEW },
		{ { 2082, 0 }, { 1000, 10 }, WORTH_AN_ANSWER },
		{ { 100, 0 }, { 100, 100 }, WORTH_AN_ANSWER },
		{ { 1ULL << 62, 0 }, { 1ULL << 62, 1ULL << 61 }, WORTH_AN_ANSWER },
	};
	char why[EVIDENCE_TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		EXPECT_EQ(table[i].worth, evidence_worth(&table[i].e, &table[i].control, 100, why,
							 sizeof(why)))
			TH_LOG("line %u: %s", i, why);
}

TEST(worth_in_words)
{
	static const struct evidence most = { UINT64_MAX, UINT64_MAX };
	char why[EVIDENCE_TEXT_SIZE];

	evidence_worth(&(struct evidence){ 1000, 0 }, &(struct evidence){ 0, 0 }, 100, why,
		       sizeof(why));
	EXPECT_STREQ("1000 events and 0 of the control, at least 100 are needed", why);
	evidence_worth(&(struct evidence){ 1000, 0 }, &(struct evidence){ 500, 0 }, 100, why,
		       sizeof(why));
	EXPECT_STREQ("the control did not show it either, 0 of 500", why);
	evidence_worth(&(struct evidence){ 200, 0 }, &(struct evidence){ 100, 1 }, 100, why,
		       sizeof(why));
	EXPECT_STREQ(why,
		     "the control showed it 1 of 100 times, so 0.0506 were to be expected, at least 10 are needed");
	evidence_worth(&most, &most, UINT64_MAX, why, sizeof(why));
	EXPECT_TRUE(strlen(why) < EVIDENCE_TEXT_SIZE - 1);
	evidence_worth(&(struct evidence){ 1000, 0 }, &(struct evidence){ 1000, 900 }, 0, why, 12);
	EXPECT_STREQ("the control", why);
}

TEST_HARNESS_MAIN
