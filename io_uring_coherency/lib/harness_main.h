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

/*
 * What a run leaves out is no test of it: whoever follows a test's name would see it skipped on
 * that machine for ever. To be called before harness_main(). Of @fixture these are the variants for
 * which @left_out is true; if no variant remains, the harness would run the tests without one, so
 * they go, too.
 */
static inline void harness_leave_out(struct __fixture_metadata *fixture,
				     bool (*left_out)(const char *variant))
{
	struct __fixture_variant_metadata **v = &fixture->variant;

	while (*v) {
		if (left_out((*v)->name))
			*v = (*v)->next;
		else
			v = &(*v)->next;
	}
	if (!fixture->variant)
		fixture->tests = NULL;
}

/* One test of a fixture without variants; TEST() is of _fixture_global. */
static inline void harness_leave_out_test(struct __fixture_metadata *fixture, const char *name)
{
	struct __test_metadata **t = &fixture->tests;

	while (*t && strcmp((*t)->name, name))
		t = &(*t)->next;
	if (*t)
		*t = (*t)->next;
}
