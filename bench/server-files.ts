import { join } from 'node:path';
import { serverAccount } from '../postgres-server/account.ts';
import { postgresBinaries } from '../postgres-server/binaries.ts';
import { CLUSTER, asSuperuser } from '../postgres-server/cluster.ts';
import { ROLE } from '../postgres-server/roles.ts';

/**
 * Lets the services' role read and write files of the server, as a bare COPY does. Call it only while no server runs
 * on the files, and only for a measurement. In production no role has this right.
 *
 * @param directory the folder of the embedded Postgres
 */
export async function allowServerFiles(directory: string): Promise<void> {
  const account = serverAccount();
  const binaries = await postgresBinaries(directory, account);
  await asSuperuser({ cluster: join(directory, CLUSTER), binaries, account }, [
    `grant pg_read_server_files, pg_write_server_files to ${ROLE}`,
  ]);
}
