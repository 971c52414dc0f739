import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../page/icons.tsx';
import { useText } from '../text/text-context.ts';
import { RANGES_MIN, type OpsQuery, type Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { instantOf, localText } from './zoned-time.ts';

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
      <button type="button" popovertarget="time-machine" aria-pressed={query.at !== null}>
        <Icon name="queued" />
        {say('timeMachine')}
      </button>
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
        <button type="button" class="primary" id="back-to-now" onClick={() => choose({ at: null })}>
          {say('backToNow')}
        </button>
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
    <button type="button" class="small" aria-label={words} title={words} onClick={() => move(ms)}>
      {ms < 0 ? '−' : '+'}
      {step}
    </button>
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
