import { readdirSync, readFileSync } from 'node:fs';
import { descendantsOf } from '../../tests/harness/process-tree.ts';
import type { Installation } from '../../tests/harness/installation.ts';

/**
 * The groups of processes. Processes of one group are added up, for example all of Postgres, or all converters of a
 * gateway.
 */
export const GROUPS = ['supervisor', 'event store', 'gateway', 'converters', 'services', 'Postgres'] as const;
export type Group = (typeof GROUPS)[number];

export interface Usage {
  readonly processes: number;
  /**
   * The memory that the processes have allocated (`Pss_Anon` of proc(5)), without files and without Postgres'
   * buffers, whose size is fixed.
   */
  readonly allocatedMib: number;
  /** Resident memory. A shared page counts once for each process. */
  readonly residentMib: number;
  readonly openFiles: number;
  /** Processor time since the start of each process, in ms, including its ended children. */
  readonly cpuMs: number;
}

const NOTHING: Usage = { processes: 0, allocatedMib: 0, residentMib: 0, openFiles: 0, cpuMs: 0 };
/** Clock ticks a second of proc(5), on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** Measures what every process of an installation uses at this moment, and Postgres' connections of Docket (Linux). */
export async function usageOf(
  installation: Installation,
): Promise<{ readonly groups: Readonly<Record<Group, Usage>>; readonly connections: number }> {
  const parts = await installation.parts();
  const named = new Map<number, Group>([[installation.pid, 'supervisor']]);
  for (const [part, group] of [
    ['event-store', 'event store'],
    ['gateway', 'gateway'],
    ['services', 'services'],
    ['postgres', 'Postgres'],
  ] as const)
    named.set(parts[part] ?? 0, group);
  const groups = Object.fromEntries(GROUPS.map((group) => [group, NOTHING])) as Record<Group, Usage>;
  let connections = 0;
  const all = [{ pid: installation.pid, parent: 0, command: '' }, ...descendantsOf(installation.pid)];
  for (const { pid, command } of all) {
    const group = named.get(pid) ?? (command.startsWith('postgres:') ? 'Postgres' : 'converters');
    if (command.startsWith('postgres: docket: docket ')) connections += 1;
    groups[group] = added(groups[group], pid);
  }
  return { groups, connections };
}

function added(sum: Usage, pid: number): Usage {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mibOf = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // utime, stime, cutime and cstime are the 14th to 17th field. The second field may contain spaces.
    const ticks = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 15)
      .reduce((total, text) => total + Number(text), 0);
    return {
      processes: sum.processes + 1,
      allocatedMib: sum.allocatedMib + mibOf('Pss_Anon'),
      residentMib: sum.residentMib + mibOf('Rss'),
      openFiles: sum.openFiles + readdirSync(`/proc/${pid}/fd`).length,
      cpuMs: sum.cpuMs + (ticks * 1000) / TICKS_A_SECOND,
    };
  } catch (error) {
    // The process ended between the two readings.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return sum;
    throw error;
  }
}
