# SPDX-License-Identifier: GPL-2.0
#
# kselftest Makefile: lives in tools/testing/selftests/io_uring_coherency/ of a kernel tree, copied
# or as a symbolic link. Stand-alone use goes through ./run_tests.sh, which brings a kernel tree.

# The questions asked of a kernel, and the tests of the module. live_registers, page_integrity,
# ring_order and module_knobs need liburing, module_* and kernel_order the module.
TEST_GEN_PROGS := live_registers page_integrity ring_order kernel_order module_knobs module_offload
# Any command under the module's knobs; the statistics behind the answers, tests of ours, what they
# need, and the yardstick for speed.
TEST_GEN_PROGS_EXTENDED := barrier_ctl claims verdict evidence_test claims_test page_test \
	cpu_pairs_test regs_test without_io_uring innodb_page thread_rate \
	module_storm

# For a liburing that is not where the compiler looks.
LIBURING_CFLAGS ?=
LIBURING_LIBS ?= -luring

# Behind a symbolic link ".." is not the kernel tree, but the shell that started make knows.
ksft_lib := $(firstword $(wildcard ../lib.mk $(PWD)/lib.mk $(dir $(PWD))lib.mk))
ifeq ($(ksft_lib),)
$(error this is a directory of tools/testing/selftests in a kernel tree; elsewhere use ./run_tests.sh)
endif
include $(ksft_lib)

# lib.mk gives clang its --target only since 5.18
ifneq ($(LLVM),)
ifneq ($(CROSS_COMPILE),)
ifeq ($(findstring --target=,$(CC)),)
CC += --target=$(notdir $(CROSS_COMPILE:%-=%))
endif
endif
endif

# _GNU_SOURCE is empty in lib.mk of 7.2, too, and defining it twice must agree
CFLAGS += -O2 -g -Wall -Wextra -D_GNU_SOURCE= -I$(selfdir) -Iio_uring_coherency
# the harness of 6.12 forks in the middle of its macros; clang does not know the warning
CFLAGS += $(if $(findstring clang,$(CC)),,-Wno-clobbered)

src := io_uring_coherency
machine := $(shell $(CC) -dumpmachine)
bank := $(or $(if $(filter x86_64%,$(machine)),x86_64),$(if $(filter aarch64-%,$(machine)),arm64),\
	$(if $(filter powerpc64%,$(machine)),ppc64),none)

ifeq ($(filter clean,$(MAKECMDGOALS)),)
liburing_probe = printf '%s\n' '\#include <liburing.h>' \
	'int main(void) { return io_uring_register_iowq_max_workers((void *)0, (void *)0); }' | \
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) -x c - -x none $(LDFLAGS) $(LIBURING_LIBS) \
	-o $(OUTPUT)/liburing_probe >/dev/null 2>&1 && echo yes; rm -f $(OUTPUT)/liburing_probe
have_liburing := $(shell mkdir -p $(OUTPUT); $(liburing_probe))
ifneq ($(have_liburing),yes)
$(warning liburing 2.1 or newer is missing for $(machine): live_registers, page_integrity, \
	ring_order and module_knobs will skip; Debian: liburing-dev, Fedora: liburing-devel)
endif
endif

# What fills pages uses the CPU's vector registers, what checks them no register but the general.
scalar_x86_64 := -mgeneral-regs-only
scalar_arm64 := -mgeneral-regs-only
scalar_ppc64 := -mno-vsx -mno-altivec -msoft-float
vector_ppc64 := -mcpu=power8
vector_arm64 := -march=armv8-a+crypto+crc
# gcc's note on i386, of functions that are not called from elsewhere
vector_none := -Wno-psabi

# --- the programs, and what each is made of

faults := vm/faults
parts = $(addprefix $(src)/,$(1))
bank_parts := $(call parts,regs.c regs_$(bank).c $(if $(filter-out none,$(bank)),regs_$(bank).S))
page_parts := $(call parts,page.c page_sums.c page_fill.c page_vector_$(bank).c)
with_liburing := live_registers page_integrity ring_order module_knobs

live_registers := $(bank_parts) $(call parts,live_registers.c program.c module.c json.c provoke.c \
	evidence.c planted.c)
page_integrity := $(page_parts) $(call parts,page_integrity.c page_site.c page_board.c \
	page_files.c planted.c program.c disk.c engine.c module.c json.c provoke.c evidence.c)
ring_order := $(call parts,ring_order.c ring_edges.c cpu_pairs.c program.c json.c evidence.c)
kernel_order := $(call parts,kernel_order.c cpu_pairs.c program.c module.c json.c evidence.c)
module_knobs := $(call parts,module_knobs.c module.c program.c json.c)
module_offload := $(call parts,module_offload.c module.c)
module_storm := $(call parts,module_storm.c module.c)
barrier_ctl := $(call parts,barrier_ctl.c module.c json.c)
verdict := $(call parts,verdict.c evidence.c)
claims := $(call parts,claims.c claims_decide.c evidence.c json.c)
innodb_page := $(call parts,innodb_page.c)
thread_rate := $(call parts,thread_rate.c)
without_io_uring := $(call parts,without_io_uring.c)
claims_test := $(call parts,claims_test.c evidence.c)	# includes claims_decide.c
evidence_test := $(call parts,evidence_test.c evidence.c)
cpu_pairs_test := $(call parts,cpu_pairs_test.c cpu_pairs.c program.c json.c)
page_test := $(page_parts) $(call parts,page_test.c)
regs_test := $(bank_parts) $(call parts,regs_test.c)

# What only tests run, and build by name: live_registers with faults, and with no bank.
fault_programs := live_registers_windows live_registers_planted live_registers_none
live_registers_windows := $(live_registers) $(faults)/windows.c
live_registers_planted := $(live_registers) $(faults)/planted.c
live_registers_none := $(filter-out $(bank_parts),$(live_registers)) $(call parts,regs.c regs_none.c)
with_liburing += $(fault_programs)

ifneq ($(have_liburing),yes)
$(foreach program,$(with_liburing),$(eval $(program) := $(call parts,no_liburing.c)))
with_liburing :=
endif

# --- how they are built: an object of each file once, below $(OUTPUT)/objects

objects := $(OUTPUT)/objects
EXTRA_CLEAN += $(objects)

.SECONDEXPANSION:
fault_programs := $(fault_programs:%=$(OUTPUT)/%)
$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED) $(fault_programs): $$(patsubst %,$(objects)/%.o,$$($$(@F)))
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(if $(filter $(@F),$(with_liburing)),$(LIBURING_LIBS)) \
		-lpthread -lm -o $@

$(OUTPUT)/live_registers_windows: LDFLAGS += -Wl,--wrap=reg_arch_spin
$(OUTPUT)/live_registers_planted: LDFLAGS += -Wl,--wrap=module_load_unless \
	-Wl,--wrap=planted_open -Wl,--wrap=planted_set -Wl,--wrap=planted_times
# for LD_PRELOAD
$(OUTPUT)/%.so: $(faults)/%.c
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) -shared -fPIC $< $(LIBURING_LIBS) -ldl -o $@
EXTRA_CLEAN += $(fault_programs) $(OUTPUT)/*.so

$(objects)/%.o: %
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) -MMD -MP -c $< -o $@

# no loop becomes a call of libc's memcpy()
$(objects)/%/page.c.o $(objects)/%/page_sums.c.o: CFLAGS += -fno-builtin -fno-tree-vectorize \
	-fno-tree-slp-vectorize $(scalar_$(bank))
$(objects)/%/page_fill.c.o $(objects)/%/page_vector_$(bank).c.o: CFLAGS += -O3 $(vector_$(bank))

-include $(wildcard $(patsubst %,$(objects)/%.d,$(foreach program,$(notdir $(TEST_GEN_PROGS) \
	$(TEST_GEN_PROGS_EXTENDED)),$($(program)))))

include ppc_barrier_test/module.mk
