import type { MappingListing } from '../../../schemas/protocols/http-api.ts';
import { en, type MessageKey } from '../text/en.ts';
import { useText } from '../text/text-context.ts';

type Asked = NonNullable<MappingListing['parameters']>;
type Values = Readonly<Record<string, string>>;

/** The user's values, otherwise this browser's usual values. Empty fields are not sent. */
export function givenParameters(asked: Asked | undefined, values: Values): Values {
  const given = (asked ?? []).map(({ name }) => [name, valueOf(name, values).trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

function valueOf(name: string, values: Values): string {
  const usual = name === 'timeZone' ? Intl.DateTimeFormat().resolvedOptions().timeZone : '';
  return values[name] ?? usual;
}

const DATES = new Set(['termStart', 'termEnd']);

/** The name of a parameter in the reader's language, or the parameter's own name. */
export function ParameterName({ name }: { name: string }) {
  const { t } = useText();
  const key = `parameter_${name}`;
  return <>{Object.hasOwn(en, key) ? t(key as Extract<MessageKey, `parameter_${string}`>) : name}</>;
}

/** A field for each parameter of the chosen mapping. */
export function MappingParameters(props: {
  asked: Asked;
  values: Values;
  onChange: (values: Values) => void;
}) {
  const { asked, values, onChange } = props;
  return (
    <div class="drop-parameters">
      {asked.map(({ name, description }) => {
        const field = {
          name: `param.${name}`,
          value: valueOf(name, values),
          onInput: (event: { currentTarget: HTMLInputElement }) =>
            onChange({ ...values, [name]: event.currentTarget.value }),
        };
        return (
          <label key={name} class="field" title={description}>
            <span>
              <ParameterName name={name} />
            </span>
            {DATES.has(name) ? (
              <input {...field} type="date" />
            ) : (
              <input {...field} type="text" maxLength={400} />
            )}
          </label>
        );
      })}
    </div>
  );
}
