import { EventStoreDBClient } from '@eventstore/db-client';
import { readEventStoreUrl } from '../schemas/settings/event-store-url.ts';

const ALL = '$all';
const ADMINISTRATORS = '$admins';

/**
 * Lets a user read `$all`, which EventStoreDB allows only administrators by default. Users and groups that already
 * could read `$all` keep this right.
 *
 * @param connectionString names an administrator
 * @returns the users and groups who may read `$all` now
 * @throws Error when the connection string cannot be used, or the client's error when the server refuses
 */
export async function allowToReadAll(connectionString: string, user: string): Promise<readonly string[]> {
  const read = readEventStoreUrl(connectionString);
  // The client's own message would contain the password.
  if ('faults' in read) throw new Error(`the connection string ${read.faults.join('; it ')}`);
  const client = EventStoreDBClient.connectionString(read.url.forClient);
  try {
    const { metadata = {}, metastreamRevision } = await client.getStreamMetadata(ALL);
    const acl = metadata.acl ?? {};
    const before = acl.readRoles ?? [ADMINISTRATORS];
    const readRoles = [...new Set([...(typeof before === 'string' ? [before] : before), user])];
    await client.setStreamMetadata(
      ALL,
      { ...metadata, acl: { ...acl, readRoles } },
      { expectedRevision: metastreamRevision ?? 'no_stream' },
    );
    return readRoles;
  } finally {
    await client.dispose();
  }
}
