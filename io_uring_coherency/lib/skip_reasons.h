/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reasons for which a test is skipped; there are no others. They have no numbers, paths or
 * releases in them: Linaro's parse-output.py, and so LAVA and KernelCI, makes them a part of the
 * test's name. What is measured stands in a line before, and in the file of results. Who includes
 * this file has SKIP_REASON() make what is wanted of each.
 */
SKIP_REASON(NOT_ASKED, "not asked for")
SKIP_REASON(TOO_FEW, "too few events")
SKIP_REASON(NOT_OBSERVABLE, "not observable on this machine")
SKIP_REASON(NO_CONTROL, "not observable: there is no control")
SKIP_REASON(NOT_IN_KERNEL, "not in this kernel")
SKIP_REASON(NO_IO_URING, "no io_uring")
SKIP_REASON(NO_LIBURING, "no liburing")
SKIP_REASON(NO_MODULE, "no module")
SKIP_REASON(KNOB, "the knob of the module did not act")
SKIP_REASON(CONTROL, "a control failed")
SKIP_REASON(PLANT, "a planted fault was not found")
SKIP_REASON(NO_DISK, "no such disk")
SKIP_REASON(ONE_CPU, "too few CPUs")
SKIP_REASON(SET_UP, "cannot be set up")
SKIP_REASON(FOUND, "a violation was found before")
#undef SKIP_REASON
