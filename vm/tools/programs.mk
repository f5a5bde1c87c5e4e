# SPDX-License-Identifier: GPL-2.0
#
# The laboratory's programs, for the Makefile above.

laboratory += $(addprefix $(OUTPUT)/,claims verdict innodb_page thread_rate)

verdict := vm/tools/verdict.c $(call lib,evidence)
claims := $(wildcard vm/tools/claims*.c) $(call lib,evidence json)
innodb_page := vm/tools/innodb_page.c
thread_rate := vm/tools/thread_rate.c
