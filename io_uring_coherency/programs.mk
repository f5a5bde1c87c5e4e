# SPDX-License-Identifier: GPL-2.0
#
# The programs, what each is made of, and the architectures, for the Makefile above.

programs :=
extended :=
# The questions asked of a kernel, and the tests of the module, which kernel_order needs, too.
programs += live_registers
programs += page_integrity
programs += ring_order
programs += ring_complete
programs += kernel_order
programs += module_knobs
programs += module_offload
# Any command under the module's knobs, and what its probes withstand.
extended += barrier_ctl
extended += module_storm

# architectures with files of their own
banks :=
banks += x86_64
banks += i386
banks += arm64
banks += armhf
banks += ppc64
banks += hppa
banks += mips64
banks += riscv64
banks += s390x

# ... where compilers have other names for them
bank_aarch64 := arm64
bank_arm := armhf
bank_i686 := i386
bank_mips64el := mips64
bank_mipsisa64r6 := mips64
bank_mipsisa64r6el := mips64
bank_powerpc64 := ppc64
bank_powerpc64le := ppc64

# ... and those that two of them share
shared_x86_64 := x86
shared_i386 := x86

with_liburing :=
with_liburing += live_registers
with_liburing += page_integrity
with_liburing += ring_order
with_liburing += ring_complete
with_liburing += module_knobs

# a room has what is there for this architecture, or else for none, and takes of lib/ what it calls
room_bank = $(if $(wildcard $(src)/$(1)/*_$(bank).c),$(bank),none)
other_banks = $(filter-out $(room_bank) $(shared_$(room_bank)),$(banks) x86 none)
room = $(filter-out $(foreach b,$(other_banks),%_$(b).c %_$(b).S),$(wildcard $(src)/$(1)/*.[cS]))
lib = $(foreach l,$(1),$(wildcard $(src)/lib/$(l).c $(src)/lib/$(l)_*.c))
detector = $(call lib,program module json provoke evidence planted)
live_registers = $(call room,live_registers) $(detector)
page_integrity = $(call room,page_integrity) $(detector) $(call lib,page_disk)
ring_order = $(call room,ring_order) $(call lib,cpu_pairs program json evidence)
ring_complete = $(call room,ring_complete) $(call lib,cpu_pairs program json evidence page_disk)
kernel_order = $(call room,kernel_order) $(call lib,cpu_pairs program module json evidence)
module_knobs = $(src)/module_test/module_knobs.c $(wildcard $(src)/module_test/knobs_*.c) \
	$(call lib,module program json)
module_offload = $(src)/module_test/module_offload.c $(call lib,module program json)
module_storm = $(src)/module_test/module_storm.c $(call lib,module program json)
barrier_ctl = $(src)/module_test/barrier_ctl.c $(call lib,module program json)
