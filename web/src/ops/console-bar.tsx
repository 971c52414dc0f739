import { useState } from 'preact/hooks';
import { useText } from '../text/text-context.ts';
import type { MessageKeyOf } from '../text/translate.ts';
import type { opsEn } from '../text/ops-en.ts';
import { isZone, RANGES, type OpsQuery, type Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { TimeMachine } from './time-machine.tsx';
import { Button } from '../page/icons.tsx';

/** Figures older than this are marked as old. At this age, two or three updates are missing. */
const STALE_MS = 4_000;
const USUAL_ZONES = ['UTC', 'Europe/Lisbon', 'Atlantic/Azores'];

/** The window, time zone and moment that the console shows, and the age of its figures. */
export function ConsoleBar({
  query,
  choose,
  ageMs,
}: {
  query: OpsQuery;
  choose: Choose;
  /** The age of the newest figures. Null when no figures are live. */
  ageMs: number | null;
}) {
  const say = useOpsText();
  return (
    <header class="ops-bar">
      <h1 id="queue-title" tabIndex={-1}>
        {say('title')}
      </h1>
      {ageMs !== null && <Age ageMs={ageMs} />}
      <div class="ranges" role="group" aria-label={say('rangeLabel')}>
        {RANGES.map((range) => (
          <Button
            key={range}
            class="small"
            data-range={range}
            aria-pressed={query.range === range}
            onClick={() => choose({ range })}
          >
            {say(`range_${range}` satisfies MessageKeyOf<typeof opsEn>)}
          </Button>
        ))}
      </div>
      <ZoneChoice zone={query.zone} choose={choose} />
      <TimeMachine query={query} choose={choose} />
    </header>
  );
}

function Age({ ageMs }: { ageMs: number }) {
  const say = useOpsText();
  const { formats } = useText();
  const stale = ageMs >= STALE_MS;
  return (
    <span class="line" data-figures={stale ? 'stale' : 'fresh'}>
      <span class="dot" aria-hidden="true" />
      {stale ? say('stale', { age: formats.duration(ageMs) }) : say('freshNow')}
    </span>
  );
}

function ZoneChoice({ zone, choose }: { zone: string; choose: Choose }) {
  const say = useOpsText();
  // The list of about four hundred options is made only when the user opens it.
  const [wanted, setWanted] = useState(false);
  const usual = [...new Set([zone, ...USUAL_ZONES.filter(isZone)])];
  const others = wanted ? Intl.supportedValuesOf('timeZone').filter((each) => !usual.includes(each)) : [];
  return (
    <label class="zone">
      <span class="visually-hidden">{say('zoneLabel')}</span>
      <select
        name="zone"
        title={say('zoneLabel')}
        value={zone}
        onFocus={() => setWanted(true)}
        onPointerEnter={() => setWanted(true)}
        onChange={(event) => choose({ zone: event.currentTarget.value })}
      >
        <optgroup label={say('zoneUsual')}>
          {usual.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </optgroup>
        {wanted && (
          <optgroup label={say('zoneOther')}>
            {others.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </optgroup>
        )}
      </select>
    </label>
  );
}
