/// <reference types="vitest/config" />
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Below this, compressing a file is not worth a second copy of it. */
const GZIP_BYTES_MIN = 1024;

/** Writes a compressed copy beside each text file: the server sends it as it is. */
function compressed(): Plugin {
  let folder = '';
  const visit = (path: string): void => {
    for (const name of readdirSync(path)) {
      const file = join(path, name);
      if (statSync(file).isDirectory()) visit(file);
      else if (/\.(js|css|html|svg)$/.test(name)) compress(file);
    }
  };
  const compress = (file: string): void => {
    const bytes = readFileSync(file);
    if (bytes.length >= GZIP_BYTES_MIN) writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  };
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => void (folder = config.build.outDir),
    closeBundle: () => visit(folder),
  };
}

export default defineConfig({
  plugins: [svelte(), compressed()],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // Components are tried as they run in a browser, on a document that is only thought of.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    environmentOptions: { happyDOM: { url: 'http://127.0.0.1:8000/' } },
    restoreMocks: true,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
});
