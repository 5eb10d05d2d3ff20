import type { DownloadState, Fit } from '../backend';
import type { Closeness } from '../lib/offers';

export const download: Record<DownloadState['kind'], string> = {
  asking: 'Asking for the files',
  fetching: 'Downloading',
  verifying: 'Checking the files',
  converting: 'Converting',
  paused: 'Paused',
  failed: 'The download stopped',
  done: 'Ready',
};

/** How a model goes into the memory that is free: what needs it, how much that is, how much is free. */
export const fit: Record<Fit, (needed: string, free: string) => string> = {
  fits: (needed, free) => `fits, ${needed} of ${free} free`,
  tight: (needed, free) => `tight, ${needed} of ${free} free`,
  'too-large': (needed, free) => `too large, ${needed} needed, ${free} free`,
};

export const fit_all: typeof fit = {
  fits: (needed, free) => `Fits with every preset, ${needed} of ${free} free memory`,
  tight: (needed, free) => `Tight with every preset, ${needed} of ${free} free memory`,
  'too-large': (needed, free) => `Too large for this machine, ${needed} needed, ${free} free`,
};

/** Models of one name are told apart by these. */
export const apart = {
  n_params: (count: string) => `${count} parameters`,
  folder: (name: string) => `in ${name}`,
  take_off: (name: string) => `Take ${name} off the list`,
  taken_off: (name: string) => `${name} is off the list; its files are where they were`,
  not_added: (files: string) => (files === '' ? 'Nothing was added' : `${files} was not added`),
};

export const closeness: Record<Closeness, string> = {
  exact: 'as trained',
  near: 'nearly exact',
  good: 'good',
  small: 'smaller',
  smallest: 'smallest, less exact',
};
