import type { RegisteredProjection } from '../registry.ts';
import { buildTables, type BuildParts, type Written } from './build-tables.ts';
import { builtVersion, VersionRefused } from './ledger.ts';

export interface BuildOptions extends Omit<BuildParts, 'alreadyRunning'> {
  readonly projection: RegisteredProjection;
}

export type Built =
  | ({ readonly outcome: 'built' } & Written)
  /** Stopped before the end. The next build starts over. */
  | { readonly outcome: 'stopped' };

/**
 * Builds the tables of a version from the first event, beside the tables in use, which continue unchanged. After that
 * the projector follows the log into both versions. Nobody reads the tables of an unfinished build.
 * @throws VersionRefused when the version already exists, or another build of it runs
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function buildVersion(options: BuildOptions): Promise<Built> {
  const { projection, ...parts } = options;
  await refuseExisting(options);
  const target = { ...projection.target, underConstruction: true };
  const alreadyRunning = () => new VersionRefused('Another build of this version is running.');
  try {
    return await buildTables([{ projection, target }], { ...parts, alreadyRunning }, async (full) => {
      const [written] = await full.writeRest(full.tables);
      await full.store.query(
        'update docket.projections set built_at = now() where name = $1 and version = $2',
        [target.ledger, target.version],
      );
      return { outcome: 'built', ...written! };
    });
  } catch (error) {
    if (!options.stop.aborted) throw error;
    return { outcome: 'stopped' };
  }
}

async function refuseExisting({ projection, ...parts }: BuildOptions): Promise<void> {
  const { ledger, version } = projection.target;
  const known = await builtVersion(parts, projection.target);
  if (!known) return;
  const advice = known.isCurrent
    ? `it is in use; \`docket projection rebuild ${ledger}\` builds it again in its place`
    : `\`docket projection drop ${ledger} ${version}\` removes it`;
  throw new VersionRefused(`Version ${version} of projection ${ledger} is there already: ${advice}.`);
}
