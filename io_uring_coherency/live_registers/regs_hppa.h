/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of an hppa register image; shared with the assembly, therefore plain numbers.
 *
 * What is loaded has the same places in REG_WIN_SAVE, so all of it ends before 1536.
 */
#ifndef REGS_HPPA_H
#define REGS_HPPA_H

#define REG_HPPA_FR		0	/* fr0-fr31, 8 bytes each; fr0 has 4, its left half */
#define REG_HPPA_GR		256	/* r0-r31, 4 bytes each */
#define REG_HPPA_PSW		384	/* from here on: regs_hppa_table.h */
#define REG_HPPA_SR0		392

#endif /* REGS_HPPA_H */
