// Build of the map application. Besides the hashed bundle it writes what others name by a stable
// address: /fonts/* (the map style, page.css) and /page.css (pages that the server renders).
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

const server = process.env.IMGIS_URL ?? 'http://127.0.0.1:8080';
const FACES = ['400-normal', '400-italic', '500-normal', '700-normal'];

function read(path: string): Buffer {
  return readFileSync(new URL(path, import.meta.url));
}

function stableFiles(): Plugin {
  return {
    name: 'stable-files',
    apply: 'build',
    generateBundle() {
      for (const script of ['cyrillic', 'latin']) {
        for (const face of FACES) {
          const file = `noto-sans-${script}-${face}.woff2`;
          const source = read(`node_modules/@fontsource/noto-sans/files/${file}`);
          this.emitFile({ type: 'asset', fileName: `fonts/${file}`, source });
        }
      }
      const licence = read('node_modules/@fontsource/noto-sans/LICENSE');
      this.emitFile({ type: 'asset', fileName: 'fonts/OFL.txt', source: licence });
      const page = `${read('src/fonts.css')}\n${read('src/tokens.css')}\n${read('src/page.css')}`;
      this.emitFile({ type: 'asset', fileName: 'page.css', source: page });
    },
  };
}

const proxied = ['/layers', '/styles', '/sprites', '/tiles', '/identify', '/find', '/collections',
  '/parcels', '/applications', '/services', '/changes', '/fonts', '/page.css'];

export default defineConfig({
  plugins: [stableFiles()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    cssTarget: 'chrome123',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { external: [/^\/fonts\//] },
  },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['maplibre-gl'] },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, server])) },
});
