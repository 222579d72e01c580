// What is at a place or was found: groups by layer, the chosen feature as a card, empty and error
// states in words of their own.
import { useEffect } from 'preact/hooks';
import { clearResults, identifyAt, loadServices, zoomTo } from '../actions.ts';
import { cadastralKey, rowsOf, titleOf } from '../format.ts';
import { number, say, t, tn } from '../i18n.ts';
import { signOf } from '../legend.ts';
import { legends } from './LayerTree.tsx';
import { catalogue, dialog, layerById, notify, results, selected } from '../state.ts';
import type { Found, Group } from '../types.ts';
import { serviceTitle, Status } from './Applications.tsx';
import { Icon, IconButton } from './Icon.tsx';
import { Swatch } from './Swatch.tsx';

async function copyLink(): Promise<void> {
  await navigator.clipboard?.writeText(location.href);
  notify(t('copied'));
}

function Actions({ feature }: { feature: Found }) {
  const layer = layerById.value.get(feature.layer)!;
  const cadastral = layer.id === 'parcel' ? cadastralKey(layer, feature) : null;
  const application = layer.id.startsWith('application_') ? feature.properties.number : null;
  return (
    <div class="actions">
      {cadastral && <a class="button primary" href={`/parcels/${cadastral}`}>{t('dossier')}</a>}
      {typeof application === 'string' && (
        <a class="button primary" href={`/applications/${application}`}>{t('openApplication')}</a>
      )}
      {cadastral && catalogue.value?.caller.writes && (
        <button type="button" class="button" onClick={() => { dialog.value = 'register'; }}>
          {t('register')}
        </button>
      )}
      <button type="button" class="button" onClick={() => zoomTo(feature)}>
        <Icon name="target" size={16} />{t('showOnMap')}
      </button>
      <button type="button" class="button" onClick={() => void copyLink()}>
        <Icon name="link" size={16} />{t('copyLink')}
      </button>
    </div>
  );
}

/** Words that stand in the catalogue or the list of services, not in the layer. */
function valueOf(name: string, feature: Found, text: string) {
  const value = String(feature.properties[name]);
  if (!feature.layer.startsWith('application_')) return text;
  if (name === 'status') return <Status status={value} />;
  if (name === 'service') return serviceTitle(value);
  const divisions = catalogue.value?.layers.map((layer) => layer.division) ?? [];
  const division = name === 'division' && divisions.find(({ id }) => id === value);
  return division ? say(division.title) : text;
}

function Card({ feature }: { feature: Found }) {
  const layer = layerById.value.get(feature.layer)!;
  const rows = rowsOf(layer, feature);
  return (
    <div class="card">
      <dl>
        {rows.map((row) => (
          <div key={row.name}>
            <dt>{row.label}</dt>
            <dd>{valueOf(row.name, feature, row.text)}</dd>
          </div>
        ))}
      </dl>
      <Actions feature={feature} />
    </div>
  );
}

const same = (a: Found | null, b: Found) => a?.id === b.id && a.layer === b.layer;

function ResultGroup({ group }: { group: Group }) {
  const layer = layerById.value.get(group.layer);
  if (!layer) return null;
  const entries = legends.value.get(layer.id) ?? [];
  return (
    <section class="result-group" data-layer={layer.id}>
      <h3>
        <span>{say(layer.title)}</span>
        <span class="count">{number(group.count)}</span>
      </h3>
      <ul>
        {group.features.map((feature) => {
          const open = same(selected.value, feature);
          const sign = signOf(entries, feature.properties);
          return (
            <li key={feature.id} class={open ? 'open' : ''}>
              <button type="button" class="feature" aria-expanded={open}
                onClick={() => { selected.value = open ? null : feature; }}>
                {sign && <Swatch sign={sign} />}
                <span class="feature-title">{titleOf(layer, feature)}</span>
                <Icon name="chevron" size={16} />
              </button>
              {open && <Card feature={feature} />}
            </li>
          );
        })}
      </ul>
      {group.count > group.features.length && (
        <p class="muted pad">{tn('moreObjects', group.count - group.features.length)}</p>
      )}
    </section>
  );
}

function Body() {
  const now = results.value;
  if (now.state === 'idle') return <p class="muted pad">{t('pickHint')}</p>;
  if (now.state === 'loading') return <p class="muted pad slow">{t('loading')}</p>;
  if (now.state === 'error') {
    return (
      <div class="empty">
        <Icon name="alert" />
        <p>{now.message}</p>
        {now.requestId && <p class="muted">{t('requestId')}: <code>{now.requestId}</code></p>}
      </div>
    );
  }
  const known = now.groups.filter((group) => layerById.value.has(group.layer));
  if (!known.length) {
    return (
      <div class="empty" data-empty={now.inside ? 'inside' : 'outside'}>
        <Icon name="pin" />
        <p>{t(!now.inside ? 'outside' : now.all ? 'nothingAtAll' : 'nothingHere')}</p>
        {now.inside && !now.all && (
          <button type="button" class="button" onClick={() => void identifyAt(now.at, true)}>
            {t('askAll')}
          </button>
        )}
      </div>
    );
  }
  return (
    <>
      {!now.inside && <p class="pad outside">{t('outside')}</p>}
      {known.toReversed().map((group) => <ResultGroup key={group.layer} group={group} />)}
      <p class="pad after">
        {!now.all && (
          <button type="button" class="link-button"
            onClick={() => void identifyAt(now.at, now.kind === 'place')}>
            {t(now.kind === 'place' ? 'askAll' : 'askHere')}
          </button>
        )}
      </p>
    </>
  );
}

export function Results() {
  const now = results.value;
  useEffect(() => { void loadServices().catch(() => undefined); }, []);
  const count = now.state === 'ok' ? now.groups.reduce((sum, group) => sum + group.count, 0) : 0;
  return (
    <section id="results" class="panel right float" aria-labelledby="results-title"
      aria-busy={now.state === 'loading'}>
      <div class="panel-head">
        <h2 id="results-title" tabIndex={-1}>
          {now.state === 'ok' && now.kind === 'place' ? t('here') : t('results')}
        </h2>
        {count > 0 && <span class="count">{number(count)}</span>}
        <IconButton icon="close" label={t('close')} onClick={clearResults} />
      </div>
      <div class="panel-body"><Body /></div>
    </section>
  );
}
