/** A command of `docket`. */
export interface Command {
  readonly name: string;
  /** Names every option. The command refuses every other option. */
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
  /** The exit codes, when they are not the usual ones: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
  readonly exitCodes?: string;
  /** Loads the command only when needed, so that `docket help` is fast. */
  readonly load: () => Promise<{ run: (argv: readonly string[]) => Promise<number> }>;
}

const ON_THE_FOLDER = '0 done, 1 failed, 2 wrong usage, 3 the data folder is in use, 130 interrupted';
const CHECKS = '0 all is right, 1 something is not, or it failed, 2 wrong usage, 130 interrupted';

export const COMMANDS: readonly Command[] = [
  {
    name: 'up',
    usage: 'up [--json]',
    summary: 'Starts everything on this machine and prints the address to open.',
    example: 'PORT=9000 npm start',
    exitCodes:
      '0 stopped by Ctrl-C or a signal, 1 failed, 2 wrong usage, 3 already running, 130 killed by a second Ctrl-C',
    load: async () => {
      const { up } = await import('../up/up.ts');
      return { run: up };
    },
  },
  {
    name: 'serve',
    usage: 'serve <all|command-api|processor|projector|query-api|sealer|gateway>... [--json]',
    summary: 'Runs one service, several, or all of them in one process, with the stores of the settings.',
    example: 'EVENTSTORE_URL=esdb://... DATABASE_URL=postgres://... npm run docket -- serve processor',
    exitCodes:
      '0 stopped by Ctrl-C or a signal (a second one changes nothing), 1 failed, 2 wrong usage, 130 interrupted before it began',
    load: () => import('../serve/serve.ts'),
  },
  {
    name: 'why',
    usage: 'why <job> [--at TIME|POSITION] [--json]',
    summary:
      'Explains the state of a job, now or at a moment: the causes, the attempts, and the commands that it accepts.',
    example: 'npm run docket -- why 0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11 --at 2026-11-03T12:00Z',
    load: () => import('./why.ts'),
  },
  {
    name: 'verify',
    usage: 'verify [streams] [blobs] [tables] [--json]',
    summary:
      'Checks streams against the state machine, blobs against the hashes in the log, read tables against a fold of the log.',
    example: 'npm run docket -- verify blobs',
    exitCodes: CHECKS,
    load: () => import('./verify.ts'),
  },
  {
    name: 'store',
    usage: 'store <check|allow USER> [esdb://...] [--json]',
    summary:
      'Checks whether an event store has everything that Docket needs, or lets a user read $all (docs/eventstore.md).',
    example: 'npm run docket -- store check "esdb://docket:secret@db1:2113,db2:2113?tlsCAFile=ca.crt"',
    exitCodes: CHECKS,
    load: () => import('./store.ts'),
  },
  {
    name: 'log',
    usage: 'log <check [FOLDER]|scavenge> [--json]',
    summary:
      'Checks the files of a stopped embedded event store, or frees the space of events that limits and deletions hide.',
    example: 'npm run docket -- log check .docket/event-store',
    exitCodes:
      '0 all is right, or done, 1 damage, stopped or failed, 2 wrong usage, 3 the folder is in use, 130 interrupted (the store goes on with a scavenge)',
    load: () => import('./log.ts'),
  },
  {
    name: 'seal',
    usage: 'seal [--key EARLIER-PUBLIC-KEY] [--json]',
    summary: 'Seals the log now: a signed root over the ends of all streams. A running Docket does it daily.',
    example: 'npm run docket -- seal',
    exitCodes: ON_THE_FOLDER,
    load: async () => ({ run: (await import('./audit.ts')).runSeal }),
  },
  {
    name: 'audit',
    usage: 'audit <verify [--key FILE]|export JOB [--out FOLDER]|check BUNDLE --key FILE|key> [--json]',
    summary:
      'Finds changed and removed events; writes a job with its proof for a third party, and checks such a proof.',
    example:
      'npm run docket -- audit check ./audit-0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11 --key seal-public.pem',
    exitCodes:
      '0 all is right, 1 something is not, or it failed, 2 wrong usage, 3 the data folder is in use, 130 interrupted',
    load: async () => ({ run: (await import('./audit.ts')).runAudit }),
  },
  {
    name: 'backup',
    usage: 'backup <folder|s3://BUCKET[/PREFIX]> [--check] [--json]',
    summary:
      'Adds new events, files and keys to an encrypted backup and reads them back; --check reads the whole backup.',
    example: 'BACKUP_KEY_FILE=/etc/docket/backup.key npm run docket -- backup /srv/backup',
    exitCodes: ON_THE_FOLDER,
    load: async () => ({ run: (await import('./backup.ts')).runBackup }),
  },
  {
    name: 'restore',
    usage: 'restore <folder|s3://BUCKET[/PREFIX]> [--json]',
    summary: 'Restores a backup into an empty data folder, checks it and prints how long it took.',
    example:
      'BACKUP_KEY_FILE=/etc/docket/backup.key DATA_DIR=/srv/docket npm run docket -- restore /srv/backup',
    exitCodes: ON_THE_FOLDER,
    load: async () => ({ run: (await import('./backup.ts')).runRestore }),
  },
  {
    name: 'export',
    usage: 'export <folder> [--json]',
    summary:
      'Writes new events to the folder, in numbered batches with checksums; an interrupted run continues.',
    example: 'npm run docket -- export /srv/archive',
    exitCodes: ON_THE_FOLDER,
    load: async () => ({ run: (await import('./archive.ts')).runExport }),
  },
  {
    name: 'import',
    usage: 'import <folder> [--check] [--json]',
    summary:
      'Appends an exported folder to a log that nobody else writes to; --check only checks the folder.',
    example: 'DATA_DIR=/srv/docket npm run docket -- import /srv/archive',
    exitCodes: ON_THE_FOLDER,
    load: async () => ({ run: (await import('./archive.ts')).runImport }),
  },
  {
    name: 'query',
    usage: 'query "SQL" [--csv|--json] [--rows N] [--timeout SEC]',
    summary:
      'Runs one read-only query on the analytics views, and prints a table, CSV or JSON (docs/analytics.md).',
    example: 'npm run docket -- query "select state, count(*) from analytics.jobs group by 1"',
    load: () => import('./query.ts'),
  },
  {
    name: 'projection',
    usage:
      'projection <list|build|compare|switch|rollback|drop|rebuild> [name] [version] [--accept KEY,...] [--json]',
    summary:
      'Builds a version of the read tables beside the one in use, compares both, and switches readers.',
    example: 'npm run docket -- projection compare jobs',
    exitCodes: '0 done, or equal, 1 refused, or different, 2 wrong usage, 130 interrupted',
    load: () => import('./projection-command.ts'),
  },
  {
    name: 'failed',
    usage: 'failed <list|retry|discard> [--code CODE] [--json] [job...]',
    summary: 'Lists failed jobs, retries them, or discards them and removes their PDFs.',
    example: 'npm run docket -- failed retry --code GW_5XX',
    exitCodes:
      '0 done, 1 some were refused, 2 wrong usage, 130 interrupted (run it again: what was done stays done)',
    load: () => import('./failed.ts'),
  },
  {
    name: 'quarantine',
    usage: 'quarantine <list|replay> [--json] [job...]',
    summary: 'Lists jobs whose events the projector could not apply, or tries them again with this build.',
    example: 'npm run docket -- quarantine replay',
    exitCodes: '0 done, 1 some stay held, 2 wrong usage, 130 interrupted',
    load: () => import('./quarantine.ts'),
  },
  {
    name: 'cleanup',
    usage: 'cleanup [--dry-run] [--json]',
    summary:
      'Removes files past their keeping time, and files that no job refers to; the processors do it daily.',
    example: 'npm run docket -- cleanup --dry-run',
    exitCodes: '0 done, 1 failed, 2 wrong usage, 130 interrupted (the next run goes on)',
    load: () => import('./cleanup.ts'),
  },
  {
    name: 'explain',
    usage:
      'explain <file.pdf> [--mapping ID] [--param NAME=VALUE]... [--image FILE.png [--page N]] [--mappings FOLDER] [--json]',
    summary: 'Shows how a mapping reads a PDF: the place of each value, and the checks that failed.',
    example: 'npm run docket -- explain invoice.pdf --mapping pt_simon_invoice_v1 --image page.png',
    load: () => import('../../gateway/commands/cli-explain.ts'),
  },
  {
    name: 'rules',
    usage: 'rules [<invoice.xml>...] [--markdown] [--json]',
    summary: 'Lists the rules of EN 16931 and UBL that a file breaks; without a file, all rules.',
    example: 'npm run docket -- rules invoice.xml',
    load: () => import('../../gateway/commands/cli-rules.ts'),
  },
  {
    name: 'mapping',
    usage:
      'mapping test <folder> --mapping ID [--mappings FOLDER] [--verbose] [--json] | new <file.pdf> [--mapping ID] [--id ID] | schema',
    summary:
      'Scores a mapping against a folder of PDFs with truth files; drafts one from a PDF; prints their JSON Schema.',
    example: 'npm run docket -- mapping test ./invoices --mapping eu_invoice_v1',
    load: () => import('../../gateway/commands/cli-mapping.ts'),
  },
  {
    name: 'simulate-policy',
    usage:
      'simulate-policy [--retry attempts=N,backoff=MS,max=MS,timeout=MS] [--breaker failures=N,reset=MS|off] [--json]',
    summary: 'Replays past attempts under another retry policy: rescued jobs, extra calls, waiting time.',
    example: 'npm run docket -- simulate-policy --retry attempts=5,backoff=2000 --breaker failures=3',
    load: () => import('./simulate-policy.ts'),
  },
  {
    name: 'settings',
    usage: 'settings [--markdown|--json]',
    summary: 'Lists every setting with its present value, or the table of the README.',
    example: 'npm run docket -- settings --markdown',
    load: () => import('./settings.ts'),
  },
];
