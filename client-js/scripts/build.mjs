// Builds what is published and what the Go binary embeds: node scripts/build.mjs [output folder, default dist].
// The same sources give the same bytes in every folder (CI builds twice and compares), hence no source maps and no dates.
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, extname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as esbuild from "esbuild"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const target = resolve(process.argv[2] ?? join(root, "dist"))
const out = `${target}.building` // takes the place of target when all of it is there

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  minify: true,
  sourcemap: false,
  legalComments: "none",
  logLevel: "warning",
}

// A binding must share the client's classes with the page that imports both, so it imports tandem.js instead of holding a
// second copy.
const importTandem = {
  name: "import-tandem",
  setup(build) {
    build.onResolve({ filter: /^\.\/index(\.js)?$/ }, () => ({ path: "./tandem.js", external: true }))
  },
}

try {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })

  await esbuild.build({ ...common, entryPoints: ["src/index.ts"], outfile: join(out, "tandem.js") })

  if (existsSync(join(root, "src/codemirror.ts"))) {
    await esbuild.build({
      ...common,
      entryPoints: ["src/codemirror.ts"],
      outfile: join(out, "codemirror.js"),
      external: ["@codemirror/*"],
      plugins: [importTandem],
    })
  }

  if (existsSync(join(root, "web/main.ts"))) {
    // Splitting: a dynamic import (a language mode, say) becomes a file of its own, loaded when it is needed.
    await esbuild.build({
      ...common,
      entryPoints: { app: "web/main.ts" },
      outdir: join(out, "web"),
      splitting: true,
      chunkNames: "chunk-[hash]",
    })
    for (const name of readdirSync(join(root, "web")).sort()) {
      if (extname(name) === ".ts" || name.startsWith(".")) continue
      cpSync(join(root, "web", name), join(out, "web", name), { recursive: true })
    }
  }

  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc")
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", join(out, "types")], { cwd: root, stdio: "inherit" })

  rmSync(target, { recursive: true, force: true })
  renameSync(out, target)
} catch (err) {
  console.error(`not built: ${err.message.split("\n")[0]}`) // esbuild or tsc has said the rest
  process.exitCode = 1
} finally {
  rmSync(out, { recursive: true, force: true })
}
