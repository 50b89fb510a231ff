// Runs test/cross.ts, which answers JSON lines on standard input; driven by ot/cross_test.go.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as esbuild from "esbuild"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, "node_modules/.cache")
mkdirSync(cache, { recursive: true })
const out = mkdtempSync(join(cache, "tandem-cross-"))
const outfile = join(out, "cross.mjs")
try {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["test/cross.ts"],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  })
  const { run } = await import(pathToFileURL(outfile))
  await run(process.stdin, process.stdout)
} finally {
  rmSync(out, { recursive: true, force: true })
}
