// SPDX-License-Identifier: GPL-2.0
/*
 * What counted events and violations prove: the only place with statistics.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "evidence.h"

/*
 * The rate at distance @v from the mean a / (a + b), on the scale of log(rate / (1 - rate)): on
 * that scale neither rates near 0 nor rates near 1 lose digits.
 */
static double rate_at(double a, double b, double v)
{
	return 1 / (1 + b / a * exp(-v));
}

/*
 * The continued fraction of the regularised incomplete beta function I, by Lentz's method:
 *
 *	I(x; a, b) = x^a (1 - x)^b / B(a, b) / beta_fraction(a, b, v), x at distance v
 *
 * (DiDonato & Morris, "Algorithm 708", ACM TOMS 18 (1992); with that of DLMF 8.17.22, which is in
 * more books, digits are lost for x near 1.) For v <= 0 and whole numbers a, b no term is negative
 * and one becomes 0, so nothing cancels, no division by 0 is possible and the loop ends; it does
 * so after about sqrt(a + b) rounds at the most.
 */
static double beta_fraction(double a, double b, double v)
{
	double x = rate_at(a, b, v), below = b * x * expm1(-v);
	double f = a * (below + 1) / (a + 1), c = f, d = 0;
	double m, num, den, change;

	for (m = 1; ; m++) {
		num = m * (b - m) * x / (a + 2 * m - 1);
		den = m + num + (a + m) * (below + 1 + m * (2 - x)) / (a + 2 * m + 1);
		num *= (a + m - 1) * (a + b + m - 1) * x / (a + 2 * m - 1);
		c = den + num / c;
		d = 1 / (den + num * d);
		change = c * d;
		f *= change;
		if (fabs(change - 1) < 8 * DBL_EPSILON)
			return f;
	}
}

/* What Stirling's formula leaves out: lgamma(x) - ((x - 1/2) log(x) - x + log(2 pi) / 2) */
static double stirling_rest(double x)
{
	double r = 1 / (x * x);

	if (x < 16)
		return lgamma(x) - ((x - 0.5) * log(x) - x + log(2 * M_PI) / 2);
	return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - r / 1680) * r) * r) / x;
}

/*
 * For X from the distribution Beta(a, b), the logarithm of the tail P(X <= x) with x at distance
 * @v. @scale gets the tail divided by its derivative by v.
 *
 * Logarithms, because far out the tail is too small for a double. The derivative by v is just
 * x^a (1 - x)^b / B(a, b). It is not computed by that formula: for 1e9 events, each factor has a
 * logarithm of up to 2e10, and their sum would keep no more than 5 digits. By Stirling's formula
 * for the three lgamma() in log B(a, b), what is large cancels on paper.
 */
static double log_tail(double a, double b, double v, double *scale)
{
	double n = a + b, log_slope, above;

	log_slope = log(a / n * b / (2 * M_PI)) / 2 +
		    stirling_rest(n) - stirling_rest(a) - stirling_rest(b) -
		    a * log1p(b / n * expm1(-v)) - b * log1p(a / n * expm1(v));

	if (v <= 0) {
		*scale = 1 / beta_fraction(a, b, v);
		return log_slope + log(*scale);
	}
	/* beta_fraction() wants to be below the mean: take the other tail */
	above = exp(log_slope) / beta_fraction(b, a, -v);
	*scale = (1 - above) / exp(log_slope);
	return log1p(-above);
}

/*
 * The x with P(X <= x) = @tail, X from Beta(a, b), a and b at least 1: as its distance v.
 *
 * Newton's method from the mean. The logarithm of the tail is a concave, increasing function of v
 * (because the logarithm of its derivative is concave), therefore the first step lands at or below
 * the solution, and all later ones climb towards it without ever passing it.
 */
static double beta_quantile(double a, double b, double tail)
{
	double v = 0, missing, scale;
	int i;

	/* Each step squares the error. The limit is for rounding errors only: 10 steps do. */
	for (i = 0; i < 50; i++) {
		missing = log(tail) - log_tail(a, b, v, &scale);
		v += missing * scale;
		if (fabs(missing) < FLT_EPSILON)
			break;
	}
	return v;
}

static uint64_t violations_of(const struct evidence *e)
{
	return e->violations < e->events ? e->violations : e->events;
}

static bool is_probability(double p)
{
	return p > 0 && p < 1;
}

double evidence_highest(const struct evidence *e, double risk)
{
	const uint64_t bad = violations_of(e), good = e->events - bad;

	if (good == 0 || !is_probability(risk))
		return 1;
	if (bad == 0)
		return -expm1(log(risk) / good);
	/* that of evidence_lowest() for the good events, seen from the other side */
	return rate_at(bad + 1.0, good, -beta_quantile(good, bad + 1.0, risk));
}

double evidence_lowest(const struct evidence *e, double risk)
{
	const uint64_t bad = violations_of(e), good = e->events - bad;

	if (bad == 0 || !is_probability(risk))
		return 0;
	if (good == 0)
		return exp(log(risk) / bad);
	/* P(at least bad violations at rate x) is P(X <= x), X from Beta(bad, good + 1) */
	return rate_at(bad, good + 1.0, beta_quantile(bad, good + 1.0, risk));
}

struct interval evidence_interval(const struct evidence *e, double confidence)
{
	const uint64_t bad = violations_of(e);
	double risk = is_probability(confidence) ? 1 - confidence : 0;

	if (bad && bad < e->events)
		risk /= 2;
	return (struct interval){ evidence_lowest(e, risk), evidence_highest(e, risk) };
}

#define RATE_TEXT_SIZE	32

/* At least @digits significant digits, and more where fewer would round a rate below 1 to 1. */
static const char *rate_text(char *buf, double rate, int digits)
{
	if (rate == 0 || rate == 1) {
		snprintf(buf, RATE_TEXT_SIZE, "%.0f", rate);
		return buf;
	}
	if (rate < 0.001) {
		snprintf(buf, RATE_TEXT_SIZE, "%.*e", digits - 1, rate);
		return buf;
	}
	do
		snprintf(buf, RATE_TEXT_SIZE, "%#.*g", digits, rate);
	while (atof(buf) >= 1 && ++digits <= DBL_DECIMAL_DIG);
	return buf;
}

void evidence_sentence(char *buf, size_t size, const struct evidence *e)
{
	unsigned long long events = e->events;
	unsigned long long violations = e->violations < events ? e->violations : events;
	struct interval i = evidence_interval(e, EVIDENCE_CONFIDENCE);
	char rate[RATE_TEXT_SIZE], low[RATE_TEXT_SIZE], high[RATE_TEXT_SIZE];
	double percent = 100 * EVIDENCE_CONFIDENCE;

	if (events == 0)
		snprintf(buf, size, "violations 0 of 0 events, no rate");
	else if (violations == 0)
		snprintf(buf, size, "violations 0 of %llu events, rate < %s (%g %%)", events,
			 rate_text(high, i.high, 2), percent);
	else
		snprintf(buf, size, "violations %llu of %llu events, rate %s (%s to %s, %g %%)",
			 violations, events, rate_text(rate, (double)violations / events, 3),
			 rate_text(low, i.low, 3), rate_text(high, i.high, 3), percent);
}

/* How many times the rate is at least lower than @base_low after @events without violation. */
static double times_lower(double base_low, uint64_t events)
{
	struct evidence e = { events, 0 };

	return base_low / evidence_interval(&e, EVIDENCE_CONFIDENCE).high;
}

/* The lowest number of events for which times_lower() is enough. */
static uint64_t events_needed(double base_low)
{
	uint64_t too_few = 0, enough = UINT64_MAX, middle;

	/* Searched, not solved for: so it cannot differ from the verdict by a rounding. */
	while (enough - too_few > 1) {
		middle = too_few + (enough - too_few) / 2;
		if (times_lower(base_low, middle) >= EVIDENCE_FIXED_RATIO)
			enough = middle;
		else
			too_few = middle;
	}
	return enough;
}

/* Rounded down, because "at least" is said of it, to two digits. */
static double two_digits_down(double x)
{
	double unit = 1;

	while (x / unit >= 100)
		unit *= 10;
	return floor(x / unit) * unit;
}

/* What needs no statistics: true if that is the answer. */
static bool compare_plain(const struct evidence *base, const struct evidence *fixed,
			  enum verdict *verdict, char *reason, size_t size)
{
	*verdict = VERDICT_INCONCLUSIVE;
	if (fixed->violations) {
		snprintf(reason, size, "the fixed kernel shows %llu violation%s",
			 (unsigned long long)fixed->violations, fixed->violations == 1 ? "" : "s");
		*verdict = VERDICT_NOT_FIXED;
	} else if (base->events == 0) {
		snprintf(reason, size, "the base had no event");
	} else if (base->violations == 0) {
		snprintf(reason, size, "the base does not show the problem");
	} else {
		return false;
	}
	return true;
}

static enum verdict too_few(const struct evidence *fixed, uint64_t needed, char *reason,
			    size_t size)
{
	snprintf(reason, size,
		 "%llu events on the fixed kernel are too few, it takes at least %llu",
		 (unsigned long long)fixed->events, (unsigned long long)needed);
	return VERDICT_INCONCLUSIVE;
}

enum verdict evidence_compare(const struct evidence *base, const struct evidence *fixed,
			      char *reason, size_t size)
{
	struct interval base_rate = evidence_interval(base, EVIDENCE_CONFIDENCE);
	struct interval fixed_rate = evidence_interval(fixed, EVIDENCE_CONFIDENCE);
	double times = times_lower(base_rate.low, fixed->events);
	char low[RATE_TEXT_SIZE], high[RATE_TEXT_SIZE];
	enum verdict plain;

	if (compare_plain(base, fixed, &plain, reason, size))
		return plain;
	if (times < EVIDENCE_FIXED_RATIO)
		return too_few(fixed, events_needed(base_rate.low), reason, size);
	snprintf(reason, size, "rate < %s against > %s on the base: at least %.0f times lower",
		 rate_text(high, fixed_rate.high, 2), rate_text(low, base_rate.low, 2),
		 two_digits_down(times));
	return VERDICT_FIXED;
}

/* --- two rates */

/* x log(x / mean) - x + mean, without losing digits where x is near the mean. */
static double deviance(double x, double mean)
{
	const double d = (x - mean) / mean;
	double sum = 0, power = d * d;
	int i;

	if (fabs(d) > 0.1)
		return x * log(x / mean) - (x - mean);
	/* (1 + d) log(1 + d) - d, its series */
	for (i = 2; i < 20; i++) {
		sum += power / (i * (i - 1.0));
		power *= -d;
	}
	return mean * sum;
}

/*
 * The logarithm of the probability of @x violations in @n events at the rate @p = 1 - @q, by the
 * formula of Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000): as in
 * log_tail(), what is large cancels on paper.
 */
static double log_binomial(double x, double n, double p, double q)
{
	if (x == 0)
		return n * (p < q ? log1p(-p) : log(q));
	if (x == n)
		return n * (q < p ? log1p(-q) : log(p));
	return log(n / (2 * M_PI * x) / (n - x)) / 2 + stirling_rest(n) - stirling_rest(x) -
	       stirling_rest(n - x) - deviance(x, n * p) - deviance(n - x, n * q);
}

/*
 * P(X <= x), if @x is not above the mean, else P(X > x): X of @marked among @n that are drawn of
 * @all. Terms become smaller by a growing factor on the way out.
 */
static double hypergeometric_tail(double x, double n, double marked, double all, bool above)
{
	const double p = n / all, q = (all - n) / all, rest = all - marked - n;
	double at = above ? x + 1 : x, sum = 0, term = 1, first;

	if (at < 0 || at > n || at > marked || rest + at < 0)
		return 0;
	first = log_binomial(at, marked, p, q) + log_binomial(n - at, all - marked, p, q) -
		log_binomial(n, all, p, q);
	while (term > sum * DBL_EPSILON / 16) {
		sum += term;
		if (above) {
			term *= (marked - at) * (n - at) / ((at + 1) * (rest + at + 1));
			at++;
		} else {
			term *= at * (rest + at) / ((marked - at + 1) * (n - at + 1));
			at--;
		}
	}
	return exp(first + log(sum));
}

double evidence_surprise(const struct evidence *less, const struct evidence *more)
{
	const double n = less->events, all = n + more->events, x = violations_of(less);
	const double marked = x + violations_of(more);

	if (!less->events || !more->events)
		return 1;
	if (x <= n * (marked / all))
		return hypergeometric_tail(x, n, marked, all, false);
	return 1 - hypergeometric_tail(x, n, marked, all, true);
}

static bool surprising(const struct evidence *base, uint64_t events)
{
	const struct evidence clean = { events, 0 };

	/* with few events just that is common, such as 1 / 20, and has to survive rounding */
	return evidence_surprise(&clean, base) <= (1 - EVIDENCE_CONFIDENCE) * (1 + 0.000000001);
}

uint64_t evidence_surprise_needed(const struct evidence *base)
{
	uint64_t too_few = 0, enough = 1, middle;

	if (!base->events || !base->violations)
		return 0;
	while (!surprising(base, enough)) {
		too_few = enough;
		enough *= 2;
	}
	while (enough - too_few > 1) {
		middle = too_few + (enough - too_few) / 2;
		if (surprising(base, middle))
			enough = middle;
		else
			too_few = middle;
	}
	return enough;
}

/* A smaller one is not worth its digits, and may be 0 in a double. */
#define LEAST_CHANCE	(1 / 1e10)

enum verdict evidence_compare_surprise(const struct evidence *base, const struct evidence *fixed,
				       char *reason, size_t size)
{
	enum verdict plain;
	double chance;

	if (compare_plain(base, fixed, &plain, reason, size))
		return plain;
	if (!surprising(base, fixed->events))
		return too_few(fixed, evidence_surprise_needed(base), reason, size);
	chance = evidence_surprise(fixed, base);
	snprintf(reason, size,
		 "%llu events without a violation: a chance of %s%.2g %% at the base's rate",
		 (unsigned long long)fixed->events, chance < LEAST_CHANCE ? "less than " : "",
		 100 * (chance < LEAST_CHANCE ? LEAST_CHANCE : chance));
	return VERDICT_FIXED;
}

/* --- a control */

enum worth evidence_worth(const struct evidence *e, const struct evidence *control, uint64_t min,
			  char *why, size_t size)
{
	const double expected = e->events * evidence_interval(control, EVIDENCE_CONFIDENCE).low;
	const unsigned long long shown = violations_of(control), of = control->events;

	if (e->events < min || control->events < min) {
		snprintf(why, size, "%llu events and %llu of the control, at least %llu are needed",
			 (unsigned long long)e->events, of, (unsigned long long)min);
		return WORTH_TOO_FEW;
	}
	if (!shown) {
		snprintf(why, size, "the control did not show it either, 0 of %llu", of);
		return WORTH_NOTHING;
	}
	if (expected < EVIDENCE_MIN_EXPECTED) {
		snprintf(why, size,
			 "the control showed it %llu of %llu times, so %.3g were to be expected, at least %u are needed",
			 shown, of, expected, EVIDENCE_MIN_EXPECTED);
		return WORTH_TOO_FEW;
	}
	snprintf(why, size, "the control showed it %llu of %llu times, so %.3g were to be expected",
		 shown, of, expected);
	return WORTH_AN_ANSWER;
}
