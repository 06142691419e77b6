// Writes synap.conf and docs/configuration.md from the table of directives, as compiled to build/:
//   npm run build && node scripts/document-config.mjs
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configFile, configurationGuide } from '../build/config/document.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
writeFileSync(join(root, 'synap.conf'), configFile());
writeFileSync(join(root, 'docs', 'configuration.md'), configurationGuide());
