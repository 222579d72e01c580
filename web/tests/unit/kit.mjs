// Loads TypeScript modules of the application for unit tests, by the bundler that builds it.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function load(file) {
  const { module } = await runnerImport(`${root}src/${file}`, {
    root, configFile: false, logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  });
  return module;
}
