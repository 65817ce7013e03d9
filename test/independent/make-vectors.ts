/** `node test/independent/make-vectors.ts` writes test/golden/v01/channel.txt anew; a test tells when it must. */

import { writeFileSync } from 'node:fs';
import { vectorText } from './vectors.ts';

writeFileSync(new URL('../golden/v01/channel.txt', import.meta.url), vectorText());
