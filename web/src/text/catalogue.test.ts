import { describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_ERROR_CODES, JOB_FAILURE_CODES } from '../../../schemas/errors/error-codes.ts';
import { DOCUMENT_REFUSAL_CODES } from '../../../schemas/protocols/gateway-protocol.ts';
import { BATCH_JOBS_MAX, ZIP_JOBS_MAX } from '../../../schemas/protocols/http-api.ts';
import { ACTIVE_JOB_STATES, JOB_STATES } from '../../../schemas/job-states.ts';
import { COMMAND_JOBS_MAX, ZIP_RESULTS_MAX } from '../jobs/limits.ts';
import { ACTIVE_STATES, STATES } from '../jobs/states.ts';
import { en, type PluralForms } from './en.ts';
import { errorLine } from './error-text.ts';
import { formatsOf } from './text-context.ts';
import { opsEn } from './ops-en.ts';
import { opsPt } from './ops-pt.ts';
import { pt } from './pt.ts';
import { chooseLocale, regionOf, translator } from './translate.ts';

type Message = string | PluralForms;
const forms = (message: Message): string[] =>
  typeof message === 'string' ? [message] : [message.one, message.other];
const braces = (message: Message) =>
  forms(message).map((form) => [...form.matchAll(/\{\w+\}/g)].map(String).sort());

/** Words that are the same in both languages. */
const SAME_IN_BOTH = [
  'appName',
  'titleActive',
  'readingXml',
  'format_ubl',
  'format_cii',
  'format_cius-pt',
  'format_json',
];

const MAPPINGS = join(import.meta.dirname, '..', '..', '..', 'gateway', 'mappings');

describe('the sentences of the page', () => {
  it('are all translated, with the same blanks to fill [R13.05]', () => {
    expect(Object.keys(pt).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect([key, braces(pt[key])]).toEqual([key, braces(en[key])]);
      if (!SAME_IN_BOTH.includes(key)) expect([key, pt[key]]).not.toEqual([key, en[key]]);
    }
  });

  it('of the console are all translated too, with the same blanks to fill', () => {
    expect(Object.keys(opsPt).sort()).toEqual(Object.keys(opsEn).sort());
    for (const key of Object.keys(opsEn) as (keyof typeof opsEn)[]) {
      expect([key, braces(opsPt[key])]).toEqual([key, braces(opsEn[key])]);
      expect([key, opsPt[key]]).not.toEqual([key, opsEn[key]]);
    }
  });

  it('know every error code of the API, of jobs and of the gateway about documents', () => {
    for (const code of [...API_ERROR_CODES, ...JOB_FAILURE_CODES, ...DOCUMENT_REFUSAL_CODES])
      expect(en).toHaveProperty(`error_${code}`);
  });

  it('say what happened and what to do', () => {
    for (const [key, text] of Object.entries(en))
      if (key.startsWith('error_'))
        expect([key, (text as string).split(/[.;] /).length]).not.toEqual([key, 1]);
  });

  it('know every mapping that comes with the gateway by the name it has there', async () => {
    for (const file of await readdir(MAPPINGS)) {
      const { id, label } = JSON.parse(await readFile(join(MAPPINGS, file), 'utf8')) as Record<
        string,
        string
      >;
      expect([id, Object.entries(en).find(([key]) => key === `mapping_${id}`)?.[1]]).toEqual([id, label]);
    }
  });

  it('agree with the schemas on states and limits', () => {
    expect(STATES).toEqual(JOB_STATES);
    expect(ACTIVE_STATES).toEqual(ACTIVE_JOB_STATES);
    expect([COMMAND_JOBS_MAX, ZIP_RESULTS_MAX]).toEqual([BATCH_JOBS_MAX, ZIP_JOBS_MAX]);
  });
});

describe('a language', () => {
  it('is the first one wanted that there is', () => {
    expect(chooseLocale(['de', 'pt-BR', 'en'])).toBe('pt-PT');
    expect(chooseLocale(['en-GB', 'pt'])).toBe('en');
    expect(chooseLocale(['fr'])).toBe('en');
  });

  it('writes times as the country of the reader does', () => {
    expect(regionOf('en', ['pt-PT', 'en-GB', 'en-US'])).toBe('en-GB');
    expect(regionOf('pt-PT', ['en-GB'])).toBe('pt-PT');
    expect(regionOf('en', ['en-US@posix', 'en-GB'])).toBe('en-GB');
    expect(formatsOf('en-GB', 'Europe/Lisbon').clockSeconds('2026-07-01T13:05:00.000Z')).toBe('14:05:00');
  });

  it('has its plurals and figures', () => {
    const english = translator('en', en);
    const portuguese = translator('pt-PT', pt);
    expect(english('announceReady', { count: 1 })).toBe('1 document ready.');
    expect(english('announceReady', { count: 1_234 })).toBe('1,234 documents ready.');
    expect(portuguese('announceReady', { count: 2 })).toBe('2 documentos prontos.');
    expect(formatsOf('en').bytes(52_428_800)).toBe('50 MB');
    expect(formatsOf('pt-PT').bytes(1_258_291)).toBe('1,2 MB');
  });

  it('tells times as people do', () => {
    const formats = formatsOf('en');
    const now = Date.parse('2026-05-05T12:00:00.000Z');
    expect(formats.relative('2026-05-05T11:59:58.000Z', now)).toBe('now');
    expect(formats.relative('2026-05-05T11:57:00.000Z', now)).toBe('3 minutes ago');
    expect(formats.relative('2026-05-05T12:00:42.000Z', now)).toBe('in 42 seconds');
    expect([340, 1_100, 30_000, 120_000].map((ms) => formats.duration(ms))).toEqual([
      '340 ms',
      '1.1 sec',
      '30 sec',
      '2 min',
    ]);
  });
});

describe('an error line', () => {
  const t = translator('en', en);
  it('prefers the most exact code, shows all, and never hides an unknown one', () => {
    for (const code of ['OUTPUT_INVALID', 'CHECKS_FAILED', 'MAPPING_MISMATCH', 'AMBIGUOUS'])
      expect(errorLine(t, [code, 'GW_4XX'], 'BR-CO-15: 12.30 and 12.40.', 50).sentence).toContain(
        'BR-CO-15: 12.30 and 12.40.',
      );
    expect(errorLine(t, ['NO_TEXT', 'GW_4XX'], 'x', 50)).toMatchObject({ code: 'GW_4XX · NO_TEXT' });
    expect(errorLine(t, ['NEW_REASON', 'GW_4XX'], 'The page is upside down.', 50)).toMatchObject({
      sentence: 'The page is upside down.',
      code: 'GW_4XX · NEW_REASON',
    });
    expect(errorLine(t, ['TOO_LARGE'], '', 7).sentence).toContain('7 MB');
    expect(errorLine(t, ['GW_TIMEOUT'], '', 7).what).toBe('The conversion took too long.');
  });
});
