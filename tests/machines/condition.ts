/** What a condition of a machine is, and what it is given to be tried. */
import type { Start, Started } from './start.ts';

/** One try: folders of its own, and the ways to start Docket in it. */
export interface Machine {
  /** Removed after the try; home, temporary files and data lie in it. */
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  /** A copy of the repository in which nothing was installed yet. */
  freshCheckout(name?: string): Promise<string>;
  /** A copy in which `npm start` was run before, installed once for all conditions that are not about the install. */
  installedCheckout(): Promise<string>;
  /** Such a copy at a place of its own. */
  installedCopy(name: string): Promise<string>;
  start(start: Start): Promise<Started>;
}

/** Something about a machine that people have, and how Docket is to take it. */
export interface Condition {
  /** What `--only` names; conditions of one kind begin alike. */
  readonly id: string;
  readonly what: string;
  /** Takes well under a minute when the install is there: tried with every change. */
  readonly cheap?: boolean;
  /** @throws what went wrong, or `NotTried` */
  run(machine: Machine): Promise<void>;
}

/** Ends the try with a sentence unless something holds. */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
