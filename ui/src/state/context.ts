import { getContext, setContext } from 'svelte';
import type { OpenVideo } from './open.svelte';
import type { WindowState } from './window.svelte';

const WINDOW = Symbol('window');
const VIDEO = Symbol('video');

export const provideWindow = (window: WindowState): WindowState => setContext(WINDOW, window);
export const useWindow = (): WindowState => getContext<WindowState>(WINDOW);
export const provideVideo = (open: OpenVideo): OpenVideo => setContext(VIDEO, open);
export const useVideo = (): OpenVideo => getContext<OpenVideo>(VIDEO);

/** Command on macOS takes Control's place. */
export const is_mac = /Mac/u.test(navigator.platform);
