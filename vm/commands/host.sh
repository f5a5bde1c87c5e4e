# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The selftests on the running kernel: run_tests.sh host; host.jq has the table of what they come
# to. Sourced by run_tests.sh.

# shellcheck source=vm/commands/hosts.sh
. "$VM_COMMANDS/hosts.sh"
# shellcheck source=vm/commands/pool.sh
. "$VM_COMMANDS/pool.sh"

COMMAND_SUMMARY="the selftests on the running kernel"
COMMAND_OPTIONS="args timeout tree bundle hosts ssh-config"
OPTION_TEXT[timeout]="for each program, and for all that one of --hosts does (default: 600)"

# The rules by which the tests are built and run: those of any kernel will do.
host_rules()
{
	KSELFTEST_ALONE=yes
	KSELFTEST_HEADERS=${HOST_HEADERS:-/lib/modules/$(uname -r)/build}
	kselftest_get
}

# host_bundle: RESULTS/NAME.tar.xz, of the results, what the machine is, and which tests these are.
# The machine's name is left out wherever it is; tar tells of no user.
host_bundle()
{
	local name=${RESULT_FINAL##*/} at=$SCRATCH/bundle node short file=$RESULT_FINAL.tar.xz

	mkdir -p "$at"
	cp -r "$RESULT" "$at/$name"
	sh "$VM_GUEST/machine.sh" "$at/$name/machine" ||
		die $EXIT_SKIP "what this machine is cannot be read"
	tree_commit "$TOP" >"$at/$name/tests"
	node=$(uname -n)
	short=${node%%.*}
	[ "$short" = localhost ] || find "$at/$name" -type f -exec \
		sed -i "s/\b${node//./\\.}\b/HOST/g; s/\b$short\b/HOST/g" {} +
	tar -C "$at" --owner=root:0 --group=root:0 --sort=name -cJf "$at/file" "$name" &&
		mv "$at/file" "$file" || die $EXIT_SKIP "cannot write $file"
	say "bundle: $file, $(($(stat -c %s "$file") / 1024 + 1)) KiB: see doc/hardware.md"
}

# The tests as they are installed: $SCRATCH/installed.
host_build()
{
	need_packages make gcc libc6-dev rsync xz-utils liburing-dev jq
	need_command jq "results are read with it"
	host_rules
	phase 10 "$SCRATCH/log" "build tests" make -C "$KSELFTEST" TARGETS=io_uring_coherency \
		O="$SCRATCH/objects" INSTALL_PATH="$SCRATCH/installed" install ||
		die $EXIT_SKIP "the tests do not build: $(build_error "$SCRATCH/log")"
	printf 'timeout=%s\n' "$OPT_TIMEOUT" >"$SCRATCH/installed/io_uring_coherency/settings"
	# not the lines that link with it
	grep -h 'warning:\|: liburing' "$SCRATCH/log" >&2 || true
}

run_host()
{
	local code files

	if [ -n "$OPT_HOSTS" ]; then
		[ -z "$OPT_BUNDLE" ] ||
			die $EXIT_USAGE "--bundle has no names of machines, so it takes no --hosts"
		hosts_given "$OPT_HOSTS"
	elif [ -n "$OPT_SSH_CONFIG" ]; then
		die $EXIT_USAGE "--ssh-config is for --hosts"
	fi
	start 20
	[ -z "$OPT_HOSTS" ] || hosts_run
	host_build
	host_get verdict
	result_open host
	say "kernel: $(uname -r) on $(uname -m)"
	POOL_NAME='' POOL_DATE=$(date -Is)
	IO_URING_COHERENCY_RESULTS=$RESULT KSELFTEST_LIVE_REGISTERS_ARGS=$OPT_ARGS \
		"$SCRATCH/installed/run_kselftest.sh" -c io_uring_coherency |
		tee "$RESULT/ktap" || true
	code=$(ktap_code "$RESULT/ktap")
	readarray -t files < <(find "$RESULT" -maxdepth 1 -name '*.json' | sort)
	pool "${files[@]}"
	pool_questions >"$RESULT/report"
	cat "$RESULT/report"
	page_write "What of this is wrong with a kernel?" "kernel: $(uname -r) on $(uname -m)"
	result_close
	[ -z "$OPT_BUNDLE" ] || host_bundle
	exit "$code"
}
