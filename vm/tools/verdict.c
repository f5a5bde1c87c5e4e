// SPDX-License-Identifier: GPL-2.0
/*
 * Judge counted events and violations from the command line.
 *
 *	verdict BASE_EVENTS BASE_VIOLATIONS FIXED_EVENTS FIXED_VIOLATIONS
 *	verdict --surprise BASE_EVENTS BASE_VIOLATIONS FIXED_EVENTS FIXED_VIOLATIONS
 *	verdict --needed BASE_EVENTS BASE_VIOLATIONS
 *	verdict --sentence EVENTS VIOLATIONS
 *	verdict --interval EVENTS VIOLATIONS
 *
 * The first two forms exit with 0 for fixed, 1 for not fixed and 4 for inconclusive, as a selftest
 * does for pass, fail and skip: the first asks for a rate that is far lower, the second, where
 * events are expensive, for one that is lower. --needed tells how many events without violation
 * the second takes, 0 if no number does. Bad arguments exit with 2.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"

#define EXIT_USAGE	2

static const struct {
	const char *name;
	int exit_code;
} verdicts[] = {
	[VERDICT_FIXED]		= { "FIXED", 0 },
	[VERDICT_NOT_FIXED]	= { "NOT FIXED", 1 },
	[VERDICT_INCONCLUSIVE]	= { "INCONCLUSIVE", 4 },
};

static uint64_t parse_count(const char *arg)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	/* strtoull() also takes leading blanks and signs, and turns -1 into a huge number */
	if (arg[0] < '0' || arg[0] > '9' || *end || errno) {
		fprintf(stderr, "verdict: \"%s\" is not a number from 0 to %llu.\n", arg,
			(unsigned long long)UINT64_MAX);
		exit(EXIT_USAGE);
	}
	return n;
}

/* @argv: events, violations */
static struct evidence parse_evidence(char **argv)
{
	struct evidence e;

	e.events = parse_count(argv[0]);
	e.violations = parse_count(argv[1]);
	if (e.violations > e.events) {
		fprintf(stderr, "verdict: %s violations are more than %s events.\n", argv[1],
			argv[0]);
		exit(EXIT_USAGE);
	}
	return e;
}

int main(int argc, char **argv)
{
	char text[EVIDENCE_TEXT_SIZE];
	struct evidence e, fixed;
	enum verdict verdict;
	struct interval i;

	if (argc == 4 && !strcmp(argv[1], "--sentence")) {
		e = parse_evidence(argv + 2);
		evidence_sentence(text, sizeof(text), &e);
		printf("%s\n", text);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "--interval")) {
		e = parse_evidence(argv + 2);
		i = evidence_interval(&e, EVIDENCE_CONFIDENCE);
		printf("%.6g %.6g\n", i.low, i.high);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "--needed")) {
		e = parse_evidence(argv + 2);
		printf("%llu\n", (unsigned long long)evidence_surprise_needed(&e));
		return 0;
	}
	if (argc == 5 || (argc == 6 && !strcmp(argv[1], "--surprise"))) {
		e = parse_evidence(argv + argc - 4);
		fixed = parse_evidence(argv + argc - 2);
		verdict = (argc == 5 ? evidence_compare : evidence_compare_surprise)
			(&e, &fixed, text, sizeof(text));
		printf("verdict: %s (%s)\n", verdicts[verdict].name, text);
		return verdicts[verdict].exit_code;
	}
	fprintf(stderr, "Usage: verdict [--surprise] %s, or verdict %s %s.\n",
		"BASE_EVENTS BASE_VIOLATIONS FIXED_EVENTS FIXED_VIOLATIONS",
		"--needed|--sentence|--interval", "EVENTS VIOLATIONS");
	return EXIT_USAGE;
}
