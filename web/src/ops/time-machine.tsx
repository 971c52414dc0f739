import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Icon } from '../page/icons.tsx';
import { useText } from '../text/text-context.ts';
import { RANGES_MIN, type OpsQuery, type Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';

/** The local time in a zone in the form of an input of type `datetime-local`: `2026-05-04T13:07:09`. */
export function localText(at: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(Date.parse(at));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`;
}

/**
 * The instant (ISO 8601 in UTC) for a local time in the zone; null when `text` is no time. For a local hour that
 * occurs twice, the result is in the first of the two hours. For a skipped hour, the result is in the following hour.
 */
export function instantOf(text: string, zone: string): string | null {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return null;
  const offsetMs = (ms: number) =>
    Date.parse(`${localText(new Date(ms).toISOString(), zone)}Z`) - wholeSec(ms);
  const dayMs = 86_400_000;
  // If the clock changes on this day, the offset is the one of the previous day or the one of the next day.
  const before = asUtc - offsetMs(asUtc - dayMs);
  const after = asUtc - offsetMs(asUtc + dayMs);
  const shows = (ms: number) => ms + offsetMs(ms) === wholeSec(asUtc);
  const fitting = [before, after].filter(shows);
  return new Date(fitting.length === 0 ? before : Math.min(...fitting)).toISOString();
}

function wholeSec(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

const MINUTE_MS = 60_000;
/** Number of stops of the slider, for any length of the window. */
const SLIDER_STOPS = 240;
/** The slider requests figures only when it has not moved for this time. */
const SETTLED_AFTER_MS = 250;
const STEPS_MS = [60 * MINUTE_MS, MINUTE_MS] as const;

interface MomentProps {
  readonly query: OpsQuery;
  readonly choose: Choose;
}

/** Opens the choice of a moment, in a native popover. */
export function TimeMachine({ query, choose }: MomentProps) {
  const say = useOpsText();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="queued" popovertarget="time-machine" aria-pressed={query.at !== null}>
        {say('timeMachine')}
      </Button>
      <div
        id="time-machine"
        class="popover"
        popover="auto"
        role="dialog"
        aria-label={say('timeMachine')}
        onBeforeToggle={(event) => setOpen(event.newState === 'open')}
      >
        <p class="quiet">{say('timeMachineHint')}</p>
        {open && <MomentForm query={query} choose={choose} />}
      </div>
    </>
  );
}

/**
 * A form that keeps the moment at which it was opened. The console shows a new moment every second, but the user's
 * input must not change.
 */
function MomentForm({ query, choose }: MomentProps) {
  const say = useOpsText();
  const [wrong, setWrong] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const [offered] = useState(() => localText(query.at ?? new Date().toISOString(), query.zone));
  return (
    <form
      class="moment-form"
      onSubmit={(event) => {
        event.preventDefault();
        const at = instantOf(input.current?.value ?? '', query.zone);
        const isPast = at !== null && Date.parse(at) <= Date.now();
        setWrong(!isPast);
        if (!isPast) return;
        choose({ at });
        document.getElementById('time-machine')?.hidePopover();
      }}
    >
      <label class="field">
        <span>{say('momentLabel', { zone: query.zone })}</span>
        <input
          ref={input}
          type="datetime-local"
          name="moment"
          step="1"
          required
          defaultValue={offered}
          aria-invalid={wrong}
          aria-describedby={wrong ? 'moment-wrong' : undefined}
        />
      </label>
      {wrong && (
        <p class="error-line" id="moment-wrong" role="alert">
          {say('momentWrong')}
        </p>
      )}
      <button class="primary" id="moment-go">
        {say('momentGo')}
      </button>
    </form>
  );
}

/** A conspicuous banner, so that nobody takes the past figures for the present. */
export function PastBanner({ at, query, choose }: MomentProps & { at: string }) {
  const say = useOpsText();
  const { formats } = useText();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const move = (ms: number) =>
    choose({ at: new Date(Math.min(Date.now(), Date.parse(at) + ms)).toISOString() });
  return (
    <section class="past-banner" aria-labelledby="past-title">
      <div>
        <h2 id="past-title" ref={title} tabIndex={-1}>
          <Icon name="warning" /> {say('pastBanner')}
        </h2>
        <p>{say('pastWhen', { time: formats.exact(at) })}</p>
      </div>
      <MomentSlider at={at} query={query} choose={choose} />
      <div class="row-actions">
        {STEPS_MS.map((ms) => (
          <Step key={-ms} ms={-ms} move={move} />
        ))}
        {STEPS_MS.toReversed().map((ms) => (
          <Step key={ms} ms={ms} move={move} />
        ))}
        <Button class="primary" id="back-to-now" onClick={() => choose({ at: null })}>
          {say('backToNow')}
        </Button>
      </div>
    </section>
  );
}

function Step({ ms, move }: { ms: number; move: (ms: number) => void }) {
  const say = useOpsText();
  const { formats } = useText();
  const step = formats.duration(Math.abs(ms));
  const words = say(ms < 0 ? 'stepBack' : 'stepOn', { step });
  return (
    <Button class="small" aria-label={words} title={words} onClick={() => move(ms)}>
      {ms < 0 ? '−' : '+'}
      {step}
    </Button>
  );
}

/** A slider through the window that ends now. It requests figures only when it does not move. */
function MomentSlider({ at, query, choose }: MomentProps & { at: string }) {
  const say = useOpsText();
  const { formats } = useText();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const spanMs = RANGES_MIN[query.range] * MINUTE_MS;
  const stopMs = spanMs / SLIDER_STOPS;
  const stop = Math.round((Date.parse(at) - (Date.now() - spanMs)) / stopMs);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      type="range"
      min={0}
      max={SLIDER_STOPS}
      value={Math.min(SLIDER_STOPS, Math.max(0, stop))}
      aria-label={say('momentSlider')}
      aria-valuetext={formats.exact(at)}
      onInput={(event) => {
        const chosen = Number(event.currentTarget.value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => {
          const ms = Date.now() - spanMs + chosen * stopMs;
          choose({ at: new Date(Math.min(Date.now(), ms)).toISOString() });
        }, SETTLED_AFTER_MS);
      }}
    />
  );
}
