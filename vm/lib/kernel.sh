# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels: from a description to a bootable image. Sourced by run_tests.sh.
#
#	distro				Debian's prebuilt kernel of the architecture
#	source:VERSION[+PATCH...]	Debian's linux-source-VERSION; "mainline" is the newest
#	tree:PATH[+PATCH...]		a kernel tree, which is never written to
#	image:VMLINUX			something that is built already
#
# and any of the first three ^FAULT[,FAULT...]: the tests run under barrier_ctl --plant.
#
# A build happens in one tree and one O= directory for each source, so that a patch costs only
# what it touches: it is applied, built, and taken out again, and the image is kept by the
# source's version, the configuration and the patches.

KERNEL_PLANTS=

# kernel_check K: refuses what can be seen to be wrong before any work is done.
kernel_check()
{
	local what=${1%%^*} path patches

	if [ "$what" != "$1" ]; then
		[[ ${1#*^} =~ ^[a-z_]+(,[a-z_]+)*$ ]] ||
			die $EXIT_USAGE "'$1' names no fault: give K^FAULT[,FAULT...]"
		while read -r path; do
			grep -q "^PBT_PLANT([A-Z_]*, $path," \
				"$TOP/ppc_barrier_test/pbt_plants.h" ||
				die $EXIT_USAGE "'$path' is no fault, see barrier_ctl --list"
		done < <(tr , '\n' <<<"${1#*^}")
		case $COMMAND:$what in
		*:image:*) die $EXIT_USAGE "'$1': there is no module for an image" ;;
		vm:* | validate:* | bisect-step:*) ;;
		*) die $EXIT_USAGE "'$1': $COMMAND plants no faults" ;;
		esac
		module_for "$OPT_ARCH" ||
			die $EXIT_USAGE "'$1': the module, which plants it, is not for $OPT_ARCH"
	fi
	case ${what#*+} in
	'' | +* | *+ | *++*)
		case $what in
		source:* | tree:*) die $EXIT_USAGE "'$what' names an empty patch" ;;
		esac
		;;
	esac
	case $what in
	distro | distro+*)
		[ -n "${DISTRO_KERNEL[$OPT_ARCH]:-}" ] ||
			die $EXIT_USAGE "'$what' is no kernel for $OPT_ARCH: use source: or tree:"
		;;
	source:?*) ;;
	tree:?*)
		path=${what#tree:}
		path=${path%%+*}
		[ -f "$path/Makefile" ] && [ -f "$path/Kbuild" ] ||
			die $EXIT_USAGE "there is no kernel tree at $path"
		;;
	image:?*)
		path=${what#image:}
		[ -r "$path" ] || die $EXIT_USAGE "there is no kernel image $path"
		;;
	*)
		die $EXIT_USAGE "'$what' is not a kernel: give distro, source:VERSION[+PATCH...]," \
			"tree:PATH[+PATCH...] or image:VMLINUX"
		;;
	esac
	[ -z "$OPT_OWN_CONFIG" ] || [ -r "$(own_config "$what")" ] ||
		die $EXIT_USAGE "--own-config: '$what' is no kernel tree with a .config"
	[[ $what != image:* ]] || return 0
	[ "${what%%+*}" = distro ] || kernel_smp_check "$what"
	patches=${what#*+}
	if [ "$patches" != "$what" ]; then
		case $what in
		distro*) die $EXIT_USAGE "'$what': only source: and tree: take patches" ;;
		esac
		while read -r path; do
			[ -r "$path" ] || die $EXIT_USAGE "there is no patch $path"
			! patch_elsewhere "$path" ||
				die $EXIT_USAGE "the patch $path changes nothing on $OPT_ARCH"
		done < <(kernel_patches "$what")
	fi
}

# The packages that building one takes.
kernel_packages()
{
	case $1 in
	source:* | tree:*)
		echo make flex bison bc libelf-dev libssl-dev patch rsync xz-utils gcc libc6-dev \
			"$(compiler_packages "$2")"
		;;
	esac
}

# The patches of a description, one absolute path a line. A bare name is one of vm/patches/.
kernel_patches()
{
	local part

	[ "${1#*+}" != "$1" ] || return 0
	tr '+' '\n' <<<"${1#*+}" | while read -r part; do
		if [ -r "$TOP/vm/patches/$part.patch" ]; then
			echo "$TOP/vm/patches/$part.patch"
		else
			realpath -m "$part"
		fi
	done
}

# kernel_get K ARCH: sets KERNEL_IMAGE, KERNEL_NAME, and KERNEL_ORIGIN: what exactly that is; for
# module_get() KERNEL_KIND (distro, built, or nothing), and KERNEL_TREE, KERNEL_OBJECTS and
# KERNEL_PATCHES of what was built here. Builds or fetches what is not cached.
kernel_get()
{
	local what=${1%%^*} arch=$2

	KERNEL_KIND=
	KERNEL_PLANTS=
	[ "$what" = "$1" ] || KERNEL_PLANTS=${1#*^}
	KERNEL_MODULE=
	KERNEL_PATCHES=()

	case $what in
	distro)
		kernel_distro "$arch"
		;;
	image:*)
		KERNEL_IMAGE=${what#image:}
		KERNEL_NAME=$what
		KERNEL_ORIGIN="sha256 $(sha256sum <"$KERNEL_IMAGE" | cut -d ' ' -f 1)"
		;;
	source:*)
		kernel_source "$what"
		kernel_build "$arch" "$what" "$SOURCE_TREE" "$SOURCE_KEY"
		;;
	tree:*)
		kernel_tree "$what"
		kernel_build "$arch" "$what" "$SOURCE_TREE" ""
		;;
	esac
	KERNEL_NAME+=${KERNEL_PLANTS:+^$KERNEL_PLANTS}
}

kernel_distro()
{
	local arch=$1 package=${DISTRO_KERNEL[$1]} deb=${DEB_ARCH[$1]} dir found real

	# the metapackage has one dependency: the kernel of the day
	found=$(debian_find "$package" "$deb") || exit $?
	real=$(apt_private "${found% *}" "$deb" apt-cache depends "$package" |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
	[ -n "$real" ] || die $EXIT_SKIP "$package names no kernel"
	dir=$CACHE/distro/$real
	mkdir -p "$CACHE/distro"
	if missing "$dir" fetch "fetches packages"; then
		need_space "$CACHE" 1500
		phase 20 "$SCRATCH/log" "fetch $real" debian_unpack "$real" "$deb" "$dir" ||
			die $EXIT_SKIP "$(last_words "$SCRATCH/log")"
		unlock fetch
	fi
	KERNEL_IMAGE=$(find "$dir/boot" -name 'vmlinu[xz]-*' | head -n 1)
	KERNEL_NAME="Debian's $real"
	KERNEL_ORIGIN="$package ${found#* }"
	KERNEL_KIND=distro
}

# source_known VERSION: whether there is a tree of it, which is used, whatever Debian has by now:
# results stay comparable. Sets SOURCE_TREE.
source_known()
{
	SOURCE_TREE=$(find "$CACHE/source" -maxdepth 1 -type d -name "linux-$1-*" \
		! -name '*.partial' ! -name '*.orig' 2>/dev/null | sort -V | tail -n 1)
	[ -n "$SOURCE_TREE" ]
}

# source_fetch VERSION [MEBIBYTES]: Debian's package of it, if there is so much room, or else enough
# for a whole tree. Sets SOURCE_ARCHIVE, and SOURCE_TREE to where the tree belongs.
source_fetch()
{
	local package=linux-source-$1 found key

	need_space "$CACHE" "${2:-6000}"
	found=$(debian_find "$package" amd64) || exit $?
	key=${found#* }
	SOURCE_TREE=$CACHE/source/linux-$1-$key
	SOURCE_ARCHIVE=$CACHE/source/$package-$key.deb
	mkdir -p "$CACHE/source"
	[ ! -d "$SOURCE_ARCHIVE" ] || return 0
	say "fetching $package ($key): $(debian_size "${found% *}" amd64 "$package" "$key")"
	phase 15 "$SCRATCH/log" "fetch $package ($key)" \
		debian_unpack "$package" amd64 "$SOURCE_ARCHIVE" ||
		die $EXIT_SKIP "$(last_words "$SCRATCH/log")"
}

# source_unpack PACKAGE TREE [DIRECTORY...]: of what source_fetch() got all, or just these.
source_unpack()
{
	local package=$1 tree=$2
	shift 2

	rm -rf "$tree.partial"
	mkdir -p "$tree.partial"
	phase 30 "$SCRATCH/log" "unpack $package${1:+: $*}" \
		tar -C "$tree.partial" --strip-components=1 \
		-xf "$SOURCE_ARCHIVE/usr/src/$package.tar.xz" "${@/#/$package/}" ||
		die $EXIT_SKIP "$package cannot be unpacked: $(last_words "$SCRATCH/log")"
	mv -T "$tree.partial" "$tree"
}

# Sets SOURCE_TREE and SOURCE_KEY: Debian's tree of that version, unpacked.
kernel_source()
{
	local version=${1#source:} package

	version=${version%%+*}
	if [ "$version" = mainline ]; then
		version=$(debian_newest_source) || exit $?
		[ -n "$version" ] || die $EXIT_SKIP "Debian's sid has no linux-source"
	fi
	mkdir -p "$CACHE/source"
	locked fetch "fetches packages"
	if ! source_known "$version"; then
		package=linux-source-$version
		source_fetch "$version"
		source_unpack "$package" "$SOURCE_TREE"
		rm -rf "$SOURCE_ARCHIVE"
	fi
	unlock fetch
	SOURCE_KEY=$(basename "$SOURCE_TREE")
	KERNEL_ORIGIN="Debian's source, $SOURCE_KEY"
}

# The directory for the copy of a user's tree.
tree_copy()
{
	echo "$CACHE/source/tree-$(realpath "$1" | sha256sum | cut -c 1-16)"
}

# What is checked out in a user's tree.
tree_commit()
{
	local commit dirty

	if ! commit=$(git -C "$1" rev-parse HEAD 2>/dev/null); then
		echo "no commit is known"
	elif dirty=$(git -C "$1" status --porcelain -uno 2>/dev/null) && [ -z "$dirty" ]; then
		echo "commit $commit"
	else
		echo "commit $commit, with changes"
	fi
}

# Sets SOURCE_TREE: a copy of the user's tree, brought up to date. Files that differ get the time
# of now, so that make notices them, whatever the times in the user's tree are.
kernel_tree()
{
	local path=${1#tree:}

	path=$(realpath "${path%%+*}")
	SOURCE_TREE=$(tree_copy "$path")
	KERNEL_ORIGIN=$(tree_commit "$path")
	need_space "$CACHE" 6000
	mkdir -p "$CACHE/source"
	build_lock "$SOURCE_TREE"
	patches_out "$SOURCE_TREE"
	phase 30 "$SCRATCH/log" "copy $path" rsync -rlpc --delete --exclude=/.git \
		--exclude='*.o' --exclude='*.ko' --exclude='*.cmd' --exclude=/.config \
		--exclude=/include/config --exclude=/include/generated \
		--exclude='/arch/*/include/generated' "$path/" "$SOURCE_TREE" ||
		die $EXIT_SKIP "$path cannot be copied: $(last_words "$SCRATCH/log")"
}

# A tree is one run's at a time, from the copy to the image.
build_lock()
{
	locked "build-${1##*/}" "builds ${1##*/}"
}

# What patches change, without what their headers tell.
patch_bodies()
{
	local patch

	for patch in "$@"; do
		if grep -q '^\(diff\|---\) ' "$patch"; then
			sed -n '/^\(diff\|---\) /,$p' "$patch"
		else
			cat "$patch"
		fi
	done
}

# The files that a patch touches, relative to the tree.
patch_files()
{
	sed -n 's,^\(---\|+++\) [^/]*/\([^[:space:]]*\).*,\2,p' "$1" | grep -v '^dev/null$' |
		sort -u
}

# Whether all that a patch changes is of other architectures, so that no kernel is another by it.
patch_elsewhere()
{
	local files

	files=$(patch_files "$1" | sed "s,^arch/${KBUILD_ARCH[$OPT_ARCH]}/,,")
	[ -n "$files" ] && ! grep -v '^arch/[^/]*/' <<<"$files" >/dev/null
}

# patches_in TREE PATCH...: applies them, and keeps what they touch in TREE.orig.
patches_in()
{
	local tree=$1 patch file
	shift
	for patch in "$@"; do
		while read -r file; do
			[ ! -e "$tree.orig/$file" ] || continue
			[ ! -e "$tree.orig/$file.absent" ] || continue
			mkdir -p "$(dirname "$tree.orig/$file")"
			if [ -e "$tree/$file" ]; then
				cp -p "$tree/$file" "$tree.orig/$file"
			else
				: >"$tree.orig/$file.absent"
			fi
		done < <(patch_files "$patch")
		if ! patch -d "$tree" -p1 --force --no-backup-if-mismatch --reject-file=- \
			<"$patch" >"$SCRATCH/patch.log" 2>&1; then
			patches_out "$tree"
			die $EXIT_NO_PATCH "the patch $patch does not apply to $(basename "$tree")"
		fi
	done
}

# Takes out what patches_in() put in; also what an interrupted run left. The time of now makes
# make rebuild what depends on it.
patches_out()
{
	local tree=$1 file

	[ -d "$tree.orig" ] || return 0
	(cd "$tree.orig" && find . -type f) | while read -r file; do
		if [ "${file%.absent}" != "$file" ]; then
			rm -f "$tree/${file%.absent}"
		else
			cp "$tree.orig/$file" "$tree/$file"
		fi
	done
	rm -rf "$tree.orig"
}

# What kernels are built for: a test of registers needs half of what all detectors do.
KERNEL_NEED=detectors

# kernel_fragments ARCH NEED [OWN]: the files that tell what is asked for, one a line; of a symbol
# that several have, the last counts. The first is OWN, a kernel's .config, or what that is free to
# have otherwise.
kernel_fragments()
{
	local at=$TOP/vm/configs

	printf '%s\n' "${3:-$at/free.config}" "$at/common.config" "$at/$2.config" "$at/newer.config"
	[ "$2" = registers ] || printf '%s\n' "$TOP/config"
	printf '%s\n' "$at/$1.config" ${EXTRA_CONFIG:+"$EXTRA_CONFIG"}
}

# kernel_merge TREE CONFIG: makes it of the fragments on stdin, by the tree's own script, whose
# arguments cannot have blanks. The first one's modules are left out: a guest has none but ours.
kernel_merge()
{
	local at file nr=0

	at=$(mktemp -d "$SCRATCH/merge.XXXXXX")
	while read -r file; do
		nr=$((nr + 1))
		cp "$file" "$at/$nr"
	done
	sed -i 's/^\(CONFIG_.*\)=m$/# \1 is not set/' "$at/1"
	# shellcheck disable=SC2046 # a list of numbers
	(cd "$at" && KCONFIG_CONFIG=$2 "$1/scripts/kconfig/merge_config.sh" -m $(seq "$nr")) \
		>"$at/log" 2>&1 ||
		die $EXIT_SKIP "the configuration cannot be merged: $(last_words "$at/log")"
	rm -r "$at"
}

# own_config K: the .config of a kernel tree that --own-config is about, if it is.
own_config()
{
	local path=${1#tree:}

	[ -z "$OPT_OWN_CONFIG" ] || [ "$path" = "$1" ] || echo "${path%%[+^]*}/.config"
}

# kernel_smp_check K: a guest would come up with fewer CPUs than were asked for, and not say so.
kernel_smp_check()
{
	local most

	most=$(kernel_fragments "$OPT_ARCH" registers "$(own_config "$1")" | tr '\n' '\0' |
		xargs -0 sed -n 's/^CONFIG_NR_CPUS=//p' | tail -n 1)
	[ "$OPT_SMP" -le "${most:-$OPT_SMP}" ] || die $EXIT_USAGE \
		"--smp $OPT_SMP: kernels built here have CONFIG_NR_CPUS=$most, see --config"
}

# What those on stdin come to.
fragments_key()
{
	tr '\n' '\0' | xargs -0 cat | sha256sum | cut -c 1-12
}

# kernel_objects ARCH TREE [OWN]: where a kernel is built; sets KERNEL_OBJECTS, and KERNEL_HAS to
# what it is built for: KERNEL_NEED, or all if that is there, or wanted for the module.
kernel_objects()
{
	local config

	for KERNEL_HAS in detectors "$KERNEL_NEED"; do
		config=$(kernel_fragments "$1" "$KERNEL_HAS" "${3:-}" | fragments_key)
		KERNEL_OBJECTS=$CACHE/build/$(basename "$2")-$1-$config
		[ -z "$KERNEL_PLANTS" ] && [ ! -r "$KERNEL_OBJECTS/vmlinux" ] || break
	done
}

# kernel_build ARCH NAME TREE KEY: builds the image, with KEY keeps it. Sets KERNEL_IMAGE.
kernel_build()
{
	local arch=$1 name=$2 tree=$3 key=$4 patches=() objects out make target log what own
	local rest=allnoconfig	# what the configuration has beside what is asked for

	readarray -t patches < <(kernel_patches "$name")
	own=$(own_config "$name")
	[ -z "$own" ] || rest=alldefconfig
	kernel_objects "$arch" "$tree" "$own"
	objects=$KERNEL_OBJECTS
	case $arch in
	x86_64 | i386) target=arch/x86/boot/bzImage ;;
	arm64 | riscv64) target=arch/${KBUILD_ARCH[$arch]}/boot/Image ;;
	armhf) target=arch/arm/boot/zImage ;;
	s390x) target=arch/s390/boot/bzImage ;;
	*) target=vmlinux ;;
	esac
	# without a key nobody can know later what it was built from: it is this run's own
	out=$SCRATCH/kernel-${objects##*/}
	if [ -n "$key" ]; then
		out=$CACHE/kernels/${objects##*/}
		[ ${#patches[@]} = 0 ] ||
			out=$out-$(patch_bodies "${patches[@]}" | sha256sum | cut -c 1-12)
	fi
	KERNEL_ORIGIN+=", configured for $KERNEL_HAS"
	KERNEL_NAME=$name
	KERNEL_IMAGE=$out/$(basename "$target")
	KERNEL_KIND=built KERNEL_TREE=$tree
	KERNEL_PATCHES=("${patches[@]}")
	if [ -n "$key" ] && [ -r "$KERNEL_IMAGE" ]; then
		return 0
	fi

	[ -r "$objects/vmlinux" ] || build_in_time
	need_space "$CACHE" 2500
	# shellcheck disable=SC2046 # a list of packages
	need_packages $(kernel_packages "$name" "$arch")
	mkdir -p "$objects" "$CACHE/logs"
	build_lock "$tree"
	if [ -n "$key" ] && [ -r "$KERNEL_IMAGE" ]; then
		unlock "build-${tree##*/}"	# the run that this one waited for has built it
		return 0
	fi
	patches_only "$tree" "${patches[@]}"

	make=(make -C "$tree" O="$objects" ARCH="${KBUILD_ARCH[$arch]}"
		CROSS_COMPILE="$(cross_prefix "$arch")")
	log=$objects/log
	# a tree may have other symbols by now
	if [ ! -r "$objects/asked.config" ] || [ -z "$key" ]; then
		kernel_fragments "$arch" "$KERNEL_HAS" "$own" |
			kernel_merge "$tree" "$objects/all.config"
		phase 20 "$log" "configure $(basename "$tree")" "${make[@]}" \
			KCONFIG_ALLCONFIG="$objects/all.config" "$rest" ||
			die $EXIT_SKIP "the kernel cannot be configured: $(tail -n 1 "$log")"
		mv "$objects/all.config" "$objects/asked.config"
	fi
	kernel_config_check "$objects"
	[ -z "$own" ] || KERNEL_ORIGIN+=", its own .config but for $(grep CONFIG_ \
		"$objects/asked.config" | grep -cvxFf "$own") lines"
	what="build $(basename "$tree") for $KERNEL_HAS"
	what+=${patches[*]:+ + $(patch_names "${patches[@]}")}
	# shellcheck disable=SC2046 # a target or none
	# what else runs on the machine goes first; the log has why each file was compiled
	phase 240 "$log" "$what" \
		nice "${make[@]}" V=2 -j"$(($(nproc) + 1))" "$(basename "$target")" \
		$(sed -n 's/^CONFIG_MODULES=y$/modules/p' "$objects/.config") ||
		die $EXIT_SKIP "the kernel does not build, see $log:" \
			"$(build_error "$log")"
	restore_patched
	mkdir -p "$out.partial"
	cp "$objects/$target" "$objects/.config" "$out.partial/"
	rm -rf "$out"
	mv -T "$out.partial" "$out"
	unlock "build-${tree##*/}"
}

# END_BEFORE is when a check has to be over (in seconds of the epoch), and so a whole build of a
# kernel with a few tests of it: what one takes is known from the longest here so far, if any.
END_BEFORE=
build_in_time()
{
	local seconds

	[ -n "$END_BEFORE" ] || return 0
	seconds=$({ echo 240; cat "$CACHE"/timings/build_linux-* 2>/dev/null || true; } |
		sort -n | tail -n 1)
	[ $((EPOCHSECONDS + seconds + 240)) -lt "$END_BEFORE" ] ||
		die $EXIT_SKIP "too late for another kernel, of which one takes $seconds s here;" \
			"--long has no such limit"
}

# patches_only TREE [PATCH...]: the tree with these patches and no others, until restore_patched().
restore_tree=
patches_only()
{
	patches_out "$1"
	patches_in "$@"
	restore_tree=$1
	cleanup_hooks+=(restore_patched)
}

restore_patched()
{
	[ -z "$restore_tree" ] || patches_out "$restore_tree"
	restore_tree=
}

patch_names()
{
	local p names=()

	for p in "$@"; do
		names+=("$(basename "$p" .patch)")
	done
	echo "${names[*]}"
}

# A symbol that was asked for and is not there would make a result that looks like an answer. Old
# kernels do not have those of newer.config, and what needs them says so.
kernel_config_check()
{
	local line missing=()

	while read -r line; do
		grep -qxF "$line" "$1/.config" || missing+=("$line")
	done < <(grep '^CONFIG_' "$1/asked.config" | grep -vxFf "$TOP/vm/configs/newer.config")
	[ ${#missing[@]} = 0 ] ||
		die $EXIT_SKIP "this kernel cannot be configured with ${missing[*]}"
}
