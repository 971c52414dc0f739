import {
  SECRET_SETTINGS,
  secretFileVariable,
  Settings,
  type SettingName,
} from '../../schemas/settings/config.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';

interface SettingLine {
  readonly name: SettingName;
  readonly fallback: string;
  readonly description: string;
}

/** Every setting with its default and its description, in the order of the schema. */
export function settingLines(): SettingLine[] {
  const defaults = Settings.parse({}) as Record<string, unknown>;
  return (Object.keys(Settings.shape) as SettingName[]).map((name) => ({
    name,
    fallback: defaults[name] === undefined ? '' : String(defaults[name] as string | number | boolean),
    description: Settings.shape[name].description ?? '',
  }));
}

/** The table of the README. A secret has two variables: one holds the secret, the other names a file that holds it. */
export function settingsTable(): string {
  const rows = settingLines().map(({ name, fallback, description }) => {
    const shown = fallback === '' ? '' : `\`${fallback}\``;
    const names = SECRET_SETTINGS.includes(name) ? [name, secretFileVariable(name)] : [name];
    return `| ${names.map((each) => `\`${each}\``).join(', ')} | ${shown} | ${description} |`;
  });
  return ['| setting | default | what it does |', '|---|---|---|', ...rows].join('\n');
}

export async function run(argv: readonly string[]): Promise<number> {
  if (argv.includes('--markdown')) {
    console.log(settingsTable());
    return 0;
  }
  const present = loadSettings(process.env) as Record<string, unknown>;
  const shown = settingLines().map(({ name, fallback, description }) => {
    const value = present[name] as string | number | boolean | undefined;
    const isHidden = value !== undefined && SECRET_SETTINGS.includes(name);
    return { name, value: isHidden ? '(set)' : (value ?? null), default: fallback, description };
  });
  if (argv.includes('--json')) console.log(JSON.stringify(shown, null, 2));
  else
    for (const { name, value, description } of shown)
      console.log(`${name}=${value ?? '(unset)'}  # ${description}`);
  return 0;
}
