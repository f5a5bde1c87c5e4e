// SPDX-License-Identifier: GPL-2.0
/*
 * Pairs of CPUs; see cpu_pairs.h.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu_pairs.h"
#include "program.h"
#include "random.h"

/*
 * What a CPU belongs to, each as the number of the first CPU that does, too: the numbers in
 * physical_package_id and its like are -1 for many kernels, and core_id is one of the package.
 */
struct place {
	int core, cluster, die, package, node;	/* < 0: not told */
};

static int first_of(const char *sysfs, int cpu, const char *list)
{
	char path[512];
	int first = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu%d/topology/%s", sysfs, cpu, list);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &first) != 1)
		first = -1;
	fclose(f);
	return first;
}

/* The link cpuN/nodeM; without NUMA there is none. */
static int node_of(const char *sysfs, int cpu)
{
	const struct dirent *entry;
	char path[512], end;
	int node = -1, nr;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/cpu%d", sysfs, cpu);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (node < 0 && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "node%d%c", &nr, &end) == 1)
			node = nr;
	closedir(dir);
	return node;
}

static struct place place_of(const char *sysfs, int cpu)
{
	return (struct place){
		.core = first_of(sysfs, cpu, "thread_siblings_list"),
		.cluster = first_of(sysfs, cpu, "cluster_cpus_list"),
		.die = first_of(sysfs, cpu, "die_cpus_list"),
		.package = first_of(sysfs, cpu, "core_siblings_list"),
		.node = node_of(sysfs, cpu),
	};
}

static enum cpu_distance distance(const struct place *a, const struct place *b)
{
	if (a->core < 0 || b->core < 0)
		return CPU_UNKNOWN;
	if (a->core == b->core)
		return CPU_SMT;
	if (a->cluster >= 0 && a->cluster == b->cluster)
		return CPU_CLUSTER;
	if (a->die == b->die && a->package == b->package && a->node == b->node)
		return CPU_CHIP;
	return CPU_FAR;
}

#define EACH	(CPU_PAIRS_MAX / CPU_DISTANCES)

/* At one distance; algorithm R (Vitter, 1985). */
struct sample {
	unsigned int nr;
	struct cpu_pair pair[EACH];
};

static void sample_add(struct sample *s, const struct cpu_pair *pair, uint64_t seen,
		       uint64_t *random)
{
	uint64_t at = s->nr;

	if (s->nr < EACH)
		s->nr++;
	else
		at = random_below(random, seen);
	if (at < EACH)
		s->pair[at] = *pair;
}

static void shuffle(struct sample *s, uint64_t *random)
{
	struct cpu_pair pair;
	unsigned int i, other;

	for (i = s->nr; i > 1; i--) {
		other = random_below(random, i);
		pair = s->pair[i - 1];
		s->pair[i - 1] = s->pair[other];
		s->pair[other] = pair;
	}
}

void cpu_pairs_draw(struct cpu_pairs *p, const int *cpu, unsigned int nr, uint64_t seed,
		    const char *sysfs)
{
	struct sample *sample = calloc(CPU_DISTANCES, sizeof(*sample));
	struct place *place = calloc(nr, sizeof(*place));
	uint64_t random = seed;
	unsigned int a, b, d, i;

	memset(p, 0, sizeof(*p));
	p->seed = seed;
	if (!sample || (nr && !place))
		die("no memory");
	for (a = 0; a < nr; a++)
		place[a] = place_of(sysfs, cpu[a]);
	for (a = 0; a < nr; a++) {
		for (b = 0; b < nr; b++) {
			const struct cpu_pair pair = {
				{ cpu[a], cpu[b] }, distance(&place[a], &place[b]),
			};

			if (a == b)
				continue;
			d = pair.distance;
			sample_add(&sample[d], &pair, ++p->of[d], &random);
		}
	}
	for (d = 0; d < CPU_DISTANCES; d++)
		shuffle(&sample[d], &random);
	for (i = 0; i < EACH; i++)
		for (d = 0; d < CPU_DISTANCES; d++)
			if (i < sample[d].nr)
				p->pair[p->nr++] = sample[d].pair[i];
	free(sample);
	free(place);
}

uint64_t cpu_pairs_seed(const char *text)
{
	struct timespec now;
	uint64_t seed;
	char *end;

	if (!text) {
		clock_gettime(CLOCK_REALTIME, &now);
		return (now.tv_sec ^ now.tv_nsec) % 1000000;
	}
	seed = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end)
		die("--seed: '%s' is not a number", text);
	return seed;
}

void cpu_pairs_text(char *buf, size_t size, const struct cpu_pairs *p, unsigned int used)
{
	static const char *const names[CPU_DISTANCES] = {
		[CPU_SMT] = "SMT siblings",
		[CPU_CLUSTER] = "same cluster",
		[CPU_CHIP] = "same chip",
		[CPU_FAR] = "other chip or node",
		[CPU_UNKNOWN] = "distance unknown",
	};
	unsigned int d, i, nr;
	size_t at = 0;

	if (size)
		buf[0] = '\0';
	for (d = 0; d < CPU_DISTANCES; d++) {
		nr = 0;
		for (i = 0; i < used && i < p->nr; i++)
			nr += p->pair[i].distance == d;
		if (p->of[d] && at < size)
			at += snprintf(buf + at, size - at, "%s%s %u of %llu", at ? ", " : "",
				       names[d], nr, (unsigned long long)p->of[d]);
	}
}
