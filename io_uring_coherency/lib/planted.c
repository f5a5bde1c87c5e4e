// SPDX-License-Identifier: GPL-2.0
/*
 * The planted control; see planted.h.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "kselftest.h"
#include "planted.h"

void planted_not(struct planted *p, const char *why)
{
	p->over = true;
	snprintf(p->why, sizeof(p->why), "%s", why);
	ksft_print_msg("the planted control did not run: %s\n", p->why);
}

int planted_open(struct planted *p, __u32 *plants)
{
	struct pbt_info info;
	const char *why;
	int session;

	session = module_open(&why);
	if (session < 0) {
		planted_not(p, why);
		return -1;
	}
	if (ioctl(session, PBT_GET_INFO, &info))
		why = "PBT_GET_INFO fails";
	else if (info.outer)
		/* what that one plants would not be ours */
		why = "run under the knobs of somebody else's session";
	else if (!(info.plants & *plants))
		why = "this kernel has no place for such a fault";
	else
		why = NULL;
	if (why) {
		planted_not(p, why);
		close(session);
		return -1;
	}
	*plants &= info.plants;
	return session;
}

int planted_set(int session, const struct pbt_knobs *knobs)
{
	return ioctl(session, PBT_SET_KNOBS, knobs) ? -errno : 0;
}

uint64_t planted_times(int session, unsigned int plant)
{
	struct pbt_counters c;

	return ioctl(session, PBT_GET_COUNTERS, &c) ? 0 : c.planted[plant];
}

/* How often that fault could have been found: it may be planted where nobody looks. */
static uint64_t possible(const struct planted *p, unsigned int plant)
{
	const uint64_t planted = p->fault[plant].planted, events = p->fault[plant].events;

	return planted < events ? planted : events;
}

void planted_run(struct planted *p, void (*control)(struct planted *p, const void *arg),
		 const void *arg)
{
	uint64_t most = 0;
	char text[64];
	unsigned int i;
	int status;
	pid_t pid;

	if (p->over)
		return;
	pid = module_fork();
	if (!pid) {
		control(p, arg);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		planted_not(p, "no process for it");
		return;
	}
	if (p->over)
		return;
	if (status) {
		snprintf(text, sizeof(text), "its process ended with status %#x", status);
		planted_not(p, text);
		return;
	}
	p->over = true;
	for (i = 0; i < PBT_NR_PLANTS; i++) {
		if (!p->fault[i].events)
			continue;
		ksft_print_msg("planted: %s in %llu of %llu events, found %llu\n",
			       p->fault[i].what, (unsigned long long)p->fault[i].planted,
			       (unsigned long long)p->fault[i].events,
			       (unsigned long long)p->fault[i].found);
		if (most < possible(p, i))
			most = possible(p, i);
	}
	if (most < PLANTED_MIN) {
		snprintf(text, sizeof(text), "%llu events in its time, %d are needed",
			 (unsigned long long)most, PLANTED_MIN);
		planted_not(p, text);
	}
}

const char *planted_missed(const struct planted *p)
{
	static char text[128];
	unsigned int i;

	for (i = 0; !*p->why && i < PBT_NR_PLANTS; i++) {
		if (possible(p, i) < PLANTED_MIN || 10 * p->fault[i].found >= 9 * possible(p, i))
			continue;
		snprintf(text, sizeof(text),
			 "the fault %s was planted %llu times and found %llu times",
			 module_plant_names[i], (unsigned long long)p->fault[i].planted,
			 (unsigned long long)p->fault[i].found);
		return text;
	}
	return NULL;
}

void planted_json(FILE *f, const struct planted *p)
{
	const char *comma = "";
	unsigned int i;

	if (*p->why) {
		fprintf(f, ",\n  \"planted_not_run\": ");
		json_string(f, p->why);
	}
	fprintf(f, ",\n  \"planted\": {");
	for (i = 0; i < PBT_NR_PLANTS; i++) {
		if (!p->fault[i].events)
			continue;
		fprintf(f, "%s \"%s\": { \"planted\": %llu, \"found\": %llu, \"events\": %llu }",
			comma, module_plant_names[i], (unsigned long long)p->fault[i].planted,
			(unsigned long long)p->fault[i].found,
			(unsigned long long)p->fault[i].events);
		comma = ",";
	}
	fprintf(f, " }");
}
