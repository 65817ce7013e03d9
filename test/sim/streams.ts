/** Streams of chance of a world, by what they are drawn for; any different numbers do. */

export const streams = { office: 1, host: 2, device: 3, clone: 4, plan: 5, profile: 6 } as const;
