/** The version of a firmware image as a person reads it. */

/** major.minor.patch */
export function versionText(version: number): string {
  return [version >>> 16, (version >>> 8) & 0xff, version & 0xff].join('.');
}
