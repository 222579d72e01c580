// The bar on top: name of the city, the two panels, search in the centre, language and theme.
import { lang, say, t, words } from '../i18n.ts';
import {
  catalogue, dark, dialog, isPhone, panel, resultsOpen, toggleTheme, type Panel,
} from '../state.ts';
import { Icon, IconButton, type IconName } from './Icon.tsx';
import { Search } from './Search.tsx';

export function togglePanel(which: Exclude<Panel, null>): void {
  panel.value = panel.value === which ? null : which;
  if (isPhone.value && panel.value) resultsOpen.value = false;
}

type TabProps = { which: Exclude<Panel, null>; icon: IconName };

export function PanelButton({ which, icon }: TabProps) {
  return (
    <button type="button" class="bar-button" aria-pressed={panel.value === which}
      aria-controls={panel.value === which ? 'left-panel' : undefined} onClick={() => togglePanel(which)}>
      <Icon name={icon} />
      <span>{words.value[which]}</span>
    </button>
  );
}

export function TopBar() {
  const other = lang.value === 'ru' ? 'en' : 'ru';
  const caller = catalogue.value?.caller.name;
  return (
    <header class="topbar">
      <div class="bar-side">
        <h1 class="brand">
          <img src="/favicon.svg" width="26" height="26" alt="" />
          <span class="brand-name">{t('brand')}</span>
          {catalogue.value && <span class="brand-city">{say(catalogue.value.city.title)}</span>}
        </h1>
        <nav class="bar-panels" aria-label={t('map')}>
          <PanelButton which="layers" icon="layers" />
          <PanelButton which="applications" icon="file" />
        </nav>
      </div>
      <Search />
      <div class="bar-side bar-end">
        {caller && caller !== 'public' && <span class="caller muted">{caller}</span>}
        <IconButton icon="keys" label={t('keys')} onClick={() => { dialog.value = 'keys'; }} class="no-phone" />
        <IconButton icon={dark.value ? 'sun' : 'moon'} label={t('theme')} onClick={toggleTheme} />
        <button type="button" class="bar-button language" lang={other} title={t('otherLanguage')}
          aria-label={t('otherLanguage')} onClick={() => { lang.value = other; }}>
          {other.toUpperCase()}
        </button>
      </div>
    </header>
  );
}
