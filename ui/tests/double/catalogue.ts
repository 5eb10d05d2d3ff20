import type {
  Fit,
  Licence,
  MemoryEstimate,
  OfferedModel,
  OfferedVariant,
  PresetFit,
  PresetName,
} from '../../src/backend';
import { isTooLarge } from '../../src/lib/offers';

const GB = 1e9;
const FREE_BYTES = 11 * GB;
/** Whoever needs more of the free memory than this has it tight. */
const TIGHT = 0.75;
const N_TOKENS: Partial<Record<PresetName, number>> = { fast: 576, balanced: 2304, paper: 3456 };

const APACHE: Licence = { name: 'Apache 2.0', link: 'https://www.apache.org/licenses/LICENSE-2.0' };
const LLAMA_2: Licence = { name: 'Llama 2', link: 'https://ai.meta.com/llama/license/' };
const LLAMA_3: Licence = { name: 'Llama 3', link: 'https://llama.meta.com/llama3/license/' };
const MIT: Licence = { name: 'MIT', link: 'https://opensource.org/license/mit' };
const QWEN: Licence = {
  name: 'Qwen Research',
  link: 'https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE',
};

function memoryOf(weights_bytes: number, cache_bytes: number): MemoryEstimate {
  const working_bytes = 0.3 * GB + weights_bytes * 0.05;
  return {
    weights_bytes,
    cache_bytes,
    working_bytes,
    total_bytes: weights_bytes + cache_bytes + working_bytes,
    available_bytes: FREE_BYTES,
  };
}

function fitsOf(weights_bytes: number, bytes_per_token: number): PresetFit[] {
  return Object.entries(N_TOKENS).map(([preset, n_tokens]) => {
    const memory = memoryOf(weights_bytes, n_tokens * bytes_per_token);
    const share = memory.total_bytes / memory.available_bytes;
    const fit: Fit = share > 1 ? 'too-large' : share > TIGHT ? 'tight' : 'fits';
    return { preset: preset as PresetName, fit, memory };
  });
}

type Size = [quantisation: string, download_gb: number | null, weights_gb: number];

interface Entry {
  id: string;
  name: string;
  good_for: string;
  licence: Licence;
  kb_per_token: number;
  sizes: Size[];
  is_converted?: boolean;
  reason?: string;
}

function offered(entry: Entry): OfferedModel {
  const { id, name, good_for, licence, kb_per_token, sizes, is_converted = false, reason = null } = entry;
  return {
    ...{ id, name, good_for, licence, reason },
    n_context: 8192,
    n_tokens_per_image: 64,
    variants: sizes.map(([quantisation, download_gb, weights_gb]): OfferedVariant => ({
      id: `${id}:${quantisation}`,
      quantisation,
      download_bytes: download_gb === null ? null : download_gb * GB,
      is_converted,
      instead: null,
      fits: fitsOf(weights_gb * GB, kb_per_token * 1000),
      state: { kind: 'absent' },
    })),
  };
}

/** As the program chooses it: the first that fits, of the same model where there is one. */
function instead(variant: OfferedVariant, models: OfferedModel[]): string | null {
  if (!isTooLarge(variant)) return null;
  const variants = models.flatMap((model) => model.variants);
  return variants.find((other) => !isTooLarge(other))?.id ?? null;
}

/** What a laptop with 16 GB is offered: as long, as different and as unwieldy as the program's own list. */
export const CATALOGUE: OfferedModel[] = [
  {
    id: 'smolvlm2-500m',
    name: 'SmolVLM2 500M',
    good_for: 'Quick answers about short clips, on any laptop',
    licence: APACHE,
    kb_per_token: 41,
    sizes: [
      ['Q8_0', 0.64, 0.64],
      ['F16', 1.02, 1.02],
    ] as Size[],
    reason:
      'The first words come within 10 seconds on this processor, and it needs a tenth of the free memory.',
  },
  {
    id: 'smolvlm2-2.2b',
    name: 'SmolVLM2 2.2B',
    good_for: 'Better descriptions and text on screen, a few times slower',
    licence: APACHE,
    kb_per_token: 197,
    sizes: [
      ['Q4_K_M', 1.71, 1.71],
      ['Q8_0', 2.52, 2.52],
      ['F16', 4.49, 4.49],
    ] as Size[],
  },
  {
    id: 'internvl3-2b',
    name: 'InternVL3 2B',
    good_for: 'Small objects and written words',
    licence: APACHE,
    kb_per_token: 57,
    sizes: [
      ['Q4_K_M', 1.62, 1.62],
      ['Q8_0', 2.21, 2.21],
    ] as Size[],
  },
  {
    id: 'llava-onevision-0.5b',
    name: 'LLaVA-OneVision 0.5B',
    good_for: 'Many frames at little cost',
    licence: APACHE,
    kb_per_token: 24,
    sizes: [['Q8_0', 1.79, 0.95]] as Size[],
    is_converted: true,
  },
  {
    id: 'llava-1.6-vicuna-7b',
    name: 'LLaVA 1.6 Vicuna 7B',
    good_for: 'The model of the paper, with every preset',
    licence: LLAMA_2,
    kb_per_token: 1050,
    sizes: [
      ['Q4_K_M', 4.71, 4.71],
      ['Q5_K_M', 5.41, 5.41],
      ['Q8_0', 7.79, 7.79],
    ] as Size[],
  },
  {
    id: 'llava-phi-3-mini',
    name: 'LLaVA-Phi-3-mini',
    good_for: 'Reasoning about one picture at a time',
    licence: MIT,
    kb_per_token: 393,
    sizes: [['Q4_K_M', 3.01, 3.01]] as Size[],
  },
  {
    id: 'llava-llama-3-8b',
    name: 'LLaVA-Llama-3-8B',
    good_for: 'Long conversations about a video',
    licence: LLAMA_3,
    kb_per_token: 131,
    sizes: [['Q4_K_M', 5.55, 5.55]] as Size[],
  },
  {
    id: 'llava-video-7b',
    name: 'LLaVA-Video 7B',
    good_for: 'What happens when, in long videos',
    licence: QWEN,
    kb_per_token: 57,
    sizes: [['Q4_K_M', null, 5.6]] as Size[],
    is_converted: true,
  },
  {
    id: 'llava-1.6-vicuna-13b',
    name: 'LLaVA 1.6 Vicuna 13B',
    good_for: 'The larger model of the paper, for machines with much memory',
    licence: LLAMA_2,
    kb_per_token: 820,
    sizes: [
      ['Q4_K_M', 8.5, 11.2],
      ['Q8_0', 14.5, 17.4],
    ] as Size[],
  },
]
  .map(offered)
  .map((model, _at, all) => ({
    ...model,
    variants: model.variants.map((variant) => ({ ...variant, instead: instead(variant, [model, ...all]) })),
  }));
