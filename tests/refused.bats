#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Where a run cannot do its work: one sentence, the right exit code, nothing left behind.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

check_patch_does_not_apply()
{
	printf '%s\n' '--- a/Makefile' '+++ b/Makefile' '@@ -1,1 +1,1 @@' '-not there' '+x' \
		>"$SCRATCH/bad.patch"
	refused 2 "bad.patch does not apply" "$TOP/run_tests.sh" vm \
		--kernel "source:6.1+$SCRATCH/bad.patch"
	refused 125 "bad.patch does not apply" "$TOP/run_tests.sh" bisect-step \
		"source:6.1+$SCRATCH/bad.patch"
	grep '^cannot tell: .*does not apply' "$SCRATCH/out"
}

check_no_space()
{
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir "$SCRATCH/small"
	# a mount namespace of its own: the mount goes with the last process in it
	unshare -m mount -t tmpfs none "$SCRATCH/small" 2>/dev/null || skip "cannot mount here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	refused 4 "no space" unshare -m sh -c \
		'mount -t tmpfs -o size=8m none "$0" && XDG_CACHE_HOME=$0 exec "$1" vm' \
		"$SCRATCH/small" "$TOP/run_tests.sh"
	# enough to begin, and not for a root file system
	# shellcheck disable=SC2016 # as above
	refused 4 "no space: .* 2500 MiB are needed" unshare -m sh -c \
		'mount -t tmpfs -o size=600m none "$0" && XDG_CACHE_HOME=$0 exec "$1" mariadb' \
		"$SCRATCH/small" "$TOP/run_tests.sh"
}

# As if a package were missing: dpkg-query knows none, and nothing may be installed.
check_no_package()
{
	mkdir "$SCRATCH/bin"
	# shellcheck disable=SC2016 # the script's
	printf '#!/bin/sh\n[ "$2" = dpkg ]\n' >"$SCRATCH/bin/dpkg-query"
	chmod 755 "$SCRATCH/bin/dpkg-query"
	refused 4 "install them by: apt-get install --no-install-recommends" \
		env PATH="$SCRATCH/bin:$PATH" "$TOP/run_tests.sh" validate --no-install
	refused 4 "install them by: apt-get install --no-install-recommends" \
		env PATH="$SCRATCH/bin:$PATH" "$TOP/run_tests.sh" host --no-install
}

# As on a distribution without apt: guests of this machine's own architecture, in a kernel tree.
check_not_debian()
{
	local me bin=$SCRATCH/bin code=0 dir image

	[ "$(uname -m)" = x86_64 ] || skip "Debian's kernel of this architecture is not fetched"
	kernel_get distro x86_64
	sysroot_get x86_64
	mkdir "$bin"
	for dir in /usr/bin /usr/sbin /bin /sbin; do
		find "$dir" -maxdepth 1 ! -name 'apt*' ! -name 'dpkg*' -exec ln -sf -t "$bin" {} +
	done
	ln -sf "$SYSROOT/bin/busybox" "$bin/busybox"
	me=(env "PATH=$bin" "XDG_CACHE_HOME=$SCRATCH/cache")
	refused 4 "no kernel tree lends" "${me[@]}" "$TOP/run_tests.sh" validate --arch x86_64
	kselftest_in_tree "${SOURCE_TREE:-$(dirname "$(find "$CACHE/source" -maxdepth 2 \
		-path '*/linux-6.1-*/Makefile' | head -n 1)")}"
	cp -r "$TOP" "$KSELFTEST/io_uring_coherency"
	me+=("$KSELFTEST/io_uring_coherency/run_tests.sh")
	refused 4 "guests of ppc64le take Debian's packages" "${me[@]}" vm --kernel image:/dev/null
	image=image:$KERNEL_IMAGE
	IO_URING_COHERENCY_OUT=$SCRATCH/results "${me[@]}" validate --arch x86_64 \
		--base "$image" --fixed "$image" >"$SCRATCH/out" || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 4 ] || fail "code $code"
	tail -n 1 "$SCRATCH/out" | grep '(the base does not show the problem)'
	rm "$bin"/{jq,rsync}
	refused 4 "install by hand what is missing: jq rsync" "${me[@]}" validate --arch x86_64
}

# Debian's packages cannot be had: a proxy where none is.
check_no_mirror()
{
	printf 'Acquire::%s::Proxy "http://127.0.0.1:9";\n' http https >"$SCRATCH/apt.conf"
	refused 4 "Debian's bookworm cannot be reached" env APT_CONFIG="$SCRATCH/apt.conf" \
		XDG_CACHE_HOME="$SCRATCH/cache" "$TOP/run_tests.sh" mariadb
	[ ! -e "$SCRATCH/cache/io_uring_coherency/mariadb" ]
}

# A cache in a place where not even root may write.
check_nowhere_to_write()
{
	refused 4 "cannot write to" env XDG_CACHE_HOME=/proc/nowhere "$TOP/run_tests.sh" vm
	refused 125 "cannot write to" env XDG_CACHE_HOME=/proc/nowhere "$TOP/run_tests.sh" \
		bisect-step source:6.1
}

# A PATH without QEMU, and nothing may be installed.
check_no_qemu()
{
	local tool

	mkdir "$SCRATCH/bin"
	for tool in /usr/bin/* /bin/* /usr/sbin/*; do
		case $tool in
		*/qemu-system-*) ;;
		*) ln -sf "$tool" "$SCRATCH/bin/" ;;
		esac
	done
	# dpkg believes that it is there, so only the look at the command itself can tell
	refused 4 "qemu-system-ppc64 is missing" env PATH="$SCRATCH/bin" \
		"$TOP/run_tests.sh" vm --no-install
	refused 125 "qemu-system-ppc64 is missing" env PATH="$SCRATCH/bin" \
		"$TOP/run_tests.sh" bisect-step source:6.1 --no-install
}

@test "patch-does-not-apply" { t check_patch_does_not_apply; }
@test "no-space" { t check_no_space; }
@test "no-package" { t check_no_package; }
@test "not-debian" { t check_not_debian; }
@test "no-mirror" { t check_no_mirror; }
@test "nowhere-to-write" { t check_nowhere_to_write; }
@test "no-qemu" { t check_no_qemu; }
