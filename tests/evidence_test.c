// SPDX-License-Identifier: GPL-2.0
/*
 * Test of evidence.c.
 *
 * Where no source is named, expected numbers were computed without the method under test: from
 * exact rational sums of binomial probabilities for few events; for many, from such sums and from
 * numeric integration, both with 40 digits.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "kselftest_harness.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "evidence_test.h"

struct expected {
	uint64_t events, violations;
	double confidence, low, high;
};

static struct interval interval(uint64_t events, uint64_t violations, double confidence)
{
	struct evidence e = { events, violations };

	return evidence_interval(&e, confidence);
}

static const char *sentence(uint64_t events, uint64_t violations)
{
	static char text[EVIDENCE_TEXT_SIZE];
	struct evidence e = { events, violations };

	evidence_sentence(text, sizeof(text), &e);
	return text;
}

/* Published with this many digits after the point. */
TEST(published)
{
	static const struct {
		struct expected e;
		double half_digit;
	} table[] = {
		/* NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.4.2 */
		{ { 20, 4, 0.90, 0.071354, 0.401029 }, 0.000001 },
		/* the example of binom.test() in R: Mendel's peas, from Conover (1971) */
		{ { 925, 682, 0.95, 0.7076683, 0.7654066 }, 0.00000005 },
		/* common tables of exact limits, 95 % and 99 %, 10 events */
		{ { 10, 1, 0.95, 0.0025, 0.4450 }, 0.00005 },
		{ { 10, 2, 0.95, 0.0252, 0.5561 }, 0.00005 },
		{ { 10, 3, 0.95, 0.0667, 0.6525 }, 0.00005 },
		{ { 10, 4, 0.95, 0.1216, 0.7376 }, 0.00005 },
		{ { 10, 5, 0.95, 0.1871, 0.8129 }, 0.00005 },
		{ { 10, 5, 0.99, 0.1283, 0.8717 }, 0.00005 },
	};
	size_t j;

	for (j = 0; j < ARRAY_SIZE(table); j++) {
		const struct expected *e = &table[j].e;
		struct interval i = interval(e->events, e->violations, e->confidence);

		EXPECT_TRUE(fabs(i.low - e->low) <= table[j].half_digit &&
			    fabs(i.high - e->high) <= table[j].half_digit) {
			TH_LOG("%llu of %llu: %.9g %.9g", (unsigned long long)e->violations,
			       (unsigned long long)e->events, i.low, i.high);
		}
	}
}

/* The ends are given as rate * events. */
TEST(computed)
{
	static const struct expected table[] = {
		{ 2, 1, 0.95, 0.025158234186850121, 1.9748417658131499 },
		{ 3, 1, 0.95, 0.025211275978837932, 2.7171020278492616 },
		{ 3, 2, 0.95, 0.28289797215073836, 2.9747887240211621 },
		{ 5, 2, 0.95, 0.26372475263158463, 4.2668360018266342 },
		{ 7, 3, 0.99, 0.38709544986396399, 6.1760737383173361 },
		{ 10, 1, 0.99, 0.0050112857546463432, 5.442870568996868 },
		{ 13, 12, 0.95, 8.3161333415175935, 12.974706829534492 },
		{ 20, 10, 0.5, 8.0362588748280162, 11.963741125171984 },
		{ 24, 5, 0.999999, 0.15976680752833069, 17.055751563967869 },
		{ 40, 1, 0.95, 0.025309797281976781, 5.2634343393106288 },
		{ 40, 13, 0.95, 7.4291586705339927, 19.651795019137934 },
		{ 40, 39, 0.99, 33.139386845276243, 39.994987772233031 },
		{ 1234, 1228, 0.95, 1220.9778512716243, 1231.7956043085256 },
		{ 925, 682, 0.95, 654.5931442731111, 708.00106637341085 },
		{ 1000000, 100, 0.95, 81.36470874160142, 121.62547857124547 },
		{ BILLION, 1, 0.95, 0.025317807983969402, 5.5716433782031142 },
		{ BILLION, 2, 0.95, 0.24220927863573699, 7.2246876488505914 },
		{ BILLION, 2, 0.999999, 0.0010003334867048391, 19.897009924823091 },
		{ BILLION, 1000, 0.95, 938.97304658956095, 1063.9521019952884 },
		{ BILLION, 100000, 0.95, 99381.183365709666, 100621.7134584489 },
		{ BILLION, 100000000, 0.95, 99981406.806795585, 100018595.50873175 },
		{ BILLION, 500000000, 0.95, 499969009.74842228, 500030990.25157772 },
		{ BILLION, 500000000, 0.999999, 499922655.9051155, 500077344.0948845 },
		{ BILLION, 999999999, 0.95, 999999994.42835662, 999999999.97468219 },
	};
	size_t j;

	for (j = 0; j < ARRAY_SIZE(table); j++) {
		const struct expected *e = &table[j];
		struct interval i = interval(e->events, e->violations, e->confidence);

		EXPECT_TRUE(near(i.low * e->events, e->low, 12) &&
			    near(i.high * e->events, e->high, 12)) {
			TH_LOG("%llu of %llu: %.17g %.17g", (unsigned long long)e->violations,
			       (unsigned long long)e->events, i.low, i.high);
		}
	}
}

/* No violation, or nothing else: one end exact, the other one-sided. */
TEST(one_sided)
{
	static const struct {
		uint64_t events;
		double none_high;	/* rate * events */
		double all_low;
	} table[] = {
		{ 1, 0.94999999999999996, 0.050000000000000044 },
		{ 2, 1.5527864045000419, 0.22360679774997907 },
		{ 10, 2.5886555089305222, 0.74113444910694778 },
		{ 59, 2.9209489834053891, 0.95049239011177307 },
		{ 1234, 2.9920989048396066, 0.99757528451795818 },
		{ 48213, 2.9956392050249462, 0.99993786656700423 },
		{ BILLION, 2.9957322690667842, 0.99999999700426773 },
	};
	size_t j;

	for (j = 0; j < ARRAY_SIZE(table); j++) {
		struct interval none = interval(table[j].events, 0, 0.95);
		struct interval all = interval(table[j].events, table[j].events, 0.95);

		EXPECT_TRUE(none.low == 0 && all.high == 1);
		EXPECT_TRUE(near(none.high * table[j].events, table[j].none_high, 14)) {
			TH_LOG("0 of %llu: %.17g", (unsigned long long)table[j].events, none.high);
		}
		EXPECT_TRUE(near(all.low, table[j].all_low, 14)) {
			TH_LOG("%llu: %.17g", (unsigned long long)table[j].events, all.low);
		}
	}
}

TEST(nothing_known)
{
	static const double bad_confidence[] = { 0, 1, -0.5, 1.5, NAN, INFINITY, -INFINITY };
	struct interval i;
	size_t j;

	i = interval(0, 0, 0.95);
	EXPECT_TRUE(i.low == 0 && i.high == 1);
	for (j = 0; j < ARRAY_SIZE(bad_confidence); j++) {
		i = interval(100, 50, bad_confidence[j]);
		EXPECT_TRUE(i.low == 0 && i.high == 1);
		i = interval(100, 0, bad_confidence[j]);
		EXPECT_TRUE(i.low == 0 && i.high == 1);
	}
}

TEST(too_many_violations)
{
	struct interval i = interval(10, 11, 0.95), all = interval(10, 10, 0.95);

	EXPECT_TRUE(i.low == all.low && i.high == 1);
	i = interval(10, UINT64_MAX, 0.95);
	EXPECT_TRUE(i.low == all.low && i.high == 1);
	i = interval(0, 5, 0.95);
	EXPECT_TRUE(i.low == 0 && i.high == 1);
	EXPECT_STREQ("violations 10 of 10 events, rate 1 (0.741 to 1, 95 %)", sentence(10, 11));
	EXPECT_STREQ("violations 0 of 0 events, no rate", sentence(0, 5));
}

/* The probability of @from to @to violations in @n events, added up one by one. */
static double binomial(int n, int from, int to, double rate)
{
	double sum = 0, term = 1;
	int k, j;

	for (k = from; k <= to; k++) {
		term = 1;
		for (j = 1; j <= k; j++)
			term *= (double)(n - k + j) / j * rate;
		for (j = 1; j <= n - k; j++)
			term *= 1 - rate;
		sum += term;
	}
	return sum;
}

/*
 * What defines the ends: at each, the counts at least as far away have the tail probability.
 *
 * More confidence or more events would test this sum instead: with an end so close to 1, what is
 * left of 1 - end has too few digits.
 */
TEST(tail_probability)
{
	static const double confidence[] = { 0.1, 0.5, 0.95, 0.999 };
	size_t j;
	int n, k;

	for (j = 0; j < ARRAY_SIZE(confidence); j++) {
		for (n = 1; n <= 40; n++) {
			for (k = 0; k <= n; k++) {
				struct interval i = interval(n, k, confidence[j]);
				double tail = 1 - confidence[j];

				if (k > 0 && k < n)
					tail /= 2;
				EXPECT_TRUE(k == 0 ||
					    near(binomial(n, k, n, i.low), tail, 10)) {
					TH_LOG("low, %d of %d: %.17g", k, n, i.low);
				}
				EXPECT_TRUE(k == n ||
					    near(binomial(n, 0, k, i.high), tail, 10)) {
					TH_LOG("high, %d of %d: %.17g", k, n, i.high);
				}
			}
		}
	}
}

static const uint64_t some_events[] = {
	1, 2, 3, 4, 7, 10, 31, 32, 33, 100, 999, 1234, 48213, 1000000, 123456789, BILLION,
};

/* The @j-th of some counts from 0 to @n: few, many and in between. */
static uint64_t some_violations(uint64_t n, int j)
{
	static const uint64_t few[] = { 0, 1, 2, 3, 10, 1000, 1000000 };
	int nr = ARRAY_SIZE(few);

	if (j < nr)
		return few[j] < n ? few[j] : n;
	j -= nr;
	if (j <= 10)
		return n / 10 * j;
	j -= 11;
	return few[j] < n ? n - few[j] : 0;
}

#define SOME_VIOLATIONS	(7 + 11 + 7)

TEST(symmetric)
{
	size_t s;
	int j;

	for (s = 0; s < ARRAY_SIZE(some_events); s++) {
		for (j = 0; j < SOME_VIOLATIONS; j++) {
			uint64_t n = some_events[s], k = some_violations(n, j);
			struct interval i = interval(n, k, 0.95), other = interval(n, n - k, 0.95);

			EXPECT_TRUE(fabs(i.low - (1 - other.high)) < 4 * DBL_EPSILON &&
				    fabs(i.high - (1 - other.low)) < 4 * DBL_EPSILON) {
				TH_LOG("%llu of %llu: %.17g %.17g", (unsigned long long)k,
				       (unsigned long long)n, i.low, i.high);
			}
		}
	}
}

TEST(sane_everywhere)
{
	static const double confidence[] = {
		0.000000001, 0.01, 0.5, 0.95, 0.9999, 1 - 8 * DBL_EPSILON,
	};
	size_t s, c;
	int j;

	for (s = 0; s < ARRAY_SIZE(some_events); s++) {
		for (j = 0; j < SOME_VIOLATIONS; j++) {
			for (c = 0; c < ARRAY_SIZE(confidence); c++) {
				uint64_t n = some_events[s], k = some_violations(n, j);
				struct interval i = interval(n, k, confidence[c]);
				double rate = (double)k / n;

				/* NaN fails every comparison */
				EXPECT_TRUE(i.low >= 0 && i.low <= rate && i.high >= rate &&
					    i.high <= 1) {
					TH_LOG("%llu of %llu: %.17g %.17g", (unsigned long long)k,
					       (unsigned long long)n, i.low, i.high);
				}
			}
		}
	}
}

/* With rates that small, the limits of a Poisson distribution divided by the events. */
TEST(beyond_a_billion)
{
	double events = 18446744073709551616.0;
	uint64_t n = UINT64_MAX;
	struct interval i;

	i = interval(n, 0, 0.95);
	EXPECT_TRUE(i.low == 0 && near(i.high * events, 2.995732274, 9));
	i = interval(n, n, 0.95);
	EXPECT_TRUE(i.low == 1 && i.high == 1);
	i = interval(n, 1, 0.95);
	EXPECT_TRUE(near(i.low * events, 0.025317808, 7) &&
		    near(i.high * events, 5.571643391, 9)) {
		TH_LOG("%.17g %.17g", i.low, i.high);
	}
	/*
	 * Here a normal distribution: 1.959963985 standard deviations. Not with the largest number,
	 * which takes half a minute where the CPU is emulated.
	 */
	n = 1000000 * BILLION;
	i = interval(n, n / 2, 0.95);
	EXPECT_TRUE(near(0.5 - i.low, 1.959963985 / 2 / sqrt(n), 6) &&
		    near(i.high - 0.5, 1.959963985 / 2 / sqrt(n), 6)) {
		TH_LOG("%.17g %.17g", i.low, i.high);
	}
}

TEST(monotonic)
{
	static const double confidence[] = { 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.999999 };
	struct interval i, last;
	uint64_t n, k;
	size_t j;

	/* more violations of as many events: both ends go up */
	for (n = 1; n <= 60; n++) {
		last = interval(n, 0, 0.95);
		for (k = 1; k <= n; k++) {
			i = interval(n, k, 0.95);
			EXPECT_TRUE(i.low > last.low && i.high > last.high);
			last = i;
		}
	}
	for (k = 1; k < BILLION; k = k * 3 / 2 + 1) {
		i = interval(BILLION, k, 0.95);
		last = interval(BILLION, k - 1, 0.95);
		EXPECT_TRUE(i.low > last.low && i.high > last.high) {
			TH_LOG("%llu of 1e9", (unsigned long long)k);
		}
	}
	/* as many violations of more events: both ends go down */
	for (k = 0; k <= 5; k++) {
		last = interval(k + 1, k, 0.95);
		for (n = k + 2; n < BILLION; n = n * 5 / 4 + 1) {
			i = interval(n, k, 0.95);
			EXPECT_TRUE((k == 0 || i.low < last.low) && i.high < last.high) {
				TH_LOG("%llu of %llu", (unsigned long long)k,
				       (unsigned long long)n);
			}
			last = i;
		}
	}
	/* more confidence: wider */
	for (j = 1; j < ARRAY_SIZE(confidence); j++) {
		i = interval(1234, 1228, confidence[j]);
		last = interval(1234, 1228, confidence[j - 1]);
		EXPECT_TRUE(i.low < last.low && i.high > last.high);
	}
}

TEST(sentences)
{
	EXPECT_STREQ("violations 0 of 0 events, no rate", sentence(0, 0));
	EXPECT_STREQ("violations 0 of 1 events, rate < 0.95 (95 %)", sentence(1, 0));
	EXPECT_STREQ("violations 0 of 10 events, rate < 0.26 (95 %)", sentence(10, 0));
	EXPECT_STREQ("violations 0 of 1000 events, rate < 0.0030 (95 %)", sentence(1000, 0));
	EXPECT_STREQ("violations 0 of 48213 events, rate < 6.2e-05 (95 %)", sentence(48213, 0));
	EXPECT_STREQ("violations 0 of 1000000000 events, rate < 3.0e-09 (95 %)",
		     sentence(BILLION, 0));
	EXPECT_STREQ("violations 1228 of 1234 events, rate 0.995 (0.989 to 0.998, 95 %)",
		     sentence(1234, 1228));
	EXPECT_STREQ("violations 1 of 2 events, rate 0.500 (0.0126 to 0.987, 95 %)",
		     sentence(2, 1));
	EXPECT_STREQ("violations 100 of 200000 events, rate 5.00e-04 (4.07e-04 to 6.08e-04, 95 %)",
		     sentence(200000, 100));
	EXPECT_STREQ("violations 1 of 10000000 events, rate 1.00e-07 (2.53e-09 to 5.57e-07, 95 %)",
		     sentence(10000000, 1));
	EXPECT_STREQ("violations 1 of 1 events, rate 1 (0.0500 to 1, 95 %)", sentence(1, 1));
	EXPECT_STREQ("violations 1234 of 1234 events, rate 1 (0.998 to 1, 95 %)",
		     sentence(1234, 1234));
	/* with a good event the rate is not 1, and neither is its end */
	EXPECT_STREQ("violations 99999 of 100000 events, rate 0.99999 (0.9999 to 0.9999997, 95 %)",
		     sentence(100000, 99999));
}

TEST(buffers)
{
	struct evidence e = { UINT64_MAX, UINT64_MAX / 2 }, base = { 3, 3 }, fixed = { 4, 0 };
	char text[EVIDENCE_TEXT_SIZE];

	evidence_sentence(text, sizeof(text), &e);
	EXPECT_LT(strlen(text), sizeof(text) - 1);

	/* the longest reason: the highest counts */
	base.events = UINT64_MAX;
	fixed.events = UINT64_MAX;
	EXPECT_TRUE(evidence_compare(&base, &fixed, text, sizeof(text)) == VERDICT_INCONCLUSIVE);
	EXPECT_LT(strlen(text), sizeof(text) - 1);

	memset(text, 'x', sizeof(text));
	e.events = 0;
	evidence_sentence(text, 11, &e);
	EXPECT_STREQ("violations", text);
	EXPECT_EQ('x', text[11]);
	evidence_compare(&e, &e, text, 4);
	EXPECT_STREQ("the", text);
	text[0] = 'x';
	evidence_sentence(text, 0, &e);
	evidence_compare(&base, &fixed, text, 0);
	EXPECT_EQ('x', text[0]);
}

TEST_HARNESS_MAIN
