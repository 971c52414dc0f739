import type { RecordedEvent } from '../event-store/event-log.ts';
import { linksOf } from '../event-store/event-hash.ts';
import type { BundleIndex } from './bundle.ts';
import type { Seal } from './seal.ts';

export interface BundlePageParts {
  readonly index: BundleIndex;
  readonly seal: Seal;
  readonly events: readonly RecordedEvent[];
  readonly sentenceOf: (event: RecordedEvent) => string;
}

/** The bundle as a page that needs nothing but itself: no script, no font, no network. */
export function bundlePage({ index, seal, events, sentenceOf }: BundlePageParts): string {
  const rows = events.map((event) => {
    const { actor } = event.metadata as { actor?: string };
    const isSealed = event.revision <= BigInt(index.sealedRevision);
    const hash = linksOf(event)?.hash ?? '';
    const { at } = event.data as { at?: string };
    return `<tr><td>${event.revision}</td><td>${text(at ?? '')}</td><td>${text(sentenceOf(event))}</td>
<td>${text(actor ?? '')}</td><td>${isSealed ? 'yes' : 'not yet'}</td><td><code title="${hash}">${hash.slice(0, 12)}</code></td></tr>`;
  });
  const files = index.files.map(
    ({ name, kind, bytes, sha256 }) =>
      `<tr><td>${kind === 'source' ? 'PDF' : 'result'}</td><td>${name === null ? 'removed at the end of its keeping time' : `<a href="${text(name)}">${text(name)}</a>`}</td>
<td>${bytes}</td><td><code>${sha256}</code></td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Job ${text(index.jobId)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}code{overflow-wrap:anywhere}</style></head>
<body><h1>Job ${text(index.jobId)}</h1>
<p>What happened to this job, event by event, as the log holds it. Made ${text(index.madeAt)}. This page is for reading;
what proves it are the other files of the folder, see README.txt.</p>
<h2>Events</h2><table><thead><tr><th>no.</th><th>when</th><th>what</th><th>by</th><th>sealed</th><th>hash</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>
<h2>Files</h2><table><thead><tr><th>kind</th><th>file</th><th>bytes</th><th>SHA-256</th></tr></thead>
<tbody>${files.join('\n')}</tbody></table>
<h2>Seal</h2><p>Seal ${seal.number}, made ${text(seal.sealedAt)} over ${seal.streams} streams with ${seal.events} events,
signed with key <code>${text(seal.keyId)}</code>.<br>Root <code>${seal.root}</code></p></body></html>
`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
