// The newest applications as a list: number, service, status with its dot and word, due date.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { loadServices, openApplication, services } from '../actions.ts';
import { Problem, request } from '../api.ts';
import { codeWord } from '../format.ts';
import { date, say, t } from '../i18n.ts';
import { evaluate, type StyleLayer } from '../legend.ts';
import { today } from '../map.ts';
import { applicationsVersion, isPhone, layerById, panel, styleLayers } from '../state.ts';
import type { ApplicationRow } from '../types.ts';

const OPEN = ['received', 'registered', 'validation', 'awaiting_info', 'in_review', 'suspended',
  'decision_draft', 'signing'];

export const isOverdue = (row: { status: string; due_on: string | null }) =>
  !!row.due_on && OPEN.includes(row.status) && row.due_on < today();

/** The colour that the map gives a status. */
function statusColour(status: string): string {
  const layer = (styleLayers.value as StyleLayer[])
    .find((l) => l.id === 'application_site-line' || l.id === 'application_public-line');
  const colour = evaluate(layer?.paint?.['line-color'], { property: 'status', code: status });
  return String(colour ?? '#888');
}

export function statusWord(status: string): string {
  const layers = layerById.value;
  const layer = layers.get('application_site') ?? layers.get('application_public');
  return codeWord(layer?.properties.find((p) => p.name === 'status'), status);
}

export const serviceTitle = (id: string): string => {
  const service = services.value?.find((s) => s.id === id);
  return service ? say(service.title) : id;
};

export function Status({ status }: { status: string }) {
  const background = statusColour(status);
  return <span class="status"><i style={{ background }} />{statusWord(status)}</span>;
}

function Row({ row }: { row: ApplicationRow }) {
  const late = isOverdue(row);
  const show = () => {
    if (isPhone.value) panel.value = null;
    openApplication(row);
  };
  return (
    <li>
      <button type="button" class="application" onClick={show} disabled={!row.center}>
        <b>{row.number}</b>
        <span class="muted">{serviceTitle(row.service)}</span>
        <span class="application-state">
          <Status status={row.status} />
          {row.due_on && (
            <span class={late ? 'late' : 'muted'}>
              {late ? t('overdue') : t('due')} {date(row.due_on)}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}

export function Applications() {
  const rows = useSignal<ApplicationRow[] | null>(null);
  const fault = useSignal<string | null>(null);
  const load = async () => {
    try {
      const answer = await request<{ applications: ApplicationRow[] }>('/applications?limit=30');
      rows.value = answer.applications;
      fault.value = null;
      await loadServices();
    } catch (error) {
      const status = error instanceof Problem ? error.status : 0;
      if (rows.value && status === 0) return;
      fault.value = status === 401 || status === 403 ? t('noApplicationRight') : t('offline');
    }
  };
  useEffect(() => applicationsVersion.subscribe(() => void load()), []);
  return (
    <div class="applications">
      {fault.value && (
        <p class="pad">{fault.value}{' '}
          <button type="button" class="link-button" onClick={() => void load()}>{t('retry')}</button>
        </p>
      )}
      {!fault.value && rows.value === null && <p class="muted pad">{t('loading')}</p>}
      {rows.value?.length === 0 && <p class="muted pad">{t('noApplications')}</p>}
      {rows.value && rows.value.length > 0 && (
        <ul aria-label={t('newest')}>{rows.value.map((row) => <Row key={row.number} row={row} />)}</ul>
      )}
    </div>
  );
}
