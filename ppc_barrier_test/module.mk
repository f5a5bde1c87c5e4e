# SPDX-License-Identifier: GPL-2.0
#
# The module, for the Makefile above.
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
-include $(selfdir)/../../../scripts/subarch.include
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
