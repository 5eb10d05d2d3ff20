import { expect, test } from 'vitest';
import type { Fit, OfferedModel, OfferedVariant, PresetFit, PresetName } from '../../src/backend';
import { bestChoice, closeness, findVariant, fitGroups, isTooLarge } from '../../src/lib/offers';
import { CATALOGUE } from '../double/catalogue';

const fit = (preset: PresetName, how: Fit, total_bytes: number): PresetFit => ({
  preset,
  fit: how,
  memory: { weights_bytes: 1, cache_bytes: 1, working_bytes: 1, total_bytes, available_bytes: 10 },
});
const variant = (id: string, fits: PresetFit[]): OfferedVariant => ({
  ...{ id, quantisation: 'Q8_0', download_bytes: 1, is_converted: false, instead: null, fits },
  state: { kind: 'absent' },
});
const model = (id: string, variants: OfferedVariant[]): OfferedModel => ({
  ...{ id, name: id, good_for: '', licence: { name: '', link: '' }, n_context: 1, n_tokens_per_image: 1 },
  ...{ variants, reason: null },
});
const fitting = variant('fitting', [fit('fast', 'fits', 2), fit('paper', 'too-large', 12)]);
const huge = variant('huge', [fit('fast', 'too-large', 12), fit('paper', 'too-large', 14)]);

test('presets that fare alike are told of together, with what the hungriest needs', () => {
  const fits = [
    fit('auto', 'tight', 8),
    fit('fast', 'fits', 2),
    fit('balanced', 'fits', 4),
    fit('paper', 'tight', 9),
    fit('frame', 'fits', 1),
  ];
  const groups = fitGroups(fits).map((one) => [one.fit, one.presets.join(' '), one.memory.total_bytes]);
  expect(groups).toEqual([
    ['fits', 'fast balanced', 4],
    ['tight', 'paper', 9],
  ]);
});

test('too large is what no preset runs with; what is not known is not called too large', () => {
  expect(isTooLarge(huge)).toBe(true);
  expect(isTooLarge(fitting)).toBe(false);
  expect(isTooLarge(variant('unknown', []))).toBe(false);
});

test('the best is the first of the list, unless not even that fits', () => {
  expect(bestChoice(CATALOGUE)?.variant.id).toBe('smolvlm2-500m:Q8_0');
  expect(bestChoice([model('x', [huge])])).toBeNull();
  expect(bestChoice([])).toBeNull();
  expect(findVariant(CATALOGUE, 'llava-1.6-vicuna-7b:Q8_0')?.model.name).toBe('LLaVA 1.6 Vicuna 7B');
  expect(findVariant(CATALOGUE, 'nobody')).toBeNull();
});

test.each([
  ['F16', 'exact'],
  ['BF16', 'exact'],
  ['Q8_0', 'near'],
  ['Q6_K', 'good'],
  ['Q5_K_M', 'good'],
  ['Q4_K_M', 'small'],
  ['IQ3_XS', 'smallest'],
  ['Q2_K', 'smallest'],
  ['MXFP4', null],
])('%s is %s', (quantisation, how) => {
  expect(closeness(quantisation)).toBe(how);
});
