/**
 * What is known of an indicium on paper, as a pure function from step to step (requirements.md F6; printing.md 5).
 *
 *     composed → sending → sent, or confirmed
 *
 * Nothing leads from `sending` back but the printer's word that nothing had left; a person has it reprinted or accepts it.
 */

/**
 * `composed`: about to be handed to a printer · `sending`: some of it may be on paper, and only a person can tell · `sent`:
 * the printer took it all and says no more · `confirmed`: on paper, says the printer or a person.
 */
export const paperStates = ['composed', 'sending', 'sent', 'confirmed'] as const;
export type PaperState = (typeof paperStates)[number];

/** `unsent`: nothing had left · `reprinting`: a person has it printed once more · `accepted`: a person saw it whole. */
export const paperSteps = [
  'composed',
  'sending',
  'unsent',
  'sent',
  'confirmed',
  'reprinting',
  'accepted',
] as const;
export type PaperStep = (typeof paperSteps)[number];

export interface Paper {
  readonly state: PaperState;
  /** How often a person had it printed once more. */
  readonly reprints: number;
  /** The state to go back to where nothing of a job reached the printer. */
  readonly before?: PaperState | undefined;
}

/** States a step may follow; `none` for an indicium that was at no printer yet. */
const follows: Readonly<Record<PaperStep, readonly (PaperState | 'none')[]>> = {
  composed: ['none', 'composed'],
  sending: ['composed'],
  unsent: ['sending'],
  sent: ['sending'],
  confirmed: ['sending'],
  reprinting: ['none', 'composed', 'sending', 'sent', 'confirmed'],
  accepted: ['sending', 'sent', 'confirmed'],
};

/** @returns undefined for a step that does not follow */
export function nextPaper(paper: Paper | undefined, step: PaperStep): Paper | undefined {
  const { state = 'composed', reprints = 0, before } = paper ?? {};
  if (!follows[step].includes(paper?.state ?? 'none')) return undefined;
  switch (step) {
    case 'composed':
      return { state: 'composed', reprints };
    case 'sending':
      return { state: 'sending', reprints, before: state };
    case 'reprinting':
      return { state: 'sending', reprints: reprints + 1, before: state };
    case 'unsent':
      return { state: before ?? 'composed', reprints };
    case 'sent':
      return { state: 'sent', reprints };
    case 'confirmed':
    case 'accepted':
      return { state: 'confirmed', reprints };
  }
}

/** Whether it may go to a printer without a person asking for it once more. */
export const isUnprinted = (paper: Paper | undefined): boolean =>
  paper === undefined || paper.state === 'composed';
