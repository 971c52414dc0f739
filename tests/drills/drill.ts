import type { DrillInstallation } from './drill-installation.ts';

/** One line of the matrix: a fault, what must come of it, and how it is brought about. */
export interface Drill {
  /** Of the drill matrix: `D05`. */
  readonly id: string;
  readonly title: string;
  /** Answers why this machine cannot run it, or null. */
  readonly cannot?: () => string | null;
  /** Brings the fault about and checks what is particular to it; answers what was measured, in a few words. */
  readonly run: (installation: DrillInstallation) => Promise<string>;
  /** How long it may take, for the few that do much; by default two minutes. */
  readonly msMax?: number;
  /** Part of `npm run drills -- --small`: cheap, and says whether the drills themselves are sound. */
  readonly small?: boolean;
}

/** Drills that share one installation, one after the other; each begins where the last one left the installation at rest. */
export interface DrillGroup {
  readonly name: string;
  readonly start: () => Promise<DrillInstallation>;
  readonly drills: readonly Drill[];
  /** Measures how fast something is, so no other installation may use the machine meanwhile. */
  readonly isAlone?: boolean;
}

export interface DrillResult {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly outcome: 'ok' | 'FAILED' | 'SKIP';
  readonly seconds: number;
  /** What was measured, why it was skipped, or what went wrong. */
  readonly note: string;
}
