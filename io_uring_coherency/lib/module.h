/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the users of the module ppc_barrier_test share: getting it loaded and unloaded, its names,
 * and its counters for people. Not for use by several threads at the same time.
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "ppc_barrier_test/ppc_barrier_test.h"

/*
 * Sees to it that the module is loaded until the calling process ends, in whatever way. To be
 * called at the start of main(): under kselftest_harness.h each test is a process of its own, and
 * the module would come and go with it. A module that is there already is left alone, and stays.
 *
 * The module is ppc_barrier_test.ko in the directory of the running program, in ppc_barrier_test/
 * below it, $PPC_BARRIER_TEST_KO, or what depmod knows, in this order.
 *
 * It goes when the last session is closed. The harness gives each test a process group of its own:
 * one that is to end by Ctrl-C has to ask for PR_SET_PDEATHSIG.
 *
 * Relies on kernel/module/main.c (6.1): finit_module(2), and delete_module(2) with O_NONBLOCK.
 * Returns 0, or -1 with one reason for a SKIP in @why, which is good until the next call.
 */
int module_load(const char **why);

/*
 * module_load(), unless it is to be left alone (--no-module). @why, of @size bytes, gets the reason
 * for a SKIP of what needs the module, or is empty.
 */
void module_load_unless(bool leave, char *why, size_t size);

/*
 * Opens a session, loading the module for the time of the calling process if need be, and waiting
 * up to 2 s for the node of the device. Returns the file, O_CLOEXEC, or -1 with one reason for a
 * SKIP in @why, which is good until the next call.
 */
int module_open(const char **why);

/*
 * Has a thread end the calling process, with its process group where that is its own, when the
 * process that called module_load() has ended: kselftest_harness.h gives each test a process group,
 * so that a Ctrl-C ends the program alone, and a test that goes on keeps the module loaded.
 */
void module_follow(void);

/*
 * fork(2) of a child that is killed when the calling thread ends. The harness ends a test at its
 * first failed ASSERT; a child that went on would hold stdout, whose reader waits for its end.
 */
pid_t module_fork(void);

/*
 * For a main() that runs tests of kselftest_harness.h, @harness, which need sessions: 0, 1 or 4,
 * with the reason printed for a SKIP of all. Each test is a process that ends with _exit().
 */
int module_tests(int (*harness)(int argc, char **argv), int argc, char **argv);

extern const char *const module_point_names[PBT_NR_POINTS];
extern const char *const module_action_names[PBT_NR_ACTIONS];
extern const char *const module_notify_names[PBT_NR_NOTIFY];
extern const char *const module_delivery_names[PBT_NR_DELIVERIES];
extern const char *const module_plant_names[PBT_NR_PLANTS];

/*
 * Put what @text says, "POINT=ACTION[:MICROSECONDS]", the name of a notification mode, a number of
 * workers from 1 on, or names of faults "NAME[,NAME...]", into @knobs. Return NULL, or one sentence
 * on what is wrong with it, good until the next call; then @knobs is as it was.
 */
const char *module_parse_at(const char *text, struct pbt_knobs *knobs);
const char *module_parse_notify(const char *text, struct pbt_knobs *knobs);
const char *module_parse_workers(const char *text, struct pbt_knobs *knobs);
const char *module_parse_plants(const char *text, struct pbt_knobs *knobs);

/*
 * What of @knobs this kernel cannot do, by its @info. Returns the number of such things, names
 * them in @text, separated by commas, and leaves in @rest (which may be @knobs, or NULL) what it
 * can do. 0: PBT_SET_KNOBS will not fail with EOPNOTSUPP.
 */
unsigned int module_missing(const struct pbt_info *info, const struct pbt_knobs *knobs,
			    struct pbt_knobs *rest, char *text, size_t size);

/* Why PBT_SET_KNOBS failed with @error: one sentence, good until the next call. */
const char *module_why_not_set(int error);

/*
 * Why nothing that ran clean under knobs is an answer about them, by the @counters of the end: the
 * probes were off, or more than 1 % of the calls or processes were not seen. One sentence, good
 * until the next call, or NULL.
 */
const char *module_no_answer(const struct pbt_counters *counters);

/* Prints @counters as a table: what has happened, and what @knobs asks for. */
void module_print(FILE *f, const struct pbt_knobs *knobs, const struct pbt_counters *counters);

#endif /* MODULE_H */
