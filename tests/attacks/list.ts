import { auth, jwts, oidc } from './accounts.ts';
import type { AttackCategory } from './attack.ts';
import { authz } from './authz.ts';
import { cors, csrf, cswsh } from './cross-site.ts';
import { dos } from './dos.ts';
import { events } from './events.ts';
import { filename } from './filename.ts';
import { http } from './http.ts';
import { injection } from './injection.ts';
import { mapping } from './mapping.ts';
import { pdf } from './pdf.ts';
import { privacy } from './privacy.ts';
import { session } from './session.ts';
import { ssrf } from './ssrf.ts';
import { storage } from './storage.ts';
import { upload } from './upload.ts';
import { ws } from './ws.ts';

/** Every attack, by category. The ids come from the list of attacks that Docket must withstand. */
export const CATEGORIES: readonly AttackCategory[] = [
  upload,
  pdf,
  filename,
  authz,
  session,
  csrf,
  cswsh,
  cors,
  jwts,
  oidc,
  auth,
  injection,
  mapping,
  ssrf,
  ws,
  http,
  dos,
  storage,
  events,
  privacy,
];
