/** What a campaign found: counts under a name, and violations that can be replayed. Plain data, for workers to send. */

export const campaignNames = [
  'single',
  'double',
  'weak',
  'flips',
  'wearout',
  'journal',
  'life',
] as const;
export type CampaignName = (typeof campaignNames)[number];

export interface Violation {
  readonly campaign: CampaignName;
  /** Command, image or failure. */
  readonly name: string;
  /** What `--replay` takes. */
  readonly numbers: readonly number[];
  readonly where: string;
  readonly text: string;
}

/** A figure is a sum; one whose name ends in Max or Min is the most or the least of all. */
export type Figures = Readonly<Record<string, number>>;

export interface Tally {
  readonly campaign: CampaignName;
  readonly name: string;
  readonly figures: Figures;
  readonly violations: readonly Violation[];
}

function merged(name: string, left: number | undefined, right: number): number {
  if (left === undefined) return right;
  if (name.endsWith('Max')) return Math.max(left, right);
  if (name.endsWith('Min')) return Math.min(left, right);
  return left + right;
}

/** Two tallies of the same name as one. */
export function joinTallies(left: Tally, right: Tally): Tally {
  const figures: Record<string, number> = { ...left.figures };
  for (const [name, figure] of Object.entries(right.figures))
    figures[name] = merged(name, figures[name], figure);
  return { ...left, figures, violations: [...left.violations, ...right.violations] };
}

/** A tally under way. */
export interface Counting {
  count(figure: string, by?: number): void;
  violate(violation: Pick<Violation, 'numbers' | 'where' | 'text'>): void;
  readonly tally: Tally;
}

export function counting(campaign: CampaignName, name: string): Counting {
  const figures: Record<string, number> = {};
  const violations: Violation[] = [];
  return {
    count(figure, by = 1) {
      figures[figure] = merged(figure, figures[figure], by);
    },
    violate: (violation) => void violations.push({ campaign, name, ...violation }),
    tally: { campaign, name, figures, violations },
  };
}
