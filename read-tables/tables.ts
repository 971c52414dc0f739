import {
  createTable,
  indexTable,
  type DefinedTable,
} from '../read-store/projection-engine/table-definition.ts';
import { breakerTable } from './dashboard/breaker-table.ts';
import { figuresTable } from './dashboard/figures-table.ts';
import { streamsTable } from './dashboard/streams-table.ts';
import { artifactsTable } from './jobs/artifacts-table.ts';
import { historyTable } from './jobs/history-table.ts';
import { invoicesTable } from './jobs/invoices-table.ts';
import { jobsTable } from './jobs/jobs-table.ts';
import { timelineTable } from './jobs/timeline-table.ts';

/** The keys and indexes that are made when a table is full. */
export interface TableIndex {
  readonly table: string;
  /** True for a table that is full when the log is read to its end. Others get their held rows after that. */
  readonly isAppended: boolean;
  /** SQL; an empty text when there is nothing to make. */
  readonly statements: string;
}

/**
 * Describes the tables.
 * @param tables the table of rows first, the largest table last
 */
function tablesOf(tables: readonly DefinedTable[]) {
  return {
    /** Makes the schema, and the tables with the keys that writing needs. */
    create: (schema: string) =>
      `create schema ${schema};\n${tables.map((table) => createTable(schema, table)).join('')}`,
    /** What filled tables still need: their other keys and indexes. The largest table is the first. */
    index: (schema: string): readonly TableIndex[] =>
      tables
        .map((table) => ({
          table: table.name,
          isAppended: table.writes === 'append',
          statements: indexTable(schema, table),
        }))
        .reverse(),
    names: tables.map(({ name }) => name),
  };
}

/**
 * The SQL that makes the tables of a projection in a separate schema, and the views of schema `docket` that show
 * these tables.
 */
export type ProjectionTables = ReturnType<typeof tablesOf>;

/** The tables of projection `jobs`. */
export const JOBS_TABLES = tablesOf([jobsTable, timelineTable, artifactsTable, invoicesTable, historyTable]);

/** The tables of projection `dashboard`. */
export const DASHBOARD_TABLES = tablesOf([streamsTable, figuresTable, breakerTable]);
