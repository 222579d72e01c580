// The map page: starts the catalogue and the style at once, then lays out bar, panels and map.
import './fonts.css';
import './tokens.css';
import './app.css';
import './panels.css';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { openQuery, openRef } from './actions.ts';
import { Problem, request } from './api.ts';
import { Applications } from './components/Applications.tsx';
import { KeysDialog } from './components/Dialog.tsx';
import { Icon, IconButton } from './components/Icon.tsx';
import { LayerTree } from './components/LayerTree.tsx';
import { MapView } from './components/MapView.tsx';
import { Register } from './components/Register.tsx';
import { Results } from './components/Results.tsx';
import { focusSearch } from './components/Search.tsx';
import { Strip } from './components/Strip.tsx';
import { PanelButton, TopBar } from './components/TopBar.tsx';
import { lang, t, words } from './i18n.ts';
import { followKeys } from './keys.ts';
import { followChanges } from './live.ts';
import { prepareStyle } from './map.ts';
import {
  announce, asked, catalogue, dialog, droppedAtFirst, followAddress, initLayers, isPhone, notify,
  panel, query, results, resultsOpen, selected, startError,
} from './state.ts';
import type { Catalogue } from './types.ts';

async function start(): Promise<void> {
  if (droppedAtFirst) notify(t('dropped'));
  try {
    const [data] = await Promise.all([request<Catalogue>('/layers'), prepareStyle()]);
    const unknown = initLayers(data.layers);
    if (unknown.length) notify(`${t('unknownLayers')} ${unknown.join(', ')}`);
    catalogue.value = data;
    if (asked.feature) void openRef(asked.feature, asked.view === null);
    else if (query.value && !asked.view) void openQuery(query.value);
    followAddress(async (feature) => {
      if (feature) await openRef(feature, false);
      else selected.value = null;
    });
    followChanges();
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(0, String(error));
    startError.value = problem.message || t('offline');
  }
}

function LeftPanel() {
  if (!panel.value) return null;
  return (
    <section id="left-panel" class="panel left float" aria-labelledby="left-title">
      <div class="panel-head">
        <h2 id="left-title">{words.value[panel.value]}</h2>
        <IconButton icon="close" label={t('close')} onClick={() => { panel.value = null; }} />
      </div>
      <div class="panel-body">{panel.value === 'layers' ? <LayerTree /> : <Applications />}</div>
    </section>
  );
}

function PhoneBar() {
  const toggle = () => {
    resultsOpen.value = !resultsOpen.value;
    panel.value = null;
  };
  return (
    <nav class="phone-bar" aria-label={t('map')}>
      <PanelButton which="layers" icon="layers" />
      <PanelButton which="applications" icon="file" />
      <button type="button" class="bar-button" aria-pressed={resultsOpen.value} onClick={toggle}>
        <Icon name="list" /><span>{t('results')}</span>
      </button>
    </nav>
  );
}

function App() {
  useEffect(() => {
    document.documentElement.lang = lang.value;
    document.title = t('page');
  }, [lang.value]);
  return (
    <>
      <a class="skip" href="#results-title">{t('skip')}</a>
      <TopBar />
      <main>
        <LeftPanel />
        <MapView />
        {(resultsOpen.value || results.value.state === 'loading') && <Results />}
        <Strip />
      </main>
      {isPhone.value && <PhoneBar />}
      {dialog.value === 'keys' && <KeysDialog />}
      {dialog.value === 'register' && <Register />}
      <div class="vh" role="status" aria-live="polite">{announce.value}</div>
    </>
  );
}

const root = document.getElementById('app')!;
root.textContent = '';
render(<App />, root);
followKeys(focusSearch);
void start();
