// A modal dialog over the page: the browser's own <dialog>, with a title and a close button.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t, words } from '../i18n.ts';
import { dialog } from '../state.ts';
import { IconButton } from './Icon.tsx';

type Props = { title: string; onClose: () => void; children: ComponentChildren };

export function Dialog({ title, onClose, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => { if (before instanceof HTMLElement) before.focus(); };
  }, []);
  // A dialog that turns into another (form, receipt) says so by its title.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) document.getElementById('dialog-title')?.focus();
    first.current = false;
  }, [title]);
  return (
    <dialog ref={box} class="dialog" aria-labelledby="dialog-title" onCancel={onClose} onClose={onClose}>
      <div class="panel-head">
        <h2 id="dialog-title" tabIndex={-1}>{title}</h2>
        <IconButton icon="close" label={t('close')} onClick={onClose} />
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

export function KeysDialog() {
  return (
    <Dialog title={t('keys')} onClose={() => { dialog.value = null; }}>
      <dl class="keys">
        {words.value.keysList.map(([key, what]) => (
          <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}
