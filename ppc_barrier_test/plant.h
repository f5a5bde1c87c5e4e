/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on purpose, see plant.c.
 */
#ifndef PBT_PLANT_H
#define PBT_PLANT_H

#include "session.h"

/* Of the probes that this kernel has, 1 << probe, which faults have their place there. */
u32 pbt_plants_possible(u32 probes);

/* The probes that these faults need. */
u32 pbt_plants_probes(u32 plants);

/* Tells of faults that somebody asks for. 0 or -ENOMEM. May sleep. */
int pbt_plants_prepare(u32 plants);

/* The module goes: no probe is armed. */
void pbt_plants_exit(void);

/* create_io_thread() was called by a task of @s. */
void pbt_plant_registers(struct pbt_session *s);

/* kick_process() and task_work_add() were called for a task of @s. */
void pbt_plant_kick(struct pbt_session *s, struct pt_regs *regs);
unsigned long pbt_plant_mode(struct pbt_session *s, unsigned long mode);

#endif /* PBT_PLANT_H */
