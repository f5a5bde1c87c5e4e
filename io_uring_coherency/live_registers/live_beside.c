// SPDX-License-Identifier: GPL-2.0
/*
 * Submitters side by side. Each has a process of its own, as creations are told by a process's
 * number of threads, and CPUs of its own: two, one that it spins on and one for its controller and
 * its workers; the last one has three where their number is odd.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "live.h"

#define CPUS_EACH	2U

/* What one of them has to tell. */
struct beside {
	struct live_result r;
	const char *reason;
	int error;
	pid_t pid;		/* the parent's alone to write */
};

unsigned int live_submitters(void)
{
	const unsigned int nr = live_opt.cpus.nr / CPUS_EACH;

	return nr < 2 || live_opt.max_events < nr ? 1 : nr;
}

/* Makes this process number @n of @nr. */
static void beside_take_part(unsigned int n, unsigned int nr)
{
	struct cpus *cpus = &live_opt.cpus;

	cpus->cpu += n * CPUS_EACH;
	cpus->nr = n == nr - 1 ? cpus->nr - n * CPUS_EACH : CPUS_EACH;
	live_opt.beside = nr;
	if (live_opt.max_events != UINT64_MAX)
		live_opt.max_events = (live_opt.max_events + nr - 1) / nr;
}

static void evidence_plus(struct evidence *sum, const struct evidence *e)
{
	sum->events += e->events;
	sum->violations += e->violations;
}

static void beside_add(struct live_result *r, const struct live_result *part)
{
	unsigned int i;

	evidence_plus(&r->evidence, &part->evidence);
	evidence_plus(&r->switched, &part->switched);
	evidence_plus(&r->control, &part->control);
	evidence_plus(&r->frames, &part->frames);
	r->windows += part->windows;
	r->elsewhere += part->elsewhere;
	r->unexpected += part->unexpected;
	r->late += part->late;
	r->exited += part->exited;
	r->explained += part->explained;
	r->died |= part->died;
	for (i = 0; i < REG_SLOTS_MAX; i++) {
		r->changed[i] += part->changed[i];
		r->control_changed[i] += part->control_changed[i];
	}
	if (part->first_ms >= 0 && (r->first_ms < 0 || part->first_ms < r->first_ms)) {
		r->first_ms = part->first_ms;
		r->first_event = part->first_event;
	}
}

/* What ends one of them ends this process, too: a signal, or that the program is gone. */
static void beside_await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(KSFT_FAIL);
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		_exit(KSFT_FAIL);
}

static void beside_start(struct beside *b, unsigned int n, unsigned int nr,
			 const struct live_result *r, const struct live_variant *variant)
{
	pid_t pid;

	live_result_begin(&b->r, r->name, variant);
	b->r.planted = r->planted;
	pid = module_fork();
	if (pid) {
		b->pid = pid;
		return;
	}
	beside_take_part(n, nr);
	b->reason = live_measure_alone(&b->r, variant, &b->error);
	fflush(stdout);
	_exit(0);
}

const char *live_measure(struct live_result *r, const struct live_variant *variant, int *error)
{
	const unsigned int nr = live_submitters();
	const char *reason = NULL;
	struct beside *all;
	double seconds = 0;
	bool began = false;
	unsigned int i;
	int none = 0;

	live_shared->teller = 0;
	if (nr < 2)
		return live_measure_alone(r, variant, error);
	*error = 0;
	all = mmap(NULL, nr * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		   -1, 0);
	if (all == MAP_FAILED)
		return "no memory for submitters side by side";
	for (i = 0; i < nr; i++)
		beside_start(&all[i], i, nr, r, variant);
	for (i = 0; i < nr; i++) {
		if (all[i].pid < 0) {
			reason = "no process for a submitter";
			continue;
		}
		beside_await(all[i].pid);
		beside_add(r, &all[i].r);
		if (all[i].r.seconds > seconds)
			seconds = all[i].r.seconds;
		began |= all[i].r.windows > 0;
		if (all[i].r.windows)
			*error = *error ?: all[i].error;
		reason = reason ?: all[i].reason;
		none = none ?: all[i].error;
	}
	r->seconds += seconds;
	munmap(all, nr * sizeof(*all));
	/* what is locked in memory has a limit: some that cannot begin are some less */
	if (began)
		return NULL;
	*error = none;
	return reason;
}
