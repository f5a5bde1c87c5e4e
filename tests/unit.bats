#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# C unit tests: statistics, claims, pages, pairs of CPUs, registers.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

check_evidence()
{
	"$HOST/evidence_test"
	"$HOST/evidence_compare_test"
}

check_claims_simulated()
{
	"$HOST/claims_test"
}

check_claims_table()
{
	"$HOST/claims_table_test"
}

check_page()
{
	"$HOST/page_test"
}

check_cpu_pairs()
{
	"$HOST/cpu_pairs_test"
}

check_registers()
{
	"$HOST/regs_test"
}

@test "evidence" { t check_evidence; }
@test "page" { t check_page; }
@test "cpu-pairs" { t check_cpu_pairs; }
@test "registers" { t check_registers; }
@test "claims-simulated" { t check_claims_simulated; }
@test "claims-table" { t check_claims_table; }
