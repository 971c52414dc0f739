import { newOwner, PLAIN_COOKIE, sealSession } from '../../identity/session-cookie.ts';
import { keysFor } from '../../identity/signing-keys.ts';
import type { JobListAnswer, UploadAnswer } from '../../schemas/protocols/http-api.ts';
import { SECRET, type ScaledInstallation } from './installation.ts';

const UPLOADS_AT_ONCE = 8;
/** Makes a PDF that passes the check of an upload. The gateway of the bench does not read it. */
const pdf = (n: number): string =>
  `%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n` +
  `3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n% ${n}\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n`;

export interface Person {
  readonly owner: string;
  readonly jobs: Set<string>;
}

export function newPeople(count: number): Person[] {
  return Array.from({ length: count }, () => ({ owner: newOwner(), jobs: new Set<string>() }));
}

function cookieOf({ owner }: Person): string {
  return `${PLAIN_COOKIE}=${sealSession(owner, keysFor([SECRET], 'session'), Date.now())}`;
}

let documents = 0;

/** Uploads the given number of documents for each person, by both command-apis in turn. */
export async function upload(
  { commandApis }: ScaledInstallation,
  people: readonly Person[],
  jobsOf: (index: number) => number,
): Promise<void> {
  const waiting = people.flatMap((person, index) => Array.from({ length: jobsOf(index) }, () => person));
  const uploadNext = async (): Promise<void> => {
    for (let person = waiting.pop(); person !== undefined; person = waiting.pop()) {
      documents += 1;
      const { url } = commandApis[documents % commandApis.length]!;
      const form = new FormData();
      form.append('files', new Blob([pdf(documents)], { type: 'application/pdf' }), `${documents}.pdf`);
      const answer = await fetch(`${url}/api/jobs`, {
        method: 'POST',
        body: form,
        headers: { cookie: cookieOf(person) },
      });
      const { results } = (await answer.json()) as Partial<UploadAnswer>;
      const file = results?.[0];
      if (answer.status !== 202 || file === undefined || !('jobId' in file))
        throw new Error(`an upload was answered ${answer.status}: ${JSON.stringify(file)}`);
      person.jobs.add(String(file.jobId));
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, uploadNext));
}

/** Returns the ready jobs of a person as one query-api lists them. */
export async function readyJobs(url: string, person: Person): Promise<Set<string>> {
  const ready = new Set<string>();
  for (let after: string | null = ''; after !== null;) {
    const query = new URLSearchParams({ state: 'ready', limit: '200', ...(after !== '' && { after }) });
    const answer: Response = await fetch(`${url}/api/jobs?${query.toString()}`, {
      headers: { cookie: cookieOf(person) },
    });
    const page = (await answer.json()) as JobListAnswer;
    for (const { jobId } of page.jobs) ready.add(jobId);
    after = page.next;
  }
  return ready;
}
