/** A condition of a machine, and the tools for its try. */
import type { Start, Started } from './start.ts';

/** One try: its folders, and the functions that start Docket in them. */
export interface Machine {
  /** Removed after the try; home, temporary files and data lie in it. */
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  /** A copy of the repository in which nothing was installed yet. */
  freshCheckout(name?: string): Promise<string>;
  /** A copy in which `npm start` was run before, installed once for all conditions that are not about the install. */
  installedCheckout(): Promise<string>;
  /** Such a copy at a new place. */
  installedCopy(name: string): Promise<string>;
  start(start: Start): Promise<Started>;
}

/** A property of some machines, and Docket's expected reaction. */
export interface Condition {
  /** The id for `--only`. Conditions of one kind have ids with the same beginning. */
  readonly id: string;
  readonly what: string;
  /** True when the try takes much less than a minute with an installed checkout. It then runs with every change. */
  readonly cheap?: boolean;
  /** @throws the fault, or `NotTried` */
  run(machine: Machine): Promise<void>;
}

/** Ends the try with a sentence unless something holds. */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
