/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pairs of CPUs for two sides that are to meet in memory. How two CPUs are connected decides which
 * reorderings they show, and how often: so pairs are drawn at each distance that a machine has.
 */
#ifndef CPU_PAIRS_H
#define CPU_PAIRS_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The nearest of what two CPUs have in common. */
enum cpu_distance {
	CPU_SMT,	/* the core: thread_siblings_list */
	CPU_CLUSTER,	/* cluster_cpus_list, since 5.16 */
	CPU_CHIP,	/* die, package and node */
	CPU_FAR,	/* none of these */
	CPU_UNKNOWN,	/* one of them has no topology in sysfs */
	CPU_DISTANCES
};

#define CPU_PAIRS_MAX	240
#define CPU_PAIRS_TEXT	160	/* enough for cpu_pairs_text() */

#define CPU_SYSFS	"/sys/devices/system/cpu"

struct cpu_pair {
	int cpu[2];
	enum cpu_distance distance;
};

struct cpu_pairs {
	uint64_t seed;
	uint64_t of[CPU_DISTANCES];	/* how many there are, each in both orders */
	unsigned int nr;
	struct cpu_pair pair[CPU_PAIRS_MAX];	/* all, or a sample: distances in turns */
};

/*
 * Draws from all ordered pairs of @nr different CPUs, by @seed: as many at each distance, or all
 * that there are, each pair once and all with the same probability. @sysfs is CPU_SYSFS but for
 * tests. Dies without memory.
 */
void cpu_pairs_draw(struct cpu_pairs *p, const int *cpu, unsigned int nr, uint64_t seed,
		    const char *sysfs);

/* The seed that an option names: dies if @text is no number. NULL: a new one. */
uint64_t cpu_pairs_seed(const char *text);

/* "SMT siblings 2 of 24, same chip 2 of 96", when the first @used pairs have been used. */
void cpu_pairs_text(char *buf, size_t size, const struct cpu_pairs *p, unsigned int used);

#endif /* CPU_PAIRS_H */
