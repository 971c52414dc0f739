import { Readable } from 'node:stream';
import { decrypted, encrypted, type MasterKey } from './encryption.ts';
import type { Place } from './place.ts';

/** A place that encrypts the content of files. It does not encrypt their names and sizes. */
export function encryptedPlace(place: Place, key: MasterKey): Place {
  return {
    write: (name, content) => {
      const source = Buffer.isBuffer(content) ? Readable.from([content], { objectMode: false }) : content;
      return place.write(name, encrypted(source, key, name));
    },
    read: async (name) => decrypted(await place.read(name), key, name),
    remove: (name) => place.remove(name),
    names: (prefix) => place.names(prefix),
  };
}
