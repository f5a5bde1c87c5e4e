# SPDX-License-Identifier: GPL-2.0
#
# kselftest Makefile: lives in tools/testing/selftests/io_uring_coherency/ of a kernel tree, copied
# or as a symbolic link. Stand-alone use goes through ./run_tests.sh, which brings a kernel tree.

# The questions asked of a kernel; they need liburing.
TEST_GEN_PROGS := live_registers
# The statistics behind their answers, their test, and the yardstick for their speed.
TEST_GEN_PROGS_EXTENDED := verdict evidence_test thread_rate

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
$(warning liburing 2.1 or newer is missing for $(machine): live_registers will skip; \
	Debian: liburing-dev, Fedora: liburing-devel)
endif
endif

live_registers_src := live_registers.c provoke.c evidence.c regs.c regs_$(bank).c
ifneq ($(bank),none)
live_registers_src += regs_$(bank).S
endif
headers := $(wildcard $(src)/*.h)

ifeq ($(have_liburing),yes)
$(OUTPUT)/live_registers: $(addprefix $(src)/,$(live_registers_src)) $(headers)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) $(LIBURING_LIBS) \
		-lpthread -lm -o $@
else
$(OUTPUT)/live_registers: $(src)/no_liburing.c
	$(CC) $(CFLAGS) $< $(LDFLAGS) -o $@
endif

$(OUTPUT)/verdict: $(src)/verdict.c $(src)/evidence.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lm -o $@

$(OUTPUT)/evidence_test: $(src)/evidence_test.c $(src)/evidence.c $(headers)
	$(CC) $(CFLAGS) $(filter-out %.h,$^) $(LDFLAGS) -lm -o $@

$(OUTPUT)/thread_rate: $(src)/thread_rate.c
	$(CC) $(CFLAGS) $< $(LDFLAGS) -lpthread -o $@
