import { describe, expect, it } from '@jest/globals';
import { convert } from '../conversion/convert.ts';
import { makePlainPdf, makeTimetablePdf } from '../../tests/rooms/gateway/other-pdf.ts';
import { TIMETABLES } from '../../tests/rooms/gateway/timetable-pdf.ts';
import { Refusal } from '../protocol/refusal.ts';

interface Read {
  /**
   * Events as `day start-end title @place /teacher`. The day is a weekday for a weekly event, and a date for a single
   * one.
   */
  readonly events: readonly string[];
  readonly warnings: readonly string[];
  readonly text: string;
}

const MADE_AT = '2026-02-01T08:30:00.000Z';

async function read(
  pdf: Buffer,
  parameters: Record<string, string> = { timeZone: 'Europe/Lisbon' },
  at = MADE_AT,
): Promise<Read> {
  const outcome = await convert({
    id: 1,
    kind: 'convert',
    mappingId: 'schedule_ics_v1',
    parameters,
    madeAt: at,
    pdf: new Uint8Array(pdf),
  });
  if (!outcome.ok) throw new Error(outcome.message);
  const text = Buffer.from(outcome.body).toString('utf8').replaceAll('\r\n ', '');
  const events = text.split('BEGIN:VEVENT').slice(1).map(eventText);
  const warnings = outcome.warnings.map(({ code, message }) =>
    `${code} ${/: (\d+)/.exec(message)?.[1] ?? ''}`.trim(),
  );
  return { events, warnings, text };
}

function eventText(event: string): string {
  const of = (name: string): string => new RegExp(`^${name}[^:\r\n]*:(.*)\r$`, 'm').exec(event)?.[1] ?? '';
  const clock = (name: string): string => of(name).slice(9, 13).replace(/^(..)/, '$1:');
  const day = /BYDAY=(\w\w)/.exec(event)?.[1] ?? of('DTSTART').slice(0, 8);
  const parts = [of('LOCATION') && ` @${of('LOCATION')}`, of('DESCRIPTION') && ` /${of('DESCRIPTION')}`];
  return `${day} ${clock('DTSTART')}-${clock('DTEND')} ${of('SUMMARY')}${parts.join('')}`;
}

async function refusal(pdf: Buffer, parameters: Record<string, string> = {}): Promise<string> {
  const error: unknown = await read(pdf, parameters).then(
    ({ events }) => new Error(`converted: ${events.join('; ')}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw error;
  return `${error.code}: ${error.message}`;
}

describe('a timetable is read as a person reads it', () => {
  it('takes a cell over several rows whole, and one over all days for each of them', async () => {
    expect(await read(await TIMETABLES.mergedCells())).toMatchObject({
      events: [
        'MO 08:00-11:00 Química @Lab. 2 /Prof. Ana Reis',
        'MO 12:00-13:00 Almoço',
        'TU 12:00-13:00 Almoço',
        'WE 08:00-09:00 Inglês',
        ...['WE', 'TH', 'FR'].map((day) => `${day} 12:00-13:00 Almoço`),
      ],
      warnings: [],
    });
  });

  it('takes a coloured area for the rows that it covers', async () => {
    expect((await read(await TIMETABLES.areaOverTwoRows())).events).toEqual(['MO 08:00-10:00 Desenho @B203']);
  });

  it('reads times in two lines', async () => {
    expect((await read(await TIMETABLES.timesInTwoLines())).events).toEqual([
      'MO 08:30-10:00 Geometria @A1.05',
      'FR 14:00-15:30 Música',
    ]);
  });

  it('keeps several grids of a page apart, and takes no legend for a lesson but counts it', async () => {
    const { events, warnings, text } = await read(await TIMETABLES.twoGrids());
    expect(events).toEqual(['MO 09:00-10:00 MAT', 'SA 09:00-10:00 MAT']);
    expect(text).toContain('CATEGORIES:Turma 10B');
    expect(warnings).toEqual(['TEXT_LEFT_OUT 1']);
  });

  it('reads grids beside each other with the times of each, and a range of days as each of them', async () => {
    expect((await read(await TIMETABLES.gridsSideBySide())).events).toEqual([
      ...['MO', 'TU', 'WE', 'TH', 'FR'].map((day) => `${day} 09:00-12:00 Ginástica`),
      'SA 10:00-11:00 Dança',
    ]);
  });

  it('makes of a week with dates entries that happen once', async () => {
    expect((await read(await TIMETABLES.datedWeek())).events).toEqual(['20261013 09:00-10:30 Ética']);
  });

  it('reads a list with titles for day, start and end', async () => {
    expect((await read(await TIMETABLES.titledList())).events).toEqual([
      'MO 09:00-10:30 Direito Civil @B1 /Maria Sousa',
      'MO 11:00-12:00 Direito Penal @B2 /João Cruz',
      'TH 18:30-20:00 Seminário @Auditório /Maria Sousa',
    ]);
  });

  it('reads a list of dates, each once, with times of twelve hours', async () => {
    expect((await read(await TIMETABLES.datedList())).events).toEqual([
      '20261103 09:00-12:30 Fire safety @Room 4',
      '20261118 13:00-16:00 First aid @Room 2',
    ]);
  });

  it('reads entries that print their own time, and tells which overlap and what is left out', async () => {
    expect(await read(await TIMETABLES.ownTimes())).toMatchObject({
      events: ['MO 09:00-10:30 Filosofia', 'MO 10:00-11:00 Latim', 'TH 14:00-15:00 Grego @Sala 9'],
      warnings: ['ENTRIES_OVERLAP 1', 'TEXT_LEFT_OUT 1'],
    });
  });

  it('goes over midnight', async () => {
    const list = await makePlainPdf({
      texts: [
        ['Início: 16/02/2026 Fim: 12/06/2026', 40, 60],
        ['Sábado 22:00 - 06:00 Guarda', 40, 90],
        ['Domingo 18h às 24h Bar', 40, 110],
      ],
    });
    const { events, text } = await read(list);
    expect(events).toEqual(['SA 22:00-06:00 Guarda', 'SU 18:00-00:00 Bar']);
    expect(text).toContain(
      'DTSTART;TZID=Europe/Lisbon:20260221T220000\r\nDTEND;TZID=Europe/Lisbon:20260222T060000',
    );
  });
});

describe('lines around a list', () => {
  it('are no entries of its last day, and holidays after the term are days off', async () => {
    const list = await makePlainPdf({
      texts: [
        ['Início: 16/02/2026 Fim: 12/06/2026 Feriados: 27/04/2026', 40, 60],
        ['Segunda 09:00 - 10:00 Coro', 40, 90],
        ['10:00 - 11:00 Teatro', 40, 104],
        ['Secretaria aberta 09:00 - 17:00', 40, 700],
      ],
    });
    const { events, warnings, text } = await read(list);
    expect(events).toEqual(['MO 09:00-10:00 Coro', 'MO 10:00-11:00 Teatro']);
    expect(warnings).toEqual(['TEXT_LEFT_OUT 1']);
    expect(text.match(/EXDATE[^\r]*/g)).toEqual([
      'EXDATE;TZID=Europe/Lisbon:20260427T090000',
      'EXDATE;TZID=Europe/Lisbon:20260427T100000',
    ]);
  });
});

describe('a timetable that is not understood is refused with the reason', () => {
  it.each([
    ['areaWithinARow', /CHECKS_FAILED: .*"Desenho".*within a row/],
    ['numberedWeek', /CHECKS_FAILED: .*(one week|does not print when it begins and ends)/],
    ['datedListOpen', /CHECKS_FAILED: .*2026-11-03 or 2026-03-11/],
    ['fortnightly', /CHECKS_FAILED: .*does not repeat every week/],
    ['betweenRows', /CHECKS_FAILED: .*"Coro" stands between two rows/],
    ['betweenDays', /CHECKS_FAILED: .*between two days or reaches over several/],
    ['twelveHours', /CHECKS_FAILED: .*12:00 - 1:00/],
    ['turned', /MAPPING_MISMATCH/],
    ['twoGroups', /CHECKS_FAILED: .*several entries/],
  ] as const)('%s', async (name, reason) => {
    expect(await refusal(await TIMETABLES[name]())).toMatch(reason);
  });

  it('does not repeat the plan of a numbered week over a term that was asked for', async () => {
    const asked = { termStart: '2026-02-16', termEnd: '2026-06-12' };
    expect(await refusal(await TIMETABLES.numberedWeek(), asked)).toMatch(/plan of one week/);
    const week = { termStart: '2026-10-12', termEnd: '2026-10-18', timeZone: 'Europe/Lisbon' };
    expect((await read(await TIMETABLES.numberedWeek(), week)).events).toEqual([
      '20261013 09:00-10:30 Ética',
    ]);
  });

  it('does not place the rows of a second page without days', async () => {
    const pages = await makePlainPdf({
      texts: [
        ['Início: 16/02/2026 Fim: 12/06/2026', 40, 60],
        ['Segunda', 130, 100],
        ['Terça', 220, 100],
        ['09:00 - 10:00', 40, 130],
        ['Coro', 130, 130],
      ],
      draw: (sheet) => {
        sheet.addPage({ size: 'A4', margin: 0 });
        sheet
          .text('10:00 - 11:00', 40, 60, { lineBreak: false })
          .text('Teatro', 130, 60, { lineBreak: false });
      },
    });
    expect(await refusal(pages)).toMatch(/CHECKS_FAILED: Page 2 has times and no days/);
  });

  it('names a parameter that is no date', async () => {
    expect(await refusal(await makeTimetablePdf(), { termStart: '2026-02-31' })).toMatch(
      /BAD_PARAMETER: .*termStart/,
    );
  });
});

describe('the same timetable again', () => {
  const lesson = (room: string): Promise<Buffer> =>
    makePlainPdf({
      texts: [
        ['Início: 16/02/2026 Fim: 12/06/2026', 40, 60],
        [`Segunda 09:00 - 10:30 Álgebra ${room}`, 40, 90],
      ],
    });
  const of = (name: string, text: string): string => new RegExp(`${name}:(.*)\r`).exec(text)?.[1] ?? '';

  it('keeps the UID of a lesson whose room changes, with a later DTSTAMP and a greater SEQUENCE', async () => {
    const first = (await read(await lesson('Sala 2'))).text;
    const later = (
      await read(await lesson('Sala 5'), { timeZone: 'Europe/Lisbon' }, '2026-02-03T08:30:00.000Z')
    ).text;
    expect(of('UID', later)).toBe(of('UID', first));
    expect(of('DTSTAMP', first)).toBe('20260201T083000Z');
    expect(of('DTSTAMP', later)).toBe('20260203T083000Z');
    expect(Number(of('SEQUENCE', later))).toBeGreaterThan(Number(of('SEQUENCE', first)));
    expect(later).toContain('LOCATION:Sala 5');
  });

  it('says that the time zone is assumed when none was given', async () => {
    expect((await read(await lesson('Sala 2'), {})).warnings).toEqual(['TIME_ZONE_ASSUMED']);
  });
});
