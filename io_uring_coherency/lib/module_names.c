// SPDX-License-Identifier: GPL-2.0
/*
 * The names of ppc_barrier_test's knobs, and what is said in them.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "module_parts.h"

const char *const module_point_names[PBT_NR_POINTS] = {
#define PBT_POINT(id, point_name, ...) \
	[PBT_##id] = #point_name,
#include "ppc_barrier_test/pbt_points.h"
};

const char *const module_plant_names[PBT_NR_PLANTS] = {
#define PBT_PLANT(id, plant_name, ...) \
	[PBT_PLANT_##id] = #plant_name,
#include "ppc_barrier_test/pbt_plants.h"
};

const char *const module_action_names[PBT_NR_ACTIONS] = PBT_ACTION_NAMES;
const char *const module_notify_names[PBT_NR_NOTIFY] = PBT_NOTIFY_NAMES;
const char *const module_delivery_names[PBT_NR_DELIVERIES] = PBT_DELIVERY_NAMES;

/* One sentence, the last one that was asked for. */
const char *module_why(const char *fmt, ...)
{
	static char text[PATH_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

/* Returns the index of the @len bytes at @name, or -1. */
static int find_name(const char *const *names, unsigned int nr, const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return i;
	return -1;
}

static const char *no_such(const char *what, const char *name, size_t len,
			   const char *const *names, unsigned int nr)
{
	char known[512] = "";
	unsigned int i, at = 0;

	for (i = 0; i < nr; i++)
		at += snprintf(known + at, sizeof(known) - at, "%s %s", i ? "," : "", names[i]);
	return module_why("'%.*s' is no %s; these are:%s", (int)len, name, what, known);
}

/* A number from 1 to @max, or 0: it is none. */
static unsigned int number(const char *text, unsigned int max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	/* strtoul() also takes leading blanks and signs */
	if (*text < '0' || *text > '9' || *end || errno || !n || n > max)
		return 0;
	return n;
}

const char *module_parse_at(const char *text, struct pbt_knobs *knobs)
{
	const size_t point_len = strcspn(text, "=");
	const char *name = text + point_len + 1, *usecs;
	struct pbt_knob knob = { 0 };
	size_t len;
	int point, action;

	if (!text[point_len] || !point_len)
		return module_why("'%s' is not POINT=ACTION[:MICROSECONDS]", text);
	point = find_name(module_point_names, PBT_NR_POINTS, text, point_len);
	if (point < 0)
		return no_such("point", text, point_len, module_point_names, PBT_NR_POINTS);
	len = strcspn(name, ":");
	action = find_name(module_action_names, PBT_NR_ACTIONS, name, len);
	if (action < 0)
		return no_such("action", name, len, module_action_names, PBT_NR_ACTIONS);
	usecs = name[len] ? name + len + 1 : NULL;
	if (action == PBT_UDELAY) {
		if (!usecs)
			return module_why("'%s' lacks its time, such as %s:1000", text, text);
		knob.usecs = number(usecs, PBT_UDELAY_MAX);
		if (!knob.usecs)
			return module_why("'%s' is not a number of microseconds from 1 to %u",
					  usecs, PBT_UDELAY_MAX);
	} else if (usecs) {
		return module_why("'%s': only udelay takes a time", text);
	}
	if (knobs->point[point].action != PBT_OFF)
		return module_why("%s has an action already, %s", module_point_names[point],
				  module_action_names[knobs->point[point].action]);
	knob.action = action;
	knobs->point[point] = knob;
	return NULL;
}

const char *module_parse_notify(const char *text, struct pbt_knobs *knobs)
{
	int notify = find_name(module_notify_names, PBT_NR_NOTIFY, text, strlen(text));

	if (notify < 0)
		return no_such("notification mode", text, strlen(text), module_notify_names,
			       PBT_NR_NOTIFY);
	knobs->notify = notify;
	return NULL;
}

const char *module_parse_workers(const char *text, struct pbt_knobs *knobs)
{
	const unsigned int workers = number(text, PBT_WORKERS_MAX);

	if (!workers)
		return module_why("'%s' is not a number of workers from 1 to %u", text,
				  PBT_WORKERS_MAX);
	knobs->workers = workers;
	return NULL;
}

const char *module_parse_plants(const char *text, struct pbt_knobs *knobs)
{
	__u32 plants = 0;
	int plant;

	for (;;) {
		const size_t len = strcspn(text, ",");

		plant = find_name(module_plant_names, PBT_NR_PLANTS, text, len);
		if (plant < 0)
			return no_such("fault", text, len, module_plant_names, PBT_NR_PLANTS);
		plants |= 1U << plant;
		if (!text[len])
			break;
		text += len + 1;
	}
	knobs->plants |= plants;
	return NULL;
}

static void __printf(4, 5)
append(char *text, size_t size, unsigned int nr, const char *fmt, ...)
{
	size_t at = strlen(text);
	va_list ap;

	if (nr)
		at += snprintf(text + at, size - at, ", ");
	if (at >= size)
		return;
	va_start(ap, fmt);
	vsnprintf(text + at, size - at, fmt, ap);
	va_end(ap);
}

unsigned int module_missing(const struct pbt_info *info, const struct pbt_knobs *knobs,
			    struct pbt_knobs *rest, char *text, size_t size)
{
	struct pbt_knobs possible = *knobs;
	unsigned int i, nr = 0;

	*text = '\0';
	if (!(info->notify & (1U << knobs->notify))) {
		append(text, size, nr++, "notification %s", module_notify_names[knobs->notify]);
		possible.notify = PBT_NOTIFY_KERNEL;
	}
	for (i = 0; i < PBT_NR_POINTS; i++) {
		const struct pbt_knob *knob = &knobs->point[i];

		if (knob->action == PBT_OFF)
			continue;
		if (!(info->points & (1U << i)))
			append(text, size, nr++, "point %s", module_point_names[i]);
		else if (!(info->actions[i] & (1U << knob->action)))
			append(text, size, nr++, "%s at %s", module_action_names[knob->action],
			       module_point_names[i]);
		else
			continue;
		memset(&possible.point[i], 0, sizeof(possible.point[i]));
	}
	if ((knobs->flags & PBT_ACCOUNT) && !info->deliveries) {
		append(text, size, nr++, "accounting of deliveries");
		possible.flags &= ~PBT_ACCOUNT;
	}
	if (knobs->workers > info->workers_max) {
		append(text, size, nr++, "a limit of io-wq workers");
		possible.workers = 0;
	}
	if (knobs->flags & ~info->flags & PBT_PIN_WORKERS) {
		append(text, size, nr++, "pinned io-wq workers");
		possible.flags &= ~PBT_PIN_WORKERS;
	}
	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (knobs->plants & ~info->plants & (1U << i))
			append(text, size, nr++, "a place for the fault %s", module_plant_names[i]);
	possible.plants &= info->plants;
	if (rest)
		*rest = possible;
	return nr;
}
