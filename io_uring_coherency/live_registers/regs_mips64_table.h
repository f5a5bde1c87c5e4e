/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mips64: the registers beside w0-w31 or f0-f31, and r1-r31. To be included wherever one of them
 * matters, with REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_mips64.h; free from 820 to 1535
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_mips64.S; the
 *			number of an accumulator
 *
 * FCSR, MSACSR (MIPS64 Architecture, volumes I-A and IV-j): rounding mode, flags, enables and
 * causes, in MSACSR NX, and of FS and condition codes what this CPU keeps. A cause that is enabled
 * traps, see mips64_legalize(). The kernel saves the first by _save_fp() or, with vectors, beside
 * them (lose_fpu_inatomic(), arch/mips/include/asm/fpu.h of 6.1), the second with the vectors.
 *
 * hi and lo: before Release 6, or with DSP, whose accumulator 0 they are. An interrupt saves them
 * with the general registers; the others of DSP, of which a CPU may have the low halves alone, are
 * left to switch_to() (__save_dsp(), arch/mips/include/asm/dsp.h of 6.1).
 */
REG(FCSR, FP, REG_MIPS64_FCSR, 4, ", FCSR", fcsr_legal(), 0, fcsr, 0)
REG(MSACSR, VECTOR, REG_MIPS64_MSACSR, 4, ", MSACSR", msacsr, REG_MIPS64_MSA_BIT, msacsr, 0)
REG(hi, GPR, 776, 8, ", hi", hilo, REG_MIPS64_HILO_BIT, hi, 0)
REG(lo, GPR, 784, 8, ", lo", hilo, REG_MIPS64_HILO_BIT, lo, 0)
REG(hi1, SWITCHED, 792, 4, ", hi1-hi3", acc, REG_MIPS64_DSP_BIT, hi32, 1)
REG(hi2, SWITCHED, 796, 4, "", acc, REG_MIPS64_DSP_BIT, hi32, 2)
REG(hi3, SWITCHED, 800, 4, "", acc, REG_MIPS64_DSP_BIT, hi32, 3)
REG(lo1, SWITCHED, 804, 4, ", lo1-lo3", acc, REG_MIPS64_DSP_BIT, lo32, 1)
REG(lo2, SWITCHED, 808, 4, "", acc, REG_MIPS64_DSP_BIT, lo32, 2)
REG(lo3, SWITCHED, 812, 4, "", acc, REG_MIPS64_DSP_BIT, lo32, 3)
REG(dspctl, SWITCHED, 816, 4, ", DSPControl", dspctl, REG_MIPS64_DSP_BIT, dspctl, 0)

/* what user code may hold live and nobody looks at */
MISSING("r2, r4, sp, UserLocal, FCSR's E ABS2008 NAN2008")
MISSING(dsp ? "high halves of hi1-lo3" : "MDMX, SmartMIPS's ACX")
MISSING("Octeon's multiplier and COP2")
