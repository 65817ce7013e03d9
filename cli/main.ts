#!/usr/bin/env node
/** The `tessera` command. */

import { tessera } from './tessera.ts';

process.exitCode = await tessera(process.argv.slice(2));
