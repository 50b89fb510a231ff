// Runs test/*.test.ts: node scripts/test.mjs [part of a file's name …]. Node 20 cannot run TypeScript, so that every test
// file is bundled first, into node_modules, where the packages it imports are found.
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as esbuild from "esbuild"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wanted = process.argv.slice(2)
const files = readdirSync(join(root, "test"))
  .filter((name) => name.endsWith(".test.ts") && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
  .sort()
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(" ")}`)
  process.exit(1)
}

const cache = join(root, "node_modules/.cache")
mkdirSync(cache, { recursive: true })
const out = mkdtempSync(join(cache, "tandem-test-"))
let status = 1
try {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: files.map((name) => join("test", name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  })
  const built = files.map((name) => join(out, name.replace(/\.ts$/, ".mjs")))
  // Tests find ../testdata from the working directory.
  const ran = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...built], { cwd: root, stdio: "inherit" })
  status = ran.status ?? 1
} finally {
  rmSync(out, { recursive: true, force: true })
}
process.exit(status)
