// Build of the map application. Besides the hashed bundle it writes what others name by a stable
// address: /fonts/* (the map style, page.css) and /page.css (pages that the server renders).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
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

/** Beside each text of the build the same in brotli: the server sends it to whoever takes it. */
function packedFiles(): Plugin {
  return {
    name: 'packed-files',
    apply: 'build',
    writeBundle({ dir }, bundle) {
      for (const file of Object.values(bundle)) {
        if (!/\.(js|css|svg)$/.test(file.fileName)) continue;
        const packed = brotliCompressSync(file.type === 'chunk' ? file.code : file.source);
        writeFileSync(join(dir!, `${file.fileName}.br`), packed);
      }
    },
  };
}

const proxied = ['/layers', '/styles', '/sprites', '/tiles', '/identify', '/find', '/collections',
  '/parcels', '/applications', '/services', '/changes', '/fonts', '/page.css'];

export default defineConfig({
  plugins: [stableFiles(), packedFiles()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    cssTarget: 'chrome123',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { external: [/^\/fonts\//], checks: { pluginTimings: false } },
  },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['maplibre-gl'] },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, server])) },
});
