import type { Model } from '../../src/backend';

const GB = 1e9;

export const NANO: Model = {
  id: 'nano',
  name: 'nano',
  quantisation: '',
  n_params: 1_200_000,
  files: [],
  file_bytes: 0,
  folder: null,
  is_listed: false,
  is_embedded: true,
  found_in: null,
  removable_bytes: null,
  architecture: 'llama',
  tower: 'CLIP ViT-L/14, 336 px',
  n_tokens_per_image: 576,
  n_context: 4096,
  memory: {
    weights_bytes: 0.02 * GB,
    cache_bytes: 0.03 * GB,
    working_bytes: 0.05 * GB,
    total_bytes: 0.1 * GB,
    available_bytes: 11 * GB,
  },
  refusal: null,
  suggestions: ['What colour is the star?', 'Which way does the circle move?', 'How many shapes are there?'],
};

export const VICUNA: Model = {
  id: 'vicuna',
  name: 'LLaVA 1.6 Vicuna 7B',
  quantisation: 'Q4_K_M',
  n_params: 6_738_000_000,
  files: ['llava-v1.6-vicuna-7b.Q4_K_M.gguf', 'mmproj-model-f16.gguf'],
  file_bytes: 4.7 * GB,
  folder: 'models/vicuna',
  is_listed: true,
  is_embedded: false,
  found_in: null,
  removable_bytes: null,
  architecture: 'llama',
  tower: 'CLIP ViT-L/14, 336 px',
  n_tokens_per_image: 576,
  n_context: 4096,
  memory: {
    weights_bytes: 4.7 * GB,
    cache_bytes: 2.1 * GB,
    working_bytes: 0.6 * GB,
    total_bytes: 7.4 * GB,
    available_bytes: 11 * GB,
  },
  refusal: null,
  suggestions: [],
};

export const BIG: Model = {
  ...VICUNA,
  id: 'big',
  name: 'LLaVA 1.6 34B',
  quantisation: 'Q4_K_M',
  n_params: 34_400_000_000,
  files: ['llava-v1.6-34b.Q4_K_M.gguf', 'mmproj-34b-f16.gguf'],
  file_bytes: 20.7 * GB,
  folder: null,
  is_listed: false,
  found_in: 'LM Studio',
  memory: {
    weights_bytes: 20.7 * GB,
    cache_bytes: 1.9 * GB,
    working_bytes: 0.9 * GB,
    total_bytes: 23.5 * GB,
    available_bytes: 11 * GB,
  },
};

export const WRONG: Model = {
  ...VICUNA,
  id: 'wrong',
  name: 'Mistral 7B Instruct',
  files: ['mistral-7b-instruct.Q4_K_M.gguf', 'mmproj-vicuna13b-f16.gguf'],
  refusal: {
    code: 'model-mismatch',
    message:
      'mmproj-vicuna13b-f16.gguf makes rows of 5,120 numbers, but mistral-7b-instruct.Q4_K_M.gguf reads rows of 4,096',
    hint: 'The two files belong to different models. Look for the mmproj file that came with this language model.',
  },
};
