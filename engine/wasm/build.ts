/**
 * Compiles the kernels and writes them as engine/wasm/kernels.ts, base64, so that a build by tsc
 * alone carries them. Run after a change in assembly/: node --conditions=source --import tsx engine/wasm/build.ts
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const OPTIONS = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd", "--importMemory", "--initialMemory", "2"];

export async function compileKernels(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const here = fileURLToPath(new URL(".", import.meta.url));
  const { error, stderr } = await asc.main(["assembly/index.ts", "--baseDir", here, "--outFile", "kernels.wasm", ...OPTIONS], {
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = contents as Uint8Array;
    },
  });
  if (error || !binary) throw new Error(`kernels do not compile: ${error?.message ?? ""} ${stderr.toString()}`);
  return binary;
}

export function kernelsModule(binary: Uint8Array): string {
  const lines = (Buffer.from(binary).toString("base64").match(/.{1,160}/g) ?? []).map((l) => `  "${l}",`);
  return `// Generated from assembly/ by build.ts; a test holds that building again gives these bytes.\nexport const KERNELS_BASE64 = [\n${lines.join("\n")}\n].join("");\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const binary = await compileKernels();
  writeFileSync(new URL("kernels.ts", import.meta.url), kernelsModule(binary));
  console.log(`engine/wasm/kernels.ts: ${binary.length} bytes of WebAssembly`);
}
