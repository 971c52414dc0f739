import type { Composition } from './composition.ts';
export interface Mutant {
  readonly name: string;
  readonly what: string;
  readonly composition: Composition;
}
export const MUTANTS: readonly Mutant[] = [];
