/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64 and i386: the first rows of their tables, of what FXSAVE moves but for the vectors.
 *
 * MXCSR (Intel SDM vol. 1, 10.2.3): the sticky flags, rounding control and flush to zero vary, and
 * denormals are zeros where the CPU has that. x86_legalize() masks exceptions whose flags are set;
 * the others do not trap, as the window computes nothing.
 *
 * x87 (Intel SDM vol. 1, 8.1): of FCW precision and rounding control; of FSW the sticky flags,
 * condition codes and TOP, not ES and B, which the CPU derives; which registers are empty, of FTW a
 * bit each; exceptions as above. FOP, FIP and FDP are left out: CPUs of AMD save them with an
 * exception pending only (X86_BUG_FXSAVE_LEAK, arch/x86/kernel/fpu/core.c of 6.1).
 */
REG(MXCSR, VECTOR, REG_X86_MXCSR, 4, ", MXCSR", x86_mxcsr(), 0, by_fx, 0)
REG(FSW_FCW, FP, REG_X86_FSW_FCW, 4, ", FCW, FSW, FTW", 0x7f7f0f00, 0, fx, 0)
REG(FTW, FP, REG_X86_FTW, 4, "", 0xff, 0, ftw, 0)
REG(st0, FP, REG_X86_ST, 12, ", st0-st7 (mm0-mm7)", ~0ULL, 0, by_fx, 0)
REG(st1, FP, REG_X86_ST + 16, 12, "", ~0ULL, 0, by_fx, 0)
REG(st2, FP, REG_X86_ST + 32, 12, "", ~0ULL, 0, by_fx, 0)
REG(st3, FP, REG_X86_ST + 48, 12, "", ~0ULL, 0, by_fx, 0)
REG(st4, FP, REG_X86_ST + 64, 12, "", ~0ULL, 0, by_fx, 0)
REG(st5, FP, REG_X86_ST + 80, 12, "", ~0ULL, 0, by_fx, 0)
REG(st6, FP, REG_X86_ST + 96, 12, "", ~0ULL, 0, by_fx, 0)
REG(st7, FP, REG_X86_ST + 112, 12, "", ~0ULL, 0, by_fx, 0)
