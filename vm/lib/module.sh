# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# ppc_barrier_test.ko for the kernel that kernel_get() got. Sourced by run_tests.sh.

# Of all that the module is built from.
module_hash()
{
	(cd "$TOP/ppc_barrier_test" && find . -type f -name '*.[ch]' -exec sha256sum {} + | sort
	cat "$TOP/ppc_barrier_test/Makefile") | sha256sum | cut -c 1-12
}

# module_make ARCH KDIR DIRECTORY [MAKE_ARGUMENT...]: builds a copy of the module in DIRECTORY, by
# make -C KDIR M=, as a user does against a distribution's headers.
module_make()
{
	local arch=$1 kdir=$2 dir=$3
	shift 3

	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$TOP"/ppc_barrier_test/* "$dir/"
	make -C "$kdir" ARCH="${KBUILD_ARCH[$arch]}" CROSS_COMPILE="$(cross_prefix "$arch")" \
		M="$dir" "$@" modules
}

# module_get ARCH: sets KERNEL_MODULE, to nothing when the kernel is somebody's image, or the module
# is not for that architecture. Kept beside the kernel where that is kept.
module_get()
{
	local arch=$1 kdir ko

	KERNEL_MODULE=
	[ -n "$KERNEL_KIND" ] && module_for "$arch" || return 0
	ko=$(dirname "$KERNEL_IMAGE")/ppc_barrier_test-$(module_hash).ko
	if [ ! -r "$ko" ]; then
		case $KERNEL_KIND in
		distro)
			module_headers "$arch"
			kdir=$KERNEL_HEADERS
			;;
		built)
			module_prepare "$arch"
			kdir=$KERNEL_OBJECTS
			;;
		esac
		phase 5 "$SCRATCH/log" "build module" module_make "$arch" "$kdir" \
			"$SCRATCH/module-$arch" ||
			die $EXIT_SKIP "the module does not build for $KERNEL_NAME:" \
				"$(build_error "$SCRATCH/log")"
		# not those of another run at the same time, by another checkout
		find "$(dirname "$ko")" -name 'ppc_barrier_test-*.ko' -mtime +7 -delete
		cp "$SCRATCH/module-$arch/ppc_barrier_test.ko" "$ko.partial"
		mv "$ko.partial" "$ko"
		if [ "$KERNEL_KIND" = built ]; then
			module_prepared
		fi
	fi
	KERNEL_MODULE=$ko
}

# What a kernel's own build leaves out when it builds nothing but the image. A patch that changes a
# header changes the module, too.
module_prepare()
{
	local arch=$1

	if [ ! -r "$KERNEL_OBJECTS/vmlinux.o" ] && [ ! -r "$KERNEL_OBJECTS/vmlinux" ]; then
		die $EXIT_SKIP "the build directory of $KERNEL_NAME is gone: remove" \
			"$(dirname "$KERNEL_IMAGE")"
	fi
	build_lock "$KERNEL_TREE"
	if [ ${#KERNEL_PATCHES[@]} != 0 ] &&
		cat "${KERNEL_PATCHES[@]}" | grep -q '^+++ .*\.h\b'; then
		patches_only "$KERNEL_TREE" "${KERNEL_PATCHES[@]}"
	else
		patches_only "$KERNEL_TREE"
	fi
	[ ! -r "$KERNEL_OBJECTS/Module.symvers" ] || return 0
	phase 30 "$KERNEL_OBJECTS/log.modules" "prepare for modules" \
		make -C "$KERNEL_TREE" O="$KERNEL_OBJECTS" ARCH="${KBUILD_ARCH[$arch]}" \
		CROSS_COMPILE="$(cross_prefix "$arch")" -j"$(($(nproc) + 1))" modules ||
		die $EXIT_SKIP "the kernel cannot be prepared for modules:" \
			"$(build_error "$KERNEL_OBJECTS/log.modules")"
}

module_prepared()
{
	restore_patched
	unlock "build-${KERNEL_TREE##*/}"
}

# The headers that Debian has for its prebuilt kernel, and the tools to use them on this machine.
# Sets KERNEL_HEADERS.
module_headers()
{
	local arch=$1 deb=${DEB_ARCH[$1]} image dir flavour headers found common kbuild

	image=$(basename "$(dirname "$(dirname "$KERNEL_IMAGE")")")
	dir=$CACHE/distro/$image.headers
	flavour=${image#linux-image-}
	headers=linux-headers-$flavour
	KERNEL_HEADERS=$dir/usr/src/$headers
	missing "$dir" fetch "fetches packages" || return 0
	found=$(debian_find "$headers" "$deb") || exit $?
	found=$(apt_private "${found% *}" "$deb" apt-cache depends "$headers")
	common=$(sed -nE 's/^ *Depends: (linux-headers-.*)/\1/p' <<<"$found")
	kbuild=$(sed -nE 's/^ *Depends: (linux-kbuild-.*)/\1/p' <<<"$found")
	debian_collect "$dir.new" "$headers:$deb" "$common:$deb" \
		"$kbuild:$(dpkg --print-architecture)"
	# it includes the common headers by the path that they would be installed to
	sed -i "s,/usr/src/,$dir/usr/src/," "$dir.new/usr/src/$headers/Makefile"
	mv -T "$dir.new" "$dir"
	unlock fetch
}
