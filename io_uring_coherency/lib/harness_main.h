/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The main() of kselftest_harness.h by the name of harness_main(), for program_run() and
 * module_tests(): a program has options, or needs the module, and so a main() of its own. To be
 * included once, behind the last test. No macro, as a macro cannot define one, and
 * TEST_HARNESS_MAIN has no parameter for the name.
 */
#define main harness_main
TEST_HARNESS_MAIN
#undef main
