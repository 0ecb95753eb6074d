// Unpacks the Chromium of @sparticuz/chromium into node_modules/.chromium, with its libraries and a font. Downloads nothing.
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("node_modules/.chromium", import.meta.url));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
if (process.platform !== "linux" || process.arch !== "x64") {
  console.error("this package has a Chromium for Linux on x64 only: name another one in POC_CHROMIUM");
} else {
  // The package unpacks into the temporary folder, and its libraries only where it takes the machine for a Lambda of Node 24.
  process.env.TMPDIR = folder;
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs24.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  await chromium.executablePath();
}
