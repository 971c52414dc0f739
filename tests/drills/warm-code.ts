/**
 * Loads the code of everything that drills start and puts it into Node's code cache: a process writes the cache only
 * when it ends well, and most processes of a drill are killed.
 */
import { flushCompileCache } from 'node:module';
import '../../blob-store/s3.ts';
import '../../event-store-server/server.ts';
import './invariants.ts';
import './matrix.ts';

flushCompileCache();
