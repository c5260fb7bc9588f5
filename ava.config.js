/** The tests of every commit. What takes long on real networks is in *.nightly.ts: see ava.nightly.config.js. */
export default {
  files: ["**/*.test.ts", "!dist/**", "!node_modules/**"],
  extensions: { ts: "module" },
  nodeArguments: ["--conditions=source", "--import=tsx", "--no-warnings"],
  workerThreads: false,
  timeout: "5m",
  concurrency: 2,
};
