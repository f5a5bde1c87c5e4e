# SPDX-License-Identifier: GPL-2.0
#
# How the pages' objects are compiled, for the Makefile above.

# What fills pages uses the CPU's vector registers, what checks them no register but the general.
scalar_x86_64 := -mgeneral-regs-only
scalar_arm64 := -mgeneral-regs-only
scalar_ppc64 := -mno-vsx -mno-altivec -msoft-float
vector_ppc64 := -mcpu=power8
vector_arm64 := -march=armv8-a+crypto+crc
# gcc's note on i386, of functions that are not called from elsewhere
vector_none := -Wno-psabi

# What checks: no loop becomes a call of libc's memcpy(). Each such file is named here.
page_scalar := page page_aes page_damage page_sums
$(page_scalar:%=$(objects)/$(src)/page_integrity/%.c.o): CFLAGS += -fno-builtin \
	-fno-tree-vectorize -fno-tree-slp-vectorize $(scalar_$(bank))
page_bank := $(call room_bank,page_integrity)
$(objects)/%/page_fill.c.o $(objects)/%/page_vector_$(page_bank).c.o: CFLAGS += -O3 \
	$(vector_$(page_bank))
