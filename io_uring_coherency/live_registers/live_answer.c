// SPDX-License-Identifier: GPL-2.0
/*
 * The answer of a variant: in words, and in the file of results.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "kselftest.h"
#include "live.h"

void live_settle_error(struct live_result *r, int err, const char *flag)
{
	const char *why = no_ring(err);

	if (why)
		settle_skip(&r->answer, SKIP_NO_IO_URING, "%s", why);
	else if (err == -EINVAL && flag)
		settle_skip(&r->answer, SKIP_NOT_IN_KERNEL, "this kernel does not have %s", flag);
	else if (err == -EINVAL)
		settle_skip(&r->answer, SKIP_NOT_IN_KERNEL,
			    "this kernel cannot limit or pin io-wq workers (before 5.15)");
	else
		settle_skip(&r->answer, SKIP_SET_UP, "a round could not be run: %s",
			    strerror(-err));
}

static void list_changed(char *buf, size_t size, const uint64_t *changed)
{
	unsigned int i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < live_layout.nr && at + 40 < size; i++)
		if (changed[i])
			at += snprintf(buf + at, size - at, " %s (%s) %llu times",
				       live_layout.slot[i].name,
				       reg_class_names[live_layout.slot[i].class],
				       (unsigned long long)changed[i]);
}

static void control_sentence(char *buf, size_t size, const struct live_result *r)
{
	const struct interval rate = evidence_interval(&r->control, EVIDENCE_CONFIDENCE);
	int at;

	at = snprintf(buf, size, "violations %llu of %llu windows without a creation",
		      (unsigned long long)r->control.violations,
		      (unsigned long long)r->control.events);
	if (r->control.violations)
		snprintf(buf + at, size - at, ", rate %.2g to %.2g (95 %%)", rate.low, rate.high);
	else if (r->control.events)
		snprintf(buf + at, size - at, ", rate < %.2g (95 %%)", rate.high);
}

static void settle_violations(struct live_result *r)
{
	char sentence[EVIDENCE_TEXT_SIZE], control[EVIDENCE_TEXT_SIZE], regs[160];
	char switched[80] = "";

	evidence_sentence(sentence, sizeof(sentence), &r->evidence);
	control_sentence(control, sizeof(control), r);
	if (!r->evidence.violations) {
		list_changed(regs, sizeof(regs), r->control_changed);
		settle(&r->answer, "fail",
		       "%s: a bug of this kernel, or of this test:%s; in those with one %s",
		       control, regs, sentence);
		return;
	}
	list_changed(regs, sizeof(regs), r->changed);
	if (r->switched.events)
		snprintf(switched, sizeof(switched),
			 "; switched out meanwhile in %llu, with %llu of the violations",
			 (unsigned long long)r->switched.events,
			 (unsigned long long)r->switched.violations);
	settle(&r->answer, "fail",
	       "%s: this kernel corrupts live registers:%s; first after %.0f ms and %llu events%s%s%s",
	       sentence, regs, r->first_ms, (unsigned long long)r->first_event, switched,
	       r->control.violations ? "; not by the creation alone: " : "",
	       r->control.violations ? control : "");
}

/*
 * The knob of the module has to prove itself: by what it counts as done, for each event, and, where
 * the module tells it, by what brought the creations. Another interrupt may be there before the
 * tick or the IPI.
 */
static bool knob_acted(const struct live_result *r)
{
	const uint64_t ipi = r->delivered[PBT_IPI];
	const uint64_t all = ipi + r->delivered[PBT_TICK] + r->delivered[PBT_OTHER];

	if (10 * r->rewritten < 9 * r->evidence.events)
		return false;
	if (!r->delivery_told)
		return true;
	return r->notify == PBT_NOTIFY_SIGNAL_NO_IPI ? 2 * ipi < all : 10 * ipi > all;
}

static void list_delivered(char *buf, size_t size, const struct live_result *r)
{
	unsigned int i, at = 0;

	snprintf(buf, size, " none seen");
	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		if (r->delivered[i])
			at += snprintf(buf + at, size - at, "%s %s %llu", at ? "," : "",
				       module_delivery_names[i],
				       (unsigned long long)r->delivered[i]);
}

void live_settle_measured(struct live_result *r)
{
	char sentence[EVIDENCE_TEXT_SIZE], delivered[160];

	evidence_sentence(sentence, sizeof(sentence), &r->evidence);
	if (r->evidence.violations || r->control.violations) {
		settle_violations(r);
	} else if (r->frames.violations) {
		settle(&r->answer, "fail",
		       "handlers of signals were shown other registers than were loaded, %llu of %llu; %s",
		       (unsigned long long)r->frames.violations,
		       (unsigned long long)r->frames.events, sentence);
	} else if (r->died) {
		settle(&r->answer, "fail",
		       "the submitter's thread ended inside a window, after %llu events: see the kernel's log",
		       (unsigned long long)r->evidence.events);
	} else if (r->unexpected) {
		settle_skip(&r->answer, SKIP_NOT_IN_KERNEL,
			    "this kernel's io_uring is not what this variant was made for: %llu workers were created for the submitter of an SQPOLL ring",
			    (unsigned long long)r->unexpected);
	} else if (r->expect != LIVE_IN_WINDOW && r->evidence.events) {
		settle_skip(&r->answer, SKIP_NOT_IN_KERNEL,
			    "this kernel's io_uring is not what this variant was made for: workers were created in the spin of a DEFER_TASKRUN ring; %s",
			    sentence);
	} else if (r->expect != LIVE_IN_WINDOW && r->elsewhere < LIVE_MIN_ELSEWHERE) {
		settle_skip(&r->answer, SKIP_TOO_FEW, "inconclusive: only %llu workers created",
			    (unsigned long long)r->elsewhere);
	} else if (r->expect == LIVE_IN_SQ_THREAD) {
		settle(&r->answer, "pass",
		       "no event expected and none seen: the SQ thread created all %llu workers, the submitter none",
		       (unsigned long long)r->elsewhere);
	} else if (r->expect == LIVE_IN_SYSCALL) {
		settle(&r->answer, "pass",
		       "no event expected and none seen: %llu workers created in io_uring_enter(), none in %llu spins",
		       (unsigned long long)r->elsewhere, (unsigned long long)r->windows);
	} else if (r->evidence.events < LIVE_MIN_EVENTS) {
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: %s, at least %u events are needed", sentence,
			    LIVE_MIN_EVENTS);
	} else if (r->signals && 2 * r->frames.events < r->evidence.events) {
		settle_skip(&r->answer, SKIP_TOO_FEW,
			    "inconclusive: only %llu signals were handled inside windows; %s",
			    (unsigned long long)r->frames.events, sentence);
	} else if (r->notify != PBT_NOTIFY_KERNEL && *r->no_answer) {
		settle_skip(&r->answer, SKIP_KNOB, "no answer about the module's knob: %s; %s",
			    r->no_answer, sentence);
	} else if (r->notify != PBT_NOTIFY_KERNEL && !knob_acted(r)) {
		list_delivered(delivered, sizeof(delivered), r);
		settle_skip(&r->answer, SKIP_KNOB,
			    "the module's knob did not act: %llu notifications changed, %llu probes missed, workers created by%s; %s",
			    (unsigned long long)r->rewritten, (unsigned long long)r->missed,
			    delivered, sentence);
	} else {
		settle(&r->answer, "pass",
		       "%s: this kernel keeps live registers across io-wq worker creation from interrupt exit",
		       sentence);
	}
	/* without an event there is nothing that registers could have survived */
	r->answer.control = r->expect != LIVE_IN_WINDOW;
}

void live_print_details(const struct live_result *r)
{
	char text[256];

	if (r->control.events) {
		control_sentence(text, sizeof(text), r);
		ksft_print_msg("  %s\n", text);
	}
	if (r->switched.events)
		ksft_print_msg("  switched out inside the window: violations %llu of %llu events\n",
			       (unsigned long long)r->switched.violations,
			       (unsigned long long)r->switched.events);
	if (r->exited)
		ksft_print_msg("  %llu threads of this process ended inside a window\n",
			       (unsigned long long)r->exited);
	if (r->signals)
		ksft_print_msg("  %llu signals were handled inside windows\n",
			       (unsigned long long)r->frames.events);
	if (r->delivery_told) {
		list_delivered(text, sizeof(text), r);
		ksft_print_msg("  workers created, by what brought it:%s\n", text);
	}
}

static void json_changed(FILE *f, const char *name, const uint64_t *changed)
{
	const char *comma = "";
	unsigned int i;

	fprintf(f, "\"%s\": {", name);
	for (i = 0; i < live_layout.nr; i++) {
		if (!changed[i])
			continue;
		fprintf(f, "%s \"%s\": %llu", comma, live_layout.slot[i].name,
			(unsigned long long)changed[i]);
		comma = ",";
	}
	fprintf(f, " }");
}

void live_write_variant(FILE *f, unsigned int variant)
{
	const struct live_result *r = &live_shared->result[variant];
	const struct interval rate = evidence_interval(&r->evidence, EVIDENCE_CONFIDENCE);
	unsigned int i;

	fprintf(f, "    { \"name\": \"%s\", ", r->name);
	answer_json(f, &r->answer);
	fprintf(f,
		",\n      \"events\": %llu, \"violations\": %llu, \"windows\": %llu, \"elsewhere\": %llu, \"late\": %llu,\n",
		(unsigned long long)r->evidence.events, (unsigned long long)r->evidence.violations,
		(unsigned long long)r->windows, (unsigned long long)r->elsewhere,
		(unsigned long long)r->late);
	fprintf(f, "      \"rate_low\": %.6g, \"rate_high\": %.6g, \"seconds\": %.3f,\n", rate.low,
		rate.high, r->seconds);
	fprintf(f, "      \"control_windows\": %llu, \"control_violations\": %llu,\n",
		(unsigned long long)r->control.events, (unsigned long long)r->control.violations);
	fprintf(f,
		"      \"events_switched\": %llu, \"violations_switched\": %llu, \"exited\": %llu,\n",
		(unsigned long long)r->switched.events, (unsigned long long)r->switched.violations,
		(unsigned long long)r->exited);
	if (r->signals)
		fprintf(f, "      \"handlers\": %llu, \"handlers_with_others\": %llu,\n",
			(unsigned long long)r->frames.events,
			(unsigned long long)r->frames.violations);
	if (r->notify != PBT_NOTIFY_KERNEL)
		fprintf(f, "      \"notifications_changed\": %llu, \"probes_missed\": %llu,\n",
			(unsigned long long)r->rewritten, (unsigned long long)r->missed);
	if (r->evidence.violations)
		fprintf(f,
			"      \"first_ms\": %.3f, \"first_event\": %llu, \"explained\": %llu,\n",
			r->first_ms, (unsigned long long)r->first_event,
			(unsigned long long)r->explained);
	if (r->delivery_told) {
		fprintf(f, "      \"delivered\": {");
		for (i = 0; i < PBT_NR_DELIVERIES; i++)
			fprintf(f, "%s \"%s\": %llu", i ? "," : "", module_delivery_names[i],
				(unsigned long long)r->delivered[i]);
		fprintf(f, " },\n");
	}
	fprintf(f, "      ");
	json_changed(f, "changed", r->changed);
	if (r->control.violations) {
		fprintf(f, ",\n      ");
		json_changed(f, "control_changed", r->control_changed);
	}
	fprintf(f, " }");
}

void live_write_head(FILE *f)
{
	fprintf(f, ",\n  \"arch\": \"%s\",\n  \"registers\": ", reg_arch.name);
	json_string(f, live_layout.describe);
	fprintf(f, ",\n  \"not_covered\": ");
	json_string(f, live_layout.missing);
	fprintf(f, ",\n  \"submitters\": %u", live_submitters());
	fprintf(f, ",\n  \"control_without_io_uring\": %s,\n  \"control_changed_register\": %s",
		live_shared->clean_ok ? "true" : "false",
		live_shared->altered_ok ? "true" : "false");
	planted_json(f, &live_shared->planted);
}
