#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh host: where its rules come from, and what it leaves.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# A command's file may say what it has, and so is not for the test's own shell.
host_command()
{
	# shellcheck source=vm/commands/host.sh
	. "$VM_COMMANDS/host.sh"
}

# rules_tree DIRECTORY: the least that is a tree.
rules_tree()
{
	mkdir -p "$1/tools/testing/selftests"
	touch "$1/Makefile" "$1/tools/testing/selftests/lib.mk"
}

# rules_are TREE: host took them from there, and this directory is among its selftests.
rules_are()
{
	[ "$(realpath "$KSELFTEST/lib.mk")" = "$1/tools/testing/selftests/lib.mk" ]
	[ "$(realpath "$KSELFTEST/io_uring_coherency")" = "$TOP" ]
}

# lib.mk and the runner: of --tree, of the running kernel, and of Debian's package, of which no more
# is unpacked, and whose size is told before it is fetched. No package is fetched here.
check_host_rules()
{
	local cache=$SCRATCH/cache package=linux-source-$KSELFTEST_VERSION tree

	[ ! -e "$TOP/../lib.mk" ] || skip "this directory is in a kernel tree, which is taken"
	debian_tools || skip "there is no apt"
	host_command
	CACHE=$cache
	debian_find() { echo "bookworm 6.1.1-1"; }
	apt_private() { printf '%s\n' "Package: $5" "Size: 139330232"; }
	debian_unpack() {
		grep "$package (6.1.1-1): 133 MiB" "$SCRATCH/out" || return
		rules_tree "$SCRATCH/$package"
		mkdir -p "$SCRATCH/$package/"{scripts,kernel} "$3/usr/src"
		touch "$SCRATCH/$package/scripts/subarch.include"
		tar -C "$SCRATCH" -cJf "$3/usr/src/$package.tar.xz" "$package"
	}
	HOST_HEADERS=$SCRATCH/none
	host_rules >"$SCRATCH/out"
	cat "$SCRATCH/out"
	tree=$cache/source/selftests-$KSELFTEST_VERSION
	rules_are "$tree"
	[ -e "$tree/scripts/subarch.include" ]
	[ ! -e "$tree/kernel" ]

	HOST_HEADERS=$SCRATCH/headers
	rules_tree "$HOST_HEADERS"
	host_rules
	rules_are "$HOST_HEADERS"

	rules_tree "$SCRATCH/given"
	set_option tree "$SCRATCH/given"
	host_rules
	rules_are "$SCRATCH/given"
	rm -rf "$SCRATCH/given"
}

# Without apt a tree has to be named, and the sentence says how.
check_host_no_apt()
{
	[ ! -e "$TOP/../lib.mk" ] || skip "this directory is in a kernel tree, which is taken"
	host_command
	HOST_HEADERS=$SCRATCH/none
	debian_tools() { false; }
	code_is 4 eval '(host_rules)'
	grep 'no kernel tree lends .* or name one by --tree$' "$SCRATCH/out"
}

# Little room is enough for what host fetches, and less is told before anything is fetched.
check_host_no_space()
{
	local me=$TOP/run_tests.sh small=$SCRATCH/small

	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	[ ! -e "$TOP/../lib.mk" ] || skip "this directory is in a kernel tree, which is taken"
	[ ! -e "/lib/modules/$(uname -r)/build/tools/testing/selftests/lib.mk" ] ||
		skip "the running kernel has its selftests here"
	debian_tools || skip "there is no apt"
	mkdir "$small"
	unshare -m mount -t tmpfs none "$small" 2>/dev/null || skip "cannot mount here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	refused 4 "no space: .* 400 MiB are needed" unshare -m sh -c \
		'mount -t tmpfs -o size=100m none "$0" && XDG_CACHE_HOME=$0 exec "$1" host' \
		"$small" "$me"
	# shellcheck disable=SC2016 # as above
	refused 4 "no space: .* 20 MiB are needed" unshare -m sh -c \
		'mount -t tmpfs -o size=8m none "$0" && XDG_CACHE_HOME=$0 exec "$1" host' \
		"$small" "$me"
}

# host_runs: host as its command runs it, in $SCRATCH/results, but for the tests: these do what
# tests/guest/host_tests.sh says.
host_runs()
{
	RESULTS=$SCRATCH/results
	host_get() { HOST=$CHECK_HOST; }
	host_build() {
		mkdir -p "$SCRATCH/installed/io_uring_coherency"
		cp "$GUEST_TESTS/host_tests.sh" "$SCRATCH/installed/run_kselftest.sh"
		chmod 755 "$SCRATCH/installed/run_kselftest.sh"
	}
	(
		SCRATCH=$(mktemp -d "$SCRATCH/host.XXXXXX")
		trap cleanup EXIT
		run_host
	)
}

# The file has the results and what the machine is, and no name of it, address or serial number,
# wherever these were.
check_host_bundle()
{
	local file at=$SCRATCH/at address

	host_command
	uname() {
		if [ "$1" = -n ]; then echo secret-host.example.org; else command uname "$@"; fi
	}
	OPT_BUNDLE=yes COMMAND=host COMMAND_LINE=(host --args "-t 1 -n 100")
	code_is 0 host_runs
	file=$(sed -n 's/^bundle: \(.*\), [0-9]* KiB: .*/\1/p' "$SCRATCH/out")
	[ "$(dirname "$file")" = "$RESULTS" ]
	mkdir "$at"
	tar -C "$at" -xJf "$file"
	[ "$(tar -tvJf "$file" | awk '{ print $2 }' | sort -u)" = root/root ]
	cd "$at"/*-host
	page_agrees .
	for file in ktap report index.html live_registers.json tests \
		machine/{kernel,config,cpuinfo,lscpu.txt,topology,firmware,taint}; do
		[ -e "$file" ] || fail "there is no $file"
	done
	[ "$(cat machine/kernel)" = "$(command uname -srvm)" ]
	grep '^# host is HOST, and HOST$' ktap
	jq -e '.variants[0].events == 1000' live_registers.json
	! grep -rE 'secret-host|example\.org' . || fail "the name is there"
	! grep -riE 'serial|uuid' --exclude=config --exclude=lscpu.txt . || fail "a serial number"
	! grep -E '^CONFIG_(CMDLINE|DEFAULT_HOSTNAME)=' machine/config || fail "a command line"
	while read -r address; do
		! grep -rwF "$address" . || fail "an address"
	done < <(ip -o addr 2>/dev/null |
		awk '$2 != "lo" { sub("/.*", "", $4); print $4 }')
}

@test "host-bundle" { t check_host_bundle; }
@test "host-rules" { t check_host_rules; }
@test "host-no-apt" { t check_host_no_apt; }
@test "host-no-space" { t check_host_no_space; }
