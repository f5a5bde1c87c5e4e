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
CFLAGS += -O2 -g -Wall -Wextra -D_GNU_SOURCE= -I$(selfdir)
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

bank_src := $(addprefix $(src)/,regs.c regs_$(bank).c \
	$(if $(filter-out none,$(bank)),regs_$(bank).S))
headers := $(wildcard $(src)/*.h ppc_barrier_test/*.h)

# What fills pages uses the CPU's vector registers, what checks them no register but the general.
page_objs := $(addprefix $(OUTPUT)/,page.o page_sums.o page_fill.o page_vector_$(bank).o)
page_scalar_x86_64 := -mgeneral-regs-only
page_scalar_arm64 := -mgeneral-regs-only
page_scalar_ppc64 := -mno-vsx -mno-altivec -msoft-float
page_fill_ppc64 := -mcpu=power8
# gcc's note on i386, of functions that are not called from elsewhere
page_fill_none := -Wno-psabi
page_vector_ppc64 := -mcpu=power8
page_vector_arm64 := -march=armv8-a+crypto+crc
EXTRA_CLEAN += $(page_objs)

ifeq ($(have_liburing),yes)
$(OUTPUT)/live_registers: $(addprefix $(src)/,live_registers.c program.c module.c json.c provoke.c \
	evidence.c planted.c) $(bank_src) $(headers)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) $(LIBURING_LIBS) \
		-lpthread -lm -o $@

$(OUTPUT)/module_knobs: $(addprefix $(src)/,module_knobs.c module.c program.c json.c) $(headers)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) $(LIBURING_LIBS) \
		-lpthread -o $@

$(OUTPUT)/ring_order: $(addprefix $(src)/,ring_order.c ring_edges.c cpu_pairs.c program.c \
	json.c evidence.c) $(headers)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) $(LIBURING_LIBS) \
		-lpthread -lm -o $@

$(OUTPUT)/page_integrity: $(addprefix $(src)/,page_integrity.c page_site.c page_board.c page_files.c \
	planted.c program.c disk.c engine.c module.c json.c provoke.c evidence.c) $(page_objs) $(headers)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) $(LIBURING_LIBS) \
		-lpthread -lm -o $@
else
$(addprefix $(OUTPUT)/,live_registers page_integrity ring_order module_knobs): \
		$(src)/no_liburing.c
	$(CC) $(CFLAGS) $< $(LDFLAGS) -o $@
endif

$(OUTPUT)/barrier_ctl: $(src)/barrier_ctl.c $(src)/module.c $(src)/json.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lpthread -o $@

$(OUTPUT)/kernel_order: $(addprefix $(src)/,kernel_order.c cpu_pairs.c program.c module.c json.c \
		evidence.c) $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lpthread -lm -o $@

$(OUTPUT)/module_storm: $(src)/module_storm.c $(src)/module.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lpthread -o $@

$(OUTPUT)/module_offload: $(src)/module_offload.c $(src)/module.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lpthread -o $@

$(OUTPUT)/verdict: $(src)/verdict.c $(src)/evidence.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lm -o $@

$(OUTPUT)/innodb_page: $(src)/innodb_page.c
	$(CC) $(CFLAGS) $^ $(LDFLAGS) -o $@

$(OUTPUT)/claims: $(addprefix $(src)/,claims.c claims_decide.c evidence.c json.c) $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lm -o $@

# includes claims_decide.c
$(OUTPUT)/claims_test: $(addprefix $(src)/,claims_test.c evidence.c) $(src)/claims_decide.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h %/claims_decide.c,$^) $(LDFLAGS) -lm -o $@

$(OUTPUT)/evidence_test: $(src)/evidence_test.c $(src)/evidence.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lm -o $@

$(OUTPUT)/cpu_pairs_test: $(addprefix $(src)/,cpu_pairs_test.c cpu_pairs.c program.c json.c) \
		$(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -o $@

# no loop becomes a call of libc's memcpy()
$(OUTPUT)/page.o $(OUTPUT)/page_sums.o: $(OUTPUT)/%.o: $(src)/%.c $(headers)
	$(CC) $(CFLAGS) -fno-builtin -fno-tree-vectorize -fno-tree-slp-vectorize \
		$(page_scalar_$(bank)) -c $< -o $@

$(OUTPUT)/page_fill.o: $(src)/page_fill.c $(headers)
	$(CC) $(CFLAGS) -O3 $(page_fill_$(bank)) -c $< -o $@

$(OUTPUT)/page_vector_$(bank).o: $(src)/page_vector_$(bank).c $(headers)
	$(CC) $(CFLAGS) -O3 $(page_vector_$(bank)) -c $< -o $@

$(OUTPUT)/page_test: $(src)/page_test.c $(page_objs) $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -o $@

$(OUTPUT)/regs_test: $(src)/regs_test.c $(bank_src) $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -o $@

$(OUTPUT)/without_io_uring: $(src)/without_io_uring.c
	$(CC) $(CFLAGS) $< $(LDFLAGS) -o $@

$(OUTPUT)/thread_rate: $(src)/thread_rate.c
	$(CC) $(CFLAGS) $< $(LDFLAGS) -lpthread -o $@

# --- the module
#
# Built here and not by lib.mk's TEST_GEN_MODS_DIR (6.9), which writes into the source directory
# in spite of O=, and whose install fails where there is no module. Before 6.13 an external module
# can be built only in its own directory; so that is a copy.
KDIR ?= /lib/modules/$(shell uname -r)/build
module_build := $(OUTPUT)/ppc_barrier_test.build
module_ko := $(OUTPUT)/ppc_barrier_test/ppc_barrier_test.ko
module_src := $(wildcard ppc_barrier_test/*.[chS] ppc_barrier_test/Makefile)
EXTRA_CLEAN += $(module_build) $(module_ko)

# The running kernel is not the one that a cross-built program will meet: then say which.
-include $(dir $(ksft_lib))../../../scripts/subarch.include
ifeq ($(origin KDIR),file)
ifneq ($(CROSS_COMPILE)$(filter-out $(SUBARCH),$(patsubst x86_64,x86,$(ARCH))),)
module_skip := cross compiling needs KDIR=
endif
else
module_arch := $(if $(ARCH),ARCH=$(ARCH))
endif
ifeq ($(module_skip)$(wildcard $(KDIR)/Makefile),)
module_skip := no kernel to build it for at $(KDIR), set KDIR=
endif

# Nothing of this make's environment: under the kernel's own Makefile that means another tree and
# another O=. The compiler is the one that the kernel was built by, not the one of the selftests.
module_clang = $(shell grep -qs '^CONFIG_CC_IS_CLANG=y' $(KDIR)/include/config/auto.conf && \
	echo LLVM=$(or $(LLVM),1))
module_make = env -i PATH="$$PATH" HOME="$$HOME" $(MAKE) --no-print-directory -C $(KDIR) \
	M=$(abspath $(module_build)) $(module_arch) \
	$(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE)) $(module_clang) $(if $(V),V=$(V)) modules

# Objects of another kernel are newer than their sources, too.
module_kernel = $(realpath $(KDIR)) $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)

# One that was built before, by "make KDIR=...", is kept.
build_module:
ifneq ($(module_skip),)
	@[ -e $(module_ko) ] || \
		echo "ppc_barrier_test.ko is not built, tests that need it will skip: $(module_skip)"
else
	@echo "$(module_kernel)" | cmp -s - $(module_build)/kernel || rm -rf $(module_build)
	@mkdir -p $(module_build) $(dir $(module_ko))
	@echo "$(module_kernel)" >$(module_build)/kernel
	@cp -pu $(module_src) $(module_build)/
	@rm -f $(module_ko)
	@if $(module_make); then \
		cp $(module_build)/ppc_barrier_test.ko $(module_ko); \
	else \
		echo "ppc_barrier_test.ko does not build in $(KDIR), tests that need it will skip"; \
	fi
endif

install_module: build_module
	@rm -f $(INSTALL_PATH)/ppc_barrier_test/ppc_barrier_test.ko
	@if [ -e $(module_ko) ]; then \
		mkdir -p $(INSTALL_PATH)/ppc_barrier_test && \
		cp $(module_ko) $(INSTALL_PATH)/ppc_barrier_test/; \
	fi

all: build_module
ifneq ($(INSTALL_PATH),)
install: install_module
endif
.PHONY: build_module install_module
