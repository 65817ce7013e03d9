#!/usr/bin/env node
/** The `tessera` command. What was compiled once is kept, since a command line is started often. */

import { enableCompileCache } from 'node:module';

enableCompileCache();
const { tessera } = await import('./tessera.ts');
process.exitCode = await tessera(process.argv.slice(2));
