import type { Fit, MemoryEstimate, OfferedModel, OfferedVariant, PresetFit, PresetName } from '../backend';

/** Presets that fare alike, with what the hungriest of them needs. */
export interface FitGroup {
  fit: Fit;
  presets: PresetName[];
  memory: MemoryEstimate;
}

/** What `auto` comes to and a single frame are told by the others. */
const SHOWN: ReadonlySet<PresetName> = new Set(['fast', 'balanced', 'paper']);

/** The fits that are shown, in the order in which they came, those next to each other that fare alike as one. */
export function fitGroups(fits: PresetFit[]): FitGroup[] {
  const groups: FitGroup[] = [];
  for (const { preset, fit, memory } of shownFits(fits)) {
    const last = groups.at(-1);
    if (last?.fit !== fit) {
      groups.push({ fit, presets: [preset], memory });
      continue;
    }
    last.presets.push(preset);
    if (memory.total_bytes > last.memory.total_bytes) last.memory = memory;
  }
  return groups;
}

export function shownFits(fits: PresetFit[]): PresetFit[] {
  return fits.filter(({ preset }) => SHOWN.has(preset));
}

/** Whether there is no preset with which it runs here. */
export function isTooLarge({ fits }: OfferedVariant): boolean {
  return fits.length > 0 && fits.every(({ fit }) => fit === 'too-large');
}

export interface Choice {
  model: OfferedModel;
  variant: OfferedVariant;
}

/** The first of the catalogue, as it suits the machine best; null where not even that fits. */
export function bestChoice(catalogue: OfferedModel[]): Choice | null {
  const model = catalogue[0];
  const variant = model?.variants[0];
  return model === undefined || variant === undefined || isTooLarge(variant) ? null : { model, variant };
}

export function findVariant(catalogue: OfferedModel[], id: string): Choice | null {
  for (const model of catalogue) {
    const variant = model.variants.find((one) => one.id === id);
    if (variant !== undefined) return { model, variant };
  }
  return null;
}

/** How close weights are to those that were trained, by what the name of their quantization says. */
export type Closeness = 'exact' | 'near' | 'good' | 'small' | 'smallest';

export function closeness(quantisation: string): Closeness | null {
  const name = quantisation.toUpperCase();
  if (/^B?F(?:16|32)/u.test(name)) return 'exact';
  const bits = Number(/^I?Q(\d)/u.exec(name)?.[1] ?? NaN);
  if (Number.isNaN(bits)) return null;
  if (bits >= 8) return 'near';
  if (bits >= 5) return 'good';
  return bits === 4 ? 'small' : 'smallest';
}
