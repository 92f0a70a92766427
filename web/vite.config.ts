import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const COMPRESSIBLE = /\.(?:js|css|svg|html)$/

/** Writes `.br` and `.gz` beside what is built, so that the server need not compress per request. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle(options) {
      const folder = options.dir
      if (!folder) return
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (entry.isFile() && COMPRESSIBLE.test(entry.name))
          compress(join(entry.parentPath, entry.name))
      }
    },
  }
}

const INTER = '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'

/** Writes the font under a name that the server's sign-in pages know, whose style is not built here. */
function fontByName(): Plugin {
  return {
    name: 'font-by-name',
    apply: 'build',
    generateBundle() {
      const source = readFileSync(createRequire(import.meta.url).resolve(INTER))
      this.emitFile({ type: 'asset', fileName: 'fonts/inter.woff2', source })
    },
  }
}

function compress(file: string) {
  const text = readFileSync(file)
  if (text.length < 1024) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 }
  writeFileSync(`${file}.br`, brotliCompressSync(text, { params }))
  writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }))
}

const server = process.env['PULSE_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), fontByName(), precompress()],
  build: {
    target: 'es2023',
    // The content security policy allows fonts and scripts from this origin only, no data: URLs.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': { target: server, changeOrigin: true } } },
})
