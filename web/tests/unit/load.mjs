// Loads a TypeScript module of src/ for the tests, through Vite's own pipeline.
import { runnerImport } from 'vite';

const root = new URL('../../', import.meta.url).pathname;

export async function load(path) {
  const { module } = await runnerImport(`${root}src/${path}`, { configFile: false, logLevel: 'error' });
  return module;
}
