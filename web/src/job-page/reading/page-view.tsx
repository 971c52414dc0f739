import { useEffect, useRef, useState } from 'preact/hooks';
import type { GatewayExplanation } from '../../../../schemas/protocols/gateway-explanation.ts';
import { Button } from '../../page/icons.tsx';
import { useText } from '../../text/text-context.ts';

/** The most requests for one picture. The gateway draws only one page at a time, so a request may fail. */
const TRIES_MAX = 3;
const TRY_AGAIN_MS = 2_000;

interface PageViewProps {
  readonly src: string;
  readonly filename: string;
  readonly explanation: GatewayExplanation;
  readonly page: number;
  readonly setPage: (page: number) => void;
  readonly chosen: readonly number[];
  readonly choose: (places: readonly number[]) => void;
}

/** One page of the PDF as a picture from the server, with a box over every value. */
export function PageView({ src, filename, explanation, page, setPage, chosen, choose }: PageViewProps) {
  const { t } = useText();
  const { pages, values } = explanation;
  const size = pages[page - 1];
  if (size === undefined) return null;
  return (
    <figure class="page-view">
      <figcaption>
        <Button
          icon="back"
          class="quiet-button icon-button"
          aria-label={t('pageBefore')}
          aria-disabled={page <= 1}
          onClick={() => page > 1 && setPage(page - 1)}
        ></Button>
        {t('pageOf', { page, pages: pages.length })}
        <Button
          icon="back"
          class="quiet-button icon-button next"
          aria-label={t('pageAfter')}
          aria-disabled={page >= pages.length}
          onClick={() => page < pages.length && setPage(page + 1)}
        ></Button>
      </figcaption>
      <div class="sheet-of-paper" style={{ aspectRatio: `${size.width} / ${size.height}` }}>
        <Picture key={src} src={src} alt={t('pageAlt', { page, filename })} />
        {values.map((value, place) =>
          value.box === null || value.page !== page ? null : (
            <Box
              key={place}
              name={`${value.path}: ${value.value}`}
              kind={value.kind}
              chosen={chosen.includes(place)}
              choose={() => choose([place])}
              style={{
                left: `${(value.box.x0 / size.width) * 100}%`,
                top: `${(value.box.y0 / size.height) * 100}%`,
                width: `${((value.box.x1 - value.box.x0) / size.width) * 100}%`,
                height: `${((value.box.y1 - value.box.y0) / size.height) * 100}%`,
              }}
            />
          ),
        )}
      </div>
    </figure>
  );
}

function Picture({ src, alt }: { src: string; alt: string }) {
  const { t } = useText();
  const [tries, setTries] = useState(0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!failed || tries >= TRIES_MAX) return;
    const timer = setTimeout(() => {
      setTries(tries + 1);
      setFailed(false);
    }, TRY_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [failed, tries]);
  // Without the picture, the boxes still show the place of each value on the page.
  if (failed) return tries >= TRIES_MAX ? <p class="quiet">{t('pageNoPicture')}</p> : null;
  return <img key={tries} src={src} alt={alt} onError={() => setFailed(true)} />;
}

function Box({
  name,
  kind,
  chosen,
  choose,
  style,
}: {
  name: string;
  kind: string;
  chosen: boolean;
  choose: () => void;
  style: Readonly<Record<string, string>>;
}) {
  const box = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (chosen && document.activeElement !== box.current) box.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    <button
      ref={box}
      type="button"
      class="box"
      data-kind={kind}
      aria-label={name}
      title={name}
      aria-pressed={chosen}
      style={style}
      onClick={choose}
      onPointerEnter={(event) => event.pointerType === 'mouse' && choose()}
    />
  );
}
