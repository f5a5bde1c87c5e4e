// SPDX-License-Identifier: GPL-2.0
/*
 * What the module does for live_registers: knobs of a variant, and the planted control.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "live.h"

#define PLANTED_SECONDS	2	/* as with -t: 3 times that to reach LIVE_MIN_EVENTS */

const char *live_knobs_open(enum pbt_notify notify, int *session, enum skip_reason *reason)
{
	struct pbt_knobs knobs = { .notify = notify };
	const char *why = live_shared->no_module;
	struct pbt_info info;

	*reason = SKIP_NO_MODULE;
	*session = *why ? -1 : module_open(&why);
	if (*session < 0)
		return notify == PBT_NOTIFY_KERNEL ? NULL : why;
	if (ioctl(*session, PBT_GET_INFO, &info)) {
		why = "PBT_GET_INFO fails";
	} else if (info.outer) {
		/* an inner session would put the outer one's knobs out of action */
		why = "run under the knobs of somebody else's session";
	} else if (!(info.notify & (1U << notify))) {
		*reason = SKIP_NOT_IN_KERNEL;
		why = "this kernel has no TWA_SIGNAL_NO_IPI";
	} else {
		knobs.flags = info.deliveries ? PBT_ACCOUNT : 0;
		if (!ioctl(*session, PBT_SET_KNOBS, &knobs))
			return NULL;
		*reason = SKIP_KNOB;
		why = module_why_not_set(errno);
	}
	close(*session);
	*session = -1;
	return notify == PBT_NOTIFY_KERNEL ? NULL : why;
}

void live_knobs_close(int session, struct live_result *r)
{
	struct pbt_counters c;
	unsigned int i;

	if (session < 0)
		return;
	if (!ioctl(session, PBT_GET_COUNTERS, &c)) {
		r->rewritten = c.notify_changed;
		r->missed = c.missed;
		snprintf(r->no_answer, sizeof(r->no_answer), "%s", module_no_answer(&c) ?: "");
		for (i = 0; i < PBT_NR_DELIVERIES; i++) {
			r->delivered[i] = c.workers.live[i] + c.workers.dead[i];
			r->delivery_told |= r->delivered[i] != 0;
		}
	}
	close(session);
}

/* What the module changes, on one architecture or another. */
static const struct {
	enum pbt_plant plant;
	const char *slots[6];
} plants[] = {
	{ PBT_PLANT_FP, { "vs0", "f0", "FSW_FCW" } },
	{ PBT_PLANT_VECTOR, { "vs32", "v0", "z0", "xmm0", "ymm0", "zmm0" } },
	{ PBT_PLANT_GPR, { "r11", "x17" } },
	{ PBT_PLANT_FLAGS, { "CR", "FLAGS", "PSTATE" } },
};

static unsigned int slot_of(unsigned int n)
{
	unsigned int slot, i;

	for (slot = 0; slot < live_layout.nr; slot++)
		for (i = 0; i < ARRAY_SIZE(plants[n].slots) && plants[n].slots[i]; i++)
			if (!strcmp(plants[n].slots[i], live_layout.slot[slot].name))
				return slot;
	return REG_SLOTS_MAX;
}

void live_plant(struct planted *p, const void *arg)
{
	const struct live_variant *variant = arg;
	struct pbt_knobs knobs = { .notify = variant->notify };
	struct live_result r = { .expect = LIVE_IN_WINDOW, .planted = true };
	unsigned int i, slot;
	const char *reason;
	int session, ret;

	live_opt.seconds = live_opt.seconds < PLANTED_SECONDS ? live_opt.seconds : PLANTED_SECONDS;
	live_opt.max_events = LIVE_MIN_EVENTS;
	for (i = 0; i < ARRAY_SIZE(plants); i++)
		if (slot_of(i) < REG_SLOTS_MAX)
			knobs.plants |= 1U << plants[i].plant;
	session = planted_open(p, &knobs.plants);
	if (session < 0)
		return;
	reason = planted_set(session, &knobs) ? "PBT_SET_KNOBS fails" :
		 live_measure(&r, variant, &ret);
	if (reason) {
		planted_not(p, reason);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(plants); i++) {
		if (!(knobs.plants & 1U << plants[i].plant))
			continue;
		slot = slot_of(i);
		snprintf(p->fault[plants[i].plant].what, sizeof(p->fault[0].what), "%s lost",
			 live_layout.slot[slot].name);
		p->fault[plants[i].plant].planted = planted_times(session, plants[i].plant);
		p->fault[plants[i].plant].events = r.evidence.events;
		p->fault[plants[i].plant].found = r.changed[slot];
	}
	close(session);
}
