# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What runs inside a guest: our kselftest, installed by the kernel tree's own rules, static, for
# the guest's architecture; and the initramfs that holds it. Sourced by run_tests.sh.

KSELFTEST_VERSION=6.1	# whose lib.mk and runner stand-alone runs use
KSELFTEST_OF=		# of which tree this run has it
KSELFTEST_ALONE=	# yes: no kernel is built from source, so the rest of it is not unpacked
KSELFTEST_ROOM=400	# MiB: the package, the archive that is in it, and the selftests
KSELFTEST_HEADERS=	# where the running kernel may have left its selftests, if these will do

# Libraries and busybox of an architecture from Debian's packages, or without apt those of this
# machine. Sets SYSROOT, and LIBURING for make.
sysroot_get()
{
	if ! debian_tools; then
		sysroot_own "$1"
		return 0
	fi
	sysroot_fill "$1"
	# Debian's directory is named as the compiler, but for i386
	LIBURING=(LIBURING_CFLAGS="-I$SYSROOT/usr/include"
		LIBURING_LIBS="-L$(dirname "$(find "$SYSROOT/usr/lib" -name liburing.a)") -luring")
}

sysroot_fill()
{
	local arch=$1 deb=${DEB_ARCH[$1]}

	SYSROOT=$CACHE/sysroot/$arch
	missing "$SYSROOT" fetch "fetches packages" || return 0
	mkdir -p "$CACHE/sysroot"
	if [[ " $DEBIAN_PORTS " == *" $arch "* ]]; then
		debian_collect "$SYSROOT.new" "liburing-dev:$deb" "busybox-static:$deb"
	else
		rm -rf "$SYSROOT.new"
		phase 20 "$SCRATCH/log" "build liburing for $arch" liburing_build "$arch" \
			"$SYSROOT.new" || die $EXIT_SKIP "$(last_words "$SCRATCH/log")"
		[ -z "${QEMU[$arch]:-}" ] || phase 90 "$SCRATCH/log" "build busybox for $arch" \
			busybox_build "$arch" "$SYSROOT.new" ||
			die $EXIT_SKIP "busybox for $arch: $(last_words "$SCRATCH/log")"
	fi
	mv -T "$SYSROOT.new" "$SYSROOT"
	unlock fetch
}

sysroot_own()
{
	[ -z "$(cross_prefix "$1")" ] ||
		die $EXIT_SKIP "guests of $1 take Debian's packages: install apt, dpkg and" \
			"Debian's keyring, which others have, too, and set DEBIAN_MIRROR"
	need_command busybox "a guest is made of a static one"
	SYSROOT=$SCRATCH/sysroot-$1
	LIBURING=()
	mkdir -p "$SYSROOT/bin"
	cp -L "$(command -v busybox)" "$SYSROOT/bin/busybox"
}

# liburing_build ARCH DIRECTORY: where Debian has no packages (ppc64, riscv64), from its source.
liburing_build()
{
	local work=$SCRATCH/liburing triplet=${TRIPLET[$1]}

	debian_source liburing "$work"
	# no "make install": without the top level's help it ignores DESTDIR
	(cd "$work" && ./configure --cc="$triplet-gcc" --cxx=false &&
		make -C src AR="$triplet-ar" ENABLE_SHARED=0) &&
		mkdir -p "$2/usr/include" "$2/usr/lib/$triplet" &&
		cp "$work/src/liburing.a" "$2/usr/lib/$triplet/" &&
		cp -r "$work"/src/include/liburing* "$2/usr/include/"
}

busybox_build()
{
	local work=$SCRATCH/busybox make

	debian_source busybox "$work"
	make=(make -C "$work" CROSS_COMPILE="${TRIPLET[$1]}-" SKIP_STRIP=y)
	"${make[@]}" defconfig
	sed -i 's/^# CONFIG_STATIC is not set/CONFIG_STATIC=y/' "$work/.config"
	"${make[@]}" -j"$(nproc)" busybox && mkdir -p "$2/bin" && cp "$work/busybox" "$2/bin/"
}

# The kernel tree that lends lib.mk and the runner: what --tree names, the one around us, that of
# the running kernel, or Debian's, or without apt one that is to be tested. Sets KSELFTEST.
kselftest_get()
{
	local kernel tree=$OPT_TREE

	if [ -z "$tree" ] && [ -e "$TOP/../lib.mk" ]; then
		KSELFTEST=$(dirname "$TOP")
		return 0
	fi
	if [ -n "$tree" ]; then
		:
	elif [ -e "${KSELFTEST_HEADERS:-/nowhere}/tools/testing/selftests/lib.mk" ]; then
		tree=$(realpath "$KSELFTEST_HEADERS")
	elif debian_tools; then
		if [ -n "$KSELFTEST_ALONE" ]; then
			kselftest_alone
		else
			kernel_source "source:$KSELFTEST_VERSION"
		fi
		tree=$SOURCE_TREE
	else
		for kernel in "$OPT_KERNEL" "$OPT_BASE" "$OPT_FIXED"; do
			kernel=${kernel%%[+^]*}
			[[ $kernel != tree:* ]] || tree=$(realpath "${kernel#tree:}")
		done
		[ -n "$tree" ] ||
			die $EXIT_SKIP "no kernel tree lends the selftests' rules: put this" \
				"directory into one, tools/testing/selftests/io_uring_coherency" \
				"there, or $(kselftest_named)"
	fi
	[ "$KSELFTEST_OF" != "$tree" ] || return 0
	kselftest_in_tree "$tree"
	ln -s "$TOP" "$KSELFTEST/io_uring_coherency"
	KSELFTEST_OF=$tree
}

# How COMMAND is told of a tree.
kselftest_named()
{
	case " ${COMMAND_OPTIONS:-} " in
	*" tree "*) echo "name one by --tree" ;;
	*) echo "test a tree:" ;;
	esac
}

# The selftests of that version alone, if there is no whole tree of it. Sets SOURCE_TREE.
kselftest_alone()
{
	local tree=$CACHE/source/selftests-$KSELFTEST_VERSION

	locked fetch "fetches packages"
	if ! source_known "$KSELFTEST_VERSION"; then
		if [ ! -d "$tree" ]; then
			source_fetch "$KSELFTEST_VERSION" "$KSELFTEST_ROOM"
			source_unpack "linux-source-$KSELFTEST_VERSION" "$tree" \
				scripts tools/testing/selftests
		fi
		SOURCE_TREE=$tree
	fi
	unlock fetch
}

# Of that, what only has to be fetched.
kselftest_fetch()
{
	if [ -e "$TOP/../lib.mk" ] || ! debian_tools; then
		return 0
	fi
	locked fetch "fetches packages"
	[ -d "$CACHE/source/selftests-$KSELFTEST_VERSION" ] ||
		source_known "$KSELFTEST_VERSION" ||
		source_fetch "$KSELFTEST_VERSION" "$KSELFTEST_ROOM"
	unlock fetch
}

# kselftest_in_tree TREE: sets KSELFTEST to tools/testing/selftests of a tree of this run's own, all
# of it links into TREE, and without this directory: other runs use TREE at the same time.
kselftest_in_tree()
{
	local tree=$1 at=$SCRATCH/tree-${1##*/} below=. part

	KSELFTEST=$at/tools/testing/selftests
	KSELFTEST_OF=
	rm -rf "$at"
	mkdir -p "$KSELFTEST"
	for part in tools testing selftests ''; do
		find "$tree/$below" -mindepth 1 -maxdepth 1 ! -name "${part:-io_uring_coherency}" \
			-exec ln -s -t "$at/$below" {} +
		below+=/$part
	done
}

# The packages that a guest takes: what builds its programs, and QEMU unless there is one.
guest_packages()
{
	echo make gcc libc6-dev rsync xz-utils cpio "$(compiler_packages "$1")"
	command -v "${QEMU[$1]}" >/dev/null || echo "${QEMU_PACKAGE[$1]}"
}

# userspace_get ARCH [PROGRAM...]: the kselftest, built and installed for ARCH, of all its programs
# or just these. Sets USERSPACE.
userspace_get()
{
	local arch=$1 cross what=(LABORATORY=y)
	shift

	[ $# = 0 ] || what=(PROGRAMS="$*")
	cross=$(cross_prefix "$arch")
	# shellcheck disable=SC2046 # a list of packages
	need_packages $(guest_packages "$arch")
	need_command "${QEMU[$arch]}" "guests of $arch need QEMU"
	kselftest_get
	sysroot_get "$arch"
	USERSPACE=$CACHE/userspace/$arch-$(source_hash)
	USERSPACE+=${1:+$(printf -- -%s "$@")}
	missing "$USERSPACE" "userspace-$arch" "builds the tests for $arch" || return 0
	mkdir -p "$CACHE/userspace"
	rm -rf "$USERSPACE.partial"
	phase 5 "$SCRATCH/log" "build ${*:-tests} for $arch" \
		make -C "$KSELFTEST" TARGETS=io_uring_coherency O="$SCRATCH/objects-$arch" \
		ARCH="${KBUILD_ARCH[$arch]}" CROSS_COMPILE="$cross" \
		INSTALL_PATH="$USERSPACE.partial" "${what[@]}" \
		"${LIBURING[@]}" USERLDFLAGS=-static install ||
		die $EXIT_SKIP "the tests do not build for $arch: $(build_error "$SCRATCH/log")"
	mv -T "$USERSPACE.partial" "$USERSPACE"
	unlock "userspace-$arch"
}

# host_get PROGRAM...: these for this machine, which need no liburing. Sets HOST, a directory.
host_get()
{
	need_packages make gcc libc6-dev
	kselftest_get
	HOST=$CACHE/userspace/host-$(source_hash)$(printf -- -%s "$@")
	missing "$HOST" userspace-host "builds $* for this machine" || return 0
	rm -rf "$HOST.partial"
	host_make "$HOST.partial" "" "${@/#/$HOST.partial/}"
	mv -T "$HOST.partial" "$HOST"
	unlock userspace-host
}

# All of them, with a shared liburing, whose calls tests intercept. Sets HOST.
host_get_all()
{
	need_packages make gcc libc6-dev liburing-dev
	kselftest_get
	HOST=$SCRATCH/host
	host_make "$HOST" -luring
}

# host_make DIRECTORY LIBURING [TARGET...]
host_make()
{
	(cd "$KSELFTEST" && make -C io_uring_coherency OUTPUT="$1" LABORATORY=y \
		LIBURING_LIBS="$2" "${@:3}") >"$SCRATCH/log" 2>&1 ||
		die $EXIT_SKIP "what runs here does not build: $(build_error "$SCRATCH/log")"
}

# fio for the guests of an architecture, static. Sets FIO.
fio_get()
{
	local arch=$1 work=$SCRATCH/fio

	FIO=$CACHE/fio/$arch
	[ ! -x "$FIO" ] || return 0
	mkdir -p "$CACHE/fio"
	fio_build() {
		debian_source fio "$work" && cd "$work" &&
			./configure --cc="$(cross_prefix "$arch")gcc" --build-static \
				--disable-native --disable-http --disable-rdma --disable-rados &&
			make -j "$(nproc)" fio
	}
	phase 120 "$SCRATCH/log" "build fio for $arch" fio_build ||
		die $EXIT_SKIP "fio does not build: $(last_words "$SCRATCH/log")"
	mv "$work/fio" "$FIO"
}

# mkfs_get ARCH DIRECTORY: mkfs.ext4 for its guests, with the libraries that it takes.
mkfs_get()
{
	local deb=${DEB_ARCH[$1]} all=$2.all

	missing "$2" fetch "fetches packages" || return 0
	mkdir -p "$(dirname "$2")"
	debian_collect "$all" {e2fsprogs,libext2fs2,libcom-err2,libblkid1,libuuid1,libc6}":$deb"
	rm -rf "$2.new"
	mkdir -p "$2.new/sbin"
	cp "$all/sbin/mke2fs" "$2.new/sbin/mkfs.ext4"
	(cd "$all" && find . \( -name mke2fs.conf -o -name 'ld*.so.[12]' -o -name 'libc.so.6' -o \
		-name 'libext2fs.so.*' -o -name 'libe2p.so.*' -o -name 'libcom_err.so.*' -o \
		-name 'libblkid.so.*' -o -name 'libuuid.so.*' \) \
		-exec cp -d --parents -t "$2.new" {} +)
	rm -rf "$all"
	mv -T "$2.new" "$2"
	unlock fetch
}

# Whether the guest will run what makes a file system of its own, by name or with all others.
guest_makes_fs()
{
	local programs='page_integrity\|ring_complete'

	if [ -e "$SCRATCH/guest.sh" ]; then
		grep -q "$programs" "$SCRATCH"/guest.*
	else
		! grep -qs '^SELECT=' "$SCRATCH/guest.env" ||
			grep -q "$programs" "$SCRATCH/guest.env"
	fi
}

# Of all that the build depends on in this directory, and of the tree that lends its rules.
source_hash()
{
	(cd "$TOP" && find Makefile settings config io_uring_coherency vm/tools tests/*.c \
		tests/programs.mk ppc_barrier_test/{ppc_barrier_test,pbt_*}.h \
		-type f -exec sha256sum {} + 2>/dev/null | sort
	realpath "$KSELFTEST/lib.mk") | sha256sum | cut -c 1-16
}

# initramfs_make ARCH FILE: busybox, the kselftest, vm/guest/init.sh, KERNEL_MODULE if there is one,
# what guest_script() put there, and what the programs need that will run.
initramfs_make()
{
	local arch=$1 file=$2 root=$SCRATCH/root-$1

	rm -rf "$root"
	mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,dev,proc,sys,tmp,results}
	cp "$SYSROOT/bin/busybox" "$root/bin/"
	cp "$VM_GUEST/init.sh" "$root/init"
	chmod 755 "$root/init"
	cp -a "$USERSPACE" "$root/kselftest"
	if [ -n "$KERNEL_MODULE" ]; then
		mkdir -p "$root/kselftest/io_uring_coherency/ppc_barrier_test"
		cp "$KERNEL_MODULE" \
			"$root/kselftest/io_uring_coherency/ppc_barrier_test/ppc_barrier_test.ko"
	fi
	find "$SCRATCH" -maxdepth 1 -type f -name 'guest.*' -exec cp -t "$root" {} +
	[ -z "${FIO:-}" ] || cp "$FIO" "$root/usr/bin/fio"
	# without it busybox's makes an ext2 there
	if guest_makes_fs && debian_tools && [[ " $DEBIAN_PORTS " == *" $arch "* ]]; then
		(mkfs_get "$arch" "$CACHE/mkfs/$arch") || true
		[ ! -d "$CACHE/mkfs/$arch" ] || cp -a "$CACHE/mkfs/$arch/." "$root/"
	fi
	# neither we nor an emulated CPU would gain by compression
	(cd "$root" && find . -print0 | cpio --null --quiet -o -H newc) >"$file"
}
