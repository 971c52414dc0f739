import { useApp } from '../app.ts';
import type { Preferences } from '../preferences.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { useIsIdle } from './when-idle.ts';
import { Button } from './icons.tsx';

/** Language, colours, notification and shortcuts, in a native popover. */
export function Settings() {
  const { t } = useText();
  return (
    <>
      <Button
        icon="settings"
        class="quiet-button"
        popovertarget="settings"
        aria-label={t('settings')}
        title={t('settings')}
      />
      <div id="settings" class="popover" popover="auto" role="dialog" aria-label={t('settings')}>
        {useIsIdle() && <Choices />}
      </div>
    </>
  );
}

function Choices() {
  const app = useApp();
  const { t } = useText();
  const choices = useStore(app.preferences, (now) => now);
  const choose = (change: Partial<Preferences>) => app.preferences.update((now) => ({ ...now, ...change }));
  return (
    <>
      <label class="field">
        <span>{t('settingsLanguage')}</span>
        <select
          name="language"
          value={choices.locale}
          onChange={(event) => choose({ locale: event.currentTarget.value as Preferences['locale'] })}
        >
          <option value="auto">{t('languageAuto')}</option>
          <option value="en" lang="en">
            English
          </option>
          <option value="pt-PT" lang="pt-PT">
            Português
          </option>
        </select>
      </label>
      <label class="field">
        <span>{t('settingsTheme')}</span>
        <select
          name="theme"
          value={choices.theme}
          onChange={(event) => choose({ theme: event.currentTarget.value as Preferences['theme'] })}
        >
          <option value="auto">{t('themeAuto')}</option>
          <option value="light">{t('themeLight')}</option>
          <option value="dark">{t('themeDark')}</option>
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={choices.notify}
          onChange={(event) => void askToNotify(event.currentTarget.checked)}
        />
        {t('settingsNotify')}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={choices.shortcuts}
          onChange={(event) => choose({ shortcuts: event.currentTarget.checked })}
        />
        {t('settingsShortcuts')}
      </label>
    </>
  );

  async function askToNotify(wanted: boolean): Promise<void> {
    const allowed =
      wanted && typeof Notification !== 'undefined' && (await Notification.requestPermission()) === 'granted';
    choose({ notify: allowed });
    if (wanted && !allowed) app.tell(t('notifyDenied'));
  }
}
