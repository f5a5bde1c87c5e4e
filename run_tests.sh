#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The front door of io_uring_coherency; see README. It parses, calls vm/ and the programs, and
# shows what they found.
#
# Exit codes: 0 pass or fixed, 1 fail or not fixed, 4 skipped or inconclusive, 2 wrong usage. Those
# of bisect-step are for git bisect run: see vm/commands/bisect.sh.

set -euo pipefail

# What the caller's environment holds must not decide what is built (CROSS_COMPILE, LLVM, KBUILD_*,
# MAKEFLAGS) nor how programs talk (LC_ALL): this passes, and nothing else.
for name in $(compgen -e); do
	case $name in
	PATH | PWD | HOME | USER | TERM | TMPDIR | XDG_CACHE_HOME) ;;
	*_proxy | *_PROXY | APT_CONFIG | DEBIAN_MIRROR | IO_URING_COHERENCY_OUT | MTR_*) ;;
	*) unset "$name" 2>/dev/null || true ;;
	esac
done
export LC_ALL=C

TOP=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
VM_LIB=$TOP/vm/lib
VM_COMMANDS=$TOP/vm/commands
VM_GUEST=$TOP/vm/guest	# what runs inside of a guest

# shellcheck source=vm/lib/common.sh
. "$VM_LIB/common.sh"
# shellcheck source=vm/lib/debian.sh
. "$VM_LIB/debian.sh"
# shellcheck source=vm/lib/kernel.sh
. "$VM_LIB/kernel.sh"
# shellcheck source=vm/lib/module.sh
. "$VM_LIB/module.sh"
# shellcheck source=vm/lib/userspace.sh
. "$VM_LIB/userspace.sh"
# shellcheck source=vm/lib/guest.sh
. "$VM_LIB/guest.sh"

usage()
{
	cat <<'EOF'
usage: run_tests.sh [COMMAND] [OPTION...]

  host        the selftests on the running kernel (default)
  vm          the same on another kernel, inside QEMU
  validate    does this fix it? Two kernels, one verdict: FIXED, NOT FIXED or INCONCLUSIVE
  bisect-step [K]
              for git bisect run: is this kernel good (0), bad (1), or can nobody tell (125)?
  claims      each statement of the reports of 2023: confirmed, refuted, or not observable here
  merge       FILE...: results.json of several runs of claims as one
  mariadb     the test that the report of 2023 began with, MariaDB's own, on two kernels or one
  mutants     the kernels that are known to be bad, and planted faults, each against what has to
              catch it
  check       the project's own tests; with --long all of them
  bench       the speed figures of the README, measured here

  --arch A            ppc64le (default), ppc64, x86_64 or arm64
  --kernel K          vm, mariadb: the kernel to test (default: source:6.1); mutants: the one
                      in which faults are planted, and then no other kernel
  --base K            validate, claims, mariadb: the kernel with the problem (default: 6.1 with
                      the fix reverted); bisect-step: one to compare with (default: none)
  --fixed K           validate, claims, mariadb: the kernel that claims to be fixed (default:
                      source:6.1)
  -t, --seconds N     claims: begin no further round after that time (default: 600)
  --mariadb           claims: ask MariaDB, too; a round takes half an hour more with --quick, and
                      three times that without
  --seed N            claims: for the order of the settings (default: one that is printed)
  --repeat N          mariadb: loops of a kernel (default: 50; for --fixed what a verdict takes)
  --knobs "..."       mariadb: under barrier_ctl with these, such as "--notify no_ipi"
  --quick             mariadb, claims --mariadb: only make databases and check their pages, in a
                      third of the time
                      validate: Debian's kernel with a planted fault and without, nothing is built
  --native            mariadb: on the running kernel, with the mariadb-test installed here
  --accel A           QEMU's accelerator (default: tcg,thread=multi)
  --smp N, --mem M    QEMU's CPUs and memory (default: 2, 1G; mariadb: 8, 4G)
  --cpu C             QEMU's CPU model
  --timeout SECONDS   for one guest (default: 600; mariadb: that and 30 for each loop)
  --args "..."        vm, host: options for live_registers, such as "-t 10 -n 100000"
  --config FILE       more kernel configuration for kernels that are built
  --keep              keep kernel, initramfs and disks with the results, so that the QEMU command
                      there runs as it stands
  --no-install        never install packages, say what is missing
  --tests REGEX       check, bench: only the tests, or parts, whose names match; mutants: only
                      those patches of vm/patches/, and good kernels (source:6.1, source:mainline)
  --long              check: everything, also what takes long
                      mutants: every kernel against every detector
                      bench: a million events on each good kernel, and MariaDB, instead

  K: distro | source:VERSION[+PATCH...] | tree:PATH[+PATCH...] | image:VMLINUX
     vm, validate, bisect-step: K^FAULT[,FAULT...]: with faults that the module plants there
     VERSION: 5.10, 6.1, 6.12, ... as Debian has it, or mainline, the newest of these;
     PATCH: a file, or the name of one in vm/patches/
     bisect-step's default is tree:. , the current directory

Exit code: 0 pass or fixed, 1 fail or not fixed, 4 skipped or inconclusive, 2 wrong usage.
bisect-step: 0 good, 1 bad, 125 cannot tell, 255 wrong usage, with which git bisect run ends.
EOF
}

parse "$@"
case $COMMAND in
host) run_host ;;
vm) run_vm ;;
validate) run_validate ;;
bisect-step) run_bisect_step ;;
claims | merge)
	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	"run_$COMMAND"
	;;
mutants)
	# shellcheck source=vm/commands/mutants.sh
	. "$VM_COMMANDS/mutants.sh"
	run_mutants
	;;
mariadb)
	# shellcheck source=vm/commands/mariadb.sh
	. "$VM_COMMANDS/mariadb.sh"
	run_mariadb
	;;
check)
	# shellcheck source=tests/check.sh
	. "$TOP/tests/check.sh"
	run_check
	;;
bench)
	# shellcheck source=vm/commands/bench.sh
	. "$VM_COMMANDS/bench.sh"
	run_bench
	;;
esac
