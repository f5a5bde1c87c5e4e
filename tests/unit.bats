#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# C unit tests: statistics, pages, pairs of CPUs, registers.

check_evidence()
{
	"$HOST/evidence_test"
	"$HOST/evidence_compare_test"
}

check_claims_simulated()
{
	"$HOST/claims_test"
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
