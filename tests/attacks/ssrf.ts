import { gzipSync } from 'node:zlib';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat } from '../drills/claims.ts';
import { startScriptedGateway, type ScriptedAnswer } from '../harness/scripted-gateway.ts';
import type { AttackCategory } from './attack.ts';
import { startCanary } from './canary.ts';
import type { Targets } from './targets.ts';
import { newVisitor, type Visitor } from './visitor.ts';

const GIGABYTES = 1024 ** 3;

/** The answers of a gateway under the control of an attacker. */
function answers(canary: string): Readonly<Record<string, ScriptedAnswer>> {
  const xxe = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "${canary}/xxe">]><Invoice>&x;</Invoice>`;
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('latin1');
  return {
    'a redirect': { status: 302, headers: { Location: `${canary}/latest/meta-data/` } },
    'a lasting redirect': { status: 308, headers: { Location: `${canary}/latest/meta-data/` } },
    '10 GB': { bytes: 10 * GIGABYTES },
    'a gzip bomb': { body: bomb, headers: { 'Content-Encoding': 'gzip' } },
    'XML with an entity': { body: xxe },
    'an HTML page': { body: '<!doctype html><html><body>login</body></html>' },
    'HTML by type': { body: '<html/>', headers: { 'Content-Type': 'text/html' } },
  };
}

async function hostileGateway(targets: Targets): Promise<string> {
  const gateway = await startScriptedGateway();
  const canary = await startCanary();
  try {
    const target = await targets.own({
      GATEWAY_URL: gateway.url,
      RETRY_MAX_ATTEMPTS: '1',
      RETRY_BACKOFF_MS: '50',
      BREAKER_FAILURES: '1000',
    });
    const visitor = await newVisitor(target);
    const all = answers(canary.url);
    for (const [what, answer] of Object.entries(all)) {
      await gateway.script({ otherwise: answer });
      const code = await failureOf(visitor);
      expectThat(code === 'GW_BAD_OUTPUT', `${what} fails as GW_BAD_OUTPUT`, code);
    }
    expectThat(canary.asked().length === 0, 'nothing is asked of the address in the answer', canary.asked());
    await gateway.script({});
    const { jobId } = await visitor.upload([{ name: 'good.pdf', bytes: somePdf() }]);
    const good = await visitor.finalJob(jobId!);
    expectThat(good.state === 'ready', 'a proper answer is taken afterwards', good);
    return `${Object.keys(all).join(', ')}: GW_BAD_OUTPUT, no address of the answers was asked; a proper answer is taken afterwards`;
  } finally {
    await targets.release();
    await Promise.all([gateway.stop(), canary.stop()]);
  }
}

async function failureOf(visitor: Visitor): Promise<string | null> {
  const { jobId, text } = await visitor.upload([{ name: 'a.pdf', bytes: somePdf() }]);
  expectThat(jobId !== null, 'the upload is taken', text);
  const job = await visitor.finalJob(jobId!);
  return job.state === 'failed' ? (job.error?.code ?? null) : null;
}

export const ssrf: AttackCategory = {
  name: 'ssrf',
  attacks: [{ id: 'A-SS02', title: 'a gateway that was taken over', run: hostileGateway }],
};
