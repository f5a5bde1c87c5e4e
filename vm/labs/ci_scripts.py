# SPDX-License-Identifier: GPL-2.0
#
# For linuxppc/ci-scripts, etc/tests.py: a suite of its own, as qemu_selftests() runs powerpc.*
# alone. The image that builds is one which has liburing (build/ubuntu/packages.sh: 22.04 and later,
# on ppc64le); without liburing each program is a skip.


def qemu_io_uring_coherency(args):
    suite = TestSuite('qemu-io-uring-coherency')
    image = 'fedora'
    config = guest_configs + ['tools/testing/selftests/io_uring_coherency/config']

    suite.add_kernel('ppc64le_guest_defconfig', image, merge_config=config)
    selftests = suite.add_selftest('ubuntu@24.04', 'ppc64le')
    tests = [QemuSelftestsConfig(selftests, 'io_uring_coherency')]
    suite.add_qemu_boot('qemu-pseries+p9+kvm+fedora41', 'ppc64le_guest_defconfig', image,
                        tests=tests)

    return suite
