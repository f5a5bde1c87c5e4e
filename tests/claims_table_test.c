// SPDX-License-Identifier: GPL-2.0
/*
 * Test of claims_table.c and claims_counts.c: lines as "claims --decide" reads them, and what is
 * decided of the claims by them.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "kselftest_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"

/* Of claims.c, for lines that are none: they would test nothing. */
void claims_usage(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* All that is known is what these lines tell. */
static void decide(const char *lines)
{
	FILE *f = fmemopen((void *)lines, strlen(lines), "r");

	if (!f)
		claims_usage("cannot read memory as a file");
	memset(claims_count, 0, sizeof(claims_count));
	memset(claims_answers, 0, sizeof(claims_answers));
	claims_looks = 0;
	claims_nr_settings = 0;
	claims_make_settings();
	claims_read(f);
	fclose(f);
}

static const char *decision(enum claims_column column, const char *id)
{
	unsigned int i;

	for (i = 0; i < CLAIMS_NR; i++)
		if (!strcmp(claims_list[i].id, id))
			return claims_decision_name(column, i);
	return "no claim";
}

/* The base, barrier and delay of C1 and C2; and a base that shows the problem. */
#define BASE	"pages_bad_kernel_none_0"
#define BARRIER	"pages_bad_kernel_mb_0"
#define DELAY	"pages_bad_no_ipi_none_1000"
#define SHOWN	BASE " 9000 900 0 1 0\n"

#define NOT_HERE	"not observable here"

TEST(decided)
{
	static const struct {
		const char *counts;
		struct {
			const char *id, *decision;
		} want[3];
	} table[] = {
		{ BASE " 0 0 0 0 1\n",
		  { { "C1", "open" }, { "C2", "open" }, { "C6", "open" } } },
		/* a barrier lowers the rate, no more */
		{ SHOWN BARRIER " 9000 900 0 1 0\n", { { "C1", "refuted" }, { "C2", "open" } } },
		{ SHOWN BARRIER " 9000 600 0 1 0\n", { { "C1", "confirmed" } } },
		{ SHOWN BARRIER " 9000 750 0 1 0\n", { { "C1", "open" } } },
		{ SHOWN BARRIER " 9000 0 1 0 0\n", { { "C1", "refuted" } } },
		{ BASE " 900 90 0 1 0\n" BARRIER " 900 85 0 1 0\n", { { "C1", "open" } } },
		{ BASE " 5632 304 0 1 0\n" BARRIER " 6656 476 0 1 0\n" DELAY " 2048 47 0 1 0\n",
		  { { "C1", "refuted" }, { "C2", "refuted" } } },
		/* a delay ends it, if its program has an answer; in its place a barrier does not */
		{ SHOWN DELAY " 9000 1 0 1 0\n", { { "C2", "refuted" }, { "C3", "open" } } },
		{ SHOWN DELAY " 9000 0 1 0 0\n", { { "C2", "confirmed" } } },
		{ SHOWN DELAY " 400 0 1 0 0\n", { { "C2", "open" } } },
		{ SHOWN DELAY " 9000 0 0 0 0\n", { { "C2", "open" } } },
		{ SHOWN "pages_no_ipi_io_write_mb 9000 9 0 1 0\n", { { "C3", "confirmed" } } },
		{ SHOWN "pages_no_ipi_io_write_mb 1000000 0 1 0 0\n", { { "C3", "refuted" } } },
		{ BASE " 9000 0 1 0 0\npages_no_ipi_io_write_mb 1000000 0 1 0 0\n",
		  { { "C3", "open" } } },
		/* others that write; lines of one setting add up */
		{ BASE " 9000 9 0 1 0\npages_kthread 500 0 1 0 0\n", { { "C6", "open" } } },
		{ BASE " 9000 9 0 1 0\npages_kthread 500 0 1 0 0\npages_kthread 900000 0 1 0 0\n",
		  { { "C6", "confirmed" } } },
		{ BASE " 9000 9 0 1 0\npages_kthread 900000 0 1 0 0\npages_kthread 500 0 1 0 0\n",
		  { { "C6", "confirmed" } } },
		{ SHOWN "pages_kthread 0 0 0 0 1\n", { { "C6", "open" } } },
		{ BASE " 5632 304 0 1 0\npages_one_worker 4608 0 1 0 0\n",
		  { { "C13", "confirmed" } } },
		/* registers, there and elsewhere */
		{ "registers 900 900 0 1 0\nregisters_x86_64 900 0 1 0 0\n",
		  { { "C9", "open" } } },
		{ "registers 199 199 0 1 0\nregisters_x86_64 199 0 1 0 0\n"
		  "registers_arm64 199 0 1 0 0\nregisters_armhf 199 0 1 0 0\n"
		  "registers_hppa 199 0 1 0 0\nregisters_i386 199 0 1 0 0\n"
		  "registers_riscv64 199 0 1 0 0\nregisters_s390x 199 0 1 0 0\n",
		  { { "C9", "confirmed" } } },
		{ "registers 9 9 0 1 0\nregisters_x86_64 900 1 0 1 0\n",
		  { { "C9", "refuted" } } },
		{ "registers 1000000 0 1 0 0\n", { { "C9", "refuted" } } },
		{ "registers 241 241 0 1 0\nregisters_pinned 241 241 0 1 0\n",
		  { { "C14", "refuted" } } },
		/* the kernel's order, where the machine can show it */
		{ "ipi 100000 0 0 0 1\n", { { "C10", NOT_HERE } } },
		{ "ipi 100000 0 1 0 0\n", { { "C10", "confirmed" } } },
		{ "ipi 9 0 1 0 0\nipi 9 1 0 1 0\n", { { "C10", "refuted" } } },
		{ "ipi 0 0 0 0 1\nqueue_work 9 0 1 0 0\nkthread_unuse_mm 9 0 1 0 0\n",
		  { { "C10", NOT_HERE }, { "C11", "confirmed" } } },
		{ "ipi 9 0 1 0 0\nqueue_work 9 0 1 0 0\nkthread_unuse_mm 9 9 0 1 0\n",
		  { { "C11", "refuted" } } },
		{ "queue_work 9 0 1 0 0\nkthread_unuse_mm 9 0 0 0 1\n", { { "C11", NOT_HERE } } },
		{ "queue_work 9 0 0 0 0\nkthread_unuse_mm 9 0 0 0 1\n", { { "C11", "open" } } },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		decide(table[i].counts);
		for (j = 0; j < ARRAY_SIZE(table[i].want) && table[i].want[j].id; j++) {
			const char *id = table[i].want[j].id;

			EXPECT_STREQ(table[i].want[j].decision, decision(CLAIMS_PROGRAMS, id))
				TH_LOG("%s by:\n%s", id, table[i].counts);
		}
		EXPECT_EQ(0U, claims_false_alarms().violations);
	}
}

#define LOWERED	SHOWN BARRIER " 9000 600 0 1 0\n"
#define MORE	BARRIER " 0 0 1 0 0\nlook\n"
#define OTHER	"ipi 9 0 0 0 0\nlook\n"

/*
 * At the fourth look more is asked than at the first, but what was decided then stays so; and looks
 * at which nothing is new to it cost a claim nothing.
 */
TEST(decided_by_looks)
{
	decide(MORE MORE MORE LOWERED);
	EXPECT_STREQ("open", decision(CLAIMS_PROGRAMS, "C1"));
	decide(LOWERED "look\n" MORE MORE MORE MORE);
	EXPECT_STREQ("confirmed", decision(CLAIMS_PROGRAMS, "C1"));
	decide(LOWERED "look\nlook\nlook\n");
	EXPECT_STREQ("confirmed", decision(CLAIMS_PROGRAMS, "C1"));
	decide(OTHER OTHER OTHER LOWERED);
	EXPECT_STREQ("confirmed", decision(CLAIMS_PROGRAMS, "C1"));
}

/* Columns of their own, with questions of their own, and none of them if not run. */
TEST(decided_of_mariadb)
{
	decide("quick_base 100 12 0 12 0\nquick_one_worker 3000 0 1 0 0\n");
	EXPECT_STREQ("confirmed", decision(CLAIMS_QUICK, "C13"));
	EXPECT_STREQ("open", decision(CLAIMS_QUICK, "C1"));
	EXPECT_STREQ("not asked", decision(CLAIMS_QUICK, "C6"));
	EXPECT_STREQ("not run", decision(CLAIMS_MTR, "C13"));
	EXPECT_STREQ("open", decision(CLAIMS_PROGRAMS, "C13"));
	decide("quick_base 100 12 0 12 0\nquick_one_worker 100 0 1 0 0\n");
	EXPECT_STREQ("open", decision(CLAIMS_QUICK, "C13"));
	EXPECT_STREQ("not run", decision(CLAIMS_MTR, "C13"));
	decide("mtr_pinned 8 1 0 1 0\n");
	EXPECT_STREQ("refuted", decision(CLAIMS_MTR, "C14"));
	EXPECT_STREQ("open", decision(CLAIMS_PROGRAMS, "C14"));
}

/* A violation on the kernel that has none to show. */
TEST(no_false_alarm)
{
	decide("pages_good_kernel_none_0 9000 0 1 0 0\n");
	EXPECT_EQ(9000U, claims_false_alarms().events);
	EXPECT_EQ(0U, claims_false_alarms().violations);
	decide("registers_good 9000 1 0 1 0\n");
	EXPECT_EQ(1U, claims_false_alarms().violations);
}

TEST_HARNESS_MAIN
