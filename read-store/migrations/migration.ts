import type { Knex } from 'knex';

/** One step of the schema. A step that has shipped is never edited; the next one changes what it made. */
export interface Migration {
  /** Ordered by name: `0001-what-it-does`. */
  readonly name: string;
  up(transaction: Knex): Promise<void>;
  down(transaction: Knex): Promise<void>;
}
