/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The main() of kselftest_harness.h by the name of harness_main(), for program_run() and
 * module_tests(): a program has options, or needs the module, and so a main() of its own. To be
 * included once, behind the last test. No macro, as a macro cannot define one, and
 * TEST_HARNESS_MAIN has no parameter for the name.
 */
#define main harness_tests
TEST_HARNESS_MAIN
#undef main

/*
 * TEST()s, such as controls, come first. Where constructors run backward, as gcc has them on hppa,
 * the harness (6.1 to 7.2) puts each fixture in front of those that it has, and so of theirs.
 */
static int harness_main(int argc, char **argv)
{
	struct __fixture_metadata **f = &__fixture_list;

	while (*f != &_fixture_global)
		f = &(*f)->next;
	*f = _fixture_global.next;
	_fixture_global.next = __fixture_list;
	__fixture_list = &_fixture_global;
	return harness_tests(argc, argv);
}

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
