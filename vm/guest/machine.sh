#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# machine.sh DIRECTORY: what the machine is that a result comes from, as files there. It takes what
# is named here and nothing else: no name, no address, no serial number, no command line.

set -eu

mkdir -p "$1"
cd "$1"

# not "uname -a", which has the node's name, nor /proc/version, which has the builder's
uname -srvm >kernel
cat /proc/sys/kernel/tainted >taint
for file in /sys/module/*/taint; do
	[ ! -e "$file" ] || [ -z "$(cat "$file")" ] ||
		echo "$(basename "$(dirname "$file")") $(cat "$file")"
done >>taint

# what a configuration may tell of a machine is in these
for file in /proc/config.gz "/boot/config-$(uname -r)" "/lib/modules/$(uname -r)/config"; do
	[ -r "$file" ] || continue
	case $file in
	*.gz) zcat "$file" ;;
	*) cat "$file" ;;
	esac | sed 's/^\(CONFIG_CMDLINE\|CONFIG_DEFAULT_HOSTNAME\)=.*/# \1 is left out/' >config
	break
done
[ -s config ] || echo "none at /proc/config.gz and /boot" >config

# of each CPU once; POWER has platform, model, machine, firmware there, x86 the microcode
grep -E -e '^(cpu|cpu family|model|model name|stepping|revision|microcode|vendor_id)[[:space:]]*:' \
	-e '^(platform|machine|firmware|MMU|CPU [a-z]*)[[:space:]]*:' /proc/cpuinfo |
	sort | uniq -c >cpuinfo
lscpu >lscpu.txt 2>&1 || true
lscpu --extended >topology 2>/dev/null ||
	grep -H . /sys/devices/system/cpu/cpu*/topology/*_list >topology 2>/dev/null || true

{
	for file in /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name \
		/sys/class/dmi/id/bios_version /sys/class/dmi/id/bios_date \
		/proc/device-tree/model /proc/device-tree/ibm,fw-vernum_encoded \
		/proc/device-tree/openprom/ibm,fw-vernum_encoded \
		/proc/device-tree/ibm,opal/firmware/version \
		/proc/device-tree/hypervisor/compatible; do
		[ ! -r "$file" ] || echo "$file: $(tr '\0' ' ' <"$file")"
	done
	# an LPAR's share of the machine; the file has a serial number, too
	grep -E -e '^(shared_processor_mode|capped|partition_entitled_capacity)=' \
		-e '^(partition_active|partition_potential|system_active)_processors=' \
		/proc/ppc64/lparcfg 2>/dev/null || true
} >firmware
