// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of cpu_pairs.c, by directories that look like /sys/devices/system/cpu of other machines.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-parameter" /* of the harness, in Linux before 7.0 */
#include "cpu_pairs.h"
#include "kselftest_harness.h"
#include "program.h"

#define MAX_CPUS	512

FIXTURE(sysfs)
{
	char root[64];
	int cpu[MAX_CPUS];
	unsigned int nr;
	struct cpu_pairs p;
	char text[CPU_PAIRS_TEXT];
};

FIXTURE_SETUP(sysfs)
{
	strcpy(self->root, "/tmp/cpu_pairs.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
}

FIXTURE_TEARDOWN(sysfs)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", self->root);
	EXPECT_EQ(0, system(command));
}

static void make(const char *root, int cpu, const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/cpu%d%s", root, cpu, dir);
	if (mkdir(path, 0755))
		abort();
}

static void list(const char *root, int cpu, const char *name, int first, int last)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu%d/topology/%s", root, cpu, name);
	f = fopen(path, "w");
	if (!f)
		abort();
	fprintf(f, first == last ? "%d\n" : "%d-%d\n", first, last);
	fclose(f);
}

/* CPU number @cpu where cores, clusters (0: none are told), and chips have that many. */
static void add_cpu(struct _test_data_sysfs *self, int cpu, int core, int cluster, int chip)
{
	const char *root = self->root;
	char node[32];

	self->cpu[self->nr++] = cpu;
	make(root, cpu, "");
	make(root, cpu, "/topology");
	list(root, cpu, "thread_siblings_list", cpu / core * core, cpu / core * core + core - 1);
	if (cluster)
		list(root, cpu, "cluster_cpus_list", cpu / cluster * cluster,
		     cpu / cluster * cluster + cluster - 1);
	list(root, cpu, "core_siblings_list", cpu / chip * chip, cpu / chip * chip + chip - 1);
	list(root, cpu, "die_cpus_list", cpu / chip * chip, cpu / chip * chip + chip - 1);
	snprintf(node, sizeof(node), "/node%d", cpu / chip * 8);
	make(root, cpu, node);
}

static void draw(struct _test_data_sysfs *self, uint64_t seed)
{
	cpu_pairs_draw(&self->p, self->cpu, self->nr, seed, self->root);
	cpu_pairs_text(self->text, sizeof(self->text), &self->p, self->p.nr);
}

/* Different CPUs, no pair twice, and no distance before the next while both have some left. */
static const char *wrong(const struct cpu_pairs *p)
{
	unsigned int i, j, seen[CPU_DISTANCES] = { 0 };

	for (i = 0; i < p->nr; i++) {
		const struct cpu_pair *a = &p->pair[i];

		if (a->cpu[0] == a->cpu[1])
			return "one CPU";
		for (j = 0; j < i; j++)
			if (!memcmp(p->pair[j].cpu, a->cpu, sizeof(a->cpu)))
				return "twice";
		seen[a->distance]++;
		for (j = 0; j < CPU_DISTANCES; j++)
			if (p->of[j] && seen[a->distance] > seen[j] + 1 && seen[j] < p->of[j])
				return "not in turns";
	}
	return NULL;
}

/* POWER9: two chips of four cores with four threads. */
TEST_F(sysfs, two_chips)
{
	unsigned int i, other;
	int cpu;

	for (cpu = 0; cpu < 32; cpu++)
		add_cpu(self, cpu, 4, 0, 16);
	draw(self, 1);
	EXPECT_EQ(NULL, wrong(&self->p));
	EXPECT_EQ(32U * 3, self->p.of[CPU_SMT]);
	EXPECT_EQ(0U, self->p.of[CPU_CLUSTER]);
	EXPECT_EQ(32U * 12, self->p.of[CPU_CHIP]);
	EXPECT_EQ(32U * 16, self->p.of[CPU_FAR]);
	EXPECT_STREQ("SMT siblings 48 of 96, same chip 48 of 384, other chip or node 48 of 512",
		     self->text);
	for (i = 0; i < self->p.nr; i++) {
		const struct cpu_pair *pair = &self->p.pair[i];
		const bool core = pair->cpu[0] / 4 == pair->cpu[1] / 4;
		const bool chip = pair->cpu[0] / 16 == pair->cpu[1] / 16;

		EXPECT_TRUE(pair->distance == (core ? CPU_SMT : chip ? CPU_CHIP : CPU_FAR));
	}
	/* the first few already have each distance */
	cpu_pairs_text(self->text, sizeof(self->text), &self->p, 4);
	EXPECT_STREQ("SMT siblings 2 of 96, same chip 1 of 384, other chip or node 1 of 512",
		     self->text);
	/* and another seed has others */
	other = self->p.pair[2].cpu[0] * 32 + self->p.pair[2].cpu[1];
	for (i = 2; i < 9; i++) {
		draw(self, i);
		EXPECT_EQ(NULL, wrong(&self->p));
		if (other != self->p.pair[2].cpu[0] * 32U + self->p.pair[2].cpu[1])
			break;
	}
	EXPECT_GT(9U, i);
}

/* Each pair is as likely as the next: of 512, 48 are drawn, 400 times. */
TEST_F(sysfs, uniform)
{
	static unsigned int count[32][32];
	unsigned int i, seed, a, b, lowest = UINT_MAX, highest = 0;
	int cpu;

	for (cpu = 0; cpu < 32; cpu++)
		add_cpu(self, cpu, 4, 0, 16);
	for (seed = 0; seed < 400; seed++) {
		draw(self, seed);
		for (i = 0; i < self->p.nr; i++)
			count[self->p.pair[i].cpu[0]][self->p.pair[i].cpu[1]]++;
	}
	for (a = 0; a < 32; a++) {
		for (b = 0; b < 32; b++) {
			if (a / 16 == b / 16)
				continue;
			lowest = count[a][b] < lowest ? count[a][b] : lowest;
			highest = count[a][b] > highest ? count[a][b] : highest;
		}
	}
	/* 37.5 on average, deviation 5.8 */
	EXPECT_GT(lowest, 10U);
	EXPECT_GT(70U, highest);
}

TEST_F(sysfs, one_cpu)
{
	add_cpu(self, 0, 1, 1, 1);
	draw(self, 1);
	EXPECT_EQ(0U, self->p.nr);
	EXPECT_STREQ("", self->text);
}

TEST_F(sysfs, two_cpus)
{
	add_cpu(self, 0, 1, 1, 2);
	add_cpu(self, 1, 1, 1, 2);
	draw(self, 1);
	EXPECT_EQ(NULL, wrong(&self->p));
	EXPECT_STREQ("same chip 2 of 2", self->text);
	cpu_pairs_text(self->text, sizeof(self->text), &self->p, 1);
	EXPECT_STREQ("same chip 1 of 2", self->text);
}

/* Clusters of two cores with two threads. */
TEST_F(sysfs, clusters)
{
	int cpu;

	for (cpu = 0; cpu < 8; cpu++)
		add_cpu(self, cpu, 2, 4, 8);
	draw(self, 1);
	EXPECT_EQ(NULL, wrong(&self->p));
	EXPECT_STREQ("SMT siblings 8 of 8, same cluster 16 of 16, same chip 32 of 32", self->text);
}

/* Two nodes on one chip. */
TEST_F(sysfs, nodes)
{
	int cpu;

	for (cpu = 0; cpu < 4; cpu++) {
		add_cpu(self, cpu, 1, 0, 2);
		list(self->root, cpu, "core_siblings_list", 0, 3);
		list(self->root, cpu, "die_cpus_list", 0, 3);
	}
	draw(self, 1);
	EXPECT_STREQ("same chip 4 of 4, other chip or node 8 of 8", self->text);
}

/* The first thread of a core is offline, and CPU numbers have holes; one goes while we look. */
TEST_F(sysfs, offline)
{
	static const int cpus[] = { 1, 2, 5, 7, 9 };
	unsigned int i;

	for (i = 0; i < 5; i++)
		add_cpu(self, cpus[i], 4, 0, 8);
	list(self->root, 1, "thread_siblings_list", 1, 2);
	list(self->root, 2, "thread_siblings_list", 1, 2);
	self->cpu[self->nr++] = 11;
	draw(self, 1);
	EXPECT_EQ(NULL, wrong(&self->p));
	EXPECT_STREQ(self->text,
		     "SMT siblings 4 of 4, same chip 8 of 8, other chip or node 8 of 8, distance unknown 10 of 10");
}

TEST_F(sysfs, no_sysfs)
{
	for (self->nr = 0; self->nr < 4; self->nr++)
		self->cpu[self->nr] = self->nr;
	draw(self, 1);
	EXPECT_EQ(NULL, wrong(&self->p));
	EXPECT_STREQ("distance unknown 12 of 12", self->text);
}

/* Numbers that a cpu_set_t does not have. */
TEST_F(sysfs, many)
{
	int cpu;

	for (cpu = 0; cpu < MAX_CPUS; cpu++)
		add_cpu(self, 3 * cpu + 700, 8, 0, 512);
	draw(self, 1);
	EXPECT_EQ(NULL, wrong(&self->p));
	EXPECT_EQ(3U * 48, self->p.nr);
	EXPECT_EQ((uint64_t)MAX_CPUS * (MAX_CPUS - 1),
		  self->p.of[CPU_SMT] + self->p.of[CPU_CHIP] + self->p.of[CPU_FAR]);
}

TEST(pinned)
{
	int cpu = sched_getcpu();

	EXPECT_EQ(0, cpus_pin(0, cpu));
	EXPECT_EQ(cpu, sched_getcpu());
	/* that there is no such CPU is the kernel's word, not that of a mask that is too small */
	EXPECT_EQ(-EINVAL, cpus_pin(0, 5000));
}

TEST_HARNESS_MAIN
