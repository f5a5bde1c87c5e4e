#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The front door of io_uring_coherency; see README and doc/. It has the options parsed, and starts a
# command.
#
# Exit codes: 0 pass or fixed, 1 fail or not fixed, 4 skipped or inconclusive, 2 wrong usage. Those
# of bisect-step are for git bisect run: see vm/commands/bisect-step.sh.

set -euo pipefail

# What the caller's environment holds must not decide what is built (CROSS_COMPILE, LLVM, KBUILD_*,
# MAKEFLAGS) nor how programs talk (LC_ALL): this passes, and nothing else.
for name in $(compgen -e); do
	case $name in
	PATH | PWD | HOME | USER | TERM | TMPDIR | XDG_CACHE_HOME | SSH_AUTH_SOCK) ;;
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
# shellcheck source=vm/lib/result.sh
. "$VM_LIB/result.sh"
# shellcheck source=vm/lib/page.sh
. "$VM_LIB/page.sh"
# shellcheck source=vm/lib/measure.sh
. "$VM_LIB/measure.sh"
# shellcheck source=vm/lib/options.sh
. "$VM_LIB/options.sh"

COMMAND_LINE=("$@")
parse_command "$@"
# shellcheck source=/dev/null
. "$(command_file "$COMMAND")"
parse_options "${@:2}"
"run_${COMMAND/-/_}"
