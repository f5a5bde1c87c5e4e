# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Boot a kernel under QEMU, run the tests in it, bring the results back. Sourced by run_tests.sh.

# What in a console log means that the kernel went down, or a part of it; and what else means that
# it is unwell.
CONSOLE_DOWN='Oops|Kernel panic|Unable to handle kernel|kernel BUG at|general protection fault'
CONSOLE_DOWN+='|BUG: unable to handle|INFO: task .* blocked|soft lockup|hard LOCKUP'
CONSOLE_DOWN+='|INFO: rcu|rcu: INFO:'
CONSOLE_BAD="$CONSOLE_DOWN|BUG:|WARNING:|KASAN:|KCSAN:|UBSAN:|INFO: possible |INFO: suspicious"
CONSOLE_BAD+='|refcount_t: |unreferenced object'

# What only looks like it: QEMU's own firmware starts with an empty NVRAM.
CONSOLE_HARMLESS='WARNING: nvram corruption detected'

# guest_works ARCH ARGUMENT...: whether the QEMU that is here has that. It may abort(), as 7.2 does
# over an MSR of newer KVM, and the shell would tell.
guest_works()
{
	{ echo quit | "${QEMU[$1]}" "${@:2}" -S -nodefaults -display none -monitor stdio; } \
		>/dev/null 2>&1
}

# Whether an x86 CPU has VMX or SVM. A KVM without is software that emulates, slower than TCG, and
# stops the guest at an instruction that it does not have (cmpxchg16b: kvm-pvm of a 6.18 kernel).
guest_cpu_virtualizes()
{
	grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo
}

# guest_accel ARCH ARGUMENT...: sets GUEST_ACCEL, of a machine with these arguments: what --accel
# says, KVM if it works here, or TCG. That /dev/kvm is there does not mean that it works.
guest_accel()
{
	GUEST_ACCEL=${OPT_ACCEL:-tcg,thread=multi}
	[ -z "$OPT_ACCEL" ] || return 0
	[[ ! $1 =~ ^(x86_64|i386)$ ]] || guest_cpu_virtualizes || return 0
	case $1-$(uname -m) in
	x86_64-x86_64 | i386-x86_64 | i386-i?86 | arm64-aarch64 | ppc64*-ppc64* | \
		riscv64-riscv64 | s390x-s390x)
		! guest_works "$@" -accel kvm -cpu "${OPT_CPU:-host}" || GUEST_ACCEL=kvm
		;;
	esac
}

# guest_command ARCH IMAGE INITRAMFS CONSOLE RESULT: sets GUEST_ACCEL and the array QEMU_COMMAND,
# with GUEST_APPEND, if any, for the kernel's command line.
guest_command()
{
	local arch=$1 image=$2 initramfs=$3 console=$4 machine cpu tty line append disk
	local disks=() result=(-serial chardev:result)

	case $arch in
	ppc64le | ppc64)
		# the capabilities that TCG does not have
		machine="pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off"
		# QEMU's own firmware (since 6.1) has the guest up 7 s sooner than SLOF
		! guest_works "$arch" -M "$machine,x-vof=on" || machine+=",x-vof=on"
		cpu=POWER9
		tty=hvc0 line=hvc1
		;;
	x86_64 | i386)
		machine=pc
		cpu=max
		# a K7, as it is there otherwise, has 6.1 warn that it is not for SMP
		[ "$arch" = x86_64 ] || cpu=max,family=15
		tty=ttyS0 line=ttyS1
		;;
	arm64)
		machine="virt,gic-version=max"
		cpu="max,pauth-impdef=on"
		tty=ttyAMA0 line=ttyS0
		result=(-device "pci-serial,chardev=result")
		;;
	armhf)
		# without LPAE a kernel does not reach PCI's configuration space of the other place
		machine="virt,highmem=off"
		cpu=max
		tty=ttyAMA0 line=ttyS0
		result=(-device "pci-serial,chardev=result")
		;;
	riscv64)
		machine=virt
		cpu="rv64,v=true,vext_spec=v1.0"
		# which of two 8250s is ttyS0 is told by who is probed first
		tty=ttyS0 line=hvc0
		result=(-device virtio-serial -device "virtconsole,chardev=result")
		;;
	hppa)
		machine=hppa
		cpu=hppa
		tty=ttyS0 line=hvc0
		result=(-device virtio-serial -device "virtconsole,chardev=result")
		;;
	s390x)
		machine=s390-ccw-virtio
		cpu=max
		tty=ttysclp0 line=hvc0
		result=(-device virtio-serial -device "virtconsole,chardev=result")
		;;
	esac
	guest_accel "$arch" -M "$machine"
	[ "${GUEST_ACCEL%%,*}" != kvm ] || cpu=host
	machine=(-M "$machine" -cpu "${OPT_CPU:-$cpu}" -accel "$GUEST_ACCEL")
	for disk in "$SCRATCH"/disk.*; do
		[ ! -e "$disk" ] || disks+=(-drive
			"file=$disk,if=none,id=${disk##*.},format=raw,cache=unsafe"
			-device "virtio-blk,drive=${disk##*.},serial=${disk##*.}")
	done
	# read-only: what is in the cache stays as it is
	[ -z "${GUEST_ROOT:-}" ] || disks+=(-drive
		"file=$GUEST_ROOT,if=none,id=root,format=raw,readonly=on"
		-device virtio-blk,drive=root,serial=root)
	append="console=$tty panic=-1 quiet coherency.result=$line${GUEST_APPEND:+ $GUEST_APPEND}"
	QEMU_COMMAND=("${QEMU[$arch]}" "${machine[@]}" -smp "$OPT_SMP" -m "$OPT_MEM"
		-nographic -nodefaults -no-reboot
		-chardev "file,id=console,path=$console" -serial chardev:console
		-chardev "file,id=result,path=$5" "${result[@]}" "${disks[@]}"
		-kernel "$image" -initrd "$initramfs" -append "$append")
}

# guest_disks: guests of this run have an empty ext4 at /mnt/ext4 and an empty xfs at /mnt/xfs, if
# their kernel has the drivers built in.
guest_disks()
{
	local PATH=$PATH:/usr/sbin:/sbin

	need_packages e2fsprogs xfsprogs
	truncate -s 320M "$SCRATCH/disk.ext4" "$SCRATCH/disk.xfs"
	if ! mkfs.ext4 -q -F "$SCRATCH/disk.ext4" >"$SCRATCH/log" 2>&1 ||
		! mkfs.xfs -q -f "$SCRATCH/disk.xfs" >"$SCRATCH/log" 2>&1; then
		die $EXIT_SKIP "no file system for the guest: $(last_words "$SCRATCH/log")"
	fi
}

# guest_script FILE [ARGUMENT...]: guests run that script, in the folder of the programs, instead of
# the kselftest. What else it reads is the caller's to put beside it, as $SCRATCH/guest.NAME: all
# of these are in the guest's root directory.
guest_script()
{
	cp "$1" "$SCRATCH/guest.run"
	{
		printf '#!/bin/sh\ncd /kselftest/io_uring_coherency && exec sh /guest.run'
		[ $# = 1 ] || printf ' %q' "${@:2}"
		echo
	} >"$SCRATCH/guest.sh"
	chmod 755 "$SCRATCH/guest.sh"
}

# guest_complaint LOG PATTERN before|during: the first line of what the kernel reports before the
# tests, or while they run; vm/guest/init.sh says where they begin. Nothing if there is none.
guest_complaint()
{
	local begin='/coherency: guest is up|TAP version/'

	[ ! -e "$1" ] || grep -v "$CONSOLE_HARMLESS" "$1" | tr -d '\r' |
		awk -v when="$3" "$begin { up = 1 } up == (when == \"during\")" |
		grep -m 1 -E "$2" || true
}

# guest_run ARCH DIRECTORY NAME [GUESS]: boots KERNEL_IMAGE and leaves in DIRECTORY console, ktap,
# dmesg, JSON, and what it takes to do it again. Sets GUEST_STATE and GUEST_REASON:
#
#	ok		the tests came to their end
#	unwell		they did, but meanwhile the kernel reported a fault of its own
#	dead		the guest was up and its kernel went down, hung, or gave no result
#	no-boot		it never came up, or QEMU itself failed: nothing was tested
#
# What the kernel reports before the tests is told, and decides nothing.
guest_run()
{
	local arch=$1 dir=$2 name=$3 guess=${4:-20} bad='' down='' log code=0

	mkdir -p "$dir"
	initramfs_make "$arch" "$SCRATCH/initramfs"
	guest_command "$arch" "$KERNEL_IMAGE" "$SCRATCH/initramfs" "$dir/console" "$SCRATCH/result"
	printf '%s, %s\n' "$("${QEMU[$arch]}" --version | head -n 1)" "$GUEST_ACCEL" \
		>"$dir/qemu-version"
	guest_record "$dir"
	: >"$SCRATCH/result"
	: >"$dir/console"
	phase "$guess" "$dir/qemu" "$name (${GUEST_ACCEL%%,*})" \
		timeout --foreground "$OPT_TIMEOUT" \
		setpriv --pdeathsig KILL -- "${QEMU_COMMAND[@]}" || code=$?
	tr -d '\r' <"$dir/console" >"$SCRATCH/console" && cp "$SCRATCH/console" "$dir/console"

	GUEST_STATE=ok GUEST_REASON=
	log=$(guest_complaint "$dir/console" "$CONSOLE_BAD" before)
	[ -z "$log" ] || say "note: before the tests the kernel reported: $log"
	if tar -C "$dir" -xf "$SCRATCH/result" 2>/dev/null && [ -s "$dir/exit" ]; then
		for log in console dmesg; do
			[ -n "$down" ] ||
				down=$(guest_complaint "$dir/$log" "$CONSOLE_DOWN" during)
			[ -n "$bad" ] || bad=$(guest_complaint "$dir/$log" "$CONSOLE_BAD" during)
		done
		if [ -n "$down" ]; then
			GUEST_STATE=dead
		elif [ -n "$bad" ]; then
			GUEST_STATE=unwell
		fi
		[ -z "$down$bad" ] || GUEST_REASON="the kernel reported: ${down:-$bad}"
		return 0
	fi
	GUEST_STATE=dead
	if [ "$code" != 0 ] && [ "$code" != 124 ]; then
		GUEST_STATE=no-boot
		GUEST_REASON="QEMU ended with code $code: $(tail -n 1 "$dir/qemu")"
	elif log=$(grep -m 1 '^KVM internal error' "$dir/qemu"); then
		GUEST_STATE=no-boot
		GUEST_REASON="QEMU stopped: $log"
	elif ! grep -q 'coherency: guest is up\|TAP version' "$dir/console"; then
		GUEST_STATE=no-boot
		GUEST_REASON="the kernel did not come up"
	elif [ "$code" = 124 ]; then
		GUEST_REASON="the guest gave no result within $OPT_TIMEOUT s"
	else
		GUEST_REASON="the guest ended without a result"
	fi
}

# guest_record DIRECTORY: what it takes to run the guest again. The QEMU command is a script, which
# has all that it needs beside it with --keep.
guest_record()
{
	local dir=$1 config command disk

	config=$(dirname "$KERNEL_IMAGE")/.config
	[ ! -r "$config" ] || cp "$config" "$dir/config"
	printf '%s\n' "$KERNEL_ORIGIN" >"$dir/origin"
	if [ ${#KERNEL_PATCHES[@]} != 0 ]; then
		mkdir -p "$dir/patches"
		cp "${KERNEL_PATCHES[@]}" "$dir/patches/"
	fi
	cpio --quiet -tv <"$SCRATCH/initramfs" >"$dir/initramfs.list"
	command=$(printf '%q ' "${QEMU_COMMAND[@]}")
	command=${command//"$(printf %q "$KERNEL_IMAGE")"/kernel-image}
	command=${command//"$(printf %q "$dir")/console"/console.again}
	command=${command//"$(printf %q "$SCRATCH")/"/}
	printf '%s\n' '#!/bin/sh' \
		'# kernel-image, initramfs and disks are here if the run had --keep' \
		'cd "$(dirname "$0")" || exit' "exec $command" >"$dir/qemu-command"
	chmod 755 "$dir/qemu-command"
	[ -n "$OPT_KEEP" ] || return 0
	cp "$KERNEL_IMAGE" "$dir/kernel-image"
	cp "$SCRATCH/initramfs" "$dir/"
	for disk in "$SCRATCH"/disk.*; do
		[ ! -e "$disk" ] || cp --sparse=always "$disk" "$dir/"
	done
}

# The console's last lines, for people; only on failure.
guest_console()
{
	say "--- last lines of the console ($1/console)"
	tail -n "${2:-15}" "$1/console"
	say "---"
}

# --- what all commands begin with

# Neither make nor the kernel's build can live with some paths.
path_check()
{
	case $CACHE${TMPDIR:-} in
	*[[:blank:]:]*) die $EXIT_USAGE "blanks or colons in the path of TMPDIR or the cache" ;;
	esac
}

# What is checked before anything is fetched or built.
start()
{
	path_check
	need_space "$CACHE" "${1:-500}"
	scratch
}

# command_packages ARCH K... -- PACKAGE...: has all packages of a command at once, at its start: of
# guests of ARCH, of these kernels, and these others.
command_packages()
{
	local arch=$1 packages=()
	shift

	# shellcheck disable=SC2207 # lists of words
	packages=($(guest_packages "$arch"))
	while [ "$1" != -- ]; do
		# shellcheck disable=SC2207
		packages+=($(kernel_packages "$1" "$arch"))
		shift
	done
	need_packages "${packages[@]}" "${@:2}"
}
