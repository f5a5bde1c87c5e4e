# SPDX-License-Identifier: GPL-2.0
#
# The tests of ourselves, for the Makefile above.

laboratory += $(addprefix $(OUTPUT)/,evidence_test evidence_compare_test claims_test \
	claims_table_test page_test cpu_pairs_test regs_test without_io_uring)

claims_test := tests/claims_test.c $(call lib,evidence)	# includes claims_decide.c
claims_table_test := tests/claims_table_test.c $(call lib,evidence) \
	$(addprefix vm/tools/claims_,table.c counts.c decide.c)
evidence_test := tests/evidence_test.c $(call lib,evidence)
evidence_compare_test := tests/evidence_compare_test.c $(call lib,evidence)
cpu_pairs_test := tests/cpu_pairs_test.c $(call lib,cpu_pairs program json)
page_test := tests/page_test.c $(filter $(addprefix $(src)/page_integrity/,page.c page_aes.c \
	page_damage% page_sums.c page_fill.c page_vector_%),$(page_integrity))
regs_test := tests/regs_test.c $(filter $(src)/live_registers/regs%,$(live_registers))
without_io_uring := tests/without_io_uring.c

# Built by name, and never installed: live_registers with faults, and with no bank.
fault_programs := live_registers_windows live_registers_planted live_registers_none
with_liburing += $(fault_programs)
by_name := $(addprefix $(OUTPUT)/,$(fault_programs))
live_registers_windows := $(live_registers) tests/faults/windows.c
live_registers_planted := $(live_registers) tests/faults/planted.c
live_registers_none := $(filter-out $(src)/live_registers/regs_%,$(live_registers)) \
	$(src)/live_registers/regs_none.c
$(OUTPUT)/live_registers_windows: LDFLAGS += -Wl,--wrap=reg_arch_spin
$(OUTPUT)/live_registers_planted: LDFLAGS += -Wl,--wrap=module_load_unless \
	-Wl,--wrap=planted_open -Wl,--wrap=planted_set -Wl,--wrap=planted_times

# for LD_PRELOAD
$(OUTPUT)/%.so: tests/faults/%.c
	$(CC) $(CFLAGS) $(LIBURING_CFLAGS) -shared -fPIC $< $(LIBURING_LIBS) -ldl -o $@

EXTRA_CLEAN += $(by_name) $(OUTPUT)/*.so

# tests know the rooms that they are of
$(OUTPUT)/objects/tests/%.o: CFLAGS += -Ivm/tools $(addprefix -I$(src)/,page_integrity \
	live_registers)
