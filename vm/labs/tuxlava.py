# SPDX-License-Identifier: GPL-2.0
#
# For tuxlava, tuxlava/tests/kselftest.py: the class by which tuxrun and tuxlava know
# "--tests kselftest-io_uring_coherency". There are seven programs, of which "settings" gives each
# 120 s at the most.


class KSelftestIoUringCoherency(KSelfTest):
    name = "kselftest-io_uring_coherency"
    timeout = 15
