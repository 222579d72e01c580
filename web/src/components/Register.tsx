// The form that registers an application for the selected parcel, and the receipt after it. The
// typed text stays when the server refuses.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { loadServices, openRef, register, services, type Draft } from '../actions.ts';
import { Problem } from '../api.ts';
import { area, date, number, say, t, tn } from '../i18n.ts';
import { dialog, layerById, selected } from '../state.ts';
import type { Receipt } from '../types.ts';
import { serviceTitle, Status } from './Applications.tsx';
import { Dialog } from './Dialog.tsx';

function ReceiptView({ receipt, onClose }: { receipt: Receipt; onClose: () => void }) {
  const term = receipt.deadline?.term;
  const termText = term && tn(term.unit === 'working' ? 'termWorking' : 'termCalendar', term.days);
  const site = receipt.links.find((link) => link.layer === 'parcel');
  return (
    <div class="receipt">
      <p class="receipt-number">{receipt.number}</p>
      <dl>
        <div><dt>{t('service')}</dt><dd>{serviceTitle(receipt.service)}</dd></div>
        <div><dt>{t('status')}</dt><dd><Status status={receipt.status} /></dd></div>
        {receipt.received_on && <div><dt>{t('received')}</dt><dd>{date(receipt.received_on)}</dd></div>}
        <div>
          <dt>{t('dueOn')}</dt>
          <dd>
            {receipt.due_on ? <b>{date(receipt.due_on)}</b> : t('noDeadline')}
            {receipt.due_on && termText && ` (${termText})`}
          </dd>
        </div>
        <div><dt>{t('siteArea')}</dt><dd>{area(receipt.site.area_m2)}</dd></div>
      </dl>
      {receipt.links.length > 0 && (
        <>
          <h3>{t('links')}</h3>
          <ul class="receipt-links">
            {receipt.links.map((link) => {
              const layer = layerById.value.get(link.layer);
              return (
                <li key={`${link.layer}-${link.feature_id}`}>
                  <span class="muted">{layer ? say(layer.title) : link.layer}</span>
                  <span>{link.title ?? link.feature_id}</span>
                  <span class="num">{link.share === null ? '' : `${number(link.share * 100, 1)} %`}</span>
                </li>
              );
            })}
          </ul>
        </>
      )}
      <div class="actions">
        <a class="button primary" href={`/applications/${receipt.number}`}>{t('openApplication')}</a>
        <button type="button" class="button" onClick={() => {
          onClose();
          if (site) void openRef({ layer: 'parcel', key: String(site.feature_id) }, true);
        }}>{t('done')}</button>
      </div>
    </div>
  );
}

function read(form: HTMLFormElement, cadastral: string): Draft {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? '').trim() || undefined;
  return {
    service: text('service')!,
    applicant: { kind: text('kind')!, name: text('name')!, email: text('email'), phone: text('phone') },
    subject: text('subject'),
    site: { cadastral_numbers: [cadastral] },
  };
}

export function Register() {
  const cadastral = useRef(String(selected.peek()?.properties.cadastral_number ?? ''));
  const key = useRef(crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
  const receipt = useSignal<Receipt | null>(null);
  const sending = useSignal(false);
  const fault = useSignal<Problem | null>(null);
  useEffect(() => { void loadServices().catch((error: Problem) => { fault.value = error; }); }, []);
  const close = () => { dialog.value = null; };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (sending.value) return;
    sending.value = true;
    fault.value = null;
    try {
      const draft = read(event.currentTarget as HTMLFormElement, cadastral.current);
      receipt.value = await register(draft, key.current);
    } catch (error) {
      fault.value = error instanceof Problem ? error : new Problem(0, '');
    } finally {
      sending.value = false;
    }
  };
  if (receipt.value) {
    return (
      <Dialog title={t('receipt')} onClose={close}>
        <ReceiptView receipt={receipt.value} onClose={close} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t('registerTitle')} onClose={close}>
      <form class="form" onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
        <p class="form-site"><span class="muted">{t('site')}</span> <b>{cadastral.current}</b></p>
        <label>{t('service')}
          <select name="service" required>
            {services.value?.map(({ id, title }) => <option key={id} value={id}>{say(title)}</option>)}
          </select>
        </label>
        <fieldset>
          <legend>{t('applicant')}</legend>
          <label class="choice"><input type="radio" name="kind" value="person" defaultChecked /> {t('person')}</label>
          <label class="choice"><input type="radio" name="kind" value="organisation" /> {t('organisation')}</label>
        </fieldset>
        <label>{t('applicantName')}<input name="name" required maxLength={200} autocomplete="off" /></label>
        <div class="two">
          <label>{t('email')}<input name="email" type="email" maxLength={200} autocomplete="off" /></label>
          <label>{t('phone')}<input name="phone" type="tel" maxLength={40} autocomplete="off" /></label>
        </div>
        <label>{t('subject')}<textarea name="subject" rows={3} maxLength={2000} /></label>
        {fault.value && (
          <p class="fault" role="alert">
            {fault.value.message || t(fault.value.status ? 'failed' : 'offline')}
            {fault.value.requestId && <> · {t('requestId')}: <code>{fault.value.requestId}</code></>}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={sending.value}>
            {t(sending.value ? 'sending' : 'send')}
          </button>
          <button type="button" class="button" onClick={close}>{t('cancel')}</button>
        </div>
      </form>
    </Dialog>
  );
}
