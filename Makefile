# SPDX-License-Identifier: GPL-2.0

# kselftest Makefile: lives in tools/testing/selftests/io_uring_coherency/ of a kernel tree, copied
# or as a symbolic link; stand-alone use goes through ./run_tests.sh, which brings a kernel tree. A
# paragraph that names run_tests.sh is not in the series for a kernel tree (doc/series.md).

include io_uring_coherency/programs.mk

# PROGRAMS="NAME..." builds and installs no others.
PROGRAMS ?= %
TEST_GEN_PROGS := $(filter $(PROGRAMS),$(programs))
TEST_GEN_PROGS_EXTENDED := $(filter $(PROGRAMS),$(extended))

# For a liburing that is not where the compiler looks. It is linked statically, so that programs run
# where it is not installed: with -luring the loader would end them there with code 127.
LIBURING_CFLAGS ?=
LIBURING_LIBS ?= -l:liburing.a

# Behind a symbolic link, such as run_tests.sh makes, ".." is not the kernel tree, but the shell
# that started make knows.
ksft_lib := $(firstword $(wildcard ../lib.mk $(PWD)/lib.mk $(dir $(PWD))lib.mk))
ifeq ($(ksft_lib),)
$(error this is a directory of tools/testing/selftests in a kernel tree; elsewhere use ./run_tests.sh)
endif

include $(or $(ksft_lib),../lib.mk)

# lib.mk gives clang its --target since 5.18
CC += $(if $(and $(LLVM),$(CROSS_COMPILE)),$(if $(findstring --target=,$(CC)),,\
	--target=$(notdir $(CROSS_COMPILE:%-=%))))

src := io_uring_coherency
# _GNU_SOURCE is empty in lib.mk of 7.2, too, and defining it twice must agree
CFLAGS += -O2 -g -Wall -Wextra -D_GNU_SOURCE= -I$(selfdir) -I. -I$(src)/lib
# an off_t is 64 bits as in the kernel, on 32 bits, too
CFLAGS += -D_FILE_OFFSET_BITS=64
# the harness of 6.12 forks in the middle of its macros; clang does not know the warning
CFLAGS += $(if $(findstring clang,$(CC)),,-Wno-clobbered)

machine := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
bank := $(firstword $(filter $(banks),$(bank_$(machine)) $(machine)) none)

ifeq ($(filter clean,$(MAKECMDGOALS)),)
liburing_probe = printf '%s\n' '\#include <liburing.h>' \
	'int main(void) { return io_uring_register_iowq_max_workers((void *)0, (void *)0); }' | \
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) -x c - -x none $(LDFLAGS) $(LIBURING_LIBS) \
	-o $(OUTPUT)/liburing_probe >/dev/null 2>&1 && echo yes; rm -f $(OUTPUT)/liburing_probe
have_liburing := $(shell mkdir -p $(OUTPUT); $(liburing_probe))
endif

# what the compiler calls on 32 bits for atomics of 64, as on m68k
libatomic := $(if $(findstring /,$(shell $(CC) -print-file-name=libatomic.a)),-l:libatomic.a)

linked := $(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED)

# what run_tests.sh needs beside them, and a kernel tree does not
ifneq ($(LABORATORY),)
include vm/tools/programs.mk tests/programs.mk
all: $(laboratory)
TEST_GEN_PROGS_EXTENDED += $(laboratory)
linked += $(laboratory) $(by_name)
endif

ifneq ($(have_liburing),yes)
$(if $(filter clean,$(MAKECMDGOALS)),,$(warning liburing.a 2.1 or newer is missing for $(machine), \
	these will skip: $(with_liburing); Debian: liburing-dev; shared: LIBURING_LIBS=-luring))
$(foreach program,$(with_liburing),$(eval $(program) := $(src)/no_liburing.c \
	$(call lib,program json)))
with_liburing :=
endif

# --- how they are built: an object of each file once, below $(OUTPUT)/objects

objects := $(OUTPUT)/objects
EXTRA_CLEAN += $(objects)

.SECONDEXPANSION:
$(linked): $$(patsubst %,$(objects)/%.o,$$($$(@F)))
	$(CC) $(CFLAGS) $^ $(LDFLAGS) $(if $(filter $(@F),$(with_liburing)),$(LIBURING_LIBS)) \
		-lpthread -lm $(libatomic) -o $@

$(objects)/%.o: %
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) -MMD -MP -c $< -o $@

sources := $(foreach program,$(notdir $(linked)),$($(program)))
-include $(wildcard $(sources:%=$(objects)/%.d))

include $(src)/page_integrity/page.mk
include ppc_barrier_test/module.mk
