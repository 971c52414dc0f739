import type { DrillInstallation } from './drill-installation.ts';

/** One line of the matrix: a fault, its expected effect, and the function that causes it. */
export interface Drill {
  /** The id in the drill matrix: `D05`. */
  readonly id: string;
  readonly title: string;
  /** Returns the reason why this machine cannot run the drill, or null. */
  readonly cannot?: () => string | null;
  /** Causes the fault and checks its particular effects. Returns the measured values in a few words. */
  readonly run: (installation: DrillInstallation) => Promise<string>;
  /** The time limit, for the few long drills; by default two minutes. */
  readonly msMax?: number;
  /** True for drills of `npm run drills -- --small`. They are short, and show whether the drills themselves work. */
  readonly small?: boolean;
}

/**
 * Drills that share one installation, one after the other. Each begins when the installation is at rest after the
 * previous drill.
 */
export interface DrillGroup {
  readonly name: string;
  readonly start: () => Promise<DrillInstallation>;
  readonly drills: readonly Drill[];
  /** True when the drill measures speed, so no other installation may use the machine at the same time. */
  readonly isAlone?: boolean;
}

export interface DrillResult {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly outcome: 'ok' | 'FAILED' | 'SKIP';
  readonly seconds: number;
  /** The measured values, the reason for a skip, or the fault. */
  readonly note: string;
}
